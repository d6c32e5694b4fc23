/* consumer.c -- a program against an installed libx86cpu. */
/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <x86cpu/x86cpu.h>

static uint8_t window[] = {0xcd, 99}; /* int $99 */

static size_t fetch(void *owner, uint32_t address, void *bytes, size_t size,
                    int *present)
{
    (void)owner;
    (void)present;
    if (address >= sizeof(window))
        return 0;
    if (size > sizeof(window) - address)
        size = sizeof(window) - address;
    memcpy(bytes, window + address, size);
    return size;
}

int main(void)
{
    struct xcpu_config config = {
        .memory = {.base = window, .size = UINT64_C(1) << 32, .fetch = fetch}};
    struct xcpu_machine *machine;
    struct xcpu *cpu;
    struct xcpu_exit exit;

    if (xcpu_machine_new(&config, &machine) < 0 || xcpu_new(machine, &cpu) < 0)
        return 1;
    xcpu_run(cpu, 1000, &exit);
    xcpu_free(cpu);
    xcpu_machine_free(machine);
    return exit.reason != XCPU_EXIT_INT || exit.vector != 99;
}
