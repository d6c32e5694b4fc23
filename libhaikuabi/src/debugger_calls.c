/* debugger_calls.c -- the debugger's calls when there is no debugger. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

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

/* Whether signals and debugger() calls would go to one: there is none. */
int64_t hk_sys_disable_debugger(struct hk_thread *self, int32_t state)
{
    (void)self;
    (void)state;
    return 0;
}
