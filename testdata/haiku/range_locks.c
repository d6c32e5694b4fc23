/* range_locks.c -- locks of ranges of a file, and what ends them. */
/* SPDX-License-Identifier: MIT */
#include <file.h>
#include <guest.h>
#include <team.h>
#include <thread.h>

enum { F_GETLK = 0x20, F_SETLK = 0x80 };
enum { F_RDLCK = 0x40, F_UNLCK = 0x200, F_WRLCK = 0x400 };
enum { LOCK_SH = 1, LOCK_EX = 2, LOCK_NB = 4, LOCK_UN = 8 };
enum { PAGE = 4096, SHARED = 0 };

struct __attribute__((packed, aligned(4))) flock {
    int16_t type, whence;
    int64_t start, length;
    int32_t team;
};

static const long cwd = AT_FDCWD;
static char page[PAGE];
static long file, parent;

static struct flock range(int type, int whence, int64_t start, int64_t length)
{
    return (struct flock){.type = (int16_t)type,
                          .whence = (int16_t)whence,
                          .start = start,
                          .length = length};
}

static void lock(int type, int whence, int64_t start, int64_t length)
{
    struct flock what = range(type, whence, start, length);

    CHECK_STATUS(sys(SYS_fcntl, file, F_SETLK, &what), HK_B_OK);
}

/* What another team sees of a range. */
static struct flock asked, seen;

static void ask(void)
{
    long own = sys(SYS_open, cwd, "file", O_RDWR, 0);
    struct flock found = asked;

    CHECK_STATUS(sys(SYS_fcntl, own, F_GETLK, &found), HK_B_OK);
    CHECK(found.type == seen.type && found.whence == seen.whence);
    CHECK(found.start == seen.start && found.length == seen.length);
    CHECK(found.type == F_UNLCK || found.team == parent);
}

static void others_see(struct flock what, struct flock found)
{
    struct siginfo info;
    long child;

    asked = what;
    seen = found;
    child = fork_team();
    if (child == 0) {
        ask();
        guest_exit(0);
    }
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == CLD_EXITED && info.status == 0);
}

static void is_locked(void)
{
    others_see(range(F_WRLCK, 0, 0, 1), range(F_WRLCK, 0, 0, 10));
}

static void is_free(void)
{
    others_see(range(F_WRLCK, 0, 0, 0), range(F_UNLCK, 0, 0, 0));
}

static void ranges(void)
{
    const int64_t most = INT64_MAX;

    lock(F_WRLCK, SEEK_SET, 5, 0);
    others_see(range(F_RDLCK, 0, 5, 1), range(F_WRLCK, 0, 5, most - 5));
    others_see(range(F_RDLCK, 0, 0, 5), range(F_UNLCK, 0, 0, 5));
    lock(F_UNLCK, SEEK_SET, 0, 0);
    lock(F_WRLCK, SEEK_SET, -3, 0);
    others_see(range(F_RDLCK, 0, 70, 1), range(F_WRLCK, 0, 0, 0));
    lock(F_UNLCK, SEEK_SET, 0, most);
    is_free();
    lock(F_RDLCK, SEEK_END, -10, -5);
    /* Also of those that only read, whoever asks is told. */
    others_see(range(F_RDLCK, 0, 0, 0), range(F_RDLCK, 0, PAGE - 15, 5));
    others_see(range(F_UNLCK, 0, 0, 0), range(F_RDLCK, 0, PAGE - 15, 5));
    others_see(range(F_WRLCK, 2, -12, 1), range(F_RDLCK, 0, PAGE - 15, 5));
    lock(F_UNLCK, SEEK_SET, 2, -10);
    lock(F_UNLCK, SEEK_SET, 0, 0);
    is_free();
    CHECK(sys64(SYS_seek, file, 20LL, SEEK_SET) == 20);
    lock(F_WRLCK, SEEK_CUR, 1, 2);
    others_see(range(F_RDLCK, 0, 0, 0), range(F_WRLCK, 0, 21, 2));
    lock(F_UNLCK, SEEK_SET, 0, 0);
    lock(F_WRLCK, SEEK_SET, 0, INT64_MIN);
    is_free();
}

/* Only the team's own close of the file ends its locks. */
static void what_does_not_end_them(void)
{
    struct stat stat = {.size = PAGE};
    void *address = page;
    long area, attributes;

    lock(F_WRLCK, SEEK_SET, 0, 10);
    is_locked();
    CHECK_STATUS(
        sys(SYS_write_stat, file, (void *)0, 0, &stat, sizeof(stat), STAT_SIZE),
        HK_B_OK);
    is_locked();
    CHECK_STATUS(sys(SYS_write_stat, cwd, "file", 1, &stat, sizeof(stat),
                     STAT_SIZE | STAT_MODE),
                 HK_B_OK);
    stat.mode = 0600;
    CHECK_STATUS(
        sys(SYS_write_stat, cwd, "file", 1, &stat, sizeof(stat), STAT_MODE),
        HK_B_OK);
    is_locked();
    for (int i = 0; i < 3; i++) {
        area = sys(SYS_map_file, "mapped", &address, ANY_ADDRESS, PAGE,
                   READ_AREA | WRITE_AREA, SHARED, 0, file, 0LL);
        CHECK(area > 0);
        CHECK_STATUS(sys(SYS_delete_area, area), HK_B_OK);
        is_locked();
    }
    CHECK_STATUS(sys(SYS_write_attr, file, "name", 'RAWT', 0LL, "x", 1), 1);
    is_locked();
    attributes = sys(SYS_open_attr_dir, file, (void *)0, 0);
    CHECK(attributes >= 0);
    CHECK_STATUS(sys(SYS_close, attributes), HK_B_OK);
    is_locked();
}

