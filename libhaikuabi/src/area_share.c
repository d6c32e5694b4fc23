/* area_share.c -- areas as other teams see them, and memory that they share. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "area.h"
#include "range_locks.h"

/* ---- what others see ---- */

/* With the shared lock. Nobody but the team changes what it shows, so that
 * only the lists need hk_put. */
static struct hk_shared_area *record_of(const struct hk_team *team,
                                        const struct hk_area *area)
{
    struct hk_shared_area *record = hk_item(
        team->shared, HK_POOL_AREAS, hk_id_index(HK_POOL_AREAS, area->id));

    if (record == NULL || record->own.id != area->id ||
        record->own.team != team->shared->team)
        return NULL;
    return record;
}

static void write_record(struct hk_shared_area *record,
                         const struct hk_area *area)
{
    record->base = area->span.base;
    record->size = area->span.size;
    record->protection = area->protection;
    record->lock = area->lock;
    record->most = area->most;
    record->fd = area->fd;
    record->is_file = (uint32_t)area->is_file;
    record->place = area->place;
    memcpy(record->name, area->name, sizeof(record->name));
}

int32_t hk_area_publish(struct hk_team *team, struct hk_area *area)
{
    struct hk_shared_area *record;

    hk_shared_lock(team->shared);
    record = hk_owned_new(team->shared, HK_OWNED_AREAS, HK_OWNED_LAST, 0);
    if (record == NULL) {
        hk_shared_reap(team->shared);
        record = hk_owned_new(team->shared, HK_OWNED_AREAS, HK_OWNED_LAST, 0);
    }
    if (record != NULL) {
        area->id = record->own.id;
        record->is_cloned = 0;
        write_record(record, area);
    }
    hk_shared_unlock(team->shared);
    return record != NULL ? HK_B_OK : HK_B_NO_MEMORY;
}

void hk_area_tell(struct hk_team *team, const struct hk_area *area)
{
    struct hk_shared_area *record;

    hk_shared_lock(team->shared);
    record = record_of(team, area);
    if (record != NULL)
        write_record(record, area);
    hk_shared_unlock(team->shared);
}

void hk_area_set_protection(struct hk_team *team, struct hk_area *area,
                            uint32_t protection)
{
    struct hk_shared_area *record;

    area->protection = protection;
    if (!area->is_file)
        area->is_shared = 0;
    hk_shared_lock(team->shared);
    record = record_of(team, area);
    if (record != NULL) {
        record->is_cloned = 0;
        write_record(record, area);
    }
    hk_shared_unlock(team->shared);
}

void hk_area_unpublish(struct hk_team *team, const struct hk_area *area)
{
    struct hk_shared_area *record;

    hk_shared_lock(team->shared);
    record = record_of(team, area);
    if (record != NULL)
        hk_owned_free(team->shared, HK_OWNED_AREAS, &record->own);
    hk_shared_unlock(team->shared);
}

/* ---- memory that can be mapped by others ---- */

