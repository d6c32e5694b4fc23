/* replay.c -- runs a fuzz target once on each file of a corpus. */
/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    uint8_t *data = NULL;
    size_t size = 0, room = 0, count;
    do {
        if (size == room) {
            room = room ? room * 2 : 4096;
            data = realloc(data, room);
            if (data == NULL)
                abort();
        }
        count = fread(data + size, 1, room - size, file);
        size += count;
    } while (count > 0);
    fclose(file);

    /* An exact copy, so that a sanitizer sees a read behind the end. */
    uint8_t *exact = realloc(data, size ? size : 1);
    if (exact == NULL)
        abort();
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static int replay_folder(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        perror(path);
        exit(1);
    }
    int files = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char file[4096];
        if (entry->d_name[0] == '.')
            continue;
        if ((size_t)snprintf(file, sizeof(file), "%s/%s", path,
                             entry->d_name) >= sizeof(file))
            abort();
        replay_file(file);
        files++;
    }
    closedir(dir);
    return files;
}

int main(int argc, char **argv)
{
    int files = 0;

    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++)
        files += replay_folder(argv[i]);
    printf("%d files\n", files);
    return files > 0 ? 0 : 1;
}
