/* map_fuzz.c -- a space against a model made of single pages. */
/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <guestmem/guestmem.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    PAGES = 32,     /* that are played with */
    FILE_PAGES = 6, /* in the file; mappings may go beyond them */
    PAGE = GM_PAGE_SIZE,
    SPACE_BITS = 20
};

/* The content of one page of memory or of the file. */
struct cell {
    int users;
    uint8_t bytes[PAGE];
};

struct page {
    struct cell *cell; /* NULL: behind the end of the file */
    int is_mapped, is_shared, is_file, is_read_only_file, is_watched;
    int follows_file; /* private, and not stored to so far */
    int is_copy;      /* of a file's private page, by a clone */
    unsigned prot;
    uint64_t tag, object, offset;
};

struct model {
    struct gm_space *space;
    struct page pages[PAGES];
    struct cell *file[FILE_PAGES];
    int fd, read_only_fd;
    uint64_t objects;
    unsigned events, expected_events;
};

static void require(int condition)
{
    if (!condition)
        abort();
}

/* ---- the host's side: faults, and a file ---- */

static struct sigaction old_actions[2];

static void on_fault(int signo, siginfo_t *info, void *context)
{
    if (gm_on_fault(info, context))
        return;
    /* A finding: let it be reported as it would have been. */
    sigaction(signo, &old_actions[signo == SIGBUS], NULL);
}

static void install_handlers(void)
{
    static int done;
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_NODEFER};
    action.sa_sigaction = on_fault;
    if (done++)
        return;
    sigaction(SIGSEGV, &action, &old_actions[0]);
    sigaction(SIGBUS, &action, &old_actions[1]);
}

static void count_event(void *context, enum gm_event event, gm_addr address,
                        uint64_t size)
{
    struct model *model = context;
    (void)event;
    require(size > 0 && address <= gm_space_size(model->space) - size);
    model->events++;
}

/* ---- the model ---- */

static struct cell *new_cell(const struct cell *like)
{
    struct cell *cell = calloc(1, sizeof(*cell));
    require(cell != NULL);
    if (like != NULL)
        *cell = *like;
    cell->users = 1;
    return cell;
}

static void drop(struct page *page)
{
    if (page->cell != NULL && --page->cell->users == 0)
        free(page->cell);
    memset(page, 0, sizeof(*page));
}

static struct cell *hold(struct cell *cell)
{
    cell->users++;
    return cell;
}

static void open_model(struct model *model)
{
    char path[32];
    memset(model, 0, sizeof(*model));
    require(gm_space_new(SPACE_BITS, &model->space) == 0);
    gm_set_watcher(model->space, count_event, model);
    model->fd = memfd_create("fuzz", MFD_CLOEXEC);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", model->fd);
    model->read_only_fd = open(path, O_RDONLY | O_CLOEXEC);
    require(model->fd >= 0 && model->read_only_fd >= 0);
    for (int i = 0; i < FILE_PAGES; i++) {
        model->file[i] = new_cell(NULL);
        memset(model->file[i]->bytes, 'A' + i, PAGE);
        require(write(model->fd, model->file[i]->bytes, PAGE) == PAGE);
    }
}

static void close_model(struct model *model)
{
    for (int i = 0; i < PAGES; i++)
        drop(&model->pages[i]);
    for (int i = 0; i < FILE_PAGES; i++)
        free(model->file[i]);
    close(model->fd);
    close(model->read_only_fd);
    gm_space_free(model->space);
}

static int is_covered(const struct model *model, unsigned first, unsigned count)
{
    while (count > 0 && model->pages[first].is_mapped)
        first++, count--;
    return count == 0;
}

/* ---- steps ---- */

/* Arguments of a step: pages [first, first + count) and three bytes. */
struct step {
    unsigned first, count;
    uint8_t a, b, c;
};

