/* files.c -- how calls of descriptors fail. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

#include <file.h>

enum { F_DUPFD = 1, F_GETFL = 8, F_GETLK = 0x20, F_SETLK = 0x80 };
enum { F_SETLKW = 0x100, NO_OPERATION = 0x7777 };
enum { F_RDLCK = 0x40, F_UNLCK = 0x200, F_WRLCK = 0x400 };
enum { LOCK_SH = 1, LOCK_EX, LOCK_NB = 4, LOCK_UN = 8 };
enum { SEEK_DATA = 3, SEEK_HOLE = 4, NO_SEEK = 9, VECTORS_MAX = 1024 };
enum { FIONREAD = 0xbe000001u, LIMIT_NOFILE = 4 };

static const uint32_t FIONBIO = 0xbe000000u, NO_REQUEST = 0x12345678;

struct vector {
    const void *base;
    uint32_t length;
};

struct __attribute__((packed, aligned(4))) flock {
    int16_t type, whence;
    int64_t start, length;
    int32_t team;
};

static long file, readable, writable, directory, plain_directory, listing;
static int32_t ends[2];
static char buffer[1024];
static struct vector vectors[] = {{buffer, 4}, {buffer, 4}};
static struct stat stat;
static int32_t device;

static void make_descriptors(void)
{
    file = sys(SYS_open, AT_FDCWD, "file", O_RDWR | O_CREAT, 0600);
    CHECK_STATUS(sys(SYS_write, file, 0LL, buffer, 100), 100);
    readable = sys(SYS_open, AT_FDCWD, "file", O_RDONLY, 0);
    writable = sys(SYS_open, AT_FDCWD, "file", O_WRONLY, 0);
    directory = sys(SYS_open_dir, AT_FDCWD, ".");
    plain_directory = sys(SYS_open, AT_FDCWD, ".", O_RDONLY, 0);
    listing = sys(SYS_open_attr_dir, file, (void *)0, 0);
    CHECK(readable >= 0 && writable >= 0 && directory >= 0);
    CHECK(plain_directory >= 0);
    CHECK_STATUS(sys(SYS_create_pipe, ends), HK_B_OK);
}

static void bad_descriptors(void)
{
    for (int i = 0; i < 2; i++) {
        const long fd = i == 0 ? NO_FD : -1;

        FAILS(B_FILE_ERROR, read, fd, 0LL, buffer, 4);
        FAILS(B_FILE_ERROR, readv, fd, 0LL, vectors, 2);
        FAILS(B_FILE_ERROR, write, fd, 0LL, buffer, 4);
        FAILS(B_FILE_ERROR, writev, fd, 0LL, vectors, 2);
        FAILS(B_FILE_ERROR, seek, fd, 0LL, SEEK_SET);
        FAILS(B_FILE_ERROR, ioctl, fd, FIONREAD, buffer, 4);
        FAILS(B_FILE_ERROR, read_dir, fd, buffer, sizeof(buffer), 1);
        FAILS(B_FILE_ERROR, rewind_dir, fd);
        FAILS(B_FILE_ERROR, close, fd);
        FAILS(B_FILE_ERROR, dup, fd);
        FAILS(B_FILE_ERROR, dup2, fd, 5);
        FAILS(B_FILE_ERROR, dup2, file, i == 0 ? 100000 : -1);
        FAILS(B_FILE_ERROR, fcntl, fd, F_GETFL, 0);
        FAILS(B_FILE_ERROR, fsync, fd);
        FAILS(B_FILE_ERROR, flock, fd, LOCK_EX);
        FAILS(B_FILE_ERROR, unlock_node, fd);
        FAILS(B_FILE_ERROR, preallocate, fd, 0LL, 1LL);
        FAILS(B_FILE_ERROR, read_stat, fd, (void *)0, 0, &stat, sizeof(stat));
        FAILS(B_FILE_ERROR, write_stat, fd, (void *)0, 0, &stat, sizeof(stat),
              0);
    }
    CHECK_STATUS(sys(SYS_close, sys(SYS_dup, file)), HK_B_OK);
}

static void reading(void)
{
    FAILS(B_BAD_VALUE, read, file, -2LL, buffer, 4);
    FAILS(B_BAD_VALUE, read, NO_FD, -2LL, buffer, 4);
    FAILS(B_FILE_ERROR, read, writable, 0LL, buffer, 4);
    FAILS(B_BAD_VALUE, read, directory, 0LL, buffer, 4);
    FAILS(B_IS_A_DIRECTORY, read, plain_directory, 0LL, buffer, 4);
    FAILS(B_BAD_ADDRESS, read, plain_directory, 0LL, KERNEL_POINTER, 4);
    CHECK_STATUS(sys(SYS_read, plain_directory, 0LL, buffer, 0), 0);
    FAILS(ESPIPE, read, ends[0], 1LL, buffer, 4);
    FAILS(ESPIPE, read, ends[0], 0LL, buffer, 4);
    FAILS(B_FILE_ERROR, read, ends[1], NO_POSITION, buffer, 4);
    FAILS(B_BAD_ADDRESS, read, file, 0LL, BAD_POINTER, 4);
    FAILS(B_FILE_ERROR, read, writable, 0LL, KERNEL_POINTER, 4);
    FAILS(B_BAD_VALUE, readv, file, -2LL, vectors, 2);
    FAILS(B_BAD_VALUE, readv, NO_FD, 0LL, vectors, VECTORS_MAX + 1);
    FAILS(B_FILE_ERROR, readv, writable, 0LL, vectors, 2);
    FAILS(B_BAD_VALUE, readv, directory, 0LL, vectors, 2);
    FAILS(B_IS_A_DIRECTORY, readv, plain_directory, 0LL, vectors, 2);
    FAILS(ESPIPE, readv, ends[0], 1LL, vectors, 2);
    FAILS(B_BAD_ADDRESS, readv, NO_FD, -2LL, BAD_POINTER, 2);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, read, ends[0], NO_POSITION, buffer, 4);
    FAILS(B_INTERRUPTED, readv, ends[0], NO_POSITION, vectors, 2);
    interrupt_no_more();
    CHECK_STATUS(sys(SYS_fcntl, ends[0], 16, O_NONBLOCK), HK_B_OK);
    FAILS(B_WOULD_BLOCK, read, ends[0], NO_POSITION, buffer, 4);
    FAILS(B_WOULD_BLOCK, readv, ends[0], NO_POSITION, vectors, 2);
}

static void fill_pipe(void)
{
    CHECK_STATUS(sys(SYS_fcntl, ends[1], 16, O_NONBLOCK), HK_B_OK);
    while (sys(SYS_write, ends[1], NO_POSITION, buffer, sizeof(buffer)) > 0)
        continue;
    while (sys(SYS_write, ends[1], NO_POSITION, buffer, 1) > 0)
        continue;
}

static void writing(void)
{
    FAILS(B_BAD_VALUE, write, file, -2LL, buffer, 4);
    FAILS(B_FILE_ERROR, write, readable, 0LL, buffer, 4);
    FAILS(B_FILE_ERROR, write, directory, 0LL, buffer, 4);
    FAILS(B_FILE_ERROR, write, plain_directory, 0LL, buffer, 4);
    FAILS(B_FILE_ERROR, write, ends[0], NO_POSITION, buffer, 4);
    FAILS(ESPIPE, write, ends[1], 1LL, buffer, 4);
    FAILS(B_BAD_ADDRESS, write, file, 0LL, BAD_POINTER, 4);
    FAILS(B_BAD_VALUE, writev, file, -2LL, vectors, 2);
    FAILS(B_BAD_VALUE, writev, NO_FD, 0LL, vectors, VECTORS_MAX + 1);
    FAILS(B_FILE_ERROR, writev, readable, 0LL, vectors, 2);
    FAILS(ESPIPE, writev, ends[1], 1LL, vectors, 2);
    FAILS(B_BAD_ADDRESS, writev, NO_FD, -2LL, BAD_POINTER, 2);
    fill_pipe();
    FAILS(B_WOULD_BLOCK, write, ends[1], NO_POSITION, buffer, 4);
    FAILS(B_WOULD_BLOCK, writev, ends[1], NO_POSITION, vectors, 2);
    CHECK_STATUS(sys(SYS_fcntl, ends[1], 16, 0), HK_B_OK);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, write, ends[1], NO_POSITION, buffer, 4);
    FAILS(B_INTERRUPTED, writev, ends[1], NO_POSITION, vectors, 2);
    interrupt_no_more();
}

/* Nobody has written yet, or nobody writes any more. */
static void fifos(void)
{
    long fd, writer;

    CHECK_STATUS(sys(SYS_create_fifo, AT_FDCWD, "fifo", 0600), HK_B_OK);
    fd = sys(SYS_open, AT_FDCWD, "fifo", O_RDONLY | O_NONBLOCK, 0);
    FAILS(B_WOULD_BLOCK, read, fd, NO_POSITION, buffer, 4);
    CHECK_STATUS(sys(SYS_fcntl, fd, 16, 0), HK_B_OK);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, read, fd, NO_POSITION, buffer, 4);
    interrupt_no_more();
    CHECK_STATUS(sys(SYS_fcntl, fd, 16, O_NONBLOCK), HK_B_OK);
    writer = sys(SYS_open, AT_FDCWD, "fifo", O_WRONLY, 0);
    FAILS(B_WOULD_BLOCK, read, fd, NO_POSITION, buffer, 4);
    CHECK_STATUS(sys(SYS_close, writer), HK_B_OK);
    CHECK_STATUS(sys(SYS_read, fd, NO_POSITION, buffer, 4), 0);
    sys(SYS_close, fd);
    FAILS(ENXIO, open, AT_FDCWD, "fifo", O_WRONLY | O_NONBLOCK, 0);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, open, AT_FDCWD, "fifo", O_RDONLY, 0);
    FAILS(B_INTERRUPTED, open, AT_FDCWD, "fifo", O_WRONLY, 0);
    interrupt_no_more();
}

