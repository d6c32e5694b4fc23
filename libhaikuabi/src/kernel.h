/* kernel.h -- kernels, teams and threads as the library's files share them. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_KERNEL_H
#define HK_KERNEL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include <guestmem/guestmem.h>
#include <haikuabi/haikuabi.h>

#include "status.h"
#include "user_ids.h"
#include "wait.h"

/* User memory of a 32-bit team (haiku-abi/x86-32.md, section 7). */
#define HK_USER_BASE  0x00100000u
#define HK_USER_TOP   0x7fff0000u /* first address no area may hold */
#define HK_USER_LIMIT 0x80000000u /* the kernel's addresses begin */

enum {
    HK_KERNEL_TEAM = 1, /* id */
    HK_PAGE_SIZE = 4096,
    HK_NAME_LENGTH = 32,   /* B_OS_NAME_LENGTH, with NUL */
    HK_PATH_LENGTH = 1024, /* B_PATH_NAME_LENGTH, with NUL */
    HK_FILE_NAME_LENGTH = 256,
    HK_USER_SLOTS = 8192 /* user_thread records: threads of a team */
};

struct hk_areas;          /* area.h: areas and reserved ranges of a team */
struct hk_vfs;            /* vfs.c: the root and its binds, shared by teams */
struct hk_fds;            /* fd.c: descriptor table and working directory */
struct hk_signals;        /* signals.c: actions and pending signals of a team */
struct hk_thread_signals; /* signals.h: mask, pending, stack of a thread */
struct hk_thread_life;    /* thread.h: state, exit status, waiters */
struct hk_dead_thread;    /* thread.c */
struct hk_timers;         /* timer.c */
struct hk_monitors;       /* monitor.h */
struct hk_mutexes;        /* mutex.c: threads that wait for user mutexes */
struct hk_disk_listener;  /* disk_calls.c */
struct hk_debug;          /* debug.h */
struct hk_shared;         /* shared.h: what the teams of a root share */

struct hk_kernel {
    struct hk_config config; /* host, space, release, ... */
    struct hk_vfs *vfs;
    struct hk_team *team;
    const uint16_t *rows; /* row of each call's number in this release */
    uint32_t row_count;
    atomic_uchar *reported; /* by row: told that it is not built */
};

struct hk_team {
    struct hk_kernel *kernel;
    struct gm_space *space; /* of the kernel's configuration */
    int32_t id;             /* the host's process id */
    char name[HK_NAME_LENGTH];
    char args[64];        /* of team_info */
    int has_execed;       /* its parent may move it to no other group */
    pthread_mutex_t lock; /* guards threads, thread_count, names and ids */
    struct hk_thread *threads;
    uint32_t thread_count;
    struct hk_thread *main_thread;
    _Atomic uint64_t random_count; /* bytes that followed from the seed */
    atomic_uint changes; /* counts ends of threads and children: a futex */
    struct hk_dead_thread *dead_threads; /* not yet waited for */
    atomic_uint host_threads;            /* all but the main one: a futex */
    struct hk_timers *timers;
    struct hk_mutexes *mutexes;
    struct hk_monitors *monitors;
    struct hk_shared *shared;
    struct hk_loading *loading; /* load_image.c: children not yet resumed */
    int result_fd, resume_fd;   /* of this team's own load_image, or -1 */
    struct hk_areas *areas;
    struct hk_fds *fds;
    struct hk_signals *signals;
    struct hk_user_ids ids;
    uint32_t commpage;            /* guest address */
    _Atomic int64_t clock_offset; /* of the real-time clock it shows */
    atomic_uint clock_changes;    /* that the team has seen (clock_set.c) */
    uint32_t user_area;           /* guest address of the user_thread records */
    int32_t user_area_id;
    uint8_t user_slots[HK_USER_SLOTS]; /* 1: record in use */
    int64_t start_time;                /* system time, us */
    int no_aslr;
    uint32_t node_monitors;     /* limit of their number; 0: Haiku's */
    atomic_int is_undebuggable; /* debugger_calls.c */
    struct hk_disk_listener *disk_listeners; /* disk_calls.c */
    struct hk_debug *debug;
};

