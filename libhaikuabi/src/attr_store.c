/* attr_store.c -- attributes that the host's files cannot keep. */
/* SPDX-License-Identifier: MIT */
#include "attr_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "attr_keys.h"
#include "attr_name.h"
#include "bytes.h"
#include "host_open.h"

enum { TYPE_SIZE = 4, HANDLE_MAX = 64 };

/* A store that was not there is not looked for again for as long, but by who
 * makes it and those who forked with it: what another process keeps of a file
 * that is removed before is left over, as when the host's programs remove it.
 */
enum { ABSENT_MS = 100, NOT_ABSENT = 1 };

struct hk_attr_store {
    char *path;
    struct hk_attr_keys *keys;
    atomic_llong *absent_until; /* in ms; forks share it */
};

static void *map_shared(size_t size)
{
    void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return mapped == MAP_FAILED ? NULL : mapped;
}

int hk_attr_store_new(const char *path, struct hk_attr_store **store)
{
    struct hk_attr_store *made;

    *store = NULL;
    if (path == NULL)
        return 0;
    made = calloc(1, sizeof(*made));
    if (made != NULL) {
        made->path = strdup(path);
        made->keys = hk_attr_keys_new();
        made->absent_until = map_shared(sizeof(*made->absent_until));
    }
    if (made == NULL || made->path == NULL || made->keys == NULL ||
        made->absent_until == NULL) {
        hk_attr_store_free(made);
        return ENOMEM;
    }
    *store = made;
    return 0;
}

void hk_attr_store_free(struct hk_attr_store *store)
{
    if (store == NULL)
        return;
    hk_attr_keys_free(store->keys);
    if (store->absent_until != NULL)
        munmap(store->absent_until, sizeof(*store->absent_until));
    free(store->path);
    free(store);
}

const char *hk_attr_store_path(const struct hk_attr_store *store)
{
    return store->path;
}

/* ---- names ---- */

/* What tells a file from one that gets its inode's number later: the host's
 * handle of it, or when it was made. */
struct identity {
    int kind;
    unsigned size;
    uint8_t bytes[HANDLE_MAX];
};

/* Of a descriptor's file, whose name is "", or of an entry of a directory. */
static int identify(int at, const char *name, struct identity *id)
{
    enum { HANDLE_FID = 0x200, NO_HANDLE = -1 };
    const int flags = name[0] == '\0' ? AT_EMPTY_PATH : 0;
    struct {
        struct file_handle head;
        uint8_t bytes[HANDLE_MAX];
    } handle = {.head = {.handle_bytes = HANDLE_MAX}};
    int mount;
    struct statx info;

    if (name_to_handle_at(at, name, &handle.head, &mount, flags) == 0 ||
        name_to_handle_at(at, name, &handle.head, &mount, flags | HANDLE_FID) ==
            0) {
        id->size = handle.head.handle_bytes;
        id->kind = handle.head.handle_type;
        memcpy(id->bytes, handle.head.f_handle, id->size);
        return 0;
    }
    if (statx(at, name, flags | AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME,
              &info) != 0)
        return errno;
    if (!(info.stx_mask & STATX_BTIME))
        return EOPNOTSUPP;
    hk_put64(id->bytes, info.stx_ino);
    hk_put64(id->bytes + 8, (uint64_t)info.stx_btime.tv_sec);
    hk_put32(id->bytes + 16, info.stx_btime.tv_nsec);
    id->size = 20;
    id->kind = NO_HANDLE;
    return 0;
}

/* The part of a file's key that is not its file system's. */
enum { OWN_SIZE = 9 + 2 * HANDLE_MAX + 1 };

static int own_of(int at, const char *name, char own[OWN_SIZE])
{
    struct identity id = {0};
    int error = identify(at, name, &id);
    int length;

    if (error != 0)
        return error;
    length = snprintf(own, OWN_SIZE, "%x-", (unsigned)id.kind);
    for (unsigned i = 0; i < id.size; i++) {
        own[length++] = "0123456789abcdef"[id.bytes[i] >> 4];
        own[length++] = "0123456789abcdef"[id.bytes[i] & 15];
    }
    own[length] = '\0';
    return 0;
}

