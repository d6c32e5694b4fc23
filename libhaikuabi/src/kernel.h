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

enum {
    HK_PAGE_SIZE = 4096,
    HK_NAME_LENGTH = 32,   /* B_OS_NAME_LENGTH, with NUL */
    HK_PATH_LENGTH = 1024, /* B_PATH_NAME_LENGTH, with NUL */
    HK_FILE_NAME_LENGTH = 256
};

struct hk_areas;   /* area.c: areas and reserved ranges of a team */
struct hk_images;  /* image.c */
struct hk_vfs;     /* vfs.c: the root and its binds, shared by teams */
struct hk_fds;     /* fd.c: descriptor table and working directory */
struct hk_signals; /* signal.c: actions and pending signals of a team */

struct hk_kernel {
    struct hk_config config; /* host, space, release, ... */
    struct hk_vfs *vfs;
    struct hk_team *team;
    int64_t boot_time;               /* real time of system_time 0, us */
    atomic_uchar *reported;          /* by row: told that it is not built */
    const uint16_t *rows;            /* row of each number, this release */
    uint32_t number_count;
};

struct hk_team {
    struct hk_kernel *kernel;
    struct gm_space *space; /* of the kernel's configuration */
    int32_t id;             /* the host's process id */
    char name[HK_NAME_LENGTH];
    char args[64]; /* of team_info */
    int32_t argc;
    pthread_mutex_t lock; /* guards threads, thread_count and the names */
    struct hk_thread *threads;
    uint32_t thread_count;
    struct hk_areas *areas;
    struct hk_images *images;
    struct hk_fds *fds;
    struct hk_signals *signals;
    uint32_t commpage;  /* guest address */
    uint32_t user_area; /* guest address of the user_thread records */
    int64_t start_time; /* system time, us */
    int no_aslr;
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
    struct hk_thread_signals *signals; /* signal.c: mask, pending, stack */
    struct hk_thread_wait *wait;       /* thread.c: sleeping and waking */
};

static inline struct hk_kernel *hk_kernel_of(const struct hk_thread *thread)
{
    return thread->team->kernel;
}

static inline struct gm_space *hk_space_of(const struct hk_thread *thread)
{
    return thread->team->space;
}

/* Guest memory with Haiku's error: 0 or B_BAD_ADDRESS. A guest address at or
 * above 2 GiB is the kernel's and refused. */
int32_t hk_read_user(const struct hk_thread *thread, void *to, gm_addr from,
                     size_t size);
int32_t hk_write_user(const struct hk_thread *thread, gm_addr to,
                      const void *from, size_t size);

/* Copies a string with its NUL into size bytes; its length without NUL, or
 * B_BAD_ADDRESS (also for NULL), or B_NAME_TOO_LONG. */
int32_t hk_read_user_string(const struct hk_thread *thread, char *to,
                            gm_addr from, size_t size);

/* Microseconds of the guest's system_time clock. */
int64_t hk_system_time(const struct hk_kernel *kernel);

#endif
