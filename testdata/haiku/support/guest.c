/* guest.c -- what the bundled guests have instead of a libroot. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <stdarg.h>

static char buffer[4096];
static size_t used;
static int failures;

struct user_thread {
    void *pthread;
    uint32_t flags;
    int32_t wait_status, defer_signals;
    uint64_t pending_signals;
};

long fork_team(void)
{
    long child = sys(SYS_fork);
    volatile struct user_thread *thread;

    if (child != 0)
        return child;
    __asm__("movl %%fs:16, %0" : "=r"(thread));
    thread->defer_signals = 0;
    if (thread->pending_signals != 0)
        sys(SYS_is_computer_on);
    return 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0')
        length++;
    return length;
}

int strcmp(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;

    for (size_t i = 0; i < size; i++)
        if (x[i] != y[i])
            return x[i] - y[i];
    return 0;
}

void *memcpy(void *to, const void *from, size_t size)
{
    char *x = to;
    const char *y = from;

    for (size_t i = 0; i < size; i++)
        x[i] = y[i];
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    char *x = to;

    for (size_t i = 0; i < size; i++)
        x[i] = (char)byte;
    return to;
}

static void flush(void)
{
    size_t done = 0;

    while (done < used) {
        long written =
            sys(SYS_write, 1, NO_POSITION, buffer + done, used - done);

        if (written <= 0)
            break;
        done += (size_t)written;
    }
    used = 0;
}

static void put(char c)
{
    buffer[used++] = c;
    if (used == sizeof(buffer) || c == '\n')
        flush();
}

void print(const char *text)
{
    while (*text != '\0')
        put(*text++);
}

static void print_digits(unsigned long number, unsigned base)
{
    char digits[24];
    size_t count = 0;

    do {
        digits[count++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    while (count > 0)
        put(digits[--count]);
}

void print_number(long number)
{
    unsigned long magnitude = (unsigned long)number;

    if (number < 0) {
        put('-');
        magnitude = -magnitude;
    }
    print_digits(magnitude, 10);
}

void print_hex(unsigned long number)
{
    print_digits(number, 16);
}

void printf(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            put(*format);
            continue;
        }
        switch (*++format) {
        case 's':
            print(va_arg(args, const char *));
            break;
        case 'd':
            print_number(va_arg(args, int));
            break;
        case 'u':
            print_digits(va_arg(args, unsigned), 10);
            break;
        case 'x':
            print_digits(va_arg(args, unsigned), 16);
            break;
        case 'c':
            put((char)va_arg(args, int));
            break;
        default:
            put(*format);
        }
    }
    va_end(args);
}

const char *status_name(long status)
{
    static const struct {
        int32_t status;
        const char *name;
    } names[] = {
#define STATUS(name, value, host) {(int32_t)(value), #name},
#include "libhaikuabi/src/status.def"
#undef STATUS
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].status == status)
            return names[i].name;
    return 0;
}

static void print_result(long status)
{
    const char *name = status_name(status);

    if (name != 0)
        print(name);
    else
        print_number(status);
}

void print_status(const char *what, long status)
{
    printf("%s: ", what);
    print_result(status);
    put('\n');
}

void check(int condition, const char *text)
{
    if (condition)
        return;
    printf("FAILED: %s\n", text);
    failures++;
}

void check_status(long found, long expected, const char *text)
{
    if (found == expected)
        return;
    printf("FAILED: %s: ", text);
    print_result(found);
    print(", not ");
    print_result(expected);
    put('\n');
    failures++;
}

int guest_end(int status)
{
    flush();
    return failures > 0 ? 1 : status;
}

_Noreturn void guest_exit(int status)
{
    for (;;)
        sys(SYS_exit_team, guest_end(status));
}
