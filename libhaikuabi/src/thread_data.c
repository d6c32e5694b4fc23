/* thread_data.c -- the mailbox of each thread: one message. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "bytes.h"
#include "clock.h"
#include "request.h"
#include "syscalls.h"
#include "thread.h"

enum { DATA_MAX = 65536 };

int32_t hk_thread_put_data(struct hk_team *team, int32_t id,
                           const struct hk_message_data *message)
{
    struct hk_thread *thread;
    int32_t status = HK_B_BAD_THREAD_ID;

    pthread_mutex_lock(&team->lock);
    thread = hk_thread_of(team, id);
    if (thread != NULL && thread->life->has_data) {
        status = HK_B_WOULD_BLOCK;
    } else if (thread != NULL) {
        thread->life->has_data = 1;
        thread->life->data_sender = message->sender;
        thread->life->data_code = message->code;
        thread->life->data = message->bytes;
        thread->life->data_size = message->size;
        status = HK_B_OK;
    }
    pthread_mutex_unlock(&team->lock);
    if (status == HK_B_OK)
        hk_announce_change(team);
    return status;
}

/* Waits until there is room. *is_kept: the bytes are the thread's now. */
static int32_t put_data(struct hk_thread *self, int32_t id,
                        const struct hk_message_data *message, int *is_kept)
{
    struct hk_asking asking = {.asked = {.kind = HK_ASKED_SEND_DATA,
                                         .words = {(uint32_t)message->code},
                                         .size = message->size},
                               .data = message->bytes};

    for (;;) {
        unsigned seen = hk_changes(self->team);
        int32_t status = hk_thread_put_data(self->team, id, message);

        *is_kept = status == HK_B_OK;
        if (status == HK_B_BAD_THREAD_ID)
            return hk_ask_thread(self, id, HK_ASK_ANY, &asking,
                                 HK_INFINITE_TIMEOUT);
        if (status != HK_B_WOULD_BLOCK)
            return status;
        status = hk_wait_change(self, seen, HK_INFINITE_TIMEOUT);
        if (status != HK_B_OK)
            return status;
    }
}

/* A thread of any team. */
static int exists(struct hk_thread *self, int32_t id)
{
    struct hk_shared *shared = hk_shared_of(self);
    int result;

    hk_shared_lock(shared);
    result = id > 0 && hk_thread_find_shown(shared, id) != NULL;
    hk_shared_unlock(shared);
    return result;
}

int64_t hk_sys_send_data(struct hk_thread *self, int32_t thread, int32_t code,
                         gm_addr buffer, uint32_t buffer_size)
{
    uint8_t *data = NULL;
    struct hk_message_data message;
    int32_t status;
    int is_kept;

    if (buffer != 0 && !hk_is_user_address(buffer))
        return HK_B_BAD_ADDRESS;
    if (!exists(self, thread))
        return HK_B_BAD_THREAD_ID;
    if (buffer_size > DATA_MAX)
        return HK_B_NO_MEMORY;
    if (buffer_size > 0) {
        data = malloc(buffer_size);
        if (data == NULL)
            return HK_B_NO_MEMORY;
        if (hk_read_user(self, data, buffer, buffer_size) != HK_B_OK) {
            free(data);
            return HK_B_BAD_DATA;
        }
    }
    self->restart.is_required = 1;
    message = (struct hk_message_data){self->id, code, data, buffer_size};
    status = put_data(self, thread, &message, &is_kept);
    if (!is_kept)
        free(data);
    return status;
}

/* Waits for a message; its code is the result. */
int64_t hk_sys_receive_data(struct hk_thread *self, gm_addr sender,
                            gm_addr buffer, uint32_t buffer_size)
{
    struct hk_team *team = self->team;
    struct hk_thread_life taken;
    uint8_t word[4];
    int32_t status = HK_B_OK;

    if ((sender != 0 && !hk_is_user_address(sender)) ||
        (buffer != 0 && !hk_is_user_address(buffer)))
        return HK_B_BAD_ADDRESS;
    self->restart.is_required = 1;
    for (;;) {
        unsigned seen = hk_changes(team);

        pthread_mutex_lock(&team->lock);
        taken.has_data = self->life->has_data;
        taken.data = self->life->data;
        taken.data_size = self->life->data_size;
        taken.data_sender = self->life->data_sender;
        taken.data_code = self->life->data_code;
        self->life->has_data = 0;
        self->life->data = NULL;
        pthread_mutex_unlock(&team->lock);
        if (taken.has_data)
            break;
        hk_thread_tell_wait(self, HK_THREAD_RECEIVING);
        status = hk_wait_change(self, seen, HK_INFINITE_TIMEOUT);
        hk_thread_tell_wait(self, 0);
        if (status != HK_B_OK)
            return status;
    }
    hk_announce_change(team);
    hk_requests_do(team); /* others may wait for the room */
    if (buffer_size > taken.data_size)
        buffer_size = taken.data_size;
    hk_put32(word, (uint32_t)taken.data_sender);
    if (buffer_size > 0 && buffer != 0)
        status = hk_write_user(self, buffer, taken.data, buffer_size);
    if (status == HK_B_OK && sender != 0)
        status = hk_write_user(self, sender, word, sizeof(word));
    free(taken.data);
    return status == HK_B_OK ? taken.data_code : status;
}

int64_t hk_sys_has_data(struct hk_thread *self, int32_t thread)
{
    const struct hk_thread *found;
    int result;

    pthread_mutex_lock(&self->team->lock);
    found = thread > 0 ? hk_thread_find(self, thread) : NULL;
    result = found != NULL && found->life->has_data;
    pthread_mutex_unlock(&self->team->lock);
    return result;
}
