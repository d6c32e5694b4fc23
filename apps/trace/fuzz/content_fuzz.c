/* content_fuzz.c -- what a block holds when its CRC is right all the same. */
/* SPDX-License-Identifier: MIT */
#include "apps/trace/block.h"
#include "apps/trace/step_code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tr_step_reader steps;
    struct tr_event event;
    struct tr_step step;
    size_t at = 0, taken = 1;

    while (at < size && taken > 0) {
        taken = tr_event_unpack(data + at, size - at, &event);
        at += taken;
    }
    if (tr_step_open(&steps, data, size))
        while (tr_step_get(&steps, &step))
            continue;
    return 0;
}
