/* elf_demangle.h -- C++ names of Haiku's old compiler. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_ELF_DEMANGLE_H
#define ELFLOAD_ELF_DEMANGLE_H

#include <elfload/elf_error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What a name that gcc 2 has mangled (2.95 of BeOS and Haiku; GNU encoding
 * without squangling) stands for, written as the Itanium demanglers write it:
 * "AddString__8BMessagePCcT1" is "BMessage::AddString(char const*, char
 * const*)". Returns its length; ELD_ERR_NOT_FOUND for a name that is not
 * mangled so, ELD_ERR_TOO_LONG when it does not fit size bytes with its NUL
 * or nests too deeply. C names with two underscores inside can look mangled.
 * Needs some 100 KiB of stack at most. Pure.
 */
int eld_demangle_gcc2(const char *mangled, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
