/* gcc2.h -- parts of the names that gcc 2 mangles. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_GCC2_H
#define ELFLOAD_GCC2_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    GCC2_TEXT_MAX = 2048, /* of a part */
    GCC2_TYPES_MAX = 64,  /* remembered */
    GCC2_PARAMETERS_MAX = 16,
    GCC2_PARAMETER_SIZE = 128
};

struct gcc2_text {
    char bytes[GCC2_TEXT_MAX];
    size_t size;
    int is_full; /* something did not fit */
};

struct gcc2_parser {
    const char *p; /* what is left of the name */
    const char *types[GCC2_TYPES_MAX];
    unsigned type_count, depth, steps, nesting;
    unsigned parameter_count; /* of a template function */
    char parameters[GCC2_PARAMETERS_MAX][GCC2_PARAMETER_SIZE];
    int is_too_long;
};

/* ---- gcc2_text.c ---- */

void eld_gcc2_clear(struct gcc2_text *text);
void eld_gcc2_insert(struct gcc2_text *text, size_t at, const char *bytes,
                     size_t size);
void eld_gcc2_append(struct gcc2_text *text, const char *string);
void eld_gcc2_prepend(struct gcc2_text *text, const char *string);

/* All parse functions move parser->p on: 1, or 0 where it stands at something
 * else; what they append to out is undefined then. */

int eld_gcc2_parse_number(struct gcc2_parser *parser, unsigned *number);

/* One digit, or several that an underscore ends. */
int eld_gcc2_parse_count(struct gcc2_parser *parser, unsigned *number);

/* One digit, or several between underscores. */
int eld_gcc2_parse_enclosed_count(struct gcc2_parser *parser, unsigned *number);

/* A length and so many characters. */
int eld_gcc2_parse_identifier(struct gcc2_parser *parser,
                              struct gcc2_text *out);

/* ---- gcc2_types.c ---- */

/* 1 for a letter that a class begins with. */
int eld_gcc2_starts_class(char letter);

/* last, which may be NULL: the class's own name without arguments. */
int eld_gcc2_parse_class(struct gcc2_parser *parser, struct gcc2_text *out,
                         struct gcc2_text *last);

int eld_gcc2_parse_template_argument(struct gcc2_parser *parser,
                                     struct gcc2_text *out);
int eld_gcc2_parse_type(struct gcc2_parser *parser, struct gcc2_text *out);

/* "(int, char)": types up to the end, or to an underscore. */
int eld_gcc2_parse_arguments(struct gcc2_parser *parser, struct gcc2_text *out);

/* Keeps a type for those that repeat it. */
void eld_gcc2_remember(struct gcc2_parser *parser, const char *type);

#ifdef __cplusplus
}
#endif
#endif
