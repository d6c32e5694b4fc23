/* fd.h -- open files and the table of a team's descriptors. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_FD_H
#define HK_FD_H

#include "vfs.h"

/* open(2) as Haiku numbers it (haiku-abi/structs.md, "open flags"). */
enum hk_open_mode {
    HK_O_RDONLY = 0x0,
    HK_O_WRONLY = 0x1,
    HK_O_RDWR = 0x2,
    HK_O_RWMASK = 0x3,
    HK_O_CLOEXEC = 0x40,
    HK_O_NONBLOCK = 0x80,
    HK_O_EXCL = 0x100,
    HK_O_CREAT = 0x200,
    HK_O_TRUNC = 0x400,
    HK_O_APPEND = 0x800,
    HK_O_NOCTTY = 0x1000,
    HK_O_NOTRAVERSE = 0x2000,
    HK_O_SYNC = 0x10000,
    HK_O_RSYNC = 0x20000,
    HK_O_DSYNC = 0x40000,
    HK_O_NOFOLLOW = 0x80000,
    HK_O_DIRECTORY = 0x200000,
    HK_O_CLOFORK = 0x400000 /* r1beta6 */
};

enum hk_fd_flags { HK_FD_CLOEXEC = 1, HK_FD_CLOFORK = 2 };

enum hk_file_kind {
    /* of a node: */
    HK_FILE_NODE,     /* by open: any file, directories too; pipes */
    HK_FILE_DIR,      /* by open_dir */
    HK_FILE_ATTR,     /* by open_attr */
    HK_FILE_ATTR_DIR, /* by open_attr_dir */
    /* of none: */
    HK_FILE_SOCKET,
    HK_FILE_QUEUE, /* by event_queue_create */
    HK_FILE_QUERY  /* by open_query and open_index_dir */
};

/*
 * An open file: descriptors that dup made share it, and so do those of a
 * forked team as far as the host's descriptor carries its state: position,
 * O_APPEND and O_NONBLOCK are the host's.
 */
struct hk_file {
    atomic_int references;
    atomic_int is_watched; /* by an event queue */
    uint64_t serial;       /* of those that descriptors were given to */
    enum hk_file_kind kind;
    struct hk_node node;
    uint32_t open_mode;    /* enum hk_open_mode; but for the host's bits */
    atomic_uint type;      /* see hk_file_type; 0: not asked for yet */
    atomic_int whole_lock; /* see whole_locks.h: LOCK_UN or what it has */
    /* HK_FILE_SOCKET, see socket_protocol.h. */
    atomic_uint protocol, peer;
    atomic_int is_shut;         /* for sending */
    atomic_int is_accepted;     /* the end of who listened */
    atomic_int is_named;        /* others are shown its address */
    atomic_uint send_low_water; /* SO_SNDLOWAT; 1 when it is 0 here */
    atomic_uint options;        /* flags that the host does not take, see
                                   socket_options.c */
    atomic_int reset;     /* what receives of a connection that was reset fail
                             with; 0: it was not */
    pthread_mutex_t lock; /* guards what follows */
    uint32_t next_entry;  /* HK_FILE_DIR: places told so far, after the host's
                             entries; HK_FILE_ATTR_DIR: attributes so far;
                             HK_FILE_QUERY: files found so far */
    int64_t position;     /* HK_FILE_ATTR, and of directories and links */
    char *attribute;      /* HK_FILE_ATTR: its name */
    uint32_t attribute_type;     /* that it gets by writing, by O_CREAT */
    int lock_fd;                 /* see whole_locks.h; -1: there is none */
    struct hk_shared *locked_in; /* lock_node: see node_locks.h; or NULL */
    struct hk_shared *shown_in;  /* a socket: see socket_share.h; or NULL */
    uint32_t shown;              /* its index there, or 0 */
    char *path;                  /* for hk_refs_note; NULL: not asked for yet */
    /* HK_FILE_SOCKET: guest paths that it is bound and connected to */
    char *local_name, *peer_name;
    struct hk_pty_master *pty;    /* see pty.h; NULL: it is none */
    struct hk_pieces *pieces;     /* see root.h; NULL: it has all content */
    int32_t queue;                /* HK_FILE_QUEUE: id, see event_queue.h */
    struct hk_findings *findings; /* HK_FILE_QUERY: see query.h */
    struct hk_live_query *live;   /* HK_FILE_QUERY: see live_query.h */
};

struct hk_refs;
struct hk_range_locks;

