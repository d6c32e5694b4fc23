/* poll.c -- poll and select. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "bytes.h"
#include "clock.h"
#include "fd.h"
#include "poll_bits.h"
#include "signals.h"
#include "syscalls.h"

struct watched {
    struct hk_file *file; /* held, so that no number is used anew; or NULL */
    uint32_t asked, told; /* poll bits: what the call asks for, and tells of */
};

/* The descriptors that a call waits for. */
struct watch {
    uint32_t count;
    struct pollfd *host;
    struct watched *watched;
    uint32_t ready; /* what needs no host: files without descriptor, numbers
                       that are none */
};

static int32_t new_watch(struct watch *watch, uint32_t count)
{
    *watch = (struct watch){0};
    watch->host = calloc(count + 1, sizeof(*watch->host));
    watch->watched = calloc(count + 1, sizeof(*watch->watched));
    watch->count = count;
    if (watch->host != NULL && watch->watched != NULL)
        return HK_B_OK;
    free(watch->host);
    free(watch->watched);
    return HK_B_NO_MEMORY;
}

static void free_watch(struct watch *watch)
{
    for (uint32_t i = 0; i < watch->count; i++)
        hk_file_put(watch->watched[i].file);
    free(watch->watched);
    free(watch->host);
}

/* Watches a descriptor; B_FILE_ERROR when it is none. A file that the host
 * does not have never makes one wait. */
static int32_t add(const struct hk_thread *self, struct watch *watch,
                   uint32_t index, int32_t fd, uint32_t asked, uint32_t told)
{
    struct pollfd *host = &watch->host[index];
    struct hk_file *file = hk_file_get(self, fd);

    host->fd = -1;
    if (file == NULL)
        return HK_B_FILE_ERROR;
    watch->watched[index] = (struct watched){file, asked, told};
    host->events = hk_poll_to_host(asked);
    if (file->node.fd >= 0 && hk_file_type(file) != S_IFLNK) {
        host->fd = file->node.fd;
        return HK_B_OK;
    }
    host->revents = (short)(host->events & (POLLIN | POLLOUT));
    watch->ready += host->revents != 0;
    return HK_B_OK;
}

/* us from now, or no end; what is too far to be said is no end. */
static int64_t deadline_of(int64_t timeout)
{
    int64_t now = hk_system_time();

    if (timeout < 0 || timeout > INT64_MAX - now)
        return HK_INFINITE_TIMEOUT;
    return now + timeout;
}

/* What is ready without the host stays so in its copy. */
static int32_t wait_files(struct hk_thread *self, struct watch *watch,
                          int64_t deadline)
{
    if (watch->ready == 0)
        return hk_block_fds(self, watch->host, watch->count, deadline);
    for (uint32_t i = 0; i < watch->count; i++) {
        int32_t result = watch->host[i].fd < 0
                             ? 0
                             : hk_block_fds(self, &watch->host[i], 1, 0);

        if (result < 0)
            return result;
    }
    return (int32_t)watch->ready;
}

/* Waits with another signal mask, when one is given. After an interruption it
 * stays until the handler has run. */
static int32_t wait_masked(struct hk_thread *self, struct watch *watch,
                           int64_t deadline, const uint64_t *mask)
{
    struct hk_thread_signals *signals = self->signals;
    int32_t result;

    self->restart.is_allowed = 0;
    if (mask == NULL)
        return wait_files(self, watch, deadline);
    signals->saved_mask = atomic_load(&signals->mask);
    signals->has_saved_mask = 1;
    hk_signals_set_mask(self, *mask);
    result = wait_files(self, watch, deadline);
    if (result != HK_B_INTERRUPTED) {
        signals->has_saved_mask = 0;
        hk_signals_set_mask(self, signals->saved_mask);
    }
    return result;
}

/* What of a descriptor the guest is told. */
static uint32_t events_of(const struct hk_thread *self,
                          const struct watch *watch, uint32_t index)
{
    const struct watched *watched = &watch->watched[index];
    short host = watch->host[index].revents;

    if (host & POLLNVAL)
        return HK_POLLNVAL;
    if (watched->file == NULL)
        return 0;
    return hk_poll_of_file(self, hk_polled_of(watched->file), watched->asked,
                           host) &
           watched->told;
}

static int is_any_told(const struct hk_thread *self, const struct watch *watch)
{
    for (uint32_t i = 0; i < watch->count; i++)
        if (events_of(self, watch, i) != 0)
            return 1;
    return 0;
}

/* What the host tells and the guest is not told would end each wait at once:
 * those files are waited for no more. */
