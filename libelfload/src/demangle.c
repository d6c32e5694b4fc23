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

#include <ctype.h>
#include <elfload/elf_demangle.h>
#include <stdio.h>
#include <string.h>

enum {
    TEXT_MAX = 2048,  /* of a part */
    DEPTH_MAX = 16,   /* of types within types */
    TYPES_MAX = 64,   /* remembered */
    STEPS_MAX = 4096, /* types read: repeating ones multiply */
    PARAMETERS_MAX = 16,
    PARAMETER_SIZE = 128
};

struct text {
    char bytes[TEXT_MAX];
    size_t size;
    int is_full;
};

struct parser {
    const char *p;
    const char *types[TYPES_MAX];
    unsigned type_count, depth, steps, nesting;
    unsigned parameter_count; /* of a template function */
    char parameters[PARAMETERS_MAX][PARAMETER_SIZE];
    int is_too_long;
};

/* ---- text ---- */

static void clear(struct text *text)
{
    text->size = 0;
    text->is_full = 0;
    text->bytes[0] = '\0';
}

static void insert(struct text *text, size_t at, const char *bytes, size_t size)
{
    if (size >= TEXT_MAX - text->size) {
        text->is_full = 1;
        return;
    }
    memmove(text->bytes + at + size, text->bytes + at, text->size - at + 1);
    memcpy(text->bytes + at, bytes, size);
    text->size += size;
}

static void append(struct text *text, const char *string)
{
    insert(text, text->size, string, strlen(string));
}

static void prepend(struct text *text, const char *string)
{
    insert(text, 0, string, strlen(string));
}

/* ---- numbers and names ---- */

static int parse_number(struct parser *parser, unsigned *number)
{
    *number = 0;
    if (!isdigit((unsigned char)*parser->p))
        return 0;
    while (isdigit((unsigned char)*parser->p)) {
        if (*number > 100000)
            return 0;
        *number = *number * 10 + (unsigned)(*parser->p++ - '0');
    }
    return 1;
}

/* One digit, or several that an underscore ends. */
static int parse_count(struct parser *parser, unsigned *number)
{
    const char *start = parser->p;

    if (parse_number(parser, number) && *parser->p == '_' &&
        parser->p - start > 1) {
        parser->p++;
        return 1;
    }
    parser->p = start;
    if (!isdigit((unsigned char)*start))
        return 0;
    *number = (unsigned)(*parser->p++ - '0');
    return 1;
}

/* One digit, or several between underscores. */
static int parse_enclosed_count(struct parser *parser, unsigned *number)
{
    if (*parser->p == '_') {
        parser->p++;
        return parse_number(parser, number) && *parser->p++ == '_';
    }
    if (!isdigit((unsigned char)*parser->p))
        return 0;
    *number = (unsigned)(*parser->p++ - '0');
    return 1;
}

/* A length and so many characters. */
static int parse_identifier(struct parser *parser, struct text *out)
{
    static const char anonymous[] = "_GLOBAL_";
    unsigned size;

    if (!parse_number(parser, &size) || size == 0 ||
        strnlen(parser->p, size) < size)
        return 0;
    if (size > sizeof(anonymous) &&
        strncmp(parser->p, anonymous, sizeof(anonymous) - 1) == 0 &&
        !isalnum((unsigned char)parser->p[8]) && parser->p[9] == 'N')
        append(out, "(anonymous namespace)");
    else
        insert(out, out->size, parser->p, size);
    parser->p += size;
    return 1;
}

/* ---- classes ---- */

static int parse_type(struct parser *parser, struct text *out);

static int parse_symbol_value(struct parser *parser, struct text *out)
{
    append(out, "&");
    return parse_identifier(parser, out);
}

/* A template's argument that is a value of a type; first: of the type. */
static int parse_value(struct parser *parser, char first, struct text *out)
{
    struct text digits;
    unsigned number;

    if (first == 'P' || first == 'R')
        return parse_symbol_value(parser, out);
    if (*parser->p == 'm') {
        append(out, "-");
        parser->p++;
    }
    int is_closed = *parser->p == '_';
    parser->p += is_closed;
    if (!parse_number(parser, &number) || (is_closed && *parser->p++ != '_'))
        return 0;
    clear(&digits);
    snprintf(digits.bytes, sizeof(digits.bytes), "%u", number);
    if (first == 'b')
        append(out, number ? "true" : "false");
    else
        append(out, digits.bytes);
    return 1;
}

static int parse_template_argument(struct parser *parser, struct text *out)
{
    struct text type;

    if (*parser->p == 'Z') {
        parser->p++;
        return parse_type(parser, out);
    }
    const char *first = parser->p;
    while (*first == 'C' || *first == 'V' || *first == 'U' || *first == 'S')
        first++;
    clear(&type);
    return parse_type(parser, &type) && parse_value(parser, *first, out);
}

