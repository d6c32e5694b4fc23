/* team_info.c -- what is known of teams. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bytes.h"
#include "fd.h"
#include "host_process.h"
#include "kernel_team.h"
#include "kmessage.h"
#include "shared.h"
#include "stat.h"
#include "syscalls.h"
#include "team.h"

enum { TEAM_INFO_SIZE = 160, TEAM_INFO_SIZE_R1BETA4 = 100 };

/* A team's slot, copied: 1, or 0 when there is none of that id. */
static int get_slot(struct hk_thread *self, int32_t id,
                    struct hk_team_slot *slot)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t index;

    hk_shared_lock(shared);
    index = hk_shared_find_team(shared, id);
    if (index != 0)
        *slot = *hk_shared_slot(shared, index);
    hk_shared_unlock(shared);
    return index != 0;
}

/* Haiku counts no areas. A nub is no thread to be seen, its port is. */
static void fill_info(struct hk_shared *shared, const struct hk_team_slot *slot,
                      uint8_t info[TEAM_INFO_SIZE])
{
    const struct hk_team_facts *facts = &slot->facts;

    memset(info, 0, TEAM_INFO_SIZE);
    hk_put32(info, (uint32_t)slot->id);
    hk_put32(info + 4, slot->owned[HK_OWNED_THREADS].count);
    hk_put32(info + 8, slot->owned[HK_OWNED_IMAGES].count);
    hk_put32(info + 16, (uint32_t)-1);
    hk_put32(info + 20, slot->debugger != 0 ? slot->nub : (uint32_t)-1);
    hk_put32(info + 24, 1); /* whatever the arguments */
    memcpy(info + 28, facts->args, sizeof(facts->args));
    hk_put32(info + 92, facts->uid);
    hk_put32(info + 96, facts->gid);
    hk_put32(info + 100, facts->real_uid);
    hk_put32(info + 104, facts->real_gid);
    hk_put32(info + 108, (uint32_t)hk_team_group(shared, slot->id));
    hk_put32(info + 112, (uint32_t)hk_team_session(shared, slot->id));
    hk_put32(info + 116, (uint32_t)hk_team_parent(shared, slot->id));
    memcpy(info + 120, facts->name, HK_NAME_LENGTH);
    hk_put64(info + 152, (uint64_t)facts->start_time);
}

static int64_t write_info(struct hk_thread *self,
                          const struct hk_team_slot *slot, gm_addr info,
                          uint32_t size)
{
    uint8_t bytes[TEAM_INFO_SIZE];

    fill_info(hk_shared_of(self), slot, bytes);
    return hk_write_user(self, info, bytes, size);
}

