/* r1beta6.c -- calls that no release before r1beta6 has, or with other
 * arguments. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

#include <file.h>

enum { F_GETFD = 2, F_GETFL = 8, FD_CLOEXEC = 1, FD_CLOFORK = 2 };
enum { O_CLOFORK = 0x400000, NO_FLAG = 0x10, FEW = 16, LIMIT_NOFILE = 4 };

/* haiku-abi/structs.md, "loadavg" */
struct loadavg {
    uint32_t average[3]; /* of 1, 5 and 15 minutes, times scale */
    int32_t scale;
};

static void load_averages(void)
{
    enum { SCALE = 65536, MOST = 10000 };
    struct loadavg load = {{~0u, ~0u, ~0u}, 0};

    CHECK_STATUS(sys(SYS_get_loadavg, &load, sizeof(load)), HK_B_OK);
    CHECK(load.scale == SCALE);
    for (int i = 0; i < 3; i++)
        CHECK(load.average[i] / SCALE < MOST);
    FAILS(B_BAD_VALUE, get_loadavg, &load, sizeof(load) - 1);
    FAILS(B_BAD_VALUE, get_loadavg, &load, sizeof(load) + 1);
    FAILS(B_BAD_ADDRESS, get_loadavg, BAD_POINTER, sizeof(load));
    FAILS(B_BAD_ADDRESS, get_loadavg, KERNEL_POINTER, sizeof(load));
    FAILS(B_BAD_ADDRESS, get_loadavg, KERNEL_POINTER, 1);
    FAILS(B_BAD_ADDRESS, get_loadavg, (void *)0, 1);
}

/* ---- users and groups: real, effective, saved ---- */

enum { SAME = -1, NOBODY = 4000 };

static void check_ids(int call, uint32_t real, uint32_t effective,
                      uint32_t saved)
{
    uint32_t ids[4] = {77, 77, 77, 77};

    CHECK_STATUS(sys(call, &ids[0], &ids[1], &ids[2]), HK_B_OK);
    CHECK_STATUS((long)ids[0], (long)real);
    CHECK_STATUS((long)ids[1], (long)effective);
    CHECK_STATUS((long)ids[2], (long)saved);
    CHECK_STATUS((long)ids[3], 77);
}

static void reading_ids(void)
{
    uint32_t id;

    check_ids(SYS_getresuid, 0, 0, 0);
    check_ids(SYS_getresgid, 0, 0, 0);
    CHECK_STATUS(sys(SYS_getresuid, (void *)0, (void *)0, (void *)0), HK_B_OK);
    CHECK_STATUS(sys(SYS_getresgid, (void *)0, (void *)0, (void *)0), HK_B_OK);
    FAILS(B_BAD_ADDRESS, getresuid, BAD_POINTER, &id, &id);
    FAILS(B_BAD_ADDRESS, getresuid, &id, KERNEL_POINTER, &id);
    FAILS(B_BAD_ADDRESS, getresuid, &id, &id, BAD_POINTER);
    FAILS(B_BAD_ADDRESS, getresgid, KERNEL_POINTER, &id, &id);
    FAILS(B_BAD_ADDRESS, getresgid, &id, BAD_POINTER, &id);
    FAILS(B_BAD_ADDRESS, getresgid, &id, &id, KERNEL_POINTER);
}

/* A new real id is the saved one as well. Who is not privileged goes to and
 * fro among its own ids. */
static void becoming_user(void)
{
    CHECK_STATUS(sys(SYS_setresgid, SAME, 6, 7, 0), HK_B_OK);
    check_ids(SYS_getresgid, 0, 6, 7);
    CHECK_STATUS(sys(SYS_setresgid, 5, 6, 7, 0), HK_B_OK);
    check_ids(SYS_getresgid, 5, 6, 5);
    CHECK_STATUS(sys(SYS_setresuid, SAME, 6, 7, 0), HK_B_OK);
    check_ids(SYS_getresuid, 0, 6, 7);
    FAILS(B_NOT_ALLOWED, setresgid, NOBODY, SAME, SAME, 0);
    FAILS(B_NOT_ALLOWED, setresgid, SAME, NOBODY, SAME, 0);
    CHECK_STATUS(sys(SYS_setresgid, SAME, 5, NOBODY, 0), HK_B_OK);
    check_ids(SYS_getresgid, 5, 5, 5);
    FAILS(B_NOT_ALLOWED, setresuid, NOBODY, SAME, SAME, 0);
    FAILS(B_NOT_ALLOWED, setresuid, SAME, NOBODY, SAME, 0);
    FAILS(B_NOT_ALLOWED, setresuid, SAME, SAME, NOBODY, 0);
    FAILS(B_NOT_ALLOWED, setresuid, NOBODY, SAME, SAME, 1);
    check_ids(SYS_getresuid, 0, 6, 7);
    CHECK_STATUS(sys(SYS_setresuid, 7, SAME, SAME, 1), HK_B_OK);
    check_ids(SYS_getresuid, 0, 7, 7);
    CHECK_STATUS(sys(SYS_setresuid, SAME, 0, 0, 0), HK_B_OK);
    check_ids(SYS_getresuid, 0, 0, 0);
    CHECK_STATUS(sys(SYS_setresuid, 9, SAME, SAME, 1), HK_B_OK);
    check_ids(SYS_getresuid, 9, 9, 9);
}

