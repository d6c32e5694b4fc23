/* port_messages.c -- messages into ports and out of them. */
/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>

#include "accounts.h"
#include "bytes.h"
#include "clock.h"
#include "port.h"
#include "syscalls.h"
#include "syslog.h"

/* ---- messages in chunks ---- */

enum {
    HEAD = sizeof(struct hk_kept_message),
    FIRST_DATA = HK_CHUNK_DATA - HEAD /* bytes in the first chunk */
};

static uint32_t chunk_count(uint32_t size)
{
    if (size <= FIRST_DATA)
        return 1;
    return 1 + (size - FIRST_DATA + HK_CHUNK_DATA - 1) / HK_CHUNK_DATA;
}

/* Where the next byte of a message lies. */
struct cursor {
    struct hk_chunk *chunk;
    uint32_t at;
};

/* As many bytes as lie together, at most `most`; NULL at a broken chain. */
static uint8_t *advance(const struct hk_shared *shared, struct cursor *cursor,
                        uint32_t most, uint32_t *size)
{
    uint8_t *bytes;

    if (cursor->at == HK_CHUNK_DATA) {
        cursor->chunk = hk_chunk(shared, cursor->chunk->next);
        cursor->at = 0;
    }
    if (cursor->chunk == NULL)
        return NULL;
    *size = HK_CHUNK_DATA - cursor->at;
    if (*size > most)
        *size = most;
    bytes = cursor->chunk->u.bytes + cursor->at;
    cursor->at += *size;
    return bytes;
}

static int32_t copy_in(struct hk_thread *self, struct cursor *cursor,
                       uint32_t from, uint32_t size)
{
    while (size > 0) {
        uint32_t part = 0;
        uint8_t *bytes = advance(hk_shared_of(self), cursor, size, &part);

        if (bytes == NULL || hk_read_user(self, bytes, from, part) != HK_B_OK)
            return HK_B_BAD_ADDRESS;
        from += part;
        size -= part;
    }
    return HK_B_OK;
}

static int32_t copy_out(struct hk_thread *self, struct cursor *cursor,
                        uint32_t to, uint32_t size)
{
    while (size > 0) {
        uint32_t part = 0;
        const uint8_t *bytes = advance(hk_shared_of(self), cursor, size, &part);

        if (bytes == NULL || hk_write_user(self, to, bytes, part) != HK_B_OK)
            return HK_B_BAD_ADDRESS;
        to += part;
        size -= part;
    }
    return HK_B_OK;
}

/* The first message of a port, or NULL. */
static struct hk_kept_message *first_message(const struct hk_shared *shared,
                                             const struct hk_port *port)
{
    struct hk_chunk *chunk = hk_chunk(shared, port->first);

    return port->queue_count > 0 && chunk != NULL ? &chunk->u.message : NULL;
}

static void append(struct hk_shared *shared, struct hk_port *port,
                   uint32_t chunk)
{
    struct hk_chunk *last = hk_chunk(shared, port->last);

    hk_put(shared, last != NULL ? &last->u.message.next : &port->first, chunk);
    hk_put(shared, &port->last, chunk);
    hk_put(shared, &port->queue_count, (uint32_t)port->queue_count + 1);
}

static void remove_first(struct hk_shared *shared, struct hk_port *port)
{
    const struct hk_kept_message *message = first_message(shared, port);
    uint32_t chunk = port->first;

    hk_put(shared, &port->first, message->next);
    if (message->next == 0)
        hk_put(shared, &port->last, 0);
    hk_put(shared, &port->queue_count, (uint32_t)port->queue_count - 1);
    hk_chunks_free(shared, chunk);
}

void hk_port_drop_messages(struct hk_shared *shared, struct hk_port *port)
{
    while (first_message(shared, port) != NULL)
        remove_first(shared, port);
}

/* ---- who goes on ---- */

/* There is something to read, or room to write: one of those who wait for it
 * looks. */
static void wake_reader(struct hk_shared *shared, struct hk_port *port)
{
    if (port->queue_count > 0)
        hk_queue_wake(shared, &port->readers, HK_B_OK);
}

static void wake_writer(struct hk_shared *shared, struct hk_port *port)
{
    if (port->queue_count < port->capacity)
        hk_queue_wake(shared, &port->writers, HK_B_OK);
}

