/* deaths.c -- a descriptor that tells when another team has ended. */
/* SPDX-License-Identifier: MIT */
#include "deaths.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shared.h"

struct hk_deaths {
    int epoll;    /* or -1 */
    uint32_t end; /* behind the last team that was ever watched */
    struct hk_death {
        _Atomic int32_t id; /* 0: none; only while it is not, fd is open */
        int fd;
    } teams[HK_TEAMS_MAX];
};

struct hk_deaths *hk_deaths_new(void)
{
    struct hk_deaths *deaths = calloc(1, sizeof(*deaths));

    if (deaths != NULL)
        deaths->epoll = -1;
    return deaths;
}

/* A forked child may still hold the pidfd, which closing it would leave in
 * the epoll descriptor. */
static void forget(struct hk_deaths *deaths, struct hk_death *death)
{
    if (atomic_exchange(&death->id, 0) == 0)
        return;
    epoll_ctl(deaths->epoll, EPOLL_CTL_DEL, death->fd, NULL);
    close(death->fd);
}

static int watch(struct hk_deaths *deaths, uint32_t team, int32_t id)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = team};
    struct hk_death *death = &deaths->teams[team];

    death->fd = (int)syscall(SYS_pidfd_open, id, 0);
    if (death->fd < 0)
        return -1;
    if (epoll_ctl(deaths->epoll, EPOLL_CTL_ADD, death->fd, &event) != 0) {
        close(death->fd);
        return -1;
    }
    atomic_store(&death->id, id);
    if (deaths->end <= team)
        deaths->end = team + 1;
    return 0;
}

/* Those that were told of: another team may have got the id, or the place. */
static void forget_dead(struct hk_deaths *deaths)
{
    enum { AT_ONCE = 16 };
    struct epoll_event events[AT_ONCE];
    int count;

    do {
        count = epoll_wait(deaths->epoll, events, AT_ONCE, 0);
        for (int i = 0; i < count; i++)
            forget(deaths, &deaths->teams[events[i].data.u32]);
    } while (count == AT_ONCE);
}

/* The id of another team that lives, or 0. */
static int32_t other_team(struct hk_shared *shared, uint32_t team)
{
    if (team == shared->team || !hk_shared_is_alive(shared, team))
        return 0;
    return hk_shared_slot(shared, team)->id;
}

/* One that dies between the look and the watch has died before the second
 * look, and its pidfd may be another process's. */
static int update(struct hk_shared *shared, uint32_t team)
{
    struct hk_deaths *deaths = shared->deaths;
    struct hk_death *death = &deaths->teams[team];
    int32_t id = other_team(shared, team);

    if (atomic_load(&death->id) == id)
        return 0;
    forget(deaths, death);
    if (id == 0)
        return 0;
    if (watch(deaths, team, id) < 0)
        return other_team(shared, team) == id ? -1 : 0;
    if (other_team(shared, team) != id)
        forget(deaths, death);
    return 0;
}

int hk_deaths_watch(struct hk_shared *shared)
{
    struct hk_deaths *deaths = shared->deaths;
    uint32_t end = hk_item_end(shared, HK_POOL_TEAMS);

    if (deaths->epoll < 0)
        deaths->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (deaths->epoll < 0)
        return -1;
    forget_dead(deaths);
    for (uint32_t team = 1; team < end; team++)
        if (update(shared, team) < 0)
            return -1;
    return deaths->epoll;
}

/* Not one by one from the epoll descriptor, which is the parent's as well. */
void hk_deaths_fork_child(struct hk_deaths *deaths)
{
    for (uint32_t team = 0; team < deaths->end; team++)
        if (atomic_exchange(&deaths->teams[team].id, 0) != 0)
            close(deaths->teams[team].fd);
    if (deaths->epoll >= 0)
        close(deaths->epoll);
    deaths->epoll = -1;
    deaths->end = 0;
}

void hk_deaths_free(struct hk_deaths *deaths)
{
    if (deaths != NULL)
        hk_deaths_fork_child(deaths);
    free(deaths);
}
