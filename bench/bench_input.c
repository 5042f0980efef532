/*
 * From a list to names: unpacking, lines, forms, the spool, and each name once in keyed order, as a scan
 * reads its input, without the scan. Usage: bench_input LIST MEMORY DIRECTORY [FORMAT]  (MEMORY in MiB is
 * input.memory; a file without a name is made in DIRECTORY). Writes the names to standard output, what was
 * told and the figures to standard error: CPU, the peak of memory, the most that stood on the disk.
 */
#include "bench/bench.h"

#include "input/input.h"
#include "input/spool.h"

enum { WHY_BYTES = 4096, MIB = 1024 * 1024 };

struct totals {
    struct spool *spool;
    uint64_t rejects;
};

static enum error on_name(void *arg, const struct input_name *name)
{
    struct totals *totals = arg;
    return spool_add(totals->spool, name);
}

static enum error on_reject(void *arg, const struct input_reject *reject)
{
    struct totals *totals = arg;
    totals->rejects++;
    (void)reject;
    return ERR_OK;
}

static void on_told(void *arg, const char *text)
{
    (void)arg;
    (void)fprintf(stderr, "%s\n", text);
}

static void hand_out(struct spool *spool)
{
    struct input_name name;
    enum error error;
    while ((error = spool_next(spool, &name)) == ERR_OK)
        (void)puts(name.domain);
    if (error != ERR_NOT_FOUND || fflush(stdout) != 0)
        bench_die("names", error == ERR_NOT_FOUND ? strerror(errno) : spool_reason(spool));
}

static void report(const struct totals *totals, struct bench_cpu since)
{
    struct rusage usage;
    struct bench_cpu now = bench_cpu();
    const struct spool_counts *counts = spool_counts(totals->spool);
    (void)getrusage(RUSAGE_SELF, &usage);
    (void)fprintf(stderr,
                  "bench_input names=%llu duplicates=%llu rejects=%llu user=%.2f system=%.2f rss_kib=%ld "
                  "spool_mib=%llu\n",
                  (unsigned long long)counts->handed_out, (unsigned long long)counts->duplicates,
                  (unsigned long long)totals->rejects, (now.user - since.user) / 1e6,
                  (now.system - since.system) / 1e6, usage.ru_maxrss,
                  (unsigned long long)spool_disk_bytes(totals->spool) / MIB);
}

int main(int argc, char **argv)
{
    struct totals totals = {0};
    struct buf why;
    if (argc < 4)
        bench_die("usage", "bench_input LIST MEMORY DIRECTORY [FORMAT]");
    struct spool_options options = {.seed = 1,
                                    .memory_bytes = strtoull(argv[2], NULL, 10) * MIB,
                                    .directory = argv[3],
                                    .shard_index = 1,
                                    .shard_count = 1};
    struct input_asked asked = {.format = argc > 4 ? input_format_find(argv[4]) : INPUT_AUTO, .columns = ""};
    struct input_sink sink = {.name = on_name, .reject = on_reject, .told = on_told, .arg = &totals};
    struct input_file file = {.path = argv[1]};
    buf_init(&why, WHY_BYTES);
    struct bench_cpu since = bench_cpu();
    if (spool_create(&options, &totals.spool, &why) != ERR_OK ||
        input_read(&file, 1, &asked, &sink, NULL, NULL, &why) != ERR_OK)
        bench_die("bench_input", buf_string(&why));
    if (spool_finish(totals.spool) != ERR_OK)
        bench_die("spool", spool_reason(totals.spool));
    hand_out(totals.spool);
    report(&totals, since);
    spool_destroy(totals.spool);
    buf_dispose(&why);
    return 0;
}
