/* kmessage.h -- the messages that Haiku's libroot exchanges with servers. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_KMESSAGE_H
#define HK_KMESSAGE_H

#include <stddef.h>
#include <stdint.h>

/*
 * A KMessage (haiku-abi/boot-sequence.md, "KMessage encoding"): a header and
 * named fields, each with the elements of one type.
 */
#define HK_KMESSAGE_CODE 0x4b4d5347 /* 'KMSG', of the port message */

enum { HK_KMESSAGE_HEAD = 28 };

enum hk_kmessage_type {
    HK_KMESSAGE_STRING = 0x43535452, /* 'CSTR' */
    HK_KMESSAGE_INT32 = 0x4c4f4e47,  /* 'LONG' */
    HK_KMESSAGE_INT64 = 0x4c4c4e47,  /* 'LLNG' */
    HK_KMESSAGE_BOOL = 0x424f4f4c,   /* 'BOOL' */
    HK_KMESSAGE_RAW = 0x52415754     /* 'RAWT' */
};

/* A message that came in; bytes and everything found in it are the caller's
 * buffer. */
struct hk_kmessage {
    const uint8_t *bytes;
    uint32_t size;
    uint32_t what;
    int32_t reply_port, reply_token;
};

/* Reads the head: 0, or -1 when the bytes are no message. */
int hk_kmessage_parse(struct hk_kmessage *message, const void *bytes,
                      uint32_t size);

/* The first element of a field: 0, or -1 when there is none of that name and
 * type. A string ends with its NUL. */
int hk_kmessage_find_string(const struct hk_kmessage *message, const char *name,
                            const char **text);
int hk_kmessage_find_int32(const struct hk_kmessage *message, const char *name,
                           int32_t *value);
int hk_kmessage_find_bool(const struct hk_kmessage *message, const char *name,
                          int *value);

/* A message that is made. failed: out of memory; what comes then is dropped. */
struct hk_kmessage_maker {
    uint8_t *bytes;
    size_t size, capacity;
    int failed;
};

/* For the handler of that token in the target; an answer goes to the request's
 * reply token. What it says is 0 at first. Ends with hk_kmessage_maker_free. */
void hk_kmessage_begin(struct hk_kmessage_maker *maker, int32_t token);
void hk_kmessage_set_what(struct hk_kmessage_maker *maker, int32_t what);
void hk_kmessage_maker_free(struct hk_kmessage_maker *maker);

/* Adds a field: of one integer, of strings, of bytes as one element. */
void hk_kmessage_add_int32(struct hk_kmessage_maker *maker, const char *name,
                           int32_t value);
void hk_kmessage_add_int64(struct hk_kmessage_maker *maker, const char *name,
                           int64_t value);
void hk_kmessage_add_strings(struct hk_kmessage_maker *maker, const char *name,
                             const char *const *texts, size_t count);
void hk_kmessage_add_string(struct hk_kmessage_maker *maker, const char *name,
                            const char *text);
void hk_kmessage_add_data(struct hk_kmessage_maker *maker, const char *name,
                          enum hk_kmessage_type type, const void *data,
                          size_t size);

#endif
