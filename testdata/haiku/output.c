/* output.c -- writes a megabyte of lines. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

enum { LINES = 1 << 14, WIDTH = 64 };

int main(int argc, char **argv, char **environment)
{
    static char text[LINES][WIDTH];
    uint32_t done = 0;

    (void)argc, (void)argv, (void)environment;
    for (unsigned i = 0; i < LINES; i++) {
        memset(text[i], 'a' + i % 26, WIDTH - 1);
        text[i][WIDTH - 1] = '\n';
    }
    while (done < sizeof(text)) {
        long written = sys(SYS_write, 1, NO_POSITION, (char *)text + done,
                           sizeof(text) - done);

        if (written <= 0)
            return 1;
        done += (uint32_t)written;
    }
    return 0;
}
