/* records.c -- what calls tell of files, field by field, and no byte more. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <file.h>

enum { INT32 = 0x4c4f4e47, GUARD = 16 }; /* 'LONG' */

static const long cwd = AT_FDCWD;
static int has_attributes;
static struct stat directory, file;

/* A record is filled with it before the call, and so is what lies behind. */
enum { FILLED = 0xa5 };

static void fill(void *record, size_t size)
{
    memset(record, FILLED, size + GUARD);
}

static int is_filled(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;

    for (size_t i = 0; i < size; i++)
        if (at[i] != FILLED)
            return 0;
    return 1;
}

static void make_files(void)
{
    static const char bytes[5000];
    const struct stat times = {.accessed = {1100000000, 3000},
                               .modified = {1000000000, 7000},
                               .created = {1200000000, 5000}};
    long fd;

    CHECK_STATUS(sys(SYS_create_dir, cwd, "directory", 0755), HK_B_OK);
    fd = sys(SYS_open, cwd, "directory/file", O_RDWR | O_CREAT, 0640);
    CHECK_STATUS(sys(SYS_write, fd, 0LL, bytes, sizeof(bytes)), 5000);
    has_attributes =
        sys(SYS_write_attr, fd, "attribute", INT32, 0LL, "data", 4) == 4;
    CHECK_STATUS(
        sys(SYS_write_stat, fd, (void *)0, 0, &times, sizeof(times),
            STAT_ACCESS_TIME | STAT_MODIFICATION_TIME | STAT_CREATION_TIME),
        HK_B_OK);
    CHECK_STATUS(sys(SYS_create_link, cwd, "other", cwd, "directory/file", 0),
                 HK_B_OK);
    sys(SYS_close, fd);
}

static void stats(void)
{
    struct {
        struct stat stat;
        uint8_t behind[GUARD];
    } found;
    const size_t size = offsetof(struct stat, type);

    fill(&found, sizeof(struct stat));
    CHECK_STATUS(read_stat("directory/file", 1, &found.stat), HK_B_OK);
    CHECK(is_filled(found.behind, GUARD));
    file = found.stat;
    CHECK(file.device > 2 && file.node > 0);
    CHECK(file.mode == (S_IFREG | 0640) && file.links == 2);
    CHECK(file.user == 0 && (file.group & 0x80000000) == 0);
    CHECK(file.size == 5000 && file.special == 0 && file.type == 0);
    CHECK(file.block_size > 0 && file.blocks * 512 >= 5000);
    CHECK(file.accessed.seconds == 1100000000);
    CHECK(file.accessed.nanoseconds == 3000);
    CHECK(file.modified.seconds == 1000000000);
    CHECK(file.modified.nanoseconds == 7000);
    CHECK(file.changed.seconds > 1200000000);
    CHECK((uint32_t)file.changed.nanoseconds < 1000000000);
    CHECK(file.created.seconds >= 1200000000);
    if (has_attributes)
        CHECK(file.created.seconds == 1200000000 &&
              file.created.nanoseconds == 5000);
    /* Callers of old have shorter ones. */
    fill(&found, sizeof(struct stat));
    CHECK_STATUS(
        sys(SYS_read_stat, cwd, "directory/file", 1, &found.stat, size),
        HK_B_OK);
    CHECK(memcmp(&found.stat, &file, size) == 0);
    CHECK(is_filled(&found.stat.type, sizeof(struct stat) - size + GUARD));
    CHECK_STATUS(read_stat("directory", 1, &directory), HK_B_OK);
    CHECK(directory.mode == (S_IFDIR | 0755));
    CHECK(directory.device == file.device && directory.node != file.node);
}

static void check_entry(const struct dirent *entry)
{
    size_t size = offsetof(struct dirent, name) + strlen(entry->name) + 1;

    CHECK(entry->device == file.device);
    CHECK(entry->parent_device == directory.device);
    CHECK(entry->parent_node == directory.node);
    CHECK(entry->length >= size && entry->length < size + 8);
    if (strcmp(entry->name, ".") == 0)
        CHECK(entry->node == directory.node);
    else if (strcmp(entry->name, "file") == 0)
        CHECK(entry->node == file.node);
    else
        CHECK(strcmp(entry->name, "..") == 0 && entry->node > 0);
}

static void entries(void)
{
    static char buffer[1024 + GUARD] __attribute__((aligned(8)));
    long fd = sys(SYS_open_dir, cwd, "directory");
    size_t at = 0;
    long count;

    fill(buffer, 1024);
    count = sys(SYS_read_dir, fd, buffer, 1024, 9);
    CHECK_STATUS(count, 3);
    for (long i = 0; i < count; i++) {
        struct dirent *entry = (struct dirent *)(void *)(buffer + at);

        check_entry(entry);
        at += entry->length;
    }
    CHECK(is_filled(buffer + at, sizeof(buffer) - at));
    sys(SYS_close, fd);
}

