/* shared_team.c -- the teams of a root: who lives, and what dies with them. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "deaths.h"
#include "debug.h"
#include "departures.h"
#include "host_direct.h"
#include "kernel_team.h"
#include "shared_file.h"
#include "signals.h"
#include "socket_share.h"

static struct hk_team_slot *slot_of(const struct hk_shared *shared,
                                    uint32_t team)
{
    return hk_item(shared, HK_POOL_TEAMS, team);
}

/* All that an exec ends. */
static void delete_objects(struct hk_shared *shared, uint32_t team)
{
    const struct hk_team_slot *slot = slot_of(shared, team);

    if (slot->sems != 0)
        hk_sems_delete(shared, team);
    if (slot->ports != 0)
        hk_ports_delete(shared, team);
    hk_named_sems_close(shared, team);
    hk_owned_free_all(shared, HK_OWNED_AREAS, team);
    hk_owned_free_all(shared, HK_OWNED_IMAGES, team);
    hk_xsi_sems_undo(shared, team);
}

/* The rest. To those who watch, the team is no more. */
static void end_team(struct hk_shared *shared, uint32_t team)
{
    struct hk_team_slot *slot = slot_of(shared, team);

    hk_system_watches_end(shared, team); /* it is not told of itself */
    delete_objects(shared, team);
    hk_owned_free_all(shared, HK_OWNED_THREADS, team);
    hk_ptys_drop(shared, team);
    hk_event_queues_drop(shared, team);
    hk_node_locks_end(shared, team);
    hk_sockets_drop(shared, team);
    hk_departures_watch(shared, team, 0);
    hk_debug_team_ended(shared, team);
    if (!slot->has_ended)
        hk_system_tell(shared, HK_TEAM_DELETED, slot->id, slot->id);
    hk_put(shared, &slot->has_ended, 1);
    hk_shared_commit(shared);
}

/* Waiters of a team that is no more. Its living threads have none. */
static void forget_waiters(struct hk_shared *shared, uint32_t team)
{
    uint32_t end = hk_item_end(shared, HK_POOL_WAITERS);

    for (uint32_t i = 1; i < end; i++) {
        struct hk_waiter *waiter = hk_item(shared, HK_POOL_WAITERS, i);

        if (waiter->team != team)
            continue;
        if (waiter->kind == HK_WAITS_FOR_SEM)
            hk_sem_forget_waiter(shared, waiter);
        else if (waiter->kind == HK_WAITS_FOR_SPACE)
            hk_dequeue(shared, hk_space_queue(shared), waiter);
        else if (waiter->kind == HK_WAITS_FOR_WORD)
            hk_dequeue(shared, hk_word_queue(shared), waiter);
        else if (waiter->kind == HK_WAITS_FOR_ANSWER)
            hk_request_forget_waiter(shared, waiter);
        else if (waiter->kind >= HK_WAITS_FOR_XSI_SET)
            hk_xsi_forget_waiter(shared, waiter);
        else if (waiter->kind != HK_WAITS_FOR_OBJECTS)
            hk_port_forget_waiter(shared, waiter);
        hk_waiter_free(shared, waiter);
        hk_shared_commit(shared);
    }
}

/* Free again; whoever reaps may die on the way, and the next one finds the
 * team dead as before. */
static void free_slot(struct hk_shared *shared, uint32_t team)
{
    struct hk_team_slot *slot = slot_of(shared, team);

    hk_put(shared, &slot->id, 0);
    hk_item_free(shared, HK_POOL_TEAMS, team);
    hk_shared_commit(shared);
}

/* Holding its life. */
static void reap(struct hk_shared *shared, uint32_t team)
{
    struct hk_team_slot *slot = slot_of(shared, team);

    hk_shared_commit(shared);
    hk_requests_refuse(shared, team, HK_B_INTERRUPTED);
    forget_waiters(shared, team);
    end_team(shared, team);
    free_slot(shared, team);
    pthread_mutex_unlock(&slot->life);
}

