/* fuzz_root.c -- a root to throw away, and what lies beside it. */
/* SPDX-License-Identifier: MIT */
#include "libhaikuabi/fuzz/fuzz_root.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char secret[] = "secret";

static void require(int condition)
{
    if (!condition)
        abort();
}

static int at(const struct fuzz_root *root)
{
    int fd = open(root->top, O_PATH | O_DIRECTORY | O_CLOEXEC);

    require(fd >= 0);
    return fd;
}

static void write_file(int top, const char *path, const char *text)
{
    int fd = openat(top, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    require(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void make_top(struct fuzz_root *root)
{
    const char *folder = getenv("TEST_TMPDIR");

    if (folder == NULL)
        folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(root->top, sizeof(root->top), "%s/hk_fuzz.XXXXXX", folder);
    require(mkdtemp(root->top) != NULL);
    snprintf(root->root, sizeof(root->root), "%s/root", root->top);
}

void fuzz_root_make(struct fuzz_root *root)
{
    char absolute[PATH_MAX];
    int top;

    make_top(root);
    top = at(root);
    require(mkdirat(top, "outside", 0755) == 0);
    require(mkdirat(top, "root", 0755) == 0);
    require(mkdirat(top, "root/d", 0755) == 0);
    require(mkdirat(top, "root/d/e", 0755) == 0);
    write_file(top, "outside/secret", secret);
    write_file(top, "root/f", "0123456789");
    write_file(top, "root/d/e/f", "file");
    snprintf(absolute, sizeof(absolute), "%s/outside", root->top);
    require(symlinkat("../outside", top, "root/up") == 0);
    require(symlinkat(absolute, top, "root/out") == 0);
    require(symlinkat("d", top, "root/l") == 0);
    require(fstatat(top, "outside", &root->outside, 0) == 0);
    require(fstatat(top, "outside/secret", &root->secret, 0) == 0);
    close(top);
}

static int is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_mode == b->st_mode &&
           a->st_uid == b->st_uid && a->st_gid == b->st_gid &&
           a->st_nlink == b->st_nlink && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
           a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int count_entries(const char *path)
{
    DIR *directory = opendir(path);
    int count = 0;

    require(directory != NULL);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

void fuzz_root_check(const struct fuzz_root *root)
{
    char text[sizeof(secret)] = "";
    struct stat outside, file;
    int top = at(root);
    int fd = openat(top, "outside/secret", O_RDONLY | O_CLOEXEC);

    require(fd >= 0 && read(fd, text, sizeof(text)) == sizeof(secret) - 1);
    require(strcmp(text, secret) == 0);
    require(fstatat(top, "outside", &outside, 0) == 0);
    require(fstatat(top, "outside/secret", &file, 0) == 0);
    require(is_same(&outside, &root->outside) && is_same(&file, &root->secret));
    require(count_entries(root->top) == 4); /* with . and .. */
    close(fd);
    close(top);
}

static int remove_one(const char *path, const struct stat *info, int kind,
                      struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    require(remove(path) == 0);
    return 0;
}

static int open_up(const char *path, const struct stat *info, int kind,
                   struct FTW *place)
{
    (void)info;
    (void)place;
    if (kind == FTW_D || kind == FTW_DNR)
        chmod(path, 0700);
    return 0;
}

void fuzz_root_remove(const struct fuzz_root *root)
{
    enum { DESCRIPTORS = 16 };

    nftw(root->top, open_up, DESCRIPTORS, FTW_PHYS);
    nftw(root->top, remove_one, DESCRIPTORS, FTW_PHYS | FTW_DEPTH);
    require(access(root->top, F_OK) != 0);
}
