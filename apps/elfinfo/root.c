/* root.c -- guest paths in a host directory. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "root.h"

enum { LINKS_MAX = 16 };

/* A path being walked: done is without links, rest is still to go. */
struct walk {
    const char *root;
    char done[PATH_MAX], rest[PATH_MAX];
    int link_count;
};

/* Takes the first name off the rest; 0 at its end. */
static int next_name(struct walk *walk, char *name)
{
    const char *start = walk->rest + strspn(walk->rest, "/");
    size_t size = strcspn(start, "/");

    if (size == 0)
        return 0;
    memcpy(name, start, size);
    name[size] = '\0';
    memmove(walk->rest, start + size, strlen(start + size) + 1);
    return 1;
}

static void drop_last(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash != NULL)
        *slash = '\0';
}

/* Puts a link's target before what is left to go. */
static int follow(struct walk *walk, const char *host_path)
{
    char target[PATH_MAX], rest[PATH_MAX];
    ssize_t size = readlink(host_path, target, sizeof(target) - 1);

    if (size < 0)
        return -errno;
    if (++walk->link_count > LINKS_MAX)
        return -ELOOP;
    target[size] = '\0';
    if (target[0] == '/')
        walk->done[0] = '\0';
    else
        drop_last(walk->done);
    memcpy(rest, walk->rest, sizeof(rest));
    int length =
        snprintf(walk->rest, sizeof(walk->rest), "%s/%s", target, rest);
    return length < (int)sizeof(walk->rest) ? 0 : -ENAMETOOLONG;
}

static int step(struct walk *walk, const char *name)
{
    char host_path[PATH_MAX];
    struct stat stat;
    size_t size = strlen(walk->done);

    if (strcmp(name, ".") == 0)
        return 0;
    if (strcmp(name, "..") == 0) {
        drop_last(walk->done);
        return 0;
    }
    if (size + strlen(name) + 2 > sizeof(walk->done) ||
        snprintf(host_path, sizeof(host_path), "%s%s/%s", walk->root,
                 walk->done, name) >= (int)sizeof(host_path))
        return -ENAMETOOLONG;
    walk->done[size] = '/';
    strcpy(walk->done + size + 1, name);
    if (lstat(host_path, &stat) < 0)
        return -errno;
    return S_ISLNK(stat.st_mode) ? follow(walk, host_path) : 0;
}

int inf_resolve(const char *root, const char *guest_path, char *host_path,
                char *real_path, size_t size)
{
    struct walk walk = {.root = root};
    char name[PATH_MAX];

    if (strlen(guest_path) >= sizeof(walk.rest))
        return -ENAMETOOLONG;
    strcpy(walk.rest, guest_path);
    while (next_name(&walk, name)) {
        int error = step(&walk, name);

        if (error < 0)
            return error;
    }
    if (strlen(root) + strlen(walk.done) >= size)
        return -ENAMETOOLONG;
    snprintf(host_path, size, "%s%s", root, walk.done);
    snprintf(real_path, size, "%s", walk.done);
    return 0;
}
