/* gcc2_types.c -- classes and types in gcc 2's mangled names. */
/* SPDX-License-Identifier: MIT */
/* The encoding is in demangle.c. */

#include "gcc2.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
    DEPTH_MAX = 16,  /* of types within types */
    STEPS_MAX = 4096 /* types read: repeating ones multiply */
};

/* ---- classes ---- */

/* Xij: parameter i of the template function, at level j; Yij: one that is a
 * value. */
static int parse_parameter(struct gcc2_parser *parser, struct gcc2_text *out)
{
    unsigned index, level;

    parser->p++;
    if (!eld_gcc2_parse_enclosed_count(parser, &index) ||
        !eld_gcc2_parse_enclosed_count(parser, &level) ||
        index >= parser->parameter_count)
        return 0;
    eld_gcc2_append(out, parser->parameters[index]);
    return 1;
}

static int parse_symbol_value(struct gcc2_parser *parser, struct gcc2_text *out)
{
    eld_gcc2_append(out, "&");
    return eld_gcc2_parse_identifier(parser, out);
}

/* A template's argument that is a value of a type; first: of the type. */
static int parse_value(struct gcc2_parser *parser, char first,
                       struct gcc2_text *out)
{
    struct gcc2_text digits;
    unsigned number;

    if (*parser->p == 'Y')
        return parse_parameter(parser, out);
    if (first == 'P' || first == 'R')
        return parse_symbol_value(parser, out);
    if (*parser->p == 'm') {
        eld_gcc2_append(out, "-");
        parser->p++;
    }
    int is_closed = *parser->p == '_';
    parser->p += is_closed;
    if (!eld_gcc2_parse_number(parser, &number) ||
        (is_closed && *parser->p++ != '_'))
        return 0;
    eld_gcc2_clear(&digits);
    snprintf(digits.bytes, sizeof(digits.bytes), "%u", number);
    if (first == 'b')
        eld_gcc2_append(out, number ? "true" : "false");
    else
        eld_gcc2_append(out, digits.bytes);
    return 1;
}

int eld_gcc2_parse_template_argument(struct gcc2_parser *parser,
                                     struct gcc2_text *out)
{
    struct gcc2_text type;

    if (*parser->p == 'Z') {
        parser->p++;
        return eld_gcc2_parse_type(parser, out);
    }
    const char *first = parser->p;
    while (*first == 'C' || *first == 'V' || *first == 'U' || *first == 'S')
        first++;
    eld_gcc2_clear(&type);
    return eld_gcc2_parse_type(parser, &type) &&
           parse_value(parser, *first, out);
}

static int parse_template_arguments(struct gcc2_parser *parser,
                                    struct gcc2_text *out)
{
    unsigned count;

    if (!eld_gcc2_parse_count(parser, &count))
        return 0;
    eld_gcc2_append(out, "<");
    for (unsigned i = 0; i < count; i++) {
        if (i > 0)
            eld_gcc2_append(out, ", ");
        if (out->is_full || !eld_gcc2_parse_template_argument(parser, out))
            return 0;
    }
    eld_gcc2_append(
        out, out->size > 0 && out->bytes[out->size - 1] == '>' ? " >" : ">");
    return 1;
}

/* One part of a qualified name; last: its name without arguments. */
static int parse_component(struct gcc2_parser *parser, struct gcc2_text *out,
                           struct gcc2_text *last)
{
    size_t start;

    if (*parser->p == 't') {
        parser->p++;
        start = out->size;
        if (!eld_gcc2_parse_identifier(parser, out))
            return 0;
        if (last != NULL) {
            eld_gcc2_clear(last);
            eld_gcc2_append(last, out->bytes + start);
        }
        return parse_template_arguments(parser, out);
    }
    start = out->size;
    if (!eld_gcc2_parse_identifier(parser, out))
        return 0;
    if (last != NULL) {
        eld_gcc2_clear(last);
        eld_gcc2_append(last, out->bytes + start);
    }
    return 1;
}

/* Q2 or Q_12_: so many parts, with _ behind one that ends with a number. */
static int parse_qualified(struct gcc2_parser *parser, struct gcc2_text *out,
                           struct gcc2_text *last)
{
    unsigned count;

    parser->p++;
    if (!eld_gcc2_parse_enclosed_count(parser, &count))
        return 0;
    if (*parser->p == '_')
        parser->p++;
    for (unsigned i = 0; i < count; i++) {
        if (i > 0) {
            eld_gcc2_append(out, "::");
            parser->p += *parser->p == '_';
        }
        if (out->is_full || !parse_component(parser, out, last))
            return 0;
    }
    return count > 0;
}

