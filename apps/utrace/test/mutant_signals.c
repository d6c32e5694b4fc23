/* mutant_signals.c -- a player that delivers a signal wrong. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <x86cpu/x86cpu.h>

/*
 * Linked with --wrap of the functions below. Registers that a thread is given
 * behind its first ones are a signal's delivery, or the return from one. The
 * environment says which of them goes wrong, and how:
 *
 *   TR_MUTATION="jit lost 3"
 *
 * the fourth one of a player with that engine. It is lost; or it comes twice,
 * again behind the next instruction; or late, behind that.
 */
enum what { NOTHING, LOST, TWICE, LATE };

enum { CPUS = 64 };

static struct {
    enum what what;
    enum xcpu_engine engine;
    unsigned number;
    const struct xcpu_machine *machine; /* the newest of that engine */
    struct {
        const struct xcpu *cpu;
        int has_registers;
    } cpus[CPUS]; /* its */
    unsigned next;
    unsigned seen;            /* deliveries */
    const struct xcpu *later; /* whose registers come behind an instruction */
    struct xcpu_regs regs;
} mutation;

__attribute__((constructor)) static void read_mutation(void)
{
    static const char *const names[] = {[NOTHING] = "nothing",
                                        [LOST] = "lost",
                                        [TWICE] = "twice",
                                        [LATE] = "late"};
    const char *text = getenv("TR_MUTATION");
    char engine[8], what[8];

    if (text == NULL ||
        sscanf(text, "%7s %7s %u", engine, what, &mutation.number) != 3)
        return;
    mutation.engine =
        strcmp(engine, "jit") == 0 ? XCPU_ENGINE_JIT : XCPU_ENGINE_INTERP;
    for (int i = 0; i <= LATE; i++)
        if (strcmp(what, names[i]) == 0)
            mutation.what = (enum what)i;
}

/* ---- whose registers they are ---- */

int __real_xcpu_machine_new(const struct xcpu_config *config,
                            struct xcpu_machine **machine);
int __wrap_xcpu_machine_new(const struct xcpu_config *config,
                            struct xcpu_machine **machine);
int __real_xcpu_new(struct xcpu_machine *machine, struct xcpu **cpu);
int __wrap_xcpu_new(struct xcpu_machine *machine, struct xcpu **cpu);

int __wrap_xcpu_machine_new(const struct xcpu_config *config,
                            struct xcpu_machine **machine)
{
    int result = __real_xcpu_machine_new(config, machine);

    if (result < 0 || config->engine != mutation.engine)
        return result;
    mutation.machine = *machine;
    memset(mutation.cpus, 0, sizeof(mutation.cpus));
    mutation.next = mutation.seen = 0;
    mutation.later = NULL;
    return result;
}

int __wrap_xcpu_new(struct xcpu_machine *machine, struct xcpu **cpu)
{
    int result = __real_xcpu_new(machine, cpu);

    for (unsigned i = 0; i < CPUS; i++)
        if (mutation.cpus[i].cpu == *cpu)
            mutation.cpus[i].cpu = NULL; /* it was another one */
    if (result < 0 || machine != mutation.machine)
        return result;
    mutation.cpus[mutation.next % CPUS].cpu = *cpu;
    mutation.cpus[mutation.next++ % CPUS].has_registers = 0;
    return result;
}

/* Whether it is the delivery that goes wrong. */
static int is_mutated(const struct xcpu *cpu)
{
    for (unsigned i = 0; i < CPUS; i++)
        if (mutation.cpus[i].cpu == cpu) {
            int has = mutation.cpus[i].has_registers;

            mutation.cpus[i].has_registers = 1;
            return has && mutation.seen++ == mutation.number;
        }
    return 0;
}

/* ---- what goes wrong ---- */

void __real_xcpu_set_regs(struct xcpu *cpu, const struct xcpu_regs *regs);
void __wrap_xcpu_set_regs(struct xcpu *cpu, const struct xcpu_regs *regs);
void __real_xcpu_run(struct xcpu *cpu, uint64_t budget, struct xcpu_exit *exit);
void __wrap_xcpu_run(struct xcpu *cpu, uint64_t budget, struct xcpu_exit *exit);

void __wrap_xcpu_set_regs(struct xcpu *cpu, const struct xcpu_regs *regs)
{
    if (mutation.what == NOTHING || !is_mutated(cpu)) {
        __real_xcpu_set_regs(cpu, regs);
        return;
    }
    fprintf(stderr, "mutant: 0x%08x\n", regs->eip);
    if (mutation.what == TWICE)
        __real_xcpu_set_regs(cpu, regs);
    if (mutation.what == LOST)
        return;
    mutation.later = cpu;
    mutation.regs = *regs;
}

void __wrap_xcpu_run(struct xcpu *cpu, uint64_t budget, struct xcpu_exit *exit)
{
    uint64_t executed;

    if (cpu != mutation.later || budget == 0) {
        __real_xcpu_run(cpu, budget, exit);
        return;
    }
    mutation.later = NULL;
    __real_xcpu_run(cpu, 1, exit);
    __real_xcpu_set_regs(cpu, &mutation.regs);
    if (exit->reason != XCPU_EXIT_BUDGET || budget == 1)
        return;
    executed = exit->executed;
    __real_xcpu_run(cpu, budget - 1, exit);
    exit->executed += executed;
}
