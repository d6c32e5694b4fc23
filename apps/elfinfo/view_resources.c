/* view_resources.c -- the resources of a Haiku program, and their values. */
/* SPDX-License-Identifier: MIT */
#include <elfload/elf_resources.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"type", "Type", -6},     {"id", "ID", 6},     {"name", "Name", -24},
    {"offset", "Offset", 10}, {"size", "Size", 7}, {"text", "Value", 0},
    {"type_number", NULL, 0}, {NULL, NULL, 0},
};

#define CODE(a, b, c, d)                                                       \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 |          \
     (uint32_t)(d))

/* A resource being written down, and room for what it says. */
struct value {
    const uint8_t *bytes;
    size_t size;
    int is_big;
    char text[512];
};

static uint32_t word_at(const struct value *value, size_t offset)
{
    const uint8_t *p = value->bytes + offset;

    return value->is_big ? CODE(p[0], p[1], p[2], p[3])
                         : CODE(p[3], p[2], p[1], p[0]);
}

static const char *name_of(const char *const *names, size_t count,
                           uint32_t number)
{
    return number < count ? names[number] : "unknown";
}

static void decode_string(struct value *value)
{
    size_t size = strnlen((const char *)value->bytes, value->size);

    if (size >= sizeof(value->text))
        size = sizeof(value->text) - 1;
    memcpy(value->text, value->bytes, size);
    value->text[size] = '\0';
}

/* Be Book, BAppFileInfo: how a program is launched, and two flags. */
static void decode_flags(struct value *value)
{
    static const char *const launches[] = {"single launch", "multiple launch",
                                           "exclusive launch"};

    if (value->size < 4)
        return;
    uint32_t flags = word_at(value, 0);
    snprintf(value->text, sizeof(value->text), "%s%s%s",
             name_of(launches, 3, flags & 3), flags & 4 ? ", background" : "",
             flags & 8 ? ", arguments only" : "");
}

/* Five numbers, a short and a long text: of the program, then of the suite
 * it belongs to. */
static void decode_version(struct value *value)
{
    enum { NUMBERS = 5 * 4, SHORT_SIZE = 64, LONG_SIZE = 256 };
    static const char *const varieties[] = {
        "development", "alpha", "beta", "gamma", "golden master", "final"};

    if (value->size < NUMBERS + SHORT_SIZE + LONG_SIZE)
        return;
    const char *text = (const char *)value->bytes + NUMBERS;
    snprintf(value->text, sizeof(value->text), "%u.%u.%u %s %u: %.*s",
             word_at(value, 0), word_at(value, 4), word_at(value, 8),
             name_of(varieties, 6, word_at(value, 12)), word_at(value, 16),
             (int)strnlen(text, SHORT_SIZE), text);
}

static void decode_number(struct value *value)
{
    if (value->size == 4)
        snprintf(value->text, sizeof(value->text), "%d",
                 (int32_t)word_at(value, 0));
}

static void decode_bool(struct value *value)
{
    if (value->size == 1)
        strcpy(value->text, value->bytes[0] != 0 ? "true" : "false");
}

static void decode_vector_icon(struct value *value)
{
    if (value->size >= 4 && memcmp(value->bytes, "ncif", 4) == 0)
        strcpy(value->text, "vector icon");
}

static void decode_large_icon(struct value *value)
{
    if (value->size == 32 * 32)
        strcpy(value->text, "icon of 32x32 pixels");
}

static void decode_mini_icon(struct value *value)
{
    if (value->size == 16 * 16)
        strcpy(value->text, "icon of 16x16 pixels");
}

static const struct {
    uint32_t type;
    void (*decode)(struct value *value);
} decoders[] = {
    {CODE('M', 'I', 'M', 'S'), decode_string},
    {CODE('C', 'S', 'T', 'R'), decode_string},
    {CODE('A', 'P', 'P', 'F'), decode_flags},
    {CODE('A', 'P', 'P', 'V'), decode_version},
    {CODE('L', 'O', 'N', 'G'), decode_number},
    {CODE('B', 'O', 'O', 'L'), decode_bool},
    {CODE('V', 'I', 'C', 'N'), decode_vector_icon},
    {CODE('I', 'C', 'O', 'N'), decode_large_icon},
    {CODE('M', 'I', 'C', 'N'), decode_mini_icon},
};

static void decode(uint32_t type, struct value *value)
{
    value->text[0] = '\0';
    for (size_t i = 0; i < sizeof(decoders) / sizeof(decoders[0]); i++) {
        if (decoders[i].type == type)
            decoders[i].decode(value);
    }
}

static void put_resource(struct inf_file *file,
                         const struct eld_resources *resources,
                         const struct eld_resource *resource)
{
    struct inf_output *out = file->out;
    char type[5] = {(char)(resource->type >> 24), (char)(resource->type >> 16),
                    (char)(resource->type >> 8), (char)resource->type, '\0'};
    char *name = strndup(resource->name, resource->name_size);
    struct value value = {.bytes = file->elf.bytes + resource->data.offset,
                          .size = (size_t)resource->data.size,
                          .is_big = resources->is_big};

    if (name == NULL)
        inf_fail("out of memory");
    decode(resource->type, &value);
    inf_put_text(out, type);
    inf_put_signed(out, resource->id);
    inf_put_text(out, name[0] != '\0' ? name : NULL);
    inf_put_hex(out, resource->data.offset);
    inf_put_decimal(out, resource->data.size);
    inf_put_text(out, value.text[0] != '\0' ? value.text : NULL);
    inf_put_decimal(out, resource->type);
    inf_end_row(out);
    free(name);
}

void inf_show_resources(struct inf_file *file)
{
    struct eld_resource_cursor cursor = {0, 0, 0};
    struct eld_resources resources;
    struct eld_resource resource;
    struct eld_fault fault;
    int found = eld_find_resources(&file->elf, &resources, &fault);

    if (found == ELD_ERR_NOT_FOUND) {
        inf_note(file->out, "There are no resources.\n\n");
        return;
    }
    inf_begin_table(file->out, "resources", "Resources", columns);
    while (found >= 0 &&
           (found = eld_next_resource(&file->elf, &resources, &cursor,
                                      &resource, &fault)) == 1)
        put_resource(file, &resources, &resource);
    inf_end_table(file->out);
    if (found < 0)
        inf_report(file, &fault);
}
