/* account_files.c -- users and groups from the root's files. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accounts.h"
#include "vfs.h"

/* Sizes with NUL, as Haiku's libroot has them. */
enum {
    NAME_SIZE = 32,
    PASSWORD_SIZE = 32,
    REAL_NAME_SIZE = 128,
    FILE_SIZE_MAX = 1024 * 1024
};

/* What Haiku's installer writes. */
static const char default_passwd[] = "user:x:0:0:Yourself:/boot/home:/bin/sh\n";
static const char default_group[] = "root:x:0:user\nusers:x:100:\n";

/* ---- fields of a line ---- */

/* The text up to a separator or the end, without space around it; *text goes
 * on behind it, or is NULL. NULL when there is none. */
static char *next_field(char **text, char separator)
{
    char *field = *text, *end;

    if (field == NULL)
        return NULL;
    end = strchr(field, separator);
    *text = end != NULL ? end + 1 : NULL;
    if (end == NULL)
        end = field + strlen(field);
    *end = '\0';
    while (isspace((unsigned char)*field))
        field++;
    while (end > field && isspace((unsigned char)end[-1]))
        *--end = '\0';
    return field;
}

static int is_number(const char *text, uint32_t *number)
{
    char *end;
    unsigned long value;

    if (!isdigit((unsigned char)*text))
        return 0;
    value = strtoul(text, &end, 10);
    *number = (uint32_t)value;
    return *end == '\0' && value <= INT32_MAX;
}

/* Splits a line into exactly so many fields. */
static int split(char *line, char **fields, int count)
{
    for (int i = 0; i < count; i++) {
        fields[i] = next_field(&line, ':');
        if (fields[i] == NULL)
            return 0;
    }
    return 1;
}

static int parse_user(char *line, struct hk_user *user)
{
    char *fields[7];

    if (!split(line, fields, 7) || !is_number(fields[2], &user->uid) ||
        !is_number(fields[3], &user->gid))
        return 0;
    user->name = fields[0];
    user->password = fields[1];
    user->real_name = fields[4];
    user->home = fields[5];
    user->shell = fields[6];
    return user->name[0] != '\0' && strlen(user->name) < NAME_SIZE &&
           strlen(user->password) < PASSWORD_SIZE &&
           strlen(user->real_name) < REAL_NAME_SIZE &&
           strlen(user->home) < HK_PATH_LENGTH &&
           strlen(user->shell) < HK_PATH_LENGTH;
}

static int parse_group(char *line, struct hk_group *group)
{
    char *fields[3], *members, *member;
    char *rest = line;

    for (int i = 0; i < 3; i++) {
        fields[i] = next_field(&rest, ':');
        if (fields[i] == NULL)
            return 0;
    }
    if (!is_number(fields[2], &group->gid))
        return 0;
    group->name = fields[0];
    group->password = fields[1];
    members = rest;
    while (group->member_count < HK_MEMBERS_MAX &&
           (member = next_field(&members, ',')) != NULL)
        if (member[0] != '\0' && strlen(member) < NAME_SIZE)
            group->members[group->member_count++] = member;
    return group->name[0] != '\0' && strlen(group->name) < NAME_SIZE &&
           strlen(group->password) < PASSWORD_SIZE;
}

/* ---- the tables ---- */

const struct hk_user *hk_accounts_user(const struct hk_accounts *accounts,
                                       const char *name, uint32_t uid)
{
    for (uint32_t i = 0; i < accounts->user_count; i++) {
        const struct hk_user *user = &accounts->users[i];

        if (name != NULL ? strcmp(user->name, name) == 0 : user->uid == uid)
            return user;
    }
    return NULL;
}

const struct hk_group *hk_accounts_group(const struct hk_accounts *accounts,
                                         const char *name, uint32_t gid)
{
    for (uint32_t i = 0; i < accounts->group_count; i++) {
        const struct hk_group *group = &accounts->groups[i];

        if (name != NULL ? strcmp(group->name, name) == 0 : group->gid == gid)
            return group;
    }
    return NULL;
}

static size_t count_lines(const char *text)
{
    size_t count = 1;

    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

static void add_user(struct hk_accounts *accounts, char *line)
{
    struct hk_user user = {0};

    if (parse_user(line, &user) &&
        hk_accounts_user(accounts, user.name, 0) == NULL &&
        hk_accounts_user(accounts, NULL, user.uid) == NULL)
        accounts->users[accounts->user_count++] = user;
}

static void add_group(struct hk_accounts *accounts, char *line)
{
    struct hk_group group = {0};

    if (parse_group(line, &group) &&
        hk_accounts_group(accounts, group.name, 0) == NULL &&
        hk_accounts_group(accounts, NULL, group.gid) == NULL)
        accounts->groups[accounts->group_count++] = group;
}

static void add_lines(struct hk_accounts *accounts, char *text,
                      void (*add)(struct hk_accounts *, char *))
{
    char *line;

    while ((line = next_field(&text, '\n')) != NULL)
        add(accounts, line);
}

int32_t hk_accounts_parse(const char *passwd, const char *group,
                          struct hk_accounts *accounts)
{
    if (passwd == NULL)
        passwd = default_passwd;
    if (group == NULL)
        group = default_group;
    *accounts = (struct hk_accounts){
        .passwd = strdup(passwd),
        .group = strdup(group),
        .users = calloc(count_lines(passwd), sizeof(struct hk_user)),
        .groups = calloc(count_lines(group), sizeof(struct hk_group)),
    };
    if (accounts->passwd == NULL || accounts->group == NULL ||
        accounts->users == NULL || accounts->groups == NULL) {
        hk_accounts_free(accounts);
        return HK_B_NO_MEMORY;
    }
    add_lines(accounts, accounts->passwd, add_user);
    add_lines(accounts, accounts->group, add_group);
    return HK_B_OK;
}

void hk_accounts_free(struct hk_accounts *accounts)
{
    free(accounts->passwd);
    free(accounts->group);
    free(accounts->users);
    free(accounts->groups);
    *accounts = (struct hk_accounts){0};
}

/* ---- the files ---- */

/* The text of a regular file of moderate size; NULL when there is none. */
static char *read_text(const struct hk_vfs *vfs, const char *path)
{
    const struct hk_node start = hk_place_node(vfs->root);
    int fd = hk_vfs_open_host(vfs, &start, path, HK_WALK_WHOLE);
    struct stat st;
    char *text = NULL;
    ssize_t size = 0;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_size <= FILE_SIZE_MAX)
        text = calloc(1, (size_t)st.st_size + 1);
    if (text != NULL)
        size = pread(fd, text, (size_t)st.st_size, 0);
    close(fd);
    if (size < 0) {
        free(text);
        return NULL;
    }
    return text;
}

int32_t hk_accounts_load(const struct hk_vfs *vfs, struct hk_accounts *accounts)
{
    char *passwd = read_text(vfs, "/etc/passwd");
    char *group = read_text(vfs, "/etc/group");
    int32_t status = hk_accounts_parse(passwd, group, accounts);

    free(passwd);
    free(group);
    return status;
}
