/* quiet_test.c -- flags that pass through instructions whose own are unused. */
/* SPDX-License-Identifier: MIT */
#include <x86cpu/x86cpu.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define WINDOW (UINT64_C(1) << 32)
#define PAGE   4096u
#define CODE   0x10000u

/* Each ends with INT 0x80; EFLAGS then has CF as it says. */
static const struct {
    const char *name;
    uint8_t size, bytes[12];
    int carry;
} rows[] = {
    {"CMP EAX, 1; INC ECX; INC EDX",
     7,
     {0x83, 0xf8, 0x01, 0x41, 0x42, 0xcd, 0x80},
     1},
    {"CMP EAX, 0; INC ECX; DEC EDX",
     7,
     {0x83, 0xf8, 0x00, 0x41, 0x4a, 0xcd, 0x80},
     0},
    {"STC; DEC ECX; INC EDX", 5, {0xf9, 0x49, 0x42, 0xcd, 0x80}, 1},
    {"CMP EAX, 1; ADD ECX, ECX; INC EDX",
     8,
     {0x83, 0xf8, 0x01, 0x01, 0xc9, 0x42, 0xcd, 0x80},
     0},
    {"CMP EAX, 1; INC ECX; NOP; SBB EDX, EDX",
     9,
     {0x83, 0xf8, 0x01, 0x41, 0x90, 0x19, 0xd2, 0xcd, 0x80},
     1},
};

static uint8_t *window;

static size_t fetch(void *owner, uint32_t address, void *bytes, size_t size,
                    int *present)
{
    (void)owner;
    if (present)
        *present = 0;
    if (address < CODE || address >= CODE + PAGE)
        return 0;
    if (size > CODE + PAGE - address)
        size = CODE + PAGE - address;
    memcpy(bytes, window + address, size);
    return size;
}

/* CF behind the code of a row, or -1. */
static int run(struct xcpu *cpu, size_t row)
{
    struct xcpu_regs regs;
    struct xcpu_exit exit;
    memcpy(window + CODE, rows[row].bytes, rows[row].size);
    xcpu_get_regs(cpu, &regs);
    memset(regs.gpr, 0, sizeof(regs.gpr));
    regs.eip = CODE;
    xcpu_set_regs(cpu, &regs);
    xcpu_run(cpu, 100, &exit);
    xcpu_get_regs(cpu, &regs);
    if (exit.reason != XCPU_EXIT_INT)
        return -1;
    return (int)(regs.eflags & XCPU_CF);
}

int main(void)
{
    struct xcpu_machine *machine;
    struct xcpu *cpu;
    int failures = 0;
    window = mmap(NULL, WINDOW + PAGE, PROT_NONE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (window == MAP_FAILED ||
        mprotect(window + CODE, PAGE, PROT_READ | PROT_WRITE) < 0)
        return 1;
    struct xcpu_config config = {
        .memory = {.base = window, .size = WINDOW, .fetch = fetch}};
    if (xcpu_machine_new(&config, &machine) < 0 || xcpu_new(machine, &cpu) < 0)
        return 1;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int carry = run(cpu, i);
        if (carry == rows[i].carry)
            continue;
        printf("%s: CF %d\n", rows[i].name, carry);
        failures++;
    }
    xcpu_free(cpu);
    xcpu_machine_free(machine);
    return failures != 0;
}
