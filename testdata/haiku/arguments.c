/* arguments.c -- arguments and environment as they arrive. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

static int begins(const char *text, const char *with)
{
    while (*with != '\0')
        if (*text++ != *with++)
            return 0;
    return 1;
}

int main(int argc, char **argv, char **environment)
{
    printf("argc %d\n", argc);
    for (int i = 1; i < argc; i++)
        printf("argv[%d] '%s'\n", i, argv[i]);
    CHECK(argv[argc] == 0);
    for (char **variable = environment; *variable != 0; variable++)
        if (begins(*variable, "GUEST_") || begins(*variable, "HOME=") ||
            begins(*variable, "TERM="))
            printf("%s\n", *variable);
    /* Haiku's loader expects the strings right behind both arrays. */
    CHECK(argv[0] == (char *)(environment + 1) ||
          environment == argv + argc + 1);
    return argc;
}
