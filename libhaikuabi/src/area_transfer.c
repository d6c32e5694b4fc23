/* area_transfer.c -- areas that other teams get, or have as well. */
/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "area.h"
#include "bytes.h"
#include "range_locks.h"
#include "request.h"
#include "syscalls.h"

/* ---- transfer_area ---- */

/* The words of HK_ASKED_TAKE_AREA; its data is the name. */
enum take_word {
    TAKE_SPEC,
    TAKE_ADDRESS,
    TAKE_SIZE,
    TAKE_PROTECTION,
    TAKE_MOST,
    TAKE_LOCK, /* and IS_FILE */
    TAKE_FD,
    TAKE_DEVICE,
    TAKE_INODE = TAKE_DEVICE + 2,
    TAKE_OFFSET = TAKE_INODE + 2,
    TAKE_WORDS = TAKE_OFFSET + 2
};

_Static_assert((int)TAKE_WORDS <= (int)HK_ASKED_WORDS, "words of a request");

static const uint32_t is_file = UINT32_C(1) << 31;

static void put_words(uint32_t words[2], uint64_t value)
{
    words[0] = (uint32_t)value;
    words[1] = (uint32_t)(value >> 32);
}

static uint64_t get_words(const uint32_t words[2])
{
    return words[0] | (uint64_t)words[1] << 32;
}

int32_t hk_area_take(struct hk_team *team, const struct hk_asked *asked,
                     const char *name, uint32_t *address)
{
    const uint32_t *words = asked->words;
    const struct hk_shared_area from = {
        .fd = (int32_t)words[TAKE_FD],
        .place = {.device = get_words(words + TAKE_DEVICE),
                  .inode = get_words(words + TAKE_INODE),
                  .offset = get_words(words + TAKE_OFFSET)}};
    struct hk_area_source what = {
        .name = name,
        .spec = words[TAKE_SPEC],
        .address = words[TAKE_ADDRESS],
        .size = words[TAKE_SIZE],
        .protection = words[TAKE_PROTECTION],
        .most = words[TAKE_MOST],
        .lock = words[TAKE_LOCK] & ~is_file,
        .fd = hk_area_open_memory(asked->sender, &from),
        .offset = from.place.offset,
        .shared = 1,
        .is_clone = 1,
        .is_transfer = 1,
        .is_file_clone = (words[TAKE_LOCK] & is_file) != 0,
    };
    int32_t id;

    if (what.fd < 0)
        return HK_B_BAD_VALUE;
    id = hk_area_create(team, &what, address);
    hk_range_locks_close(hk_range_locks_of(team), what.fd);
    return id;
}

/* To clone an area the kernel makes it cloneable, and so it stays when it
 * cannot be given after all. */
static int32_t share(struct hk_team *team, struct hk_area *area)
{
    int is_kernel = (area->protection & HK_KERNEL_AREA) != 0;
    int32_t status;

    if (is_kernel && team->kernel->config.release >= HK_R1BETA6)
        return HK_B_NOT_ALLOWED;
    status = is_kernel ? HK_B_NOT_ALLOWED : hk_area_make_sharable(team, area);
    area->protection |= HK_CLONEABLE_AREA;
    if (status == HK_B_OK) {
        area->protection |= HK_SHARED_AREA;
        area->is_shared = 1;
    }
    hk_area_tell(team, area);
    return status;
}

/* The area as the other team is to make it. */
static int32_t offer(struct hk_team *team, int32_t id, struct hk_asking *asking,
                     char name[HK_NAME_LENGTH])
{
    uint32_t *words = asking->asked.words;
    struct hk_area *area;
    int32_t status = HK_B_BAD_TEAM_ID; /* which no area has not */

    pthread_mutex_lock(&team->areas->lock);
    area = hk_area_find(team->areas, id);
    if (area != NULL) {
        words[TAKE_PROTECTION] =
            area->protection |
            (hk_area_is_cloned(team, id) ? (uint32_t)HK_SHARED_AREA : 0);
        status = share(team, area);
    }
    if (status == HK_B_OK) {
        memcpy(name, area->name, HK_NAME_LENGTH);
        words[TAKE_SIZE] = area->span.size;
        words[TAKE_MOST] =
            hk_area_most_of_clone(team, area->protection, area->most);
        words[TAKE_LOCK] = area->lock | (area->is_file ? is_file : 0);
        words[TAKE_FD] = (uint32_t)area->fd;
        put_words(words + TAKE_DEVICE, area->place.device);
        put_words(words + TAKE_INODE, area->place.inode);
        put_words(words + TAKE_OFFSET, area->place.offset);
    }
    pthread_mutex_unlock(&team->areas->lock);
    return status;
}

static int is_shown(struct hk_thread *self, int32_t id)
{
    struct hk_shared *shared = hk_shared_of(self);
    int result;

    hk_shared_lock(shared);
    result = hk_owned_find(shared, HK_OWNED_AREAS, id) != NULL;
    hk_shared_unlock(shared);
    return result;
}

/* To another team, or to another place in this one: the new area's id. */
static int32_t give(struct hk_thread *self, int32_t target,
                    struct hk_asking *asking, const char *name)
{
    int32_t id;

