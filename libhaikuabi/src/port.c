/* port.c -- ports: made, found, owned and deleted. */
/* SPDX-License-Identifier: MIT */
#include "port.h"

#include "accounts.h"
#include "bytes.h"
#include "syscalls.h"

static struct hk_port *port_at(const struct hk_shared *shared, uint32_t index)
{
    return hk_item(shared, HK_POOL_PORTS, index);
}

struct hk_port *hk_port_find(struct hk_shared *shared, int32_t id)
{
    struct hk_port *port = port_at(shared, hk_id_index(HK_POOL_PORTS, id));

    if (port == NULL || port->id != id ||
        !hk_shared_is_alive(shared, port->owner))
        return NULL;
    return port->id == id ? port : NULL;
}

static void count_owned(struct hk_shared *shared, uint32_t team, uint32_t more)
{
    struct hk_team_slot *slot = hk_item(shared, HK_POOL_TEAMS, team);

    if (slot != NULL)
        hk_put(shared, &slot->ports, slot->ports + more);
}

/* ---- making ---- */

static void init_port(struct hk_shared *shared, struct hk_port *port,
                      uint32_t owner, int32_t capacity)
{
    uint32_t *count = &hk_shared_settings(shared)->port_count;

    hk_put(shared, count, *count + 1);
    hk_put(shared, &port->serial, *count);
    hk_put(shared, &port->owner, owner);
    hk_put(shared, &port->capacity, (uint32_t)capacity);
    hk_put(shared, &port->queue_count, 0);
    hk_put(shared, &port->total_count, 0);
    hk_put(shared, &port->first, 0);
    hk_put(shared, &port->last, 0);
    hk_put(shared, &port->late.first, 0);
    hk_put(shared, &port->late.last, 0);
    hk_put(shared, &port->late_count, 0);
    hk_put(shared, &port->readers.first, 0);
    hk_put(shared, &port->readers.last, 0);
    hk_put(shared, &port->writers.first, 0);
    hk_put(shared, &port->writers.last, 0);
    hk_put(shared, &port->watches, 0);
}

int32_t hk_port_make(struct hk_shared *shared, uint32_t owner, int32_t capacity,
                     const char name[HK_NAME_LENGTH])
{
    uint32_t index = hk_item_new(shared, HK_POOL_PORTS);
    struct hk_port *port;

    if (index == 0) {
        hk_shared_reap(shared);
        index = hk_item_new(shared, HK_POOL_PORTS);
    }
    port = port_at(shared, index);
    if (port == NULL)
        return HK_B_NO_MORE_PORTS;
    memcpy(port->name, name, HK_NAME_LENGTH);
    init_port(shared, port, owner, capacity);
    hk_put(shared, &port->id,
           (uint32_t)hk_make_id(HK_POOL_PORTS, index, port->generation));
    count_owned(shared, owner, 1);
    return port->id;
}

int64_t hk_sys_create_port(struct hk_thread *self, int32_t queue_length,
                           gm_addr name)
{
    enum { CAPACITY_MAX = 4096 };
    struct hk_shared *shared = hk_shared_of(self);
    char text[HK_NAME_LENGTH] = "unnamed port";
    int32_t id = HK_B_NO_MORE_PORTS;

    if (name != 0 && hk_read_user_name(self, text, name) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (queue_length < 1 || queue_length > CAPACITY_MAX)
        return HK_B_BAD_VALUE;
    hk_shared_lock(shared);
    if (shared->team != 0)
        id = hk_port_make(shared, shared->team, queue_length, text);
    hk_shared_unlock(shared);
    return id;
}

/* ---- closing and deleting ---- */

/* One that waits for space looks for its port again. */
static void wake_all(struct hk_shared *shared, struct hk_port *port)
{
    while (hk_queue_wake(shared, &port->readers, HK_B_BAD_PORT_ID) ||
           hk_queue_wake(shared, &port->writers, HK_B_BAD_PORT_ID) ||
           hk_queue_wake(shared, hk_space_queue(shared), HK_B_OK))
        continue;
    hk_watches_alert(shared, port->watches);
}

static void delete_port(struct hk_shared *shared, struct hk_port *port)
{
    uint32_t index = hk_id_index(HK_POOL_PORTS, port->id);

    wake_all(shared, port);
    hk_port_drop_late(shared, port);
    hk_port_drop_messages(shared, port);
    hk_put(shared, &port->watches, 0);
    hk_put(shared, &port->generation, port->generation + 1);
    hk_put(shared, &port->id, 0);
    count_owned(shared, port->owner, UINT32_MAX);
    hk_item_free(shared, HK_POOL_PORTS, index);
}

void hk_port_remove(struct hk_shared *shared, int32_t id)
{
    struct hk_port *port = hk_port_find(shared, id);

    if (port != NULL)
        delete_port(shared, port);
}

/* Each of them is a step of its own. */
void hk_ports_delete(struct hk_shared *shared, uint32_t team)
{
    uint32_t end = hk_item_end(shared, HK_POOL_PORTS);

    for (uint32_t i = 1; i < end; i++) {
        struct hk_port *port = port_at(shared, i);

        if (port->id == 0 || port->owner != team)
            continue;
        delete_port(shared, port);
        hk_shared_commit(shared);
    }
}

int64_t hk_sys_close_port(struct hk_thread *self, int32_t id)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_port *port;

    hk_shared_lock(shared);
    port = hk_port_find(shared, id);
    if (port != NULL) {
        hk_put(shared, &port->capacity, 0);
        hk_port_drop_late(shared, port);
        wake_all(shared, port);
    }
    hk_shared_unlock(shared);
    return port != NULL ? HK_B_OK : HK_B_BAD_PORT_ID;
}

