/* attributes.c -- how calls of attributes and indices fail. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

#include <file.h>

enum { O_NOFOLLOW = 0x80000, TYPE = 0x43535452 }; /* 'CSTR' */

static const long cwd = AT_FDCWD;
static long file;
static char path[1025], name[257]; /* too long */
static char data[64], info[16], stat[88];
enum { ROOTFS = 1 };

static void listing(void)
{
    FAILS(B_FILE_ERROR, open_attr_dir, NO_FD, (void *)0, 0);
    FAILS(B_FILE_ERROR, open_attr_dir, NO_FD, "file", 0);
    FAILS(B_BAD_VALUE, open_attr_dir, -1, (void *)0, 0);
    FAILS(B_ENTRY_NOT_FOUND, open_attr_dir, cwd, "none", 0);
    FAILS(B_ENTRY_NOT_FOUND, open_attr_dir, cwd, "", 0);
    FAILS(B_NOT_A_DIRECTORY, open_attr_dir, cwd, "file/below", 0);
    FAILS(B_LINK_LIMIT, open_attr_dir, cwd, "loop", 1);
    FAILS(B_NAME_TOO_LONG, open_attr_dir, cwd, path, 0);
    FAILS(B_BAD_ADDRESS, open_attr_dir, NO_FD, BAD_POINTER, 0);
    FAILS(B_UNSUPPORTED, open_attr_dir, cwd, "fifo", 0);
    FAILS(B_UNSUPPORTED, open_attr_dir, cwd, "/dev/null", 0);
    FAILS(B_UNSUPPORTED, open_attr_dir, cwd, "/dev", 0);
}

static void opening(void)
{
    FAILS(B_FILE_ERROR, open_attr, NO_FD, (void *)0, "x", TYPE, O_RDONLY);
    FAILS(B_BAD_VALUE, open_attr, -1, (void *)0, "x", TYPE, O_RDONLY);
    FAILS(B_BAD_VALUE, open_attr, file, (void *)0, "", TYPE, O_RDONLY);
    FAILS(B_BAD_VALUE, open_attr, NO_FD, "none", "", TYPE, O_RDWR | O_CREAT);
    FAILS(B_ENTRY_NOT_FOUND, open_attr, file, (void *)0, "none", TYPE,
          O_RDONLY);
    FAILS(B_ENTRY_NOT_FOUND, open_attr, cwd, "none", "x", TYPE, O_RDONLY);
    FAILS(B_NOT_A_DIRECTORY, open_attr, cwd, "file/below", "x", TYPE, O_RDONLY);
    FAILS(B_LINK_LIMIT, open_attr, cwd, "loop", "x", TYPE, O_RDONLY);
    FAILS(B_LINK_LIMIT, open_attr, cwd, "loop", "x", TYPE,
          O_RDONLY | O_NOFOLLOW);
    FAILS(B_NAME_TOO_LONG, open_attr, cwd, path, "x", TYPE, O_RDONLY);
    FAILS(B_NAME_TOO_LONG, open_attr, NO_FD, "file", name, TYPE, O_RDONLY);
    FAILS(B_FILE_EXISTS, open_attr, cwd, "file", "there", TYPE,
          O_RDWR | O_CREAT | O_EXCL);
    FAILS(B_BAD_VALUE, open_attr, file, (void *)0, "there", TYPE,
          O_RDWR | O_WRONLY);
    FAILS(B_ENTRY_NOT_FOUND, open_attr, cwd, "none", "there", TYPE,
          O_RDWR | O_WRONLY);
    FAILS(B_ENTRY_NOT_FOUND, open_attr, file, (void *)0, "none", TYPE,
          O_RDWR | O_WRONLY);
    FAILS(B_BAD_ADDRESS, open_attr, NO_FD, BAD_POINTER, "", TYPE, O_RDONLY);
    FAILS(B_NAME_TOO_LONG, open_attr, NO_FD, path, "", TYPE, O_RDONLY);
    FAILS(B_UNSUPPORTED, open_attr, cwd, "fifo", "x", TYPE, O_RDONLY);
    FAILS(B_UNSUPPORTED, open_attr, cwd, "/dev/null", "x", TYPE, O_RDONLY);
    FAILS(B_READ_ONLY_DEVICE, open_attr, cwd, "fifo", "x", TYPE,
          O_RDWR | O_CREAT);
    FAILS(B_READ_ONLY_DEVICE, open_attr, cwd, "/dev/null", "x", TYPE,
          O_RDWR | O_CREAT);
    FAILS(B_READ_ONLY_DEVICE, open_attr, cwd, "/dev", "x", TYPE,
          O_RDWR | O_CREAT);
    FAILS(B_BAD_ADDRESS, open_attr, NO_FD, "none", BAD_POINTER, TYPE, O_RDONLY);
    FAILS(B_BAD_ADDRESS, open_attr, NO_FD, BAD_POINTER, "x", TYPE, O_RDONLY);
    FAILS(B_NAME_TOO_LONG, open_attr, NO_FD, BAD_POINTER, name, TYPE, O_RDONLY);
}

