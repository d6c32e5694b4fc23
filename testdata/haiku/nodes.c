/* nodes.c -- what else file tools do with files, volumes and references. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <file.h>
#include <team.h>
#include <thread.h>

enum { LOCK_SHARED = 1, LOCK_EXCLUSIVE = 2, LOCK_NOW = 4, UNLOCK = 8 };
enum { GETFL = 8, SETFL = 16, GETLK = 32, SETLK = 128 };
enum { RDLCK = 64, UNLCK = 512, WRLCK = 1024 };
enum { TCGETA = 0x8000 };
#define FIONREAD 0xbe000001u

static long make(const char *name)
{
    return sys(SYS_open, AT_FDCWD, name, O_RDWR | O_CREAT, 0644);
}

static void status(void)
{
    struct stat stat, changed = {.mode = 0600, .size = 100};
    long fd = make("status");

    changed.modified.seconds = 1000000000;
    changed.accessed.seconds = 1100000000;
    CHECK_STATUS(
        sys(SYS_write_stat, fd, (void *)0, 0, &changed, sizeof(changed),
            STAT_MODE | STAT_SIZE | STAT_ACCESS_TIME | STAT_MODIFICATION_TIME),
        HK_B_OK);
    CHECK_STATUS(stat_of(fd, &stat), HK_B_OK);
    CHECK(stat.mode == (S_IFREG | 0600) && stat.size == 100);
    CHECK(stat.modified.seconds == 1000000000);
    CHECK(stat.accessed.seconds == 1100000000);
    changed.size = 3;
    CHECK_STATUS(sys(SYS_write_stat, AT_FDCWD, "status", 1, &changed,
                     sizeof(changed), STAT_SIZE),
                 HK_B_OK);
    CHECK_STATUS(read_stat("status", 1, &stat), HK_B_OK);
    CHECK(stat.size == 3 && stat.mode == (S_IFREG | 0600));
    CHECK_STATUS(sys(SYS_write_stat, AT_FDCWD, "none", 1, &changed,
                     sizeof(changed), STAT_SIZE),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_write_stat, fd, (void *)0, 0, BAD_POINTER,
                     sizeof(changed), STAT_MODE),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(stat_of(99, &stat), HK_B_FILE_ERROR);
    sys(SYS_close, fd);
}

static void space(void)
{
    struct stat stat;
    int32_t ends[2];
    long fd = make("space");

    sys(SYS_write, fd, NO_POSITION, "data", 4);
    CHECK_STATUS(sys(SYS_preallocate, fd, 0LL, 65536LL), HK_B_OK);
    CHECK_STATUS(stat_of(fd, &stat), HK_B_OK);
    CHECK(stat.size == 65536);
    CHECK_STATUS(sys(SYS_preallocate, fd, -1LL, 1LL), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_preallocate, 99, 0LL, 1LL), HK_B_FILE_ERROR);
    sys(SYS_create_pipe, ends);
    CHECK_STATUS(sys(SYS_preallocate, ends[1], 0LL, 1LL), HK_ESPIPE);
    CHECK_STATUS(sys(SYS_fsync, fd), HK_B_OK);
    CHECK_STATUS(sys(SYS_fsync, 99), HK_B_FILE_ERROR);
    CHECK_STATUS(sys(SYS_sync), HK_B_OK);
    sys(SYS_close, ends[0]);
    sys(SYS_close, ends[1]);
    sys(SYS_close, fd);
}

static int32_t created(const char *path)
{
    struct stat stat = {0};

    CHECK_STATUS(read_stat(path, 1, &stat), HK_B_OK);
    return stat.created.seconds;
}

static void set_created(long fd, const char *path, int32_t seconds)
{
    struct stat stat = {.created = {seconds, 5}};

    CHECK_STATUS(sys(SYS_write_stat, fd, path, 0, &stat, sizeof(stat),
                     STAT_CREATION_TIME),
                 HK_B_OK);
}

/* It is the file's, whatever happens to its name and its other times. */
static void creation_time(void)
{
    struct stat stat, changed = {.created = {0, 1000000000}};
    long fd = make("born"), cwd = AT_FDCWD;

    CHECK(created("born") > 1500000000);
    set_created(fd, (void *)0, 1000);
    CHECK_STATUS(stat_of(fd, &stat), HK_B_OK);
    CHECK(stat.created.seconds == 1000 && stat.created.nanoseconds == 5);
    CHECK(created("born") == 1000 && created("./born") == 1000);
    set_created(cwd, "born", -1000);
    CHECK_STATUS(sys(SYS_write, fd, 0LL, "x", 1), 1);
    CHECK_STATUS(sys(SYS_rename, cwd, "born", cwd, "again"), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_link, cwd, "born", cwd, "again", 0), HK_B_OK);
    CHECK(created("again") == -1000 && created("born") == -1000);
    sys(SYS_unlink, cwd, "born");
    sys(SYS_unlink, cwd, "again");
    CHECK(stat_of(fd, &stat) == HK_B_OK && stat.created.seconds == -1000);
    sys(SYS_close, make("again"));
    CHECK(created("again") > 1500000000);
    sys(SYS_create_dir, cwd, "old", 0755);
    set_created(cwd, "old", 2000);
    CHECK(created("old") == 2000 && created("old/.") == 2000);
    CHECK_STATUS(sys(SYS_write_stat, cwd, "old", 0, &changed, sizeof(changed),
                     STAT_CREATION_TIME),
                 HK_B_BAD_VALUE);
    /* A symlink has its own. */
    sys(SYS_create_symlink, cwd, "to old", "old", 0777);
    set_created(cwd, "to old", 3000);
    CHECK(created("to old") == 2000);
    sys(SYS_close, fd);
}