/* Nobody reads: a signal as well, which is ignored here. */
static void broken_pipe(void)
{
    const struct sigaction ignore = {.handler = (void *)1};

    CHECK_STATUS(sys(SYS_sigaction, 7, &ignore, (void *)0), HK_B_OK);
    sys(SYS_close, ends[0]);
    FAILS(B_BUSTED_PIPE, write, ends[1], NO_POSITION, buffer, 4);
    FAILS(B_BUSTED_PIPE, writev, ends[1], NO_POSITION, vectors, 2);
    FAILS(B_BAD_ADDRESS, create_pipe, (void *)0);
    FAILS(B_BAD_ADDRESS, create_pipe, BAD_POINTER);
}

static void positions(void)
{
    FAILS(B_BAD_VALUE, seek, file, 0LL, NO_SEEK);
    FAILS(B_BAD_VALUE, seek, file, -1LL, SEEK_SET);
    FAILS(B_BAD_VALUE, seek, file, -200LL, SEEK_END);
    FAILS(B_BUFFER_OVERFLOW, seek, file, INT64_MAX, SEEK_END);
    FAILS(ENXIO, seek, file, 200LL, SEEK_DATA);
    FAILS(ESPIPE, seek, ends[1], 0LL, SEEK_SET);
    FAILS(ESPIPE, seek, ends[1], 0LL, NO_SEEK);
    FAILS(B_BAD_VALUE, preallocate, file, -1LL, 1LL);
    FAILS(B_BAD_VALUE, preallocate, NO_FD, 0LL, 0LL);
    FAILS(B_FILE_TOO_LARGE, preallocate, NO_FD, INT64_MAX, 1LL);
    FAILS(B_FILE_TOO_LARGE, preallocate, NO_FD, 0LL, -1LL);
    FAILS(B_BAD_VALUE, seek, file, 200LL, SEEK_HOLE + 1);
    FAILS(ENXIO, seek, plain_directory, INT64_MAX, SEEK_DATA);
    FAILS(B_BAD_VALUE, seek, plain_directory, -1LL, SEEK_SET);
    FAILS(ESPIPE, seek, directory, 0LL, SEEK_SET);
    FAILS(B_FILE_ERROR, preallocate, readable, 0LL, 1LL);
    FAILS(ESPIPE, preallocate, ends[1], 0LL, 1LL);
    FAILS(B_FILE_ERROR, preallocate, directory, 0LL, 1LL);
    stat.size = 10;
    FAILS(B_BAD_VALUE, write_stat, readable, (void *)0, 0, &stat, sizeof(stat),
          STAT_SIZE);
    stat.size = -1;
    FAILS(B_BAD_VALUE, write_stat, file, (void *)0, 0, &stat, sizeof(stat),
          STAT_SIZE);
    FAILS(B_BAD_VALUE, write_stat, NO_FD, (void *)0, 0, &stat, sizeof(stat) + 1,
          0);
}