static int map_again_and_again(void *unused, void *nothing)
{
    void *address = page;

    (void)unused, (void)nothing;
    for (int i = 0; i < 300; i++) {
        long area = sys(SYS_map_file, "mapped", &address, ANY_ADDRESS, PAGE,
                        READ_AREA, SHARED, 0, file, 0LL);

        CHECK(area > 0);
        CHECK_STATUS(sys(SYS_delete_area, area), HK_B_OK);
    }
    return 0;
}

/* A fork waits for a thread that maps and unmaps, and not it for the fork. */
static void forks_meanwhile(void)
{
    long thread =
        spawn_thread("mapper", map_again_and_again, (void *)0, (void *)0);
    int32_t result;

    CHECK_STATUS(sys(SYS_resume_thread, thread), HK_B_OK);
    for (int i = 0; i < 20; i++)
        is_locked();
    CHECK_STATUS(sys(SYS_wait_for_thread, thread, &result), HK_B_OK);
    is_locked();
}

static void what_ends_them(void)
{
    CHECK_STATUS(sys(SYS_close, sys(SYS_dup, file)), HK_B_OK);
    is_free();
    lock(F_WRLCK, SEEK_SET, 0, 10);
    is_locked();
    CHECK_STATUS(sys(SYS_close, sys(SYS_open, cwd, "other", O_RDONLY, 0)),
                 HK_B_OK);
    is_locked();
    CHECK_STATUS(sys(SYS_close, sys(SYS_open, cwd, "file", O_RDONLY, 0)),
                 HK_B_OK);
    is_free();
    lock(F_WRLCK, SEEK_SET, 0, 10);
    CHECK_STATUS(sys(SYS_dup2, sys(SYS_open, cwd, "other", O_RDONLY, 0), file),
                 file);
    is_free();
}

/* A type that nobody knows is a lock for writing. */
static void unknown_type(void)
{
    lock(F_RDLCK | F_WRLCK, SEEK_SET, 2, 3);
    others_see(range(F_RDLCK, 0, 0, 0), range(F_WRLCK, 0, 2, 3));
    lock(F_UNLCK, SEEK_SET, 0, 0);
    is_free();
}

/* flock's exclude those of ranges, whatever the descriptors may do. */
static void whole_files(int mode)
{
    long whole = sys(SYS_open, cwd, "file", mode, 0);
    struct flock what = range(F_RDLCK, SEEK_SET, 3, 4);

    CHECK_STATUS(sys(SYS_flock, whole, LOCK_SH), HK_B_OK);
    CHECK_STATUS(sys(SYS_fcntl, file, F_SETLK, &what), HK_B_OK);
    CHECK_STATUS(sys(SYS_flock, whole, LOCK_EX | LOCK_NB), HK_B_WOULD_BLOCK);
    others_see(range(F_RDLCK, 0, 20, 0), range(F_RDLCK, 0, 0, 0));
    lock(F_UNLCK, SEEK_SET, 3, 4);
    CHECK_STATUS(sys(SYS_flock, whole, LOCK_EX | LOCK_NB), HK_B_OK);
    CHECK_STATUS(sys(SYS_fcntl, file, F_SETLK, &what), HK_B_PERMISSION_DENIED);
    others_see(range(F_RDLCK, 0, 20, 0), range(F_WRLCK, 0, 0, 0));
    CHECK_STATUS(sys(SYS_fcntl, file, F_GETLK, &what), HK_B_OK);
    CHECK(what.type == F_UNLCK); /* it is the team's own */
    CHECK_STATUS(sys(SYS_flock, whole, LOCK_UN), HK_B_OK);
    is_free();
    CHECK_STATUS(sys(SYS_flock, whole, LOCK_EX), HK_B_OK);
    CHECK_STATUS(sys(SYS_close, whole), HK_B_OK);
    is_free();
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    parent = sys(SYS_get_current_team);
    file = sys(SYS_open, cwd, "file", O_RDWR | O_CREAT, 0600);
    CHECK_STATUS(sys(SYS_write, file, 0LL, page, PAGE), PAGE);
    CHECK_STATUS(
        sys(SYS_close, sys(SYS_open, cwd, "other", O_RDWR | O_CREAT, 0600)),
        HK_B_OK);
    ranges();
    what_does_not_end_them();
    forks_meanwhile();
    what_ends_them();
    CHECK_STATUS(sys(SYS_close, file), HK_B_OK);
    file = sys(SYS_open, cwd, "file", O_RDWR, 0);
    unknown_type();
    whole_files(O_RDWR);
    whole_files(O_RDONLY);
    whole_files(O_WRONLY);
    print("range locks checked\n");
    return 0;
}
