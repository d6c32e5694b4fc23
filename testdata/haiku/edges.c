/* edges.c -- paths, flags and positions at their edges. */
/* SPDX-License-Identifier: MIT */
#include <file.h>
#include <guest.h>
#include <team.h>

enum { O_NOFOLLOW = 0x80000, O_NOTRAVERSE = 0x2000, O_DIRECTORY = 0x200000 };
enum { F_GETFD = 2, FD_CLOEXEC = 1 };
enum { SEEK_DATA = 3, SEEK_HOLE = 4, W_OK = 2, NO_FD = 99 };

static const long cwd = AT_FDCWD;
static char path[1100];
static char buffer[1024];
static struct stat stat;

static long make_file(const char *name, long size)
{
    long fd = sys(SYS_open, cwd, name, O_RDWR | O_CREAT, 0600);

    CHECK(fd >= 0);
    CHECK_STATUS(sys(SYS_write, fd, 0LL, buffer, size), size);
    return fd;
}

static long open_close(const char *name, int mode)
{
    long fd = sys(SYS_open, cwd, name, mode, 0600);

    return fd < 0 ? fd : sys(SYS_close, fd);
}

/* path: one, count times another, and a third. */
static void repeat(const char *first, const char *text, int count,
                   const char *last)
{
    char *at = path;

    memcpy(at, first, strlen(first));
    at += strlen(first);
    for (; count > 0; count--) {
        memcpy(at, text, strlen(text));
        at += strlen(text);
    }
    memcpy(at, last, strlen(last) + 1);
}

/* ---- links ---- */

/* What counts is how deep links are in links, not how many there are. */
static void many_links(void)
{
    char name[] = "chain_a", target[] = "file";

    CHECK_STATUS(sys(SYS_create_symlink, cwd, "here", ".", 0), HK_B_OK);
    repeat("", "here/", 40, "file");
    CHECK_STATUS(read_stat(path, 1, &stat), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_symlink, cwd, name, target, 0), HK_B_OK);
    for (int i = 1; i < 17; i++) {
        char next[] = "chain_a";

        name[6] = (char)('a' + i);
        next[6] = (char)('a' + i - 1);
        CHECK_STATUS(sys(SYS_create_symlink, cwd, name, next, 0), HK_B_OK);
    }
    CHECK_STATUS(read_stat("chain_p", 1, &stat), HK_B_OK);
    CHECK_STATUS(read_stat("chain_q", 1, &stat), HK_B_LINK_LIMIT);
    CHECK_STATUS(read_stat("here/here/here/chain_p", 1, &stat), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_symlink, cwd, "twice", "here/here/file", 0),
                 HK_B_OK);
    CHECK_STATUS(read_stat("twice", 1, &stat), HK_B_OK);
}

