/* rewrite.c -- makes a trace of another one, by replaying it. */
/* SPDX-License-Identifier: MIT */
#include "rewrite.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "player.h"
#include "state.h"
#include "steps.h"

struct rewriter {
    struct tr_player *player;
    struct tr_writer *writer;
    const struct tr_rewrite_config *config;
    struct tr_fault *fault;
    int error;           /* of writing, the first one */
    int writes;          /* what is played is within the part */
    uint64_t written;    /* instructions of the open event that were */
    uint64_t since_hash; /* instructions */
    uint64_t chain;
};

static void emit(struct rewriter *rewriter, const struct tr_event *event)
{
    int error = tr_write_event(rewriter->writer, event);

    if (error < 0 && rewriter->error == 0)
        rewriter->error = error;
}

static void emit_info(struct rewriter *rewriter, const char *text)
{
    struct tr_event event = {
        .kind = TR_INFO, .bytes = (const uint8_t *)text, .size = strlen(text)};

    emit(rewriter, &event);
}

/* ---- the state that a part begins with ---- */

static void emit_image(struct rewriter *rewriter, uint64_t number,
                       const uint8_t page[TR_PAGE_SIZE])
{
    struct tr_event event = {.kind = TR_IMAGE};
    uint64_t image;
    int error = tr_write_page(rewriter->writer, page, &image);

    if (error < 0) {
        rewriter->error = error;
        return;
    }
    TR_FIELD(&event, IMAGE, PAGE) = number;
    TR_FIELD(&event, IMAGE, IMAGE) = image;
    emit(rewriter, &event);
}

/* Reads a page, also one that the program may not. */
static int read_page(struct gm_space *space, const struct gm_mapping *region,
                     gm_addr address, uint8_t page[TR_PAGE_SIZE])
{
    int error;

    if ((region->prot & GM_PROT_READ) != 0)
        return gm_copy_in(space, page, address, TR_PAGE_SIZE);
    error = gm_protect(space, address, TR_PAGE_SIZE, GM_PROT_READ);
    if (error == 0)
        error = gm_copy_in(space, page, address, TR_PAGE_SIZE);
    gm_protect(space, address, TR_PAGE_SIZE, region->prot);
    return error;
}

static void emit_map(struct rewriter *rewriter, const struct tr_view *view,
                     uint64_t protection)
{
    struct tr_event event = {.kind = TR_MAP};

    TR_FIELD(&event, MAP, PAGE) = view->page;
    TR_FIELD(&event, MAP, PAGES) = view->pages;
    TR_FIELD(&event, MAP, PROTECTION) = protection;
    TR_FIELD(&event, MAP, OBJECT) = view->object;
    TR_FIELD(&event, MAP, OFFSET) = view->offset;
    emit(rewriter, &event);
}

/* What an object has is stored through a shared mapping. */
static void emit_object(struct rewriter *rewriter, const struct tr_view *view)
{
    uint8_t bytes[TR_PAGE_SIZE];

    emit_map(rewriter, view, GM_PROT_READ);
    for (uint64_t i = 0; i < view->pages; i++)
        if (tr_read_object(rewriter->player, view->object, view->offset + i,
                           bytes) == 0 &&
            tr_hash_page(0, bytes) != 0)
            emit_image(rewriter, view->page + i, bytes);
}

/* Whether the page of a new mapping would show this without an image. */
static int is_shown(const struct rewriter *rewriter, const struct tr_view *view,
                    uint64_t page, const uint8_t bytes[TR_PAGE_SIZE])
{
    uint8_t object[TR_PAGE_SIZE];

    if (!view->is_private)
        return tr_hash_page(0, bytes) == 0;
    return tr_read_object(rewriter->player, view->object,
                          view->offset + (page - view->page), object) == 0 &&
           memcmp(bytes, object, TR_PAGE_SIZE) == 0;
}

/* Pages of a region that are alike: in one view, or in none. */
static void emit_pages(struct rewriter *rewriter,
                       const struct gm_mapping *region,
                       const struct tr_view *view)
{
    uint8_t bytes[TR_PAGE_SIZE];

    if (view->is_private)
        emit_object(rewriter, view);
    emit_map(rewriter, view,
             region->prot | (view->is_private ? TR_PROTECTION_PRIVATE : 0));
    for (uint64_t page = view->page; page < view->page + view->pages; page++)
        if (read_page(rewriter->player->space, region, page * TR_PAGE_SIZE,
                      bytes) == 0 &&
            !is_shown(rewriter, view, page, bytes))
            emit_image(rewriter, page, bytes);
}

static void emit_region(struct rewriter *rewriter,
                        const struct gm_mapping *region)
{
    uint64_t page = region->address / TR_PAGE_SIZE;
    uint64_t end = page + region->size / TR_PAGE_SIZE;

    while (page < end) {
        struct tr_view view =
            tr_views_piece(rewriter->player->views, page, end);

        emit_pages(rewriter, region, &view);
        page += view.pages;
    }
}

