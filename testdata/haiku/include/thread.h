/* thread.h -- threads of the bundled guests. */
/* SPDX-License-Identifier: MIT */
#ifndef THREAD_H
#define THREAD_H

#include <guest.h>

enum { RELATIVE_TIMEOUT = 8, ABSOLUTE_TIMEOUT = 16 };

/* thread_creation_attributes (haiku-abi/structs.md). */
struct thread_attributes {
    int (*entry)(void *, void *);
    const char *name;
#if BETA < 6
    int32_t priority;
#endif
    void *arg1, *arg2, *stack;
    uint32_t stack_size, guard_size;
    void *pthread;
#if BETA >= 6
    int32_t priority;
#endif
    uint32_t flags;
};

/* haiku-abi/structs.md, "thread_info". */
struct thread_info {
    int32_t thread, team;
    char name[32];
    int32_t state, priority, sem;
    int64_t user_time __attribute__((packed, aligned(4)));
    int64_t kernel_time __attribute__((packed, aligned(4)));
    void *stack_base, *stack_end;
};
_Static_assert(sizeof(struct thread_info) == 76, "thread_info");

/* A thread of normal priority, to be resumed: its id, or an error code. */
static inline long spawn_thread(const char *name, int (*entry)(void *, void *),
                                void *arg1, void *arg2)
{
    struct thread_attributes attributes = {.entry = entry,
                                           .name = name,
                                           .priority = 10,
                                           .arg1 = arg1,
                                           .arg2 = arg2};

    return sys(SYS_spawn_thread, &attributes);
}

/* The calling thread's id, from its TLS. */
static inline long this_thread(void)
{
    long id;

    __asm__ volatile("movl %%fs:4, %0" : "=r"(id)); /* a fork changes it */
    return id;
}

#endif
