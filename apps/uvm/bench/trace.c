/* trace.c -- what recording and replaying cost, and what a trace takes. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "testdata/bench.h"

#define RUNS   5
#define UVM    "apps/uvm/uvm"
#define UTRACE "apps/utrace/utrace"
#define SEEKS  20
#define STEPS  "2000000" /* at most, of the trace that has each */

static const struct guest {
    const char *name, *path;
} guests[] = {
    {"compute", "apps/uvm/compute"},
    {"calls", "apps/uvm/many_calls"},
};

/* EVENTS and HASH stand for the traces' names. */
#define EVENTS "E"
#define HASH   "H"

/* The first row of a guest is what the others are compared with; what replays
 * a trace stands behind what has recorded it. */
static const struct row {
    const char *name;
    const char *const argv[8]; /* before the guest, or all of them */
    int is_guest;
} rows[] = {
    {"run", {UVM}, 1},
    {"record events", {UVM, "--record", EVENTS, "--level", "events"}, 1},
    {"replay events", {UTRACE, "replay", "--engine", "jit", EVENTS}, 0},
    {"record hash", {UVM, "--record", HASH, "--level", "hash"}, 1},
    {"replay hash", {UTRACE, "replay", "--engine", "jit", HASH}, 0},
    {"by interp", {UTRACE, "replay", HASH}, 0},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static char traces[3][64]; /* file names: events, hash, full */

static const char *expand(const char *argument)
{
    if (strcmp(argument, EVENTS) == 0)
        return traces[0];
    return strcmp(argument, HASH) == 0 ? traces[1] : argument;
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Without its output; in and out, when they are not NULL, get pipes. */
static pid_t start(const char *const *argv, int *in, int *out)
{
    int to[2] = {-1, -1}, from[2] = {-1, -1};
    pid_t pid;

    if (in != NULL && (pipe(to) != 0 || pipe(from) != 0))
        return -1;
    pid = fork();
    if (pid == 0) {
        dup2(in != NULL ? to[0] : open("/dev/null", O_RDONLY), 0);
        dup2(in != NULL ? from[1] : open("/dev/null", O_WRONLY), 1);
        if (in != NULL) {
            close(to[1]);
            close(from[0]);
        }
        execv(argv[0], (char **)(uintptr_t)argv);
        _exit(127);
    }
    if (in != NULL) {
        close(to[0]);
        close(from[1]);
        *in = to[1];
        *out = from[0];
    }
    return pid;
}

/* Milliseconds of a row's run; *resident: KiB at most. */
static double run(const struct row *row, const struct guest *guest,
                  long *resident)
{
    const char *argv[10] = {NULL};
    struct rusage usage;
    double begin = seconds();
    int count = 0, status;
    pid_t pid;

    while (row->argv[count] != NULL) {
        argv[count] = expand(row->argv[count]);
        count++;
    }
    if (row->is_guest)
        argv[count] = guest->path;
    pid = start(argv, NULL, NULL);
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid ||
        !WIFEXITED(status) || WEXITSTATUS(status) >= 125) {
        fprintf(stderr, "trace: %s of %s does not run\n", row->name,
                guest->name);
        exit(1);
    }
    *resident = usage.ru_maxrss;
    return (seconds() - begin) * 1e3;
}

static void print_rows(const struct guest *guest)
{
    double ms[ROWS][RUNS], medians[ROWS];
    long resident[ROWS];

    for (int i = 0; i < RUNS; i++)
        for (int r = 0; r < ROWS; r++)
            ms[r][i] = run(&rows[r], guest, &resident[r]);
    for (int r = 0; r < ROWS; r++) {
        medians[r] = median(ms[r], RUNS);
        printf("%-8s %-16s %9.1f %7.2f %9.1f\n", guest->name, rows[r].name,
               medians[r], medians[r] / medians[0], (double)resident[r] / 1024);
    }
}

/* ---- size ---- */

static uint64_t count_instructions(const char *trace)
{
    const char *const argv[] = {UTRACE, "stat", trace, NULL};
    int in, out, status;
    pid_t pid = start(argv, &in, &out);
    FILE *file = fdopen(out, "r");
    char line[256];
    uint64_t count = 0;

    close(in);
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        sscanf(line, "instructions=%" SCNu64, &count);
    if (file != NULL)
        fclose(file);
    waitpid(pid, &status, 0);
    return count;
}

static uint64_t print_size(const struct guest *guest, const char *level,
                           const char *trace)
{
    uint64_t count = count_instructions(trace);
    struct stat st;

    if (stat(trace, &st) != 0 || count == 0)
        return 0;
    printf("%-8s %-8s %10lld bytes %12" PRIu64
           " instructions %8.4f bits each\n",
           guest->name, level, (long long)st.st_size, count,
           (double)st.st_size * 8 / (double)count);
    return count;
}

/* The first instructions of a trace, with each step. */
static void make_full(void)
{
    const char *const cut[] = {UTRACE,    "cut",     "--to", STEPS,
                               traces[1], traces[2], NULL};
    const char *const densify[] = {UTRACE,    "densify", "--level", "full",
                                   traces[2], traces[2], NULL};
    int status;

    waitpid(start(cut, NULL, NULL), &status, 0);
    waitpid(start(densify, NULL, NULL), &status, 0);
}

/* ---- seeking ---- */

static void read_answer(FILE *from)
{
    char line[256];

    if (fgets(line, sizeof(line), from) == NULL)
        exit(1);
}

static void ask(FILE *to, FILE *from, uint64_t instruction)
{
    fprintf(to, "g %" PRIu64 "\n", instruction);
    fflush(to);
    read_answer(from);
}

static void print_seeks(const struct guest *guest, uint64_t count)
{
    const char *const argv[] = {UTRACE, "step", traces[1], NULL};
    double ms[SEEKS], begin = seconds(), first;
    uint64_t random = 1;
    int in, out, status;
    pid_t pid = start(argv, &in, &out);
    FILE *to = fdopen(in, "w"), *from = fdopen(out, "r");

    if (pid < 0 || to == NULL || from == NULL)
        exit(1);
    read_answer(from); /* it is at the beginning */
    ask(to, from, count - 1);
    first = (seconds() - begin) * 1e3;
    for (int i = 0; i < SEEKS; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        begin = seconds();
        ask(to, from, (random >> 16) % count);
        ms[i] = (seconds() - begin) * 1e3;
    }
    fclose(to);
    fclose(from);
    waitpid(pid, &status, 0);
    printf("%-8s once through %.0f ms; then to a point: median %.1f ms,",
           guest->name, first, median(ms, SEEKS));
    printf(" at most %.1f ms\n", ms[SEEKS - 1]);
}

int main(void)
{
    const char *directory = getenv("TMPDIR");

    for (int i = 0; i < 3; i++)
        snprintf(traces[i], sizeof(traces[i]), "%.30s/trace-%d-%d.uvt",
                 directory != NULL ? directory : "/tmp", (int)getpid(), i);
    printf("%-8s %-16s %9s %7s %9s\n", "guest", "", "ms", "ratio", "MiB");
    for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++) {
        uint64_t count;

        print_rows(&guests[i]);
        print_size(&guests[i], "events", traces[0]);
        count = print_size(&guests[i], "hash", traces[1]);
        make_full();
        print_size(&guests[i], "full", traces[2]);
        print_seeks(&guests[i], count);
        puts("");
    }
    for (int i = 0; i < 3; i++)
        unlink(traces[i]);
    return 0;
}
