/* startup.c -- what starting and ending a guest costs, and a system call. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testdata/bench.h"

#define RUNS  41
#define CALLS 100000

#define QEMU   "/usr/bin/qemu-i386"
#define UVM    "apps/uvm/uvm"
#define HELLO  "apps/uvm/hello_linux"
#define GUESTS "testdata/haiku/"

/* Each but the first is compared with the first, a native program; those
 * with calls tell what a call takes beyond the row `less`. */
static struct row {
    const char *name;
    const char *const argv[3];
    int calls, less;
    double ms[RUNS]; /* CPU time */
} rows[] = {
    {"native hello", {HELLO}, 0, 0, {0}},
    {"uvm hello_static", {UVM, GUESTS "hello_static"}, 0, 0, {0}},
    {"uvm dynamic", {UVM, GUESTS "dynamic"}, 0, 0, {0}},
    {"qemu-i386 hello", {QEMU, HELLO}, 0, 0, {0}},
    {"native getpid", {HELLO "_calls"}, CALLS, 0, {0}},
    {"uvm is_computer_on", {UVM, "apps/uvm/calls"}, CALLS, 1, {0}},
    {"qemu-i386 getpid", {QEMU, HELLO "_calls"}, CALLS, 3, {0}},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static int is_there(const struct row *row)
{
    return access(row->argv[0], X_OK) == 0;
}

/* Starts the row's program without its output. */
static pid_t start(const struct row *row, int traced)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    dup2(open("/dev/null", O_WRONLY), 1);
    if (traced)
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    execv(row->argv[0], (char **)(uintptr_t)row->argv);
    _exit(127);
}

static double milliseconds(struct timeval time)
{
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec * 1e-3;
}

static double cpu_time(const struct row *row)
{
    struct rusage usage;
    int status;
    pid_t pid = start(row, 0);

    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid ||
        !WIFEXITED(status) || WEXITSTATUS(status) >= 125) {
        fprintf(stderr, "startup: %s does not run\n", row->name);
        exit(1);
    }
    return milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
}

/* ---- memory at exit ---- */

struct memory {
    long resident, window; /* KiB: all, in the guest's window */
};

/* A line of /proc/PID/smaps that begins a mapping. */
static int read_range(const char *line, uint64_t *from, uint64_t *to,
                      char access[8])
{
    return sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", from, to, access) == 3;
}

/* Opens the maps of a process. */
static FILE *open_maps(pid_t pid, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    return fopen(path, "r");
}

/* The number of the 4 GiB that mappings without access fill most of; 0 when
 * there are none. */
static uint64_t find_window(pid_t pid)
{
    uint64_t from, to, window = 0, empty = 0, most = 0, last = 0;
    char line[512], access[8];
    FILE *file = open_maps(pid, "maps");

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (!read_range(line, &from, &to, access) || strcmp(access, "---p"))
            continue;
        for (; from < to; from = ((from >> 32) + 1) << 32) {
            uint64_t end = ((from >> 32) + 1) << 32;

            empty = from >> 32 == last ? empty : 0;
            last = from >> 32;
            empty += (to < end ? to : end) - from;
            if (empty > most) {
                most = empty;
                window = last;
            }
        }
    }
    if (file != NULL)
        fclose(file);
    return window;
}

static struct memory read_memory(pid_t pid)
{
    struct memory memory = {0, 0};
    uint64_t from = 0, to, window = find_window(pid);
    char line[512], access[8];
    FILE *file = open_maps(pid, "smaps");
    long size;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (read_range(line, &from, &to, access) ||
            sscanf(line, "Rss: %ld kB", &size) != 1)
            continue;
        memory.resident += size;
        memory.window += window != 0 && from >> 32 == window ? size : 0;
    }
    if (file != NULL)
        fclose(file);
    return memory;
}

/* Stops the program where it exits. */
static struct memory memory_at_exit(const struct row *row)
{
    struct memory memory = {0, 0};
    const uintptr_t options = PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;
    pid_t pid = start(row, 1);
    int status, first = 1;

    while (pid > 0 && waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
        long signo = WSTOPSIG(status);

        if (first)
            ptrace(PTRACE_SETOPTIONS, pid, NULL, options);
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8))
            memory = read_memory(pid);
        if (first || signo == SIGTRAP)
            signo = 0;
        first = 0;
        ptrace(PTRACE_CONT, pid, NULL, signo);
    }
    return memory;
}

/* ---- results ---- */

static void print_start(const struct row *row, double ms, double native)
{
    struct memory memory = memory_at_exit(row);

    printf("%-20s %8.2f %8.2f %10.1f %10.1f\n", row->name, ms, ms - native,
           (double)memory.resident / 1024, (double)memory.window / 1024);
}

int main(void)
{
    double medians[ROWS] = {0};

    for (int i = 0; i < RUNS; i++)
        for (int r = 0; r < ROWS; r++)
            if (is_there(&rows[r]))
                rows[r].ms[i] = cpu_time(&rows[r]);
    printf("%-20s %8s %8s %10s %10s\n", "program", "CPU ms", "over", "MiB",
           "guest MiB");
    for (int r = 0; r < ROWS; r++) {
        medians[r] = median(rows[r].ms, RUNS);
        if (is_there(&rows[r]) && rows[r].calls == 0)
            print_start(&rows[r], medians[r], medians[0]);
    }
    printf("\n%-20s %8s\n", "system call", "ns");
    for (int r = 0; r < ROWS; r++)
        if (is_there(&rows[r]) && rows[r].calls != 0)
            printf("%-20s %8.0f\n", rows[r].name,
                   (medians[r] - medians[rows[r].less]) / rows[r].calls * 1e6);
    return 0;
}
