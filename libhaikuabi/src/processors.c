/* processors.c -- which processors threads may run on. */
/* SPDX-License-Identifier: MIT */
#include "processors.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "bytes.h"
#include "syscalls.h"
#include "thread.h"

/*
 * A processor is the host's of that number. One that is disabled stays the
 * host's, but no thread of the root runs on it. Threads that were given no
 * processor that is enabled take any.
 */

enum { PROCESSORS_MAX = 64, MASK_SIZE = 8 };

static int32_t count_of_all(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    return count < PROCESSORS_MAX ? (int32_t)count : PROCESSORS_MAX;
}

static uint64_t bit(size_t cpu)
{
    return UINT64_C(1) << cpu;
}

static uint64_t disabled(const struct hk_shared *shared)
{
    const struct hk_settings *settings = hk_shared_settings(shared);

    return settings->disabled_cpus[0] | (uint64_t)settings->disabled_cpus[1]
                                            << 32;
}

/* What sched_setaffinity says to a mask, of PROCESSORS_MAX bits. */
static int set_host(int32_t thread, uint64_t mask)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    for (size_t i = 0; i < PROCESSORS_MAX; i++)
        if ((mask & bit(i)) != 0)
            CPU_SET(i, &set);
    return sched_setaffinity(thread, sizeof(set), &set) == 0 ? 0 : errno;
}

static uint64_t get_host(int32_t thread)
{
    uint64_t mask = 0;
    cpu_set_t set;

    if (sched_getaffinity(thread, sizeof(set), &set) != 0)
        return 0;
    for (size_t i = 0; i < PROCESSORS_MAX; i++)
        if (CPU_ISSET(i, &set))
            mask |= bit(i);
    return mask;
}

void hk_processors_init(struct hk_shared *shared)
{
    shared->host_cpus = get_host(0);
}

/* What a thread was given, or all. */
static uint64_t given(const struct hk_shared *shared,
                      const struct hk_shared_thread *thread)
{
    return thread->affinity != 0 ? thread->affinity : shared->host_cpus;
}

static int bind_thread(const struct hk_shared *shared,
                       const struct hk_shared_thread *thread)
{
    uint64_t mask = given(shared, thread) & ~disabled(shared);

    if (mask == 0)
        mask = shared->host_cpus & ~disabled(shared);
    return set_host(thread->own.id, mask);
}

void hk_processors_begin(struct hk_shared *shared,
                         struct hk_shared_thread *thread)
{
    thread->affinity = 0;
    if (disabled(shared) != 0)
        bind_thread(shared, thread);
}

/* ---- of single threads ---- */

static int is_r1beta6(const struct hk_thread *self)
{
    return hk_kernel_of(self)->config.release >= HK_R1BETA6;
}

static int is_kernels(const struct hk_shared_thread *thread)
{
    return thread->own.team == HK_KERNEL_SLOT;
}

/* Since r1beta6 root alone has to do with those of other teams. */
static int32_t find(struct hk_thread *self, int32_t id,
                    struct hk_shared_thread **thread)
{
    struct hk_shared *shared = hk_shared_of(self);

    *thread = hk_thread_find_shown(shared, id == 0 ? self->id : id);
    if (*thread == NULL)
        return HK_B_BAD_THREAD_ID;
    if (is_r1beta6(self) && (*thread)->own.team != shared->team &&
        (self->team->ids.user.effective != 0 || is_kernels(*thread)))
        return HK_B_NOT_ALLOWED;
    return HK_B_OK;
}

