/* utf8.c -- which bytes are characters that can be shown. */
/* SPDX-License-Identifier: MIT */
#include "utf8.h"

/* Unicode, table 3-7: what the second byte may be depends on the first. */
static const struct {
    uint8_t first, last; /* of the first byte */
    uint8_t size;
    uint8_t low, high; /* of the second byte */
} forms[] = {
    {0x01, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf},
    {0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf},
    {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf},
    {0xf4, 0xf4, 4, 0x80, 0x8f},
};

size_t inf_utf8_size(const uint8_t *text)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (text[0] < forms[i].first || text[0] > forms[i].last)
            continue;
        if (forms[i].size > 1 &&
            (text[1] < forms[i].low || text[1] > forms[i].high))
            return 0;
        for (size_t j = 2; j < forms[i].size; j++) {
            if (text[j] < 0x80 || text[j] > 0xbf)
                return 0;
        }
        return forms[i].size;
    }
    return 0;
}

int inf_utf8_is_printable(const uint8_t *text)
{
    /* C0 and DEL are one byte; C1 is c2 80 to c2 9f. */
    if (text[0] < 0x80)
        return text[0] >= ' ' && text[0] != 0x7f;
    return text[0] != 0xc2 || text[1] >= 0xa0;
}