static void made_through_links(void)
{
    CHECK_STATUS(sys(SYS_create_symlink, cwd, "dangling", "made", 0), HK_B_OK);
    CHECK_STATUS(open_close("dangling", O_RDWR | O_CREAT | O_EXCL),
                 HK_B_FILE_EXISTS);
    CHECK_STATUS(open_close("dangling/", O_RDWR | O_CREAT | O_EXCL),
                 HK_B_FILE_EXISTS);
    CHECK_STATUS(open_close("dangling/", O_RDWR | O_CREAT | O_NOFOLLOW),
                 HK_B_LINK_LIMIT);
    CHECK_STATUS(open_close("dangling/", O_RDWR | O_NOFOLLOW),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(read_stat("made", 0, &stat), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(open_close("dangling", O_RDONLY | O_CREAT | O_NOTRAVERSE),
                 HK_B_OK);
    CHECK_STATUS(read_stat("made", 0, &stat), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(open_close("dangling/", O_RDWR | O_CREAT), HK_B_OK);
    CHECK_STATUS(read_stat("made", 0, &stat), HK_B_OK);
    CHECK_STATUS(open_close("dangling/", O_RDWR | O_NOFOLLOW), HK_B_OK);
    CHECK_STATUS(sys(SYS_unlink, cwd, "dangling/"), HK_B_OK);
    CHECK_STATUS(read_stat("made", 0, &stat), HK_B_OK);
}

/* ---- open ---- */

static void flags(void)
{
    CHECK_STATUS(open_close("a_file", O_RDWR | O_CREAT | O_DIRECTORY), HK_B_OK);
    CHECK_STATUS(read_stat("a_file", 0, &stat), HK_B_OK);
    CHECK((stat.mode & S_IFMT) == S_IFREG);
    CHECK_STATUS(open_close("a_file", O_RDWR | O_CREAT | O_DIRECTORY),
                 HK_B_NOT_A_DIRECTORY);
    CHECK_STATUS(open_close("a_file", O_CREAT | O_EXCL | O_DIRECTORY),
                 HK_B_FILE_EXISTS);
    CHECK_STATUS(open_close("directory", O_RDONLY | O_CREAT | O_DIRECTORY),
                 HK_B_OK);
    CHECK_STATUS(open_close("directory", O_RDWR | O_DIRECTORY),
                 HK_B_IS_A_DIRECTORY);
    CHECK_STATUS(open_close("none", O_RDWR | O_WRONLY), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(open_close("directory", O_RDWR | O_WRONLY),
                 HK_B_IS_A_DIRECTORY);
    CHECK_STATUS(open_close("a_file", O_RDWR | O_WRONLY), HK_B_BAD_VALUE);
    CHECK_STATUS(open_close("new", O_RDWR | O_WRONLY | O_CREAT),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(open_close("new", O_RDONLY), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(open_close("trunc", O_RDONLY | O_CREAT | O_TRUNC), HK_B_OK);
    CHECK_STATUS(open_close("trunc", O_RDONLY | O_CREAT | O_TRUNC),
                 HK_B_NOT_ALLOWED);
    CHECK_STATUS(open_close(".", O_RDONLY | O_CREAT), HK_B_OK);
    CHECK_STATUS(open_close(".", O_RDONLY | O_CREAT | O_EXCL),
                 HK_B_FILE_EXISTS);
    CHECK_STATUS(open_close("directory/..", O_RDWR | O_CREAT),
                 HK_B_IS_A_DIRECTORY);
    CHECK_STATUS(open_close("/", O_RDONLY | O_CREAT | O_EXCL),
                 HK_B_FILE_EXISTS);
    CHECK_STATUS(open_close("/", O_RDWR), HK_B_IS_A_DIRECTORY);
}

/* ---- paths ---- */

static void slashes(void)
{
    CHECK_STATUS(open_close("file///", O_RDONLY), HK_B_OK);
    CHECK_STATUS(open_close("file/.", O_RDONLY), HK_B_NOT_A_DIRECTORY);
    CHECK_STATUS(open_close("file/..", O_RDONLY), HK_B_NOT_A_DIRECTORY);
    CHECK_STATUS(open_close(".//.///file", O_RDONLY), HK_B_OK);
    CHECK_STATUS(open_close("/../../..", O_RDONLY), HK_B_OK);
    CHECK_STATUS(open_close("fresh/", O_RDWR | O_CREAT), HK_B_OK);
    CHECK_STATUS(read_stat("fresh/", 0, &stat), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_link, cwd, "hard", cwd, "fresh/", 0),
                 HK_B_NOT_A_DIRECTORY);
    CHECK_STATUS(sys(SYS_create_dir, cwd, "nest///", 0700), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_dir, cwd, "nest/.", 0700), HK_B_FILE_EXISTS);
    CHECK_STATUS(sys(SYS_create_dir, cwd, "/", 0700), HK_B_FILE_EXISTS);
    CHECK_STATUS(sys(SYS_rename, cwd, "nest//", cwd, "moved/"), HK_B_OK);
    CHECK_STATUS(sys(SYS_rename, cwd, "fresh/", cwd, "moved/old/"), HK_B_OK);
    CHECK_STATUS(sys(SYS_unlink, cwd, "moved/old/"), HK_B_OK);
    CHECK_STATUS(sys(SYS_remove_dir, cwd, "/"), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_unlink, cwd, "/"), HK_B_NOT_ALLOWED);
    CHECK_STATUS(sys(SYS_remove_dir, cwd, "moved/.//./"), HK_B_OK);
    CHECK(sys(SYS_open, NO_FD, "/dev/null", O_RDONLY, 0) >= 0);
    repeat("", "./", 509, "file");
    CHECK(strlen(path) == 1022);
    CHECK_STATUS(open_close(path, O_RDONLY), HK_B_OK);
    repeat("", "./", 509, "/file");
    CHECK_STATUS(open_close(path, O_RDONLY), HK_B_OK);
    repeat("", "./", 510, "file");
    CHECK_STATUS(open_close(path, O_RDONLY), HK_B_NAME_TOO_LONG);
    repeat("", "n", 255, "");
    CHECK_STATUS(open_close(path, O_RDWR | O_CREAT), HK_B_OK);
    CHECK_STATUS(sys(SYS_unlink, cwd, path), HK_B_OK);
}

static void renaming(void)
{
    CHECK_STATUS(sys(SYS_rename, cwd, "none", cwd, "./none"), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_dir, cwd, "up", 0700), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_dir, cwd, "up/down", 0700), HK_B_OK);
    CHECK_STATUS(open_close("up/file", O_RDWR | O_CREAT), HK_B_OK);
    CHECK_STATUS(sys(SYS_rename, cwd, "up/file", cwd, "up"),
                 HK_B_IS_A_DIRECTORY);
    CHECK_STATUS(sys(SYS_rename, cwd, "up/down", cwd, "up"),
                 HK_B_DIRECTORY_NOT_EMPTY);
    CHECK_STATUS(sys(SYS_rename, cwd, "up", cwd, "up/new"), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_rename, cwd, "up", cwd, "up/down"), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_rename, cwd, "up/down", cwd, "up/file"),
                 HK_B_NOT_A_DIRECTORY);
    CHECK_STATUS(sys(SYS_rename, cwd, "/", cwd, "new"), HK_B_CROSS_DEVICE_LINK);
}

