/* xsi_message.c -- XSI message queues: msgget, msgctl, msgsnd and msgrcv. */
/* SPDX-License-Identifier: MIT */
#include "bytes.h"
#include "syscalls.h"
#include "xsi.h"

enum {
    BYTES_MAX = 2048, /* of a queue at first, and of a message */
    ALL_MESSAGES_MAX = 4096,
    ALL_QUEUES_MAX = 1024,
    MSG_NOERROR = 010000,
    MSQID_DS_SIZE = 52,
    TYPE_SIZE = 4
};

static struct hk_xsi_queue *queue_at(const struct hk_shared *shared,
                                     uint32_t index)
{
    return hk_item(shared, HK_POOL_XSI_QUEUES, index);
}

static struct hk_xsi_queue *find_queue(const struct hk_shared *shared,
                                       int32_t id)
{
    struct hk_xsi_queue *queue =
        queue_at(shared, hk_id_index(HK_POOL_XSI_QUEUES, id));

    return queue != NULL && queue->id == id ? queue : NULL;
}

/* The queue of a key, or NULL; *messages: in all queues. */
static struct hk_xsi_queue *queue_of_key(const struct hk_shared *shared,
                                         int32_t key, uint32_t *messages)
{
    uint32_t end = hk_item_end(shared, HK_POOL_XSI_QUEUES);
    struct hk_xsi_queue *found = NULL;

    *messages = 0;
    for (uint32_t index = 1; index < end; index++) {
        struct hk_xsi_queue *queue = queue_at(shared, index);

        if (queue->id == 0)
            continue;
        *messages += queue->message_count;
        if (key != HK_IPC_PRIVATE && queue->perm.key == key)
            found = queue;
    }
    return found;
}

/* ---- msgget ---- */

/* Haiku clears what it has set of permissions: only user 0 may use a new queue,
 * whoever has made it. */
static int32_t make_queue(struct hk_shared *shared, int32_t key)
{
    uint32_t index = hk_item_new(shared, HK_POOL_XSI_QUEUES);
    struct hk_xsi_queue *queue = queue_at(shared, index);

    if (queue == NULL)
        return HK_B_DEVICE_FULL;
    hk_put(shared, &queue->perm.key,
           key == HK_IPC_PRIVATE ? UINT32_MAX : (uint32_t)key);
    hk_put(shared, &queue->perm.uid, 0);
    hk_put(shared, &queue->perm.gid, 0);
    hk_put(shared, &queue->perm.cuid, 0);
    hk_put(shared, &queue->perm.cgid, 0);
    hk_put(shared, &queue->perm.mode, 0);
    hk_put(shared, &queue->message_count, 0);
    hk_put(shared, &queue->byte_count, 0);
    hk_put(shared, &queue->byte_limit, BYTES_MAX);
    hk_put(shared, &queue->sender, 0);
    hk_put(shared, &queue->receiver, 0);
    hk_put(shared, &queue->send_time, 0);
    hk_put(shared, &queue->receive_time, 0);
    hk_put(shared, &queue->change_time, hk_xsi_time(shared));
    hk_put(shared, &queue->first, 0);
    hk_put(shared, &queue->last, 0);
    hk_put(shared, &queue->readers.first, 0);
    hk_put(shared, &queue->readers.last, 0);
    hk_put(shared, &queue->writers.first, 0);
    hk_put(shared, &queue->writers.last, 0);
    hk_put(shared, &queue->id,
           (uint32_t)hk_make_id(HK_POOL_XSI_QUEUES, index, queue->generation));
    return queue->id;
}

static int32_t get_queue(struct hk_thread *self, int32_t key, uint32_t flags)
{
    const uint32_t exclusive = HK_IPC_CREAT | HK_IPC_EXCL;
    uint32_t messages;
    const struct hk_xsi_queue *queue =
        queue_of_key(hk_shared_of(self), key, &messages);

    if (queue == NULL && key != HK_IPC_PRIVATE && (flags & HK_IPC_CREAT) == 0)
        return HK_B_ENTRY_NOT_FOUND;
    if (queue == NULL)
        return hk_items_used(hk_shared_of(self), HK_POOL_XSI_QUEUES) <
                       ALL_QUEUES_MAX
                   ? make_queue(hk_shared_of(self), key)
                   : HK_B_DEVICE_FULL;
    if ((flags & exclusive) == exclusive)
        return HK_B_FILE_EXISTS;
    if (!hk_xsi_is_permitted(self, &queue->perm))
        return HK_B_PERMISSION_DENIED;
    return queue->id;
}

