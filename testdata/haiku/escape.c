/* escape.c -- tries to reach memory that is not the team's: over the end of
 * the address space, through segments, by what an x86-64 CPU would do. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

enum { SIGILL = 4, SIGSEGV = 11 };
enum { SA_ONSTACK = 0x20, SA_SIGINFO = 0x40 };
enum { DF = 0x400 };

struct siginfo {
    int32_t signal, code, error, pid;
    uint32_t uid;
    uint32_t address;
};

/* The front of ucontext_t up to the registers that are used here. */
struct context {
    struct context *link;
    uint32_t mask[2];
    void *stack;
    uint32_t stack_size, stack_flags;
    uint32_t eip, eflags;
};

__attribute__((used)) static uint32_t resume, saved_esp;
__attribute__((used)) static uint32_t words[8] __attribute__((aligned(16)));
static volatile int signals, last_signal;
static volatile uint32_t last_address;

static void on_fault(int signal, struct siginfo *info, struct context *context)
{
    signals++;
    last_signal = signal;
    last_address = info->address;
    context->eip = resume;
    context->eflags &= ~(uint32_t)DF;
}

static void set_up(void)
{
    static char alternate[16384] __attribute__((aligned(16)));
    struct {
        void *base;
        uint32_t size;
        int32_t flags;
    } stack = {alternate, sizeof(alternate), 0};
    struct sigaction action = {.handler = on_fault,
                               .flags = SA_SIGINFO | SA_ONSTACK};

    CHECK_STATUS(sys(SYS_set_signal_stack, &stack, (void *)0), HK_B_OK);
    CHECK_STATUS(sys(SYS_sigaction, SIGSEGV, &action, (void *)0), HK_B_OK);
    CHECK_STATUS(sys(SYS_sigaction, SIGILL, &action, (void *)0), HK_B_OK);
}

/* Executes code with the registers that follow; ESP is then as before, and
 * result what EAX was. */
#define TRY(code, a, b, c, si, di)                                             \
    __asm__ volatile("movl $1f, resume\n\tmovl %%esp, saved_esp\n\t" code      \
                     "\n1:\tmovl saved_esp, %%esp\n\tcld"                      \
                     : "=a"(result), "=b"(ebx), "=c"(ecx), "=S"(esi),          \
                       "=D"(edi)                                               \
                     : "0"(a), "1"(b), "2"(c), "3"(si), "4"(di)                \
                     : "edx", "memory", "cc")

#define RESULTS uint32_t result, ebx, ecx, esi, edi

/* The last attempt ended by a fault at an address, or by another signal. */
static int faulted_at(uint32_t address)
{
    int faulted = signals == 1 && last_signal == SIGSEGV;

    signals = 0;
    return faulted && last_address == address;
}

/* It went over the limit of its segment, or to a page that is not there. */
static int refused(void)
{
    int ended =
        signals == 1 && (last_signal == SIGSEGV || last_signal == SIGILL);

    signals = 0;
    return ended;
}

static int ended_by(int signal)
{
    int ended = signals == 1 && last_signal == signal;

    signals = 0;
    return ended;
}

/* Addresses that come out of 32 bits are the ones modulo 2^32. */
static void wrapped(void)
{
    RESULTS;

    for (uint32_t i = 0; i < 8; i++)
        words[i] = 0x1000 + i;
    TRY("movl words+16(%%esi), %%eax", 0, 0, 0, -16u, 0);
    CHECK(result == 0x1000);
    TRY("movl words+4(,%%eax,8), %%eax", 0x20000000, 0, 0, 0, 0);
    CHECK(result == 0x1001);
    TRY("movl words+8(%%eax,%%ecx,4), %%eax", 0x80000000, 0, 0x20000000, 0, 0);
    CHECK(result == 0x1002);
    TRY("movl words, %%eax\n\tmovl words+12, %%ecx", 0, 0, 0, 0, 0);
    CHECK(result == 0x1000 && ecx == 0x1003);
    TRY("movl $-16, %%esp\n\tmovl words+32(%%esp), %%eax", 0, 0, 0, 0, 0);
    CHECK(result == 0x1004);
    TRY("movl %%eax, words+16(%%esi)", 7, 0, 0, -16u, 0);
    TRY("lock xaddl %%eax, words+20(%%esi)", 8, 0, 0, -16u, 0);
    CHECK(words[0] == 7 && words[1] == 0x1009 && result == 0x1001);
    TRY("pushl words+16(%%esi)\n\tpopl %%eax", 0, 0, 0, -16u, 0);
    CHECK(result == 7);
    TRY("flds words+24(%%esi)\n\tfstps words+28(%%esi)", 0, 0, 0, -16u, 0);
    CHECK(words[3] == words[2]);
    TRY("movups words+16(%%esi), %%xmm0\n\tmovups %%xmm0, words+32(%%esi)", 0,
        0, 0, -16u, 0);
    CHECK(memcmp(words, words + 4, 16) == 0);
    words[5] = (uint32_t)(uintptr_t)sys;
    TRY("movl $2f, words+20\n\tjmp *words+36(%%esi)\n2:\tmovl $9, %%eax", 0, 0,
        0, -16u, 0);
    CHECK(result == 9);
    CHECK(signals == 0);
}