    asking->asked.kind = HK_ASKED_TAKE_AREA;
    asking->asked.sender = self->team->id;
    asking->asked.size = HK_NAME_LENGTH;
    asking->data = name;
    if (target == self->team->id)
        return hk_area_take(self->team, &asking->asked, name, asking->answer);
    self->restart.is_required = 1;
    id = hk_ask_team(self, target, asking);
    return id == HK_B_BAD_TEAM_ID ? HK_B_BAD_VALUE : id;
}

int64_t hk_sys_transfer_area(struct hk_thread *self, int32_t area,
                             gm_addr address, uint32_t address_spec,
                             int32_t target)
{
    enum { ANY_KERNEL = 4, ANY_KERNEL_BLOCK = 5 };
    struct hk_asking asking = {.asked = {.words = {address_spec}}};
    char name[HK_NAME_LENGTH];
    uint8_t word[4];
    int32_t id, status;

    if (address_spec == ANY_KERNEL || address_spec == ANY_KERNEL_BLOCK)
        return HK_B_BAD_VALUE;
    if (hk_read_user(self, word, address, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    asking.asked.words[TAKE_ADDRESS] = hk_get32(word);
    status = offer(self->team, area, &asking, name);
    if (status == HK_B_BAD_TEAM_ID && is_shown(self, area))
        return hk_kernel_of(self)->config.release >= HK_R1BETA6
                   ? HK_B_NOT_ALLOWED
                   : HK_B_PERMISSION_DENIED;
    if (status != HK_B_OK)
        return status;
    id = give(self, target, &asking, name);
    if (id < 0)
        return id;
    hk_area_delete(self->team, area, 0);
    hk_put32(word, asking.answer[0]);
    if (hk_write_user(self, address, word, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return id;
}

/* ---- resize_area ---- */

/* With the shared lock: an area of a team whose memory is the same. */
static const struct hk_shared_area *
same_memory(const struct hk_shared *shared, uint32_t team,
            const struct hk_shared_area *area)
{
    const struct hk_shared_area *other = NULL;

    while ((other = hk_owned_next(shared, HK_OWNED_AREAS, team,
                                  other != NULL ? &other->own : NULL)) != NULL)
        if (other->own.id == area->own.id ||
            (other->fd >= 0 && area->fd >= 0 &&
             other->place.device == area->place.device &&
             other->place.inode == area->place.inode))
            return other;
    return NULL;
}

/* The team's id and its area of that memory, 0 when it has none. */
static int32_t find_in_team(struct hk_thread *self, uint32_t team,
                            const struct hk_shared_area *area, int32_t *owner)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_area *found = NULL;
    int32_t id = 0;

    hk_shared_lock(shared);
    if (hk_shared_is_alive(shared, team))
        found = same_memory(shared, team, area);
    if (found != NULL) {
        id = found->own.id;
        *owner = hk_shared_slot(shared, team)->id;
    }
    hk_shared_unlock(shared);
    return id;
}

static int32_t resize_in_team(struct hk_thread *self, uint32_t team,
                              const struct hk_shared_area *area, uint32_t size)
{
    struct hk_asking asking = {.asked = {.kind = HK_ASKED_RESIZE_AREA}};
    int32_t owner = 0, id = find_in_team(self, team, area, &owner);
    int32_t status;

    if (id == 0)
        return HK_B_OK;
    if (team == hk_shared_of(self)->team)
        return hk_area_resize(self->team, id, size);
    asking.asked.words[0] = (uint32_t)id;
    asking.asked.words[1] = size;
    status = hk_ask_team(self, owner, &asking);
    return status == HK_B_BAD_TEAM_ID ? HK_B_OK : status;
}

/* All areas of the memory are resized, whosever they are, or none. */
static int32_t resize_everywhere(struct hk_thread *self,
                                 const struct hk_shared_area *area,
                                 uint32_t size)
{
    uint32_t end = hk_item_end(hk_shared_of(self), HK_POOL_TEAMS);
    int32_t status = HK_B_OK;
    uint32_t team = 1;

    for (; status == HK_B_OK && team < end; team++)
        status = resize_in_team(self, team, area, size);
    for (uint32_t done = 1; status != HK_B_OK && done + 1 < team; done++)
        resize_in_team(self, done, area, area->size);
    return status;
}

int64_t hk_sys_resize_area(struct hk_thread *self, int32_t area,
                           uint32_t new_size)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_area *found;
    struct hk_shared_area copy = {.size = 0};

    if (new_size % HK_PAGE_SIZE != 0)
        return HK_B_BAD_VALUE;
    hk_shared_lock(shared);
    found = hk_owned_find(shared, HK_OWNED_AREAS, area);
    if (found != NULL)
        copy = *found;
    hk_shared_unlock(shared);
    if (found == NULL)
        return HK_B_BAD_TEAM_ID;
    if ((copy.protection & HK_KERNEL_AREA) != 0 ||
        (copy.own.team != shared->team &&
         hk_kernel_of(self)->config.release >= HK_R1BETA6))
        return HK_B_NOT_ALLOWED;
    if (copy.size == new_size)
        return HK_B_OK;
    if (copy.is_file && copy.fd >= 0)
        return HK_B_NOT_ALLOWED;
    self->restart.is_required = 1;
    return resize_everywhere(self, &copy, new_size);
}
