/* identify.c -- what CPUID tells, outside of a guest. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "uvm.h"

/* cpuid; int3 */
static uint8_t code[] = {0x0f, 0xa2, 0xcc};

static size_t fetch(void *owner, uint32_t address, void *bytes, size_t size,
                    int *present)
{
    (void)owner;
    (void)present;
    if (address >= sizeof(code))
        return 0;
    if (size > sizeof(code) - address)
        size = sizeof(code) - address;
    memcpy(bytes, code + address, size);
    return size;
}

static void run(struct xcpu *cpu, uint32_t leaf, uint32_t registers[4])
{
    struct xcpu_exit exit;

    xcpu_set_gpr(cpu, XCPU_EAX, leaf);
    xcpu_run(cpu, 2, &exit);
    registers[0] = xcpu_get_gpr(cpu, XCPU_EAX);
    registers[1] = xcpu_get_gpr(cpu, XCPU_EBX);
    registers[2] = xcpu_get_gpr(cpu, XCPU_ECX);
    registers[3] = xcpu_get_gpr(cpu, XCPU_EDX);
}

/* Asks a processor of its own, of the model that the guest has. */
void uvm_identify(void *host, uint32_t leaf, uint32_t registers[4])
{
    const struct uvm *uvm = host;
    struct xcpu_config config = {
        .memory = {.base = code, .size = UINT64_C(1) << 32, .fetch = fetch},
        .engine = XCPU_ENGINE_INTERP,
        .model = uvm->options->model};
    struct xcpu_machine *machine;
    struct xcpu *cpu;

    memset(registers, 0, 4 * sizeof(registers[0]));
    if (xcpu_machine_new(&config, &machine) < 0)
        return;
    if (xcpu_new(machine, &cpu) == 0) {
        run(cpu, leaf, registers);
        xcpu_free(cpu);
    }
    xcpu_machine_free(machine);
}
