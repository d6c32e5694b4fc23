/* layouts.c -- what calls tell of the machine, images, signals and timers,
 * field by field, and no byte more (haiku-abi/structs.md). */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

/* A record is filled with it before the call, and so is what lies behind. */
enum { FILLED = 0xa5, GUARD = 16, PAGE = 4096 };

static void fill(void *record, size_t size)
{
    memset(record, FILLED, size + GUARD);
}

static int is_guarded(const void *record, size_t size)
{
    const uint8_t *behind = (const uint8_t *)record + size;

    for (size_t i = 0; i < GUARD; i++)
        if (behind[i] != FILLED)
            return 0;
    return 1;
}

/* ---- the machine ---- */

enum { SYSTEM_INFO_SIZE = 452, CPU_INFO_SIZE = 20, NODE_SIZE = 24 };

struct system_info {
    int64_t boot_time;
    uint32_t cpu_count;
    uint64_t max_pages, used_pages, cached_pages, block_cache_pages;
    uint64_t ignored_pages, needed_memory, free_memory;
    uint64_t max_swap_pages, free_swap_pages;
    uint32_t page_faults;
    uint32_t max_sems, used_sems, max_ports, used_ports;
    uint32_t max_threads, used_threads, max_teams, used_teams;
    char kernel_name[256], build_date[32], build_time[32];
    int64_t kernel_version;
    uint32_t abi;
} __attribute__((packed));
_Static_assert(sizeof(struct system_info) == SYSTEM_INFO_SIZE, "system_info");

static struct system_info get_system(void)
{
    static uint8_t record[SYSTEM_INFO_SIZE + GUARD];
    struct system_info info;

    fill(record, SYSTEM_INFO_SIZE);
    CHECK_STATUS(sys(SYS_get_system_info, record), HK_B_OK);
    CHECK(is_guarded(record, SYSTEM_INFO_SIZE));
    memcpy(&info, record, sizeof(info));
    return info;
}

static void memory_of(const struct system_info *info)
{
    CHECK(info->max_pages > 0 && info->used_pages <= info->max_pages);
    CHECK(info->cached_pages <= info->max_pages);
    CHECK(info->block_cache_pages <= info->max_pages);
    CHECK(info->ignored_pages <= info->max_pages);
    CHECK(info->needed_memory <= info->max_pages * PAGE);
    CHECK(info->free_memory <= info->max_pages * PAGE);
    CHECK(info->free_swap_pages <= info->max_swap_pages);
}

static void machine(void)
{
    const int64_t year_2020 = 1577836800LL * 1000000;
    struct system_info info = get_system();
    int64_t now = 0;

    CHECK_STATUS(sys(SYS_get_clock, -1, &now), HK_B_OK);
    CHECK(info.boot_time > year_2020 && info.boot_time <= now);
    memory_of(&info);
    CHECK(info.page_faults != 0xa5a5a5a5);
    CHECK(strcmp(info.kernel_name, "kernel_x86") == 0);
    CHECK(info.build_date[0] != '\0' && strlen(info.build_date) < 32);
    CHECK(strlen(info.build_time) < 32);
    CHECK(info.kernel_version == 1 && info.abi == 0x00040000);
}

static int do_nothing(void *first, void *second)
{
    (void)first, (void)second;
    return 0;
}

/* Each new object is one more of its kind, and of none else. */
static void objects(void)
{
    struct system_info before = get_system(), after;
    long sem = sys(SYS_create_sem, 0, "counted");
    long port = sys(SYS_create_port, 1, "counted");
    long thread = spawn_thread("counted", do_nothing, 0, 0);
    long team;

    after = get_system();
    CHECK(sem > 0 && after.used_sems == before.used_sems + 1);
    CHECK(port > 0 && after.used_ports == before.used_ports + 1);
    CHECK(thread > 0 && after.used_threads == before.used_threads + 1);
    CHECK(after.used_teams == before.used_teams);
    CHECK(after.used_sems <= after.max_sems);
    CHECK(after.used_ports <= after.max_ports);
    CHECK(after.used_threads <= after.max_threads);
    CHECK(after.used_teams <= after.max_teams);
    team = fork_team();
    if (team == 0) {
        CHECK(get_system().used_teams == before.used_teams + 1);
        guest_exit(0);
    }
    sys(SYS_wait_for_child, team, EXITED, (void *)0, (void *)0);
    sys(SYS_kill_thread, thread);
    sys(SYS_delete_sem, sem);
    sys(SYS_delete_port, port);
}

