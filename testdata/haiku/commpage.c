/* commpage.c -- the table of the commpage, its functions, and odd calls. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

/* haiku-abi/x86-32.md, section 2. */
enum { SYSCALL = 3, MEMCPY = 4, MEMSET = 5, SIGNAL = 6, EXIT = 8 };

static const uint32_t *commpage(void)
{
    static uint8_t info[1084];
    int32_t cookie = 0;

    while (sys(SYS_get_next_image_info, 0, &cookie, info, sizeof(info)) == 0)
        if (strcmp((char *)info + 36, "commpage") == 0)
            return *(const uint32_t **)(info + 1060);
    return 0;
}

static void *entry(const uint32_t *table, int index)
{
    return (char *)table + table[index];
}

static void check_functions(const uint32_t *table)
{
    void *(*copy)(void *, const void *, size_t) = entry(table, MEMCPY);
    void *(*fill)(void *, int, size_t) = entry(table, MEMSET);
    char bytes[300], other[300];

    CHECK(fill(bytes, 'x', sizeof(bytes)) == bytes);
    CHECK(bytes[0] == 'x' && bytes[299] == 'x');
    for (size_t size = 0; size < sizeof(bytes); size++) {
        memset(other, 0, sizeof(other));
        if (copy(other, bytes, size) != other || other[size] != 0 ||
            memcmp(other, bytes, size) != 0)
            printf("memcpy of %u\n", (unsigned)size);
    }
}

static void check_time(const uint32_t *table)
{
    const uint32_t *data = entry(table, 2);
    uint32_t low, high;
    uint64_t ticks;
    long long computed, told;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    ticks = (uint64_t)high << 32 | low;
    computed = (long long)((ticks >> 32) * data[2] +
                           ((ticks & UINT32_MAX) * data[2] >> 32));
    told = sys64(SYS_system_time);
    CHECK(told >= computed && told - computed < 1000000);
    CHECK(*(const long long *)data > 0);
}

/* An unknown number leaves EAX as it is, and so do unreadable arguments. */
static void check_odd_calls(void)
{
    long eax;

    __asm__ volatile("int $99" : "=a"(eax) : "a"(287) : "memory");
    CHECK_STATUS(eax, 287);
    __asm__ volatile("int $99" : "=a"(eax) : "a"(-1) : "memory");
    CHECK_STATUS(eax, -1);
    __asm__ volatile("movl %%esp, %%esi\n\t"
                     "movl $0x7ffffff0, %%esp\n\t"
                     "int $99\n\t"
                     "movl %%esi, %%esp"
                     : "=a"(eax)
                     : "a"(SYS_close)
                     : "esi", "memory");
    CHECK_STATUS(eax, SYS_close);
}

/* Through the commpage as libroot's stubs go; all registers but EAX stay. */
static void check_entry(const uint32_t *table)
{
    long eax, ebx = 1, ecx = 2, edx = 3, esi = 4;

    __asm__ volatile("pushl %%edi\n\t"
                     "call *%%edi\n\t"
                     "addl $4, %%esp"
                     : "=a"(eax), "+b"(ebx), "+c"(ecx), "+d"(edx), "+S"(esi)
                     : "a"(SYS_is_computer_on), "D"(entry(table, SYSCALL))
                     : "memory");
    CHECK_STATUS(eax, 1);
    CHECK(ebx == 1 && ecx == 2 && edx == 3 && esi == 4);
}

int main(int argc, char **argv, char **environment)
{
    const uint32_t *table = commpage();

    (void)argc, (void)argv, (void)environment;
    CHECK(table != 0);
    CHECK(table[0] == 0x434f4d4d && table[1] == 1);
    CHECK(table[SIGNAL] != 0 && table[EXIT] != 0);
    for (int i = 9; i < 64; i++)
        CHECK(table[i] == 0);
    check_functions(table);
    check_time(table);
    check_odd_calls();
    check_entry(table);
    print("commpage checked\n");
    return 0;
}
