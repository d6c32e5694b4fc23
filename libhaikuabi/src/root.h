/* root.h -- a root from the inside. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_ROOT_H
#define HK_ROOT_H

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <haikuabi/root.h>

#include "package.h"

/* ---- what packages make: root_view.c, root_record.c ---- */

/* A package file, as it was when its view was made. */
struct hk_view_package {
    uint32_t number; /* never used for another file; from 1 on */
    enum hk_location location;
    char *file_name;
    uint64_t size, inode;
    int64_t mtime;
    uint32_t mtime_nanos;
    char *name, *version; /* "" when it could not be opened */
    unsigned architecture;
    uint8_t is_active;
    uint8_t is_leaving;      /* state/remove names it; not kept */
    uint8_t is_system;       /* its flag: it has precedence */
    char *why;               /* not active, or NULL */
    struct hk_package *open; /* while the view is being made */
    int held;                /* descriptor of another user's, or 0; not kept */
};

/* An entry of the layer that packages ask for. */
struct hk_view_entry {
    char *path; /* below files/ */
    enum hk_package_file_type type;
    uint32_t package; /* number; 0: made of no package's file */
    uint16_t mode;    /* 0777 */
    uint32_t mtime_nanos;
    int64_t mtime;
    struct hk_package_data data;
    char *target;       /* of a link */
    uint32_t attribute; /* the entry in its package's TOC; not kept */
};

struct hk_view {
    struct hk_view_package *packages;
    uint32_t package_count;
    struct hk_view_entry *entries; /* by path */
    uint32_t entry_count, entry_room;
    uint32_t last_number;
    uint32_t blocked; /* checksum of what says which entries to leave out */
};

void hk_view_free(struct hk_view *view);
void hk_view_drop_entries(struct hk_view *view);

/* The package of a number, or NULL. */
struct hk_view_package *hk_view_package(const struct hk_view *view,
                                        uint32_t number);

/* Reads or writes a view in the directory state: a file appears whole. A
 * missing file is an empty view. */
enum hk_view_part { HK_VIEW_PACKAGES, HK_VIEW_ALL };

int hk_view_read(int state, const char *name, enum hk_view_part part,
                 struct hk_view *view, struct hk_package_fault *fault);
/* What a view that is kept has at a path: 1 when it has something. */
struct hk_view_place {
    enum hk_package_file_type type;
    uint32_t package; /* 0: made of no package's file */
    char target[PATH_MAX];
};

int hk_view_find(int state, const char *name, const char *path,
                 struct hk_view_place *place);
int hk_view_write(int state, const char *name, const struct hk_view *view,
                  struct hk_package_fault *fault);

/* Fills in `packages` with the files that there are; those of old keep their
 * numbers. */
int hk_view_find_packages(int files, const struct hk_view *old,
                          struct hk_view *view, struct hk_package_fault *fault);

/* Forgets the packages that are leaving. */
void hk_view_drop_leaving(struct hk_view *view);

/* 1 when both have the same files, and block the same entries. */
int hk_view_same_packages(const struct hk_view *one,
                          const struct hk_view *other);

/* Wakes a package of a view that is made (package.h). 0 or an errno value. */
int hk_view_wake(int files, const struct hk_view_package *package);

/* Opens the packages, all but the first few at rest, and fills in the rest. */
int hk_view_make(int files, struct hk_view *view,
                 struct hk_package_fault *fault);

/* Adds an entry; its path and target are taken over. */
int hk_view_add(struct hk_view *view, const struct hk_view_entry *entry,
                struct hk_package_fault *fault);

/* ---- root_blocked.c ---- */

struct hk_blocked_entry {
    enum hk_location location;
    char *package; /* its name */
    char *path;
};

struct hk_blocked {
    struct hk_blocked_entry *entries;
    uint32_t count;
    uint32_t checksum; /* of the texts that were read */
};

/* Reads the settings of both locations; HK_PACKAGE_ERR_NOMEM. */
int hk_blocked_read(int files, struct hk_blocked *blocked);
void hk_blocked_free(struct hk_blocked *blocked);

/* Whether a path below the location is blocked for a package. */
int hk_is_blocked(const struct hk_blocked *blocked, enum hk_location location,
                  const char *package, const char *path);

/* ---- root_depend.c ---- */

/* Adds the links between packages below package-links. */
int hk_view_add_package_links(struct hk_view *view,
                              struct hk_package_fault *fault);

/* Tells of each requirement that is not met; returns how many. The packages
 * are to be open. */
int hk_view_tell_unmet(const struct hk_view *view,
                       void (*tell)(void *context, const char *line),
                       void *context);

/* < 0, 0, > 0: how versions compare, as Haiku does. Each is the list that has
 * the attribute MAJOR. */
int hk_package_compare_versions(const struct hk_package *one,
                                const struct hk_package_attribute *major,
                                const struct hk_package *other,
                                const struct hk_package_attribute *other_major);

/* ---- root_content.c ---- */

