/* file_io.c -- read, write, their vectored forms, and seek. */
/* SPDX-License-Identifier: MIT */
#include "file_io.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "area.h"
#include "attr.h"
#include "block.h"
#include "bytes.h"
#include "host_call.h"
#include "host_direct.h"
#include "root.h"
#include "signals.h"
#include "socket.h"
#include "syscalls.h"
#include "tty.h"

/*
 * The host's kernel reads and writes guest memory in place. A page whose
 * stores are watched (it holds translated code) refuses it with EFAULT
 * although the guest may write there: such bytes take the way through
 * hk_write_user, which lifts the watch. So do all bytes of an observed space.
 */
enum { BOUNCE_SIZE = 4096 };

static gm_addr guest_address(const struct hk_thread *self, const void *host)
{
    return (gm_addr)((const uint8_t *)host - gm_space_base(hk_space_of(self)));
}

/* The host is quicker without vectors and flags. */
static ssize_t plain_io(const struct hk_transfer *transfer,
                        const struct iovec *vector)
{
    int fd = transfer->file->node.fd;
    void *bytes = vector->iov_base;
    size_t size = vector->iov_len;

    if (transfer->position < 0)
        return hk_host_direct(transfer->is_write ? SYS_write : SYS_read, fd,
                              bytes, size);
    return hk_host_direct(transfer->is_write ? SYS_pwrite64 : SYS_pread64, fd,
                          bytes, size, transfer->position);
}

/* How a transfer goes: a file that makes nobody wait, what comes at once, or
 * until an interruption. */
enum pace { PLAIN, AT_ONCE, WAITING };

/* What may wait has no position. */
static ssize_t waiting_io(struct hk_thread *self,
                          const struct hk_transfer *transfer,
                          const struct iovec *vectors, uint32_t count)
{
    struct hk_host_call call = {
        .number = transfer->is_write ? SYS_writev : SYS_readv,
        .arguments = {transfer->file->node.fd, (long)vectors, (long)count}};

    if (count == 1) {
        call.number = transfer->is_write ? SYS_write : SYS_read;
        call.arguments[1] = (long)vectors->iov_base;
        call.arguments[2] = (long)vectors->iov_len;
    }
    return hk_host_call(self, &call);
}

static ssize_t host_io(struct hk_thread *self,
                       const struct hk_transfer *transfer,
                       const struct iovec *vectors, uint32_t count,
                       enum pace pace)
{
    int flags = pace == AT_ONCE ? RWF_NOWAIT : 0;
    int fd = transfer->file->node.fd;

    if (pace == WAITING)
        return waiting_io(self, transfer, vectors, count);
    if (count == 1 && pace == PLAIN)
        return plain_io(transfer, vectors);
    return transfer->is_write
               ? pwritev2(fd, vectors, (int)count, transfer->position, flags)
               : preadv2(fd, vectors, (int)count, transfer->position, flags);
}

/* Reads a little through memory of our own. -1: errno is as for preadv2. */
static ssize_t bounce(struct hk_thread *self,
                      const struct hk_transfer *transfer,
                      const struct iovec *vector, enum pace pace)
{
    uint8_t bytes[BOUNCE_SIZE];
    size_t size = vector->iov_len < BOUNCE_SIZE ? vector->iov_len : BOUNCE_SIZE;
    struct iovec own = {bytes, size};
    gm_addr to = guest_address(self, vector->iov_base);
    ssize_t done;

    /* To the end of the page: what comes after may be no memory at all. */
    if (size > BOUNCE_SIZE - to % BOUNCE_SIZE)
        own.iov_len = size = BOUNCE_SIZE - to % BOUNCE_SIZE;
    if (!gm_is_accessible(hk_space_of(self), to, size, GM_PROT_WRITE)) {
        errno = EFAULT;
        return -1;
    }
    done = host_io(self, transfer, &own, 1, pace);
    if (done > 0 && hk_write_user(self, to, bytes, (size_t)done) != HK_B_OK) {
        errno = EFAULT;
        return -1;
    }
    return done;
}

/* 1 when what could not be written can be read now; else errno stays. */
static int fill(struct hk_thread *self, const struct iovec *vectors,
                uint32_t count)
{
    int is_filled = 0;

    for (uint32_t i = 0; i < count; i++)
        is_filled |= hk_area_fill(
            self->team, (uint32_t)guest_address(self, vectors[i].iov_base),
            (uint32_t)vectors[i].iov_len, 0);
    if (!is_filled)
        errno = EFAULT;
    return is_filled;
}

