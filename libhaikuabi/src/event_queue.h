/* event_queue.h -- event queues: objects watched by a descriptor. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_EVENT_QUEUE_H
#define HK_EVENT_QUEUE_H

#include "fd.h"
#include "poll_bits.h"
#include "shared.h"

/*
 * A queue is an epoll descriptor of the host, for descriptors, and a list of
 * what was selected. A fork has the queue of its parent: the host's descriptor
 * is inherited, and the list is in the shared file. What a team selects by the
 * number of a descriptor is the file that this team has there.
 */

/* haiku-abi/structs.md, "event_wait_info". */
enum hk_event_type {
    HK_EVENT_FD,
    HK_EVENT_SEM,
    HK_EVENT_PORT,
    HK_EVENT_THREAD
};

enum {
    HK_EVENT_INFO_SIZE = 16,
    HK_EVENT_LEVEL_TRIGGERED = 0x4000000,
    HK_EVENT_ONE_SHOT = 0x8000000,
    HK_EVENT_BEHAVIOR = HK_EVENT_LEVEL_TRIGGERED | HK_EVENT_ONE_SHOT,
    HK_EVENT_NON_MASKABLE = HK_POLLERR | HK_POLLHUP | HK_POLLNVAL
};

/* The file of a queue's descriptor: B_OK, B_FILE_ERROR or B_BAD_VALUE. */
int32_t hk_event_queue_get(const struct hk_thread *self, int32_t fd,
                           struct hk_file **file);

/* ---- event_entries.c ---- */

/* A fork holds its parent's queue; a team has closed its last descriptor of
 * one, or the descriptor of a file that it may have selected. */
void hk_event_queue_hold(struct hk_shared *shared, int32_t id);
void hk_event_queue_let_go(struct hk_shared *shared, int32_t id, int epoll_fd);
void hk_event_queues_fd_closed(struct hk_shared *shared, int32_t fd);

/* All that follows: with the shared lock. */

/* A new queue that this team holds: its id, or 0 when there are too many. A
 * queue by its id; NULL when all teams have closed it. */
int32_t hk_event_queue_new(struct hk_shared *shared);
struct hk_event_queue *hk_event_queue_find(const struct hk_shared *shared,
                                           int32_t id);

/* The entry of an index, if it is one of the queue; what is selected of an
 * object. NULL for none. */
struct hk_event_entry *hk_event_entry_at(const struct hk_shared *shared,
                                         const struct hk_event_queue *queue,
                                         uint32_t index);
struct hk_event_entry *hk_event_entry_find(const struct hk_shared *shared,
                                           const struct hk_event_queue *queue,
                                           int32_t object, uint32_t type);

/* A new one, with nothing but its serial; NULL when there are too many. One
 * that is no more, to the host neither. */
struct hk_event_entry *hk_event_entry_new(struct hk_shared *shared,
                                          struct hk_event_queue *queue);
void hk_event_entry_free(struct hk_shared *shared, struct hk_event_queue *queue,
                         struct hk_event_entry *entry);

/* The host watches an entry's file: 0 or its error. */
int hk_event_entry_watch(const struct hk_shared *shared,
                         const struct hk_event_entry *entry);

/* The entry that an event of the host is of, or NULL: then the host is to
 * forget the file, which it is told by its number (0, or -1 when the number
 * is another file's here). */
struct hk_event_entry *hk_event_entry_of_key(const struct hk_shared *shared,
                                             const struct hk_event_queue *queue,
                                             uint64_t key);
int hk_event_forget_key(const struct hk_shared *shared,
                        const struct hk_event_queue *queue, int epoll_fd,
                        uint64_t key);

/* ---- event_objects.c: semaphores, ports, threads; with the lock ---- */

/* Fills in what an entry begins with: B_OK, or B_BAD_*_ID. */
int32_t hk_event_object_select(struct hk_shared *shared,
                               struct hk_event_entry *entry);

/* What has happened to such an object since it was asked last, or would be
 * told if it was. */
uint32_t hk_event_object_take(struct hk_shared *shared,
                              struct hk_event_entry *entry);
uint32_t hk_event_object_look(struct hk_shared *shared,
                              const struct hk_event_entry *entry);

/* A waiter watches a queue and its objects. B_OK or B_NO_MEMORY. Nothing may
 * be half done. */
int32_t hk_event_queue_watch(struct hk_shared *shared,
                             const struct hk_event_queue *queue,
                             struct hk_waiter *waiter);

#endif
