/* files.c -- open, read, write, seek and their errors. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <file.h>

struct iovec {
    const void *base;
    uint32_t size;
};

static void read_and_write(void)
{
    char text[32] = "";
    long fd =
        sys(SYS_open, AT_FDCWD, "a file", O_RDWR | O_CREAT | O_EXCL, 0644);

    CHECK(fd >= 3);
    CHECK_STATUS(sys(SYS_write, fd, NO_POSITION, "hello world", 11), 11);
    CHECK(sys64(SYS_seek, fd, 6LL, SEEK_SET) == 6);
    CHECK_STATUS(sys(SYS_read, fd, NO_POSITION, text, sizeof(text)), 5);
    CHECK(strcmp(text, "world") == 0);
    CHECK_STATUS(sys(SYS_read, fd, NO_POSITION, text, sizeof(text)), 0);
    CHECK_STATUS(sys(SYS_read, fd, 2LL, text, 3), 3);
    CHECK(memcmp(text, "llo", 3) == 0);
    CHECK(sys64(SYS_seek, fd, 0LL, SEEK_CUR) == 11);
    CHECK_STATUS(sys(SYS_write, fd, 0LL, "J", 1), 1);
    CHECK(sys64(SYS_seek, fd, -11LL, SEEK_END) == 0);
    CHECK_STATUS(sys(SYS_read, fd, NO_POSITION, text, 5), 5);
    CHECK(memcmp(text, "Jello", 5) == 0);
    CHECK(sys64(SYS_seek, fd, -1LL, SEEK_SET) == HK_B_BAD_VALUE);
    CHECK(sys64(SYS_seek, 99, 0LL, SEEK_SET) == HK_B_FILE_ERROR);
    CHECK_STATUS(sys(SYS_fsync, fd), HK_B_OK);
    CHECK_STATUS(sys(SYS_close, fd), HK_B_OK);
    CHECK_STATUS(sys(SYS_close, fd), HK_B_FILE_ERROR);
}

static void vectors(void)
{
    char a[4] = "", b[8] = "";
    const struct iovec out[] = {{"one", 3}, {"", 0}, {"two", 3}};
    const struct iovec in[] = {{a, 2}, {b, 7}};
    long fd = sys(SYS_open, AT_FDCWD, "vectors", O_RDWR | O_CREAT, 0644);

    CHECK_STATUS(sys(SYS_writev, fd, NO_POSITION, out, 3), 6);
    CHECK_STATUS(sys(SYS_readv, fd, 0LL, in, 2), 6);
    CHECK(strcmp(a, "on") == 0 && strcmp(b, "etwo") == 0);
    CHECK_STATUS(sys(SYS_readv, fd, 0LL, BAD_POINTER, 2), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_writev, 99, NO_POSITION, out, 3), HK_B_FILE_ERROR);
    sys(SYS_close, fd);
}

static void open_errors(void)
{
    char name[2000];
    long fd;

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    CHECK_STATUS(sys(SYS_open, AT_FDCWD, "none", O_RDONLY, 0),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_open, AT_FDCWD, "", O_RDONLY, 0),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_open, AT_FDCWD, "a file/x", O_RDONLY, 0),
                 HK_B_NOT_A_DIRECTORY);
    CHECK_STATUS(
        sys(SYS_open, AT_FDCWD, "a file", O_RDWR | O_CREAT | O_EXCL, 0644),
        HK_B_FILE_EXISTS);
    CHECK_STATUS(sys(SYS_open, AT_FDCWD, name, O_RDONLY, 0),
                 HK_B_NAME_TOO_LONG);
    CHECK_STATUS(sys(SYS_open, AT_FDCWD, ".", O_RDWR, 0), HK_B_IS_A_DIRECTORY);
    CHECK_STATUS(sys(SYS_open, AT_FDCWD, BAD_POINTER, O_RDONLY, 0),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_open, AT_FDCWD, KERNEL_POINTER, O_RDONLY, 0),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_open, 99, "a file", O_RDONLY, 0), HK_B_FILE_ERROR);
    fd = sys(SYS_open, AT_FDCWD, "a file", O_RDONLY, 0);
    CHECK_STATUS(sys(SYS_write, fd, NO_POSITION, "x", 1), HK_B_FILE_ERROR);
    CHECK_STATUS(sys(SYS_read, fd, 0LL, BAD_POINTER, 4), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_read, fd, 0LL, KERNEL_POINTER, 4), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_read, 99, 0LL, name, 4), HK_B_FILE_ERROR);
    sys(SYS_close, fd);
}

/* Offsets beyond 4 GiB. */
static void large(void)
{
    const long long far = 5LL << 30;
    char byte = 0;
    long fd = sys(SYS_open, AT_FDCWD, "large", O_RDWR | O_CREAT, 0644);

    CHECK_STATUS(sys(SYS_write, fd, far, "z", 1), 1);
    CHECK(sys64(SYS_seek, fd, 0LL, SEEK_END) == far + 1);
    CHECK_STATUS(sys(SYS_read, fd, far, &byte, 1), 1);
    CHECK(byte == 'z');
    CHECK_STATUS(sys(SYS_read, fd, far - 1, &byte, 1), 1);
    CHECK(byte == 0);
    sys(SYS_close, fd);
    CHECK_STATUS(sys(SYS_unlink, AT_FDCWD, "large"), HK_B_OK);
}

