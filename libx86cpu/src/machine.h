/* machine.h -- an address space, its pages with cached code, its cpus. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_MACHINE_H
#define X86CPU_MACHINE_H

#include "cpu.h"

#include <signal.h>

#define XCPU_PAGE_SHIFT 12
#define XCPU_PAGE_SIZE  (UINT32_C(1) << XCPU_PAGE_SHIFT)
#define XCPU_PAGES      (UINT32_C(1) << (32 - XCPU_PAGE_SHIFT))

/*
 * State of a page with cached code. The generation changes with the page's
 * content: blocks made in another one are dropped. A page that was stored to
 * often is compared: its blocks keep their bytes.
 */
enum xcpu_page_bits {
    XCPU_PAGE_WATCHED = 1,
    XCPU_PAGE_COMPARED = 2,
    XCPU_PAGE_FAULT = 4, /* counts in the bits up to the generation */
    XCPU_PAGE_FAULTS = 0x1c,
    XCPU_PAGE_GENERATION = 0x20
};

#define XCPU_CHUNK_PAGES 1024

struct xcpu_chunk {
    _Atomic uint32_t pages[XCPU_CHUNK_PAGES];
};

struct xcpu_fusions;

struct xcpu_machine {
    struct xcpu_config config;
    uint8_t *base;
    uint32_t host_features; /* a bit for each enum xcpu_feature, see model.h */
    /* Pages by number; a chunk stays once it is there. */
    _Atomic(struct xcpu_chunk *) chunks[XCPU_PAGES / XCPU_CHUNK_PAGES];
    /* Guards pages' transitions. Held with all signals blocked. */
    atomic_flag pages_lock;
    uint32_t changing; /* the page in transition, written under the lock */
    atomic_flag unaligned_lock; /* see atomic.h */
    /* Counts watches taken away, so that a fault can tell that it was late. */
    _Atomic uint32_t epoch;
    _Atomic(struct xcpu *) cpus;  /* all there ever were; grows only */
    struct xcpu_fusions *fusions; /* see fuse.c */
};

/*
 * Prepares a page for code to be cached from it: from now on a store changes
 * its generation, unless it is compared. To be called before its bytes are
 * read. Returns its state; COMPARED alone also when memory is short.
 */
uint32_t xcpu_page_prepare(struct xcpu_machine *machine, uint32_t page);

/* Its state now; 0 for a page without code. */
uint32_t xcpu_page_state(const struct xcpu_machine *machine, uint32_t page);

/* A store to the page faulted: 1 when it was watched, and is no more. Any
 * thread, in a signal handler. */
int xcpu_page_stored(struct xcpu_machine *machine, uint32_t page);

/* Sets bits of a cpu's pending, and makes it look at them. */
void xcpu_set_pending(struct xcpu *cpu, uint32_t bits);

#endif