/* Takes a life that nobody holds: 1. */
static int take_life(struct hk_team_slot *slot)
{
    int error = pthread_mutex_trylock(&slot->life);

    if (error == EOWNERDEAD)
        pthread_mutex_consistent(&slot->life);
    return error == 0 || error == EOWNERDEAD;
}

int hk_shared_is_alive(struct hk_shared *shared, uint32_t team)
{
    struct hk_team_slot *slot = slot_of(shared, team);

    if ((team == shared->team && team != 0) || team == HK_KERNEL_SLOT)
        return 1;
    if (slot == NULL || slot->id == 0)
        return 0;
    if (!take_life(slot))
        return 1;
    reap(shared, team);
    return 0;
}

int hk_shared_is_dead(struct hk_shared *shared, uint32_t team)
{
    struct hk_team_slot *slot = slot_of(shared, team);

    if ((team == shared->team && team != 0) || team == HK_KERNEL_SLOT)
        return 0;
    if (slot == NULL || slot->id == 0)
        return 1;
    if (!take_life(slot))
        return 0;
    pthread_mutex_unlock(&slot->life);
    return 1;
}

/*
 * A robust mutex begins with the futex that the kernel looks at when its holder
 * dies (the host's <linux/futex.h>): the holder's id and, if somebody is to be
 * woken, a mark. That it holds the id of the team's main thread shows that this
 * C library's does. 0: it holds something else.
 */
static unsigned mark_life(struct hk_team_slot *slot)
{
    atomic_uint *word = (atomic_uint *)(void *)&slot->life;
    unsigned seen = atomic_load(word);

    while ((seen & FUTEX_TID_MASK) == (unsigned)slot->id &&
           (seen & FUTEX_OWNER_DIED) == 0) {
        unsigned marked = seen | FUTEX_WAITERS;

        if (atomic_compare_exchange_weak(word, &seen, marked))
            return marked;
    }
    return 0;
}

int hk_shared_lives(struct hk_shared *shared, struct hk_life *lives, int most)
{
    uint32_t end = hk_item_end(shared, HK_POOL_TEAMS);
    int count = 0;

    for (uint32_t team = 1; team < end; team++) {
        struct hk_team_slot *slot = slot_of(shared, team);
        unsigned seen;

        if (slot->id == 0 || team == shared->team)
            continue;
        seen = mark_life(slot);
        if (seen == 0 && !hk_shared_is_alive(shared, team))
            continue;
        if (seen == 0 || count == most)
            return -1;
        lives[count].word = (atomic_uint *)(void *)&slot->life;
        lives[count++].seen = seen;
    }
    return count;
}

void hk_shared_reap(struct hk_shared *shared)
{
    uint32_t end = hk_item_end(shared, HK_POOL_TEAMS);

    for (uint32_t team = 1; team < end; team++)
        hk_shared_is_alive(shared, team);
}

int hk_shared_has_room(struct hk_shared *shared, enum hk_pool pool,
                       uint32_t limit)
{
    if (hk_items_used(shared, pool) < limit)
        return 1;
    hk_shared_reap(shared);
    return hk_items_used(shared, pool) < limit;
}

uint32_t hk_shared_find_team(struct hk_shared *shared, int32_t id)
{
    uint32_t end = hk_item_end(shared, HK_POOL_TEAMS);

    if (id == 0)
        return shared->team;
    for (uint32_t team = 1; team < end && id > 0; team++)
        if (slot_of(shared, team)->id == id && hk_shared_is_alive(shared, team))
            return team;
    return id == HK_KERNEL_TEAM ? HK_KERNEL_SLOT : 0;
}

int hk_shared_has_team(struct hk_shared *shared, int32_t id)
{
    uint32_t team;

    hk_shared_lock(shared);
    team = id > 0 ? hk_shared_find_team(shared, id) : 0;
    hk_shared_unlock(shared);
    return team != 0;
}

const struct hk_team_slot *hk_shared_slot(const struct hk_shared *shared,
                                          uint32_t team)
{
    return slot_of(shared, team);
}