/* haiku-abi/structs.md, "attr_info". */
static void attributes(void)
{
    struct __attribute__((packed)) {
        uint32_t type;
        int64_t size;
        uint8_t behind[GUARD];
    } info;
    long fd = sys(SYS_open, cwd, "directory/file", O_RDONLY, 0);

    fill(&info, 12);
    CHECK_STATUS(sys(SYS_stat_attr, fd, "attribute", &info), HK_B_OK);
    CHECK(info.type == INT32 && info.size == 4);
    CHECK(is_filled(info.behind, GUARD));
    sys(SYS_close, fd);
}

/* As a volume tells of an index: it is a directory of no volume. */
static void indices(void)
{
    struct {
        struct stat stat;
        uint8_t behind[GUARD];
    } found;

    CHECK_STATUS(sys(SYS_create_index, file.device, "index", INT32, 0),
                 HK_B_OK);
    fill(&found, sizeof(struct stat));
    CHECK_STATUS(sys(SYS_read_index_stat, file.device, "index", &found.stat),
                 HK_B_OK);
    CHECK(is_filled(found.behind, GUARD));
    CHECK(found.stat.device == 0 && found.stat.node == 0);
    CHECK((found.stat.mode & S_IFMT) == S_IFDIR && found.stat.links == 1);
    CHECK(found.stat.user == 0 && found.stat.group == 0);
    CHECK(found.stat.size == 2048 && found.stat.blocks == 8);
    CHECK(found.stat.special == 0 && found.stat.block_size == 65536);
    CHECK(found.stat.created.seconds > 1500000000);
    CHECK(found.stat.modified.seconds == found.stat.created.seconds);
    CHECK(found.stat.changed.seconds == found.stat.created.seconds);
    CHECK(found.stat.accessed.seconds >= found.stat.created.seconds);
    CHECK(found.stat.type == INT32);
    CHECK_STATUS(sys(SYS_remove_index, file.device, "index"), HK_B_OK);
}

/* haiku-abi/structs.md, "fd_info". */
static void descriptors(void)
{
    struct __attribute__((packed)) {
        int32_t number, mode, device;
        int64_t node;
        uint8_t behind[GUARD];
    } info;
    long fd = sys(SYS_open, cwd, "directory/file", O_RDWR | O_APPEND, 0);
    long index = sys(SYS_open_index_dir, file.device);
    uint32_t cookie = (uint32_t)fd;

    fill(&info, 20);
    CHECK_STATUS(sys(SYS_get_next_fd_info, 0, &cookie, &info, 20), HK_B_OK);
    CHECK(info.number == fd && info.mode == (O_RDWR | O_APPEND));
    CHECK(info.device == file.device && info.node == file.node);
    CHECK(is_filled(info.behind, GUARD) && cookie == (uint32_t)fd + 1);
    CHECK_STATUS(sys(SYS_get_next_fd_info, 0, &cookie, &info, 20), HK_B_OK);
    CHECK(info.number == index && info.mode == O_CLOEXEC);
    CHECK(info.device == file.device && info.node == -1);
    sys(SYS_close, index);
    sys(SYS_close, fd);
}

/* haiku-abi/structs.md, "fs_info". */
static void volumes(void)
{
    enum { PERSISTENT = 4, ATTRIBUTES = 0x20000, QUERIES = 0x40000 };
    static struct __attribute__((packed)) {
        int32_t device;
        int64_t root;
        uint32_t flags;
        int64_t block_size, io_size;
        int64_t blocks, free_blocks, nodes, free_nodes;
        char device_name[128], volume_name[256], file_system[32];
        uint8_t behind[GUARD];
    } info;
    const uint32_t flags = PERSISTENT | ATTRIBUTES | QUERIES;

    fill(&info, 480);
    CHECK_STATUS(sys(SYS_read_fs_info, file.device, &info), HK_B_OK);
    CHECK(is_filled(info.behind, GUARD));
    CHECK(info.device == file.device && info.root > 0);
    CHECK((info.flags & flags) == flags);
    CHECK(info.block_size > 0 && info.io_size > 0);
    CHECK(info.free_blocks >= 0 && info.free_blocks <= info.blocks);
    CHECK(info.free_nodes >= 0 && info.free_nodes <= info.nodes);
    CHECK(strlen(info.device_name) < sizeof(info.device_name));
    CHECK(strlen(info.volume_name) < sizeof(info.volume_name));
    CHECK(strcmp(info.file_system, "hostfs") == 0);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    make_files();
    stats();
    entries();
    descriptors();
    volumes();
    if (has_attributes) {
        attributes();
        indices();
    }
    print("records checked\n");
    return 0;
}
