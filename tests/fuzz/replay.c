/*
 * A main for the fuzz targets where there is no libFuzzer: gives LLVMFuzzerTestOneInput every file of the
 * files and directories named (one level deep), and prints how many passed and failed, as
 * tests/run reads it. Exit 1 if one cannot be read, or none was found. It changes no input and finds
 * nothing new. A seed that hangs is named when SIGTERM ends it. With --dearest N before them the N files that
 * took the most CPU are printed instead, a line each.
 */
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, INPUT_BYTES = 1 << 24, DEAREST_MOST = 32, AGAIN = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct dear {
    int64_t ns;
    char path[PATH_BYTES];
};

struct replay {
    size_t count;
    size_t failed;
    size_t wanted;                     /* of the dearest */
    struct dear dearest[DEAREST_MOST]; /* in falling order */
};

static const char *volatile at_work = "";

static void tell_and_end(int number)
{
    const char *path = at_work;
    (void)!write(STDOUT_FILENO, "ended at the seed ", 18);
    (void)!write(STDOUT_FILENO, path, strlen(path));
    (void)!write(STDOUT_FILENO, "\n", 1);
    _exit(128 + number);
}

static void complain(struct replay *replay, const char *path)
{
    replay->failed++;
    perror(path);
}

/* The input is copied to a block of its own length, so that a sanitizer sees every step past its end. */
static void run_exact(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    if (exact == NULL)
        abort();
    for (size_t i = 0; i < size; i++)
        exact[i] = data[i];
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static int64_t used_ns(void)
{
    struct timespec used;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

static void note(struct replay *replay, const char *path, int64_t ns)
{
    size_t place = replay->wanted;
    while (place > 0 && replay->dearest[place - 1].ns < ns)
        place--;
    if (place == replay->wanted)
        return;
    memmove(&replay->dearest[place + 1], &replay->dearest[place],
            (replay->wanted - place - 1) * sizeof replay->dearest[0]);
    replay->dearest[place].ns = ns;
    (void)snprintf(replay->dearest[place].path, PATH_BYTES, "%s", path);
}

/* Runs a file, and measures it: the least of a few runs, as what disturbs one only adds to it. */
static void run_and_measure(struct replay *replay, const char *path, const uint8_t *data, size_t size)
{
    int64_t least = INT64_MAX;
    for (int again = replay->wanted > 0 ? AGAIN : 1; again > 0; again--) {
        int64_t began = used_ns();
        run_exact(data, size);
        int64_t took = used_ns() - began;
        least = took < least ? took : least;
    }
    note(replay, path, least);
}

static void run_file(struct replay *replay, const char *path)
{
    at_work = path;
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(INPUT_BYTES);
    if (file == NULL || data == NULL) {
        complain(replay, path);
    } else {
        size_t size = fread(data, 1, INPUT_BYTES, file);
        if (ferror(file) != 0) {
            complain(replay, path);
        } else {
            run_and_measure(replay, path, data, size);
            replay->count++;
        }
    }
    free(data);
    if (file != NULL)
        (void)fclose(file);
}

static void run_directory(struct replay *replay, const char *path)
{
    char name[PATH_BYTES];
    struct stat status;
    DIR *directory = opendir(path);
    if (directory == NULL) {
        complain(replay, path);
        return;
    }
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        if (entry->d_name[0] == '.')
            continue;
        int len = snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (len < 0 || (size_t)len >= sizeof name || stat(name, &status) != 0)
            complain(replay, entry->d_name);
        else if (S_ISREG(status.st_mode))
            run_file(replay, name);
    }
    (void)closedir(directory);
}

int main(int argc, char **argv)
{
    static struct replay replay;
    struct stat status;
    int first = 1;
    (void)signal(SIGTERM, tell_and_end);
    if (argc > 2 && strcmp(argv[1], "--dearest") == 0) {
        replay.wanted = (size_t)strtoul(argv[2], NULL, 10) % (DEAREST_MOST + 1);
        first = 3;
    }
    for (int i = first; i < argc; i++) {
        if (stat(argv[i], &status) != 0)
            complain(&replay, argv[i]);
        else if (S_ISDIR(status.st_mode))
            run_directory(&replay, argv[i]);
        else
            run_file(&replay, argv[i]);
    }
    if (replay.count + replay.failed == 0)
        replay.failed++;
    for (size_t i = 0; i < replay.wanted && replay.dearest[i].ns > 0; i++)
        (void)printf("%s\n", replay.dearest[i].path);
    if (replay.wanted == 0)
        (void)printf("%zu passed, %zu failed\n", replay.count, replay.failed);
    return replay.failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
