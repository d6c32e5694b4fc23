/* signals.h -- Haiku's signals. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_SIGNALS_H
#define HK_SIGNALS_H

#include "kernel.h"

enum hk_signal {
#define SIGNAL(name, number, host, action) HK_SIG##name = (number),
#include "signals.def"
#undef SIGNAL
    HK_SIGNAL_MAX = 40
};

enum hk_signal_action {
    HK_SIGNAL_KILL,
    HK_SIGNAL_STOP,
    HK_SIGNAL_CONTINUE,
    HK_SIGNAL_IGNORE
};

/* The host's number for a signal, and the other way; 0 for none. */
int hk_signal_to_host(int signal);
int hk_signal_from_host(int host_signal);

enum hk_signal_action hk_signal_default(int signal);

/*
 * What waits for a thread between two instructions. call: the number of the
 * system call that has just been answered, UINT32_MAX outside of one.
 */
enum hk_action hk_attend(struct hk_thread *thread, uint32_t call);

/* Signal state of a team: everything at its default. 0 or HK_ERR_NOMEM. */
int hk_signals_new(struct hk_signals **signals);
void hk_signals_free(struct hk_signals *signals);

#endif