static void listings(void)
{
    FAILS(B_BAD_ADDRESS, read_dir, directory, (void *)0, 64, 1);
    FAILS(B_BAD_ADDRESS, read_dir, NO_FD, KERNEL_POINTER, 64, 1);
    FAILS(B_UNSUPPORTED, read_dir, file, buffer, sizeof(buffer), 1);
    FAILS(B_BUFFER_OVERFLOW, read_dir, directory, buffer, 8, 1);
    FAILS(B_UNSUPPORTED, rewind_dir, file);
    FAILS(B_UNSUPPORTED, rewind_dir, ends[1]);
}

static void requests(void)
{
    FAILS(ENOTTY, ioctl, file, NO_REQUEST, buffer, 4);
    FAILS(ENOTTY, ioctl, directory, NO_REQUEST, buffer, 4);
    FAILS(B_BAD_VALUE, ioctl, file, FIONBIO, (void *)0, 4);
    FAILS(B_BAD_ADDRESS, ioctl, file, FIONBIO, BAD_POINTER, 4);
    FAILS(B_BAD_ADDRESS, ioctl, NO_FD, NO_REQUEST, KERNEL_POINTER, 4);
    FAILS(ENOTTY, ioctl, file, FIONREAD, buffer, 4);
    FAILS(ENOTTY, ioctl, listing, FIONREAD, buffer, 4);
    FAILS(B_BAD_VALUE, ioctl, ends[1], NO_REQUEST, buffer, 4);
    FAILS(B_BAD_VALUE, ioctl, ends[1], FIONREAD, (void *)0, 4);
    FAILS(B_BAD_ADDRESS, ioctl, ends[1], FIONREAD, BAD_POINTER, 4);
    FAILS(B_BAD_VALUE, fcntl, file, NO_OPERATION, 0);
    FAILS(B_BAD_VALUE, fcntl, file, F_DUPFD, -1);
    FAILS(B_BAD_VALUE, fcntl, file, F_DUPFD, 100000);
    FAILS(B_BAD_VALUE, unlock_node, file);
}