static void transferring(void)
{
    FAILS(B_FILE_ERROR, read_attr, NO_FD, "there", 0LL, data, 4);
    FAILS(B_BAD_VALUE, read_attr, -1, "there", 0LL, data, 4);
    FAILS(B_BAD_VALUE, read_attr, NO_FD, (void *)0, 0LL, data, 4);
    FAILS(B_BAD_VALUE, read_attr, NO_FD, "", 0LL, data, 4);
    FAILS(B_BAD_VALUE, read_attr, file, "there", -2LL, data, 4);
    FAILS(B_ENTRY_NOT_FOUND, read_attr, file, "none", -2LL, data, 4);
    FAILS(B_NAME_TOO_LONG, read_attr, NO_FD, name, 0LL, data, 4);
    FAILS(B_BAD_ADDRESS, read_attr, NO_FD, BAD_POINTER, 0LL, data, 4);
    FAILS(B_BAD_ADDRESS, read_attr, file, "there", 0LL, BAD_POINTER, 4);
    FAILS(B_FILE_ERROR, write_attr, NO_FD, "x", TYPE, 0LL, data, 4);
    FAILS(B_BAD_VALUE, write_attr, -1, "x", TYPE, 0LL, data, 4);
    FAILS(B_BAD_VALUE, write_attr, NO_FD, (void *)0, TYPE, 0LL, data, 4);
    FAILS(B_BAD_VALUE, write_attr, NO_FD, "", TYPE, 0LL, data, 4);
    FAILS(B_BAD_VALUE, write_attr, file, "there", TYPE, -2LL, data, 4);
    FAILS(B_NAME_TOO_LONG, write_attr, NO_FD, name, TYPE, 0LL, data, 4);
    FAILS(B_BAD_ADDRESS, write_attr, NO_FD, BAD_POINTER, TYPE, 0LL, data, 4);
    FAILS(B_BAD_ADDRESS, write_attr, file, "there", TYPE, 0LL, BAD_POINTER, 4);
}

