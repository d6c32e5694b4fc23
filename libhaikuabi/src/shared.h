/* shared.h -- what the teams of one root share: a file that all map. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_SHARED_H
#define HK_SHARED_H

#include "bound_names.h"
#include "kernel.h"

/*
 * No process owns the file. One robust lock guards it; who holds the lock
 * changes it through hk_put alone, which notes the old word first. When a
 * process dies with the lock, the next one to take it puts the old words
 * back: what happens between hk_shared_lock (or hk_shared_commit) and
 * hk_shared_unlock happens as a whole or not at all.
 *
 * All links are indices of a pool, 0 for none; what is read from the file is
 * checked before it is used.
 */

/* What the file has many of. A free item waits on its pool's list, the one
 * longest free first, so that ids come back late. */
enum hk_pool {
    HK_POOL_TEAMS,
    HK_POOL_WAITERS,
    HK_POOL_WATCHES,
    HK_POOL_SEMS,
    HK_POOL_PORTS,
    HK_POOL_NAMED_SEMS,
    HK_POOL_SEM_OPENS,
    HK_POOL_AREAS,
    HK_POOL_THREADS,
    HK_POOL_IMAGES,
    HK_POOL_REQUESTS,
    HK_POOL_XSI_SETS,
    HK_POOL_XSI_UNDOS,
    HK_POOL_XSI_QUEUES,
    HK_POOL_SYSTEM_WATCHES,
    HK_POOL_NODE_LOCKS,
    HK_POOL_EVENT_QUEUES,
    HK_POOL_EVENT_ENTRIES,
    HK_POOL_SOCKETS,
    HK_POOL_COUNT
};

enum {
    HK_TEAMS_MAX = 4096,
    HK_WAITERS_MAX = 65536,
    HK_WATCHES_MAX = 65536,
    HK_SEMS_MAX = 65536,
    HK_PORTS_MAX = 4096,
    HK_NAMED_SEMS_MAX = 4096,
    HK_SEM_OPENS_MAX = 16384,
    HK_SHARED_AREAS_MAX = 262144,
    HK_SHARED_THREADS_MAX = 65536,
    HK_SHARED_IMAGES_MAX = 65536,
    HK_REQUESTS_MAX = 16384,
    HK_XSI_SETS_MAX = 4096,
    HK_XSI_SET_SIZE = 128,
    HK_XSI_UNDOS_MAX = 8192,
    HK_XSI_QUEUES_MAX = 2048,
    HK_SYSTEM_WATCHES_MAX = 4096,
    HK_NODE_LOCKS_MAX = 4096,
    HK_EVENT_QUEUES_MAX = 1024,
    HK_EVENT_ENTRIES_MAX = 65536,
    HK_SHARED_SOCKETS_MAX = 32768,
    HK_DEPARTURES_MAX = 512,
    HK_PTYS_MAX = 64,
    HK_EXITS_MAX = 4096,
    HK_BOUND_NAMES_MAX = 1024,
    HK_THREADS_LIMIT = 4096, /* of all teams, as on Haiku */
    HK_TEAMS_LIMIT = 2048,
    HK_CHUNKS_MAX = 131072,
    HK_CHUNK_DATA = 508,
    HK_SHARED_IMAGE_SIZE = 1100
};

/* The places of the kernel's own team and of its thread, the last ones: nobody
 * else gets them (kernel_team.h). */
enum {
    HK_KERNEL_SLOT = HK_TEAMS_MAX - 1,
    HK_KERNEL_THREAD = HK_SHARED_THREADS_MAX - 1
};

struct hk_queue {
    uint32_t first, last; /* of waiters, unless it says otherwise */
};

/* Areas, threads and images are lists of their team, for others to read. */
enum hk_owned_kind {
    HK_OWNED_AREAS,
    HK_OWNED_THREADS,
    HK_OWNED_IMAGES,
    HK_OWNED_KINDS
};

/* How such an item begins. */
struct hk_owned {
    uint32_t next, before; /* of the same team */
    int32_t id;            /* 0: free */
    uint32_t generation;   /* of the next id */
    uint32_t team;         /* index */
};

struct hk_owned_list {
    uint32_t first, last, count;
};

/* What team_info tells of a team (shared_team.c). */
struct hk_team_facts {
    char name[HK_NAME_LENGTH];
    char args[64];
    uint32_t has_execed;
    uint32_t uid, gid, real_uid, real_gid;
    uint64_t memory; /* the host's address of its address 0 */
    int64_t start_time;
    int32_t directory_device; /* of the working directory, and its node */
    int64_t directory_node;
};

