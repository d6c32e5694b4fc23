/* input.c -- a whole file in memory. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elfinfo.h"

enum { FIRST_ROOM = 1 << 16 };

/* Makes room for at least one byte more. */
static int grow(struct inf_input *input, size_t *room)
{
    if (input->size < *room)
        return 0;
    size_t wanted = *room * 2;
    uint8_t *bytes = wanted > *room ? realloc(input->bytes, wanted) : NULL;
    if (bytes == NULL)
        return -ENOMEM;
    input->bytes = bytes;
    *room = wanted;
    return 0;
}

static int read_all(int fd, size_t room, struct inf_input *input)
{
    input->bytes = malloc(room);
    if (input->bytes == NULL)
        return -ENOMEM;
    for (;;) {
        int error = grow(input, &room);
        if (error < 0)
            return error;
        ssize_t count =
            read(fd, input->bytes + input->size, room - input->size);
        if (count == 0)
            return 0;
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -errno;
        input->size += (size_t)count;
    }
}

int inf_read_input(const char *path, struct inf_input *input)
{
    int is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    size_t room = FIRST_ROOM;
    struct stat stat;

    if (fd < 0)
        return -errno;
    input->bytes = NULL;
    input->size = 0;
    /* One more than its size, so that the end is seen without growing. */
    if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size > 0 &&
        (uint64_t)stat.st_size < SIZE_MAX / 4)
        room = (size_t)stat.st_size + 1;
    int error = read_all(fd, room, input);
    if (!is_stdin)
        close(fd);
    if (error < 0)
        inf_free_input(input);
    return error;
}

void inf_free_input(struct inf_input *input)
{
    free(input->bytes);
    input->bytes = NULL;
    input->size = 0;
}
