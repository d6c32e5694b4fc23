/* ports.c -- how calls of ports fail. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { QUEUE_MAX = 4096, MESSAGE_MAX = 256 * 1024, VECTORS_MAX = 1024 };
enum { INFO_SIZE = 16 };

struct vector {
    void *base;
    uint32_t length;
};

static long port;
static uint8_t info[52];
static char message[8];
static struct vector vector = {message, 8};
/* Together they are larger than a result can say. */
static struct vector halves[] = {{message, 0x40000000}, {message, 0x40000000}};
static int32_t code, cookie;

/* Ids that are none: negative, nobody's, of what was deleted. */
static void bad_ids(void)
{
    long deleted = sys(SYS_create_port, 1, "deleted");

    CHECK_STATUS(sys(SYS_delete_port, deleted), HK_B_OK);
    for (int i = 0; i < 3; i++) {
        const long id = i == 0 ? -1 : i == 1 ? NO_ID : deleted;

        FAILS(B_BAD_PORT_ID, close_port, id);
        FAILS(B_BAD_PORT_ID, delete_port, id);
        FAILS(B_BAD_PORT_ID, get_port_info, id, info);
        FAILS(B_BAD_PORT_ID, port_buffer_size_etc, id, 0, 0LL);
        FAILS(B_BAD_PORT_ID, port_count, id);
        FAILS(B_BAD_PORT_ID, read_port_etc, id, &code, message, 8, 0, 0LL);
        FAILS(B_BAD_PORT_ID, set_port_owner, id, 0);
        FAILS(B_BAD_PORT_ID, write_port_etc, id, 1, message, 8, 0, 0LL);
        FAILS(B_BAD_PORT_ID, writev_port_etc, id, 1, &vector, 1, 8, 0, 0LL);
        FAILS(B_BAD_PORT_ID, get_port_message_info_etc, id, info, INFO_SIZE, 0,
              0LL);
    }
}

static void bad_values(void)
{
    FAILS(B_BAD_VALUE, create_port, 0, "port");
    FAILS(B_BAD_VALUE, create_port, -1, "port");
    FAILS(B_BAD_VALUE, create_port, QUEUE_MAX + 1, "port");
    FAILS(B_BAD_VALUE, find_port, (void *)0);
    FAILS(B_NAME_NOT_FOUND, find_port, "nobody's");
    FAILS(B_BAD_VALUE, get_port_info, port, (void *)0);
    FAILS(B_BAD_VALUE, get_next_port_info, 0, (void *)0, info);
    FAILS(B_BAD_VALUE, get_next_port_info, 0, &cookie, (void *)0);
    FAILS(B_BAD_VALUE, get_next_port_info, -1, &cookie, info);
    FAILS(B_BAD_TEAM_ID, get_next_port_info, NO_ID, &cookie, info);
    cookie = 10000;
    FAILS(B_BAD_PORT_ID, get_next_port_info, 0, &cookie, info);
    FAILS(B_BAD_TEAM_ID, set_port_owner, port, -1);
    FAILS(B_BAD_TEAM_ID, set_port_owner, port, NO_ID);
    FAILS(B_BAD_VALUE, get_port_message_info_etc, port, info, INFO_SIZE - 1, 0,
          0LL);
    FAILS(B_BAD_VALUE, get_port_message_info_etc, port, (void *)0, INFO_SIZE, 0,
          0LL);
}

static void bad_messages(void)
{
    FAILS(B_BAD_VALUE, read_port_etc, port, &code, (void *)0, 8, 0, 0LL);
    FAILS(B_BAD_VALUE, read_port_etc, port, &code, message, 8, 0, -1LL);
    FAILS(B_BAD_VALUE, write_port_etc, port, 1, (void *)0, 8, 0, 0LL);
    FAILS(B_BAD_VALUE, write_port_etc, port, 1, message, MESSAGE_MAX + 1, 0,
          0LL);
    FAILS(B_BAD_VALUE, writev_port_etc, port, 1, (void *)0, 1, 8, 0, 0LL);
    FAILS(B_BAD_VALUE, writev_port_etc, port, 1, &vector, VECTORS_MAX + 1, 8, 0,
          0LL);
    FAILS(B_BAD_VALUE, writev_port_etc, port, 1, &vector, 1, MESSAGE_MAX + 1, 0,
          0LL);
    FAILS(B_BAD_VALUE, writev_port_etc, port, 1, halves, 2, 8, 0, 0LL);
}