/* The content of a file of the layer: still in the package, or read from it
 * and not changed since. */
enum hk_content_state { HK_CONTENT_NONE, HK_CONTENT_PENDING, HK_CONTENT_READ };

/* Of a pending content some pieces may be there: a bit for each. */
enum { HK_PIECE_WORDS = 16, HK_PIECES_MAX = HK_PIECE_WORDS * 64 };

struct hk_content {
    enum hk_content_state state;
    uint32_t package; /* number */
    struct hk_package_data data;
    uint32_t checksum; /* CRC-32, of content that has been read */
    uint64_t pieces[HK_PIECE_WORDS];
};

/* What an entry's file has: pending, without checksum. */
struct hk_content hk_content_of(const struct hk_view_entry *entry);

/* By any descriptor that is not of O_PATH. 0 or an errno value; a file that
 * has none of a package's is HK_CONTENT_NONE. */
int hk_content_get(int fd, struct hk_content *content);
int hk_content_get_at(int directory, const char *name,
                      struct hk_content *content);
/* By any descriptor, with the rights that there are. */
int hk_content_look(int fd, struct hk_content *content);
int hk_content_set(int fd, const struct hk_content *content);

enum hk_content_use {
    HK_CONTENT_FOR_READING,
    HK_CONTENT_FOR_WRITING, /* it becomes the layer's own */
    HK_CONTENT_FOR_NOTHING  /* the same, and what it was is not needed */
};

/* Makes an open file ready for a use, without ending locks that the team has of
 * it (range_locks.h; NULL: there is no team). 0 or an errno value. */
struct hk_range_locks;
int hk_content_settle(const struct hk_root *root, int fd,
                      enum hk_content_use use, struct hk_range_locks *locks);

/* The package's file: a descriptor, or -1. */
int hk_content_open_package(const struct hk_root *root, uint32_t number);

/* The last piece may be shorter. */
uint64_t hk_content_piece_size(const struct hk_content *content);

/* Brings the pieces from first to last that are missing, of a content that is
 * pending, from its package; pieces: those that are there now. *writable: a
 * descriptor to write to the file, or -1: then it is opened for the caller, who
 * closes it with the file. 0 or an errno value. */
int hk_content_bring(const struct hk_root *root, int package, int fd,
                     int *writable, uint64_t first, uint64_t last,
                     uint64_t pieces[HK_PIECE_WORDS]);

/* Gives the content of a file back that can be read again, and adds the bytes
 * that it took on the disk to *freed. Nobody may have it mapped. 0 or an errno
 * value. */
int hk_content_drop(const struct hk_root *root, int fd, uint64_t *freed);

/* Ends what a killed process has begun. */
void hk_content_recover(const struct hk_root *root);

/* ---- root_pieces.c ---- */

/* Content that comes as it is read. */
struct hk_pieces;

/* Of a file open for reading: pieces, to be freed, when it is big and pending;
 * NULL when its content is there, now or before. 0 or an errno value. */
int hk_pieces_open(const struct hk_root *root, int fd,
                   struct hk_pieces **pieces);
void hk_pieces_free(struct hk_pieces *pieces);
/* Which root they were opened with; of NULL: NULL. */
const struct hk_root *hk_pieces_root(const struct hk_pieces *pieces);

/* Before bytes are read of it; by several threads at once. Bytes behind the
 * end are none. 0 or an errno value. */
int hk_pieces_bring(struct hk_pieces *pieces, int fd, uint64_t offset,
                    uint64_t size);
int hk_pieces_bring_all(struct hk_pieces *pieces, int fd);

/* The same at the position of the host's file, which the caller keeps others
 * from changing; but after hk_pieces_share (pieces may be NULL) other processes
 * can change it. */
int hk_pieces_bring_next(struct hk_pieces *pieces, int fd, uint64_t size);
void hk_pieces_share(struct hk_pieces *pieces);

/* ---- root_activate.c ---- */

/*
 * Turns the layer from what it was to a view whose packages are open. before:
 * the view that was active, and one whose activation was not ended (may be
 * NULL). A file that a guest has changed or removed stays so.
 */
int hk_root_apply(const struct hk_root *root,
                  const struct hk_view *const before[2],
                  const struct hk_view *view, struct hk_package_fault *fault);

/* 0 for a root that was never activated, or is a copy of one without extended
 * attributes. */
int hk_root_is_marked(const struct hk_root *root);

/* Whether a file that has no attribute of ours should have had one. */
int hk_content_is_lost(const struct stat *st,
                       const struct hk_view_entry *entry);

/* Brings the pending contents of packages that are leaving: files that a
 * guest has moved or linked. */
int hk_root_rescue(const struct hk_root *root, struct hk_package_fault *fault);

/* Tells of contents that are not what was read, and has them read again;
 * returns how many, or HK_PACKAGE_ERR_*. */
int hk_root_check_contents(const struct hk_root *root,
                           const struct hk_view *view,
                           void (*tell)(void *context, const char *line),
                           void *context);

