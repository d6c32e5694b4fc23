/* query.c -- formulas of queries, read and applied. */
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

/* B_FILE_NAME_LENGTH, with NUL: the longest that an index can have. */
enum { WORD_MAX = 256 };

enum relation { EQUAL, UNEQUAL, LESS, GREATER, AT_MOST, AT_LEAST };

/* In the order of precedence; brackets and NOT only wait. */
enum step_kind { BRACKET, OR, AND, NOT, TERM };

struct step {
    enum step_kind kind;
    enum relation relation;
    char *attribute;
    char *value;
    int is_pattern; /* when texts are compared */
};

/* Steps in the order of execution: operands before what combines them. */
struct hk_query {
    struct step *steps;
    size_t count;
};

/* ---- reading ---- */

struct reader {
    const char *at;
    struct hk_query *query;
    enum step_kind *waiting; /* operators and brackets not yet placed */
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
        if (*at == '^' || *at == '!')
            at++;
        if (*at == ']' || strchr(at, ']') == NULL)
            return 0;
        at = strchr(at, ']');
    }
    return 1;
}

static int read_relation(struct reader *reader, enum relation *relation)
{
    static const struct {
        const char *token;
        enum relation relation;
    } relations[] = {{"==", EQUAL},   {"=", EQUAL},     {"!=", UNEQUAL},
                     {"<=", AT_MOST}, {">=", AT_LEAST}, {"<", LESS},
                     {">", GREATER}};

    for (size_t i = 0; i < sizeof(relations) / sizeof(relations[0]); i++)
        if (take(reader, relations[i].token)) {
            *relation = relations[i].relation;
            return 1;
        }
    return 0;
}

static int read_term(struct reader *reader)
{
    struct step *step = &reader->query->steps[reader->query->count++];

    *step = (struct step){.kind = TERM};
    step->attribute = read_word(reader, "=<>!&|");
    if (step->attribute == NULL || step->attribute[0] == '\0' ||
        !read_relation(reader, &step->relation))
        return 0;
    step->value = read_word(reader, "&|)");
    if (step->value == NULL)
        return 0;
    step->is_pattern =
        step->relation <= UNEQUAL && strpbrk(step->value, "*?[") != NULL;
    return !step->is_pattern || is_good_pattern(step->value);
}

/* Turns the last operand into its opposite, as Haiku does: what a file lacks
 * is then still neither equal nor unequal. */
static void complement(struct hk_query *query)
{
    static const enum relation opposite[] = {
        [EQUAL] = UNEQUAL,   [UNEQUAL] = EQUAL,   [LESS] = AT_LEAST,
        [GREATER] = AT_MOST, [AT_MOST] = GREATER, [AT_LEAST] = LESS};
    size_t operands = 1;

    for (size_t i = query->count; operands > 0;) {
        struct step *step = &query->steps[--i];

        if (step->kind == TERM) {
            step->relation = opposite[step->relation];
            operands--;
        } else {
            step->kind = step->kind == AND ? OR : AND;
            operands++;
        }
    }
}

/* Operators that bind at least as strongly go before one. */
static void place(struct reader *reader, enum step_kind least)
{
    while (reader->waiting_count > 0) {
        enum step_kind kind = reader->waiting[reader->waiting_count - 1];

        if (kind == BRACKET || kind < least)
            return;
        if (kind == NOT)
            complement(reader->query);
        else
            reader->query->steps[reader->query->count++].kind = kind;
        reader->waiting_count--;
    }
}

static void wait_for_more(struct reader *reader, enum step_kind kind)
{
    reader->waiting[reader->waiting_count++] = kind;
}

