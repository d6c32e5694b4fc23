/* root.h -- roots: a Haiku made of packages, and what is written over it. */
/* SPDX-License-Identifier: MIT */
#ifndef HAIKUABI_ROOT_H
#define HAIKUABI_ROOT_H

#include <haikuabi/package.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A root is a host directory with a manifest, `uvm-root`, and in it:
 *
 *   files/   what the guest sees as `/`: the layer
 *   state/   what is known of it, for this library alone
 *
 * Packages lie in files/boot/system/packages and
 * files/boot/home/config/packages, as on Haiku, and are never changed. To
 * activate them is to give the layer the names, kinds, permissions, times
 * and attributes of their files, merged as Haiku's packagefs does; the
 * content of a file comes when it is first opened. What a guest writes is
 * written to the layer. Functions return 0 or HK_PACKAGE_ERR_*, with what is
 * wrong in *fault (which may be NULL). Source: haiku-abi/hpkg.md.
 */
struct hk_root;

/* Where packages are activated. */
enum hk_location { HK_LOCATION_SYSTEM, HK_LOCATION_HOME, HK_LOCATION_COUNT };

/* "system", "home". */
const char *hk_location_name(enum hk_location location);

/* Makes a root of a directory that does not exist or is empty. Its file
 * system is to keep extended attributes of users. */
int hk_root_create(const char *path, struct hk_package_fault *fault);

/* 1 when a directory has a manifest. */
int hk_root_is_one(const char *path);

/*
 * Opens a root, and activates its packages unless they are as they were. Waits
 * while another process activates.
 * A root that another user owns, or nobody can write to, is used through a
 * layer of this user's: a root in the directory `own`, made when it is not
 * there, that has the other one's packages and, as they were when it was made,
 * the files that are not of packages. own NULL: what is opened is good for
 * hk_root_list, and for hk_root_add and hk_root_remove to refuse.
 */
int hk_root_open(const char *path, const char *own, struct hk_root **root,
                 struct hk_package_fault *fault);
void hk_root_close(struct hk_root *root);

/* 0 for one that was opened as another user's without `own`: contents of its
 * packages' files are not to be had through it. */
int hk_root_is_own(const struct hk_root *root);

/* The host directory that the guest sees as `/`, and the one with attributes
 * that the host's files cannot keep. */
const char *hk_root_files(const struct hk_root *root);
const char *hk_root_attributes(const struct hk_root *root);

/* The path of the root in whose layer a host path is; NULL when it is in none,
 * or out of memory. For free. */
char *hk_root_around(const char *path);

/*
 * Packages that are to come, opened one after another. open gives the index'th:
 * the name of its file ("bash-5.2-1-x86.hpkg"), for free(), and a descriptor
 * that hk_root_add closes; 0, or HK_PACKAGE_ERR_* with a fault and nothing to
 * free or close.
 */
struct hk_root_additions {
    size_t count;
    int (*open)(void *context, size_t index, char **file_name, int *package,
                struct hk_package_fault *fault);
    void *context;
};

/*
 * Copies packages into the root, under their own names, and activates them in
 * place of others of the same package: all, or none when one is refused, whose
 * index is in *refused then (count: none in particular; refused may be NULL),
 * or when the host fails. Of several versions of one package the newest comes.
 * One that is not for x86, whose file name another package has, or that cannot
 * be active beside the others, is HK_PACKAGE_ERR_INPUT. Who is killed while
 * they come may leave some of them.
 */
int hk_root_add(struct hk_root *root, enum hk_location location,
                const struct hk_root_additions *additions, size_t *refused,
                struct hk_package_fault *fault);

/* Removes packages, by their files' names or their own, all or none;
 * HK_PACKAGE_ERR_MISSING when there is not each. What a guest has written over
 * their files stays. */
int hk_root_remove(struct hk_root *root, const char *const *names, size_t count,
                   struct hk_package_fault *fault);

/* A package of the root. */
struct hk_root_package {
    enum hk_location location;
    const char *file_name;
    const char *name, *version; /* "bash", "5.2-1" */
    unsigned architecture;      /* hk_package_architecture knows its name */
    uint64_t size;              /* of the file, bytes */
    int is_active;
};

/* The index'th package; 0 behind the last. Texts live until the next change
 * of the root. */
int hk_root_list(const struct hk_root *root, size_t index,
                 struct hk_root_package *package);

/*
 * Tells what is wrong with packages and layer, a line each: requirements that
 * nothing provides, packages that could not be activated, contents that are
 * not what was read from a package (which are read again at the next use).
 * Returns how many lines, or HK_PACKAGE_ERR_*.
 */
int hk_root_check(struct hk_root *root,
                  void (*tell)(void *context, const char *line), void *context,
                  struct hk_package_fault *fault);

/*
 * Gives contents back that packages still have: *freed bytes of the disk. Not
 * while another process has the root open: HK_PACKAGE_ERR_EXISTS.
 */
int hk_root_trim(struct hk_root *root, uint64_t *freed,
                 struct hk_package_fault *fault);

/* Brings the content of a file of the layer that is open as fd. 0 or an errno
 * value. */
int hk_root_fill(const struct hk_root *root, int fd);

#ifdef __cplusplus
}
#endif
#endif
