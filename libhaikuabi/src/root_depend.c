/* root_depend.c -- what packages require of each other. */
/* SPDX-License-Identifier: MIT */
#include "root.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- versions ---- */

/* Digits are compared as numbers, the rest as it is. */
static int compare_naturally(const char *one, const char *other)
{
    while (*one != '\0' && *other != '\0') {
        size_t length, other_length;
        int order;

        if (!isdigit((unsigned char)*one) || !isdigit((unsigned char)*other)) {
            if (*one != *other)
                return (unsigned char)*one < (unsigned char)*other ? -1 : 1;
            one++;
            other++;
            continue;
        }
        one += strspn(one, "0");
        other += strspn(other, "0");
        length = strspn(one, "0123456789");
        other_length = strspn(other, "0123456789");
        if (length != other_length)
            return length < other_length ? -1 : 1;
        order = strncmp(one, other, length);
        if (order != 0)
            return order;
        one += length;
        other += length;
    }
    return (*one != '\0') - (*other != '\0');
}

static const char *part_of(const struct hk_package *package,
                           const struct hk_package_attribute *major,
                           enum hk_package_id id)
{
    uint32_t index = hk_package_find(package, major->child, id);

    return index != 0 ? hk_package_at(package, index)->value.string : "";
}

static uint64_t revision_of(const struct hk_package *package,
                            const struct hk_package_attribute *major)
{
    uint32_t index =
        hk_package_find(package, major->child, HK_PACKAGE_VERSION_REVISION);

    return index != 0 ? hk_package_at(package, index)->value.number : 0;
}

/* No prerelease is later than any. */
static int compare_prereleases(const char *one, const char *other)
{
    if (*one == '\0' || *other == '\0')
        return (*one == '\0') - (*other == '\0');
    return compare_naturally(one, other);
}

int hk_package_compare_versions(const struct hk_package *one,
                                const struct hk_package_attribute *major,
                                const struct hk_package *other,
                                const struct hk_package_attribute *other_major)
{
    static const enum hk_package_id parts[] = {HK_PACKAGE_VERSION_MINOR,
                                               HK_PACKAGE_VERSION_MICRO};
    uint64_t revision = revision_of(one, major);
    uint64_t other_revision = revision_of(other, other_major);
    int order =
        compare_naturally(major->value.string, other_major->value.string);

    for (int i = 0; i < 2 && order == 0; i++)
        order = compare_naturally(part_of(one, major, parts[i]),
                                  part_of(other, other_major, parts[i]));
    if (order == 0)
        order = compare_prereleases(
            part_of(one, major, HK_PACKAGE_VERSION_PRERELEASE),
            part_of(other, other_major, HK_PACKAGE_VERSION_PRERELEASE));
    return order != 0
               ? order
               : (revision > other_revision) - (revision < other_revision);
}

/* ---- who provides what ---- */

struct provider {
    const char *name;
    const struct hk_view_package *package;
    const struct hk_package_attribute *attribute; /* PROVIDES */
};

struct providers {
    struct provider *all; /* by name */
    size_t count;
};

static int by_name(const void *a, const void *b)
{
    const struct provider *left = a, *right = b;
    int order = strcmp(left->name, right->name);

    return order != 0 ? order
                      : (left->package > right->package) -
                            (left->package < right->package);
}

/* The next attribute of an id in what a package says of itself; begin with
 * NULL. */
static const struct hk_package_attribute *
next_of(const struct hk_view_package *package, enum hk_package_id id,
        const struct hk_package_attribute *last)
{
    const struct hk_package *open = package->open;
    uint32_t from = last != NULL ? last->next : hk_package_info(open);

    return hk_package_at(open, hk_package_find(open, from, id));
}

static int is_usable(const struct hk_view_package *package)
{
    return package->is_active && package->open != NULL;
}

static int find_providers(const struct hk_view *view,
                          struct providers *providers)
{
    size_t room = 0;