int64_t hk_sys_delete_port(struct hk_thread *self, int32_t id)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_port *port;

    hk_shared_lock(shared);
    port = hk_port_find(shared, id);
    if (port != NULL)
        delete_port(shared, port);
    hk_shared_unlock(shared);
    return port != NULL ? HK_B_OK : HK_B_BAD_PORT_ID;
}

/* ---- finding and information ---- */

static int is_newer(const struct hk_port *port, const struct hk_port *than)
{
    return than == NULL || (int32_t)(port->serial - than->serial) > 0;
}

/* The newest of that name, which comes first in Haiku's table as long as that
 * does not change its size. */
static int32_t find_locked(struct hk_shared *shared, const char *name)
{
    uint32_t end = hk_item_end(shared, HK_POOL_PORTS);
    const struct hk_port *found = NULL;

    for (uint32_t i = 1; i < end; i++) {
        const struct hk_port *port = port_at(shared, i);

        if (port->id != 0 && is_newer(port, found) &&
            strncmp(port->name, name, HK_NAME_LENGTH) == 0 &&
            hk_port_find(shared, port->id) != NULL)
            found = port;
    }
    return found != NULL ? found->id : HK_B_NAME_NOT_FOUND;
}

int64_t hk_sys_find_port(struct hk_thread *self, gm_addr port_name)
{
    struct hk_shared *shared = hk_shared_of(self);
    char name[HK_NAME_LENGTH];
    int32_t id;

    if (port_name == 0)
        return HK_B_BAD_VALUE;
    if (hk_read_user_name(self, name, port_name) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    hk_shared_lock(shared);
    id = find_locked(shared, name);
    hk_shared_unlock(shared);
    return id < 0 ? hk_account_port_find(self->team, name) : id;
}

/* port_info (haiku-abi/structs.md). */
enum { PORT_INFO_SIZE = 52 };

static void fill_info(const struct hk_shared *shared,
                      const struct hk_port *port, uint8_t info[PORT_INFO_SIZE])
{
    const struct hk_team_slot *owner =
        hk_item(shared, HK_POOL_TEAMS, port->owner);

    hk_put32(info, (uint32_t)port->id);
    hk_put32(info + 4, owner != NULL ? (uint32_t)owner->id : 0);
    memcpy(info + 8, port->name, HK_NAME_LENGTH);
    hk_put32(info + 40, (uint32_t)port->capacity);
    hk_put32(info + 44, (uint32_t)port->queue_count);
    hk_put32(info + 48, (uint32_t)port->total_count);
}

/* The kernel's own, which is team 1: nothing waits in it. */
static void fill_account_info(int32_t id, uint8_t info[PORT_INFO_SIZE])
{
    memset(info, 0, PORT_INFO_SIZE);
    hk_put32(info, (uint32_t)id);
    hk_put32(info + 4, 1);
    strncpy((char *)info + 8, hk_account_port_name(id), HK_NAME_LENGTH - 1);
    hk_put32(info + 40, 1);
}

int64_t hk_sys_get_port_info(struct hk_thread *self, int32_t id, gm_addr info)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint8_t bytes[PORT_INFO_SIZE];
    const struct hk_port *port;
    int is_account_port = hk_account_port_name(id) != NULL;

    if (info == 0)
        return HK_B_BAD_VALUE;
    if (!hk_is_user_address(info))
        return HK_B_BAD_ADDRESS;
    hk_shared_lock(shared);
    port = hk_port_find(shared, id);
    if (port != NULL)
        fill_info(shared, port, bytes);
    hk_shared_unlock(shared);
    if (is_account_port)
        fill_account_info(id, bytes);
    else if (port == NULL)
        return HK_B_BAD_PORT_ID;
    return hk_write_user(self, info, bytes, sizeof(bytes));
}

