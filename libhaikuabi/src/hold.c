/* hold.c -- no process is stopped while it holds what others wait for. */
/* SPDX-License-Identifier: MIT */
#include "hold.h"

#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "clock.h"
#include "host_direct.h"
#include "wait.h"

struct hk_hold {
    atomic_uint holders; /* threads */
    atomic_uint closed;  /* how often: many may stop a process */
};

struct hk_hold *hk_hold_new(void)
{
    return calloc(1, sizeof(struct hk_hold));
}

void hk_hold_free(struct hk_hold *hold)
{
    free(hold);
}

void hk_hold_end(struct hk_hold *hold)
{
    atomic_fetch_sub(&hold->holders, 1);
    if (atomic_load(&hold->closed) != 0)
        hk_host_direct(SYS_futex, &hold->holders, FUTEX_WAKE_PRIVATE, INT_MAX);
}

void hk_hold_begin(struct hk_hold *hold)
{
    unsigned seen;

    atomic_fetch_add(&hold->holders, 1);
    while ((seen = atomic_load(&hold->closed)) != 0) {
        hk_hold_end(hold);
        hk_sleep(&hold->closed, seen, HK_INFINITE_TIMEOUT);
        atomic_fetch_add(&hold->holders, 1);
    }
}

void hk_hold_close(struct hk_hold *hold)
{
    unsigned seen;

    atomic_fetch_add(&hold->closed, 1);
    while ((seen = atomic_load(&hold->holders)) != 0)
        hk_sleep(&hold->holders, seen, HK_INFINITE_TIMEOUT);
}

void hk_hold_open(struct hk_hold *hold)
{
    atomic_fetch_sub(&hold->closed, 1);
    hk_host_direct(SYS_futex, &hold->closed, FUTEX_WAKE_PRIVATE, INT_MAX);
}

void hk_hold_fork_child(struct hk_hold *hold)
{
    atomic_store(&hold->holders, 0);
    atomic_store(&hold->closed, 0);
}
