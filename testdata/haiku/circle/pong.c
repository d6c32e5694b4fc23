/* pong.c -- libpong, which needs libping. */
/* SPDX-License-Identifier: MIT */
#include "circle.h"

int pong_ready;

__attribute__((constructor)) static void construct(void)
{
    pong_ready++;
}

void pong(char *text, int length)
{
    if (length == 0)
        return;
    *text = 'o';
    ping(text + 1, length - 1);
}