/* Locks of a whole file belong to a description, those of ranges to a team: so
 * that they exclude each other in one team, too. */
static void locks(void)
{
    struct __attribute__((packed, aligned(4))) {
        int16_t type, whence;
        int64_t start, length;
        int32_t team;
    } range = {.type = WRLCK, .whence = SEEK_SET, .start = 10, .length = 5};
    long one = make("locked"), two = make("locked");

    CHECK_STATUS(sys(SYS_flock, one, LOCK_EXCLUSIVE), HK_B_OK);
    CHECK_STATUS(sys(SYS_flock, two, LOCK_SHARED | LOCK_NOW), HK_B_WOULD_BLOCK);
    CHECK_STATUS(sys(SYS_flock, one, UNLOCK), HK_B_OK);
    CHECK_STATUS(sys(SYS_flock, two, LOCK_SHARED | LOCK_NOW), HK_B_OK);
    CHECK_STATUS(sys(SYS_flock, 99, UNLOCK), HK_B_FILE_ERROR);
    CHECK_STATUS(sys(SYS_flock, one, 0), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_fcntl, one, SETLK, &range), HK_B_PERMISSION_DENIED);
    CHECK_STATUS(sys(SYS_flock, two, UNLOCK), HK_B_OK);
    CHECK_STATUS(sys(SYS_fcntl, one, SETLK, &range), HK_B_OK);
    CHECK_STATUS(sys(SYS_flock, two, LOCK_SHARED | LOCK_NOW), HK_B_WOULD_BLOCK);
    CHECK_STATUS(sys(SYS_fcntl, two, GETLK, &range), HK_B_OK);
    CHECK(range.type == UNLCK);
    CHECK_STATUS(sys(SYS_fcntl, one, SETLK, BAD_POINTER), HK_B_BAD_ADDRESS);
    /* All that open was given. */
    CHECK_STATUS(sys(SYS_fcntl, one, GETFL, 0), O_RDWR | O_CREAT);
    CHECK_STATUS(sys(SYS_fcntl, one, SETFL, O_APPEND), HK_B_OK);
    CHECK_STATUS(sys(SYS_fcntl, one, GETFL, 0), O_RDWR | O_CREAT | O_APPEND);
    CHECK_STATUS(sys(SYS_fcntl, one, 7, 0), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_fcntl, 99, GETFL, 0), HK_B_FILE_ERROR);
    sys(SYS_close, one);
    sys(SYS_close, two);
}

