/* paths.c -- how calls with paths fail: nodes, directories, links. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

#include <file.h>

enum { O_NOFOLLOW = 0x80000, O_DIRECTORY = 0x200000, O_NOTRAVERSE = 0x2000 };
enum { X_OK = 1 };
enum { NO_DEVICE = 999999 };

static const long cwd = AT_FDCWD;
static long file, directory, fifo;                 /* descriptors */
static char path[1025], name[257], long_name[258]; /* too long */
static char buffer[1024], wide[4096];
static uint32_t size;
static struct stat stat;

static void make_nodes(void)
{
    memset(path, 'p', sizeof(path) - 1);
    memset(name, 'n', sizeof(name) - 1);
    memset(long_name, 'n', sizeof(long_name) - 1);
    CHECK_STATUS(sys(SYS_create_dir, cwd, "directory", 0700), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_dir, cwd, "full", 0700), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_dir, cwd, "full/below", 0700), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_symlink, cwd, "loop", "loop", 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_symlink, cwd, "link", "file", 0), HK_B_OK);
    file = sys(SYS_open, cwd, "file", O_RDWR | O_CREAT, 0600);
    directory = sys(SYS_open_dir, cwd, "directory");
    CHECK_STATUS(sys(SYS_create_fifo, cwd, "fifo", 0600), HK_B_OK);
    fifo = sys(SYS_open, cwd, "fifo", O_RDONLY | O_NONBLOCK, 0);
    CHECK(file >= 0 && directory >= 0 && fifo >= 0);
}

/* What is wrong with a path is the same for all that take one. */
#define BAD_PATHS(call, ...)                                                   \
    FAILS(B_ENTRY_NOT_FOUND, call, cwd, "" __VA_ARGS__);                       \
    FAILS(B_ENTRY_NOT_FOUND, call, cwd, "none/below" __VA_ARGS__);             \
    FAILS(B_NOT_A_DIRECTORY, call, cwd, "file/below" __VA_ARGS__);             \
    FAILS(B_NOT_A_DIRECTORY, call, file, "below" __VA_ARGS__);                 \
    FAILS(B_LINK_LIMIT, call, cwd, "loop/below" __VA_ARGS__);                  \
    FAILS(B_NAME_TOO_LONG, call, cwd, path __VA_ARGS__);                       \
    FAILS(B_NAME_TOO_LONG, call, cwd, name __VA_ARGS__);                       \
    FAILS(B_FILE_ERROR, call, NO_FD, "below" __VA_ARGS__);                     \
    FAILS(B_BAD_ADDRESS, call, cwd, BAD_POINTER __VA_ARGS__)