/* A call that was interrupted and is executed again keeps its deadline. */
struct hk_restart {
    int is_allowed;       /* the call that runs may be executed again */
    int is_required;      /* it will be, whatever the handler's flags say */
    int is_armed;         /* the next call is an execution again of */
    uint32_t call;        /* this number */
    int is_running;       /* the call that runs is one */
    int64_t deadline;     /* system_time, us, of the first execution */
    int is_real_time;     /* it is a moment of the real-time clock, */
    int64_t clock_offset; /* which was that far ahead then */
};

/* What its debugger has of a thread (debug.h); the team's lock guards it. */
struct hk_thread_debug {
    atomic_int flags;
    int is_stopped, event; /* where it stopped: enum hk_debug_event */
    int single_steps;      /* it goes on for one instruction */
    uint32_t lifted;       /* address of a breakpoint that is not there now */
    int will_hit;          /* of the thread alone: the next instruction will
                              hit a watchpoint */
    uint32_t passed;       /* where it has stopped, and goes on */
    uint64_t ignored, ignored_once; /* signals the debugger does not want */
};

struct hk_thread {
    struct hk_team *team;
    struct hk_thread *next; /* of the team's list */
    void *cpu;
    int32_t id; /* the host's thread id */
    char name[HK_NAME_LENGTH];
    int32_t priority;
    uint32_t stack_base, stack_end; /* guest addresses, without guard */
    uint32_t tls;                   /* guest address, FS base */
    uint32_t user_thread;           /* guest address of its record */
    int32_t stack_area;             /* -1: the program's own memory */
    uint32_t record;   /* index of what others see of it (thread_share.c) */
    int exiting;       /* the call that runs ends this thread */
    int registers_set; /* the call that runs has set all registers */
    /* Something waits for this thread between two instructions: signals,
     * suspension, death. Set from anywhere, with a kick. */
    atomic_int attention;
    unsigned remappings_seen; /* area_share.c */
    struct hk_wait wait;
    struct hk_thread_signals *signals;
    struct hk_thread_life *life;
    struct hk_restart restart;
    struct hk_thread_debug debug;
};

static inline struct hk_kernel *hk_kernel_of(const struct hk_thread *thread)
{
    return thread->team->kernel;
}

static inline struct gm_space *hk_space_of(const struct hk_thread *thread)
{
    return thread->team->space;
}

/* 1 when a range lies in the lower 2 GiB, below the kernel's addresses. */
int hk_is_user_range(gm_addr address, uint64_t size);

/* Haiku's IS_USER_ADDRESS: whether there could be memory of a team; NULL is
 * none. */
static inline int hk_is_user_address(gm_addr address)
{
    return address >= HK_USER_BASE && address < HK_USER_TOP;
}

/* Guest memory with Haiku's error: 0 or B_BAD_ADDRESS. A guest address at or
 * above 2 GiB is the kernel's and refused. */
int32_t hk_read_user(const struct hk_thread *thread, void *to, gm_addr from,
                     size_t size);
int32_t hk_write_user(const struct hk_thread *thread, gm_addr to,
                      const void *from, size_t size);

/* Replaces the aligned word at an address by (word & keep) | set in one step,
 * and tells what it was. B_OK or B_BAD_ADDRESS. */
int32_t hk_exchange_user(const struct hk_thread *thread, gm_addr address,
                         uint32_t keep, uint32_t set, uint32_t *old);

/* Copies a string with its NUL into size bytes; its length without NUL, or
 * B_BAD_ADDRESS (also for NULL), or B_NAME_TOO_LONG. */
int32_t hk_read_user_string(const struct hk_thread *thread, char *to,
                            gm_addr from, size_t size);

/* Copies a string with its NUL, or the beginning of it that fits size bytes
 * with one: B_OK, B_BAD_ADDRESS, or B_BUFFER_OVERFLOW when it was cut, and for
 * a size that is below 0 as Haiku's kernel compares it. */
int32_t hk_write_user_string(const struct hk_thread *thread, gm_addr to,
                             const char *text, uint32_t size);

/* An object's name, cut after 31 characters; B_OK or B_BAD_ADDRESS. */
int32_t hk_read_user_name(const struct hk_thread *thread,
                          char name[HK_NAME_LENGTH], gm_addr from);

/* Formats a line for the user (hk_host.report). */
void hk_report(const struct hk_kernel *kernel, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Ends the team: the parent sees status, or the death by Haiku's signal
 * when it is not 0. Does not return. */
void hk_end_team(struct hk_thread *self, int32_t status, int signal);

#endif