/* A message whose bytes are there goes into the port. */
static void deliver(struct hk_shared *shared, struct hk_port *port,
                    uint32_t chunk)
{
    append(shared, port, chunk);
    hk_put(shared, &port->readable, port->readable + 1);
    hk_watches_alert(shared, port->watches);
    wake_reader(shared, port);
}

/* ---- messages that wait for room ---- */

static void add_late(struct hk_shared *shared, struct hk_port *port,
                     uint32_t chunk)
{
    struct hk_chunk *last = hk_chunk(shared, port->late.last);

    hk_put(shared, last != NULL ? &last->u.message.next : &port->late.first,
           chunk);
    hk_put(shared, &port->late.last, chunk);
    hk_put(shared, &port->late_count, port->late_count + 1);
}

/* The first one, which is there; its first chunk, for which to care. */
static uint32_t take_late(struct hk_shared *shared, struct hk_port *port)
{
    uint32_t chunk = port->late.first;
    struct hk_kept_message *message = &hk_chunk(shared, chunk)->u.message;

    hk_put(shared, &port->late.first, message->next);
    if (message->next == 0)
        hk_put(shared, &port->late.last, 0);
    hk_put(shared, &port->late_count, port->late_count - 1);
    hk_put(shared, &message->next, 0);
    return chunk;
}

static int has_late(const struct hk_shared *shared, const struct hk_port *port)
{
    return port->late_count > 0 && hk_chunk(shared, port->late.first) != NULL;
}

/* 1 when there was one. */
static int drop_oldest_late(struct hk_shared *shared, struct hk_port *port)
{
    if (!has_late(shared, port))
        return 0;
    hk_chunks_free(shared, take_late(shared, port));
    return 1;
}

void hk_port_drop_late(struct hk_shared *shared, struct hk_port *port)
{
    while (drop_oldest_late(shared, port))
        continue;
}

/* One that was woken passes it on. */
void hk_port_forget_waiter(struct hk_shared *shared, struct hk_waiter *waiter)
{
    struct hk_port *port = hk_item(shared, HK_POOL_PORTS, waiter->object);
    int reads = waiter->kind == HK_WAITS_FOR_MESSAGE;

    if (port == NULL || port->id != waiter->id)
        return;
    if (waiter->result == HK_WAITING) {
        hk_dequeue(shared, reads ? &port->readers : &port->writers, waiter);
        return;
    }
    if (reads)
        wake_reader(shared, port);
    else
        wake_writer(shared, port);
}

/* Waits on a queue of a port, or for space. */
static int32_t wait_on(struct hk_thread *self, struct hk_queue *queue,
                       enum hk_waits_for kind, const struct hk_port_wait *wait)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_waiter *waiter;
    int32_t status;

    if ((wait->flags & HK_RELATIVE_TIMEOUT) != 0 && wait->timeout <= 0)
        return HK_B_WOULD_BLOCK;
    waiter = hk_waiter_new(self, kind, hk_id_index(HK_POOL_PORTS, wait->id),
                           wait->id);
    if (waiter == NULL)
        return HK_B_NO_MEMORY;
    hk_enqueue(shared, queue, waiter);
    status = hk_waiter_sleep(self, waiter, wait->deadline);
    if (waiter->result == HK_WAITING)
        hk_dequeue(shared, queue, waiter);
    hk_waiter_free(shared, waiter);
    return status;
}

static struct hk_port_wait make_wait(struct hk_thread *self, int32_t id,
                                     uint32_t flags, int64_t timeout)
{
    struct hk_port_wait wait = {.id = id, .timeout = timeout};

    wait.flags = flags & (HK_RELATIVE_TIMEOUT | HK_ABSOLUTE_TIMEOUT);
    wait.deadline = hk_call_deadline(self, wait.flags, timeout);
    return wait;
}

/* ---- reading ---- */

/* A port with a message in it: *port. */
static int32_t wait_for_message(struct hk_thread *self,
                                const struct hk_port_wait *wait,
                                struct hk_port **port)
{
    struct hk_shared *shared = hk_shared_of(self);

    for (;;) {
        struct hk_port_wait part = *wait;
        int64_t due;
        int32_t status;

        *port = hk_port_find(shared, wait->id);
        if (*port == NULL)
            return HK_B_BAD_PORT_ID;
        if (first_message(shared, *port) != NULL)
            return HK_B_OK;
        if (hk_port_is_closed(*port))
            return HK_B_BAD_PORT_ID;
        due = hk_syslog_tell_repeats(shared, wait->id);
        if (due == 0)
            continue;
        if (due < part.deadline)
            part.deadline = due;
        status = wait_on(self, &(*port)->readers, HK_WAITS_FOR_MESSAGE, &part);
        if (status == HK_B_TIMED_OUT && part.deadline < wait->deadline)
            continue;
        if (status != HK_B_OK)
            return status;
    }
}

