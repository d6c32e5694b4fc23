/* changed_root.c -- the root that a team has changed to. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>

struct stat {
    int32_t device;
    int64_t inode __attribute__((packed));
    uint32_t rest[19];
};
_Static_assert(sizeof(struct stat) == 88, "stat");

static char path[1024], long_path[2000];

static long open_file(const char *name)
{
    long fd = sys(SYS_open, AT_FDCWD, name, O_RDONLY, 0);

    if (fd >= 0)
        sys(SYS_close, fd);
    return fd < 0 ? fd : HK_B_OK;
}

static void make_file(const char *name)
{
    sys(SYS_close, sys(SYS_open, AT_FDCWD, name, O_WRONLY | O_CREAT, 0644));
}

static void make_files(void)
{
    sys(SYS_create_dir, AT_FDCWD, "jail", 0755);
    sys(SYS_create_dir, AT_FDCWD, "jail/inside", 0755);
    make_file("jail/inside/file");
    make_file("outside");
    sys(SYS_create_symlink, AT_FDCWD, "jail/link", "/inside/file", 0);
    sys(SYS_create_symlink, AT_FDCWD, "jail/up", "../../outside", 0);
    sys(SYS_create_symlink, AT_FDCWD, "jail/root", "/", 0);
}

static void remove_files(void)
{
    sys(SYS_unlink, AT_FDCWD, "jail/inside/file");
    sys(SYS_unlink, AT_FDCWD, "jail/link");
    sys(SYS_unlink, AT_FDCWD, "jail/up");
    sys(SYS_unlink, AT_FDCWD, "jail/root");
    sys(SYS_remove_dir, AT_FDCWD, "jail/inside");
    sys(SYS_remove_dir, AT_FDCWD, "jail");
    sys(SYS_unlink, AT_FDCWD, "outside");
}

static int32_t status_of(long team)
{
    struct siginfo info;

    if (sys(SYS_wait_for_child, team, EXITED, &info, (void *)0) != team)
        return -1;
    return info.status;
}

static struct stat stat_of(const char *name)
{
    struct stat stat = {0};

    CHECK_STATUS(sys(SYS_read_stat, AT_FDCWD, name, 1, &stat, sizeof(stat)),
                 HK_B_OK);
    return stat;
}

static int is_same(const char *a, const char *b)
{
    struct stat first = stat_of(a), second = stat_of(b);

    return first.device == second.device && first.inode == second.inode;
}

static int is_directory(const char *expected)
{
    return sys(SYS_getcwd, path, sizeof(path)) >= 0 &&
           strcmp(path, expected) == 0;
}

static void paths(void)
{
    CHECK_STATUS(open_file("/inside/file"), HK_B_OK);
    CHECK_STATUS(open_file("/link"), HK_B_OK);
    CHECK_STATUS(open_file("/root/root/link"), HK_B_OK);
    CHECK_STATUS(open_file("/../../inside/./file"), HK_B_OK);
    CHECK_STATUS(open_file("/inside/../../../inside/file"), HK_B_OK);
    CHECK_STATUS(open_file("/up"), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(open_file("/../outside"), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(open_file("/jail/inside/file"), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(open_file("/dev/null"), HK_B_ENTRY_NOT_FOUND);
    CHECK(is_same("/", "/..") && is_same("/", "/inside/.."));
    CHECK_STATUS(sys(SYS_create_dir, AT_FDCWD, "/made", 0755), HK_B_OK);
    CHECK(is_same("/made", "/root/made"));
    CHECK_STATUS(sys(SYS_remove_dir, AT_FDCWD, "/made"), HK_B_OK);
}

/* Who was outside before still is. */
static void outside(void)
{
    CHECK_STATUS(open_file("outside"), HK_B_OK);
    CHECK_STATUS(open_file("jail/inside/file"), HK_B_OK);
    CHECK(is_same("jail", "/"));
    CHECK(sys(SYS_getcwd, path, sizeof(path)) >= 0 && strlen(path) > 1);
}

static void directories(void)
{
    struct stat inside;

    CHECK_STATUS(sys(SYS_setcwd, AT_FDCWD, "/inside"), HK_B_OK);
    CHECK(is_directory("/inside"));
    CHECK_STATUS(open_file("file"), HK_B_OK);
    CHECK_STATUS(open_file("../link"), HK_B_OK);
    CHECK_STATUS(open_file("../../outside"), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_normalize_path, "/link", 1, path), HK_B_OK);
    CHECK(strcmp(path, "/inside/file") == 0);
    CHECK_STATUS(sys(SYS_normalize_path, "..", 1, path), HK_B_OK);
    CHECK(strcmp(path, "/") == 0);
    inside = stat_of("/inside");
    CHECK_STATUS(sys(SYS_entry_ref_to_path, inside.device, inside.inode, "file",
                     path, sizeof(path)),
                 HK_B_OK);
    CHECK(strcmp(path, "/inside/file") == 0);
    CHECK_STATUS(sys(SYS_setcwd, AT_FDCWD, "../.."), HK_B_OK);
    CHECK(is_directory("/"));
}

/* A fork begins where its parent does, and goes further down alone. */
static void further_down(void)
{
    long team = fork_team();

    if (team == 0) {
        CHECK_STATUS(open_file("/inside/file"), HK_B_OK);
        CHECK_STATUS(sys(SYS_change_root, "/inside"), HK_B_OK);
        CHECK_STATUS(open_file("/file"), HK_B_OK);
        CHECK_STATUS(open_file("/../inside/file"), HK_B_ENTRY_NOT_FOUND);
        CHECK_STATUS(sys(SYS_change_root, "/file"), HK_B_OK);
        CHECK_STATUS(open_file("/file"), HK_B_NOT_A_DIRECTORY);
        guest_exit(0);
    }
    CHECK_STATUS(status_of(team), 0);
    CHECK_STATUS(open_file("/inside/file"), HK_B_OK);
}

static void refusals(void)
{
    memset(long_path, 'a', sizeof(long_path) - 1);
    CHECK_STATUS(sys(SYS_change_root, BAD_POINTER), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_change_root, KERNEL_POINTER), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_change_root, long_path), HK_B_NAME_TOO_LONG);
    CHECK_STATUS(sys(SYS_change_root, (void *)0), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_change_root, ""), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_change_root, "none"), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_change_root, "outside/none"), HK_B_NOT_A_DIRECTORY);
}

int main(int argc, char **argv, char **environment)
{
    long team;

    (void)argc, (void)argv, (void)environment;
    make_files();
    refusals();
    team = fork_team();
    if (team == 0) {
        CHECK_STATUS(sys(SYS_change_root, "jail"), HK_B_OK);
        CHECK_STATUS(sys(SYS_change_root, "jail"), HK_B_OK); /* from outside */
        paths();
        outside();
        directories();
        further_down();
        sys(SYS_setreuid, 1000, 1000, 1);
        CHECK_STATUS(sys(SYS_change_root, "/inside"), HK_B_NOT_ALLOWED);
        guest_exit(0);
    }
    CHECK_STATUS(status_of(team), 0);
    CHECK_STATUS(open_file("/inside/file"), HK_B_ENTRY_NOT_FOUND);
    remove_files();
    print("changed roots checked\n");
    return 0;
}
