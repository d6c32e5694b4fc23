/* information.c -- what the kernel tells of teams, threads and the machine. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

enum { PAGE = 4096, RLIMIT_NOFILE = 4 };

static void limits(void)
{
    uint32_t limit[2] = {0, 0};

    CHECK_STATUS(sys(SYS_getrlimit, RLIMIT_NOFILE, limit), HK_B_OK);
    CHECK(limit[0] >= 128);
    CHECK_STATUS(sys(SYS_setrlimit, RLIMIT_NOFILE, limit), HK_B_OK);
    CHECK_STATUS(sys(SYS_getrlimit, 99, limit), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_getrlimit, RLIMIT_NOFILE, BAD_POINTER),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_setrlimit, RLIMIT_NOFILE, BAD_POINTER),
                 HK_B_BAD_ADDRESS);
}

/* As many as the limit says. */
static void descriptors(void)
{
    enum { MANY = 200 };
    uint32_t limit[2] = {0, 0}, before;
    int32_t made[MANY], count = 0;
    long fd;

    sys(SYS_getrlimit, RLIMIT_NOFILE, limit);
    before = limit[0];
    limit[0] = MANY;
    CHECK_STATUS(sys(SYS_setrlimit, RLIMIT_NOFILE, limit), HK_B_OK);
    while ((fd = sys(SYS_open, AT_FDCWD, ".", O_RDONLY, 0)) >= 0)
        made[count++] = (int32_t)fd;
    CHECK_STATUS(fd, HK_B_NO_MORE_FDS);
    CHECK(count > 0 && made[count - 1] == MANY - 1);
    while (count > 0)
        sys(SYS_close, made[--count]);
    limit[0] = before;
    CHECK_STATUS(sys(SYS_setrlimit, RLIMIT_NOFILE, limit), HK_B_OK);
}

static void threads(void)
{
    enum { RUNNING = 1, NORMAL = 10 };
    long self = this_thread(), team = sys(SYS_get_current_team);
    struct thread_info info;
    int32_t cookie = 0;
    uint64_t mask = 77;
    int count = 0;

    CHECK_STATUS(sys(SYS_get_thread_info, self, &info), HK_B_OK);
    CHECK(info.thread == self && info.team == team);
    CHECK(info.name[0] != '\0' && info.name[31] == '\0');
    CHECK(info.state == RUNNING && info.priority == NORMAL && info.sem == -1);
    CHECK(info.user_time >= 0 && info.kernel_time >= 0);
    CHECK((char *)info.stack_base < (char *)&info &&
          (char *)&info < (char *)info.stack_end);
    CHECK_STATUS(sys(SYS_get_thread_info, self, BAD_POINTER), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_get_thread_info, 999999999, &info),
                 HK_B_BAD_THREAD_ID);
    while (sys(SYS_get_next_thread_info, team, &cookie, &info) == HK_B_OK)
        count++;
    CHECK(count == 1);
    CHECK_STATUS(sys(SYS_get_next_thread_info, team, BAD_POINTER, &info),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_get_thread_affinity, self, &mask, sizeof(mask)),
                 HK_B_OK);
    CHECK(mask == 0); /* it was given none */
    CHECK_STATUS(sys(SYS_set_thread_affinity, self, &mask, sizeof(mask)),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_get_thread_affinity, self, BAD_POINTER, sizeof(mask)),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_set_thread_affinity, self, BAD_POINTER, sizeof(mask)),
                 HK_B_BAD_ADDRESS);
}

static const char *program;

static void check_team(const struct team_info *info)
{
    enum { SESSION = 1, GROUP, PARENT };
    const char *leaf = program;

    for (const char *at = program; *at != '\0'; at++)
        leaf = *at == '/' ? at + 1 : leaf;
    CHECK_STATUS(info->team, sys(SYS_get_current_team));
    CHECK_STATUS(info->thread_count, 1);
    CHECK(info->image_count >= 1);
    CHECK_STATUS(info->area_count, 0); /* the kernel counts none */
    CHECK(info->debugger_thread == -1 && info->debugger_port == -1);
    CHECK_STATUS(info->argc, 1); /* whatever the arguments */
    CHECK(strcmp(info->name, leaf) == 0);
    CHECK(info->arguments[0] != '\0' && info->arguments[63] == '\0');
    CHECK(info->user == 0 && info->group == 0);
    CHECK(info->real_user == 0 && info->real_group == 0);
    CHECK_STATUS(info->process_group, sys(SYS_process_info, 0, GROUP));
    CHECK_STATUS(info->session, sys(SYS_process_info, 0, SESSION));
    CHECK_STATUS(info->parent, sys(SYS_process_info, 0, PARENT));
    CHECK(info->start_time > 0 && info->start_time <= sys64(SYS_system_time));
}