static void opening(void)
{
    FAILS(B_ENTRY_NOT_FOUND, open, cwd, "none", O_RDONLY, 0);
    FAILS(B_ENTRY_NOT_FOUND, open, cwd, "", O_RDONLY, 0);
    FAILS(B_ENTRY_NOT_FOUND, open, cwd, "none/below", O_RDWR | O_CREAT, 0600);
    FAILS(B_NOT_A_DIRECTORY, open, cwd, "file/below", O_RDONLY, 0);
    FAILS(B_NOT_A_DIRECTORY, open, file, "below", O_RDONLY, 0);
    FAILS(B_NOT_A_DIRECTORY, open, cwd, "file", O_RDONLY | O_DIRECTORY, 0);
    FAILS(B_LINK_LIMIT, open, cwd, "loop", O_RDONLY, 0);
    FAILS(B_LINK_LIMIT, open, cwd, "link", O_RDONLY | O_NOFOLLOW, 0);
    FAILS(B_LINK_LIMIT, open, cwd, "loop", O_RDWR | O_CREAT, 0600);
    FAILS(B_NAME_TOO_LONG, open, cwd, path, O_RDONLY, 0);
    FAILS(B_NAME_TOO_LONG, open, cwd, name, O_RDWR | O_CREAT, 0600);
    FAILS(B_FILE_ERROR, open, NO_FD, "below", O_RDONLY, 0);
    FAILS(B_BAD_ADDRESS, open, NO_FD, (void *)0, O_RDONLY, 0);
    FAILS(B_FILE_EXISTS, open, cwd, "file", O_RDWR | O_CREAT | O_EXCL, 0600);
    FAILS(B_FILE_EXISTS, open, cwd, "loop", O_RDWR | O_CREAT | O_EXCL, 0600);
    FAILS(B_IS_A_DIRECTORY, open, cwd, "directory", O_RDWR, 0);
    FAILS(B_IS_A_DIRECTORY, open, cwd, "directory", O_WRONLY | O_CREAT, 0600);
    FAILS(B_NOT_ALLOWED, open, cwd, "file", O_RDONLY | O_TRUNC, 0);
    FAILS(B_FILE_EXISTS, open, cwd, "file",
          O_RDONLY | O_TRUNC | O_CREAT | O_EXCL, 0600);
    FAILS(B_BAD_VALUE, open, cwd, "file", O_RDWR | O_WRONLY, 0);
    FAILS(B_BAD_VALUE, open, cwd, "new", O_RDWR | O_WRONLY | O_CREAT, 0600);
    FAILS(B_ENTRY_NOT_FOUND, open, cwd, "none", O_RDWR | O_WRONLY, 0);
    FAILS(B_IS_A_DIRECTORY, open, cwd, "directory", O_RDWR | O_WRONLY, 0);
    FAILS(B_NOT_A_DIRECTORY, open, cwd, "file", O_RDWR | O_WRONLY | O_DIRECTORY,
          0);
    FAILS(B_NOT_A_DIRECTORY, open, cwd, "file",
          O_RDONLY | O_TRUNC | O_DIRECTORY, 0);
    FAILS(B_LINK_LIMIT, open, cwd, "link", O_RDWR | O_WRONLY | O_NOFOLLOW, 0);
    FAILS(B_LINK_LIMIT, open, cwd, "link", O_RDONLY | O_TRUNC | O_NOFOLLOW, 0);
    FAILS(B_LINK_LIMIT, open, cwd, "link", O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
          0);
    FAILS(B_NOT_A_DIRECTORY, open, cwd, "link",
          O_RDONLY | O_DIRECTORY | O_NOTRAVERSE, 0);
    FAILS(B_NOT_ALLOWED, open, cwd, "directory", O_RDONLY | O_TRUNC, 0);
    FAILS(B_IS_A_DIRECTORY, open, cwd, ".", O_RDWR | O_CREAT, 0600);
    FAILS(B_ENTRY_NOT_FOUND, open, NO_FD, "", O_RDONLY, 0);
    FAILS(B_ENTRY_NOT_FOUND, open_dir, cwd, "none");
    FAILS(B_ENTRY_NOT_FOUND, open_dir, cwd, "");
    FAILS(B_NOT_A_DIRECTORY, open_dir, cwd, "file");
    FAILS(B_NOT_A_DIRECTORY, open_dir, file, (void *)0);
    FAILS(B_NOT_A_DIRECTORY, open_dir, cwd, "file/below");
    FAILS(B_NOT_A_DIRECTORY, open_dir, cwd, "fifo/.");
    FAILS(B_UNSUPPORTED, open_dir, cwd, "fifo");
    FAILS(B_UNSUPPORTED, open_dir, fifo, (void *)0);
    FAILS(B_BAD_VALUE, open_dir, cwd, "/dev/null");
    FAILS(B_ENTRY_NOT_FOUND, open_dir, NO_FD, "");
    FAILS(B_LINK_LIMIT, open_dir, cwd, "loop");
    FAILS(B_NAME_TOO_LONG, open_dir, cwd, path);
    FAILS(B_FILE_ERROR, open_dir, NO_FD, (void *)0);
    FAILS(B_FILE_ERROR, open_dir, NO_FD, "below");
    FAILS(B_BAD_VALUE, open_dir, -1, (void *)0);
    FAILS(B_BAD_ADDRESS, open_dir, NO_FD, BAD_POINTER);
    FAILS(B_FILE_ERROR, open_parent_dir, NO_FD, buffer, 64);
    FAILS(B_NOT_A_DIRECTORY, open_parent_dir, file, buffer, 64);
    FAILS(B_BUFFER_OVERFLOW, open_parent_dir, directory, buffer, 4);
    FAILS(B_BAD_ADDRESS, open_parent_dir, NO_FD, KERNEL_POINTER, 64);
    FAILS(B_BAD_ADDRESS, open_parent_dir, directory, BAD_POINTER, 64);
    FAILS(B_FILE_ERROR, open_parent_dir, -1, buffer, 64);
    /* What fits of the name is told. */
    FAILS(B_BUFFER_OVERFLOW, open_parent_dir, directory, buffer, 7);
    CHECK(strcmp(buffer, "direct") == 0);
}

