/* traced.c -- calls with an argument of each kind, for --strace. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

int main(int argc, char **argv, char **environment)
{
    char long_name[200];
    struct stat {
        char bytes[88];
    } stat;

    (void)argc, (void)argv, (void)environment;
    memset(long_name, 'n', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    sys(SYS_open, AT_FDCWD, "none", O_RDONLY, 0);
    sys(SYS_open, AT_FDCWD, "\"a\"\\b\n\t\x7f\xc3\xa4", O_RDONLY, 0);
    sys(SYS_open, AT_FDCWD, long_name, O_RDONLY, 0);
    sys(SYS_open, AT_FDCWD, (void *)0, O_RDONLY, 0);
    sys(SYS_open, AT_FDCWD, (void *)0x70, O_RDONLY, 0);
    sys(SYS_read_stat, 9, (void *)0, 1, &stat, sizeof(stat));
    sys64(SYS_seek, 99, -5000000000LL, 2);
    sys(SYS_is_computer_on);
    sys(SYS_cpu_enabled, 0);
    sys(SYS_find_thread, "nobody");
    sys(SYS_set_debugger_breakpoint, 1, 2, 3, 1);
    sys(SYS_system_profiler_stop);
    sys(SYS_system_profiler_stop);
    sys(SYS_debug_output, "said");
    sys(SYS_close, 2);
    return 3;
}