/* Drivers and directories of devices have answers of their own. */
static void devices(void)
{
    enum { F_SETFL = 16, GET_PATH = 21 };
    long null = sys(SYS_open, AT_FDCWD, "/dev/null", O_RDWR, 0);
    long random = sys(SYS_open, AT_FDCWD, "/dev/random", O_RDONLY, 0);
    long all = sys(SYS_open_dir, AT_FDCWD, "/dev");

    FAILS(B_NOT_ALLOWED, ioctl, null, FIONREAD, buffer, 4);
    FAILS(B_ERROR, ioctl, random, FIONREAD, buffer, 4);
    FAILS(B_BAD_VALUE, ioctl, all, FIONREAD, buffer, 4);
    FAILS(B_RESULT_NOT_REPRESENTABLE, ioctl, null, GET_PATH, buffer, 9);
    CHECK_STATUS(sys(SYS_ioctl, null, GET_PATH, buffer, 10), 9);
    FAILS(B_NOT_ALLOWED, fcntl, null, F_SETFL, O_NONBLOCK);
    FAILS(B_ERROR, fcntl, random, F_SETFL, O_NONBLOCK);
    FAILS(B_NOT_ALLOWED, fcntl, all, F_SETFL, O_NONBLOCK);
    FAILS(B_DEVICE_NOT_FOUND, preallocate, null, 0LL, 1LL);
    CHECK_STATUS(sys(SYS_fsync, null), HK_B_OK);
    CHECK_STATUS(sys(SYS_fsync, all), HK_B_OK);
    sys(SYS_close, null);
    sys(SYS_close, random);
    sys(SYS_close, all);
}

