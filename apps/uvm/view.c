/* view.c -- what of the host's files the guest sees, and where. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "uvm.h"

static const char host_prefix[] = "/host";

enum { GUEST_PATH_MAX = 1024 }; /* B_PATH_NAME_LENGTH */

/* "/host" and an absolute path of the host. */
static void prefix_path(const char *host_path, char guest_path[UVM_PATH_MAX])
{
    const char *path = strcmp(host_path, "/") == 0 ? "" : host_path;
    int length = snprintf(guest_path, UVM_PATH_MAX, "%s%s", host_prefix, path);

    if (length < 0 || length >= UVM_PATH_MAX)
        uvm_fail(UVM_EXIT_FAILURE, "%s: path too long", host_path);
}

static char *copy(const char *text)
{
    char *made = strdup(text);

    if (made == NULL)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    return made;
}

/* The next of HOST:GUEST:ro; *text goes on behind it, or is NULL. */
static char *next_part(char **text)
{
    char *part = *text;
    char *colon = part != NULL ? strchr(part, ':') : NULL;

    if (colon != NULL)
        *colon = '\0';
    *text = colon != NULL ? colon + 1 : NULL;
    return part;
}

static int is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

void uvm_add_bind(struct uvm_options *options, const char *text)
{
    struct hk_bind *bind = &options->binds[options->bind_count];
    char *rest = copy(text), *parts = rest;
    const char *host = next_part(&rest);
    const char *guest = next_part(&rest);
    const char *how = next_part(&rest);
    char real[PATH_MAX], prefixed[UVM_PATH_MAX];

    if (how == NULL && guest != NULL && strcmp(guest, "ro") == 0) {
        how = guest;
        guest = NULL;
    }
    if (rest != NULL || host[0] == '\0' || (guest != NULL && guest[0] != '/') ||
        (how != NULL && strcmp(how, "ro") != 0))
        uvm_fail(UVM_EXIT_USAGE, "--bind wants HOST[:/GUEST][:ro], not '%s'",
                 text);
    if (realpath(host, real) == NULL)
        uvm_fail(UVM_EXIT_USAGE, "--bind '%s': %s", host, strerror(errno));
    if (guest == NULL) {
        prefix_path(real, prefixed);
        guest = prefixed;
    }
    if (guest[strspn(guest, "/")] == '\0' && !is_directory(real))
        uvm_fail(UVM_EXIT_USAGE, "--bind '%s': %s", host, strerror(ENOTDIR));
    bind->host_path = copy(real);
    bind->guest_path = copy(guest);
    bind->read_only = how != NULL;
    options->bind_count++;
    free(parts);
}

/* What of a path lies below a directory, with its slash; NULL when the path is
 * somewhere else. */
static const char *below(const char *directory, const char *path)
{
    size_t length = strlen(directory);

    if (length > 0 && directory[length - 1] == '/')
        length--;
    if (strncmp(directory, path, length) != 0 ||
        (path[length] != '/' && path[length] != '\0'))
        return NULL;
    return path + length;
}

int uvm_host_to_guest(const struct uvm_options *options, const char *host_path,
                      char guest_path[UVM_PATH_MAX])
{
    const struct hk_bind *best = NULL;
    int length;

    for (size_t i = 0; i < options->bind_count; i++) {
        const struct hk_bind *bind = &options->binds[i];

        if (below(bind->host_path, host_path) != NULL &&
            (best == NULL || strlen(bind->host_path) > strlen(best->host_path)))
            best = bind;
    }
    if (best == NULL) {
        prefix_path(host_path, guest_path);
        return 0;
    }
    length =
        snprintf(guest_path, UVM_PATH_MAX, "%s%s",
                 strcmp(best->guest_path, "/") == 0 ? "" : best->guest_path,
                 below(best->host_path, host_path));
    if (length < 0 || length >= UVM_PATH_MAX)
        uvm_fail(UVM_EXIT_FAILURE, "%s: path too long", host_path);
    if (length == 0)
        strcpy(guest_path, "/");
    return 1;
}

/* How names of the network are looked up: as the host does it, unless the root
 * says so itself (haiku-abi/boot-sequence.md, section G). */
static const struct hk_bind network_files[UVM_OFFERS_MAX] = {
    {"/etc/hosts", "/boot/system/settings/network/hosts", 1},
    {"/etc/resolv.conf", "/boot/system/settings/network/resolv.conf", 1},
};

static void offer_network_files(const struct uvm_options *options,
                                struct uvm_view *view)
{
    view->offer_count = 0;
    if (options->root == NULL || options->no_network)
        return;
    for (size_t i = 0; i < UVM_OFFERS_MAX; i++)
        if (access(network_files[i].host_path, R_OK) == 0)
            view->offers[view->offer_count++] = network_files[i];
}

void uvm_make_view(const struct uvm_options *options,
                   const struct uvm_program *program, struct uvm_view *view)
{
    size_t count = 0;

    if (getcwd(view->here, sizeof(view->here)) == NULL)
        uvm_fail(UVM_EXIT_FAILURE, "working directory: %s", strerror(errno));
    view->binds = calloc(options->bind_count + 3, sizeof(*view->binds));
    if (view->binds == NULL)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    if (!uvm_host_to_guest(options, view->here, view->working_directory))
        view->binds[count++] =
            (struct hk_bind){view->here, view->working_directory, 0};
    for (int i = 0; i < program->directory_count; i++) {
        const struct uvm_directory *directory = &program->directories[i];

        if (strcmp(directory->host, view->here) != 0)
            view->binds[count++] =
                (struct hk_bind){directory->host, directory->guest, 0};
    }
    for (size_t i = 0; i < options->bind_count; i++)
        view->binds[count++] = options->binds[i];
    for (size_t i = 0; i < count; i++)
        if (strlen(view->binds[i].guest_path) >= GUEST_PATH_MAX)
            uvm_fail(UVM_EXIT_FAILURE, "%s: path too long for a program",
                     view->binds[i].guest_path);
    view->count = count;
    offer_network_files(options, view);
}
