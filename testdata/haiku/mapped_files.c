/* mapped_files.c -- files that change while they are mapped. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <file.h>
#include <team.h>
#include <thread.h>

enum { PAGE = 4096, CLONEABLE_AREA = 0x100, ROUNDS = 20 };

static long make(const char *name)
{
    return sys(SYS_open, AT_FDCWD, name, O_RDWR | O_CREAT, 0644);
}

static long map(long fd, void *address, uint32_t pages, int is_private)
{
    return sys(SYS_map_file, "mapped", address, ANY_ADDRESS, pages * PAGE,
               READ_AREA | WRITE_AREA, is_private, 0, fd, 0LL);
}

static void set_size(long fd, int64_t size)
{
    struct stat stat = {.size = size};

    CHECK_STATUS(
        sys(SYS_write_stat, fd, (void *)0, 0, &stat, sizeof(stat), STAT_SIZE),
        HK_B_OK);
}

static void put(long fd, int64_t position, const char *text)
{
    CHECK_STATUS(sys(SYS_write, fd, position, text, strlen(text)),
                 (long)strlen(text));
}

static int wait_for(long child)
{
    struct siginfo info;

    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    return info.status;
}

/* What is written is in the memory, and what is stored is read. */
static void write_and_read(void)
{
    char *shared = 0, *again = 0, *private = 0, text[8] = "";
    long fd = make("written");

    set_size(fd, PAGE);
    CHECK(map(fd, &shared, 2, 0) > 0);
    CHECK(map(fd, &again, 1, 0) > 0);
    CHECK(map(fd, &private, 1, 1) > 0);
    private[100] = 'p';
    for (int i = 0; i < ROUNDS; i++) {
        text[0] = (char)('a' + i);
        put(fd, 3 + i, text);
        CHECK(shared[3 + i] == text[0] && again[3 + i] == text[0]);
        shared[50] = text[0];
        CHECK(again[50] == text[0]);
        CHECK_STATUS(sys(SYS_read, fd, 50LL, text + 1, 1), 1);
        CHECK(text[1] == text[0]);
        text[1] = 0;
    }
    CHECK(private[100] == 'p' && shared[100] == 0);
    sys(SYS_close, fd);
}

/* What a call stores in the memory is in the file. */
static void read_into_mapping(void)
{
    char *memory = 0, text[6] = "";
    long from = make("source"), fd = make("target");

    put(from, 0, "0123456789");
    set_size(fd, 2 * PAGE);
    CHECK(map(fd, &memory, 2, 0) > 0);
    CHECK_STATUS(sys(SYS_read, from, 0LL, memory + PAGE - 2, 5), 5);
    CHECK_STATUS(sys(SYS_read, fd, PAGE - 2LL, text, 5), 5);
    CHECK(memcmp(text, "01234", 6) == 0);
    sys(SYS_close, from);
    sys(SYS_close, fd);
}

/* Another mapping of a file that has become zeros again. */
static void map_again(void)
{
    char *memory = 0;
    long fd = make("again"), area;

    put(fd, 0, "0123456789");
    area = map(fd, &memory, 1, 0);
    memory[20] = 'x';
    CHECK_STATUS(sys(SYS_delete_area, area), HK_B_OK);
    set_size(fd, 0);
    set_size(fd, PAGE);
    CHECK(map(fd, &memory, 1, 0) > 0);
    CHECK(memory[0] == 0 && memory[20] == 0);
    sys(SYS_close, fd);
}

/* A file that becomes larger and smaller under its mapping. */
static void change_size(void)
{
    char *memory = 0;
    long fd = make("size");

    put(fd, 0, "0123456789");
    CHECK(map(fd, &memory, 3, 0) > 0);
    put(fd, 2 * PAGE, "behind");
    CHECK(memory[PAGE] == 0);
    CHECK(memcmp(memory + 2 * PAGE, "behind", 7) == 0);
    memory[PAGE] = 'm';
    set_size(fd, 5);
    CHECK(memcmp(memory, "01234\0", 7) == 0);
    set_size(fd, 3 * PAGE);
    CHECK(memory[PAGE] == 0 && memory[2 * PAGE] == 0);
    sys(SYS_close, fd);
}

