/* account_port.c -- the kernel answers for launch_daemon and registrar. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "bytes.h"
#include "kmessage.h"
#include "port.h"
#include "vfs.h"

/* Ids of index 0 of the pool, at which there is no port. */
enum { LAUNCH_PORT = HK_PORTS_MAX, ACCOUNT_PORT = 2 * HK_PORTS_MAX };

static const char launch_name[] = "system:launch_daemon";
static const char launch_program[] = "launch_daemon";
static const char account_name[] = "auth";
static const char registrar[] = "application/x-vnd.haiku-registrar";

enum what {
    GET_LAUNCH_DATA = 0x6c6e6461, /* 'lnda' */
    GET_USER = 0x72677573,        /* 'rgus' */
    GET_GROUP = 0x72676772,       /* 'rggr' */
    GET_USER_GROUPS = 0x72677567, /* 'rgug' */
    GET_ALL_USERS = 0x72706462,   /* 'rpdb' */
    GET_ALL_GROUPS = 0x72676462,  /* 'rgdb' */
    GET_ALL_SHADOWS = 0x72736462, /* 'rsdb' */
    UPDATE_USER = 0x72757573,     /* 'ruus' */
    DELETE_USER = 0x72647573,     /* 'rdus' */
    UPDATE_GROUP = 0x72756772,    /* 'rugr' */
    DELETE_GROUP = 0x72646772     /* 'rdgr' */
};

int32_t hk_account_port_find(const struct hk_team *team, const char *name)
{
    return strcmp(name, launch_name) == 0 &&
                   strcmp(team->name, launch_program) != 0
               ? LAUNCH_PORT
               : HK_B_NAME_NOT_FOUND;
}

const char *hk_account_port_name(int32_t id)
{
    if (id == LAUNCH_PORT)
        return launch_name;
    return id == ACCOUNT_PORT ? account_name : NULL;
}

/* ---- tables as libroot takes them ---- */

/* Bytes with offsets from their beginning where structures have pointers. */
struct blob {
    uint8_t *bytes;
    size_t size, capacity;
    int failed; /* out of memory */
};

/* Of a passwd and a group record. */
enum { USER_SIZE = 28, GROUP_SIZE = 16 };

/* Room for more, zero and aligned to words: its offset. */
static size_t blob_add(struct blob *blob, size_t size)
{
    size_t at = (blob->size + 3) & ~(size_t)3;
    size_t end = at + size;

    if (end > blob->capacity && !blob->failed) {
        size_t capacity = 2 * end + 1024;
        uint8_t *bytes = realloc(blob->bytes, capacity);

        blob->failed = bytes == NULL;
        if (bytes != NULL) {
            memset(bytes + blob->capacity, 0, capacity - blob->capacity);
            blob->bytes = bytes;
            blob->capacity = capacity;
        }
    }
    if (blob->failed)
        return 0;
    blob->size = end;
    return at;
}

static void blob_put(struct blob *blob, size_t at, uint32_t value)
{
    if (!blob->failed)
        hk_put32(blob->bytes + at, value);
}

static void blob_put_string(struct blob *blob, size_t at, const char *text)
{
    size_t size = strlen(text) + 1;
    size_t to = blob_add(blob, size);

    if (!blob->failed)
        memcpy(blob->bytes + to, text, size);
    blob_put(blob, at, (uint32_t)to);
}

static size_t add_user(struct blob *blob, const struct hk_user *user)
{
    size_t at = blob_add(blob, USER_SIZE);

    blob_put_string(blob, at, user->name);
    blob_put_string(blob, at + 4, user->password);
    blob_put(blob, at + 8, user->uid);
    blob_put(blob, at + 12, user->gid);
    blob_put_string(blob, at + 16, user->home);
    blob_put_string(blob, at + 20, user->shell);
    blob_put_string(blob, at + 24, user->real_name);
    return at;
}

/* The list of members ends with -1. */
static size_t add_group(struct blob *blob, const struct hk_group *group)
{
    size_t at = blob_add(blob, GROUP_SIZE);
    size_t members = blob_add(blob, 4 * ((size_t)group->member_count + 1));

    blob_put_string(blob, at, group->name);
    blob_put_string(blob, at + 4, group->password);
    blob_put(blob, at + 8, group->gid);
    blob_put(blob, at + 12, (uint32_t)members);
    for (uint32_t i = 0; i < group->member_count; i++)
        blob_put_string(blob, members + (size_t)i * 4, group->members[i]);
    blob_put(blob, members + 4 * (size_t)group->member_count, UINT32_MAX);
    return at;
}

static void answer_blob(struct hk_kmessage_maker *reply, uint32_t count,
                        struct blob *blob)
{
    hk_kmessage_add_int32(reply, "count", (int32_t)count);
    if (blob->failed)
        reply->failed = 1;
    else
        hk_kmessage_add_data(reply, "entries", HK_KMESSAGE_RAW, blob->bytes,
                             blob->size);
    free(blob->bytes);
}