/* A node that is locked is opened by nobody. */
static void node_locks(void)
{
    long one = make("locked"), two = make("locked"), copy = sys(SYS_dup, one);
    long directory = sys(SYS_open_dir, AT_FDCWD, ".");

    CHECK_STATUS(sys(SYS_lock_node, one), HK_B_OK);
    CHECK_STATUS(sys(SYS_lock_node, one), HK_B_BUSY);
    CHECK_STATUS(sys(SYS_lock_node, two), HK_B_BUSY);
    CHECK_STATUS(sys(SYS_open, AT_FDCWD, "locked", O_RDONLY, 0), HK_B_BUSY);
    CHECK_STATUS(sys(SYS_flock, two, LOCK_EXCLUSIVE | LOCK_NOW), HK_B_OK);
    CHECK_STATUS(sys(SYS_unlock_node, two), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_unlock_node, copy), HK_B_OK);
    CHECK_STATUS(sys(SYS_unlock_node, one), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_lock_node, copy), HK_B_OK);
    sys(SYS_close, copy);
    CHECK_STATUS(sys(SYS_lock_node, two), HK_B_BUSY);
    sys(SYS_close, one); /* the last one of the descriptor */
    CHECK_STATUS(sys(SYS_lock_node, two), HK_B_OK);
    sys(SYS_close, two);
    CHECK_STATUS(sys(SYS_lock_node, directory), HK_B_OK);
    CHECK_STATUS(sys(SYS_open_dir, AT_FDCWD, "."), HK_B_BUSY);
    CHECK_STATUS(sys(SYS_unlock_node, directory), HK_B_OK);
    CHECK_STATUS(sys(SYS_lock_node, 99), HK_B_FILE_ERROR);
    CHECK_STATUS(sys(SYS_unlock_node, 99), HK_B_FILE_ERROR);
    sys(SYS_close, directory);
}

static void devices(void)
{
    uint8_t termios[32];
    int32_t ends[2], ready = 0;
    long fd = make("plain");

    CHECK_STATUS(sys(SYS_ioctl, fd, TCGETA, termios, sizeof(termios)),
                 HK_ENOTTY);
    CHECK_STATUS(sys(SYS_ioctl, 99, TCGETA, termios, sizeof(termios)),
                 HK_B_FILE_ERROR);
    sys(SYS_create_pipe, ends);
    sys(SYS_write, ends[1], NO_POSITION, "12345", 5);
    CHECK_STATUS(sys(SYS_ioctl, ends[0], FIONREAD, &ready, sizeof(ready)),
                 HK_B_OK);
    CHECK(ready == 5);
    sys(SYS_close, ends[0]);
    sys(SYS_close, ends[1]);
    sys(SYS_close, fd);
}

static void fifo(void)
{
    struct stat stat;
    char text[8] = "";
    long fd;

    CHECK_STATUS(sys(SYS_create_fifo, AT_FDCWD, "fifo", 0600), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_fifo, AT_FDCWD, "fifo", 0600),
                 HK_B_FILE_EXISTS);
    CHECK_STATUS(read_stat("fifo", 1, &stat), HK_B_OK);
    CHECK(stat.mode == (S_IFIFO | 0600));
    fd = sys(SYS_open, AT_FDCWD, "fifo", O_RDWR, 0);
    CHECK_STATUS(sys(SYS_write, fd, NO_POSITION, "through", 7), 7);
    CHECK_STATUS(sys(SYS_read, fd, NO_POSITION, text, sizeof(text)), 7);
    CHECK(memcmp(text, "through", 7) == 0);
    sys(SYS_close, fd);
}

