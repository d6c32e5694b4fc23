/* xsi_sem.c -- XSI semaphores: semget, semctl and semop. */
/* SPDX-License-Identifier: MIT */
#include "bytes.h"
#include "syscalls.h"
#include "xsi.h"

enum {
    OPS_MAX = HK_XSI_SET_SIZE - 1,
    ALL_SEMS_MAX = 4096,
    ALL_SETS_MAX = 2048,
    VALUE_MAX = 0xffff,
    SEM_UNDO = 10,
    SEMBUF_SIZE = 6,
    SEMID_DS_SIZE = 36
};

static struct hk_xsi_set *set_at(const struct hk_shared *shared, uint32_t index)
{
    return hk_item(shared, HK_POOL_XSI_SETS, index);
}

static struct hk_xsi_set *find_set(const struct hk_shared *shared, int32_t id)
{
    struct hk_xsi_set *set = set_at(shared, hk_id_index(HK_POOL_XSI_SETS, id));

    return set != NULL && set->id == id ? set : NULL;
}

/* ---- undoing at a team's end ---- */

static struct hk_xsi_undo *undo_at(const struct hk_shared *shared,
                                   uint32_t index)
{
    return hk_item(shared, HK_POOL_XSI_UNDOS, index);
}

static struct hk_xsi_undo *find_undo(const struct hk_shared *shared,
                                     const struct hk_xsi_set *set,
                                     uint32_t team)
{
    uint32_t index = set->undos;
    struct hk_xsi_undo *undo;

    while ((undo = undo_at(shared, index)) != NULL && undo->team != team)
        index = undo->next;
    return undo;
}

static struct hk_xsi_undo *make_undo(struct hk_shared *shared,
                                     struct hk_xsi_set *set)
{
    uint32_t index = hk_item_new(shared, HK_POOL_XSI_UNDOS);
    struct hk_xsi_undo *undo = undo_at(shared, index);

    if (undo == NULL)
        return NULL;
    memset(undo->values, 0, sizeof(undo->values));
    hk_put(shared, &undo->team, shared->team);
    hk_put(shared, &undo->set, hk_id_index(HK_POOL_XSI_SETS, set->id));
    hk_put(shared, &undo->next, set->undos);
    hk_put(shared, &set->undos, index);
    return undo;
}

static void free_undo(struct hk_shared *shared, struct hk_xsi_set *set,
                      uint32_t index)
{
    struct hk_xsi_undo *undo = undo_at(shared, index);
    uint32_t *link = &set->undos;

    while (*link != index && undo_at(shared, *link) != NULL)
        link = &undo_at(shared, *link)->next;
    if (*link == index)
        hk_put(shared, link, undo->next);
    hk_put(shared, &undo->team, 0);
    hk_item_free(shared, HK_POOL_XSI_UNDOS, index);
}

static void put_value(struct hk_shared *shared, struct hk_xsi_set *set,
                      uint32_t number, int32_t value)
{
    hk_put(shared, &set->sems[number].value, (uint32_t)value & VALUE_MAX);
}

void hk_xsi_sems_undo(struct hk_shared *shared, uint32_t team)
{
    uint32_t end = hk_item_end(shared, HK_POOL_XSI_UNDOS);

    for (uint32_t index = 1; index < end; index++) {
        const struct hk_xsi_undo *undo = undo_at(shared, index);
        struct hk_xsi_set *set = set_at(shared, undo->set);

        if (undo->team != team || set == NULL)
            continue;
        for (uint32_t i = 0; i < set->count && i < HK_XSI_SET_SIZE; i++)
            if (undo->values[i] != 0)
                put_value(shared, set, i,
                          (int32_t)set->sems[i].value - undo->values[i]);
        free_undo(shared, set, index);
        hk_xsi_wake(shared, &set->waiters, HK_B_OK);
        hk_shared_commit(shared);
    }
}

/* With the lock, nothing half done: the set of an id, without what dead teams
 * have left to undo; or NULL. */
static struct hk_xsi_set *settle_set(struct hk_shared *shared, int32_t id)
{
    struct hk_xsi_set *set = find_set(shared, id);
    uint32_t index = set != NULL ? set->undos : 0;

    while (undo_at(shared, index) != NULL) {
        const struct hk_xsi_undo *undo = undo_at(shared, index);

        index =
            hk_shared_is_alive(shared, undo->team) ? undo->next : set->undos;
    }
    return set;
}

/* ---- semget ---- */

/* With the lock, nothing half done: the set of a key, or NULL; *count: of all
 * semaphores. */
