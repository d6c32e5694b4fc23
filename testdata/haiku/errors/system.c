/* system.c -- how calls about the machine, watching and debugging fail. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { WATCH_TEAMS = 3 };

static long other; /* a team */
static char buffer[512];
static uint32_t size;

static void information(void)
{
    FAILS(B_BAD_ADDRESS, get_system_info, (void *)0);
    FAILS(B_BAD_ADDRESS, get_system_info, BAD_POINTER);
    FAILS(B_BAD_ADDRESS, get_cpu_info, 100000, 1, (void *)0);
    FAILS(B_BAD_ADDRESS, get_cpu_info, 0, 1, BAD_POINTER);
    FAILS(B_BAD_VALUE, get_cpu_info, 100000, 1, buffer);
    FAILS(B_BAD_ADDRESS, get_cpu_topology_info, buffer, (void *)0);
    FAILS(B_BAD_ADDRESS, get_cpu_topology_info, KERNEL_POINTER, &size);
    FAILS(B_BAD_ADDRESS, get_cpuid, BAD_POINTER, 0, 0);
    FAILS(B_BAD_VALUE, get_cpuid, buffer, 0, 100000);
    FAILS(B_BAD_VALUE, set_scheduler_mode, 77);
    FAILS(B_BAD_VALUE, set_scheduler_mode, -1);
    FAILS(B_BAD_VALUE, analyze_scheduling, 0LL, 1LL, buffer, sizeof(buffer),
          buffer);
    size = sizeof(buffer);
    FAILS(B_ENTRY_NOT_FOUND, get_safemode_option, "safemode", buffer, &size);
    FAILS(B_BAD_ADDRESS, get_safemode_option, (void *)0, buffer, &size);
    FAILS(B_BAD_ADDRESS, get_safemode_option, "safemode", KERNEL_POINTER,
          &size);
    FAILS(B_BAD_ADDRESS, get_safemode_option, "safemode", buffer, BAD_POINTER);
    FAILS(B_ERROR, system_profiler_recorded, buffer);
    FAILS(B_BAD_ADDRESS, system_profiler_recorded, (void *)0);
    FAILS(B_BAD_ADDRESS, system_profiler_recorded, KERNEL_POINTER);
    FAILS(B_BAD_ADDRESS, frame_buffer_update, buffer, 1, 1, 32, 4);
    FAILS(B_BAD_ADDRESS, kernel_debugger, (void *)0);
    FAILS(B_BAD_ADDRESS, kernel_debugger, BAD_POINTER);
}

static void watching(void)
{
    enum { LIMIT_NOVMON = 7, WATCH_STAT = 2 };
    const uint32_t one[] = {1, 0xffffffff};
    long port = sys(SYS_create_port, 1, "watches");

    FAILS(B_BAD_VALUE, start_watching_system, -1, 0, port, 0);
    FAILS(B_BAD_VALUE, start_watching_system, -1, 0x10000, port, 0);
    FAILS(B_BAD_VALUE, start_watching_system, -2, WATCH_TEAMS, port, 0);
    FAILS(B_BAD_VALUE, start_watching_system, -1, WATCH_TEAMS, -1, 0);
    FAILS(B_ENTRY_NOT_FOUND, stop_watching_system, -1, WATCH_TEAMS, port, 0);
    FAILS(B_ENTRY_NOT_FOUND, stop_notifying, port, 0);
    FAILS(B_BAD_VALUE, stop_watching, 1, 1LL, port, 0);
    CHECK_STATUS(sys(SYS_setrlimit, LIMIT_NOVMON, one), HK_B_OK);
    CHECK_STATUS(sys(SYS_start_watching, 1, 1LL, WATCH_STAT, port, 0), HK_B_OK);
    FAILS(B_NO_MEMORY, start_watching, 1, 2LL, WATCH_STAT, port, 0);
    CHECK_STATUS(sys(SYS_stop_watching, 1, 1LL, port, 0), HK_B_OK);
}

