/* demangle.c -- C++ names as gcc 2 mangles them. */
/* SPDX-License-Identifier: MIT */
/*
 * The encoding (GNU C++ ABI of gcc 2): NAME__SIGNATURE. A signature is
 *
 *     F types            a function
 *     [C] class types    a member of a class (or namespace), C: const
 *     H n t-args _ types _ type   a template function and its result
 *
 * a class is 5BView, Q25Outer5Inner, t4List1Zi; a type is a letter, a class,
 * or one of the prefixes P R C V U S A F M and a type. Tn and Nmn repeat the
 * n-th type seen so far, the class of a member being the first. Special
 * names are __5BView (constructor), _._5BView (destructor), __pl (operator),
 * _vt.5BView, _5BView.member, __tf, __ti, __thunk_n_, _GLOBAL_.I.
 */

#include "gcc2.h"

#include <ctype.h>
#include <elfload/elf_demangle.h>
#include <stdio.h>
#include <string.h>

/* ---- functions ---- */

static const struct {
    const char *code, *name;
} operators[] = {
    {"nw", " new"}, {"dl", " delete"}, {"vn", " new[]"}, {"vd", " delete[]"},
    {"as", "="},    {"ne", "!="},      {"eq", "=="},     {"ge", ">="},
    {"gt", ">"},    {"le", "<="},      {"lt", "<"},      {"pl", "+"},
    {"apl", "+="},  {"mi", "-"},       {"ami", "-="},    {"ml", "*"},
    {"amu", "*="},  {"aml", "*="},     {"dv", "/"},      {"adv", "/="},
    {"md", "%"},    {"amd", "%="},     {"er", "^"},      {"aer", "^="},
    {"ad", "&"},    {"aad", "&="},     {"or", "|"},      {"aor", "|="},
    {"aa", "&&"},   {"oo", "||"},      {"nt", "!"},      {"co", "~"},
    {"pp", "++"},   {"mm", "--"},      {"ls", "<<"},     {"als", "<<="},
    {"rs", ">>"},   {"ars", ">>="},    {"cl", "()"},     {"vc", "[]"},
    {"rf", "->"},   {"rm", "->*"},     {"cm", ", "},     {"cn", "?:"},
    {"mx", ">?"},   {"mn", "<?"},
};

/* The name before the underscores: __pl, __opPc (conversion), or itself. */
static int name_function(struct gcc2_parser *parser, const char *name,
                         size_t size, struct gcc2_text *out)
{
    eld_gcc2_clear(out);
    if (size > 4 && strncmp(name, "__op", 4) == 0) {
        struct gcc2_text type;
        const char *saved = parser->p;

        parser->p = name + 4;
        eld_gcc2_clear(&type);
        int is_parsed =
            eld_gcc2_parse_type(parser, &type) && parser->p == name + size;
        parser->p = saved;
        if (is_parsed) {
            eld_gcc2_append(out, "operator ");
            eld_gcc2_append(out, type.bytes);
            return 1;
        }
    }
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        const char *code = operators[i].code;

        if (size == strlen(code) + 2 && strncmp(name, "__", 2) == 0 &&
            strncmp(name + 2, code, size - 2) == 0) {
            eld_gcc2_append(out, "operator");
            eld_gcc2_append(out, operators[i].name);
            return 1;
        }
    }
    eld_gcc2_insert(out, 0, name, size);
    return out->size > 0;
}

/* H n args _: the parameters are kept for the types that name them. */
static int parse_template_parameters(struct gcc2_parser *parser,
                                     struct gcc2_text *name)
{
    unsigned count;

