/* attributes.h -- Haiku's attributes of a file that is shown. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFINFO_ATTRIBUTES_H
#define ELFINFO_ATTRIBUTES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct inf_attribute {
    char *name;
    uint32_t type; /* four characters, the first in the highest byte */
    uint8_t *bytes;
    size_t size;
};

struct inf_attributes {
    struct inf_attribute *items;
    size_t count;
};

/* Adds one, whose bytes are taken over; the name is copied. */
void inf_add_attribute(struct inf_attributes *attributes, const char *name,
                       uint32_t type, uint8_t *bytes, size_t size);

/* Those that the host's file system keeps of a file; none where it keeps
 * none. */
void inf_read_attributes(const char *path, struct inf_attributes *attributes);

/* NULL when there is none of that name. */
const struct inf_attribute *
inf_find_attribute(const struct inf_attributes *attributes, const char *name);

void inf_free_attributes(struct inf_attributes *attributes);

#ifdef __cplusplus
}
#endif
#endif