struct cpu_info {
    int64_t active_time;
    uint8_t enabled, padding[3];
    uint64_t frequency;
} __attribute__((packed));
_Static_assert(sizeof(struct cpu_info) == CPU_INFO_SIZE, "cpu_info");

static void processors(void)
{
    enum { MOST = 64 };
    static struct cpu_info cpus[MOST + 1];
    uint32_t count = get_system().cpu_count;

    if (count > MOST)
        count = MOST;
    fill(cpus, count * CPU_INFO_SIZE);
    CHECK_STATUS(sys(SYS_get_cpu_info, 0, count, cpus), HK_B_OK);
    CHECK(is_guarded(cpus, count * CPU_INFO_SIZE));
    for (uint32_t i = 0; i < count; i++) {
        CHECK(cpus[i].active_time >= 0);
        CHECK(cpus[i].enabled == 1 && cpus[i].frequency > 1000000);
    }
}

/* Types and levels of nodes, from the root down. */
enum { NODE_ROOT = 1, NODE_SMT, NODE_CORE, NODE_PACKAGE };

struct node {
    uint32_t id, type, level, first, second, third;
};
_Static_assert(sizeof(struct node) == NODE_SIZE, "cpu_topology_node_info");

static void check_node(const struct node *node)
{
    enum { PLATFORM_X86 = 1 };

    switch (node->type) {
    case NODE_ROOT:
        CHECK(node->level == 3 && node->first == PLATFORM_X86);
        break;
    case NODE_PACKAGE:
        CHECK(node->level == 2 && node->first > 0);       /* a vendor */
        CHECK(node->second >= 16 && node->second <= 256); /* a cache line */
        break;
    case NODE_CORE:
        CHECK(node->level == 1 && node->first > 0);   /* a model */
        CHECK(node->second != 0 || node->third != 0); /* a frequency */
        break;
    default:
        CHECK(node->type == NODE_SMT && node->level == 0);
    }
}

static void topology(void)
{
    enum { MOST = 256 };
    static struct node nodes[MOST + 1];
    uint32_t count = MOST, threads = 0, fewer = 2;

    fill(nodes, MOST * NODE_SIZE);
    CHECK_STATUS(sys(SYS_get_cpu_topology_info, nodes, &count), HK_B_OK);
    CHECK(is_guarded(nodes, count * NODE_SIZE) && nodes[0].type == NODE_ROOT);
    for (uint32_t i = 0; i < count; i++) {
        check_node(&nodes[i]);
        threads += nodes[i].type == NODE_SMT;
    }
    CHECK(threads == get_system().cpu_count);
    fill(nodes, fewer * NODE_SIZE);
    CHECK_STATUS(sys(SYS_get_cpu_topology_info, nodes, &fewer), HK_B_OK);
    CHECK(fewer == 2 && is_guarded(nodes, fewer * NODE_SIZE));
}

/* ---- images ---- */

enum { IMAGE_INFO_SIZE = 1084 };

struct image_info {
    int32_t id, type, sequence, init_order;
    uint32_t init, term;
    int32_t device;
    int64_t node;
    char name[1024];
    uint32_t text, data;
    int32_t text_size, data_size, api_version, abi;
    /* extended_image_info, which registers one: */
    int32_t text_delta;
    uint32_t symbol_table, symbol_hash, string_table;
} __attribute__((packed));
_Static_assert(offsetof(struct image_info, text_delta) == IMAGE_INFO_SIZE,
               "image_info");

static void images(void)
{
    static struct image_info made = {
        .type = 2,
        .sequence = 3,
        .init_order = 4,
        .init = 0x1005,
        .term = 0x1006,
        .device = 7,
        .node = 0x800000009LL,
        .name = "/made/up",
        .text = 0x100a,
        .data = 0x100b,
        .text_size = 12,
        .data_size = 13,
        .api_version = 14,
        .abi = 15,
    };
    static uint8_t record[IMAGE_INFO_SIZE + GUARD];
    int32_t cookie = 0;
    long id = sys(SYS_register_image, &made, sizeof(made));

    CHECK(id > 0);
    made.id = (int32_t)id;
    fill(record, IMAGE_INFO_SIZE);
    CHECK_STATUS(sys(SYS_get_image_info, id, record, IMAGE_INFO_SIZE), HK_B_OK);
    CHECK(memcmp(record, &made, IMAGE_INFO_SIZE) == 0);
    CHECK(is_guarded(record, IMAGE_INFO_SIZE));
    memset(record, FILLED, sizeof(record));
    while (sys(SYS_get_next_image_info, 0, &cookie, record, IMAGE_INFO_SIZE) ==
               HK_B_OK &&
           memcmp(record, &id, sizeof(id)) != 0)
        ;
    CHECK(memcmp(record, &made, IMAGE_INFO_SIZE) == 0);
    CHECK(is_guarded(record, IMAGE_INFO_SIZE));
    CHECK_STATUS(sys(SYS_unregister_image, id), HK_B_OK);
}