/* Later threads first, as they are in the list: their order means nothing. */
static void emit_threads(struct rewriter *rewriter)
{
    uint8_t bytes[TR_THREAD_SIZE];
    struct xcpu_fxstate fpu;
    struct xcpu_regs regs;

    for (const struct tr_player_thread *thread = rewriter->player->threads;
         thread != NULL; thread = thread->next) {
        struct tr_event event = {
            .kind = TR_THREAD, .bytes = bytes, .size = sizeof(bytes)};

        xcpu_get_regs(thread->cpu, &regs);
        xcpu_get_fxstate(thread->cpu, &fpu);
        tr_put_registers(bytes, &regs);
        memcpy(bytes + TR_REGISTERS_SIZE, fpu.bytes, TR_FPU_SIZE);
        TR_FIELD(&event, THREAD, THREAD) = thread->id;
        emit(rewriter, &event);
    }
}

static void emit_state(struct rewriter *rewriter)
{
    struct tr_player *player = rewriter->player;
    struct gm_mapping region;
    gm_addr at = 0;

    while (gm_query(player->space, at, &region) == 0) {
        at = region.address + region.size;
        emit_region(rewriter, &region);
    }
    emit_threads(rewriter);
    rewriter->written = player->is_open ? player->done : 0;
    rewriter->writes = 1;
}

/* ---- events ---- */

static void emit_hash(struct rewriter *rewriter)
{
    struct tr_player *player = rewriter->player;
    struct tr_event event = {.kind = TR_HASH, .size = 8};
    struct xcpu_fxstate fpu;
    struct xcpu_regs regs;
    uint8_t bytes[8];

    if (rewriter->config->level < TR_LEVEL_HASH || player->current == NULL)
        return;
    xcpu_get_regs(player->current->cpu, &regs);
    xcpu_get_fxstate(player->current->cpu, &fpu);
    rewriter->chain = tr_hash_state(rewriter->chain, player->current->id, &regs,
                                    &fpu, tr_memory_hash(player->memory));
    rewriter->since_hash = 0;
    tr_put(bytes, rewriter->chain, 8);
    TR_FIELD(&event, HASH, THREAD) = player->current->id;
    event.bytes = bytes;
    emit(rewriter, &event);
}

static void emit_event(struct rewriter *rewriter, const struct tr_event *event)
{
    uint8_t page[TR_PAGE_SIZE];
    char text[32];

    if (event->kind == TR_INFO) {
        if (event->size < 6 || memcmp(event->bytes, "level=", 6) != 0) {
            emit(rewriter, event);
            return;
        }
        snprintf(text, sizeof(text), "level=%s",
                 tr_level_name(rewriter->config->level));
        emit_info(rewriter, text);
    } else if (event->kind == TR_NAME) {
        emit(rewriter, event);
    } else if (!rewriter->writes || event->kind == TR_TSC) {
        return; /* ticks when they have been read: before their piece */
    } else if (event->kind == TR_IMAGE) {
        if (tr_read_page(rewriter->player->reader,
                         TR_FIELD(event, IMAGE, IMAGE), page,
                         rewriter->fault) == 0)
            emit_image(rewriter, TR_FIELD(event, IMAGE, PAGE), page);
    } else if (event->kind == TR_HASH) {
        emit_hash(rewriter);
    } else {
        if (event->kind == TR_FINISH && rewriter->since_hash > 0)
            emit_hash(rewriter);
        emit(rewriter, event);
    }
}

/* What has been executed of a run that goes on. */
static void emit_slice(struct rewriter *rewriter)
{
    struct tr_player *player = rewriter->player;
    struct tr_event event = {.kind = TR_RUN};
    struct xcpu_regs regs;

    if (!rewriter->writes || player->done == rewriter->written)
        return;
    xcpu_get_regs(player->current->cpu, &regs);
    TR_FIELD(&event, RUN, THREAD) = player->current->id;
    TR_FIELD(&event, RUN, INSTRUCTIONS) = player->done - rewriter->written;
    TR_FIELD(&event, RUN, REASON) = TR_REASON_SLICE;
    TR_FIELD(&event, RUN, EIP) = regs.eip;
    TR_FIELD(&event, RUN, CHECK) = tr_check_registers(&regs);
    emit(rewriter, &event);
    rewriter->written = player->done;
}

static void emit_run(struct rewriter *rewriter)
{
    struct tr_player *player = rewriter->player;
    struct tr_event event = player->event;
    struct xcpu_regs regs;

    if (!rewriter->writes)
        return;
    xcpu_get_regs(player->current->cpu, &regs);
    if (event.kind == TR_CALL) {
        TR_FIELD(&event, CALL, INSTRUCTIONS) -= rewriter->written;
        if (TR_FIELD(&event, CALL, CHECK) != 0)
            TR_FIELD(&event, CALL, CHECK) = tr_check_registers(&regs);
    } else {
        TR_FIELD(&event, RUN, INSTRUCTIONS) -= rewriter->written;
        if (TR_FIELD(&event, RUN, CHECK) != 0)
            TR_FIELD(&event, RUN, CHECK) = tr_check_registers(&regs);
    }
    emit(rewriter, &event);
}

