/* package_info.c -- the text of a .PackageInfo to attributes of a package. */
/* SPDX-License-Identifier: MIT */
#include "package_write.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * The text is a list of items, `name value` or `name { value; value }`.
 * Newlines and semicolons end what has parts that may be left out, and can be
 * left out themselves elsewhere; words may be quoted, and `#` begins a comment.
 */
enum token_kind {
    TOKEN_END,
    TOKEN_SEPARATOR,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_OPERATOR,
    TOKEN_WORD
};

enum { WORD_MAX = 1 << 16 };

struct parser {
    const char *at;
    int line;
    struct hk_package_tree *tree;
    struct hk_package_list top;
    struct hk_package_fault *fault;
    enum token_kind kind; /* of the token that is next */
    int token_line;
    unsigned operator_kind; /* as the format numbers them, or OPERATOR_IS */
    char word[WORD_MAX];
};

/* `=`, which says a version where the others compare one. */
enum { OPERATOR_IS = 6 };

static const char *const operators[] = {"<", "<=", "==", "!=", ">=", ">", "="};

static int fail(const struct parser *parser, const char *what)
{
    return hk_package_fail(parser->fault, HK_PACKAGE_ERR_INPUT, "%s:%d: %s",
                           HK_PACKAGE_INFO_NAME, parser->token_line, what);
}

static int fail_word(const struct parser *parser, const char *what)
{
    return hk_package_fail(parser->fault, HK_PACKAGE_ERR_INPUT,
                           "%s:%d: \"%.60s\": %s", HK_PACKAGE_INFO_NAME,
                           parser->token_line, parser->word, what);
}

/* ---- tokens ---- */

/* Skips blanks and comments. 1: newlines or semicolons were among them. */
static int skip_blanks(struct parser *parser)
{
    int separated = 0;

    for (;; parser->at++) {
        if (*parser->at == '#')
            parser->at += strcspn(parser->at, "\n");
        if (parser->at[0] == '\\' && parser->at[1] == '\n') {
            parser->line++;
            parser->at++;
            continue;
        }
        if (*parser->at == '\0' ||
            (!isspace((unsigned char)*parser->at) && *parser->at != ';'))
            return separated;
        separated |= *parser->at == '\n' || *parser->at == ';';
        parser->line += *parser->at == '\n';
    }
}

static int read_operator(struct parser *parser)
{
    size_t best = 0;

    for (unsigned i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        size_t length = strlen(operators[i]);

        if (length > best && strncmp(parser->at, operators[i], length) == 0) {
            best = length;
            parser->operator_kind = i;
        }
    }
    parser->at += best;
    return best > 0;
}

static int append(struct parser *parser, size_t *length, char c)
{
    if (*length + 1 == WORD_MAX)
        return fail(parser, "a word of more than 64 KiB");
    parser->word[(*length)++] = c;
    return 0;
}

static char escaped(char c)
{
    return c == 'n' ? '\n' : c == 't' ? '\t' : c;
}

/* A word ends at a blank or an operator; parts of it may be quoted. */
static int read_word(struct parser *parser)
{
    size_t length = 0;
    char quote = '\0';
    int error = 0;

    for (; error == 0 && *parser->at != '\0'; parser->at++) {
        char c = *parser->at;

        parser->line += c == '\n';
        if (quote == '\0' &&
            (isspace((unsigned char)c) || strchr("{}<>=!;", c) != NULL)) {
            parser->line -= c == '\n';
            break;
        }
        if (c == quote) {
            quote = '\0';
        } else if (quote == '\0' && (c == '"' || c == '\'')) {
            quote = c;
        } else if (c == '\\' && parser->at[1] != '\0') {
            c = *++parser->at;
            parser->line += c == '\n';
            error = append(parser, &length, quote != '\0' ? escaped(c) : c);
        } else {
            error = append(parser, &length, c);
        }
    }
    parser->word[length] = '\0';
    if (error == 0 && quote != '\0')
        return fail(parser, "a quoted string without end");
    return error;
}

