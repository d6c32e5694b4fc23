/* player.c -- players, and the faults of what they execute. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>

#include "utrace.h"

/* A handler of signals has no other way to know. */
static struct tr_player *playing[2];

static void on_fault(int signo, siginfo_t *info, void *context)
{
    int saved = errno, is_handled = 0;

    for (int i = 0; i < 2 && !is_handled; i++)
        is_handled = playing[i] != NULL &&
                     tr_player_on_fault(playing[i], signo, info, context);
    if (!is_handled)
        signal(signo, SIG_DFL); /* utrace's own: it repeats, and ends it */
    errno = saved;
}

static void install_handlers(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE};
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO | SA_NODEFER};

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigaction(faults[i], &action, NULL);
}

struct tr_player *utrace_player(const struct utrace_options *options,
                                struct tr_reader *reader, const char *name)
{
    const struct tr_play_config config = {
        .engine = options->engine,
        .translate_after = options->translate_after,
        .block_insns = options->block_insns,
        .steps = options->steps,
        .hashes = options->hashes,
        .blesses = options->blesses,
    };
    struct tr_fault fault = {"out of memory"};
    struct tr_player *player;
    int result = tr_player_new(reader, &config, &player, &fault);

    if (result == TR_ERR_DAMAGED)
        utrace_fail(UTRACE_EXIT_DAMAGED, "%s: %s", name, fault.text);
    if (result < 0)
        utrace_fail(UTRACE_EXIT_FAILURE, "%s: %s", name, fault.text);
    playing[playing[0] != NULL] = player;
    install_handlers();
    return player;
}

void utrace_free_player(struct tr_player *player)
{
    if (player != NULL)
        playing[playing[0] != player] = NULL;
    tr_player_free(player);
}
