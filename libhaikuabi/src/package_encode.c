/* package_encode.c -- a tree of attributes to a section of a package. */
/* SPDX-License-Identifier: MIT */
#include "package_write.h"

#include <stdlib.h>
#include <string.h>

/* ---- the tree ---- */

void hk_tree_free(struct hk_package_tree *tree)
{
    for (uint32_t i = 1; i < tree->count; i++)
        if (tree->attributes[i].type == HK_PACKAGE_STRING)
            free((char *)tree->attributes[i].value.string);
    free(tree->attributes);
    *tree = (struct hk_package_tree){0};
}

static int grow(struct hk_package_tree *tree)
{
    uint32_t room = tree->room == 0 ? 256 : tree->room * 2;
    struct hk_package_attribute *attributes =
        realloc(tree->attributes, room * sizeof(*attributes));

    if (attributes == NULL)
        return 0;
    tree->attributes = attributes;
    tree->room = room;
    if (tree->count == 0)
        memset(&attributes[tree->count++], 0, sizeof(*attributes));
    return 1;
}

static uint32_t add(struct hk_package_tree *tree, struct hk_package_list *list,
                    const struct hk_package_attribute *attribute)
{
    uint32_t index;

    if (!tree->failed && tree->count == tree->room && !grow(tree))
        tree->failed = 1;
    if (tree->failed)
        return 0;
    index = tree->count++;
    tree->attributes[index] = *attribute;
    if (list->last != 0)
        tree->attributes[list->last].next = index;
    else if (list->parent != 0)
        tree->attributes[list->parent].child = index;
    else
        tree->first = index;
    list->last = index;
    return index;
}

uint32_t hk_tree_number(struct hk_package_tree *tree,
                        struct hk_package_list *list, enum hk_package_id id,
                        uint64_t number)
{
    return add(tree, list,
               &(struct hk_package_attribute){.id = (uint8_t)id,
                                              .type = HK_PACKAGE_UINT,
                                              .value.number = number});
}

uint32_t hk_tree_string(struct hk_package_tree *tree,
                        struct hk_package_list *list, enum hk_package_id id,
                        const char *string)
{
    char *copy = strdup(string);
    uint32_t index;

    if (copy == NULL)
        tree->failed = 1;
    index = add(tree, list,
                &(struct hk_package_attribute){.id = (uint8_t)id,
                                               .type = HK_PACKAGE_STRING,
                                               .value.string = copy});
    if (index == 0)
        free(copy);
    return index;
}

uint32_t hk_tree_data(struct hk_package_tree *tree,
                      struct hk_package_list *list,
                      const struct hk_package_data *data)
{
    return add(tree, list,
               &(struct hk_package_attribute){.id = HK_PACKAGE_DATA,
                                              .type = HK_PACKAGE_RAW,
                                              .value.data = *data});
}

uint32_t hk_tree_find(const struct hk_package_tree *tree, uint32_t first,
                      enum hk_package_id id)
{
    while (first != 0 && tree->attributes[first].id != id)
        first = tree->attributes[first].next;
    return first;
}

/* ---- bytes ---- */

struct writer {
    const struct hk_package_tree *tree;
    uint8_t *bytes;
    size_t size, room;
    int failed;
    uint32_t *table; /* of each attribute: index in the strings + 1, or 0 */
};

static void put(struct writer *writer, const void *bytes, size_t size)
{
    if (size > writer->room - writer->size) {
        size_t room = (writer->size + size) * 2;
        uint8_t *grown = realloc(writer->bytes, room);

        if (grown == NULL) {
            writer->failed = 1;
            return;
        }
        writer->bytes = grown;
        writer->room = room;
    }
    memcpy(writer->bytes + writer->size, bytes, size);
    writer->size += size;
}

static void put_string(struct writer *writer, const char *string)
{
    put(writer, string, strlen(string) + 1);
}

static void put_leb128(struct writer *writer, uint64_t value)
{
    uint8_t byte;

    do {
        byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        put(writer, &byte, 1);
        value >>= 7;
    } while (value != 0);
}

/* ---- the strings that occur more than once ---- */

struct shared_string {
    const char *string;
    uint32_t attribute; /* the first that has it */
    uint32_t uses;
};

static int by_text(const void *a, const void *b)
{
    const struct shared_string *left = a, *right = b;
    int order = strcmp(left->string, right->string);

    if (order != 0)
        return order;
    return left->attribute < right->attribute ? -1 : 1;
}

/* Those used most have the shortest indices. */
static int by_uses(const void *a, const void *b)
{
    const struct shared_string *left = a, *right = b;

    if (left->uses != right->uses)
        return left->uses > right->uses ? -1 : 1;
    return strcmp(left->string, right->string);
}

static size_t collect(const struct hk_package_tree *tree,
                      struct shared_string *strings)
{
    size_t count = 0;

    for (uint32_t i = 1; i < tree->count; i++)
        if (tree->attributes[i].type == HK_PACKAGE_STRING &&
            tree->attributes[i].value.string[0] != '\0')
            strings[count++] =
                (struct shared_string){tree->attributes[i].value.string, i, 1};
    return count;
}

/* Leaves one of each that occurs twice and more. */
static size_t merge(struct shared_string *strings, size_t count)
{
    size_t kept = 0, end;

    qsort(strings, count, sizeof(*strings), by_text);
    for (size_t i = 0; i < count; i = end) {
        for (end = i + 1; end < count &&
                          strcmp(strings[end].string, strings[i].string) == 0;)
            end++;
        if (end - i < 2)
            continue;
        strings[kept] = strings[i];
        strings[kept++].uses = (uint32_t)(end - i);
    }
    qsort(strings, kept, sizeof(*strings), by_uses);
    return kept;
}