struct hk_team_slot {
    uint32_t next;
    int32_t id; /* 0: free */
    uint32_t sems, ports;
    uint32_t has_life;      /* life has been initialised */
    uint32_t stopped_by;    /* Haiku's signal, while it has stopped the team */
    uint32_t is_to_stop;    /* teams sent it such a signal, and then no other */
    uint32_t is_ready;      /* a fork's parent waits for it */
    uint32_t group_joined;  /* counts teams that joined a process group */
    uint32_t has_ended;     /* those who watch have been told */
    uint32_t watches_nodes; /* wants to be told of changes to files */
    uint32_t debugger; /* the port of who debugs it, or 0; what that is told */
    uint32_t nub;      /* the port that answers the debugger */
    uint32_t exit_status, exit_signal, exit_usage[4];
    _Atomic int64_t cpu_clock_offset; /* us that CPU time was set ahead */
    struct hk_owned_list owned[HK_OWNED_KINDS];
    struct hk_queue requests; /* of struct hk_request */
    struct hk_team_facts facts;
    /* Held by the team's main host thread as long as it lives. */
    pthread_mutex_t life;
};

/* Memory that teams share, by the host's file that it is. */
struct hk_memory_place {
    uint64_t device, inode, offset;
};

struct hk_shared_area {
    struct hk_owned own;
    uint32_t base, size, protection, most, lock;
    int32_t fd; /* the owner's descriptor of the memory, or -1 */
    uint32_t is_cloned, is_file;
    struct hk_memory_place place;
    char name[HK_NAME_LENGTH];
};

struct hk_shared_thread {
    struct hk_owned own; /* id: the host's */
    uint32_t watches;
    int32_t priority;
    uint32_t stack_base, stack_end;
    /* Changed by the owner alone, without the lock. */
    atomic_uint is_suspended;
    atomic_uint doing; /* thread_info's state while it waits for that */
    _Atomic int64_t cpu_clock_offset; /* us that CPU time was set ahead */
    uint64_t affinity; /* processors it was given: bits; 0: all */
    char name[HK_NAME_LENGTH];
};

struct hk_shared_image {
    struct hk_owned own;
    uint8_t info[HK_SHARED_IMAGE_SIZE]; /* extended_image_info */
};

enum hk_waits_for {
    HK_WAITS_FOR_SEM = 1,
    HK_WAITS_FOR_MESSAGE,
    HK_WAITS_FOR_ROOM,  /* in a port's queue */
    HK_WAITS_FOR_SPACE, /* for messages */
    HK_WAITS_FOR_OBJECTS,
    HK_WAITS_FOR_WORD,   /* in memory that teams share (mutex_queue.h) */
    HK_WAITS_FOR_ANSWER, /* to a request */
    HK_WAITS_FOR_XSI_SET,
    HK_WAITS_FOR_XSI_ROOM, /* in a message queue */
    HK_WAITS_FOR_XSI_MESSAGE
};

/* A thread that waits: on the queue of an object until it has a result. */
struct hk_waiter {
    uint32_t next;
    uint32_t kind;                /* enum hk_waits_for; 0: free */
    uint32_t object;              /* index of the semaphore or port */
    int32_t id;                   /* its id */
    uint32_t team;                /* index */
    int32_t thread;               /* the host's id */
    int32_t count;                /* of a semaphore */
    int32_t result;               /* HK_WAITING while queued */
    uint32_t by_signal;           /* it sleeps where only a signal wakes it */
    uint32_t watches;             /* first of its own */
    atomic_uint events;           /* a futex */
    atomic_uint is_asleep;        /* there */
    struct hk_memory_place place; /* of the word it waits for */
};

/* What one team asks of another (request.h). */
enum hk_asked_kind {
    HK_ASKED_SUSPEND = 1,
    HK_ASKED_RESUME,
    HK_ASKED_KILL,
    HK_ASKED_SET_PRIORITY, /* words: priority; the old one is the status */
    HK_ASKED_UNBLOCK,      /* status */
    HK_ASKED_SEND_DATA,    /* code; data */
    HK_ASKED_WAIT,         /* for the thread's end: answer: exit status */
    HK_ASKED_SIGNAL,       /* signal, code, value, team of the sender */
    HK_ASKED_TAKE_AREA,    /* transfer_area (area_transfer.c) */
    HK_ASKED_RESIZE_AREA,  /* id, size */
    HK_ASKED_NEXT_FD,      /* number; answer: fd_info */
    HK_ASKED_DEBUG_THREAD,
    HK_ASKED_INSTALL_DEBUGGER, /* port; the nub's is the status */
    HK_ASKED_REMOVE_DEBUGGER,
    HK_ASKED_SET_GROUP /* setpgid: words: group */
};