/* Private pages become fewer; those that are the file's keep their number, and
 * it its bytes. */
static void resize(void)
{
    char *private = 0, *shared = 0, byte = 0;
    long fd = make("resized"), out = make("out"), id, other;

    for (int i = 0; i < 3; i++)
        put(fd, i * PAGE, "page");
    put(fd, 3 * PAGE - 1, "e");
    id = map(fd, &private, 3, 1);
    other = map(fd, &shared, 3, 0);
    CHECK(id > 0 && other > 0);
    private[1] = 'o';
    CHECK_STATUS(sys(SYS_resize_area, id, PAGE), HK_B_OK);
    CHECK(memcmp(private, "poge", 5) == 0);
    CHECK_STATUS(sys(SYS_area_for, private + PAGE), HK_B_ERROR);
    CHECK_STATUS(sys(SYS_write, out, 0LL, private + PAGE, 4), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_resize_area, id, PAGE), HK_B_OK);
    CHECK_STATUS(sys(SYS_resize_area, other, PAGE), HK_B_NOT_ALLOWED);
    CHECK_STATUS(sys(SYS_set_area_protection, other, READ_AREA), HK_B_OK);
    CHECK_STATUS(sys(SYS_resize_area, other, PAGE), HK_B_NOT_ALLOWED);
    CHECK_STATUS(sys(SYS_resize_area, other, 4 * PAGE), HK_B_NOT_ALLOWED);
    CHECK(memcmp(shared + 2 * PAGE, "page", 5) == 0);
    CHECK_STATUS(sys(SYS_read, fd, 3 * PAGE - 1LL, &byte, 1), 1);
    CHECK(byte == 'e');
    CHECK_STATUS(sys(SYS_delete_area, id), HK_B_OK);
    CHECK_STATUS(sys(SYS_delete_area, other), HK_B_OK);
    sys(SYS_close, out);
    sys(SYS_close, fd);
}

/* Private pages become more, and go on with the file; behind its end they are
 * zeros, whoever looks first. */
static void grow(void)
{
    char *private = 0, *wall = 0, *read_only = 0, text[PAGE + 4];
    long fd = make("grown"), out = make("grown_out"), id, other;

    for (int i = 0; i < 4; i++)
        put(fd, i * PAGE, "page");
    id = sys(SYS_map_file, "grown", &private, ANY_ADDRESS, PAGE,
             READ_AREA | WRITE_AREA, 1, 0, fd, 1LL * PAGE);
    CHECK(id > 0);
    sys(SYS_close, fd);
    CHECK_STATUS(sys(SYS_unlink, AT_FDCWD, "grown"), HK_B_OK);
    private[1] = 'o';
    CHECK_STATUS(sys(SYS_resize_area, id, 2 * PAGE), HK_B_OK);
    CHECK(memcmp(private, "poge", 5) == 0);
    CHECK(memcmp(private + PAGE, "page", 5) == 0);
    private[PAGE] = 's';
    CHECK_STATUS(sys(SYS_resize_area, id, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_resize_area, id, 10 * PAGE), HK_B_OK);
    CHECK_STATUS(sys(SYS_area_for, private + 9 * PAGE), id);
    CHECK(memcmp(private, "page", 5) == 0);
    CHECK(memcmp(private + PAGE, "page", 5) == 0);
    /* Behind the end: loaded, stored to, read and written by the kernel. */
    CHECK(private[3 * PAGE + 8] == 0);
    private[4 * PAGE + 9] = 'z';
    CHECK(private[4 * PAGE + 8] == 0 && private[4 * PAGE + 9] == 'z');
    CHECK_STATUS(sys(SYS_write, out, 0LL, private + 5 * PAGE - 2, PAGE + 4),
                 PAGE + 4);
    CHECK_STATUS(sys(SYS_read, out, 0LL, private + 6 * PAGE + 4, PAGE + 4),
                 PAGE + 4);
    CHECK_STATUS(sys(SYS_read, out, 0LL, text, PAGE + 4), PAGE + 4);
    CHECK(memcmp(private + 6 * PAGE + 4, text, PAGE + 4) == 0);
    CHECK_STATUS(sys(SYS_open, AT_FDCWD, private + 8 * PAGE, O_RDWR, 0),
                 HK_B_ENTRY_NOT_FOUND);
    /* Also without having grown. */
    other = map(out, &read_only, 9, 1);
    CHECK(other > 0 && read_only[8 * PAGE] == 0);
    CHECK_STATUS(sys(SYS_delete_area, other), HK_B_OK);
    wall = private + 10 * PAGE;
    other =
        sys(SYS_create_area, "wall", &wall, EXACT_ADDRESS, PAGE, 0, READ_AREA);
    CHECK(other > 0);
    CHECK_STATUS(sys(SYS_resize_area, id, 11 * PAGE), HK_B_ERROR);
    CHECK_STATUS(sys(SYS_delete_area, other), HK_B_OK);
    CHECK_STATUS(sys(SYS_delete_area, id), HK_B_OK);
    sys(SYS_close, out);
}