static ssize_t try_io(struct hk_thread *self,
                      const struct hk_transfer *transfer,
                      const struct iovec *vectors, uint32_t count,
                      enum pace pace)
{
    ssize_t done;

    if (!transfer->is_write && gm_is_observed(hk_space_of(self)))
        return bounce(self, transfer, vectors, pace);
    done = host_io(self, transfer, vectors, count, pace);
    if (done >= 0 || errno != EFAULT)
        return done;
    if (transfer->is_write)
        return fill(self, vectors, count)
                   ? host_io(self, transfer, vectors, count, pace)
                   : done;
    return bounce(self, transfer, vectors, pace);
}

uint32_t hk_advance(struct iovec **vectors, uint32_t count, size_t done)
{
    struct iovec *vector = *vectors;

    while (count > 0 && done >= vector->iov_len) {
        done -= vector->iov_len;
        vector++;
        count--;
    }
    if (count > 0) {
        vector->iov_base = (uint8_t *)vector->iov_base + done;
        vector->iov_len -= done;
    }
    *vectors = vector;
    return count;
}

/* One attempt on a file that may make its users wait: as try_io, but with
 * a status for every failure. What is there comes before an interruption. */
static int64_t wait_io(struct hk_thread *self,
                       const struct hk_transfer *transfer,
                       const struct iovec *vectors, uint32_t count, mode_t type)
{
    ssize_t done;

    do {
        struct hk_deafness deafness = {.is_set = 0};

        if (type == S_IFCHR)
            deafness = hk_tty_begin(self);
        done = try_io(self, transfer, vectors, count, WAITING);
        hk_tty_end(&deafness);
    } while (done < 0 && errno == EINTR && !hk_is_interrupted(self));
    if (done >= 0 || errno != EINTR)
        return done < 0 ? hk_status_from_errno(errno) : done;
    done = try_io(self, transfer, vectors, count, AT_ONCE);
    return done < 0 ? HK_B_INTERRUPTED : done;
}

/* Everything is read or written before a regular file's call returns, a
 * short count means its end; a write waits until all is gone. */
static int goes_on(const struct hk_transfer *transfer)
{
    return transfer->is_write || hk_file_type(transfer->file) == S_IFREG;
}

/* Nothing to read from a fifo that nobody has written to yet: on the host that
 * is its end. A writer that has come and gone shows as POLLHUP. */
static int is_unwritten(const struct hk_transfer *transfer, mode_t type)
{
    struct pollfd poll_fd = {transfer->file->node.fd, POLLIN, 0};

    return !transfer->is_write && type == S_IFIFO && poll(&poll_fd, 1, 0) == 0;
}

/* B_OK: a writer has come. */
static int32_t await_writer(struct hk_thread *self, const struct hk_file *file)
{
    int fd = file->node.fd;

    return fcntl(fd, F_GETFL) & O_NONBLOCK ? HK_B_WOULD_BLOCK
                                           : hk_block_fd(self, fd, POLLIN);
}

/* Where no file has a byte the host refuses to look. */
static int is_beyond(const struct hk_transfer *transfer)
{
    return !transfer->is_write && errno == EINVAL &&
           hk_file_type(transfer->file) == S_IFREG;
}

/* A socket's bytes are messages. */
static int64_t transfer_message(struct hk_thread *self,
                                const struct hk_transfer *transfer,
                                struct iovec *vectors, uint32_t count)
{
    struct hk_message message = {
        .vectors = vectors, .count = count, .is_send = transfer->is_write};

    return hk_socket_transfer(self, transfer->file, &message);
}

int64_t hk_transfer(struct hk_thread *self, const struct hk_transfer *transfer,
                    struct iovec *vectors, uint32_t count)
{
    struct hk_transfer rest = *transfer;
    mode_t type = hk_file_type(rest.file);
    int can_wait = type != S_IFREG && type != S_IFBLK;
    int64_t total = 0;

    if (rest.file->kind == HK_FILE_SOCKET)
        return transfer_message(self, transfer, vectors, count);
    count = hk_advance(&vectors, count, 0);
    while (count > 0) {
        int64_t done;

        if (can_wait)
            done = wait_io(self, &rest, vectors, count, type);
        else
            done = try_io(self, &rest, vectors, count, PLAIN);
        if (done < 0 && !can_wait)
            done = is_beyond(&rest) ? 0 : hk_status_from_errno(errno);
        if (done == 0 && is_unwritten(&rest, type)) {
            done = await_writer(self, rest.file);
            if (done == HK_B_OK)
                continue;
        }
        if (done == HK_B_BUSTED_PIPE && total == 0)
            hk_signal_self(self, HK_SIGPIPE);
        if (done <= 0)
            return total > 0 ? total : done;
        total += done;
        if (rest.position >= 0)
            rest.position += done;
        count = hk_advance(&vectors, count, (size_t)done);
        if (!goes_on(&rest))
            break;
    }
    return total;
}

