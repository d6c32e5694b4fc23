/* kernel_team.c -- the kernel's own team, as programs see it. */
/* SPDX-License-Identifier: MIT */
#include "kernel_team.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "processors.h"
#include "shared_file.h"

static const char team_name[] = "kernel_team";

void hk_kernel_team_make(struct hk_shared_file *file)
{
    struct hk_team_slot *slot = &file->teams[HK_KERNEL_SLOT];
    struct hk_shared_thread *thread = &file->threads[HK_KERNEL_THREAD];
    struct hk_owned_list only = {HK_KERNEL_THREAD, HK_KERNEL_THREAD, 1};

    slot->id = HK_KERNEL_TEAM;
    slot->owned[HK_OWNED_THREADS] = only;
    memcpy(slot->facts.name, team_name, sizeof(team_name));
    memcpy(slot->facts.args, team_name, sizeof(team_name));
    thread->own.id = HK_KERNEL_TEAM;
    thread->own.team = HK_KERNEL_SLOT;
    snprintf(thread->name, sizeof(thread->name), "idle thread 1");
}

void hk_kernel_team_restart(struct hk_shared *shared)
{
    struct hk_shared_thread *thread =
        hk_item(shared, HK_POOL_THREADS, HK_KERNEL_THREAD);

    hk_put(shared, &hk_shared_settings(shared)->kernel_thread_has_data, 0);
    thread->affinity = 0;
    hk_sems_delete(shared, HK_KERNEL_SLOT);
    hk_ports_delete(shared, HK_KERNEL_SLOT);
}

/* Signals wake kernel threads at most. One message waits in the mailbox for
 * ever, and others wait for its room. */
int32_t hk_kernel_team_answer(struct hk_shared *shared,
                              const struct hk_asked *asked)
{
    uint32_t *has_data = &hk_shared_settings(shared)->kernel_thread_has_data;

    switch ((enum hk_asked_kind)asked->kind) {
    case HK_ASKED_SUSPEND:
    case HK_ASKED_RESUME:
    case HK_ASKED_KILL:
    case HK_ASKED_SIGNAL:
        return HK_B_OK;
    case HK_ASKED_SEND_DATA:
        if (*has_data)
            return HK_ANSWER_LATER;
        hk_put(shared, has_data, 1);
        return HK_B_OK;
    case HK_ASKED_WAIT:
        return HK_ANSWER_LATER;
    case HK_ASKED_NEXT_FD:
        return HK_B_ENTRY_NOT_FOUND;
    case HK_ASKED_TAKE_AREA:
        return HK_B_NO_MEMORY; /* it has no address space to take it */
    case HK_ASKED_SET_PRIORITY:
    case HK_ASKED_UNBLOCK:
    case HK_ASKED_DEBUG_THREAD:
    case HK_ASKED_RESIZE_AREA:
    case HK_ASKED_INSTALL_DEBUGGER:
    case HK_ASKED_REMOVE_DEBUGGER:
    case HK_ASKED_SET_GROUP:
        break;
    }
    return HK_B_NOT_ALLOWED;
}

int hk_is_kernel_team(struct hk_shared *shared, int32_t id)
{
    uint32_t team;

    if (id != HK_KERNEL_TEAM)
        return 0;
    hk_shared_lock(shared);
    team = hk_shared_find_team(shared, id);
    hk_shared_unlock(shared);
    return team == HK_KERNEL_SLOT;
}

void hk_kernel_team_task(const struct hk_kernel *kernel,
                         struct hk_host_task *task)
{
    int64_t active = 0, now = hk_system_time();

    *task = (struct hk_host_task){.parent = -1};
    if (kernel->config.alone)
        return;
    hk_processors_active(&active, 1);
    task->kernel_time = now > active ? now - active : 0;
}

int32_t hk_team_group(struct hk_shared *shared, int32_t id)
{
    return hk_is_kernel_team(shared, id) ? HK_KERNEL_TEAM : getpgid(id);
}

int32_t hk_team_session(struct hk_shared *shared, int32_t id)
{
    return hk_is_kernel_team(shared, id) ? HK_KERNEL_TEAM : getsid(id);
}

int32_t hk_team_parent(struct hk_shared *shared, int32_t id)
{
    struct hk_host_task task;

    if (hk_is_kernel_team(shared, id) || hk_host_task_get(id, 0, &task) != 0)
        return -1;
    return task.parent;
}
