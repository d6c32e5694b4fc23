/* mutex_queue.c -- threads that wait for words in user memory. */
/* SPDX-License-Identifier: MIT */
#include "mutex_queue.h"

#include <stdlib.h>

#include "area.h"
#include "mutex.h"

/* ---- words of one team: first come, first served ---- */

struct waiter {
    struct hk_thread *thread;
    gm_addr address;
    int is_woken;
    struct waiter *next;
};

struct hk_mutexes {
    pthread_mutex_t
        lock; /* guards the list and the kernel's changes of words */
    struct waiter *first;
};

int hk_mutexes_new(struct hk_mutexes **mutexes)
{
    struct hk_mutexes *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return HK_ERR_NOMEM;
    pthread_mutex_init(&made->lock, NULL);
    *mutexes = made;
    return 0;
}

void hk_mutexes_free(struct hk_mutexes *mutexes)
{
    if (mutexes == NULL)
        return;
    pthread_mutex_destroy(&mutexes->lock);
    free(mutexes);
}

void hk_mutexes_fork_child(struct hk_mutexes *mutexes)
{
    pthread_mutex_init(&mutexes->lock, NULL);
    mutexes->first = NULL;
}

static void enqueue(struct hk_mutexes *mutexes, struct waiter *waiter)
{
    struct waiter **link = &mutexes->first;

    while (*link != NULL)
        link = &(*link)->next;
    waiter->next = NULL;
    *link = waiter;
}

static void dequeue(struct hk_mutexes *mutexes, struct waiter *waiter)
{
    struct waiter **link = &mutexes->first;

    while (*link != NULL && *link != waiter)
        link = &(*link)->next;
    if (*link == waiter)
        *link = waiter->next;
}

static struct waiter *first_waiter(const struct hk_mutexes *mutexes,
                                   gm_addr address)
{
    struct waiter *waiter = mutexes->first;

    while (waiter != NULL && waiter->address != address)
        waiter = waiter->next;
    return waiter;
}

static int wake_own(struct hk_mutexes *mutexes, gm_addr address)
{
    struct waiter *waiter = first_waiter(mutexes, address);

    if (waiter == NULL)
        return 0;
    dequeue(mutexes, waiter);
    waiter->is_woken = 1;
    hk_wake(waiter->thread, HK_B_OK);
    return 1;
}

static int32_t sleep_own(const struct hk_word *word,
                         const struct hk_word *other, int64_t deadline)
{
    struct hk_mutexes *mutexes = word->self->team->mutexes;
    struct waiter waiter = {.thread = word->self, .address = word->address};
    int32_t status;

    enqueue(mutexes, &waiter);
    hk_wait_prepare(word->self);
    hk_words_unlock(word, other);
    status = hk_wait(word->self, deadline);
    hk_words_lock(word, other);
    if (waiter.is_woken)
        return HK_B_OK;
    dequeue(mutexes, &waiter);
    return status;
}

/* ---- words that teams share: one queue for all of them ---- */

static int is_at(const struct hk_waiter *waiter,
                 const struct hk_memory_place *place)
{
    return waiter->place.device == place->device &&
           waiter->place.inode == place->inode &&
           waiter->place.offset == place->offset;
}

static struct hk_waiter *first_shared(const struct hk_word *word)
{
    struct hk_shared *shared = hk_shared_of(word->self);
    struct hk_waiter *waiter = hk_queue_first(shared, hk_word_queue(shared));

    while (waiter != NULL && !is_at(waiter, &word->place))
        waiter = hk_item(shared, HK_POOL_WAITERS, waiter->next);
    return waiter;
}

static int wake_shared(const struct hk_word *word)
{
    struct hk_shared *shared = hk_shared_of(word->self);
    struct hk_waiter *waiter = first_shared(word);

    if (waiter == NULL)
        return 0;
    hk_dequeue(shared, hk_word_queue(shared), waiter);
    hk_put(shared, &waiter->result, HK_B_OK);
    hk_waiter_alert(shared, waiter);
    return 1;
}

/* hk_waiter_sleep comes back with the shared lock, which is the second one. */
static int32_t sleep_shared(const struct hk_word *word,
                            const struct hk_word *other, int64_t deadline)
{
    struct hk_shared *shared = hk_shared_of(word->self);
    struct hk_waiter *waiter =
        hk_waiter_new(word->self, HK_WAITS_FOR_WORD, 0, 0);
    int32_t status;

    if (waiter == NULL)
        return HK_B_NO_MEMORY;
    waiter->place = word->place;
    hk_enqueue(shared, hk_word_queue(shared), waiter);
    pthread_mutex_unlock(&word->self->team->mutexes->lock);
    status = hk_waiter_sleep(word->self, waiter, deadline);
    hk_shared_unlock(shared);
    hk_words_lock(word, other);
    if (waiter->result != HK_WAITING)
        status = waiter->result;
    else
        hk_dequeue(shared, hk_word_queue(shared), waiter);
    hk_waiter_free(shared, waiter);
    return status;
}

/* ---- both ---- */

struct hk_word hk_word_at(struct hk_thread *self, gm_addr address,
                          uint32_t flags)
{
    int is_r1beta4 = hk_kernel_of(self)->config.release == HK_R1BETA4;
    struct hk_word word = {.self = self, .address = address};
    struct hk_areas *areas = self->team->areas;
    const struct hk_area *area;

    if ((flags & HK_USER_MUTEX_SHARED) == 0 && !is_r1beta4)
        return word;
    word.is_wired = 1;
    pthread_mutex_lock(&areas->lock);
    area = hk_area_at(areas, (uint32_t)address);
    word.has_area = area != NULL;
    if (area != NULL && area->fd >= 0) {
        word.is_shared = 1;
        word.place = area->place;
        word.place.offset += address - area->span.base;
    }
    pthread_mutex_unlock(&areas->lock);
    return word;
}

static int any_shared(const struct hk_word *a, const struct hk_word *b)
{
    return a->is_shared || (b != NULL && b->is_shared);
}

void hk_words_lock(const struct hk_word *a, const struct hk_word *b)
{
    pthread_mutex_lock(&a->self->team->mutexes->lock);
    if (any_shared(a, b))
        hk_shared_lock(hk_shared_of(a->self));
}

void hk_words_unlock(const struct hk_word *a, const struct hk_word *b)
{
    if (any_shared(a, b))
        hk_shared_unlock(hk_shared_of(a->self));
    pthread_mutex_unlock(&a->self->team->mutexes->lock);
}

int hk_word_has_waiter(const struct hk_word *word)
{
    if (word->is_shared)
        return first_shared(word) != NULL;
    return first_waiter(word->self->team->mutexes, word->address) != NULL;
}

int hk_word_wake(const struct hk_word *word)
{
    return word->is_shared ? wake_shared(word)
                           : wake_own(word->self->team->mutexes, word->address);
}

int32_t hk_word_sleep(const struct hk_word *word, const struct hk_word *other,
                      int64_t deadline)
{
    return word->is_shared ? sleep_shared(word, other, deadline)
                           : sleep_own(word, other, deadline);
}