static void bad_addresses(void)
{
    struct vector kernels = {KERNEL_POINTER, 1};

    FAILS(B_BAD_ADDRESS, find_port, BAD_POINTER);
    FAILS(B_BAD_ADDRESS, get_port_info, port, KERNEL_POINTER);
    FAILS(B_BAD_ADDRESS, get_port_info, port, BAD_POINTER);
    FAILS(B_BAD_ADDRESS, write_port_etc, port, 1, KERNEL_POINTER, 8, 0, 0LL);
    FAILS(B_BAD_ADDRESS, writev_port_etc, port, 1, KERNEL_POINTER, 1, 8, 0,
          0LL);
    FAILS(B_BAD_ADDRESS, writev_port_etc, port, 1, BAD_POINTER, 1, 8, 0, 0LL);
    FAILS(B_BAD_ADDRESS, writev_port_etc, port, 1, &kernels, 1, 0, 0, 0LL);
    CHECK_STATUS(sys(SYS_write_port_etc, port, 1, message, 8, 0, 0LL), HK_B_OK);
    FAILS(B_BAD_ADDRESS, get_port_message_info_etc, port, BAD_POINTER,
          INFO_SIZE, 0, 0LL);
    FAILS(B_BAD_ADDRESS, get_port_message_info_etc, port, KERNEL_POINTER,
          INFO_SIZE, 0, 0LL);
    FAILS(B_BAD_ADDRESS, read_port_etc, port, BAD_POINTER, message, 8, 0, 0LL);
    CHECK_STATUS(sys(SYS_port_count, port), 0); /* it has been read */
}

/* Two things are wrong: which of them is told. */
static void order(void)
{
    FAILS(B_BAD_ADDRESS, create_port, 0, BAD_POINTER);
    FAILS(B_BAD_VALUE, writev_port_etc, port, 1, KERNEL_POINTER,
          VECTORS_MAX + 1, 8, 0, 0LL);
    FAILS(B_BAD_ADDRESS, writev_port_etc, -1, 1, KERNEL_POINTER, 1, 8, 0, 0LL);
    FAILS(B_BAD_ADDRESS, get_port_info, NO_ID, KERNEL_POINTER);
    FAILS(B_BAD_VALUE, get_port_info, NO_ID, (void *)0);
    FAILS(B_BAD_PORT_ID, get_port_info, NO_ID, BAD_POINTER);
    FAILS(B_BAD_PORT_ID, set_port_owner, -1, NO_ID);
    FAILS(B_BAD_TEAM_ID, set_port_owner, NO_ID, NO_ID);
    FAILS(B_BAD_VALUE, read_port_etc, NO_ID, &code, (void *)0, 8, 0, 0LL);
    FAILS(B_BAD_PORT_ID, read_port_etc, -1, &code, message, 8, 0, -1LL);
    FAILS(B_BAD_VALUE, read_port_etc, NO_ID, &code, message, 8, 0, -1LL);
    FAILS(B_BAD_ADDRESS, read_port_etc, -1, KERNEL_POINTER, message, 8, 0, 0LL);
    FAILS(B_BAD_PORT_ID, write_port_etc, -1, 1, message, MESSAGE_MAX + 1, 0,
          0LL);
    FAILS(B_BAD_VALUE, write_port_etc, NO_ID, 1, message, MESSAGE_MAX + 1, 0,
          0LL);
    FAILS(B_BAD_VALUE, get_port_message_info_etc, -1, info, 1, 0, 0LL);
    FAILS(B_BAD_PORT_ID, get_port_message_info_etc, -1, KERNEL_POINTER,
          INFO_SIZE, 0, 0LL);
}