static int parse_template_arguments(struct parser *parser, struct text *out)
{
    unsigned count;

    if (!parse_count(parser, &count))
        return 0;
    append(out, "<");
    for (unsigned i = 0; i < count; i++) {
        if (i > 0)
            append(out, ", ");
        if (out->is_full || !parse_template_argument(parser, out))
            return 0;
    }
    append(out, out->size > 0 && out->bytes[out->size - 1] == '>' ? " >" : ">");
    return 1;
}

/* One part of a qualified name; last: its name without arguments. */
static int parse_component(struct parser *parser, struct text *out,
                           struct text *last)
{
    size_t start;

    if (*parser->p == 't') {
        parser->p++;
        start = out->size;
        if (!parse_identifier(parser, out))
            return 0;
        if (last != NULL) {
            clear(last);
            append(last, out->bytes + start);
        }
        return parse_template_arguments(parser, out);
    }
    start = out->size;
    if (!parse_identifier(parser, out))
        return 0;
    if (last != NULL) {
        clear(last);
        append(last, out->bytes + start);
    }
    return 1;
}

/* Q2 or Q_12_: so many parts. */
static int parse_qualified(struct parser *parser, struct text *out,
                           struct text *last)
{
    unsigned count;

    parser->p++;
    if (!parse_enclosed_count(parser, &count))
        return 0;
    if (*parser->p == '_')
        parser->p++;
    for (unsigned i = 0; i < count; i++) {
        if (i > 0)
            append(out, "::");
        if (out->is_full || !parse_component(parser, out, last))
            return 0;
    }
    return count > 0;
}

static int starts_class(char letter)
{
    return isdigit((unsigned char)letter) || letter == 'Q' || letter == 't';
}

static int parse_class(struct parser *parser, struct text *out,
                       struct text *last)
{
    if (*parser->p == 'Q')
        return parse_qualified(parser, out, last);
    return parse_component(parser, out, last);
}

/* ---- types ---- */

static void remember(struct parser *parser, const char *type)
{
    /* Arguments of functions that are arguments do not count. */
    if (parser->nesting == 0 && parser->type_count < TYPES_MAX)
        parser->types[parser->type_count++] = type;
}

static int parse_remembered(struct parser *parser, const char *type,
                            struct text *out)
{
    const char *saved = parser->p;

    parser->p = type;
    int is_parsed = parse_type(parser, out);
    parser->p = saved;
    return is_parsed;
}

/* Tn or Nmn: appends the n-th type, m times. */
static int parse_repeated(struct parser *parser, struct text *out)
{
    int is_many = *parser->p++ == 'N';
    unsigned times = 1, index;

    if ((is_many && !parse_count(parser, &times)) ||
        !parse_count(parser, &index) || index >= parser->type_count)
        return 0;
    const char *type = parser->types[index];
    for (unsigned i = 0; i < times; i++) {
        if (i > 0)
            append(out, ", ");
        remember(parser, type);
        if (out->is_full || !parse_remembered(parser, type, out))
            return 0;
    }
    return 1;
}

/* Types up to the end, or to an underscore. */
static int parse_arguments(struct parser *parser, struct text *out)
{
    int is_first = 1;

    append(out, "(");
    while (*parser->p != '\0' && *parser->p != '_') {
        if (!is_first)
            append(out, ", ");
        if (out->is_full)
            return 0;
        const char *start = parser->p;
        if (*start == 'e') {
            append(out, "...");
            parser->p++;
        } else if (*start == 'v' && is_first) {
            parser->p++;
            break;
        } else if (*start == 'N' || *start == 'T') {
            if (!parse_repeated(parser, out))
                return 0;
        } else {
            remember(parser, start);
            if (!parse_type(parser, out))
                return 0;
        }
        is_first = 0;
    }
    append(out, ")");
    return 1;
}

static int parse_nested_arguments(struct parser *parser, struct text *out)
{
    parser->nesting++;
    int is_parsed = parse_arguments(parser, out);
    parser->nesting--;
    return is_parsed;
}

/* Puts a modifier before a declarator, apart from all but other modifiers. */
static void modify(struct text *declarator, const char *modifier)
{
    char first = declarator->bytes[0];

    if (first == '(' || first == '[' || first == '_' ||
        isalpha((unsigned char)first))
        prepend(declarator, " ");
    prepend(declarator, modifier);
}

/* Brackets what a function or an array of it would otherwise be. */
static void enclose(struct text *declarator)
{
    if (declarator->bytes[0] == '*' || declarator->bytes[0] == '&') {
        prepend(declarator, "(");
        append(declarator, ")");
    }
}

static int parse_function(struct parser *parser, struct text *declarator)
{
    parser->p++;
    enclose(declarator);
    return parse_nested_arguments(parser, declarator) && *parser->p++ == '_';
}

