/* kept_stat.h -- what a guest has set and the host cannot keep of a stat. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_KEPT_STAT_H
#define HK_KEPT_STAT_H

#include <stdint.h>

/*
 * The host has no mode of a symlink's own, and for what is neither a file nor
 * a directory no extended attribute that would have its time of creation
 * (creation_time.h). The store of attributes keeps both (attr_store.h); it is
 * asked for these nodes alone.
 */
struct hk_attr_store;
struct hk_stat;
int hk_is_stat_kept(uint32_t mode);

/* Puts what is kept of an entry of a directory, or of the directory itself
 * (""), in the place of the host's. stat: has the mode. */
void hk_kept_stat_read(const struct hk_attr_store *store, int at,
                       const char *name, struct hk_stat *stat);

/* Keeps the one of HK_STAT_MASK_MODE and HK_STAT_MASK_CREATION_TIME that mask
 * is. B_OK, also where there is no store, or an error. */
int32_t hk_kept_stat_write(const struct hk_attr_store *store, int fd,
                           const struct hk_stat *stat, uint32_t mask);

/* The mode of a symlink, and the permissions of one that was just made: B_OK or
 * an error. */
uint32_t hk_kept_link_mode(const struct hk_attr_store *store, int at,
                           const char *name);
int32_t hk_keep_link_mode(const struct hk_attr_store *store, int fd,
                          uint32_t permissions);

#endif
