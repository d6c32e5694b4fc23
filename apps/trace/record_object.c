/* record_object.c -- files that mappings show, and the copies of them. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorder.h"

static struct tr_object *find_file(const struct tr_recorder *recorder,
                                   const struct stat *st)
{
    struct tr_object *object = recorder->objects;

    while (object != NULL &&
           (object->device != st->st_dev || object->node != st->st_ino))
        object = object->next;
    return object;
}

struct tr_object *tr_find_object(const struct tr_recorder *recorder,
                                 uint64_t id)
{
    struct tr_object *object = recorder->objects;

    while (object != NULL && object->id != id)
        object = object->next;
    return object;
}

static struct tr_object *add_object(struct tr_recorder *recorder,
                                    const struct stat *st)
{
    struct tr_object *object = calloc(1, sizeof(*object));

    if (object != NULL)
        object->copy = memfd_create("copy", MFD_CLOEXEC);
    if (object == NULL || object->copy < 0) {
        free(object);
        recorder->error = TR_ERR_NOMEM;
        return NULL;
    }
    object->device = st->st_dev;
    object->node = st->st_ino;
    object->id = ++recorder->last_object;
    object->next = recorder->objects;
    recorder->objects = object;
    return object;
}

static int is_writable(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && (flags & O_ACCMODE) == O_RDWR;
}

struct tr_object *tr_object_of(struct tr_recorder *recorder,
                               const struct gm_mapping *region)
{
    struct tr_object *object;
    struct stat st;

    if (region->fd < 0 || fstat(region->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return NULL;
    object = find_file(recorder, &st);
    if (object == NULL &&
        ((region->flags & GM_MAP_SHARED) != 0 || is_writable(region->fd)))
        object = add_object(recorder, &st);
    return object;
}

/* ---- what is in the copy ---- */

void tr_object_read(const struct tr_object *object, uint64_t number,
                    uint8_t page[GM_PAGE_SIZE])
{
    ssize_t got =
        pread(object->copy, page, GM_PAGE_SIZE, (off_t)(number * GM_PAGE_SIZE));

    if (got < 0)
        got = 0;
    memset(page + got, 0, GM_PAGE_SIZE - (size_t)got);
}

void tr_object_write(struct tr_recorder *recorder,
                     const struct tr_object *object, uint64_t number,
                     const uint8_t page[GM_PAGE_SIZE])
{
    if (pwrite(object->copy, page, GM_PAGE_SIZE,
               (off_t)(number * GM_PAGE_SIZE)) != GM_PAGE_SIZE)
        recorder->error = TR_ERR_NOMEM;
}

/* ---- what mappings show ---- */

static void *reserve(size_t size)
{
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return bytes == MAP_FAILED ? NULL : bytes;
}

/* What the first view needs: 0, or TR_ERR_NOMEM. */
static int prepare(struct tr_recorder *recorder)
{
    uint64_t size = gm_space_size(recorder->config.space);
    unsigned bits = 0;

    if (recorder->live != NULL)
        return 0;
    while (UINT64_C(1) << bits < size)
        bits++;
    recorder->kept = reserve(size);
    recorder->is_shown = reserve(size / GM_PAGE_SIZE);
    return recorder->kept == NULL || recorder->is_shown == NULL ||
                   gm_space_new(bits, &recorder->live) < 0
               ? TR_ERR_NOMEM
               : 0;
}

/* The file itself, at the same addresses in a space of its own. */
static int map_live(struct tr_recorder *recorder, const struct tr_view *view,
                    int fd)
{
    const struct gm_mapping mapping = {
        .address = view->page * GM_PAGE_SIZE,
        .size = view->pages * GM_PAGE_SIZE,
        .prot = is_writable(fd) ? GM_PROT_READ | GM_PROT_WRITE : GM_PROT_READ,
        .flags = GM_MAP_REPLACE | GM_MAP_SHARED,
        .fd = fd,
        .offset = view->offset * GM_PAGE_SIZE};

    return gm_map(recorder->live, &mapping);
}

/* The copy is to be mapped as the file is: where that refuses stores, no
 * protection can allow them. */
static int open_copy(const struct tr_object *object, int fd)
{
    char path[32];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", object->copy);
    return open(path, (is_writable(fd) ? O_RDWR : O_RDONLY) | O_CLOEXEC);
}