/* Nobody but the team itself changes its facts: no change is undone. */
void hk_shared_tell_team(struct hk_team *team)
{
    struct hk_team_slot *slot = slot_of(team->shared, team->shared->team);
    const struct hk_user_ids *ids = &team->ids;

    if (slot == NULL)
        return;
    hk_shared_lock(team->shared);
    memcpy(slot->facts.name, team->name, sizeof(slot->facts.name));
    memcpy(slot->facts.args, team->args, sizeof(slot->facts.args));
    slot->facts.has_execed = (uint32_t)team->has_execed;
    slot->facts.uid = ids->user.effective;
    slot->facts.gid = ids->group.effective;
    slot->facts.real_uid = ids->user.real;
    slot->facts.real_gid = ids->group.real;
    slot->facts.memory = (uintptr_t)gm_space_base(team->space);
    slot->facts.start_time = team->start_time;
    hk_shared_unlock(team->shared);
}

void hk_shared_signalled(struct hk_shared *shared, int32_t id, uint32_t user)
{
    struct hk_shared_file *file = shared->file;
    struct hk_signalled *kept;

    hk_shared_lock(shared);
    kept = &file->signalled[file->signalled_count % HK_EXITS_MAX];
    hk_put(shared, &kept->team, (uint32_t)id);
    hk_put(shared, &kept->user, user);
    hk_put(shared, &file->signalled_count, file->signalled_count + 1);
    hk_shared_unlock(shared);
}

uint32_t hk_shared_signaller(struct hk_shared *shared, int32_t id)
{
    const struct hk_shared_file *file = shared->file;
    uint32_t user = 0;

    hk_shared_lock(shared);
    for (uint32_t i = 1; i <= HK_EXITS_MAX && i <= file->signalled_count; i++) {
        const struct hk_signalled *kept =
            &file->signalled[(file->signalled_count - i) % HK_EXITS_MAX];

        if (kept->team != id)
            continue;
        user = kept->user;
        break;
    }
    hk_shared_unlock(shared);
    return user;
}

void hk_shared_note_signal(struct hk_shared *shared, int32_t id, int signal)
{
    enum hk_signal_default action = hk_signal_default(signal);
    struct hk_team_slot *slot;

    if (action != HK_DFL_STOP && action != HK_DFL_CONTINUE)
        return;
    hk_shared_lock(shared);
    slot = slot_of(shared, hk_shared_find_team(shared, id));
    if (slot != NULL)
        hk_put(shared, &slot->is_to_stop, action == HK_DFL_STOP);
    hk_shared_unlock(shared);
}

int hk_shared_is_to_stop(const struct hk_shared *shared)
{
    const struct hk_team_slot *slot = slot_of(shared, shared->team);

    return slot != NULL && __atomic_load_n(&slot->is_to_stop, __ATOMIC_RELAXED);
}

/* Not the terminal, the host's processes, or the own team. */
static int is_other_team(struct hk_shared *shared, int32_t id)
{
    return id > HK_KERNEL_TEAM && id != slot_of(shared, shared->team)->id &&
           hk_shared_find_team(shared, id) != 0;
}

int hk_shared_begin_stop(struct hk_shared *shared,
                         const struct hk_siginfo *info)
{
    struct hk_team_slot *slot;
    int begins;

    hk_shared_lock(shared);
    slot = slot_of(shared, shared->team);
    begins =
        slot == NULL || slot->is_to_stop || !is_other_team(shared, info->pid);
    if (slot != NULL && begins)
        hk_put(shared, &slot->stopped_by, (uint32_t)info->signal);
    hk_shared_unlock(shared);
    return begins;
}

void hk_shared_end_stop(struct hk_shared *shared)
{
    struct hk_team_slot *slot;

    hk_shared_lock(shared);
    slot = slot_of(shared, shared->team);
    if (slot != NULL)
        hk_put(shared, &slot->stopped_by, 0);
    hk_shared_unlock(shared);
}

int hk_shared_is_to_wake(struct hk_shared *shared, int32_t id)
{
    const struct hk_team_slot *slot;
    int result;

    hk_shared_lock(shared);
    slot = slot_of(shared, hk_shared_find_team(shared, id));
    result = slot != NULL && slot->stopped_by != 0 && !slot->is_to_stop;
    hk_shared_unlock(shared);
    return result;
}

