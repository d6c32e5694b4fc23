/* crash.c -- a death of each kind, by the name of the argument. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

static void divide(void)
{
    __asm__ volatile("xorl %%ecx, %%ecx\n\tdivl %%ecx" ::: "eax", "ecx", "edx");
}

static void null_read(void)
{
    (void)*(volatile char *)BAD_POINTER;
}

static void null_write(void)
{
    *(volatile char *)BAD_POINTER = 1;
}

static void null_call(void)
{
    ((void (*)(void))BAD_POINTER)();
}

static void write_text(void)
{
    *(volatile char *)(uintptr_t)write_text = 1;
}

static void run_data(void)
{
    static char code[16] = {(char)0xc3};

    ((void (*)(void))(uintptr_t)code)();
}

static void kernel_read(void)
{
    (void)*(volatile char *)KERNEL_POINTER;
}

static void undefined(void)
{
    __asm__ volatile("ud2");
}

static void privileged(void)
{
    __asm__ volatile("hlt");
}

static void port(void)
{
    __asm__ volatile("outb %al, $0x80");
}

static void breakpoint(void)
{
    __asm__ volatile("int3");
}

static void overflow(void)
{
    __asm__ volatile("movb $127, %%al\n\taddb $1, %%al\n\tinto" ::: "eax");
}

static void bounds(void)
{
    static const int32_t range[2] = {1, 2};

    /* bound eax, [ecx]: the assemblers disagree on its operands' order. */
    __asm__ volatile(".byte 0x62, 0x01" ::"a"(5), "c"(range));
}

static void wrong_gate(void)
{
    __asm__ volatile("int $0x80");
}

static void segment(void)
{
    __asm__ volatile("movl $0x1234, %%eax\n\tmovw %%ax, %%es" ::: "eax");
}

static void stack(void)
{
    __asm__ volatile("1: pushl %eax\n\tjmp 1b");
}

static void division_overflow(void)
{
    __asm__ volatile("movl $0x80000000, %%eax\n\tcltd\n\tmovl $-1, %%ecx\n\t"
                     "idivl %%ecx" ::
                         : "eax", "ecx", "edx");
}

static void float_exception(void)
{
    static const uint16_t unmasked = 0x0300;

    __asm__ volatile(
        "fldcw %0\n\tfldz\n\tfld1\n\tfdivp\n\tfwait" ::"m"(unmasked));
}

static void suicide(void)
{
    sys(SYS_send_signal, 0, 9, (void *)0, 0);
}

static const struct {
    const char *name;
    void (*die)(void);
} deaths[] = {
    {"divide", divide},
    {"null_read", null_read},
    {"null_write", null_write},
    {"null_call", null_call},
    {"write_text", write_text},
    {"run_data", run_data},
    {"kernel_read", kernel_read},
    {"undefined", undefined},
    {"privileged", privileged},
    {"port", port},
    {"breakpoint", breakpoint},
    {"overflow", overflow},
    {"bounds", bounds},
    {"wrong_gate", wrong_gate},
    {"segment", segment},
    {"stack", stack},
    {"division_overflow", division_overflow},
    {"float_exception", float_exception},
    {"suicide", suicide},
};

int main(int argc, char **argv, char **environment)
{
    (void)environment;
    print("alive\n");
    for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++)
        if (argc == 2 && strcmp(argv[1], deaths[i].name) == 0)
            deaths[i].die();
    print("still alive\n");
    return 0;
}
