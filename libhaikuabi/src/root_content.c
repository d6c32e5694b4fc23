/* root_content.c -- contents of packaged files, brought when they are used. */
/* SPDX-License-Identifier: MIT */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <zlib.h>

#include "bytes.h"
#include "host_open.h"
#include "range_locks.h"

/*
 * A file of the layer that is a package's has an extended attribute which
 * says where its content is in the package, and whether the file has it
 * already. The guest has no access to that attribute: its own begin with
 * another prefix. Who opens a file whose content is pending brings it, with
 * the lock of `state/fill`, whose text says which file that is: when a process
 * is killed in between, the next one ends what it had begun.
 */
static const char attribute[] = "user.uvm.content";

enum { RECORD_SIZE = 32, PIECES_SIZE = HK_PIECES_MAX / 8 };

/* size: what the attribute has, with pieces or without. */
static int read_record(const uint8_t *bytes, size_t size,
                       struct hk_content *content)
{
    *content = (struct hk_content){
        .state = (enum hk_content_state)bytes[0],
        .package = hk_get32(bytes + 4),
        .data = {.size = hk_get64(bytes + 16), .is_inline = bytes[1] != 0},
        .checksum = hk_get32(bytes + 24),
    };
    if (content->data.is_inline)
        memcpy(content->data.bytes, bytes + 8, sizeof(content->data.bytes));
    else
        content->data.offset = hk_get64(bytes + 8);
    for (size_t i = 0; i < HK_PIECE_WORDS && size > RECORD_SIZE; i++)
        content->pieces[i] = hk_get64(bytes + RECORD_SIZE + i * 8);
    return (bytes[0] == HK_CONTENT_PENDING || bytes[0] == HK_CONTENT_READ) &&
           (!content->data.is_inline ||
            content->data.size <= sizeof(content->data.bytes));
}

struct hk_content hk_content_of(const struct hk_view_entry *entry)
{
    return (struct hk_content){.state = HK_CONTENT_PENDING,
                               .package = entry->package,
                               .data = entry->data};
}

/* What has no such attribute, or cannot have one, is none of a package's. */
static int from_size(ssize_t size, const uint8_t *bytes,
                     struct hk_content *content)
{
    content->state = HK_CONTENT_NONE;
    if (size < 0)
        return errno == ENOMEM || errno == EACCES ? errno : 0;
    return (size == RECORD_SIZE || size == RECORD_SIZE + PIECES_SIZE) &&
                   read_record(bytes, (size_t)size, content)
               ? 0
               : EIO;
}

/* To look at the attribute of a file takes the right to read the file, which
 * its mode need not give to one who may write to it. */
static ssize_t read_anyway(int fd, uint8_t *bytes, size_t size)
{
    ssize_t got = fgetxattr(fd, attribute, bytes, size);
    struct stat st;

    if (got >= 0 || errno != EACCES || fstat(fd, &st) != 0 ||
        fchmod(fd, (st.st_mode & 07777) | 0400) != 0)
        return got;
    got = fgetxattr(fd, attribute, bytes, size);
    fchmod(fd, st.st_mode & 07777);
    return got;
}

int hk_content_get(int fd, struct hk_content *content)
{
    uint8_t bytes[RECORD_SIZE + PIECES_SIZE];

    return from_size(read_anyway(fd, bytes, sizeof(bytes)), bytes, content);
}

int hk_content_get_at(int directory, const char *name,
                      struct hk_content *content)
{
    char path[HK_FD_PATH_SIZE + NAME_MAX + 2];
    uint8_t bytes[RECORD_SIZE + PIECES_SIZE];
    size_t used;

    hk_host_fd_path(directory, path);
    used = strlen(path);
    snprintf(path + used, sizeof(path) - used, "/%s", name);
    return from_size(lgetxattr(path, attribute, bytes, sizeof(bytes)), bytes,
                     content);
}

int hk_content_look(int fd, struct hk_content *content)
{
    char path[HK_FD_PATH_SIZE];
    uint8_t bytes[RECORD_SIZE + PIECES_SIZE];

    hk_host_fd_path(fd, path);
    return from_size(getxattr(path, attribute, bytes, sizeof(bytes)), bytes,
                     content);
}

