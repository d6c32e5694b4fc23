/* scripts.c -- scripts, which libroot has their interpreters run. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>

static void write_script(const char *name, const char *interpreter)
{
    long fd = sys(SYS_open, AT_FDCWD, name, O_WRONLY | O_CREAT | O_TRUNC, 0755);

    CHECK(fd >= 0);
    sys(SYS_write, fd, NO_POSITION, "#!", 2);
    sys(SYS_write, fd, NO_POSITION, interpreter, strlen(interpreter));
    sys(SYS_write, fd, NO_POSITION, "\nthe rest\n", 10);
    sys(SYS_close, fd);
}

/* What libroot looks for before it loads or executes a file: a flat block of
 * the interpreter that its first line names, and the file. */
static void flatten_script(struct flat *flat, const char *script)
{
    char line[512] = "";
    long fd = sys(SYS_open, AT_FDCWD, script, O_RDONLY, 0);
    long size = sys(SYS_read, fd, NO_POSITION, line, sizeof(line) - 1), at = 2;

    CHECK(size > 2 && line[0] == '#' && line[1] == '!');
    while (at < size && line[at] != '\n')
        at++;
    line[at] = '\0';
    flatten(flat, line + 2, script);
    sys(SYS_close, fd);
}

static void expect_exit(long child, int32_t status)
{
    struct siginfo info;

    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == CLD_EXITED);
    CHECK_STATUS(info.status, status);
}

/* The kernel starts the interpreter; the script itself is no program to it. */
static void run_script(const char *program)
{
    struct flat flat, itself;
    long child;

    write_script("script", program);
    flatten_script(&flat, "script");
    flatten(&itself, "./script", "x");
    child = fork_team();
    if (child == 0)
        sys(SYS_exec, flat.pointers[0], &flat, sizeof(flat), 2, 1, 022);
    expect_exit(child, 44);
    child = sys(SYS_load_image, &flat, sizeof(flat), 2, 1, 10, WAIT_TILL_LOADED,
                -1, 0);
    CHECK(child > 0);
    CHECK_STATUS(sys(SYS_resume_thread, child), HK_B_OK);
    expect_exit(child, 44);
    child = fork_team();
    if (child == 0)
        sys(SYS_exec, "./script", &itself, sizeof(itself), 2, 1, 022);
    expect_exit(child, HK_B_NOT_AN_EXECUTABLE);
    CHECK_STATUS(sys(SYS_load_image, &itself, sizeof(itself), 2, 1, 10,
                     WAIT_TILL_LOADED, -1, 0),
                 HK_B_NOT_AN_EXECUTABLE);
    sys(SYS_wait_for_child, -1, EXITED, (void *)0, (void *)0);
    CHECK_STATUS(sys(SYS_unlink, AT_FDCWD, "script"), HK_B_OK);
}

int main(int argc, char **argv, char **environment)
{
    (void)environment;
    if (argc == 2) {
        printf("%s\n", argv[1]);
        return 44;
    }
    run_script(argv[0]);
    print("scripts checked\n");
    return 0;
}