static void teams(void)
{
    static uint8_t info[TEAM_INFO_SIZE + 1], extended[4096];
    struct team_info first;
    long self = sys(SYS_get_current_team);
    int32_t cookie = 0;
    uint32_t fd_cookie = 0, needed = 0;
    int64_t usage[2] = {-1, -1};
    uint8_t fd[20];
    int found = 0;

    CHECK_STATUS(sys(SYS_get_team_info, self, info, TEAM_INFO_SIZE + 1),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_get_team_info, self, info, TEAM_INFO_SIZE), HK_B_OK);
    memcpy(&first, info, sizeof(first));
    check_team(&first);
    CHECK_STATUS(sys(SYS_get_team_info, 999999999, info, TEAM_INFO_SIZE),
                 HK_B_BAD_TEAM_ID);
    while (sys(SYS_get_next_team_info, &cookie, info, TEAM_INFO_SIZE) ==
           HK_B_OK)
        found += *(int32_t *)info == self;
    CHECK(found == 1);
    CHECK_STATUS(sys(SYS_get_next_team_info, BAD_POINTER, info, TEAM_INFO_SIZE),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_get_team_usage_info, self, 0, usage, sizeof(usage)),
                 HK_B_OK);
    CHECK(usage[0] >= 0 && usage[1] >= 0);
    CHECK_STATUS(
        sys(SYS_get_team_usage_info, self, 0, BAD_POINTER, sizeof(usage)),
        HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_get_extended_team_info, self, 1, extended,
                     sizeof(extended), &needed),
                 HK_B_OK);
    CHECK(needed > 0 && needed <= sizeof(extended));
    CHECK_STATUS(sys(SYS_get_extended_team_info, self, 1, extended, 0, &needed),
                 HK_B_BUFFER_OVERFLOW);
    CHECK_STATUS(sys(SYS_get_next_fd_info, self, &fd_cookie, fd, sizeof(fd)),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_get_next_fd_info, self, &fd_cookie, fd, 99),
                 HK_B_BAD_VALUE);
}

static void machine(void)
{
    static uint8_t info[64 * 20], nodes[64 * 24];
    uint32_t count = 64, id[4] = {0}, size = 64;
    char option[64];

    CHECK_STATUS(sys(SYS_get_cpu_info, 0, 1, info), HK_B_OK);
    CHECK_STATUS(sys(SYS_get_cpu_info, 100000, 1, info), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_get_cpu_info, 0, 1, BAD_POINTER), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_get_cpu_topology_info, nodes, &count), HK_B_OK);
    CHECK(count >= 2);
    CHECK_STATUS(sys(SYS_get_cpu_topology_info, nodes, BAD_POINTER),
                 HK_B_BAD_ADDRESS);
    CHECK(sys(SYS_get_cpu) >= 0);
    CHECK_STATUS(sys(SYS_get_cpuid, id, 0, 0), HK_B_OK);
    CHECK(id[0] >= 1 && id[1] != 0); /* leaves, and a vendor's name */
    CHECK_STATUS(sys(SYS_get_cpuid, id, 0, 100000), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_get_cpuid, BAD_POINTER, 0, 0), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_get_safemode_option, "safemode", option, &size),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_frame_buffer_update, 0, 640, 480, 32, 2560), HK_B_OK);
    CHECK_STATUS(sys(SYS_frame_buffer_update, BAD_POINTER, 640, 480, 32, 2560),
                 HK_B_BAD_ADDRESS);
}

/* Of all processors, in us. */
static long long active_time(void)
{
    static uint8_t info[64 * 20];
    long long sum = 0, time;

    CHECK_STATUS(sys(SYS_get_cpu_info, 0, 64, info), HK_B_OK);
    for (int i = 0; i < 64; i++) {
        memcpy(&time, info + i * 20, sizeof(time));
        CHECK(time >= 0);
        sum += time;
    }
    return sum;
}

/* Who computes keeps a processor active. */
static void activity(void)
{
    long long before = active_time(), start = sys64(SYS_system_time);

    CHECK(before > 0);
    while (active_time() == before &&
           sys64(SYS_system_time) - start < 10000000LL)
        for (volatile int i = 0; i < 100000; i++)
            continue;
    CHECK(active_time() > before);
}