/* A locked node is not opened. */
static void locked(void)
{
    long fd = sys(SYS_open, directory, "file", O_RDWR, 0);
    long below = sys(SYS_open_dir, directory, "below");

    CHECK_STATUS(sys(SYS_lock_node, fd), HK_B_OK);
    FAILS(B_BUSY, open_entry_ref, stat.device, stat.node, "file", O_RDONLY, 0);
    FAILS(B_BUSY, open, directory, "file", O_RDWR | O_WRONLY, 0);
    CHECK_STATUS(sys(SYS_lock_node, directory), HK_B_OK);
    FAILS(B_BUSY, lock_node, directory);
    FAILS(B_BUSY, open_dir_entry_ref, stat.device, stat.node, (void *)0);
    FAILS(B_BUSY, open_parent_dir, below, (void *)0, 0);
    CHECK_STATUS(sys(SYS_unlock_node, directory), HK_B_OK);
    FAILS(B_BAD_VALUE, unlock_node, directory);
    sys(SYS_close, fd);
    sys(SYS_close, below);
}

/* By a directory's device and node. */
static void references(void)
{
    CHECK_STATUS(stat_of(directory, &stat), HK_B_OK);
    FAILS(B_BAD_VALUE, open_entry_ref, -1, stat.node, "x", O_RDONLY, 0);
    FAILS(B_BAD_VALUE, open_entry_ref, stat.device, -1LL, "x", O_RDONLY, 0);
    FAILS(B_BAD_VALUE, open_entry_ref, stat.device, stat.node, (void *)0,
          O_RDONLY, 0);
    FAILS(B_BAD_VALUE, open_entry_ref, stat.device, stat.node, "", O_RDONLY, 0);
    FAILS(B_ENTRY_NOT_FOUND, open_entry_ref, stat.device, stat.node, "none",
          O_RDONLY, 0);
    FAILS(B_ENTRY_NOT_FOUND, open_entry_ref, NO_DEVICE, 1LL, "x", O_RDONLY, 0);
    FAILS(B_NAME_TOO_LONG, open_entry_ref, stat.device, stat.node, name,
          O_RDONLY, 0);
    FAILS(B_BAD_ADDRESS, open_entry_ref, NO_DEVICE, 1LL, BAD_POINTER, O_RDONLY,
          0);
    FAILS(B_BAD_VALUE, open_dir_entry_ref, stat.device, stat.node, "");
    CHECK_STATUS(sys(SYS_create_dir, directory, "below", 0700), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_fifo, directory, "fifo", 0600), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_symlink, directory, "loop", "loop", 0),
                 HK_B_OK);
    sys(SYS_close, sys(SYS_open, directory, "file", O_RDWR | O_CREAT, 0600));
    FAILS(B_LINK_LIMIT, open_entry_ref, stat.device, stat.node, "loop",
          O_RDONLY, 0);
    FAILS(B_IS_A_DIRECTORY, open_entry_ref, stat.device, stat.node, "below",
          O_RDWR, 0);
    FAILS(B_NOT_A_DIRECTORY, open_entry_ref, stat.device, stat.node, "file",
          O_RDONLY | O_DIRECTORY, 0);
    FAILS(B_FILE_EXISTS, open_entry_ref, stat.device, stat.node, "file",
          O_RDWR | O_CREAT | O_EXCL, 0600);
    FAILS(B_NOT_ALLOWED, open_entry_ref, stat.device, stat.node, "file",
          O_RDONLY | O_TRUNC, 0);
    FAILS(B_BAD_VALUE, open_entry_ref, stat.device, stat.node, "file",
          O_RDWR | O_WRONLY, 0);
    FAILS(ENXIO, open_entry_ref, stat.device, stat.node, "fifo",
          O_WRONLY | O_NONBLOCK, 0);
    FAILS(B_LINK_LIMIT, open_dir_entry_ref, stat.device, stat.node, "loop");
    FAILS(B_NOT_A_DIRECTORY, open_dir_entry_ref, stat.device, stat.node,
          "file");
    FAILS(B_UNSUPPORTED, open_dir_entry_ref, stat.device, stat.node, "fifo");
    locked();
    FAILS(B_ENTRY_NOT_FOUND, open_dir_entry_ref, stat.device, stat.node,
          "none");
    FAILS(B_ENTRY_NOT_FOUND, open_dir_entry_ref, NO_DEVICE, 1LL, (void *)0);
    FAILS(B_NAME_TOO_LONG, open_dir_entry_ref, stat.device, stat.node, name);
    FAILS(B_BAD_ADDRESS, open_dir_entry_ref, NO_DEVICE, 1LL, BAD_POINTER);
    FAILS(B_BAD_VALUE, create_dir_entry_ref, stat.device, stat.node, "", 0700);
    FAILS(B_ENTRY_NOT_FOUND, create_dir_entry_ref, NO_DEVICE, 1LL, "x", 0700);
    FAILS(B_NAME_TOO_LONG, create_dir_entry_ref, stat.device, stat.node, name,
          0700);
    FAILS(B_BAD_ADDRESS, create_dir_entry_ref, NO_DEVICE, 1LL, (void *)0, 0700);
    FAILS(B_BAD_VALUE, entry_ref_to_path, stat.device, stat.node, "", buffer,
          sizeof(buffer));
    FAILS(B_BAD_VALUE, entry_ref_to_path, NO_DEVICE, 1LL, "a/b", buffer,
          sizeof(buffer));
    FAILS(B_ENTRY_NOT_FOUND, entry_ref_to_path, NO_DEVICE, 1LL, "x", buffer,
          sizeof(buffer));
    FAILS(B_NAME_TOO_LONG, entry_ref_to_path, NO_DEVICE, 1LL, name, buffer,
          sizeof(buffer));
    FAILS(B_BUFFER_OVERFLOW, entry_ref_to_path, stat.device, stat.node, "x",
          buffer, 4);
    CHECK(strlen(buffer) == 3);
    FAILS(B_BUFFER_OVERFLOW, entry_ref_to_path, stat.device, stat.node, "x",
          buffer, 0x80000000u);
    FAILS(B_BAD_ADDRESS, entry_ref_to_path, NO_DEVICE, 1LL, "x", KERNEL_POINTER,
          64);
    FAILS(B_BAD_ADDRESS, entry_ref_to_path, NO_DEVICE, 1LL, "", (void *)0, 64);
    FAILS(B_BAD_ADDRESS, entry_ref_to_path, NO_DEVICE, 1LL, KERNEL_POINTER,
          buffer, 64);
    /* A file has a number as well. */
    CHECK_STATUS(stat_of(file, &stat), HK_B_OK);
    FAILS(B_NOT_A_DIRECTORY, open_entry_ref, stat.device, stat.node, "x",
          O_RDONLY, 0);
    FAILS(B_NOT_A_DIRECTORY, open_dir_entry_ref, stat.device, stat.node,
          (void *)0);
    FAILS(B_BAD_TYPE, create_dir_entry_ref, stat.device, stat.node, "x", 0700);
    FAILS(B_NOT_A_DIRECTORY, entry_ref_to_path, stat.device, stat.node, "x",
          buffer, sizeof(buffer));
    FAILS(B_NOT_A_DIRECTORY, entry_ref_to_path, stat.device, stat.node,
          (void *)0, buffer, sizeof(buffer));
    CHECK_STATUS(read_stat("full", 1, &stat), HK_B_OK);
    FAILS(B_FILE_EXISTS, create_dir_entry_ref, stat.device, stat.node, "below",
          0700);
}

