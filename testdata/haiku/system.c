/* system.c -- who and where a team is; images; the loader's calls. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

enum { PAGE = 4096, CLOCK_REALTIME = -1, CLOCK_MONOTONIC = 0 };

struct image_info {
    int32_t id, type, sequence, init_order;
    void *init, *term;
    int32_t device;
    uint32_t node[2];
    char name[1024];
    void *text, *data;
    int32_t text_size, data_size, api_version, abi;
};
_Static_assert(sizeof(struct image_info) == 1084, "image_info");

struct extended_image_info {
    struct image_info basic;
    int32_t text_delta;
    void *symbol_table, *symbol_hash, *string_table;
};

static void information(void)
{
    static uint8_t info[452];

    CHECK_STATUS(sys(SYS_is_computer_on), 1);
    CHECK_STATUS(sys(SYS_get_system_info, info), HK_B_OK);
    CHECK(*(int64_t *)info > 0);         /* boot time */
    CHECK(*(uint32_t *)(info + 8) >= 1); /* processors */
    CHECK(*(uint64_t *)(info + 12) > 0); /* pages */
    CHECK_STATUS(sys(SYS_get_system_info, BAD_POINTER), HK_B_BAD_ADDRESS);
    sys(SYS_debug_output, "debug output\n");
}

static void random(void)
{
    struct {
        void *buffer;
        uint32_t length;
    } request;
    uint32_t words[16] = {0};
    int zeros = 0;

    request.buffer = words;
    request.length = sizeof(words);
    CHECK_STATUS(
        sys(SYS_generic_syscall, "random", 1, &request, sizeof(request)),
        HK_B_OK);
    for (size_t i = 0; i < 16; i++)
        zeros += words[i] == 0;
    CHECK(zeros < 4);
    CHECK_STATUS(
        sys(SYS_generic_syscall, "nobody", 1, &request, sizeof(request)),
        HK_B_NAME_NOT_FOUND);
    CHECK_STATUS(
        sys(SYS_generic_syscall, BAD_POINTER, 1, &request, sizeof(request)),
        HK_B_BAD_ADDRESS);
}

static void identity(void)
{
    uint32_t groups[32];
    const uint32_t two[] = {7, 8};
    long count = sys(SYS_getgroups, 0, (void *)0);

    CHECK_STATUS(sys(SYS_getuid, 0), sys(SYS_getuid, 1));
    CHECK_STATUS(sys(SYS_getgid, 0), sys(SYS_getgid, 1));
    CHECK(count >= 1 && count <= 32);
    CHECK_STATUS(sys(SYS_getgroups, 32, groups), count);
    CHECK_STATUS(sys(SYS_getgroups, -1, groups), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_getgroups, 32, BAD_POINTER), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_setgroups, 2, two), HK_B_OK);
    CHECK_STATUS(sys(SYS_getgroups, 32, groups), 2);
    CHECK(groups[0] == two[0] && groups[1] == two[1]);
    CHECK_STATUS(sys(SYS_setgroups, 0, (void *)0), HK_B_OK);
    CHECK_STATUS(sys(SYS_getgroups, 32, groups), 1); /* the effective one */
}

static void clocks(void)
{
    const int64_t year_2020 = 1577836800LL * 1000000;
    int64_t real = 0, first = 0, second = 0;
    int32_t offset = 99999999;
    char zone[64] = "?";

    CHECK_STATUS(sys(SYS_get_clock, CLOCK_REALTIME, &real), HK_B_OK);
    CHECK(real > year_2020);
    CHECK_STATUS(sys(SYS_get_clock, CLOCK_MONOTONIC, &first), HK_B_OK);
    CHECK_STATUS(sys(SYS_snooze_etc, 2000LL, 0, RELATIVE_TIMEOUT, (void *)0),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_get_clock, CLOCK_MONOTONIC, &second), HK_B_OK);
    CHECK(second - first >= 2000);
    CHECK(sys64(SYS_system_time) >= second);
    CHECK_STATUS(sys(SYS_get_clock, 12345678, &real), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_get_clock, CLOCK_REALTIME, BAD_POINTER),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_get_timezone, &offset, zone, sizeof(zone)), HK_B_OK);
    CHECK(offset > -86400 && offset < 86400 && zone[0] != '?');
    CHECK_STATUS(sys(SYS_get_timezone, BAD_POINTER, zone, sizeof(zone)),
                 HK_B_BAD_ADDRESS);
}

