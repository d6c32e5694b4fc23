/* socket_message.c -- sendmsg and recvmsg, with descriptors beside. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "file_io.h"
#include "root.h"
#include "socket.h"
#include "socket_protocol.h"
#include "socket_share.h"
#include "syscalls.h"

/* haiku-abi/structs.md, "msghdr" and "cmsghdr". */
enum {
    HEADER_SIZE = 28,
    CONTROL_HEADER_SIZE = 12,
    CONTROL_MAX = 1024,
    GUEST_SOL_SOCKET = -1,
    GUEST_SCM_RIGHTS = 1,
    RIGHTS_MAX = 253 /* the host's */
};

struct header {
    gm_addr name, vectors, control;
    uint32_t name_size, control_size;
    int32_t vector_count;
};

static int32_t read_header(const struct hk_thread *self, struct header *header,
                           gm_addr from)
{
    uint8_t bytes[HEADER_SIZE];

    if (from == 0)
        return HK_B_BAD_VALUE;
    if (hk_read_user(self, bytes, from, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    header->name = hk_get32(bytes);
    header->name_size = hk_get32(bytes + 4);
    header->vectors = hk_get32(bytes + 8);
    header->vector_count = (int32_t)hk_get32(bytes + 12);
    header->control = hk_get32(bytes + 16);
    header->control_size = hk_get32(bytes + 20);
    if (header->vector_count < 0 || header->vector_count > HK_IOV_MAX)
        return HK_EMSGSIZE;
    return HK_B_OK;
}

static int32_t check_places(const struct header *header)
{
    int is_good = (header->name == 0 || hk_is_user_address(header->name)) &&
                  (header->control == 0 || hk_is_user_address(header->control));

    return is_good ? HK_B_OK : HK_B_BAD_ADDRESS;
}

/* NULL is no place, also for nothing. */
static int32_t read_vectors(const struct hk_thread *self,
                            const struct header *header,
                            struct hk_message *message)
{
    int32_t status;

    message->count = 0;
    if (header->vectors == 0 || header->vector_count == 0)
        return HK_B_OK;
    message->count = (uint32_t)header->vector_count;
    status = hk_read_vectors(self, message->vectors, header->vectors,
                             message->count);
    for (uint32_t i = 0; i < message->count && status == HK_B_OK; i++)
        if (message->vectors[i].iov_base == gm_space_base(hk_space_of(self)))
            status = HK_B_BAD_ADDRESS;
    return status;
}

/* Descriptors on their way: the host's numbers, and the files that they
 * belong to. */
struct rights {
    int fds[RIGHTS_MAX];
    struct hk_file *files[RIGHTS_MAX];
    uint32_t count;
};

static void release(struct rights *rights)
{
    for (uint32_t i = 0; i < rights->count; i++)
        hk_file_put(rights->files[i]);
}

static int32_t add_right(const struct hk_thread *self, struct rights *rights,
                         int32_t fd)
{
    struct hk_file *file = hk_file_get(self, fd);
    int error = 0;

    if (file == NULL)
        return HK_B_FILE_ERROR;
    if (rights->count == RIGHTS_MAX || file->node.fd < 0) {
        hk_file_put(file);
        return HK_B_BAD_VALUE;
    }
    /* Who gets it does not know of pieces. */
    if (file->pieces != NULL)
        error = hk_pieces_bring_all(file->pieces, file->node.fd);
    if (error != 0) {
        hk_file_put(file);
        return hk_status_from_errno(error);
    }
    rights->files[rights->count] = file;
    rights->fds[rights->count++] = file->node.fd;
    return HK_B_OK;
}

/* The guest's ancillary data: descriptors are all that may be sent, and there
 * is one at least in each part. */
static int32_t parse_rights(const struct hk_thread *self, struct rights *rights,
                            const uint8_t *bytes, uint32_t size)
{
    uint32_t at = 0;

    while (at < size) {
        uint32_t length =
            size - at < CONTROL_HEADER_SIZE ? 0 : hk_get32(bytes + at);

        if (length < CONTROL_HEADER_SIZE + 4 || length > size - at ||
            (int32_t)hk_get32(bytes + at + 4) != GUEST_SOL_SOCKET ||
            hk_get32(bytes + at + 8) != GUEST_SCM_RIGHTS)
            return HK_B_BAD_VALUE;
        for (uint32_t fd = CONTROL_HEADER_SIZE; fd + 4 <= length; fd += 4) {
            int32_t status =
                add_right(self, rights, (int32_t)hk_get32(bytes + at + fd));

            if (status != HK_B_OK)
                return status;
        }
        length = (length + 3) & ~3u;
        at = length > size - at ? size : at + length;
    }
    return HK_B_OK;
}

/* What goes with the message, as it is; *size: of it. */
static int32_t read_control(const struct hk_thread *self,
                            const struct header *header,
                            uint8_t bytes[CONTROL_MAX], uint32_t *size)
{
    *size = header->control == 0 ? 0 : header->control_size;
    if (*size > CONTROL_MAX)
        return HK_B_BAD_VALUE;
    return hk_read_user(self, bytes, header->control, *size);
}

/* Room for the descriptors of one message on the host. */
union control {
    struct cmsghdr align;
    uint8_t bytes[CMSG_SPACE(RIGHTS_MAX * sizeof(int))];
};

static size_t put_rights(union control *control, const struct rights *rights)
{
    size_t size = rights->count * sizeof(int);

    if (size == 0)
        return 0;
    memset(control, 0, sizeof(*control));
    control->align.cmsg_level = SOL_SOCKET;
    control->align.cmsg_type = SCM_RIGHTS;
    control->align.cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(&control->align), rights->fds, size);
    return CMSG_SPACE(size);
}

static int64_t send_message(struct hk_thread *self, struct hk_file *file,
                            const struct header *header, const uint8_t *bytes,
                            uint32_t size, struct hk_message *message)
{
    struct rights rights = {.count = 0};
    union control control;
    int64_t result = size > 0 && !(hk_socket_protocol(file) & HK_LOCAL)
                         ? HK_B_NOT_SUPPORTED
                         : parse_rights(self, &rights, bytes, size);

    if (result == HK_B_OK && header->name == 0 && header->name_size > 0)
        result = HK_B_BAD_VALUE;
    if (result == HK_B_OK) {
        message->control = &control;
        message->control_size = put_rights(&control, &rights);
        result = hk_socket_transfer(self, file, message);
    }
    release(&rights);
    return result;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

int64_t hk_sys_sendmsg(struct hk_thread *self, int32_t socket, gm_addr message,
                       int32_t flags)
{
    struct iovec vectors[HK_IOV_MAX];
    struct hk_message out = {.vectors = vectors, .flags = flags, .is_send = 1};
    uint8_t control[CONTROL_MAX];
    uint32_t control_size;
    struct hk_sockaddr address;
    struct header header;
    struct hk_file *file;
    int64_t result = read_header(self, &header, message);

    if (result == HK_B_OK)
        result = read_vectors(self, &header, &out);
    if (result == HK_B_OK)
        result = check_places(&header);
    if (result == HK_B_OK && header.name != 0 && header.name_size > 0) {
        result = hk_sockaddr_read(self, &address, header.name,
                                  smaller(header.name_size, HK_SOCKADDR_MAX));
        out.address = &address;
    }
    if (result == HK_B_OK)
        result = read_control(self, &header, control, &control_size);
    if (result == HK_B_OK)
        result = hk_socket_get(self, socket, &file);
    if (result != HK_B_OK)
        return result;
    result = send_message(self, file, &header, control, control_size, &out);
    if (out.address != NULL)
        hk_sockaddr_release(&address);
    hk_file_put(file);
    return result;
}

/* A descriptor that came through a socket. It belongs to no mount. */
static int32_t add_received(const struct hk_thread *self, int host_fd,
                            unsigned descriptor_flags)
{
    static const uint32_t modes[] = {[O_RDONLY] = HK_O_RDONLY,
                                     [O_WRONLY] = HK_O_WRONLY,
                                     [O_RDWR] = HK_O_RDWR,
                                     [O_ACCMODE] = HK_O_RDWR};
    struct hk_node node = {NULL, NULL, host_fd, 0};
    int flags = fcntl(host_fd, F_GETFL);
    struct hk_file *file = hk_file_new(
        HK_FILE_NODE, node, modes[flags < 0 ? 0 : flags & O_ACCMODE]);

    if (file == NULL)
        return HK_B_NO_MEMORY;
    if (hk_file_type(file) == S_IFSOCK) {
        file->kind = HK_FILE_SOCKET;
        hk_socket_show_again(self->team->shared, file);
    }
    return hk_fd_add(self, file, 0, descriptor_flags);
}

/* Descriptors of the host's in what it received; how many. */
static uint32_t find_rights(struct hk_message *message, int fds[RIGHTS_MAX])
{
    struct msghdr host = {.msg_control = message->control,
                          .msg_controllen = message->control_size};
    uint32_t count = 0;

    for (struct cmsghdr *part = CMSG_FIRSTHDR(&host); part != NULL;
         part = CMSG_NXTHDR(&host, part)) {
        size_t size = part->cmsg_len - CMSG_LEN(0);

        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i + sizeof(int) <= size && count < RIGHTS_MAX;
             i += sizeof(int))
            memcpy(&fds[count++], CMSG_DATA(part) + i, sizeof(int));
    }
    return count;
}

/* Descriptors for all of the host's, or for none: B_OK or an error. */
static int32_t add_all(const struct hk_thread *self, int flags,
                       const int fds[RIGHTS_MAX], uint32_t count,
                       int32_t added[RIGHTS_MAX])
{
    unsigned descriptor_flags =
        (flags & HK_MSG_CMSG_CLOEXEC ? HK_FD_CLOEXEC : 0u) |
        (flags & HK_MSG_CMSG_CLOFORK ? HK_FD_CLOFORK : 0u);

    for (uint32_t i = 0; i < count; i++) {
        added[i] = add_received(self, fds[i], descriptor_flags);
        if (added[i] >= 0)
            continue;
        for (uint32_t rest = i + 1; rest < count; rest++)
            close(fds[rest]);
        for (uint32_t before = 0; before < i; before++)
            hk_fd_close(self, added[before]);
        return added[i];
    }
    return HK_B_OK;
}

/* What the host received, in the guest's form; its length. All of it is closed
 * when there is no room: that is B_BAD_VALUE, unless none was offered. */
static int32_t take_rights(const struct hk_thread *self,
                           struct hk_message *message,
                           const struct header *header,
                           uint8_t bytes[CONTROL_MAX])
{
    uint32_t room = header->control == 0 ? 0 : header->control_size;
    int fds[RIGHTS_MAX];
    int32_t added[RIGHTS_MAX], status;
    uint32_t count = find_rights(message, fds);
    uint32_t size = CONTROL_HEADER_SIZE + 4 * count;

    if (count == 0)
        return 0;
    if (size > room || size > CONTROL_MAX) {
        while (count > 0)
            close(fds[--count]);
        return header->control == 0 ? 0 : HK_B_BAD_VALUE;
    }
    status = add_all(self, message->flags, fds, count, added);
    if (status != HK_B_OK)
        return status;
    hk_put32(bytes, size);
    hk_put32(bytes + 4, (uint32_t)GUEST_SOL_SOCKET);
    hk_put32(bytes + 8, GUEST_SCM_RIGHTS);
    for (uint32_t i = 0; i < count; i++)
        hk_put32(bytes + CONTROL_HEADER_SIZE + 4 * i, (uint32_t)added[i]);
    return (int32_t)size;
}

static const struct cmsghdr *find_part(const struct hk_message *message,
                                       int level, int type)
{
    struct msghdr host = {.msg_control = message->control,
                          .msg_controllen = message->control_size};
    struct cmsghdr *part = CMSG_FIRSTHDR(&host);

    while (part != NULL &&
           (part->cmsg_level != level || part->cmsg_type != type))
        part = CMSG_NXTHDR(&host, part);
    return part;
}

/* What IPv6 says of a datagram, as far as the socket was told to: its length,
 * or B_NO_MEMORY when there is no room for it. */
static int32_t take_packet_info(const struct hk_message *message,
                                const struct header *header,
                                uint8_t bytes[CONTROL_MAX])
{
    static const struct {
        int host;
        uint32_t guest, size;
    } rows[] = {{IPV6_HOPLIMIT, 33, 4}, {IPV6_PKTINFO, 31, 20}};
    uint32_t size = 0;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct cmsghdr *part =
            find_part(message, IPPROTO_IPV6, rows[i].host);
        uint32_t length = CONTROL_HEADER_SIZE + rows[i].size;

        if (part == NULL || part->cmsg_len < CMSG_LEN(rows[i].size))
            continue;
        if (header->control_size - size < length)
            return HK_B_NO_MEMORY;
        hk_put32(bytes + size, length);
        hk_put32(bytes + size + 4, IPPROTO_IPV6);
        hk_put32(bytes + size + 8, rows[i].guest);
        memcpy(bytes + size + CONTROL_HEADER_SIZE, CMSG_DATA(part),
               rows[i].size);
        size += length;
    }
    return (int32_t)size;
}

