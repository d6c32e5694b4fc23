/* directories.c -- entries, links, stat, deep trees and their errors. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <file.h>

enum { NAMES = 300, DEPTH = 200 };

static void number_name(char *to, unsigned number)
{
    to[0] = 'n';
    for (int i = 3; i > 0; i--) {
        to[i] = (char)('0' + number % 10);
        number /= 10;
    }
    to[4] = '\0';
}

static int seen[NAMES];

/* Each entry comes once, with . and .., however small the buffer. */
static int list(uint32_t size)
{
    static char buffer[4096] __attribute__((aligned(8)));
    long fd = sys(SYS_open_dir, AT_FDCWD, "many");
    int dots = 0, total = 0;
    long count;

    memset(seen, 0, sizeof(seen));
    while ((count = sys(SYS_read_dir, fd, buffer, size, 100)) > 0) {
        char *at = buffer;

        for (long i = 0; i < count; i++) {
            struct dirent *entry = (struct dirent *)(void *)at;

            if (entry->name[0] == '.')
                dots++;
            else
                seen[(entry->name[1] - '0') * 100 +
                     (entry->name[2] - '0') * 10 + (entry->name[3] - '0')]++;
            total++;
            at += entry->length;
        }
    }
    CHECK_STATUS(count, 0);
    CHECK(dots == 2);
    for (int i = 0; i < NAMES; i++)
        if (seen[i] != 1)
            printf("entry %d came %d times\n", i, seen[i]);
    CHECK_STATUS(sys(SYS_rewind_dir, fd), HK_B_OK);
    CHECK_STATUS(sys(SYS_rewind_dir, 99), HK_B_FILE_ERROR);
    CHECK(sys(SYS_read_dir, fd, buffer, size, 1) == 1);
    CHECK_STATUS(sys(SYS_read_dir, fd, buffer, 20, 1), HK_B_BUFFER_OVERFLOW);
    CHECK_STATUS(sys(SYS_close, fd), HK_B_OK);
    return total;
}

static void many(void)
{
    char name[5];
    long directory;

    CHECK_STATUS(sys(SYS_create_dir, AT_FDCWD, "many", 0755), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_dir, AT_FDCWD, "many", 0755), HK_B_FILE_EXISTS);
    directory = sys(SYS_open_dir, AT_FDCWD, "many");
    for (unsigned i = 0; i < NAMES; i++) {
        number_name(name, i);
        sys(SYS_close,
            sys(SYS_open, directory, name, O_WRONLY | O_CREAT, 0644));
    }
    CHECK_STATUS(list(4096), NAMES + 2);
    CHECK_STATUS(list(64), NAMES + 2);
    CHECK_STATUS(sys(SYS_remove_dir, AT_FDCWD, "many"),
                 HK_B_DIRECTORY_NOT_EMPTY);
    for (unsigned i = 0; i < NAMES; i++) {
        number_name(name, i);
        CHECK_STATUS(sys(SYS_unlink, directory, name), HK_B_OK);
    }
    sys(SYS_close, directory);
    CHECK_STATUS(sys(SYS_remove_dir, AT_FDCWD, "many"), HK_B_OK);
    CHECK_STATUS(sys(SYS_open_dir, AT_FDCWD, "many"), HK_B_ENTRY_NOT_FOUND);
}

static void links(void)
{
    struct stat stat;
    char target[32] = "";
    uint32_t size = sizeof(target);

    sys(SYS_close, sys(SYS_open, AT_FDCWD, "file", O_WRONLY | O_CREAT, 0640));
    CHECK_STATUS(sys(SYS_create_symlink, AT_FDCWD, "soft", "file", 0777),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_create_link, AT_FDCWD, "hard", AT_FDCWD, "file", 0),
                 HK_B_OK);
    CHECK_STATUS(read_stat("soft", 0, &stat), HK_B_OK);
    CHECK((stat.mode & 0170000) == 0120000);
    CHECK_STATUS(read_stat("soft", 1, &stat), HK_B_OK);
    CHECK((stat.mode & 0170777) == 0100640 && stat.links == 2);
    CHECK_STATUS(sys(SYS_read_link, AT_FDCWD, "soft", target, &size), HK_B_OK);
    CHECK(size == 4 && memcmp(target, "file", 4) == 0);
    size = 5000;
    CHECK_STATUS(sys(SYS_read_link, AT_FDCWD, "file", target, &size),
                 HK_B_BAD_VALUE);
    CHECK(size == 1024);
    size = 7;
    CHECK_STATUS(sys(SYS_read_link, AT_FDCWD, "none", target, &size),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK(size == 7);
    CHECK_STATUS(sys(SYS_create_symlink, AT_FDCWD, "soft", "file", 0777),
                 HK_B_FILE_EXISTS);
    CHECK_STATUS(sys(SYS_create_link, AT_FDCWD, "hard", AT_FDCWD, "file", 0),
                 HK_B_FILE_EXISTS);
    CHECK_STATUS(sys(SYS_unlink, AT_FDCWD, "none"), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_create_symlink, AT_FDCWD, "loop", "loop", 0777),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_open, AT_FDCWD, "loop", O_RDONLY, 0), HK_B_LINK_LIMIT);
    CHECK_STATUS(sys(SYS_rename, AT_FDCWD, "hard", AT_FDCWD, "moved"), HK_B_OK);
    CHECK_STATUS(read_stat("hard", 0, &stat), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(read_stat("moved", 0, &stat), HK_B_OK);
    CHECK_STATUS(read_stat(BAD_POINTER, 0, &stat), HK_B_BAD_ADDRESS);
    CHECK_STATUS(read_stat("file", 0, BAD_POINTER), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_rename, AT_FDCWD, "none", AT_FDCWD, "x"),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_access, AT_FDCWD, "file", 4, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_access, AT_FDCWD, "none", 4, 0), HK_B_ENTRY_NOT_FOUND);
}

