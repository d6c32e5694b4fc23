/* root_fuzz.c -- any bytes as a package of a root. */
/* SPDX-License-Identifier: MIT */
#include <haikuabi/root.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* The root stays from one input to the next, so that each is activated in the
 * place of another. Beside it lies what must not change. */
static char top[1024], root_path[1040], beside[1040];

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

static void remove_all(void)
{
    nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void write_file(const char *path, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    close(fd);
}

static void make_root(void)
{
    const char *folder = getenv("TEST_TMPDIR");

    snprintf(top, sizeof(top), "%s/root_fuzz.XXXXXX",
             folder != NULL ? folder : "/tmp");
    if (mkdtemp(top) == NULL)
        abort();
    snprintf(root_path, sizeof(root_path), "%s/root", top);
    snprintf(beside, sizeof(beside), "%s/beside", top);
    write_file(beside, "beside", 6);
    if (hk_root_create(root_path, NULL) < 0)
        abort();
    atexit(remove_all);
}

/* The package has come to files/, and nowhere else. */
static void look_beside(void)
{
    struct stat st;
    char path[1100];

    if (stat(beside, &st) != 0 || st.st_size != 6 || st.st_nlink != 1)
        abort();
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/%s", root_path,
                 i == 0 ? "state" : "files/boot/system/packages");
        if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
            abort();
    }
}

static void ignore(void *context, const char *line)
{
    (void)context;
    (void)line;
}

/* No package keeps a root from being opened. */
static void use_root(void)
{
    struct hk_root_package package;
    struct hk_root *root;
    struct hk_package_fault fault;

    if (hk_root_open(root_path, NULL, &root, &fault) < 0) {
        fprintf(stderr, "%s\n", fault.text);
        abort();
    }
    if (!hk_root_list(root, 0, &package) ||
        hk_root_check(root, ignore, NULL, &fault) < 0)
        abort();
    hk_root_close(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char path[1100];

    if (top[0] == '\0')
        make_root();
    snprintf(path, sizeof(path), "%s/files/boot/system/packages/any.hpkg",
             root_path);
    unlink(path);
    write_file(path, bytes, size);
    use_root();
    look_beside();
    return 0;
}
