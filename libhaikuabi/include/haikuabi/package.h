/* package.h -- reads and makes Haiku's packages (HPKG, version 2). */
/* SPDX-License-Identifier: MIT */
#ifndef HAIKUABI_PACKAGE_H
#define HAIKUABI_PACKAGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A package is a tree of attributes for its files (the TOC), another one for
 * what the package says of itself, and a heap that holds the content of files,
 * compressed in chunks. Opening reads both trees; content is read when asked
 * for. Source: haiku-abi/hpkg.md. Functions may be called from any thread.
 */
struct hk_package;

/* Results below zero. X(NAME, value, text). */
#define HK_PACKAGE_ERRORS(X)                                                   \
    X(NOMEM, -1, "out of memory")                                              \
    X(IO, -2, "cannot be read or written")                                     \
    X(FORMAT, -3, "is no package of version 2")                                \
    X(DAMAGED, -4, "is damaged")                                               \
    X(LIMIT, -5, "is beyond a limit of this reader")                           \
    X(EXISTS, -6, "is in the way")                                             \
    X(INPUT, -7, "cannot be used")                                             \
    X(MISSING, -8, "is not there")

enum hk_package_error {
#define X(name, value, text) HK_PACKAGE_ERR_##name = (value),
    HK_PACKAGE_ERRORS(X)
#undef X
};

/* What is wrong, and where: a line without newline. */
struct hk_package_fault {
    char text[1536]; /* a path and more */
};

/* Attribute ids and their types. X(NAME, id, TYPE, "name of the format"). */
#define HK_PACKAGE_IDS(X)                                                      \
    X(ENTRY, 0, STRING, "dir:entry")                                           \
    X(FILE_TYPE, 1, UINT, "file:type")                                         \
    X(PERMISSIONS, 2, UINT, "file:permissions")                                \
    X(USER, 3, STRING, "file:user")                                            \
    X(GROUP, 4, STRING, "file:group")                                          \
    X(ATIME, 5, UINT, "file:atime")                                            \
    X(MTIME, 6, UINT, "file:mtime")                                            \
    X(CRTIME, 7, UINT, "file:crtime")                                          \
    X(ATIME_NANOS, 8, UINT, "file:atime:nanos")                                \
    X(MTIME_NANOS, 9, UINT, "file:mtime:nanos")                                \
    X(CRTIME_NANOS, 10, UINT, "file:crtime:nanos")                             \
    X(ATTRIBUTE, 11, STRING, "file:attribute")                                 \
    X(ATTRIBUTE_TYPE, 12, UINT, "file:attribute:type")                         \
    X(DATA, 13, RAW, "data")                                                   \
    X(SYMLINK, 14, STRING, "symlink:path")                                     \
    X(NAME, 15, STRING, "package:name")                                        \
    X(SUMMARY, 16, STRING, "package:summary")                                  \
    X(DESCRIPTION, 17, STRING, "package:description")                          \
    X(VENDOR, 18, STRING, "package:vendor")                                    \
    X(PACKAGER, 19, STRING, "package:packager")                                \
    X(FLAGS, 20, UINT, "package:flags")                                        \
    X(ARCHITECTURE, 21, UINT, "package:architecture")                          \
    X(VERSION_MAJOR, 22, STRING, "package:version.major")                      \
    X(VERSION_MINOR, 23, STRING, "package:version.minor")                      \
    X(VERSION_MICRO, 24, STRING, "package:version.micro")                      \
    X(VERSION_REVISION, 25, UINT, "package:version.revision")                  \
    X(COPYRIGHT, 26, STRING, "package:copyright")                              \
    X(LICENSE, 27, STRING, "package:license")                                  \
    X(PROVIDES, 28, STRING, "package:provides")                                \
    X(REQUIRES, 29, STRING, "package:requires")                                \
    X(SUPPLEMENTS, 30, STRING, "package:supplements")                          \
    X(CONFLICTS, 31, STRING, "package:conflicts")                              \
    X(FRESHENS, 32, STRING, "package:freshens")                                \
    X(REPLACES, 33, STRING, "package:replaces")                                \
    X(OPERATOR, 34, UINT, "package:resolvable.operator")                       \
    X(CHECKSUM, 35, STRING, "package:checksum")                                \
    X(VERSION_PRERELEASE, 36, STRING, "package:version.prerelease")            \
    X(COMPATIBLE, 37, STRING, "package:provides.compatible")                   \
    X(URL, 38, STRING, "package:url")                                          \
    X(SOURCE_URL, 39, STRING, "package:source-url")                            \
    X(INSTALL_PATH, 40, STRING, "package:install-path")                        \
    X(BASE_PACKAGE, 41, STRING, "package:base-package")                        \
    X(WRITABLE_FILE, 42, STRING, "package:global-writable-file")               \
    X(SETTINGS_FILE, 43, STRING, "package:user-settings-file")                 \
    X(UPDATE_TYPE, 44, UINT, "package:writable-file-update-type")              \
    X(SETTINGS_TEMPLATE, 45, STRING, "package:settings-file-template")         \
    X(PACKAGE_USER, 46, STRING, "package:user")                                \
    X(USER_REAL_NAME, 47, STRING, "package:user.real-name")                    \
    X(USER_HOME, 48, STRING, "package:user.home")                              \
    X(USER_SHELL, 49, STRING, "package:user.shell")                            \
    X(USER_GROUP, 50, STRING, "package:user.group")                            \
    X(PACKAGE_GROUP, 51, STRING, "package:group")                              \
    X(POST_INSTALL, 52, STRING, "package:post-install-script")                 \
    X(IS_DIRECTORY, 53, UINT, "package:is-writable-directory")                 \
    X(PACKAGE, 54, STRING, "package")                                          \
    X(PRE_UNINSTALL, 55, STRING, "package:pre-uninstall-script")

