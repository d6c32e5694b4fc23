/* user_ids.c -- whose a team is. */
/* SPDX-License-Identifier: MIT */
#include <grp.h>
#include <unistd.h>

#include "bytes.h"
#include "syscalls.h"

/*
 * On Haiku a program belongs to user 0 as a rule, and most expect it: the
 * host's user is user 0 to its guests, with group 0 alone. Only ids that a
 * team has already can be set.
 */
enum { THE_USER = 0, THE_GROUP = 0 };

int64_t hk_sys_getuid(struct hk_thread *self, int effective)
{
    (void)self;
    (void)effective;
    return THE_USER;
}

int64_t hk_sys_getgid(struct hk_thread *self, int effective)
{
    (void)self;
    (void)effective;
    return THE_GROUP;
}

static int is_kept(uint32_t id, uint32_t own)
{
    return id == own || id == UINT32_MAX;
}

int64_t hk_sys_setreuid(struct hk_thread *self, uint32_t ruid, uint32_t euid,
                        int set_all_if_privileged)
{
    (void)self;
    (void)set_all_if_privileged;
    return is_kept(ruid, THE_USER) && is_kept(euid, THE_USER)
               ? HK_B_OK
               : HK_B_NOT_ALLOWED;
}

int64_t hk_sys_setregid(struct hk_thread *self, uint32_t rgid, uint32_t egid,
                        int set_all_if_privileged)
{
    (void)self;
    (void)set_all_if_privileged;
    return is_kept(rgid, THE_GROUP) && is_kept(egid, THE_GROUP)
               ? HK_B_OK
               : HK_B_NOT_ALLOWED;
}

static int32_t write_ids(struct hk_thread *self, uint32_t id,
                         const gm_addr to[3])
{
    uint8_t word[4];

    hk_put32(word, id);
    for (int i = 0; i < 3; i++)
        if (to[i] != 0 &&
            hk_write_user(self, to[i], word, sizeof(word)) != HK_B_OK)
            return HK_B_BAD_ADDRESS;
    return HK_B_OK;
}

int64_t hk_sys_getresuid(struct hk_thread *self, gm_addr ruid, gm_addr euid,
                         gm_addr suid)
{
    const gm_addr to[] = {ruid, euid, suid};

    return write_ids(self, THE_USER, to);
}

int64_t hk_sys_getresgid(struct hk_thread *self, gm_addr rgid, gm_addr egid,
                         gm_addr sgid)
{
    const gm_addr to[] = {rgid, egid, sgid};

    return write_ids(self, THE_GROUP, to);
}

int64_t hk_sys_setresuid(struct hk_thread *self, uint32_t ruid, uint32_t euid,
                         uint32_t suid, int set_all_if_privileged)
{
    if (!is_kept(suid, THE_USER))
        return HK_B_NOT_ALLOWED;
    return hk_sys_setreuid(self, ruid, euid, set_all_if_privileged);
}

int64_t hk_sys_setresgid(struct hk_thread *self, uint32_t rgid, uint32_t egid,
                         uint32_t sgid, int set_all_if_privileged)
{
    if (!is_kept(sgid, THE_GROUP))
        return HK_B_NOT_ALLOWED;
    return hk_sys_setregid(self, rgid, egid, set_all_if_privileged);
}

int64_t hk_sys_getgroups(struct hk_thread *self, int32_t group_count,
                         gm_addr group_list)
{
    uint8_t group[4];

    if (group_count < 0)
        return HK_B_BAD_VALUE;
    if (group_count == 0)
        return 1;
    hk_put32(group, THE_GROUP);
    if (hk_write_user(self, group_list, group, sizeof(group)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return 1;
}

int64_t hk_sys_setgroups(struct hk_thread *self, int32_t group_count,
                         gm_addr group_list)
{
    enum { MAX_GROUPS = 32 };
    uint8_t group[4];

    if (group_count < 0 || group_count > MAX_GROUPS)
        return HK_B_BAD_VALUE;
    for (int32_t i = 0; i < group_count; i++) {
        if (hk_read_user(self, group, group_list + (gm_addr)i * 4,
                         sizeof(group)) != HK_B_OK)
            return HK_B_BAD_ADDRESS;
        if (hk_get32(group) != THE_GROUP)
            return HK_B_NOT_ALLOWED;
    }
    return HK_B_OK;
}
