/* package_fuzz.c -- any bytes as a package. */
/* SPDX-License-Identifier: MIT */
#include <haikuabi/package.h>

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void read_all(struct hk_package *package)
{
    uint8_t buffer[512];
    struct hk_package_file file;
    const struct hk_package_attribute *at;
    char version[64];

    hk_package_verify(package, NULL);
    hk_package_version(package, hk_package_info(package), version,
                       sizeof(version));
    for (uint32_t i = 1; (at = hk_package_at(package, i)) != NULL; i++) {
        if (at->id != HK_PACKAGE_ENTRY)
            continue;
        hk_package_get_file(package, i, &file);
        hk_package_find_entry(package, file.name);
        hk_package_read(package, &file.data, file.data.size / 2, buffer,
                        sizeof(buffer), NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct hk_package *package;
    int fd = memfd_create("package", MFD_CLOEXEC);

    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    if (hk_package_open(fd, &package, NULL) < 0) {
        close(fd);
        return 0;
    }
    read_all(package);
    hk_package_close(package);
    return 0;
}