/* Reads the next token. */
static int next(struct parser *parser)
{
    parser->kind = TOKEN_SEPARATOR;
    parser->token_line = parser->line;
    if (skip_blanks(parser))
        return 0;
    parser->token_line = parser->line;
    switch (*parser->at) {
    case '\0':
        parser->kind = TOKEN_END;
        return 0;
    case '{':
    case '}':
        parser->kind = *parser->at++ == '{' ? TOKEN_OPEN : TOKEN_CLOSE;
        return 0;
    }
    parser->kind = TOKEN_OPERATOR;
    if (read_operator(parser))
        return 0;
    parser->kind = TOKEN_WORD;
    if (*parser->at == '!')
        return fail(parser, "a word cannot begin with \"!\"");
    return read_word(parser);
}

static int is_word(const struct parser *parser, const char *word)
{
    return parser->kind == TOKEN_WORD && strcmp(parser->word, word) == 0;
}

static int expect_word(const struct parser *parser, const char *what)
{
    return parser->kind == TOKEN_WORD
               ? 0
               : hk_package_fail(parser->fault, HK_PACKAGE_ERR_INPUT,
                                 "%s:%d: expected %s", HK_PACKAGE_INFO_NAME,
                                 parser->token_line, what);
}

/* ---- words ---- */

/* Letters, digits, "_" and those in more. */
static int is_made_of_letters(const char *text, const char *more)
{
    for (; *text != '\0'; text++)
        if (!isalnum((unsigned char)*text) && *text != '_' &&
            strchr(more, *text) == NULL)
            return 0;
    return 1;
}

static int check_name(const struct parser *parser)
{
    if (parser->word[0] == '\0' || strpbrk(parser->word, "-/<>=! \t\n") != NULL)
        return fail_word(parser, "no name of a package or of what it provides");
    return 0;
}

static char *cut(char *text, int at)
{
    char *found = at == '.' ? strchr(text, at) : strrchr(text, at);

    if (found == NULL)
        return NULL;
    *found = '\0';
    return found + 1;
}

/* Adds the version that is next: major[.minor[.micro]][~pre][-revision]. */
static int add_version(struct parser *parser, struct hk_package_list *list,
                       enum hk_package_id id, int wants_revision)
{
    struct hk_package_list children = {0};
    char *revision, *prerelease, *minor, *micro, *end = NULL;
    unsigned long long number = 0;
    int error = expect_word(parser, "a version");

    if (error < 0)
        return error;
    revision = cut(parser->word, '-');
    if (revision != NULL)
        number = strtoull(revision, &end, 10);
    if ((revision != NULL && (*revision < '0' || *revision > '9' ||
                              *end != '\0' || number > UINT32_MAX)) ||
        (wants_revision && number == 0))
        return fail_word(parser, "expected a revision, -NUMBER, behind it");
    prerelease = cut(parser->word, '~');
    minor = cut(parser->word, '.');
    micro = minor != NULL ? cut(minor, '.') : NULL;
    if (parser->word[0] == '\0' || !is_made_of_letters(parser->word, "") ||
        (minor != NULL && (*minor == '\0' || !is_made_of_letters(minor, ""))) ||
        (micro != NULL && !is_made_of_letters(micro, ".")) ||
        (prerelease != NULL &&
         (*prerelease == '\0' || !is_made_of_letters(prerelease, "."))))
        return fail_word(parser, "not a version");
    children.parent = hk_tree_string(parser->tree, list, id, parser->word);
    if (minor != NULL)
        hk_tree_string(parser->tree, &children, HK_PACKAGE_VERSION_MINOR,
                       minor);
    if (micro != NULL && *micro != '\0')
        hk_tree_string(parser->tree, &children, HK_PACKAGE_VERSION_MICRO,
                       micro);
    if (prerelease != NULL)
        hk_tree_string(parser->tree, &children, HK_PACKAGE_VERSION_PRERELEASE,
                       prerelease);
    if (number != 0)
        hk_tree_number(parser->tree, &children, HK_PACKAGE_VERSION_REVISION,
                       number);
    return next(parser);
}

/* ---- values; each begins with its first word and leaves the token behind
 * it as the next ---- */

struct item;
typedef int (*value_reader)(struct parser *parser, const struct item *item);

