/* event_queue.h -- event queues: descriptors watched by a descriptor. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_EVENT_QUEUE_H
#define HK_EVENT_QUEUE_H

/* What a queue's file keeps beside the host's epoll descriptor. */
struct hk_queue;

void hk_queue_free(struct hk_queue *queue);

#endif