/* The first message has been read. */
static void end_reading(struct hk_shared *shared, struct hk_port *port)
{
    remove_first(shared, port);
    hk_put(shared, &port->total_count, (uint32_t)port->total_count + 1);
    hk_put(shared, &port->writable, port->writable + 1);
    hk_watches_alert(shared, port->watches);
    if (has_late(shared, port))
        deliver(shared, port, take_late(shared, port));
    wake_writer(shared, port);
    hk_syslog_port_read(shared, port);
}

/* The message is gone even if the buffer cannot take it. */
static int32_t take_message(struct hk_thread *self, struct hk_port *port,
                            int32_t *code, uint32_t buffer, uint32_t size)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_kept_message *message = first_message(shared, port);
    struct cursor cursor = {hk_chunk(shared, port->first), HEAD};
    int32_t status;

    if (size > message->size)
        size = message->size;
    *code = message->code;
    status = copy_out(self, &cursor, buffer, size);
    end_reading(shared, port);
    return status == HK_B_OK ? (int32_t)size : status;
}

int64_t hk_sys_read_port_etc(struct hk_thread *self, int32_t port,
                             gm_addr msg_code, gm_addr msg_buffer,
                             uint32_t buffer_size, uint32_t flags,
                             int64_t timeout)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_port_wait wait;
    struct hk_port *found;
    int32_t code = 0, status;
    uint8_t word[4];

    if (msg_buffer == 0 && buffer_size != 0)
        return HK_B_BAD_VALUE;
    if ((msg_code != 0 && !hk_is_user_address(msg_code)) ||
        (msg_buffer != 0 && !hk_is_user_address(msg_buffer)))
        return HK_B_BAD_ADDRESS;
    if (port < 0)
        return HK_B_BAD_PORT_ID;
    if (timeout < 0)
        return HK_B_BAD_VALUE;
    wait = make_wait(self, port, flags, timeout);
    hk_shared_lock(shared);
    status = wait_for_message(self, &wait, &found);
    if (status == HK_B_OK)
        status =
            take_message(self, found, &code, (uint32_t)msg_buffer, buffer_size);
    hk_shared_unlock(shared);
    if (status < 0 || msg_code == 0)
        return status;
    hk_put32(word, (uint32_t)code);
    return hk_write_user(self, msg_code, word, sizeof(word)) == HK_B_OK
               ? status
               : HK_B_BAD_ADDRESS;
}

/* A copy of the first message's head, which stays where it is. */
static int32_t look_at_message(struct hk_thread *self,
                               const struct hk_port_wait *wait,
                               struct hk_kept_message *message)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_port *port;
    int32_t status;

    hk_shared_lock(shared);
    status = wait_for_message(self, wait, &port);
    if (status == HK_B_OK) {
        *message = *first_message(shared, port);
        wake_reader(shared, port); /* the message is still there */
    }
    hk_shared_unlock(shared);
    return status;
}

int64_t hk_sys_port_buffer_size_etc(struct hk_thread *self, int32_t port,
                                    uint32_t flags, int64_t timeout)
{
    struct hk_port_wait wait = make_wait(self, port, flags, timeout);
    struct hk_kept_message message;
    int32_t status = look_at_message(self, &wait, &message);

    return status == HK_B_OK ? (int32_t)message.size : status;
}

int64_t hk_sys_get_port_message_info_etc(struct hk_thread *self, int32_t port,
                                         gm_addr info, uint32_t info_size,
                                         uint32_t flags, int64_t timeout)
{
    enum { INFO_SIZE = 16 };
    struct hk_port_wait wait;
    struct hk_kept_message message;
    uint8_t bytes[INFO_SIZE];
    int32_t status;

    if (info == 0 || info_size != INFO_SIZE)
        return HK_B_BAD_VALUE;
    wait = make_wait(self, port, flags, timeout);
    status = look_at_message(self, &wait, &message);
    if (status != HK_B_OK)
        return status;
    hk_put32(bytes, message.size);
    hk_put32(bytes + 4, message.uid);
    hk_put32(bytes + 8, message.gid);
    hk_put32(bytes + 12, (uint32_t)message.team);
    return hk_write_user(self, info, bytes, sizeof(bytes));
}