/* ---- descriptors ---- */

static void check_flags(long fd, long flags)
{
    CHECK_STATUS(sys(SYS_fcntl, fd, F_GETFD, 0), flags);
}

static void pipes(void)
{
    int32_t ends[3] = {-1, -1, 77};
    char byte;

    CHECK_STATUS(sys(SYS_create_pipe__r1beta6, ends, 0), HK_B_OK);
    for (int i = 0; i < 2; i++) {
        check_flags(ends[i], 0);
        CHECK_STATUS(sys(SYS_fcntl, ends[i], F_GETFL, 0) & O_NONBLOCK, 0);
        sys(SYS_close, ends[i]);
    }
    CHECK_STATUS(
        sys(SYS_create_pipe__r1beta6, ends, O_NONBLOCK | O_CLOEXEC | O_CLOFORK),
        HK_B_OK);
    CHECK_STATUS(ends[2], 77);
    for (int i = 0; i < 2; i++)
        check_flags(ends[i], FD_CLOEXEC | FD_CLOFORK);
    FAILS(B_WOULD_BLOCK, read, ends[0], NO_POSITION, &byte, 1);
    sys(SYS_close, ends[0]);
    sys(SYS_close, ends[1]);
    FAILS(B_BAD_VALUE, create_pipe__r1beta6, ends, NO_FLAG);
    FAILS(B_BAD_VALUE, create_pipe__r1beta6, BAD_POINTER, NO_FLAG);
    FAILS(B_BAD_ADDRESS, create_pipe__r1beta6, BAD_POINTER, 0);
    FAILS(B_BAD_ADDRESS, create_pipe__r1beta6, KERNEL_POINTER, 0);
    FAILS(B_BAD_ADDRESS, create_pipe__r1beta6, (void *)0, 0);
}

static void files(void)
{
    long file = sys(SYS_open, AT_FDCWD, "file", O_RDWR | O_CREAT, 0600);
    long socket = sys(SYS_socket, 9, 1, 0);

    CHECK(file >= 0 && socket >= 0);
    CHECK_STATUS(sys(SYS_fsync__r1beta6, file, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_fsync__r1beta6, file, 1), HK_B_OK);
    FAILS(B_FILE_ERROR, fsync__r1beta6, NO_FD, 0);
    FAILS(B_FILE_ERROR, fsync__r1beta6, -1, 1);
    FAILS(B_FILE_ERROR, fsync__r1beta6, socket, 0);
    CHECK_STATUS(sys(SYS_dup2__r1beta6, file, 20, 0), 20);
    check_flags(20, 0);
    CHECK_STATUS(sys(SYS_dup2__r1beta6, file, 20, O_CLOEXEC | O_CLOFORK), 20);
    check_flags(20, FD_CLOEXEC | FD_CLOFORK);
    check_flags(file, 0);
    FAILS(B_BAD_VALUE, dup2__r1beta6, file, 20, NO_FLAG);
    FAILS(B_BAD_VALUE, dup2__r1beta6, NO_FD, 20, NO_FLAG);
    FAILS(B_FILE_ERROR, dup2__r1beta6, -1, 20, NO_FLAG);
    FAILS(B_FILE_ERROR, dup2__r1beta6, file, -1, NO_FLAG);
    FAILS(B_FILE_ERROR, dup2__r1beta6, NO_FD, 20, 0);
    FAILS(B_FILE_ERROR, dup2__r1beta6, file, 100000, 0);
    sys(SYS_close, socket);
    sys(SYS_close, file);
}

static void ranges(void)
{
    enum { CLOSE_RANGE_CLOEXEC = 4 };

    for (int fd = 30; fd < 33; fd++)
        CHECK_STATUS(sys(SYS_dup2__r1beta6, 20, fd, 0), fd);
    CHECK_STATUS(sys(SYS_close_range, 31, ~0u, CLOSE_RANGE_CLOEXEC), HK_B_OK);
    for (int fd = 30; fd < 33; fd++)
        check_flags(fd, fd > 30 ? FD_CLOEXEC : 0);
    CHECK_STATUS(sys(SYS_close_range, 30, 31, 0), HK_B_OK);
    FAILS(B_FILE_ERROR, close, 30);
    FAILS(B_FILE_ERROR, close, 31);
    check_flags(32, FD_CLOEXEC);
    CHECK_STATUS(sys(SYS_close_range, 20, ~0u, 0), HK_B_OK);
    FAILS(B_FILE_ERROR, close, 32);
    FAILS(B_BAD_VALUE, close_range, 5, 4, 0);
    FAILS(B_BAD_VALUE, close_range, 20, 21, 1);
}