static void asking(void)
{
    FAILS(B_FILE_ERROR, stat_attr, NO_FD, "there", info);
    FAILS(B_BAD_VALUE, stat_attr, -1, "there", info);
    FAILS(B_BAD_VALUE, stat_attr, NO_FD, (void *)0, info);
    FAILS(B_BAD_VALUE, stat_attr, NO_FD, "there", (void *)0);
    FAILS(B_BAD_VALUE, stat_attr, NO_FD, "", info);
    FAILS(B_ENTRY_NOT_FOUND, stat_attr, file, "none", info);
    FAILS(B_NAME_TOO_LONG, stat_attr, NO_FD, name, info);
    FAILS(B_BAD_ADDRESS, stat_attr, NO_FD, BAD_POINTER, info);
    FAILS(B_BAD_ADDRESS, stat_attr, NO_FD, "there", KERNEL_POINTER);
    FAILS(B_FILE_ERROR, remove_attr, NO_FD, "there");
    FAILS(B_FILE_ERROR, remove_attr, -1, "there");
    FAILS(B_BAD_VALUE, remove_attr, NO_FD, "");
    FAILS(B_ENTRY_NOT_FOUND, remove_attr, file, "none");
    FAILS(B_NAME_TOO_LONG, remove_attr, NO_FD, name);
    FAILS(B_BAD_ADDRESS, remove_attr, NO_FD, (void *)0);
    FAILS(B_FILE_ERROR, rename_attr, NO_FD, "there", file, "new");
    FAILS(B_FILE_ERROR, rename_attr, file, "there", NO_FD, "new");
    FAILS(B_BAD_VALUE, rename_attr, NO_FD, "", file, "new");
    FAILS(B_BAD_VALUE, rename_attr, NO_FD, "there", file, "");
    FAILS(B_NOT_SUPPORTED, rename_attr, file, "none", file, "new");
    FAILS(B_NOT_SUPPORTED, rename_attr, file, "there", file, "there");
    FAILS(B_NAME_TOO_LONG, rename_attr, NO_FD, name, file, "new");
    FAILS(B_NAME_TOO_LONG, rename_attr, NO_FD, "there", file, name);
    FAILS(B_BAD_ADDRESS, rename_attr, NO_FD, (void *)0, file, name);
    FAILS(B_BAD_ADDRESS, rename_attr, NO_FD, name, file, KERNEL_POINTER);
    FAILS(B_BAD_ADDRESS, rename_attr, NO_FD, "", file, BAD_POINTER);
    FAILS(B_NAME_TOO_LONG, rename_attr, NO_FD, "", file, name);
}

/* Pipes and devices have none. */
static void without(long fd)
{
    FAILS(B_UNSUPPORTED, read_attr, fd, "x", 0LL, data, 4);
    FAILS(B_READ_ONLY_DEVICE, write_attr, fd, "x", TYPE, 0LL, data, 4);
    FAILS(B_UNSUPPORTED, stat_attr, fd, "x", info);
    FAILS(B_READ_ONLY_DEVICE, remove_attr, fd, "x");
    FAILS(B_READ_ONLY_DEVICE, rename_attr, fd, "x", fd, "y");
}

static int32_t device;

/* The volumes are compared first. */
static void crossing(long fd)
{
    FAILS(B_CROSS_DEVICE_LINK, rename_attr, file, "there", fd, "x");
    FAILS(B_CROSS_DEVICE_LINK, rename_attr, fd, "x", file, "there");
}

static void indices(void)
{
    FAILS(B_BAD_VALUE, open_index_dir, NO_ID);
    FAILS(B_BAD_VALUE, open_index_dir, -1);
    FAILS(B_BAD_VALUE, create_index, NO_ID, "x", TYPE, 0);
    FAILS(B_BAD_TYPE, create_index, device, "x", 77, 0);
    FAILS(B_NAME_TOO_LONG, create_index, NO_ID, name, TYPE, 0);
    FAILS(B_BAD_ADDRESS, create_index, NO_ID, (void *)0, TYPE, 0);
    FAILS(B_UNSUPPORTED, open_index_dir, ROOTFS);
    FAILS(B_READ_ONLY_DEVICE, create_index, ROOTFS, "x", TYPE, 0);
    FAILS(B_READ_ONLY_DEVICE, remove_index, ROOTFS, "x");
    FAILS(B_NAME_TOO_LONG, read_index_stat, ROOTFS, name, stat);
    FAILS(B_BAD_ADDRESS, read_index_stat, ROOTFS, name, KERNEL_POINTER);
    CHECK_STATUS(sys(SYS_create_index, device, "x", TYPE, 0), HK_B_OK);
    FAILS(B_FILE_EXISTS, create_index, device, "x", TYPE, 0);
    CHECK_STATUS(sys(SYS_remove_index, device, "x"), HK_B_OK);
    FAILS(B_ENTRY_NOT_FOUND, remove_index, device, "x");
    FAILS(B_BAD_VALUE, remove_index, NO_ID, "x");
    FAILS(B_NAME_TOO_LONG, remove_index, NO_ID, name);
    FAILS(B_BAD_ADDRESS, remove_index, NO_ID, (void *)0);
}

