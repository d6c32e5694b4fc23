/* packages.c -- what it costs to run from packages and not from a directory. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <haikuabi/root.h>

#include "testdata/bench.h"

enum { RUNS = 41, PACKAGES = 50, FILES = 100, MEBIBYTES = 64 };

#define UVM    "apps/uvm/uvm"
#define GUESTS "testdata/haiku/"
#define GUEST  "/boot/system/apps/dynamic"

static struct hk_package_fault fault;

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "packages: %s: %s\n", what, fault.text);
    exit(1);
}

/* Runs a command of the host's, made like printf does. */
__attribute__((format(printf, 1, 2))) static void shell(const char *format, ...)
{
    char command[2048];
    va_list args;

    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    if (system(command) != 0)
        fail(command);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

static void write_text(const char *path, size_t size)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        fail(path);
    for (size_t i = 0; i < size; i += 16)
        fprintf(file, "%8zx content", i * 2654435761u & 0xfffffff);
    fclose(file);
}

/* ---- the packages, and the same as a directory ---- */

static void make_tree(const char *directory, int number)
{
    char path[1024];

    shell("mkdir -p %s/tree%d/data/p%d", directory, number, number);
    for (int i = 0; i < FILES; i++) {
        snprintf(path, sizeof(path), "%s/tree%d/data/p%d/f%d", directory,
                 number, number, i);
        write_text(path, 4096);
    }
    if (number == 0)
        shell("mkdir %s/tree0/apps && cp -rL " GUESTS "dynamic " GUESTS
              "lib %s/tree0/apps",
              directory, directory);
    if (number == 1) {
        snprintf(path, sizeof(path), "%s/tree1/data/large", directory);
        write_text(path, (size_t)MEBIBYTES << 20);
    }
}

static void make_package(const char *directory, int number)
{
    static const char info[] =
        "name p%d\nversion 1-1\narchitecture x86\nsummary s\ndescription d\n"
        "vendor v\npackager p\ncopyrights c\nlicenses l\nprovides p%d\n";
    char text[512], path[1024];
    int from, to;

    make_tree(directory, number);
    snprintf(text, sizeof(text), info, number, number);
    snprintf(path, sizeof(path), "%s/tree%d", directory, number);
    from = open(path, O_RDONLY | O_DIRECTORY);
    snprintf(path, sizeof(path),
             "%s/packed/files/boot/system/packages/p%d.hpkg", directory,
             number);
    to = open(path, O_RDWR | O_CREAT, 0644);
    if (from < 0 || to < 0 ||
        hk_package_create(
            &(struct hk_package_source){.directory = from, .info = text}, to,
            HK_PACKAGE_ZSTD, &fault) < 0)
        fail(path);
    close(from);
    close(to);
    /* What is removed at once slows the host's next inodes down. */
    shell("cp -a %s/tree%d/. %s/plain/boot/system", directory, number,
          directory);
}

/* ---- starts ---- */

static double start(const char *directory, const char *root)
{
    double begin = now();
    char path[1024];
    int status = -1;
    pid_t pid;

    snprintf(path, sizeof(path), "%s/%s", directory, root);
    pid = fork();
    if (pid == 0) {
        dup2(open("/dev/null", O_WRONLY), 1);
        execl(UVM, UVM, "--root", path, GUEST, (char *)NULL);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
        WEXITSTATUS(status) >= 125)
        fail(UVM);
    return now() - begin;
}

/* The contents of the packages' files are to come again. */
static void trim(const char *directory)
{
    struct hk_root *root;
    char path[1024];
    uint64_t freed;

    snprintf(path, sizeof(path), "%s/packed", directory);
    if (hk_root_open(path, NULL, &root, &fault) < 0 ||
        hk_root_trim(root, &freed, &fault) < 0)
        fail("trim");
    hk_root_close(root);
}

static void measure_starts(const char *directory)
{
    double plain[RUNS], packed[RUNS], first[RUNS];

    for (int i = 0; i < RUNS; i++) {
        plain[i] = start(directory, "plain");
        packed[i] = start(directory, "packed");
        trim(directory);
        first[i] = start(directory, "packed");
    }
    printf("start from a directory          %8.2f ms\n", median(plain, RUNS));
    printf("start from %d packages          %8.2f ms\n", PACKAGES,
           median(packed, RUNS));
    printf("  contents to come              %8.2f ms\n", median(first, RUNS));
}

/* ---- content ---- */

/* MB/s of opening a file and reading all of it. */
static double read_file(const struct hk_root *root, const char *path)
{
    static char buffer[1 << 17];
    double begin = now();
    uint64_t size = 0;
    ssize_t got;
    int fd = open(path, O_RDONLY);

    if (fd < 0 || (root != NULL && hk_root_fill(root, fd) != 0))
        fail(path);
    while ((got = read(fd, buffer, sizeof(buffer))) > 0)
        size += (uint64_t)got;
    close(fd);
    return (double)size / 1e3 / (now() - begin);
}

static void measure_content(const char *directory, const struct hk_root *root)
{
    char packed[1024], plain[1024];
    double cold, warm;

    snprintf(plain, sizeof(plain), "%s/plain/boot/system/data/large",
             directory);
    snprintf(packed, sizeof(packed), "%s/packed/files/boot/system/data/large",
             directory);
    read_file(NULL, plain);
    cold = read_file(root, packed);
    warm = read_file(root, packed);
    printf("content of a package, cold      %8.0f MB/s\n", cold);
    printf("  again                         %8.0f MB/s\n", warm);
    printf("  the same of a plain file      %8.0f MB/s\n",
           read_file(NULL, plain));
}

static void measure(const char *directory)
{
    char path[1024];
    struct hk_root *root;
    double begin;

    snprintf(path, sizeof(path), "%s/packed", directory);
    if (hk_root_create(path, &fault) < 0)
        fail("create");
    shell("mkdir -p %s/plain/boot/system", directory);
    for (int i = 0; i < PACKAGES; i++)
        make_package(directory, i);
    sync(); /* what the activation syncs is its own */
    begin = now();
    if (hk_root_open(path, NULL, &root, &fault) < 0)
        fail("open");
    printf("activating %d files          %8.2f ms\n", PACKAGES * FILES,
           now() - begin);
    hk_root_close(root);
    measure_starts(directory);
    if (hk_root_open(path, NULL, &root, &fault) < 0)
        fail("open");
    measure_content(directory, root);
    hk_root_close(root);
}

int main(void)
{
    const char *parent = getenv("TMPDIR");
    char directory[512];

    snprintf(directory, sizeof(directory), "%s/uvm-packages.XXXXXX",
             parent != NULL ? parent : "/tmp");
    if (mkdtemp(directory) == NULL)
        fail(directory);
    measure(directory);
    shell("rm -rf %s", directory);
    return 0;
}