static void answer_all_users(const struct hk_accounts *accounts,
                             struct hk_kmessage_maker *reply)
{
    struct blob blob = {0};

    blob_add(&blob, (size_t)accounts->user_count * 4);
    for (uint32_t i = 0; i < accounts->user_count; i++)
        blob_put(&blob, (size_t)i * 4,
                 (uint32_t)add_user(&blob, &accounts->users[i]));
    answer_blob(reply, accounts->user_count, &blob);
}

static void answer_all_groups(const struct hk_accounts *accounts,
                              struct hk_kmessage_maker *reply)
{
    struct blob blob = {0};

    blob_add(&blob, (size_t)accounts->group_count * 4);
    for (uint32_t i = 0; i < accounts->group_count; i++)
        blob_put(&blob, (size_t)i * 4,
                 (uint32_t)add_group(&blob, &accounts->groups[i]));
    answer_blob(reply, accounts->group_count, &blob);
}

/* ---- single accounts ---- */

/* What a request asks for: a number, or else a name. */
struct key {
    const char *name; /* NULL: by number */
    int32_t number;
};

static int32_t read_key(const struct hk_kmessage *request, const char *number,
                        struct key *key)
{
    *key = (struct key){NULL, 0};
    if (hk_kmessage_find_int32(request, number, &key->number) == 0 ||
        hk_kmessage_find_string(request, "name", &key->name) == 0)
        return HK_B_OK;
    return HK_B_BAD_VALUE;
}

/* Passwords are not told: a root's shadow file is none of a guest's. */
static int32_t answer_user(const struct hk_kmessage *request,
                           const struct hk_accounts *accounts,
                           struct hk_kmessage_maker *reply)
{
    const struct hk_user *user;
    struct key key;
    int shadow = 0;

    if (read_key(request, "uid", &key) != HK_B_OK)
        return HK_B_BAD_VALUE;
    user = hk_accounts_user(accounts, key.name, (uint32_t)key.number);
    if (user == NULL)
        return HK_B_ENTRY_NOT_FOUND;
    hk_kmessage_find_bool(request, "shadow", &shadow);
    if (shadow)
        return HK_B_NOT_ALLOWED;
    hk_kmessage_add_int32(reply, "uid", (int32_t)user->uid);
    hk_kmessage_add_int32(reply, "gid", (int32_t)user->gid);
    hk_kmessage_add_string(reply, "name", user->name);
    hk_kmessage_add_string(reply, "password", user->password);
    hk_kmessage_add_string(reply, "home", user->home);
    hk_kmessage_add_string(reply, "shell", user->shell);
    hk_kmessage_add_string(reply, "real name", user->real_name);
    return HK_B_OK;
}

static int32_t answer_group(const struct hk_kmessage *request,
                            const struct hk_accounts *accounts,
                            struct hk_kmessage_maker *reply)
{
    const struct hk_group *group;
    struct key key;

    if (read_key(request, "gid", &key) != HK_B_OK)
        return HK_B_BAD_VALUE;
    group = hk_accounts_group(accounts, key.name, (uint32_t)key.number);
    if (group == NULL)
        return HK_B_ENTRY_NOT_FOUND;
    hk_kmessage_add_int32(reply, "gid", (int32_t)group->gid);
    hk_kmessage_add_string(reply, "name", group->name);
    hk_kmessage_add_string(reply, "password", group->password);
    if (group->member_count > 0)
        hk_kmessage_add_strings(reply, "members",
                                (const char *const *)group->members,
                                group->member_count);
    return HK_B_OK;
}

static int has_member(const struct hk_group *group, const char *name)
{
    for (uint32_t i = 0; i < group->member_count; i++)
        if (strcmp(group->members[i], name) == 0)
            return 1;
    return 0;
}

/* "count" tells all, "groups" has at most as many as asked for. */
static int32_t answer_user_groups(const struct hk_kmessage *request,
                                  const struct hk_accounts *accounts,
                                  struct hk_kmessage_maker *reply)
{
    uint8_t groups[(HK_GROUPS_MAX + 1) * 4];
    const char *name;
    int32_t most, count = 0;

    if (hk_kmessage_find_string(request, "name", &name) != 0 ||
        hk_kmessage_find_int32(request, "max count", &most) != 0 || most <= 0)
        return HK_B_BAD_VALUE;
    if (most > HK_GROUPS_MAX + 1)
        most = HK_GROUPS_MAX + 1;
    for (uint32_t i = 0; i < accounts->group_count; i++) {
        if (!has_member(&accounts->groups[i], name))
            continue;
        if (count < most)
            hk_put32(groups + (size_t)count * 4, accounts->groups[i].gid);
        count++;
    }
    hk_kmessage_add_int32(reply, "count", count);
    hk_kmessage_add_data(reply, "groups", HK_KMESSAGE_INT32, groups,
                         4 * (size_t)(count < most ? count : most));
    return HK_B_OK;
}