enum { HK_ASKED_WORDS = 13, HK_ANSWER_WORDS = 5 };

struct hk_asked {
    uint32_t kind;          /* enum hk_asked_kind */
    int32_t thread, sender; /* ids */
    uint32_t words[HK_ASKED_WORDS];
    uint32_t size; /* of its data */
};

struct hk_request {
    uint32_t next;   /* of the same team */
    uint32_t kind;   /* 0: free */
    uint32_t serial; /* counts what the item has been */
    uint32_t team;   /* index of the one asked */
    uint32_t waiter; /* who asks */
    uint32_t is_queued, is_taken;
    uint32_t data; /* first chunk */
    struct hk_asked asked;
    uint32_t answer[HK_ANSWER_WORDS];
};

enum hk_watched {
    HK_WATCHED_SEM,
    HK_WATCHED_PORT,
    HK_WATCHED_THREAD,
    HK_WATCHED_EVENTS /* an event queue: what is selected */
};

/* A wait_for_objects or an event queue looks at an object. */
struct hk_watch {
    uint32_t next;     /* of the same object */
    uint32_t next_own; /* of the same waiter */
    uint32_t waiter;   /* 0: free */
    uint32_t kind;     /* enum hk_watched */
    uint32_t object;   /* index */
    int32_t id;
};

struct hk_sem {
    uint32_t next;
    int32_t id;          /* 0: free */
    uint32_t generation; /* of the next id */
    uint32_t owner;      /* index of a team; 0 for one behind a name */
    uint32_t named;      /* index of its POSIX name, or 0 */
    int32_t count;       /* below 0: what waiting threads want */
    int32_t net_count;   /* count, and what waiting threads want */
    int32_t latest_holder;
    struct hk_queue waiters;
    uint32_t watches;
    uint32_t acquirable; /* counts how often it has become so */
    char name[HK_NAME_LENGTH];
};

/* Who may use what belongs to no team: the key is XSI's, -1 for a private one
 * (xsi.h). */
struct hk_xsi_perm {
    int32_t key;
    uint32_t uid, gid, cuid, cgid, mode;
};

/* A POSIX semaphore: it stays as long as it has its name, or a team has it
 * open. */
struct hk_named_sem {
    uint32_t next;
    int32_t sem; /* id; 0: free */
    uint32_t is_linked;
    uint32_t opens; /* first */
    struct hk_xsi_perm perm;
    char name[HK_PATH_LENGTH];
};

/* A team has a POSIX semaphore open. */
struct hk_sem_open {
    uint32_t next;  /* of the same semaphore */
    uint32_t named; /* 0: free */
    uint32_t team;
    uint32_t count;
    uint32_t user_sem; /* guest address of the team's sem_t */
};

struct hk_port {
    uint32_t next;
    int32_t id; /* 0: free */
    uint32_t generation;
    uint32_t owner;
    int32_t capacity; /* 0: closed */
    int32_t queue_count, total_count;
    uint32_t serial;      /* counts ports that were made */
    uint32_t first, last; /* messages: first chunk of each */
    struct hk_queue late; /* messages that wait for room, and how many */
    uint32_t late_count;
    struct hk_queue readers, writers;
    uint32_t watches;
    uint32_t readable, writable; /* count messages that came and went */
    char name[HK_NAME_LENGTH];
};

/* Messages lie in chains of chunks, each behind its head. */
struct hk_kept_message {
    uint32_t next; /* message */
    int32_t code;
    uint32_t size;
    uint32_t uid, gid; /* of the sender */
    int32_t team;
};

struct hk_chunk {
    uint32_t next;
    union {
        uint8_t bytes[HK_CHUNK_DATA];
        struct hk_kept_message message; /* of the first chunk */
    } u;
};

/* XSI semaphores and message queues belong to no team (xsi.h). */
struct hk_xsi_set {
    uint32_t next;
    int32_t id; /* 0: free */
    uint32_t generation;
    struct hk_xsi_perm perm;
    uint32_t count, op_time, change_time;
    uint32_t undos; /* first */
    struct hk_queue waiters;
    struct {
        uint32_t value;
        int32_t pid; /* of the last semop */
    } sems[HK_XSI_SET_SIZE];
};

/* What a team's end takes back of a set's values. */
struct hk_xsi_undo {
    uint32_t next; /* of the same set */
    uint32_t team; /* 0: free */
    uint32_t set;
    int32_t values[HK_XSI_SET_SIZE];
};

