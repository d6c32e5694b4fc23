/* attributes.c -- the attributes of a file, errors included. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <file.h>

enum { STRING = 0x43535452, INT32 = 0x4c4f4e47 }; /* 'CSTR', 'LONG' */

static long file;

static long write_attr(const char *name, const char *text)
{
    return sys(SYS_write_attr, file, name, STRING, 0LL, text, strlen(text));
}

static void by_name(void)
{
    struct __attribute__((packed)) {
        uint32_t type;
        int64_t size;
    } info;
    char text[32] = "";

    CHECK_STATUS(write_attr("BEOS:TYPE", "text/plain"), 10);
    CHECK_STATUS(sys(SYS_read_attr, file, "BEOS:TYPE", 0LL, text, sizeof(text)),
                 10);
    CHECK(strcmp(text, "text/plain") == 0);
    CHECK_STATUS(sys(SYS_read_attr, file, "BEOS:TYPE", 5LL, text, 2), 2);
    CHECK(memcmp(text, "pl", 2) == 0);
    CHECK_STATUS(sys(SYS_stat_attr, file, "BEOS:TYPE", &info), HK_B_OK);
    CHECK(info.type == STRING && info.size == 10);
    CHECK_STATUS(write_attr("BEOS:TYPE", "a/b"), 3);
    CHECK_STATUS(sys(SYS_stat_attr, file, "BEOS:TYPE", &info), HK_B_OK);
    CHECK(info.size == 3);
    CHECK_STATUS(sys(SYS_read_attr, file, "none", 0LL, text, 1),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_read_attr, file, "BEOS:TYPE", 0LL, BAD_POINTER, 1),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_read_attr, 99, "BEOS:TYPE", 0LL, text, 1),
                 HK_B_FILE_ERROR);
    CHECK_STATUS(sys(SYS_write_attr, file, "x", STRING, 0LL, BAD_POINTER, 1),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_write_attr, 99, "x", STRING, 0LL, text, 1),
                 HK_B_FILE_ERROR);
    CHECK_STATUS(sys(SYS_stat_attr, file, "none", &info), HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_stat_attr, file, "BEOS:TYPE", BAD_POINTER),
                 HK_B_BAD_ADDRESS);
}

static void by_descriptor(void)
{
    char text[8] = "";
    struct stat stat;
    long attr =
        sys(SYS_open_attr, AT_FDCWD, "file", "number", INT32, O_RDWR | O_CREAT);

    CHECK(attr >= 0);
    CHECK_STATUS(sys(SYS_write, attr, NO_POSITION, "1234", 4), 4);
    CHECK_STATUS(sys(SYS_read, attr, 1LL, text, sizeof(text)), 3);
    CHECK(memcmp(text, "234", 3) == 0);
    CHECK_STATUS(stat_of(attr, &stat), HK_B_OK);
    CHECK(stat.size == 4 && stat.type == INT32);
    CHECK_STATUS(sys(SYS_close, attr), HK_B_OK);
    CHECK_STATUS(sys(SYS_open_attr, file, (void *)0, "none", INT32, O_RDONLY),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(
        sys(SYS_open_attr, AT_FDCWD, "nowhere", "number", INT32, O_RDONLY),
        HK_B_ENTRY_NOT_FOUND);
}

/* How many attributes the file has, by a listing. */
static int count(void)
{
    static char buffer[1024] __attribute__((aligned(8)));
    long directory = sys(SYS_open_attr_dir, AT_FDCWD, "file", 1);
    int found = 0;
    long result;

    CHECK(directory >= 0);
    while ((result = sys(SYS_read_dir, directory, buffer, sizeof(buffer), 1)) >
           0)
        found += (int)result;
    CHECK_STATUS(result, 0);
    sys(SYS_close, directory);
    return found;
}

static void names(void)
{
    int before = count();

    CHECK(before >= 2);
    CHECK_STATUS(sys(SYS_rename_attr, file, "number", file, "count"),
                 HK_B_NOT_SUPPORTED);
    CHECK(count() == before);
    CHECK_STATUS(sys(SYS_remove_attr, file, "number"), HK_B_OK);
    CHECK_STATUS(sys(SYS_remove_attr, file, "number"), HK_B_ENTRY_NOT_FOUND);
    CHECK(count() == before - 1);
    CHECK_STATUS(sys(SYS_open_attr_dir, AT_FDCWD, "nowhere", 1),
                 HK_B_ENTRY_NOT_FOUND);
}

int main(int argc, char **argv, char **environment)
{
    long status;

    (void)argc, (void)argv, (void)environment;
    file = sys(SYS_open, AT_FDCWD, "file", O_RDWR | O_CREAT, 0644);
    status = write_attr("probe", "x");
    if (status == HK_B_UNSUPPORTED) {
        static const char none[] =
            "attributes: the host's file system has none here\n";

        sys(SYS_write, 2, NO_POSITION, none, sizeof(none) - 1);
    } else {
        CHECK_STATUS(status, 1);
        by_name();
        by_descriptor();
        names();
    }
    print("attributes checked\n");
    return 0;
}