static void messaging(void)
{
    long lock = sys(SYS_create_sem, 0, "lock");
    long counter = sys(SYS_create_sem, 0, "counter");

    FAILS(B_BAD_VALUE, unregister_messaging_service);
    FAILS(B_BAD_SEM_ID, register_messaging_service, NO_ID, counter);
    FAILS(B_BAD_SEM_ID, register_messaging_service, lock, NO_ID);
    CHECK(sys(SYS_register_messaging_service, lock, counter) > 0);
    FAILS(B_BAD_VALUE, register_messaging_service, lock, counter);
    CHECK_STATUS(sys(SYS_unregister_messaging_service), HK_B_OK);
}

/* Of the team in itself; four at most. */
static void breakpoints(void)
{
    enum { READ, WRITE, READ_WRITE, NO_TYPE }; /* watchpoints */
    static uint32_t word[2];
    char *odd = (char *)word + 1;

    FAILS(B_BAD_ADDRESS, set_debugger_breakpoint, (void *)0, 0, 0, 0);
    FAILS(B_BAD_ADDRESS, set_debugger_breakpoint, KERNEL_POINTER, 0, 0, 0);
    FAILS(B_BAD_ADDRESS, set_debugger_breakpoint, (void *)0, WRITE, -1, 1);
    FAILS(B_BAD_VALUE, set_debugger_breakpoint, word, WRITE, -1, 1);
    FAILS(B_BAD_VALUE, set_debugger_breakpoint, odd, WRITE, 2, 1);
    FAILS(B_BAD_VALUE, set_debugger_breakpoint, odd + 1, WRITE, 4, 1);
    FAILS(B_NOT_SUPPORTED, set_debugger_breakpoint, word, READ, 4, 1);
    FAILS(B_NOT_SUPPORTED, set_debugger_breakpoint, word, NO_TYPE, 4, 1);
    FAILS(B_NOT_SUPPORTED, set_debugger_breakpoint, word, WRITE, 0, 1);
    FAILS(B_NOT_SUPPORTED, set_debugger_breakpoint, odd, READ_WRITE, 3, 1);
    FAILS(B_NOT_SUPPORTED, set_debugger_breakpoint, word, WRITE, 8, 1);
    FAILS(B_BAD_ADDRESS, clear_debugger_breakpoint, (void *)0, 1);
    FAILS(B_BAD_ADDRESS, clear_debugger_breakpoint, KERNEL_POINTER, 0);
    FAILS(B_NAME_NOT_FOUND, clear_debugger_breakpoint, word, 1);
    FAILS(B_NAME_NOT_FOUND, clear_debugger_breakpoint, word, 0);
    for (int i = 0; i < 4; i++)
        CHECK_STATUS(sys(SYS_set_debugger_breakpoint, odd + i, WRITE, 1, 1),
                     HK_B_OK);
    FAILS(B_BUSY, set_debugger_breakpoint, word, WRITE, 1, 1);
    FAILS(B_BUSY, set_debugger_breakpoint, word, 0, 0, 0);
    for (int i = 0; i < 4; i++)
        CHECK_STATUS(sys(SYS_clear_debugger_breakpoint, odd + i, 1), HK_B_OK);
}

static void debugging(void)
{
    long self = sys(SYS_get_current_team);

    FAILS(B_BAD_PORT_ID, install_default_debugger, NO_ID);
    breakpoints();
    FAILS(B_BAD_TEAM_ID, remove_team_debugger, NO_ID);
    FAILS(B_NOT_ALLOWED, remove_team_debugger, KERNEL_TEAM);
    FAILS(B_BAD_VALUE, remove_team_debugger, self);
    FAILS(B_BAD_THREAD_ID, debug_thread, NO_ID);
    FAILS(B_BAD_THREAD_ID, debug_thread, -1);
    FAILS(B_BAD_THREAD_ID, debug_thread, 0);
}

static void other_users(void)
{
    FAILS(B_PERMISSION_DENIED, system_profiler_recorded, (void *)0);
    FAILS(B_NOT_ALLOWED, frame_buffer_update, buffer, 1, 1, 32, 4);
    FAILS(B_NOT_ALLOWED, kernel_debugger, (void *)0);
    FAILS(B_PERMISSION_DENIED, install_default_debugger, NO_ID);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    other = new_sleeper();
    information();
    watching();
    messaging();
    debugging();
    as_user(other_users);
    end_sleeper(other);
    print("errors checked\n");
    return 0;
}