/* ---- writing ---- */

/* Room that this writer was woken for and does not use. */
static void pass_room_on(struct hk_shared *shared, int32_t id)
{
    struct hk_port *port = hk_port_find(shared, id);

    if (port != NULL)
        wake_writer(shared, port);
}

/* A port with room, and chunks for a message. */
static int32_t wait_for_room(struct hk_thread *self,
                             const struct hk_port_wait *wait, uint32_t size,
                             struct hk_port **port, uint32_t *chunk)
{
    struct hk_shared *shared = hk_shared_of(self);
    int32_t status;

    for (;;) {
        *port = hk_port_find(shared, wait->id);
        if (*port == NULL || hk_port_is_closed(*port))
            return HK_B_BAD_PORT_ID;
        if ((*port)->queue_count >= (*port)->capacity) {
            status = wait_on(self, &(*port)->writers, HK_WAITS_FOR_ROOM, wait);
        } else {
            *chunk = hk_chunks_new(shared, chunk_count(size));
            if (*chunk != 0)
                return HK_B_OK;
            status =
                wait_on(self, hk_space_queue(shared), HK_WAITS_FOR_SPACE, wait);
        }
        if (status != HK_B_OK) {
            pass_room_on(shared, wait->id);
            return status;
        }
    }
}

static void fill_head(struct hk_kept_message *message, int32_t code,
                      uint32_t size, int32_t team)
{
    *message =
        (struct hk_kept_message){.code = code, .size = size, .team = team};
}

/* Who a message of a team's is from. */
static void sign(struct hk_kept_message *message, const struct hk_user_ids *ids)
{
    message->uid = ids->user.effective;
    message->gid = ids->group.effective;
}

static int32_t copy_pieces(struct hk_thread *self, uint32_t chunk,
                           const struct hk_piece *pieces, uint32_t count,
                           uint32_t size)
{
    struct cursor cursor = {hk_chunk(hk_shared_of(self), chunk), HEAD};
    int32_t status = HK_B_OK;

    for (uint32_t i = 0; i < count && size > 0 && status == HK_B_OK; i++) {
        uint32_t part = pieces[i].size < size ? pieces[i].size : size;

        status = copy_in(self, &cursor, pieces[i].address, part);
        size -= part;
    }
    return status;
}

static uint32_t pieces_size(const struct hk_piece *pieces, uint32_t count,
                            uint32_t most)
{
    uint64_t size = 0;

    for (uint32_t i = 0; i < count; i++)
        size += pieces[i].size;
    return size < most ? (uint32_t)size : most;
}

/* Bytes that no piece gives are zero. */
static void clear_rest(const struct hk_shared *shared, uint32_t chunk,
                       uint32_t from, uint32_t size)
{
    struct cursor cursor = {hk_chunk(shared, chunk), HEAD};
    uint32_t at = 0;

    while (at < size) {
        uint32_t part = 0;
        uint32_t most = at < from ? from - at : size - at;
        uint8_t *bytes = advance(shared, &cursor, most, &part);

        if (bytes == NULL)
            return;
        if (at >= from)
            memset(bytes, 0, part);
        at += part;
    }
}

/* Haiku's writev_port_etc answers B_OK also when bytes cannot be read: the
 * message is lost. */
static int32_t write_locked(struct hk_thread *self,
                            const struct hk_port_wait *wait, int32_t code,
                            const struct hk_piece *pieces, uint32_t count,
                            uint32_t size)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t given = pieces_size(pieces, count, size);
    struct hk_port *port;
    uint32_t chunk;
    int32_t status = wait_for_room(self, wait, size, &port, &chunk);

    if (status != HK_B_OK)
        return status;
    fill_head(&hk_chunk(shared, chunk)->u.message, code, size, self->team->id);
    sign(&hk_chunk(shared, chunk)->u.message, &self->team->ids);
    if (copy_pieces(self, chunk, pieces, count, size) != HK_B_OK) {
        hk_chunks_free(shared, chunk);
        wake_writer(shared, port); /* the room goes to somebody else */
        return HK_B_OK;
    }
    if (given < size)
        clear_rest(shared, chunk, given, size);
    deliver(shared, port, chunk);
    return HK_B_OK;
}

