/* atomic.h -- locked accesses to guest memory. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_ATOMIC_H
#define X86CPU_ATOMIC_H

#include "interp.h"

/*
 * xcpu_compare_exchangeN stores value where *expected stands and returns 1, or
 * sets *expected to what stands there and returns 0. An x86 host locks
 * operands at any address, in one instruction. Another one locks those that
 * are aligned; the rest is exchanged under a lock of the machine, atomically
 * among themselves alone.
 */
#if defined(__x86_64__) || defined(__i386__)
#define XCPU_LOCKS_UNALIGNED 1
#else
#define XCPU_LOCKS_UNALIGNED 0
#endif

int xcpu_exchange_unaligned(struct xcpu *cpu, uint8_t *host, uint64_t *expected,
                            uint64_t value, unsigned size);

#define XCPU_COMPARE_EXCHANGE(bits)                                            \
    static inline int xcpu_compare_exchange##bits(                             \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory,       \
        uint32_t address, uint##bits##_t *expected, uint##bits##_t value)      \
    {                                                                          \
        uint8_t *host = memory + address;                                      \
        int done;                                                              \
        XCPU_NOTE(cpu, slot);                                                  \
        if (XCPU_LOCKS_UNALIGNED || address % (bits / 8) == 0) {               \
            done = XCPU_HOST_COMPARE_EXCHANGE(bits, host, expected, value);    \
        } else {                                                               \
            uint64_t old = *expected;                                          \
            done = xcpu_exchange_unaligned(cpu, host, &old, value, bits / 8);  \
            *expected = (uint##bits##_t)old;                                   \
        }                                                                      \
        XCPU_SETTLE(cpu);                                                      \
        return done;                                                           \
    }

#if XCPU_LOCKS_UNALIGNED
/* The builtins presume aligned objects. */
#define XCPU_HOST_COMPARE_EXCHANGE(bits, host, expected, value)                \
    xcpu_host_compare_exchange##bits(host, expected, value)
#define XCPU_HOST_DEFINE(bits, letter, reg)                                    \
    static inline int xcpu_host_compare_exchange##bits(                        \
        uint8_t *host, uint##bits##_t *expected, uint##bits##_t value)         \
    {                                                                          \
        uint8_t done;                                                          \
        __asm__ volatile("lock cmpxchg" letter " %3, %1\n\tsete %0"            \
                         : "=q"(done),                                         \
                           "+m"(*(struct xcpu_unaligned##bits *)(void *)host), \
                           "+a"(*expected)                                     \
                         : reg(value)                                          \
                         : "memory", "cc");                                    \
        return done;                                                           \
    }
XCPU_HOST_DEFINE(8, "b", "q")
XCPU_HOST_DEFINE(16, "w", "r")
XCPU_HOST_DEFINE(32, "l", "r")
#if defined(__x86_64__)
XCPU_HOST_DEFINE(64, "q", "r")
#else
static inline int
xcpu_host_compare_exchange64(uint8_t *host, uint64_t *expected, uint64_t value)
{
    uint8_t done;
    __asm__ volatile("lock cmpxchg8b %1\n\tsete %0"
                     : "=q"(done),
                       "+m"(*(struct xcpu_unaligned64 *)(void *)host),
                       "+A"(*expected)
                     : "b"((uint32_t)value), "c"((uint32_t)(value >> 32))
                     : "memory", "cc");
    return done;
}
#endif
#undef XCPU_HOST_DEFINE
#else
#define XCPU_HOST_COMPARE_EXCHANGE(bits, host, expected, value)                \
    __atomic_compare_exchange_n((uint##bits##_t *)(void *)(host), expected,    \
                                value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
#endif

XCPU_COMPARE_EXCHANGE(8)
XCPU_COMPARE_EXCHANGE(16)
XCPU_COMPARE_EXCHANGE(32)
XCPU_COMPARE_EXCHANGE(64)
#undef XCPU_COMPARE_EXCHANGE

#endif