static void do_map(struct model *model, const struct step *step)
{
    int is_file = (step->a & 4) != 0, is_shared = (step->a & 2) != 0;
    int is_read_only = is_file && (step->a & 8) != 0;
    unsigned offset = is_file ? step->c % 8u : 0;
    struct gm_mapping mapping = {
        .address = step->first * PAGE,
        .size = step->count * PAGE,
        .prot = step->b % 8u,
        .flags = step->a & (GM_MAP_REPLACE | GM_MAP_SHARED),
        .fd = !is_file       ? -1
              : is_read_only ? model->read_only_fd
                             : model->fd,
        .offset = offset * PAGE,
        .tag = step->b / 8 % 2,
    };
    int in_use = 0;
    for (unsigned i = 0; i < step->count; i++)
        in_use |= model->pages[step->first + i].is_mapped;
    int expected = 0;
    if (in_use && !(mapping.flags & GM_MAP_REPLACE))
        expected = GM_ERR_EXISTS;
    else if (is_read_only && is_shared && (mapping.prot & GM_PROT_WRITE))
        expected = GM_ERR_IO;
    require(gm_map(model->space, &mapping) == expected);
    if (expected != GM_ERR_EXISTS)
        model->expected_events += (unsigned)in_use + (expected == 0);

    uint64_t object = is_file || is_shared ? ++model->objects : 0;
    for (unsigned i = 0; i < step->count; i++) {
        struct page *page = &model->pages[step->first + i];
        if (expected == GM_ERR_IO)
            page->is_watched = 0;
        if (expected < 0)
            continue;
        drop(page);
        page->is_mapped = 1;
        page->is_shared = is_shared;
        page->is_file = is_file;
        page->is_read_only_file = is_read_only;
        page->follows_file = is_file && !is_shared;
        page->prot = mapping.prot;
        page->tag = mapping.tag;
        page->object = object;
        page->offset = offset + i;
        if (!is_file)
            page->cell = new_cell(NULL);
        else if (offset + i < FILE_PAGES)
            page->cell = hold(model->file[offset + i]);
    }
}

static void do_unmap(struct model *model, const struct step *step)
{
    int any = 0;
    for (unsigned i = step->first; i < step->first + step->count; i++) {
        any |= model->pages[i].is_mapped;
        drop(&model->pages[i]);
    }
    model->expected_events += (unsigned)any;
    require(gm_unmap(model->space, step->first * PAGE, step->count * PAGE) ==
            0);
}

static void do_protect(struct model *model, const struct step *step)
{
    unsigned prot = step->a % 8u;
    int expected = 0;
    for (unsigned i = step->first; i < step->first + step->count; i++)
        if (model->pages[i].is_shared && model->pages[i].is_read_only_file &&
            (prot & GM_PROT_WRITE))
            expected = GM_ERR_IO;
    if (!is_covered(model, step->first, step->count))
        expected = GM_ERR_FAULT;
    require(gm_protect(model->space, step->first * PAGE, step->count * PAGE,
                       prot) == expected);
    if (expected == GM_ERR_FAULT)
        return;
    model->expected_events++;
    for (unsigned i = step->first; i < step->first + step->count; i++) {
        model->pages[i].is_watched = 0;
        if (expected == 0)
            model->pages[i].prot = prot;
    }
}

static void discard_page(struct model *model, struct page *page)
{
    page->is_watched = 0;
    if (page->cell == NULL)
        return;
    if (--page->cell->users == 0)
        free(page->cell);
    page->follows_file = page->is_file && !page->is_copy;
    page->cell =
        page->follows_file ? hold(model->file[page->offset]) : new_cell(NULL);
}

static void do_discard(struct model *model, const struct step *step)
{
    int expected = 0;
    for (unsigned i = step->first; i < step->first + step->count; i++)
        if (model->pages[i].is_shared)
            expected = GM_ERR_INVALID;
    if (!is_covered(model, step->first, step->count))
        expected = GM_ERR_FAULT;
    require(gm_discard(model->space, step->first * PAGE, step->count * PAGE) ==
            expected);
    if (expected < 0)
        return;
    model->expected_events++;
    for (unsigned i = step->first; i < step->first + step->count; i++)
        discard_page(model, &model->pages[i]);
}

static void do_set_tag(struct model *model, const struct step *step)
{
    int covered = is_covered(model, step->first, step->count);
    require(gm_set_tag(model->space, step->first * PAGE, step->count * PAGE,
                       step->a % 2) == (covered ? 0 : GM_ERR_FAULT));
    for (unsigned i = step->first; i < step->first + step->count; i++)
        if (covered)
            model->pages[i].tag = step->a % 2;
}