/* Opened without a wait, and read with one: it is not at its end before the
 * first writer has come. */
static void late_writer(void)
{
    char text[8] = "";
    long child, fd;
    struct siginfo info;

    CHECK_STATUS(sys(SYS_create_fifo, AT_FDCWD, "late", 0600), HK_B_OK);
    fd = sys(SYS_open, AT_FDCWD, "late", O_RDONLY | O_NONBLOCK, 0);
    CHECK_STATUS(sys(SYS_read, fd, NO_POSITION, text, 1), HK_B_WOULD_BLOCK);
    CHECK_STATUS(sys(SYS_fcntl, fd, SETFL, 0), HK_B_OK);
    child = fork_team();
    if (child == 0) {
        sys(SYS_snooze_etc, 20000LL, 0, RELATIVE_TIMEOUT, (void *)0);
        fd = sys(SYS_open, AT_FDCWD, "late", O_WRONLY, 0);
        sys(SYS_exit_team, sys(SYS_write, fd, NO_POSITION, "late", 4));
    }
    CHECK_STATUS(sys(SYS_read, fd, NO_POSITION, text, sizeof(text)), 4);
    CHECK(memcmp(text, "late", 4) == 0);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK_STATUS(sys(SYS_read, fd, NO_POSITION, text, sizeof(text)), 0);
    sys(SYS_close, fd);
}

static void volumes(void)
{
    static uint8_t info[480];
    struct stat stat;
    int32_t cookie = 0;
    int found = 0;
    long device;

    CHECK_STATUS(read_stat(".", 1, &stat), HK_B_OK);
    while ((device = sys(SYS_next_device, &cookie)) >= 0)
        found += device == stat.device;
    CHECK(found == 1);
    CHECK_STATUS(device, HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_next_device, BAD_POINTER), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_read_fs_info, stat.device, info), HK_B_OK);
    CHECK(*(int32_t *)info == stat.device);
    CHECK(*(int64_t *)(info + 16) > 0 && *(int64_t *)(info + 32) > 0);
    CHECK_STATUS(sys(SYS_read_fs_info, 9999, info), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_read_fs_info, stat.device, BAD_POINTER),
                 HK_B_BAD_ADDRESS);
}

/* Haiku's references to entries: volume, directory's node, name. */
static void references(void)
{
    char path[1024], name[32];
    struct stat directory, stat, again;
    long fd, parent;

    sys(SYS_create_dir, AT_FDCWD, "inside", 0755);
    sys(SYS_close, make("inside/entry"));
    CHECK_STATUS(read_stat("inside", 1, &directory), HK_B_OK);
    CHECK_STATUS(read_stat("inside/entry", 1, &stat), HK_B_OK);
    CHECK_STATUS(sys(SYS_entry_ref_to_path, directory.device, directory.node,
                     "entry", path, sizeof(path)),
                 HK_B_OK);
    CHECK_STATUS(read_stat(path, 1, &again), HK_B_OK);
    CHECK(again.node == stat.node && again.device == stat.device);
    CHECK_STATUS(sys(SYS_entry_ref_to_path, directory.device, directory.node,
                     "entry", path, 5),
                 HK_B_BUFFER_OVERFLOW);
    fd = sys(SYS_open_entry_ref, directory.device, directory.node, "entry",
             O_RDONLY, 0);
    CHECK_STATUS(stat_of(fd, &again), HK_B_OK);
    CHECK(again.node == stat.node);
    sys(SYS_close, fd);
    CHECK_STATUS(sys(SYS_open_entry_ref, directory.device, directory.node,
                     "none", O_RDONLY, 0),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_create_dir_entry_ref, directory.device, directory.node,
                     "made", 0755),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_create_dir_entry_ref, directory.device, directory.node,
                     "made", 0755),
                 HK_B_FILE_EXISTS);
    fd = sys(SYS_open_dir_entry_ref, directory.device, directory.node,
             (void *)0);
    CHECK_STATUS(stat_of(fd, &again), HK_B_OK);
    CHECK(again.node == directory.node);
    parent = sys(SYS_open_parent_dir, fd, name, sizeof(name));
    CHECK(parent >= 0 && strcmp(name, "inside") == 0);
    CHECK_STATUS(sys(SYS_open_parent_dir, fd, name, 3), HK_B_BUFFER_OVERFLOW);
    CHECK_STATUS(sys(SYS_open_parent_dir, 99, name, sizeof(name)),
                 HK_B_FILE_ERROR);
    sys(SYS_close, parent);
    sys(SYS_close, fd);
    CHECK_STATUS(
        sys(SYS_open_dir_entry_ref, directory.device, directory.node, "entry"),
        HK_B_NOT_A_DIRECTORY);
}