static int has_pieces(const struct hk_content *content)
{
    uint64_t any = 0;

    for (size_t i = 0; i < HK_PIECE_WORDS; i++)
        any |= content->pieces[i];
    return content->state == HK_CONTENT_PENDING && any != 0;
}

int hk_content_set(int fd, const struct hk_content *content)
{
    const struct hk_package_data *data = &content->data;
    uint8_t bytes[RECORD_SIZE + PIECES_SIZE] = {(uint8_t)content->state,
                                                data->is_inline};
    size_t size = RECORD_SIZE + (has_pieces(content) ? PIECES_SIZE : 0);

    hk_put32(bytes + 4, content->package);
    if (data->is_inline)
        memcpy(bytes + 8, data->bytes, sizeof(data->bytes));
    else
        hk_put64(bytes + 8, data->offset);
    hk_put64(bytes + 16, data->size);
    hk_put32(bytes + 24, content->checksum);
    for (size_t i = 0; i < HK_PIECE_WORDS; i++)
        hk_put64(bytes + RECORD_SIZE + i * 8, content->pieces[i]);
    return fsetxattr(fd, attribute, bytes, size, 0) < 0 ? errno : 0;
}

/* A file's mode may forbid writing, to its attributes too. */
static int forget(int fd)
{
    int error = fremovexattr(fd, attribute) < 0 ? errno : 0;
    struct stat st;

    if (error == EACCES && fstat(fd, &st) == 0 &&
        fchmod(fd, (st.st_mode & 07777) | 0200) == 0) {
        error = fremovexattr(fd, attribute) < 0 ? errno : 0;
        fchmod(fd, st.st_mode & 07777);
    }
    return error == ENODATA ? 0 : error;
}

/* ---- the package ---- */

/* A package's file, the one that the view was made of. A descriptor or -1. */
static int open_known(const struct hk_root *root, const struct hk_view *view,
                      uint32_t number)
{
    const struct hk_view_package *package = hk_view_package(view, number);
    char path[PATH_MAX];
    struct stat st;
    int fd;

    if (package == NULL)
        return -1;
    if (package->held > 0)
        return fcntl(package->held, F_DUPFD_CLOEXEC, 0);
    snprintf(path, sizeof(path), "%s/packages/%s",
             hk_location_path(package->location), package->file_name);
    fd = hk_host_open_below(root->packages, path, O_RDONLY, 0);
    if (fd >= 0 &&
        (fstat(fd, &st) != 0 || (uint64_t)st.st_size != package->size ||
         (uint64_t)st.st_ino != package->inode)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Another process may have activated packages since this one began. */
int hk_content_open_package(const struct hk_root *root, uint32_t number)
{
    struct hk_view view;
    int fd = open_known(root, &root->view, number);

    if (fd < 0 &&
        hk_view_read(root->state, "view", HK_VIEW_PACKAGES, &view, NULL) == 0) {
        fd = open_known(root, &view, number);
        hk_view_free(&view);
    }
    return fd;
}

static int write_at(int fd, const uint8_t *bytes, size_t size, uint64_t offset)
{
    while (size > 0) {
        ssize_t written = pwrite(fd, bytes, size, (off_t)offset);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        bytes += written;
        offset += (uint64_t)written;
        size -= (size_t)written;
    }
    return 0;
}

/* Copies what lies between two offsets, all or, on a disk that is full,
 * nothing; their checksum, unless it is NULL, goes on from that. */
static int copy_range(struct hk_package *package, int fd,
                      const struct hk_package_data *data, uint64_t at,
                      uint64_t end, uLong *checksum)
{
    uint8_t *buffer = malloc(HK_PACKAGE_BUFFER_SIZE);
    int error = buffer == NULL ? ENOMEM : 0;
    uint64_t start = at;

    while (at < end && error == 0) {
        uint64_t size = end - at < HK_PACKAGE_BUFFER_SIZE
                            ? end - at
                            : HK_PACKAGE_BUFFER_SIZE;
        int64_t got =
            hk_package_read(package, data, at, buffer, (size_t)size, NULL);

        if (got <= 0) {
            error = got == HK_PACKAGE_ERR_NOMEM ? ENOMEM : EIO;
            break;
        }
        if (checksum != NULL)
            *checksum = crc32(*checksum, buffer, (uInt)got);
        error = write_at(fd, buffer, (size_t)got, at);
        at += (uint64_t)got;
    }
    if (error != 0 && buffer != NULL)
        fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)start,
                  (off_t)(end - start));
    free(buffer);
    return error;
}

