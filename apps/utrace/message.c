/* message.c -- lines on stderr. */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "utrace.h"

static void print(const char *format, va_list arguments)
{
    fflush(stdout);
    fputs("utrace: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void utrace_message(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print(format, arguments);
    va_end(arguments);
}

_Noreturn void utrace_fail(int status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print(format, arguments);
    va_end(arguments);
    exit(status);
}