/* The kernel's own ports take a message at once. */
static int32_t write_to_kernel(struct hk_thread *self, int32_t id, int32_t code,
                               const struct hk_piece *pieces, uint32_t count,
                               uint32_t size)
{
    uint8_t *bytes = calloc(1, (size_t)size + 1);
    int32_t status = HK_B_OK;
    uint32_t at = 0;

    if (bytes == NULL)
        return HK_B_NO_MEMORY;
    for (uint32_t i = 0; i < count && at < size && status == HK_B_OK; i++) {
        uint32_t part = pieces[i].size < size - at ? pieces[i].size : size - at;

        status = hk_read_user(self, bytes + at, pieces[i].address, part);
        at += part;
    }
    status = status == HK_B_OK
                 ? hk_account_port_write(self, id, code, bytes, size)
                 : HK_B_OK;
    free(bytes);
    return status;
}

static int32_t write_message(struct hk_thread *self,
                             const struct hk_port_wait *wait, int32_t code,
                             const struct hk_piece *pieces, uint32_t count,
                             uint32_t size)
{
    struct hk_shared *shared = hk_shared_of(self);
    int32_t status;

    if (wait->id < 0)
        return HK_B_BAD_PORT_ID;
    if (size > HK_MESSAGE_MAX)
        return HK_B_BAD_VALUE;
    if (hk_account_port_name(wait->id) != NULL)
        return write_to_kernel(self, wait->id, code, pieces, count, size);
    hk_shared_lock(shared);
    status = write_locked(self, wait, code, pieces, count, size);
    hk_shared_unlock(shared);
    return status;
}

int64_t hk_sys_write_port_etc(struct hk_thread *self, int32_t port,
                              int32_t msg_code, gm_addr msg_buffer,
                              uint32_t buffer_size, uint32_t flags,
                              int64_t timeout)
{
    const struct hk_piece piece = {(uint32_t)msg_buffer, buffer_size};
    struct hk_port_wait wait;

    if (msg_buffer == 0 && buffer_size != 0)
        return HK_B_BAD_VALUE;
    if (msg_buffer != 0 && !hk_is_user_address(msg_buffer))
        return HK_B_BAD_ADDRESS;
    wait = make_wait(self, port, flags, timeout);
    return write_message(self, &wait, msg_code, &piece, 1, buffer_size);
}

static int32_t read_pieces(struct hk_thread *self, gm_addr from,
                           struct hk_piece *pieces, uint32_t count)
{
    uint8_t bytes[8];
    uint32_t left = INT32_MAX;

    for (uint32_t i = 0; i < count; i++) {
        if (hk_read_user(self, bytes, from + i * sizeof(bytes),
                         sizeof(bytes)) != HK_B_OK)
            return HK_B_BAD_ADDRESS;
        pieces[i].address = hk_get32(bytes);
        pieces[i].size = hk_get32(bytes + 4);
        if (!hk_is_user_range(pieces[i].address, pieces[i].size))
            return HK_B_BAD_ADDRESS;
        if (pieces[i].size > left)
            return HK_B_BAD_VALUE;
        left -= pieces[i].size;
    }
    return HK_B_OK;
}

int64_t hk_sys_writev_port_etc(struct hk_thread *self, int32_t id,
                               int32_t msg_code, gm_addr msg_vecs,
                               uint32_t vec_count, uint32_t buffer_size,
                               uint32_t flags, int64_t timeout)
{
    enum { PIECES_MAX = 1024 }; /* IOV_MAX */
    struct hk_port_wait wait;
    struct hk_piece *pieces;
    int32_t status = HK_B_OK;

    if ((msg_vecs == 0 && buffer_size != 0) || vec_count > PIECES_MAX)
        return HK_B_BAD_VALUE;
    if (msg_vecs == 0)
        vec_count = 0;
    pieces = calloc(vec_count + 1, sizeof(*pieces));
    if (pieces == NULL)
        return HK_B_NO_MEMORY;
    wait = make_wait(self, id, flags, timeout);
    status = read_pieces(self, msg_vecs, pieces, vec_count);
    if (status == HK_B_OK)
        status = write_message(self, &wait, msg_code, pieces, vec_count,
                               buffer_size);
    free(pieces);
    return status;
}

/* ---- messages of the kernel's ---- */

static void fill_message(struct hk_shared *shared, uint32_t chunk, int32_t code,
                         const uint8_t *from, uint32_t size, int32_t sender)
{
    struct cursor cursor = {hk_chunk(shared, chunk), HEAD};
    uint32_t part = 0;

    fill_head(&cursor.chunk->u.message, code, size, sender);
    for (uint32_t at = 0; at < size; at += part) {
        uint8_t *to = advance(shared, &cursor, size - at, &part);

        if (to == NULL)
            return;
        memcpy(to, from + at, part);
    }
}

