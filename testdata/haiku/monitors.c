/* monitors.c -- changes to files come as messages. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <file.h>
#include <thread.h>

/* haiku-abi/structs.md, "node monitor". */
enum {
    WATCH_NAME = 1,
    WATCH_STAT = 2,
    WATCH_DIRECTORY = 8,
    WATCH_VOLUME = 0xf000
};
enum { TOKEN = 5, CODE = 0x706a7070 };
enum { INT32 = 0x4c4f4e47, STRING = 0x43535452, SECOND = 1000000 };

struct field {
    uint32_t type;
    int32_t element_size;
    uint32_t count, size;
    uint16_t head_size;
    char name[];
};

static uint32_t message[256];

/* The next message's size. */
static uint32_t receive(long port)
{
    int32_t code = 0;
    long size = sys(SYS_read_port_etc, port, &code, message, sizeof(message),
                    RELATIVE_TIMEOUT, 60LL * SECOND);

    CHECK(size > 28);
    CHECK_STATUS(code, CODE);
    CHECK_STATUS((long)message[4], TOKEN);
    return size > 28 ? (uint32_t)size : 0;
}

/* The field of a message behind another one, the first behind NULL; or NULL. */
static const struct field *next_field(const struct field *field, uint32_t size)
{
    const char *begin = (const char *)message;
    const char *next = field == (void *)0
                           ? begin + 28
                           : (const char *)field + ((field->size + 3) & ~3u);

    return next + 20 < begin + size ? (const struct field *)next : (void *)0;
}

static const char *data_of(const struct field *field)
{
    return (const char *)field + field->head_size;
}

/* Prints a message's numbers and texts, but for its device. */
static void show(uint32_t size)
{
    for (const struct field *field = next_field((void *)0, size);
         field != (void *)0; field = next_field(field, size)) {
        if (field->type == STRING)
            printf("%s \"%s\" ", field->name, data_of(field) + 4);
        else if (field->type == INT32 && strcmp(field->name, "opcode") == 0)
            printf("%s %d ", field->name, *(const int32_t *)data_of(field));
    }
    print("\n");
}

static int is_about(const char *name, uint32_t size)
{
    for (const struct field *field = next_field((void *)0, size);
         field != (void *)0; field = next_field(field, size))
        if (strcmp(field->name, "name") == 0)
            return strcmp(data_of(field) + 4, name) == 0;
    return 0;
}

static void show_next(long port)
{
    show(receive(port));
}

/* The host's other programs change what is on the volume, too. */
static void show_next_about(const char *name, long port)
{
    uint32_t size;

    do
        size = receive(port);
    while (size != 0 && !is_about(name, size));
    show(size);
}

/* What happens anywhere on a volume. */
static void volume(const struct stat *here, long port)
{
    CHECK_STATUS(sys(SYS_create_dir, AT_FDCWD, "deep", 0755), HK_B_OK);
    CHECK_STATUS(sys(SYS_start_watching, here->device, -1LL,
                     WATCH_VOLUME | WATCH_NAME, port, TOKEN),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_create_dir, AT_FDCWD, "deep/below", 0755), HK_B_OK);
    show_next_about("below", port);
    CHECK_STATUS(sys(SYS_create_dir, AT_FDCWD, "deep/below/it", 0755), HK_B_OK);
    show_next_about("it", port);
    CHECK_STATUS(sys(SYS_stop_watching, here->device, -1LL, port, TOKEN),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_stop_watching, here->device, -1LL, port, TOKEN),
                 HK_B_BAD_VALUE);
}

/* What leaves for a directory that nobody watches has moved all the same; a
 * port that is full gets its messages later. The directory's own times have
 * changed as well, which nobody is told. */
static void elsewhere(const struct stat *here)
{
    long port = sys(SYS_create_port, 1, "small");

    CHECK_STATUS(sys(SYS_start_watching, here->device, here->node,
                     WATCH_STAT | WATCH_DIRECTORY, port, TOKEN),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_create_dir, AT_FDCWD, "one", 0755), HK_B_OK);
    CHECK_STATUS(sys(SYS_rename, AT_FDCWD, "one", AT_FDCWD, "deep/two"),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_rename, AT_FDCWD, "deep/two", AT_FDCWD, "three"),
                 HK_B_OK);
    for (int i = 0; i < 3; i++)
        show_next(port);
    CHECK_STATUS(sys(SYS_delete_port, port), HK_B_OK);
}

int main(int argc, char **argv, char **environment)
{
    long port = sys(SYS_create_port, 1000, "changes");
    struct stat here;

    (void)argc, (void)argv, (void)environment;
    CHECK_STATUS(sys(SYS_read_stat, AT_FDCWD, ".", 1, &here, sizeof(here)),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_start_watching, here.device, here.node,
                     WATCH_DIRECTORY, port, TOKEN),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_create_dir, AT_FDCWD, "new", 0755), HK_B_OK);
    show_next(port);
    CHECK_STATUS(sys(SYS_rename, AT_FDCWD, "new", AT_FDCWD, "newer"), HK_B_OK);
    show_next(port);
    CHECK_STATUS(sys(SYS_remove_dir, AT_FDCWD, "newer"), HK_B_OK);
    show_next(port);
    CHECK_STATUS(sys(SYS_stop_watching, here.device, here.node, port, TOKEN),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_create_dir, AT_FDCWD, "unseen", 0755), HK_B_OK);
    CHECK_STATUS(sys(SYS_port_count, port), 0);
    CHECK_STATUS(sys(SYS_stop_notifying, port, TOKEN), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_start_watching, here.device, here.node,
                     WATCH_DIRECTORY, port, TOKEN),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_stop_notifying, port, TOKEN), HK_B_OK);
    volume(&here, port);
    elsewhere(&here);
    print("monitors checked\n");
    return 0;
}
