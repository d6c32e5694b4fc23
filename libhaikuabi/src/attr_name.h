/* attr_name.h -- names of attributes as the host can have them. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_ATTR_NAME_H
#define HK_ATTR_NAME_H

#include <stddef.h>

/* Writes "%" as "%%" and "/" as "%\", at most max bytes and a NUL. 0, or
 * ENAMETOOLONG. */
int hk_attr_name_escape(const char *name, char *escaped, size_t max);

/* The other way, anything else behind "%" as it is; the size with NUL, or 0
 * for what is no such name. */
size_t hk_attr_name_unescape(const char *escaped, char *name);

#endif