int32_t hk_port_send(struct hk_thread *self, int32_t id, int32_t code,
                     const void *bytes, uint32_t size)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_port_wait wait = {.id = id,
                                      .deadline = HK_INFINITE_TIMEOUT};
    struct hk_port *port;
    uint32_t chunk;
    int32_t status;

    hk_shared_lock(shared);
    status = wait_for_room(self, &wait, size, &port, &chunk);
    if (status == HK_B_OK) {
        fill_message(shared, chunk, code, bytes, size, self->team->id);
        sign(&hk_chunk(shared, chunk)->u.message, &self->team->ids);
        deliver(shared, port, chunk);
    }
    hk_shared_unlock(shared);
    return status;
}

int32_t hk_port_receive(struct hk_thread *self, int32_t id, int32_t *code,
                        void *bytes, uint32_t size)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_port_wait wait = {.id = id,
                                      .deadline = HK_INFINITE_TIMEOUT};
    uint8_t *to = bytes;
    struct hk_port *port;
    uint32_t part = 0;
    int32_t status;

    hk_shared_lock(shared);
    status = wait_for_message(self, &wait, &port);
    if (status == HK_B_OK) {
        const struct hk_kept_message *message = first_message(shared, port);
        struct cursor cursor = {hk_chunk(shared, port->first), HEAD};
        const uint8_t *from;

        *code = message->code;
        status = (int32_t)(size < message->size ? size : message->size);
        for (uint32_t at = 0; at < (uint32_t)status; at += part) {
            from = advance(shared, &cursor, (uint32_t)status - at, &part);
            if (from == NULL)
                break;
            memcpy(to + at, from, part);
        }
        end_reading(shared, port);
    }
    hk_shared_unlock(shared);
    return status;
}

/* A message to an open port, with its chunks; 0 when there are not enough. */
static uint32_t make_message(struct hk_shared *shared, int32_t code,
                             const void *bytes, uint32_t size, int32_t sender)
{
    uint32_t chunk =
        size <= HK_MESSAGE_MAX ? hk_chunks_new(shared, chunk_count(size)) : 0;

    if (chunk != 0)
        fill_message(shared, chunk, code, bytes, size, sender);
    return chunk;
}

int32_t hk_port_post(struct hk_shared *shared, int32_t id, int32_t code,
                     const void *bytes, uint32_t size, int32_t sender)
{
    struct hk_port *port = hk_port_find(shared, id);
    uint32_t chunk;

    if (port == NULL || hk_port_is_closed(port))
        return HK_B_BAD_PORT_ID;
    if (port->queue_count >= port->capacity)
        return HK_B_WOULD_BLOCK;
    chunk = make_message(shared, code, bytes, size, sender);
    if (chunk == 0)
        return HK_B_WOULD_BLOCK;
    deliver(shared, port, chunk);
    return HK_B_OK;
}

void hk_port_post_kernel(struct hk_shared *shared, int32_t id, uint32_t token,
                         struct hk_kmessage_maker *maker)
{
    enum { CODE = 0x706a7070, AT_TOKEN = 16, LATE_MAX = HK_CHUNKS_MAX / 64 };
    struct hk_port *port =
        hk_item(shared, HK_POOL_PORTS, hk_id_index(HK_POOL_PORTS, id));
    uint32_t chunk;

    if (maker->failed || port == NULL || port->id != id ||
        hk_port_is_closed(port))
        return;
    if (port->late_count >= LATE_MAX)
        drop_oldest_late(shared, port);
    hk_put32(maker->bytes + AT_TOKEN, token);
    do
        chunk = make_message(shared, CODE, maker->bytes, (uint32_t)maker->size,
                             HK_KERNEL_TEAM);
    while (chunk == 0 && drop_oldest_late(shared, port));
    if (chunk == 0)
        return;
    if (port->queue_count < port->capacity)
        deliver(shared, port, chunk);
    else
        add_late(shared, port, chunk);
}

void hk_port_tell(struct hk_shared *shared, int32_t id, uint32_t token,
                  struct hk_kmessage_maker *maker)
{
    hk_shared_lock(shared);
    hk_port_post_kernel(shared, id, token, maker);
    hk_shared_unlock(shared);
}