static struct hk_xsi_set *set_of_key(const struct hk_shared *shared,
                                     int32_t key, uint32_t *count)
{
    uint32_t end = hk_item_end(shared, HK_POOL_XSI_SETS);
    struct hk_xsi_set *found = NULL;

    *count = 0;
    for (uint32_t index = 1; index < end; index++) {
        struct hk_xsi_set *set = set_at(shared, index);

        if (set->id == 0)
            continue;
        *count += set->count;
        if (key != HK_IPC_PRIVATE && set->perm.key == key)
            found = set;
    }
    return found;
}

static int32_t make_set(struct hk_thread *self, int32_t key, uint32_t count,
                        uint32_t flags)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t index = hk_item_new(shared, HK_POOL_XSI_SETS);
    struct hk_xsi_set *set = set_at(shared, index);

    if (set == NULL)
        return HK_B_DEVICE_FULL;
    memset(set->sems, 0, sizeof(set->sems));
    hk_xsi_perm_init(self, &set->perm, key == HK_IPC_PRIVATE ? -1 : key, flags);
    hk_put(shared, &set->count, count);
    hk_put(shared, &set->op_time, 0);
    hk_put(shared, &set->change_time, hk_xsi_time(shared));
    hk_put(shared, &set->undos, 0);
    hk_put(shared, &set->waiters.first, 0);
    hk_put(shared, &set->waiters.last, 0);
    hk_put(shared, &set->id,
           (uint32_t)hk_make_id(HK_POOL_XSI_SETS, index, set->generation));
    return set->id;
}

static int32_t get_set(struct hk_thread *self, int32_t key, int32_t num_sems,
                       uint32_t flags)
{
    const uint32_t exclusive = HK_IPC_CREAT | HK_IPC_EXCL;
    uint32_t count;
    const struct hk_xsi_set *set = set_of_key(hk_shared_of(self), key, &count);

    if (set != NULL) {
        if ((flags & exclusive) == exclusive)
            return HK_B_FILE_EXISTS;
        if (!hk_xsi_is_permitted(self, &set->perm))
            return HK_B_PERMISSION_DENIED;
        return num_sems > (int32_t)set->count ? HK_B_BAD_VALUE : set->id;
    }
    if (key != HK_IPC_PRIVATE && (flags & HK_IPC_CREAT) == 0)
        return HK_B_ENTRY_NOT_FOUND;
    if (num_sems <= 0 || num_sems >= HK_XSI_SET_SIZE)
        return HK_B_BAD_VALUE;
    if (count >= ALL_SEMS_MAX ||
        hk_items_used(hk_shared_of(self), HK_POOL_XSI_SETS) >= ALL_SETS_MAX)
        return HK_B_DEVICE_FULL;
    return make_set(self, key, (uint32_t)num_sems, flags);
}

int64_t hk_sys_xsi_semget(struct hk_thread *self, int32_t key, int32_t num_sems,
                          int32_t flags)
{
    struct hk_shared *shared = hk_shared_of(self);
    int32_t result;

    hk_shared_lock(shared);
    result = get_set(self, key, num_sems, (uint32_t)flags);
    hk_shared_unlock(shared);
    return result;
}

/* ---- semctl ---- */

enum command {
    COMMAND_GETPID = 3,
    COMMAND_GETVAL,
    COMMAND_GETALL,
    COMMAND_GETNCNT,
    COMMAND_GETZCNT,
    COMMAND_SETVAL,
    COMMAND_SETALL
};

/* What a waiter waits for, in its count: for more of a semaphore, or for 0. */
static int32_t detail_of(uint32_t number, int for_zero)
{
    return (int32_t)(number * 2) + (for_zero != 0);
}

static int32_t count_waiters(const struct hk_shared *shared,
                             const struct hk_xsi_set *set, int32_t detail)
{
    const struct hk_waiter *waiter = hk_queue_first(shared, &set->waiters);
    int32_t count = 0;

    for (; waiter != NULL;
         waiter = hk_item(shared, HK_POOL_WAITERS, waiter->next))
        count += waiter->count == detail;
    return count;
}

static int32_t delete_set(struct hk_shared *shared, struct hk_xsi_set *set)
{
    uint32_t index = hk_id_index(HK_POOL_XSI_SETS, set->id);

    while (undo_at(shared, set->undos) != NULL)
        free_undo(shared, set, set->undos);
    hk_xsi_wake(shared, &set->waiters, HK_EIDRM);
    hk_put(shared, &set->generation, set->generation + 1);
    hk_put(shared, &set->id, 0);
    hk_item_free(shared, HK_POOL_XSI_SETS, index);
    return HK_B_OK;
}

static int32_t set_value(struct hk_shared *shared, struct hk_xsi_set *set,
                         uint32_t number, int32_t value)
{
    struct hk_xsi_undo *undo = find_undo(shared, set, shared->team);

    if (value > VALUE_MAX)
        return HK_B_RESULT_NOT_REPRESENTABLE;
    put_value(shared, set, number, value);
    if (undo != NULL)
        hk_put(shared, &undo->values[number], 0);
    hk_xsi_wake(shared, &set->waiters, HK_B_OK);
    return HK_B_OK;
}