/* ---- paths ---- */

enum { O_NOFOLLOW = 0x80000, O_DIRECTORY = 0x200000, TYPE = 0x43535452 };

static const long cwd = AT_FDCWD;
static char buffer[65536];

static void nodes(void)
{
    CHECK_STATUS(sys(SYS_create_dir, cwd, "directory/", 0700), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_dir, cwd, "other//", 0700), HK_B_OK);
    CHECK_STATUS(sys(SYS_remove_dir, cwd, "other/"), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_symlink, cwd, "link", "file", 0), HK_B_OK);
}

/* A path that ends in slashes is a directory's, and the entry is its ".". */
static void slashes(void)
{
    struct stat stat;

    CHECK_STATUS(read_stat("directory//", 1, &stat), HK_B_OK);
    CHECK((stat.mode & S_IFMT) == S_IFDIR);
    CHECK_STATUS(sys(SYS_normalize_path, "directory/", 1, buffer), HK_B_OK);
    CHECK(strcmp(buffer + strlen(buffer) - 10, "/directory") == 0);
    FAILS(B_NOT_A_DIRECTORY, read_stat, cwd, "file/", 1, &stat, sizeof(stat));
    FAILS(B_NOT_A_DIRECTORY, read_stat, cwd, "link/", 0, &stat, sizeof(stat));
    FAILS(B_NOT_A_DIRECTORY, access, cwd, "file/", 0, 0);
    FAILS(B_NOT_A_DIRECTORY, normalize_path, "file/", 1, buffer);
    FAILS(B_NOT_A_DIRECTORY, open, cwd, "file/", O_RDONLY, 0);
    FAILS(B_NOT_A_DIRECTORY, open, cwd, "file/", O_RDWR, 0);
    FAILS(B_IS_A_DIRECTORY, open, cwd, "file/", O_RDWR | O_CREAT, 0600);
    FAILS(B_IS_A_DIRECTORY, open, cwd, "directory/", O_RDONLY | O_CREAT, 0600);
    FAILS(B_ENTRY_NOT_FOUND, open, cwd, "none/", O_RDWR | O_CREAT, 0600);
    FAILS(B_NOT_A_DIRECTORY, open, cwd, "file/x/", O_RDWR | O_CREAT, 0600);
    FAILS(B_NOT_ALLOWED, unlink, cwd, "directory/");
    FAILS(B_ENTRY_NOT_FOUND, unlink, cwd, "none/");
    FAILS(B_BAD_VALUE, rename, cwd, "directory/", cwd, "new");
    FAILS(B_ENTRY_NOT_FOUND, rename, cwd, "directory", cwd, "new/");
    FAILS(B_FILE_EXISTS, create_symlink, cwd, "directory/", "to", 0);
    FAILS(B_ENTRY_NOT_FOUND, create_symlink, cwd, "none/", "to", 0);
    FAILS(B_ENTRY_NOT_FOUND, create_fifo, cwd, "none/", 0600);
    FAILS(B_ENTRY_NOT_FOUND, create_link, cwd, "none/", cwd, "file", 0);
}

/* The kernel looks at them, not the file system. */
static void modes(void)
{
    FAILS(B_BAD_VALUE, open, cwd, "file", O_RDONLY | O_TRUNC, 0);
    FAILS(B_BAD_VALUE, open, cwd, "link", O_RDONLY | O_TRUNC | O_NOFOLLOW, 0);
    FAILS(B_BAD_VALUE, open, cwd, "directory", O_RDWR | O_WRONLY, 0);
    FAILS(B_BAD_VALUE, open, cwd, "/dev/null", O_RDONLY | O_TRUNC, 0);
    FAILS(B_ENTRY_NOT_FOUND, open, cwd, "none", O_RDWR | O_WRONLY, 0);
    FAILS(B_LINK_LIMIT, open, cwd, "link", O_RDONLY | O_NOFOLLOW | O_DIRECTORY,
          0);
    FAILS(B_IS_A_DIRECTORY, open, cwd, "directory", O_RDONLY | O_CREAT, 0600);
    FAILS(B_IS_A_DIRECTORY, open, cwd, "directory",
          O_RDONLY | O_CREAT | O_DIRECTORY, 0600);
    FAILS(B_IS_A_DIRECTORY, open, cwd, ".", O_RDONLY | O_CREAT, 0600);
    FAILS(B_NOT_A_DIRECTORY, open, cwd, "file",
          O_RDONLY | O_CREAT | O_DIRECTORY, 0600);
    FAILS(B_FILE_EXISTS, open, cwd, "directory", O_RDONLY | O_CREAT | O_EXCL,
          0600);
    FAILS(B_BAD_VALUE, open_attr, cwd, "file", "x", TYPE, O_RDONLY | O_TRUNC);
    FAILS(B_BAD_VALUE, open_attr, cwd, "file", "x", TYPE, O_RDWR | O_WRONLY);
    FAILS(B_NOT_A_DIRECTORY, open_attr, cwd, "file", "x", TYPE,
          O_RDONLY | O_DIRECTORY);
}

