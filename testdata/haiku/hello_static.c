/* hello_static.c -- the smallest guest: two calls by int 99, no library. */
/* SPDX-License-Identifier: MIT */

/*
 * The kernel takes arguments from behind the word at ESP, the return address
 * of a stub as libroot has them. Numbers are those of r1beta5.
 */
__asm__("write_at:  movl $151, %eax\n"
        "           int $99\n"
        "           ret\n"
        "exit_team: movl $41, %eax\n"
        "           int $99\n");

int write_at(int fd, long long pos, const void *buffer, unsigned long size);
_Noreturn void exit_team(int status);
void _start(void);

void _start(void)
{
    static const char text[] = "Hello, Haiku!\n";

    write_at(1, -1, text, sizeof(text) - 1);
    exit_team(0);
}