/* The kernel has no mask: libroot has applied the program's. */
static void modes(void)
{
    struct stat stat;

    sys(SYS_close, sys(SYS_open, AT_FDCWD, "mode", O_WRONLY | O_CREAT, 0666));
    CHECK_STATUS(read_stat("mode", 1, &stat), HK_B_OK);
    CHECK((stat.mode & 07777) == 0666);
    sys(SYS_create_dir, AT_FDCWD, "mode of a directory", 0777);
    CHECK_STATUS(read_stat("mode of a directory", 1, &stat), HK_B_OK);
    CHECK((stat.mode & 07777) == 0777);
    sys(SYS_create_fifo, AT_FDCWD, "mode of a fifo", 0622);
    CHECK_STATUS(read_stat("mode of a fifo", 1, &stat), HK_B_OK);
    CHECK((stat.mode & 07777) == 0622);
}

/*
 * Where the host has no attributes, or its file system is read-only, there are
 * no indices but the usual ones.
 */
static void indices(void)
{
    enum { TEXT = 0x43535452, INDEX_OF_TEXT = 04100040000u };
    struct stat here, index;
    long fd, status;

    CHECK_STATUS(sys(SYS_read_stat, AT_FDCWD, ".", 1, &here, sizeof(here)),
                 HK_B_OK);
    status = sys(SYS_create_index, here.device, "guest:index", TEXT, 0);
    CHECK(status == HK_B_OK || status == HK_B_UNSUPPORTED ||
          status == HK_B_READ_ONLY_DEVICE);
    CHECK_STATUS(sys(SYS_create_index, here.device, "size", TEXT, 0),
                 HK_B_FILE_EXISTS);
    CHECK_STATUS(sys(SYS_read_index_stat, here.device, "name", &index),
                 HK_B_OK);
    CHECK(index.type == TEXT && index.mode == INDEX_OF_TEXT);
    CHECK(index.size == 2048 && index.node == 0 && index.device == 0);
    CHECK_STATUS(sys(SYS_read_index_stat, here.device, "none", &index),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_read_index_stat, 9999, "name", &index),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_read_index_stat, 1, "name", &index), HK_B_UNSUPPORTED);
    CHECK_STATUS(sys(SYS_read_index_stat, here.device, "name", BAD_POINTER),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_read_index_stat, here.device, BAD_POINTER, &index),
                 HK_B_BAD_ADDRESS);
    fd = sys(SYS_open_index_dir, here.device);
    CHECK(fd >= 0);
    sys(SYS_close, fd);
    CHECK_STATUS(sys(SYS_open_index_dir, 9999), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_remove_index, here.device, "guest:index"),
                 status == HK_B_OK ? HK_B_OK : HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_remove_index, here.device, "guest:index"),
                 HK_B_ENTRY_NOT_FOUND);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    status();
    creation_time();
    space();
    locks();
    node_locks();
    devices();
    fifo();
    late_writer();
    volumes();
    references();
    modes();
    indices();
    print("nodes checked\n");
    return 0;
}