/* What CPUID says itself is what the kernel tells. */
static void processor(void)
{
    uint32_t told[4] = {0}, eax = 1, ebx, ecx, edx;

    __asm__("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
    CHECK_STATUS(sys(SYS_get_cpuid, told, 1, 0), HK_B_OK);
    CHECK(told[0] == eax && told[1] == ebx);
    CHECK(told[2] == edx && told[3] == ecx);
}

static void scheduler(void)
{
    long mode = sys(SYS_get_scheduler_mode);
    uint8_t buffer[64];

    CHECK(mode == 0 || mode == 1);
    CHECK_STATUS(sys(SYS_set_scheduler_mode, mode), HK_B_OK);
    CHECK_STATUS(sys(SYS_set_scheduler_mode, 7), HK_B_BAD_VALUE);
    CHECK(sys64(SYS_estimate_max_scheduling_latency, this_thread()) > 0);
    CHECK_STATUS(
        sys(SYS_analyze_scheduling, 0LL, 1LL, buffer, sizeof(buffer), buffer),
        HK_B_BAD_VALUE);
}

static void memory(void)
{
    uint32_t protection = 0, lock = 99;
    char *page = 0;
    long id = sys(SYS_create_area, "looked at", &page, ANY_ADDRESS, PAGE, 0,
                  READ_AREA | WRITE_AREA);
    long team = sys(SYS_get_current_team);

    CHECK(id > 0);
    CHECK_STATUS(sys(SYS_get_memory_properties, team, page, &protection, &lock),
                 HK_B_OK);
    CHECK((protection & 3) == (READ_AREA | WRITE_AREA));
    CHECK_STATUS(sys(SYS_get_memory_properties, team, page, BAD_POINTER, &lock),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_mlock, page, PAGE), HK_B_OK);
    CHECK_STATUS(sys(SYS_munlock, page, PAGE), HK_B_OK);
    sys(SYS_delete_area, id);
    CHECK_STATUS(sys(SYS_mlock, page, PAGE), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_munlock, page, PAGE), HK_B_BAD_ADDRESS);
}

static void timezone(void)
{
    uint8_t is_gmt = 9;
    int32_t offset = 0;
    char zone[64];

    CHECK_STATUS(sys(SYS_set_timezone, 3600, "Europe/Berlin", 14), HK_B_OK);
    CHECK_STATUS(sys(SYS_get_timezone, &offset, zone, sizeof(zone)), HK_B_OK);
    CHECK(offset == 3600 && strcmp(zone, "Europe/Berlin") == 0);
    CHECK_STATUS(sys(SYS_set_timezone, 0, BAD_POINTER, 4), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_get_real_time_clock_is_gmt, &is_gmt), HK_B_OK);
    CHECK(is_gmt <= 1);
    CHECK_STATUS(sys(SYS_get_real_time_clock_is_gmt, BAD_POINTER),
                 HK_B_BAD_ADDRESS);
}

/* ---- processors ---- */

/* Disabled for all teams, but for the last one. */
static void processors(void)
{
    static uint8_t info[452];
    int32_t count, enabled;
    long team;

    CHECK_STATUS(sys(SYS_get_system_info, info), HK_B_OK);
    count = enabled = *(int32_t *)(info + 8);
    for (int32_t i = 0; i < count - 1; i++, enabled--) {
        CHECK_STATUS(sys(SYS_set_cpu_enabled, i, 0), HK_B_OK);
        CHECK((sys(SYS_cpu_enabled, i) & 1) == 0);
        CHECK_STATUS(sys(SYS_get_cpu_info, i, 1, info), HK_B_OK);
        CHECK(info[8] == 0);
    }
    CHECK(enabled == 1);
    CHECK_STATUS(sys(SYS_set_cpu_enabled, count - 1, 0), HK_B_NOT_ALLOWED);
    team = fork_team();
    if (team == 0) {
        CHECK(count == 1 || (sys(SYS_cpu_enabled, 0) & 1) == 0);
        sys(SYS_setreuid, 1000, 1000, 1);
        CHECK_STATUS(sys(SYS_set_cpu_enabled, 0, 1), HK_B_PERMISSION_DENIED);
        guest_exit(0);
    }
    sys(SYS_wait_for_child, team, 8, (void *)0, (void *)0);
    for (int32_t i = 0; i < count; i++)
        CHECK_STATUS(sys(SYS_set_cpu_enabled, i, 1), HK_B_OK);
    CHECK(sys(SYS_cpu_enabled, 0) & 1);
    CHECK_STATUS(sys(SYS_set_cpu_enabled, count, 0), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_set_cpu_enabled, -1, 0), HK_B_BAD_VALUE);
}

/* ---- the kernel's log ---- */

struct syslog_message {
    int32_t from, when, options;
    int16_t priority;
    char ident[32], text[8192 - 46 + 1];
};

