/* consumer.c -- a program against an installed libguestmem. */
/* SPDX-License-Identifier: MIT */

#include <guestmem/guestmem.h>

int main(void)
{
    struct gm_space *space;
    struct gm_mapping page = {
        .size = GM_PAGE_SIZE, .prot = GM_PROT_READ | GM_PROT_WRITE, .fd = -1};
    if (gm_space_new(32, &space) < 0 || gm_map(space, &page) < 0)
        return 1;
    gm_copy_out(space, 0, "ok", 3);
    return gm_space_base(space)[1] != 'k';
}
