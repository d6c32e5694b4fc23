/* root_blocked.c -- entries of packages that the user wants left out. */
/* SPDX-License-Identifier: MIT */
#include "root.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

/*
 * As packagefs reads them, in the format of Haiku's driver settings:
 *
 *     Package NAME {
 *         BlockedEntries { PATH; PATH }
 *     }
 */
enum { TEXT_MAX = 1 << 20, DEPTH_MAX = 3 };

static const char *const settings[] = {
    [HK_LOCATION_SYSTEM] = "boot/system/settings/packages",
    [HK_LOCATION_HOME] = "boot/home/config/settings/global/packages",
};

/* ---- words ---- */

enum token { TOKEN_END, TOKEN_WORD, TOKEN_NEXT, TOKEN_OPEN, TOKEN_CLOSE };

static int is_blank(char c)
{
    return isspace((unsigned char)c) && c != '\n';
}

/* Takes a word out of the text, in its place there. */
static char *take_word(char **at)
{
    char *from = *at, *to = *at;
    char quote = *from == '"' || *from == '\'' ? *from++ : '\0';
    char *word = to;

    while (*from != '\0' &&
           (quote != '\0' ? *from != quote
                          : !isspace((unsigned char)*from) &&
                                strchr(";{}", *from) == NULL)) {
        if (*from == '\\' && from[1] != '\0')
            from++;
        *to++ = *from++;
    }
    if (quote != '\0' && *from != '\0')
        from++;
    *at = from;
    return strndup(word, (size_t)(to - word));
}

/* A word is for the caller to free; NULL when out of memory. */
static enum token next_token(char **at, char **word)
{
    while (is_blank(**at) || **at == '#')
        *at += **at == '#' ? strcspn(*at, "\n") : 1;
    switch (**at) {
    case '\0':
        return TOKEN_END;
    case '\n':
    case ';':
        ++*at;
        return TOKEN_NEXT;
    case '{':
    case '}':
        return *(*at)++ == '{' ? TOKEN_OPEN : TOKEN_CLOSE;
    default:
        *word = take_word(at);
        return TOKEN_WORD;
    }
}

/* ---- the list ---- */

struct parser {
    struct hk_blocked *blocked;
    enum hk_location location;
    /* The parameters that are open, and one more: the first two words. */
    char *words[DEPTH_MAX + 1][2];
    unsigned depth;
    int opens; /* a brace may still belong to the last parameter */
    int failed;
};

static void drop_words(struct parser *parser, unsigned depth)
{
    for (int i = 0; depth <= DEPTH_MAX && i < 2; i++) {
        free(parser->words[depth][i]);
        parser->words[depth][i] = NULL;
    }
}

static int is_word(const char *word, const char *text)
{
    return word != NULL && strcmp(word, text) == 0;
}

static int is_path_to_block(const struct parser *parser)
{
    return parser->depth == 2 && is_word(parser->words[0][0], "Package") &&
           parser->words[0][1] != NULL &&
           (is_word(parser->words[1][0], "BlockedEntries") ||
            is_word(parser->words[1][0], "EntryBlacklist"));
}

static void add(struct parser *parser, const char *package, const char *path)
{
    struct hk_blocked *blocked = parser->blocked;
    struct hk_blocked_entry *entries =
        realloc(blocked->entries, (blocked->count + 1) * sizeof(*entries));

    parser->failed |= entries == NULL;
    if (entries == NULL)
        return;
    blocked->entries = entries;
    entries[blocked->count] = (struct hk_blocked_entry){
        parser->location, strdup(package), strdup(path)};
    parser->failed |= entries[blocked->count].package == NULL ||
                      entries[blocked->count].path == NULL;
    blocked->count++;
}

static void end_parameter(struct parser *parser)
{
    char *const *words = parser->words[parser->depth];

    if (parser->depth > DEPTH_MAX)
        return;
    if (words[0] != NULL && is_path_to_block(parser))
        add(parser, parser->words[0][1], words[0]);
    drop_words(parser, parser->depth);
}

