/* search.c -- where Haiku looks for a library. */
/* SPDX-License-Identifier: MIT */

#include "fault.h"
#include "link.h"

#include <errno.h>
#include <string.h>

/* haiku-abi/libroot-abi, Library search. */
static const char default_list[] =
    "%A/lib:/boot/system/non-packaged/lib:/boot/system/lib";
static const char safe_list[] = "%A/lib:/boot/system/lib";

/* A search in progress. */
struct search {
    struct eld_linker *linker;
    const char *name;   /* without a directory */
    const char *origin; /* path of who needs it; NULL: unknown */
    const char *subdir; /* inside the known directories; NULL: none */
    struct eld_file *file;
    int host_error; /* of a candidate that is there but does not open */
};

/* A path being put together; size ELD_PATH_MAX means it became too long. */
struct path {
    char text[ELD_PATH_MAX];
    size_t size;
};

static void append(struct path *path, const char *text, size_t size)
{
    if (size >= ELD_PATH_MAX - path->size) {
        path->size = ELD_PATH_MAX;
        return;
    }
    memcpy(path->text + path->size, text, size);
    path->size += size;
    path->text[path->size] = '\0';
}

static void append_directory_of(struct path *path, const char *file)
{
    const char *slash = strrchr(file, '/');

    if (slash == NULL)
        append(path, ".", 1);
    else
        append(path, file, (size_t)(slash - file));
}

static int starts_with(const char *text, size_t size, const char *prefix)
{
    size_t length = strlen(prefix);

    return size >= length && memcmp(text, prefix, length) == 0;
}

static int is_known_directory(const char *directory, size_t size)
{
    static const char *const known[] = {
        "/boot/system/lib",
        "/boot/system/non-packaged/lib",
        "/boot/home/config/lib",
        "/boot/home/config/non-packaged/lib",
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strlen(known[i]) == size && memcmp(known[i], directory, size) == 0)
            return 1;
    }
    return 0;
}

static int try_open(struct search *search, const char *path)
{
    const struct eld_host *host = &search->linker->host;
    int error = host->open(host->context, path, search->file);

    if (error < 0 && error != -ENOENT && error != -ENOTDIR)
        search->host_error = error;
    return error >= 0;
}

/* 1 when the element of a list has the library, which is then open. */
static int try_directory(struct search *search, const char *directory,
                         size_t size)
{
    struct path path = {"", 0};

    if (size == 0)
        return 0;
    if (starts_with(directory, size, "%A")) {
        append_directory_of(&path, search->linker->images[0]->file.path);
        append(&path, directory + 2, size - 2);
    } else if (starts_with(directory, size, "$ORIGIN")) {
        if (search->origin == NULL)
            return 0;
        append_directory_of(&path, search->origin);
        append(&path, directory + 7, size - 7);
    } else {
        append(&path, directory, size);
        if (search->subdir != NULL && is_known_directory(directory, size)) {
            append(&path, "/", 1);
            append(&path, search->subdir, strlen(search->subdir));
        }
    }
    append(&path, "/", 1);
    append(&path, search->name, strlen(search->name));
    return path.size < ELD_PATH_MAX && try_open(search, path.text);
}

static int try_list(struct search *search, const char *list, size_t size)
{
    for (;;) {
        const char *colon = memchr(list, ':', size);
        size_t length = colon != NULL ? (size_t)(colon - list) : size;

        if (try_directory(search, list, length))
            return 1;
        if (colon == NULL)
            return 0;
        list += length + 1;
        size -= length + 1;
    }
}

/* DT_RUNPATH, or else DT_RPATH: "first:list;second:list" or one list. */
static int try_run_path(struct search *search,
                        const struct eld_linked *requester)
{
    const struct eld_dynamic *dynamic = &requester->dynamic;
    uint64_t offset =
        dynamic->runpath != ELD_NONE ? dynamic->runpath : dynamic->rpath;
    const char *text;

    if (!requester->is_dynamic || offset == ELD_NONE ||
        eld_read_string(&requester->elf, &dynamic->symbols.strings, offset,
                        &text, NULL) < 0)
        return 0;
    search->origin = requester->file.path;
    size_t first = strcspn(text, ";");
    if (text[first] == ';') {
        if (try_list(search, text, first))
            return 1;
        text += first + 1;
    }
    return try_list(search, text, strlen(text));
}

/* Libraries of the other compiler generation have a directory of their own. */
static const char *subdirectory(const struct eld_linker *linker)
{
    uint32_t system = linker->request->system_abi;
    int is_old_system = system != 0 && system < ELD_ABI_GCC4;
    int is_old_program = linker->main_abi < ELD_ABI_GCC4;

    if (linker->main_abi == 0 || is_old_system == is_old_program)
        return NULL;
    return is_old_system ? "x86" : "x86_gcc2";
}

int eld_open_library(struct eld_linker *linker, const char *name,
                     const struct eld_linked *requester, struct eld_file *file,
                     struct eld_fault *fault)
{
    const struct eld_link_request *request = linker->request;
    struct search search = {linker, name, NULL, NULL, file, 0};
    const char *slash = strrchr(name, '/');
    const char *list = request->library_path;

    if (slash != NULL) {
        if (try_open(&search, name))
            return 0;
        search.name = slash + 1;
    }
    if (try_run_path(&search, requester))
        return 0;
    if (request->is_safe_mode)
        list = safe_list;
    else if (list == NULL)
        list = default_list;
    search.origin = NULL;
    search.subdir = subdirectory(linker);
    if (try_list(&search, list, strlen(list)))
        return 0;

    eld_fail(fault, ELD_ERR_NO_LIBRARY, NULL, ELD_NONE, ELD_NONE);
    eld_fault_add_name(fault, name, NULL);
    if (search.host_error != 0)
        eld_fault_add_host(fault, search.host_error);
    return eld_fail_in(fault, ELD_ERR_NO_LIBRARY, requester);
}
