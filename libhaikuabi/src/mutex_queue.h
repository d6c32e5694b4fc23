/* mutex_queue.h -- threads that wait for words in user memory. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_MUTEX_QUEUE_H
#define HK_MUTEX_QUEUE_H

#include "shared.h"

/* A word: by its address in the team, or by where it lies in memory that teams
 * share. */
struct hk_word {
    struct hk_thread *self;
    gm_addr address;
    int is_wired; /* its page, while a call is about it */
    int has_area;
    int is_shared;
    struct hk_memory_place place; /* of a shared one */
};

#define HK_USER_MUTEX_SHARED 0x40000000u

/* The word that a call with such flags is about. r1beta4 has no flag: there
 * every word in shared memory is shared. */
struct hk_word hk_word_at(struct hk_thread *self, gm_addr address,
                          uint32_t flags);

/* Guards the queues of both words and the kernel's changes of them (b may be
 * NULL). */
void hk_words_lock(const struct hk_word *a, const struct hk_word *b);
void hk_words_unlock(const struct hk_word *a, const struct hk_word *b);

/* All with the words locked. */
int hk_word_has_waiter(const struct hk_word *word);

/* The first waiter goes on: 1, 0 when there is none. */
int hk_word_wake(const struct hk_word *word);

/* Waits at the end of the queue, without the locks of the word and of the
 * other one: B_OK when woken, B_TIMED_OUT, B_INTERRUPTED or B_NO_MEMORY. */
int32_t hk_word_sleep(const struct hk_word *word, const struct hk_word *other,
                      int64_t deadline);

#endif