static int put_key(int at, const char own[OWN_SIZE], char key[HK_ATTR_KEY_SIZE])
{
    _Static_assert(17 + (int)OWN_SIZE <= (int)HK_ATTR_KEY_SIZE, "room");
    struct statfs system;

    if (fstatfs(at, &system) != 0)
        return errno;
    snprintf(key, HK_ATTR_KEY_SIZE, "%08x%08x-%s",
             (unsigned)system.f_fsid.__val[0], (unsigned)system.f_fsid.__val[1],
             own);
    return 0;
}

int hk_attr_store_key(int fd, char key[HK_ATTR_KEY_SIZE])
{
    char own[OWN_SIZE];
    int error = own_of(fd, "", own);

    return error != 0 ? error : put_key(fd, own, key);
}

enum sort { ATTRIBUTE, OWN /* see hk_attr_store_read_own */ };

/* The name of a value's file: a dot at the beginning is escaped as well, since
 * what begins with one is no attribute. */
static int to_file_name(enum sort sort, const char *name,
                        char file[NAME_MAX + 1])
{
    size_t dot = sort == OWN || name[0] == '.';

    if (dot)
        file[0] = sort == OWN ? '.' : '%';
    return hk_attr_name_escape(name, file + dot, NAME_MAX - dot);
}

/* The size of a name with its NUL; 0 for what is no attribute's file. */
static size_t from_file_name(const char *file, char *name)
{
    return file[0] == '.' ? 0 : hk_attr_name_unescape(file, name);
}

/* The path of a value below the store: "KEY/NAME". */
enum { PLACE_SIZE = HK_ATTR_KEY_SIZE + NAME_MAX + 2 };

static int place_of(int fd, enum sort sort, const char *name,
                    char place[PLACE_SIZE], size_t *key_length)
{
    int error = hk_attr_store_key(fd, place);

    if (error != 0)
        return error;
    *key_length = strlen(place);
    place[*key_length] = '/';
    return to_file_name(sort, name, place + *key_length + 1);
}

/* ---- the directory ---- */