static int32_t get_all(struct hk_thread *self, const struct hk_xsi_set *set,
                       gm_addr array)
{
    uint8_t bytes[2 * HK_XSI_SET_SIZE];

    for (uint32_t i = 0; i < set->count; i++) {
        bytes[2 * i] = (uint8_t)set->sems[i].value;
        bytes[2 * i + 1] = (uint8_t)(set->sems[i].value >> 8);
    }
    return hk_write_user(self, array, bytes, 2 * set->count);
}

static int32_t set_all(struct hk_thread *self, struct hk_xsi_set *set,
                       gm_addr array)
{
    uint8_t bytes[2 * HK_XSI_SET_SIZE];
    int32_t status = hk_read_user(self, bytes, array, 2 * set->count);

    for (uint32_t i = 0; status == HK_B_OK && i < set->count; i++)
        status = set_value(hk_shared_of(self), set, i,
                           bytes[2 * i] | bytes[2 * i + 1] << 8);
    return status;
}

static int32_t tell_set(struct hk_thread *self, const struct hk_xsi_set *set,
                        gm_addr to)
{
    uint8_t bytes[SEMID_DS_SIZE] = {0};

    hk_xsi_perm_put(&set->perm, bytes);
    hk_put32(bytes + 24, set->count);
    hk_put32(bytes + 28, set->op_time);
    hk_put32(bytes + 32, set->change_time);
    return hk_write_user(self, to, bytes, sizeof(bytes));
}

static int32_t change_set(struct hk_thread *self, struct hk_xsi_set *set,
                          gm_addr from)
{
    uint8_t bytes[SEMID_DS_SIZE];
    int32_t status = hk_read_user(self, bytes, from, sizeof(bytes));

    if (status == HK_B_OK)
        hk_xsi_perm_set(hk_shared_of(self), &set->perm, bytes);
    return status;
}

/* With the lock. argument: semun, a value or an address. */
static int32_t control(struct hk_thread *self, struct hk_xsi_set *set,
                       uint32_t number, int32_t command, uint32_t argument)
{
    struct hk_shared *shared = hk_shared_of(self);

    switch (command) {
    case COMMAND_GETVAL:
        return (int32_t)set->sems[number].value;
    case COMMAND_SETVAL:
        return set_value(shared, set, number, (int32_t)argument);
    case COMMAND_GETPID:
        return set->sems[number].pid;
    case COMMAND_GETNCNT:
        return count_waiters(shared, set, detail_of(number, 0));
    case COMMAND_GETZCNT:
        return count_waiters(shared, set, detail_of(number, 1));
    case COMMAND_GETALL:
        return get_all(self, set, argument);
    case COMMAND_SETALL:
        return set_all(self, set, argument);
    case HK_IPC_STAT:
        return tell_set(self, set, argument);
    case HK_IPC_SET:
        return change_set(self, set, argument);
    case HK_IPC_RMID:
        return delete_set(shared, set);
    default:
        return HK_B_BAD_VALUE;
    }
}

static int is_command(int32_t command)
{
    return (command >= HK_IPC_RMID && command <= HK_IPC_STAT) ||
           (command >= COMMAND_GETPID && command <= COMMAND_SETALL);
}