/* Nothing comes, and there is no room. */
static void times(void)
{
    FAILS(B_WOULD_BLOCK, read_port_etc, port, &code, message, 8,
          RELATIVE_TIMEOUT, 0LL);
    FAILS(B_TIMED_OUT, read_port_etc, port, &code, message, 8, RELATIVE_TIMEOUT,
          1000LL);
    FAILS(B_TIMED_OUT, read_port_etc, port, &code, message, 8, ABSOLUTE_TIMEOUT,
          1LL);
    FAILS(B_WOULD_BLOCK, port_buffer_size_etc, port, RELATIVE_TIMEOUT, 0LL);
    FAILS(B_TIMED_OUT, port_buffer_size_etc, port, RELATIVE_TIMEOUT, 1000LL);
    FAILS(B_TIMED_OUT, port_buffer_size_etc, port, ABSOLUTE_TIMEOUT, 1LL);
    FAILS(B_WOULD_BLOCK, get_port_message_info_etc, port, info, INFO_SIZE,
          RELATIVE_TIMEOUT, 0LL);
    FAILS(B_TIMED_OUT, get_port_message_info_etc, port, info, INFO_SIZE,
          RELATIVE_TIMEOUT, 1000LL);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, read_port_etc, port, &code, message, 8, 0, 0LL);
    FAILS(B_INTERRUPTED, port_buffer_size_etc, port, 0, 0LL);
    FAILS(B_INTERRUPTED, get_port_message_info_etc, port, info, INFO_SIZE, 0,
          0LL);
    interrupt_no_more();
    CHECK_STATUS(sys(SYS_write_port_etc, port, 1, message, 8, 0, 0LL), HK_B_OK);
    FAILS(B_WOULD_BLOCK, write_port_etc, port, 1, message, 8, RELATIVE_TIMEOUT,
          0LL);
    FAILS(B_TIMED_OUT, write_port_etc, port, 1, message, 8, RELATIVE_TIMEOUT,
          1000LL);
    FAILS(B_TIMED_OUT, write_port_etc, port, 1, message, 8, ABSOLUTE_TIMEOUT,
          1LL);
    FAILS(B_WOULD_BLOCK, writev_port_etc, port, 1, &vector, 1, 8,
          RELATIVE_TIMEOUT, 0LL);
    FAILS(B_TIMED_OUT, writev_port_etc, port, 1, &vector, 1, 8,
          RELATIVE_TIMEOUT, 1000LL);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, write_port_etc, port, 1, message, 8, 0, 0LL);
    FAILS(B_INTERRUPTED, writev_port_etc, port, 1, &vector, 1, 8, 0, 0LL);
    interrupt_no_more();
}

/* A closed port can be read until it is empty; then it is as none. */
static void closed(void)
{
    CHECK_STATUS(sys(SYS_close_port, port), HK_B_OK);
    FAILS(B_BAD_PORT_ID, write_port_etc, port, 1, message, 8, 0, 0LL);
    FAILS(B_BAD_PORT_ID, writev_port_etc, port, 1, &vector, 1, 8, 0, 0LL);
    CHECK_STATUS(sys(SYS_port_buffer_size_etc, port, 0, 0LL), 8);
    CHECK_STATUS(sys(SYS_read_port_etc, port, &code, message, 8, 0, 0LL), 8);
    FAILS(B_BAD_PORT_ID, read_port_etc, port, &code, message, 8, 0, 0LL);
    FAILS(B_BAD_PORT_ID, port_buffer_size_etc, port, 0, 0LL);
    FAILS(B_BAD_PORT_ID, get_port_message_info_etc, port, info, INFO_SIZE, 0,
          0LL);
    CHECK_STATUS(sys(SYS_close_port, port), HK_B_OK);
    CHECK_STATUS(sys(SYS_delete_port, port), HK_B_OK);
}

static int deletes(void *waiter, void *unused)
{
    (void)unused;
    wait_until_waiting((long)waiter);
    return (int)sys(SYS_delete_port, port);
}

/* Another thread deletes the port that this one waits for. */
static void delete_when_waiting(int is_full)
{
    port = sys(SYS_create_port, 1, "waited for");
    if (is_full)
        sys(SYS_write_port_etc, port, 1, message, 8, 0, 0LL);
    sys(SYS_resume_thread,
        spawn_thread("deletes", deletes, (void *)this_thread(), 0));
}

static void deleted(void)
{
    delete_when_waiting(0);
    FAILS(B_BAD_PORT_ID, read_port_etc, port, &code, message, 8, 0, 0LL);
    delete_when_waiting(0);
    FAILS(B_BAD_PORT_ID, port_buffer_size_etc, port, 0, 0LL);
    delete_when_waiting(0);
    FAILS(B_BAD_PORT_ID, get_port_message_info_etc, port, info, INFO_SIZE, 0,
          0LL);
    delete_when_waiting(1);
    FAILS(B_BAD_PORT_ID, write_port_etc, port, 1, message, 8, 0, 0LL);
    delete_when_waiting(1);
    FAILS(B_BAD_PORT_ID, writev_port_etc, port, 1, &vector, 1, 8, 0, 0LL);
}

static void no_more(void)
{
    long last = 0;

    while (last >= 0)
        last = sys(SYS_create_port, 1, "one more");
    FAILS(B_NO_MORE_PORTS, create_port, 1, "one more");
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    port = sys(SYS_create_port, 1, "refused");
    bad_ids();
    bad_values();
    bad_messages();
    bad_addresses();
    order();
    times();
    closed();
    deleted();
    in_child(no_more);
    print("errors checked\n");
    return 0;
}
