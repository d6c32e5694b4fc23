/* link_input.h -- a program and a library in memory, linked. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_FUZZ_LINK_INPUT_H
#define ELFLOAD_FUZZ_LINK_INPUT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gm_space;

/*
 * data: the program's size in 4 bytes, the program, and a library that
 * answers to every name; without one the program does. Links it in the
 * space, which is empty before and after; stops the process when a result
 * breaks the linker's contract. Returns what eld_link_program did.
 */
int link_input(struct gm_space *space, const uint8_t *data, size_t size);

#ifdef __cplusplus
}
#endif
#endif
