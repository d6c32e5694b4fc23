/* value.h -- what the bytes of a resource or an attribute say. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFINFO_VALUE_H
#define ELFINFO_VALUE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define INF_CODE(a, b, c, d)                                                   \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 |          \
     (uint32_t)(d))

struct inf_value {
    uint32_t type; /* INF_CODE('C', 'S', 'T', 'R') */
    const uint8_t *bytes;
    size_t size;
    int is_big; /* byte order of numbers */
};

/* One line of what it says, in room of size bytes; "" when its type tells
 * nothing. */
const char *inf_value_text(const struct inf_value *value, char *room,
                           size_t size);

/* "CSTR" in room; bytes that are not printable become '?'. */
const char *inf_type_text(uint32_t type, char room[5]);

#ifdef __cplusplus
}
#endif
#endif
