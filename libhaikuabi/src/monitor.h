/* monitor.h -- node monitors: a team is told of changes to files. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_MONITOR_H
#define HK_MONITOR_H

#include "monitor_state.h"
#include "shared.h"

/*
 * A team watches nodes for ports of its choice (haiku-abi/structs.md, "node
 * monitor"). The host's inotify says when something has changed, whoever did
 * it; what that was comes from comparing with what was there before: entries
 * of directories, stat, attributes. A thread of the host's, which is none of
 * the team's, waits for it and posts the messages; it is there from the first
 * watch on. A fork's child watches nothing.
 */
struct hk_monitors;

/* 0 or HK_ERR_*. */
int hk_monitors_new(struct hk_team *team, struct hk_monitors **monitors);
void hk_monitors_free(struct hk_monitors *monitors);

/* exec: nothing is watched any more. */
void hk_monitors_clear(struct hk_monitors *monitors);

/* Around the host's fork, and in the child. */
void hk_monitors_lock(struct hk_monitors *monitors);
void hk_monitors_unlock(struct hk_monitors *monitors);
void hk_monitors_fork_child(struct hk_monitors *monitors);

/* ---- monitor.c and monitor_events.c ---- */

/* How many a team may have at first; setrlimit can say another number. */
enum { HK_NODE_MONITORS = 4096 };

enum hk_watch_flags {
    HK_WATCH_NAME = 0x1,
    HK_WATCH_STAT = 0x2,
    HK_WATCH_ATTR = 0x4,
    HK_WATCH_DIRECTORY = 0x8,
    HK_WATCH_MOUNT = 0x10,
    HK_WATCH_INTERIM_STAT = 0x20,
    HK_WATCH_CHILDREN = 0x40,
    HK_WATCH_VOLUME = 0xf000 /* any of these */
};

struct hk_listener {
    struct hk_listener *next;
    int32_t port;
    uint32_t token, flags;
};

/* A node that is watched, or whose entries are for the sake of one in it or of
 * its volume; or a volume. */
struct hk_monitor {
    struct hk_monitor *next, *before;
    struct hk_monitor *next_of_node, *next_of_watch; /* of one hash */
    int32_t device;
    int64_t inode;
    int is_volume;       /* no node: all of the device */
    struct hk_node node; /* fd by O_PATH; -1: nothing there ever changes */
    int wd;              /* of inotify, or -1 */
    int is_directory;
    int is_of_volume; /* a directory of a volume that is watched: */
    int is_unvisited; /* those in it are not watched yet */
    int sees_entries; /* what they are like is known */
    int is_stale;     /* to be looked at as a whole */
    uint32_t since;   /* number of the last departure before it was watched */
    struct hk_listener *listeners;
    struct hk_monitor *parent; /* of a node whose name is watched */
    uint32_t children;         /* monitors whose parent this is */
    struct hk_seen seen;
    struct hk_entries entries;
};

enum { HK_MONITOR_BUCKETS = 1024 };

struct hk_monitors {
    pthread_mutex_t turn; /* of who takes the lock next */
    pthread_mutex_t lock; /* guards all below */
    struct hk_team *team;
    struct hk_monitor *first;
    struct hk_monitor *nodes[HK_MONITOR_BUCKETS], *watches[HK_MONITOR_BUCKETS];
    uint32_t listener_count;
    uint32_t told[HK_DEPARTURES_MAX]; /* numbers of departures */
    int32_t shrunk;          /* a volume that has lost directories, or 0 */
    int inotify_fd, stop_fd; /* -1 before the first watch */
    pthread_t thread;
    int has_thread;
};

/* The monitor of a node, or NULL. */
struct hk_monitor *hk_monitor_find(const struct hk_monitors *monitors,
                                   int32_t device, int64_t inode);

/* That of a volume; that which the host knows by the number of a watch. */
struct hk_monitor *hk_monitor_of_volume(const struct hk_monitors *monitors,
                                        int32_t device);
struct hk_monitor *hk_monitor_of_watch(const struct hk_monitors *monitors,
                                       int wd);

/* A monitor of a node, which it takes over. B_OK or an error. */
int32_t hk_monitor_add(struct hk_monitors *monitors, int32_t device,
                       int64_t inode, struct hk_node node,
                       struct hk_monitor **monitor);

