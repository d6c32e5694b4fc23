/* syscall_table.h -- system calls by row, with the numbers of each release. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_SYSCALL_TABLE_H
#define HK_SYSCALL_TABLE_H

#include <stdint.h>

#include <haikuabi/syscall_info.h>

enum hk_row {
#define HK_ROW(status, result, name, args, uses) HK_ROW_##name,
#define HK_ARG(kind, name)
#define HK_USE(name)
#include "syscall_rows.h"
    HK_ROW_COUNT
};

enum hk_result {
    HK_RESULT_STATUS,
    HK_RESULT_INT,
    HK_RESULT_ID,
    HK_RESULT_BOOL,
    HK_RESULT_INT64,
    HK_RESULT_VOID
};

enum hk_arg_kind {
    HK_ARG_I32,
    HK_ARG_U32,
    HK_ARG_I64,
    HK_ARG_SIZE,
    HK_ARG_BOOL,
    HK_ARG_ADDR,
    HK_ARG_STR,
    HK_ARG_IN,
    HK_ARG_OUT,
    HK_ARG_INOUT
};

enum { HK_ARGS_MAX = 9 /* and a sentinel */, HK_WORDS_MAX = 12 };

struct hk_arg {
    uint8_t kind; /* enum hk_arg_kind */
    const char *name;
};

struct hk_syscall_row {
    const char *name; /* with the suffix of a release, if it has one */
    uint8_t status;   /* enum hk_row_status */
    uint8_t result;   /* enum hk_result */
    uint8_t arg_count;
    struct hk_arg args[HK_ARGS_MAX + 1];
    int64_t (*call)(struct hk_thread *self, const uint32_t *words);
};

extern const struct hk_syscall_row hk_syscall_rows[HK_ROW_COUNT];

/* 32-bit words that each row's arguments take on the stack. */
extern const uint8_t hk_row_words[HK_ROW_COUNT];

/* Rows of a release by number: *rows has *count entries. */
void hk_release_rows(enum hk_release release, const uint16_t **rows,
                     uint32_t *count);

/* Number of a row in a release; < 0 when that release does not have it. */
int hk_row_number(enum hk_release release, enum hk_row row);

/* Length of a row's name without its release suffix. */
int hk_row_name_length(const struct hk_syscall_row *row);

#endif
