/* guest.h -- what the bundled guests have instead of a libroot. */
/* SPDX-License-Identifier: MIT */
#ifndef GUEST_H
#define GUEST_H

#include <stddef.h>
#include <stdint.h>

/* Numbers of the system calls, of the release that the guest is for: what uvm
 * answers without a root is r1beta5. */
enum {
#define NUMBER(number, name) SYS_##name = number,
#include NUMBERS
#undef NUMBER
};

/* Error codes: B_NO_MEMORY is HK_B_NO_MEMORY. */
enum {
#define STATUS(name, value, host) HK_##name = (int32_t)(value),
#include "libhaikuabi/src/status.def"
#undef STATUS
};

/* A system call by `int 99`; 64-bit arguments must be of a 64-bit type. */
long sys(int number, ...);
long long sys64(int number, ...);

/* fork, and in the child what libroot does: signals are no longer deferred
 * (haiku-abi/x86-32.md, section 5). */
long fork_team(void);

/* Text goes to a buffer that guest_end, a newline at its end or 4 KiB of it
 * write to descriptor 1. */
void print(const char *text);
void print_number(long number);
void print_hex(unsigned long number);
/* Knows %s %d %u %x %c and %%. */
void printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "name: status" with the name of an error code. */
void print_status(const char *what, long status);
const char *status_name(long status);

/* One line when a condition does not hold; guest_end then gives 1. */
void check(int condition, const char *text);
#define CHECK(condition) check((condition) != 0, #condition)

/* The result of a call is what it should be, or one line says what it was. */
void check_status(long found, long expected, const char *text);
#define CHECK_STATUS(call, expected) check_status((call), (expected), #call)

/* Flushes; returns status, or 1 after a failed check. */
int guest_end(int status);

/* The same, and ends the team with it. */
_Noreturn void guest_exit(int status);

size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
int memcmp(const void *a, const void *b, size_t size);
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);

/* The guest's own: called by the support code, whose _start it is. */
int main(int argc, char **argv, char **environment);

#define NO_POSITION    (-1LL) /* of read and write: the descriptor's own */
#define BAD_POINTER    ((void *)0x5fff0070) /* the user's, never mapped */
#define KERNEL_POINTER ((void *)0x80001000u)

/* haiku-abi/structs.md, "sigaction". */
struct sigaction {
    void *handler;
    uint64_t mask __attribute__((aligned(4), packed));
    int32_t flags;
    void *data;
} __attribute__((packed));

/* open modes, areas (haiku-abi/structs.md) */
enum {
    O_RDONLY = 0,
    O_WRONLY = 1,
    O_RDWR = 2,
    O_CLOEXEC = 0x40,
    O_NONBLOCK = 0x80,
    O_EXCL = 0x100,
    O_CREAT = 0x200,
    O_TRUNC = 0x400,
    O_APPEND = 0x800
};
enum { AT_FDCWD = -1 };
enum { READ_AREA = 1, WRITE_AREA = 2, EXECUTE_AREA = 4 };
enum { ANY_ADDRESS = 0, EXACT_ADDRESS = 1, BASE_ADDRESS = 2 };

#endif
