/* value.c -- what the bytes of a resource or an attribute say. */
/* SPDX-License-Identifier: MIT */
#include "value.h"

#include <elfload/elf_message.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A value being written down, and room for what it says. */
struct writer {
    const struct inf_value *value;
    char *text;
    size_t room;
};

static uint64_t number_at(const struct inf_value *value, size_t offset,
                          size_t size)
{
    const uint8_t *p = value->bytes + offset;
    uint64_t number = 0;

    for (size_t i = 0; i < size; i++)
        number = number << 8 | p[value->is_big ? i : size - 1 - i];
    return number;
}

static uint32_t word_at(const struct inf_value *value, size_t offset)
{
    return (uint32_t)number_at(value, offset, 4);
}

static float float_at(const struct inf_value *value, size_t offset)
{
    uint32_t bits = word_at(value, offset);
    float number;

    memcpy(&number, &bits, sizeof(number));
    return number;
}

static const char *name_of(const char *const *names, size_t count,
                           uint32_t number)
{
    return number < count ? names[number] : "unknown";
}

static void write_string(const struct writer *w)
{
    const struct inf_value *value = w->value;
    size_t size = strnlen((const char *)value->bytes, value->size);

    if (size >= w->room)
        size = w->room - 1;
    memcpy(w->text, value->bytes, size);
    w->text[size] = '\0';
}

/* Be Book, BAppFileInfo: how a program is launched, and two flags. */
static void write_flags(const struct writer *w)
{
    static const char *const launches[] = {"single launch", "multiple launch",
                                           "exclusive launch"};

    if (w->value->size < 4)
        return;
    uint32_t flags = word_at(w->value, 0);
    snprintf(w->text, w->room, "%s%s%s", name_of(launches, 3, flags & 3),
             flags & 4 ? ", background" : "",
             flags & 8 ? ", arguments only" : "");
}

/* Five numbers, a short and a long text: of the program, then of the suite
 * it belongs to. */
static void write_version(const struct writer *w)
{
    enum { NUMBERS = 5 * 4, SHORT_SIZE = 64, LONG_SIZE = 256 };
    static const char *const varieties[] = {
        "development", "alpha", "beta", "gamma", "golden master", "final"};
    const struct inf_value *value = w->value;

    if (value->size < NUMBERS + SHORT_SIZE + LONG_SIZE)
        return;
    const char *text = (const char *)value->bytes + NUMBERS;
    snprintf(w->text, w->room, "%u.%u.%u %s %u: %.*s", word_at(value, 0),
             word_at(value, 4), word_at(value, 8),
             name_of(varieties, 6, word_at(value, 12)), word_at(value, 16),
             (int)strnlen(text, SHORT_SIZE), text);
}

static void write_signed(const struct writer *w)
{
    size_t size = w->value->size;

    if (size != 1 && size != 2 && size != 4 && size != 8)
        return;
    uint64_t sign = (uint64_t)1 << (8 * size - 1);
    uint64_t number = number_at(w->value, 0, size);
    snprintf(w->text, w->room, "%" PRId64, (int64_t)((number ^ sign) - sign));
}

static void write_unsigned(const struct writer *w)
{
    size_t size = w->value->size;

    if (size == 1 || size == 2 || size == 4 || size == 8)
        snprintf(w->text, w->room, "%" PRIu64, number_at(w->value, 0, size));
}

static void write_bool(const struct writer *w)
{
    if (w->value->size == 1)
        snprintf(w->text, w->room, "%s",
                 w->value->bytes[0] != 0 ? "true" : "false");
}

/* So many floating-point numbers: a number, a point, a rectangle. */
static void write_floats(const struct writer *w)
{
    size_t used = 0;

    if (w->value->size % 4 != 0 || w->value->size > 16)
        return;
    for (size_t at = 0; at < w->value->size && used < w->room; at += 4)
        used += (size_t)snprintf(w->text + used, w->room - used, "%s%g",
                                 at > 0 ? ", " : "",
                                 (double)float_at(w->value, at));
}

static void write_double(const struct writer *w)
{
    double number;

    if (w->value->size != 8)
        return;
    uint64_t bits = number_at(w->value, 0, 8);
    memcpy(&number, &bits, sizeof(number));
    snprintf(w->text, w->room, "%g", number);
}

static void write_color(const struct writer *w)
{
    const uint8_t *p = w->value->bytes;

    if (w->value->size == 4)
        snprintf(w->text, w->room, "#%02x%02x%02x%02x", p[0], p[1], p[2], p[3]);
}