static void making(void)
{
    BAD_PATHS(create_dir, , 0700);
    FAILS(B_FILE_EXISTS, create_dir, cwd, "file", 0700);
    FAILS(B_FILE_EXISTS, create_dir, cwd, "directory", 0700);
    FAILS(B_FILE_EXISTS, create_dir, cwd, "loop", 0700);
    FAILS(B_NAME_TOO_LONG, create_dir, NO_FD, name, 0700);
    FAILS(B_ENTRY_NOT_FOUND, create_dir, NO_FD, "", 0700);
    BAD_PATHS(create_fifo, , 0600);
    FAILS(B_FILE_EXISTS, create_fifo, cwd, "file", 0600);
    BAD_PATHS(create_symlink, , "to", 0);
    FAILS(B_FILE_EXISTS, create_symlink, cwd, "file", "to", 0);
    FAILS(B_NAME_TOO_LONG, create_symlink, cwd, "new", path, 0);
    FAILS(B_BAD_ADDRESS, create_symlink, cwd, "file", BAD_POINTER, 0);
    FAILS(B_BAD_ADDRESS, create_symlink, cwd, path, KERNEL_POINTER, 0);
    FAILS(B_BAD_ADDRESS, create_symlink, cwd, BAD_POINTER, path, 0);
    FAILS(B_NAME_TOO_LONG, create_symlink, NO_FD, path, "to", 0);
    BAD_PATHS(create_link, , cwd, "file", 0);
    FAILS(B_FILE_EXISTS, create_link, cwd, "directory", cwd, "file", 0);
    FAILS(B_ENTRY_NOT_FOUND, create_link, cwd, "new", cwd, "none", 0);
    FAILS(B_ENTRY_NOT_FOUND, create_link, cwd, "new", cwd, "", 0);
    FAILS(B_FILE_ERROR, create_link, cwd, "new", NO_FD, "file", 0);
    FAILS(B_LINK_LIMIT, create_link, cwd, "new", cwd, "loop", 1);
    FAILS(B_NAME_TOO_LONG, create_link, cwd, "new", cwd, path, 0);
    FAILS(B_CROSS_DEVICE_LINK, create_link, cwd, "new", cwd, "/dev/null", 0);
    FAILS(B_BAD_ADDRESS, create_link, cwd, path, cwd, KERNEL_POINTER, 0);
    FAILS(B_BAD_ADDRESS, create_link, cwd, BAD_POINTER, cwd, path, 0);
    FAILS(B_ENTRY_NOT_FOUND, create_link, cwd, "file/below", cwd, "", 0);
    FAILS(B_NAME_TOO_LONG, create_link, cwd, "file/below", cwd, long_name, 0);
    FAILS(B_NOT_A_DIRECTORY, create_link, cwd, "new", cwd, "file/", 0);
}

