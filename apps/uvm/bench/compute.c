/* compute.c -- a guest that computes: a sieve and a hash, 200 times. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>

enum { SIZE = 1 << 18, ROUNDS = 200 };

static uint8_t sieve[SIZE];

static void strike(uint8_t round)
{
    for (int i = 0; i < SIZE; i++)
        sieve[i] = round;
    for (int i = 2; i * i < SIZE; i++)
        for (int at = i * i; sieve[i] == round && at < SIZE; at += i)
            sieve[at] = round ^ 1;
}

static uint32_t hash(uint32_t value)
{
    for (int i = 0; i < SIZE; i++)
        value = (value ^ sieve[i]) * 0x01000193u;
    return value;
}

void _start(void)
{
    uint32_t value = 0;

    for (int round = 0; round < ROUNDS; round++) {
        strike((uint8_t)(round * 2));
        value = hash(value);
    }
    __asm__ volatile("pushl %0\n\tpushl $0\n\tmovl $41, %%eax\n\tint $99"
                     :
                     : "r"(value & 0x7f)
                     : "memory"); /* exit_team of r1beta5 */
}
