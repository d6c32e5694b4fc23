/* socket_protocol.h -- what Haiku's protocols do unlike the host's. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_SOCKET_PROTOCOL_H
#define HK_SOCKET_PROTOCOL_H

#include "fd.h"

/* haiku-abi/structs.md, "MSG flags". */
enum hk_message_flag {
    HK_MSG_OOB = 0x1,
    HK_MSG_PEEK = 0x2,
    HK_MSG_DONTROUTE = 0x4,
    HK_MSG_EOR = 0x8,
    HK_MSG_TRUNC = 0x10,
    HK_MSG_CTRUNC = 0x20,
    HK_MSG_WAITALL = 0x40,
    HK_MSG_DONTWAIT = 0x80,
    HK_MSG_EOF = 0x400,
    HK_MSG_NOSIGNAL = 0x800,
    HK_MSG_CMSG_CLOEXEC = 0x1000, /* these from r1beta6 on */
    HK_MSG_CMSG_CLOFORK = 0x2000
};

/* Bits, for those of which something is true. */
enum hk_protocol {
    HK_LOCAL_STREAM = 0x1,
    HK_LOCAL_SEQUENCE = 0x2, /* from r1beta6 on */
    HK_LOCAL_DATAGRAM = 0x4,
    HK_TCP = 0x8,
    HK_TCP6 = 0x10,
    HK_DATAGRAM = 0x20, /* UDP, ICMP and raw ones */
    HK_DATAGRAM6 = 0x40,
    HK_LOCAL = HK_LOCAL_STREAM | HK_LOCAL_SEQUENCE | HK_LOCAL_DATAGRAM,
    HK_ANY_TCP = HK_TCP | HK_TCP6,
    HK_ANY_DATAGRAM = HK_DATAGRAM | HK_DATAGRAM6,
    HK_ANY_PROTOCOL = HK_LOCAL | HK_ANY_TCP | HK_ANY_DATAGRAM,
    HK_STREAM = HK_LOCAL_STREAM | HK_ANY_TCP, /* a call's bytes in any pieces */
    HK_CONNECTED = HK_STREAM | HK_LOCAL_SEQUENCE
};

/* That of a HK_FILE_SOCKET; the host is asked once. */
unsigned hk_socket_protocol(struct hk_file *file);

/* Whether it is known whom to send to: Haiku keeps the address of who has been
 * connected to, also when the connection is gone or failed. */
int hk_socket_has_peer(struct hk_file *file);
void hk_socket_set_peer(struct hk_file *file, int has_one);

/* What is wrong with a send or a receive before anything is tried. *flags: the
 * guest's, then without those that are ignored; has_address: one to send to. */
int32_t hk_socket_check_send(const struct hk_thread *self, struct hk_file *file,
                             int *flags, int has_address);
int32_t hk_socket_check_receive(const struct hk_thread *self,
                                struct hk_file *file, int *flags);

/* Whether a local socket that connects is connected, and its other end is
 * there: ENOTCONN when not, and B_BUSTED_PIPE to who has called a peer that is
 * gone. B_OK of other sockets. */
int32_t hk_socket_check_connection(struct hk_file *file);

/* Whether sockets of a protocol are bound and connected to, and send to,
 * addresses of a family. */
int hk_socket_takes_family(unsigned protocol, int32_t family);

/* How a wait for bytes ends by SO_RCVTIMEO or SO_SNDTIMEO. */
int32_t hk_socket_timed_out(struct hk_file *file);

/* What an errno of the host's send or receive means, and a receive that got
 * nothing, without one; that of a receive may be B_OK: it is the end. */
int32_t hk_socket_send_error(struct hk_file *file, int error);
int32_t hk_socket_receive_error(struct hk_file *file, int error);
int32_t hk_socket_receive_end(struct hk_file *file);

/* SO_ERROR of a connection that was reset, where the host has told it in
 * another way already; B_OK: nothing. */
int32_t hk_socket_take_error(struct hk_file *file);

#endif
