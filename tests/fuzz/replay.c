/* Runs a fuzz target over every file named, or in a directory named: seeds and crashes found before. No fuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_BYTES = 1 << 24, PATH_BYTES = 4096 };

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(MOST_BYTES);
    if (file == NULL || data == NULL) {
        perror(path);
        exit(1);
    }
    size_t size = fread(data, 1, MOST_BYTES, file);
    /* A copy of exactly this size, so that a sanitizer sees a read past its end. */
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    if (exact == NULL)
        exit(1);
    for (size_t i = 0; i < size; i++)
        exact[i] = data[i];
    free(data);
    (void)fclose(file);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 1;
}

static int run_directory(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    if (directory == NULL) {
        perror(path);
        exit(1);
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char name[PATH_BYTES];
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        count += run_file(name);
    }
    (void)closedir(directory);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        struct stat status;
        int is_directory = stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode);
        count += is_directory ? run_directory(argv[i]) : run_file(argv[i]);
    }
    (void)printf("%d passed, %d failed\n", count, count == 0);
    return count == 0;
}