static void images(void)
{
    static struct extended_image_info made = {.basic.type = 2,
                                              .basic.name = "/made/up"};
    static struct image_info info;
    int32_t cookie = 0;
    int programs = 0;
    long id, status;

    id = sys(SYS_register_image, &made, sizeof(made));
    CHECK(id > 0);
    CHECK_STATUS(sys(SYS_get_image_info, id, &info, sizeof(info)), HK_B_OK);
    CHECK(strcmp(info.name, "/made/up") == 0);
    while ((status = sys(SYS_get_next_image_info, 0, &cookie, &info,
                         sizeof(info))) == HK_B_OK)
        programs += info.type == 1;
    CHECK_STATUS(status, HK_B_ENTRY_NOT_FOUND);
    CHECK(programs == 1);
    CHECK_STATUS(sys(SYS_unregister_image, id), HK_B_OK);
    CHECK_STATUS(sys(SYS_unregister_image, id), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_register_image, BAD_POINTER, sizeof(made)),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_register_image, &made, 12), HK_B_BAD_VALUE);
}

enum { MADV_NORMAL = 1, MADV_DONTNEED = 5, MADV_FREE = 6 };
enum { CLONEABLE_AREA = 0x100 };

static long advise(char *memory, uint32_t pages, uint32_t kind)
{
    return sys(SYS_memory_advice, memory, pages * PAGE, kind);
}

/* What allocators ask of memory: posix_madvise has the first five. */
static void advice(void)
{
    char *memory = 0;
    long id = sys(SYS_create_area, "advised", &memory, ANY_ADDRESS, 4 * PAGE, 0,
                  READ_AREA | WRITE_AREA);

    CHECK(id > 0);
    memset(memory, 'm', 4 * PAGE);
    for (uint32_t kind = MADV_NORMAL; kind <= MADV_DONTNEED; kind++) {
        CHECK_STATUS(advise(memory, 4, kind), HK_B_OK);
        CHECK(memory[0] == 'm' && memory[4 * PAGE - 1] == 'm');
    }
    CHECK_STATUS(advise(memory, 1, MADV_FREE + 1), HK_B_BAD_VALUE);
    CHECK_STATUS(advise(memory + 1, 1, MADV_NORMAL), HK_B_BAD_VALUE);
    CHECK_STATUS(advise(KERNEL_POINTER, 1, MADV_FREE), HK_B_NO_MEMORY);
    CHECK_STATUS(advise(memory + PAGE, 2, MADV_FREE), HK_B_OK);
    CHECK(memory[PAGE - 1] == 'm' && memory[3 * PAGE] == 'm');
    CHECK(memory[PAGE] == 0 && memory[3 * PAGE - 1] == 0);
    memory[PAGE] = 'n';
    CHECK(memory[PAGE] == 'n');
    /* A page that may not be stored to, and one that is not there. */
    sys(SYS_set_memory_protection, memory, PAGE, READ_AREA);
    sys(SYS_unmap_memory, memory + PAGE, PAGE);
    CHECK_STATUS(advise(memory, 4, MADV_FREE), HK_B_OK);
    CHECK(memory[0] == 0 && memory[2 * PAGE] == 0 && memory[3 * PAGE] == 0);
    sys(SYS_delete_area, sys(SYS_area_for, memory));
    sys(SYS_delete_area, sys(SYS_area_for, memory + 2 * PAGE));
}

/* Private pages of a file are the file's again, whatever may be done to them.
 */
static void advice_on_files(void)
{
    char *own = 0, *shared = 0;
    long fd = sys(SYS_open, AT_FDCWD, "advised", O_RDWR | O_CREAT, 0644);
    long mapped, other;

    CHECK_STATUS(sys(SYS_write, fd, 0LL, "file", 4), 4);
    CHECK_STATUS(sys(SYS_write, fd, 3 * PAGE - 4LL, "file", 4), 4);
    mapped = sys(SYS_map_file, "own", &own, ANY_ADDRESS, 3 * PAGE,
                 READ_AREA | WRITE_AREA, 1, 0, fd, 0LL);
    other = sys(SYS_map_file, "shared", &shared, ANY_ADDRESS, 3 * PAGE,
                READ_AREA | WRITE_AREA, 0, 0, fd, 0LL);
    CHECK(mapped > 0 && other > 0);
    memset(own, 'o', 3 * PAGE);
    CHECK_STATUS(advise(own + PAGE, 1, MADV_FREE), HK_B_OK);
    CHECK(own[PAGE - 1] == 'o' && own[2 * PAGE] == 'o');
    CHECK(own[PAGE] == 0 && own[2 * PAGE - 1] == 0);
    shared[PAGE] = 's';
    CHECK(own[PAGE] == 's');
    own[PAGE] = 'o';
    CHECK(shared[PAGE] == 's');
    sys(SYS_set_memory_protection, own + PAGE, PAGE, 0);
    sys(SYS_set_memory_protection, own + 2 * PAGE, PAGE, READ_AREA);
    CHECK_STATUS(advise(own, 3, MADV_FREE), HK_B_OK);
    CHECK_STATUS(advise(shared, 3, MADV_FREE), HK_B_OK);
    sys(SYS_set_memory_protection, own + PAGE, PAGE, READ_AREA);
    CHECK(memcmp(own, "file\0", 5) == 0 && own[PAGE] == 's');
    CHECK(memcmp(own + 3 * PAGE - 4, "file", 4) == 0);
    CHECK(shared[PAGE] == 's');
    sys(SYS_delete_area, mapped);
    sys(SYS_delete_area, other);
    sys(SYS_close, fd);
    sys(SYS_unlink, AT_FDCWD, "advised");
}

