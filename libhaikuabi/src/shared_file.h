/* shared_file.h -- the layout of the file that the teams of a root share. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_SHARED_FILE_H
#define HK_SHARED_FILE_H

#include "shared.h"

/* Any change of the layout makes it another version. The journal has room for
 * the longest change of all: a waiter that ends HK_WATCHES_MAX watches. */
enum {
    HK_SHARED_VERSION = 31,
    HK_BOOT_ID_LENGTH = 40,
    HK_JOURNAL_LENGTH = 1 << 20
};

struct hk_change {
    uint32_t at; /* in words, from the file's start */
    uint32_t old;
};

struct hk_free_list {
    uint32_t first, last, count;
    uint32_t fresh; /* items used so far, 0 among them */
};

struct hk_shared_file {
    uint64_t magic;
    uint32_t version, is_complete;
    uint64_t size;
    uint64_t number;                 /* no other root of the host has it */
    char boot_id[HK_BOOT_ID_LENGTH]; /* of the host */
    pthread_mutex_t lock;
    atomic_uint change_count;
    struct hk_change changes[HK_JOURNAL_LENGTH];
    struct hk_free_list pools[HK_POOL_COUNT];
    struct hk_free_list free_chunks;
    struct hk_queue space_queue, word_queue;
    struct hk_settings settings;
    uint32_t node_lock_count;    /* read without the lock, too */
    uint32_t node_watcher_count; /* teams; read without the lock, too */
    uint32_t departure_count;    /* of all that ever were */
    struct hk_departure departures[HK_DEPARTURES_MAX];
    struct hk_syslog syslog;
    struct hk_pty ptys[HK_PTYS_MAX];
    uint32_t bound_name_count; /* of all that ever were */
    struct hk_bound_name bound_names[HK_BOUND_NAMES_MAX];
    uint32_t exit_count; /* of all that ever were */
    struct hk_exit exits[HK_EXITS_MAX];
    uint32_t signalled_count; /* of all that ever were */
    struct hk_signalled signalled[HK_EXITS_MAX];
    atomic_uint joins; /* counts teams that have joined: a futex */
    struct hk_team_slot teams[HK_TEAMS_MAX];
    struct hk_waiter waiters[HK_WAITERS_MAX];
    struct hk_watch watches[HK_WATCHES_MAX];
    struct hk_sem sems[HK_SEMS_MAX];
    struct hk_port ports[HK_PORTS_MAX];
    struct hk_named_sem named_sems[HK_NAMED_SEMS_MAX];
    struct hk_sem_open sem_opens[HK_SEM_OPENS_MAX];
    struct hk_shared_area areas[HK_SHARED_AREAS_MAX];
    struct hk_shared_thread threads[HK_SHARED_THREADS_MAX];
    struct hk_shared_image images[HK_SHARED_IMAGES_MAX];
    struct hk_request requests[HK_REQUESTS_MAX];
    struct hk_xsi_set xsi_sets[HK_XSI_SETS_MAX];
    struct hk_xsi_undo xsi_undos[HK_XSI_UNDOS_MAX];
    struct hk_xsi_queue xsi_queues[HK_XSI_QUEUES_MAX];
    struct hk_system_watch system_watches[HK_SYSTEM_WATCHES_MAX];
    struct hk_node_lock node_locks[HK_NODE_LOCKS_MAX];
    struct hk_event_queue event_queues[HK_EVENT_QUEUES_MAX];
    struct hk_event_entry event_entries[HK_EVENT_ENTRIES_MAX];
    struct hk_shared_socket sockets[HK_SHARED_SOCKETS_MAX];
    struct hk_chunk chunks[HK_CHUNKS_MAX];
};

#endif
