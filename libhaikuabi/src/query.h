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

/* B_OK, B_BAD_VALUE for what is no formula, B_TOO_MANY_ARGS for one of more
 * than `most` comparisons, or B_NO_MEMORY. */
int32_t hk_query_parse(const char *text, size_t most, struct hk_query **query);
void hk_query_free(struct hk_query *query);

/*
 * A volume finds files by its indices: each operand of || leads to some, and of
 * the operands of && one leads, the left one unless only the right one has an
 * index; what comes of it is compared with the rest. An attribute without an
 * index leads to nothing, unless that is asked for (is_thorough).
 */
typedef int (*hk_index_test)(const void *context, const char *attribute);
void hk_query_choose_leaders(struct hk_query *query, hk_index_test has_index,
                             const void *context, int is_thorough);

/* Whether a volume, by its first mount, has an index (index_calls.c). */
struct hk_mount;
int hk_volume_has_index(const struct hk_mount *mount, const char *name);

/* Whether the formula holds for a file, and how many of the leaders find it
 * then. An attribute that a file lacks is neither equal nor unequal. */
struct hk_query_answer {
    int holds;
    uint32_t times;
};

/* Of the entry of a directory, of which the host says info; store: where more
 * of its attributes may be, or NULL. Out of memory nothing holds. */
struct hk_attr_store;
struct hk_query_answer hk_query_ask(const struct hk_query *query,
                                    const struct hk_attr_store *store,
                                    int directory, const char *name,
                                    const struct stat *info);

/* ---- what a formula consists of ---- */

enum hk_relation {
    HK_EQUAL,
    HK_UNEQUAL,
    HK_LESS,
    HK_GREATER,
    HK_AT_MOST,
    HK_AT_LEAST
};

/* In the order of precedence; brackets and NOT only wait. */
enum hk_step_kind {
    HK_STEP_BRACKET,
    HK_STEP_OR,
    HK_STEP_AND,
    HK_STEP_NOT,
    HK_STEP_TERM
};

struct hk_query_step {
    enum hk_step_kind kind;
    size_t first;  /* of the steps that it consists of */
    size_t parent; /* the operator whose operand it is, or itself */
    enum hk_relation relation;
    char *attribute;
    char *value;
    int is_pattern; /* when texts are compared */
    int is_leader;
    int has_index;
};

/* Steps in the order of execution: operands before what combines them. */
struct hk_query {
    struct hk_query_step *steps;
    size_t count;
};

/* The left operand of an operator; the right one is the step before it. */
static inline size_t hk_query_left(const struct hk_query *query, size_t step)
{
    return query->steps[step - 1].first - 1;
}

/* ---- what has been found ---- */

struct hk_found {
    int64_t directory, inode;
    char *name;
};

struct hk_findings {
    int32_t device;
    struct hk_query *query; /* what it is that was asked, or NULL */
    struct hk_found *list;
    size_t count, capacity;
};

/* So many times; B_OK or B_NO_MEMORY. */
int32_t hk_findings_add(struct hk_findings *findings, int64_t directory,
                        int64_t inode, const char *name, uint32_t times);
void hk_findings_clear(struct hk_findings *findings);
void hk_findings_free(struct hk_findings *findings);

/* Looks through the volume once more. B_OK or B_NO_MEMORY (query_calls.c). */
struct hk_thread;
int32_t hk_query_repeat(const struct hk_thread *self,
                        struct hk_findings *findings);

#endif
