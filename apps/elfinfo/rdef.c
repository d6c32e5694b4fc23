/* rdef.c -- resources in the language of Haiku's resource compiler. */
/* SPDX-License-Identifier: MIT */
#include <elfload/elf_message.h>
#include <elfload/elf_resources.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elfinfo.h"
#include "value.h"

enum { LINE = 32, DEPTH_MAX = 8 };

/* Types whose values are numbers or strings as inf_value_text writes them,
 * with the word that stands before: other numbers would be 32 bits wide. */
static const struct {
    uint32_t type;
    const char *before;
    size_t size;
} numbers[] = {
    {INF_CODE('B', 'O', 'O', 'L'), "", 1},
    {INF_CODE('L', 'O', 'N', 'G'), "", 4},
    {INF_CODE('B', 'Y', 'T', 'E'), "(int8)", 1},
    {INF_CODE('S', 'H', 'R', 'T'), "(int16)", 2},
    {INF_CODE('L', 'L', 'N', 'G'), "(int64)", 8},
    {INF_CODE('U', 'B', 'Y', 'T'), "(uint8)", 1},
    {INF_CODE('U', 'S', 'H', 'T'), "(uint16)", 2},
    {INF_CODE('U', 'L', 'N', 'G'), "(uint32)", 4},
    {INF_CODE('U', 'L', 'L', 'G'), "(uint64)", 8},
    {INF_CODE('T', 'I', 'M', 'E'), "(time_t)", 4},
    {INF_CODE('O', 'F', 'F', 'T'), "(off_t)", 8},
    {INF_CODE('F', 'L', 'O', 'T'), "(float)", 4},
    {INF_CODE('D', 'B', 'L', 'E'), "(double)", 8},
};

static void print_code(uint32_t code)
{
    char text[5];

    if (strchr(inf_type_text(code, text), '?') != NULL ||
        strpbrk(text, "'\\") != NULL)
        printf("%u", code);
    else
        printf("'%s'", text);
}

static void print_string(const char *text, size_t size)
{
    putchar('"');
    for (size_t i = 0; i < size; i++) {
        uint8_t c = (uint8_t)text[i];

        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c == '\n')
            printf("\\n");
        else if (c == '\t')
            printf("\\t");
        else if (c < ' ' || c == 0x7f)
            printf("\\0x%02X", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void print_field_name(const char *name, size_t size)
{
    if (name == NULL)
        return;
    print_string(name, size);
    printf(" = ");
}

/* #'TYPE' before a value whose type its form does not say. */
static void print_type(uint32_t type)
{
    printf("#");
    print_code(type);
    printf(" ");
}

static void print_bytes(const struct inf_value *value, const char *name,
                        size_t name_size, int depth)
{
    int is_array = value->size > LINE;

    if (value->type != INF_CODE('R', 'A', 'W', 'T'))
        print_type(value->type);
    print_field_name(name, name_size);
    if (is_array)
        printf("array {\n");
    for (size_t at = 0; at == 0 || at < value->size; at += LINE) {
        if (is_array)
            printf("%*s", 4 * (depth + 1), "");
        printf("$\"");
        for (size_t i = at; i < value->size && i < at + LINE; i++)
            printf("%02X", value->bytes[i]);
        printf(is_array ? "\"\n" : "\"");
    }
    if (is_array)
        printf("%*s}", 4 * depth, "");
}

static void print_value(const struct inf_value *value, const char *name,
                        size_t name_size, int depth);

/* 0 when it is no message that can be read whole. */
static int print_message(const struct inf_value *value, const char *name,
                         size_t name_size, int depth)
{
    struct eld_message_cursor cursor = {0, 0};
    struct eld_message_field field;
    struct eld_message message;
    const uint8_t *bytes;
    const char *mark = "";
    size_t size;

    if (depth >= DEPTH_MAX ||
        eld_read_message(value->bytes, value->size, &message, NULL) < 0)
        return 0;
    if (value->type != INF_CODE('M', 'S', 'G', 'G'))
        print_type(value->type);
    print_field_name(name, name_size);
    printf("message");
    if (message.what != 0) {
        printf("(");
        print_code(message.what);
        printf(")");
    }
    printf(" {\n");
    while (eld_next_message_field(&message, &cursor, &field, NULL) == 1) {
        uint64_t offset = 0;

        while (eld_next_message_item(&message, &field, &offset, &bytes, &size,
                                     NULL) == 1) {
            struct inf_value item = {field.type, bytes, size, message.is_big};

            printf("%s%*s", mark, 4 * (depth + 1), "");
            print_value(&item, field.name, field.name_size, depth + 1);
            mark = ",\n";
        }
    }
    printf("%s%*s}", mark[0] != '\0' ? "\n" : "", 4 * depth, "");
    return 1;
}

static int print_number(const struct inf_value *value, const char *name,
                        size_t name_size)
{
    char room[64];

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (numbers[i].type != value->type || numbers[i].size != value->size)
            continue;
        print_field_name(name, name_size);
        printf("%s%s", numbers[i].before,
               inf_value_text(value, room, sizeof(room)));
        return 1;
    }
    return 0;
}

/* A string is text that ends at its first NUL, which is its last byte. */
static int print_text(const struct inf_value *value, const char *name,
                      size_t name_size)
{
    int is_mime = value->type == INF_CODE('M', 'I', 'M', 'S');

    if ((!is_mime && value->type != INF_CODE('C', 'S', 'T', 'R')) ||
        value->size == 0 ||
        strnlen((const char *)value->bytes, value->size) != value->size - 1)
        return 0;
    if (is_mime)
        print_type(value->type);
    print_field_name(name, name_size);
    print_string((const char *)value->bytes, value->size - 1);
    return 1;
}

static void print_value(const struct inf_value *value, const char *name,
                        size_t name_size, int depth)
{
    if (!print_number(value, name, name_size) &&
        !print_text(value, name, name_size) &&
        !print_message(value, name, name_size, depth))
        print_bytes(value, name, name_size, depth);
}

static void print_resource(const struct inf_file *file,
                           const struct eld_resources *resources,
                           const struct eld_resource *resource)
{
    const struct inf_value value = {
        resource->type, file->elf.bytes + resource->data.offset,
        (size_t)resource->data.size, resources->is_big};

    printf("resource(%d", resource->id);
    if (resource->name_size > 0) {
        printf(", ");
        print_string(resource->name, resource->name_size);
    }
    printf(") ");
    print_value(&value, NULL, 0, 0);
    printf(";\n\n");
}

void inf_print_rdef(struct inf_file *file)
{
    struct eld_resource_cursor cursor = {0, 0, 0};
    struct eld_resources resources;
    struct eld_resource resource;
    struct eld_fault fault;
    int found = eld_find_resources(&file->elf, &resources, &fault);

    while (found >= 0 &&
           (found = eld_next_resource(&file->elf, &resources, &cursor,
                                      &resource, &fault)) == 1)
        print_resource(file, &resources, &resource);
    if (found < 0)
        inf_report(file, &fault);
}
