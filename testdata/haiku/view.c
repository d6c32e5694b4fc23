/* view.c -- what a team sees of the host: words say what to try. */
/* SPDX-License-Identifier: MIT */
#include <file.h>
#include <guest.h>

enum { INET = 1, INET6 = 5, LOCAL = 9, STREAM = 1 };

static void show_directory(void)
{
    char path[1024] = "";
    long status = sys(SYS_getcwd, path, sizeof(path));

    printf("in %s\n", status == HK_B_OK ? path : status_name(status));
}

static void show_file(const char *path)
{
    char text[64] = "";
    long fd = sys(SYS_open, AT_FDCWD, path, O_RDONLY, 0);
    long size = sys(SYS_read, fd, 0LL, text, sizeof(text) - 1);

    printf("%s: %s\n", path, fd < 0 ? status_name(fd) : text);
    if (size >= 0)
        sys(SYS_close, fd);
}

static void make_file(const char *path)
{
    long fd = sys(SYS_open, AT_FDCWD, path, O_WRONLY | O_CREAT, 0644);

    if (fd >= 0)
        fd = sys(SYS_write, fd, 0LL, "made", 4) == 4 ? HK_B_OK : HK_B_ERROR;
    print_status(path, fd);
}

static void make_socket(const char *name, int family)
{
    long fd = sys(SYS_socket, family, STREAM, 0);

    print_status(name, fd >= 0 ? HK_B_OK : fd);
}

static void show_volume(const char *path)
{
    struct {
        int32_t device;
        int64_t root;
        char rest[468];
    } __attribute__((packed)) info;
    struct stat stat;

    _Static_assert(sizeof(info) == 480, "fs_info");
    if (read_stat(path, 1, &stat) != HK_B_OK ||
        sys(SYS_read_fs_info, stat.device, &info) != HK_B_OK)
        return;
    printf("%s: %d, %s%s\n", path, stat.device, (char *)&info + 448,
           info.root == stat.node ? ", where it begins" : "");
}

/* "from>to" */
static void move(char *words)
{
    char *to = words;

    while (*to != '>')
        to++;
    *to++ = '\0';
    print_status(words, sys(SYS_rename, AT_FDCWD, words, AT_FDCWD, to));
}

static int has(const char *word, char wanted)
{
    while (*word != '\0' && *word != wanted)
        word++;
    return *word != '\0';
}

int main(int argc, char **argv, char **environment)
{
    (void)environment;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "pwd") == 0)
            show_directory();
        else if (strcmp(argv[i], "sockets") == 0)
            make_socket("inet", INET), make_socket("inet6", INET6),
                make_socket("local", LOCAL);
        else if (argv[i][0] == '+')
            make_file(argv[i] + 1);
        else if (argv[i][0] == '@')
            show_volume(argv[i] + 1);
        else if (has(argv[i], '>'))
            move(argv[i]);
        else
            show_file(argv[i]);
    }
    return 0;
}
