/* area.h -- areas: named pieces of a team's memory. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_AREA_H
#define HK_AREA_H

#include "kernel.h"
#include "shared.h"
#include "spans.h"

/* Protection bits, address specifications (haiku-abi/structs.md, "Areas"). */
enum {
    HK_READ_AREA = 0x1,
    HK_WRITE_AREA = 0x2,
    HK_EXECUTE_AREA = 0x4,
    HK_STACK_AREA = 0x8,
    HK_CLONEABLE_AREA = 0x100,
    HK_OVERCOMMITTING_AREA = 0x1000,
    HK_SHARED_AREA = 0x2000, /* a clone, its source, a file's own pages */
    HK_KERNEL_AREA = 0x4000, /* userland cannot change or delete it */
    HK_USER_AREA_FLAGS = 0x110f,
    HK_USER_PROTECTION = 0xf
};

/* The kernel's own read and write bits, which readable and writable areas
 * report as well. */
enum { HK_KERNEL_READ_AREA = 0x10, HK_KERNEL_WRITE_AREA = 0x20 };

enum hk_address_spec {
    HK_ANY_ADDRESS = 0,
    HK_EXACT_ADDRESS = 1,
    HK_BASE_ADDRESS = 2,
    HK_CLONE_ADDRESS = 3,
    HK_ANY_KERNEL_ADDRESS = 4, /* which map_file takes as any */
    HK_ANY_KERNEL_BLOCK_ADDRESS = 5,
    HK_RANDOMIZED_ANY_ADDRESS = 6,
    HK_RANDOMIZED_BASE_ADDRESS = 7
};

/* Kinds of area_info's lock; what they say is the host's. */
enum {
    HK_FULL_LOCK = 2,
    HK_CONTIGUOUS = 3,
    HK_LOMEM = 4,
    HK_32_BIT_FULL_LOCK = 5,
    HK_32_BIT_CONTIGUOUS = 6,
    HK_ALREADY_WIRED = 7
};

struct hk_area {
    struct hk_span span; /* whole pages */
    int32_t id;
    char name[HK_NAME_LENGTH];
    uint32_t protection;
    uint32_t most; /* bits of a protection it can be given; 0: all */
    uint32_t lock;
    int is_file; /* mapped from one */
    /* Memory that others may map as well: the host's descriptor of it, or -1
     * for the team's own pages. */
    int fd;
    /* Private pages of a file: the host's descriptor of it, or -1, and of which
     * packages it comes if it has not all content. */
    int file;
    const struct hk_root *layer;
    struct hk_memory_place place; /* of fd, or where in file */
    int is_shared;                /* a fork shares it, and gets no copy */
    int has_page_protections;     /* some of its pages have one of their own */
};

/* What is kept free, and where it began when it was reserved. */
struct hk_range {
    struct hk_span span;
    uint32_t origin;
};

struct hk_areas {
    pthread_mutex_t lock;   /* guards all of it, and what the space maps */
    struct hk_spans areas;  /* of struct hk_area */
    struct hk_spans ranges; /* of struct hk_range: reserved */
    atomic_uint remappings; /* counts changes of what stores go to */
};

/* What an area is made of. */
struct hk_area_source {
    const char *name;
    uint32_t spec;    /* enum hk_address_spec */
    uint32_t address; /* for exact and base */
    uint32_t size;    /* bytes; rounded up to pages */
    uint32_t protection;
    uint32_t most; /* see struct hk_area */
    uint32_t lock;
    int replace; /* with an exact address: what is there goes */
    int fd;      /* host descriptor, -1 for zeroed memory */
    uint64_t offset;
    const struct hk_root *layer; /* see struct hk_area */
    int shared;                  /* stores reach the file */
    int is_clone;                /* fd is memory, or a file, of another area */
    int is_file_clone;
    int is_transfer; /* its protection is the one it had */
};

int hk_areas_new(struct hk_areas **areas);
void hk_areas_free(struct hk_areas *areas);

/* Deletes every area and range of the team, the kernel's own as well. */
void hk_areas_clear(struct hk_team *team);

/* Makes an area; *address: where. Its id, or an error code. */
int32_t hk_area_create(struct hk_team *team, const struct hk_area_source *what,
                       uint32_t *address);

/* Deletes an area; the kernel's own only with force. */
int32_t hk_area_delete(struct hk_team *team, int32_t id, int force);

/* Keeps a range free of areas that do not ask for it exactly. */
int32_t hk_range_reserve(struct hk_team *team, uint32_t spec, uint32_t *address,
                         uint32_t size);

/* Gives the ranges back that lie in a span as a whole. */
void hk_range_unreserve(struct hk_team *team, uint32_t base, uint32_t size);

/* Grows or shrinks an area at its end, also to nothing; growing takes free
 * memory, and reserved memory as the release does. B_OK, B_BAD_VALUE,
 * B_NOT_ALLOWED (a file's own pages, the kernel's), B_ERROR (no room) or
 * B_NO_MEMORY. */
int32_t hk_area_resize(struct hk_team *team, int32_t id, uint32_t new_size);

/* The same two changes for areas of the kernel itself. */
int32_t hk_area_grow_kernel(struct hk_team *team, int32_t id,
                            uint32_t new_size);
int32_t hk_area_protect_kernel(struct hk_team *team, int32_t id,
                               uint32_t protection);

/* Writes bytes of one page, which may be of code, whatever its protection: 0,
 * or below 0 when nothing is there. */
int hk_area_write_kernel(struct hk_team *team, gm_addr to, const void *from,
                         uint32_t size);

/* A copy of the area of that id; B_OK or B_BAD_VALUE. */
int32_t hk_area_get(struct hk_team *team, int32_t id, struct hk_area *area);

