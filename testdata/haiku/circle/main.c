/* main.c -- a program whose libraries need each other. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include "circle.h"

int main(int argc, char **argv, char **environment)
{
    char text[8] = "";

    (void)argc, (void)argv, (void)environment;
    CHECK(ping_ready == 1 && pong_ready == 1);
    ping(text, 7);
    printf("%s\n", text);
    return 0;
}
