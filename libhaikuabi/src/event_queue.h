/* event_queue.h -- event queues: objects watched by a descriptor. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_EVENT_QUEUE_H
#define HK_EVENT_QUEUE_H

#include "fd.h"
#include "poll_bits.h"

struct hk_waiter;

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
    HK_EVENT_NON_MASKABLE = HK_POLLERR | HK_POLLHUP | HK_POLLNVAL,
    HK_EVENTS_MAX = 64 /* told at once */
};

/* What is selected of an object. */
struct hk_event_entry {
    int32_t object;
    uint32_t type; /* enum hk_event_type */
    uint32_t selected, behavior, user_data;
    /* A descriptor: which file it is, and whether the host watches no such
     * files and it has been told so; with a second number of one file, an
     * epoll descriptor of its own, or -1. */
    uint64_t serial;
    int is_always_ready, is_told, nested;
    /* A semaphore or port: what its counts were when it was told. */
    uint32_t seen_read, seen_write;
};

/* What a queue's file keeps beside the host's epoll descriptor; the file's lock
 * guards it. */
struct hk_event_queue {
    struct hk_event_entry *entries;
    uint32_t count, room;
    unsigned closes_seen; /* hk_fds_closes */
};

/* What has happened, on its way to the guest. */
struct hk_events_told {
    uint32_t count, max;
    uint8_t infos[HK_EVENTS_MAX][HK_EVENT_INFO_SIZE];
};

void hk_event_queue_free(struct hk_event_queue *queue);

/* Tells of an entry if there is anything to tell: 1 when it did, and the entry
 * is still there. One that is valid no more is told of a last time. */
int hk_event_tell(struct hk_event_queue *queue, struct hk_event_entry *entry,
                  uint32_t events, struct hk_events_told *told);
void hk_event_forget(struct hk_event_queue *queue,
                     struct hk_event_entry *entry);

/* ---- event_objects.c: semaphores, ports, threads ---- */

/* Fills in what an entry begins with: B_OK, or B_BAD_*_ID. */
int32_t hk_event_object_select(struct hk_thread *self,
                               struct hk_event_entry *entry);

/* Tells what has happened to such objects. */
void hk_event_objects_take(struct hk_thread *self, struct hk_event_queue *queue,
                           struct hk_events_told *told);

/* Whether it would tell anything. */
int hk_event_objects_have(struct hk_thread *self,
                          const struct hk_event_queue *queue);

/* With the shared lock: a waiter watches them all. B_OK or B_NO_MEMORY. */
int32_t hk_event_objects_watch(struct hk_thread *self,
                               const struct hk_event_queue *queue,
                               struct hk_waiter *waiter);

#endif