/* ---- requests ---- */

static int32_t answer_launch_data(const struct hk_kmessage *request,
                                  struct hk_kmessage_maker *reply)
{
    const char *name;

    if (hk_kmessage_find_string(request, "name", &name) != 0)
        return HK_B_BAD_VALUE;
    if (strcmp(name, registrar) != 0)
        return HK_B_NAME_NOT_FOUND;
    hk_kmessage_add_int32(reply, "auth_port", ACCOUNT_PORT);
    return HK_B_OK;
}

static int32_t answer_account(const struct hk_kmessage *request,
                              const struct hk_accounts *accounts,
                              struct hk_kmessage_maker *reply)
{
    switch (request->what) {
    case GET_USER:
        return answer_user(request, accounts, reply);
    case GET_GROUP:
        return answer_group(request, accounts, reply);
    case GET_USER_GROUPS:
        return answer_user_groups(request, accounts, reply);
    case GET_ALL_USERS:
        answer_all_users(accounts, reply);
        return HK_B_OK;
    case GET_ALL_GROUPS:
        answer_all_groups(accounts, reply);
        return HK_B_OK;
    case GET_ALL_SHADOWS:
    case UPDATE_USER:
    case DELETE_USER:
    case UPDATE_GROUP:
    case DELETE_GROUP:
        return HK_B_NOT_ALLOWED;
    default:
        return HK_B_NOT_SUPPORTED;
    }
}

static int32_t answer(struct hk_thread *self, int32_t id,
                      const struct hk_kmessage *request,
                      struct hk_kmessage_maker *reply)
{
    struct hk_accounts accounts;
    int32_t status;

    if (id == LAUNCH_PORT)
        return request->what == GET_LAUNCH_DATA
                   ? answer_launch_data(request, reply)
                   : HK_B_NOT_SUPPORTED;
    status = hk_accounts_load(hk_kernel_of(self)->vfs, &accounts);
    if (status != HK_B_OK)
        return status;
    status = answer_account(request, &accounts, reply);
    hk_accounts_free(&accounts);
    return status;
}

static void post(struct hk_thread *self, int32_t port, int32_t code,
                 const void *bytes, size_t size)
{
    struct hk_shared *shared = hk_shared_of(self);

    hk_shared_lock(shared);
    hk_port_post(shared, port, code, bytes, (uint32_t)size, HK_KERNEL_TEAM);
    hk_shared_unlock(shared);
}

/*
 * libbe asks by BMessages (haiku-abi/boot-sequence.md, "BMessage encoding on
 * ports") and waits for an answer: there is no server for it, which an empty
 * message says.
 */
static void refuse_bmessage(struct hk_thread *self, const uint8_t *bytes,
                            uint32_t size)
{
    enum {
        CODE = 0x706a7070,   /* 'pjpp' */
        FORMAT = 0x31464d48, /* '1FMH' */
        HEAD_SIZE = 68,
        VALID_REPLY = 1 | 8
    };
    uint8_t reply[HEAD_SIZE] = {0};

    if (size < HEAD_SIZE || hk_get32(bytes) != FORMAT)
        return;
    hk_put32(reply, FORMAT);
    hk_put32(reply + 4, (uint32_t)HK_B_NAME_NOT_FOUND);
    hk_put32(reply + 8, VALID_REPLY);
    memcpy(reply + 12, bytes + 28, 4); /* its reply target */
    memset(reply + 16, 0xff,
           20); /* specifier, area, reply port, target, team */
    hk_put32(reply + 44, 5);
    memset(reply + 48, 0xff, 20); /* the hash table of fields */
    post(self, (int32_t)hk_get32(bytes + 24), CODE, reply, sizeof(reply));
}

int32_t hk_account_port_write(struct hk_thread *self, int32_t id, int32_t code,
                              const void *bytes, uint32_t size)
{
    struct hk_kmessage_maker reply;
    struct hk_kmessage request;
    int failed;

    if (code != HK_KMESSAGE_CODE) {
        refuse_bmessage(self, bytes, size);
        return HK_B_OK;
    }
    if (hk_kmessage_parse(&request, bytes, size) != 0)
        return HK_B_OK;
    hk_kmessage_begin(&reply, request.reply_token);
    hk_kmessage_set_what(&reply, answer(self, id, &request, &reply));
    failed = reply.failed;
    if (!failed)
        post(self, request.reply_port, HK_KMESSAGE_CODE, reply.bytes,
             reply.size);
    hk_kmessage_maker_free(&reply);
    return failed ? HK_B_NO_MEMORY : HK_B_OK;
}
