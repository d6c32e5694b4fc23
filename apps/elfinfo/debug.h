/* debug.h -- debugging information of object files. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFINFO_DEBUG_H
#define ELFINFO_DEBUG_H

#include "elfinfo.h"

/*
 * Applies the relocations of the debugging information of an object file to a
 * copy of its bytes, as if its sections of code lay one behind the other, and
 * returns the address of each section, 0 for those without code. The array is
 * on the heap.
 */
uint64_t *inf_relocate_debug(struct inf_file *file, uint8_t *bytes);

#endif
