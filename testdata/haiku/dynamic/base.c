/* base.c -- libbase: data, versions, weak symbols. */
/* SPDX-License-Identifier: MIT */
#include "dynamic.h"

char order[8];
int base_counter;
const char *base_table[2] = {"zero", "one"};
static const char *first = "relocated";
const char **base_pointer = &first;

/* write(1, -1, text, size) of r1beta5: here is no support code. */
static void write_text(const char *text, unsigned size)
{
    __asm__ volatile("pushl %1\n\tpushl %0\n\tpushl $-1\n\tpushl $-1\n\t"
                     "pushl $1\n\tpushl $0\n\tmovl $151, %%eax\n\t"
                     "int $99\n\taddl $24, %%esp" ::"r"(text),
                     "r"(size)
                     : "eax", "memory");
}

void note(char letter)
{
    char *to = order;

    while (*to != '\0')
        to++;
    *to = letter;
}

__attribute__((constructor)) static void construct(void)
{
    note('b');
}

/* The last of all: libraries end in the reverse order of their beginning. */
__attribute__((destructor)) static void destruct(void)
{
    static const char text[] = "\n";

    note('B');
    write_text(order, 6);
    write_text(text, 1);
}

int answer_1(void)
{
    return 41;
}
__asm__(".symver answer_1, answer@BASE_1");

int answer_2(void)
{
    return 42;
}
__asm__(".symver answer_2, answer@@BASE_2");

int old_answer(void)
{
    return answer_1();
}

int weak_number(void)
{
    return 2;
}
