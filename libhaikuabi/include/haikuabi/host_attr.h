/* host_attr.h -- attributes kept in the host's extended attributes. */
/* SPDX-License-Identifier: MIT */
#ifndef HAIKUABI_HOST_ATTR_H
#define HAIKUABI_HOST_ATTR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * An attribute NAME of type T is the host's "user.haiku.NAME", in NAME "%"
 * written as "%%" and "/" as "%\"; its value is T in 4 bytes, little-endian,
 * and then the attribute's own bytes. Haiku's build tools keep attributes on
 * Linux in the same way. Each function takes any descriptor of the file,
 * O_PATH too, and returns 0 or an errno value: ENODATA for an attribute that
 * is not there, EOPNOTSUPP for a file or file system that has none.
 */
struct hk_attr_value {
    uint32_t type;
    uint32_t size;
    uint8_t *bytes; /* of what was read: for free, with a NUL behind it */
};

/* The longest that the library keeps; most hosts keep less (E2BIG, ENOSPC). */
enum { HK_ATTR_MAX = 16 << 20 };

int hk_host_attr_read(int fd, const char *name, struct hk_attr_value *value);
int hk_host_attr_write(int fd, const char *name,
                       const struct hk_attr_value *value);
int hk_host_attr_remove(int fd, const char *name);

/* The names, each with a NUL; *names for free. */
int hk_host_attr_list(int fd, char **names, size_t *size);

#ifdef __cplusplus
}
#endif
#endif