    parser->p++;
    if (!eld_gcc2_parse_count(parser, &count) || count == 0 ||
        count > GCC2_PARAMETERS_MAX)
        return 0;
    eld_gcc2_append(name, "<");
    for (unsigned i = 0; i < count; i++) {
        struct gcc2_text argument;

        eld_gcc2_clear(&argument);
        if (!eld_gcc2_parse_template_argument(parser, &argument) ||
            argument.size >= GCC2_PARAMETER_SIZE)
            return 0;
        memcpy(parser->parameters[i], argument.bytes, argument.size + 1);
        if (i > 0)
            eld_gcc2_append(name, ", ");
        eld_gcc2_append(name, argument.bytes);
    }
    parser->parameter_count = count;
    eld_gcc2_append(name, name->bytes[name->size - 1] == '>' ? " >" : ">");
    return *parser->p++ == '_';
}

/* Writes "class::name(types) const" for a signature; name "": constructor. */
static int parse_signature(struct gcc2_parser *parser, struct gcc2_text *name,
                           struct gcc2_text *out)
{
    int is_const = 0, is_template = *parser->p == 'H', has_class = 0;
    struct gcc2_text last;

    eld_gcc2_clear(out);
    eld_gcc2_clear(&last);
    if (is_template && !parse_template_parameters(parser, name))
        return 0;
    while (*parser->p == 'C' || *parser->p == 'V' || *parser->p == 'S')
        is_const |= *parser->p++ == 'C';
    const char *class = parser->p;
    if (eld_gcc2_starts_class(*class)) {
        has_class = 1;
        if (!eld_gcc2_parse_class(parser, out, &last))
            return 0;
        eld_gcc2_remember(parser, class);
        eld_gcc2_append(out, "::");
    } else if (*class != 'F' && !is_template) {
        return 0;
    }
    if (*parser->p == 'F')
        parser->p++;
    else if (!has_class && !is_template)
        return 0;
    if (name->size == 0 && !has_class)
        return 0;
    eld_gcc2_append(out, name->size > 0 ? name->bytes : last.bytes);
    if (!eld_gcc2_parse_arguments(parser, out))
        return 0;
    if (is_const)
        eld_gcc2_append(out, " const");
    if (is_template && *parser->p == '_') {
        eld_gcc2_clear(&last);
        parser->p++;
        if (!eld_gcc2_parse_type(parser, &last))
            return 0;
        eld_gcc2_prepend(out, " ");
        eld_gcc2_prepend(out, last.bytes);
    }
    return *parser->p == '\0' && !out->is_full;
}

static void start(struct gcc2_parser *parser, const char *p)
{
    parser->p = p;
    parser->type_count = 0;
    parser->depth = 0;
    parser->nesting = 0;
    parser->parameter_count = 0;
}

/* Tries each "__" as the end of the name. */
static int parse_any_function(struct gcc2_parser *parser, const char *mangled,
                              struct gcc2_text *out)
{
    struct gcc2_text name;

    for (const char *at = strstr(mangled, "__"); at != NULL;
         at = strstr(at + 1, "__")) {
        /* A name may end with underscores itself. */
        while (at[2] == '_')
            at++;
        start(parser, at + 2);
        eld_gcc2_clear(&name);
        if (at > mangled &&
            !name_function(parser, mangled, (size_t)(at - mangled), &name))
            continue;
        if (parse_signature(parser, &name, out))
            return 1;
    }
    return 0;
}

/* ---- special names ---- */

static int is_marker(char letter)
{
    return letter == '.' || letter == '$';
}

/* Classes with markers between them, of a table in a table. */
static int parse_table(struct gcc2_parser *parser, const char *p,
                       struct gcc2_text *out)
{
    start(parser, p);
    for (;;) {
        if (!eld_gcc2_starts_class(*parser->p) ||
            !eld_gcc2_parse_class(parser, out, NULL))
            return 0;
        if (!is_marker(*parser->p))
            break;
        parser->p++;
        eld_gcc2_append(out, "::");
    }
    eld_gcc2_prepend(out, "vtable for ");
    return *parser->p == '\0';
}