struct hk_xsi_queue {
    uint32_t next;
    int32_t id; /* 0: free */
    uint32_t generation;
    struct hk_xsi_perm perm;
    uint32_t message_count, byte_count, byte_limit;
    int32_t sender, receiver; /* teams, the last ones */
    uint32_t send_time, receive_time, change_time;
    uint32_t first, last; /* messages: first chunk of each */
    struct hk_queue readers, writers;
};

/* What may be set for all of the root (settings.c). */
struct hk_settings {
    int32_t default_debugger; /* a port, or 0 (debugger_calls.c) */
    int32_t messaging_team;   /* the service, or 0 (messaging.c) */
    int32_t messaging_area;
    uint32_t scheduler_mode;
    int32_t timezone_offset; /* seconds */
    uint32_t has_timezone;
    uint32_t timezone[HK_FILE_NAME_LENGTH / 4]; /* its name */
    uint32_t disabled_cpus[2];                  /* bits (processors.c) */
    uint32_t clock_is_local;         /* the machine's clock (clock_set.c) */
    int32_t clock_shift;             /* seconds, for that */
    uint32_t kernel_thread_has_data; /* sent by somebody (kernel_team.c) */
    uint32_t port_count, join_count; /* of all that ever were */
    atomic_uint clock_changes;       /* of any clock */
    _Atomic int64_t clock_set;       /* us the real-time clock was set ahead */
};

/* The kernel's log (syslog.c): begin and end count all text that ever was. */
enum { HK_SYSLOG_SIZE = 65536, HK_SYSLOG_LINE = 1024 };
struct hk_syslog {
    int32_t port; /* the daemon's, or 0 */
    uint32_t begin, end, has_dropped;
    /* How often what was written last has come again, and when. */
    uint32_t repeats;
    int64_t first_repeat, last_repeat;
    char last[HK_SYSLOG_LINE];
    char text[HK_SYSLOG_SIZE];
};

/* A team wants a port told of teams and threads (system_watch.c). */
struct hk_system_watch {
    uint32_t next;
    uint32_t team; /* 0: free */
    int32_t object, port;
    uint32_t token, flags;
};

/* A team has a descriptor that keeps a node locked (node_locks.c). */
enum { HK_NODE_NUMBER_WORDS = 4 };

struct hk_node_number {
    uint32_t words[HK_NODE_NUMBER_WORDS]; /* the host's device and inode */
};

struct hk_node_lock {
    uint32_t next;
    uint32_t team; /* 0: free */
    struct hk_node_number number;
    uint32_t serial[2]; /* of the team's file */
};

/* Some of the teams: a bit for each index. */
struct hk_team_set {
    uint32_t words[HK_TEAMS_MAX / 32];
};

/* An entry that a team moves or removes (departures.h). */
struct hk_departure {
    uint32_t serial; /* 0: none, or not one yet */
    uint64_t device, node;
    uint64_t from, to; /* directories; to is 0 for what is removed */
    char from_name[HK_FILE_NAME_LENGTH], to_name[HK_FILE_NAME_LENGTH];
};

/* A pseudo-terminal (pty.h). */
struct hk_pty {
    uint32_t number;   /* the host's */
    uint32_t session;  /* that it controls, or 0 */
    uint32_t is_hosts; /* its master is open on the host */
    /* Who has its master open; of the host's, those of the session. */
    struct hk_team_set holders;
};

/* A team that has ended by itself: the host keeps 8 bits of its status. */
struct hk_exit {
    int32_t team, status;
};

/* Who sent a team a signal. */
struct hk_signalled {
    int32_t team;
    uint32_t user;
};

/* A local socket's path on the host, and as the guest gave it
 * (bound_names.h). */
struct hk_bound_name {
    char host[108], guest[HK_LOCAL_NAME_LENGTH];
};

/* An event queue: there as long as a team has a descriptor (event_queue.h). */
struct hk_event_queue {
    uint32_t next;
    int32_t id; /* 0: free */
    uint32_t generation;
    struct hk_team_set holders;
    uint32_t entries; /* first */
    uint32_t watches; /* of who waits at it */
};

/* What is selected of an object. */
struct hk_event_entry {
    uint32_t next;   /* of the same queue */
    uint32_t queue;  /* index; 0: free */
    uint32_t serial; /* counts what the item has been */
    int32_t object;
    uint32_t type; /* enum hk_event_type */
    uint32_t selected, behavior, user_data;
    /* A descriptor: the team that selected it, and that one's numbers of the
     * host for the file and for the queue. */
    uint32_t team;
    int32_t host_fd, epoll_fd;
    uint32_t is_closed;
    uint32_t is_always_ready, is_told; /* the host watches no such files */
    uint32_t polled;                   /* enum hk_polled */
    uint32_t seen_events; /* by who had no room for them, and the host tells
                             of no more */
    /* A semaphore or port: what its counts were when it was told. */
    uint32_t seen_read, seen_write;
};