static void queries(void)
{
    static char many[33 * 9];

    for (int i = 0; i < 33; i++)
        memcpy(many + i * 9, "name==x||", 9);
    FAILS(B_BAD_VALUE, open_query, NO_ID, "name==x", 7, 0, -1, 0);
    FAILS(B_BAD_VALUE, open_query, -1, "name==x", 7, 0, -1, 0);
    FAILS(B_BAD_VALUE, open_query, device, (void *)0, 7, 0, -1, 0);
    FAILS(B_BAD_VALUE, open_query, device, "", 0, 0, -1, 0);
    FAILS(B_BAD_VALUE, open_query, device, "no formula", 10, 0, -1, 0);
    FAILS(B_TOO_MANY_ARGS, open_query, device, many, sizeof(many) - 2, 0, -1,
          0);
    FAILS(B_NAME_TOO_LONG, open_query, device, "x", 65536, 0, -1, 0);
    FAILS(B_BAD_ADDRESS, open_query, device, KERNEL_POINTER, 7, 0, -1, 0);
    FAILS(B_BAD_ADDRESS, open_query, device, BAD_POINTER, 7, 0, -1, 0);
    FAILS(B_UNSUPPORTED, open_query, 1, "name==x", 7, 0, -1, 0);
}

/* As many descriptors as there may be. */
static void no_more(void)
{
    enum { LIMIT_NOFILE = 4 };
    const uint32_t few[] = {20, 0xffffffff};

    CHECK_STATUS(sys(SYS_setrlimit, LIMIT_NOFILE, few), HK_B_OK);
    while (sys(SYS_dup, file) >= 0)
        continue;
    FAILS(B_NO_MORE_FDS, open_attr, file, (void *)0, "there", TYPE, O_RDONLY);
    FAILS(B_NO_MORE_FDS, read_attr, file, "there", 0LL, data, 4);
    FAILS(B_NO_MORE_FDS, write_attr, file, "there", TYPE, 0LL, data, 4);
    FAILS(B_NO_MORE_FDS, write_attr, file, "there", TYPE, 0LL, data, 0);
    FAILS(B_NO_MORE_FDS, stat_attr, file, "there", info);
    FAILS(B_ENTRY_NOT_FOUND, read_attr, file, "none", 0LL, data, 4);
    FAILS(B_NO_MORE_FDS, open_query, device, "name==x", 7, 0, -1, 0);
}

static void other_users(void)
{
    FAILS(B_NOT_ALLOWED, create_index, device, "x", 77, 0);
    FAILS(B_NOT_ALLOWED, remove_index, device, "none");
}

int main(int argc, char **argv, char **environment)
{
    struct stat of_file;

    (void)argc, (void)argv, (void)environment;
    memset(path, 'p', sizeof(path) - 1);
    memset(name, 'n', sizeof(name) - 1);
    file = sys(SYS_open, cwd, "file", O_RDWR | O_CREAT, 0600);
    CHECK_STATUS(sys(SYS_create_symlink, cwd, "loop", "loop", 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_fifo, cwd, "fifo", 0600), HK_B_OK);
    CHECK_STATUS(stat_of(file, &of_file), HK_B_OK);
    device = of_file.device;
    /* Not every file system of a host has them. */
    if (sys(SYS_write_attr, file, "there", TYPE, 0LL, data, 4) == 4) {
        listing();
        opening();
        transferring();
        asking();
        without(sys(SYS_open, cwd, "fifo", O_RDONLY | O_NONBLOCK, 0));
        without(sys(SYS_open, cwd, "/dev/null", O_RDWR, 0));
        without(sys(SYS_open_dir, cwd, "/dev"));
        crossing(sys(SYS_open, cwd, "/dev/null", O_RDWR, 0));
        indices();
        queries();
        in_child(no_more);
        as_user(other_users);
    }
    print("errors checked\n");
    return 0;
}
