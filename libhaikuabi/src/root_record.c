/* root_record.c -- views kept in a root's state, and the packages there. */
/* SPDX-License-Identifier: MIT */
#include "root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A record is a sequence of strings, each ended by NUL: one of numbers, then
 * the texts that belong to them. Packages come first, so that a start has to
 * read no more.
 */
#define HEADER "uvm view 1 %" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNx32
#define PACKAGE                                                                \
    "%" SCNu32 " %d %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNu32 " %u %d %d"
#define ENTRY                                                                  \
    "%d %" SCNu32 " %d %" SCNd64 " %" SCNu32 " %" SCNu64 " %" SCNu64           \
    " %d %" SCNx64

static int out_of_memory(struct hk_package_fault *fault)
{
    return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
}

static void free_package(struct hk_view_package *package)
{
    hk_package_close(package->open);
    if (package->held > 0)
        close(package->held);
    free(package->file_name);
    free(package->name);
    free(package->version);
    free(package->why);
}

void hk_view_drop_entries(struct hk_view *view)
{
    for (uint32_t i = 0; i < view->entry_count; i++) {
        free(view->entries[i].path);
        free(view->entries[i].target);
    }
    free(view->entries);
    view->entries = NULL;
    view->entry_count = view->entry_room = 0;
}

void hk_view_free(struct hk_view *view)
{
    for (uint32_t i = 0; i < view->package_count; i++)
        free_package(&view->packages[i]);
    free(view->packages);
    hk_view_drop_entries(view);
    *view = (struct hk_view){0};
}

struct hk_view_package *hk_view_package(const struct hk_view *view,
                                        uint32_t number)
{
    for (uint32_t i = 0; i < view->package_count; i++)
        if (view->packages[i].number == number)
            return &view->packages[i];
    return NULL;
}

/* ---- reading ---- */

struct reader {
    FILE *file;
    char *text;
    size_t room;
    int failed; /* at the end, or out of memory */
};

/* The next string, until that after it. */
static const char *next_text(struct reader *reader)
{
    ssize_t length = getdelim(&reader->text, &reader->room, '\0', reader->file);

    if (length <= 0 || reader->text[length - 1] != '\0') {
        reader->failed = 1;
        return "";
    }
    return reader->text;
}

static char *copy_text(struct reader *reader)
{
    char *copy = strdup(next_text(reader));

    reader->failed |= copy == NULL;
    return copy;
}

static void read_package(struct reader *reader, struct hk_view_package *package)
{
    int location = 0, is_active = 0, is_system = 0;

    if (sscanf(next_text(reader), PACKAGE, &package->number, &location,
               &package->size, &package->inode, &package->mtime,
               &package->mtime_nanos, &package->architecture, &is_active,
               &is_system) != 9 ||
        location < 0 || location >= HK_LOCATION_COUNT)
        reader->failed = 1;
    package->location = (enum hk_location)location;
    package->is_active = is_active != 0;
    package->is_system = is_system != 0;
    package->file_name = copy_text(reader);
    package->name = copy_text(reader);
    package->version = copy_text(reader);
    package->why = copy_text(reader);
    if (package->is_active || (package->why != NULL && *package->why == '\0')) {
        free(package->why);
        package->why = NULL;
    }
}

static void read_entry(struct reader *reader, struct hk_view_entry *entry)
{
    int type = 0, mode = 0, is_inline = 0;
    uint64_t bytes = 0;

    if (sscanf(next_text(reader), ENTRY, &type, &entry->package, &mode,
               &entry->mtime, &entry->mtime_nanos, &entry->data.offset,
               &entry->data.size, &is_inline, &bytes) != 9 ||
        type < HK_PACKAGE_FILE || type > HK_PACKAGE_LINK)
        reader->failed = 1;
    entry->type = (enum hk_package_file_type)type;
    entry->mode = (uint16_t)(mode & 0777);
    entry->data.is_inline = is_inline != 0;
    memcpy(entry->data.bytes, &bytes, sizeof(entry->data.bytes));
    entry->path = copy_text(reader);
    entry->target = copy_text(reader);
}

