/* user_ids.c -- whose a team is. */
/* SPDX-License-Identifier: MIT */
#include "user_ids.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "bytes.h"
#include "fd_path.h"
#include "shared.h"
#include "stat.h"
#include "syscalls.h"

/*
 * On Haiku a program belongs to user 0 as a rule, and most expect it: the
 * host's user is user 0 to its guests, with group 0. A team may become
 * another user, and so do its forks and the teams that it starts. PART: files
 * are opened as the host's user all the time, and are user 0's.
 */

/* 1 when an id is one of a team's three, or means "as it is". */
static int is_own(const struct hk_ids *ids, uint32_t id)
{
    return id == UINT32_MAX || id == ids->real || id == ids->effective ||
           id == ids->saved;
}

/*
 * What setreuid and its like ask for; ~0 leaves an id as it is. With "all"
 * the call is setuid: a privileged team becomes another user for good, any
 * other changes its effective id. A new real id is the saved one as well.
 */
static int32_t change(struct hk_ids *ids, struct hk_ids to, int all,
                      int is_privileged)
{
    if (all && to.real != UINT32_MAX) {
        if (is_privileged) {
            *ids = (struct hk_ids){to.real, to.real, to.real};
            return HK_B_OK;
        }
        to.effective = to.real;
        to.real = UINT32_MAX;
    }
    if (!is_privileged && to.real != UINT32_MAX && to.real != ids->real &&
        to.real != ids->effective)
        return HK_B_NOT_ALLOWED;
    if (!is_privileged && !is_own(ids, to.effective))
        return HK_B_NOT_ALLOWED;
    if (to.real != UINT32_MAX && to.real != ids->real)
        to.saved = to.real;
    if (to.real != UINT32_MAX)
        ids->real = to.real;
    if (to.effective != UINT32_MAX)
        ids->effective = to.effective;
    if (to.saved != UINT32_MAX)
        ids->saved = to.saved;
    return HK_B_OK;
}

static int32_t change_user(struct hk_thread *self, struct hk_ids to, int all)
{
    struct hk_user_ids *ids = &self->team->ids;
    int32_t status = HK_B_NOT_ALLOWED;
    int is_privileged;

    pthread_mutex_lock(&self->team->lock);
    is_privileged = ids->user.effective == 0;
    if (is_privileged || is_own(&ids->user, to.saved))
        status = change(&ids->user, to, all, is_privileged);
    pthread_mutex_unlock(&self->team->lock);
    hk_shared_tell_team(self->team);
    return status;
}

/* Without privilege the saved group is not looked at. */
static int32_t change_group(struct hk_thread *self, struct hk_ids to, int all)
{
    struct hk_user_ids *ids = &self->team->ids;
    int is_privileged;
    int32_t status;

    pthread_mutex_lock(&self->team->lock);
    is_privileged = ids->user.effective == 0;
    if (!is_privileged)
        to.saved = UINT32_MAX;
    status = change(&ids->group, to, all, is_privileged);
    pthread_mutex_unlock(&self->team->lock);
    hk_shared_tell_team(self->team);
    return status;
}

static struct hk_user_ids get_ids(struct hk_thread *self)
{
    struct hk_user_ids ids;

    pthread_mutex_lock(&self->team->lock);
    ids = self->team->ids;
    pthread_mutex_unlock(&self->team->lock);
    return ids;
}

int64_t hk_sys_getuid(struct hk_thread *self, int effective)
{
    const struct hk_user_ids ids = get_ids(self);

    return (int32_t)(effective ? ids.user.effective : ids.user.real);
}

int64_t hk_sys_getgid(struct hk_thread *self, int effective)
{
    const struct hk_user_ids ids = get_ids(self);

    return (int32_t)(effective ? ids.group.effective : ids.group.real);
}

int64_t hk_sys_setreuid(struct hk_thread *self, uint32_t ruid, uint32_t euid,
                        int set_all_if_privileged)
{
    const struct hk_ids to = {ruid, euid, UINT32_MAX};

    return change_user(self, to, set_all_if_privileged);
}

int64_t hk_sys_setregid(struct hk_thread *self, uint32_t rgid, uint32_t egid,
                        int set_all_if_privileged)
{
    const struct hk_ids to = {rgid, egid, UINT32_MAX};

    return change_group(self, to, set_all_if_privileged);
}

