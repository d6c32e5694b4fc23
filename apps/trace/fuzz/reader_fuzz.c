/* reader_fuzz.c -- whatever a file holds, it is read or refused. */
/* SPDX-License-Identifier: MIT */
#include "apps/trace/steps.h"
#include "apps/trace/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t page[TR_PAGE_SIZE];
    struct tr_summary summary;
    struct tr_reader *reader;
    struct tr_fault fault;
    struct tr_event event;
    struct tr_step step;

    if (tr_reader_open_memory(data, size, &reader, &fault) < 0)
        return 0;
    tr_reader_summary(reader, &summary);
    while (tr_read_event(reader, &event, &fault) != 0)
        if (event.kind == TR_IMAGE)
            tr_read_page(reader, event.fields[1], page, &fault);
    while (tr_read_step(reader, &step, &fault) != 0)
        continue;
    for (uint64_t i = 0; i < summary.blocks; i++)
        tr_reader_check_block(reader, i, &fault);
    tr_reader_close(reader);
    return 0;
}