enum hk_package_id {
#define X(name, id, type, text) HK_PACKAGE_##name = (id),
    HK_PACKAGE_IDS(X)
#undef X
};

/* "package:name"; NULL for an id that this version does not know. */
const char *hk_package_id_name(unsigned id);

enum hk_package_type {
    HK_PACKAGE_INT = 1,
    HK_PACKAGE_UINT = 2,
    HK_PACKAGE_STRING = 3,
    HK_PACKAGE_RAW = 4
};

/* Content: size bytes, in the attribute itself or from an offset of the
 * uncompressed heap on. */
struct hk_package_data {
    uint64_t size;
    uint64_t offset;
    uint8_t is_inline;
    uint8_t bytes[8];
};

/* Attributes are known by index; 0 is none. Children are a list. */
struct hk_package_attribute {
    uint8_t id;   /* enum hk_package_id, or one it does not have, < 128 */
    uint8_t type; /* enum hk_package_type */
    uint32_t child, next;
    union {
        uint64_t number; /* INT and UINT */
        const char *string;
        struct hk_package_data data;
    } value;
};

/*
 * Opens a package, and takes the descriptor over on success. 0 or
 * HK_PACKAGE_ERR_*; fault may be NULL. Both trees are checked: types, names of
 * entries, ranges of the heap. Limits: 1 Mi attributes, 256 levels, sections
 * of 64 MiB and 1 MiB.
 */
int hk_package_open(int fd, struct hk_package **package,
                    struct hk_package_fault *fault);
void hk_package_close(struct hk_package *package);

/* The first attribute of either tree; 0: it is empty. */
uint32_t hk_package_toc(const struct hk_package *package);
uint32_t hk_package_info(const struct hk_package *package);

/* NULL for index 0. Lives as long as the package. */
const struct hk_package_attribute *
hk_package_at(const struct hk_package *package, uint32_t index);

