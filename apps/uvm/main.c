/* main.c -- uvm: runs Haiku programs. */
/* SPDX-License-Identifier: MIT */
#include "uvm.h"

int main(int argc, char **argv)
{
    static struct uvm_options options;
    static struct uvm_program program;

    uvm_parse_options(argc, argv, &options);
    uvm_find_program(&options, &program);
    uvm_run(&options, &program);
}