/* How many pages of the view from one on are shown, or are not, as that is. */
static uint64_t count_alike(const struct tr_recorder *recorder,
                            const struct tr_view *view, uint64_t first)
{
    const uint8_t *is_shown = recorder->is_shown + view->page;
    uint64_t end = first;

    while (end < view->pages && is_shown[end] == is_shown[first])
        end++;
    return end - first;
}

static int show_copy(struct tr_recorder *recorder, const struct tr_view *view,
                     int copy)
{
    int error = 0;

    for (uint64_t i = 0, count; i < view->pages && error == 0; i += count) {
        int is_shown = recorder->is_shown[view->page + i];

        count = count_alike(recorder, view, i);
        error = gm_show(recorder->config.space, (view->page + i) * GM_PAGE_SIZE,
                        count * GM_PAGE_SIZE, is_shown ? copy : -1,
                        is_shown ? (view->offset + i) * GM_PAGE_SIZE : 0);
    }
    return error;
}

/* Zeros need no memory where there is none yet. */
static void load_page(struct tr_recorder *recorder,
                      const struct tr_object *object, gm_addr address,
                      uint64_t number)
{
    uint8_t page[GM_PAGE_SIZE], copy[GM_PAGE_SIZE];
    uint8_t *kept = recorder->kept + address;
    int is_there = gm_copy_in(recorder->live, page, address, sizeof(page)) == 0;

    if (!is_there)
        memset(page, 0, sizeof(page));
    recorder->is_shown[address / GM_PAGE_SIZE] = (uint8_t)is_there;
    if (memcmp(kept, page, sizeof(page)) != 0)
        memcpy(kept, page, sizeof(page));
    tr_object_read(object, number, copy);
    if (memcmp(copy, page, sizeof(page)) != 0)
        tr_object_write(recorder, object, number, page);
}

static void load_copy(struct tr_recorder *recorder,
                      const struct tr_object *object,
                      const struct tr_view *view)
{
    uint64_t size = (view->offset + view->pages) * GM_PAGE_SIZE;
    struct stat st;

    if (fstat(object->copy, &st) != 0 ||
        ((uint64_t)st.st_size < size &&
         ftruncate(object->copy, (off_t)size) != 0))
        recorder->error = TR_ERR_NOMEM;
    for (uint64_t i = 0; i < view->pages; i++)
        load_page(recorder, object, (view->page + i) * GM_PAGE_SIZE,
                  view->offset + i);
}

void tr_object_show(struct tr_recorder *recorder,
                    const struct tr_object *object, const struct tr_view *view,
                    int fd)
{
    int copy = open_copy(object, fd), is_shown = 0;

    if (copy >= 0 && prepare(recorder) == 0 &&
        map_live(recorder, view, fd) == 0) {
        load_copy(recorder, object, view);
        is_shown = show_copy(recorder, view, copy) == 0 &&
                   tr_views_add(&recorder->views, view) == 0;
    }
    if (!is_shown)
        recorder->error = TR_ERR_NOMEM;
    if (copy >= 0)
        close(copy);
}

void tr_object_show_page(struct tr_recorder *recorder,
                         const struct tr_object *object, gm_addr address,
                         uint64_t number)
{
    uint8_t *is_shown = &recorder->is_shown[address / GM_PAGE_SIZE];
    int copy = *is_shown ? -1 : object->copy;

    if (gm_show(recorder->config.space, address, GM_PAGE_SIZE, copy,
                copy < 0 ? 0 : number * GM_PAGE_SIZE) < 0)
        recorder->error = TR_ERR_NOMEM;
    *is_shown = copy >= 0;
}

/* Objects that no mapping shows: whose file is mapped again is another one. */
static void forget_unseen(struct tr_recorder *recorder)
{
    struct tr_object **link = &recorder->objects;

    while (*link != NULL) {
        struct tr_object *object = *link;

        if (tr_views_show(recorder->views, object->id)) {
            link = &object->next;
            continue;
        }
        *link = object->next;
        close(object->copy);
        free(object);
    }
}

void tr_object_hide(struct tr_recorder *recorder, gm_addr address,
                    uint64_t size)
{
    if (tr_views_remove(&recorder->views, address / GM_PAGE_SIZE,
                        size / GM_PAGE_SIZE) < 0)
        recorder->error = TR_ERR_NOMEM;
    if (recorder->live == NULL)
        return;
    gm_unmap(recorder->live, address, size);
    madvise(recorder->kept + address, size, MADV_DONTNEED);
    forget_unseen(recorder);
}