int64_t hk_sys_xsi_semctl(struct hk_thread *self, int32_t sem_id,
                          int32_t sem_number, int32_t command, gm_addr args)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint8_t word[4] = {0};
    struct hk_xsi_set *set;
    int32_t result;

    if (args != 0 && hk_read_user(self, word, args, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    hk_shared_lock(shared);
    set = settle_set(shared, sem_id);
    if (set == NULL || sem_number < 0 || sem_number > (int32_t)set->count ||
        !is_command(command))
        result = HK_B_BAD_VALUE;
    else if (!hk_xsi_is_permitted(self, &set->perm))
        result = HK_B_PERMISSION_DENIED;
    else
        result =
            control(self, set, (uint32_t)sem_number, command, hk_get32(word));
    hk_shared_unlock(shared);
    return result;
}

/* ---- semop ---- */

struct operation {
    uint32_t number;
    int32_t op;
    uint32_t flags;
};

static int16_t get_short(const uint8_t *bytes)
{
    return (int16_t)(bytes[0] | bytes[1] << 8);
}

static int32_t read_operations(struct hk_thread *self,
                               struct operation ops[OPS_MAX], gm_addr from,
                               uint32_t count)
{
    uint8_t bytes[OPS_MAX * SEMBUF_SIZE];

    if (hk_read_user(self, bytes, from, (size_t)count * SEMBUF_SIZE) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *at = bytes + (size_t)i * SEMBUF_SIZE;

        ops[i].number = (uint16_t)get_short(at);
        ops[i].op = get_short(at + 2);
        ops[i].flags = (uint16_t)get_short(at + 4);
    }
    return HK_B_OK;
}

/* What the values would be after all operations, one after the other: how many
 * are possible, and what the next one fails with; B_OK: it has to wait. */
static uint32_t try_operations(const struct hk_xsi_set *set,
                               const struct operation *ops, uint32_t count,
                               int32_t values[HK_XSI_SET_SIZE], int32_t *status)
{
    *status = HK_B_OK;
    for (uint32_t i = 0; i < set->count; i++)
        values[i] = (int32_t)set->sems[i].value;
    for (uint32_t i = 0; i < count; i++) {
        int32_t *value = &values[ops[i].number];
        int waits;

        if (ops[i].number >= set->count) {
            *status = HK_B_BAD_VALUE;
            return i;
        }
        waits = ops[i].op == 0 ? *value != 0 : *value + ops[i].op < 0;
        if (waits) {
            if ((ops[i].flags & HK_IPC_NOWAIT) != 0)
                *status = HK_B_WOULD_BLOCK;
            return i;
        }
        *value = (*value + ops[i].op) & VALUE_MAX;
    }
    return count;
}

/* What the team's end is to take back, in 16 bits as Haiku has it. */
static int32_t record_undo(struct hk_shared *shared, struct hk_xsi_set *set,
                           const struct operation *ops, uint32_t count)
{
    struct hk_xsi_undo *undo = find_undo(shared, set, shared->team);
    int32_t values[HK_XSI_SET_SIZE] = {0};

    for (uint32_t i = 0; i < count; i++)
        if ((ops[i].flags & SEM_UNDO) != 0)
            values[ops[i].number] += ops[i].op;
    for (uint32_t i = 0; i < set->count; i++) {
        if (values[i] == 0)
            continue;
        if (undo == NULL)
            undo = make_undo(shared, set);
        if (undo == NULL)
            return HK_B_DEVICE_FULL;
        hk_put(shared, &undo->values[i],
               (uint32_t)(int16_t)(undo->values[i] + values[i]));
    }
    return HK_B_OK;
}

static void do_operations(struct hk_thread *self, struct hk_xsi_set *set,
                          const struct operation *ops, uint32_t count,
                          const int32_t values[HK_XSI_SET_SIZE])
{
    struct hk_shared *shared = hk_shared_of(self);

    for (uint32_t i = 0; i < count; i++) {
        put_value(shared, set, ops[i].number, values[ops[i].number]);
        hk_put(shared, &set->sems[ops[i].number].pid, (uint32_t)self->team->id);
    }
    hk_put(shared, &set->op_time, hk_xsi_time(shared));
    hk_xsi_wake(shared, &set->waiters, HK_B_OK);
}

static int32_t operate(struct hk_thread *self, int32_t id,
                       const struct operation *ops, uint32_t count)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_xsi_set *set = settle_set(shared, id);
    int32_t values[HK_XSI_SET_SIZE], status;

    if (set == NULL)
        return HK_B_BAD_VALUE;
    for (;;) {
        uint32_t done = try_operations(set, ops, count, values, &status);

        if (status != HK_B_OK)
            return status;
        if (done == count)
            break;
        status = hk_xsi_wait(self, HK_WAITS_FOR_XSI_SET,
                             hk_id_index(HK_POOL_XSI_SETS, id), &set->waiters,
                             detail_of(ops[done].number, ops[done].op == 0));
        if (set->id != id)
            return HK_EIDRM;
        if (status != HK_B_OK)
            return status;
    }
    status = record_undo(shared, set, ops, count);
    if (status == HK_B_OK)
        do_operations(self, set, ops, count, values);
    return status;
}

/* Never executed again behind a handler. */
int64_t hk_sys_xsi_semop(struct hk_thread *self, int32_t sem_id,
                         gm_addr sem_ops, uint32_t num_sem_ops)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct operation ops[OPS_MAX];
    int32_t status;
    int is_there;

    hk_shared_lock(shared);
    is_there = find_set(shared, sem_id) != NULL;
    hk_shared_unlock(shared);
    if (!is_there && hk_kernel_of(self)->config.release == HK_R1BETA4)
        return HK_B_BAD_VALUE;
    if (!hk_is_user_address(sem_ops))
        return HK_B_BAD_ADDRESS;
    status = is_there && num_sem_ops <= OPS_MAX ? HK_B_OK : HK_B_BAD_VALUE;
    if (status == HK_B_OK)
        status = read_operations(self, ops, sem_ops, num_sem_ops);
    if (status != HK_B_OK)
        return status;
    self->restart.is_allowed = 0;
    hk_shared_lock(shared);
    status = operate(self, sem_id, ops, num_sem_ops);
    hk_shared_unlock(shared);
    return status;
}
