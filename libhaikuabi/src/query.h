/* query.h -- queries: which files have attributes that a formula asks for. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_QUERY_H
#define HK_QUERY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * A formula is `attribute op value`, combined by &&, || and brackets, which !
 * may precede; op is one of == = != < > <= >=. Names and values may be quoted;
 * \ takes a character's meaning away, but not that of * ? and [...], which make
 * a pattern of a text behind == and !=. name, size and last_modified (seconds)
 * are every file's own. Haiku's QueryParser is the model.
 */
struct hk_query;

/* B_OK, B_BAD_VALUE for what is no formula, or B_NO_MEMORY. */
int32_t hk_query_parse(const char *text, struct hk_query **query);
void hk_query_free(struct hk_query *query);

/* 1 when the formula holds for a file: the entry of a directory, of which the
 * host says info; store: where more of its attributes may be, or NULL. 0 when
 * not; an attribute that a file lacks is neither equal nor unequal. */
struct hk_attr_store;
int hk_query_holds(const struct hk_query *query,
                   const struct hk_attr_store *store, int directory,
                   const char *name, const struct stat *info);

/* ---- what has been found ---- */

struct hk_found {
    int64_t directory, inode;
    char *name;
};

struct hk_findings {
    int32_t device;
    struct hk_found *list;
    size_t count, capacity;
};

int32_t hk_findings_add(struct hk_findings *findings, int64_t directory,
                        int64_t inode, const char *name);
void hk_findings_free(struct hk_findings *findings);

/* The mounts to look through for a volume, one after another; from NULL on. */
struct hk_vfs;
struct hk_mount;
const struct hk_mount *hk_query_next_mount(const struct hk_vfs *vfs,
                                           int32_t device,
                                           const struct hk_mount *last);

#endif