static int parse_array(struct parser *parser, struct text *declarator)
{
    unsigned size;
    char bounds[16] = "[]";

    parser->p++;
    enclose(declarator);
    if (declarator->bytes[0] == '(')
        append(declarator, " ");
    if (*parser->p != '_') {
        if (!parse_number(parser, &size))
            return 0;
        snprintf(bounds, sizeof(bounds), "[%u]", size);
    }
    append(declarator, bounds);
    return *parser->p++ == '_';
}

/* M class [C] F types _ type, or O class _ type. */
static int parse_member(struct parser *parser, struct text *declarator)
{
    int is_method = *parser->p++ == 'M';
    struct text class;

    clear(&class);
    if (!parse_class(parser, &class, NULL))
        return 0;
    prepend(declarator, "::");
    prepend(declarator, class.bytes);
    if (!is_method)
        return *parser->p++ == '_';
    prepend(declarator, "(");
    append(declarator, ")");
    int is_const = *parser->p == 'C';
    parser->p += is_const;
    if (*parser->p++ != 'F' || !parse_nested_arguments(parser, declarator) ||
        *parser->p++ != '_')
        return 0;
    if (is_const)
        append(declarator, " const");
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

/* Xij: parameter i of the template function, at level j. */
static int parse_parameter(struct parser *parser, struct text *out)
{
    unsigned index, level;

    parser->p++;
    if (!parse_enclosed_count(parser, &index) ||
        !parse_enclosed_count(parser, &level) ||
        index >= parser->parameter_count)
        return 0;
    append(out, parser->parameters[index]);
    return 1;
}

/* What is left of a type when its prefixes are off. */
static int parse_base(struct parser *parser, struct text *out)
{
    const char *prefix = "";

    if (*parser->p == 'G')
        parser->p++;
    if (starts_class(*parser->p))
        return parse_class(parser, out, NULL);
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
    append(out, prefix);
    append(out, name);
    parser->p++;
    return 1;
}

/* Takes a prefix off: 1; 0 when there is none; -1 when it is wrong. */
static int parse_prefix(struct parser *parser, struct text *declarator)
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

static int parse_whole_type(struct parser *parser, struct text *out)
{
    struct text declarator;
    unsigned index;
    int found;

    clear(&declarator);
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
        if (!parse_count(parser, &index) || index >= parser->type_count ||
            !parse_remembered(parser, parser->types[index], out))
            return 0;
    } else if (!parse_base(parser, out)) {
        return 0;
    }
    modify(&declarator, "");
    append(out, declarator.bytes);
    parser->is_too_long |= out->is_full || declarator.is_full;
    return !parser->is_too_long;
}

static int parse_type(struct parser *parser, struct text *out)
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
static int name_function(struct parser *parser, const char *name, size_t size,
                         struct text *out)
{
    clear(out);
    if (size > 4 && strncmp(name, "__op", 4) == 0) {
        struct text type;
        const char *saved = parser->p;

        parser->p = name + 4;
        clear(&type);
        int is_parsed = parse_type(parser, &type) && parser->p == name + size;
        parser->p = saved;
        if (is_parsed) {
            append(out, "operator ");
            append(out, type.bytes);
            return 1;
        }
    }
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        const char *code = operators[i].code;

        if (size == strlen(code) + 2 && strncmp(name, "__", 2) == 0 &&
            strncmp(name + 2, code, size - 2) == 0) {
            append(out, "operator");
            append(out, operators[i].name);
            return 1;
        }
    }
    insert(out, 0, name, size);
    return out->size > 0;
}

/* H n args _: the parameters are kept for the types that name them. */
static int parse_template_parameters(struct parser *parser, struct text *name)
{
    unsigned count;

    parser->p++;
    if (!parse_count(parser, &count) || count == 0 || count > PARAMETERS_MAX)
        return 0;
    append(name, "<");
    for (unsigned i = 0; i < count; i++) {
        struct text argument;

        clear(&argument);
        if (!parse_template_argument(parser, &argument) ||
            argument.size >= PARAMETER_SIZE)
            return 0;
        memcpy(parser->parameters[i], argument.bytes, argument.size + 1);
        if (i > 0)
            append(name, ", ");
        append(name, argument.bytes);
    }
    parser->parameter_count = count;
    append(name, name->bytes[name->size - 1] == '>' ? " >" : ">");
    return *parser->p++ == '_';
}

/* Writes "class::name(types) const" for a signature; name "": constructor. */
static int parse_signature(struct parser *parser, struct text *name,
                           struct text *out)
{
    int is_const = 0, is_template = *parser->p == 'H', has_class = 0;
    struct text last;

