/* accounts.h -- users and groups of a root, and who tells of them. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_ACCOUNTS_H
#define HK_ACCOUNTS_H

#include <stdint.h>

struct hk_team;
struct hk_thread;
struct hk_vfs;

/* ---- account_files.c: /etc/passwd and /etc/group ---- */

enum { HK_MEMBERS_MAX = 32 }; /* of a group: more are not looked at */

struct hk_user {
    char *name, *password, *real_name, *home, *shell;
    uint32_t uid, gid;
};

struct hk_group {
    char *name, *password;
    uint32_t gid;
    char *members[HK_MEMBERS_MAX];
    uint32_t member_count;
};

/* Strings point into the two texts. */
struct hk_accounts {
    char *passwd, *group;
    struct hk_user *users;
    struct hk_group *groups;
    uint32_t user_count, group_count;
};

/*
 * Reads the root's files; where one is not there, there are a user and a group
 * as Haiku has them when installed. Lines that Haiku's registrar would not
 * take are left out, and so is an account whose name or number came before.
 * B_OK or B_NO_MEMORY; the caller frees.
 */
int32_t hk_accounts_load(const struct hk_vfs *vfs,
                         struct hk_accounts *accounts);

/* The same from the texts of the files; NULL for one that is not there. */
int32_t hk_accounts_parse(const char *passwd, const char *group,
                          struct hk_accounts *accounts);
void hk_accounts_free(struct hk_accounts *accounts);

/* By name, or by number when name is NULL; NULL for none. */
const struct hk_user *hk_accounts_user(const struct hk_accounts *accounts,
                                       const char *name, uint32_t uid);
const struct hk_group *hk_accounts_group(const struct hk_accounts *accounts,
                                         const char *name, uint32_t gid);

/* ---- account_port.c: the ports of launch_daemon and registrar ---- */

/*
 * Haiku's libroot asks the launch_daemon for a port of the registrar, and the
 * registrar for accounts (haiku-abi/boot-sequence.md, section G). When a root
 * runs no launch_daemon the kernel stands in for both: these two ports are
 * there for every team, owned by the kernel's team, and answer while they are
 * written to. Their ids are never those of other ports.
 */

/* The stand-in of that name, or B_NAME_NOT_FOUND: also for launch_daemon, which
 * would take it for one that runs already, and end (LaunchDaemon.cpp, main). */
int32_t hk_account_port_find(const struct hk_team *team, const char *name);

/* The name of a stand-in; NULL when the id is none of one. */
const char *hk_account_port_name(int32_t id);

/* A message for a stand-in, which posts its answer: B_OK, whatever was said,
 * or B_NO_MEMORY. */
int32_t hk_account_port_write(struct hk_thread *self, int32_t id, int32_t code,
                              const void *bytes, uint32_t size);

#endif