/* No more of a directory is read at once than fits two pages. */
static void listing(void)
{
    enum { COUNT = 40, LENGTH = 250 };
    char name[LENGTH + 1] = "";
    long fd = sys(SYS_open_dir, cwd, "directory");
    long count;

    memset(name, 'n', LENGTH);
    for (int i = 0; i < COUNT; i++) {
        name[0] = (char)('A' + i);
        sys(SYS_close, sys(SYS_open, fd, name, O_RDWR | O_CREAT, 0600));
    }
    count = sys(SYS_read_dir, fd, buffer, sizeof(buffer), 2 * COUNT);
    CHECK(count > 0 && count < COUNT);
}

/* ---- sockets ---- */

enum { AF_UNIX = 9, SOCK_STREAM = 1, SOCK_DGRAM = 2, NONBLOCK = 0x40000 };
enum { CLOEXEC = 0x80000, CLOFORK = 0x100000 };

static const uint8_t socket_at[32] = {32, AF_UNIX, 's', 'o', 'c', 'k'};

static void accepting(void)
{
    uint8_t address[32];
    uint32_t length = sizeof(address);
    long listening = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    long client = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    long datagrams = sys(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
    long file = sys(SYS_open, AT_FDCWD, "file", O_RDWR, 0);
    long server;

    FAILS(B_BAD_VALUE, accept__r1beta6, listening, address, &length, 0);
    CHECK_STATUS(sys(SYS_bind, listening, socket_at, 32), HK_B_OK);
    CHECK_STATUS(sys(SYS_listen, listening, 2), HK_B_OK);
    CHECK_STATUS(sys(SYS_connect, client, socket_at, 32), HK_B_OK);
    server = sys(SYS_accept__r1beta6, listening, address, &length,
                 NONBLOCK | CLOEXEC | CLOFORK);
    CHECK(server >= 0 && address[1] == AF_UNIX);
    check_flags(server, FD_CLOEXEC | FD_CLOFORK);
    FAILS(B_WOULD_BLOCK, recv, server, address, 1, 0);
    FAILS(B_WOULD_BLOCK, recvfrom, server, (void *)0, 0, 0, address, &length);
    FAILS(B_WOULD_BLOCK, recvfrom, server, address, 1, 0, KERNEL_POINTER,
          &length);
    FAILS(B_BAD_VALUE, accept__r1beta6, listening, address, &length, 1);
    FAILS(B_BAD_VALUE, accept__r1beta6, NO_FD, address, (void *)0, 1);
    FAILS(B_BAD_ADDRESS, accept__r1beta6, NO_FD, address, BAD_POINTER, 1);
    FAILS(B_FILE_ERROR, accept__r1beta6, NO_FD, address, &length, 1);
    FAILS(ENOTSOCK, accept__r1beta6, file, address, &length, 1);
    FAILS(B_NOT_SUPPORTED, accept__r1beta6, datagrams, address, &length, 0);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, accept__r1beta6, listening, address, &length, 0);
    interrupt_no_more();
    sys(SYS_close, client);
    client = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    CHECK_STATUS(sys(SYS_connect, client, socket_at, 32), HK_B_OK);
    /* Who cannot be told has lost the connection. */
    FAILS(B_BAD_ADDRESS, accept__r1beta6, listening, KERNEL_POINTER, &length,
          0);
    sys(SYS_close, client);
    client = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    CHECK_STATUS(sys(SYS_connect, client, socket_at, 32), HK_B_OK);
    FAILS(B_BAD_ADDRESS, accept__r1beta6, listening, BAD_POINTER, &length, 0);
    CHECK_STATUS(sys(SYS_fcntl, listening, 16, O_NONBLOCK), HK_B_OK);
    FAILS(B_WOULD_BLOCK, accept__r1beta6, listening, address, &length, 0);
}

