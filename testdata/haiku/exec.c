/* exec.c -- tells what becomes of each argument as a program. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>

static struct flat flat;

/* exec checks nothing: the team ends by its new program's loader. */
static void by_exec(const char *path)
{
    struct siginfo info;
    long child = fork_team();

    if (child == 0) {
        print_status("exec",
                     sys(SYS_exec, path, &flat, sizeof(flat), 2, 1, 022));
        guest_exit(99);
    }
    sys(SYS_wait_for_child, child, EXITED, &info, (void *)0);
    printf("%s: exec: %s %d\n", path,
           info.code == CLD_EXITED ? "exited" : "killed", info.status);
}

static void by_load_image(const char *path)
{
    struct siginfo info;
    long child = sys(SYS_load_image, &flat, sizeof(flat), 2, 1, 10,
                     WAIT_TILL_LOADED, -1, 0);

    printf("%s: load_image: ", path);
    if (child < 0) {
        print_status("failed", child);
        sys(SYS_wait_for_child, -1, EXITED, &info, (void *)0);
        return;
    }
    sys(SYS_resume_thread, child);
    sys(SYS_wait_for_child, child, EXITED, &info, (void *)0);
    printf("%s %d\n", info.code == CLD_EXITED ? "exited" : "killed",
           info.status);
}

int main(int argc, char **argv, char **environment)
{
    (void)environment;
    for (int i = 1; i < argc; i++) {
        flatten(&flat, argv[i], "word");
        by_exec(argv[i]);
        by_load_image(argv[i]);
    }
    return 0;
}
