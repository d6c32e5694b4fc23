/* main.c -- uvm: runs Haiku programs. */
/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "uvm.h"

/* Areas and monitors take descriptors of the host's beside the guest's own. */
static void take_all_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    static struct uvm_options options;
    static struct uvm_program program;

    /* A file that may not grow is told as its write's fault. */
    if (argc > 1 &&
        (strcmp(argv[1], "package") == 0 || strcmp(argv[1], "root") == 0))
        signal(SIGXFSZ, SIG_IGN);
    if (argc > 1 && strcmp(argv[1], "package") == 0)
        uvm_package(argc - 1, argv + 1);
    take_all_descriptors();
    if (argc > 1 && strcmp(argv[1], "root") == 0)
        uvm_root(argc - 1, argv + 1);
    uvm_parse_options(argc, argv, &options);
    uvm_find_program(&options, &program);
    uvm_run(&options, &program);
}