static void removing(void)
{
    BAD_PATHS(remove_dir);
    FAILS(B_ENTRY_NOT_FOUND, remove_dir, cwd, "none");
    FAILS(B_NOT_A_DIRECTORY, remove_dir, cwd, "file");
    FAILS(B_NOT_A_DIRECTORY, remove_dir, cwd, "link");
    FAILS(B_DIRECTORY_NOT_EMPTY, remove_dir, cwd, "full");
    FAILS(B_NOT_ALLOWED, remove_dir, cwd, ".");
    FAILS(B_NOT_ALLOWED, remove_dir, cwd, "..");
    FAILS(B_NOT_ALLOWED, remove_dir, NO_FD, "directory/..");
    FAILS(B_BAD_VALUE, remove_dir, cwd, (void *)0);
    BAD_PATHS(unlink);
    FAILS(B_ENTRY_NOT_FOUND, unlink, cwd, "none");
    FAILS(B_IS_A_DIRECTORY, unlink, cwd, "directory");
    FAILS(B_NOT_ALLOWED, unlink, cwd, ".");
    FAILS(B_NOT_ALLOWED, unlink, cwd, "full/..");
    FAILS(B_READ_ONLY_DEVICE, unlink, cwd, "/dev/null");
    FAILS(B_READ_ONLY_DEVICE, remove_dir, cwd, "/dev/null");
}

static void renaming(void)
{
    BAD_PATHS(rename, , cwd, "new");
    FAILS(B_ENTRY_NOT_FOUND, rename, cwd, "none", cwd, "new");
    FAILS(B_ENTRY_NOT_FOUND, rename, cwd, "file", cwd, "none/below");
    FAILS(B_ENTRY_NOT_FOUND, rename, cwd, "file", cwd, "");
    FAILS(B_NOT_A_DIRECTORY, rename, cwd, "file", cwd, "link/below");
    FAILS(B_FILE_ERROR, rename, cwd, "file", NO_FD, "new");
    FAILS(B_NAME_TOO_LONG, rename, cwd, "file", cwd, name);
    FAILS(B_BAD_ADDRESS, rename, cwd, "file", cwd, BAD_POINTER);
    FAILS(B_BAD_ADDRESS, rename, cwd, path, cwd, KERNEL_POINTER);
    FAILS(B_BAD_ADDRESS, rename, cwd, BAD_POINTER, cwd, path);
    FAILS(B_FILE_ERROR, rename, NO_FD, "none", NO_FD, name);
    FAILS(B_CROSS_DEVICE_LINK, rename, cwd, "file", cwd, "/dev/new");
    FAILS(B_BAD_VALUE, rename, cwd, "full", cwd, "full/below/new");
    FAILS(B_BAD_VALUE, rename, cwd, ".", cwd, "new");
    FAILS(B_BAD_VALUE, rename, cwd, "directory", cwd, "..");
    FAILS(B_IS_A_DIRECTORY, rename, cwd, "file", cwd, "directory");
    FAILS(B_NOT_A_DIRECTORY, rename, cwd, "directory", cwd, "file");
    FAILS(B_DIRECTORY_NOT_EMPTY, rename, cwd, "directory", cwd, "full");
}

