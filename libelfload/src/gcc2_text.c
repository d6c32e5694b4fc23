/* gcc2_text.c -- text, numbers and names of gcc 2's mangled names. */
/* SPDX-License-Identifier: MIT */

#include "gcc2.h"

#include <ctype.h>
#include <string.h>

void eld_gcc2_clear(struct gcc2_text *text)
{
    text->size = 0;
    text->is_full = 0;
    text->bytes[0] = '\0';
}

void eld_gcc2_insert(struct gcc2_text *text, size_t at, const char *bytes,
                     size_t size)
{
    if (size >= GCC2_TEXT_MAX - text->size) {
        text->is_full = 1;
        return;
    }
    memmove(text->bytes + at + size, text->bytes + at, text->size - at + 1);
    memcpy(text->bytes + at, bytes, size);
    text->size += size;
}

void eld_gcc2_append(struct gcc2_text *text, const char *string)
{
    eld_gcc2_insert(text, text->size, string, strlen(string));
}

void eld_gcc2_prepend(struct gcc2_text *text, const char *string)
{
    eld_gcc2_insert(text, 0, string, strlen(string));
}

/* ---- numbers and names ---- */

int eld_gcc2_parse_number(struct gcc2_parser *parser, unsigned *number)
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

int eld_gcc2_parse_count(struct gcc2_parser *parser, unsigned *number)
{
    const char *start = parser->p;

    if (eld_gcc2_parse_number(parser, number) && *parser->p == '_' &&
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

int eld_gcc2_parse_enclosed_count(struct gcc2_parser *parser, unsigned *number)
{
    if (*parser->p == '_') {
        parser->p++;
        return eld_gcc2_parse_number(parser, number) && *parser->p++ == '_';
    }
    if (!isdigit((unsigned char)*parser->p))
        return 0;
    *number = (unsigned)(*parser->p++ - '0');
    return 1;
}

int eld_gcc2_parse_identifier(struct gcc2_parser *parser, struct gcc2_text *out)
{
    static const char anonymous[] = "_GLOBAL_";
    unsigned size;

    if (!eld_gcc2_parse_number(parser, &size) || size == 0 ||
        strnlen(parser->p, size) < size)
        return 0;
    if (size > sizeof(anonymous) &&
        strncmp(parser->p, anonymous, sizeof(anonymous) - 1) == 0 &&
        !isalnum((unsigned char)parser->p[8]) && parser->p[9] == 'N')
        eld_gcc2_append(out, "(anonymous namespace)");
    else
        eld_gcc2_insert(out, out->size, parser->p, size);
    parser->p += size;
    return 1;
}
