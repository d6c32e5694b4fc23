/* error.c -- texts of errors. */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "fault.h"

const char *tr_error_text(int error)
{
    switch (error) {
#define X(name, value, text)                                                   \
    case TR_ERR_##name:                                                        \
        return text;
        TR_ERRORS(X)
#undef X
    }
    return error >= 0 ? "success" : "unknown error";
}

void tr_set_fault(struct tr_fault *fault, const char *format, ...)
{
    va_list arguments;

    if (fault == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(fault->text, sizeof(fault->text), format, arguments);
    va_end(arguments);
}
