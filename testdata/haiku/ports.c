/* ports.c -- messages between threads and teams. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

enum { ONE = 1001, TWO = 1002, BIG = 1003 };

struct port_info {
    int32_t port, team;
    char name[32];
    int32_t capacity, queued, total;
};

struct message_info {
    uint32_t size, sender, group;
    int32_t team;
};

struct iovec {
    const void *base;
    uint32_t size;
};

static long write_port(long port, int32_t code, const void *data, uint32_t size,
                       int64_t timeout)
{
    return sys(SYS_write_port_etc, port, code, data, size, RELATIVE_TIMEOUT,
               timeout);
}

static long read_port(long port, int32_t *code, void *data, uint32_t size,
                      int64_t timeout)
{
    return sys(SYS_read_port_etc, port, code, data, size, RELATIVE_TIMEOUT,
               timeout);
}

/* Of two ports by one name the newer one is found. */
static void namesakes(void)
{
    long ports[3];

    for (int i = 0; i < 3; i++) {
        ports[i] = sys(SYS_create_port, 1, "namesake");
        CHECK_STATUS(sys(SYS_find_port, "namesake"), ports[i]);
    }
    CHECK_STATUS(sys(SYS_delete_port, ports[1]), HK_B_OK);
    CHECK_STATUS(sys(SYS_find_port, "namesake"), ports[2]);
    CHECK_STATUS(sys(SYS_delete_port, ports[2]), HK_B_OK);
    CHECK_STATUS(sys(SYS_find_port, "namesake"), ports[0]);
    CHECK_STATUS(sys(SYS_delete_port, ports[0]), HK_B_OK);
    CHECK_STATUS(sys(SYS_find_port, "namesake"), HK_B_NAME_NOT_FOUND);
}

static void messages(void)
{
    const struct iovec parts[] = {{"two ", 4}, {"parts", 5}};
    struct message_info message;
    struct port_info info;
    char text[32] = "";
    int32_t code = 0;
    long port = sys(SYS_create_port, 2, "mailbox");

    CHECK(port > 0);
    CHECK_STATUS(sys(SYS_find_port, "mailbox"), port);
    CHECK_STATUS(sys(SYS_find_port, "nobody's"), HK_B_NAME_NOT_FOUND);
    CHECK_STATUS(read_port(port, &code, text, 4, 0), HK_B_WOULD_BLOCK);
    CHECK_STATUS(read_port(port, &code, text, 4, 2000), HK_B_TIMED_OUT);
    CHECK_STATUS(write_port(port, ONE, "first", 6, 0), HK_B_OK);
    CHECK_STATUS(
        sys(SYS_writev_port_etc, port, TWO, parts, 2, 9, RELATIVE_TIMEOUT, 0LL),
        HK_B_OK);
    CHECK_STATUS(write_port(port, 0, "x", 1, 0), HK_B_WOULD_BLOCK);
    CHECK_STATUS(sys(SYS_port_count, port), 2);
    CHECK_STATUS(sys(SYS_get_port_info, port, &info), HK_B_OK);
    CHECK(info.port == port && strcmp(info.name, "mailbox") == 0);
    CHECK(info.capacity == 2 && info.queued == 2 && info.total == 0);
    CHECK_STATUS(info.team, sys(SYS_get_current_team));
    CHECK_STATUS(sys(SYS_port_buffer_size_etc, port, RELATIVE_TIMEOUT, 0LL), 6);
    CHECK_STATUS(sys(SYS_get_port_message_info_etc, port, &message,
                     sizeof(message), RELATIVE_TIMEOUT, 0LL),
                 HK_B_OK);
    CHECK(message.size == 6 && message.team == info.team);
    CHECK(message.sender == 0 && message.group == 0);
    CHECK_STATUS(read_port(port, &code, text, sizeof(text), 0), 6);
    CHECK(code == ONE && strcmp(text, "first") == 0);
    /* What does not fit is lost. */
    CHECK_STATUS(read_port(port, &code, text, 4, 0), 4);
    CHECK(code == TWO && memcmp(text, "two t", 5) == 0);
    CHECK_STATUS(sys(SYS_port_count, port), 0);
    CHECK_STATUS(sys(SYS_get_port_info, port, &info), HK_B_OK);
    CHECK(info.queued == 0 && info.total == 2); /* that were read */
    /* Haiku does not say that there is nothing to send. */
    CHECK_STATUS(write_port(port, 0, BAD_POINTER, 4, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_port_count, port), 0);
    CHECK_STATUS(write_port(port, 0, "next", 4, 0), HK_B_OK);
    CHECK_STATUS(read_port(port, &code, text, 4, 0), 4);
    CHECK_STATUS(write_port(port, 0, text, 262145, 0), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_delete_port, port), HK_B_OK);
    CHECK_STATUS(sys(SYS_delete_port, port), HK_B_BAD_PORT_ID);
    CHECK_STATUS(sys(SYS_create_port, 0, "none"), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_create_port, 4097, "none"), HK_B_BAD_VALUE);
}