/* _5BView.member */
static int parse_static_member(struct gcc2_parser *parser, const char *p,
                               struct gcc2_text *out)
{
    start(parser, p);
    if (!eld_gcc2_starts_class(*p) ||
        !eld_gcc2_parse_class(parser, out, NULL) || !is_marker(*parser->p) ||
        parser->p[1] == '\0')
        return 0;
    eld_gcc2_append(out, "::");
    eld_gcc2_append(out, parser->p + 1);
    return 1;
}

static int parse_destructor(struct gcc2_parser *parser, const char *p,
                            struct gcc2_text *out)
{
    struct gcc2_text last;

    start(parser, p);
    eld_gcc2_clear(&last);
    if (!eld_gcc2_starts_class(*p) ||
        !eld_gcc2_parse_class(parser, out, &last) || *parser->p != '\0')
        return 0;
    eld_gcc2_append(out, "::~");
    eld_gcc2_append(out, last.bytes);
    eld_gcc2_append(out, "()");
    return 1;
}

static int parse_type_info(struct gcc2_parser *parser, const char *p,
                           const char *what, struct gcc2_text *out)
{
    start(parser, p);
    eld_gcc2_append(out, what);
    return eld_gcc2_parse_type(parser, out) && *parser->p == '\0';
}

static int has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int parse_special(struct gcc2_parser *parser, const char *m,
                         struct gcc2_text *out)
{
    eld_gcc2_clear(out);
    if (m[0] == '_' && is_marker(m[1]) && m[2] == '_')
        return parse_destructor(parser, m + 3, out);
    if (has_prefix(m, "_vt") && is_marker(m[3]))
        return parse_table(parser, m + 4, out);
    if (has_prefix(m, "__vt_"))
        return parse_table(parser, m + 5, out);
    if (has_prefix(m, "__tf"))
        return parse_type_info(parser, m + 4, "typeinfo fn for ", out);
    if (has_prefix(m, "__ti"))
        return parse_type_info(parser, m + 4, "typeinfo for ", out);
    return m[0] == '_' && parse_static_member(parser, m + 1, out);
}

/* "__thunk_4_" and "_GLOBAL_.I." go before another name. */
static const char *skip_outer(const char *m, struct gcc2_text *outer)
{
    static const char keyed[] = "_GLOBAL_";
    char text[64];

    eld_gcc2_clear(outer);
    if (has_prefix(m, keyed) && is_marker(m[8]) &&
        (m[9] == 'I' || m[9] == 'D') && is_marker(m[10])) {
        eld_gcc2_append(outer, m[9] == 'I' ? "global constructors keyed to "
                                           : "global destructors keyed to ");
        return m + 11;
    }
    if (has_prefix(m, "__thunk_")) {
        size_t digits = strspn(m + 8, "0123456789");

        if (digits > 0 && digits < 10 && m[8 + digits] == '_') {
            snprintf(text, sizeof(text), "virtual function thunk (-%.*s) to ",
                     (int)digits, m + 8);
            eld_gcc2_append(outer, text);
            return m + 8 + digits + 1;
        }
    }
    return m;
}

int eld_demangle_gcc2(const char *mangled, char *text, size_t size)
{
    struct gcc2_parser parser = {.steps = 0};
    struct gcc2_text outer, out;
    const char *inner = skip_outer(mangled, &outer);

    if (!parse_special(&parser, inner, &out) &&
        !parse_any_function(&parser, inner, &out)) {
        if (parser.is_too_long)
            return ELD_ERR_TOO_LONG;
        /* Constructors of a file are keyed to any name in it. */
        if (!has_prefix(outer.bytes, "global") || *inner == '\0')
            return ELD_ERR_NOT_FOUND;
        eld_gcc2_clear(&out);
        eld_gcc2_append(&out, inner);
    }
    eld_gcc2_prepend(&out, outer.bytes);
    if (out.is_full || out.size >= size)
        return ELD_ERR_TOO_LONG;
    memcpy(text, out.bytes, out.size + 1);
    return (int)out.size;
}
