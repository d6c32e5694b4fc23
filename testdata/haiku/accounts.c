/* accounts.c -- users and groups, asked for as libroot asks. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <thread.h>

/* haiku-abi/boot-sequence.md, section G. */
enum {
    MESSAGE_CODE = 0x4b4d5347,
    MAGIC = 0x6b4d7347,
    LAUNCH_DATA = 0x6c6e6461,
    GET_USER = 0x72677573,
    GET_GROUP = 0x72676772,
    INT32 = 0x4c4f4e47,
    STRING = 0x43535452
};

struct message {
    uint32_t magic, size, what;
    int32_t sender, token, reply_port, reply_token;
    uint8_t fields[996];
};

struct field {
    uint32_t type;
    int32_t element_size;
    uint32_t count, size;
    uint16_t head_size;
    char name[];
};

struct port_info {
    int32_t port, team;
    char name[32];
    int32_t capacity, queued, total;
};

static struct message message;

/* The only field of a request: a string, or a number when it is NULL. */
static void begin(uint32_t what, const char *name, const char *text,
                  int32_t number)
{
    struct field *field = (struct field *)message.fields;
    uint32_t head = (20 + (uint32_t)strlen(name) + 3) & ~3u;
    uint32_t length = text != 0 ? (uint32_t)strlen(text) + 1 : 0;
    uint32_t *data = (uint32_t *)(message.fields + head);

    memset(&message, 0, sizeof(message));
    field->type = text != 0 ? STRING : INT32;
    field->element_size = text != 0 ? -1 : 4;
    field->count = 1;
    field->size = head + 4 + length;
    field->head_size = (uint16_t)head;
    memcpy(field->name, name, strlen(name) + 1);
    data[0] = text != 0 ? length : (uint32_t)number;
    if (text != 0)
        memcpy(data + 1, text, length);
    message.magic = MAGIC;
    message.size = 28 + field->size;
    message.what = what;
}

/* Sends the message and has the answer in its place: what it says. */
static int32_t ask(long port)
{
    long reply = sys(SYS_create_port, 1, "KMessage reply port");
    struct port_info info;
    int32_t code = 0;

    CHECK(reply > 0);
    CHECK_STATUS(sys(SYS_get_port_info, port, &info), HK_B_OK);
    CHECK_STATUS(info.team, 1);
    message.reply_port = (int32_t)reply;
    CHECK_STATUS(sys(SYS_write_port_etc, port, MESSAGE_CODE, &message,
                     message.size, 0, 0LL),
                 HK_B_OK);
    CHECK(sys(SYS_port_buffer_size_etc, reply, 0, 0LL) <=
          (long)sizeof(message));
    CHECK(sys(SYS_read_port_etc, reply, &code, &message, sizeof(message),
              RELATIVE_TIMEOUT, 0LL) >= 28);
    CHECK_STATUS(code, MESSAGE_CODE);
    CHECK(message.magic == MAGIC);
    CHECK_STATUS(sys(SYS_delete_port, reply), HK_B_OK);
    return (int32_t)message.what;
}

/* The first element of the answer's field of that name. */
static const void *answer(const char *name)
{
    uint32_t at = 0;

    while (at + 20 < message.size - 28) {
        const struct field *field = (const struct field *)(message.fields + at);

        if (strcmp(field->name, name) == 0)
            return message.fields + at + field->head_size +
                   (field->type == STRING ? 4 : 0);
        at += (field->size + 3) & ~3u;
    }
    check(0, name);
    return "";
}

static int32_t number(const char *name)
{
    int32_t value;

    memcpy(&value, answer(name), sizeof(value));
    return value;
}

int main(int argc, char **argv, char **environment)
{
    long launch = sys(SYS_find_port, "system:launch_daemon");
    long port;

    (void)argc, (void)argv, (void)environment;
    CHECK(launch > 0);
    begin(LAUNCH_DATA, "name", "application/x-vnd.haiku-registrar", 0);
    CHECK_STATUS(ask(launch), HK_B_OK);
    port = number("auth_port");
    begin(GET_USER, "uid", 0, (int32_t)sys(SYS_getuid, 0));
    CHECK_STATUS(ask(port), HK_B_OK);
    printf("%s %d %d %s\n", (const char *)answer("name"), number("uid"),
           number("gid"), (const char *)answer("home"));
    begin(GET_GROUP, "gid", 0, number("gid"));
    CHECK_STATUS(ask(port), HK_B_OK);
    printf("%s: %s\n", (const char *)answer("name"),
           (const char *)answer("members"));
    begin(GET_USER, "name", "user", 0);
    CHECK_STATUS(ask(port), HK_B_OK);
    CHECK_STATUS(number("uid"), 0);
    begin(GET_USER, "name", "nobody at all", 0);
    CHECK_STATUS(ask(port), HK_B_ENTRY_NOT_FOUND);
    print("accounts checked\n");
    return 0;
}