static int copy(struct hk_package *package, int fd, struct hk_content *content)
{
    uint64_t size = content->data.size;
    uLong checksum = crc32(0, NULL, 0);
    int error = copy_range(package, fd, &content->data, 0, size, &checksum);

    content->checksum = (uint32_t)checksum;
    if (error == 0 && ftruncate(fd, (off_t)size) != 0)
        error = errno;
    return error;
}

/* Takes over the package's file, which may be -1. */
static int open_heap(int file, const struct hk_content *content,
                     struct hk_package **package)
{
    if (file < 0)
        return EIO;
    if (hk_package_open_heap(file, package, NULL) < 0) {
        close(file);
        return EIO;
    }
    /* Where the content is was said by the package as it was opened whole. */
    if (content->data.is_inline ||
        (content->data.offset <= (*package)->heap.size &&
         content->data.size <= (*package)->heap.size - content->data.offset))
        return 0;
    hk_package_close(*package);
    return EIO;
}

static int copy_from(const struct hk_root *root, int fd,
                     struct hk_content *content)
{
    struct hk_package *package;
    int error = open_heap(hk_content_open_package(root, content->package),
                          content, &package);

    if (error != 0)
        return error;
    error = copy(package, fd, content);
    hk_package_close(package);
    return error;
}

/* ---- state/fill ---- */

