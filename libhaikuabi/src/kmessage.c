/* kmessage.c -- the messages that Haiku's libroot exchanges with servers. */
/* SPDX-License-Identifier: MIT */
#include "kmessage.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"

#define MAGIC 0x6b4d7347u /* 'kMsG' */

/* Where the words of the header and of a field's head are. */
enum {
    AT_SIZE = 4,
    AT_WHAT = 8,
    AT_SENDER = 12,
    AT_TOKEN = 16,
    AT_REPLY_PORT = 20,
    AT_REPLY_TOKEN = 24,
    FIELD_ELEMENT = 4,
    FIELD_COUNT = 8,
    FIELD_SIZE = 12,
    FIELD_HEAD_SIZE = 16,
    FIELD_NAME = 18,
    FIELD_HEAD = 20 /* the smallest one, without a name */
};

static size_t align4(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

/* ---- reading ---- */

int hk_kmessage_parse(struct hk_kmessage *message, const void *bytes,
                      uint32_t size)
{
    const uint8_t *head = (const uint8_t *)bytes;

    if (size < HK_KMESSAGE_HEAD || hk_get32(head) != MAGIC ||
        hk_get32(head + AT_SIZE) < HK_KMESSAGE_HEAD ||
        hk_get32(head + AT_SIZE) > size)
        return -1;
    *message = (struct hk_kmessage){
        .bytes = head,
        .size = hk_get32(head + AT_SIZE),
        .what = hk_get32(head + AT_WHAT),
        .reply_port = (int32_t)hk_get32(head + AT_REPLY_PORT),
        .reply_token = (int32_t)hk_get32(head + AT_REPLY_TOKEN),
    };
    return 0;
}

/* A field's first element, inside of the message. */
struct element {
    const uint8_t *bytes;
    uint32_t size;
};

/* The size of the field at an offset; 0 when there is none. */
static uint32_t field_size(const struct hk_kmessage *message, uint32_t at)
{
    const uint8_t *field = message->bytes + at;
    uint32_t size, head;

    if (at > message->size || message->size - at < FIELD_HEAD)
        return 0;
    size = hk_get32(field + FIELD_SIZE);
    head = hk_get16(field + FIELD_HEAD_SIZE);
    if (head < FIELD_HEAD || head > size || size > message->size - at ||
        memchr(field + FIELD_NAME, 0, head - FIELD_NAME) == NULL)
        return 0;
    return size;
}

static int first_element(const uint8_t *field, struct element *element)
{
    uint32_t head = hk_get16(field + FIELD_HEAD_SIZE);
    uint32_t left = hk_get32(field + FIELD_SIZE) - head;
    int32_t fixed = (int32_t)hk_get32(field + FIELD_ELEMENT);

    element->bytes = field + head;
    if (hk_get32(field + FIELD_COUNT) == 0)
        return -1;
    if (fixed < 0) {
        if (left < 4)
            return -1;
        element->size = hk_get32(element->bytes);
        element->bytes += 4;
        left -= 4;
    } else {
        element->size = (uint32_t)fixed;
    }
    return element->size <= left ? 0 : -1;
}

static int find(const struct hk_kmessage *message, const char *name,
                enum hk_kmessage_type type, struct element *element)
{
    uint32_t at = HK_KMESSAGE_HEAD, size;

    while ((size = field_size(message, at)) != 0) {
        const uint8_t *field = message->bytes + at;

        if (hk_get32(field) == (uint32_t)type &&
            strcmp((const char *)field + FIELD_NAME, name) == 0)
            return first_element(field, element);
        at = (uint32_t)align4(at + size);
    }
    return -1;
}

int hk_kmessage_find_string(const struct hk_kmessage *message, const char *name,
                            const char **text)
{
    struct element element;

    if (find(message, name, HK_KMESSAGE_STRING, &element) != 0 ||
        element.size == 0 || element.bytes[element.size - 1] != '\0')
        return -1;
    *text = (const char *)element.bytes;
    return 0;
}

int hk_kmessage_find_int32(const struct hk_kmessage *message, const char *name,
                           int32_t *value)
{
    struct element element;

    if (find(message, name, HK_KMESSAGE_INT32, &element) != 0 ||
        element.size != 4)
        return -1;
    *value = (int32_t)hk_get32(element.bytes);
    return 0;
}

int hk_kmessage_find_bool(const struct hk_kmessage *message, const char *name,
                          int *value)
{
    struct element element;

    if (find(message, name, HK_KMESSAGE_BOOL, &element) != 0 ||
        element.size != 1)
        return -1;
    *value = element.bytes[0] != 0;
    return 0;
}

/* ---- making ---- */

/* Room for more bytes, zero, from a multiple of four on; NULL when out of
 * memory. */
static uint8_t *grow(struct hk_kmessage_maker *maker, size_t size)
{
    size_t at = align4(maker->size);
    size_t end = at + size;

    if (maker->failed)
        return NULL;
    if (end > maker->capacity) {
        size_t capacity = end + end / 2 + 256;
        uint8_t *bytes = realloc(maker->bytes, capacity);

        if (bytes == NULL) {
            maker->failed = 1;
            return NULL;
        }
        maker->bytes = bytes;
        maker->capacity = capacity;
    }
    memset(maker->bytes + maker->size, 0, end - maker->size);
    maker->size = end;
    hk_put32(maker->bytes + AT_SIZE, (uint32_t)end);
    return maker->bytes + at;
}

void hk_kmessage_begin(struct hk_kmessage_maker *maker, int32_t token)
{
    uint8_t *head;

    *maker = (struct hk_kmessage_maker){0};
    head = grow(maker, HK_KMESSAGE_HEAD);
    if (head == NULL)
        return;
    hk_put32(head, MAGIC);
    hk_put32(head + AT_SENDER, 1); /* the kernel's team */
    hk_put32(head + AT_TOKEN, (uint32_t)token);
    hk_put32(head + AT_REPLY_PORT, UINT32_MAX);
    hk_put32(head + AT_REPLY_TOKEN, UINT32_MAX);
}

void hk_kmessage_set_what(struct hk_kmessage_maker *maker, int32_t what)
{
    if (!maker->failed)
        hk_put32(maker->bytes + AT_WHAT, (uint32_t)what);
}

void hk_kmessage_maker_free(struct hk_kmessage_maker *maker)
{
    free(maker->bytes);
    *maker = (struct hk_kmessage_maker){0};
}

/* A field's head, of which the elements follow; where it begins. */
static size_t begin_field(struct hk_kmessage_maker *maker, const char *name,
                          enum hk_kmessage_type type, int32_t element_size,
                          size_t count)
{
    size_t head_size = align4(FIELD_HEAD + strlen(name));
    uint8_t *field = grow(maker, head_size);

    if (field == NULL)
        return 0;
    hk_put32(field, (uint32_t)type);
    hk_put32(field + FIELD_ELEMENT, (uint32_t)element_size);
    hk_put32(field + FIELD_COUNT, (uint32_t)count);
    hk_put16(field + FIELD_HEAD_SIZE, (uint16_t)head_size);
    memcpy(field + FIELD_NAME, name, strlen(name) + 1);
    return (size_t)(field - maker->bytes);
}

static void end_field(struct hk_kmessage_maker *maker, size_t field)
{
    if (!maker->failed)
        hk_put32(maker->bytes + field + FIELD_SIZE,
                 (uint32_t)(maker->size - field));
}

static void add_element(struct hk_kmessage_maker *maker, const void *data,
                        size_t size)
{
    uint8_t *element = grow(maker, 4 + size);

    if (element == NULL)
        return;
    hk_put32(element, (uint32_t)size);
    memcpy(element + 4, data, size);
}

void hk_kmessage_add_int32(struct hk_kmessage_maker *maker, const char *name,
                           int32_t value)
{
    size_t field = begin_field(maker, name, HK_KMESSAGE_INT32, 4, 1);
    uint8_t *bytes = grow(maker, 4);

    if (bytes != NULL)
        hk_put32(bytes, (uint32_t)value);
    end_field(maker, field);
}

void hk_kmessage_add_int64(struct hk_kmessage_maker *maker, const char *name,
                           int64_t value)
{
    size_t field = begin_field(maker, name, HK_KMESSAGE_INT64, 8, 1);
    uint8_t *bytes = grow(maker, 8);

    if (bytes != NULL)
        hk_put64(bytes, (uint64_t)value);
    end_field(maker, field);
}

void hk_kmessage_add_strings(struct hk_kmessage_maker *maker, const char *name,
                             const char *const *texts, size_t count)
{
    size_t field = begin_field(maker, name, HK_KMESSAGE_STRING, -1, count);

    for (size_t i = 0; i < count; i++)
        add_element(maker, texts[i], strlen(texts[i]) + 1);
    end_field(maker, field);
}

void hk_kmessage_add_string(struct hk_kmessage_maker *maker, const char *name,
                            const char *text)
{
    hk_kmessage_add_strings(maker, name, &text, 1);
}

void hk_kmessage_add_data(struct hk_kmessage_maker *maker, const char *name,
                          enum hk_kmessage_type type, const void *data,
                          size_t size)
{
    size_t field = begin_field(maker, name, type, -1, 1);

    add_element(maker, data, size);
    end_field(maker, field);
}