/* What is across the end of the address space, or behind it. */
static void end_of_space(void)
{
    RESULTS;

    TRY("movl (%%esi), %%eax", 0, 0, 0, -2u, 0);
    CHECK(refused());
    TRY("movl %%eax, -2", 0, 0, 0, 0, 0);
    CHECK(refused());
    TRY("movb 1(%%esi), %%al", 0, 0, 0, -1u, 0);
    CHECK(faulted_at(0));
    TRY("movups (%%esi), %%xmm0", 0, 0, 0, -8u, 0);
    CHECK(refused());
    TRY("fldt (%%esi)", 0, 0, 0, -8u, 0);
    CHECK(refused());
    TRY("cmpxchg8b (%%esi)", 0, 0, 0, -4u, 0);
    CHECK(refused());
    TRY("fxsave (%%esi)", 0, 0, 0, -256u, 0);
    CHECK(refused());
    TRY("fnsave (%%esi)", 0, 0, 0, -64u, 0);
    CHECK(faulted_at(-64u));
    TRY("xlatb", 0xff, -1u, 0, 0, 0);
    CHECK(faulted_at(0xfe));
    TRY("btsl %%eax, words", 0x7fffffff, 0, 0, 0, 0);
    CHECK(faulted_at((uint32_t)(uintptr_t)words + 0x0ffffffc));
    TRY("btsl %%eax, words", 0x80000000, 0, 0, 0, 0);
    CHECK(faulted_at((uint32_t)(uintptr_t)words - 0x10000000));
}

static void stack(void)
{
    RESULTS;

    TRY("xorl %%esp, %%esp\n\tpushl %%eax", 0, 0, 0, 0, 0);
    CHECK(faulted_at(-4u));
    TRY("movl $-2, %%esp\n\tpopl %%eax", 0, 0, 0, 0, 0);
    CHECK(refused());
    TRY("movl $2, %%esp\n\tcall 1f", 0, 0, 0, 0, 0);
    CHECK(refused());
    TRY("movl $-1, %%esp\n\tret", 0, 0, 0, 0, 0);
    CHECK(refused());
    TRY("movl $8, %%esp\n\tmovl -12(%%esp), %%eax", 0, 0, 0, 0, 0);
    CHECK(faulted_at(-4u));
    TRY("movl $-8, %%esp\n\taddl $12, %%esp\n\tpopl %%eax", 0, 0, 0, 0, 0);
    CHECK(faulted_at(4));
}

/* Repeated instructions stop where the guest's memory does. */
static void strings(void)
{
    uint32_t from = (uint32_t)(uintptr_t)words;
    RESULTS;

    TRY("rep stosb", 0, 0, 4096, 0, -256u);
    CHECK(faulted_at(-256u) && edi == -256u && ecx == 4096);
    TRY("rep movsl", 0, 0, 4096, from, -16u);
    CHECK(faulted_at(-16u) && edi == -16u && esi == from);
    TRY("std\n\trep stosb", 0, 0, 16, 0, 3);
    CHECK(faulted_at(3) && edi == 3 && ecx == 16);
    TRY("rep lodsb", 0, 0, -1u, from, 0);
    CHECK(esi > from && ecx == -1u - (esi - from));
    CHECK(faulted_at(esi));
    TRY("repne scasl", 0x87654321, 0, -1u, 0, from);
    CHECK(edi > from && faulted_at(edi));
    /* By SI, DI and CX alone. */
    TRY("addr16 rep movsb", 0, 0, 0x12340020, from | 0xfff0, from | 0xfff8);
    CHECK(faulted_at(0xfff0));
}

static void small_addresses(void)
{
    RESULTS;

    /* mov al, [bx+si+0x7fff] */
    TRY(".byte 0x67, 0x8a, 0x80, 0xff, 0x7f", 0, 0x40ffff, 0, 0x40ffff, 0);
    CHECK(faulted_at(0x7ffd));
    /* mov [di-1], eax */
    TRY(".byte 0x67, 0x89, 0x45, 0xff", 0, 0, 0, 0, 0x12340000);
    CHECK(faulted_at(0xffff));
}

