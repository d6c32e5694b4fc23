/* package_tree.c -- a section of a package to a tree of attributes. */
/* SPDX-License-Identifier: MIT */
#include "package.h"

#include <stdlib.h>
#include <string.h>

enum { INLINE_MAX = 8 };

static const struct {
    const char *name;
    uint8_t type;
} ids[] = {
#define X(name, id, type, text) [id] = {text, HK_PACKAGE_##type},
    HK_PACKAGE_IDS(X)
#undef X
};

enum { ID_COUNT = sizeof(ids) / sizeof(ids[0]) };

const char *hk_package_id_name(unsigned id)
{
    return id < ID_COUNT ? ids[id].name : NULL;
}

/* ---- bytes ---- */

struct reader {
    const struct hk_section *section;
    struct hk_package_fault *fault;
    uint64_t at;
    const char **strings; /* of the section's table */
    uint64_t heap_size;
};

static int damaged(const struct reader *reader, const char *what)
{
    return hk_package_fail(reader->fault, HK_PACKAGE_ERR_DAMAGED,
                           "%s: %s at offset %llu", reader->section->name, what,
                           (unsigned long long)reader->at);
}

static int read_byte(struct reader *reader, uint8_t *byte)
{
    if (reader->at >= reader->section->size)
        return damaged(reader, "no end");
    *byte = reader->section->bytes[reader->at++];
    return 0;
}

static int read_leb128(struct reader *reader, uint64_t *value)
{
    uint8_t byte = 0;
    unsigned shift = 0;
    int error;

    *value = 0;
    do {
        error = read_byte(reader, &byte);
        if (error < 0)
            return error;
        if (shift > 63 || (shift == 63 && (byte & 0x7e) != 0))
            return damaged(reader, "number of more than 64 bits");
        *value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) != 0);
    return 0;
}

static int read_big_endian(struct reader *reader, unsigned size,
                           uint64_t *value)
{
    uint8_t byte = 0;
    int error;

    *value = 0;
    for (unsigned i = 0; i < size; i++) {
        error = read_byte(reader, &byte);
        if (error < 0)
            return error;
        *value = *value << 8 | byte;
    }
    return 0;
}

static int read_string(struct reader *reader, const char **string)
{
    const struct hk_section *section = reader->section;
    const uint8_t *start = section->bytes + reader->at;
    const uint8_t *end = memchr(start, 0, (size_t)(section->size - reader->at));

    if (end == NULL)
        return damaged(reader, "string without end");
    *string = (const char *)start;
    reader->at += (uint64_t)(end - start) + 1;
    return 0;
}

/* The table: strings, and an empty one behind the last. */
static int read_strings(struct reader *reader)
{
    const struct hk_section *section = reader->section;
    const char *string;
    int error;

    if (section->strings_size > section->size ||
        section->strings_count > section->strings_size)
        return damaged(reader, "strings longer than their section");
    if (section->strings_size == 0)
        return 0;
    reader->strings =
        calloc((size_t)section->strings_count + 1, sizeof(reader->strings[0]));
    if (reader->strings == NULL)
        return hk_package_fail(reader->fault, HK_PACKAGE_ERR_NOMEM,
                               "out of memory");
    for (uint64_t i = 0; i <= section->strings_count; i++) {
        error = read_string(reader, &string);
        if (error < 0)
            return error;
        if ((*string == '\0') != (i == section->strings_count))
            return damaged(reader, "wrong count of strings");
        reader->strings[i] = string;
    }
    if (reader->at != section->strings_size)
        return damaged(reader, "wrong length of strings");
    return 0;
}

/* ---- attributes ---- */

/* Tag - 1: bits 0-6 id, 7-9 type, 10 has children, 11-12 encoding. */
struct tag {
    uint8_t id, type, has_children, encoding;
};

/* 1 and a tag, or 0 at the end of a list. */
static int read_tag(struct reader *reader, struct tag *tag)
{
    uint64_t value;
    int error = read_leb128(reader, &value);

    if (error < 0 || value == 0)
        return error;
    value--;
    if (value >> 13 != 0)
        return damaged(reader, "unknown bits in a tag");
    *tag = (struct tag){.id = value & 0x7f,
                        .type = value >> 7 & 7,
                        .has_children = value >> 10 & 1,
                        .encoding = value >> 11 & 3};
    if (tag->type < HK_PACKAGE_INT || tag->type > HK_PACKAGE_RAW ||
        (tag->id < ID_COUNT && tag->type != ids[tag->id].type))
        return damaged(reader, "wrong type of an attribute");
    return 1;
}

static int read_table_string(struct reader *reader, const char **string)
{
    uint64_t index;
    int error = read_leb128(reader, &index);

    if (error < 0)
        return error;
    if (reader->strings == NULL || index >= reader->section->strings_count)
        return damaged(reader, "string out of range");
    *string = reader->strings[index];
    return 0;
}

static int read_inline_data(struct reader *reader, struct hk_package_data *data)
{
    int error = 0;

    if (data->size > INLINE_MAX)
        return damaged(reader, "too much inline data");
    data->is_inline = 1;
    for (uint64_t i = 0; i < data->size && error == 0; i++)
        error = read_byte(reader, &data->bytes[i]);
    return error;
}