/* Writes address, ancillary data and header back. */
static int32_t write_back(const struct hk_thread *self,
                          const struct header *header, gm_addr message,
                          const struct hk_message *in, const uint8_t *control,
                          uint32_t control_size)
{
    uint8_t name[HK_SOCKADDR_MAX], bytes[4];
    uint32_t length = 0;
    int32_t status = HK_B_OK;

    if (header->name != 0) {
        length = hk_sockaddr_put(name, self, in->address, NULL);
        if (length > header->name_size)
            length = header->name_size;
        status = hk_write_user(self, header->name, name, length);
    }
    hk_put32(bytes, length);
    if (status == HK_B_OK)
        status = hk_write_user(self, message + 4, bytes, 4);
    hk_put32(bytes, control_size);
    if (status == HK_B_OK)
        status = hk_write_user(self, message + 20, bytes, 4);
    if (status == HK_B_OK)
        status = hk_write_user(self, header->control, control, control_size);
    hk_put32(bytes, (uint32_t)in->flags_out);
    if (status == HK_B_OK)
        status = hk_write_user(self, message + 24, bytes, 4);
    return status;
}

/* Before r1beta6 TCP fails of bytes beside which there could be something. */
static int is_control_refused(const struct hk_thread *self,
                              struct hk_file *file, const struct header *header)
{
    return header->control != 0 && hk_socket_protocol(file) & HK_ANY_TCP &&
           hk_kernel_of(self)->config.release < HK_R1BETA6;
}

