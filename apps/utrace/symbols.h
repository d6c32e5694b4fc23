/* symbols.h -- names of addresses of a program that is replayed. */
/* SPDX-License-Identifier: MIT */
#ifndef UTRACE_SYMBOLS_H
#define UTRACE_SYMBOLS_H

#include <stdint.h>

#include <guestmem/guestmem.h>

struct utrace_symbols;

/* None yet. Ends the process when memory is out. */
struct utrace_symbols *utrace_new_symbols(void);
void utrace_free_symbols(struct utrace_symbols *symbols);

/* Adds what programs and libraries in memory export, and, unless it is NULL,
 * all that a file has: an executable, or what is mapped of it. */
void utrace_find_symbols(struct utrace_symbols *symbols, struct gm_space *space,
                         const char *file);

/* The function that an address is in; NULL: unknown. *offset from its first
 * byte. The name lives as long as the symbols. */
const char *utrace_symbol_of(struct utrace_symbols *symbols, uint32_t address,
                             uint32_t *offset);

/* "name+0x12", "name" or "0x401234". */
void utrace_format_address(struct utrace_symbols *symbols, uint32_t address,
                           char *text, size_t size);

#endif