static void do_watch(struct model *model, const struct step *step)
{
    int covered = is_covered(model, step->first, step->count);
    require(gm_watch_writes(model->space, step->first * PAGE + step->b,
                            step->count * PAGE - step->b,
                            step->a % 2) == (covered ? 0 : GM_ERR_FAULT));
    for (unsigned i = step->first; i < step->first + step->count; i++)
        if (covered)
            model->pages[i].is_watched = step->a % 2;
}

/* A store to the page's bytes happens: private pages are copied first. */
static struct cell *stored_cell(struct page *page)
{
    if (page->follows_file) {
        page->cell->users--;
        page->cell = new_cell(page->cell);
        page->follows_file = 0;
    }
    return page->cell;
}

/* What a store to [start, end) meets: returns where it stops, and ends the
 * watches it runs into. */
static gm_addr stop_of_store(struct model *model, gm_addr start, gm_addr end)
{
    gm_addr reach = start, stop = end;
    unsigned meets_watch = 0;

    for (unsigned i = (unsigned)(start / PAGE); i * PAGE < end; i++) {
        struct page *page = &model->pages[i];
        if (!(page->prot & GM_PROT_WRITE)) {
            if (stop > i * PAGE)
                stop = i * PAGE;
            break;
        }
        if (stop == end && page->is_watched)
            meets_watch = 1;
        if (stop == end && page->cell == NULL)
            stop = i * PAGE;
        reach = (i + 1) * PAGE;
    }
    for (gm_addr at = start; meets_watch && at < reach; at += PAGE)
        model->pages[at / PAGE].is_watched = 0;
    if (meets_watch && reach > start)
        model->pages[(reach - 1) / PAGE].is_watched = 0;
    model->expected_events += meets_watch;
    return stop > start ? stop : start;
}

static void do_store(struct model *model, const struct step *step)
{
    uint8_t bytes[PAGES * PAGE];
    gm_addr start = step->first * PAGE + step->a * 16u;
    gm_addr size = 1 + step->count * step->b * 8u;
    if (size > PAGES * PAGE - start)
        size = PAGES * PAGE - start;
    memset(bytes, step->c, size);
    gm_addr stop = stop_of_store(model, start, start + size);
    int result = step->c % 2 ? gm_fill(model->space, start, step->c, size)
                             : gm_copy_out(model->space, start, bytes, size);
    require(result == (stop < start + size ? GM_ERR_FAULT : 0));

    /* A store that has failed may have stored some of its bytes. */
    const uint8_t *host = gm_space_base(model->space);
    for (gm_addr at = start; at < stop; at++) {
        struct page *page = &model->pages[at / PAGE];
        uint8_t byte = page->cell->bytes[at % PAGE];
        if (result == 0 || host[at] != byte)
            byte = step->c;
        /* And has parted a page from its file, or not: make sure of it. */
        if (result < 0 && page->follows_file)
            require(gm_fill(model->space, at, byte, 1) == 0);
        stored_cell(page)->bytes[at % PAGE] = byte;
    }
}

static int expected_load(const struct page *page)
{
    return page->is_mapped && page->prot != 0 && page->cell != NULL
               ? 0
               : GM_ERR_FAULT;
}

static void do_exchange(struct model *model, const struct step *step)
{
    gm_addr start = step->first * PAGE + step->a * 4u;
    struct page *page = &model->pages[step->first];
    uint32_t expected = 0x01010101u * step->b, found = expected, there;
    int can = stop_of_store(model, start, start + 4) > start;
    int result = gm_compare_exchange(model->space, start, &found, step->c);
    if (!can) {
        require(result == GM_ERR_FAULT && found == expected);
        return;
    }
    memcpy(&there, &page->cell->bytes[step->a * 4u], 4);
    require(found == there && result == (there == expected));
    there = result ? step->c : there;
    memcpy(&stored_cell(page)->bytes[step->a * 4u], &there, 4);
}

static void do_find_free(struct model *model, const struct step *step)
{
    gm_addr found = 0;
    unsigned align = 1u << step->a % 4, size = 1 + step->b % 8u;
    unsigned low = (step->first + align - 1) & ~(align - 1);
    unsigned high = step->first + step->count;
    for (; low + size <= high; low += align) {
        unsigned free = 0;
        while (free < size && !model->pages[low + free].is_mapped)
            free++;
        if (free == size)
            break;
    }
    int expected = low + size <= high ? 0 : GM_ERR_NOMEM;
    require(gm_find_free(model->space, step->first * PAGE, high * PAGE,
                         size * PAGE, align * PAGE, &found) == expected);
    require(expected < 0 || found == low * PAGE);
}

