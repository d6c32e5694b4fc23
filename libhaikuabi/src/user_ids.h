/* user_ids.h -- users and groups of a team. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_USER_IDS_H
#define HK_USER_IDS_H

#include <stdint.h>

enum { HK_GROUPS_MAX = 32 };

struct hk_thread;

struct hk_ids {
    uint32_t real, effective, saved;
};

/* All zero at first: user 0, group 0. */
struct hk_user_ids {
    struct hk_ids user, group;
    uint32_t groups[HK_GROUPS_MAX]; /* supplementary */
    uint32_t group_count;
};

/* A program whose file says so makes a team its owner's, or its group's. */
void hk_ids_take_file(struct hk_thread *self, const char *path);

#endif
