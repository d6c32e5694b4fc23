/* ping.c -- libping, which needs libpong. */
/* SPDX-License-Identifier: MIT */
#include "circle.h"

int ping_ready;

__attribute__((constructor)) static void construct(void)
{
    ping_ready++;
}

void ping(char *text, int length)
{
    if (length == 0)
        return;
    *text = 'i';
    pong(text + 1, length - 1);
}
