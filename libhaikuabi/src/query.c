/* query.c -- formulas of queries, read. */
/* SPDX-License-Identifier: MIT */
#include "query.h"

#include <stdlib.h>
#include <string.h>

#include "status.h"

/* B_FILE_NAME_LENGTH, with NUL: the longest that an index can have. */
enum { WORD_MAX = 256 };

/* ---- reading ---- */

struct reader {
    const char *at;
    struct hk_query *query;
    size_t terms_left;
    int has_too_many;
    enum hk_step_kind *waiting; /* operators and brackets not yet placed */
    size_t waiting_count;
};

static void skip_space(struct reader *reader)
{
    reader->at += strspn(reader->at, " \t");
}

static int take(struct reader *reader, const char *token)
{
    skip_space(reader);
    if (strncmp(reader->at, token, strlen(token)) != 0)
        return 0;
    reader->at += strlen(token);
    return 1;
}

/* Without the characters that take another's meaning away. */
static char *copy_word(const char *from, const char *end)
{
    char *made = malloc((size_t)(end - from) + 1);
    char *to = made;

    if (made == NULL)
        return NULL;
    for (; from < end; from++) {
        if (from[0] == '\\' && from + 1 < end)
            from++;
        *to++ = *from;
    }
    *to = '\0';
    return made;
}

/* A name or value: quoted, or up to one of the characters that end it, less
 * the space before that. NULL: a quote without end, a word that is too long,
 * or no memory. */
