/* window.c -- one page of guest memory at hand, for many small accesses. */
/* SPDX-License-Identifier: MIT */

#include "window.h"

#include <elfload/elf_error.h>
#include <string.h>

#define OFFSET(address) ((address) & (GM_PAGE_SIZE - 1))

void eld_window_init(struct eld_window *window, struct gm_space *space)
{
    memset(window, 0, sizeof(*window));
    window->space = space;
}

int eld_window_flush(struct eld_window *window)
{
    int is_dirty = window->is_dirty;

    window->is_valid = 0;
    window->is_dirty = 0;
    if (is_dirty && gm_copy_out(window->space, window->page, window->bytes,
                                GM_PAGE_SIZE) < 0)
        return ELD_ERR_MEMORY;
    return 0;
}

static int move_to(struct eld_window *window, uint64_t page)
{
    if (window->is_valid && window->page == page)
        return 0;
    if (eld_window_flush(window) < 0 ||
        gm_copy_in(window->space, window->bytes, page, GM_PAGE_SIZE) < 0)
        return ELD_ERR_MEMORY;
    window->page = page;
    window->is_valid = 1;
    return 0;
}

/* Copies to or from the number's bytes, which may lie in two pages. */
static int transfer(struct eld_window *window, uint64_t address, uint8_t *bytes,
                    unsigned size, int is_write)
{
    while (size > 0) {
        unsigned offset = (unsigned)OFFSET(address);
        unsigned part = GM_PAGE_SIZE - offset;

        if (part > size)
            part = size;
        if (move_to(window, address - offset) < 0)
            return ELD_ERR_MEMORY;
        if (is_write) {
            memcpy(window->bytes + offset, bytes, part);
            window->is_dirty = 1;
        } else {
            memcpy(bytes, window->bytes + offset, part);
        }
        bytes += part;
        address += part;
        size -= part;
    }
    return 0;
}

int eld_window_read(struct eld_window *window, uint64_t address, unsigned size,
                    uint64_t *value)
{
    uint8_t bytes[8];
    uint64_t result = 0;

    if (transfer(window, address, bytes, size, 0) < 0)
        return ELD_ERR_MEMORY;
    for (unsigned i = 0; i < size; i++)
        result |= (uint64_t)bytes[i] << (8 * i);
    *value = result;
    return 0;
}

int eld_window_write(struct eld_window *window, uint64_t address, unsigned size,
                     uint64_t value)
{
    uint8_t bytes[8];

    for (unsigned i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    return transfer(window, address, bytes, size, 1);
}