int hk_area_new_memory(uint32_t size)
{
    int fd = memfd_create("area", MFD_CLOEXEC);

    if (fd >= 0 && ftruncate(fd, (off_t)size) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void hk_area_set_memory(struct hk_area *area, int fd, uint64_t offset)
{
    struct stat st = {.st_dev = 0};

    fstat(fd, &st);
    area->fd = fd;
    area->place = (struct hk_memory_place){.device = (uint64_t)st.st_dev,
                                           .inode = (uint64_t)st.st_ino,
                                           .offset = offset};
}

/* The next piece of an area that is alike, at or behind an address: 1, or 0 at
 * the area's end. */
static int next_piece(struct hk_team *team, const struct hk_area *area,
                      gm_addr at, struct gm_mapping *piece)
{
    gm_addr end = (gm_addr)area->span.base + area->span.size;

    if (at >= end || gm_query(team->space, at, piece) < 0 ||
        piece->address >= end)
        return 0;
    if (piece->address < at) {
        piece->size -= at - piece->address;
        piece->address = at;
    }
    if (piece->size > end - piece->address)
        piece->size = end - piece->address;
    return 1;
}

/* Maps the area's descriptor in the place of what is there, with the
 * protection that each page has. */
static int32_t remap(struct hk_team *team, const struct hk_area *area)
{
    gm_addr at = area->span.base;
    struct gm_mapping piece;

    while (next_piece(team, area, at, &piece)) {
        at = piece.address + piece.size;
        piece.flags = GM_MAP_REPLACE | GM_MAP_SHARED;
        piece.fd = area->fd;
        piece.offset = area->place.offset + (piece.address - area->span.base);
        if (gm_map(team->space, &piece) < 0)
            return HK_B_NO_MEMORY;
    }
    return HK_B_OK;
}

/* Gives each page its own protection back. */
static void protect_again(struct hk_team *team, const struct hk_area *area)
{
    gm_addr at = area->span.base;
    struct gm_mapping piece;

    while (next_piece(team, area, at, &piece)) {
        at = piece.address + piece.size;
        gm_protect(team->space, piece.address, piece.size, piece.prot);
    }
}

/* Pages that cannot be read, behind a file's end, stay zeroed. */
static int copy_pages(int to, const uint8_t *from, uint32_t size)
{
    for (uint32_t at = 0; at < size; at += HK_PAGE_SIZE)
        if (pwrite(to, from + at, HK_PAGE_SIZE, (off_t)at) < 0 &&
            errno != EFAULT)
            return -1;
    return 0;
}

/*
 * Other threads may store to the pages meanwhile: such a store fails, and
 * happens again when the pages have moved (hk_area_was_moving).
 */
int32_t hk_area_make_sharable(struct hk_team *team, struct hk_area *area)
{
    uint8_t *host = gm_space_base(team->space) + area->span.base;
    struct hk_area moved = *area;
    int fd, failed;

    if (area->fd >= 0)
        return HK_B_OK;
    fd = hk_area_new_memory(area->span.size);
    if (fd < 0)
        return HK_B_NO_MEMORY;
    atomic_fetch_add(&team->areas->remappings, 1);
    failed = mprotect(host, area->span.size, PROT_READ) != 0 ||
             copy_pages(fd, host, area->span.size) != 0;
    hk_area_set_memory(&moved, fd, 0);
    if (failed || remap(team, &moved) != HK_B_OK) {
        protect_again(team, area);
        close(fd);
        return HK_B_NO_MEMORY;
    }
    moved.is_file = 0; /* its private pages are memory like any other now */
    hk_area_forget_file(team, &moved);
    *area = moved;
    hk_area_tell(team, area);
    return HK_B_OK;
}

int hk_area_was_moving(struct hk_thread *self)
{
    struct hk_areas *areas = self->team->areas;
    unsigned count;

    if (atomic_load(&areas->remappings) == self->remappings_seen)
        return 0;
    pthread_mutex_lock(&areas->lock); /* until it is over */
    count = atomic_load(&areas->remappings);
    pthread_mutex_unlock(&areas->lock);
    self->remappings_seen = count;
    return 1;
}

int hk_area_may_have_moved(const struct hk_thread *self)
{
    struct hk_areas *areas = self->team->areas;

    if (atomic_load(&areas->remappings) == 0)
        return 0;
    pthread_mutex_lock(&areas->lock);
    pthread_mutex_unlock(&areas->lock);
    return 1;
}

/* ---- the child of a fork ---- */

/* Copies memory from one descriptor to another, without its holes. */
static int copy_memory(int from, off_t offset, int to, uint32_t size)
{
    off_t end = offset + (off_t)size;
    off_t data = lseek(from, offset, SEEK_DATA);

    while (data >= 0 && data < end) {
        off_t hole = lseek(from, data, SEEK_HOLE);
        off_t at = data;

        if (hole < 0 || hole > end)
            hole = end;
        if (lseek(to, data - offset, SEEK_SET) < 0)
            return -1;
        while (at < hole)
            if (sendfile(to, from, &at, (size_t)(hole - at)) <= 0)
                return -1;
        data = lseek(from, hole, SEEK_DATA);
    }
    return 0;
}

static int32_t copy_area(struct hk_team *team, struct hk_area *area)
{
    struct hk_area copy = *area;
    int fd = hk_area_new_memory(area->span.size);

    if (fd < 0)
        return HK_B_NO_MEMORY;
    hk_area_set_memory(&copy, fd, 0);
    if (copy_memory(area->fd, (off_t)area->place.offset, fd, area->span.size) !=
            0 ||
        remap(team, &copy) != HK_B_OK) {
        close(fd);
        return HK_B_NO_MEMORY;
    }
    close(area->fd);
    *area = copy;
    return HK_B_OK;
}

/* In the child of a fork it is the parent's area, which is nobody's else. */
int hk_area_is_cloned(const struct hk_team *team, int32_t id)
{
    const struct hk_shared_area *record;
    int result;

    hk_shared_lock(team->shared);
    record =
        hk_item(team->shared, HK_POOL_AREAS, hk_id_index(HK_POOL_AREAS, id));
    result = record != NULL && record->own.id == id && record->is_cloned != 0;
    hk_shared_unlock(team->shared);
    return result;
}

int32_t hk_areas_fork_child(struct hk_thread *self)
{
    struct hk_team *team = self->team;
    struct hk_spans *areas = &team->areas->areas;
    int32_t status = HK_B_OK;

    for (uint32_t i = 0; i < areas->count; i++) {
        struct hk_area *area = hk_spans_at(areas, i);
        int32_t id = area->id;

        if (area->fd >= 0 && !area->is_shared) {
            if (hk_area_is_cloned(team, id)) {
                area->is_shared = 1;
                area->protection |= HK_SHARED_AREA;
            } else if (copy_area(team, area) != HK_B_OK)
                status = HK_B_NO_MEMORY;
        }
        if (hk_area_publish(team, area) != HK_B_OK)
            status = HK_B_NO_MEMORY;
        if (id == team->user_area_id)
            team->user_area_id = area->id;
        if (id == self->stack_area)
            self->stack_area = area->id;
    }
    return status;
}

/* ---- clones ---- */

/* Another file by that number means that the area is gone. */
int hk_area_open_memory(int32_t team, const struct hk_shared_area *record)
{
    char path[64];
    struct stat st;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", team, record->fd);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno == EACCES)
        fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && (uint64_t)st.st_dev == record->place.device &&
        (uint64_t)st.st_ino == record->place.inode)
        return fd;
    close(fd);
    return -1;
}

uint32_t hk_area_most_of_clone(const struct hk_team *team, uint32_t protection,
                               uint32_t most)
{
    if (team->kernel->config.release < HK_R1BETA6)
        return most;
    if (most == 0)
        most = HK_USER_PROTECTION;
    return (protection & HK_WRITE_AREA) != 0 ? most
                                             : most & ~(uint32_t)HK_WRITE_AREA;
}

/* The area of that id as it is shown, and its team. To ask for a clone makes it
 * a shared one, whether there will be a clone or not. */
static int32_t find_source(struct hk_shared *shared, int32_t id,
                           struct hk_shared_area *found, int32_t *team)
{
    struct hk_shared_area *record = hk_owned_find(shared, HK_OWNED_AREAS, id);

    if (record == NULL)
        return HK_B_BAD_VALUE;
    if ((record->protection & HK_KERNEL_AREA) != 0)
        return HK_B_NOT_ALLOWED;
    *found = *record;
    *team = hk_shared_slot(shared, record->own.team)->id;
    if (record->own.team == shared->team)
        return HK_B_OK;
    hk_put(shared, &record->is_cloned, 1);
    if ((record->protection & HK_CLONEABLE_AREA) == 0 || record->fd < 0)
        return HK_B_NOT_ALLOWED;
    return HK_B_OK;
}

/* An area of the team itself: cloneable or not. */
static int32_t open_own(struct hk_team *team, int32_t id,
                        struct hk_area_source *what)
{
    struct hk_area *area;
    int32_t status = HK_B_BAD_VALUE;

    pthread_mutex_lock(&team->areas->lock);
    area = hk_area_find(team->areas, id);
    if (area != NULL)
        status = hk_area_make_sharable(team, area);
    if (status == HK_B_OK) {
        area->is_shared = 1;
        area->protection |= HK_SHARED_AREA;
        hk_area_tell(team, area);
        what->fd = hk_range_locks_dup(hk_range_locks_of(team), area->fd);
        what->offset = area->place.offset;
        what->size = area->span.size;
        what->lock = area->lock;
        what->most = area->most;
        what->is_file_clone = area->is_file;
        if (what->fd < 0)
            status = HK_B_NO_MEMORY;
    }
    pthread_mutex_unlock(&team->areas->lock);
    return status;
}

int32_t hk_area_open_source(struct hk_thread *self, int32_t id,
                            struct hk_area_source *what)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_shared_area record;
    int32_t status, team = 0;

    hk_shared_lock(shared);
    status = find_source(shared, id, &record, &team);
    hk_shared_unlock(shared);
    if (status != HK_B_OK)
        return status;
    what->shared = what->is_clone = 1;
    if (record.own.team == shared->team)
        return open_own(self->team, id, what);
    what->most =
        hk_area_most_of_clone(self->team, record.protection, record.most);
    if (hk_kernel_of(self)->config.release >= HK_R1BETA6 &&
        (what->protection & HK_USER_PROTECTION & ~what->most) != 0)
        return HK_B_NOT_ALLOWED;
    what->fd = hk_area_open_memory(team, &record);
    what->offset = record.place.offset;
    what->size = record.size;
    what->lock = record.lock;
    what->is_file_clone = record.is_file != 0;
    return what->fd >= 0 ? HK_B_OK : HK_B_BAD_VALUE;
}
