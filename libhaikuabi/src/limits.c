/* limits.c -- the limits of a team's resources. */
/* SPDX-License-Identifier: MIT */
#include "bytes.h"
#include "fd.h"
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

static int32_t get_limit(const struct hk_thread *self, int32_t resource,
                         uint32_t *limit)
{
    int is_r1beta6 = hk_kernel_of(self)->config.release >= HK_R1BETA6;

    switch (resource) {
    case LIMIT_CORE:
        *limit = 0;
        return HK_B_OK;
    case LIMIT_DATA:
        *limit = UINT32_MAX;
        return HK_B_OK;
    case LIMIT_NOFILE:
        *limit = hk_fds_limit(self->team->fds);
        return HK_B_OK;
    case LIMIT_STACK:
        *limit = is_r1beta6 ? 0x4000000 : 0x1000000;
        return HK_B_OK;
    case LIMIT_AS:
        *limit = HK_USER_TOP - 1;
        return HK_B_OK;
    case LIMIT_NOVMON:
        *limit = 4096;
        return HK_B_OK;
    default:
        return HK_B_BAD_VALUE;
    }
}

int64_t hk_sys_getrlimit(struct hk_thread *self, int32_t resource, gm_addr rlp)
{
    uint8_t bytes[8];
    uint32_t limit;

    if (rlp == 0)
        return HK_B_BAD_VALUE;
    if (rlp >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if (get_limit(self, resource, &limit) != HK_B_OK)
        return HK_B_BAD_VALUE;
    hk_put32(bytes, limit);
    hk_put32(bytes + 4, limit);
    return hk_write_user(self, rlp, bytes, sizeof(bytes));
}

int64_t hk_sys_setrlimit(struct hk_thread *self, int32_t resource, gm_addr rlp)
{
    uint8_t bytes[8];

    if (rlp == 0)
        return HK_B_BAD_VALUE;
    if (hk_read_user(self, bytes, rlp, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    switch (resource) {
    case LIMIT_CORE:
        return hk_get32(bytes) == 0 && hk_get32(bytes + 4) == 0
                   ? HK_B_OK
                   : HK_B_BAD_VALUE;
    case LIMIT_NOFILE:
        return hk_fds_set_limit(self->team->fds, hk_get32(bytes));
    default:
        return HK_B_BAD_VALUE;
    }
}