static void put_word(struct parser *parser, char *word)
{
    char **words;

    parser->failed |= word == NULL;
    if (parser->opens)
        end_parameter(parser);
    words = parser->depth > DEPTH_MAX ? NULL : parser->words[parser->depth];
    parser->opens = 0;
    if (words != NULL && words[0] == NULL)
        words[0] = word;
    else if (words != NULL && words[1] == NULL)
        words[1] = word;
    else
        free(word);
}

static void parse(struct parser *parser, char *text)
{
    char *word = NULL;
    enum token token;

    while (!parser->failed && (token = next_token(&text, &word)) != TOKEN_END) {
        switch (token) {
        case TOKEN_WORD:
            put_word(parser, word);
            continue;
        case TOKEN_OPEN:
            parser->depth++;
            parser->opens = 0;
            continue;
        case TOKEN_CLOSE:
            end_parameter(parser);
            parser->depth -= parser->depth > 0;
            end_parameter(parser);
            continue;
        case TOKEN_NEXT: /* a brace may follow on the next line */
        case TOKEN_END:
            parser->opens = 1;
        }
    }
    end_parameter(parser);
    for (unsigned i = 0; i <= DEPTH_MAX; i++)
        drop_words(parser, i);
}

/* The text of a file, for free; NULL and no error when there is none. */
static int read_text(int files, const char *path, char **text)
{
    int fd = openat(files, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    size_t used = 0;
    ssize_t got = 0;

    *text = NULL;
    if (fd < 0)
        return 0;
    *text = malloc(TEXT_MAX + 1);
    while (*text != NULL && used < TEXT_MAX &&
           (got = read(fd, *text + used, TEXT_MAX - used)) > 0)
        used += (size_t)got;
    close(fd);
    if (*text == NULL)
        return HK_PACKAGE_ERR_NOMEM;
    (*text)[got < 0 ? 0 : used] = '\0';
    return 0;
}

int hk_blocked_read(int files, struct hk_blocked *blocked)
{
    uLong checksum = crc32(0, NULL, 0);
    int error = 0;

    *blocked = (struct hk_blocked){0};
    for (int i = 0; i < HK_LOCATION_COUNT && error == 0; i++) {
        struct parser parser = {.blocked = blocked,
                                .location = (enum hk_location)i};
        char *text;

        error = read_text(files, settings[i], &text);
        if (text == NULL)
            continue;
        checksum = crc32(checksum, (const uint8_t *)text, (uInt)strlen(text));
        parse(&parser, text);
        free(text);
        error = parser.failed ? HK_PACKAGE_ERR_NOMEM : 0;
    }
    blocked->checksum = (uint32_t)checksum;
    if (error < 0)
        hk_blocked_free(blocked);
    return error;
}

void hk_blocked_free(struct hk_blocked *blocked)
{
    for (uint32_t i = 0; i < blocked->count; i++) {
        free(blocked->entries[i].package);
        free(blocked->entries[i].path);
    }
    free(blocked->entries);
    *blocked = (struct hk_blocked){0};
}

/* Both without what slashes are too many. */
static int is_same_path(const char *one, const char *other)
{
    for (;;) {
        size_t length;

        one += strspn(one, "/");
        other += strspn(other, "/");
        length = strcspn(one, "/");
        if (length != strcspn(other, "/") || memcmp(one, other, length) != 0)
            return 0;
        if (length == 0)
            return 1;
        one += length;
        other += length;
    }
}

int hk_is_blocked(const struct hk_blocked *blocked, enum hk_location location,
                  const char *package, const char *path)
{
    for (uint32_t i = 0; i < blocked->count; i++) {
        const struct hk_blocked_entry *at = &blocked->entries[i];

        if (at->location == location && strcmp(at->package, package) == 0 &&
            is_same_path(at->path, path))
            return 1;
    }
    return 0;
}