/* A directory that is there no more. */
static void removed_directory(void)
{
    long fd;
    long length;

    CHECK_STATUS(sys(SYS_create_dir, cwd, "gone", 0700), HK_B_OK);
    CHECK_STATUS(sys(SYS_setcwd, cwd, "gone"), HK_B_OK);
    CHECK_STATUS(sys(SYS_getcwd, buffer, sizeof(buffer)), HK_B_OK);
    length = (long)strlen(buffer);
    memcpy(path, buffer, strlen(buffer) + 1);
    CHECK_STATUS(sys(SYS_getcwd, buffer, length),
                 HK_B_RESULT_NOT_REPRESENTABLE);
    CHECK_STATUS(sys(SYS_getcwd, buffer, length + 1), HK_B_OK);
    fd = sys(SYS_open_dir, cwd, ".");
    CHECK_STATUS(sys(SYS_remove_dir, cwd, "../gone"), HK_B_OK);
    CHECK_STATUS(sys(SYS_getcwd, buffer, sizeof(buffer)), HK_B_OK);
    CHECK(strcmp(buffer, path) == 0);
    CHECK_STATUS(sys(SYS_create_dir, cwd, "below", 0700), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(open_close("below", O_RDWR | O_CREAT), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(read_stat(".", 0, &stat), HK_B_OK);
    CHECK(sys(SYS_read_dir, fd, buffer, sizeof(buffer), 100) >= 0);
    CHECK_STATUS(sys(SYS_close, fd), HK_B_OK);
    CHECK_STATUS(open_close("../file", O_RDONLY), HK_B_OK);
    CHECK_STATUS(sys(SYS_setcwd, cwd, ".."), HK_B_OK);
    CHECK_STATUS(open_close("file", O_RDONLY), HK_B_OK);
}

/* ---- descriptors ---- */

static void positions(void)
{
    const struct {
        const void *base;
        uint32_t length;
    } vectors[] = {{buffer, 4}, {buffer, 4}};
    long fd = make_file("positions", 100);
    long directory = sys(SYS_open, cwd, "directory", O_RDONLY, 0);

    CHECK_STATUS(sys(SYS_read, fd, INT64_MAX, buffer, 4), 0);
    CHECK_STATUS(sys(SYS_read, fd, INT64_MAX - 2, buffer, 4), 0);
    CHECK_STATUS(sys(SYS_readv, fd, INT64_MAX, vectors, 2), 0);
    CHECK(sys(SYS_write, fd, INT64_MAX - 2, buffer, 4) < 0);
    CHECK_STATUS(sys(SYS_read, fd, 0LL, buffer, 0xffffffffu), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_write, fd, 0LL, buffer, 0x80000000u),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_write, fd, 1000LL, buffer, 0), 0);
    CHECK_STATUS(stat_of(fd, &stat), HK_B_OK);
    CHECK(stat.size == 100);
    CHECK(sys64(SYS_seek, fd, -5LL, SEEK_HOLE) == 100);
    CHECK_STATUS(sys(SYS_seek, fd, -5LL, SEEK_DATA), HK_B_BAD_VALUE);
    CHECK(sys64(SYS_seek, directory, 5LL, SEEK_SET) == 5);
    CHECK(sys64(SYS_seek, directory, 2LL, SEEK_CUR) == 7);
    CHECK_STATUS(stat_of(directory, &stat), HK_B_OK);
    CHECK(sys64(SYS_seek, directory, 1LL, SEEK_END) == stat.size + 1);
    CHECK_STATUS(sys(SYS_seek, directory, -1LL, SEEK_SET), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_close, directory), HK_B_OK);
    CHECK_STATUS(sys(SYS_close, fd), HK_B_OK);
}

