/* fuse.c -- pairs of slots that one handler executes. */
/* SPDX-License-Identifier: MIT */
#include "fuse.h"

#include <stdlib.h>

struct xcpu_fusions {
    int none;
};

int xcpu_fusions_new(struct xcpu_fusions **fusions)
{
    *fusions = calloc(1, sizeof(**fusions));
    return *fusions ? 0 : XCPU_ERR_NOMEM;
}

void xcpu_fusions_free(struct xcpu_fusions *fusions)
{
    free(fusions);
}

void xcpu_fuse(const struct xcpu_fusions *fusions, struct xcpu_slot *slots,
               size_t count)
{
    (void)fusions;
    (void)slots;
    (void)count;
}
