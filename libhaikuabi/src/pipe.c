/* pipe.c -- create_pipe. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "bytes.h"
#include "fd.h"
#include "syscalls.h"

static int32_t add_end(const struct hk_thread *self, int host_fd, uint32_t mode)
{
    struct hk_node node = {NULL, NULL, host_fd, 0};
    struct hk_file *file = hk_file_new(HK_FILE_NODE, node, mode);

    if (file == NULL)
        return HK_B_NO_MEMORY;
    return hk_fd_add(self, file, 0, hk_fd_flags_of(mode));
}

static int64_t create_pipe(const struct hk_thread *self, gm_addr fds,
                           uint32_t flags)
{
    int32_t status = HK_B_OK;
    int32_t ends[2];
    uint8_t bytes[8];
    int host[2];

    if (pipe2(host, O_CLOEXEC | (flags & HK_O_NONBLOCK ? O_NONBLOCK : 0)) < 0)
        return hk_status_from_errno(errno);
    ends[0] = add_end(self, host[0], HK_O_RDONLY | flags);
    ends[1] = add_end(self, host[1], HK_O_WRONLY | flags);
    for (int i = 0; i < 2; i++) {
        if (ends[i] < 0)
            status = ends[i];
        hk_put32(bytes + 4 * i, (uint32_t)ends[i]);
    }
    if (status == HK_B_OK)
        status = hk_write_user(self, fds, bytes, sizeof(bytes));
    for (int i = 0; status != HK_B_OK && i < 2; i++)
        hk_fd_close(self, ends[i]);
    return status;
}

int64_t hk_sys_create_pipe(struct hk_thread *self, gm_addr fds)
{
    return create_pipe(self, fds, 0);
}

int64_t hk_sys_create_pipe__r1beta6(struct hk_thread *self, gm_addr fds,
                                    int32_t flags)
{
    if ((uint32_t)flags &
        ~(uint32_t)(HK_O_NONBLOCK | HK_O_CLOEXEC | HK_O_CLOFORK))
        return HK_B_BAD_VALUE;
    return create_pipe(self, fds, (uint32_t)flags);
}