/* 0 or HK_ERR_*; working_directory: a guest path. */
int hk_fds_new(const struct hk_vfs *vfs, const char *working_directory,
               struct hk_fds **fds);
void hk_fds_free(struct hk_fds *fds);

/* Closes what exec closes. */
void hk_fds_exec(const struct hk_thread *self);

/* Around the host's fork: no other thread holds a lock of the table
 * meanwhile. After it in both, is_child in the new team. */
void hk_fds_before_fork(struct hk_fds *fds);
void hk_fds_after_fork(struct hk_fds *fds, int is_child);

/* In the new team, once it is one to the others. */
void hk_fds_fork_child(struct hk_fds *fds, struct hk_shared *shared);

/* See node_refs.h and range_locks.h. */
struct hk_refs *hk_refs_of(const struct hk_thread *self);
struct hk_range_locks *hk_range_locks_of(const struct hk_team *team);

/* How many descriptors there may be; setting it is B_OK, or B_BUSY when a
 * higher one is in use, or B_BAD_VALUE. */
uint32_t hk_fds_limit(struct hk_fds *fds);
int32_t hk_fds_set_limit(struct hk_fds *fds, uint32_t limit);
int hk_fds_have_room(struct hk_fds *fds); /* for one more */

/* A new file with one reference, taking over the node (and closing it when
 * out of memory: NULL). */
struct hk_file *hk_file_new(enum hk_file_kind kind, struct hk_node node,
                            uint32_t open_mode);

/* Sockets, queues and queries are no nodes. */
static inline int hk_file_has_node(const struct hk_file *file)
{
    return file->kind <= HK_FILE_ATTR_DIR;
}

/* S_IFMT of a file's node; S_IFDIR when synthetic. */
mode_t hk_file_type(const struct hk_file *file);
static inline int hk_is_type_known(const struct hk_file *file)
{
    return atomic_load_explicit(&file->type, memory_order_relaxed) != 0;
}

/* fcntl's F_GETFL and F_SETFL: of the second O_APPEND and O_NONBLOCK count.
 * B_OK or an error. */
int32_t hk_file_mode(const struct hk_file *file);
int32_t hk_file_set_mode(const struct hk_file *file, uint32_t mode);

/* What the driver of a device that is no terminal says to a request, as Haiku's
 * do that have none. */
int32_t hk_file_no_request(const struct hk_file *file);

/* The file of a descriptor, with a reference for the caller; NULL for a
 * number that is none. */
struct hk_file *hk_file_get(const struct hk_thread *self, int32_t fd);
struct hk_file *hk_file_share(struct hk_file *file); /* one more */
void hk_file_put(struct hk_file *file);

/* Gives a file the lowest free number from first on, taking over the
 * caller's reference (dropped on failure). Returns the number or
 * B_NO_MORE_FDS. */
int32_t hk_fd_add(const struct hk_thread *self, struct hk_file *file,
                  int32_t first, unsigned flags);

/* The descriptor flags of a number; set when flags >= 0. B_FILE_ERROR. */
int32_t hk_fd_flags(const struct hk_thread *self, int32_t fd, int flags);

/* enum hk_fd_flags of an open mode. */
unsigned hk_fd_flags_of(uint32_t open_mode);

/* Whether a descriptor is that file's. */
int hk_fd_is(const struct hk_thread *self, int32_t fd,
             const struct hk_file *file);

/* For a number of that file, a number of the host that no other one has: open
 * as long as the descriptor. -1 when there is none. */
int hk_fd_copy(const struct hk_thread *self, int32_t fd,
               const struct hk_file *file);

/* close and dup2. */
int32_t hk_fd_close(const struct hk_thread *self, int32_t fd);
int32_t hk_fd_replace(const struct hk_thread *self, int32_t from, int32_t to,
                      unsigned flags);

/* The working directory, as hk_file_get; and put into another (taking over
 * the reference). */
struct hk_file *hk_cwd_get(const struct hk_thread *self);
struct hk_file *hk_team_cwd_get(const struct hk_team *team);
void hk_cwd_set(const struct hk_thread *self, struct hk_file *directory);

/* fd_info of the first descriptor in use from a number on: B_OK or
 * B_ENTRY_NOT_FOUND. */
enum { HK_FD_INFO_SIZE = 20 };
int32_t hk_fd_info_from(const struct hk_thread *self, uint32_t number,
                        uint8_t bytes[HK_FD_INFO_SIZE]);

#endif