/* The child of a fork has the file as well, and so has what is cut off; pages
 * that come have the area's protection. */
static void grow_in_child(void)
{
    char *private = 0;
    long fd = make("inherited"), child;

    for (int i = 0; i < 6; i++)
        put(fd, i * PAGE, "page");
    CHECK(map(fd, &private, 4, 1) > 0);
    sys(SYS_close, fd);
    CHECK_STATUS(sys(SYS_unmap_memory, private + PAGE, PAGE), HK_B_OK);
    private[2 * PAGE] = 'm';
    CHECK_STATUS(
        sys(SYS_set_memory_protection, private + 2 * PAGE, PAGE, READ_AREA),
        HK_B_OK);
    child = sys(SYS_fork);
    CHECK_STATUS(
        sys(SYS_resize_area, sys(SYS_area_for, private + 2 * PAGE), 4 * PAGE),
        HK_B_OK);
    CHECK_STATUS(sys(SYS_resize_area, sys(SYS_area_for, private), 2 * PAGE),
                 HK_B_OK);
    CHECK(memcmp(private + PAGE, "page", 5) == 0);
    CHECK(memcmp(private + 2 * PAGE, "mage", 5) == 0);
    CHECK(memcmp(private + 4 * PAGE, "page", 5) == 0);
    private[5 * PAGE] = 'r';
    CHECK(memcmp(private + 5 * PAGE, "rage", 5) == 0);
    if (child == 0)
        guest_exit(5);
    CHECK_STATUS(wait_for(child), 5);
    CHECK_STATUS(sys(SYS_unmap_memory, private, 6 * PAGE), HK_B_OK);
}

/* Threads that meet the same page behind the end. */
static volatile char *behind;

static int store_behind(void *offset, void *unused)
{
    (void)unused;
    for (int i = 0; i < 64; i++)
        behind[i * PAGE + (long)offset] = 's';
    return 0;
}

static void store_from_threads(void)
{
    enum { THREADS = 4 };
    long fd = make("stored"), threads[THREADS], result = 0;

    put(fd, 0, "page");
    CHECK(map(fd, &behind, 64, 1) > 0);
    for (long i = 0; i < THREADS; i++)
        threads[i] = spawn_thread("store", store_behind, (void *)(i + 1), 0);
    /* One by one: engines in lockstep see pages that come meanwhile apart. */
    for (int i = 0; i < THREADS; i++) {
        CHECK_STATUS(sys(SYS_resume_thread, threads[i]), HK_B_OK);
        CHECK_STATUS(sys(SYS_wait_for_thread, threads[i], &result), HK_B_OK);
    }
    for (int i = 1; i < 64; i++)
        for (int at = 0; at <= THREADS; at++)
            CHECK(behind[i * PAGE + at] == (at > 0 ? 's' : 0));
    sys(SYS_close, fd);
}

/* area_info.ram_size: of private pages those that are no longer the file's; of
 * memory every page that was touched, and no other one of a large area. */