static int lock(const struct hk_root *root)
{
    int fd = openat(root->state, "fill", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    return hk_host_lock_file(fd);
}

/* Notes the file that is being filled, and what it is to look like. */
static void note(const struct hk_root *root, int journal, int fd,
                 const struct stat *st)
{
    char path[PATH_MAX], text[PATH_MAX + 64];
    size_t prefix = strlen(root->files_path);
    ssize_t length = hk_host_path_of(fd, path, sizeof(path));

    if (length < 0 || strncmp(path, root->files_path, prefix) != 0 ||
        path[prefix] != '/')
        return; /* nobody can find it again */
    snprintf(text, sizeof(text), "%" PRId64 " %ld %o %s", st->st_mtim.tv_sec,
             st->st_mtim.tv_nsec, (unsigned)st->st_mode & 07777,
             path + prefix + 1);
    write_at(journal, (const uint8_t *)text, strlen(text), 0);
}

static void restore(int fd, const struct stat *st)
{
    const struct timespec times[] = {st->st_atim, st->st_mtim};

    futimens(fd, times);
    fchmod(fd, st->st_mode & 07777);
}

/* Begins to change a file's content, with the lock. *writable: a descriptor to
 * write to it, which is opened when it is -1. */
static int begin_filling(const struct hk_root *root, int journal, int fd,
                         const struct stat *st, struct hk_range_locks *locks,
                         int *writable)
{
    note(root, journal, fd, st);
    if (*writable >= 0)
        return 0;
    /* Its mode may forbid writing, to its content and its attribute. */
    if ((st->st_mode & 0200) == 0 && fchmod(fd, st->st_mode | 0200) != 0)
        return errno;
    *writable = hk_range_locks_reopen(locks, fd, O_RDWR);
    return *writable < 0 ? errno : 0;
}

/* Notes what is there now. */
static int end_filling(int journal, int fd, const struct stat *st,
                       const struct hk_content *content, int error)
{
    if (error == 0)
        error = hk_content_set(fd, content);
    restore(fd, st);
    if (ftruncate(journal, 0) != 0 && error == 0)
        error = errno;
    return error;
}

/* Fills a file whose content is pending; with the lock. */
static int fill(const struct hk_root *root, int journal, int fd,
                const struct stat *st, struct hk_range_locks *locks,
                struct hk_content *content)
{
    int writable = -1;
    int error = begin_filling(root, journal, fd, st, locks, &writable);

    if (error == 0)
        error = copy_from(root, writable, content);
    content->state = HK_CONTENT_READ;
    error = end_filling(journal, fd, st, content, error);
    if (writable >= 0)
        hk_range_locks_close(locks, writable);
    return error;
}

/* ---- pieces ---- */

uint64_t hk_content_piece_size(const struct hk_content *content)
{
    uint64_t size = 4 * HK_CHUNK_SIZE;

    while (content->data.size / HK_PIECES_MAX >= size)
        size *= 2;
    return size;
}

static uint64_t last_piece(const struct hk_content *content)
{
    return (content->data.size - 1) / hk_content_piece_size(content);
}

static int has_all_pieces(const struct hk_content *content)
{
    for (uint64_t i = 0; i <= last_piece(content); i++)
        if (!(content->pieces[i / 64] >> i % 64 & 1))
            return 0;
    return 1;
}

/* The checksum of a whole file. */
static int sum_up(int fd, struct hk_content *content)
{
    uint8_t *buffer = malloc(HK_PACKAGE_BUFFER_SIZE);
    uLong checksum = crc32(0, NULL, 0);
    int error = buffer == NULL ? ENOMEM : 0;

    for (uint64_t at = 0; at < content->data.size && error == 0;) {
        ssize_t got = pread(fd, buffer, HK_PACKAGE_BUFFER_SIZE, (off_t)at);

        if (got <= 0) {
            error = got < 0 ? errno : EIO;
            break;
        }
        checksum = crc32(checksum, buffer, (uInt)got);
        at += (uint64_t)got;
    }
    free(buffer);
    content->checksum = (uint32_t)checksum;
    return error;
}

static int copy_pieces(struct hk_package *package, int fd,
                       struct hk_content *content, uint64_t first,
                       uint64_t last)
{
    uint64_t piece = hk_content_piece_size(content);
    uint64_t size = content->data.size;
    int is_whole =
        first == 0 && last == last_piece(content) && !has_pieces(content);
    uLong checksum = crc32(0, NULL, 0);
    int error = 0;

    for (uint64_t i = first; i <= last && error == 0; i++) {
        uint64_t *word = &content->pieces[i / 64], bit = UINT64_C(1) << i % 64;
        uint64_t start = i * piece;

        if (*word & bit)
            continue;
        error = copy_range(package, fd, &content->data, start,
                           size - start < piece ? size : start + piece,
                           is_whole ? &checksum : NULL);
        *word |= error == 0 ? bit : 0;
    }
    if (error == 0 && has_all_pieces(content)) {
        content->checksum = (uint32_t)checksum;
        if (!is_whole)
            error = sum_up(fd, content);
        content->state = HK_CONTENT_READ;
    }
    return error;
}

/* With the lock. */
static int bring(const struct hk_root *root, int journal, int package, int fd,
                 int *writable, struct hk_content *content, uint64_t first,
                 uint64_t last)
{
    int file = fcntl(package, F_DUPFD_CLOEXEC, 0);
    struct hk_package *opened;
    struct stat st;
    int error = open_heap(file, content, &opened);

    if (error != 0)
        return error;
    error = fstat(fd, &st) < 0
                ? errno
                : begin_filling(root, journal, fd, &st, NULL, writable);
    if (error == 0) {
        error = copy_pieces(opened, *writable, content, first, last);
        error = end_filling(journal, fd, &st, content, error);
    }
    hk_package_close(opened);
    return error;
}

/* Ends what `state/fill` tells of; with the lock. Pieces that are not told of
 * come again. */
static void recover(const struct hk_root *root, int journal,
                    struct hk_range_locks *locks)
{
    char text[PATH_MAX + 64];
    ssize_t size = pread(journal, text, sizeof(text) - 1, 0);
    struct hk_content content;
    struct stat st;
    int64_t seconds;
    long nanoseconds;
    unsigned mode;
    int fd, at = 0;

    if (size <= 0)
        return;
    text[size] = '\0';
    if (sscanf(text, "%" SCNd64 " %ld %o %n", &seconds, &nanoseconds, &mode,
               &at) < 3 ||
        at == 0)
        goto done;
    fd = hk_host_open_below(root->files, text + at, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0)
        goto done;
    if (hk_content_get(fd, &content) == 0 && fstat(fd, &st) == 0 &&
        content.state != HK_CONTENT_NONE) {
        st.st_mtim = (struct timespec){seconds, nanoseconds};
        st.st_mode = (st.st_mode & ~07777u) | (mode & 07777);
        if (content.state == HK_CONTENT_PENDING && !has_pieces(&content))
            fill(root, journal, fd, &st, locks, &content);
        else
            restore(fd, &st);
    }
    hk_range_locks_close(locks, fd);
done:
    if (ftruncate(journal, 0) != 0)
        return; /* what has been done can be done again */
}

void hk_content_recover(const struct hk_root *root)
{
    struct stat st;
    int journal;

    if (fstatat(root->state, "fill", &st, 0) != 0 || st.st_size == 0)
        return;
    journal = lock(root);
    if (journal < 0)
        return;
    recover(root, journal, NULL);
    hk_host_unlock_file(journal);
}

/* ---- using a file ---- */

static int settle_pending(const struct hk_root *root, int fd,
                          enum hk_content_use use, struct hk_range_locks *locks)
{
    struct hk_content content;
    struct stat st;
    int journal, error;

    if (root->state < 0)
        return EACCES;
    journal = lock(root);
    if (journal < 0)
        return errno;
    recover(root, journal, locks);
    error = hk_content_get(fd, &content);
    if (error == 0 && content.state == HK_CONTENT_PENDING) {
        if (use == HK_CONTENT_FOR_NOTHING)
            error = forget(fd);
        else
            error = fstat(fd, &st) < 0
                        ? errno
                        : fill(root, journal, fd, &st, locks, &content);
    }
    hk_host_unlock_file(journal);
    return error;
}

int hk_content_settle(const struct hk_root *root, int fd,
                      enum hk_content_use use, struct hk_range_locks *locks)
{
    struct hk_content content;
    int error = hk_content_get(fd, &content);

    if (error == 0 && content.state == HK_CONTENT_PENDING)
        error = settle_pending(root, fd, use, locks);
    if (error == 0 && content.state != HK_CONTENT_NONE &&
        use != HK_CONTENT_FOR_READING)
        error = forget(fd);
    return error;
}

int hk_content_bring(const struct hk_root *root, int package, int fd,
                     int *writable, uint64_t first, uint64_t last,
                     uint64_t pieces[HK_PIECE_WORDS])
{
    struct hk_content content;
    int journal = lock(root);
    int error;

    if (journal < 0)
        return errno;
    recover(root, journal, NULL);
    error = hk_content_get(fd, &content);
    if (error == 0 && content.state == HK_CONTENT_PENDING)
        error =
            bring(root, journal, package, fd, writable, &content, first, last);
    hk_host_unlock_file(journal);
    if (content.state == HK_CONTENT_PENDING)
        memcpy(pieces, content.pieces, sizeof(content.pieces));
    else
        memset(pieces, 0xff, sizeof(content.pieces));
    return error;
}

/* The host keeps a block of which a part is given back. */
static off_t whole_blocks(uint64_t size)
{
    return (off_t)((size | 0xffff) + 1);
}

static int punch(int writable, const struct hk_content *content)
{
    return fallocate(writable, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                     whole_blocks(content->data.size)) != 0
               ? errno
               : 0;
}

/* Gives a content back, with the lock: what is half done ends in a file that
 * is filled again. */
static int drop(const struct hk_root *root, int journal, int fd,
                struct hk_content *content)
{
    struct stat st;
    int writable = -1, error;

    if (fstat(fd, &st) != 0)
        return errno;
    error = begin_filling(root, journal, fd, &st, NULL, &writable);
    content->state = HK_CONTENT_PENDING;
    memset(content->pieces, 0, sizeof(content->pieces));
    if (error == 0)
        error = hk_content_set(fd, content);
    if (error == 0)
        error = punch(writable, content);
    restore(fd, &st);
    if (writable >= 0)
        close(writable);
    if (error != 0) /* the bytes are still there */
        return error;
    return ftruncate(journal, 0) != 0 ? errno : 0;
}

int hk_content_drop(const struct hk_root *root, int fd, uint64_t *freed)
{
    struct hk_content content;
    struct stat st;
    int journal = lock(root);
    int error;

    if (journal < 0)
        return errno;
    recover(root, journal, NULL);
    error = hk_content_get(fd, &content);
    if (error == 0 &&
        (content.state == HK_CONTENT_READ || has_pieces(&content)) &&
        !content.data.is_inline && fstat(fd, &st) == 0) {
        error = drop(root, journal, fd, &content);
        *freed += error == 0 ? (uint64_t)st.st_blocks * 512 : 0;
    }
    hk_host_unlock_file(journal);
    return error;
}

int hk_root_fill(const struct hk_root *root, int fd)
{
    return hk_content_settle(root, fd, HK_CONTENT_FOR_READING, NULL);
}
