/* strace.c -- a line of text for each system call, from its row. */
/* SPDX-License-Identifier: MIT */
#include "strace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_LENGTH = 512, STRING_MAX_LENGTH = 64 };

struct line {
    size_t length;
    char text[LINE_MAX_LENGTH];
};

static void add(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
    size_t room = sizeof(line->text) - line->length;
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(line->text + line->length, room, format, args);
    va_end(args);
    if (length > 0)
        line->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void add_string(struct line *line, struct hk_thread *thread,
                       uint32_t address)
{
    char text[STRING_MAX_LENGTH + 1];
    int32_t length = hk_read_user_string(thread, text, address, sizeof(text));
    const char *end = "\"";

    if (length == HK_B_BAD_ADDRESS) {
        add(line, address == 0 ? "NULL" : "0x%" PRIx32, address);
        return;
    }
    if (length < 0) {
        text[STRING_MAX_LENGTH] = '\0';
        end = "\"...";
    }
    add(line, "\"");
    for (const unsigned char *c = (const unsigned char *)text; *c != 0; c++) {
        if (*c == '\n')
            add(line, "\\n");
        else if (*c == '"' || *c == '\\')
            add(line, "\\%c", *c);
        else
            add(line, *c < ' ' || *c == 0x7f ? "\\x%02x" : "%c", *c);
    }
    add(line, "%s", end);
}

static void add_argument(struct line *line, struct hk_thread *thread,
                         enum hk_arg_kind kind, const uint32_t *word)
{
    switch (kind) {
    case HK_ARG_I32:
        add(line, "%" PRId32, (int32_t)word[0]);
        break;
    case HK_ARG_SIZE:
        add(line, "%" PRIu32, word[0]);
        break;
    case HK_ARG_I64:
        add(line, "%" PRId64, (int64_t)((uint64_t)word[1] << 32 | word[0]));
        break;
    case HK_ARG_BOOL:
        add(line, (word[0] & 0xff) != 0 ? "true" : "false");
        break;
    case HK_ARG_STR:
        add_string(line, thread, word[0]);
        break;
    case HK_ARG_U32:
    case HK_ARG_ADDR:
    case HK_ARG_IN:
    case HK_ARG_OUT:
    case HK_ARG_INOUT:
        add(line, "0x%" PRIx32, word[0]);
        break;
    }
}

static void add_call(struct line *line, struct hk_thread *thread,
                     const struct hk_syscall_row *call, const uint32_t *words)
{
    add(line, "[%" PRId32 "] %.*s(", thread->id, hk_row_name_length(call),
        call->name);
    for (int i = 0; i < call->arg_count; i++) {
        enum hk_arg_kind kind = call->args[i].kind;

        add(line, i == 0 ? "%s: " : ", %s: ", call->args[i].name);
        add_argument(line, thread, kind, words);
        words += kind == HK_ARG_I64 ? 2 : 1;
    }
    add(line, ")");
}

static void add_result(struct line *line, enum hk_result kind, int64_t result)
{
    const char *name = hk_status_name((int32_t)result);

    if (kind == HK_RESULT_VOID)
        return;
    if (kind == HK_RESULT_BOOL)
        add(line, " = %s", (result & 0xff) != 0 ? "true" : "false");
    else if (kind == HK_RESULT_INT64)
        add(line, " = %" PRId64, result);
    else if (name != NULL && (result != 0 || kind == HK_RESULT_STATUS))
        add(line, " = %s", name);
    else
        add(line, " = %" PRId32, (int32_t)result);
}

/* Only calls without a result may never come back. */
void hk_strace_enter(struct hk_thread *thread,
                     const struct hk_syscall_row *call, const uint32_t *words)
{
    struct line line = {0};

    if (call->result != HK_RESULT_VOID)
        return;
    add_call(&line, thread, call, words);
    hk_report(hk_kernel_of(thread), "%s", line.text);
}

void hk_strace_leave(struct hk_thread *thread,
                     const struct hk_syscall_row *call, const uint32_t *words,
                     int64_t result)
{
    struct line line = {0};

    if (call->result == HK_RESULT_VOID)
        return;
    add_call(&line, thread, call, words);
    add_result(&line, call->result, result);
    hk_report(hk_kernel_of(thread), "%s", line.text);
}