int64_t hk_sys_recvmsg(struct hk_thread *self, int32_t socket, gm_addr message,
                       int32_t flags)
{
    struct iovec vectors[HK_IOV_MAX];
    union control control;
    struct hk_sockaddr address = {.node = {NULL, NULL, -1, 0}};
    struct hk_message in = {.vectors = vectors,
                            .flags = flags,
                            .address = &address,
                            .control = &control,
                            .control_size = sizeof(control)};
    uint8_t taken[CONTROL_MAX];
    int32_t control_size;
    struct header header;
    struct hk_file *file;
    int64_t result = read_header(self, &header, message);

    if (result == HK_B_OK)
        result = read_vectors(self, &header, &in);
    if (result == HK_B_OK)
        result = check_places(&header);
    if (result == HK_B_OK)
        result = hk_socket_get(self, socket, &file);
    if (result != HK_B_OK)
        return result;
    result = hk_socket_transfer(self, file, &in);
    if (result > 0 && is_control_refused(self, file, &header))
        result = HK_B_NOT_SUPPORTED;
    hk_file_put(file);
    if (result < 0)
        return result;
    control_size = take_rights(self, &in, &header, taken);
    if (control_size == 0 && header.control != 0)
        control_size = take_packet_info(&in, &header, taken);
    if (control_size < 0)
        return control_size;
    if (write_back(self, &header, message, &in, taken,
                   (uint32_t)control_size) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return result;
}