static uint32_t ram_of(long area)
{
    uint32_t info[18];

    CHECK_STATUS(sys(SYS_get_area_info, area, info), HK_B_OK);
    return info[13];
}

static void count_ram(void)
{
    enum { LARGE = 1 << 30 };
    long fd = make("counted"), area;
    char *memory = 0;
    uint32_t ram;

    put(fd, 5 * PAGE, "page");
    area = map(fd, &memory, 6, 1);
    CHECK(area > 0 && memory[5 * PAGE] == 'p');
    CHECK_STATUS(ram_of(area), 0);
    memory[0] = memory[2 * PAGE] = memory[3 * PAGE] = 's';
    CHECK_STATUS(ram_of(area), 3 * PAGE);
    CHECK_STATUS(sys(SYS_delete_area, area), HK_B_OK);
    area = sys(SYS_create_area, "large", &memory, ANY_ADDRESS, LARGE, 0,
               READ_AREA | WRITE_AREA);
    CHECK(area > 0);
    CHECK_STATUS(ram_of(area), 0);
    for (uint32_t at = 0; at < LARGE; at += LARGE / 128)
        memory[at] = 's';
    ram = ram_of(area); /* lockstep looks at others as well */
    CHECK(ram >= 128 * PAGE && ram < LARGE / 2);
    CHECK_STATUS(sys(SYS_delete_area, area), HK_B_OK);
    sys(SYS_close, fd);
}

/* More than a process has descriptors, one after the other. */
static void map_many(void)
{
    enum { MANY = 1100 };

    for (int i = 0; i < MANY; i++) {
        char *memory = 0;
        long area = sys(SYS_create_area, "one of many", &memory, ANY_ADDRESS,
                        PAGE, 0, READ_AREA | WRITE_AREA | CLONEABLE_AREA);

        CHECK(area > 0);
        memory[i] = 'm';
        CHECK_STATUS(sys(SYS_delete_area, area), HK_B_OK);
    }
}

static int write_later(void *a, void *b)
{
    put(*(long *)a, 0, b);
    return 0;
}

/* A thread writes while another one looks. */
static void write_meanwhile(void)
{
    volatile char *memory = 0;
    long fd = make("meanwhile"), thread;
    int32_t result = 0;

    set_size(fd, PAGE);
    CHECK(map(fd, &memory, 1, 0) > 0);
    thread = spawn_thread("writing", write_later, &fd, "w");
    sys(SYS_resume_thread, thread);
    while (memory[0] == 0)
        continue;
    CHECK(memory[0] == 'w');
    CHECK_STATUS(sys(SYS_wait_for_thread, thread, &result), HK_B_OK);
    sys(SYS_close, fd);
}

/* Another team writes, and maps the file anew. */
static void write_from_child(void)
{
    volatile char *memory = 0, *own = 0;
    long fd = make("child"), child;

    set_size(fd, 2 * PAGE);
    CHECK(map(fd, &memory, 2, 0) > 0);
    CHECK(map(fd, &own, 1, 1) > 0);
    own[10] = 'o';
    memory[11] = 'm';
    child = fork_team();
    if (child == 0) {
        volatile char *mapped = 0;

        CHECK(own[10] == 'o' && own[11] == 0);
        put(fd, 0, "c");
        CHECK(map(fd, &mapped, 2, 0) > 0);
        CHECK(mapped[0] == 'c' && mapped[11] == 'm');
        while (memory[1] == 0)
            continue;
        CHECK(mapped[1] == 'p');
        mapped[PAGE] = 'd';
        guest_exit(7);
    }
    while (memory[0] == 0)
        continue;
    put(fd, 1, "p");
    while (memory[PAGE] == 0)
        continue;
    CHECK(memory[0] == 'c' && memory[PAGE] == 'd' && own[10] == 'o');
    CHECK_STATUS(wait_for(child), 7);
    sys(SYS_close, fd);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    write_and_read();
    read_into_mapping();
    map_again();
    change_size();
    resize();
    grow();
    grow_in_child();
    store_from_threads();
    count_ram();
    map_many();
    write_meanwhile();
    write_from_child();
    printf("mapped files checked\n");
    return guest_end(0);
}