static int read_data(struct reader *reader, unsigned encoding,
                     struct hk_package_data *data)
{
    int error = read_leb128(reader, &data->size);

    if (error < 0)
        return error;
    if (encoding == 0)
        return read_inline_data(reader, data);
    error = read_leb128(reader, &data->offset);
    if (error < 0)
        return error;
    if (data->offset > reader->heap_size ||
        data->size > reader->heap_size - data->offset)
        return damaged(reader, "data beyond the heap");
    return 0;
}

static int read_value(struct reader *reader, const struct tag *tag,
                      struct hk_package_attribute *attribute)
{
    if (tag->type <= HK_PACKAGE_UINT)
        return read_big_endian(reader, 1u << tag->encoding,
                               &attribute->value.number);
    if (tag->encoding > 1)
        return damaged(reader, "unknown encoding");
    if (tag->type == HK_PACKAGE_RAW)
        return read_data(reader, tag->encoding, &attribute->value.data);
    return tag->encoding == 0
               ? read_string(reader, &attribute->value.string)
               : read_table_string(reader, &attribute->value.string);
}

/* An entry's name must be one: packages are not to reach out of themselves. */
static int check_name(const struct reader *reader,
                      const struct hk_package_attribute *attribute)
{
    const char *name = attribute->value.string;

    if (attribute->id != HK_PACKAGE_ENTRY)
        return 0;
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        strchr(name, '/') != NULL)
        return damaged(reader, "bad name of an entry");
    return 0;
}

static struct hk_package_attribute *add(struct hk_package *package)
{
    uint32_t room = package->attribute_room;
    struct hk_package_attribute *attributes = package->attributes;

    if (package->attribute_count == room) {
        room = room == 0 ? 256 : room * 2;
        attributes = realloc(attributes, room * sizeof(*attributes));
        if (attributes == NULL)
            return NULL;
        package->attributes = attributes;
        package->attribute_room = room;
    }
    attributes += package->attribute_count++;
    memset(attributes, 0, sizeof(*attributes));
    return attributes;
}

/* Reads one attribute and hangs it up behind *last, or below its parent. */
static int read_attribute(struct reader *reader, struct hk_package *package,
                          const struct tag *tag, uint32_t parent,
                          uint32_t *last)
{
    struct hk_package_attribute *attribute;
    uint32_t index;
    int error;

    if (package->attribute_count > HK_PACKAGE_ATTRIBUTES_MAX)
        return hk_package_fail(
            reader->fault, HK_PACKAGE_ERR_LIMIT, "%s: more than %d attributes",
            reader->section->name, HK_PACKAGE_ATTRIBUTES_MAX);
    attribute = add(package);
    if (attribute == NULL)
        return hk_package_fail(reader->fault, HK_PACKAGE_ERR_NOMEM,
                               "out of memory");
    attribute->id = tag->id;
    attribute->type = tag->type;
    error = read_value(reader, tag, attribute);
    if (error == 0)
        error = check_name(reader, attribute);
    index = package->attribute_count - 1;
    if (*last != 0)
        package->attributes[*last].next = index;
    else if (parent != 0)
        package->attributes[parent].child = index;
    *last = index;
    return error;
}

/* Lists follow their parent: levels[] has the parent and the last attribute
 * of each list that is open. */
static int read_tree(struct reader *reader, struct hk_package *package)
{
    struct {
        uint32_t parent, last;
    } levels[HK_PACKAGE_LEVELS_MAX] = {{0, 0}};
    unsigned level = 0;
    struct tag tag = {0};
    int found;

    for (;;) {
        found = read_tag(reader, &tag);
        if (found < 0)
            return found;
        if (found == 0 && level-- == 0)
            return 0;
        if (found == 0)
            continue;
        found = read_attribute(reader, package, &tag, levels[level].parent,
                               &levels[level].last);
        if (found < 0)
            return found;
        if (!tag.has_children)
            continue;
        if (++level == HK_PACKAGE_LEVELS_MAX)
            return hk_package_fail(
                reader->fault, HK_PACKAGE_ERR_LIMIT, "%s: more than %d levels",
                reader->section->name, HK_PACKAGE_LEVELS_MAX);
        levels[level].parent = levels[level - 1].last;
        levels[level].last = 0;
    }
}

int hk_package_decode(struct hk_package *package,
                      const struct hk_section *section, uint32_t *first,
                      struct hk_package_fault *fault)
{
    struct reader reader = {
        .section = section, .fault = fault, .heap_size = package->heap.size};
    uint32_t start;
    int error = 0;

    *first = 0;
    if (section->size == 0)
        return 0;
    if (package->attribute_count == 0 && add(package) == NULL)
        return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
    start = package->attribute_count;
    error = read_strings(&reader);
    if (error == 0)
        error = read_tree(&reader, package);
    free(reader.strings);
    if (error == 0 && package->attribute_count > start)
        *first = start;
    return error;
}
