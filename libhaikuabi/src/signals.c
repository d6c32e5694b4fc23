/* signals.c -- Haiku's signals and those of the host. */
/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include <signal.h>
#include <stdlib.h>

static const struct {
    int host;
    enum hk_signal_action action;
} rows[HK_SIGNAL_MAX + 1] = {
#define SIGNAL(name, number, host, action)                                     \
    [number] = {host, HK_SIGNAL_##action},
#include "signals.def"
#undef SIGNAL
};

int hk_signal_to_host(int signal)
{
    return signal > 0 && signal <= HK_SIGNAL_MAX ? rows[signal].host : 0;
}

int hk_signal_from_host(int host_signal)
{
    for (int i = 1; i <= HK_SIGNAL_MAX; i++)
        if (rows[i].host == host_signal)
            return i;
    return 0;
}

enum hk_signal_action hk_signal_default(int signal)
{
    return rows[signal].action;
}

struct hk_signals {
    pthread_mutex_t lock;
};

int hk_signals_new(struct hk_signals **signals)
{
    struct hk_signals *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return HK_ERR_NOMEM;
    pthread_mutex_init(&made->lock, NULL);
    *signals = made;
    return 0;
}

void hk_signals_free(struct hk_signals *signals)
{
    if (signals == NULL)
        return;
    pthread_mutex_destroy(&signals->lock);
    free(signals);
}

enum hk_action hk_attend(struct hk_thread *thread, uint32_t call)
{
    (void)call;
    atomic_store_explicit(&thread->attention, 0, memory_order_relaxed);
    return HK_CONTINUE;
}

enum hk_action hk_poll(struct hk_thread *thread)
{
    return hk_attend(thread, UINT32_MAX);
}

size_t hk_host_signals(const int **host_signals)
{
    static const int caught[] = {SIGHUP};

    *host_signals = caught;
    return 0;
}

void hk_on_signal(struct hk_kernel *kernel, struct hk_thread *thread, int signo,
                  void *siginfo)
{
    (void)kernel;
    (void)thread;
    (void)signo;
    (void)siginfo;
}
