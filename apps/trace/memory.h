/* memory.h -- guest memory with a record of the pages that change. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_MEMORY_H
#define TR_MEMORY_H

#include <stdint.h>

#include <guestmem/guestmem.h>
#include <x86cpu/decode.h>
#include <x86cpu/x86cpu.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A space's memory as a processor wants it, and its hash: the sum of
 * tr_hash_page over all pages. Pages that may be stored to refuse the first
 * store after each hash, so that only those that were stored to are hashed
 * anew. Used by one thread at a time, but for fetch and watch_writes of the
 * window.
 */
struct tr_memory;

/* tracks: whether hashes are wanted. The space must outlive it; what is mapped
 * already counts as changed. 0 or TR_ERR_NOMEM. */
int tr_memory_new(struct gm_space *space, int tracks,
                  struct tr_memory **memory);
void tr_memory_free(struct tr_memory *memory);

/* Forgets all hashes: everything that is mapped has changed. */
void tr_memory_reset(struct tr_memory *memory);

/* For xcpu_config: owner is the memory. */
struct xcpu_memory tr_memory_window(struct tr_memory *memory);

/* What xcpu_config.read_tsc asks: reads a counter. */
void tr_memory_set_tsc(struct tr_memory *memory,
                       uint64_t (*read)(void *context), void *context);
uint64_t tr_memory_read_tsc(void *memory);

/* Code for a processor, page by page from what may be executed; owner is a
 * struct gm_space. As xcpu_memory.fetch. */
size_t tr_fetch_code(void *space, uint32_t address, void *bytes, size_t size,
                     int *present);

/* The instruction at EIP: 1, or 0 when there is none. */
int tr_decode_at(struct gm_space *space, const struct xcpu_regs *regs,
                 struct xcpu_insn *insn);

/* After a change that is not the guest's (struct gm_observer). */
void tr_memory_changed(struct tr_memory *memory, enum gm_event event,
                       gm_addr address, uint64_t size);

/* What is mapped there may change by stores elsewhere, until it is mapped
 * anew: each hash looks at it. */
void tr_memory_alias(struct tr_memory *memory, gm_addr address, uint64_t size);

/* In a handler of SIGSEGV, before xcpu_on_fault: 1 when the store may be
 * repeated. Async-signal-safe. */
int tr_memory_on_fault(struct tr_memory *memory, const void *host_address);

/* Hash of all memory now. */
uint64_t tr_memory_hash(struct tr_memory *memory);

#ifdef __cplusplus
}
#endif
#endif