int64_t hk_sys_setresuid(struct hk_thread *self, uint32_t ruid, uint32_t euid,
                         uint32_t suid, int set_all_if_privileged)
{
    const struct hk_ids to = {ruid, euid, suid};

    return change_user(self, to, set_all_if_privileged);
}

int64_t hk_sys_setresgid(struct hk_thread *self, uint32_t rgid, uint32_t egid,
                         uint32_t sgid, int set_all_if_privileged)
{
    const struct hk_ids to = {rgid, egid, sgid};

    return change_group(self, to, set_all_if_privileged);
}

void hk_ids_take_file(struct hk_thread *self, const char *path)
{
    struct hk_user_ids *ids = &self->team->ids;
    struct hk_stat info;
    struct hk_node node;
    int32_t status =
        hk_open_at(self, -1, path, HK_WALK_FOLLOW, O_PATH, 0, &node);

    if (status != HK_B_OK)
        return; /* its loading fails as well */
    status = hk_stat_node(hk_kernel_of(self)->vfs, &node, &info);
    hk_node_close(&node);
    if (status != HK_B_OK)
        return;
    pthread_mutex_lock(&self->team->lock);
    if ((info.mode & S_ISUID) != 0)
        ids->user.effective = ids->user.saved = info.uid;
    if ((info.mode & S_ISGID) != 0)
        ids->group.effective = ids->group.saved = info.gid;
    pthread_mutex_unlock(&self->team->lock);
}

/* An id that nobody wants to know has address 0. */
static int32_t write_ids(struct hk_thread *self, const struct hk_ids *ids,
                         const gm_addr to[3])
{
    const uint32_t values[] = {ids->real, ids->effective, ids->saved};
    uint8_t word[4];

    for (int i = 0; i < 3; i++) {
        hk_put32(word, values[i]);
        if (to[i] != 0 &&
            hk_write_user(self, to[i], word, sizeof(word)) != HK_B_OK)
            return HK_B_BAD_ADDRESS;
    }
    return HK_B_OK;
}

int64_t hk_sys_getresuid(struct hk_thread *self, gm_addr ruid, gm_addr euid,
                         gm_addr suid)
{
    const struct hk_user_ids ids = get_ids(self);
    const gm_addr to[] = {ruid, euid, suid};

    return write_ids(self, &ids.user, to);
}

int64_t hk_sys_getresgid(struct hk_thread *self, gm_addr rgid, gm_addr egid,
                         gm_addr sgid)
{
    const struct hk_user_ids ids = get_ids(self);
    const gm_addr to[] = {rgid, egid, sgid};

    return write_ids(self, &ids.group, to);
}

/* There is one group always: the effective one, when no other is. */
int64_t hk_sys_getgroups(struct hk_thread *self, int32_t group_count,
                         gm_addr group_list)
{
    struct hk_user_ids ids = get_ids(self);
    uint8_t bytes[HK_GROUPS_MAX * 4];

    if (ids.group_count == 0) {
        ids.groups[0] = ids.group.effective;
        ids.group_count = 1;
    }
    if (group_count == 0)
        return ids.group_count;
    if (group_count < 0 || (uint32_t)group_count < ids.group_count)
        return HK_B_BAD_VALUE;
    for (uint32_t i = 0; i < ids.group_count; i++)
        hk_put32(bytes + i * 4, ids.groups[i]);
    if (hk_write_user(self, group_list, bytes, ids.group_count * 4) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return ids.group_count;
}

int64_t hk_sys_setgroups(struct hk_thread *self, int32_t group_count,
                         gm_addr group_list)
{
    struct hk_user_ids *ids = &self->team->ids;
    uint8_t bytes[HK_GROUPS_MAX * 4];

    if (hk_sys_getuid(self, 1) != 0)
        return HK_B_NOT_ALLOWED;
    if (group_count < 0 || group_count > HK_GROUPS_MAX)
        return HK_B_BAD_VALUE;
    if (group_count > 0 && hk_read_user(self, bytes, group_list,
                                        (size_t)group_count * 4) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    pthread_mutex_lock(&self->team->lock);
    ids->group_count = (uint32_t)group_count;
    for (uint32_t i = 0; i < ids->group_count; i++)
        ids->groups[i] = hk_get32(bytes + i * 4);
    pthread_mutex_unlock(&self->team->lock);
    return HK_B_OK;
}
