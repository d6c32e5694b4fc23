/* alone.c -- uvm --alone: a namespace of processes for the program. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "uvm.h"

/*
 * Three processes: uvm's first one waits outside; the namespace's first one,
 * which the host has adopt orphans and protects from signals, does nothing
 * else; the program is the second.
 */

static _Noreturn void refuse(const char *what, int error)
{
    uvm_fail(UVM_EXIT_FAILURE, "--alone: the host refuses %s: %s", what,
             strerror(error));
}

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t written = fd < 0 ? -1 : write(fd, text, strlen(text));

    if (fd >= 0)
        close(fd);
    return written < 0 ? -1 : 0;
}

/* The user stays who it is: the only one that such a namespace may know. */
static int keep_user(uid_t user, gid_t group)
{
    char users[64], groups[64];

    snprintf(users, sizeof(users), "%u %u 1", user, user);
    snprintf(groups, sizeof(groups), "%u %u 1", group, group);
    if (write_file("/proc/self/setgroups", "deny") != 0 ||
        write_file("/proc/self/uid_map", users) != 0)
        return -1;
    return write_file("/proc/self/gid_map", groups);
}

/* Its processes are this one's children, and it mounts what it likes; who may
 * not have that gets it as the only user of a namespace of users. */
static int make_namespace(void)
{
    const int spaces = CLONE_NEWPID | CLONE_NEWNS;
    uid_t user = geteuid();
    gid_t group = getegid();

    if (unshare(spaces) != 0 &&
        (errno != EPERM || unshare(CLONE_NEWUSER | spaces) != 0 ||
         keep_user(user, group) != 0))
        return -1;
    return mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL);
}

/* Says whether /proc could be mounted, later that not all have ended with the
 * program, and ends when nobody is left. */
static _Noreturn void adopt_orphans(int link)
{
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    int error = mount("proc", "/proc", "proc", flags, NULL) == 0 ? 0 : errno;

    signal(SIGCHLD, SIG_IGN); /* the host buries them */
    if (write(link, &error, sizeof(error)) == sizeof(error)) {
        for (int fd = 0; fd < link; fd++)
            close(fd);
        while (read(link, &error, 1) < 0 && errno == EINTR)
            continue;
    }
    if (waitpid(-1, NULL, WNOHANG) == 0 && write(link, "", 1) == 1)
        close(link);
    while (wait(NULL) >= 0 || errno == EINTR)
        continue;
    _exit(0);
}

/* ---- outside ---- */

static pid_t program;

/* What the terminal sends went to the program as well. */
static void pass_on(int signo, siginfo_t *info, void *context)
{
    int saved = errno;

    (void)context;
    if (info->si_code <= 0)
        kill(program, signo);
    errno = saved;
}

static void pass_signals_on(void)
{
    static const int signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGUSR1,
                                  SIGUSR2, SIGALRM, SIGCONT, SIGTSTP, SIGWINCH};
    struct sigaction action = {.sa_sigaction = pass_on,
                               .sa_flags = SA_SIGINFO | SA_RESTART};

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &action, NULL);
}

/* The namespace's first process is buried here, if it ends now. */
static void take_leave(pid_t first, int link)
{
    char byte;

    shutdown(link, SHUT_WR);
    if (read(link, &byte, 1) == 0)
        waitpid(first, NULL, 0);
}

/* Stops and ends as the program does. */
static _Noreturn void wait_outside(pid_t first, int link)
{
    int status;

    pass_signals_on();
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        close(fd); /* whoever reads what the program writes sees its end */
    for (;;) {
        if (waitpid(program, &status, WUNTRACED) < 0)
            continue;
        if (!WIFSTOPPED(status))
            break;
        raise(SIGSTOP);
        kill(program, SIGCONT);
    }
    take_leave(first, link);
    if (WIFSIGNALED(status))
        uvm_die_of(WTERMSIG(status));
    _exit(WEXITSTATUS(status));
}

static pid_t fork_or_fail(void)
{
    pid_t child = fork();

    if (child < 0)
        refuse("a process", errno);
    return child;
}

void uvm_be_alone(void)
{
    int links[2], error = EIO;
    pid_t first;

    if (make_namespace() != 0)
        refuse("a namespace of processes", errno);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, links) != 0)
        refuse("a pair of sockets", errno);
    first = fork_or_fail();
    if (first == 0) {
        close(links[0]);
        adopt_orphans(links[1]);
    }
    close(links[1]);
    if (read(links[0], &error, sizeof(error)) < 0 || error != 0)
        refuse("a /proc of its own", error);
    program = fork_or_fail();
    if (program != 0)
        wait_outside(first, links[0]);
    close(links[0]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}