static int by_text_only(const void *a, const void *b)
{
    return strcmp(((const struct shared_string *)a)->string,
                  ((const struct shared_string *)b)->string);
}

/* Says of each attribute where its string is in the table, by a copy of the
 * table in the order of texts whose `uses` are the indices. */
static void number_strings(struct writer *writer, struct shared_string *strings,
                           size_t count)
{
    const struct hk_package_tree *tree = writer->tree;

    for (size_t i = 0; i < count; i++)
        strings[i].uses = (uint32_t)i + 1;
    qsort(strings, count, sizeof(*strings), by_text_only);
    for (uint32_t i = 1; i < tree->count; i++) {
        const struct shared_string *found;
        struct shared_string key = {.string = tree->attributes[i].value.string};

        if (tree->attributes[i].type != HK_PACKAGE_STRING)
            continue;
        found = bsearch(&key, strings, count, sizeof(key), by_text_only);
        writer->table[i] = found != NULL ? found->uses : 0;
    }
}

/* The strings' own table, empty string at its end. */
static int put_strings(struct writer *writer, struct hk_section *section)
{
    size_t room = (size_t)writer->tree->count + 1;
    struct shared_string *strings = calloc(room, sizeof(*strings));
    size_t count;

    writer->table = calloc(room, sizeof(writer->table[0]));
    if (strings == NULL || writer->table == NULL) {
        free(strings);
        return HK_PACKAGE_ERR_NOMEM;
    }
    count = merge(strings, collect(writer->tree, strings));
    for (size_t i = 0; i < count; i++)
        put_string(writer, strings[i].string);
    put_string(writer, "");
    number_strings(writer, strings, count);
    free(strings);
    section->strings_count = count;
    section->strings_size = writer->size;
    return 0;
}

/* ---- attributes ---- */

/* 0 to 3: the logarithm of the bytes that a number needs. */
static unsigned number_encoding(uint64_t number)
{
    return number <= UINT8_MAX    ? 0
           : number <= UINT16_MAX ? 1
           : number <= UINT32_MAX ? 2
                                  : 3;
}

static unsigned encoding_of(const struct writer *writer, uint32_t index)
{
    const struct hk_package_attribute *at = &writer->tree->attributes[index];

    if (at->type == HK_PACKAGE_STRING)
        return writer->table[index] != 0;
    if (at->type == HK_PACKAGE_RAW)
        return !at->value.data.is_inline;
    return number_encoding(at->value.number);
}

static void put_value(struct writer *writer, uint32_t index, unsigned encoding)
{
    const struct hk_package_attribute *at = &writer->tree->attributes[index];

    if (at->type == HK_PACKAGE_STRING && encoding == 1) {
        put_leb128(writer, writer->table[index] - 1);
    } else if (at->type == HK_PACKAGE_STRING) {
        put_string(writer, at->value.string);
    } else if (at->type == HK_PACKAGE_RAW) {
        put_leb128(writer, at->value.data.size);
        if (encoding == 1)
            put_leb128(writer, at->value.data.offset);
        else
            put(writer, at->value.data.bytes, (size_t)at->value.data.size);
    } else {
        for (unsigned shift = 8u << encoding; shift > 0; shift -= 8) {
            uint8_t byte = (uint8_t)(at->value.number >> (shift - 8));

            put(writer, &byte, 1);
        }
    }
}

/* An attribute, or the 0 that ends a list. */
static void put_attribute(struct writer *writer, uint32_t index)
{
    const struct hk_package_attribute *at = &writer->tree->attributes[index];
    unsigned encoding;

    if (index == 0) {
        put_leb128(writer, 0);
        return;
    }
    encoding = encoding_of(writer, index);
    put_leb128(writer,
               (at->id | (uint64_t)at->type << 7 |
                (uint64_t)(at->child != 0) << 10 | (uint64_t)encoding << 11) +
                   1);
    put_value(writer, index, encoding);
}

/* No tree is deeper than the readers' limit: hk_package_collect sees to it. */
static void put_tree(struct writer *writer)
{
    const struct hk_package_attribute *all = writer->tree->attributes;
    uint32_t behind[HK_PACKAGE_LEVELS_MAX]; /* the open lists go on here */
    unsigned depth = 0;
    uint32_t index = writer->tree->first;

    for (;;) {
        put_attribute(writer, index);
        if (index == 0 && depth == 0)
            return;
        if (index == 0) {
            index = behind[--depth];
        } else if (all[index].child != 0) {
            behind[depth++] = all[index].next;
            index = all[index].child;
        } else {
            index = all[index].next;
        }
    }
}

int hk_package_encode(const struct hk_package_tree *tree,
                      struct hk_section *section)
{
    struct hk_package_tree empty = {.attributes =
                                        &(struct hk_package_attribute){0}};
    struct writer writer = {.tree = tree->count > 0 ? tree : &empty};
    int error = put_strings(&writer, section);

    if (error == 0)
        put_tree(&writer);
    free(writer.table);
    if (error < 0 || writer.failed || tree->failed) {
        free(writer.bytes);
        return HK_PACKAGE_ERR_NOMEM;
    }
    section->bytes = writer.bytes;
    section->size = writer.size;
    return 0;
}