static void numbers(void)
{
    long fd = sys(SYS_open, cwd, "file", O_RDONLY | O_CLOEXEC, 0);

    CHECK_STATUS(sys(SYS_fcntl, fd, F_GETFD, 0), FD_CLOEXEC);
    CHECK_STATUS(sys(SYS_dup2, fd, fd), fd);
    CHECK_STATUS(sys(SYS_fcntl, fd, F_GETFD, 0), 0);
    CHECK_STATUS(sys(SYS_close, fd), HK_B_OK);
    CHECK_STATUS(sys(SYS_access, cwd, "file", 8, 0), HK_B_PERMISSION_DENIED);
    CHECK_STATUS(sys(SYS_access, cwd, "file", W_OK | 8, 0),
                 HK_B_PERMISSION_DENIED);
}

static void empty_attributes(void)
{
    enum { TEXT = 'CSTR', RAW = 'RAWT' };
    struct __attribute__((packed)) {
        uint32_t type;
        int64_t size;
    } info;
    long fd = sys(SYS_open, cwd, "file", O_RDONLY, 0);

    CHECK_STATUS(sys(SYS_write_attr, fd, "a", TEXT, 0LL, buffer, 0), 0);
    CHECK_STATUS(sys(SYS_stat_attr, fd, "a", &info), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_write_attr, fd, "a", TEXT, 0LL, "text", 5), 5);
    CHECK_STATUS(sys(SYS_write_attr, fd, "a", RAW, 3LL, buffer, 0), 0);
    CHECK_STATUS(sys(SYS_stat_attr, fd, "a", &info), HK_B_OK);
    CHECK(info.type == TEXT && info.size == 5);
    CHECK_STATUS(sys(SYS_write_attr, fd, "a", RAW, 0LL, buffer, 0), 0);
    CHECK_STATUS(sys(SYS_stat_attr, fd, "a", &info), HK_B_OK);
    CHECK(info.type == TEXT && info.size == 0);
    CHECK_STATUS(sys(SYS_read_attr, fd, "a", 0LL, buffer, 4), 0);
    CHECK_STATUS(sys(SYS_write_attr, fd, "a", RAW, -2LL, buffer, 0),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_read_attr, fd, "a", -2LL, buffer, 4), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_close, fd), HK_B_OK);
}

