/* machine.c -- an address space, its pages with cached code, its cpus. */
/* SPDX-License-Identifier: MIT */
#include "machine.h"
#include "block.h"
#include "fuse.h"
#include "jit.h"
#include "model.h"

#include <sched.h>
#include <stdlib.h>

const char *xcpu_error_text(int error)
{
    switch (error) {
#define X(name, value, text)                                                   \
    case XCPU_ERR_##name:                                                      \
        return text;
        XCPU_ERRORS(X)
#undef X
    }
    return error >= 0 ? "success" : "unknown error";
}

int xcpu_machine_new(const struct xcpu_config *config,
                     struct xcpu_machine **machine)
{
    const struct xcpu_memory *memory = &config->memory;
    if (!memory->base || memory->size != UINT64_C(1) << 32 || !memory->fetch)
        return XCPU_ERR_INVALID;
    if (config->engine == XCPU_ENGINE_LOCKSTEP && !memory->protection)
        return XCPU_ERR_INVALID;
    if (config->block_insns > XCPU_BLOCK_INSNS)
        return XCPU_ERR_INVALID;
    if (config->engine > XCPU_ENGINE_LOCKSTEP ||
        (config->engine != XCPU_ENGINE_INTERP && !xcpu_jit_supported()) ||
        config->model > XCPU_MODEL_PENTIUM)
        return XCPU_ERR_UNSUPPORTED;
    struct xcpu_machine *made = calloc(1, sizeof(*made));
    if (!made)
        return XCPU_ERR_NOMEM;
    made->config = *config;
    if (config->block_insns == 0)
        made->config.block_insns = XCPU_BLOCK_INSNS;
    if (config->engine == XCPU_ENGINE_LOCKSTEP) {
        made->config.counted = 1;
        if (!config->translate_after)
            made->config.translate_after = 1;
    }
    made->base = memory->base;
    made->host_features = xcpu_host_features();
    atomic_flag_clear(&made->pages_lock);
    atomic_flag_clear(&made->unaligned_lock);
    if (xcpu_fusions_new(&made->fusions) < 0) {
        free(made);
        return XCPU_ERR_NOMEM;
    }
    *machine = made;
    return 0;
}

void xcpu_machine_free(struct xcpu_machine *machine)
{
    if (!machine)
        return;
    struct xcpu *cpu = atomic_load(&machine->cpus);
    while (cpu) {
        struct xcpu *next = cpu->next;
        xcpu_jit_free(cpu);
        xcpu_cache_free(cpu->cache);
        free(cpu);
        cpu = next;
    }
    for (size_t i = 0; i < XCPU_PAGES / XCPU_CHUNK_PAGES; i++)
        free(atomic_load(&machine->chunks[i]));
    xcpu_fusions_free(machine->fusions);
    free(machine);
}

/*
 * The lock is taken in signal handlers as well: with all signals blocked, no
 * handler can find it held by the thread that it interrupted.
 */
static void lock_pages(struct xcpu_machine *machine, sigset_t *signals)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, signals);
    while (atomic_flag_test_and_set_explicit(&machine->pages_lock,
                                             memory_order_acquire))
        sched_yield();
}

static void unlock_pages(struct xcpu_machine *machine, const sigset_t *signals)
{
    atomic_flag_clear_explicit(&machine->pages_lock, memory_order_release);
    pthread_sigmask(SIG_SETMASK, signals, NULL);
}

static _Atomic uint32_t *find_page(const struct xcpu_machine *machine,
                                   uint32_t page)
{
    struct xcpu_chunk *chunk =
        atomic_load_explicit(&machine->chunks[page / XCPU_CHUNK_PAGES],
                             memory_order_acquire); /* with make_page */
    return chunk ? &chunk->pages[page % XCPU_CHUNK_PAGES] : NULL;
}

static _Atomic uint32_t *make_page(struct xcpu_machine *machine, uint32_t page)
{
    _Atomic uint32_t *found = find_page(machine, page);
    if (found)
        return found;
    struct xcpu_chunk *none = NULL;
    struct xcpu_chunk *made = calloc(1, sizeof(*made));
    if (!made)
        return NULL;
    /* Release: with find_page. */
    if (!atomic_compare_exchange_strong_explicit(
            &machine->chunks[page / XCPU_CHUNK_PAGES], &none, made,
            memory_order_acq_rel, memory_order_acquire))
        free(made);
    return find_page(machine, page);
}

static int watch(struct xcpu_machine *machine, uint32_t page, int on)
{
    machine->changing = page;
    const struct xcpu_memory *memory = &machine->config.memory;
    if (!memory->watch_writes)
        return -1;
    return memory->watch_writes(memory->owner, page << XCPU_PAGE_SHIFT,
                                XCPU_PAGE_SIZE, on);
}

uint32_t xcpu_page_prepare(struct xcpu_machine *machine, uint32_t page)
{
    _Atomic uint32_t *state = make_page(machine, page);
    if (!state)
        return XCPU_PAGE_COMPARED;
    uint32_t now = atomic_load_explicit(state, memory_order_acquire);
    if (now & (XCPU_PAGE_WATCHED | XCPU_PAGE_COMPARED))
        return now;
    sigset_t signals;
    lock_pages(machine, &signals);
    now = atomic_load_explicit(state, memory_order_relaxed);
    if (!(now & (XCPU_PAGE_WATCHED | XCPU_PAGE_COMPARED))) {
        now |= watch(machine, page, 1) < 0 ? XCPU_PAGE_COMPARED
                                           : XCPU_PAGE_WATCHED;
        atomic_store_explicit(state, now, memory_order_release);
    }
    unlock_pages(machine, &signals);
    return now;
}

