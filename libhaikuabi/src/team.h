/* team.h -- teams: their beginning and end. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_TEAM_H
#define HK_TEAM_H

#include "kernel.h"

/* The loader has linked the program (B_OK), or could not: whoever waits in
 * load_image goes on. */
void hk_team_loaded(struct hk_thread *self, int32_t status);

#endif