/* FS has a base; GS is the guest's own, not what an engine makes of it. */
static void segments(void)
{
    RESULTS;

    words[0] = 0x1234;
    TRY("movl %%fs:0, %%eax", 0, 0, 0, 0, 0);
    TRY("movl %%fs:(%%esi), %%eax", 0, 0, 0,
        (uint32_t)(uintptr_t)words - result, 0);
    CHECK(result == 0x1234 && signals == 0);
    TRY("movl %%gs:words, %%eax", 0, 0, 0, 0, 0);
    CHECK(result == 0x1234 && signals == 0);
    TRY("movl %%gs:(%%esi), %%eax", 0, 0, 0, -4u, 0);
    CHECK(faulted_at(-4u));
    /* Selectors of a host's system. */
    TRY("movw %%ax, %%gs", 0x2b, 0, 0, 0, 0);
    CHECK(ended_by(SIGILL));
    TRY("movw %%ax, %%es", 0x3b, 0, 0, 0, 0);
    CHECK(ended_by(SIGILL));
    TRY("movw %%ax, %%ss", 0x2b, 0, 0, 0, 0);
    CHECK(ended_by(SIGILL));
    words[0] = 0x11223344;
    words[1] = 0x2b;
    TRY("lgs words, %%eax", 0, 0, 0, 0, 0);
    CHECK(ended_by(SIGILL));
}

/* The segment of FS in another register is what it was after a signal. */
static void segment_of_threads(void)
{
    uint32_t base;
    RESULTS;

    TRY("movl %%fs:0, %%eax", 0, 0, 0, 0, 0);
    base = result;
    TRY("movw %%fs, %%ax\n\tmovw %%ax, %%gs\n\tmovw %%ds, %%ax\n\t"
        "movw %%ax, %%fs\n\tmovb (%%esi), %%al",
        0, 0, 0, -4u, 0);
    CHECK(faulted_at(-4u));
    TRY("movl %%gs:0, %%eax", 0, 0, 0, 0, 0);
    CHECK(result == base && signals == 0);
    TRY("movw %%gs, %%ax\n\tmovw %%ax, %%ss", 0, 0, 0, 0, 0);
    CHECK(ended_by(SIGILL));
    TRY("movw %%gs, %%ax\n\tmovw %%ax, %%fs\n\tmovl %%fs:0, %%esi\n\t"
        "movw %%ds, %%ax\n\tmovw %%ax, %%gs",
        0, 0, 0, 0, 0);
    CHECK(esi == base && signals == 0);
}

/* The way into 64-bit code, where there is one. */
static void far(void)
{
    RESULTS;

    TRY("ljmp $0x33, $1f", 0, 0, 0, 0, 0);
    CHECK(ended_by(SIGILL));
    TRY("lcall $0x33, $1f", 0, 0, 0, 0, 0);
    CHECK(ended_by(SIGILL));
    TRY("pushl $0x33\n\tpushl $1f\n\tlret", 0, 0, 0, 0, 0);
    CHECK(ended_by(SIGILL));
    TRY("pushfl\n\tpushl $0x33\n\tpushl $1f\n\tiret", 0, 0, 0, 0, 0);
    CHECK(ended_by(SIGILL));
    words[1] = 0x33;
    TRY("movl $1f, words\n\tljmp *words", 0, 0, 0, 0, 0);
    CHECK(ended_by(SIGILL));
}

/* Bytes that are other instructions to a CPU in 64-bit mode. */
static void other_instructions(void)
{
    RESULTS;

    TRY(".byte 0xf3, 0x0f, 0xae, 0xc8", 0, 0, 0, 0, 0); /* rdgsbase eax */
    CHECK(ended_by(SIGILL));
    TRY(".byte 0xf3, 0x0f, 0xae, 0xd8", 0, 0, 0, 0, 0); /* wrgsbase eax */
    CHECK(ended_by(SIGILL));
    TRY(".byte 0x0f, 0x01, 0xf8", 0, 0, 0, 0, 0); /* swapgs */
    CHECK(ended_by(SIGILL));
    TRY(".byte 0x48, 0x89, 0xc6", 5, 0, 0, 0, 0); /* not mov rsi, rax */
    CHECK(result == 4 && esi == 4);
    TRY(".byte 0x41, 0x89, 0xc6", 5, 0, 1, 0, 0); /* not mov r14d, eax */
    CHECK(ecx == 2 && esi == 5);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    set_up();
    /* More than once: code is translated when it has run before. */
    for (int i = 0; i < 3; i++) {
        wrapped();
        end_of_space();
        stack();
        strings();
        small_addresses();
        segments();
        segment_of_threads();
        far();
        other_instructions();
    }
    print("nothing was reached\n");
    return 0;
}