int64_t hk_sys_xsi_msgget(struct hk_thread *self, int32_t key,
                          int32_t message_queue_flags)
{
    struct hk_shared *shared = hk_shared_of(self);
    int32_t result;

    hk_shared_lock(shared);
    result = get_queue(self, key, (uint32_t)message_queue_flags);
    hk_shared_unlock(shared);
    return result;
}

/* ---- messages: a head, and the text in the chunks behind it ---- */

static struct hk_kept_message *message_at(const struct hk_shared *shared,
                                          uint32_t index)
{
    struct hk_chunk *chunk = hk_chunk(shared, index);

    return chunk != NULL ? &chunk->u.message : NULL;
}

/* A message, whose first chunk this is, at the end of a queue. */
static void append(struct hk_thread *self, struct hk_xsi_queue *queue,
                   uint32_t index)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_kept_message *message = message_at(shared, index);
    struct hk_kept_message *last = message_at(shared, queue->last);

    hk_put(shared, &message->next, 0);
    hk_put(shared, last != NULL ? &last->next : &queue->first, index);
    hk_put(shared, &queue->last, index);
    hk_put(shared, &queue->message_count, queue->message_count + 1);
    hk_put(shared, &queue->byte_count, queue->byte_count + message->size);
    hk_put(shared, &queue->sender, (uint32_t)self->team->id);
    hk_put(shared, &queue->send_time, hk_xsi_time(shared));
    hk_xsi_wake(shared, &queue->readers, HK_B_OK);
}

/* With the lock: B_OK, B_WOULD_BLOCK when there is no room, B_NO_MEMORY. */
static int32_t insert(struct hk_thread *self, struct hk_xsi_queue *queue,
                      const uint8_t *text, uint32_t size)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t all, index, data = size - TYPE_SIZE;
    struct hk_kept_message *message;

    queue_of_key(shared, HK_IPC_PRIVATE, &all);
    if (queue->byte_count + data > queue->byte_limit || all >= ALL_MESSAGES_MAX)
        return HK_B_WOULD_BLOCK;
    index = hk_chunks_new(shared, 1 + hk_chunk_count(data));
    message = message_at(shared, index);
    if (message == NULL)
        return HK_B_NO_MEMORY;
    message->code = (int32_t)hk_get32(text);
    message->size = data;
    hk_chunks_write(shared, hk_chunk(shared, index)->next, text + TYPE_SIZE,
                    data);
    append(self, queue, index);
    return HK_B_OK;
}

static void take_off(struct hk_shared *shared, struct hk_xsi_queue *queue,
                     uint32_t before, uint32_t index)
{
    struct hk_kept_message *message = message_at(shared, index);
    struct hk_kept_message *previous = message_at(shared, before);

    hk_put(shared, previous != NULL ? &previous->next : &queue->first,
           message->next);
    if (queue->last == index)
        hk_put(shared, &queue->last, before);
    hk_put(shared, &queue->message_count, queue->message_count - 1);
    hk_put(shared, &queue->byte_count, queue->byte_count - message->size);
}

/* As Haiku understands a type: any, this one, or for one below 0 the first
 * that is not above its opposite. */
static int is_wanted(const struct hk_kept_message *message, int32_t type)
{
    if (type == 0)
        return 1;
    return type > 0 ? message->code == type
                    : (int64_t)message->code <= -(int64_t)type;
}

/* The first message of a type, 0 for none; *before: the one ahead of it. */
static uint32_t find_message(const struct hk_shared *shared,
                             const struct hk_xsi_queue *queue, int32_t type,
                             uint32_t *before)
{
    uint32_t index = queue->first;

    *before = 0;
    while (message_at(shared, index) != NULL &&
           !is_wanted(message_at(shared, index), type)) {
        *before = index;
        index = message_at(shared, index)->next;
    }
    return message_at(shared, index) != NULL ? index : 0;
}

/* ---- msgctl ---- */

static int32_t tell_queue(struct hk_thread *self,
                          const struct hk_xsi_queue *queue, gm_addr to)
{
    uint8_t bytes[MSQID_DS_SIZE];

    hk_xsi_perm_put(&queue->perm, bytes);
    hk_put32(bytes + 24, queue->message_count);
    hk_put32(bytes + 28, queue->byte_limit);
    hk_put32(bytes + 32, (uint32_t)queue->sender);
    hk_put32(bytes + 36, (uint32_t)queue->receiver);
    hk_put32(bytes + 40, queue->send_time);
    hk_put32(bytes + 44, queue->receive_time);
    hk_put32(bytes + 48, queue->change_time);
    return hk_write_user(self, to, bytes, sizeof(bytes));
}