/* A descriptor that comes through a socket has the flags that are asked for. */
static void receiving(void)
{
    enum { SOL_SOCKET = -1, SCM_RIGHTS = 1, CMSG_CLOEXEC = 0x1000 };
    enum { CMSG_CLOFORK = 0x2000 };
    struct {
        uint32_t length;
        int32_t level, type, fd;
    } rights = {16, SOL_SOCKET, SCM_RIGHTS, 1};
    char byte = 'x';
    struct {
        void *base;
        uint32_t length;
    } vector = {&byte, 1};
    struct {
        void *name;
        uint32_t name_length;
        void *vectors;
        int32_t vector_count;
        void *control;
        uint32_t control_length;
        int32_t flags;
    } message = {0, 0, &vector, 1, &rights, 16, 0};
    int32_t ends[2];

    CHECK_STATUS(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends), HK_B_OK);
    CHECK_STATUS(sys(SYS_sendmsg, ends[0], &message, 0), 1);
    CHECK_STATUS(
        sys(SYS_recvmsg, ends[1], &message, CMSG_CLOEXEC | CMSG_CLOFORK), 1);
    check_flags(rights.fd, FD_CLOEXEC | FD_CLOFORK);
    sys(SYS_close, rights.fd);
    sys(SYS_close, ends[0]);
    sys(SYS_close, ends[1]);
}

static void datagrams(void)
{
    enum { AF_INET = 1, SHUT_RD = 0, SHUT_WR = 1, NO_HOW = 3 };
    static const uint8_t here[32] = {32, AF_INET, 0, 0, 127, 0, 0, 1};
    static const uint8_t all[32] = {32, AF_INET, 0, 7, 255, 255, 255, 255};
    const struct sigaction ignore = {.handler = (void *)1};
    long socket = sys(SYS_socket, AF_INET, SOCK_DGRAM, 0);
    char byte = 'x';

    CHECK_STATUS(sys(SYS_sigaction, 7, &ignore, (void *)0), HK_B_OK);
    FAILS(EADDRNOTAVAIL, connect, socket, all, 32);
    FAILS(ENOTCONN, shutdown_socket, socket, SHUT_WR);
    FAILS(B_BAD_VALUE, shutdown_socket, socket, NO_HOW);
    sys(SYS_close, socket);
    socket = sys(SYS_socket, AF_INET, SOCK_DGRAM, 0);
    CHECK_STATUS(sys(SYS_bind, socket, here, 32), HK_B_OK);
    CHECK_STATUS(sys(SYS_shutdown_socket, socket, SHUT_WR), HK_B_OK);
    FAILS(B_BUSTED_PIPE, sendto, socket, &byte, 1, 0, all, 32);
    CHECK_STATUS(sys(SYS_shutdown_socket, socket, SHUT_RD), HK_B_OK);
    CHECK_STATUS(sys(SYS_recv, socket, &byte, 1, 0), 0);
    sys(SYS_close, socket);
}

/* No more descriptors than a team may have. */
static void full_table(void)
{
    const uint32_t few[2] = {FEW, 0xffffffff};
    int32_t ends[2];

    CHECK_STATUS(sys(SYS_close_range, 3, ~0u, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_setrlimit, LIMIT_NOFILE, few), HK_B_OK);
    while (sys(SYS_dup, 0) >= 0)
        continue;
    FAILS(B_NO_MORE_FDS, create_pipe__r1beta6, ends, 0);
}

/* ---- semaphores ---- */

static void semaphores(void)
{
    CHECK(sys(SYS_create_sem, 0, "empty") > 0);
    FAILS(B_BAD_VALUE, create_sem, -1, "below");
    FAILS(B_BAD_ADDRESS, create_sem, -1, BAD_POINTER);
}

/* ---- events ---- */

struct event {
    int32_t object;
    uint16_t type, padding;
    int32_t events;
    void *data;
};

/* Who selects is told what there can be; and a set may have places for more
 * descriptors than there may be. */
static void events(void)
{
    enum { SEM = 1, READ = 1, WRITE = 2, PAGE = 4096, SET_SIZE = 1024 };
    long queue = sys(SYS_event_queue_create, O_CLOEXEC | O_CLOFORK);
    struct event event = {0, SEM, 0, READ | WRITE, 0}, *page = 0;
    uint32_t set[SET_SIZE / 32] = {0};

    check_flags(queue, FD_CLOEXEC | FD_CLOFORK);
    event.object = (int32_t)sys(SYS_create_sem, 0, "selected");
    CHECK(sys(SYS_create_area, "page", &page, ANY_ADDRESS, PAGE, 0,
              READ_AREA | WRITE_AREA) > 0);
    *page = event;
    CHECK_STATUS(sys(SYS_event_queue_select, queue, &event, 1), HK_B_OK);
    CHECK_STATUS(event.events, READ);
    event.object = NO_ID;
    FAILS(B_ERROR, event_queue_select, queue, &event, 1);
    CHECK_STATUS(event.events, HK_B_BAD_SEM_ID);
    sys(SYS_set_memory_protection, page, PAGE, READ_AREA);
    FAILS(B_BAD_ADDRESS, event_queue_select, queue, page, 1);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, event_queue_wait, queue, &event, 1, 0, 1LL);
    interrupt_no_more();
    sys(SYS_close, queue);
    CHECK_STATUS(
        sys(SYS_select, SET_SIZE, set, (void *)0, (void *)0, 0LL, (void *)0),
        0);
    FAILS(B_BAD_VALUE, select, SET_SIZE + 1, set, (void *)0, (void *)0, 0LL,
          (void *)0);
}

