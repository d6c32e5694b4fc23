/* symbols.h -- what look-up needs of a symbol table. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_SYMBOLS_H
#define ELFLOAD_SYMBOLS_H

#include <elfload/elf_reader.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a symbol record. */
static inline unsigned eld_symbol_size(const struct eld_elf *elf)
{
    return elf->is_64 ? 24 : 16;
}

/* 1 when the symbol's name is name, of size bytes with its NUL. */
int eld_symbol_has_name(const struct eld_elf *elf,
                        const struct eld_symbols *symbols, uint64_t index,
                        const char *name, size_t size);

#ifdef __cplusplus
}
#endif
#endif
