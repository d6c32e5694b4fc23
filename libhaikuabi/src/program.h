/* program.h -- what a new program finds in its memory. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_PROGRAM_H
#define HK_PROGRAM_H

#include "kernel.h"

enum { HK_TLS_SIZE = 256, HK_STACK_GUARD = 0x4000 };

/* Arguments and environment of a program, as exec and load_image take them:
 * the strings one after the other. */
struct hk_arguments {
    const char *path; /* guest path */
    uint32_t argc, envc;
    char *strings; /* argc + envc strings with their NUL */
    uint32_t strings_size;
    uint32_t umask; /* UINT32_MAX: not set */
    int32_t error_port;
    uint32_t error_token;
};

/* Collects NULL-terminated arrays. 0 or HK_ERR_*; *arguments is to be freed
 * with hk_arguments_free. */
int hk_arguments_new(const char *path, const char *const *argv,
                     const char *const *envp, struct hk_arguments *arguments);
void hk_arguments_free(struct hk_arguments *arguments);

/* The same from the flat block of a guest's exec or load_image: B_OK,
 * B_BAD_VALUE, B_BAD_ADDRESS, B_TOO_MANY_ARGS or B_NO_MEMORY. */
int32_t hk_arguments_read(const struct hk_thread *self, gm_addr flat,
                          uint32_t size, int32_t argc, int32_t envc,
                          struct hk_arguments *arguments);

/*
 * Fills the empty memory of a team: user area, stack of the main thread with
 * arguments and TLS, commpage, and the program by hk_host.load_program; sets
 * the thread's registers. What exec does after the point of no return.
 * 0 or HK_ERR_*.
 */
int hk_program_load(struct hk_thread *main_thread,
                    const struct hk_arguments *arguments);

/*
 * A stack area: guard, stack_size bytes, TLS block, extra bytes. Writes the
 * TLS block and the thread's addresses. The first extra byte's address, or
 * an error code.
 */
int64_t hk_stack_create(struct hk_thread *thread, uint32_t stack_size,
                        uint32_t guard_size, uint32_t extra);

/* Zeroes the kernel's slots of a TLS block and writes the thread's. */
int32_t hk_tls_init(struct hk_thread *thread);

/* Sets the registers of a new thread: entry(arg1, arg2) on its stack. */
int32_t hk_enter_function(struct hk_thread *thread, uint32_t entry,
                          uint32_t arg1, uint32_t arg2);

/* Takes a slot of the user area for the thread's user_thread record. */
int32_t hk_user_thread_init(struct hk_thread *thread, uint32_t pthread,
                            uint32_t defer_signals);
/* The thread's slot stays its own when all others are given up. */
void hk_user_thread_keep(struct hk_thread *thread);
void hk_user_thread_release(struct hk_thread *thread);

#endif
