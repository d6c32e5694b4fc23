/* access.c -- guest memory, more than a register at a time. */
/* SPDX-License-Identifier: MIT */
#include "interp.h"
#include "machine.h"

static XCPU_GUEST_ACCESS void fill(uint8_t *to, size_t size, uint32_t word)
{
    volatile struct xcpu_unaligned64 *words = (volatile void *)to;
    size_t i = 0;
    for (; size - i >= 8; i += 8)
        words[i / 8].value = (uint64_t)word << 32 | word;
    for (; i < size; i++)
        ((volatile uint8_t *)to)[i] = (uint8_t)(word >> i % 4 * 8);
}

/* Writes a byte back without changing it: atomically, for another thread may
 * be writing it. By an exchange: compilers make a load of an OR with 0. */
void xcpu_probe_store(struct xcpu *cpu, const struct xcpu_slot *slot,
                      uint8_t *memory, uint32_t address)
{
    XCPU_NOTE(cpu, slot);
    uint8_t old = 0;
    while (!__atomic_compare_exchange_n(memory + address, &old, old, 0,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    XCPU_SETTLE(cpu);
}

void xcpu_probe_stores(struct xcpu *cpu, const struct xcpu_slot *slot,
                       uint8_t *memory, uint32_t address, size_t size)
{
    uint32_t last = address + (uint32_t)size - 1;
    xcpu_probe_store(cpu, slot, memory, address);
    last &= ~(XCPU_PAGE_SIZE - 1);
    if ((address ^ last) & ~(XCPU_PAGE_SIZE - 1))
        xcpu_probe_store(cpu, slot, memory, last);
}

/* All in volatile accesses: the compiler would else call memcpy, which does
 * not go upwards, and which the sanitizers watch. */
static XCPU_GUEST_ACCESS void copy_in(uint8_t *to, const uint8_t *from,
                                      size_t size)
{
    const volatile struct xcpu_unaligned64 *words = (const volatile void *)from;
    size_t i = 0;
    for (; size - i >= 8; i += 8) {
        uint64_t word = words[i / 8].value;
        memcpy(to + i, &word, 8);
    }
    for (; i < size; i++)
        to[i] = ((const volatile uint8_t *)from)[i];
}

static XCPU_GUEST_ACCESS void copy_out(uint8_t *to, const uint8_t *from,
                                       size_t size)
{
    volatile struct xcpu_unaligned64 *words = (volatile void *)to;
    size_t i = 0;
    for (; size - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, from + i, 8);
        words[i / 8].value = word;
    }
    for (; i < size; i++)
        ((volatile uint8_t *)to)[i] = from[i];
}

void xcpu_load_bytes(struct xcpu *cpu, const struct xcpu_slot *slot,
                     const uint8_t *memory, uint32_t address, void *to,
                     size_t size)
{
    XCPU_NOTE(cpu, slot);
    copy_in(to, memory + address, size);
    XCPU_SETTLE(cpu);
}

void xcpu_store_bytes(struct xcpu *cpu, const struct xcpu_slot *slot,
                      uint8_t *memory, uint32_t address, const void *from,
                      size_t size)
{
    uint32_t last = address + (uint32_t)size - 1;
    if ((address ^ last) & ~(XCPU_PAGE_SIZE - 1))
        xcpu_probe_stores(cpu, slot, memory, address, size);
    XCPU_NOTE(cpu, slot);
    copy_out(memory + address, from, size);
    XCPU_SETTLE(cpu);
}

/* Hosts do many bytes at once by an instruction of their own. */
#if defined(__x86_64__)
#define MANY 256

static void copy_many(uint8_t *to, const uint8_t *from, size_t size)
{
    __asm__ volatile("rep movsb"
                     : "+D"(to), "+S"(from), "+c"(size)
                     :
                     : "memory");
}

static void fill_many(uint8_t *to, size_t size, uint32_t word)
{
    size_t words = size / 8;
    __asm__ volatile("rep stosq"
                     : "+D"(to), "+c"(words)
                     : "a"((uint64_t)word << 32 | word)
                     : "memory");
    fill(to, size % 8, word);
}
#else
#define MANY      SIZE_MAX
#define copy_many copy_out
#define fill_many fill
#endif

/* The byte at first tells where the stretch faults. */
void xcpu_copy(struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory,
               uint32_t to, uint32_t from, size_t size, size_t first)
{
    XCPU_NOTE(cpu, slot);
    uint8_t byte = *(const volatile uint8_t *)(memory + from + first);
    *(volatile uint8_t *)(memory + to + first) = byte;
    if (size < MANY)
        copy_out(memory + to, memory + from, size);
    else
        copy_many(memory + to, memory + from, size);
    XCPU_SETTLE(cpu);
}

void xcpu_fill(struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory,
               uint32_t to, size_t size, size_t first, uint32_t word)
{
    XCPU_NOTE(cpu, slot);
    *(volatile uint8_t *)(memory + to + first) = (uint8_t)word;
    if (size < MANY)
        fill(memory + to, size, word);
    else
        fill_many(memory + to, size, word);
    XCPU_SETTLE(cpu);
}

typedef uint8_t bytes16 __attribute__((vector_size(16), aligned(1), may_alias));

static XCPU_GUEST_ACCESS void move16(uint8_t *to, const uint8_t *from)
{
    bytes16 bytes = *(const volatile bytes16 *)from;
    *(volatile bytes16 *)to = bytes;
}

void xcpu_move16(struct xcpu *cpu, const struct xcpu_slot *slot,
                 uint8_t *memory, uint32_t to, uint32_t from)
{
    XCPU_NOTE(cpu, slot);
    move16(memory + to, memory + from);
    XCPU_SETTLE(cpu);
}

XCPU_GUEST_ACCESS int xcpu_same_bytes(const uint8_t *memory, uint32_t address,
                                      const void *bytes, size_t size)
{
    const volatile uint8_t *guest = memory + address;
    const uint8_t *wanted = bytes;
    size_t i = 0;
    for (; size - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, wanted + i, 8);
        if (((const volatile struct xcpu_unaligned64 *)(const volatile void
                                                            *)(guest + i))
                ->value != word)
            return 0;
    }
    for (; i < size; i++)
        if (guest[i] != wanted[i])
            return 0;
    return 1;
}