/* What a descriptor of that kind says to a read or write. */
static int32_t check(const struct hk_transfer *transfer)
{
    const struct hk_file *file = transfer->file;
    uint32_t access = file->open_mode & HK_O_RWMASK;

    if (access == (transfer->is_write ? HK_O_RDONLY : HK_O_WRONLY))
        return HK_B_FILE_ERROR;
    return file->kind == HK_FILE_NODE || file->kind == HK_FILE_ATTR ||
                   file->kind == HK_FILE_SOCKET
               ? HK_B_OK
               : HK_B_BAD_VALUE;
}

/* What a file of that type says; sets the position that the host is to use. */
static int32_t check_type(const struct hk_thread *self,
                          struct hk_transfer *transfer)
{
    mode_t type = hk_file_type(transfer->file);

    if (transfer->file->kind == HK_FILE_ATTR)
        return HK_B_OK;
    if (type == S_IFDIR)
        return HK_B_IS_A_DIRECTORY;
    if (type == S_IFLNK)
        return HK_B_BAD_VALUE;
    if (type == S_IFREG || type == S_IFBLK)
        return HK_B_OK;
    /* A position means nothing to terminals and sockets. Pipes refuse it,
     * save that of the loader's messages (haiku-abi/boot-sequence.md,
     * section B). */
    if (transfer->position > (transfer->is_write ? 0 : -1) && type == S_IFIFO &&
        hk_kernel_of(self)->config.release >= HK_R1BETA5)
        return HK_ESPIPE;
    transfer->position = -1;
    return HK_B_OK;
}

/*
 * The first transfer of a file just opened, whose type nobody has asked for: it
 * is taken for one that may make its users wait. What it does at once and
 * whole is the answer for all types. At a position of its own only a read that
 * waits for nothing is. -1: nothing is done yet; *vector and the position are
 * behind what is.
 */
static int64_t transfer_unasked(struct hk_thread *self,
                                struct hk_transfer *transfer,
                                struct iovec *vector)
{
    int may_wait = transfer->position < 0 && !hk_tty_is_deaf(self);
    ssize_t done;

    if (hk_is_type_known(transfer->file) ||
        transfer->file->kind != HK_FILE_NODE ||
        (transfer->is_write && !may_wait))
        return -1;
    done = try_io(self, transfer, vector, 1, may_wait ? WAITING : AT_ONCE);
    if (done <= 0)
        return done;
    vector->iov_base = (uint8_t *)vector->iov_base + done;
    vector->iov_len -= (size_t)done;
    if (transfer->position >= 0)
        transfer->position += done;
    return done;
}

/* Whether what was done of a transfer is the answer although more was wanted:
 * the end of a file, of a terminal's input too, or what there was to read. */
static int is_end(const struct hk_transfer *transfer, int64_t done)
{
    mode_t type = hk_file_type(transfer->file);

    if (done == 0)
        return type == S_IFREG || type == S_IFCHR;
    return !transfer->is_write && type != S_IFREG;
}

static int64_t transfer_one(struct hk_thread *self,
                            struct hk_transfer *transfer, struct iovec *vector)
{
    int64_t done = transfer_unasked(self, transfer, vector);
    int64_t rest;

    if (done >= 0 && (vector->iov_len == 0 || is_end(transfer, done)))
        return done;
    rest = check_type(self, transfer);
    if (rest == HK_B_OK)
        rest = hk_transfer(self, transfer, vector, 1);
    if (done > 0)
        return rest > 0 ? done + rest : done;
    return rest;
}

/*
 * Content that comes in pieces is brought before the host reads it. Nobody
 * moves the file's own position in between.
 */
static int64_t transfer_pieces(struct hk_thread *self,
                               const struct hk_transfer *transfer,
                               struct iovec *vectors, uint32_t count,
                               uint64_t size)
{
    struct hk_file *file = transfer->file;
    int is_own = transfer->position < 0;
    int64_t result;
    int error;

    if (is_own)
        pthread_mutex_lock(&file->lock);
    error = is_own ? hk_pieces_bring_next(file->pieces, file->node.fd, size)
                   : hk_pieces_bring(file->pieces, file->node.fd,
                                     (uint64_t)transfer->position, size);
    result = error != 0 ? hk_status_from_errno(error)
                        : hk_transfer(self, transfer, vectors, count);
    if (is_own)
        pthread_mutex_unlock(&file->lock);
    return result;
}