    *providers = (struct providers){0};
    for (uint32_t i = 0; i < view->package_count; i++) {
        const struct hk_view_package *package = &view->packages[i];
        const struct hk_package_attribute *at = NULL;

        while (is_usable(package) &&
               (at = next_of(package, HK_PACKAGE_PROVIDES, at)) != NULL) {
            if (providers->count == room) {
                struct provider *grown;

                room = room == 0 ? 256 : room * 2;
                grown = realloc(providers->all, room * sizeof(*grown));
                if (grown == NULL)
                    return 0;
                providers->all = grown;
            }
            providers->all[providers->count++] =
                (struct provider){at->value.string, package, at};
        }
    }
    if (providers->count > 0)
        qsort(providers->all, providers->count, sizeof(*providers->all),
              by_name);
    return 1;
}

static const struct hk_package_attribute *
child_of(const struct hk_package *package,
         const struct hk_package_attribute *parent, enum hk_package_id id)
{
    return hk_package_at(package, hk_package_find(package, parent->child, id));
}

/* By the numbers of haiku-abi/hpkg.md: < <= == != >= > */
static int is_met(uint64_t sign, int order)
{
    const int results[] = {
        order<0, order <= 0, order == 0, order != 0, order >= 0, order> 0};

    return sign < 6 && results[sign];
}

/* Whether the version that a package has is one of those wanted. */
static int has_version(const struct provider *provider,
                       const struct hk_package *package,
                       const struct hk_package_attribute *wanted, int *order)
{
    const struct hk_package *other = provider->package->open;
    const struct hk_package_attribute *sign, *version, *has;

    version = child_of(package, wanted, HK_PACKAGE_VERSION_MAJOR);
    has = child_of(other, provider->attribute, HK_PACKAGE_VERSION_MAJOR);
    sign = child_of(package, wanted, HK_PACKAGE_OPERATOR);
    if (version == NULL || has == NULL || sign == NULL)
        return 0;
    *order = hk_package_compare_versions(other, has, package, version);
    return is_met(sign->value.number, *order);
}

/* Another version than the one that is named does only when what provides it
 * says to be compatible that far back. */
static int does_meet(const struct provider *provider,
                     const struct hk_package *package,
                     const struct hk_package_attribute *wanted)
{
    const struct hk_package *other = provider->package->open;
    const struct hk_package_attribute *version, *compatible;
    int order;

    version = child_of(package, wanted, HK_PACKAGE_VERSION_MAJOR);
    if (version == NULL)
        return 1;
    if (!has_version(provider, package, wanted, &order))
        return 0;
    compatible = child_of(other, provider->attribute, HK_PACKAGE_COMPATIBLE);
    if (compatible == NULL)
        return order == 0;
    return order <= 0 || hk_package_compare_versions(other, compatible, package,
                                                     version) <= 0;
}

/* The package that meets a requirement, or NULL. except: one that is not asked,
 * or NULL. *named: one that provides the name, in whatever version. */
static const struct hk_view_package *find_provider(
    const struct providers *providers, const struct hk_package *package,
    const struct hk_package_attribute *wanted,
    const struct hk_view_package *except, const struct provider **named)
{
    size_t low = 0, high = providers->count;

    *named = NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(providers->all[middle].name, wanted->value.string) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < providers->count &&
           strcmp(providers->all[low].name, wanted->value.string) == 0;
         low++) {
        if (providers->all[low].package == except)
            continue;
        *named = &providers->all[low];
        if (does_meet(*named, package, wanted))
            return (*named)->package;
    }
    return NULL;
}

/* ---- what is not met ---- */

struct line {
    char text[1024];
    size_t used;
};

static void append(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void append(struct line *line, const char *format, ...)
{
    size_t room = sizeof(line->text) - line->used;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line->text + line->used, room, format, arguments);
    va_end(arguments);
    line->used += strlen(line->text + line->used);
}