int eld_gcc2_starts_class(char letter)
{
    return isdigit((unsigned char)letter) || letter == 'Q' || letter == 't';
}

int eld_gcc2_parse_class(struct gcc2_parser *parser, struct gcc2_text *out,
                         struct gcc2_text *last)
{
    if (*parser->p == 'Q')
        return parse_qualified(parser, out, last);
    return parse_component(parser, out, last);
}

/* ---- types ---- */

void eld_gcc2_remember(struct gcc2_parser *parser, const char *type)
{
    /* Arguments of functions that are arguments do not count. */
    if (parser->nesting == 0 && parser->type_count < GCC2_TYPES_MAX)
        parser->types[parser->type_count++] = type;
}

static int parse_remembered(struct gcc2_parser *parser, const char *type,
                            struct gcc2_text *out)
{
    const char *saved = parser->p;

    parser->p = type;
    int is_parsed = eld_gcc2_parse_type(parser, out);
    parser->p = saved;
    return is_parsed;
}

/* Tn or Nmn: appends the n-th type, m times. */
static int parse_repeated(struct gcc2_parser *parser, struct gcc2_text *out)
{
    int is_many = *parser->p++ == 'N';
    unsigned times = 1, index;

    if ((is_many && !eld_gcc2_parse_count(parser, &times)) ||
        !eld_gcc2_parse_count(parser, &index) || index >= parser->type_count)
        return 0;
    const char *type = parser->types[index];
    for (unsigned i = 0; i < times; i++) {
        if (i > 0)
            eld_gcc2_append(out, ", ");
        eld_gcc2_remember(parser, type);
        if (out->is_full || !parse_remembered(parser, type, out))
            return 0;
    }
    return 1;
}

int eld_gcc2_parse_arguments(struct gcc2_parser *parser, struct gcc2_text *out)
{
    int is_first = 1;

    eld_gcc2_append(out, "(");
    while (*parser->p != '\0' && *parser->p != '_') {
        if (!is_first)
            eld_gcc2_append(out, ", ");
        if (out->is_full)
            return 0;
        const char *start = parser->p;
        if (*start == 'e') {
            eld_gcc2_append(out, "...");
            parser->p++;
        } else if (*start == 'v' && is_first) {
            parser->p++;
            break;
        } else if (*start == 'N' || *start == 'T') {
            if (!parse_repeated(parser, out))
                return 0;
        } else {
            eld_gcc2_remember(parser, start);
            if (!eld_gcc2_parse_type(parser, out))
                return 0;
        }
        is_first = 0;
    }
    eld_gcc2_append(out, ")");
    return 1;
}

static int parse_nested_arguments(struct gcc2_parser *parser,
                                  struct gcc2_text *out)
{
    parser->nesting++;
    int is_parsed = eld_gcc2_parse_arguments(parser, out);
    parser->nesting--;
    return is_parsed;
}

/* Puts a modifier before a declarator, apart from all but other modifiers. */
static void modify(struct gcc2_text *declarator, const char *modifier)
{
    char first = declarator->bytes[0];

    if (first == '(' || first == '[' || first == '_' ||
        isalpha((unsigned char)first))
        eld_gcc2_prepend(declarator, " ");
    eld_gcc2_prepend(declarator, modifier);
}

/* Brackets what a function or an array of it would otherwise be. */
static void enclose(struct gcc2_text *declarator)
{
    if (declarator->bytes[0] == '*' || declarator->bytes[0] == '&') {
        eld_gcc2_prepend(declarator, "(");
        eld_gcc2_append(declarator, ")");
    }
}

static int parse_function(struct gcc2_parser *parser,
                          struct gcc2_text *declarator)
{
    parser->p++;
    enclose(declarator);
    return parse_nested_arguments(parser, declarator) && *parser->p++ == '_';
}

/* Am_: with a last index; AYij: as many as a parameter says; A_. */
static int parse_bounds(struct gcc2_parser *parser,
                        struct gcc2_text *declarator)
{
    unsigned last;
    char size[16];

    if (*parser->p == 'Y')
        return parse_parameter(parser, declarator);
    if (*parser->p != '_') {
        if (!eld_gcc2_parse_number(parser, &last))
            return 0;
        snprintf(size, sizeof(size), "%u", last + 1);
        eld_gcc2_append(declarator, size);
    }
    return *parser->p++ == '_';
}

static int parse_array(struct gcc2_parser *parser, struct gcc2_text *declarator)
{
    parser->p++;
    enclose(declarator);
    if (declarator->bytes[0] == '(')
        eld_gcc2_append(declarator, " ");
    eld_gcc2_append(declarator, "[");
    int is_parsed = parse_bounds(parser, declarator);
    eld_gcc2_append(declarator, "]");
    return is_parsed;
}

