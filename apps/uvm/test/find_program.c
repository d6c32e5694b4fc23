/* find_program.c -- what uvm does before it starts a program. */
/* SPDX-License-Identifier: MIT */
#include "apps/uvm/uvm.h"

void find_program(const char *name);

void find_program(const char *name)
{
    static const char *none = NULL;
    static struct uvm_program program;
    const struct uvm_options options = {.program = name, .arguments = &none};

    uvm_find_program(&options, &program);
}