    clear(out);
    clear(&last);
    if (is_template && !parse_template_parameters(parser, name))
        return 0;
    while (*parser->p == 'C' || *parser->p == 'V' || *parser->p == 'S')
        is_const |= *parser->p++ == 'C';
    const char *class = parser->p;
    if (starts_class(*class)) {
        has_class = 1;
        if (!parse_class(parser, out, &last))
            return 0;
        remember(parser, class);
        append(out, "::");
    } else if (*class != 'F' && !is_template) {
        return 0;
    }
    if (*parser->p == 'F')
        parser->p++;
    else if (!has_class && !is_template)
        return 0;
    if (name->size == 0 && !has_class)
        return 0;
    append(out, name->size > 0 ? name->bytes : last.bytes);
    if (!parse_arguments(parser, out))
        return 0;
    if (is_const)
        append(out, " const");
    if (is_template && *parser->p == '_') {
        clear(&last);
        parser->p++;
        if (!parse_type(parser, &last))
            return 0;
        prepend(out, " ");
        prepend(out, last.bytes);
    }
    return *parser->p == '\0' && !out->is_full;
}

static void start(struct parser *parser, const char *p)
{
    parser->p = p;
    parser->type_count = 0;
    parser->depth = 0;
    parser->nesting = 0;
    parser->parameter_count = 0;
}

/* Tries each "__" as the end of the name. */
static int parse_any_function(struct parser *parser, const char *mangled,
                              struct text *out)
{
    struct text name;

    for (const char *at = strstr(mangled, "__"); at != NULL;
         at = strstr(at + 1, "__")) {
        /* A name may end with underscores itself. */
        while (at[2] == '_')
            at++;
        start(parser, at + 2);
        clear(&name);
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
static int parse_table(struct parser *parser, const char *p, struct text *out)
{
    start(parser, p);
    for (;;) {
        if (!starts_class(*parser->p) || !parse_class(parser, out, NULL))
            return 0;
        if (!is_marker(*parser->p))
            break;
        parser->p++;
        append(out, "::");
    }
    prepend(out, "vtable for ");
    return *parser->p == '\0';
}

/* _5BView.member */
static int parse_static_member(struct parser *parser, const char *p,
                               struct text *out)
{
    start(parser, p);
    if (!starts_class(*p) || !parse_class(parser, out, NULL) ||
        !is_marker(*parser->p) || parser->p[1] == '\0')
        return 0;
    append(out, "::");
    append(out, parser->p + 1);
    return 1;
}

static int parse_destructor(struct parser *parser, const char *p,
                            struct text *out)
{
    struct text last;

    start(parser, p);
    clear(&last);
    if (!starts_class(*p) || !parse_class(parser, out, &last) ||
        *parser->p != '\0')
        return 0;
    append(out, "::~");
    append(out, last.bytes);
    append(out, "()");
    return 1;
}

static int parse_type_info(struct parser *parser, const char *p,
                           const char *what, struct text *out)
{
    start(parser, p);
    append(out, what);
    return parse_type(parser, out) && *parser->p == '\0';
}

static int has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int parse_special(struct parser *parser, const char *m, struct text *out)
{
    clear(out);
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
static const char *skip_outer(const char *m, struct text *outer)
{
    static const char keyed[] = "_GLOBAL_";
    char text[64];

    clear(outer);
    if (has_prefix(m, keyed) && is_marker(m[8]) &&
        (m[9] == 'I' || m[9] == 'D') && is_marker(m[10])) {
        append(outer, m[9] == 'I' ? "global constructors keyed to "
                                  : "global destructors keyed to ");
        return m + 11;
    }
    if (has_prefix(m, "__thunk_")) {
        size_t digits = strspn(m + 8, "0123456789");

        if (digits > 0 && digits < 10 && m[8 + digits] == '_') {
            snprintf(text, sizeof(text), "virtual function thunk (-%.*s) to ",
                     (int)digits, m + 8);
            append(outer, text);
            return m + 8 + digits + 1;
        }
    }
    return m;
}

int eld_demangle_gcc2(const char *mangled, char *text, size_t size)
{
    struct parser parser = {.steps = 0};
    struct text outer, out;
    const char *inner = skip_outer(mangled, &outer);

    if (!parse_special(&parser, inner, &out) &&
        !parse_any_function(&parser, inner, &out)) {
        if (parser.is_too_long)
            return ELD_ERR_TOO_LONG;
        /* Constructors of a file are keyed to any name in it. */
        if (!has_prefix(outer.bytes, "global") || *inner == '\0')
            return ELD_ERR_NOT_FOUND;
        clear(&out);
        append(&out, inner);
    }
    prepend(&out, outer.bytes);
    if (out.is_full || out.size >= size)
        return ELD_ERR_TOO_LONG;
    memcpy(text, out.bytes, out.size + 1);
    return (int)out.size;
}