static void asking(void)
{
    size = sizeof(buffer);
    BAD_PATHS(read_link, , buffer, &size);
    FAILS(B_ENTRY_NOT_FOUND, read_link, cwd, "none", buffer, &size);
    FAILS(B_BAD_VALUE, read_link, cwd, "file", buffer, &size);
    FAILS(B_BAD_VALUE, read_link, cwd, (void *)0, buffer, &size);
    FAILS(B_BAD_ADDRESS, read_link, cwd, "none", KERNEL_POINTER, &size);
    FAILS(B_BAD_ADDRESS, read_link, cwd, "none", buffer, BAD_POINTER);
    /* The size that a buffer may have is told when a path was looked for. */
    size = 100000;
    FAILS(B_NAME_TOO_LONG, read_link, cwd, path, buffer, &size);
    CHECK(size == 100000);
    FAILS(B_ENTRY_NOT_FOUND, read_link, cwd, "none", buffer, &size);
    CHECK(size == 1024);
    BAD_PATHS(access, , 0, 0);
    FAILS(B_ENTRY_NOT_FOUND, access, cwd, "none", 0, 0);
    FAILS(B_LINK_LIMIT, access, cwd, "loop", 0, 0);
    FAILS(B_PERMISSION_DENIED, access, cwd, "file", X_OK, 0);
    FAILS(B_PERMISSION_DENIED, access, cwd, "file", 8, 0);
    FAILS(B_ENTRY_NOT_FOUND, access, NO_FD, "", 0, 0);
    CHECK_STATUS(sys(SYS_access, cwd, "fifo", X_OK, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_access, cwd, "/dev/null", X_OK, 0), HK_B_OK);
    BAD_PATHS(read_stat, , 1, &stat, sizeof(stat));
    FAILS(B_ENTRY_NOT_FOUND, read_stat, cwd, "none", 1, &stat, sizeof(stat));
    FAILS(B_LINK_LIMIT, read_stat, cwd, "loop", 1, &stat, sizeof(stat));
    FAILS(B_BAD_VALUE, read_stat, cwd, "none", 1, &stat, sizeof(stat) + 1);
    FAILS(B_FILE_ERROR, read_stat, cwd, (void *)0, 1, &stat, sizeof(stat));
    FAILS(B_ENTRY_NOT_FOUND, read_stat, NO_FD, "", 1, &stat, sizeof(stat));
    FAILS(B_BAD_ADDRESS, read_stat, NO_FD, (void *)0, 1, (void *)0, 0);
    FAILS(B_BAD_ADDRESS, read_stat, NO_FD, (void *)0, 1, KERNEL_POINTER,
          sizeof(stat));
    BAD_PATHS(write_stat, , 1, &stat, sizeof(stat), 0);
    FAILS(B_ENTRY_NOT_FOUND, write_stat, cwd, "none", 1, &stat, sizeof(stat),
          0);
    FAILS(B_BAD_VALUE, write_stat, cwd, "none", 1, &stat, sizeof(stat) + 1, 0);
    FAILS(B_FILE_ERROR, write_stat, cwd, (void *)0, 1, &stat, sizeof(stat), 0);
    FAILS(B_BAD_ADDRESS, write_stat, cwd, "none", 1, BAD_POINTER, sizeof(stat),
          0);
    stat.size = 77;
    FAILS(B_IS_A_DIRECTORY, write_stat, cwd, "directory", 1, &stat,
          sizeof(stat), STAT_SIZE);
    FAILS(B_BAD_VALUE, write_stat, cwd, "fifo", 1, &stat, sizeof(stat),
          STAT_SIZE);
    FAILS(B_BAD_VALUE, write_stat, cwd, "link", 0, &stat, sizeof(stat),
          STAT_SIZE);
    FAILS(B_BAD_VALUE, write_stat, cwd, "/dev/null", 1, &stat, sizeof(stat),
          STAT_SIZE);
    stat.size = -1;
    FAILS(B_IS_A_DIRECTORY, write_stat, cwd, "directory", 1, &stat,
          sizeof(stat), STAT_SIZE);
    FAILS(B_BAD_VALUE, write_stat, cwd, "file", 1, &stat, sizeof(stat),
          STAT_SIZE);
}

