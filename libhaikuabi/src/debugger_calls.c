/* debugger_calls.c -- the debugger's calls when there is no debugger. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "shared.h"
#include "syscalls.h"
#include "thread.h"

/* Without a debugger the team ends, status 1 (haiku-abi/x86-32.md, 10). */
int64_t hk_sys_debugger(struct hk_thread *self, gm_addr message)
{
    char text[HK_PATH_LENGTH];

    if (hk_read_user_string(self, text, message, sizeof(text)) ==
        HK_B_BAD_ADDRESS)
        text[0] = '\0';
    text[sizeof(text) - 1] = '\0';
    hk_report(hk_kernel_of(self), "%s: debugger: %s", self->team->name, text);
    hk_end_team(self, 1, 0);
    self->exiting = 1;
    return HK_B_OK;
}

/* Whether a debugger may be asked for; it tells what was so before. */
int64_t hk_sys_disable_debugger(struct hk_thread *self, int32_t state)
{
    return !atomic_exchange(&self->team->is_undebuggable, state != 0);
}

/* No team has one. */
int64_t hk_sys_remove_team_debugger(struct hk_thread *self, int32_t team)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t found;

    hk_shared_lock(shared);
    found = hk_shared_find_team(shared, team);
    hk_shared_unlock(shared);
    return found != 0 ? HK_B_BAD_VALUE : HK_B_BAD_TEAM_ID;
}
