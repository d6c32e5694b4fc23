/* limits.c -- the limits of a team's resources. */
/* SPDX-License-Identifier: MIT */
#include "bytes.h"
#include "fd.h"
#include "monitor.h"
#include "syscalls.h"

/* haiku-abi/structs.md, "resource". */
enum {
    LIMIT_CORE = 0,
    LIMIT_DATA = 2,
    LIMIT_NOFILE = 4,
    LIMIT_STACK = 5,
    LIMIT_AS = 6,
    LIMIT_NOVMON = 7
};

enum { OPEN_FILES_MAX = 8192, NODE_MONITORS_MAX = 65536 };

static const uint32_t saved_max = 0xffffffff; /* RLIM_SAVED_MAX */

struct limit {
    uint32_t current, most;
};

static struct limit fixed(uint32_t limit)
{
    return (struct limit){limit, limit};
}

static int32_t get_limit(const struct hk_thread *self, int32_t resource,
                         struct limit *limit)
{
    int is_r1beta6 = hk_kernel_of(self)->config.release >= HK_R1BETA6;
    uint32_t monitors = self->team->node_monitors;

    switch (resource) {
    case LIMIT_CORE:
        *limit = fixed(0);
        return HK_B_OK;
    case LIMIT_DATA:
    case LIMIT_AS:
        *limit = fixed(UINT32_MAX);
        return HK_B_OK;
    case LIMIT_NOFILE:
        *limit = (struct limit){hk_fds_limit(self->team->fds), OPEN_FILES_MAX};
        return HK_B_OK;
    case LIMIT_STACK:
        *limit = fixed(is_r1beta6 ? 0x4000000 : 0x1000000);
        return HK_B_OK;
    case LIMIT_NOVMON:
        *limit = (struct limit){monitors != 0 ? monitors : HK_NODE_MONITORS,
                                NODE_MONITORS_MAX};
        return HK_B_OK;
    default:
        return HK_B_BAD_VALUE;
    }
}

int64_t hk_sys_getrlimit(struct hk_thread *self, int32_t resource, gm_addr rlp)
{
    struct limit limit;
    uint8_t bytes[8];

    if (rlp == 0)
        return HK_B_BAD_VALUE;
    if (rlp >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if (get_limit(self, resource, &limit) != HK_B_OK)
        return HK_B_BAD_VALUE;
    hk_put32(bytes, limit.current);
    hk_put32(bytes + 4, limit.most);
    return hk_write_user(self, rlp, bytes, sizeof(bytes));
}

static int32_t set_monitors(struct hk_team *team, uint32_t count)
{
    struct hk_monitors *monitors = team->monitors;
    int32_t status = HK_B_OK;

    if (count == 0 || count > NODE_MONITORS_MAX)
        return HK_B_BAD_VALUE;
    hk_monitors_lock(monitors);
    if (count < monitors->listener_count)
        status = HK_B_BUSY;
    else
        team->node_monitors = count;
    hk_monitors_unlock(monitors);
    return status;
}

/* The upper limits are the kernel's own. */
int64_t hk_sys_setrlimit(struct hk_thread *self, int32_t resource, gm_addr rlp)
{
    struct limit limit;
    uint8_t bytes[8];

    if (rlp == 0)
        return HK_B_BAD_VALUE;
    if (hk_read_user(self, bytes, rlp, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    limit = (struct limit){hk_get32(bytes), hk_get32(bytes + 4)};
    switch (resource) {
    case LIMIT_CORE:
        return limit.current == 0 && limit.most == 0 ? HK_B_OK : HK_B_BAD_VALUE;
    case LIMIT_NOFILE:
        if (limit.most != saved_max && limit.most != OPEN_FILES_MAX)
            return HK_B_NOT_ALLOWED;
        return hk_fds_set_limit(self->team->fds, limit.current);
    case LIMIT_NOVMON:
        if (limit.most != saved_max && limit.most != NODE_MONITORS_MAX)
            return HK_B_NOT_ALLOWED;
        return set_monitors(self->team, limit.current);
    default:
        return HK_B_BAD_VALUE;
    }
}
