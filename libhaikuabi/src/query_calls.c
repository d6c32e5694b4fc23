/* query_calls.c -- open_query: a volume is looked through. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "fd.h"
#include "live_query.h"
#include "node_refs.h"
#include "query.h"
#include "syscalls.h"
#include "volume_walk.h"

struct search {
    const struct hk_thread *self;
    struct hk_findings *findings;
    int64_t noted; /* the directory that was noted last, or 0 */
};

/* The directory of what is found can be asked for by its number later. */
static void note(struct search *search, const struct hk_volume_entry *entry)
{
    const struct hk_node node = {NULL, entry->mount, entry->directory, 0};

    if (search->noted == entry->directory_inode)
        return;
    search->noted = entry->directory_inode;
    hk_refs_note_open(hk_refs_of(search->self), search->findings->device,
                      entry->directory_inode, &node, NULL);
}

static int32_t look_at(void *context, const struct hk_volume_entry *entry)
{
    struct search *search = context;
    struct hk_query_answer answer;
    struct stat info;

    if (fstatat(entry->directory, entry->name, &info, AT_SYMLINK_NOFOLLOW) !=
            0 ||
        info.st_dev != entry->mount->host_device)
        return HK_B_OK;
    answer = hk_query_ask(search->findings->query, entry->mount->attributes,
                          entry->directory, entry->name, &info);
    if (answer.times > 0)
        note(search, entry);
    return hk_findings_add(search->findings, entry->directory_inode,
                           (int64_t)info.st_ino, entry->name, answer.times);
}

static int32_t search_volume(const struct hk_thread *self,
                             struct hk_findings *findings)
{
    struct search search = {self, findings, 0};

    return hk_volume_walk(hk_kernel_of(self)->vfs, findings->device, look_at,
                          &search);
}

int32_t hk_query_repeat(const struct hk_thread *self,
                        struct hk_findings *findings)
{
    if (findings->query == NULL)
        return HK_B_OK; /* they are no files */
    hk_findings_clear(findings);
    return search_volume(self, findings);
}

static int64_t open_findings(struct hk_thread *self,
                             struct hk_findings *findings,
                             struct hk_live_query *live)
{
    const struct hk_node none = {NULL, NULL, -1, 0};
    struct hk_file *file = hk_file_new(HK_FILE_QUERY, none, HK_O_CLOEXEC);

    if (file == NULL) {
        hk_live_query_free(live);
        hk_findings_free(findings);
        return HK_B_NO_MEMORY;
    }
    file->findings = findings;
    file->live = live;
    return hk_fd_add(self, file, 0, HK_FD_CLOEXEC);
}

/* R1/beta4 reads longer formulas. */
static int32_t parse(const struct hk_thread *self, const char *text,
                     struct hk_query **query)
{
    enum { COMPARISONS_MAX = 32 };
    int is_r1beta4 = hk_kernel_of(self)->config.release < HK_R1BETA5;

    return hk_query_parse(text, is_r1beta4 ? SIZE_MAX : COMPARISONS_MAX, query);
}

static int has_index(const void *mount, const char *attribute)
{
    return hk_volume_has_index(mount, attribute);
}

/* A live one has a formula of its own: that of its files may go before. */
static int32_t find_files(struct hk_thread *self, const char *text,
                          const struct hk_live_target *target,
                          struct hk_findings *findings,
                          struct hk_live_query **live)
{
    struct hk_query *query;
    int32_t status;

    if (target->port < 0)
        return search_volume(self, findings);
    status = parse(self, text, &query);
    if (status == HK_B_OK)
        status = hk_live_query_new(self, query, target, findings, live);
    return status;
}

static int64_t run_query(struct hk_thread *self, const char *text,
                         const struct hk_live_target *target, int is_thorough)
{
    const struct hk_mount *mount =
        hk_volume_next_mount(hk_kernel_of(self)->vfs, target->device, NULL);
    struct hk_live_query *live = NULL;
    struct hk_findings *findings = calloc(1, sizeof(*findings));
    int32_t status = HK_B_NO_MEMORY;

    if (findings == NULL)
        return status;
    findings->device = target->device;
    status = parse(self, text, &findings->query);
    if (status == HK_B_OK && mount != NULL) {
        hk_query_choose_leaders(findings->query, has_index, mount, is_thorough);
        status = find_files(self, text, target, findings, &live);
    }
    if (status == HK_B_OK)
        return open_findings(self, findings, live);
    hk_findings_free(findings);
    return status;
}

/* How an application asks to be told more has changed. */
static enum hk_live_more more_of(const struct hk_thread *self, uint32_t flags)
{
    enum { WATCH_ALL = 4, ATTR_CHANGE_NOTIFICATION = 0xf000 };

    if (hk_kernel_of(self)->config.release >= HK_R1BETA6)
        return flags & WATCH_ALL ? HK_LIVE_ALL : HK_LIVE_ENTRIES;
    return flags & ATTR_CHANGE_NOTIFICATION ? HK_LIVE_CHANGES : HK_LIVE_ENTRIES;
}

/*
 * All of the volume is looked through when the query is opened, and when it is
 * rewound. An index has all files, also those whose attributes were written
 * before it was made, and files are found in the order of their directories.
 */
int64_t hk_sys_open_query(struct hk_thread *self, int32_t device, gm_addr query,
                          uint32_t query_length, uint32_t flags, int32_t port,
                          int32_t token)
{
    enum { QUERY_MAX = 65536, LIVE = 1, NON_INDEXED = 2 };
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    const struct hk_live_target target = {device, flags & LIVE ? port : -1,
                                          token, more_of(self, flags)};
    int64_t result;
    char *text;

    if (device < 0 || query == 0 || query_length == 0)
        return HK_B_BAD_VALUE;
    if (!hk_is_user_address(query))
        return HK_B_BAD_ADDRESS;
    if (query_length >= QUERY_MAX)
        return HK_B_NAME_TOO_LONG;
    text = calloc(1, (size_t)query_length + 1);
    if (text == NULL)
        return HK_B_NO_MEMORY;
    result = hk_read_user_string(self, text, query, (size_t)query_length + 1);
    if (result == HK_B_NAME_TOO_LONG)
        result = HK_B_OK; /* cut to the length */
    if (result < 0) {
        free(text);
        return result;
    }
    text[query_length] = '\0';
    if (hk_vfs_volume(vfs, device) == NULL)
        result = device == HK_DEVICE_ROOTFS || device == HK_DEVICE_DEVFS
                     ? HK_B_UNSUPPORTED
                     : HK_B_BAD_VALUE;
    else
        result = run_query(self, text, &target, (flags & NON_INDEXED) != 0);
    free(text);
    return result;
}