/* ---- areas ---- */

enum { PAGE = 4096, RW = READ_AREA | WRITE_AREA, CLONEABLE = 0x100 };
enum { STACK = 8, SHARED = 0, PRIVATE = 1, NO_LOCK = 0 };

static char *const place = (char *)0x20000000;
static long area, readable;
static uint32_t info[18]; /* haiku-abi/structs.md, "area_info" */

static long create(void *address, uint32_t spec, uint32_t protection)
{
    return sys(SYS_create_area, "area", address, spec, 2 * PAGE, NO_LOCK,
               protection);
}

static uint32_t told_protection(long id)
{
    CHECK_STATUS(sys(SYS_get_area_info, id, info), HK_B_OK);
    return info[11];
}

/* The parent's areas. */
static void others_areas(void)
{
    void *address = 0;

    FAILS(B_NOT_ALLOWED, resize_area, area, PAGE);
    FAILS(B_NOT_ALLOWED, resize_area, area, 2 * PAGE);
    FAILS(B_NOT_ALLOWED, transfer_area, area, &address, ANY_ADDRESS, 0);
    FAILS(B_NOT_ALLOWED, clone_area, "x", &address, ANY_ADDRESS, RW, readable);
    CHECK(sys(SYS_clone_area, "x", &address, ANY_ADDRESS, READ_AREA, readable) >
          0);
    FAILS(B_NOT_ALLOWED, set_memory_protection, address, PAGE, RW);
}

static long parent;

/* A user is told of its own teams' areas alone. */
static void a_users_areas(void)
{
    uint32_t protection = 0, lock = 0;
    int32_t cookie = 0;
    void *address = 0;
    long own;

    CHECK_STATUS(sys(SYS_setresuid, 9, 9, 9, 0), HK_B_OK);
    own = create(&address, ANY_ADDRESS, RW);
    CHECK(own > 0);
    CHECK_STATUS(told_protection(own), 3);
    CHECK_STATUS(sys(SYS_get_next_area_info, 0, &cookie, info), HK_B_OK);
    CHECK((info[11] & 0xf0) == 0);
    CHECK_STATUS(sys(SYS_get_memory_properties, sys(SYS_get_current_team),
                     address, &protection, &lock),
                 HK_B_OK);
    CHECK_STATUS(protection, 0x33);
    FAILS(B_NOT_ALLOWED, get_area_info, area, info);
    cookie = 0;
    FAILS(B_NOT_ALLOWED, get_next_area_info, parent, &cookie, info);
    CHECK_STATUS(cookie, 0);
    FAILS(B_NOT_ALLOWED, get_memory_properties, parent, address, &protection,
          &lock);
    FAILS(B_NOT_ALLOWED, get_memory_properties, NO_ID, address, &protection,
          &lock);
    FAILS(B_BAD_TEAM_ID, get_memory_properties, 0, address, &protection, &lock);
}

static void mapping(void)
{
    long file = sys(SYS_open, AT_FDCWD, "mapped", O_RDWR | O_CREAT, 0600);
    void *address = 0;

    CHECK_STATUS(sys(SYS_write, file, 0LL, info, sizeof(info)), sizeof(info));
    FAILS(B_BAD_VALUE, map_file, "x", &address, ANY_ADDRESS, PAGE, READ_AREA,
          SHARED, 0, NO_FD, 1LL);
    FAILS(B_BAD_VALUE, map_file, "x", &address, ANY_ADDRESS, PAGE, READ_AREA,
          PRIVATE, 0, -1, 1LL);
    FAILS(B_FILE_ERROR, map_file, "x", &address, ANY_ADDRESS, PAGE, READ_AREA,
          SHARED, 0, NO_FD, 0LL);
    FAILS(B_BAD_VALUE, map_file, "x", &address, ANY_ADDRESS, 2 * PAGE,
          READ_AREA, SHARED, 0, file, 0LL);
    FAILS(B_BAD_VALUE, map_file, "x", &address, ANY_ADDRESS, PAGE, READ_AREA,
          SHARED, 0, file, PAGE + 0LL);
    CHECK(sys(SYS_map_file, "x", &address, ANY_ADDRESS, 2 * PAGE, READ_AREA,
              PRIVATE, 0, file, 0LL) > 0);
    address = place;
    CHECK(sys(SYS_map_file, "x", &address, EXACT_ADDRESS, PAGE, RW, SHARED, 0,
              file, 0LL) > 0);
    /* All is wired first. */
    FAILS(B_BAD_ADDRESS, mlock, place, 2 * PAGE);
    FAILS(B_BAD_VALUE, mlock, place, PAGE);
    CHECK_STATUS(sys(SYS_unmap_memory, place, PAGE), HK_B_OK);
    sys(SYS_close, file);
}