/* M class [C] F types _ type, or O class _ type. */
static int parse_member(struct gcc2_parser *parser,
                        struct gcc2_text *declarator)
{
    int is_method = *parser->p++ == 'M';
    struct gcc2_text class;

    eld_gcc2_clear(&class);
    if (!eld_gcc2_parse_class(parser, &class, NULL))
        return 0;
    eld_gcc2_prepend(declarator, "::");
    eld_gcc2_prepend(declarator, class.bytes);
    if (!is_method)
        return *parser->p++ == '_';
    eld_gcc2_prepend(declarator, "(");
    eld_gcc2_append(declarator, ")");
    int is_const = *parser->p == 'C';
    parser->p += is_const;
    if (*parser->p++ != 'F' || !parse_nested_arguments(parser, declarator) ||
        *parser->p++ != '_')
        return 0;
    if (is_const)
        eld_gcc2_append(declarator, " const");
    return 1;
}

static const char *simple_type(char letter)
{
    switch (letter) {
    case 'v':
        return "void";
    case 'b':
        return "bool";
    case 'c':
        return "char";
    case 's':
        return "short";
    case 'i':
        return "int";
    case 'l':
        return "long";
    case 'x':
        return "long long";
    case 'w':
        return "wchar_t";
    case 'f':
        return "float";
    case 'd':
        return "double";
    case 'r':
        return "long double";
    }
    return NULL;
}

/* What is left of a type when its prefixes are off. */
static int parse_base(struct gcc2_parser *parser, struct gcc2_text *out)
{
    const char *prefix = "";

    if (*parser->p == 'G')
        parser->p++;
    if (eld_gcc2_starts_class(*parser->p))
        return eld_gcc2_parse_class(parser, out, NULL);
    if (*parser->p == 'X')
        return parse_parameter(parser, out);
    for (; *parser->p == 'U' || *parser->p == 'S' || *parser->p == 'J';
         parser->p++)
        prefix = *parser->p == 'U'   ? "unsigned "
                 : *parser->p == 'S' ? "signed "
                                     : "__complex__ ";
    const char *name = simple_type(*parser->p);
    if (name == NULL)
        return 0;
    eld_gcc2_append(out, prefix);
    eld_gcc2_append(out, name);
    parser->p++;
    return 1;
}

/* Takes a prefix off: 1; 0 when there is none; -1 when it is wrong. */
static int parse_prefix(struct gcc2_parser *parser,
                        struct gcc2_text *declarator)
{
    switch (*parser->p) {
    case 'P':
        modify(declarator, "*");
        break;
    case 'R':
        modify(declarator, "&");
        break;
    case 'C':
        modify(declarator, " const");
        break;
    case 'V':
        modify(declarator, " volatile");
        break;
    case 'A':
        return parse_array(parser, declarator) ? 1 : -1;
    case 'F':
        return parse_function(parser, declarator) ? 1 : -1;
    case 'M':
    case 'O':
        return parse_member(parser, declarator) ? 1 : -1;
    default:
        return 0;
    }
    parser->p++;
    return 1;
}

static int parse_whole_type(struct gcc2_parser *parser, struct gcc2_text *out)
{
    struct gcc2_text declarator;
    unsigned index;
    int found;

    eld_gcc2_clear(&declarator);
    while ((found = parse_prefix(parser, &declarator)) == 1) {
        if (declarator.is_full) {
            parser->is_too_long = 1;
            return 0;
        }
    }
    if (found < 0)
        return 0;
    if (*parser->p == 'T') {
        /* The rest is a type seen before, with its own prefixes. */
        parser->p++;
        if (!eld_gcc2_parse_count(parser, &index) ||
            index >= parser->type_count ||
            !parse_remembered(parser, parser->types[index], out))
            return 0;
    } else if (!parse_base(parser, out)) {
        return 0;
    }
    modify(&declarator, "");
    eld_gcc2_append(out, declarator.bytes);
    parser->is_too_long |= out->is_full || declarator.is_full;
    return !parser->is_too_long;
}

int eld_gcc2_parse_type(struct gcc2_parser *parser, struct gcc2_text *out)
{
    if (parser->depth >= DEPTH_MAX || parser->steps++ >= STEPS_MAX) {
        parser->is_too_long = 1;
        return 0;
    }
    parser->depth++;
    int is_parsed = parse_whole_type(parser, out);
    parser->depth--;
    return is_parsed;
}