static int read_all(struct reader *reader, enum hk_view_part part,
                    struct hk_view *view)
{
    uint32_t packages = 0, entries = 0;

    if (sscanf(next_text(reader), HEADER, &packages, &entries,
               &view->last_number, &view->blocked) < 3)
        return 0; /* those of uvm 0.1.0 block nothing */
    view->packages = calloc((size_t)packages + 1, sizeof(*view->packages));
    if (view->packages == NULL)
        return 0;
    while (view->package_count < packages && !reader->failed)
        read_package(reader, &view->packages[view->package_count++]);
    if (part == HK_VIEW_PACKAGES)
        return !reader->failed;
    view->entries = calloc((size_t)entries + 1, sizeof(*view->entries));
    if (view->entries == NULL)
        return 0;
    view->entry_room = entries + 1;
    while (view->entry_count < entries && !reader->failed)
        read_entry(reader, &view->entries[view->entry_count++]);
    return !reader->failed;
}

int hk_view_read(int state, const char *name, enum hk_view_part part,
                 struct hk_view *view, struct hk_package_fault *fault)
{
    int fd = openat(state, name, O_RDONLY | O_CLOEXEC);
    struct reader reader = {0};
    int is_good;

    *view = (struct hk_view){0};
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0)
        return hk_package_fail(fault, HK_PACKAGE_ERR_IO, "state/%s: %s", name,
                               strerror(errno));
    reader.file = fdopen(fd, "r");
    if (reader.file == NULL) {
        close(fd);
        return out_of_memory(fault);
    }
    is_good = read_all(&reader, part, view);
    free(reader.text);
    fclose(reader.file);
    if (is_good)
        return 0;
    hk_view_free(view);
    return hk_package_fail(fault, HK_PACKAGE_ERR_DAMAGED,
                           "state/%s: is no record of a view", name);
}

/* ---- looking for one path ---- */

/* The string before that at an offset; NULL when there is none. */
static const char *text_before(const char *bytes, size_t at)
{
    if (at < 2)
        return NULL;
    at--;
    while (at > 0 && bytes[at - 1] != '\0')
        at--;
    return bytes + at;
}

/* Whether the string at an offset is the path of an entry: others may be the
 * same, but only that has the numbers of one before it. */
static int is_path_at(const char *bytes, size_t at, struct hk_view_place *place)
{
    const char *numbers = text_before(bytes, at);
    struct hk_view_entry entry;
    int type, mode, is_inline;
    uint64_t data;

    if (numbers == NULL ||
        sscanf(numbers, ENTRY, &type, &entry.package, &mode, &entry.mtime,
               &entry.mtime_nanos, &entry.data.offset, &entry.data.size,
               &is_inline, &data) != 9)
        return 0;
    place->type = (enum hk_package_file_type)type;
    place->package = entry.package;
    return 1;
}

static int find(const char *bytes, size_t size, const char *path,
                struct hk_view_place *place)
{
    size_t length = strlen(path) + 1;
    const char *at = bytes;

    while ((at = memmem(at, size - (size_t)(at - bytes), path, length)) !=
           NULL) {
        const char *target = at + length;
        size_t left = size - (size_t)(target - bytes);

        if (at > bytes && at[-1] == '\0' && left > 0 &&
            is_path_at(bytes, (size_t)(at - bytes), place)) {
            size_t room = sizeof(place->target);

            snprintf(place->target, room, "%.*s",
                     (int)(left < room ? left : room), target);
            return 1;
        }
        at++;
    }
    return 0;
}

int hk_view_find(int state, const char *name, const char *path,
                 struct hk_view_place *place)
{
    int fd = openat(state, name, O_RDONLY | O_CLOEXEC);
    void *bytes = MAP_FAILED;
    struct stat st;
    int is_found;

    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0)
        bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (fd >= 0)
        close(fd);
    if (bytes == MAP_FAILED)
        return 0;
    is_found = find(bytes, (size_t)st.st_size, path, place);
    munmap(bytes, (size_t)st.st_size);
    return is_found;
}

