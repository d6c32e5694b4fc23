/* team.h -- starting teams, of the bundled guests. */
/* SPDX-License-Identifier: MIT */
#ifndef TEAM_H
#define TEAM_H

#include <guest.h>

enum { NOHANG = 1, UNTRACED = 2, EXITED = 8, NOWAIT = 32 };
enum { CLD_EXITED = 60, CLD_KILLED = 61 };
enum { WAIT_TILL_LOADED = 1 };

struct siginfo {
    int32_t signal, code, error, pid;
    uint32_t uid;
    void *address;
    int32_t status, band, value;
};

enum { TEAM_INFO_SIZE = 160 };

/* haiku-abi/structs.md, "team_info". */
struct team_info {
    int32_t team, thread_count, image_count, area_count;
    int32_t debugger_thread, debugger_port, argc;
    char arguments[64];
    uint32_t user, group, real_user, real_group;
    int32_t process_group, session, parent;
    char name[32];
    int64_t start_time __attribute__((packed, aligned(4)));
};
_Static_assert(sizeof(struct team_info) == TEAM_INFO_SIZE, "team_info");

/* The flat block of exec and load_image: two arrays, then strings. */
struct flat {
    char *pointers[5]; /* program, argument, NULL, variable, NULL */
    char strings[1024];
};

static inline char *flatten_string(char *to, const char *text)
{
    memcpy(to, text, strlen(text) + 1);
    return to + strlen(text) + 1;
}

/* The arguments program and word, the environment GUEST_A=flat. */
static inline void flatten(struct flat *flat, const char *program,
                           const char *word)
{
    char *to = flat->strings;

    flat->pointers[0] = to;
    flat->pointers[1] = to = flatten_string(to, program);
    flat->pointers[2] = 0;
    flat->pointers[3] = to = flatten_string(to, word);
    flat->pointers[4] = 0;
    flatten_string(to, "GUEST_A=flat");
}

#endif