/* The first attribute of an id in a list; 0: none. */
uint32_t hk_package_find(const struct hk_package *package, uint32_t first,
                         enum hk_package_id id);

/* The entry at a path ("lib/libroot.so") of the TOC; 0: none. */
uint32_t hk_package_find_entry(const struct hk_package *package,
                               const char *path);

enum hk_package_file_type {
    HK_PACKAGE_FILE,
    HK_PACKAGE_DIRECTORY,
    HK_PACKAGE_LINK
};

/* What an entry's children say, with the format's defaults. */
struct hk_package_file {
    const char *name;
    enum hk_package_file_type type;
    uint16_t permissions; /* 07777 */
    int64_t mtime;        /* seconds */
    uint32_t mtime_nanos; /* below 10^9 */
    const char *target;   /* of a link */
    struct hk_package_data data;
};

void hk_package_get_file(const struct hk_package *package, uint32_t entry,
                         struct hk_package_file *file);

/*
 * Reads content: size bytes from offset on, fewer at its end. Their count, or
 * HK_PACKAGE_ERR_*.
 */
int64_t hk_package_read(struct hk_package *package,
                        const struct hk_package_data *data, uint64_t offset,
                        void *to, size_t size, struct hk_package_fault *fault);

/* Reads everything that is in it: 0 or HK_PACKAGE_ERR_*. */
int hk_package_verify(struct hk_package *package,
                      struct hk_package_fault *fault);

/* "bash-5.2.026-1": name and version[~prerelease][-revision] of the package,
 * or of a list with VERSION_MAJOR in it, in size bytes; cut when too long. */
void hk_package_version(const struct hk_package *package, uint32_t first,
                        char *text, size_t size);

/* The same of the oldest version that one is compatible with. */
void hk_package_compatible(const struct hk_package *package, uint32_t first,
                           char *text, size_t size);

/* "x86_gcc2"; NULL for a number that is none. */
const char *hk_package_architecture(uint64_t number);

/*
 * Writes the entries into a host directory, attributes as libhaikuabi finds
 * them there. Symbolic links below the directory are not followed. Files that
 * exist are replaced by newer ones only, as Haiku shows the newer of two;
 * another kind of file in the way is HK_PACKAGE_ERR_EXISTS. A file is whole
 * when it appears; set-id bits stay away. attributes: a directory for those
 * that the host's files cannot keep, as hk_config.attributes_directory, or
 * NULL; without_attributes (may be NULL) counts files with some that are lost.
 */
int hk_package_extract(struct hk_package *package, int directory,
                       const char *attributes, uint64_t *without_attributes,
                       struct hk_package_fault *fault);

enum hk_package_compression {
    HK_PACKAGE_STORED = 0,
    HK_PACKAGE_ZLIB = 1,
    HK_PACKAGE_ZSTD = 2
};

struct hk_root;

/* What a package is made of. */
struct hk_package_source {
    int directory;
    const char *info;           /* instead of its .PackageInfo, or NULL */
    const char *attributes;     /* as hk_package_extract's, or NULL */
    const struct hk_root *root; /* in whose layer the directory is, or NULL */
};

/*
 * Makes a package of what is in a host directory: files, directories and
 * symbolic links with permissions, times of modification and attributes as
 * libhaikuabi keeps them, entries in the order of their names' bytes. What the
 * package says of itself is read from .PackageInfo in the directory, or from
 * a text like that. Contents that are still to come from a root's packages are
 * brought: without the root a file that waits for its content is
 * HK_PACKAGE_ERR_INPUT. to: an empty file, open for writing.
 * The same files make the same bytes. 0 or HK_PACKAGE_ERR_*: INPUT for a
 * .PackageInfo that lacks something or is wrong, and for files that a package
 * cannot have; what has been written then is of no use. fault may be NULL.
 */
int hk_package_create(const struct hk_package_source *source, int to,
                      enum hk_package_compression compression,
                      struct hk_package_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
