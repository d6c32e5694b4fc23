/* area_calls.c -- the system calls on areas, mappings and ranges. */
/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include "area.h"
#include "bytes.h"
#include "fd.h"
#include "range_locks.h"
#include "root.h"
#include "syscalls.h"

/* Reads an address that a call takes and gives through a pointer. */
static int32_t read_address(struct hk_thread *self, gm_addr from,
                            uint32_t *address)
{
    uint8_t bytes[4];
    int32_t status = hk_read_user(self, bytes, from, sizeof(bytes));

    if (status == HK_B_OK)
        *address = hk_get32(bytes);
    return status;
}

static int32_t write_address(struct hk_thread *self, gm_addr to,
                             uint32_t address)
{
    uint8_t bytes[4];

    hk_put32(bytes, address);
    return hk_write_user(self, to, bytes, sizeof(bytes));
}

/* Creates the area and tells where. */
static int64_t create_and_tell(struct hk_thread *self,
                               const struct hk_area_source *what, gm_addr to)
{
    uint32_t address;
    int32_t id = hk_area_create(self->team, what, &address);

    if (id >= 0 && write_address(self, to, address) != HK_B_OK) {
        hk_area_delete(self->team, id, 1);
        return HK_B_BAD_ADDRESS;
    }
    return id;
}

/* The same for a mapping, which stays when nobody can be told where. */
static int64_t map_and_tell(struct hk_thread *self,
                            const struct hk_area_source *what, gm_addr to)
{
    uint32_t address;
    int32_t id = hk_area_create(self->team, what, &address);

    return id >= 0 && write_address(self, to, address) != HK_B_OK
               ? HK_B_BAD_ADDRESS
               : id;
}

/* The kernel's own, which userland may not ask for. */
static int is_kernel_spec(uint32_t spec)
{
    return spec == HK_ANY_KERNEL_ADDRESS || spec == HK_ANY_KERNEL_BLOCK_ADDRESS;
}

/* Any becomes randomized any, base likewise; from r1beta6 on in libroot. */
static uint32_t randomized(const struct hk_thread *self, uint32_t spec)
{
    if (hk_kernel_of(self)->config.release >= HK_R1BETA6)
        return spec;
    switch (spec) {
    case HK_ANY_ADDRESS:
        return HK_RANDOMIZED_ANY_ADDRESS;
    case HK_BASE_ADDRESS:
        return HK_RANDOMIZED_BASE_ADDRESS;
    default:
        return spec;
    }
}

