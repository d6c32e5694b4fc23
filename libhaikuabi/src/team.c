/* team.c -- teams: their beginning and end. */
/* SPDX-License-Identifier: MIT */
#include "team.h"

#include "syscalls.h"

void hk_team_loaded(struct hk_thread *self, int32_t status)
{
    (void)self;
    (void)status;
}

int64_t hk_sys_exit_team(struct hk_thread *self, int32_t return_value)
{
    hk_end_team(self, return_value, 0);
    self->exiting = 1;
    return HK_B_OK;
}

int64_t hk_sys_exit_thread(struct hk_thread *self, int32_t return_value)
{
    return hk_sys_exit_team(self, return_value);
}

int64_t hk_sys_get_current_team(struct hk_thread *self)
{
    return self->team->id;
}