/* What comes before an operand, and the operand. */
static int read_operand(struct reader *reader)
{
    for (;;) {
        if (take(reader, "!")) {
            wait_for_more(reader, NOT);
            if (!take(reader, "("))
                return 0;
            wait_for_more(reader, BRACKET);
        } else if (take(reader, "(")) {
            wait_for_more(reader, BRACKET);
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
        place(reader, OR);
        if (reader->waiting_count == 0)
            return -1;
        reader->waiting_count--;
    }
    if (take(reader, "&&")) {
        place(reader, AND);
        wait_for_more(reader, AND);
        return 1;
    }
    if (take(reader, "||")) {
        place(reader, OR);
        wait_for_more(reader, OR);
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
    place(reader, OR);
    return reader->waiting_count == 0; /* else a bracket is open */
}

int32_t hk_query_parse(const char *text, struct hk_query **query)
{
    size_t most = strlen(text) + 1; /* a step takes a character at least */
    struct reader reader = {.at = text};
    int is_good = 0;

    reader.query = calloc(1, sizeof(*reader.query));
    reader.waiting = calloc(most, sizeof(*reader.waiting));
    if (reader.query != NULL)
        reader.query->steps = calloc(most, sizeof(*reader.query->steps));
    if (reader.query == NULL || reader.waiting == NULL ||
        reader.query->steps == NULL) {
        free(reader.waiting);
        hk_query_free(reader.query);
        return HK_B_NO_MEMORY;
    }
    is_good = read_formula(&reader);
    free(reader.waiting);
    if (!is_good) {
        hk_query_free(reader.query);
        return HK_B_BAD_VALUE;
    }
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

/* ---- comparing ---- */

static int relates(enum relation relation, int order)
{
    switch (relation) {
    case EQUAL:
        return order == 0;
    case UNEQUAL:
        return order != 0;
    case LESS:
        return order < 0;
    case GREATER:
        return order > 0;
    case AT_MOST:
        return order <= 0;
    case AT_LEAST:
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

static int text_holds(const struct step *step, const char *text)
{
    if (step->is_pattern)
        return matches_pattern(step->value, text) == (step->relation == EQUAL);
    return relates(step->relation, strcmp(text, step->value));
}

/* A value is read as far as it is a number. */
static int number_holds(const struct step *step, int64_t number)
{
    int64_t value = strtoll(step->value, NULL, 0);

    return relates(step->relation, (number > value) - (number < value));
}

static int unsigned_holds(const struct step *step, uint64_t number)
{
    uint64_t value = strtoull(step->value, NULL, 0);

    return relates(step->relation, (number > value) - (number < value));
}

static int real_holds(const struct step *step, double number)
{
    double value = strtod(step->value, NULL);

    return relates(step->relation, (number > value) - (number < value));
}

/* An attribute's bytes, by its type. */
static int value_holds(const struct step *step,
                       const struct hk_attr_value *value)
{
    enum {
        FLOAT = 0x464c4f54,  /* 'FLOT' */
        DOUBLE = 0x44424c45, /* 'DBLE' */
        TEXT = 0x43535452,   /* 'CSTR' */
        MIME = 0x4d494d53    /* 'MIMS' */
    };
    uint64_t bits = 0;
    double real;
    float shorter;

    if (value->type == TEXT || value->type == MIME)
        return text_holds(step, (const char *)value->bytes);
    if (value->size == 0 || value->size > 8)
        return 0;
    memcpy(&bits, value->bytes, value->size);
    if (value->type == DOUBLE && value->size == 8) {
        memcpy(&real, &bits, sizeof(real));
        return real_holds(step, real);
    }
    if (value->type == FLOAT && value->size == 4) {
        memcpy(&shorter, &bits, sizeof(shorter));
        return real_holds(step, shorter);
    }
    /* The names of unsigned types begin with U. */
    if (value->type >> 24 == 'U')
        return unsigned_holds(step, bits);
    if (value->size < 8 && bits >> (value->size * 8 - 1) != 0)
        bits |= ~UINT64_C(0) << (value->size * 8);
    return number_holds(step, (int64_t)bits);
}

static int attribute_holds(const struct step *step,
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

static int term_holds(const struct step *step,
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

int hk_query_holds(const struct hk_query *query,
                   const struct hk_attr_store *store, int directory,
                   const char *name, const struct stat *info)
{
    uint8_t *stack = malloc(query->count + 1);
    size_t top = 0;
    int holds;

    if (stack == NULL)
        return 0;
    for (size_t i = 0; i < query->count; i++) {
        const struct step *step = &query->steps[i];

        if (step->kind == TERM) {
            stack[top++] =
                (uint8_t)term_holds(step, store, directory, name, info);
        } else {
            top--;
            stack[top - 1] = step->kind == AND ? stack[top - 1] & stack[top]
                                               : stack[top - 1] | stack[top];
        }
    }
    holds = stack[0];
    free(stack);
    return holds;
}

int32_t hk_findings_add(struct hk_findings *findings, int64_t directory,
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

void hk_findings_free(struct hk_findings *findings)
{
    if (findings == NULL)
        return;
    for (size_t i = 0; i < findings->count; i++)
        free(findings->list[i].name);
    free(findings->list);
    free(findings);
}
