/* atomic.c -- locked accesses on hosts that lock aligned operands alone. */
/* SPDX-License-Identifier: MIT */
#include "atomic.h"
#include "machine.h"

int xcpu_exchange_unaligned(struct xcpu *cpu, uint8_t *host, uint64_t *expected,
                            uint64_t value, unsigned size)
{
    atomic_flag *lock = &cpu->machine->unaligned_lock;
    uint64_t old = 0;
    /* A fault may not leave the lock held: both ends are tried before. */
    __atomic_fetch_or(host, 0, __ATOMIC_RELAXED);
    __atomic_fetch_or(host + size - 1, 0, __ATOMIC_RELAXED);
    while (atomic_flag_test_and_set_explicit(lock, memory_order_acquire))
        ;
    memcpy(&old, host, size);
    int same = old == *expected;
    if (same)
        memcpy(host, &value, size);
    else
        *expected = old;
    atomic_flag_clear_explicit(lock, memory_order_release);
    return same;
}
