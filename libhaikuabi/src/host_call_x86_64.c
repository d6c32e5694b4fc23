/* host_call_x86_64.c -- leaving the host's calls; Linux on x86-64. */
/* SPDX-License-Identifier: MIT */
#include "host_call.h"

#ifdef HK_HOST_CALL_BY_PC

#include <errno.h>
#include <ucontext.h>

#include "host_direct.h"
#include "kernel.h"

#define HIDDEN __attribute__((visibility("hidden")))

/* The same twice, and what is to be left of each. */
#define HK_HOST_CALL(name)                                                     \
    extern const char name##_begin[] HIDDEN, name##_end[] HIDDEN;              \
    long name(const struct hk_host_call *call, const atomic_int *attention)    \
        HIDDEN
HK_HOST_CALL(hk_host_call_plain);
HK_HOST_CALL(hk_host_call_filled);
extern const char hk_host_call_refused[] HIDDEN;
long hk_host_direct_failed(long result) HIDDEN;

_Static_assert(offsetof(struct hk_host_call, number) == 0 &&
                   offsetof(struct hk_host_call, arguments) == 8 &&
                   offsetof(struct hk_host_call, word) == 56 &&
                   offsetof(struct hk_host_call, seen) == 64,
               "as in host_call_x86_64.S");

/* Where a direct call ends that fails. */
long hk_host_direct_failed(long result)
{
    errno = (int)-result;
    return -1;
}

long hk_host_call(struct hk_thread *self, const struct hk_host_call *call)
{
    static const atomic_uint never;
    struct hk_host_call made = *call;
    long result;

    if (made.word == NULL) {
        made.word = &never;
        made.seen = 0;
    }
    result = hk_host_wants_filled()
                 ? hk_host_call_filled(&made, &self->attention)
                 : hk_host_call_plain(&made, &self->attention);
    return result >= 0 ? result : hk_host_direct_failed(result);
}

static int is_between(uintptr_t pc, const char *begin, const char *end)
{
    return pc >= (uintptr_t)begin && pc < (uintptr_t)end;
}

void hk_host_call_leave(void *ucontext)
{
    greg_t *regs = ((ucontext_t *)ucontext)->uc_mcontext.gregs;
    uintptr_t pc = (uintptr_t)regs[REG_RIP];

    if (is_between(pc, hk_host_call_plain_begin, hk_host_call_plain_end) ||
        is_between(pc, hk_host_call_filled_begin, hk_host_call_filled_end))
        regs[REG_RIP] = (greg_t)(uintptr_t)hk_host_call_refused;
}

#endif
