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
    long count = sys(SYS_getgroups, 0, (void *)0);

    CHECK_STATUS(sys(SYS_getuid, 0), sys(SYS_getuid, 1));
    CHECK_STATUS(sys(SYS_getgid, 0), sys(SYS_getgid, 1));
    CHECK(count >= 1 && count <= 32);
    CHECK_STATUS(sys(SYS_getgroups, 32, groups), count);
    CHECK_STATUS(sys(SYS_getgroups, -1, groups), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_getgroups, 32, BAD_POINTER), HK_B_BAD_ADDRESS);
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

/* What allocators ask of memory. */
static void advice(void)
{
    char *memory = 0;
    long id = sys(SYS_create_area, "advised", &memory, ANY_ADDRESS, 4 * PAGE, 0,
                  READ_AREA | WRITE_AREA);

    CHECK(id > 0);
    for (uint32_t kind = 1; kind <= 6; kind++)
        CHECK_STATUS(sys(SYS_memory_advice, memory, PAGE, kind), HK_B_OK);
    CHECK_STATUS(sys(SYS_memory_advice, memory, PAGE, 7), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_memory_advice, memory + 1, PAGE, 1), HK_B_BAD_VALUE);
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
    ends();
    print("system checked\n");
    return 0;
}