static int open_store(const struct hk_attr_store *store)
{
    return open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* With all above it that are missing. */
static int make_store(const struct hk_attr_store *store)
{
    char path[PATH_MAX];
    size_t length = strlen(store->path);

    if (length >= sizeof(path))
        return ENAMETOOLONG;
    for (size_t i = 1; i <= length; i++) {
        if (store->path[i] != '/' && i < length)
            continue;
        memcpy(path, store->path, i);
        path[i] = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return errno;
    }
    return 0;
}

/* A descriptor of the directory by which writers take turns, or -1. Closing it
 * ends the turn. */
static int lock_store(const struct hk_attr_store *store, int is_made)
{
    int fd = open_store(store);

    if (fd < 0 && errno == ENOENT && is_made) {
        int error = make_store(store);

        atomic_store(store->absent_until, NOT_ABSENT);
        errno = error;
        fd = error == 0 ? open_store(store) : -1;
    }
    return hk_host_lock_file(fd);
}

/* ---- attributes of the store alone ---- */

static int read_whole(int fd, uint8_t **bytes, size_t *size)
{
    struct stat info;
    size_t done = 0;

    if (fstat(fd, &info) != 0)
        return errno;
    if (info.st_size < TYPE_SIZE ||
        (uint64_t)info.st_size > TYPE_SIZE + (uint64_t)HK_ATTR_MAX)
        return EIO;
    *size = (size_t)info.st_size;
    *bytes = malloc(*size);
    if (*bytes == NULL)
        return ENOMEM;
    while (done < *size) {
        ssize_t got = read(fd, *bytes + done, *size - done);

        if (got <= 0) {
            free(*bytes);
            return EIO;
        }
        done += (size_t)got;
    }
    return 0;
}

/* From a file, which is closed; -1: there is none. */
static int take_value(int file, struct hk_attr_value *value)
{
    size_t size = 0;
    uint8_t *bytes = NULL;
    int error;

    if (file < 0)
        return ENODATA;
    error = read_whole(file, &bytes, &size);
    close(file);
    if (error != 0)
        return error;
    value->type = hk_get32(bytes);
    value->size = (uint32_t)size - TYPE_SIZE;
    memmove(bytes, bytes + TYPE_SIZE, value->size);
    bytes[value->size] = '\0';
    value->bytes = bytes;
    return 0;
}

static int store_read(const struct hk_attr_store *store, int fd,
                      const char *name, struct hk_attr_value *value)
{
    int directory = open_store(store);
    char place[PLACE_SIZE];
    size_t length;
    int file = -1;

    if (directory >= 0 && place_of(fd, ATTRIBUTE, name, place, &length) == 0)
        file = openat(directory, place, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (directory >= 0)
        close(directory);
    return take_value(file, value);
}

static int write_bytes(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t got = write(fd, bytes, size);

        if (got < 0)
            return errno;
        bytes += got;
        size -= (size_t)got;
    }
    return 0;
}

static int write_whole(int fd, const struct hk_attr_value *value)
{
    uint8_t type[TYPE_SIZE];
    int error;

    hk_put32(type, value->type);
    error = write_bytes(fd, type, sizeof(type));
    return error != 0 ? error : write_bytes(fd, value->bytes, value->size);
}

/* It is written beside the others, and takes its place as a whole. */
static int put(int directory, char place[PLACE_SIZE], size_t key_length,
               const struct hk_attr_value *value)
{
    static const char new_name[] = ".new";
    int fd =
        openat(directory, new_name,
               O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int error = fd < 0 ? errno : write_whole(fd, value);

    if (fd >= 0 && close(fd) != 0 && error == 0)
        error = errno;
    if (error == 0) {
        place[key_length] = '\0';
        if (mkdirat(directory, place, 0700) != 0 && errno != EEXIST)
            error = errno;
        place[key_length] = '/';
    }
    if (error == 0 && renameat(directory, new_name, directory, place) != 0)
        error = errno;
    if (error != 0)
        unlinkat(directory, new_name, 0);
    return error;
}

static int store_write(const struct hk_attr_store *store, int fd,
                       enum sort sort, const char *name,
                       const struct hk_attr_value *value)
{
    char place[PLACE_SIZE];
    size_t length;
    int error = place_of(fd, sort, name, place, &length);
    int directory;

    if (error != 0)
        return error;
    directory = lock_store(store, 1);
    if (directory < 0)
        return errno;
    error = put(directory, place, length, value);
    hk_host_unlock_file(directory);
    return error;
}

static int store_remove(const struct hk_attr_store *store, int fd,
                        enum sort sort, const char *name)
{
    int directory = lock_store(store, 0);
    char place[PLACE_SIZE];
    size_t length;
    int error = ENODATA;

    if (directory < 0)
        return ENODATA;
    if (place_of(fd, sort, name, place, &length) == 0 &&
        unlinkat(directory, place, 0) == 0) {
        error = 0;
        place[length] = '\0';
        unlinkat(directory, place, AT_REMOVEDIR); /* the last one's */
    }
    hk_host_unlock_file(directory);
    return error;
}

/* ---- both ---- */

/* Whether the host says that it cannot keep an attribute. */
static int is_refused(int error)
{
    return error == EOPNOTSUPP || error == ENOSPC || error == E2BIG ||
           error == ERANGE || error == ENAMETOOLONG || error == EDQUOT;
}

static int is_missing(int error)
{
    return error == ENODATA || error == EOPNOTSUPP || error == ENAMETOOLONG;
}

int hk_attr_read(const struct hk_attr_store *store, int fd, const char *name,
                 struct hk_attr_value *value)
{
    int error = hk_host_attr_read(fd, name, value);

    if (store == NULL || !is_missing(error))
        return error;
    return store_read(store, fd, name, value);
}

/* Who watches a file is told by the host that it has changed: its mode was set,
 * or its owner where that is a symlink, to what it is. That another changes it
 * in between would be undone: it is one's own file. */
static void announce(int fd)
{
    char path[HK_FD_PATH_SIZE];
    struct stat info;

    if (fstat(fd, &info) != 0 || info.st_uid != geteuid())
        return;
    hk_host_fd_path(fd, path);
    if (S_ISLNK(info.st_mode))
        (void)!fchownat(fd, "", info.st_uid, (gid_t)-1, AT_EMPTY_PATH);
    else
        (void)!chmod(path, info.st_mode & 07777);
}

/* The host's is removed last, or the store's: what is read between is the old
 * value, or the new one. */
int hk_attr_write(const struct hk_attr_store *store, int fd, const char *name,
                  const struct hk_attr_value *value)
{
    int error = hk_host_attr_write(fd, name, value);

    if (store == NULL || (error != 0 && !is_refused(error)))
        return error;
    if (error == 0) {
        store_remove(store, fd, ATTRIBUTE, name);
        return 0;
    }
    if (faccessat(fd, "", W_OK, AT_EMPTY_PATH | AT_EACCESS) != 0)
        return errno;
    error = store_write(store, fd, ATTRIBUTE, name, value);
    if (error != 0)
        return error;
    if (hk_host_attr_remove(fd, name) != 0)
        announce(fd);
    return 0;
}

int hk_attr_remove(const struct hk_attr_store *store, int fd, const char *name)
{
    int kept = ENODATA;
    int error;

    if (store != NULL &&
        faccessat(fd, "", W_OK, AT_EMPTY_PATH | AT_EACCESS) == 0)
        kept = store_remove(store, fd, ATTRIBUTE, name);
    error = hk_host_attr_remove(fd, name);
    if (kept != 0)
        return store != NULL && is_missing(error) ? ENODATA : error;
    if (error != 0)
        announce(fd);
    return error == 0 || is_missing(error) ? 0 : error;
}

static int has_name(const char *names, size_t size, const char *name)
{
    for (size_t at = 0; at < size; at += strlen(names + at) + 1)
        if (strcmp(names + at, name) == 0)
            return 1;
    return 0;
}

/* Adds the names of a directory's files that are not there yet. */
static int add_names(DIR *stream, char **names, size_t *size)
{
    const struct dirent *entry;
    char name[NAME_MAX + 1];

    while ((entry = readdir(stream)) != NULL) {
        size_t more = from_file_name(entry->d_name, name);
        char *list;

        if (more == 0 || has_name(*names, *size, name))
            continue;
        list = realloc(*names, *size + more);
        if (list == NULL)
            return ENOMEM;
        memcpy(list + *size, name, more);
        *names = list;
        *size += more;
    }
    return 0;
}

static int add_kept(const struct hk_attr_store *store, int fd, char **names,
                    size_t *size)
{
    int directory = open_store(store);
    char key[HK_ATTR_KEY_SIZE];
    DIR *stream = NULL;
    int error = 0, own = -1;

    if (directory >= 0 && hk_attr_store_key(fd, key) == 0)
        own = openat(directory, key, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0)
        close(directory);
    if (own >= 0)
        stream = fdopendir(own);
    if (stream != NULL) {
        error = add_names(stream, names, size);
        closedir(stream);
    } else if (own >= 0) {
        close(own);
    }
    return error;
}

int hk_attr_list(const struct hk_attr_store *store, int fd, char **names,
                 size_t *size)
{
    int error = hk_host_attr_list(fd, names, size);

    if (store == NULL || (error != 0 && error != EOPNOTSUPP))
        return error;
    if (error != 0) {
        *names = NULL;
        *size = 0;
    }
    error = add_kept(store, fd, names, size);
    if (error != 0)
        free(*names);
    return error;
}

/* ---- what a file has ---- */

/* Whether the store is there, and what it is like. */
static int is_there(const struct hk_attr_store *store, struct stat *info)
{
    struct timespec time;
    long long now, until = atomic_load(store->absent_until);

    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    now = (long long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
    if (now < until)
        return 0;
    if (stat(store->path, info) == 0)
        return 1;
    /* Unless somebody has made it meanwhile. */
    atomic_compare_exchange_strong(store->absent_until, &until,
                                   now + ABSENT_MS);
    return 0;
}

int hk_attr_store_may_have(const struct hk_attr_store *store, int at,
                           const char *name, char key[HK_ATTR_KEY_SIZE])
{
    char own[OWN_SIZE];
    struct stat info;

    return store != NULL && is_there(store, &info) &&
           hk_attr_keys_may_have(store->keys, store->path, &info, NULL) &&
           own_of(at, name, own) == 0 &&
           hk_attr_keys_may_have(store->keys, store->path, &info, own) &&
           put_key(at, own, key) == 0;
}

int hk_attr_store_has(const struct hk_attr_store *store, const char *key)
{
    char path[PATH_MAX];

    return snprintf(path, sizeof(path), "%s/%s", store->path, key) < PATH_MAX &&
           access(path, F_OK) == 0;
}

/* ---- values of its own ---- */

int hk_attr_store_read_own(const struct hk_attr_store *store, const char *key,
                           const char *name, struct hk_attr_value *value)
{
    char path[PATH_MAX];
    int length =
        snprintf(path, sizeof(path), "%s/%s/.%s", store->path, key, name);

    return length >= PATH_MAX
               ? ENODATA
               : take_value(open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW),
                            value);
}

int hk_attr_store_write_own(const struct hk_attr_store *store, int fd,
                            const char *name, const struct hk_attr_value *value)
{
    int error = faccessat(fd, "", W_OK, AT_EMPTY_PATH | AT_EACCESS) != 0 ? errno
                : value != NULL ? store_write(store, fd, OWN, name, value)
                                : store_remove(store, fd, OWN, name);

    if (error == 0 || error == ENODATA)
        announce(fd);
    return error == ENODATA ? 0 : error;
}

/* ---- keeping it small ---- */

int hk_attr_store_visit(const struct hk_attr_store *store,
                        int (*visit)(void *context, const char *key),
                        void *context)
{
    DIR *stream = opendir(store->path);
    const struct dirent *entry;
    int error = 0;

    if (stream == NULL)
        return errno == ENOENT ? 0 : errno;
    while (error == 0 && (entry = readdir(stream)) != NULL)
        if (entry->d_name[0] != '.')
            error = visit(context, entry->d_name);
    closedir(stream);
    return error;
}

/* Adds what the files took on the disk to *freed. */
static void empty(int directory, uint64_t *freed)
{
    struct stat info;

    int fd = fcntl(directory, F_DUPFD_CLOEXEC, 0);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (stream == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(stream)) != NULL)
        if (fstatat(directory, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) ==
                0 &&
            unlinkat(directory, entry->d_name, 0) == 0)
            *freed += (uint64_t)info.st_blocks * 512;
    closedir(stream);
}

int hk_attr_store_drop(const struct hk_attr_store *store, const char *key,
                       uint64_t *freed)
{
    int directory = lock_store(store, 0);
    int error = 0;
    int own;

    if (directory < 0)
        return errno == ENOENT ? 0 : errno;
    own = openat(directory, key, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own >= 0) {
        empty(own, freed);
        close(own);
    }
    if (unlinkat(directory, key, AT_REMOVEDIR) != 0 && errno != ENOENT)
        error = errno;
    hk_host_unlock_file(directory);
    return error;
}