/* ---- playing ---- */

/* How far the open run may go before something is to be done. */
static uint64_t next_stop(const struct rewriter *rewriter)
{
    const struct tr_rewrite_config *config = rewriter->config;
    uint64_t here = rewriter->player->instructions;
    uint64_t left;

    if (!rewriter->writes)
        return config->from - here;
    if (config->level >= TR_LEVEL_FULL)
        return 1;
    left = config->to - here;
    if (config->level >= TR_LEVEL_HASH &&
        config->interval - rewriter->since_hash < left)
        left = config->interval - rewriter->since_hash;
    return left;
}

/* Ticks that were read since a place in the player's queue. */
static void emit_ticks(struct rewriter *rewriter, size_t from)
{
    const struct tr_player *player = rewriter->player;
    struct tr_event event = {.kind = TR_TSC};

    for (size_t i = from; i < player->tick_first; i++) {
        TR_FIELD(&event, TSC, TICKS) = player->ticks[i];
        emit(rewriter, &event);
    }
}

/* Plays as far as nothing is to be done; at the level full one instruction,
 * and writes what it did. */
static int play_on(struct rewriter *rewriter)
{
    struct tr_player *player = rewriter->player;
    struct tr_step_state before, after;
    uint64_t here = player->instructions;
    int is_step = rewriter->writes && player->current != NULL &&
                  rewriter->config->level >= TR_LEVEL_FULL;
    int result, error = 0;

    if (is_step)
        tr_get_step_state(player->current->cpu, player->current->id, &before);
    result = tr_play_part(player, next_stop(rewriter), rewriter->fault);
    if (!is_step || result < 0 || player->instructions == here)
        return result;
    tr_get_step_state(player->current->cpu, player->current->id, &after);
    error = tr_write_step(rewriter->writer, &before, &after);
    if (error < 0 && rewriter->error == 0)
        rewriter->error = error;
    return result;
}

/* A piece of the open run: 1 or TR_ERR_*. */
static int play_piece(struct rewriter *rewriter)
{
    struct tr_player *player = rewriter->player;
    uint64_t before = player->instructions;
    size_t ticks = player->tick_first;
    int result = play_on(rewriter);

    if (result < 0)
        return result;
    if (rewriter->writes) {
        emit_ticks(rewriter, ticks);
        rewriter->since_hash += player->instructions - before;
    }
    if (result > 0) {
        emit_run(rewriter);
        rewriter->written = 0;
    } else if (rewriter->writes &&
               rewriter->since_hash >= rewriter->config->interval &&
               rewriter->config->level >= TR_LEVEL_HASH) {
        emit_slice(rewriter);
        emit_hash(rewriter);
    }
    return 1;
}

static int play(struct rewriter *rewriter)
{
    struct tr_player *player = rewriter->player;
    struct tr_event event;
    int result = 1;

    while (result > 0 && rewriter->error == 0) {
        if (!rewriter->writes && player->instructions >= rewriter->config->from)
            emit_state(rewriter);
        if (result < 0 || player->instructions >= rewriter->config->to)
            break;
        if (player->is_open) {
            result = play_piece(rewriter);
            continue;
        }
        result = tr_play_until_run(player, &event, rewriter->fault);
        if (result > 0 && !player->is_open)
            emit_event(rewriter, &event);
        rewriter->written = 0;
    }
    return result;
}

int tr_rewrite(struct tr_player *player, struct tr_writer *writer,
               const struct tr_rewrite_config *config, struct tr_fault *fault)
{
    struct rewriter rewriter = {.player = player,
                                .writer = writer,
                                .config = config,
                                .fault = fault,
                                .writes = config->from == 0};
    char text[64];
    int result;

    if (config->from > 0 || config->to != UINT64_MAX) {
        snprintf(text, sizeof(text), "part=%" PRIu64 "-%" PRIu64, config->from,
                 config->to);
        emit_info(&rewriter, text);
    }
    result = play(&rewriter);
    if (result < 0)
        return result;
    if (!rewriter.writes) {
        tr_set_fault(fault, "it ends behind instruction %llu, before %llu",
                     (unsigned long long)tr_player_instructions(player),
                     (unsigned long long)config->from);
        return TR_ERR_INVALID;
    }
    if (player->is_open)
        emit_slice(&rewriter);
    if (rewriter.error < 0)
        tr_set_fault(fault, "%s", tr_error_text(rewriter.error));
    return rewriter.error;
}