static struct syslog_message logged;
static long long log_timeout;

/* The length of the next message's text, or an error. */
static long read_log(long port)
{
    enum { CODE = 0x5f53796c, HEAD = 48, AT_TEXT = 46 };
    int32_t code = 0;
    long size = sys(SYS_read_port_etc, port, &code, &logged, 8192,
                    RELATIVE_TIMEOUT, log_timeout);

    if (size < 0)
        return size;
    CHECK(code == CODE && size >= HEAD);
    ((char *)&logged)[AT_TEXT + size - HEAD] = '\0';
    return size - HEAD;
}

static void write_log(char letter, int count)
{
    static char line[1001];

    memset(line, letter, sizeof(line) - 1);
    while (count-- > 0)
        sys(SYS_debug_output, line);
}

static void syslog(void)
{
    long port = sys(SYS_create_port, 2, "log"), size;
    long long now;
    int dropped = 0;

    sys(SYS_debug_output, "before\n");
    sys(SYS_register_syslog_daemon, port);
    CHECK(read_log(port) >= 7);
    CHECK_STATUS(read_log(port), HK_B_WOULD_BLOCK);
    sys(SYS_debug_output, "a line\n");
    CHECK_STATUS(read_log(port), 7);
    CHECK(strcmp(logged.text, "a line\n") == 0);
    sys(SYS_get_clock, -1, &now);
    now -= logged.when * 1000000LL;
    CHECK(now >= 0 && now < 100 * 1000000LL);
    CHECK(logged.from == 0 && logged.options == 0 && logged.priority == 7);
    CHECK(logged.ident[0] == '\0');
    write_log('a', 5); /* two fit, the others come together */
    CHECK_STATUS(read_log(port), 511);
    CHECK_STATUS(read_log(port), 489);
    CHECK_STATUS(read_log(port), 4000);
    CHECK_STATUS(read_log(port), HK_B_WOULD_BLOCK);
    write_log('b', 80);
    read_log(port);
    read_log(port);
    while ((size = read_log(port)) > 0)
        dropped += memcmp(logged.text, "<DROP>", 6) == 0;
    CHECK(dropped == 1);
    sys(SYS_delete_port, port);
    sys(SYS_debug_output, "nobody reads this\n");
}

/* As the daemon waits: a line that comes again is told when another one comes,
 * or after a while. */
static void repeats(void)
{
    long port = sys(SYS_create_port, 4, "log");
    long team;

    sys(SYS_register_syslog_daemon, port);
    while (read_log(port) > 0)
        continue;
    for (int i = 0; i < 4; i++)
        sys(SYS_debug_output, "again\n");
    sys(SYS_debug_output, "no line");
    sys(SYS_debug_output, "no line");
    CHECK_STATUS(read_log(port), 6);
    CHECK_STATUS(read_log(port), 38);
    CHECK(strcmp(logged.text, "Last message repeated 3 times.\nno line") == 0);
    CHECK_STATUS(read_log(port), 7);
    sys(SYS_debug_output, "once\n");
    CHECK_STATUS(read_log(port), 5);
    team = fork_team();
    if (team == 0) {
        sys(SYS_debug_output, "once\n");
        guest_exit(0);
    }
    log_timeout = 60000000LL;
    CHECK_STATUS(read_log(port), 5);
    log_timeout = 0;
    CHECK(strcmp(logged.text, "once\n") == 0);
    sys(SYS_wait_for_child, team, 8, (void *)0, (void *)0);
    sys(SYS_register_syslog_daemon, -1);
    sys(SYS_delete_port, port);
}

/* Who is not root is not heard, and the daemon's team may end. */
static void syslog_of_others(void)
{
    long port = sys(SYS_create_port, 2, "log");
    long team = fork_team();

    if (team == 0) {
        sys(SYS_setreuid, 1000, 1000, 1);
        sys(SYS_register_syslog_daemon, port);
        sys(SYS_debug_output, "unheard\n");
        guest_exit(0);
    }
    sys(SYS_wait_for_child, team, 8, (void *)0, (void *)0);
    CHECK_STATUS(read_log(port), HK_B_WOULD_BLOCK);
    sys(SYS_register_syslog_daemon, port);
    CHECK(read_log(port) > 0);
    sys(SYS_register_syslog_daemon, -1);
    sys(SYS_delete_port, port);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)environment;
    program = argv[0];
    limits();
    descriptors();
    threads();
    teams();
    machine();
    activity();
    processor();
    scheduler();
    memory();
    timezone();
    processors();
    syslog();
    repeats();
    syslog_of_others();
    print("information checked\n");
    return 0;
}
