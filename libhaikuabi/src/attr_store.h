/* attr_store.h -- attributes that the host's files cannot keep. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_ATTR_STORE_H
#define HK_ATTR_STORE_H

#include <haikuabi/host_attr.h>

/*
 * Where a file system has no extended attributes, or none so big, a directory
 * elsewhere keeps them (docs/decisions/0011): for each file a directory, named
 * after the numbers by which the host knows the file, for each attribute a
 * file, which appears whole. All functions take any descriptor of a file,
 * O_PATH too, and return 0 or an errno value.
 */
struct hk_attr_store;

/* The directory is made when something is kept first. Without a path *store is
 * NULL: nothing is kept. 0 or ENOMEM. */
int hk_attr_store_new(const char *path, struct hk_attr_store **store);
void hk_attr_store_free(struct hk_attr_store *store);
const char *hk_attr_store_path(const struct hk_attr_store *store);

/* As hk_host_attr_read and its like; of an attribute that both keep the host's
 * value is the one. store may be NULL. */
int hk_attr_read(const struct hk_attr_store *store, int fd, const char *name,
                 struct hk_attr_value *value);
int hk_attr_write(const struct hk_attr_store *store, int fd, const char *name,
                  const struct hk_attr_value *value);
int hk_attr_remove(const struct hk_attr_store *store, int fd, const char *name);
int hk_attr_list(const struct hk_attr_store *store, int fd, char **names,
                 size_t *size);

/* The name by which the store has a file; calls visit for all that it has,
 * until that is not 0; drops what it has for one, and adds the bytes that it
 * took on the disk to *freed. */
enum { HK_ATTR_KEY_SIZE = 192 };
int hk_attr_store_key(int fd, char key[HK_ATTR_KEY_SIZE]);
int hk_attr_store_visit(const struct hk_attr_store *store,
                        int (*visit)(void *context, const char *key),
                        void *context);
int hk_attr_store_drop(const struct hk_attr_store *store, const char *key,
                       uint64_t *freed);

/* Whether the store may have something of an entry of a directory, or of the
 * directory itself (""), by what it is known to have: 1 and the store's name
 * for the file. Whether it has. */
int hk_attr_store_may_have(const struct hk_attr_store *store, int at,
                           const char *name, char key[HK_ATTR_KEY_SIZE]);
int hk_attr_store_has(const struct hk_attr_store *store, const char *key);

/* Values beside the attributes, which no guest sees as one. Without a value
 * there is none any more. */
int hk_attr_store_read_own(const struct hk_attr_store *store, const char *key,
                           const char *name, struct hk_attr_value *value);
int hk_attr_store_write_own(const struct hk_attr_store *store, int fd,
                            const char *name,
                            const struct hk_attr_value *value);

#endif