static void appending(void)
{
    char text[16] = "";
    long fd = sys(SYS_open, AT_FDCWD, "log", O_RDWR | O_CREAT | O_APPEND, 0644);

    sys(SYS_write, fd, NO_POSITION, "one ", 4);
    sys64(SYS_seek, fd, 0LL, SEEK_SET);
    sys(SYS_write, fd, NO_POSITION, "two", 3);
    CHECK_STATUS(sys(SYS_read, fd, 0LL, text, sizeof(text)), 7);
    CHECK(strcmp(text, "one two") == 0);
    sys(SYS_close, fd);
    fd = sys(SYS_open, AT_FDCWD, "log", O_RDWR | O_TRUNC, 0);
    CHECK_STATUS(sys(SYS_read, fd, 0LL, text, sizeof(text)), 0);
    sys(SYS_close, fd);
}

static void descriptors(void)
{
    enum { DUPFD = 1, GETFD = 2, SETFD = 4, CLOEXEC = 1 };
    int32_t ends[2];
    char byte = 0;
    long fd = sys(SYS_open, AT_FDCWD, "a file", O_RDONLY, 0);
    long copy = sys(SYS_dup, fd);

    CHECK(copy > fd);
    sys64(SYS_seek, fd, 3LL, SEEK_SET);
    CHECK(sys64(SYS_seek, copy, 0LL, SEEK_CUR) == 3);
    CHECK_STATUS(sys(SYS_dup2, fd, 40), 40);
    CHECK_STATUS(sys(SYS_dup, 99), HK_B_FILE_ERROR);
    CHECK_STATUS(sys(SYS_dup2, 99, 5), HK_B_FILE_ERROR);
    CHECK(sys(SYS_fcntl, fd, DUPFD, 50) >= 50);
    CHECK_STATUS(sys(SYS_fcntl, fd, SETFD, CLOEXEC), HK_B_OK);
    CHECK_STATUS(sys(SYS_fcntl, fd, GETFD, 0), CLOEXEC);
    CHECK_STATUS(sys(SYS_fcntl, copy, GETFD, 0), 0);
    CHECK_STATUS(sys(SYS_create_pipe, ends), HK_B_OK);
    CHECK_STATUS(sys(SYS_write, ends[1], 0LL, "p", 1), 1);
    CHECK_STATUS(sys(SYS_read, ends[0], NO_POSITION, &byte, 1), 1);
    CHECK(byte == 'p');
    CHECK_STATUS(sys(SYS_create_pipe, BAD_POINTER), HK_B_BAD_ADDRESS);
    CHECK(sys64(SYS_seek, ends[0], 0LL, SEEK_CUR) < 0);
    for (long i = 3; i < 100; i++)
        sys(SYS_close, i);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    read_and_write();
    vectors();
    open_errors();
    large();
    appending();
    descriptors();
    print("files checked\n");
    return 0;
}
