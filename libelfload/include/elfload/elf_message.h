/* elf_message.h -- flattened messages, as resources and attributes hold. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_ELF_MESSAGE_H
#define ELFLOAD_ELF_MESSAGE_H

#include <elfload/elf_error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A BMessage: a number that says what it is, and fields, each an array of
 * items of one type. Read are Haiku's form ("HMF1") and that of BeOS R5
 * ("FOB1"), of either byte order. Pure, nothing allocated; results are 0 or
 * 1 or ELD_ERR_*, faults' offsets count from the message's start.
 */
struct eld_message {
    const uint8_t *bytes;
    size_t size;
    uint32_t what;
    uint32_t field_count; /* Haiku's form; else 0 */
    uint8_t is_r5, is_big;
    uint64_t fields, data; /* offsets */
};

/* ELD_ERR_NOT_FOUND when the bytes are no message. */
int eld_read_message(const void *bytes, size_t size,
                     struct eld_message *message, struct eld_fault *fault);

struct eld_message_field {
    const char *name; /* of name_size characters */
    size_t name_size;
    uint32_t type; /* four characters, the first in the highest byte */
    uint32_t count;
    const uint8_t *bytes; /* of all items */
    size_t size;
    uint8_t is_fixed; /* items are of one size, without sizes of their own */
};

/* Start with all zeros. */
struct eld_message_cursor {
    uint64_t index, offset;
};

/* 1 and the next field, or 0 behind the last one. */
int eld_next_message_field(const struct eld_message *message,
                           struct eld_message_cursor *cursor,
                           struct eld_message_field *field,
                           struct eld_fault *fault);

/* The item at *offset of the field's bytes (start with 0), which moves on:
 * 1, or 0 behind the last one. */
int eld_next_message_item(const struct eld_message *message,
                          const struct eld_message_field *field,
                          uint64_t *offset, const uint8_t **bytes, size_t *size,
                          struct eld_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