static int32_t change_queue(struct hk_thread *self, struct hk_xsi_queue *queue,
                            gm_addr from)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint8_t bytes[MSQID_DS_SIZE];
    uint32_t limit;

    if (hk_read_user(self, bytes, from, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    limit = hk_get32(bytes + 28);
    if (limit > queue->byte_limit && self->team->ids.user.real != 0)
        return HK_B_NOT_ALLOWED;
    if (limit == 0)
        return HK_B_BAD_VALUE;
    hk_xsi_perm_set(shared, &queue->perm, bytes);
    hk_put(shared, &queue->byte_limit, limit);
    hk_put(shared, &queue->change_time, hk_xsi_time(shared));
    hk_xsi_wake(shared, &queue->writers, HK_B_OK);
    return HK_B_OK;
}

static int32_t delete_queue(struct hk_shared *shared,
                            struct hk_xsi_queue *queue)
{
    uint32_t index = hk_id_index(HK_POOL_XSI_QUEUES, queue->id);

    hk_xsi_wake(shared, &queue->readers, HK_EIDRM);
    hk_xsi_wake(shared, &queue->writers, HK_EIDRM);
    while (message_at(shared, queue->first) != NULL) {
        uint32_t message = queue->first;

        take_off(shared, queue, 0, message);
        hk_chunks_free(shared, message);
    }
    hk_put(shared, &queue->generation, queue->generation + 1);
    hk_put(shared, &queue->id, 0);
    hk_item_free(shared, HK_POOL_XSI_QUEUES, index);
    return HK_B_OK;
}

/* With the lock. */
static int32_t control(struct hk_thread *self, struct hk_xsi_queue *queue,
                       int32_t command, gm_addr buffer)
{
    int permitted = hk_xsi_is_permitted(self, &queue->perm);

    switch (command) {
    case HK_IPC_STAT:
        return permitted ? tell_queue(self, queue, buffer)
                         : HK_B_PERMISSION_DENIED;
    case HK_IPC_SET:
        return permitted ? change_queue(self, queue, buffer) : HK_B_NOT_ALLOWED;
    case HK_IPC_RMID:
        return permitted ? delete_queue(hk_shared_of(self), queue)
                         : HK_B_NOT_ALLOWED;
    default:
        return HK_B_BAD_VALUE;
    }
}

int64_t hk_sys_xsi_msgctl(struct hk_thread *self, int32_t message_queue_id,
                          int32_t command, gm_addr buffer)
{
    struct hk_shared *shared = hk_shared_of(self);
    int is_r1beta4 = hk_kernel_of(self)->config.release == HK_R1BETA4;
    struct hk_xsi_queue *queue;
    int32_t result;

    hk_shared_lock(shared);
    queue = find_queue(shared, message_queue_id);
    if (queue == NULL)
        result = HK_B_BAD_VALUE;
    else if (!hk_is_user_address(buffer) && (buffer != 0 || is_r1beta4))
        result = HK_B_BAD_ADDRESS;
    else
        result = control(self, queue, command, buffer);
    hk_shared_unlock(shared);
    return result;
}

/* ---- msgsnd and msgrcv; never executed again behind a handler ---- */

/* With the lock: what both check, in Haiku's order. */
static int32_t check(struct hk_thread *self, int32_t id, gm_addr pointer,
                     uint32_t size)
{
    const struct hk_xsi_queue *queue = find_queue(hk_shared_of(self), id);

    if (queue == NULL || size > BYTES_MAX)
        return HK_B_BAD_VALUE;
    if (!hk_xsi_is_permitted(self, &queue->perm))
        return HK_B_PERMISSION_DENIED;
    return hk_is_user_address(pointer) ? HK_B_OK : HK_B_BAD_ADDRESS;
}

static int32_t check_locked(struct hk_thread *self, int32_t id, gm_addr pointer,
                            uint32_t size)
{
    int32_t status;

    hk_shared_lock(hk_shared_of(self));
    status = check(self, id, pointer, size);
    hk_shared_unlock(hk_shared_of(self));
    return status;
}

static int32_t send_message(struct hk_thread *self, int32_t id,
                            const uint8_t *text, uint32_t size, uint32_t flags)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_xsi_queue *queue = find_queue(shared, id);
    int32_t status = HK_B_BAD_VALUE;

    while (queue != NULL) {
        status = insert(self, queue, text, size);
        if (status != HK_B_WOULD_BLOCK || (flags & HK_IPC_NOWAIT) != 0)
            return status;
        status = hk_xsi_wait(self, HK_WAITS_FOR_XSI_ROOM,
                             hk_id_index(HK_POOL_XSI_QUEUES, id),
                             &queue->writers, 0);
        if (queue->id != id)
            return HK_EIDRM;
        if (status != HK_B_OK)
            return status;
    }
    return status;
}

