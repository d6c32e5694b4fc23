/* ioctl.c -- ioctl, by the kind of file. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "bytes.h"
#include "interfaces.h"
#include "packagefs.h"
#include "pty.h"
#include "syscalls.h"
#include "tty.h"

/* haiku-abi/structs.md, "generic fd ioctls". */
#define GUEST_FIONBIO  0xbe000000u
#define GUEST_FIONREAD 0xbe000001u

/* haiku-abi/structs.md, "device ioctls". */
enum { SET_NONBLOCKING_IO = 3, SET_BLOCKING_IO = 4, GET_PATH_FOR_DEVICE = 21 };

static int32_t set_nonblocking(const struct hk_thread *self,
                               const struct hk_file *file, gm_addr data)
{
    uint32_t mode = (uint32_t)hk_file_mode(file) & ~(uint32_t)HK_O_NONBLOCK;
    uint8_t bytes[4];

    if (data == 0)
        return HK_B_BAD_VALUE;
    if (hk_read_user(self, bytes, data, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return hk_file_set_mode(file,
                            hk_get32(bytes) != 0 ? mode | HK_O_NONBLOCK : mode);
}

static int32_t get_available(const struct hk_thread *self,
                             const struct hk_file *file, gm_addr data)
{
    uint8_t bytes[4];
    int count = 0;

    if (ioctl(file->node.fd, FIONREAD, &count) < 0)
        return hk_status_from_errno(errno);
    hk_put32(bytes, (uint32_t)count);
    return hk_write_user(self, data, bytes, sizeof(bytes));
}

/* Pipes know requests of their own, and that others are none. */
static int32_t pipe_ioctl(const struct hk_thread *self,
                          const struct hk_file *file, uint32_t cmd,
                          gm_addr data)
{
    uint32_t mode = (uint32_t)hk_file_mode(file) & ~(uint32_t)HK_O_NONBLOCK;

    if (cmd == SET_BLOCKING_IO)
        return hk_file_set_mode(file, mode);
    if (cmd == SET_NONBLOCKING_IO)
        return hk_file_set_mode(file, mode | HK_O_NONBLOCK);
    if (cmd == GUEST_FIONREAD && data != 0)
        return get_available(self, file, data);
    return HK_B_BAD_VALUE;
}

/* What can be opened to reach the same device: "/dev/tty" for the session's
 * terminal where it is none of the host's pseudo-terminals. */
static int32_t get_device_path(struct hk_thread *self,
                               const struct hk_file *file, gm_addr data,
                               uint32_t size)
{
    const struct hk_place *place = file->node.place;
    char path[HK_PATH_LENGTH] = "/dev/tty";
    int32_t length = (int32_t)strlen(path);
    int32_t index = place == NULL ? hk_pty_index(self, file->node.fd) : -1;

    if (place == NULL && index < 0)
        index = hk_pty_index_of_hosts(self, file->node.fd);
    if (index >= 0) {
        strcpy(path, "/dev/tt/");
        hk_pty_name((uint32_t)index, path + strlen(path));
        length = (int32_t)strlen(path);
    } else if (place != NULL && place->device != NULL)
        length = hk_node_path(&(struct hk_node){place, NULL, -1, 0}, path,
                              sizeof(path));
    else if (!isatty(file->node.fd) || tcgetsid(file->node.fd) != getsid(0))
        return HK_B_DEV_INVALID_IOCTL;
    if (length < 0)
        return length;
    if (size != 0 && size <= (uint32_t)length)
        return HK_B_RESULT_NOT_REPRESENTABLE;
    return hk_write_user(self, data, path, (size_t)length + 1) == HK_B_OK
               ? length
               : HK_B_BAD_ADDRESS;
}

static int32_t socket_ioctl(struct hk_thread *self, struct hk_file *file,
                            uint32_t cmd, gm_addr data)
{
    if (cmd != GUEST_FIONREAD)
        return hk_interfaces_ioctl(self, file, cmd, data);
    return data == 0 ? HK_B_BAD_VALUE : get_available(self, file, data);
}

/* Or one that only leads to others. */
static int is_directory_of_devices(const struct hk_file *file)
{
    const struct hk_place *place = file->node.place;

    return place != NULL && place->device == NULL &&
           (place->is_closed || file->node.fd < 0);
}

static int32_t file_ioctl(struct hk_thread *self, struct hk_file *file,
                          uint32_t cmd, gm_addr data, uint32_t length)
{
    mode_t type;

    if (cmd == GUEST_FIONBIO)
        return set_nonblocking(self, file, data);
    if (file->kind == HK_FILE_SOCKET)
        return socket_ioctl(self, file, cmd, data);
    if (!hk_file_has_node(file))
        return HK_B_DEV_INVALID_IOCTL;
    if (is_directory_of_devices(file))
        return HK_B_BAD_VALUE;
    type = hk_file_type(file);
    if (type != S_IFIFO && type != S_IFCHR && file->node.mount != NULL &&
        file->node.mount->is_packagefs)
        return hk_packagefs_ioctl(self, file->node.mount, cmd, data, length);
    if (file->kind != HK_FILE_NODE || (type != S_IFIFO && type != S_IFCHR))
        return HK_B_DEV_INVALID_IOCTL;
    if (type == S_IFIFO)
        return pipe_ioctl(self, file, cmd, data);
    if (cmd == GET_PATH_FOR_DEVICE)
        return get_device_path(self, file, data, length);
    if (!isatty(file->node.fd))
        return hk_file_no_request(file);
    return cmd == GUEST_FIONREAD ? get_available(self, file, data)
                                 : hk_tty_ioctl(self, file, cmd, data);
}

/* The length is whatever the caller happened to pass: the number says it, but
 * for a device's path. Disks and drivers of the host are not reached, its
 * interfaces are told. */
int64_t hk_sys_ioctl(struct hk_thread *self, int32_t fd, uint32_t cmd,
                     gm_addr data, uint32_t length)
{
    struct hk_file *file;
    int32_t status;

    if (data >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    file = hk_file_get(self, fd);
    if (file == NULL)
        return HK_B_FILE_ERROR;
    status = file_ioctl(self, file, cmd, data, length);
    hk_file_put(file);
    return status == HK_B_DEV_INVALID_IOCTL ? HK_ENOTTY : status;
}