/* A team has an open file that is a socket (socket_share.h). */
struct hk_shared_socket {
    uint32_t next;
    uint32_t team;  /* 0: free */
    uint32_t inode; /* the host's, which has 32 bits for them */
    int32_t owner;  /* the team that made it, gone or not */
    uint32_t family, type, protocol;
    uint32_t address[32], peer[32]; /* sockaddr_storage */
};

struct hk_shared_file;

enum { HK_WAKES_MAX = 8 };

struct hk_deaths;
struct hk_hold;
struct hk_siginfo;

struct hk_shared {
    struct hk_shared_file *file;
    struct hk_hold *hold; /* of the file's lock */
    struct hk_deaths *deaths;
    uint32_t team; /* index of this one; 0: none */
    /* Waiters of the team's own threads that unlocking wakes: they would only
     * wait for the lock before. Others are woken at once, for this process
     * may die. */
    struct hk_waiter *wakes[HK_WAKES_MAX];
    unsigned wake_count;
    int64_t boot_time;  /* struct hk_config's */
    int has_many_cpus;  /* who has to wait for a moment need not sleep */
    uint64_t host_cpus; /* what the process may run on: bits */
};

/*
 * Maps the file of a root in a directory, made when it is not there, or
 * replaced when it is none of this library's or of a time before the host
 * started. Without a directory only a team's forks share. 0 or HK_ERR_*.
 */
int hk_shared_open(const char *directory, const char *root,
                   struct hk_shared **shared);

/* Lets go of the file; hk_shared_leave comes first. */
void hk_shared_close(struct hk_shared *shared);

/* Robust, for all processes that map the file. */
void hk_shared_init_mutex(pthread_mutex_t *mutex);

void hk_shared_lock(struct hk_shared *shared);
void hk_shared_unlock(struct hk_shared *shared);

/* What has been changed so far stays, even if this process dies. */
void hk_shared_commit(struct hk_shared *shared);

/* Changes a word: of 32 bits, of the file, with the lock. */
void hk_put(struct hk_shared *shared, void *word, uint32_t value);

/* ---- shared_items.c ---- */

/* The item of an index; NULL for 0 and one out of range. */
void *hk_item(const struct hk_shared *shared, enum hk_pool pool,
              uint32_t index);

/* Takes an item; its index, 0 when all are in use. And gives it back. */
uint32_t hk_item_new(struct hk_shared *shared, enum hk_pool pool);
void hk_item_free(struct hk_shared *shared, enum hk_pool pool, uint32_t index);

/* Indices from 1 up to this one, without it, may be in use. */
uint32_t hk_item_end(const struct hk_shared *shared, enum hk_pool pool);

/* How many are in use, those that are the kernel's own among them. */
uint32_t hk_items_used(const struct hk_shared *shared, enum hk_pool pool);

/* An id for an item: its index, and a generation above; never 0. */
int32_t hk_make_id(enum hk_pool pool, uint32_t index, uint32_t generation);
uint32_t hk_id_index(enum hk_pool pool, int32_t id);

struct hk_chunk *hk_chunk(const struct hk_shared *shared, uint32_t index);

/* A chain of chunks for size bytes: the first one; 0 when there are not
 * enough. And given back. */
uint32_t hk_chunks_new(struct hk_shared *shared, uint32_t count);
void hk_chunks_free(struct hk_shared *shared, uint32_t first);

/* How many chunks hold size bytes; those bytes to a chain that is long enough,
 * and from it. */
uint32_t hk_chunk_count(uint32_t size);
void hk_chunks_write(const struct hk_shared *shared, uint32_t first,
                     const void *from, uint32_t size);
void hk_chunks_read(const struct hk_shared *shared, uint32_t first, void *to,
                    uint32_t size);

/* Puts a team into a set, or takes it out; whether it is in; whether any is. */
void hk_team_set_put(struct hk_shared *shared, struct hk_team_set *set,
                     uint32_t team, int is_in);
int hk_team_set_has(const struct hk_team_set *set, uint32_t team);
int hk_team_set_has_any(const struct hk_team_set *set);

struct hk_settings *hk_shared_settings(const struct hk_shared *shared);
struct hk_syslog *hk_shared_syslog(const struct hk_shared *shared);
struct hk_pty *hk_shared_ptys(const struct hk_shared *shared);