static char *read_word(struct reader *reader, const char *ends)
{
    const char *from, *end;
    char quote = 0;

    skip_space(reader);
    if (*reader->at == '"' || *reader->at == '\'')
        quote = *reader->at++;
    from = end = reader->at;
    while (*end != '\0' &&
           (quote != 0 ? *end != quote : strchr(ends, *end) == NULL))
        end += end[0] == '\\' && end[1] != '\0' ? 2 : 1;
    if (quote != 0 && *end == '\0')
        return NULL;
    reader->at = end + (quote != 0);
    while (quote == 0 && end > from && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return end - from < WORD_MAX ? copy_word(from, end) : NULL;
}

/* Only such as matches_pattern can apply. */
static int is_good_pattern(const char *at)
{
    for (; *at != '\0'; at++) {
        if (*at != '[')
            continue;
        at++;
        if (*at == ']' || strchr(at, ']') == NULL)
            return 0;
        for (; *at != ']'; at++)
            if (at[0] == '-' && at[1] == '-')
                return 0;
    }
    return 1;
}

static int read_relation(struct reader *reader, enum hk_relation *relation)
{
    static const struct {
        const char *token;
        enum hk_relation relation;
    } relations[] = {{"==", HK_EQUAL},    {"=", HK_EQUAL},
                     {"!=", HK_UNEQUAL},  {"<=", HK_AT_MOST},
                     {">=", HK_AT_LEAST}, {"<", HK_LESS},
                     {">", HK_GREATER}};

    for (size_t i = 0; i < sizeof(relations) / sizeof(relations[0]); i++)
        if (take(reader, relations[i].token)) {
            *relation = relations[i].relation;
            return 1;
        }
    return 0;
}

static int read_term(struct reader *reader)
{
    struct hk_query_step *step = &reader->query->steps[reader->query->count];

    reader->has_too_many = reader->terms_left == 0;
    if (reader->has_too_many)
        return 0;
    reader->terms_left--;
    reader->query->count++;
    *step = (struct hk_query_step){.kind = HK_STEP_TERM};
    step->attribute = read_word(reader, "=<>!&|");
    if (step->attribute == NULL || step->attribute[0] == '\0' ||
        !read_relation(reader, &step->relation))
        return 0;
    step->value = read_word(reader, "&|)");
    if (step->value == NULL)
        return 0;
    step->is_pattern =
        step->relation <= HK_UNEQUAL && strpbrk(step->value, "*?[") != NULL;
    return !step->is_pattern || is_good_pattern(step->value);
}

/* Turns the last operand into its opposite, as Haiku does: what a file lacks
 * is then still neither equal nor unequal. */
static void complement(struct hk_query *query)
{
    static const enum hk_relation opposite[] = {
        [HK_EQUAL] = HK_UNEQUAL,   [HK_UNEQUAL] = HK_EQUAL,
        [HK_LESS] = HK_AT_LEAST,   [HK_GREATER] = HK_AT_MOST,
        [HK_AT_MOST] = HK_GREATER, [HK_AT_LEAST] = HK_LESS};
    size_t operands = 1;

    for (size_t i = query->count; operands > 0;) {
        struct hk_query_step *step = &query->steps[--i];

        if (step->kind == HK_STEP_TERM) {
            step->relation = opposite[step->relation];
            operands--;
        } else {
            step->kind = step->kind == HK_STEP_AND ? HK_STEP_OR : HK_STEP_AND;
            operands++;
        }
    }
}

/* Operators that bind at least as strongly go before one. */
static void place(struct reader *reader, enum hk_step_kind least)
{
    while (reader->waiting_count > 0) {
        enum hk_step_kind kind = reader->waiting[reader->waiting_count - 1];

        if (kind == HK_STEP_BRACKET || kind < least)
            return;
        if (kind == HK_STEP_NOT)
            complement(reader->query);
        else
            reader->query->steps[reader->query->count++].kind = kind;
        reader->waiting_count--;
    }
}

static void wait_for_more(struct reader *reader, enum hk_step_kind kind)
{
    reader->waiting[reader->waiting_count++] = kind;
}

/* What comes before an operand, and the operand. */
static int read_operand(struct reader *reader)
{
    for (;;) {
        if (take(reader, "!")) {
            wait_for_more(reader, HK_STEP_NOT);
            if (!take(reader, "("))
                return 0;
            wait_for_more(reader, HK_STEP_BRACKET);
        } else if (take(reader, "(")) {
            wait_for_more(reader, HK_STEP_BRACKET);
        } else {
            return read_term(reader);
        }
    }
}

/* What comes behind an operand: 1 when another operand is to come, 0 at the
 * end, -1 for a mistake. */
static int read_operator(struct reader *reader)
{
    while (take(reader, ")")) {
        place(reader, HK_STEP_OR);
        if (reader->waiting_count == 0)
            return -1;
        reader->waiting_count--;
    }
    if (take(reader, "&&")) {
        place(reader, HK_STEP_AND);
        wait_for_more(reader, HK_STEP_AND);
        return 1;
    }
    if (take(reader, "||")) {
        place(reader, HK_STEP_OR);
        wait_for_more(reader, HK_STEP_OR);
        return 1;
    }
    return *reader->at == '\0' ? 0 : -1;
}

static int read_formula(struct reader *reader)
{
    int more;

    do {
        if (!read_operand(reader))
            return 0;
        more = read_operator(reader);
    } while (more > 0);
    if (more < 0)
        return 0;
    place(reader, HK_STEP_OR);
    return reader->waiting_count == 0; /* else a bracket is open */
}

/* Which steps are whose operands. */
static void link_steps(struct hk_query *query)
{
    for (size_t i = 0; i < query->count; i++) {
        struct hk_query_step *step = &query->steps[i];

        step->first = step->parent = i;
        if (step->kind != HK_STEP_TERM) {
            size_t right = i - 1, left = hk_query_left(query, i);

            step->first = query->steps[left].first;
            query->steps[left].parent = query->steps[right].parent = i;
        }
    }
}

int32_t hk_query_parse(const char *text, size_t most, struct hk_query **query)
{
    size_t length = strlen(text) + 1; /* a step takes a character at least */
    struct reader reader = {.at = text, .terms_left = most};
    int32_t status = HK_B_NO_MEMORY;

    reader.query = calloc(1, sizeof(*reader.query));
    reader.waiting = calloc(length, sizeof(*reader.waiting));
    if (reader.query != NULL)
        reader.query->steps = calloc(length, sizeof(*reader.query->steps));
    if (reader.query != NULL && reader.waiting != NULL &&
        reader.query->steps != NULL)
        status = read_formula(&reader) ? HK_B_OK : HK_B_BAD_VALUE;
    if (reader.has_too_many)
        status = HK_B_TOO_MANY_ARGS;
    free(reader.waiting);
    if (status != HK_B_OK) {
        hk_query_free(reader.query);
        return status;
    }
    link_steps(reader.query);
    *query = reader.query;
    return HK_B_OK;
}

void hk_query_free(struct hk_query *query)
{
    if (query == NULL)
        return;
    for (size_t i = 0; i < query->count && query->steps != NULL; i++) {
        free(query->steps[i].attribute);
        free(query->steps[i].value);
    }
    free(query->steps);
    free(query);
}

/* ---- what has been found ---- */

static int32_t add_finding(struct hk_findings *findings, int64_t directory,
                           int64_t inode, const char *name)
{
    struct hk_found found = {directory, inode, strdup(name)};

    if (found.name != NULL && findings->count == findings->capacity) {
        size_t capacity = findings->capacity * 2 + 64;
        struct hk_found *more =
            realloc(findings->list, capacity * sizeof(*more));

        if (more == NULL) {
            free(found.name);
            return HK_B_NO_MEMORY;
        }
        findings->list = more;
        findings->capacity = capacity;
    }
    if (found.name == NULL)
        return HK_B_NO_MEMORY;
    findings->list[findings->count++] = found;
    return HK_B_OK;
}

int32_t hk_findings_add(struct hk_findings *findings, int64_t directory,
                        int64_t inode, const char *name, uint32_t times)
{
    int32_t status = HK_B_OK;

    for (; times > 0 && status == HK_B_OK; times--)
        status = add_finding(findings, directory, inode, name);
    return status;
}

void hk_findings_clear(struct hk_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        free(findings->list[i].name);
    findings->count = 0;
}

void hk_findings_free(struct hk_findings *findings)
{
    if (findings == NULL)
        return;
    hk_findings_clear(findings);
    free(findings->list);
    hk_query_free(findings->query);
    free(findings);
}