int64_t hk_sys_xsi_msgsnd(struct hk_thread *self, int32_t message_queue_id,
                          gm_addr message_pointer, uint32_t message_size,
                          int32_t message_flags)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint8_t text[TYPE_SIZE + BYTES_MAX];
    int32_t status =
        check_locked(self, message_queue_id, message_pointer, message_size);

    if (status != HK_B_OK)
        return status;
    if (hk_read_user(self, text, message_pointer, TYPE_SIZE + message_size) !=
        HK_B_OK)
        return HK_B_NO_MEMORY;
    self->restart.is_allowed = 0;
    hk_shared_lock(shared);
    status = send_message(self, message_queue_id, text,
                          TYPE_SIZE + message_size, (uint32_t)message_flags);
    hk_shared_unlock(shared);
    return status;
}

/* Copies a message out: its size, cut when that is asked for, or an error. */
static int32_t copy_out(struct hk_thread *self, uint32_t index, gm_addr to,
                        uint32_t size, uint32_t flags)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_kept_message *message = message_at(shared, index);
    uint8_t text[TYPE_SIZE + BYTES_MAX];
    uint32_t part = message->size < size ? message->size : size;

    if (size < message->size && (flags & MSG_NOERROR) == 0)
        return HK_B_TOO_MANY_ARGS; /* E2BIG */
    hk_put32(text, (uint32_t)message->code);
    hk_chunks_read(shared, hk_chunk(shared, index)->next, text + TYPE_SIZE,
                   part);
    return hk_write_user(self, to, text, TYPE_SIZE + part) == HK_B_OK
               ? (int32_t)part
               : HK_B_BAD_ADDRESS;
}

/* Takes a message off; one that cannot be had goes back to the queue's end, as
 * if it had been sent again. */
static int32_t take_message(struct hk_thread *self, struct hk_xsi_queue *queue,
                            uint32_t before, uint32_t index, gm_addr to,
                            uint32_t size, uint32_t flags)
{
    struct hk_shared *shared = hk_shared_of(self);
    int32_t result = copy_out(self, index, to, size, flags);

    take_off(shared, queue, before, index);
    hk_put(shared, &queue->receiver, (uint32_t)self->team->id);
    hk_put(shared, &queue->receive_time, hk_xsi_time(shared));
    if (result >= 0)
        hk_chunks_free(shared, index);
    else
        append(self, queue, index);
    hk_xsi_wake(shared, &queue->writers, HK_B_OK);
    return result;
}

static int32_t receive_message(struct hk_thread *self, int32_t id, gm_addr to,
                               uint32_t size, int32_t type, uint32_t flags)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_xsi_queue *queue = find_queue(shared, id);

    for (;;) {
        uint32_t before, index = find_message(shared, queue, type, &before);
        int32_t status;

        if (index != 0)
            return take_message(self, queue, before, index, to, size, flags);
        if ((flags & HK_IPC_NOWAIT) != 0)
            return HK_ENOMSG;
        status = hk_xsi_wait(self, HK_WAITS_FOR_XSI_MESSAGE,
                             hk_id_index(HK_POOL_XSI_QUEUES, id),
                             &queue->readers, 0);
        if (queue->id != id)
            return HK_EIDRM;
        if (status != HK_B_OK)
            return status;
    }
}

int64_t hk_sys_xsi_msgrcv(struct hk_thread *self, int32_t message_queue_id,
                          gm_addr message_pointer, uint32_t message_size,
                          int32_t message_type, int32_t message_flags)
{
    struct hk_shared *shared = hk_shared_of(self);
    int32_t result;

    self->restart.is_allowed = 0;
    hk_shared_lock(shared);
    result = check(self, message_queue_id, message_pointer, message_size);
    if (result == HK_B_OK)
        result = receive_message(self, message_queue_id, message_pointer,
                                 message_size, message_type,
                                 (uint32_t)message_flags);
    hk_shared_unlock(shared);
    return result;
}

void hk_xsi_forget_waiter(struct hk_shared *shared, struct hk_waiter *waiter)
{
    struct hk_xsi_set *set = hk_item(shared, HK_POOL_XSI_SETS, waiter->object);
    struct hk_xsi_queue *queue = queue_at(shared, waiter->object);

    if (waiter->kind == HK_WAITS_FOR_XSI_SET && set != NULL)
        hk_dequeue(shared, &set->waiters, waiter);
    else if (waiter->kind == HK_WAITS_FOR_XSI_ROOM && queue != NULL)
        hk_dequeue(shared, &queue->writers, waiter);
    else if (waiter->kind == HK_WAITS_FOR_XSI_MESSAGE && queue != NULL)
        hk_dequeue(shared, &queue->readers, waiter);
}