/* Waiters for chunks, and for words in memory that teams share. */
struct hk_queue *hk_space_queue(const struct hk_shared *shared);
struct hk_queue *hk_word_queue(const struct hk_shared *shared);

/* ---- shared_team.c ---- */

/* The calling thread is the main one of a team that begins here. Without a
 * free place the team has no semaphores and ports. */
void hk_shared_join(struct hk_shared *shared, int32_t team);

/* Others may find what the team has. */
void hk_shared_set_ready(struct hk_shared *shared);

/* After a fork: waits until the child is ready, so that calls on it find
 * it. A child that dies, or has no place, is not waited for. */
void hk_shared_await(struct hk_shared *shared, int32_t child);

/* Deletes the team's objects: exec, which the main thread survives, and the end
 * of the process, behind which its place is free for whoever notices; then who
 * waits for its threads is told their exit status as well. */
void hk_shared_clear(struct hk_shared *shared);
void hk_shared_end(struct hk_shared *shared, int32_t exit_status);

/* The exit status of a team that has ended, of which the host tells the lowest
 * 8 bits; those alone when too many have ended since. Needs no lock. */
int32_t hk_shared_exit_status(const struct hk_shared *shared, int32_t team,
                              int host_status);

/* The same when the team ends and the process goes on: no other thread of
 * the team is there any more. */
void hk_shared_leave(struct hk_shared *shared);

/* With the lock: the index of a living team, 0 for none; id 0 is one's own. */
uint32_t hk_shared_find_team(struct hk_shared *shared, int32_t id);

/* Without the lock: 1 when a team of that id lives; the next living team's id
 * above one, 0 for none. */
int hk_shared_has_team(struct hk_shared *shared, int32_t id);

/* A team is sent a signal of a user's, or ends by one; and whose that was, 0
 * when that is not known. Without the lock. */
void hk_shared_signalled(struct hk_shared *shared, int32_t id, uint32_t user);
uint32_t hk_shared_signaller(struct hk_shared *shared, int32_t id);

/* A team has become the newest of a process group. Without the lock. */
void hk_shared_join_group(struct hk_shared *shared, int32_t id);

/* Notes that a team is sent a signal, if that one stops or continues; id 0 is
 * the own one. A stop that a team has been sent before it was continued does
 * not begin (hk_shared_begin_stop returns 0), whichever of the two signals it
 * takes first; what comes from outside of the root is not noted. */
void hk_shared_note_signal(struct hk_shared *shared, int32_t id, int signal);
int hk_shared_begin_stop(struct hk_shared *shared,
                         const struct hk_siginfo *info);
void hk_shared_end_stop(struct hk_shared *shared);

/* 1 when the own team has been sent such a stop; without the lock. */
int hk_shared_is_to_stop(const struct hk_shared *shared);

/* 1 for a team that is being stopped, or has been, and is to be no more. */
int hk_shared_is_to_wake(struct hk_shared *shared, int32_t id);

/* The signal by which a team is being stopped, or has been; or 0. */
int hk_shared_stopped_by(struct hk_shared *shared, int32_t id);
int32_t hk_shared_next_team(struct hk_shared *shared, int32_t above);

/* What team_info tells of this team is now so; of the team of that index:
 * with the lock. */
void hk_shared_tell_team(struct hk_team *team);
const struct hk_team_slot *hk_shared_slot(const struct hk_shared *shared,
                                          uint32_t team);

/* With the lock, and nothing half done: 1 when that team lives; a dead one's
 * objects are deleted. */
int hk_shared_is_alive(struct hk_shared *shared, uint32_t team);

/* The same, and the dead one stays as it is. */
int hk_shared_is_dead(struct hk_shared *shared, uint32_t team);

/*
 * With the lock, and nothing half done: words of other teams' lives, and what
 * they hold as long as those live; a futex of them is woken at the team's end.
 * How many there are; -1 when there are more than most, or the host's mutexes
 * are not as expected.
 */
struct hk_life {
    atomic_uint *word;
    unsigned seen;
};
int hk_shared_lives(struct hk_shared *shared, struct hk_life *lives, int most);

/* With the lock: the same for all teams. */
void hk_shared_reap(struct hk_shared *shared);

/* With the lock, and nothing half done: 1 when a pool has fewer items than
 * that, those of dead teams not counted. */
int hk_shared_has_room(struct hk_shared *shared, enum hk_pool pool,
                       uint32_t limit);

/* ---- shared_owned.c: all with the lock ---- */

/* A new item, the last one of this team's or the first, with nothing but its
 * head, and with an id of its own unless one is given; NULL when there are too
 * many. */
