/* root_pieces.c -- big files of packages, of which little may be read. */
/* SPDX-License-Identifier: MIT */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Which pieces of the content are there is known to all by the file's
 * attribute, and to who has it open by a copy of that: pieces come, and go
 * only when no program of the root runs. The package stays open, so that what
 * is missing can be had when another package has taken its place.
 */
struct hk_pieces {
    const struct hk_root *root;
    int package;
    /* Guarded by the lock of the root's contents. It stays open: with any
     * descriptor of the file that the process closes the locks end that it
     * has of the file. */
    int writable;
    uint64_t size, piece; /* of the content, of a piece */
    atomic_ullong known[HK_PIECE_WORDS];
    atomic_int is_shared;
};

enum {
    BIG = 4 << 20,      /* what is smaller is brought whole, in 10 ms or less */
    AHEAD_MAX = 8 << 20 /* of who reads from the start to the end */
};

static struct hk_pieces *new_pieces(const struct hk_root *root,
                                    const struct hk_content *content)
{
    struct hk_pieces *pieces = calloc(1, sizeof(*pieces));

    if (pieces == NULL)
        return NULL;
    pieces->root = root;
    pieces->writable = -1;
    pieces->size = content->data.size;
    pieces->piece = hk_content_piece_size(content);
    pieces->package = hk_content_open_package(root, content->package);
    for (int i = 0; i < HK_PIECE_WORDS; i++)
        atomic_init(&pieces->known[i], content->pieces[i]);
    return pieces;
}

int hk_pieces_open(const struct hk_root *root, int fd,
                   struct hk_pieces **pieces)
{
    struct hk_content content;
    int error = hk_content_get(fd, &content);

    *pieces = NULL;
    if (error != 0 || content.state != HK_CONTENT_PENDING)
        return error;
    if (content.data.size < BIG)
        return hk_content_settle(root, fd, HK_CONTENT_FOR_READING, NULL);
    *pieces = new_pieces(root, &content);
    if (*pieces == NULL)
        return ENOMEM;
    if ((*pieces)->package >= 0)
        return 0;
    hk_pieces_free(*pieces);
    *pieces = NULL;
    return EIO;
}

void hk_pieces_free(struct hk_pieces *pieces)
{
    if (pieces == NULL)
        return;
    if (pieces->package >= 0)
        close(pieces->package);
    if (pieces->writable >= 0)
        close(pieces->writable);
    free(pieces);
}

const struct hk_root *hk_pieces_root(const struct hk_pieces *pieces)
{
    return pieces != NULL ? pieces->root : NULL;
}

static int is_known(const struct hk_pieces *pieces, uint64_t number)
{
    return (atomic_load_explicit(&pieces->known[number / 64],
                                 memory_order_acquire) >>
            number % 64) &
           1;
}

/* Reading goes on behind as many pieces as will be asked for next. */
static uint64_t ahead(const struct hk_pieces *pieces, uint64_t first)
{
    uint64_t count = 0;

    while (count < AHEAD_MAX / pieces->piece && count < first &&
           is_known(pieces, first - count - 1))
        count++;
    return count;
}

int hk_pieces_bring(struct hk_pieces *pieces, int fd, uint64_t offset,
                    uint64_t size)
{
    uint64_t all[HK_PIECE_WORDS], first, last, end;
    int error;

    if (size == 0 || offset >= pieces->size)
        return 0;
    if (size > pieces->size - offset)
        size = pieces->size - offset;
    end = (pieces->size - 1) / pieces->piece;
    first = offset / pieces->piece;
    last = (offset + size - 1) / pieces->piece;
    while (first <= last && is_known(pieces, first))
        first++;
    if (first > last)
        return 0;
    last += ahead(pieces, first);
    error =
        hk_content_bring(pieces->root, pieces->package, fd, &pieces->writable,
                         first, last < end ? last : end, all);
    for (int i = 0; i < HK_PIECE_WORDS && error == 0; i++)
        atomic_store_explicit(&pieces->known[i], all[i], memory_order_release);
    return error;
}

int hk_pieces_bring_all(struct hk_pieces *pieces, int fd)
{
    return hk_pieces_bring(pieces, fd, 0, pieces->size);
}

void hk_pieces_share(struct hk_pieces *pieces)
{
    if (pieces != NULL)
        atomic_store_explicit(&pieces->is_shared, 1, memory_order_relaxed);
}

int hk_pieces_bring_next(struct hk_pieces *pieces, int fd, uint64_t size)
{
    off_t position;

    if (atomic_load_explicit(&pieces->is_shared, memory_order_relaxed))
        return hk_pieces_bring_all(pieces, fd);
    position = lseek(fd, 0, SEEK_CUR);
    return position < 0 ? errno
                        : hk_pieces_bring(pieces, fd, (uint64_t)position, size);
}