int hk_shared_stopped_by(struct hk_shared *shared, int32_t id)
{
    const struct hk_team_slot *slot;
    int signal = 0;

    hk_shared_lock(shared);
    slot = slot_of(shared, hk_shared_find_team(shared, id));
    if (slot != NULL && slot->stopped_by <= HK_SIGNAL_MAX)
        signal = (int)slot->stopped_by;
    hk_shared_unlock(shared);
    return signal;
}

int32_t hk_shared_next_team(struct hk_shared *shared, int32_t above)
{
    uint32_t end;
    int32_t best = 0;

    hk_shared_lock(shared);
    hk_shared_reap(shared);
    end = hk_item_end(shared, HK_POOL_TEAMS);
    for (uint32_t team = 1; team < end; team++) {
        int32_t id = slot_of(shared, team)->id;

        if (id > above && (best == 0 || id < best))
            best = id;
    }
    hk_shared_unlock(shared);
    return best;
}

/* The first time that a slot is used: to do it for all of them would be most
 * of the time that a program takes to start. */
static void make_life(struct hk_team_slot *slot)
{
    if (slot->has_life)
        return;
    hk_shared_init_mutex(&slot->life);
    slot->has_life = 1;
}

/* Where no team lives, the root's machine has been switched off since. */
static void start_machine(struct hk_shared *shared)
{
    struct hk_settings *settings = hk_shared_settings(shared);

    if (hk_items_used(shared, HK_POOL_TEAMS) > 1) /* the kernel's */
        return;
    hk_put(shared, &settings->disabled_cpus[0], 0);
    hk_put(shared, &settings->disabled_cpus[1], 0);
    hk_put(shared, &settings->clock_is_local, 0);
    hk_put(shared, &settings->clock_shift, 0);
    atomic_store(&settings->clock_set, 0);
    hk_kernel_team_restart(shared);
}

static void note_group(struct hk_shared *shared, struct hk_team_slot *slot)
{
    uint32_t *count = &hk_shared_settings(shared)->join_count;

    hk_put(shared, count, *count + 1);
    hk_put(shared, &slot->group_joined, *count);
}

void hk_shared_join_group(struct hk_shared *shared, int32_t id)
{
    struct hk_team_slot *slot;

    hk_shared_lock(shared);
    slot = slot_of(shared, hk_shared_find_team(shared, id));
    if (slot != NULL)
        note_group(shared, slot);
    hk_shared_unlock(shared);
}

void hk_shared_join(struct hk_shared *shared, int32_t id)
{
    uint32_t parent = shared->team;
    struct hk_team_slot *slot;
    uint32_t team;

    shared->team = 0;
    shared->wake_count = 0; /* a fork's: of its parent's threads */
    hk_deaths_fork_child(shared->deaths);
    hk_shared_lock(shared);
    hk_shared_reap(shared);
    start_machine(shared);
    team = hk_item_new(shared, HK_POOL_TEAMS);
    slot = slot_of(shared, team);
    if (slot != NULL)
        make_life(slot);
    if (slot != NULL && take_life(slot)) {
        hk_put(shared, &slot->id, (uint32_t)id);
        hk_put(shared, &slot->sems, 0);
        hk_put(shared, &slot->ports, 0);
        hk_put(shared, &slot->stopped_by, 0);
        hk_put(shared, &slot->is_to_stop, 0);
        hk_put(shared, &slot->is_ready, 0);
        hk_put(shared, &slot->has_ended, 0);
        hk_put(shared, &slot->debugger, 0);
        note_group(shared, slot);
        atomic_store(&slot->cpu_clock_offset, 0);
        shared->team = team;
        hk_system_tell(shared, HK_TEAM_CREATED, id, id);
        /* It may have died, and somebody else have got its place. */
        slot = slot_of(shared, parent);
        if (slot != NULL && slot->id == (int32_t)getppid()) {
            hk_named_sems_inherit(shared, parent);
            hk_images_inherit(shared, parent);
        }
    }
    hk_shared_unlock(shared);
}