/* Going down and up again; no path may be longer than 1023 bytes. */
static void deep(void)
{
    char start[1024], here[1024];

    CHECK_STATUS(sys(SYS_getcwd, start, sizeof(start)), HK_B_OK);
    for (int i = 0; i < DEPTH; i++) {
        CHECK_STATUS(sys(SYS_create_dir, AT_FDCWD, "d", 0755), HK_B_OK);
        CHECK_STATUS(sys(SYS_setcwd, AT_FDCWD, "d"), HK_B_OK);
    }
    CHECK_STATUS(sys(SYS_getcwd, here, sizeof(here)), HK_B_OK);
    CHECK(strlen(here) == strlen(start) + 2 * DEPTH);
    CHECK_STATUS(sys(SYS_getcwd, here, 10), HK_B_RESULT_NOT_REPRESENTABLE);
    for (int i = 0; i < DEPTH; i++) {
        CHECK_STATUS(sys(SYS_setcwd, AT_FDCWD, ".."), HK_B_OK);
        CHECK_STATUS(sys(SYS_remove_dir, AT_FDCWD, "d"), HK_B_OK);
    }
    CHECK_STATUS(sys(SYS_getcwd, here, sizeof(here)), HK_B_OK);
    CHECK(strcmp(here, start) == 0);
    CHECK_STATUS(sys(SYS_setcwd, AT_FDCWD, "file"), HK_B_NOT_A_DIRECTORY);
    CHECK_STATUS(sys(SYS_normalize_path, "./x/../file/.", 1, here),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_normalize_path, "soft", 1, here), HK_B_OK);
    CHECK(strcmp(here + strlen(here) - 5, "/file") == 0);
}

/* A volume is asked for a file, in whatever directory it is. */
static void query(void)
{
    static const char formula[] = "name==\"sought *\" && size==0";
    static char buffer[1024] __attribute__((aligned(8)));
    const struct dirent *entry = (const struct dirent *)(void *)buffer;
    struct stat stat;
    long fd;

    CHECK_STATUS(sys(SYS_create_dir, AT_FDCWD, "sought", 0755), HK_B_OK);
    sys(SYS_close, sys(SYS_open, AT_FDCWD, "sought/sought by this",
                       O_WRONLY | O_CREAT, 0644));
    CHECK_STATUS(read_stat("sought", 0, &stat), HK_B_OK);
    fd = sys(SYS_open_query, stat.device, formula, sizeof(formula) - 1, 0, -1,
             0);
    CHECK(fd >= 0);
    CHECK(sys(SYS_read_dir, fd, buffer, sizeof(buffer), 1) == 1);
    CHECK(strcmp(entry->name, "sought by this") == 0);
    CHECK_STATUS(sys(SYS_close, fd), HK_B_OK);
}

/* The guest sees its root and what is bound into it. */
static void outside(void)
{
    struct stat stat;

    CHECK_STATUS(read_stat("/etc/passwd", 1, &stat), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(read_stat("/proc/self/root", 1, &stat), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_create_symlink, AT_FDCWD, "out", "/etc/passwd", 0777),
                 HK_B_OK);
    CHECK_STATUS(read_stat("out", 1, &stat), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(read_stat("/../../../../../../../../etc/passwd", 1, &stat),
                 HK_B_ENTRY_NOT_FOUND);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    many();
    links();
    deep();
    query();
    outside();
    print("directories checked\n");
    return 0;
}