static long clone_of(long id, char **clone)
{
    return sys(SYS_clone_area, "clone", clone, ANY_ADDRESS,
               READ_AREA | WRITE_AREA, id);
}

/* Code that was executed is no more. */
static void advice_on_code(void)
{
    static const uint8_t code[] = {0xb8, 7, 0, 0, 0, 0xc3}; /* mov eax, 7 */
    char *memory = 0, *own = 0;
    long fd = sys(SYS_open, AT_FDCWD, "code", O_RDWR | O_CREAT, 0644);
    long id;

    CHECK_STATUS(sys(SYS_write, fd, 0LL, code, sizeof(code)),
                 (long)sizeof(code));
    id = sys(SYS_map_file, "code", &own, ANY_ADDRESS, PAGE,
             READ_AREA | WRITE_AREA | EXECUTE_AREA, 1, 0, fd, 0LL);
    memory = own;
    for (int i = 0; i < 20; i++) {
        CHECK(((int (*)(void))memory)() == 7);
        own[1] = 8;
        CHECK(((int (*)(void))memory)() == 8);
        CHECK_STATUS(advise(memory, 1, MADV_FREE), HK_B_OK);
    }
    CHECK(((int (*)(void))memory)() == 7);
    sys(SYS_delete_area, id);
    sys(SYS_close, fd);
    sys(SYS_unlink, AT_FDCWD, "code");
}

/* Memory that others have stays as it is, as long as they have it. */
static void advice_on_shared(void)
{
    char *memory = 0, *clone = 0;
    long id = sys(SYS_create_area, "shared", &memory, ANY_ADDRESS, PAGE, 0,
                  READ_AREA | WRITE_AREA | CLONEABLE_AREA);
    long other = clone_of(id, &clone);

    CHECK(id > 0 && other > 0);
    memory[5] = 's';
    CHECK_STATUS(advise(memory, 1, MADV_FREE), HK_B_OK);
    CHECK_STATUS(advise(clone, 1, MADV_FREE), HK_B_OK);
    CHECK(memory[5] == 's' && clone[5] == 's');
    sys(SYS_delete_area, other);
    CHECK_STATUS(advise(memory, 1, MADV_FREE), HK_B_OK);
    CHECK(memory[5] == 0);
    memory[5] = 's';
    other = clone_of(id, &clone);
    CHECK(clone[5] == 's');
    sys(SYS_delete_area, other);
    sys(SYS_delete_area, id);
}

static int leave(void *a, void *b)
{
    (void)a, (void)b;
    sys(SYS_exit_thread, 31);
    return 32;
}

/* The ends that are not exit_team's. */
static void ends(void)
{
    int32_t status = 0;
    struct siginfo info;
    long child, id = spawn_thread("leaving", leave, 0, 0);

    sys(SYS_resume_thread, id);
    CHECK_STATUS(sys(SYS_wait_for_thread, id, &status), HK_B_OK);
    CHECK_STATUS(status, 31);
    child = fork_team();
    if (child == 0)
        sys(SYS_loading_app_failed, HK_B_MISSING_SYMBOL);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == CLD_EXITED);
    CHECK_STATUS(info.status, HK_B_MISSING_SYMBOL);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    information();
    random();
    identity();
    clocks();
    images();
    advice();
    advice_on_files();
    advice_on_code();
    advice_on_shared();
    ends();
    print("system checked\n");
    return 0;
}
