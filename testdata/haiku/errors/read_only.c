/* read_only.c -- how calls fail on a volume that is read-only. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

#include <file.h>

enum { W_OK = 2, TYPE = 0x43535452 }; /* 'CSTR' */

static long volume, file; /* descriptors: its root, what it has */
static struct stat stat;

static void making(void)
{
    FAILS(B_READ_ONLY_DEVICE, open, volume, "none", O_RDWR | O_CREAT, 0600);
    FAILS(B_READ_ONLY_DEVICE, open_entry_ref, stat.device, stat.node, "none",
          O_RDWR | O_CREAT, 0600);
    FAILS(B_READ_ONLY_DEVICE, create_dir, volume, "none", 0700);
    FAILS(B_READ_ONLY_DEVICE, create_dir, volume, "passwd", 0700);
    FAILS(B_READ_ONLY_DEVICE, create_dir_entry_ref, stat.device, stat.node,
          "none", 0700);
    FAILS(B_READ_ONLY_DEVICE, create_symlink, volume, "none", "to", 0);
    FAILS(B_READ_ONLY_DEVICE, create_symlink, volume, "passwd", "to", 0);
    FAILS(B_READ_ONLY_DEVICE, create_fifo, volume, "none", 0600);
    FAILS(B_READ_ONLY_DEVICE, create_link, volume, "none", volume, "passwd", 0);
    FAILS(B_CROSS_DEVICE_LINK, create_link, volume, "none", AT_FDCWD, "own", 0);
}

static void changing(void)
{
    FAILS(B_READ_ONLY_DEVICE, open, volume, "passwd", O_RDWR, 0);
    FAILS(B_READ_ONLY_DEVICE, open, volume, "passwd", O_WRONLY | O_CREAT, 0600);
    FAILS(B_FILE_EXISTS, open, volume, "passwd", O_WRONLY | O_CREAT | O_EXCL,
          0600);
    FAILS(B_IS_A_DIRECTORY, open, volume, ".", O_RDWR, 0);
    FAILS(B_READ_ONLY_DEVICE, unlink, volume, "passwd");
    FAILS(B_NOT_ALLOWED, unlink, volume, ".");
    FAILS(B_READ_ONLY_DEVICE, rename, volume, "passwd", volume, "none");
    FAILS(B_CROSS_DEVICE_LINK, rename, AT_FDCWD, "own", volume, "none");
    FAILS(B_READ_ONLY_DEVICE, access, volume, "passwd", W_OK, 0);
    FAILS(B_READ_ONLY_DEVICE, access, volume, ".", W_OK, 0);
    FAILS(B_READ_ONLY_DEVICE, write_stat, volume, "passwd", 1, &stat,
          sizeof(stat), STAT_MODE);
    FAILS(B_READ_ONLY_DEVICE, write_stat, volume, "passwd", 1, &stat,
          sizeof(stat), STAT_SIZE);
    FAILS(B_READ_ONLY_DEVICE, write_stat, file, (void *)0, 0, &stat,
          sizeof(stat), STAT_MODE);
    FAILS(B_BAD_VALUE, write_stat, file, (void *)0, 0, &stat, sizeof(stat),
          STAT_MODE | STAT_SIZE);
}

static void attributes(void)
{
    FAILS(B_READ_ONLY_DEVICE, write_attr, file, "x", TYPE, 0LL, "data", 4);
    FAILS(B_READ_ONLY_DEVICE, write_attr, file, "x", TYPE, 0LL, "data", 0);
    FAILS(B_READ_ONLY_DEVICE, open_attr, file, (void *)0, "x", TYPE,
          O_RDWR | O_CREAT);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    volume = sys(SYS_open_dir, AT_FDCWD, "/volume");
    file = sys(SYS_open, volume, "passwd", O_RDONLY, 0);
    CHECK(volume >= 0 && file >= 0);
    CHECK_STATUS(stat_of(volume, &stat), HK_B_OK);
    sys(SYS_close, sys(SYS_open, AT_FDCWD, "own", O_RDWR | O_CREAT, 0600));
    making();
    changing();
    attributes();
    print("errors checked\n");
    return 0;
}
