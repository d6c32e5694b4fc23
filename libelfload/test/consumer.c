/* consumer.c -- a program against an installed libelfload. */
/* SPDX-License-Identifier: MIT */

#include <elfload/elf_check.h>
#include <elfload/elf_link.h>
#include <string.h>

int main(void)
{
    struct eld_fault fault;
    char line[128];

    eld_check_program("hello\n", 6, eld_target_of(3), NULL, &fault);
    eld_fault_format(&fault, line, sizeof(line));
    eld_program_free(NULL);
    return strcmp(line, "text file, not an ELF file") != 0;
}