/* What a .PackageInfo may say. */
struct item {
    const char *name;
    enum hk_package_id id;
    value_reader read;
    int is_list;      /* may be several, in braces */
    int is_mandatory; /* to Haiku's tools */
};

static int read_string(struct parser *parser, const struct item *item)
{
    if (item->id == HK_PACKAGE_SUMMARY && strchr(parser->word, '\n') != NULL)
        return fail(parser, "a summary of more than one line");
    hk_tree_string(parser->tree, &parser->top, item->id, parser->word);
    return next(parser);
}

static int read_name(struct parser *parser, const struct item *item)
{
    int error = check_name(parser);

    return error < 0 ? error : read_string(parser, item);
}

static int read_architecture(struct parser *parser, const struct item *item)
{
    const char *name;

    for (unsigned i = 0; (name = hk_package_architecture(i)) != NULL; i++) {
        if (strcasecmp(parser->word, name) != 0)
            continue;
        hk_tree_number(parser->tree, &parser->top, item->id, i);
        return next(parser);
    }
    return fail_word(parser, "not an architecture");
}

static int read_version(struct parser *parser, const struct item *item)
{
    return add_version(parser, &parser->top, item->id, 1);
}

/* All flags are one number. */
static int read_flag(struct parser *parser, const struct item *item)
{
    static const char *const flags[] = {"approve_license", "system_package"};
    struct hk_package_tree *tree = parser->tree;
    uint32_t found = hk_tree_find(tree, tree->first, item->id);
    unsigned i = strcasecmp(parser->word, flags[0]) == 0 ? 0 : 1;

    if (strcasecmp(parser->word, flags[i]) != 0)
        return fail_word(parser, "neither approve_license nor system_package");
    if (found == 0)
        found = hk_tree_number(tree, &parser->top, item->id, 0);
    if (found != 0)
        tree->attributes[found].value.number |= 1u << i;
    return next(parser);
}

/* NAME [= VERSION] [compat >= VERSION] */
static int read_resolvable(struct parser *parser, const struct item *item)
{
    struct hk_package_list children = {0};
    int error = check_name(parser);

    if (error < 0)
        return error;
    children.parent =
        hk_tree_string(parser->tree, &parser->top, item->id, parser->word);
    error = next(parser);
    if (error == 0 && parser->kind == TOKEN_OPERATOR) {
        if (parser->operator_kind != OPERATOR_IS)
            return fail(parser, "expected \"=\"");
        error = next(parser);
        if (error == 0)
            error = add_version(parser, &children, HK_PACKAGE_VERSION_MAJOR, 0);
    }
    if (error < 0 ||
        (!is_word(parser, "compat") && !is_word(parser, "compatible")))
        return error;
    error = next(parser);
    if (error == 0 && (parser->kind != TOKEN_OPERATOR ||
                       strcmp(operators[parser->operator_kind], ">=") != 0))
        return fail(parser, "expected \">=\" behind \"compat\"");
    if (error == 0)
        error = next(parser);
    return error < 0 ? error
                     : add_version(parser, &children, HK_PACKAGE_COMPATIBLE, 0);
}

/* NAME [OPERATOR VERSION [base]] */
static int read_expression(struct parser *parser, const struct item *item)
{
    struct hk_package_list children = {0};
    const char *name;
    int error = check_name(parser);

    if (error < 0)
        return error;
    children.parent =
        hk_tree_string(parser->tree, &parser->top, item->id, parser->word);
    error = next(parser);
    if (error == 0 && parser->kind == TOKEN_OPERATOR) {
        if (parser->operator_kind == OPERATOR_IS)
            return fail(parser, "expected <, <=, ==, !=, >= or >");
        hk_tree_number(parser->tree, &children, HK_PACKAGE_OPERATOR,
                       parser->operator_kind);
        error = next(parser);
        if (error == 0)
            error = add_version(parser, &children, HK_PACKAGE_VERSION_MAJOR, 0);
    }
    if (error < 0 || !is_word(parser, "base"))
        return error;
    name = children.parent != 0
               ? parser->tree->attributes[children.parent].value.string
               : "";
    hk_tree_string(parser->tree, &parser->top, HK_PACKAGE_BASE_PACKAGE, name);
    return next(parser);
}

