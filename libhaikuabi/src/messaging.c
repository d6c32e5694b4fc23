/* messaging.c -- the service that passes the kernel's messages on. */
/* SPDX-License-Identifier: MIT */
#include "area.h"
#include "bytes.h"
#include "shared.h"
#include "syscalls.h"

/*
 * Haiku's kernel puts what it has to say to handlers into an area, from where
 * the registrar, which is the service, writes it to ports. This one writes to
 * the ports itself (hk_port_post_kernel): the area is there and stays empty.
 */

enum { AREA_SIZE = 4 * HK_PAGE_SIZE, HEADER_SIZE = 28 };

/* messaging_area_header: nobody holds its lock, no command is in it. */
static int32_t write_header(struct hk_thread *self, uint32_t address,
                            int32_t area)
{
    enum { SIZE = 4, AREA = 8, NEXT_AREA = 12 };
    uint8_t header[HEADER_SIZE] = {0};

    hk_put32(header + SIZE, AREA_SIZE);
    hk_put32(header + AREA, (uint32_t)area);
    hk_put32(header + NEXT_AREA, (uint32_t)-1);
    return hk_write_user(self, address, header, sizeof(header));
}

static int32_t make_area(struct hk_thread *self)
{
    const struct hk_area_source what = {
        .name = "messaging",
        .spec = HK_ANY_ADDRESS,
        .size = AREA_SIZE,
        .protection = HK_READ_AREA | HK_WRITE_AREA | HK_CLONEABLE_AREA,
        .fd = -1};
    uint32_t address = 0;
    int32_t id = hk_area_create(self->team, &what, &address);

    return id < 0 || write_header(self, address, id) == HK_B_OK
               ? id
               : HK_B_NO_MEMORY;
}

/* With the shared lock: whether both are there, and the team's own. */
static int32_t check_sems(struct hk_shared *shared, int32_t locking,
                          int32_t counter)
{
    const struct hk_sem *a = hk_sem_find(shared, locking);
    const struct hk_sem *b = hk_sem_find(shared, counter);

    if (a == NULL || b == NULL)
        return HK_B_BAD_SEM_ID;
    return a->owner == shared->team && b->owner == shared->team
               ? HK_B_OK
               : HK_B_BAD_VALUE;
}

static void set_service(struct hk_shared *shared, int32_t team, int32_t area)
{
    struct hk_settings *settings = hk_shared_settings(shared);

    hk_put(shared, &settings->messaging_team, (uint32_t)team);
    hk_put(shared, &settings->messaging_area, (uint32_t)area);
}

/* A service that has ended is none. Both semaphores are the caller's own. */
int64_t hk_sys_register_messaging_service(struct hk_thread *self,
                                          int32_t locking_sem,
                                          int32_t counter_sem)
{
    struct hk_shared *shared = hk_shared_of(self);
    int32_t service, status;

    hk_shared_lock(shared);
    service = hk_shared_settings(shared)->messaging_team;
    if (service != 0 && hk_shared_find_team(shared, service) != 0)
        status = HK_B_BAD_VALUE;
    else
        status = check_sems(shared, locking_sem, counter_sem);
    if (status == HK_B_OK)
        set_service(shared, self->team->id, 0);
    hk_shared_unlock(shared);
    if (status != HK_B_OK)
        return status;
    status = make_area(self);
    hk_shared_lock(shared);
    set_service(shared, status > 0 ? self->team->id : 0, status);
    hk_shared_unlock(shared);
    return status;
}

int64_t hk_sys_unregister_messaging_service(struct hk_thread *self)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_settings *settings = hk_shared_settings(shared);
    int32_t area = 0;

    hk_shared_lock(shared);
    if (settings->messaging_team == self->team->id) {
        area = settings->messaging_area;
        set_service(shared, 0, 0);
    }
    hk_shared_unlock(shared);
    if (area <= 0)
        return HK_B_BAD_VALUE;
    hk_area_delete(self->team, area, 0);
    return HK_B_OK;
}