/* ---- signals ---- */

enum { SIGCHLD = 5, SIGSEGV = 11, SIGRT = 33, SA_SIGINFO = 0x40 };
enum { SI_QUEUE = 1, SEGV_MAPERR = 30, QUEUE = 0x10000 };

static struct siginfo last;

static void remember(int signal, struct siginfo *info, uint32_t *context)
{
    enum { EIP = 6 }; /* of ucontext_t's words */

    last = *info;
    if (signal == SIGSEGV)
        context[EIP] += 2;
}

static void handle(int signal)
{
    struct sigaction action = {.handler = (void *)remember,
                               .flags = SA_SIGINFO};

    CHECK_STATUS(sys(SYS_sigaction, signal, &action, (void *)0), HK_B_OK);
    memset(&last, FILLED, sizeof(last));
}

static void check_last(int signal, int code, int error, long pid)
{
    CHECK_STATUS(last.signal, signal);
    CHECK_STATUS(last.code, code);
    CHECK_STATUS(last.pid, pid);
    CHECK_STATUS(last.error, error);
    CHECK(last.uid == 0 && last.band == 0);
}

static void signals(void)
{
    const int32_t value = 0x12345678;
    long self = sys(SYS_get_current_team), child;

    handle(SIGRT);
    sys(SYS_send_signal, 0, SIGRT, &value, QUEUE);
    check_last(SIGRT, SI_QUEUE, HK_B_OK, self);
    CHECK(last.value == value && last.address == 0 && last.status == 0);

    handle(SIGSEGV);
    __asm__ volatile("movb (%0), %%al" : : "c"(0x5fff0070) : "eax", "memory");
    check_last(SIGSEGV, SEGV_MAPERR, HK_B_BAD_ADDRESS, self);
    CHECK(last.address == BAD_POINTER && last.status == 0 && last.value == 0);

    handle(SIGCHLD);
    child = fork_team();
    if (child == 0)
        sys(SYS_exit_team, 77);
    while (sys(SYS_wait_for_child, child, EXITED, (void *)0, (void *)0) ==
           HK_B_INTERRUPTED)
        ;
    sys(SYS_is_computer_on);
    check_last(SIGCHLD, CLD_EXITED, HK_B_OK, child);
    CHECK(last.status == 77 && last.address == 0 && last.value == 0);
}

/* ---- timers ---- */

struct timer_info {
    int64_t left, interval;
    uint32_t overruns;
} __attribute__((packed));
_Static_assert(sizeof(struct timer_info) == 20, "user_timer_info");

/* What a timer that was set again was set to before is told as well. */
static void timers(void)
{
    enum { MONOTONIC = 0, HOUR = 3600 };
    const int64_t hour = HOUR * 1000000LL, minute = 60 * 1000000LL;
    const struct {
        int32_t notify, signal;
        void *value, *function, *attributes;
    } event = {.notify = 0};
    uint8_t record[sizeof(struct timer_info) + GUARD];
    struct timer_info info;
    long timer = sys(SYS_create_timer, MONOTONIC, -1, 0, &event, (void *)0);

    CHECK(timer >= 0);
    CHECK_STATUS(sys(SYS_set_timer, timer, -1, hour, minute, RELATIVE_TIMEOUT,
                     (void *)0),
                 HK_B_OK);
    fill(record, sizeof(info));
    CHECK_STATUS(sys(SYS_get_timer, timer, -1, record), HK_B_OK);
    memcpy(&info, record, sizeof(info));
    CHECK(info.left > hour - minute && info.left <= hour);
    CHECK(info.interval == minute && info.overruns == 0);
    CHECK(is_guarded(record, sizeof(info)));
    fill(record, sizeof(info));
    CHECK_STATUS(
        sys(SYS_set_timer, timer, -1, minute, 0LL, RELATIVE_TIMEOUT, record),
        HK_B_OK);
    memcpy(&info, record, sizeof(info));
    CHECK(info.left > hour - minute && info.left <= hour);
    CHECK(info.interval == minute && info.overruns == 0);
    CHECK(is_guarded(record, sizeof(info)));
    CHECK_STATUS(sys(SYS_delete_timer, timer, -1), HK_B_OK);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    machine();
    objects();
    processors();
    topology();
    images();
    signals();
    timers();
    print("layouts checked\n");
    return 0;
}
