/* syscall_table.c -- syscalls.def and numbers/ as tables. */
/* SPDX-License-Identifier: MIT */
#include "syscall_table.h"

#include <stddef.h>
#include <string.h>

#include "syscalls.h"

static uint32_t next_word(const uint32_t **words)
{
    return *(*words)++;
}

/* 64-bit arguments take two words, the low one first, without alignment. */
static int64_t next_i64(const uint32_t **words)
{
    uint64_t low = next_word(words);
    uint64_t high = next_word(words);

    return (int64_t)(high << 32 | low);
}

#define NEXT_I32(w)      (int32_t) next_word(w)
#define NEXT_U32(w)      next_word(w)
#define NEXT_I64(w)      next_i64(w)
#define NEXT_SIZE(w)     next_word(w)
#define NEXT_BOOL(w)     ((next_word(w) & 0xff) != 0)
#define NEXT_ADDR(w)     next_word(w)
#define NEXT_STR(w)      next_word(w)
#define NEXT_OF_IN(n)    next_word
#define NEXT_OF_OUT(n)   next_word
#define NEXT_OF_INOUT(n) next_word
#define NEXT_OF_I32      NEXT_I32
#define NEXT_OF_U32      NEXT_U32
#define NEXT_OF_I64      NEXT_I64
#define NEXT_OF_SIZE     NEXT_SIZE
#define NEXT_OF_BOOL     NEXT_BOOL
#define NEXT_OF_ADDR     NEXT_ADDR
#define NEXT_OF_STR      NEXT_STR

/* One function a row: takes the words from the stack, calls the handler. */
#define CALLER_FULL(name, args, ...)                                           \
    static int64_t call_##name(struct hk_thread *self, const uint32_t *words)  \
    {                                                                          \
        (void)words;                                                           \
        args return hk_sys_##name(self __VA_ARGS__);                           \
    }
#define CALLER_PART CALLER_FULL
#define CALLER_STUB CALLER_FULL
#define CALLER_NONE(name, args, ...)

#define HK_ROW(status, result, name, args, uses)                               \
    CALLER_##status(name, args, uses)
#define HK_ARG(kind, name) HK_CTYPE_##kind name = NEXT_OF_##kind(&words);
#define HK_USE(name)       , name
#include "syscall_rows.h"

#define KIND_I32      HK_ARG_I32
#define KIND_U32      HK_ARG_U32
#define KIND_I64      HK_ARG_I64
#define KIND_SIZE     HK_ARG_SIZE
#define KIND_BOOL     HK_ARG_BOOL
#define KIND_ADDR     HK_ARG_ADDR
#define KIND_STR      HK_ARG_STR
#define KIND_IN(n)    HK_ARG_IN
#define KIND_OUT(n)   HK_ARG_OUT
#define KIND_INOUT(n) HK_ARG_INOUT

#define CALL_FULL(name) call_##name
#define CALL_PART       CALL_FULL
#define CALL_STUB       CALL_FULL
#define CALL_NONE(name) NULL

const struct hk_syscall_row hk_syscall_rows[HK_ROW_COUNT] = {
#define HK_ROW(status, result, name, args, uses)                               \
    [HK_ROW_##name] = {#name,                                                  \
                       HK_##status,                                            \
                       HK_RESULT_##result,                                     \
                       (uint8_t)(0 uses),                                      \
                       {args{0, NULL}},                                        \
                       CALL_##status(name)},
#define HK_ARG(kind, name) {KIND_##kind, #name},
#define HK_USE(name)       +1
#include "syscall_rows.h"
};

const uint8_t hk_row_words[HK_ROW_COUNT] = {
#define HK_ROW(status, result, name, args, uses)                               \
    [HK_ROW_##name] = (uint8_t)(0 args),
#define HK_ARG(kind, name) +(KIND_##kind == HK_ARG_I64 ? 2 : 1)
#define HK_USE(name)
#include "syscall_rows.h"
};

#define NUMBER(number, name) [number] = HK_ROW_##name,
static const uint16_t r1beta4[] = {
#include "numbers/r1beta4.def"
};
static const uint16_t r1beta5[] = {
#include "numbers/r1beta5.def"
};
static const uint16_t r1beta6[] = {
#include "numbers/r1beta6.def"
};
#undef NUMBER

#define ROWS_OF(table)                                                         \
    {                                                                          \
        table, sizeof(table) / sizeof(table[0])                                \
    }
static const struct {
    const uint16_t *rows;
    uint32_t count;
} releases[] = {
    [HK_R1BETA4] = ROWS_OF(r1beta4),
    [HK_R1BETA5] = ROWS_OF(r1beta5),
    [HK_R1BETA6] = ROWS_OF(r1beta6),
};

void hk_release_rows(enum hk_release release, const uint16_t **rows,
                     uint32_t *count)
{
    *rows = releases[release].rows;
    *count = releases[release].count;
}

int hk_row_number(enum hk_release release, enum hk_row row)
{
    for (uint32_t i = 0; i < releases[release].count; i++)
        if (releases[release].rows[i] == row)
            return (int)i;
    return -1;
}

int hk_row_name_length(const struct hk_syscall_row *row)
{
    const char *suffix = strstr(row->name, "__");

    return (int)(suffix != NULL ? (size_t)(suffix - row->name)
                                : strlen(row->name));
}

int hk_describe_syscall(enum hk_release release, uint32_t number,
                        struct hk_syscall_info *info)
{
    if (hk_release_name(release) == NULL || number >= releases[release].count)
        return HK_ERR_INVALID;
    const struct hk_syscall_row *row =
        &hk_syscall_rows[releases[release].rows[number]];
    *info = (struct hk_syscall_info){row->name, hk_row_name_length(row),
                                     (enum hk_row_status)row->status};
    return 0;
}