/* The team's open port behind so many others; B_BAD_PORT_ID behind the
 * last. */
static int32_t next_info(struct hk_shared *shared, int32_t team, int32_t skip,
                         uint8_t info[PORT_INFO_SIZE])
{
    uint32_t owner = hk_shared_find_team(shared, team);
    uint32_t end = hk_item_end(shared, HK_POOL_PORTS);

    if (owner == 0)
        return HK_B_BAD_TEAM_ID;
    for (uint32_t i = 1; i < end && skip >= 0; i++) {
        const struct hk_port *port = port_at(shared, i);

        if (port->id == 0 || port->owner != owner || hk_port_is_closed(port) ||
            skip-- > 0)
            continue;
        fill_info(shared, port, info);
        return HK_B_OK;
    }
    return HK_B_BAD_PORT_ID;
}

/* The cookie counts ports that have been told; it is written in any case. */
int64_t hk_sys_get_next_port_info(struct hk_thread *self, int32_t team,
                                  gm_addr cookie, gm_addr info)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint8_t bytes[PORT_INFO_SIZE], word[4];
    int32_t told, status;

    if (cookie == 0 || info == 0)
        return HK_B_BAD_VALUE;
    if (!hk_is_user_address(info) ||
        hk_read_user(self, word, cookie, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    told = (int32_t)hk_get32(word);
    status = HK_B_BAD_VALUE;
    if (team >= 0) {
        hk_shared_lock(shared);
        status = next_info(shared, team, told, bytes);
        hk_shared_unlock(shared);
    }
    hk_put32(word, (uint32_t)told + (status == HK_B_OK));
    if (hk_write_user(self, cookie, word, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return status == HK_B_OK ? hk_write_user(self, info, bytes, sizeof(bytes))
                             : status;
}

int64_t hk_sys_port_count(struct hk_thread *self, int32_t id)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_port *port;
    int32_t count = HK_B_BAD_PORT_ID;

    hk_shared_lock(shared);
    port = hk_port_find(shared, id);
    if (port != NULL)
        count = port->queue_count;
    hk_shared_unlock(shared);
    return count;
}

/* ---- owners ---- */

/* Those who wait look after another team from now on. */
static void give_to(struct hk_shared *shared, struct hk_port *port,
                    uint32_t owner)
{
    count_owned(shared, port->owner, UINT32_MAX);
    count_owned(shared, owner, 1);
    hk_put(shared, &port->owner, owner);
    hk_queue_alert(shared, &port->readers);
    hk_queue_alert(shared, &port->writers);
    hk_watches_alert(shared, port->watches);
}

void hk_port_alert_readers(struct hk_shared *shared, int32_t id)
{
    struct hk_port *port = hk_port_find(shared, id);

    if (port == NULL)
        return;
    hk_queue_alert(shared, &port->readers);
    hk_watches_alert(shared, port->watches);
}

void hk_port_set_owner(struct hk_shared *shared, int32_t id, uint32_t owner)
{
    struct hk_port *port = hk_port_find(shared, id);

    if (port != NULL)
        give_to(shared, port, owner);
}

int64_t hk_sys_set_port_owner(struct hk_thread *self, int32_t id, int32_t team)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_port *port;
    uint32_t owner;

    if (id < 0)
        return HK_B_BAD_PORT_ID;
    hk_shared_lock(shared);
    owner = hk_shared_find_team(shared, team);
    port = hk_port_find(shared, id);
    if (owner != 0 && port != NULL)
        give_to(shared, port, owner);
    hk_shared_unlock(shared);
    if (owner == 0)
        return HK_B_BAD_TEAM_ID;
    return port != NULL ? HK_B_OK : HK_B_BAD_PORT_ID;
}