static void do_clone(struct model *model)
{
    struct gm_space *copy;
    require(gm_space_clone(model->space, &copy) == 0);
    gm_space_free(model->space);
    model->space = copy;
    gm_set_watcher(copy, count_event, model);
    for (int i = 0; i < PAGES; i++) {
        model->pages[i].is_watched = 0;
        if (model->pages[i].cell != NULL)
            stored_cell(&model->pages[i]);
        model->pages[i].follows_file = 0;
        /* The copy is no mapping of the file, whose mode binds it no more. */
        if (!model->pages[i].is_shared) {
            model->pages[i].is_read_only_file = 0;
            model->pages[i].is_copy = model->pages[i].is_file;
        }
    }
}

/* ---- comparing ---- */

static int continues(const struct page *lower, const struct page *upper)
{
    return lower->is_mapped && upper->is_mapped && lower->prot == upper->prot &&
           lower->tag == upper->tag && lower->object == upper->object &&
           (lower->object == 0 || upper->offset == lower->offset + 1);
}

static void compare_regions(struct model *model)
{
    struct gm_mapping region;
    gm_addr last = 0;
    for (unsigned first = 0, end; first < PAGES; first = end) {
        const struct page *page = &model->pages[first];
        for (end = first + 1; end < PAGES; end++)
            if (!continues(&model->pages[end - 1], &model->pages[end]))
                break;
        if (!page->is_mapped)
            continue;
        last = end * PAGE;
        require(gm_query(model->space, first * PAGE, &region) == 0);
        require(region.address == first * PAGE);
        require(region.size == (end - first) * PAGE);
        require(region.prot == page->prot && region.tag == page->tag);
        require((region.flags == GM_MAP_SHARED) == page->is_shared);
        require((region.fd >= 0) == page->is_file);
        if (page->is_file)
            require(region.offset == page->offset * PAGE);
    }
    require(gm_query(model->space, last, &region) == GM_ERR_FAULT);
}

static void compare_pages(struct model *model)
{
    uint8_t bytes[PAGE];
    for (unsigned i = 0; i < PAGES; i++) {
        struct page *page = &model->pages[i];
        int load = expected_load(page);
        require(gm_copy_in(model->space, bytes, i * PAGE, PAGE) == load);
        if (load == 0)
            require(memcmp(bytes, page->cell->bytes, PAGE) == 0);
        require(gm_is_accessible(model->space, i * PAGE, PAGE, GM_PROT_WRITE) ==
                ((page->prot & GM_PROT_WRITE) != 0));
        /* And whether it can be stored to, without changing it. */
        do_exchange(model, &(struct step){.first = i, .count = 1});
    }
}

static void run_step(struct model *model, const uint8_t *bytes)
{
    struct step step = {
        .first = bytes[1] % PAGES, .a = bytes[3], .b = bytes[4], .c = bytes[5]};
    step.count = 1 + bytes[2] % (PAGES - step.first);
    switch (bytes[0] % 11) {
    case 0:
    case 1:
        do_map(model, &step);
        break;
    case 2:
        do_unmap(model, &step);
        break;
    case 3:
        do_protect(model, &step);
        break;
    case 4:
        do_set_tag(model, &step);
        break;
    case 5:
        do_watch(model, &step);
        break;
    case 6:
    case 7:
        do_store(model, &step);
        break;
    case 8:
        do_exchange(model, &step);
        break;
    case 9:
        if (step.c % 2)
            do_discard(model, &step);
        else
            do_find_free(model, &step);
        break;
    default:
        do_clone(model);
        break;
    }
    require(model->events == model->expected_events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct model model;

    install_handlers();
    open_model(&model);
    for (unsigned steps = 0; size >= 6 && steps < 200; steps++) {
        run_step(&model, data);
        compare_regions(&model);
        data += 6;
        size -= 6;
    }
    compare_pages(&model);
    close_model(&model);
    return 0;
}