static void standing(void)
{
    BAD_PATHS(setcwd);
    FAILS(B_ENTRY_NOT_FOUND, setcwd, cwd, "none");
    FAILS(B_NOT_A_DIRECTORY, setcwd, cwd, "file");
    FAILS(B_NOT_A_DIRECTORY, setcwd, file, (void *)0);
    FAILS(B_FILE_ERROR, setcwd, NO_FD, (void *)0);
    FAILS(B_BAD_VALUE, setcwd, cwd, (void *)0);
    FAILS(B_BAD_VALUE, getcwd, buffer, 0);
    FAILS(B_BAD_VALUE, getcwd, KERNEL_POINTER, 0);
    FAILS(B_RESULT_NOT_REPRESENTABLE, getcwd, buffer, 1);
    FAILS(B_BAD_ADDRESS, getcwd, BAD_POINTER, 1024);
    FAILS(B_BAD_ADDRESS, getcwd, KERNEL_POINTER, 1);
    FAILS(B_BAD_ADDRESS, getcwd, (void *)0, 1);
    FAILS(B_BAD_VALUE, normalize_path, (void *)0, 1, buffer);
    FAILS(B_BAD_VALUE, normalize_path, BAD_POINTER, 1, (void *)0);
    FAILS(B_ENTRY_NOT_FOUND, normalize_path, "", 1, buffer);
    FAILS(B_ENTRY_NOT_FOUND, normalize_path, "none/below", 1, buffer);
    FAILS(B_NOT_A_DIRECTORY, normalize_path, "file/below", 1, buffer);
    FAILS(B_LINK_LIMIT, normalize_path, "loop", 1, buffer);
    FAILS(B_NAME_TOO_LONG, normalize_path, path, 1, buffer);
    FAILS(B_NAME_TOO_LONG, normalize_path, name, 1, buffer);
    FAILS(B_BAD_ADDRESS, normalize_path, BAD_POINTER, 1, buffer);
    FAILS(B_BAD_ADDRESS, normalize_path, "none", 1, KERNEL_POINTER);
    FAILS(B_BAD_ADDRESS, normalize_path, path, 1, KERNEL_POINTER);
    FAILS(B_LINK_LIMIT, change_root, "loop");
    FAILS(B_NOT_A_DIRECTORY, change_root, "file/below");
}

/* Where nothing can be made: Haiku's devices are a file system of their own. */
static void devices(void)
{
    FAILS(B_READ_ONLY_DEVICE, open, cwd, "/dev/new", O_RDWR | O_CREAT, 0600);
    FAILS(B_ENTRY_NOT_FOUND, open, cwd, "/dev/new/er", O_RDWR | O_CREAT, 0600);
    FAILS(B_READ_ONLY_DEVICE, remove_dir, cwd, "/dev/new");
    FAILS(B_READ_ONLY_DEVICE, unlink, cwd, "/dev/.");
    FAILS(B_READ_ONLY_DEVICE, rename, cwd, "/dev/null", cwd, "/dev/new");
    FAILS(B_READ_ONLY_DEVICE, rename, cwd, "/dev/none", cwd, "/dev/new");
    FAILS(B_READ_ONLY_DEVICE, create_link, cwd, "/dev/new", cwd, "/dev/null",
          0);
    FAILS(B_READ_ONLY_DEVICE, create_link, cwd, "/dev/zero", cwd, "/dev/null",
          0);
    FAILS(B_CROSS_DEVICE_LINK, create_link, cwd, "/dev/new", cwd, "file", 0);
    FAILS(B_UNSUPPORTED, create_symlink, cwd, "/dev/new", "to", 0);
    FAILS(B_UNSUPPORTED, create_symlink, cwd, "/dev/null", "to", 0);
    FAILS(B_UNSUPPORTED, create_fifo, cwd, "/dev/new", 0600);
    FAILS(B_UNSUPPORTED, create_fifo, cwd, "/dev/null", 0600);
}

