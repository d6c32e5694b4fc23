/* message.c -- flattened messages of Haiku and BeOS. */
/* SPDX-License-Identifier: MIT */
/*
 * Haiku's form, numbers of 32 bits: format, what, flags, six words of where
 * it goes and comes from, size of the data, number of fields, and a hash
 * table of 1 + 5 words. Then the fields: flags and size of the name (16 bits
 * each), type, number of items, size of the items, offset in the data, next
 * field. Then the data: of each field its name and its items.
 *
 * R5's form: format, check sum, size, what, flags (8 bits); by the flags a
 * target (a word) and where to reply to (three words, four bytes). Then the
 * fields: flags (8 bits, 0: no more), type, number of items unless there is
 * one, size of the items, size of the name (8 bits), name, items. Small
 * fields have numbers of 8 bits.
 */

#include "fault.h"
#include "leb.h"

#include <elfload/elf_message.h>
#include <string.h>

enum {
    HEADER_SIZE = 68,
    FIELD_SIZE = 24,
    R5_HAS_TARGET = 2,
    R5_HAS_REPLY = 4,
    FIELD_IS_VALID = 1, /* in both forms */
    FIELD_IS_FIXED = 2,
    R5_IS_SMALL = 2,
    R5_IS_FIXED = 4,
    R5_IS_SINGLE = 8
};

/* The form's four characters as the first byte order stores them. */
static const struct {
    char magic[5];
    uint8_t is_r5, is_big;
} forms[] = {{"HMF1", 0, 0}, {"1FMH", 0, 1}, {"1BOF", 1, 0}, {"FOB1", 1, 1}};

static const char what[] = "message";

/* Bytes from an offset on, with the message's byte order. */
static struct eld_stream stream_at(const struct eld_message *message,
                                   struct eld_elf *order, uint64_t offset)
{
    struct eld_stream stream = {order, message->bytes + message->size,
                                message->bytes + message->size, 0};

    memset(order, 0, sizeof(*order));
    order->is_big = message->is_big;
    if (offset <= message->size)
        stream.p = message->bytes + offset;
    else
        stream.is_short = 1;
    return stream;
}

static int fail_short(struct eld_fault *fault, const char *part,
                      uint64_t offset)
{
    return eld_fail(fault, ELD_ERR_TRUNCATED, part, ELD_NONE, offset);
}

static int read_haiku(struct eld_message *message, struct eld_fault *fault)
{
    struct eld_elf order;
    struct eld_stream stream = stream_at(message, &order, 4);

    message->what = eld_take32(&stream);
    eld_take(&stream, 7 * 4);
    uint64_t data_size = eld_take32(&stream);
    message->field_count = eld_take32(&stream);
    message->fields = HEADER_SIZE;
    message->data =
        message->fields + (uint64_t)message->field_count * FIELD_SIZE;
    if (stream.is_short || !eld_fits(message->data, data_size, message->size))
        return fail_short(fault, what, 0);
    return 0;
}

static int read_r5(struct eld_message *message, struct eld_fault *fault)
{
    struct eld_elf order;
    struct eld_stream stream = stream_at(message, &order, 12);

    message->what = eld_take32(&stream);
    uint8_t flags = eld_take8(&stream);
    if (flags & R5_HAS_TARGET)
        eld_take(&stream, 4);
    if (flags & R5_HAS_REPLY)
        eld_take(&stream, 3 * 4 + 4);
    message->fields = (uint64_t)(stream.p - message->bytes);
    return stream.is_short ? fail_short(fault, what, 0) : 0;
}

int eld_read_message(const void *bytes, size_t size,
                     struct eld_message *message, struct eld_fault *fault)
{
    struct eld_message result = {.bytes = bytes, .size = size};

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (size < 4 || memcmp(bytes, forms[i].magic, 4) != 0)
            continue;
        result.is_r5 = forms[i].is_r5;
        result.is_big = forms[i].is_big;
        int error =
            result.is_r5 ? read_r5(&result, fault) : read_haiku(&result, fault);
        if (error == 0)
            *message = result;
        return error;
    }
    return eld_fail(fault, ELD_ERR_NOT_FOUND, what, ELD_NONE, 0);
}

