/* selfmod.c -- code that is written while it runs. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <thread.h>

enum { PAGE = 4096, ALL = READ_AREA | WRITE_AREA | EXECUTE_AREA };

static uint8_t *code;

/* mov eax, value; ret */
static void put_constant(uint8_t *at, uint32_t value)
{
    at[0] = 0xb8;
    memcpy(at + 1, &value, 4);
    at[5] = 0xc3;
}

static uint32_t call(const uint8_t *at)
{
    return ((uint32_t(*)(void))(uintptr_t)at)();
}

static void make(void)
{
    long id =
        sys(SYS_create_area, "code", &code, ANY_ADDRESS, 2 * PAGE, 0, ALL);

    CHECK(id > 0);
}

static void constants(void)
{
    int wrong = 0;

    for (uint32_t i = 0; i < 2000; i++) {
        put_constant(code, i);
        wrong += call(code) != i;
    }
    CHECK(wrong == 0);
    /* Over the border of two pages. */
    for (uint32_t i = 0; i < 100; i++) {
        put_constant(code + PAGE - 3, i);
        wrong += call(code + PAGE - 3) != i;
    }
    CHECK(wrong == 0);
}

/* A store to the very next instruction: inc ecx becomes dec ecx. */
static void next_instruction(void)
{
    static const uint8_t text[] = {
        0xb9, 10,   0,    0, 0, /* mov ecx, 10 */
        0xc6, 0x00, 0x49,       /* mov byte [eax], 0x49 */
        0x41,                   /* inc ecx; then dec ecx */
        0x89, 0xc8,             /* mov eax, ecx */
        0xc3,
    };
    uint32_t result;

    for (int i = 0; i < 3; i++) {
        memcpy(code, text, sizeof(text));
        __asm__ volatile("call *%2"
                         : "=a"(result)
                         : "0"(code + 8), "r"(code)
                         : "ecx", "memory");
        CHECK(result == 9);
    }
}

/* Code changed while another thread runs it. */
static int run(void *stop, void *unused)
{
    uint32_t last = 0;

    (void)unused;
    while (!__atomic_load_n((int *)stop, __ATOMIC_ACQUIRE)) {
        uint32_t value = call(code);

        if (value < last)
            return -1;
        last = value;
    }
    return (int)call(code);
}

static void other_thread(void)
{
    int stop = 0;
    int32_t status = 0;
    long id;

    put_constant(code, 0);
    id = spawn_thread("runner", run, &stop, 0);
    sys(SYS_resume_thread, id);
    for (uint32_t i = 1; i <= 250; i++) {
        /* One byte, so that a reader sees the one or the other. */
        __atomic_store_n(code + 1, (uint8_t)i, __ATOMIC_RELEASE);
        if (i % 50 == 0)
            sys(SYS_snooze_etc, 500LL, 0, RELATIVE_TIMEOUT, (void *)0);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    CHECK_STATUS(sys(SYS_wait_for_thread, id, &status), HK_B_OK);
    CHECK_STATUS(status, 250);
}

/* One file mapped twice: written here, run there. */
static void two_mappings(void)
{
    long fd = sys(SYS_open, AT_FDCWD, "code", O_RDWR | O_CREAT, 0644);
    uint8_t *writable = 0, *executable = 0;
    int wrong = 0;

    sys(SYS_write, fd, (long long)PAGE - 1, "", 1);
    CHECK(sys(SYS_map_file, "writable", &writable, ANY_ADDRESS, PAGE,
              READ_AREA | WRITE_AREA, 0, 0, fd, 0LL) > 0);
    CHECK(sys(SYS_map_file, "executable", &executable, ANY_ADDRESS, PAGE,
              READ_AREA | EXECUTE_AREA, 0, 0, fd, 0LL) > 0);
    for (uint32_t i = 0; i < 50; i++) {
        put_constant(writable, i);
        sys(SYS_clear_caches, executable, 16, 4);
        wrong += call(executable) != i;
    }
    CHECK(wrong == 0);
    sys(SYS_close, fd);
}

/* A call that writes memory changes code as a store does. */
static void by_the_kernel(void)
{
    uint8_t text[6];
    long fd = sys(SYS_open, AT_FDCWD, "text", O_RDWR | O_CREAT, 0644);
    int wrong = 0;

    for (uint32_t i = 0; i < 50; i++) {
        put_constant(text, i);
        sys(SYS_write, fd, 0LL, text, sizeof(text));
        sys(SYS_read, fd, 0LL, code, sizeof(text));
        wrong += call(code) != i;
    }
    CHECK(wrong == 0);
    sys(SYS_close, fd);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    make();
    constants();
    next_instruction();
    other_thread();
    two_mappings();
    by_the_kernel();
    print("self-modifying code checked\n");
    return 0;
}