/* "bash >= 5.2" */
static void append_wanted(struct line *line, const struct hk_package *package,
                          const struct hk_package_attribute *wanted)
{
    static const char *const signs[] = {"<", "<=", "==", "!=", ">=", ">"};
    const struct hk_package_attribute *sign =
        child_of(package, wanted, HK_PACKAGE_OPERATOR);
    char version[128];

    hk_package_version(package, wanted->child, version, sizeof(version));
    append(line, "%.200s", wanted->value.string);
    if (version[0] != '\0' && sign != NULL && sign->value.number < 6)
        append(line, " %s %s", signs[sign->value.number], version);
}

static void describe_unmet(const struct hk_view_package *package,
                           const struct hk_package_attribute *wanted,
                           const struct provider *named, struct line *line)
{
    const struct hk_package *other;
    char has[128] = "", from[128] = "";
    int order;

    append(line, "%.200s: requires ", package->file_name);
    append_wanted(line, package->open, wanted);
    if (named == NULL) {
        append(line, ", which no package provides");
        return;
    }
    other = named->package->open;
    hk_package_version(other, named->attribute->child, has, sizeof(has));
    append(line, ", but %.200s has %s", named->package->file_name,
           has[0] != '\0' ? has : "no version");
    if (!has_version(named, package->open, wanted, &order))
        return;
    hk_package_compatible(other, named->attribute->child, from, sizeof(from));
    append(line, ", which is compatible with %s%s",
           from[0] != '\0' ? "none before " : "no other", from);
}

static void describe_conflict(const struct hk_view_package *package,
                              const struct hk_package_attribute *unwanted,
                              const struct hk_view_package *other,
                              struct line *line)
{
    append(line, "%.200s: conflicts with ", package->file_name);
    append_wanted(line, package->open, unwanted);
    append(line, ", which %.200s provides", other->file_name);
}

/* Whether a requirement is not met, or there is what a package conflicts with;
 * and that in words. */
static int is_wrong(const struct providers *providers,
                    const struct hk_view_package *package,
                    const struct hk_package_attribute *at, struct line *line)
{
    const struct provider *named;
    const struct hk_view_package *found;

    line->used = 0;
    if (at->id != HK_PACKAGE_REQUIRES && at->id != HK_PACKAGE_CONFLICTS)
        return 0;
    found =
        find_provider(providers, package->open, at,
                      at->id == HK_PACKAGE_CONFLICTS ? package : NULL, &named);
    if ((found == NULL) == (at->id == HK_PACKAGE_CONFLICTS))
        return 0;
    if (found == NULL)
        describe_unmet(package, at, named, line);
    else
        describe_conflict(package, at, found, line);
    return 1;
}

int hk_view_tell_unmet(const struct hk_view *view,
                       void (*tell)(void *context, const char *line),
                       void *context)
{
    struct providers providers;
    struct line line;
    int count = 0;

    if (!find_providers(view, &providers)) {
        free(providers.all);
        return HK_PACKAGE_ERR_NOMEM;
    }
    for (uint32_t i = 0; i < view->package_count; i++) {
        const struct hk_view_package *package = &view->packages[i];
        const struct hk_package_attribute *at;
        uint32_t index =
            is_usable(package) ? hk_package_info(package->open) : 0;

        for (; index != 0; index = at->next) {
            at = hk_package_at(package->open, index);
            if (!is_wrong(&providers, package, at, &line))
                continue;
            tell(context, line.text);
            count++;
        }
    }
    free(providers.all);
    return count;
}

/* ---- package-links (haiku-abi/hpkg.md, "packagefs") ---- */

static const char links_path[] = "boot/system/package-links";

struct links {
    struct hk_view *view;
    struct providers providers;
    struct hk_package_fault *fault;
};

static const char *install_path(const struct hk_view_package *package)
{
    const struct hk_package_attribute *at =
        next_of(package, HK_PACKAGE_INSTALL_PATH, NULL);

    return at != NULL && strlen(at->value.string) < PATH_MAX ? at->value.string
                                                             : "";
}

static const char *self_target(const struct hk_view_package *package)
{
    if (install_path(package)[0] != '\0')
        return install_path(package);
    return package->location == HK_LOCATION_SYSTEM ? "../.."
                                                   : "../../../home/config";
}

