/* kernels_code.c -- code that is written, or executed once. */
/* SPDX-License-Identifier: MIT */
#include "kernels.h"

_Alignas(4096) unsigned char code[CODE_SIZE];

typedef unsigned function(unsigned argument);

static unsigned char *put8(unsigned char *at, unsigned value)
{
    *at = (unsigned char)value;
    return at + 1;
}

static unsigned char *put32(unsigned char *at, unsigned value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> 8 * i);
    return at + 4;
}

static unsigned call(const unsigned char *at, unsigned argument)
{
    function *entry = (function *)(unsigned)at;
    return entry(argument);
}

/* MOV EAX, [ESP+4]; then n times ADD EAX, value; IMUL EAX, EAX, 33; RET. */
static unsigned char *put_function(unsigned char *at, unsigned n,
                                   unsigned value)
{
    at = put32(at, 0x0424448b);
    for (unsigned i = 0; i < n; i++) {
        at = put8(at, 0x05);
        at = put32(at, value + i);
        at = put8(put8(put8(at, 0x6b), 0xc0), 33);
    }
    return put8(at, 0xc3);
}

/* One operand of a function of 33 instructions changes before each call. */
unsigned code_rewritten(unsigned rounds)
{
    unsigned sum = 0;
    put_function(code, 16, 1);
    while (rounds--) {
        put32(code + 5, rounds);
        sum += call(code, sum);
    }
    return sum;
}

/* As a just-in-time compiler does: writes 32 functions over the ones before,
 * calls each 16 times. */
unsigned code_generated(unsigned rounds)
{
    unsigned sum = 0;
    while (rounds--) {
        unsigned char *starts[32], *at = code;
        for (unsigned i = 0; i < 32; i++) {
            starts[i] = at;
            at = put_function(at, 4 + i % 8, rounds + i);
        }
        for (unsigned i = 0; i < 32 * 16; i++)
            sum += call(starts[i % 32], i);
    }
    return sum;
}

/* 4096 times 128 bytes of what compilers make of small functions. */
__asm__(".p2align 12\n"
        "cold_code:\n"
        "push %ebp\n"
        "push %ebx\n"
        "push %esi\n"
        "push %edi\n"
        "mov 20(%esp), %eax\n"
        "sub $60, %esp\n"
        "xor %ebx, %ebx\n"
        ".rept 4096\n"
        "0: mov %eax, 16(%esp)\n"
        "lea 7(%eax,%eax,4), %edx\n"
        "mov %edx, 20(%esp)\n"
        "movzbl 16(%esp), %ecx\n"
        "shr $3, %edx\n"
        "cmp $0x40, %ecx\n"
        "jbe 1f\n"
        "add 20(%esp), %ebx\n"
        "xor %edx, %ebx\n"
        "1: movl $0x1234567, 24(%esp)\n"
        "imul $0x343fd, %eax, %eax\n"
        "add $0x269ec3, %eax\n"
        "push %eax\n"
        "push %ebx\n"
        "call 2f\n"
        "add $8, %esp\n"
        "test %eax, %eax\n"
        "jns 3f\n"
        "sub 24(%esp), %ebx\n"
        "jmp 3f\n"
        "2: mov 4(%esp), %eax\n"
        "xor 8(%esp), %eax\n"
        "rol $5, %eax\n"
        "ret\n"
        "3: mov %eax, %esi\n"
        "and $0xffff, %esi\n"
        "add %esi, %ebx\n"
        ".p2align 7\n"
        ".endr\n"
        "mov %ebx, %eax\n"
        "add $60, %esp\n"
        "pop %edi\n"
        "pop %esi\n"
        "pop %ebx\n"
        "pop %ebp\n"
        "ret\n");

unsigned cold_code(unsigned seed);

/* 0.5 MB of code. */
unsigned code_cold(unsigned rounds)
{
    unsigned sum = 0;
    while (rounds--)
        sum += cold_code(sum);
    return sum;
}