/* ---- locks ---- */

static struct flock lock_of(int type, int whence)
{
    return (struct flock){.type = (int16_t)type, .whence = (int16_t)whence};
}

/* The parent has locked all of the file. */
static void others_locks(void)
{
    long own = sys(SYS_open, AT_FDCWD, "file", O_RDWR, 0);
    struct flock lock = lock_of(F_WRLCK, SEEK_SET);

    FAILS(B_PERMISSION_DENIED, fcntl, own, F_SETLK, &lock);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, fcntl, own, F_SETLKW, &lock);
    interrupt_no_more();
}

static void locks(void)
{
    struct flock reading = lock_of(F_RDLCK, SEEK_SET);
    struct flock writing = lock_of(F_WRLCK, SEEK_SET);
    struct flock nowhere = lock_of(F_WRLCK, 7);

    FAILS(B_FILE_ERROR, fcntl, NO_FD, F_SETLK, &reading);
    FAILS(B_FILE_ERROR, fcntl, readable, F_SETLK, &writing);
    FAILS(B_FILE_ERROR, fcntl, writable, F_SETLK, &reading);
    FAILS(B_BAD_VALUE, fcntl, file, F_SETLK, &nowhere);
    FAILS(B_BAD_VALUE, fcntl, file, F_GETLK, &nowhere);
    FAILS(B_BAD_VALUE, fcntl, directory, F_SETLK, &reading);
    FAILS(B_BAD_VALUE, fcntl, directory, F_GETLK, BAD_POINTER);
    FAILS(B_BAD_ADDRESS, fcntl, file, F_SETLK, BAD_POINTER);
    FAILS(B_BAD_ADDRESS, fcntl, file, F_GETLK, (void *)0);
    CHECK_STATUS(sys(SYS_fcntl, file, F_SETLK, &writing), HK_B_OK);
    in_child(others_locks);
    writing.type = F_UNLCK;
    CHECK_STATUS(sys(SYS_fcntl, file, F_SETLK, &writing), HK_B_OK);
}

static void whole_locks(void)
{
    FAILS(B_BAD_VALUE, flock, file, 0);
    FAILS(B_BAD_VALUE, flock, NO_FD, LOCK_NB);
    FAILS(B_BAD_VALUE, flock, directory, LOCK_EX);
    CHECK_STATUS(sys(SYS_flock, file, LOCK_EX), HK_B_OK);
    FAILS(B_WOULD_BLOCK, flock, readable, LOCK_EX | LOCK_NB);
    FAILS(B_WOULD_BLOCK, flock, readable, LOCK_SH | LOCK_NB);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, flock, readable, LOCK_EX);
    interrupt_no_more();
    CHECK_STATUS(sys(SYS_flock, file, LOCK_UN), HK_B_OK);
}

