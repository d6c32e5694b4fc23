/* host_call_x86_64.c -- leaving the host's calls; Linux on x86-64. */
/* SPDX-License-Identifier: MIT */
#include "host_call.h"

#ifdef HK_HOST_CALL_BY_PC

#include <errno.h>
#include <ucontext.h>

#include "kernel.h"

#define HIDDEN __attribute__((visibility("hidden")))

extern const char hk_host_call_begin[] HIDDEN;
extern const char hk_host_call_end[] HIDDEN;
extern const char hk_host_call_refused[] HIDDEN;
long hk_host_call_make(const struct hk_host_call *call,
                       const atomic_int *attention) HIDDEN;

_Static_assert(offsetof(struct hk_host_call, number) == 0 &&
                   offsetof(struct hk_host_call, arguments) == 8 &&
                   offsetof(struct hk_host_call, word) == 56 &&
                   offsetof(struct hk_host_call, seen) == 64,
               "as in host_call_x86_64.S");

long hk_host_call(struct hk_thread *self, const struct hk_host_call *call)
{
    static const atomic_uint never;
    struct hk_host_call made = *call;
    long result;

    if (made.word == NULL) {
        made.word = &never;
        made.seen = 0;
    }
    result = hk_host_call_make(&made, &self->attention);
    if (result >= 0)
        return result;
    errno = (int)-result;
    return -1;
}

void hk_host_call_leave(void *ucontext)
{
    greg_t *regs = ((ucontext_t *)ucontext)->uc_mcontext.gregs;
    uintptr_t pc = (uintptr_t)regs[REG_RIP];

    if (pc >= (uintptr_t)hk_host_call_begin && pc < (uintptr_t)hk_host_call_end)
        regs[REG_RIP] = (greg_t)(uintptr_t)hk_host_call_refused;
}

#endif