/* A message tells who it is from. */
static void senders(void)
{
    struct message_info message;
    struct siginfo info;
    long port = sys(SYS_create_port, 1, "senders");
    long child = fork_team();

    if (child == 0) {
        sys(SYS_setregid, 5, 6, 0);
        sys(SYS_setreuid, 7, 8, 0);
        sys(SYS_exit_team, write_port(port, ONE, "from", 4, 0));
    }
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK_STATUS(info.status, HK_B_OK);
    CHECK_STATUS(sys(SYS_get_port_message_info_etc, port, &message,
                     sizeof(message), RELATIVE_TIMEOUT, 0LL),
                 HK_B_OK);
    CHECK(message.size == 4 && message.sender == 8 && message.group == 6);
    CHECK_STATUS(message.team, child);
    sys(SYS_delete_port, port);
}

/* A closed port is read to its end. */
static void closing(void)
{
    struct port_info info;
    char byte;
    int32_t code;
    long port = sys(SYS_create_port, 5, (void *)0);

    CHECK_STATUS(write_port(port, 7, "z", 1, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_close_port, port), HK_B_OK);
    CHECK_STATUS(sys(SYS_get_port_info, port, &info), HK_B_OK);
    CHECK(info.capacity == 0 && info.queued == 1);
    CHECK(strcmp(info.name, "unnamed port") == 0);
    CHECK_STATUS(write_port(port, 7, "z", 1, 0), HK_B_BAD_PORT_ID);
    CHECK_STATUS(read_port(port, &code, &byte, 1, 0), 1);
    CHECK(byte == 'z' && code == 7);
    CHECK_STATUS(read_port(port, &code, &byte, 1, 0), HK_B_BAD_PORT_ID);
    sys(SYS_delete_port, port);
}

/* All of the team's own. */
static void listing(void)
{
    long port = sys(SYS_create_port, 1, "listed");
    struct port_info info;
    int32_t cookie = 0;
    int found = 0;

    while (sys(SYS_get_next_port_info, 0, &cookie, &info) == HK_B_OK)
        found += info.port == port;
    CHECK(found == 1);
    cookie = 0; /* it counts */
    for (int i = 1; sys(SYS_get_next_port_info, 0, &cookie, &info) == HK_B_OK;
         i++)
        CHECK_STATUS(cookie, i);
    cookie = -1;
    CHECK_STATUS(sys(SYS_get_next_port_info, 0, &cookie, &info),
                 HK_B_BAD_PORT_ID);
    CHECK_STATUS(sys(SYS_get_next_port_info, 0, BAD_POINTER, &info),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_get_next_port_info, 999999999, &cookie, &info),
                 HK_B_BAD_TEAM_ID);
    sys(SYS_delete_port, port);
}

static int reader(void *port, void *unused)
{
    char text[8] = "";
    int32_t code = 0;
    long size = sys(SYS_read_port_etc, *(long *)port, &code, text, sizeof(text),
                    0, 0LL);

    (void)unused;
    return size == 4 && memcmp(text, "late", 4) == 0 ? code : -1;
}

static void threads(void)
{
    long port = sys(SYS_create_port, 1, "late");
    long id = spawn_thread("reader", reader, &port, 0);
    int32_t status = 0;

    sys(SYS_resume_thread, id);
    sys(SYS_snooze_etc, 2000LL, 0, RELATIVE_TIMEOUT, (void *)0);
    CHECK_STATUS(write_port(port, 123, "late", 4, 1000000), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_thread, id, &status), HK_B_OK);
    CHECK_STATUS(status, 123);
    sys(SYS_delete_port, port);
}

/* The child finds the port by its name, and takes it along when it ends. */
static void teams(void)
{
    static char big[100000];
    long port = sys(SYS_create_port, 4, "of a parent");
    struct siginfo info;
    int32_t code = 0;
    long child = fork_team();

    if (child == 0) {
        long found = sys(SYS_find_port, "of a parent");

        memset(big, 'b', sizeof(big));
        sys(SYS_exit_team, write_port(found, BIG, big, sizeof(big), 60000000));
    }
    CHECK_STATUS(read_port(port, &code, big, sizeof(big), 60000000),
                 sizeof(big));
    CHECK(code == BIG && big[0] == 'b' && big[sizeof(big) - 1] == 'b');
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == CLD_EXITED && info.status == 0);
    child = fork_team();
    if (child == 0) {
        sys(SYS_set_port_owner, port, sys(SYS_get_current_team));
        sys(SYS_exit_team, 0);
    }
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK_STATUS(write_port(port, 1, "x", 1, 0), HK_B_BAD_PORT_ID);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    namesakes();
    messages();
    senders();
    closing();
    listing();
    threads();
    teams();
    print("ports checked\n");
    return 0;
}