/* ---- limits ---- */

/* There may be as many as there are now: each call that makes one fails. */
static void no_more(void)
{
    const uint32_t few[] = {20, 0xffffffff};
    int32_t fds[2];

    CHECK_STATUS(sys(SYS_setrlimit, LIMIT_NOFILE, few), HK_B_OK);
    while (sys(SYS_dup, file) >= 0)
        continue;
    FAILS(B_NO_MORE_FDS, dup, file);
    FAILS(B_NO_MORE_FDS, fcntl, file, F_DUPFD, 0);
    FAILS(B_NO_MORE_FDS, open, AT_FDCWD, "file", O_RDONLY, 0);
    FAILS(B_NO_MORE_FDS, open_dir, AT_FDCWD, ".");
    FAILS(B_NO_MORE_FDS, open_parent_dir, directory, (void *)0, 0);
    FAILS(B_NO_MORE_FDS, create_pipe, fds);
    FAILS(B_NO_MORE_FDS, event_queue_create, 0);
    FAILS(B_NO_MORE_FDS, socket, 9, 1, 0);
    FAILS(B_NO_MORE_FDS, socketpair, 9, 1, 0, fds);
    FAILS(B_FILE_ERROR, dup2, file, 20);
    /* Nothing is made then. */
    FAILS(B_NO_MORE_FDS, open, AT_FDCWD, "new", O_RDWR | O_CREAT, 0600);
    FAILS(B_ENTRY_NOT_FOUND, read_stat, AT_FDCWD, "new", 1, &stat,
          sizeof(stat));
    FAILS(B_ENTRY_NOT_FOUND, open, AT_FDCWD, "none/new", O_RDWR | O_CREAT,
          0600);
    FAILS(B_FILE_EXISTS, open, AT_FDCWD, "file", O_RDWR | O_CREAT | O_EXCL,
          0600);
    FAILS(B_NO_MORE_FDS, open_attr_dir, AT_FDCWD, ".", 0);
    FAILS(B_NO_MORE_FDS, open_index_dir, device);
    CHECK_STATUS(read_stat(".", 1, &stat), HK_B_OK);
    FAILS(B_NO_MORE_FDS, open_entry_ref, stat.device, stat.node, "file",
          O_RDONLY, 0);
    FAILS(B_NO_MORE_FDS, open_dir_entry_ref, stat.device, stat.node, (void *)0);
}

/* They are no nodes. */
static void socket_descriptors(void)
{
    long fd = sys(SYS_socket, 9, 1, 0);

    FAILS(B_FILE_ERROR, fsync, fd);
    FAILS(B_FILE_ERROR, flock, fd, LOCK_EX);
    FAILS(B_FILE_ERROR, unlock_node, fd);
    FAILS(B_FILE_ERROR, preallocate, fd, 0LL, 1LL);
    FAILS(B_UNSUPPORTED, write_stat, fd, (void *)0, 0, &stat, sizeof(stat), 0);
    FAILS(B_BAD_VALUE, fcntl, fd, F_SETLK, buffer);
    FAILS(ESPIPE, seek, fd, 0LL, SEEK_SET);
    FAILS(B_UNSUPPORTED, read_dir, fd, buffer, sizeof(buffer), 1);
    FAILS(B_FILE_ERROR, read_link, fd, (void *)0, buffer, buffer);
    FAILS(B_FILE_ERROR, setcwd, fd, (void *)0);
    FAILS(B_FILE_ERROR, open, fd, "file", O_RDONLY, 0);
    FAILS(B_FILE_ERROR, read_attr, fd, "x", 0LL, buffer, 4);
    FAILS(B_FILE_ERROR, map_file, "x", buffer, 0, 4096, READ_AREA, 0, 0, fd,
          0LL);
    FAILS(B_BAD_VALUE, fsync, ends[1]);
    sys(SYS_close, fd);
}