/* Removes one that nobody needs, and what was there for its sake alone. */
void hk_monitor_remove_unused(struct hk_monitors *monitors,
                              struct hk_monitor *monitor);

/* The directory that a node is in, if the guest may see it, and its name there,
 * now: 1, or 0. */
int hk_monitor_find_place(const struct hk_monitor *monitor, int64_t *directory,
                          char name[HK_FILE_NAME_LENGTH]);

/* A node has moved: its name is seen in another directory from now on, and the
 * old one's monitor may be gone. */
void hk_monitor_follow(struct hk_monitors *monitors, int32_t device,
                       int64_t inode);

/* What the entries of a directory are like is to be known from now on. */
void hk_monitor_see_entries(struct hk_monitors *monitors,
                            struct hk_monitor *directory);

/* ---- monitor_volume.c ---- */

/* Watches every directory of a volume, for listeners with those flags; B_OK or
 * B_NO_MEMORY. And no more. */
int32_t hk_monitor_watch_volume(struct hk_monitors *monitors, int32_t device,
                                uint32_t flags);
void hk_monitor_leave_volume(struct hk_monitors *monitors, int32_t device);

/* A directory of a volume that is watched has appeared; tell says of what is in
 * it and below. Or it is gone, removed or moved out of sight. */
typedef void (*hk_entry_teller)(struct hk_monitors *monitors,
                                const struct hk_monitor *directory,
                                const struct hk_entry *entry);
void hk_monitor_volume_grows(struct hk_monitors *monitors,
                             const struct hk_monitor *directory,
                             const char *name, hk_entry_teller tell);
void hk_monitor_volume_shrinks(struct hk_monitors *monitors, int32_t device);

/* ---- monitor_moves.c ---- */

/* A file that has left its directory, and may appear in another. */
struct hk_leaving {
    struct hk_monitor *from; /* NULL: none */
    uint32_t cookie;
    int64_t inode;
    char name[HK_FILE_NAME_LENGTH];
    int64_t to; /* the directory and name that it was to have; 0: not known */
    char to_name[HK_FILE_NAME_LENGTH];
};

/* What the host has told of an entry of a directory. */
void hk_monitor_on_created(struct hk_monitors *monitors,
                           struct hk_monitor *directory, const char *name);
void hk_monitor_on_removed(struct hk_monitors *monitors,
                           struct hk_monitor *directory, const char *name);
void hk_monitor_on_moved_from(struct hk_monitors *monitors,
                              struct hk_monitor *directory, const char *name,
                              uint32_t cookie, struct hk_leaving *leaving);
void hk_monitor_on_moved_to(struct hk_monitors *monitors,
                            struct hk_monitor *directory, const char *name,
                            uint32_t cookie, struct hk_leaving *leaving);

/* What has left has not appeared. */
void hk_monitor_end_leaving(struct hk_monitors *monitors,
                            struct hk_leaving *leaving);

/* Directories that are gone are watched no more: nobody has a monitor in hand.
 */
void hk_monitors_settle(struct hk_monitors *monitors);

/* ---- monitor_tell.c: to all that listen to it ---- */

struct hk_move {
    int32_t device;
    int64_t inode, from, to; /* directories */
    const char *from_name, *name;
};

/* ENTRY_CREATED or ENTRY_REMOVED. */
void hk_monitor_tell_entry(struct hk_monitors *monitors,
                           enum hk_node_opcode opcode,
                           const struct hk_monitor *directory, const char *name,
                           int64_t inode);
void hk_monitor_tell_move(struct hk_monitors *monitors,
                          const struct hk_move *move);

/* A node that has changed, and who is to be told. */
struct hk_subject {
    const struct hk_node *node;
    int32_t device;
    int64_t inode, directory;
    const struct hk_monitor *own; /* or NULL */
    struct hk_seen *seen;
};

/* Fields of its stat (enum hk_stat_mask) have changed; an attribute has. */
void hk_monitor_tell_stat(struct hk_monitors *monitors,
                          const struct hk_subject *subject, uint32_t fields,
                          uint32_t flags);
void hk_monitor_tell_attribute(struct hk_monitors *monitors,
                               const struct hk_subject *subject,
                               const char *name, int32_t cause);

/* The body of the thread. */
void *hk_monitors_run(void *monitors);

#endif