/* What only a file has. */
static void sizes(void)
{
    CHECK_STATUS(sys(SYS_create_fifo, cwd, "fifo", 0600), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_symlink, cwd, "link", "file", 0), HK_B_OK);
    stat.size = 3;
    CHECK_STATUS(
        sys(SYS_write_stat, cwd, "fifo", 1, &stat, sizeof(stat), STAT_SIZE),
        HK_B_BAD_VALUE);
    CHECK_STATUS(
        sys(SYS_write_stat, cwd, "link", 0, &stat, sizeof(stat), STAT_SIZE),
        HK_B_BAD_VALUE);
    CHECK_STATUS(
        sys(SYS_write_stat, cwd, "link", 1, &stat, sizeof(stat), STAT_SIZE),
        HK_B_OK);
    CHECK_STATUS(read_stat("file", 1, &stat), HK_B_OK);
    CHECK(stat.size == 3);
}

/* Of a symlink's own, whatever its names are, and beside what it leads to. */
static void symlink_stat(void)
{
    struct stat changed = {.mode = 0640, .created = {3000, 5}};
    long fd;

    CHECK_STATUS(sys(SYS_create_symlink, cwd, "to it", "directory", 0600),
                 HK_B_OK);
    CHECK_STATUS(read_stat("to it", 0, &stat), HK_B_OK);
    CHECK(stat.mode == (S_IFLNK | 0777));
    CHECK_STATUS(sys(SYS_write_stat, cwd, "to it", 0, &changed, sizeof(changed),
                     STAT_MODE | STAT_CREATION_TIME),
                 HK_B_OK);
    CHECK_STATUS(read_stat("to it", 1, &stat), HK_B_OK);
    CHECK(stat.mode == (S_IFDIR | 0700) && stat.created.seconds != 3000);
    CHECK_STATUS(sys(SYS_rename, cwd, "to it", cwd, "directory/link"), HK_B_OK);
    CHECK_STATUS(read_stat("directory/link", 0, &stat), HK_B_OK);
    CHECK(stat.mode == (S_IFLNK | 0640));
    CHECK(stat.created.seconds == 3000 && stat.created.nanoseconds == 5);
    fd = sys(SYS_open, cwd, "directory/link", O_NOTRAVERSE, 0);
    changed.mode = 07111;
    CHECK_STATUS(sys(SYS_write_stat, fd, (void *)0, 0, &changed,
                     sizeof(changed), STAT_MODE),
                 HK_B_OK);
    CHECK_STATUS(stat_of(fd, &stat), HK_B_OK);
    CHECK(stat.mode == (S_IFLNK | 07111) && stat.created.seconds == 3000);
    changed.mode = 0777;
    CHECK_STATUS(sys(SYS_write_stat, cwd, "directory/link", 0, &changed,
                     sizeof(changed), STAT_MODE),
                 HK_B_OK);
    CHECK_STATUS(stat_of(fd, &stat), HK_B_OK);
    CHECK(stat.mode == (S_IFLNK | 0777) && stat.created.seconds == 3000);
    CHECK_STATUS(sys(SYS_close, fd), HK_B_OK);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    CHECK_STATUS(sys(SYS_close, make_file("file", 10)), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_dir, cwd, "directory", 0700), HK_B_OK);
    many_links();
    made_through_links();
    flags();
    slashes();
    renaming();
    removed_directory();
    positions();
    numbers();
    empty_attributes();
    sizes();
    symlink_stat();
    print("edges checked\n");
    return 0;
}