static void forget_untold(struct watch *watch)
{
    for (uint32_t i = 0; i < watch->count; i++)
        if (watch->host[i].revents != 0)
            watch->host[i] = (struct pollfd){.fd = -1};
}

/* B_OK or an error. */
static int32_t wait_told(struct hk_thread *self, struct watch *watch,
                         int64_t deadline, const uint64_t *mask)
{
    int32_t found = wait_masked(self, watch, deadline, mask);

    while (found > 0 && !is_any_told(self, watch)) {
        forget_untold(watch);
        found = wait_masked(self, watch, deadline, mask);
    }
    return found < 0 ? found : HK_B_OK;
}

/* An optional mask argument: *mask is NULL or value. */
static int32_t read_mask(const struct hk_thread *self, gm_addr from,
                         uint64_t *value, const uint64_t **mask)
{
    uint8_t bytes[8];

    *mask = NULL;
    if (from == 0)
        return HK_B_OK;
    if (hk_read_user(self, bytes, from, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    *value = hk_get64(bytes) & ~HK_UNBLOCKABLE;
    *mask = value;
    return HK_B_OK;
}

enum {
    POLLFD_SIZE = 8,
    ALWAYS = HK_POLLERR | HK_POLLHUP | HK_POLLNVAL /* asked for in any case */
};

/* Haiku tells the guest also what was asked for. */
static void watch_all(const struct hk_thread *self, struct watch *watch,
                      uint8_t *raw)
{
    for (uint32_t i = 0; i < watch->count; i++) {
        uint8_t *one = raw + i * POLLFD_SIZE;
        int32_t fd = (int32_t)hk_get32(one);
        uint16_t asked = hk_get16(one + 4);

        hk_put16(one + 4, asked | ALWAYS);
        hk_put16(one + 6, 0);
        watch->host[i].fd = -1;
        if (fd >= 0 && add(self, watch, i, fd, asked, ~0u) != HK_B_OK) {
            watch->host[i].revents = POLLNVAL;
            watch->ready++;
        }
    }
}

/* Sets revents of each; returns how many have some. */
static int32_t tell_all(const struct hk_thread *self, const struct watch *watch,
                        uint8_t *raw)
{
    int32_t count = 0;

    for (uint32_t i = 0; i < watch->count; i++) {
        uint8_t *one = raw + i * POLLFD_SIZE;
        uint32_t events = events_of(self, watch, i);

        hk_put16(one + 6, (uint16_t)events);
        count += events != 0;
    }
    return count;
}

static int64_t poll_raw(struct hk_thread *self, uint8_t *raw, uint32_t count,
                        int64_t deadline, const uint64_t *mask)
{
    struct watch watch;
    int64_t result = new_watch(&watch, count);

    if (result != HK_B_OK)
        return result;
    watch_all(self, &watch, raw);
    result = wait_told(self, &watch, deadline, mask);
    if (result == HK_B_OK)
        result = tell_all(self, &watch, raw);
    free_watch(&watch);
    return result;
}

static int is_count(const struct hk_thread *self, int32_t count, uint32_t least)
{
    uint32_t most = hk_fds_limit(self->team->fds);

    return count >= 0 && (uint32_t)count <= (most > least ? most : least);
}

int64_t hk_sys_poll(struct hk_thread *self, gm_addr fds, int32_t num_fds,
                    int64_t timeout, gm_addr sig_mask)
{
    int64_t deadline = deadline_of(timeout);
    size_t size = (size_t)num_fds * POLLFD_SIZE;
    const uint64_t *mask;
    uint64_t value;
    uint8_t *raw;
    int64_t result;

    if (!is_count(self, num_fds, 0))
        return HK_B_BAD_VALUE;
    raw = malloc(size + 1);
    if (raw == NULL)
        return HK_B_NO_MEMORY;
    result = size > 0 ? hk_read_user(self, raw, fds, size) : HK_B_OK;
    if (result == HK_B_OK)
        result = read_mask(self, sig_mask, &value, &mask);
    if (result == HK_B_OK) {
        result = poll_raw(self, raw, (uint32_t)num_fds, deadline, mask);
        if (size > 0 && hk_write_user(self, fds, raw, size) != HK_B_OK &&
            result >= 0)
            result = HK_B_BAD_ADDRESS;
    }
    free(raw);
    return result;
}

/* The three sets of select, bits of 32-bit words. */
enum { READ_SET, WRITE_SET, ERROR_SET, SET_COUNT };

struct sets {
    gm_addr from[SET_COUNT]; /* 0: not given */
    uint8_t *bytes;          /* one after the other, size each */
    uint32_t size;
};

static uint8_t *set_of(const struct sets *sets, int set)
{
    return sets->bytes + (size_t)set * sets->size;
}

static int has(const struct sets *sets, int set, uint32_t fd)
{
    return set_of(sets, set)[fd / 8] >> fd % 8 & 1;
}

static const struct {
    uint32_t asked, told; /* poll bits */
} set_events[SET_COUNT] = {
    [READ_SET] = {HK_POLLIN, HK_POLLIN | HK_POLLHUP | HK_POLLERR},
    [WRITE_SET] = {HK_POLLOUT, HK_POLLOUT | HK_POLLERR},
    [ERROR_SET] = {HK_POLLERR, HK_POLLERR},
};

static int32_t watch_sets(const struct hk_thread *self, struct watch *watch,
                          const struct sets *sets)
{
    for (uint32_t fd = 0; fd < watch->count; fd++) {
        uint32_t asked = 0, told = 0;

        for (int set = 0; set < SET_COUNT; set++)
            if (has(sets, set, fd)) {
                asked |= set_events[set].asked;
                told |= set_events[set].told;
            }
        watch->host[fd].fd = -1;
        if (asked != 0 &&
            add(self, watch, fd, (int32_t)fd, asked, told) != HK_B_OK)
            return HK_B_FILE_ERROR;
    }
    return HK_B_OK;
}

static int32_t tell_sets(const struct hk_thread *self,
                         const struct watch *watch, struct sets *sets)
{
    int32_t count = 0;

    for (uint32_t fd = 0; fd < watch->count; fd++) {
        uint32_t events = events_of(self, watch, fd);

        for (int set = 0; set < SET_COUNT; set++) {
            uint8_t *byte = &set_of(sets, set)[fd / 8];

            if (!has(sets, set, fd))
                continue;
            if (events & set_events[set].told)
                count++;
            else
                *byte &= (uint8_t) ~(1u << fd % 8);
        }
    }
    return count;
}

static int64_t select_sets(struct hk_thread *self, struct sets *sets,
                           uint32_t count, int64_t deadline,
                           const uint64_t *mask)
{
    struct watch watch;
    int64_t result = new_watch(&watch, count);

    if (result != HK_B_OK)
        return result;
    result = watch_sets(self, &watch, sets);
    if (result == HK_B_OK)
        result = wait_told(self, &watch, deadline, mask);
    if (result == HK_B_OK)
        result = tell_sets(self, &watch, sets);
    free_watch(&watch);
    return result;
}

/* Copies the sets in, or out again. */
static int32_t copy_sets(const struct hk_thread *self, struct sets *sets,
                         int is_out)
{
    for (int set = 0; set < SET_COUNT; set++) {
        uint8_t *bytes = set_of(sets, set);
        gm_addr user = sets->from[set];
        int32_t status;

        if (user == 0)
            continue;
        status = is_out ? hk_write_user(self, user, bytes, sets->size)
                        : hk_read_user(self, bytes, user, sets->size);
        if (status != HK_B_OK)
            return status;
    }
    return HK_B_OK;
}

int64_t hk_sys_select(struct hk_thread *self, int32_t numfds, gm_addr read_set,
                      gm_addr write_set, gm_addr error_set, int64_t timeout,
                      gm_addr sig_mask)
{
    enum { SET_SIZE = 1024 }; /* r1beta6's FD_SETSIZE: never too many */
    uint32_t least =
        hk_kernel_of(self)->config.release >= HK_R1BETA6 ? SET_SIZE : 0;
    int64_t deadline = deadline_of(timeout);
    struct sets sets = {.from = {read_set, write_set, error_set}};
    const uint64_t *mask;
    uint64_t value;
    int64_t result;

    if (!is_count(self, numfds, least))
        return HK_B_BAD_VALUE;
    sets.size = ((uint32_t)numfds + 31) / 32 * 4;
    sets.bytes = calloc(SET_COUNT, sets.size + 1);
    if (sets.bytes == NULL)
        return HK_B_NO_MEMORY;
    result = copy_sets(self, &sets, 0);
    if (result == HK_B_OK)
        result = read_mask(self, sig_mask, &value, &mask);
    if (result == HK_B_OK)
        result = select_sets(self, &sets, (uint32_t)numfds, deadline, mask);
    if (result >= 0 && copy_sets(self, &sets, 1) != HK_B_OK)
        result = HK_B_BAD_ADDRESS;
    free(sets.bytes);
    return result;
}