/* What R1/beta4 or R1/beta6 refuses. */
static void of_this_release(void)
{
    CHECK_STATUS(sys(SYS_rename, cwd, "file", cwd, "file"), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_symlink, cwd, "dangling", "made", 0), HK_B_OK);
    CHECK(sys(SYS_open, cwd, "dangling", O_RDWR | O_CREAT, 0600) >= 0);
    CHECK_STATUS(read_stat("made/", 1, &stat), HK_B_OK);
    CHECK_STATUS(sys(SYS_unlink, cwd, "made/"), HK_B_OK);
    CHECK(sys(SYS_open, cwd, "directory", O_RDONLY | O_CREAT, 0600) >= 0);
    CHECK(sys(SYS_open, cwd, "made/", O_RDWR | O_CREAT, 0600) >= 0);
    CHECK_STATUS(sys(SYS_rename, cwd, "directory/", cwd, "new/"), HK_B_OK);
    CHECK_STATUS(sys(SYS_rename, cwd, "new", cwd, "directory"), HK_B_OK);
}

/* Deeper than Haiku goes up again. */
static void deep(void)
{
    enum { DEPTH = 260 };

    for (int i = 0; i < DEPTH; i++) {
        CHECK_STATUS(sys(SYS_create_dir, cwd, "d", 0700), HK_B_OK);
        CHECK_STATUS(sys(SYS_setcwd, cwd, "d"), HK_B_OK);
    }
    FAILS(B_LINK_LIMIT, getcwd, buffer, sizeof(buffer));
    FAILS(B_RESULT_NOT_REPRESENTABLE, getcwd, buffer, 100);
    FAILS(B_LINK_LIMIT, normalize_path, "x", 1, buffer);
    CHECK_STATUS(read_stat(".", 1, &stat), HK_B_OK);
    FAILS(B_LINK_LIMIT, entry_ref_to_path, stat.device, stat.node, "x", buffer,
          sizeof(buffer));
    for (int i = 0; i < DEPTH; i++) {
        CHECK_STATUS(sys(SYS_setcwd, cwd, ".."), HK_B_OK);
        CHECK_STATUS(sys(SYS_remove_dir, cwd, "d"), HK_B_OK);
    }
}

/* Names of a length that a path of many does not fit a buffer with. */
static void long_paths(void)
{
    char *leaf = name + 6; /* 250 characters */
    int levels = 0;

    while (sys(SYS_getcwd, buffer, sizeof(buffer)) == HK_B_OK) {
        CHECK_STATUS(sys(SYS_create_dir, cwd, leaf, 0700), HK_B_OK);
        CHECK_STATUS(sys(SYS_setcwd, cwd, leaf), HK_B_OK);
        levels++;
    }
    FAILS(B_RESULT_NOT_REPRESENTABLE, getcwd, buffer, sizeof(buffer));
    CHECK_STATUS(sys(SYS_getcwd, wide, sizeof(wide)), HK_B_OK);
    CHECK(strlen(wide) >= sizeof(buffer));
    FAILS(B_RESULT_NOT_REPRESENTABLE, normalize_path, "x", 1, buffer);
    directory = sys(SYS_open_dir, cwd, ".");
    CHECK_STATUS(stat_of(directory, &stat), HK_B_OK);
    FAILS(B_RESULT_NOT_REPRESENTABLE, entry_ref_to_path, stat.device, stat.node,
          "x", buffer, sizeof(buffer));
    CHECK(sys(SYS_open_parent_dir, directory, buffer, sizeof(buffer)) >= 0);
    CHECK(strcmp(buffer, leaf) == 0);
    CHECK_STATUS(sys(SYS_setcwd, cwd, ".."), HK_B_OK);
    FAILS(B_NAME_TOO_LONG, normalize_path, leaf, 1, buffer);
    for (int i = 0; i < levels; i++) {
        CHECK_STATUS(sys(SYS_remove_dir, cwd, leaf), HK_B_OK);
        CHECK_STATUS(sys(SYS_setcwd, cwd, ".."), HK_B_OK);
    }
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    make_nodes();
    opening();
    references();
    making();
    removing();
    renaming();
    asking();
    standing();
    devices();
    of_this_release();
    deep();
    long_paths();
    print("errors checked\n");
    return 0;
}
