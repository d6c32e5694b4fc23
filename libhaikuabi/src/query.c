/* query.c -- formulas of queries, read and applied. */
/* SPDX-License-Identifier: MIT */
#include "query.h"

#include <ctype.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <haikuabi/host_attr.h>

#include "bytes.h"
#include "host_open.h"
#include "status.h"

enum relation { EQUAL, UNEQUAL, LESS, GREATER, AT_MOST, AT_LEAST };

/* In the order of precedence; a bracket only waits. */
enum step_kind { BRACKET, OR, AND, NOT, TERM };

struct step {
    enum step_kind kind;
    enum relation relation;
    char *attribute;
    char *value;   /* as written: a pattern */
    char *literal; /* without escapes */
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
    while (isspace((unsigned char)*reader->at))
        reader->at++;
}

static int take(struct reader *reader, const char *token)
{
    skip_space(reader);
    if (strncmp(reader->at, token, strlen(token)) != 0)
        return 0;
    reader->at += strlen(token);
    return 1;
}

/* A name or value, quoted or up to a character that means something else;
 * escapes stay in it. NULL: there is none, or no memory. */
static char *read_word(struct reader *reader)
{
    const char *from, *end;
    char quote = 0;

    skip_space(reader);
    if (*reader->at == '"' || *reader->at == '\'')
        quote = *reader->at++;
    from = end = reader->at;
    while (*end != '\0' &&
           (quote != 0 ? *end != quote : strchr("=!<>&|() \t\n", *end) == NULL))
        end += end[0] == '\\' && end[1] != '\0' ? 2 : 1;
    if ((quote != 0 && *end == '\0') || (quote == 0 && end == from))
        return NULL;
    reader->at = end + (quote != 0);
    return strndup(from, (size_t)(end - from));
}

static char *without_escapes(const char *text)
{
    char *made = malloc(strlen(text) + 1);
    char *to = made;

    if (made == NULL)
        return NULL;
    for (; *text != '\0'; text++) {
        if (text[0] == '\\' && text[1] != '\0')
            text++;
        *to++ = *text;
    }
    *to = '\0';
    return made;
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
    char *attribute;

    *step = (struct step){.kind = TERM};
    attribute = read_word(reader);
    step->attribute = attribute != NULL ? without_escapes(attribute) : NULL;
    free(attribute);
    if (step->attribute == NULL || !read_relation(reader, &step->relation))
        return 0;
    step->value = read_word(reader);
    step->literal = step->value != NULL ? without_escapes(step->value) : NULL;
    return step->literal != NULL;
}

/* Operators that bind at least as strongly go before one. */
static void place(struct reader *reader, enum step_kind least)
{
    while (reader->waiting_count > 0) {
        enum step_kind kind = reader->waiting[reader->waiting_count - 1];

        if (kind == BRACKET || kind < least)
            return;
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
        if (take(reader, "("))
            wait_for_more(reader, BRACKET);
        else if (take(reader, "!"))
            wait_for_more(reader, NOT);
        else
            return read_term(reader);
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
        free(query->steps[i].literal);
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

static int text_holds(const struct step *step, const char *text)
{
    if (step->relation == EQUAL)
        return fnmatch(step->value, text, 0) == 0;
    if (step->relation == UNEQUAL)
        return fnmatch(step->value, text, 0) != 0;
    return relates(step->relation, strcmp(text, step->literal));
}

static int number_holds(const struct step *step, int64_t number)
{
    char *end;
    int64_t value = strtoll(step->literal, &end, 0);

    if (end == step->literal || *end != '\0')
        return 0;
    return relates(step->relation, (number > value) - (number < value));
}

static int real_holds(const struct step *step, double number)
{
    char *end;
    double value = strtod(step->literal, &end);

    if (end == step->literal || *end != '\0')
        return 0;
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

    if (value->type == TEXT || value->type == MIME) {
        value
            ->bytes[value->size < HK_ATTR_MAX ? value->size : HK_ATTR_MAX - 1] =
            '\0';
        return text_holds(step, (const char *)value->bytes);
    }
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
    if (value->size < 8 && value->type >> 24 != 'U' &&
        bits >> (value->size * 8 - 1) != 0)
        bits |= ~UINT64_C(0) << (value->size * 8);
    return number_holds(step, (int64_t)bits);
}

static int attribute_holds(const struct step *step, int directory,
                           const char *name)
{
    int fd = hk_host_open_leaf(directory, name, O_PATH, 0);
    struct hk_attr_value value;
    int holds = 0;

    if (fd < 0)
        return 0;
    if (hk_host_attr_read(fd, step->attribute, &value) == 0) {
        holds = value_holds(step, &value);
        free(value.bytes);
    }
    close(fd);
    return holds;
}

static int term_holds(const struct step *step, int directory, const char *name,
                      const struct stat *info)
{
    if (strcmp(step->attribute, "name") == 0)
        return text_holds(step, name);
    if (strcmp(step->attribute, "size") == 0)
        return number_holds(step, (int64_t)info->st_size);
    if (strcmp(step->attribute, "last_modified") == 0)
        return number_holds(step, (int64_t)info->st_mtim.tv_sec);
    return attribute_holds(step, directory, name);
}

int hk_query_holds(const struct hk_query *query, int directory,
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
            stack[top++] = (uint8_t)term_holds(step, directory, name, info);
        } else if (step->kind == NOT) {
            stack[top - 1] = !stack[top - 1];
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