/* The area of that id, or holding an address; NULL when there is none. With
 * the lock held. */
struct hk_area *hk_area_find(struct hk_areas *areas, int32_t id);
struct hk_area *hk_area_at(struct hk_areas *areas, uint32_t address);

/* Takes a range out of the areas: what is left of one cut in two gets a new
 * id behind the hole. Memory is not touched. With the lock held. */
int32_t hk_area_cut(struct hk_team *team, uint32_t base, uint32_t size);

/* 1 when an area of the kernel's own touches the range. With the lock held. */
int hk_area_is_kernel(const struct hk_areas *areas, uint32_t base,
                      uint32_t size);

/* Size rounded up to pages, 0 when that is beyond 32 bits. */
static inline uint32_t hk_page_round(uint32_t size)
{
    return (size + (HK_PAGE_SIZE - 1)) & ~(uint32_t)(HK_PAGE_SIZE - 1);
}

/* 1 when the first and the last byte of a range lie where areas may: not in the
 * first MiB, nor in the 64 KiB below the kernel (haiku-abi/x86-32.md, "user
 * range"). The last byte of nothing is the one before. */
int hk_area_is_user(uint32_t base, uint32_t size);

/* 1 when an area can have these protection bits. */
static inline int hk_area_can_have(const struct hk_area *area,
                                   uint32_t protection)
{
    return area->most == 0 ||
           (protection & HK_USER_PROTECTION & ~area->most) == 0;
}

/* A protection as it is told. */
static inline uint32_t hk_told_protection(uint32_t protection,
                                          uint32_t is_cloned)
{
    if ((protection & HK_READ_AREA) != 0)
        protection |= HK_KERNEL_READ_AREA;
    if ((protection & HK_WRITE_AREA) != 0)
        protection |= HK_KERNEL_WRITE_AREA;
    return is_cloned ? protection | HK_SHARED_AREA : protection;
}

/* Guest protection bits as gm_map takes them. */
unsigned hk_area_host_protection(uint32_t protection);

/* ---- area_file.c ---- */

/* Remembers the file whose private pages an area has, so that there can be more
 * of them; forgets it. With the lock held. */
void hk_area_keep_file(struct hk_team *team, struct hk_area *area,
                       const struct hk_area_source *what);
void hk_area_forget_file(struct hk_team *team, struct hk_area *area);

/* Sees to it that a file has its content where an area would go on with it: an
 * error number of the host. With the lock held. */
int hk_area_bring(const struct hk_area *area, uint32_t more);

/* Private pages behind the end of their file are zeros, which the host does not
 * know: makes them so in a range. 1 when an access that has failed there may
 * succeed now. Without the lock. */
int hk_area_fill(struct hk_team *team, uint32_t address, uint32_t size,
                 int is_store);

/* ---- area_share.c: all with the lock held ---- */

/* Shows an area to the other teams and gives it its id: B_OK or
 * B_NO_MEMORY. And what has changed of it; and takes it away. */
int32_t hk_area_publish(struct hk_team *team, struct hk_area *area);
void hk_area_tell(struct hk_team *team, const struct hk_area *area);
void hk_area_unpublish(struct hk_team *team, const struct hk_area *area);

/* Gives an area another protection. Who had it shared no longer has, says the
 * kernel: a fork copies it. */
void hk_area_set_protection(struct hk_team *team, struct hk_area *area,
                            uint32_t protection);

/* How many bytes of an area, as its team shows it, are in the machine's memory.
 * memory: where the team has its own (struct hk_team_facts). Without locks. */
uint32_t hk_area_ram(int32_t team, uint64_t memory,
                     const struct hk_shared_area *area);

/* Whether anybody has cloned an area. Without the shared lock. */
int hk_area_is_cloned(const struct hk_team *team, int32_t id);

/* Memory that others can map: a host descriptor, or -1. */
int hk_area_new_memory(uint32_t size);

/* Remembers a descriptor of the area's memory; it is the area's now. */
void hk_area_set_memory(struct hk_area *area, int fd, uint64_t offset);

/* Moves an area's pages to memory that others can map. B_OK, also when they
 * are there already, or B_NO_MEMORY. */
int32_t hk_area_make_sharable(struct hk_team *team, struct hk_area *area);

/* In the child of a fork, which has no lock to take: copies what is not
 * shared with the parent, and shows it all. B_OK or B_NO_MEMORY. */
int32_t hk_areas_fork_child(struct hk_thread *self);

/* 1, once for each time that an access may have failed only because an area's
 * pages were moving, or no pages yet; the lock is not held. */
int hk_area_was_moving(struct hk_thread *self);

/* 1 when an access that has failed may succeed now, for the same reason.
 * Without the lock. */
int hk_area_may_have_moved(const struct hk_thread *self);

/* What a clone that another team makes of an area can be given, of the area's
 * protection and what that can be given itself. */
uint32_t hk_area_most_of_clone(const struct hk_team *team, uint32_t protection,
                               uint32_t most);

/* What an area is that will be cloned with what->protection: its memory's
 * descriptor, which is the caller's. B_OK, B_BAD_VALUE or B_NOT_ALLOWED.
 * Without the lock. */
int32_t hk_area_open_source(struct hk_thread *self, int32_t id,
                            struct hk_area_source *what);

/* The memory of a living team's area, by the descriptor that the team has of
 * it: a descriptor, or -1 when the area is gone. */
int hk_area_open_memory(int32_t team, const struct hk_shared_area *record);

/* Makes the area that another team gives; *address: where. Its id, or an error
 * code. */
int32_t hk_area_take(struct hk_team *team, const struct hk_asked *asked,
                     const char *name, uint32_t *address);

#endif
