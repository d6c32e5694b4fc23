/* files.c -- what work on files costs a guest, against its Linux twin. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testdata/bench.h"

enum { RUNS = 9, BIG = 1 << 30 };

static const struct {
    const char *name, *word;
} rows[] = {
    {"open, read 4 KiB, close", "open"},
    {"stat", "stat"},
    {"stat, nine deep", "deep"},
    {"list 10000 entries", "list"},
    {"copy 1 GiB", "copy"},
    {"make and remove files", "make"},
    {"read 64 MiB mapped", "pages"},
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void write_file(const char *name, size_t size)
{
    static char bytes[1 << 20];
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    memset(bytes, 'x', sizeof(bytes));
    for (size_t done = 0; done < size;) {
        size_t part = size - done < sizeof(bytes) ? size - done : sizeof(bytes);

        if (write(fd, bytes, part) != (ssize_t)part)
            fail(name);
        done += part;
    }
    close(fd);
}

/* Goes to a new directory with the files that the work is on. */
static void prepare(char directory[PATH_MAX])
{
    const char *base = getenv("TMPDIR");
    char name[64], path[64] = "a";

    snprintf(directory, PATH_MAX, "%s/uvm-files.XXXXXX",
             base != NULL ? base : "/tmp");
    if (mkdtemp(directory) == NULL || chdir(directory) != 0)
        fail(directory);
    write_file("file", 4096);
    write_file("big", BIG);
    mkdir("small", 0755);
    mkdir("many", 0755);
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof(name), "many/entry %d", i);
        write_file(name, 0);
    }
    mkdir(path, 0755);
    for (char c = 'b'; c <= 'h'; c++) {
        snprintf(path + strlen(path), 4, "/%c", c);
        mkdir(path, 0755);
    }
    strcat(path, "/file");
    write_file(path, 1);
}

/* CPU time of a program, in ms. */
static double run(const char *const *argv)
{
    struct rusage usage;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        execv(argv[0], (char *const *)(void *)argv);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status != 0) {
        fprintf(stderr, "files: %s %s does not run\n", argv[0], argv[1]);
        exit(1);
    }
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-3;
}

struct programs {
    char uvm[PATH_MAX], guest[PATH_MAX], native[PATH_MAX];
};

static void measure(const struct programs *programs, const char *name,
                    const char *word)
{
    const char *const native[] = {programs->native, word, NULL};
    const char *const guest[] = {programs->uvm, programs->guest, word, NULL};
    const char *const nothing[] = {programs->uvm, programs->guest, "nothing",
                                   NULL};
    double natives[RUNS], guests[RUNS], ratios[RUNS];

    for (int i = 0; i < RUNS; i++) {
        natives[i] = run(native);
        guests[i] = run(guest) - run(nothing);
        ratios[i] = guests[i] / natives[i];
    }
    printf("%-26s %10.1f %10.1f %8.2f\n", name, median(natives, RUNS),
           median(guests, RUNS), median(ratios, RUNS));
    fflush(stdout);
}

static void find(char path[PATH_MAX], const char *name)
{
    if (realpath(name, path) == NULL)
        fail(name);
}

int main(void)
{
    const char *remove[] = {"/bin/rm", "-rf", NULL, NULL};
    struct programs programs;
    char directory[PATH_MAX];

    find(programs.uvm, "apps/uvm/uvm");
    find(programs.guest, "apps/uvm/files_guest");
    find(programs.native, "apps/uvm/files_native");
    prepare(directory);
    printf("%-26s %10s %10s %8s\n", "work", "native ms", "uvm ms", "ratio");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        measure(&programs, rows[i].name, rows[i].word);
    remove[2] = directory;
    run(remove);
    return 0;
}