static int64_t user_io(struct hk_thread *self, int32_t fd, int64_t pos,
                       gm_addr buffer, uint32_t size, int is_write)
{
    struct hk_transfer transfer = {hk_file_get(self, fd), is_write, pos};
    struct iovec vector = {gm_space_base(hk_space_of(self)) + buffer, size};
    int64_t result;

    if (pos < -1)
        result = HK_B_BAD_VALUE;
    else if (transfer.file == NULL)
        result = HK_B_FILE_ERROR;
    else
        result = check(&transfer);
    if (result == HK_B_OK && size > 0) {
        if (!hk_is_user_range(buffer, size))
            result = HK_B_BAD_ADDRESS;
        else if (transfer.file->kind == HK_FILE_ATTR)
            result = hk_attr_transfer(self, &transfer, buffer, size);
        else if (transfer.file->pieces != NULL)
            result = transfer_pieces(self, &transfer, &vector, 1, size);
        else
            result = transfer_one(self, &transfer, &vector);
    }
    hk_file_put(transfer.file);
    return result;
}

int64_t hk_sys_read(struct hk_thread *self, int32_t fd, int64_t pos,
                    gm_addr buffer, uint32_t buffer_size)
{
    return user_io(self, fd, pos, buffer, buffer_size, 0);
}

int64_t hk_sys_write(struct hk_thread *self, int32_t fd, int64_t pos,
                     gm_addr buffer, uint32_t buffer_size)
{
    return user_io(self, fd, pos, buffer, buffer_size, 1);
}

int32_t hk_read_vectors(const struct hk_thread *self, struct iovec *vectors,
                        gm_addr from, uint32_t count)
{
    uint8_t raw[HK_IOV_MAX][8];
    uint64_t total = 0;

    if (count == 0 || count > HK_IOV_MAX)
        return HK_B_BAD_VALUE;
    if (hk_read_user(self, raw, from, count * sizeof(raw[0])) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t base = hk_get32(raw[i]);
        uint32_t size = base == 0 ? 0 : hk_get32(raw[i] + 4);

        if (!hk_is_user_range(base, size))
            return HK_B_BAD_ADDRESS;
        total += size;
        if (total > INT32_MAX)
            return HK_B_BAD_VALUE;
        vectors[i].iov_base = gm_space_base(hk_space_of(self)) + base;
        vectors[i].iov_len = size;
    }
    return HK_B_OK;
}

/* Attributes take one vector after the other. */
static int64_t attr_vectors(struct hk_thread *self,
                            struct hk_transfer *transfer,
                            const struct iovec *vectors, uint32_t count)
{
    int64_t total = 0;

    for (uint32_t i = 0; i < count; i++) {
        int64_t done = hk_attr_transfer(
            self, transfer, guest_address(self, vectors[i].iov_base),
            (uint32_t)vectors[i].iov_len);

        if (done < 0)
            return total > 0 ? total : done;
        total += done;
        if (transfer->position >= 0)
            transfer->position += done;
        if ((size_t)done < vectors[i].iov_len)
            break;
    }
    return total;
}

static uint64_t size_of(const struct iovec *vectors, uint32_t count)
{
    uint64_t size = 0;

    for (uint32_t i = 0; i < count; i++)
        size += vectors[i].iov_len;
    return size;
}

static int64_t vector_io(struct hk_thread *self, int32_t fd, int64_t pos,
                         gm_addr vecs, uint32_t count, int is_write)
{
    struct hk_transfer transfer = {NULL, is_write, pos};
    struct iovec vectors[HK_IOV_MAX];
    int64_t result;

    /* Before R1/beta5 the position is looked at first. */
    if (pos < -1 && hk_kernel_of(self)->config.release == HK_R1BETA4)
        return HK_B_BAD_VALUE;
    result = hk_read_vectors(self, vectors, vecs, count);
    if (result == HK_B_OK && pos < -1)
        result = HK_B_BAD_VALUE;
    if (result != HK_B_OK)
        return result;
    transfer.file = hk_file_get(self, fd);
    if (transfer.file == NULL)
        return HK_B_FILE_ERROR;
    result = check(&transfer);
    if (result == HK_B_OK)
        result = check_type(self, &transfer);
    if (result != HK_B_OK)
        ;
    else if (transfer.file->kind == HK_FILE_ATTR)
        result = attr_vectors(self, &transfer, vectors, count);
    else if (transfer.file->pieces != NULL)
        result = transfer_pieces(self, &transfer, vectors, count,
                                 size_of(vectors, count));
    else
        result = hk_transfer(self, &transfer, vectors, count);
    hk_file_put(transfer.file);
    return result;
}