static void changing_areas(void)
{
    void *address = place, *range = place + 2 * PAGE;
    void *user_thread;
    long id = create(&address, EXACT_ADDRESS, RW), kernels;
    uint32_t kernels_protection;

    CHECK_STATUS(
        sys(SYS_reserve_address_range, &range, EXACT_ADDRESS, 2 * PAGE),
        HK_B_OK);
    CHECK_STATUS(sys(SYS_resize_area, id, 4 * PAGE), HK_B_OK);
    CHECK_STATUS(sys(SYS_resize_area, id, PAGE), HK_B_OK);
    FAILS(B_BAD_VALUE, set_memory_protection, address, PAGE, STACK);
    CHECK_STATUS(sys(SYS_set_area_protection, id, STACK), HK_B_OK);
    FAILS(B_PERMISSION_DENIED, mlock, address, PAGE);
    CHECK_STATUS(sys(SYS_set_area_protection, id, READ_AREA), HK_B_OK);
    CHECK_STATUS(sys(SYS_mlock, address, PAGE), HK_B_OK);
    __asm__("movl %%fs:16, %0" : "=r"(user_thread));
    kernels = sys(SYS_area_for, user_thread);
    kernels_protection = told_protection(kernels);
    FAILS(B_NOT_ALLOWED, transfer_area, kernels, &address, ANY_ADDRESS, 0);
    CHECK_STATUS(told_protection(kernels), kernels_protection);
    CHECK_STATUS(sys(SYS_delete_area, id), HK_B_OK);
}

static void areas(void)
{
    void *address = 0;

    parent = sys(SYS_get_current_team);
    area = create(&address, ANY_ADDRESS, RW);
    readable = create(&address, ANY_ADDRESS, READ_AREA | CLONEABLE);
    CHECK(area > 0 && readable > 0);
    in_child(others_areas);
    in_child(a_users_areas);
    mapping();
    changing_areas();
}

/* ---- clocks ---- */

static void clocks(void)
{
    enum { TEAM = 1, THREAD = 2, OF_THREAD = 0x80000000 };
    long self = this_thread(), team = sys(SYS_get_current_team);
    int32_t clock = -1;
    int64_t time = -1;

    CHECK_STATUS(sys(SYS_get_cpuclockid, self, THREAD, &clock), HK_B_OK);
    CHECK_STATUS(clock, (long)((uint32_t)self | OF_THREAD));
    CHECK_STATUS(sys(SYS_get_clock, clock, &time), HK_B_OK);
    CHECK(time >= 0);
    CHECK_STATUS(sys(SYS_get_cpuclockid, team, TEAM, &clock), HK_B_OK);
    CHECK_STATUS(clock, team);
    CHECK_STATUS(sys(SYS_get_clock, clock, &time), HK_B_OK);
    CHECK_STATUS(sys(SYS_get_cpuclockid, 0, TEAM, &clock), HK_B_OK);
    CHECK_STATUS(clock, 0);
    CHECK_STATUS(sys(SYS_get_cpuclockid, KERNEL_TEAM, TEAM, &clock), HK_B_OK);
    FAILS(B_NOT_ALLOWED, get_clock, clock, &time);
    CHECK_STATUS(sys(SYS_get_cpuclockid, team, TEAM, (void *)0), HK_B_OK);
    FAILS(B_BAD_VALUE, get_cpuclockid, 0, THREAD, &clock);
    FAILS(B_BAD_VALUE, get_cpuclockid, team, 0, &clock);
    FAILS(B_BAD_VALUE, get_cpuclockid, team, 3, BAD_POINTER);
    FAILS(B_BAD_VALUE, get_cpuclockid, NO_ID, TEAM, &clock);
    FAILS(B_BAD_VALUE, get_cpuclockid, NO_ID, THREAD, &clock);
    FAILS(B_BAD_VALUE, get_cpuclockid, -1, TEAM, &clock);
    FAILS(B_BAD_VALUE, get_cpuclockid, -1, THREAD, &clock);
    FAILS(B_BAD_ADDRESS, get_cpuclockid, team, TEAM, BAD_POINTER);
    FAILS(B_BAD_ADDRESS, get_cpuclockid, self, THREAD, KERNEL_POINTER);
}

/* ---- teams ---- */

enum { GROUP = 2, BASIC = 1, MASK_SIZE = 8, SIZE_OF_ALL = 24 };

static long self, other; /* other: a child */
static uint8_t mask[SIZE_OF_ALL], message[1024];
static uint32_t needed;

static void leading(void)
{
    CHECK(sys(SYS_setsid) > 0);
    FAILS(B_NOT_ALLOWED, setpgid, 0, 0);
    FAILS(ESRCH, setpgid, self, 0);
}

