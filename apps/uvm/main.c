/* main.c -- uvm: runs Haiku programs. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "uvm.h"

int main(int argc, char **argv)
{
    static struct uvm_options options;
    static struct uvm_program program;

    if (argc > 1 && strcmp(argv[1], "package") == 0)
        uvm_package(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "root") == 0)
        uvm_root(argc - 1, argv + 1);
    uvm_parse_options(argc, argv, &options);
    uvm_find_program(&options, &program);
    uvm_run(&options, &program);
}
