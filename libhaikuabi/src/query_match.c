/* query_match.c -- formulas of queries, applied to files. */
/* SPDX-License-Identifier: MIT */
#include "query.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attr_store.h"
#include "bytes.h"
#include "host_open.h"
#include "status.h"

/* ---- comparing ---- */

static int relates(enum hk_relation relation, int order)
{
    switch (relation) {
    case HK_EQUAL:
        return order == 0;
    case HK_UNEQUAL:
        return order != 0;
    case HK_LESS:
        return order < 0;
    case HK_GREATER:
        return order > 0;
    case HK_AT_MOST:
        return order <= 0;
    case HK_AT_LEAST:
        return order >= 0;
    }
    return 0;
}

/* One character of UTF-8, or a byte that is none; moves behind it. */
static uint32_t next_character(const char **at)
{
    uint8_t first = (uint8_t) * (*at)++;
    int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    uint32_t c = more == 0 ? first : first & (0x3fu >> more);
    const char *to = *at;

    for (; more > 0; more--, to++) {
        if ((*to & 0xc0) != 0x80)
            return first;
        c = c << 6 | (uint32_t)(*to & 0x3f);
    }
    *at = to;
    return c;
}

/* Whether a set has a character; moves behind the set. */
static int is_in_set(const char **pattern, uint32_t c)
{
    const char *at = *pattern + 1;
    int is_inverse = *at == '^' || *at == '!', is_in = 0;

    at += is_inverse;
    while (*at != ']') {
        uint32_t first = next_character(&at), last = first;

        if (at[0] == '-' && at[1] != ']') {
            at++;
            last = next_character(&at);
        }
        is_in |= c >= first && c <= last;
    }
    *pattern = at + 1;
    return is_in != is_inverse;
}

/* One character of the pattern against one of the text. */
static int takes_one(const char **pattern, const char **text)
{
    uint32_t c = next_character(text);

    if (**pattern == '[')
        return is_in_set(pattern, c);
    return next_character(pattern) == c || (*pattern)[-1] == '?';
}

/* A star that did not take enough takes one more. */
static int matches_pattern(const char *pattern, const char *text)
{
    const char *behind_star = NULL, *taken = NULL;

    for (;;) {
        if (*pattern == '*') {
            behind_star = ++pattern;
            taken = text;
        } else if (*text == '\0') {
            return *pattern == '\0';
        } else if (*pattern == '\0' || !takes_one(&pattern, &text)) {
            if (behind_star == NULL || *taken == '\0')
                return 0;
            taken++;
            pattern = behind_star;
            text = taken;
        }
    }
}

/* A set without characters matches nothing, nor does what it is part of. */
static int text_holds(const struct hk_query_step *step, const char *text)
{
    int is_empty;

    if (!step->is_pattern)
        return relates(step->relation, strcmp(text, step->value));
    is_empty = strstr(step->value, "[^]") != NULL ||
               strstr(step->value, "[!]") != NULL;
    return (!is_empty && matches_pattern(step->value, text)) ==
           (step->relation == HK_EQUAL);
}

/* A value is read as far as it is a number. */
static int number_holds(const struct hk_query_step *step, int64_t number)
{
    int64_t value = strtoll(step->value, NULL, 0);

    return relates(step->relation, (number > value) - (number < value));
}

static int unsigned_holds(const struct hk_query_step *step, uint64_t number)
{
    uint64_t value = strtoull(step->value, NULL, 0);

    return relates(step->relation, (number > value) - (number < value));
}

static int real_holds(const struct hk_query_step *step, double number)
{
    double value = strtod(step->value, NULL);

    return relates(step->relation, (number > value) - (number < value));
}

/* Types that Haiku's queries compare; others hold for nothing. */
enum {
    TYPE_TEXT = 0x43535452,   /* 'CSTR' */
    TYPE_MIME = 0x4d494d53,   /* 'MIMS' */
    TYPE_INT32 = 0x4c4f4e47,  /* 'LONG' */
    TYPE_UINT32 = 0x554c4e47, /* 'ULNG' */
    TYPE_INT64 = 0x4c4c4e47,  /* 'LLNG' */
    TYPE_UINT64 = 0x554c4c47, /* 'ULLG' */
    TYPE_TIME = 0x54494d45,   /* 'TIME' */
    TYPE_FLOAT = 0x464c4f54,  /* 'FLOT' */
    TYPE_DOUBLE = 0x44424c45  /* 'DBLE' */
};

static int number_of_type_holds(const struct hk_query_step *step,
                                const struct hk_attr_value *value)
{
    int is_long = value->type == TYPE_INT64 || value->type == TYPE_UINT64 ||
                  value->type == TYPE_TIME || value->type == TYPE_DOUBLE;
    uint8_t bytes[8] = {0};
    double real;
    float shorter;

    if (value->size != (is_long ? 8 : 4))
        return 0;
    memcpy(bytes, value->bytes, value->size);
    memcpy(&real, bytes, sizeof(real));
    memcpy(&shorter, bytes, sizeof(shorter));
    switch (value->type) {
    case TYPE_INT32:
        return number_holds(step, (int32_t)hk_get32(bytes));
    case TYPE_UINT32:
    case TYPE_UINT64:
        return unsigned_holds(step, hk_get64(bytes));
    case TYPE_INT64:
    case TYPE_TIME:
        return number_holds(step, (int64_t)hk_get64(bytes));
    case TYPE_FLOAT:
        return real_holds(step, shorter);
    case TYPE_DOUBLE:
        return real_holds(step, real);
    default:
        return 0;
    }
}