/* PATH [directory] [keep-old | manual | auto-merge] */
static int read_writable_file(struct parser *parser, const struct item *item)
{
    static const char *const types[] = {"keep-old", "manual", "auto-merge"};
    struct hk_package_list children = {
        .parent =
            hk_tree_string(parser->tree, &parser->top, item->id, parser->word)};
    int error = next(parser);

    if (error == 0 && is_word(parser, "directory")) {
        hk_tree_number(parser->tree, &children, HK_PACKAGE_IS_DIRECTORY, 1);
        error = next(parser);
    }
    for (unsigned i = 0; error == 0 && i < 3; i++) {
        if (!is_word(parser, types[i]))
            continue;
        hk_tree_number(parser->tree, &children, HK_PACKAGE_UPDATE_TYPE, i);
        return next(parser);
    }
    return error == 0 && parser->kind == TOKEN_WORD
               ? fail_word(parser, "expected keep-old, manual or auto-merge")
               : error;
}

/* PATH [directory | template PATH] */
static int read_settings_file(struct parser *parser, const struct item *item)
{
    struct hk_package_list children = {
        .parent =
            hk_tree_string(parser->tree, &parser->top, item->id, parser->word)};
    int error = next(parser);

    if (error < 0 || parser->kind != TOKEN_WORD)
        return error;
    if (is_word(parser, "directory")) {
        hk_tree_number(parser->tree, &children, HK_PACKAGE_IS_DIRECTORY, 1);
        return next(parser);
    }
    if (!is_word(parser, "template"))
        return fail_word(parser, "expected directory or template");
    error = next(parser);
    if (error == 0)
        error = expect_word(parser, "the path of a template");
    if (error < 0)
        return error;
    hk_tree_string(parser->tree, &children, HK_PACKAGE_SETTINGS_TEMPLATE,
                   parser->word);
    return next(parser);
}

/* The rest of a user: groups NAME... */
static int read_groups(struct parser *parser, struct hk_package_list *children)
{
    int error = next(parser);

    while (error == 0 && parser->kind == TOKEN_WORD) {
        hk_tree_string(parser->tree, children, HK_PACKAGE_USER_GROUP,
                       parser->word);
        error = next(parser);
    }
    return error;
}

/* NAME [real-name TEXT] [home PATH] [shell PATH] [groups NAME...] */
static int read_user(struct parser *parser, const struct item *item)
{
    static const struct {
        const char *name;
        enum hk_package_id id;
    } parts[] = {{"real-name", HK_PACKAGE_USER_REAL_NAME},
                 {"home", HK_PACKAGE_USER_HOME},
                 {"shell", HK_PACKAGE_USER_SHELL}};
    struct hk_package_list children = {
        .parent =
            hk_tree_string(parser->tree, &parser->top, item->id, parser->word)};
    int error = next(parser);

    while (error == 0 && parser->kind == TOKEN_WORD) {
        unsigned i = 0;

        if (is_word(parser, "groups"))
            return read_groups(parser, &children);
        while (i < 3 && !is_word(parser, parts[i].name))
            i++;
        if (i == 3)
            return fail_word(parser,
                             "expected real-name, home, shell or groups");
        error = next(parser);
        if (error == 0)
            error = expect_word(parser, "a string");
        if (error < 0)
            return error;
        hk_tree_string(parser->tree, &children, parts[i].id, parser->word);
        error = next(parser);
    }
    return error;
}

