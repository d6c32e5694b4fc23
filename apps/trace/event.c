/* event.c -- an event and its bytes. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "block.h"
#include "number.h"

struct kind {
    const char *name;
    uint8_t has_bytes, count;
    const char *fields; /* names, a NUL behind each */
};

static const struct kind kinds[] = {
#define EVENT(name, number, bytes, text)                                       \
    [number] = {text, bytes, sizeof(struct tr_fields_##name) - 1,
#define FIELD(name) #name "\0"
#define END(name)                                                              \
    ""                                                                         \
    }                                                                          \
    ,
#include "events.def"
};

static const struct kind *find_kind(unsigned kind)
{
    if (kind >= sizeof(kinds) / sizeof(kinds[0]) || kinds[kind].name == NULL)
        return NULL;
    return &kinds[kind];
}

const char *tr_kind_name(unsigned kind)
{
    const struct kind *found = find_kind(kind);

    return found == NULL ? NULL : found->name;
}

int tr_field_count(unsigned kind)
{
    const struct kind *found = find_kind(kind);

    return found == NULL ? -1 : found->count;
}

int tr_has_bytes(unsigned kind)
{
    const struct kind *found = find_kind(kind);

    return found != NULL && found->has_bytes;
}

const char *tr_field_name(unsigned kind, unsigned field)
{
    const struct kind *found = find_kind(kind);
    const char *name;

    if (found == NULL || field >= found->count)
        return NULL;
    name = found->fields;
    while (field-- > 0)
        name += strlen(name) + 1;
    return name;
}

uint64_t tr_event_instructions(const struct tr_event *event)
{
    if (event->kind == TR_RUN)
        return TR_FIELD(event, RUN, INSTRUCTIONS);
    if (event->kind == TR_CALL)
        return TR_FIELD(event, CALL, INSTRUCTIONS);
    return 0;
}

/* ---- bytes ---- */

size_t tr_event_pack(const struct tr_event *event, uint8_t *out)
{
    const struct kind *kind = find_kind(event->kind);
    uint8_t *to = out;

    if (kind == NULL || (kind->has_bytes && event->size > TR_BYTES_MAX))
        return 0;
    *to++ = (uint8_t)event->kind;
    for (unsigned i = 0; i < kind->count; i++)
        to = tr_put_number(to, event->fields[i]);
    if (kind->has_bytes) {
        to = tr_put_number(to, event->size);
        if (event->size > 0)
            memcpy(to, event->bytes, event->size);
        to += event->size;
    }
    return (size_t)(to - out);
}

size_t tr_event_unpack(const uint8_t *bytes, size_t size,
                       struct tr_event *event)
{
    const uint8_t *at = bytes, *end = bytes + size;
    const struct kind *kind = size > 0 ? find_kind(*at) : NULL;

    if (kind == NULL)
        return 0;
    event->kind = (enum tr_kind) * at++;
    event->bytes = NULL;
    event->size = 0;
    for (unsigned i = 0; i < kind->count && at != NULL; i++)
        at = tr_get_number(at, end, &event->fields[i]);
    if (at != NULL && kind->has_bytes) {
        uint64_t count;

        at = tr_get_number(at, end, &count);
        if (at == NULL || count > TR_BYTES_MAX || count > (uint64_t)(end - at))
            return 0;
        event->bytes = at;
        event->size = (size_t)count;
        at += count;
    }
    return at == NULL ? 0 : (size_t)(at - bytes);
}