/* A child's child is moved as well. */
static void groups(void)
{
    struct siginfo info;
    int32_t ends[2], grandchild;
    long child;

    CHECK_STATUS(sys(SYS_create_pipe__r1beta6, ends, 0), HK_B_OK);
    child = fork_team();
    if (child == 0) {
        grandchild = (int32_t)new_sleeper();
        sys(SYS_write, ends[1], NO_POSITION, &grandchild, 4);
        sys(SYS_wait_for_child, grandchild, EXITED, &info, (void *)0);
        guest_exit(0);
    }
    CHECK_STATUS(sys(SYS_read, ends[0], NO_POSITION, &grandchild, 4), 4);
    CHECK_STATUS(sys(SYS_setpgid, grandchild, 0), grandchild);
    CHECK_STATUS(sys(SYS_process_info, grandchild, GROUP), grandchild);
    CHECK_STATUS(sys(SYS_kill_team, grandchild), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    sys(SYS_close, ends[0]);
    sys(SYS_close, ends[1]);
    in_child(leading);
}

static void as_other_user(void)
{
    CHECK_STATUS(sys(SYS_setresuid, NOBODY, NOBODY, NOBODY, 0), HK_B_OK);
    FAILS(B_NOT_ALLOWED, get_extended_team_info, other, 0, message,
          sizeof(message), &needed);
    FAILS(B_NOT_ALLOWED, get_thread_affinity, other, mask, MASK_SIZE);
    memset(mask, 0xff, sizeof(mask));
    FAILS(B_NOT_ALLOWED, set_thread_affinity, other, mask, MASK_SIZE);
}

static void affinity(void)
{
    memset(mask, 0xff, sizeof(mask));
    CHECK_STATUS(sys(SYS_set_thread_affinity, 0, mask, MASK_SIZE), HK_B_OK);
    CHECK_STATUS(sys(SYS_get_thread_affinity, 0, mask, SIZE_OF_ALL - 1),
                 HK_B_OK);
    CHECK(mask[0] != 0 && mask[MASK_SIZE] == 0);
    CHECK(mask[SIZE_OF_ALL - 2] == 0 && mask[SIZE_OF_ALL - 1] == 0xff);
    FAILS(B_BAD_VALUE, get_thread_affinity, 0, mask, MASK_SIZE - 1);
    FAILS(B_BAD_ADDRESS, get_thread_affinity, 0, mask, 0x7fffffff);
    memset(mask, 0, sizeof(mask));
    FAILS(B_BAD_VALUE, set_thread_affinity, 0, mask, MASK_SIZE);
}

static void information(void)
{
    static uint8_t system[452];
    int64_t version;

    FAILS(B_BAD_TEAM_ID, get_extended_team_info, NO_ID, 0, message,
          sizeof(message), &needed);
    CHECK_STATUS(sys(SYS_get_extended_team_info, other, BASIC, message,
                     sizeof(message), &needed),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_get_system_info, system), HK_B_OK);
    memcpy(&version, system + 440, sizeof(version));
    CHECK(version == 0xa00);
    FAILS(B_BAD_THREAD_ID, create_timer, 0, other, 0, (void *)0, (void *)0);
}

static int sleeps(void *unused, void *unused_too)
{
    (void)unused, (void)unused_too;
    for (;;)
        snooze(1000000);
    return 0;
}

static int runs(void *unused, void *unused_too)
{
    (void)unused, (void)unused_too;
    for (;;)
        __asm__ volatile("");
    return 0;
}

/* The new program has the main thread alone. */
static void executing(const char *program)
{
    struct siginfo info;
    struct flat flat;
    long child = fork_team();

    if (child == 0) {
        sys(SYS_resume_thread, spawn_thread("sleeps", sleeps, 0, 0));
        sys(SYS_resume_thread, spawn_thread("runs", runs, 0, 0));
        spawn_thread("suspended", runs, 0, 0);
        flatten(&flat, program, "executed");
        sys(SYS_exec, program, &flat, sizeof(flat), 2, 1, 022);
        guest_exit(1);
    }
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == CLD_EXITED);
    CHECK_STATUS(info.status, 44);
}

static int executed(void)
{
    struct thread_info info;
    int32_t cookie = 0;
    int count = 0;

    while (sys(SYS_get_next_thread_info, 0, &cookie, &info) == HK_B_OK)
        count++;
    return count == 1 ? 44 : 1;
}

int main(int argc, char **argv, char **environment)
{
    (void)environment;
    if (argc > 1)
        return executed();
    self = sys(SYS_get_current_team);
    other = new_sleeper();
    groups();
    affinity();
    information();
    in_child(as_other_user);
    executing(argv[0]);
    end_sleeper(other);
    load_averages();
    reading_ids();
    in_child(becoming_user);
    pipes();
    files();
    ranges();
    nodes();
    slashes();
    modes();
    listing();
    accepting();
    receiving();
    datagrams();
    semaphores();
    events();
    areas();
    clocks();
    in_child(full_table);
    print("release checked\n");
    return 0;
}
