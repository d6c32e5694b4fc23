/* play_space.c -- does to a space what a trace says. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <sys/mman.h>
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

void tr_free_objects(struct tr_player *player)
{
    while (player->objects != NULL) {
        struct tr_player_object *object = player->objects;

        player->objects = object->next;
        close(object->fd);
        free(object);
    }
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
    if (end > object->size && ftruncate(object->fd, (off_t)end) != 0)
        return GM_ERR_NOMEM;
    if (end > object->size)
        object->size = end;
    mapping->fd = object->fd;
    mapping->offset = offset * GM_PAGE_SIZE;
    mapping->flags |= GM_MAP_SHARED;
    return 0;
}

static int map(struct tr_player *player, const struct tr_event *event)
{
    struct gm_mapping mapping = {.flags = GM_MAP_REPLACE, .fd = -1};
    uint64_t protection = TR_FIELD(event, MAP, PROTECTION);
    int error = get_range(event, &mapping.address, &mapping.size);

    if (error < 0 || protection > 7)
        return GM_ERR_RANGE;
    mapping.prot = (unsigned)protection;
    if (TR_FIELD(event, MAP, OBJECT) != 0)
        error = show_object(player, &mapping, TR_FIELD(event, MAP, OBJECT),
                            TR_FIELD(event, MAP, OFFSET));
    if (error < 0)
        return error;
    return gm_map(player->space, &mapping);
}

static int unmap(struct tr_player *player, const struct tr_event *event)
{
    gm_addr address;
    uint64_t size;
    int error = get_range(event, &address, &size);

    return error < 0 ? error : gm_unmap(player->space, address, size);
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
