/* root_check.c -- what is wrong with a root, in words. */
/* SPDX-License-Identifier: MIT */
#include "root.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_open.h"

int hk_root_runs(uint64_t architecture)
{
    /* haiku-abi/hpkg.md, "Package attributes" */
    enum { ANY = 0, X86 = 1, X86_GCC2 = 2 };

    return architecture == ANY || architecture == X86 ||
           architecture == X86_GCC2;
}

struct report {
    void (*tell)(void *context, const char *line);
    void *context;
    int packages; /* of the root */
    int count;
};

static void tell_package(struct report *report,
                         const struct hk_view_package *package,
                         const char *text)
{
    char line[2048];

    snprintf(line, sizeof(line), "%.200s: %s", package->file_name, text);
    report->tell(report->context, line);
    report->count++;
}

static void verify(struct report *report, const struct hk_view_package *package)
{
    int is_at_rest = hk_package_is_at_rest(package->open);
    int error = is_at_rest ? hk_view_wake(report->packages, package) : 0;
    struct hk_package_fault fault;

    if (error != 0)
        tell_package(report, package, strerror(error));
    else if (hk_package_verify(package->open, &fault) < 0)
        tell_package(report, package, fault.text);
    if (is_at_rest)
        hk_package_rest(package->open);
}

static void check_package(struct report *report,
                          const struct hk_view_package *package)
{
    const char *name = hk_package_architecture(package->architecture);
    char text[256];

    if (!package->is_active) {
        snprintf(text, sizeof(text), "not activated: %.200s",
                 package->why != NULL ? package->why : "");
        tell_package(report, package, text);
        return;
    }
    if (!hk_root_runs(package->architecture)) {
        snprintf(text, sizeof(text), "for %s, and uvm runs programs for x86",
                 name != NULL ? name : "an unknown architecture");
        tell_package(report, package, text);
    }
    verify(report, package);
}

/* Has a content brought again that a copy of the root has lost. */
static void check_entry(struct report *report, const struct hk_root *root,
                        const struct hk_view_entry *entry)
{
    const struct hk_content pending = hk_content_of(entry);
    struct hk_content content;
    struct stat st;
    char line[2048];
    int fd;

    if (entry->type != HK_PACKAGE_FILE)
        return;
    fd = hk_host_open_below(root->files, entry->path, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && hk_content_is_lost(&st, entry) &&
        hk_content_get(fd, &content) == 0 && content.state == HK_CONTENT_NONE) {
        hk_content_set(fd, &pending);
        snprintf(line, sizeof(line),
                 "/%.300s: has lost its content, as when a root is copied "
                 "without extended attributes; it will be read again",
                 entry->path);
        report->tell(report->context, line);
        report->count++;
    }
    close(fd);
}

static int check_entries(struct report *report, const struct hk_root *root,
                         struct hk_package_fault *fault)
{
    struct hk_view view;
    int error = hk_view_read(root->state, "view", HK_VIEW_ALL, &view, fault);

    if (error < 0)
        return error;
    for (uint32_t i = 0; i < view.entry_count; i++)
        check_entry(report, root, &view.entries[i]);
    hk_view_free(&view);
    return 0;
}

int hk_root_check(struct hk_root *root,
                  void (*tell)(void *context, const char *line), void *context,
                  struct hk_package_fault *fault)
{
    struct report report = {tell, context, root->packages, 0};
    struct hk_view view;
    int unmet = 0, contents = 0;
    int error =
        hk_view_find_packages(root->packages, &root->view, &view, fault);

    if (error == 0)
        error = hk_view_make(root->packages, &view, fault);
    if (error < 0) {
        hk_view_free(&view);
        return error;
    }
    for (uint32_t i = 0; i < view.package_count; i++)
        check_package(&report, &view.packages[i]);
    unmet = hk_view_tell_unmet(&view, tell, context);
    error = check_entries(&report, root, fault);
    contents = hk_root_check_contents(root, &view, tell, context);
    hk_view_free(&view);
    if (error < 0)
        return error;
    if (unmet < 0 || contents < 0)
        return hk_package_fail(fault, HK_PACKAGE_ERR_NOMEM, "out of memory");
    return report.count + unmet + contents;
}