/* ---- fields ---- */

static int next_haiku(const struct eld_message *message,
                      struct eld_message_cursor *cursor,
                      struct eld_message_field *field, struct eld_fault *fault)
{
    struct eld_elf order;

    if (cursor->index >= message->field_count)
        return 0;
    uint64_t at = message->fields + cursor->index * FIELD_SIZE;
    struct eld_stream stream = stream_at(message, &order, at);
    uint16_t flags = eld_take16(&stream), name_size = eld_take16(&stream);
    field->type = eld_take32(&stream);
    field->count = eld_take32(&stream);
    uint32_t size = eld_take32(&stream), offset = eld_take32(&stream);
    field->is_fixed = (flags & FIELD_IS_FIXED) != 0;
    stream = stream_at(message, &order, message->data + offset);
    field->name = (const char *)eld_take(&stream, name_size);
    field->bytes = eld_take(&stream, size);
    if (stream.is_short)
        return fail_short(fault, "field of a message", at);
    field->name_size = strnlen(field->name, name_size);
    field->size = size;
    cursor->index++;
    return 1;
}

static int next_r5(const struct eld_message *message,
                   struct eld_message_cursor *cursor,
                   struct eld_message_field *field, struct eld_fault *fault)
{
    struct eld_elf order;
    uint64_t at = cursor->index == 0 ? message->fields : cursor->offset;
    struct eld_stream stream = stream_at(message, &order, at);
    uint8_t flags = eld_take8(&stream);

    if (!(flags & FIELD_IS_VALID) && !stream.is_short)
        return 0;
    int is_small = (flags & R5_IS_SMALL) != 0;
    field->type = eld_take32(&stream);
    field->count = 1;
    if (!(flags & R5_IS_SINGLE))
        field->count = is_small ? eld_take8(&stream) : eld_take32(&stream);
    uint32_t size = is_small ? eld_take8(&stream) : eld_take32(&stream);
    field->name_size = eld_take8(&stream);
    field->name = (const char *)eld_take(&stream, field->name_size);
    field->bytes = eld_take(&stream, size);
    if (stream.is_short)
        return fail_short(fault, "field of a message", at);
    field->size = size;
    field->is_fixed = (flags & R5_IS_FIXED) != 0;
    cursor->index++;
    cursor->offset = (uint64_t)(stream.p - message->bytes);
    return 1;
}

int eld_next_message_field(const struct eld_message *message,
                           struct eld_message_cursor *cursor,
                           struct eld_message_field *field,
                           struct eld_fault *fault)
{
    struct eld_message_field result = {.count = 0};
    int found = message->is_r5 ? next_r5(message, cursor, &result, fault)
                               : next_haiku(message, cursor, &result, fault);

    if (found == 1)
        *field = result;
    return found;
}

int eld_next_message_item(const struct eld_message *message,
                          const struct eld_message_field *field,
                          uint64_t *offset, const uint8_t **bytes, size_t *size,
                          struct eld_fault *fault)
{
    uint64_t at = *offset, item_size, padding = 0;

    if (at >= field->size || field->count == 0)
        return 0;
    if (field->is_fixed) {
        item_size = field->size / field->count;
    } else {
        struct eld_elf order;
        uint64_t place = (uint64_t)(field->bytes - message->bytes) + at;
        struct eld_stream stream = stream_at(message, &order, place);

        item_size = eld_take32(&stream);
        at += 4;
        if (message->is_r5) /* size and item together fill words of 8 bytes */
            padding = (8 - (item_size + 4) % 8) % 8;
    }
    if (item_size > field->size || at > field->size - item_size ||
        (field->is_fixed && item_size == 0)) {
        uint64_t place = (uint64_t)(field->bytes - message->bytes) + *offset;
        return fail_short(fault, "item of a message", place);
    }
    *bytes = field->bytes + at;
    *size = (size_t)item_size;
    *offset = at + item_size + padding;
    return 1;
}
