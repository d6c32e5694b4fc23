/* host_direct.h -- the host's calls without libc in between. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_HOST_DIRECT_H
#define HK_HOST_DIRECT_H

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * hk_host_direct is as syscall(2), for what programs do often: libc's functions
 * return in a way that makes the kernel slower on some processors.
 */
#if defined(__linux__) && defined(__x86_64__) && !defined(__SANITIZE_THREAD__)

#define HK_HOST_DIRECT(name)                                                   \
    long name(long number, ...) __attribute__((visibility("hidden")))
HK_HOST_DIRECT(hk_host_direct_plain);
HK_HOST_DIRECT(hk_host_direct_filled);

/* host_call_x86_64.S says why. */
static inline int hk_host_wants_filled(void)
{
    return __builtin_cpu_is("amd") != 0;
}

#define hk_host_direct(...)                                                    \
    (hk_host_wants_filled() ? hk_host_direct_filled(__VA_ARGS__)               \
                            : hk_host_direct_plain(__VA_ARGS__))

static inline int hk_host_openat(int directory, const char *name, int flags,
                                 mode_t mode)
{
    return (int)hk_host_direct(SYS_openat, directory, name, flags, mode);
}

static inline int hk_host_close(int fd)
{
    return (int)hk_host_direct(SYS_close, fd);
}

#else /* the sanitizer of threads follows descriptors by libc's functions */

#define hk_host_direct syscall
#define hk_host_openat openat
#define hk_host_close  close

#endif

#endif