uint32_t xcpu_page_state(const struct xcpu_machine *machine, uint32_t page)
{
    _Atomic uint32_t *state = find_page(machine, page);
    return state ? atomic_load_explicit(state, memory_order_acquire) : 0;
}

void xcpu_set_pending(struct xcpu *cpu, uint32_t bits)
{
    /* In this order: pending is looked at after stop was cleared. */
    atomic_fetch_or_explicit(&cpu->pending, bits, memory_order_seq_cst);
    atomic_store_explicit(&cpu->stop, INT64_MAX, memory_order_seq_cst);
    xcpu_jit_stop(cpu);
}

static void tell_cpus(struct xcpu_machine *machine)
{
    struct xcpu *cpu =
        atomic_load_explicit(&machine->cpus, memory_order_acquire);
    for (; cpu; cpu = cpu->next)
        xcpu_set_pending(cpu, XCPU_PENDING_FORGET);
}

int xcpu_page_stored(struct xcpu_machine *machine, uint32_t page)
{
    _Atomic uint32_t *state = find_page(machine, page);
    if (!state)
        return 0;
    sigset_t signals;
    lock_pages(machine, &signals);
    uint32_t now = atomic_load_explicit(state, memory_order_relaxed);
    int watched = (now & XCPU_PAGE_WATCHED) != 0;
    if (watched) {
        watch(machine, page, 0);
        now &= ~(uint32_t)XCPU_PAGE_WATCHED;
        if ((now & XCPU_PAGE_FAULTS) == XCPU_PAGE_FAULTS)
            now |= XCPU_PAGE_COMPARED;
        else
            now += XCPU_PAGE_FAULT;
        now += XCPU_PAGE_GENERATION;
        atomic_store_explicit(state, now, memory_order_release);
        atomic_fetch_add_explicit(&machine->epoch, 1, memory_order_release);
    }
    unlock_pages(machine, &signals);
    if (watched)
        tell_cpus(machine);
    return watched;
}

int xcpu_machine_on_write_fault(struct xcpu_machine *machine,
                                const void *host_address)
{
    uintptr_t offset = (uintptr_t)host_address - (uintptr_t)machine->base;
    if (offset > UINT32_MAX)
        return 0;
    return xcpu_page_stored(machine, (uint32_t)offset >> XCPU_PAGE_SHIFT);
}

/* The first page from one on, up to the last, that holds code or has; or the
 * one behind the last. */
static uint32_t find_code(const struct xcpu_machine *machine, uint32_t page,
                          uint32_t last)
{
    for (; page <= last; page++) {
        if (xcpu_page_state(machine, page))
            break;
        if (!find_page(machine, page))
            page |= XCPU_CHUNK_PAGES - 1;
    }
    return page <= last ? page : last + 1;
}

/* Forgets a page; whole: its history as well. Under the lock. */
static void forget_page(struct xcpu_machine *machine, uint32_t page, int whole)
{
    _Atomic uint32_t *state = find_page(machine, page);
    uint32_t now = atomic_load_explicit(state, memory_order_relaxed);
    if (now & XCPU_PAGE_WATCHED) {
        watch(machine, page, 0);
        atomic_fetch_add_explicit(&machine->epoch, 1, memory_order_release);
    }
    now &= ~(uint32_t)XCPU_PAGE_WATCHED;
    if (whole)
        now &= ~(uint32_t)(XCPU_PAGE_COMPARED | XCPU_PAGE_FAULTS);
    now += XCPU_PAGE_GENERATION;
    atomic_store_explicit(state, now, memory_order_release);
}

void xcpu_machine_forget(struct xcpu_machine *machine, uint32_t address,
                         uint64_t size)
{
    uint64_t end = address + size;
    if (!size)
        return;
    if (size > UINT64_C(0x100000000) - address)
        end = UINT64_C(0x100000000);
    uint32_t last = (uint32_t)((end - 1) >> XCPU_PAGE_SHIFT);
    uint32_t page = find_code(machine, address >> XCPU_PAGE_SHIFT, last);
    sigset_t signals;
    if (page > last)
        return;
    lock_pages(machine, &signals);
    for (; page <= last; page = find_code(machine, page + 1, last)) {
        uint64_t first = (uint64_t)page << XCPU_PAGE_SHIFT;
        forget_page(machine, page,
                    address <= first && first + XCPU_PAGE_SIZE <= end);
    }
    unlock_pages(machine, &signals);
    tell_cpus(machine);
}

void xcpu_before_fork(struct xcpu *cpu)
{
    xcpu_jit_before_fork(cpu);
}

void xcpu_machine_after_fork(struct xcpu_machine *machine, struct xcpu *self)
{
    struct xcpu *cpu = atomic_load(&machine->cpus);
    for (; cpu; cpu = cpu->next) {
        if (cpu == self)
            continue;
        cpu->cache = NULL;    /* in whatever state its thread had it, */
        cpu->lockstep = NULL; /* so that nothing of it can be freed */
        xcpu_jit_abandon(cpu);
        atomic_store(&cpu->used, 0);
    }
    /* Whoever held the lock may have been between a watch and its record. */
    _Atomic uint32_t *state = find_page(machine, machine->changing);
    if (atomic_flag_test_and_set(&machine->pages_lock) && state) {
        watch(machine, machine->changing, 0);
        uint32_t now = atomic_load(state) & ~(uint32_t)XCPU_PAGE_WATCHED;
        atomic_store(state, now + XCPU_PAGE_GENERATION);
    }
    atomic_flag_clear(&machine->pages_lock);
    if (self)
        xcpu_jit_after_fork(self);
    if (self)
        xcpu_set_pending(self, XCPU_PENDING_FORGET);
}
