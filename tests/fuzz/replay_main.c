/* replay_main.c - the fuzz targets as plain tests: feeds every file of the folders named on the
 * command line, and the empty input, to LLVMFuzzerTestOneInput(). Linked in place of libFuzzer's
 * main(). */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes are in an allocation of exactly their size, so that one byte too far is seen. */
static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    long size = -1;
    if (f && fseek(f, 0, SEEK_END) == 0) {
        size = ftell(f);
    }
    if (size < 0) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    rewind(f);
    uint8_t *data = malloc(size ? (size_t)size : 1);
    if (!data || fread(data, 1, (size_t)size, f) != (size_t)size) {
        fprintf(stderr, "%s: read too short\n", path);
        exit(1);
    }
    fclose(f);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    return 1;
}

static int replay_dir(const char *path)
{
    struct dirent **names = NULL;
    int n = scandir(path, &names, NULL, alphasort);
    int done = 0;
    for (int i = 0; i < n; i++) {
        char full[4096];
        int len = snprintf(full, sizeof(full), "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && len > 0 && (size_t)len < sizeof(full)) {
            done += replay_file(full);
        }
        free(names[i]);
    }
    free(names);
    return done;
}

int main(int argc, char **argv)
{
    int done = 0;
    uint8_t nothing = 0;
    LLVMFuzzerTestOneInput(&nothing, 0);
    for (int i = 1; i < argc; i++) {
        done += replay_dir(argv[i]);
    }
    if (done == 0) {
        fprintf(stderr, "no seeds: a fuzz target has a committed corpus\n");
    }
    printf("%d passed, 0 failed\n", done);
    return done == 0;
}