static const struct item items[] = {
    {"name", HK_PACKAGE_NAME, read_name, 0, 1},
    {"version", HK_PACKAGE_VERSION_MAJOR, read_version, 0, 1},
    {"architecture", HK_PACKAGE_ARCHITECTURE, read_architecture, 0, 1},
    {"summary", HK_PACKAGE_SUMMARY, read_string, 0, 1},
    {"description", HK_PACKAGE_DESCRIPTION, read_string, 0, 1},
    {"vendor", HK_PACKAGE_VENDOR, read_string, 0, 1},
    {"packager", HK_PACKAGE_PACKAGER, read_string, 0, 1},
    {"copyrights", HK_PACKAGE_COPYRIGHT, read_string, 1, 1},
    {"licenses", HK_PACKAGE_LICENSE, read_string, 1, 1},
    {"provides", HK_PACKAGE_PROVIDES, read_resolvable, 1, 1},
    {"flags", HK_PACKAGE_FLAGS, read_flag, 1, 0},
    {"urls", HK_PACKAGE_URL, read_string, 1, 0},
    {"source-urls", HK_PACKAGE_SOURCE_URL, read_string, 1, 0},
    {"requires", HK_PACKAGE_REQUIRES, read_expression, 1, 0},
    {"supplements", HK_PACKAGE_SUPPLEMENTS, read_expression, 1, 0},
    {"conflicts", HK_PACKAGE_CONFLICTS, read_expression, 1, 0},
    {"freshens", HK_PACKAGE_FRESHENS, read_expression, 1, 0},
    {"replaces", HK_PACKAGE_REPLACES, read_name, 1, 0},
    {"base-package", HK_PACKAGE_BASE_PACKAGE, read_name, 0, 0},
    {"install-path", HK_PACKAGE_INSTALL_PATH, read_string, 0, 0},
    {"global-writable-files", HK_PACKAGE_WRITABLE_FILE, read_writable_file, 1,
     0},
    {"user-settings-files", HK_PACKAGE_SETTINGS_FILE, read_settings_file, 1, 0},
    {"users", HK_PACKAGE_PACKAGE_USER, read_user, 1, 0},
    {"groups", HK_PACKAGE_PACKAGE_GROUP, read_string, 1, 0},
    {"post-install-scripts", HK_PACKAGE_POST_INSTALL, read_string, 1, 0},
    {"pre-uninstall-scripts", HK_PACKAGE_PRE_UNINSTALL, read_string, 1, 0},
};

enum { ITEM_COUNT = sizeof(items) / sizeof(items[0]) };

/* ---- the whole ---- */

static int read_list(struct parser *parser, const struct item *item)
{
    int error = next(parser);

    while (error == 0 && parser->kind != TOKEN_CLOSE) {
        if (parser->kind == TOKEN_SEPARATOR) {
            error = next(parser);
            continue;
        }
        error = expect_word(parser, "a value or \"}\"");
        if (error == 0)
            error = item->read(parser, item);
    }
    return error < 0 ? error : next(parser);
}

static int read_item(struct parser *parser, const struct item *item)
{
    int error = next(parser);

    if (error == 0 && item->is_list && parser->kind == TOKEN_OPEN)
        return read_list(parser, item);
    if (error == 0)
        error = expect_word(parser, "a value");
    return error < 0 ? error : item->read(parser, item);
}

static int read_items(struct parser *parser)
{
    uint8_t seen[ITEM_COUNT] = {0};
    int error = next(parser);
    unsigned i;

    while (error == 0 && parser->kind != TOKEN_END) {
        if (parser->kind == TOKEN_SEPARATOR) {
            error = next(parser);
            continue;
        }
        error = expect_word(parser, "the name of an item");
        if (error < 0)
            return error;
        for (i = 0; i < ITEM_COUNT; i++)
            if (strcasecmp(parser->word, items[i].name) == 0)
                break;
        if (i == ITEM_COUNT)
            return fail_word(parser, "not an item of a .PackageInfo");
        if (seen[i]++)
            return fail_word(parser, "said twice");
        error = read_item(parser, &items[i]);
    }
    for (i = 0; error == 0 && i < ITEM_COUNT; i++)
        if (items[i].is_mandatory && !seen[i])
            return hk_package_fail(parser->fault, HK_PACKAGE_ERR_INPUT,
                                   "%s: no \"%s\" in it", HK_PACKAGE_INFO_NAME,
                                   items[i].name);
    return error;
}

int hk_package_parse_info(const char *text, struct hk_package_tree *tree,
                          struct hk_package_fault *fault)
{
    struct parser *parser = calloc(1, sizeof(*parser));
    int error;

    if (parser == NULL)
        return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
    parser->at = text;
    parser->line = parser->token_line = 1;
    parser->tree = tree;
    parser->fault = fault;
    error = read_items(parser);
    free(parser);
    return error;
}