static void write_vector_icon(const struct writer *w)
{
    if (w->value->size >= 4 && memcmp(w->value->bytes, "ncif", 4) == 0)
        snprintf(w->text, w->room, "vector icon");
}

static void write_icon(const struct writer *w)
{
    if (w->value->size == 32 * 32)
        snprintf(w->text, w->room, "icon of 32x32 pixels");
    else if (w->value->size == 16 * 16)
        snprintf(w->text, w->room, "icon of 16x16 pixels");
}

/* "message 'pjpp': name = ..., name = ...": the first item of each field. */
static void write_message(const struct writer *w)
{
    struct eld_message_cursor cursor = {0, 0};
    struct eld_message_field field;
    struct eld_message message;
    char code[5], item_room[64];
    const uint8_t *item;
    size_t size;

    if (eld_read_message(w->value->bytes, w->value->size, &message, NULL) < 0)
        return;
    size_t used = (size_t)snprintf(w->text, w->room, "message");
    if (message.what != 0)
        used += (size_t)snprintf(w->text + used, w->room - used, " '%s'",
                                 inf_type_text(message.what, code));
    for (const char *mark = ":";
         used < w->room &&
         eld_next_message_field(&message, &cursor, &field, NULL) == 1;
         mark = ",") {
        uint64_t offset = 0;
        const char *text = "";

        /* Messages in messages are named only. */
        if (eld_next_message_item(&message, &field, &offset, &item, &size,
                                  NULL) == 1 &&
            field.type != INF_CODE('M', 'S', 'G', 'G')) {
            struct inf_value value = {field.type, item, size, message.is_big};
            text = inf_value_text(&value, item_room, sizeof(item_room));
        }
        used += (size_t)snprintf(w->text + used, w->room - used, "%s %.*s%s%s",
                                 mark, (int)field.name_size, field.name,
                                 text[0] != '\0' ? " = " : "", text);
    }
}

static const struct {
    uint32_t type;
    void (*write)(const struct writer *w);
} writers[] = {
    {INF_CODE('M', 'I', 'M', 'S'), write_string},
    {INF_CODE('C', 'S', 'T', 'R'), write_string},
    {INF_CODE('A', 'P', 'P', 'F'), write_flags},
    {INF_CODE('A', 'P', 'P', 'V'), write_version},
    {INF_CODE('L', 'O', 'N', 'G'), write_signed},
    {INF_CODE('L', 'L', 'N', 'G'), write_signed},
    {INF_CODE('S', 'H', 'R', 'T'), write_signed},
    {INF_CODE('B', 'Y', 'T', 'E'), write_signed},
    {INF_CODE('T', 'I', 'M', 'E'), write_signed},
    {INF_CODE('O', 'F', 'F', 'T'), write_signed},
    {INF_CODE('S', 'S', 'Z', 'T'), write_signed},
    {INF_CODE('U', 'L', 'N', 'G'), write_unsigned},
    {INF_CODE('U', 'L', 'L', 'G'), write_unsigned},
    {INF_CODE('U', 'S', 'H', 'T'), write_unsigned},
    {INF_CODE('U', 'B', 'Y', 'T'), write_unsigned},
    {INF_CODE('S', 'I', 'Z', 'T'), write_unsigned},
    {INF_CODE('B', 'O', 'O', 'L'), write_bool},
    {INF_CODE('F', 'L', 'O', 'T'), write_floats},
    {INF_CODE('B', 'P', 'N', 'T'), write_floats},
    {INF_CODE('R', 'E', 'C', 'T'), write_floats},
    {INF_CODE('D', 'B', 'L', 'E'), write_double},
    {INF_CODE('R', 'G', 'B', 'C'), write_color},
    {INF_CODE('V', 'I', 'C', 'N'), write_vector_icon},
    {INF_CODE('I', 'C', 'O', 'N'), write_icon},
    {INF_CODE('M', 'I', 'C', 'N'), write_icon},
    {INF_CODE('M', 'S', 'G', 'G'), write_message},
};

const char *inf_value_text(const struct inf_value *value, char *room,
                           size_t size)
{
    const struct writer writer = {value, room, size};

    room[0] = '\0';
    for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
        if (writers[i].type == value->type)
            writers[i].write(&writer);
    }
    return room;
}

const char *inf_type_text(uint32_t type, char room[5])
{
    for (int i = 0; i < 4; i++) {
        char letter = (char)(type >> (24 - 8 * i));
        room[i] = letter >= ' ' && letter <= '~' ? letter : '?';
    }
    room[4] = '\0';
    return room;
}
