/* play_space.c -- does to a space what a trace says. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "player.h"

enum { PAGES = 1 << 20 };

static int refuse(struct tr_fault *fault, const struct tr_event *event,
                  int error)
{
    tr_set_fault(fault, "%s cannot be done at page 0x%llx: %s",
                 tr_kind_name(event->kind),
                 (unsigned long long)event->fields[0], gm_error_text(error));
    return error == GM_ERR_NOMEM ? TR_ERR_NOMEM : TR_ERR_DAMAGED;
}

/* The pages that the first two fields of an event name. */
static int get_range(const struct tr_event *event, gm_addr *address,
                     uint64_t *size)
{
    uint64_t page = event->fields[0], pages = event->fields[1];

    if (page >= PAGES || pages == 0 || pages > PAGES - page)
        return GM_ERR_RANGE;
    *address = page * GM_PAGE_SIZE;
    *size = pages * GM_PAGE_SIZE;
    return 0;
}

/* Those that no view shows; what maps one again brings its content. */
static void free_unseen(struct tr_player *player)
{
    struct tr_player_object **link = &player->objects;

    while (*link != NULL) {
        struct tr_player_object *object = *link;

        if (tr_views_show(player->views, object->id)) {
            link = &object->next;
            continue;
        }
        *link = object->next;
        close(object->fd);
        free(object->saved);
        free(object);
    }
}

void tr_free_objects(struct tr_player *player)
{
    tr_views_free(&player->views);
    free_unseen(player);
}

static int read_all(int fd, uint8_t *bytes, uint64_t size)
{
    ssize_t got = 1;

    for (uint64_t at = 0; at < size && got > 0; at += (uint64_t)got)
        got = pread(fd, bytes + at, size - at, (off_t)at);
    return got > 0;
}

static int write_all(int fd, const uint8_t *bytes, uint64_t size)
{
    ssize_t put = 1;

    for (uint64_t at = 0; at < size && put > 0; at += (uint64_t)put)
        put = pwrite(fd, bytes + at, size - at, (off_t)at);
    return put > 0;
}

/* What another process has added. */
static int forget_behind(int fd, uint64_t size)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return 0;
    return (uint64_t)st.st_size <= size ||
           fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                     (off_t)size, st.st_size - (off_t)size) == 0;
}

static int make_larger(int fd, uint64_t size)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return 0;
    return (uint64_t)st.st_size >= size || ftruncate(fd, (off_t)size) == 0;
}

static struct tr_player_object *find_object(struct tr_player *player,
                                            uint64_t id)
{
    struct tr_player_object *object = player->objects;

    while (object != NULL && object->id != id)
        object = object->next;
    if (object != NULL)
        return object;
    object = calloc(1, sizeof(*object));
    if (object == NULL)
        return NULL;
    object->id = id;
    object->fd = memfd_create("trace", MFD_CLOEXEC);
    if (object->fd < 0) {
        free(object);
        return NULL;
    }
    object->next = player->objects;
    player->objects = object;
    return object;
}

int tr_read_object(const struct tr_player *player, uint64_t id, uint64_t page,
                   uint8_t bytes[TR_PAGE_SIZE])
{
    const struct tr_player_object *object = player->objects;

    while (object != NULL && object->id != id)
        object = object->next;
    return object != NULL && pread(object->fd, bytes, TR_PAGE_SIZE,
                                   (off_t)(page * TR_PAGE_SIZE)) == TR_PAGE_SIZE
               ? 0
               : TR_ERR_INVALID;
}

int tr_player_save_objects(struct tr_player *player)
{
    struct tr_player_object *object = player->objects;

    for (; object != NULL; object = object->next) {
        free(object->saved);
        object->saved = malloc(object->size);
        if (object->saved == NULL ||
            !read_all(object->fd, object->saved, object->size))
            return TR_ERR_NOMEM;
    }
    return 0;
}

/* The file is never cut: that would take private copies of its pages away. */
int tr_player_restore_objects(struct tr_player *player)
{
    const struct tr_player_object *object = player->objects;

    for (; object != NULL; object = object->next)
        if (object->saved == NULL ||
            !write_all(object->fd, object->saved, object->size) ||
            !forget_behind(object->fd, object->size))
            return TR_ERR_NOMEM;
    return 0;
}

/* Has a mapping show an object, which becomes large enough. */
static int show_object(struct tr_player *player, struct gm_mapping *mapping,
                       uint64_t id, uint64_t offset)
{
    struct tr_player_object *object;
    uint64_t end;

    if (offset > UINT32_MAX)
        return GM_ERR_RANGE;
    object = find_object(player, id);
    if (object == NULL)
        return GM_ERR_NOMEM;
    end = offset * GM_PAGE_SIZE + mapping->size;
    if (!make_larger(object->fd, end))
        return GM_ERR_NOMEM;
    if (end > object->size)
        object->size = end;
    mapping->fd = object->fd;
    mapping->offset = offset * GM_PAGE_SIZE;
    return 0;
}