static int64_t team_info(struct hk_thread *self, int32_t id, gm_addr info,
                         uint32_t size)
{
    struct hk_team_slot slot;

    if (size > TEAM_INFO_SIZE)
        return HK_B_BAD_VALUE;
    if (info >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if (!get_slot(self, id, &slot))
        return HK_B_BAD_TEAM_ID;
    return write_info(self, &slot, info, size);
}

int64_t hk_sys_get_team_info(struct hk_thread *self, int32_t id, gm_addr info,
                             uint32_t size)
{
    return team_info(self, id, info, size);
}

int64_t hk_sys_get_team_info__r1beta4(struct hk_thread *self, int32_t id,
                                      gm_addr info)
{
    return team_info(self, id, info, TEAM_INFO_SIZE_R1BETA4);
}

/* The team with the lowest id from one on, 0 for none: the kernel's is the
 * first of all. */
static int32_t team_from(struct hk_shared *shared, int32_t id)
{
    if (id <= HK_KERNEL_TEAM)
        return HK_KERNEL_TEAM;
    return hk_shared_next_team(shared, id - 1);
}

/* The cookie is the last team's id + 1. */
static int64_t next_team_info(struct hk_thread *self, gm_addr cookie,
                              gm_addr info, uint32_t size)
{
    struct hk_team_slot slot;
    uint8_t word[4];
    int32_t from, id;

    if (size > TEAM_INFO_SIZE)
        return HK_B_BAD_VALUE;
    if (info >= HK_USER_LIMIT ||
        hk_read_user(self, word, cookie, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    from = (int32_t)hk_get32(word);
    do { /* until one has not ended on the way */
        id = team_from(hk_shared_of(self), from);
        if (id == 0)
            return HK_B_BAD_TEAM_ID;
        from = id + 1;
    } while (!get_slot(self, id, &slot));
    hk_put32(word, (uint32_t)from);
    if (hk_write_user(self, cookie, word, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return write_info(self, &slot, info, size);
}

int64_t hk_sys_get_next_team_info(struct hk_thread *self, gm_addr cookie,
                                  gm_addr info, uint32_t size)
{
    return next_team_info(self, cookie, info, size);
}

int64_t hk_sys_get_next_team_info__r1beta4(struct hk_thread *self,
                                           gm_addr cookie, gm_addr info)
{
    return next_team_info(self, cookie, info, TEAM_INFO_SIZE_R1BETA4);
}

/* ---- usage ---- */

static int may_look(const struct hk_thread *self,
                    const struct hk_team_slot *slot)
{
    uint32_t user = self->team->ids.user.effective;

    return user == 0 || user == slot->facts.uid;
}

enum { USAGE_SELF = 0, USAGE_CHILDREN = -1 };

static int64_t microseconds(const struct timeval *time)
{
    return (int64_t)time->tv_sec * 1000000 + time->tv_usec;
}

/* Children that live are counted as well as those that were waited for. */
static void add_living_children(struct hk_thread *self, int32_t parent,
                                struct hk_host_task *usage)
{
    struct hk_host_task task;
    int32_t id = 0;

    while ((id = hk_shared_next_team(hk_shared_of(self), id)) != 0) {
        if (hk_host_task_get(id, 0, &task) != 0 || task.parent != parent)
            continue;
        usage->children_user_time += task.user_time;
        usage->children_kernel_time += task.kernel_time;
    }
}

/* The host tells a process more exactly of itself than of others. */
static int get_usage(struct hk_thread *self, int32_t id, int32_t who,
                     struct hk_host_task *usage)
{
    struct rusage own;

    if (hk_is_kernel_team(hk_shared_of(self), id))
        hk_kernel_team_task(hk_kernel_of(self), usage);
    else if (hk_host_task_get(id, 0, usage) != 0)
        return -1;
    if (id == self->team->id) {
        getrusage(RUSAGE_SELF, &own);
        usage->user_time = microseconds(&own.ru_utime);
        usage->kernel_time = microseconds(&own.ru_stime);
        getrusage(RUSAGE_CHILDREN, &own);
        usage->children_user_time = microseconds(&own.ru_utime);
        usage->children_kernel_time = microseconds(&own.ru_stime);
    }
    if (who == USAGE_CHILDREN)
        add_living_children(self, id, usage);
    return 0;
}

enum { USAGE_SIZE = 16 };

static int32_t team_usage(struct hk_thread *self, int32_t team, int32_t who,
                          uint8_t bytes[USAGE_SIZE])
{
    struct hk_host_task usage;
    struct hk_team_slot slot;

    if (who != USAGE_SELF && who != USAGE_CHILDREN)
        return HK_B_BAD_VALUE;
    if (!get_slot(self, team, &slot))
        return HK_B_BAD_TEAM_ID;
    if (!may_look(self, &slot))
        return HK_B_NOT_ALLOWED;
    if (get_usage(self, slot.id, who, &usage) != 0)
        return HK_B_BAD_TEAM_ID;
    hk_put64(bytes, (uint64_t)(who == USAGE_SELF ? usage.user_time
                                                 : usage.children_user_time));
    hk_put64(bytes + 8,
             (uint64_t)(who == USAGE_SELF ? usage.kernel_time
                                          : usage.children_kernel_time));
    return HK_B_OK;
}

/* Haiku writes to the guest whatever it found. */
int64_t hk_sys_get_team_usage_info(struct hk_thread *self, int32_t team,
                                   int32_t who, gm_addr info, uint32_t size)
{
    uint8_t bytes[USAGE_SIZE] = {0};
    int32_t status;

    if (size != sizeof(bytes))
        return HK_B_BAD_VALUE;
    status = team_usage(self, team, who, bytes);
    if (info == 0 || hk_write_user(self, info, bytes, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return status;
}

/* ---- the extended info: a message ---- */

void hk_team_tell_directory(struct hk_team *team)
{
    struct hk_shared *shared = team->shared;
    struct hk_file *directory = hk_team_cwd_get(team);
    struct hk_team_slot *slot;
    struct hk_stat info;

    if (directory != NULL &&
        hk_stat_node(team->kernel->vfs, &directory->node, &info) == HK_B_OK) {
        hk_shared_lock(shared);
        slot = hk_item(shared, HK_POOL_TEAMS, shared->team);
        if (slot != NULL) {
            slot->facts.directory_device = (int32_t)info.device;
            slot->facts.directory_node = (int64_t)info.inode;
        }
        hk_shared_unlock(shared);
    }
    hk_file_put(directory);
}

/* The kernel's team is where all paths begin. */
static void find_directory(struct hk_thread *self, struct hk_team_slot *slot)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    struct hk_stat info;
    struct hk_node node;

    if (!hk_is_kernel_team(hk_shared_of(self), slot->id) ||
        hk_vfs_open(vfs, NULL, "/", HK_WALK_WHOLE, O_PATH, 0, &node) != HK_B_OK)
        return;
    if (hk_stat_node(vfs, &node, &info) == HK_B_OK) {
        slot->facts.directory_device = (int32_t)info.device;
        slot->facts.directory_node = (int64_t)info.inode;
    }
    hk_node_close(&node);
}

static void make_message(struct hk_shared *shared,
                         const struct hk_team_slot *slot,
                         struct hk_kmessage_maker *message)
{
    const struct hk_team_facts *facts = &slot->facts;
    char name[HK_NAME_LENGTH];

    memcpy(name, facts->name, sizeof(name));
    name[sizeof(name) - 1] = '\0';
    hk_kmessage_add_int32(message, "id", slot->id);
    hk_kmessage_add_string(message, "name", name);
    hk_kmessage_add_int32(message, "process group",
                          hk_team_group(shared, slot->id));
    hk_kmessage_add_int32(message, "session",
                          hk_team_session(shared, slot->id));
    hk_kmessage_add_int32(message, "uid", (int32_t)facts->real_uid);
    hk_kmessage_add_int32(message, "gid", (int32_t)facts->real_gid);
    hk_kmessage_add_int32(message, "euid", (int32_t)facts->uid);
    hk_kmessage_add_int32(message, "egid", (int32_t)facts->gid);
    hk_kmessage_add_int32(message, "cwd device", facts->directory_device);
    hk_kmessage_add_int64(message, "cwd directory", facts->directory_node);
}

/* The size that is needed comes first, whether the message fits or not. */
static int32_t write_message(struct hk_thread *self,
                             const struct hk_kmessage_maker *message,
                             gm_addr buffer, uint32_t size, gm_addr size_needed)
{
    uint8_t word[4];

    if (message->failed)
        return HK_B_NO_MEMORY;
    hk_put32(word, (uint32_t)message->size);
    if (hk_write_user(self, size_needed, word, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (message->size > size)
        return HK_B_BUFFER_OVERFLOW;
    return hk_write_user(self, buffer, message->bytes, message->size);
}

/* Of the flags Haiku's kernel knows this one. r1beta6 looks at the team
 * whatever is asked. */
int64_t hk_sys_get_extended_team_info(struct hk_thread *self, int32_t team_id,
                                      uint32_t flags, gm_addr buffer,
                                      uint32_t size, gm_addr size_needed)
{
    enum { BASIC = 1 };
    int is_r1beta6 = hk_kernel_of(self)->config.release >= HK_R1BETA6;
    struct hk_kmessage_maker message;
    struct hk_team_slot slot;
    int32_t status;

    if (buffer >= HK_USER_LIMIT || (buffer == 0 && size > 0) ||
        size_needed == 0 || size_needed >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if ((is_r1beta6 || (flags & BASIC) != 0) && !get_slot(self, team_id, &slot))
        return HK_B_BAD_TEAM_ID;
    if (is_r1beta6 && !may_look(self, &slot))
        return HK_B_NOT_ALLOWED;
    hk_kmessage_begin(&message, -1);
    if ((flags & BASIC) != 0) {
        find_directory(self, &slot);
        make_message(hk_shared_of(self), &slot, &message);
    }
    status = write_message(self, &message, buffer, size, size_needed);
    hk_kmessage_maker_free(&message);
    return status;
}
