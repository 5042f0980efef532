/*
 * A main for the fuzz targets where there is no libFuzzer: gives LLVMFuzzerTestOneInput every file of the
 * files and directories named (one level deep), and prints how many passed and failed, as
 * tests/run reads it. Exit 1 if one cannot be read, or none was found. It changes no input and finds
 * nothing new. A seed that hangs is named when SIGTERM ends it.
 */
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, INPUT_BYTES = 1 << 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct replay {
    size_t count;
    size_t failed;
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
            run_exact(data, size);
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
    struct replay replay = {0, 0};
    struct stat status;
    (void)signal(SIGTERM, tell_and_end);
    for (int i = 1; i < argc; i++) {
        if (stat(argv[i], &status) != 0)
            complain(&replay, argv[i]);
        else if (S_ISDIR(status.st_mode))
            run_directory(&replay, argv[i]);
        else
            run_file(&replay, argv[i]);
    }
    if (replay.count + replay.failed == 0)
        replay.failed++;
    (void)printf("%zu passed, %zu failed\n", replay.count, replay.failed);
    return replay.failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
