/* link_fuzz.c -- any bytes as a program and a library to link. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/fuzz/link_input.h"

#include <guestmem/guestmem.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gm_space *space;

    if (space == NULL && gm_space_new(32, &space) < 0)
        abort();
    link_input(space, data, size);
    return 0;
}
