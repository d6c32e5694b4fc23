/* kernel_linux.c -- what kernel_times.c of the guests does, on Linux. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A port has a pipe for its counterpart. */
enum { CALLS = 20000, BLOCKS = 2000, TURNS = 5000, STARTS = 200 };
enum { BLOCK_SIZE = 65536 };

static char block[BLOCK_SIZE];

static long long now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void tell(const char *name, long long start, int count)
{
    printf("%s: %lld\n", name, (now() - start) / count);
    fflush(stdout);
}

static void null_call(void)
{
    long long start = now();

    for (int i = 0; i < CALLS; i++)
        syscall(SYS_getppid);
    tell("null call", start, CALLS);
}

static void file_calls(void)
{
    int fd = open("data", O_RDWR | O_CREAT, 0644);
    long long start;

    pwrite(fd, block, BLOCK_SIZE, 0);
    start = now();
    for (int i = 0; i < CALLS; i++)
        pread(fd, block, 1, 0);
    tell("read 1 B", start, CALLS);
    start = now();
    for (int i = 0; i < CALLS; i++)
        pwrite(fd, block, 1, 0);
    tell("write 1 B", start, CALLS);
    start = now();
    for (int i = 0; i < BLOCKS; i++)
        pread(fd, block, BLOCK_SIZE, 0);
    tell("read 64 KiB", start, BLOCKS);
    start = now();
    for (int i = 0; i < BLOCKS; i++)
        pwrite(fd, block, BLOCK_SIZE, 0);
    tell("write 64 KiB", start, BLOCKS);
    close(fd);
    unlink("data");
}

static void starts(const char *program)
{
    long long start = now();

    for (int i = 0; i < STARTS; i++) {
        pid_t child = fork();

        if (child == 0)
            _exit(0);
        waitpid(child, NULL, 0);
    }
    tell("fork + exit + wait", start, STARTS);
    start = now();
    for (int i = 0; i < STARTS; i++) {
        pid_t child = fork();

        if (child == 0) {
            execl(program, program, "end", NULL);
            _exit(1);
        }
        waitpid(child, NULL, 0);
    }
    tell("fork + exec + wait", start, STARTS);
}

static void *nothing(void *argument)
{
    return argument;
}

static void thread_starts(void)
{
    long long start = now();

    for (int i = 0; i < BLOCKS; i++) {
        pthread_t thread;

        pthread_create(&thread, NULL, nothing, NULL);
        pthread_join(thread, NULL);
    }
    tell("thread create + join", start, BLOCKS);
}

static void with_partner(const char *name, void *(*partner)(void *),
                         void (*measured)(void))
{
    pthread_t thread;
    long long start;

    pthread_create(&thread, NULL, partner, NULL);
    start = now();
    measured();
    pthread_join(thread, NULL);
    tell(name, start, TURNS);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void lock_and_unlock(void)
{
    for (int i = 0; i < TURNS; i++) {
        pthread_mutex_lock(&mutex);
        syscall(SYS_getppid);
        pthread_mutex_unlock(&mutex);
    }
}

static void *lock_partner(void *argument)
{
    lock_and_unlock();
    return argument;
}

static sem_t ping, pong;

static void *sem_partner(void *argument)
{
    for (int i = 0; i < TURNS; i++) {
        sem_wait(&ping);
        sem_post(&pong);
    }
    return argument;
}

static void sem_turns(void)
{
    for (int i = 0; i < TURNS; i++) {
        sem_post(&ping);
        sem_wait(&pong);
    }
}

static int first[2], second[2];

static void *pipe_partner(void *argument)
{
    char byte;

    for (int i = 0; i < TURNS; i++) {
        read(first[0], &byte, 1);
        write(second[1], &byte, 1);
    }
    return argument;
}

static void pipe_turns(void)
{
    char byte = 0;

    for (int i = 0; i < TURNS; i++) {
        write(first[1], &byte, 1);
        read(second[0], &byte, 1);
    }
}

static void turns(void)
{
    with_partner("contended mutex", lock_partner, lock_and_unlock);
    sem_init(&ping, 0, 0);
    sem_init(&pong, 0, 0);
    with_partner("semaphore ping-pong", sem_partner, sem_turns);
    pipe(first);
    pipe(second);
    with_partner("port ping-pong", pipe_partner, pipe_turns);
    with_partner("pipe ping-pong", pipe_partner, pipe_turns);
}

static void handle(int signo)
{
    (void)signo;
}

static void signals(void)
{
    long long start;

    signal(SIGUSR1, handle);
    start = now();
    for (int i = 0; i < TURNS; i++)
        raise(SIGUSR1);
    tell("signal round trip", start, TURNS);
}

int main(int argc, char **argv)
{
    if (argc == 2)
        return 0;
    null_call();
    file_calls();
    starts(argv[0]);
    thread_starts();
    turns();
    signals();
    return 0;
}
