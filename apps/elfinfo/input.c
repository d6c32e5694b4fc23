/* input.c -- a whole file in memory: mapped, or read from a pipe. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

static int read_all(int fd, struct inf_input *input)
{
    size_t room = FIRST_ROOM;

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

/* A file that another program cuts off while it is mapped ends this one. */
static void end_on_cut_file(int signal)
{
    static const char text[] = "elfinfo: a file became shorter while it was "
                               "read\n";
    ssize_t count = write(STDERR_FILENO, text, sizeof(text) - 1);

    (void)signal;
    (void)count;
    _exit(INF_BAD_FILE);
}

/* 0 where that cannot be. */
static int map_all(int fd, struct inf_input *input)
{
    struct stat stat;

    if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode) || stat.st_size <= 0 ||
        (uint64_t)stat.st_size > SIZE_MAX / 2 || lseek(fd, 0, SEEK_CUR) != 0)
        return 0;
    void *bytes =
        mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return 0;
    signal(SIGBUS, end_on_cut_file);
    *input = (struct inf_input){bytes, (size_t)stat.st_size, fd};
    return 1;
}

int inf_read_input(const char *path, struct inf_input *input)
{
    int is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    *input = (struct inf_input){NULL, 0, -1};
    int error = map_all(fd, input) ? 0 : read_all(fd, input);
    if (!is_stdin && input->fd < 0)
        close(fd);
    if (error < 0)
        inf_free_input(input);
    return error;
}

void inf_free_input(struct inf_input *input)
{
    if (input->fd < 0)
        free(input->bytes);
    else
        munmap(input->bytes, input->size);
    if (input->fd > STDIN_FILENO)
        close(input->fd);
    *input = (struct inf_input){NULL, 0, -1};
}