/* ---- writing ---- */

static void put_text(FILE *file, const char *text)
{
    fputs(text != NULL ? text : "", file);
    putc('\0', file);
}

static void write_all(FILE *file, const struct hk_view *view)
{
    fprintf(file, "uvm view 1 %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIx32,
            view->package_count, view->entry_count, view->last_number,
            view->blocked);
    putc('\0', file);
    for (uint32_t i = 0; i < view->package_count; i++) {
        const struct hk_view_package *at = &view->packages[i];

        fprintf(file,
                "%" PRIu32 " %d %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRIu32
                " %u %d %d",
                at->number, (int)at->location, at->size, at->inode, at->mtime,
                at->mtime_nanos, at->architecture, at->is_active,
                at->is_system);
        putc('\0', file);
        put_text(file, at->file_name);
        put_text(file, at->name);
        put_text(file, at->version);
        put_text(file, at->why);
    }
    for (uint32_t i = 0; i < view->entry_count; i++) {
        const struct hk_view_entry *at = &view->entries[i];
        uint64_t bytes;

        memcpy(&bytes, at->data.bytes, sizeof(bytes));
        fprintf(file,
                "%d %" PRIu32 " %d %" PRId64 " %" PRIu32 " %" PRIu64 " %" PRIu64
                " %d %" PRIx64,
                (int)at->type, at->package, at->mode, at->mtime,
                at->mtime_nanos, at->data.offset, at->data.size,
                at->data.is_inline, bytes);
        putc('\0', file);
        put_text(file, at->path);
        put_text(file, at->target);
    }
}

