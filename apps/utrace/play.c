/* play.c -- the command replay. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "utrace.h"

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void show_progress(const struct tr_player *player, double *shown)
{
    double time = now();

    if (time - *shown < 0.2)
        return;
    *shown = time;
    fprintf(stderr, "\r%" PRIu64 " events, %" PRIu64 " instructions",
            tr_player_events(player), tr_player_instructions(player));
}

int utrace_status_of(int result)
{
    if (result == TR_ERR_MISMATCH)
        return UTRACE_EXIT_DIFFERS;
    if (result == TR_ERR_INVALID) /* the trace has not what is asked for */
        return UTRACE_EXIT_USAGE;
    return result == TR_ERR_DAMAGED ? UTRACE_EXIT_DAMAGED : UTRACE_EXIT_FAILURE;
}

/* Steps that the trace has not would be as recorded, all of them. */
static void check_steps(const struct utrace_options *options,
                        const struct tr_reader *reader)
{
    struct tr_summary summary;

    if (!options->steps)
        return;
    tr_reader_summary(reader, &summary);
    if (summary.steps == 0)
        utrace_fail(
            UTRACE_EXIT_USAGE,
            "%s: there are no steps in it (utrace densify --level full)",
            options->files[0]);
}

static int replay_once(const struct utrace_options *options)
{
    const char *name = options->files[0];
    struct tr_reader *reader = utrace_open(name);
    struct tr_player *player = utrace_player(options, reader, name);
    struct tr_event last = {.kind = TR_INFO};
    struct tr_fault fault = {"out of memory"};
    int shows = isatty(STDERR_FILENO) && !options->quiet, status = 0;
    double shown = now();
    int result;

    check_steps(options, reader);
    while ((result = tr_play_event(player, &last, &fault)) > 0)
        if (shows)
            show_progress(player, &shown);
    if (shows)
        fputs("\r\033[K", stderr);
    if (result < 0) {
        utrace_message("%s: %s", name, fault.text);
        status = utrace_status_of(result);
    } else if (!options->quiet) {
        printf("%s: %" PRIu64 " events, %" PRIu64 " instructions, %" PRIu64
               " hashes: as recorded%s\n",
               name, tr_player_events(player), tr_player_instructions(player),
               tr_player_hashes(player),
               last.kind == TR_FINISH ? "" : ", without an end");
    }
    utrace_free_player(player);
    tr_reader_close(reader);
    return status;
}

int utrace_replay(const struct utrace_options *options)
{
    int status = 0;

    for (int i = 0; i < options->repeat && status == 0; i++)
        status = replay_once(options);
    return status;
}