void hk_shared_set_ready(struct hk_shared *shared)
{
    struct hk_team_slot *slot = slot_of(shared, shared->team);

    hk_shared_lock(shared);
    if (slot != NULL)
        hk_put(shared, &slot->is_ready, 1);
    hk_shared_unlock(shared);
    atomic_fetch_add(&shared->file->joins, 1);
    hk_host_direct(SYS_futex, &shared->file->joins, FUTEX_WAKE, INT_MAX);
}

static int is_ready(struct hk_shared *shared, int32_t id)
{
    const struct hk_team_slot *slot;
    int result;

    hk_shared_lock(shared);
    slot = slot_of(shared, hk_shared_find_team(shared, id));
    result = slot != NULL && slot->is_ready;
    hk_shared_unlock(shared);
    return result;
}

static int has_ended(int32_t child)
{
    siginfo_t info = {.si_pid = 0};

    return waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT | WNOHANG) !=
               0 ||
           info.si_pid != 0;
}

void hk_shared_await(struct hk_shared *shared, int32_t child)
{
    enum { TRIES = 100, LOOK_INTERVAL = 20000000 /* ns */ };
    const struct timespec interval = {0, LOOK_INTERVAL};
    atomic_uint *joins = &shared->file->joins;

    for (int i = 0; i < TRIES; i++) {
        unsigned seen = atomic_load(joins);

        if (is_ready(shared, child) || has_ended(child))
            return;
        hk_host_direct(SYS_futex, joins, FUTEX_WAIT, seen, &interval);
    }
}

void hk_shared_clear(struct hk_shared *shared)
{
    if (shared->team == 0)
        return;
    hk_shared_lock(shared);
    delete_objects(shared, shared->team);
    hk_shared_unlock(shared);
}

static void keep_exit(struct hk_shared *shared, int32_t status)
{
    struct hk_shared_file *file = shared->file;
    struct hk_exit *kept = &file->exits[file->exit_count % HK_EXITS_MAX];

    hk_put(shared, &kept->team, (uint32_t)slot_of(shared, shared->team)->id);
    hk_put(shared, &kept->status, (uint32_t)status);
    hk_put(shared, &file->exit_count, file->exit_count + 1);
    hk_shared_commit(shared);
}

static uint32_t look(const void *word)
{
    return __atomic_load_n((const uint32_t *)word, __ATOMIC_ACQUIRE);
}

/* The last one of that id: ids come again. */
int32_t hk_shared_exit_status(const struct hk_shared *shared, int32_t team,
                              int host_status)
{
    const struct hk_shared_file *file = shared->file;
    uint32_t count = look(&file->exit_count);

    for (uint32_t i = 1; i <= HK_EXITS_MAX && i <= count; i++) {
        const struct hk_exit *kept = &file->exits[(count - i) % HK_EXITS_MAX];
        uint32_t status = look(&kept->status);

        if ((int32_t)look(&kept->team) != team)
            continue;
        if (((status ^ (uint32_t)host_status) & 0xff) == 0)
            return (int32_t)status;
        break;
    }
    return (int8_t)host_status;
}

void hk_shared_end(struct hk_shared *shared, int32_t exit_status)
{
    if (shared->team == 0)
        return;
    hk_shared_lock(shared);
    hk_shared_commit(shared);
    keep_exit(shared, exit_status);
    hk_requests_refuse(shared, shared->team, exit_status);
    end_team(shared, shared->team);
    hk_shared_unlock(shared);
}

void hk_shared_leave(struct hk_shared *shared)
{
    uint32_t team = shared->team;

    if (team == 0)
        return;
    hk_shared_lock(shared);
    end_team(shared, team);
    hk_requests_refuse(shared, team, HK_B_INTERRUPTED);
    forget_waiters(shared, team);
    free_slot(shared, team);
    pthread_mutex_unlock(&slot_of(shared, team)->life);
    shared->team = 0;
    hk_shared_unlock(shared);
}
