/* main.c -- a program of four images that no Haiku is needed for. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include "dynamic.h"

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    printf("order %s\n", order);
    printf("left %d right %d\n", left(), right());
    printf("base seen from both sides: %d\n", base_counter);
    CHECK(left_base() == &base_counter && right_base() == &base_counter);
    printf("versions %d %d\n", old_answer(), answer());
    CHECK(&missing == 0);
    printf("weak %d\n", weak_number());
    printf("pointer %s, table %s\n", *base_pointer, base_table[1]);
    printf("tls %d %d\n", next_left(), next_left());
    printf("tls %d\n", next_right());
    return 5;
}