/* r1beta6 clears what is left of a larger mask. */
static int32_t put_mask(struct hk_thread *self, gm_addr to,
                        const uint8_t bytes[MASK_SIZE], uint32_t size)
{
    uint32_t known = size < MASK_SIZE ? size : MASK_SIZE;

    if (hk_write_user(self, to, bytes, known) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (!is_r1beta6(self) || size == known)
        return HK_B_OK;
    if (!hk_is_user_range(to + known, size - known) ||
        gm_fill(hk_space_of(self), to + known, 0, size - known) != 0)
        return HK_B_BAD_ADDRESS;
    return HK_B_OK;
}

/* With the lock. A mask of none is one of all; before r1beta6 also when it is
 * given, since then as one of all that are enabled. */
static int32_t check_mask(const struct hk_thread *self, uint64_t *mask)
{
    const struct hk_shared *shared = hk_shared_of(self);
    uint64_t enabled = shared->host_cpus & ~disabled(shared);

    if (is_r1beta6(self)) {
        if ((*mask & enabled) == 0)
            return HK_B_BAD_VALUE;
        if ((*mask & enabled) == enabled)
            *mask = 0;
        return HK_B_OK;
    }
    if (count_of_all() < MASK_SIZE * 8 && *mask >> count_of_all() != 0)
        return HK_B_BAD_VALUE; /* there are not so many */
    return *mask == 0 || (*mask & shared->host_cpus) != 0 ? HK_B_OK
                                                          : HK_B_BAD_VALUE;
}

int64_t hk_sys_get_thread_affinity(struct hk_thread *self, int32_t id,
                                   gm_addr user_mask, uint32_t size)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_shared_thread *thread;
    uint8_t bytes[MASK_SIZE] = {0};
    int32_t status;

    if (id < 0 || user_mask == 0 || (is_r1beta6(self) && size < MASK_SIZE))
        return HK_B_BAD_VALUE;
    if (user_mask >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    hk_shared_lock(shared);
    status = find(self, id, &thread);
    if (status == HK_B_OK)
        hk_put64(bytes, is_r1beta6(self)
                            ? given(shared, thread) & ~disabled(shared)
                            : thread->affinity);
    hk_shared_unlock(shared);
    return status == HK_B_OK ? put_mask(self, user_mask, bytes, size) : status;
}

/* Without the host's leave a thread keeps what it had. */
static int32_t give(struct hk_shared *shared, struct hk_shared_thread *thread,
                    uint64_t mask)
{
    uint64_t before = thread->affinity;
    int error;

    thread->affinity = mask;
    error = is_kernels(thread) ? 0 : bind_thread(shared, thread);
    if (error == 0)
        return HK_B_OK;
    thread->affinity = before;
    return error == ESRCH ? HK_B_BAD_THREAD_ID : HK_B_BAD_VALUE;
}

int64_t hk_sys_set_thread_affinity(struct hk_thread *self, int32_t id,
                                   gm_addr user_mask, uint32_t size)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_shared_thread *thread;
    uint8_t bytes[MASK_SIZE];
    uint64_t mask;
    int32_t status;

    if (id < 0 || size < MASK_SIZE || user_mask == 0)
        return HK_B_BAD_VALUE;
    if (hk_read_user(self, bytes, user_mask, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    mask = hk_get64(bytes);
    hk_shared_lock(shared);
    status = check_mask(self, &mask);
    if (status == HK_B_OK)
        status = find(self, id, &thread);
    if (status == HK_B_OK)
        status = give(shared, thread, mask);
    hk_shared_unlock(shared);
    return status;
}

/* ---- of all ---- */

int hk_processor_is_enabled(const struct hk_shared *shared, int32_t cpu)
{
    return cpu >= 0 && cpu < count_of_all() &&
           (disabled(shared) & bit((size_t)cpu)) == 0;
}

int64_t hk_sys_cpu_enabled(struct hk_thread *self, int32_t cpu)
{
    return hk_processor_is_enabled(hk_shared_of(self), cpu);
}

static int32_t count_of_enabled(const struct hk_shared *shared)
{
    int32_t count = 0;

    for (int32_t i = 0; i < count_of_all(); i++)
        count += hk_processor_is_enabled(shared, i);
    return count;
}

/* With the lock. */
static void put_enabled(struct hk_shared *shared, int32_t cpu, int enabled)
{
    struct hk_settings *settings = hk_shared_settings(shared);
    uint32_t *word = &settings->disabled_cpus[cpu / 32];
    uint32_t mask = 1u << (cpu % 32);

    hk_put(shared, word, enabled ? *word & ~mask : *word | mask);
}

static void bind_all(struct hk_shared *shared)
{
    const struct hk_shared_thread *thread = NULL;

    while ((thread = hk_owned_next_of_all(shared, HK_OWNED_THREADS,
                                          thread != NULL ? &thread->own
                                                         : NULL)) != NULL)
        bind_thread(shared, thread);
}

int64_t hk_sys_set_cpu_enabled(struct hk_thread *self, int32_t cpu, int enabled)
{
    struct hk_shared *shared = hk_shared_of(self);
    int32_t status = HK_B_NOT_ALLOWED;

    if (self->team->ids.user.effective != 0)
        return HK_B_PERMISSION_DENIED;
    if (cpu < 0 || cpu >= count_of_all())
        return HK_B_BAD_VALUE;
    hk_shared_lock(shared);
    hk_shared_reap(shared); /* the host may have given ids away again */
    if (enabled || count_of_enabled(shared) > 1) {
        put_enabled(shared, cpu, enabled);
        hk_shared_commit(shared);
        bind_all(shared);
        status = HK_B_OK;
    }
    hk_shared_unlock(shared);
    return status;
}

/* ---- how busy they are ---- */

/* A line of the host's is
 * "cpu0 USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ ...".
 */
void hk_processors_active(int64_t times[], uint32_t count)
{
    const int64_t tick = 1000000 / sysconf(_SC_CLK_TCK);
    FILE *lines = fopen("/proc/stat", "re");
    char line[512];

    memset(times, 0, count * sizeof(*times));
    while (lines != NULL && fgets(line, sizeof(line), lines) != NULL) {
        long long user, nice, system, irq, soft;
        unsigned cpu;

        if (sscanf(line, "cpu%u %lld %lld %lld %*d %*d %lld %lld", &cpu, &user,
                   &nice, &system, &irq, &soft) == 6 &&
            cpu < count)
            times[cpu] = (user + nice + system + irq + soft) * tick;
    }
    if (lines != NULL)
        fclose(lines);
}