static const char *settings_target(const struct hk_view_package *package)
{
    if (install_path(package)[0] != '\0')
        return ".self/settings";
    return package->location == HK_LOCATION_SYSTEM
               ? "../../../system/settings"
               : "../../../home/config/settings";
}

/* directory/name, "/" for a directory alone; a name's ":" is written "~". */
static char *join(const char *directory, const char *name)
{
    size_t size = strlen(directory) + strlen(name) + 2;
    char *path = malloc(size);

    if (path == NULL)
        return NULL;
    snprintf(path, size, "%s/%s", directory, name);
    for (char *at = path + strlen(directory); *at != '\0'; at++)
        if (*at == ':')
            *at = '~';
    return path;
}

static int add_link(struct links *links, const char *directory,
                    const char *name, const char *target,
                    const struct hk_view_package *package)
{
    const struct hk_view_entry entry = {.path = join(directory, name),
                                        .type = HK_PACKAGE_LINK,
                                        .mode = 0777,
                                        .mtime = package->mtime,
                                        .target = strdup(target)};

    return hk_view_add(links->view, &entry, links->fault);
}

static int add_directory(struct links *links, const char *path, int64_t mtime)
{
    const struct hk_view_entry entry = {.path = strdup(path),
                                        .type = HK_PACKAGE_DIRECTORY,
                                        .mode = 0755,
                                        .mtime = mtime};

    return hk_view_add(links->view, &entry, links->fault);
}

/* 1 when an entry since the first'th has that path. */
static int has_path(const struct hk_view *view, uint32_t first,
                    const char *path)
{
    for (uint32_t i = first; i < view->entry_count; i++)
        if (strcmp(view->entries[i].path, path) == 0)
            return 1;
    return 0;
}

/* What a file can be called. */
static int is_file_name(const char *name)
{
    return name[0] != '\0' && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0 && strchr(name, '/') == NULL &&
           strlen(name) <= NAME_MAX;
}

/* first: the entry of the package's directory. */
static int add_requirements(struct links *links, const char *directory,
                            const struct hk_view_package *package,
                            uint32_t first)
{
    const struct hk_package_attribute *at = NULL;
    int error = 0;

    while (error == 0 &&
           (at = next_of(package, HK_PACKAGE_REQUIRES, at)) != NULL) {
        const struct provider *named;
        const struct hk_view_package *provider =
            find_provider(&links->providers, package->open, at, NULL, &named);
        char *path = join(directory, at->value.string);
        int is_wanted = is_file_name(at->value.string) &&
                        (path == NULL || !has_path(links->view, first, path));

        free(path);
        if (is_wanted)
            error = add_link(links, directory, at->value.string,
                             provider != NULL ? self_target(provider) : "?",
                             package);
    }
    return error;
}

static int add_package(struct links *links,
                       const struct hk_view_package *package, uint32_t first)
{
    char path[sizeof(links_path) + 2 * NAME_MAX];
    uint32_t own = links->view->entry_count;
    int error;

    if (!is_file_name(package->name))
        return 0;
    snprintf(path, sizeof(path), "%s/%s-%.200s", links_path, package->name,
             package->version);
    if (!is_file_name(path + sizeof(links_path)) ||
        has_path(links->view, first, path))
        return 0;
    error = add_directory(links, path, package->mtime);
    if (error == 0)
        error = add_link(links, path, ".self", self_target(package), package);
    if (error == 0)
        error = add_link(links, path, ".settings", settings_target(package),
                         package);
    return error < 0 ? error : add_requirements(links, path, package, own);
}

/* Packages of the home come first: of two of one name and version the link
 * is theirs. */
int hk_view_add_package_links(struct hk_view *view,
                              struct hk_package_fault *fault)
{
    struct links links = {.view = view, .fault = fault};
    uint32_t first = view->entry_count;
    int error =
        find_providers(view, &links.providers)
            ? 0
            : hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");

    for (uint32_t i = view->package_count; i-- > 0 && error == 0;)
        if (is_usable(&view->packages[i]))
            error = add_package(&links, &view->packages[i], first);
    free(links.providers.all);
    return error;
}
