/* files_work.c -- work on files, for Haiku and for Linux. */
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

/*
 * One source without any library, so that both do the same: a guest, and an
 * i386 program of the host's. The word says what to do in the working
 * directory, which files.c has filled.
 */
long sys(int number, ...);

enum { BUFFER = 65536 };

static char buffer[BUFFER];

#ifdef __HAIKU__

/* Arguments lie behind the word at ESP (haiku-abi/x86-32.md). */
__asm__(".globl sys\n"
        "sys: popl %ecx\n"
        "popl %eax\n"
        "pushl %ecx\n"
        "int $99\n"
        "popl %ecx\n"
        "pushl %ecx\n"
        "pushl %ecx\n"
        "ret\n"
        ".globl _start\n"
        "_start: pushl 8(%esp)\n"
        "pushl 8(%esp)\n"
        "call work\n"
        "pushl $0\n"
        "pushl $41\n" /* exit_team */
        "call sys\n");

enum { WRITE = 1, CREATE = 0x600 }; /* and truncate */

static void find_entry(char **argv)
{
    (void)argv;
}

static int open_file(const char *path, int mode)
{
    return (int)sys(114, -1, path, mode, 0644);
}

static void close_file(int fd)
{
    sys(158, fd);
}

static long read_file(int fd, void *to, size_t size)
{
    return sys(149, fd, -1LL, to, size);
}

static long write_file(int fd, const void *from, size_t size)
{
    return sys(151, fd, -1LL, from, size);
}

static long stat_file(const char *path)
{
    char stat[88];

    return sys(156, -1, path, 1, stat, sizeof(stat));
}

static void remove_file(const char *path)
{
    sys(128, -1, path);
}

/* As readdir does: many entries a call. */
static long read_directory(const char *path)
{
    int fd = (int)sys(116, -1, path);
    long count, all = 0;

    while ((count = sys(154, fd, buffer, BUFFER, 65535)) > 0)
        all += count;
    close_file(fd);
    return all;
}

static const char *map_file(int fd, size_t size)
{
    void *at = 0;

    return sys(212, "area", &at, 0, size, 1, 1, 0, fd, 0LL) < 0 ? NULL : at;
}

#else

__asm__(".globl sys\n"
        "sys: pushl %ebx\n"
        "pushl %esi\n"
        "pushl %edi\n"
        "pushl %ebp\n"
        "movl 20(%esp), %eax\n"
        "movl 24(%esp), %ebx\n"
        "movl 28(%esp), %ecx\n"
        "movl 32(%esp), %edx\n"
        "movl 36(%esp), %esi\n"
        "movl 40(%esp), %edi\n"
        "movl 44(%esp), %ebp\n"
        "call *linux_entry\n"
        "popl %ebp\n"
        "popl %edi\n"
        "popl %esi\n"
        "popl %ebx\n"
        "ret\n"
        ".globl _start\n"
        "_start: movl (%esp), %eax\n"
        "leal 4(%esp), %ecx\n"
        "pushl %ecx\n"
        "pushl %eax\n"
        "call work\n"
        "pushl $0\n"
        "pushl $1\n" /* exit */
        "call sys\n"
        "by_interrupt: int $0x80\n"
        "ret\n");

/* The fast way in that libc takes is in the auxiliary vector. */
void by_interrupt(void);
void (*linux_entry)(void) = by_interrupt;

static void find_entry(char **argv)
{
    enum { AT_SYSINFO = 32 };
    const uintptr_t *at = (const uintptr_t *)argv;

    for (int lists = 0; lists < 2; at++)
        lists += *at == 0;
    for (; at[0] != 0; at += 2)
        if (at[0] == AT_SYSINFO)
            linux_entry = (void (*)(void))at[1];
}

enum { WRITE = 01, CREATE = 01100 };

static int open_file(const char *path, int mode)
{
    return (int)sys(5, path, mode, 0644);
}

static void close_file(int fd)
{
    sys(6, fd);
}

static long read_file(int fd, void *to, size_t size)
{
    return sys(3, fd, to, size);
}

static long write_file(int fd, const void *from, size_t size)
{
    return sys(4, fd, from, size);
}

static long stat_file(const char *path)
{
    char stat[96];

    return sys(195, path, stat); /* stat64 */
}

static void remove_file(const char *path)
{
    sys(10, path);
}

/* getdents64: its records are told apart by their lengths. */
static long read_directory(const char *path)
{
    int fd = open_file(path, 0);
    long size, all = 0;

    while ((size = sys(220, fd, buffer, BUFFER)) > 0)
        for (long at = 0; at < size; all++)
            at += *(const uint16_t *)(const void *)(buffer + at + 16);
    close_file(fd);
    return all;
}

static const char *map_file(int fd, size_t size)
{
    return (const char *)sys(192, 0, size, 1, 2, fd, 0); /* mmap2 */
}

#endif

static int opening(void)
{
    for (int i = 0; i < 50000; i++) {
        int fd = open_file("file", 0);

        if (read_file(fd, buffer, 4096) != 4096)
            return 1;
        close_file(fd);
    }
    return 0;
}

static int asking(const char *path)
{
    for (int i = 0; i < 100000; i++)
        if (stat_file(path) < 0)
            return 1;
    return 0;
}

static int listing(void)
{
    for (int i = 0; i < 30; i++)
        if (read_directory("many") < 10000)
            return 1;
    return 0;
}

static int copying(void)
{
    int from = open_file("big", 0), to = open_file("copy", WRITE | CREATE);
    long size;

    while ((size = read_file(from, buffer, BUFFER)) > 0)
        if (write_file(to, buffer, (size_t)size) != size)
            return 1;
    close_file(from);
    close_file(to);
    remove_file("copy");
    return from < 0 || to < 0;
}

static int making(void)
{
    char name[] = "small/00000";

    for (int i = 0; i < 10000; i++) {
        int fd;

        for (int digit = 10, left = i; digit > 5; digit--, left /= 10)
            name[digit] = (char)('0' + left % 10);
        fd = open_file(name, WRITE | CREATE);
        if (write_file(fd, buffer, 100) != 100)
            return 1;
        close_file(fd);
        remove_file(name);
    }
    return 0;
}

static int mapping(void)
{
    enum { SIZE = 64 << 20 };
    int fd = open_file("big", 0);
    const char *bytes = map_file(fd, SIZE);
    uint32_t sum = 0;

    if (bytes == NULL)
        return 1;
    for (int i = 0; i < SIZE; i += 4)
        sum += *(const uint32_t *)(const void *)(bytes + i);
    buffer[0] = (char)sum;
    close_file(fd);
    return 0;
}

/* Ends the program when something fails: it is not the work then that is
 * measured. */
void work(int argc, char **argv)
{
    char what = argc > 1 ? argv[1][0] : 'n';
    int failed;

    find_entry(argv);
    failed = what == 'o'   ? opening()
             : what == 's' ? asking("file")
             : what == 'd' ? asking("a/b/c/d/e/f/g/h/file")
             : what == 'l' ? listing()
             : what == 'c' ? copying()
             : what == 'm' ? making()
             : what == 'p' ? mapping()
                           : 0;

    if (failed)
        __builtin_trap();
}