enum hk_owned_place { HK_OWNED_LAST, HK_OWNED_FIRST };
void *hk_owned_new(struct hk_shared *shared, enum hk_owned_kind kind,
                   enum hk_owned_place place, int32_t id);
void hk_owned_free(struct hk_shared *shared, enum hk_owned_kind kind,
                   struct hk_owned *item);

/* All of a kind that a team has, each a step of its own. */
void hk_owned_free_all(struct hk_shared *shared, enum hk_owned_kind kind,
                       uint32_t team);

/* The item of an id that was made for it and whose team lives, or NULL;
 * nothing may be half done. */
void *hk_owned_find(struct hk_shared *shared, enum hk_owned_kind kind,
                    int32_t id);

/* The next item of a team behind one (NULL: the first), or NULL. */
void *hk_owned_next(const struct hk_shared *shared, enum hk_owned_kind kind,
                    uint32_t team, const struct hk_owned *item);

/* The next item of any team behind one (NULL: the first), or NULL. */
void *hk_owned_next_of_all(const struct hk_shared *shared,
                           enum hk_owned_kind kind,
                           const struct hk_owned *item);

/* ---- shared_wait.c: all with the lock ---- */

/* A waiter for the calling thread; NULL when there are too many. */
struct hk_waiter *hk_waiter_new(struct hk_thread *self, enum hk_waits_for kind,
                                uint32_t object, int32_t id);
void hk_waiter_free(struct hk_shared *shared, struct hk_waiter *waiter);
uint32_t hk_waiter_index(const struct hk_shared *shared,
                         const struct hk_waiter *waiter);

void hk_enqueue(struct hk_shared *shared, struct hk_queue *queue,
                struct hk_waiter *waiter);
void hk_dequeue(struct hk_shared *shared, struct hk_queue *queue,
                struct hk_waiter *waiter);

/* The first waiter of a queue, alive or not, or NULL. */
struct hk_waiter *hk_queue_first(const struct hk_shared *shared,
                                 const struct hk_queue *queue);

/* Waiters whose team is dead go off a queue; nothing may be half done. */
void hk_queue_reap(struct hk_shared *shared, const struct hk_queue *queue);

/* The first waiter of a queue, alive or not, goes on with a result: 1, 0 when
 * there is none. A dead one's share goes on when its team is reaped. */
int hk_queue_wake(struct hk_shared *shared, struct hk_queue *queue,
                  int32_t result);

/* Changes a waiter's events, and wakes who sleeps there; without the lock,
 * too. */
void hk_waiter_ring(struct hk_waiter *waiter);

/* Wakes a waiter that is to look at the state of things again. */
void hk_waiter_alert(struct hk_shared *shared, struct hk_waiter *waiter);

/* Every waiter of a queue is to look again. */
void hk_queue_alert(struct hk_shared *shared, const struct hk_queue *queue);

/*
 * Sleeps without the lock until the waiter has a result. Or: B_TIMED_OUT,
 * B_INTERRUPTED, the waiter still being on its queue.
 */
int32_t hk_waiter_sleep(struct hk_thread *self, struct hk_waiter *waiter,
                        int64_t deadline);

/* Which other teams' ends a sleeper is to notice; a count of 0: none. */
enum { HK_LIVES_MAX = 63 };
struct hk_vigil {
    int count; /* below 0: it looks by itself */
    struct hk_life lives[HK_LIVES_MAX];
};

/* Takes all other teams in view, and returns when to look again. Most waits
 * end before that is worth while: the first sleep of a wait is a short one. */
int64_t hk_vigil_begin(struct hk_shared *shared, struct hk_vigil *vigil,
                       int sleeps, int64_t deadline);

/* The same for who waits for the host's descriptors: *deaths is one to wait
 * for, too, or -1. */
int64_t hk_vigil_begin_fd(struct hk_shared *shared, int *deaths, int sleeps,
                          int64_t deadline);

/* Sleeps once, without the lock, until the waiter's events are not those
 * seen: B_OK, B_TIMED_OUT or B_INTERRUPTED. */
int32_t hk_waiter_pause(struct hk_thread *self, struct hk_waiter *waiter,
                        unsigned seen, int64_t deadline,
                        const struct hk_vigil *vigil);

/* 1 when the death of another team may be what a waiter waits for: it is to
 * look after them (hk_shared_reap). */
int hk_waiter_depends_on_others(const struct hk_shared *shared,
                                const struct hk_waiter *waiter);

/* A waiter watches the object of an id: B_OK, also when there is none, or
 * B_NO_MEMORY when there are too many. The waiter's end ends its watches.
 * Nothing may be half done. */