/* ---- root_origin.c ---- */

struct hk_origin {
    char package[512]; /* name-version */
    char file_name[NAME_MAX + 1];
};

/* Whether a file is a package's, unchanged, or a directory or link where a
 * package has one; by any descriptor. */
int hk_root_origin(const struct hk_root *root, int fd,
                   struct hk_origin *origin);

/* ---- root_replaced.c ---- */

/* *lock: that of who changes the packages of a root, which is not another
 * user's; a descriptor to close. */
int hk_root_begin_adding(const struct hk_root *root, int *lock,
                         struct hk_package_fault *fault);

/* Keeps a package's file that gives way for another one of its name; with the
 * lock. What is kept goes, or comes back where its name is free. */
int hk_root_keep_replaced(const struct hk_root *root, enum hk_location location,
                          const char *file_name,
                          struct hk_package_fault *fault);
void hk_root_end_replacing(const struct hk_root *root);

/* The same of who was killed. */
void hk_root_recover_replaced(const struct hk_root *root);

/* ---- root_walk.c ---- */

enum { HK_ROOT_DEPTH_MAX = 256 };

/* The directories that are open, and the length of each one's path. */
struct hk_root_walk {
    DIR *levels[HK_ROOT_DEPTH_MAX];
    size_t ends[HK_ROOT_DEPTH_MAX];
    unsigned depth;
    char path[8192];
    int is_partial; /* something could not be looked at that is not gone */
};

/* Goes through what is below a directory, to its end. For free; NULL: out of
 * memory. */
struct hk_root_walk *hk_root_walk_new(int directory);

/* The next entry, of which the host says info: its name, in the directory of
 * *at; NULL at the end. Its path, with a slash before it, is walk->path. */
const char *hk_root_walk_next(struct hk_root_walk *walk, int *at,
                              struct stat *info);

/* ---- root_own.c ---- */

/* In a root that is a layer over another one: a link to that. */
extern const char hk_root_base_name[];

/* Whether this user is to have a layer of his own over a root. */
int hk_root_is_others(const struct hk_root *root);

/* Makes that layer in the directory `own`, empty; *path for free, a lock of who
 * makes it as a descriptor. */
int hk_root_lay_own(const struct hk_root *base, const char *own, char **path,
                    int *lock, struct hk_package_fault *fault);

/* Copies what the other user has written over packages, as far as this one may
 * read it; the layer's packages are active. */
int hk_root_copy_own(const struct hk_root *base, const struct hk_root *layer,
                     struct hk_package_fault *fault);

/* Keeps the packages of another user's root open, who may remove them while
 * programs run. */
void hk_root_hold_packages(struct hk_root *root);

/* Refuses to change the packages of another user's root. */
int hk_root_check_own(const struct hk_root *root,
                      struct hk_package_fault *fault);

/* ---- root_check.c ---- */

/* 1 for an architecture whose packages programs for x86 can use. */
int hk_root_runs(uint64_t architecture);

/* ---- root.c ---- */

struct hk_root {
    char *path, *files_path;
    char *base; /* path of another user's root whose packages it has, or NULL */
    int directory, files;
    int state;    /* -1: another user's, only looked at */
    int packages; /* the layer that has them: its own, or that of base */
    int use;      /* state/use, with a lock that all users share */
    struct hk_attr_store *attributes;
    struct hk_view view; /* the active one; without entries */
};

/* A fault of the host's call that failed, at a path: HK_PACKAGE_ERR_IO. */
int hk_root_fail(struct hk_package_fault *fault, const char *path);

/* All of it: 0, or -1 and errno. */
int hk_root_write(int fd, const void *bytes, size_t size);
int hk_root_copy(int from, int to);

/* Says which packages are to go: lines "system/NAME". */
int hk_root_write_doomed(const struct hk_root *root, const char *lines,
                         struct hk_package_fault *fault);

/* Those that were to go stay. */
void hk_root_spare_doomed(const struct hk_root *root);

/* Activates the packages that are there, when they are not as they were. */
int hk_root_refresh(struct hk_root *root, struct hk_package_fault *fault);

/* The same for who may not want them: an error of want's, which is asked before
 * anything is made of them, is the result then. */
struct hk_root_want {
    int (*want)(void *context, const struct hk_view *view,
                struct hk_package_fault *fault);
    void *context;
};
int hk_root_refresh_if(struct hk_root *root, const struct hk_root_want *want,
                       struct hk_package_fault *fault);

/* Makes what a root has before any package, as far as it is missing; the
 * manifest comes last: without it there is no root. */
int hk_root_lay_out(int directory, struct hk_package_fault *fault);
int hk_root_write_manifest(int directory, struct hk_package_fault *fault);

/* Whether a path below files/ is one of its directories. */
int hk_root_lays_out(const char *path);

/* "boot/system" */
const char *hk_location_path(enum hk_location location);

#endif
