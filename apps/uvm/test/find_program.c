/* find_program.c -- what uvm does before it starts a program. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdlib.h>

#include "apps/uvm/uvm.h"

int find_program(const char *name);

/* The linker puts these in the place of exit (--wrap=exit). */
_Noreturn void __wrap_exit(int status);
_Noreturn void __real_exit(int status);

static struct {
    jmp_buf end;
    int is_wanted, status;
} ending;

void __wrap_exit(int status)
{
    if (!ending.is_wanted)
        __real_exit(status);
    ending.status = status;
    longjmp(ending.end, 1);
}

/* The status that uvm would have ended with; 0 when it would have gone on. */
int find_program(const char *name)
{
    static const char *none = NULL;
    static struct uvm_program program;
    const struct uvm_options options = {.program = name, .arguments = &none};

    ending.is_wanted = 1;
    ending.status = 0;
    program.directory_count = 0;
    if (setjmp(ending.end) == 0) {
        uvm_find_program(&options, &program);
        free(program.arguments);
    }
    ending.is_wanted = 0;
    return ending.status;
}