/* Neither are they. */
static void other_descriptors(long fd)
{
    enum { F_SETFL = 16 };

    FAILS(B_FILE_ERROR, fsync, fd);
    FAILS(B_FILE_ERROR, flock, fd, LOCK_EX);
    FAILS(B_FILE_ERROR, lock_node, fd);
    FAILS(B_FILE_ERROR, unlock_node, fd);
    FAILS(B_FILE_ERROR, preallocate, fd, 0LL, 1LL);
    FAILS(B_UNSUPPORTED, read_stat, fd, (void *)0, 0, &stat, sizeof(stat));
    FAILS(B_UNSUPPORTED, write_stat, fd, (void *)0, 0, &stat, sizeof(stat), 0);
    FAILS(B_BAD_VALUE, fcntl, fd, F_SETLK, buffer);
    FAILS(B_UNSUPPORTED, fcntl, fd, F_SETFL, O_NONBLOCK);
    FAILS(B_UNSUPPORTED, ioctl, fd, FIONBIO, buffer, 4);
    FAILS(ENOTTY, ioctl, fd, FIONREAD, buffer, 4);
    FAILS(ESPIPE, seek, fd, 0LL, SEEK_SET);
    FAILS(B_BAD_VALUE, read, fd, 0LL, buffer, 4);
    FAILS(B_FILE_ERROR, read_link, fd, (void *)0, buffer, buffer);
    FAILS(B_FILE_ERROR, setcwd, fd, (void *)0);
    FAILS(B_FILE_ERROR, open_dir, fd, (void *)0);
    FAILS(B_FILE_ERROR, open_attr_dir, fd, (void *)0, 0);
    FAILS(B_FILE_ERROR, read_attr, fd, "x", 0LL, buffer, 4);
    FAILS(B_FILE_ERROR, remove_attr, fd, "x");
    sys(SYS_close, fd);
}

static void information(void)
{
    int32_t cookie = 0;

    FAILS(B_BAD_VALUE, get_next_fd_info, NO_ID, &cookie, buffer, 19);
    FAILS(B_BAD_TEAM_ID, get_next_fd_info, NO_ID, &cookie, buffer, 20);
    FAILS(B_BAD_TEAM_ID, get_next_fd_info, -1, &cookie, buffer, 20);
    FAILS(B_BAD_ADDRESS, get_next_fd_info, NO_ID, BAD_POINTER, buffer, 20);
    FAILS(B_BAD_ADDRESS, get_next_fd_info, NO_ID, &cookie, KERNEL_POINTER, 20);
    cookie = 5000;
    FAILS(B_ENTRY_NOT_FOUND, get_next_fd_info, 0, &cookie, buffer, 20);
    FAILS(B_BAD_VALUE, next_device, &cookie);
    FAILS(B_BAD_ADDRESS, next_device, BAD_POINTER);
    FAILS(B_BAD_VALUE, read_fs_info, 1, (void *)0);
    FAILS(B_BAD_VALUE, read_fs_info, NO_ID, buffer);
    FAILS(B_BAD_VALUE, read_fs_info, -1, buffer);
    FAILS(B_BAD_ADDRESS, read_fs_info, NO_ID, KERNEL_POINTER);
}

static void other_users(void)
{
    FAILS(B_NOT_ALLOWED, get_next_fd_info, NO_ID, BAD_POINTER, buffer, 1);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    make_descriptors();
    bad_descriptors();
    reading();
    writing();
    fifos();
    broken_pipe();
    positions();
    listings();
    requests();
    locks();
    whole_locks();
    devices();
    CHECK_STATUS(stat_of(file, &stat), HK_B_OK);
    device = stat.device;
    in_child(no_more);
    socket_descriptors();
    other_descriptors(sys(SYS_event_queue_create, 0));
    other_descriptors(sys(SYS_open_index_dir, device));
    information();
    as_user(other_users);
    print("errors checked\n");
    return 0;
}