/* Notes what a range shows now. */
static int note_view(struct tr_player *player, const struct tr_event *event,
                     int is_private)
{
    const struct tr_view view = {TR_FIELD(event, MAP, PAGE),
                                 TR_FIELD(event, MAP, PAGES),
                                 TR_FIELD(event, MAP, OBJECT),
                                 TR_FIELD(event, MAP, OFFSET),
                                 is_private,
                                 NULL};

    if (tr_views_remove(&player->views, view.page, view.pages) < 0 ||
        (view.object != 0 && tr_views_add(&player->views, &view) < 0))
        return GM_ERR_NOMEM;
    if (view.object != 0)
        tr_memory_alias(player->memory, view.page * GM_PAGE_SIZE,
                        view.pages * GM_PAGE_SIZE);
    free_unseen(player);
    return 0;
}

static int map(struct tr_player *player, const struct tr_event *event)
{
    struct gm_mapping mapping = {.flags = GM_MAP_REPLACE, .fd = -1};
    uint64_t protection = TR_FIELD(event, MAP, PROTECTION);
    uint64_t object = TR_FIELD(event, MAP, OBJECT);
    int is_private = (protection & TR_PROTECTION_PRIVATE) != 0;
    int error = get_range(event, &mapping.address, &mapping.size);

    if (error < 0 || protection > (TR_PROTECTION_PRIVATE | 7) ||
        (is_private && object == 0))
        return GM_ERR_RANGE;
    mapping.prot = (unsigned)protection & 7;
    if (object != 0)
        error =
            show_object(player, &mapping, object, TR_FIELD(event, MAP, OFFSET));
    if (object != 0 && !is_private)
        mapping.flags |= GM_MAP_SHARED;
    if (error == 0)
        error = gm_map(player->space, &mapping);
    return error < 0 ? error : note_view(player, event, is_private);
}

static int unmap(struct tr_player *player, const struct tr_event *event)
{
    gm_addr address;
    uint64_t size;
    int error = get_range(event, &address, &size);

    if (error == 0)
        error = gm_unmap(player->space, address, size);
    if (error == 0 &&
        tr_views_remove(&player->views, event->fields[0], event->fields[1]) < 0)
        error = GM_ERR_NOMEM;
    free_unseen(player);
    return error;
}

static int protect(struct tr_player *player, const struct tr_event *event)
{
    uint64_t protection = TR_FIELD(event, PROTECT, PROTECTION);
    gm_addr address;
    uint64_t size;
    int error = get_range(event, &address, &size);

    if (error < 0 || protection > 7)
        return GM_ERR_RANGE;
    return gm_protect(player->space, address, size, (unsigned)protection);
}

/* Stores within a page whatever its protection is. */
static int store(struct tr_player *player, gm_addr address,
                 const uint8_t *bytes, size_t size)
{
    gm_addr page = address - address % GM_PAGE_SIZE;
    struct gm_mapping region;
    int error;

    if (size > GM_PAGE_SIZE - address % GM_PAGE_SIZE)
        return GM_ERR_RANGE;
    error = gm_query(player->space, page, &region);
    if (error < 0 || region.address > page)
        return GM_ERR_FAULT;
    if ((region.prot & GM_PROT_WRITE) == 0)
        error = gm_protect(player->space, page, GM_PAGE_SIZE,
                           GM_PROT_READ | GM_PROT_WRITE);
    if (error == 0)
        error = gm_copy_out(player->space, address, bytes, size);
    if (error == 0 && (region.prot & GM_PROT_WRITE) == 0)
        error = gm_protect(player->space, page, GM_PAGE_SIZE, region.prot);
    return error;
}

static int write_bytes(struct tr_player *player, const struct tr_event *event)
{
    uint64_t address = TR_FIELD(event, WRITE, ADDRESS);

    if (address > UINT32_MAX || event->size == 0)
        return GM_ERR_RANGE;
    return store(player, address, event->bytes, event->size);
}

static int load_image(struct tr_player *player, const struct tr_event *event,
                      struct tr_fault *fault)
{
    uint64_t number = TR_FIELD(event, IMAGE, PAGE);
    uint8_t page[TR_PAGE_SIZE];
    int error;

    if (number >= PAGES)
        return refuse(fault, event, GM_ERR_RANGE);
    error = tr_read_page(player->reader, TR_FIELD(event, IMAGE, IMAGE), page,
                         fault);
    if (error < 0)
        return error;
    error = store(player, number * GM_PAGE_SIZE, page, sizeof(page));
    return error < 0 ? refuse(fault, event, error) : 0;
}

int tr_play_space(struct tr_player *player, const struct tr_event *event,
                  struct tr_fault *fault)
{
    int error = GM_ERR_INVALID;

    if (event->kind == TR_IMAGE)
        return load_image(player, event, fault);
    if (event->kind == TR_MAP)
        error = map(player, event);
    else if (event->kind == TR_UNMAP)
        error = unmap(player, event);
    else if (event->kind == TR_PROTECT)
        error = protect(player, event);
    else if (event->kind == TR_WRITE)
        error = write_bytes(player, event);
    return error < 0 ? refuse(fault, event, error) : 0;
}

static void before(void *context)
{
    (void)context;
}

static void after(void *context, enum gm_event kind, gm_addr address,
                  uint64_t size)
{
    struct tr_player *player = context;

    tr_memory_changed(player->memory, kind, address, size);
}

const struct gm_observer tr_player_observer = {before, after};
