/* attr_keys.h -- of which files a store of attributes may have something. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_ATTR_KEYS_H
#define HK_ATTR_KEYS_H

#include <sys/stat.h>

/*
 * Who removes a file asks the store for it, which nearly always has nothing.
 * What is in the store's directory is remembered while that stays as it is.
 */
struct hk_attr_keys;

struct hk_attr_keys *hk_attr_keys_new(void); /* NULL: out of memory */
void hk_attr_keys_free(struct hk_attr_keys *keys);

/* 0: the store has nothing of the file, the part of whose key behind the first
 * dash is own, or of any file (NULL). path: the store's directory; info: as it
 * is now. */
int hk_attr_keys_may_have(struct hk_attr_keys *keys, const char *path,
                          const struct stat *info, const char *own);

#endif
