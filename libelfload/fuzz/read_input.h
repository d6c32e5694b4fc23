/* read_input.h -- everything that the reader can do with one file. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_FUZZ_READ_INPUT_H
#define ELFLOAD_FUZZ_READ_INPUT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Reads all there is to read; stops the process when a result breaks the
 * reader's contract. Returns a sum of what it has seen. */
uint64_t read_input(const uint8_t *data, size_t size);

#ifdef __cplusplus
}
#endif
#endif