int hk_view_write(int state, const char *name, const struct hk_view *view,
                  struct hk_package_fault *fault)
{
    static const char new_name[] = "view.new";
    int fd =
        openat(state, new_name,
               O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    int error = 0;

    if (file == NULL) {
        if (fd >= 0)
            close(fd);
        return hk_package_fail(fault, HK_PACKAGE_ERR_IO, "state/%s: %s",
                               new_name, strerror(errno));
    }
    write_all(file, view);
    if (fflush(file) != 0 || fsync(fd) != 0 || ferror(file))
        error = HK_PACKAGE_ERR_IO;
    if (fclose(file) != 0)
        error = HK_PACKAGE_ERR_IO;
    if (error == 0 && renameat(state, new_name, state, name) != 0)
        error = HK_PACKAGE_ERR_IO;
    return error == 0 ? 0
                      : hk_package_fail(fault, error, "state/%s: %s", name,
                                        strerror(errno));
}

/* ---- the files that there are ---- */

static int is_package_name(const struct dirent *entry)
{
    static const char suffix[] = ".hpkg";
    size_t length = strlen(entry->d_name);

    return length >= sizeof(suffix) &&
           strcmp(entry->d_name + length - (sizeof(suffix) - 1), suffix) == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The lines of administrative/activated-packages; NULL: every package is to
 * be active (haiku-abi/hpkg.md, "packagefs"). */
static char *read_activated(int directory)
{
    int fd = openat(directory, "administrative/activated-packages",
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    char *text = NULL;
    size_t room = 0;

    if (file == NULL) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    if (getdelim(&text, &room, '\0', file) < 0) {
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

static int is_line(const char *text, const char *name)
{
    size_t length = strlen(name);
    const char *found = text;

    while ((found = strstr(found, name)) != NULL) {
        if ((found == text || found[-1] == '\n') &&
            (found[length] == '\n' || found[length] == '\0'))
            return 1;
        found += length;
    }
    return 0;
}

/* All its lines name packages that there are. */
static int is_good_list(int directory, const char *text)
{
    char name[NAME_MAX + 1];

    while (*text != '\0') {
        size_t length = strcspn(text, "\n");

        if (length > NAME_MAX || memchr(text, '/', length) != NULL)
            return 0;
        memcpy(name, text, length);
        name[length] = '\0';
        if (length > 0 && faccessat(directory, name, F_OK, 0) != 0)
            return 0;
        text += length + (text[length] == '\n');
    }
    return 1;
}

static uint32_t number_of(const struct hk_view *old,
                          const struct hk_view_package *package)
{
    for (uint32_t i = 0; i < old->package_count; i++) {
        const struct hk_view_package *at = &old->packages[i];

        if (at->location == package->location && at->size == package->size &&
            at->inode == package->inode && at->mtime == package->mtime &&
            at->mtime_nanos == package->mtime_nanos &&
            strcmp(at->file_name, package->file_name) == 0)
            return at->number;
    }
    return 0;
}

static int add_file(struct hk_view *view, const struct hk_view *old,
                    enum hk_location location, int directory, const char *name)
{
    struct hk_view_package package = {.location = location};
    struct hk_view_package *packages;
    struct stat st;

    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode))
        return 1;
    packages = realloc(view->packages,
                       (view->package_count + 1) * sizeof(*view->packages));
    if (packages == NULL)
        return 0;
    view->packages = packages;
    package.file_name = strdup(name);
    package.name = strdup("");
    package.version = strdup("");
    package.size = (uint64_t)st.st_size;
    package.inode = (uint64_t)st.st_ino;
    package.mtime = st.st_mtim.tv_sec;
    package.mtime_nanos = (uint32_t)st.st_mtim.tv_nsec;
    if (package.file_name == NULL || package.name == NULL ||
        package.version == NULL) {
        free_package(&package);
        return 0;
    }
    package.number = number_of(old, &package);
    if (package.number == 0)
        package.number = ++view->last_number;
    packages[view->package_count++] = package;
    return 1;
}

static int find_in(int files, enum hk_location location,
                   const struct hk_view *old, struct hk_view *view,
                   struct hk_package_fault *fault)
{
    struct dirent **names = NULL;
    char path[64], *activated;
    int directory, count, is_good = 1;

    snprintf(path, sizeof(path), "%s/packages", hk_location_path(location));
    directory =
        openat(files, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0)
        return errno == ENOENT
                   ? 0
                   : hk_package_fail(fault, HK_PACKAGE_ERR_IO, "%s: %s", path,
                                     strerror(errno));
    activated = read_activated(directory);
    if (activated != NULL && !is_good_list(directory, activated)) {
        free(activated);
        activated = NULL;
    }
    count = scandirat(directory, ".", &names, is_package_name, by_bytes);
    for (int i = 0; i < count; i++) {
        if (is_good &&
            (activated == NULL || is_line(activated, names[i]->d_name)))
            is_good =
                add_file(view, old, location, directory, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    free(activated);
    close(directory);
    if (count < 0)
        return hk_package_fail(fault, HK_PACKAGE_ERR_IO, "%s: %s", path,
                               strerror(errno));
    return is_good ? 0 : out_of_memory(fault);
}

int hk_view_find_packages(int files, const struct hk_view *old,
                          struct hk_view *view, struct hk_package_fault *fault)
{
    struct hk_blocked blocked;
    int error = 0;

    *view = (struct hk_view){.last_number = old->last_number};
    if (hk_blocked_read(files, &blocked) < 0)
        return out_of_memory(fault);
    view->blocked = blocked.checksum;
    hk_blocked_free(&blocked);
    for (int i = 0; i < HK_LOCATION_COUNT && error == 0; i++)
        error = find_in(files, (enum hk_location)i, old, view, fault);
    if (error < 0)
        hk_view_free(view);
    return error;
}

void hk_view_drop_leaving(struct hk_view *view)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < view->package_count; i++) {
        if (view->packages[i].is_leaving)
            free_package(&view->packages[i]);
        else
            view->packages[kept++] = view->packages[i];
    }
    view->package_count = kept;
}

int hk_view_same_packages(const struct hk_view *one,
                          const struct hk_view *other)
{
    if (one->package_count != other->package_count ||
        one->blocked != other->blocked)
        return 0;
    for (uint32_t i = 0; i < one->package_count; i++)
        if (one->packages[i].number != other->packages[i].number)
            return 0;
    return 1;
}