/* An attribute's bytes, by its type. */
static int value_holds(const struct hk_query_step *step,
                       const struct hk_attr_value *value)
{
    if (value->type == TYPE_TEXT || value->type == TYPE_MIME)
        return text_holds(step, (const char *)value->bytes);
    return number_of_type_holds(step, value);
}

static int attribute_holds(const struct hk_query_step *step,
                           const struct hk_attr_store *store, int directory,
                           const char *name)
{
    int fd = hk_host_open_leaf(directory, name, O_PATH, 0);
    struct hk_attr_value value;
    int holds = 0;

    if (fd < 0)
        return 0;
    if (hk_attr_read(store, fd, step->attribute, &value) == 0) {
        holds = value_holds(step, &value);
        free(value.bytes);
    }
    close(fd);
    return holds;
}

static int term_holds(const struct hk_query_step *step,
                      const struct hk_attr_store *store, int directory,
                      const char *name, const struct stat *info)
{
    if (strcmp(step->attribute, "name") == 0)
        return text_holds(step, name);
    if (strcmp(step->attribute, "size") == 0)
        return number_holds(step, (int64_t)info->st_size);
    if (strcmp(step->attribute, "last_modified") == 0)
        return number_holds(step, (int64_t)info->st_mtim.tv_sec);
    return attribute_holds(step, store, directory, name);
}

/* Which steps hold for a file; to be freed, NULL out of memory. */
static uint8_t *evaluate(const struct hk_query *query,
                         const struct hk_attr_store *store, int directory,
                         const char *name, const struct stat *info)
{
    uint8_t *holds = malloc(query->count);

    if (holds == NULL)
        return NULL;
    for (size_t i = 0; i < query->count; i++) {
        const struct hk_query_step *step = &query->steps[i];

        if (step->kind == HK_STEP_TERM)
            holds[i] = (uint8_t)term_holds(step, store, directory, name, info);
        else if (step->kind == HK_STEP_AND)
            holds[i] = holds[hk_query_left(query, i)] & holds[i - 1];
        else
            holds[i] = holds[hk_query_left(query, i)] | holds[i - 1];
    }
    return holds;
}

/* ---- by indices ---- */

/* Whether each step has an index to begin with: an unequal one looks through
 * all names as well. To be freed, or NULL. */
static uint8_t *score(struct hk_query *query, hk_index_test has_index,
                      const void *context)
{
    uint8_t *scores = malloc(query->count);

    if (scores == NULL)
        return NULL;
    for (size_t i = 0; i < query->count; i++) {
        struct hk_query_step *step = &query->steps[i];

        if (step->kind == HK_STEP_TERM) {
            step->has_index = has_index(context, step->attribute);
            scores[i] = step->has_index && step->relation != HK_UNEQUAL;
        } else if (step->kind == HK_STEP_AND) {
            scores[i] = scores[hk_query_left(query, i)] | scores[i - 1];
        } else {
            scores[i] = scores[hk_query_left(query, i)] & scores[i - 1];
        }
    }
    return scores;
}

/* From the whole down to its operands; out of memory nothing leads. */
void hk_query_choose_leaders(struct hk_query *query, hk_index_test has_index,
                             const void *context, int is_thorough)
{
    uint8_t *scores = score(query, has_index, context);
    size_t i = query->count;

    if (scores == NULL)
        return;
    query->steps[query->count - 1].is_leader = 1;
    while (i-- > 0) {
        struct hk_query_step *step = &query->steps[i];
        size_t left, right = i - 1;

        if (step->kind == HK_STEP_TERM) {
            step->is_leader &= step->has_index || is_thorough;
            continue;
        }
        left = hk_query_left(query, i);
        if (step->is_leader && step->kind == HK_STEP_OR)
            query->steps[left].is_leader = query->steps[right].is_leader = 1;
        else if (step->is_leader)
            query->steps[scores[right] > scores[left] ? right : left]
                .is_leader = 1;
        step->is_leader = 0;
    }
    free(scores);
}

/* The sizes of files alone are in an index, and not all times. */
static int is_in_index(const struct hk_query_step *step,
                       const struct stat *info)
{
    if (!step->has_index || step->relation == HK_UNEQUAL)
        return 1;
    if (strcmp(step->attribute, "size") == 0)
        return S_ISREG(info->st_mode);
    if (strcmp(step->attribute, "last_modified") == 0)
        return S_ISREG(info->st_mode) || S_ISLNK(info->st_mode);
    return 1;
}

/* Whether what a leader finds holds for all else that must. */
static int is_found_by(const struct hk_query *query, size_t leader,
                       const uint8_t *holds)
{
    size_t at = leader;

    if (!holds[leader])
        return 0;
    while (query->steps[at].parent != at) {
        size_t above = query->steps[at].parent;
        size_t other =
            at == above - 1 ? hk_query_left(query, above) : above - 1;

        if (query->steps[above].kind == HK_STEP_AND && !holds[other])
            return 0;
        at = above;
    }
    return 1;
}

struct hk_query_answer hk_query_ask(const struct hk_query *query,
                                    const struct hk_attr_store *store,
                                    int directory, const char *name,
                                    const struct stat *info)
{
    uint8_t *holds = evaluate(query, store, directory, name, info);
    struct hk_query_answer answer = {0};

    if (holds == NULL)
        return answer;
    for (size_t i = 0; i < query->count; i++) {
        answer.holds = holds[i]; /* the last one's is that of all */
        answer.times += query->steps[i].is_leader &&
                        is_in_index(&query->steps[i], info) &&
                        is_found_by(query, i, holds);
    }
    free(holds);
    return answer;
}
