/* roots.c -- what programs of one root have of each other (apps/uvm/test):
 * roots hold|find|end NAME, roots end_team ID, roots set_clock|clock. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <thread.h>

enum { PAGE = 4096, CLONEABLE_AREA = 0x100, TEAM_INFO_SIZE = 160 };
enum { SIGTERM = 15, REAL_TIME = -1 };

/* A port, a semaphore and an area, until the port gets a message. */
static int hold(const char *name)
{
    long port = sys(SYS_create_port, 1, name);
    int32_t code = 0;
    void *base;

    CHECK(port > 0);
    CHECK(sys(SYS_create_sem, 7, name) > 0);
    CHECK(sys(SYS_create_area, name, &base, ANY_ADDRESS, PAGE, 0,
              READ_AREA | WRITE_AREA | CLONEABLE_AREA) > 0);
    printf("team %d holds\n", (int)this_thread());
    CHECK_STATUS(sys(SYS_read_port_etc, port, &code, (void *)0, 0, 0, 0LL), 0);
    return code;
}

static int has_sem(long team, const char *name)
{
    struct {
        int32_t sem, team;
        char name[32];
        int32_t count, latest_holder;
    } info;
    int32_t cookie = 0;

    while (sys(SYS_get_next_sem_info, team, &cookie, &info, sizeof(info)) ==
           HK_B_OK)
        if (strcmp(info.name, name) == 0 && info.count == 7)
            return 1;
    return 0;
}

/* What is there, and how many teams are. */
static int find(const char *name)
{
    static uint8_t info[TEAM_INFO_SIZE];
    int32_t cookie = 0;
    int teams = 0, sems = 0;

    while (sys(SYS_get_next_team_info, &cookie, info, sizeof(info)) ==
           HK_B_OK) {
        long team = *(int32_t *)info;

        teams += team != 1; /* the kernel */
        sems += team != 1 && has_sem(team, name);
    }
    printf("port %d, area %d, sems %d, teams %d\n",
           sys(SYS_find_port, name) > 0, sys(SYS_find_area, name) > 0, sems,
           teams);
    return 0;
}

static int end(const char *name)
{
    long port = sys(SYS_find_port, name);

    CHECK_STATUS(sys(SYS_write_port_etc, port, 9, (void *)0, 0, 0, 0LL),
                 HK_B_OK);
    return 0;
}

static long number(const char *text)
{
    long value = 0;

    while (*text >= '0' && *text <= '9')
        value = value * 10 + *text++ - '0';
    return value;
}

static int end_team(const char *id)
{
    print_status("send_signal",
                 sys(SYS_send_signal, number(id), SIGTERM, (void *)0, 0));
    return 0;
}

static int set_clock(void)
{
    CHECK_STATUS(sys(SYS_set_real_time_clock, 1000000LL), HK_B_OK);
    return 0;
}

static int tell_clock(void)
{
    long long us = 0;

    CHECK_STATUS(sys(SYS_get_clock, REAL_TIME, &us), HK_B_OK);
    print(us < 3600 * 1000000LL ? "1970\n" : "now\n");
    return 0;
}

int main(int argc, char **argv, char **environment)
{
    const char *what = argc > 1 ? argv[1] : "";
    const char *name = argc > 2 ? argv[2] : "";

    (void)environment;
    if (strcmp(what, "hold") == 0)
        return hold(name);
    if (strcmp(what, "find") == 0)
        return find(name);
    if (strcmp(what, "end") == 0)
        return end(name);
    if (strcmp(what, "end_team") == 0)
        return end_team(name);
    if (strcmp(what, "set_clock") == 0)
        return set_clock();
    if (strcmp(what, "clock") == 0)
        return tell_clock();
    return 2;
}