int64_t hk_sys_readv(struct hk_thread *self, int32_t fd, int64_t pos,
                     gm_addr vecs, uint32_t count)
{
    return vector_io(self, fd, pos, vecs, count, 0);
}

int64_t hk_sys_writev(struct hk_thread *self, int32_t fd, int64_t pos,
                      gm_addr vecs, uint32_t count)
{
    return vector_io(self, fd, pos, vecs, count, 1);
}

/* Holes are where nothing has come yet, too. */
static off_t seek_pieces(struct hk_file *file, int64_t pos, int whence)
{
    off_t result = -1;

    pthread_mutex_lock(&file->lock);
    errno = whence == SEEK_DATA || whence == SEEK_HOLE
                ? hk_pieces_bring_all(file->pieces, file->node.fd)
                : 0;
    if (errno == 0)
        result = lseek(file->node.fd, pos, whence);
    pthread_mutex_unlock(&file->lock);
    return result;
}

static int64_t size_of_node(const struct hk_file *file)
{
    struct stat info;

    return file->node.fd >= 0 && fstat(file->node.fd, &info) == 0 ? info.st_size
                                                                  : 0;
}

/* Where a seek leads, counted from offset. */
static int64_t add_position(int64_t pos, int64_t offset)
{
    if (offset > 0 && pos > INT64_MAX - offset)
        return HK_B_BUFFER_OVERFLOW;
    return pos + offset < 0 ? HK_B_BAD_VALUE : pos + offset;
}

/* Directories and links have a position, too, that nothing is read at. */
static int64_t seek_own(struct hk_file *file, int64_t pos, int whence)
{
    int64_t size = size_of_node(file);
    int64_t result;

    pthread_mutex_lock(&file->lock);
    if ((whence == SEEK_DATA || whence == SEEK_HOLE) && pos >= size)
        result = HK_ENXIO;
    else if (whence == SEEK_HOLE)
        result = size;
    else if (whence == SEEK_END)
        result = add_position(pos, size);
    else
        result = add_position(pos, whence == SEEK_CUR ? file->position : 0);
    if (result >= 0)
        file->position = result;
    pthread_mutex_unlock(&file->lock);
    return result;
}

static int64_t seek_node(struct hk_file *file, int64_t pos, int type)
{
    static const int whence[] = {SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA,
                                 SEEK_HOLE};
    off_t result;

    if (hk_file_type(file) == S_IFIFO)
        return HK_ESPIPE;
    if (type < 0 || type > 4)
        return HK_B_BAD_VALUE;
    if (hk_file_type(file) == S_IFDIR || hk_file_type(file) == S_IFLNK)
        return seek_own(file, pos, whence[type]);
    /* The host has neither data nor holes before the start. */
    if (pos < 0 && whence[type] == SEEK_DATA)
        return HK_B_BAD_VALUE;
    if (pos < 0 && whence[type] == SEEK_HOLE)
        pos = 0;
    result = file->pieces != NULL ? seek_pieces(file, pos, whence[type])
                                  : lseek(file->node.fd, pos, whence[type]);
    if (result >= 0)
        return result;
    /* The host does not tell what is too far from what is before the start. */
    if ((errno == EINVAL || errno == EOVERFLOW) && pos > 0 &&
        (whence[type] == SEEK_CUR || whence[type] == SEEK_END))
        return HK_B_BUFFER_OVERFLOW;
    return hk_status_from_errno(errno);
}

int64_t hk_sys_seek(struct hk_thread *self, int32_t fd, int64_t pos,
                    int32_t seek_type)
{
    struct hk_file *file = hk_file_get(self, fd);
    int64_t result = HK_ESPIPE;

    if (file == NULL)
        return HK_B_FILE_ERROR;
    if (file->kind == HK_FILE_NODE)
        result = seek_node(file, pos, seek_type);
    else if (file->kind == HK_FILE_ATTR)
        result = hk_attr_seek(file, pos, seek_type);
    hk_file_put(file);
    return result;
}
