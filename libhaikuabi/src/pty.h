/* pty.h -- pseudo-terminals by Haiku's names. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_PTY_H
#define HK_PTY_H

#include "fd.h"
#include "shared.h"

/*
 * The host numbers its pseudo-terminals for all who use it, Haiku knows 64
 * from /dev/tt/p0 to /dev/tt/sf. The shared file says which of the host's is
 * behind a name, and which teams have its master open: as long as one does,
 * the host gives the number to nobody else. Of those that no guest has made,
 * guests reach the one that controls their session, as by /dev/tty.
 */

/* A team has a master open. */
struct hk_pty_master;

/* Opens what a place of a pseudo-terminal stands for, in place of the node's
 * descriptor; *master is the file's to free. */
int32_t hk_pty_open(struct hk_thread *self, struct hk_node *node, uint32_t mode,
                    struct hk_pty_master **master);

/* Before the descriptor is closed; NULL is none. And in a fork's child. */
void hk_pty_master_free(struct hk_pty_master *master);
void hk_pty_master_fork(struct hk_pty_master *master);

/* The index of a terminal by either end's host descriptor, or B_BAD_VALUE. */
int32_t hk_pty_index(struct hk_thread *self, int fd);

/* The same of the host's terminal that controls the session, which has an index
 * from then on as long as a team of the session lives that does now. */
int32_t hk_pty_index_of_hosts(struct hk_thread *self, int fd);

/* The name of one, below /dev/tt or /dev/pt. */
enum { HK_PTY_NAME_SIZE = 3 };
void hk_pty_name(uint32_t index, char name[HK_PTY_NAME_SIZE]);

/* The session whose controlling terminal it is, 0 when it is none's, or -1: it
 * is known of those that guests have made. */
int32_t hk_pty_session(struct hk_thread *self, int fd);

/* The terminal is now the controlling one of this team's session. */
void hk_pty_tell_session(struct hk_thread *self, int fd);

#endif
