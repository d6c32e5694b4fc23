/* node_attr.h -- attributes of a node, as the guest sees them. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_NODE_ATTR_H
#define HK_NODE_ATTR_H

#include <haikuabi/host_attr.h>

#include "vfs.h"

/* What keeps of a node what the host's files cannot; or NULL. */
const struct hk_attr_store *hk_node_store(const struct hk_node *node);

/* As hk_host_attr_read and its like, with what the host's files cannot keep
 * (attr_store.h), and those that packagefs gives files of packages: SYS:PACKAGE
 * and SYS:PACKAGE_FILE. */
int hk_node_attr_read(const struct hk_node *node, const char *name,
                      struct hk_attr_value *value);
int hk_node_attr_list(const struct hk_node *node, char **names, size_t *size);
int hk_node_attr_write(const struct hk_node *node, const char *name,
                       const struct hk_attr_value *value);
int hk_node_attr_remove(const struct hk_node *node, const char *name);

#endif
