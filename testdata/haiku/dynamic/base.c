/* base.c -- libbase: data, versions, weak symbols. */
/* SPDX-License-Identifier: MIT */
#include "dynamic.h"

char order[8];
int base_counter;
const char *base_table[2] = {"zero", "one"};
static const char *first = "relocated";
const char **base_pointer = &first;

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
