/* fault.c -- what went wrong, as numbers and as a line of text. */
/* SPDX-License-Identifier: MIT */

#include "fault.h"

#include <elfload/elf_names.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *eld_error_text(int error)
{
    switch (error) {
#define X(name, value, text)                                                   \
    case value:                                                                \
        return text;
        ELD_ERRORS(X)
#undef X
    }
    return error >= 0 ? "no error" : "unknown error";
}

int eld_fail(struct eld_fault *fault, int error, const char *what,
             uint64_t index, uint64_t offset)
{
    if (fault == NULL)
        return error;
    fault->error = error;
    fault->host_error = 0;
    fault->what = what;
    fault->index = index;
    fault->offset = offset;
    fault->found = ELD_NONE;
    fault->expected = ELD_NONE;
    fault->file[0] = '\0';
    fault->name[0] = '\0';
    fault->version[0] = '\0';
    return error;
}

int eld_fail_value(struct eld_fault *fault, int error, const char *what,
                   uint64_t index, uint64_t found, uint64_t expected)
{
    eld_fail(fault, error, what, index, ELD_NONE);
    if (fault != NULL) {
        fault->found = found;
        fault->expected = expected;
    }
    return error;
}

static void copy_name(char *to, size_t size, const char *from)
{
    if (from != NULL)
        snprintf(to, size, "%s", from);
}

void eld_fault_add_name(struct eld_fault *fault, const char *name,
                        const char *version)
{
    if (fault == NULL)
        return;
    copy_name(fault->name, sizeof(fault->name), name);
    copy_name(fault->version, sizeof(fault->version), version);
}

void eld_fault_add_offset(struct eld_fault *fault, uint64_t offset)
{
    if (fault != NULL)
        fault->offset = offset;
}

void eld_fault_add_file(struct eld_fault *fault, const char *path)
{
    if (fault != NULL)
        copy_name(fault->file, sizeof(fault->file), path);
}

void eld_fault_add_host(struct eld_fault *fault, int negative_errno)
{
    if (fault != NULL)
        fault->host_error = -negative_errno;
}

/* ---- text ---- */

struct line {
    char *text;
    size_t size, length;
};

static void add(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
    va_list arguments;

    if (line->length >= line->size)
        return;
    va_start(arguments, format);
    int count = vsnprintf(line->text + line->length, line->size - line->length,
                          format, arguments);
    va_end(arguments);
    if (count > 0)
        line->length += (size_t)count;
}

static void add_value(struct line *line, const struct eld_fault *fault,
                      uint64_t value)
{
    const char *name = NULL;

    if (fault->error == ELD_ERR_TYPE)
        name = eld_type_name((uint16_t)value);
    else if (fault->error == ELD_ERR_WRONG_CLASS)
        name = value ? "64-bit" : "32-bit";
    /* The machine's name depends on the file's class, too. */
    else if (fault->error == ELD_ERR_MACHINE && value == fault->found)
        name = fault->name[0] != '\0' ? fault->name : NULL;
    else if (fault->error == ELD_ERR_MACHINE)
        name = eld_machine_name((uint16_t)value, 1);
    if (name != NULL)
        add(line, "%s", name);
    else
        add(line, "0x%" PRIx64, value);
}

static void add_values(struct line *line, const struct eld_fault *fault)
{
    if (fault->found == ELD_NONE)
        return;
    add(line, " (found ");
    add_value(line, fault, fault->found);
    if (fault->expected != ELD_NONE) {
        add(line, ", expected ");
        add_value(line, fault, fault->expected);
    }
    add(line, ")");
}

static void add_place(struct line *line, const struct eld_fault *fault)
{
    if (fault->what == NULL)
        return;
    add(line, "%s", fault->what);
    if (fault->index != ELD_NONE)
        add(line, " %" PRIu64, fault->index);
    if (fault->offset != ELD_NONE)
        add(line, " at offset 0x%" PRIx64, fault->offset);
    add(line, ": ");
}

static void add_name(struct line *line, const struct eld_fault *fault)
{
    if (fault->name[0] == '\0' || fault->error == ELD_ERR_MACHINE)
        return;
    add(line, "%s", fault->name);
    if (fault->version[0] != '\0')
        add(line, "@%s", fault->version);
    add(line, ": ");
}

size_t eld_fault_format(const struct eld_fault *fault, char *text, size_t size)
{
    struct line line = {text, size, 0};

    if (size == 0)
        return 0;
    text[0] = '\0';
    add_place(&line, fault);
    add_name(&line, fault);
    add(&line, "%s", eld_error_text(fault->error));
    add_values(&line, fault);
    if (fault->host_error != 0)
        add(&line, " (%s)", strerror(fault->host_error));

    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] > '~')
            text[i] = '?';
    }
    return length;
}
