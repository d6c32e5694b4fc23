/* attr.h -- attributes of files, over the host's extended attributes. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_ATTR_H
#define HK_ATTR_H

#include "file_io.h"
#include "node_attr.h"
#include "stat.h"

/* The status of an errno of hk_host_attr_* and hk_node_attr_*. */
int32_t hk_attr_status(int error);

/* Reads or writes an attribute opened by open_attr: a count or an error. */
int64_t hk_attr_transfer(struct hk_thread *self,
                         const struct hk_transfer *transfer, gm_addr buffer,
                         uint32_t size);

int64_t hk_attr_seek(struct hk_file *file, int64_t pos, int type);

/* read_stat and write_stat of such a descriptor. */
int32_t hk_attr_stat(const struct hk_vfs *vfs, struct hk_file *file,
                     struct hk_stat *stat);
int32_t hk_attr_write_stat(struct hk_file *file, const struct hk_stat *stat,
                           uint32_t mask);

#endif
