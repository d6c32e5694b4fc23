/* package_write_fuzz.c -- any text as a .PackageInfo, and a file with it. */
/* SPDX-License-Identifier: MIT */
#include <haikuabi/package.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A directory with one file, which holds the input. */
static int make_directory(const uint8_t *bytes, size_t size)
{
    const char *parent = getenv("TEST_TMPDIR");
    char path[4096];
    int directory, file;

    snprintf(path, sizeof(path), "%s/fuzz.XXXXXX",
             parent != NULL ? parent : "/tmp");
    if (mkdtemp(path) == NULL)
        abort();
    directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    file = openat(directory, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0 || write(file, bytes, size) != (ssize_t)size)
        abort();
    close(file);
    return directory;
}

static void remove_directory(int directory)
{
    char path[64], name[4096];
    ssize_t length;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", directory);
    length = readlink(path, name, sizeof(name) - 1);
    unlinkat(directory, "f", 0);
    close(directory);
    if (length < 0)
        abort();
    name[length] = '\0';
    rmdir(name);
}

/* What has been made is a package, with a name and the file. */
static void read_back(int fd, const uint8_t *bytes, size_t size)
{
    struct hk_package *package;
    struct hk_package_file file;
    uint8_t *content = malloc(size + 1);
    uint32_t info, entry;

    if (content == NULL || hk_package_open(fd, &package, NULL) < 0 ||
        hk_package_verify(package, NULL) < 0)
        abort();
    info = hk_package_info(package);
    entry = hk_package_find_entry(package, "f");
    if (hk_package_find(package, info, HK_PACKAGE_NAME) == 0 || entry == 0)
        abort();
    hk_package_get_file(package, entry, &file);
    if (hk_package_read(package, &file.data, 0, content, size + 1, NULL) !=
            (int64_t)size ||
        memcmp(content, bytes, size) != 0)
        abort();
    hk_package_close(package);
    free(content);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = malloc(size + 1);
    int directory = make_directory(bytes, size);
    int fd = memfd_create("package", MFD_CLOEXEC);

    if (text == NULL || fd < 0)
        abort();
    memcpy(text, bytes, size);
    text[size] = '\0';
    if (hk_package_create(
            &(struct hk_package_source){.directory = directory, .info = text},
            fd, (enum hk_package_compression)(size % 3), NULL) == 0)
        read_back(fd, bytes, size);
    else
        close(fd);
    remove_directory(directory);
    free(text);
    return 0;
}