int32_t hk_watch_add(struct hk_shared *shared, struct hk_waiter *waiter,
                     enum hk_watched kind, int32_t id);
void hk_watches_free(struct hk_shared *shared, struct hk_waiter *waiter);

/* The object that a list of watches belongs to has changed. */
void hk_watches_alert(struct hk_shared *shared, uint32_t first);

/* ---- clock.c: with the lock ---- */

/* What a clock of CPU time is ahead, in us (hk_clock_offset): NULL for no such
 * clock. */
_Atomic int64_t *hk_cpu_clock_offset(struct hk_shared *shared, int32_t clock,
                                     int32_t thread);

/* ---- sem.c, port.c: with the lock ---- */

/* Deletes all of a team. */
void hk_sems_delete(struct hk_shared *shared, uint32_t team);
void hk_ports_delete(struct hk_shared *shared, uint32_t team);

/* Makes a semaphore for a team, or for a name: its id, or 0. */
int32_t hk_sem_create(struct hk_shared *shared, uint32_t owner, uint32_t named,
                      int32_t count, const char name[HK_NAME_LENGTH]);
void hk_sem_delete(struct hk_shared *shared, struct hk_sem *sem);

/* Takes one of a semaphore behind a name, and gives one back; without the
 * lock. */
int32_t hk_sem_acquire_named(struct hk_thread *self, int32_t id, uint32_t flags,
                             int64_t timeout);
int32_t hk_sem_release_named(struct hk_thread *self, int32_t id);

/* The semaphore of an id that is behind a name, or NULL. */
struct hk_sem *hk_sem_find_named(struct hk_shared *shared, int32_t id);

/* One that teams may use by its id: B_BAD_SEM_ID, or B_NOT_ALLOWED for one
 * behind a name, which is the kernel's team's. */
int32_t hk_sem_find_allowed(struct hk_shared *shared, int32_t id,
                            struct hk_sem **sem);

/* The team has no POSIX semaphore open any more; a fork has what its parent
 * has. */
void hk_named_sems_close(struct hk_shared *shared, uint32_t team);
void hk_named_sems_inherit(struct hk_shared *shared, uint32_t parent);

/* A fork has its parent's images, with ids of its own (image.c). */
void hk_images_inherit(struct hk_shared *shared, uint32_t parent);

/* The semaphore or port of an id whose owner lives, or NULL; nothing may be
 * half done. */
struct hk_sem *hk_sem_find(struct hk_shared *shared, int32_t id);
struct hk_port *hk_port_find(struct hk_shared *shared, int32_t id);

/* All that is asked of a team is answered, as the team ends: who waits for a
 * thread is told an exit status. Each is a step of its own. */
void hk_requests_refuse(struct hk_shared *shared, uint32_t team, int32_t exit);

/* What a dead waiter has asked is no more. */
void hk_request_forget_waiter(struct hk_shared *shared,
                              struct hk_waiter *waiter);

/* Tells those who watch of a team or a thread of a team, as a part of the
 * change that is made (system_watch.c). A team watches no more; whether any
 * does. */
enum hk_system_event {
    HK_TEAM_CREATED,
    HK_TEAM_DELETED,
    HK_TEAM_EXEC,
    HK_THREAD_CREATED,
    HK_THREAD_DELETED,
    HK_THREAD_RENAMED
};
void hk_system_tell(struct hk_shared *shared, enum hk_system_event event,
                    int32_t team, int32_t object);
void hk_system_watches_end(struct hk_shared *shared, uint32_t team);
int hk_system_is_watched(const struct hk_shared *shared);

/* A team has no nodes locked any more. */
void hk_node_locks_end(struct hk_shared *shared, uint32_t team);

/* A team has no pseudo-terminals any more; no event queues and no files in
 * those of others. */
void hk_ptys_drop(struct hk_shared *shared, uint32_t team);
void hk_event_queues_drop(struct hk_shared *shared, uint32_t team);

/* What a team has done to XSI semaphores and wants undone at its end; each set
 * is a step of its own. And a dead team's waiter goes off their queues. */
void hk_xsi_sems_undo(struct hk_shared *shared, uint32_t team);
void hk_xsi_forget_waiter(struct hk_shared *shared, struct hk_waiter *waiter);

/* A waiter whose team is dead goes off its queue. What it was given and has
 * not taken goes back; others may go on. */
void hk_sem_forget_waiter(struct hk_shared *shared, struct hk_waiter *waiter);
void hk_port_forget_waiter(struct hk_shared *shared, struct hk_waiter *waiter);

static inline struct hk_shared *hk_shared_of(const struct hk_thread *self)
{
    return self->team->shared;
}

#endif
