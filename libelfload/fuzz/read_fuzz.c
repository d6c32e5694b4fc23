/* read_fuzz.c -- any bytes as an ELF file to read. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/fuzz/read_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_input(data, size);
    return 0;
}