int64_t hk_sys_create_area(struct hk_thread *self, gm_addr name,
                           gm_addr address, uint32_t address_spec,
                           uint32_t size, uint32_t lock, uint32_t protection)
{
    struct hk_area_source what = {.spec = randomized(self, address_spec),
                                  .size = size,
                                  .protection = protection,
                                  .lock = lock,
                                  .fd = -1};
    char text[HK_NAME_LENGTH];

    if (is_kernel_spec(address_spec) ||
        (protection & ~(uint32_t)HK_USER_AREA_FLAGS) != 0)
        return HK_B_BAD_VALUE;
    if (hk_read_user_name(self, text, name) != HK_B_OK ||
        read_address(self, address, &what.address) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (address_spec == HK_EXACT_ADDRESS && what.address >= HK_USER_LIMIT)
        return HK_B_BAD_VALUE;
    what.name = text;
    return create_and_tell(self, &what, address);
}

/* The clone has the source's memory; from then on a fork shares both. */
int64_t hk_sys_clone_area(struct hk_thread *self, gm_addr name, gm_addr address,
                          uint32_t address_spec, uint32_t protection,
                          int32_t source_area)
{
    struct hk_area_source what = {.spec = address_spec,
                                  .protection = protection};
    char text[HK_NAME_LENGTH];
    int64_t result;

    if (is_kernel_spec(address_spec) ||
        (protection & ~(uint32_t)HK_USER_AREA_FLAGS) != 0)
        return HK_B_BAD_VALUE;
    if (hk_read_user_name(self, text, name) != HK_B_OK ||
        read_address(self, address, &what.address) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    what.name = text;
    result = hk_area_open_source(self, source_area, &what);
    if (result != HK_B_OK)
        return result;
    result = create_and_tell(self, &what, address);
    hk_range_locks_close(hk_range_locks_of(self->team), what.fd);
    return result;
}

int64_t hk_sys_delete_area(struct hk_thread *self, int32_t area)
{
    return hk_area_delete(self->team, area, 0);
}

/* What a shared mapping can be given, so that what was opened for reading is
 * not stored to. In r1beta4 it is not executed either, unless it was mapped
 * so. */
static uint32_t most_of_mapping(const struct hk_thread *self,
                                uint32_t protection, uint32_t open_mode)
{
    uint32_t most = hk_kernel_of(self)->config.release == HK_R1BETA4
                        ? (protection & HK_USER_PROTECTION) | HK_READ_AREA
                        : HK_USER_PROTECTION & ~(uint32_t)HK_WRITE_AREA;

    return open_mode == HK_O_RDWR ? most | HK_WRITE_AREA : most;
}

/* From r1beta6 on no page of a shared mapping is behind the file's end. */
static int is_behind_end(const struct hk_thread *self,
                         const struct hk_area_source *what)
{
    struct stat st;

    if (hk_kernel_of(self)->config.release < HK_R1BETA6 || !what->shared ||
        fstat(what->fd, &st) != 0)
        return 0;
    return what->offset + hk_page_round(what->size) >
           (((uint64_t)st.st_size + (HK_PAGE_SIZE - 1)) &
            ~(uint64_t)(HK_PAGE_SIZE - 1));
}

static int has_no_node(const struct hk_file *file)
{
    return file->kind == HK_FILE_SOCKET || file->kind == HK_FILE_QUEUE ||
           file->kind == HK_FILE_QUERY;
}

/* A mapping of a file keeps its own pages: a private one sees no stores, a
 * shared one needs a descriptor open for writing to store. */
static int64_t map_open_file(struct hk_thread *self,
                             struct hk_area_source *what, struct hk_file *file,
                             gm_addr address)
{
    int stores = what->shared && (what->protection & HK_WRITE_AREA) != 0;
    uint32_t mode = file->open_mode & HK_O_RWMASK;
    int error;

    if (mode == HK_O_WRONLY || (stores && mode != HK_O_RDWR))
        return HK_B_PERMISSION_DENIED;
    if (has_no_node(file))
        return HK_B_FILE_ERROR;
    what->fd = file->node.fd;
    if (file->kind != HK_FILE_NODE || S_ISDIR(hk_file_type(file)) ||
        what->fd < 0 || what->offset > INT64_MAX || is_behind_end(self, what))
        return HK_B_BAD_VALUE; /* it has no cache, or not so much */
    if (what->shared)
        what->most = most_of_mapping(self, what->protection, mode);
    what->layer = hk_pieces_root(file->pieces);
    error = file->pieces == NULL ? 0
                                 : hk_pieces_bring(file->pieces, what->fd,
                                                   what->offset, what->size);
    return error == 0 ? map_and_tell(self, what, address)
                      : hk_status_from_errno(error);
}

static int64_t map_descriptor(struct hk_thread *self,
                              struct hk_area_source *what, int32_t fd,
                              gm_addr address)
{
    struct hk_file *file = hk_file_get(self, fd);
    int64_t result;

    if (file == NULL)
        return HK_B_FILE_ERROR;
    result = map_open_file(self, what, file, address);
    hk_file_put(file);
    return result;
}

int64_t hk_sys_map_file(struct hk_thread *self, gm_addr name, gm_addr address,
                        uint32_t address_spec, uint32_t size,
                        uint32_t protection, uint32_t mapping,
                        int unmap_address_range, int32_t fd, int64_t offset)
{
    enum { PRIVATE_MAP = 1 };
    struct hk_area_source what = {.spec = address_spec,
                                  .size = size,
                                  .protection = protection,
                                  .replace = unmap_address_range,
                                  .fd = -1,
                                  .shared = mapping != PRIVATE_MAP};
    char text[HK_NAME_LENGTH];

    if ((protection & ~(uint32_t)HK_USER_AREA_FLAGS) != 0)
        return HK_B_BAD_VALUE;
    if (hk_read_user_name(self, text, name) != HK_B_OK ||
        read_address(self, address, &what.address) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (address_spec == HK_EXACT_ADDRESS) {
        if (what.address % HK_PAGE_SIZE != 0 ||
            size > UINT32_MAX - what.address)
            return HK_B_BAD_VALUE;
        if (!hk_area_is_user(what.address, size))
            return HK_B_BAD_ADDRESS;
    }
    if (offset % HK_PAGE_SIZE != 0 &&
        hk_kernel_of(self)->config.release >= HK_R1BETA6)
        return HK_B_BAD_VALUE;
    what.name = text;
    what.offset = (uint64_t)offset & ~(uint64_t)(HK_PAGE_SIZE - 1);
    if (fd < 0)
        return map_and_tell(self, &what, address);
    return map_descriptor(self, &what, fd, address);
}

int64_t hk_sys_reserve_address_range(struct hk_thread *self, gm_addr address,
                                     uint32_t address_spec, uint32_t size)
{
    uint32_t at;
    int32_t status;

    if (is_kernel_spec(address_spec))
        return HK_B_BAD_VALUE;
    if (read_address(self, address, &at) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    status = hk_range_reserve(self->team, address_spec, &at, size);
    if (status == HK_B_OK && write_address(self, address, at) != HK_B_OK) {
        hk_range_unreserve(self->team, at, size);
        status = HK_B_BAD_ADDRESS;
    }
    return status;
}

/* What is not reserved is none of its business. */
int64_t hk_sys_unreserve_address_range(struct hk_thread *self, uint32_t address,
                                       uint32_t size)
{
    hk_range_unreserve(self->team, address, size);
    return HK_B_OK;
}

/* r1beta4 does not tell of areas that cannot be accessed. */
static int is_told(const struct hk_thread *self, const struct hk_area *area)
{
    return area != NULL &&
           ((area->protection & (HK_READ_AREA | HK_WRITE_AREA)) != 0 ||
            hk_kernel_of(self)->config.release > HK_R1BETA4);
}

int64_t hk_sys_area_for(struct hk_thread *self, gm_addr address)
{
    struct hk_areas *areas = self->team->areas;
    const struct hk_area *area;
    int32_t id;

    pthread_mutex_lock(&areas->lock);
    area = hk_area_at(areas, (uint32_t)address);
    id = is_told(self, area) ? area->id : HK_B_ERROR;
    pthread_mutex_unlock(&areas->lock);
    return id;
}

/* Of all teams' areas by that name the one with the lowest id. */
int64_t hk_sys_find_area(struct hk_thread *self, gm_addr name)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_area *area = NULL;
    char text[HK_NAME_LENGTH];
    int32_t id = HK_B_NAME_NOT_FOUND;

    if (hk_read_user_name(self, text, name) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    hk_shared_lock(shared);
    hk_shared_reap(shared);
    while ((area = hk_owned_next_of_all(shared, HK_OWNED_AREAS,
                                        area != NULL ? &area->own : NULL)) !=
           NULL)
        if (memcmp(area->name, text, strlen(text) + 1) == 0 &&
            (id < 0 || area->own.id < id))
            id = area->own.id;
    hk_shared_unlock(shared);
    return id;
}

/* What an area_info is of. */
struct told_area {
    struct hk_shared_area area;
    int32_t team;
    uint64_t memory; /* see hk_area_ram */
};

/* From r1beta6 on a user is told of areas of its own teams alone, and not the
 * kernel's bits. With the shared lock: B_OK or B_NOT_ALLOWED. */
static int32_t look_at(const struct hk_thread *self,
                       const struct hk_shared_area *area,
                       struct told_area *told)
{
    const struct hk_team_slot *slot =
        hk_shared_slot(hk_shared_of(self), area->own.team);
    uint32_t user = self->team->ids.user.effective;

    told->area = *area;
    told->area.protection =
        hk_told_protection(area->protection, area->is_cloned);
    told->team = slot->id;
    told->memory = slot->facts.memory;
    if (user == 0 || hk_kernel_of(self)->config.release < HK_R1BETA6)
        return HK_B_OK;
    told->area.protection &= HK_USER_AREA_FLAGS;
    return slot->facts.uid == user ? HK_B_OK : HK_B_NOT_ALLOWED;
}

/* area_info (haiku-abi/structs.md). */
static int32_t write_info(struct hk_thread *self, gm_addr to,
                          const struct told_area *told)
{
    uint8_t info[72] = {0};

    hk_put32(info, (uint32_t)told->area.own.id);
    memcpy(info + 4, told->area.name, HK_NAME_LENGTH);
    hk_put32(info + 36, told->area.size);
    hk_put32(info + 40, told->area.lock);
    hk_put32(info + 44, told->area.protection);
    hk_put32(info + 48, (uint32_t)told->team);
    hk_put32(info + 52, hk_area_ram(told->team, told->memory, &told->area));
    hk_put32(info + 68, told->area.base);
    return hk_write_user(self, to, info, sizeof(info));
}

int64_t hk_sys_get_area_info(struct hk_thread *self, int32_t area, gm_addr info)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_area *found;
    struct told_area told;
    int32_t status = HK_B_BAD_TEAM_ID; /* which no area has not */

    if (!hk_is_user_address(info))
        return HK_B_BAD_ADDRESS;
    hk_shared_lock(shared);
    found = hk_owned_find(shared, HK_OWNED_AREAS, area);
    if (found != NULL)
        status = look_at(self, found, &told);
    hk_shared_unlock(shared);
    return status == HK_B_OK ? write_info(self, info, &told) : status;
}

/* The area of a team at the lowest address from one on. */
static const struct hk_shared_area *closest_area(const struct hk_shared *shared,
                                                 uint32_t team, uint32_t from)
{
    const struct hk_shared_area *best = NULL, *area = NULL;

    while ((area = hk_owned_next(shared, HK_OWNED_AREAS, team,
                                 area != NULL ? &area->own : NULL)) != NULL)
        if (area->base >= from && (best == NULL || area->base < best->base))
            best = area;
    return best;
}

/* The first area of a team from an address on, which becomes the cookie for the
 * next one. The kernel's own team has none. */
static int32_t next_info(struct hk_thread *self, int32_t team, uint32_t *at,
                         struct told_area *told)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t index = hk_shared_find_team(shared, team);
    const struct hk_shared_area *area =
        index != 0 ? closest_area(shared, index, *at) : NULL;

    if (area == NULL)
        return index != 0 || team == HK_KERNEL_TEAM ? HK_B_ENTRY_NOT_FOUND
                                                    : HK_B_BAD_TEAM_ID;
    *at = area->base + 1;
    return look_at(self, area, told);
}

/* The cookie is the last area's address + 1. */
int64_t hk_sys_get_next_area_info(struct hk_thread *self, int32_t team,
                                  gm_addr cookie, gm_addr info)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct told_area told;
    uint32_t at;
    int32_t status;

    if (!hk_is_user_address(info) || read_address(self, cookie, &at) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (at == UINT32_MAX)
        return HK_B_ENTRY_NOT_FOUND;
    hk_shared_lock(shared);
    status = next_info(self, team, &at, &told);
    hk_shared_unlock(shared);
    if (status != HK_B_OK)
        return status;
    if (write_address(self, cookie, at) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return write_info(self, info, &told);
}

/* What set_area_protection says of an area that the team has not. r1beta4 does
 * not mind who asks for what is so already. */
static int32_t others_status(struct hk_thread *self, int32_t id,
                             uint32_t protection)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_area *area;
    int32_t status = HK_B_BAD_TEAM_ID;

    hk_shared_lock(shared);
    area = hk_owned_find(shared, HK_OWNED_AREAS, id);
    if (area != NULL)
        status = hk_kernel_of(self)->config.release == HK_R1BETA4 &&
                         !area->is_cloned && area->protection == protection
                     ? HK_B_OK
                     : HK_B_NOT_ALLOWED;
    hk_shared_unlock(shared);
    return status;
}

static int32_t protect(struct hk_team *team, struct hk_area *area,
                       uint32_t protection)
{
    if ((area->protection & HK_KERNEL_AREA) != 0 ||
        !hk_area_can_have(area, protection))
        return HK_B_NOT_ALLOWED;
    if ((protection & HK_CLONEABLE_AREA) != 0 &&
        hk_area_make_sharable(team, area) != HK_B_OK)
        return HK_B_NO_MEMORY;
    if (area->span.size > 0 &&
        gm_protect(team->space, area->span.base, area->span.size,
                   hk_area_host_protection(protection)) < 0)
        return HK_B_NO_MEMORY;
    hk_area_set_protection(team, area, protection);
    if (team->kernel->config.release >= HK_R1BETA6)
        area->has_page_protections = 0;
    return HK_B_OK;
}

int64_t hk_sys_set_area_protection(struct hk_thread *self, int32_t area,
                                   uint32_t new_protection)
{
    uint32_t allowed = hk_kernel_of(self)->config.release > HK_R1BETA4
                           ? HK_USER_PROTECTION | HK_CLONEABLE_AREA
                           : HK_USER_PROTECTION;
    struct hk_areas *areas = self->team->areas;
    struct hk_area *found;
    int32_t status = HK_B_OK;

    if ((new_protection & ~allowed) != 0)
        return HK_B_BAD_VALUE;
    pthread_mutex_lock(&areas->lock);
    found = hk_area_find(areas, area);
    if (found != NULL)
        status = protect(self->team, found, new_protection);
    pthread_mutex_unlock(&areas->lock);
    return found != NULL ? status : others_status(self, area, new_protection);
}
