/* coverage.c -- prints docs/coverage/syscalls.md from the system call table. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libhaikuabi/src/syscall_table.h"

enum { RELEASES = HK_R1BETA6 + 1, STATUSES = HK_NONE + 1 };

static const char *const status_names[STATUSES] = {
    [HK_FULL] = "FULL",
    [HK_PART] = "PART",
    [HK_STUB] = "STUB",
    [HK_NONE] = "NONE",
};

static const char *const result_names[] = {
    [HK_RESULT_STATUS] = "STATUS", [HK_RESULT_INT] = "INT",
    [HK_RESULT_ID] = "ID",         [HK_RESULT_BOOL] = "BOOL",
    [HK_RESULT_INT64] = "INT64",   [HK_RESULT_VOID] = "VOID",
};

static const char *const kind_names[] = {
    [HK_ARG_I32] = "I32",     [HK_ARG_U32] = "U32",   [HK_ARG_I64] = "I64",
    [HK_ARG_SIZE] = "SIZE",   [HK_ARG_BOOL] = "BOOL", [HK_ARG_ADDR] = "ADDR",
    [HK_ARG_STR] = "STR",     [HK_ARG_IN] = "IN",     [HK_ARG_OUT] = "OUT",
    [HK_ARG_INOUT] = "INOUT",
};

static const char files_of_users[] =
    "the ids are the team's, but all files are opened as the host's user: "
    "modes refuse no other user of the guest's anything";

static const char fifo_of_r1beta4[] =
    "R1/beta4 alone: who opens a fifo waits for its other end, or finds that "
    "there is none, where Haiku lets it write and wait then";

static const char bytes_behind_a_signal[] =
    "bytes that come to a pipe right behind a signal are read, before it is "
    "told that the call was interrupted";

static const char full_pipe[] =
    "a full pipe takes no more before a page of it has been read "
    "(docs/decisions/0014)";

static const char no_disk_systems[] =
    "none is known, of which Haiku's kernel has add-ons";

/* Each row that is not FULL, and why it is not. */
static const struct {
    enum hk_row row;
    const char *text;
} lacks[] = {
    {HK_ROW_open, fifo_of_r1beta4},
    {HK_ROW_open_entry_ref, fifo_of_r1beta4},
    {HK_ROW_fcntl,
     "F_GETFL does not show O_CREAT, and a lock of an unknown type wants a "
     "descriptor that may write"},
    {HK_ROW_read, bytes_behind_a_signal},
    {HK_ROW_readv, bytes_behind_a_signal},
    {HK_ROW_write, full_pipe},
    {HK_ROW_writev, full_pipe},
    {HK_ROW_write_stat, "the time of change is the host's and is not set"},
    {HK_ROW_set_timer,
     "256 threads of a team at most have a timer of real time of their own"},
    {HK_ROW_transfer_area, "the kernel's team takes none"},
    {HK_ROW_map_file,
     "private pages that were stored to are lost where the file becomes "
     "shorter"},
    {HK_ROW_memory_advice,
     "after a fork MADV_FREE drops what was stored before it as well"},
    {HK_ROW_find_port,
     "of several by one name it is the newest, also where Haiku's table has "
     "changed its size and thereby their order"},
    {HK_ROW_generic_syscall,
     "the subsystem `random` alone; those of drivers and of debugging "
     "are not there"},
    {HK_ROW_shutdown, "the machine is the host's, which is not turned off"},
    {HK_ROW_setregid, files_of_users},
    {HK_ROW_setreuid, files_of_users},
    {HK_ROW_setgroups, files_of_users},
    {HK_ROW_setresgid, files_of_users},
    {HK_ROW_setresuid, files_of_users},
    {HK_ROW_read_kernel_image_symbols, "the kernel has no images"},
    {HK_ROW_mount, "volumes are what uvm was told to show"},
    {HK_ROW_unmount, "as mount"},
    {HK_ROW_write_fs_info, "volumes keep their names, which are the host's"},
    {HK_ROW_open_query,
     "an index has all files, also those written before it was made, and "
     "files come in the order of their directories"},
    {HK_ROW_start_watching,
     "of what the host's other programs move or make for a moment less "
     "is told than of what teams of the root do"},
    {HK_ROW_set_real_time_clock, "files keep the host's time"},
    {HK_ROW_set_real_time_clock_is_gmt, "files keep the host's time"},
    {HK_ROW_set_clock, "files keep the host's time"},
    {HK_ROW_install_team_debugger, "the nub makes no profile and no core file"},
    {HK_ROW_system_profiler_start, "nothing samples the host's processors"},
    {HK_ROW_system_profiler_next_buffer, "as system_profiler_start"},
    {HK_ROW_system_profiler_stop, "as system_profiler_start"},
    {HK_ROW_register_messaging_service,
     "the service's area stays empty: the kernel's messages are written "
     "to their ports at once"},
    {HK_ROW_register_file_device,
     "a machine without disks makes none of files"},
    {HK_ROW_get_disk_system_info, no_disk_systems},
    {HK_ROW_get_next_disk_system_info, no_disk_systems},
    {HK_ROW_find_disk_system, no_disk_systems},
};
enum { LACK_COUNT = sizeof(lacks) / sizeof(lacks[0]) };

/* NULL for a row that lacks nothing. */
static const char *lack_of(enum hk_row row)
{
    for (int i = 0; i < LACK_COUNT; i++)
        if (lacks[i].row == row)
            return lacks[i].text;
    return NULL;
}

/* Each row that is not FULL says why, and no other one: 1. */
static int is_complete(void)
{
    int result = 1;

    for (int row = 0; row < HK_ROW_COUNT; row++) {
        const struct hk_syscall_row *call = &hk_syscall_rows[row];

        if ((lack_of((enum hk_row)row) == NULL) == (call->status == HK_FULL))
            continue;
        fprintf(stderr, "%s: say what is missing, or not\n", call->name);
        result = 0;
    }
    return result;
}

static void print_lacks(void)
{
    printf("\n## What is missing\n\n| Call | Status | |\n|---|---|---|\n");
    for (int row = 0; row < HK_ROW_COUNT; row++) {
        const struct hk_syscall_row *call = &hk_syscall_rows[row];

        if (call->status != HK_FULL)
            printf("| %s | %s | %s |\n", call->name, status_names[call->status],
                   lack_of((enum hk_row)row));
    }
}

static void print_totals(enum hk_release release)
{
    unsigned counts[STATUSES] = {0};
    const uint16_t *rows;
    uint32_t count;

    hk_release_rows(release, &rows, &count);
    for (uint32_t i = 0; i < count; i++)
        counts[hk_syscall_rows[rows[i]].status]++;
    printf("| %s | %u |", hk_release_name(release), count);
    for (int status = 0; status < STATUSES; status++)
        printf(" %u |", counts[status]);
    printf("\n");
}

static void print_row(enum hk_row row)
{
    const struct hk_syscall_row *call = &hk_syscall_rows[row];

    printf("| %.*s | %s |", hk_row_name_length(call), call->name,
           status_names[call->status]);
    for (int release = 0; release < RELEASES; release++) {
        int number = hk_row_number((enum hk_release)release, row);

        if (number < 0)
            printf(" |");
        else
            printf(" %d |", number);
    }
    printf(" %s |", result_names[call->result]);
    for (int i = 0; i < call->arg_count; i++)
        printf("%s %s %s", i == 0 ? "" : ",", kind_names[call->args[i].kind],
               call->args[i].name);
    printf(" |\n");
}

/* ---- the guests that make each call ---- */

struct guest {
    char name[40]; /* of the program, as its tests have it */
    unsigned char makes[HK_ROW_COUNT];
};

static const char *const sources[] = {"testdata/haiku/*.c",
                                      "testdata/haiku/errors/*.c",
                                      "testdata/haiku/release/*.c"};
enum { GUESTS_MAX = 128 };
static struct guest guests[GUESTS_MAX];
static int guest_count;

static void note_call(struct guest *guest, const char *name, size_t length)
{
    for (int row = 0; row < HK_ROW_COUNT; row++) {
        const char *wanted = hk_syscall_rows[row].name;

        if (length == strlen(wanted) && memcmp(name, wanted, length) == 0)
            guest->makes[row] = 1;
    }
}

/* A call is SYS_NAME, the second word of FAILS(ERROR, NAME and the first one of
 * BAD_PATHS(NAME. */
static void note_calls(struct guest *guest, const char *text)
{
    int until_call = 0;

    while (*text != '\0') {
        size_t length = 0;

        while (isalnum((unsigned char)text[length]) || text[length] == '_')
            length++;
        if (length == 0) {
            text++;
            continue;
        }
        if (until_call > 0 && --until_call == 0)
            note_call(guest, text, length);
        if (length > 4 && memcmp(text, "SYS_", 4) == 0)
            note_call(guest, text + 4, length - 4);
        else if (length == 5 && memcmp(text, "FAILS", 5) == 0)
            until_call = 2;
        else if (length == 9 && memcmp(text, "BAD_PATHS", 9) == 0)
            until_call = 1;
        text += length;
    }
}

static int read_guest(const char *path)
{
    struct guest *guest = &guests[guest_count];
    const char *name = strrchr(path, '/') + 1;
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;

    if (file == NULL || guest_count == GUESTS_MAX ||
        getdelim(&text, &size, '\0', file) < 0) {
        perror(path);
        return 0;
    }
    fclose(file);
    snprintf(guest->name, sizeof(guest->name), "%s%.*s",
             strstr(path, "/errors/") != NULL ? "errors_" : "",
             (int)strcspn(name, "."), name);
    note_calls(guest, text);
    free(text);
    guest_count++;
    return 1;
}

static int read_guests(void)
{
    int result = 1;

    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        glob_t found;

        if (glob(sources[i], 0, NULL, &found) != 0)
            return 0;
        for (size_t at = 0; at < found.gl_pathc; at++)
            result = result && read_guest(found.gl_pathv[at]);
        globfree(&found);
    }
    return result;
}

/* Returns how many guests make the call. */
static int print_guests(int row)
{
    int count = 0;

    for (int i = 0; i < guest_count; i++)
        if (guests[i].makes[row])
            printf("%s%s", count++ == 0 ? "" : ", ", guests[i].name);
    return count;
}

/* Prints which guests make each call. A row that is FULL has one: 1. */
static int print_tests(void)
{
    int result = 1;

    printf("\n## Who makes them\n\n"
           "The guests of `testdata/haiku` whose sources name the call; each "
           "is a test of\nits own on each engine. Their errors: "
           "[errors.md](errors.md). What r1beta5 has not,\nthe guests "
           "`r1beta4` and `r1beta6` make in a root of their release.\n\n"
           "| Call | Guests |\n|---|---|\n");
    for (int row = 0; row < HK_ROW_COUNT; row++) {
        const struct hk_syscall_row *call = &hk_syscall_rows[row];

        printf("| %s | ", call->name);
        if (print_guests(row) == 0 && call->status <= HK_PART) {
            fprintf(stderr, "%s: no guest makes this call\n", call->name);
            result = 0;
        }
        printf(" |\n");
    }
    return result;
}

int main(void)
{
    if (!is_complete() || !read_guests())
        return 1;
    printf(
        "# System calls of libhaikuabi\n\n"
        "Printed from `libhaikuabi/src/syscalls.def` and "
        "`libhaikuabi/src/numbers/` by\n`libhaikuabi/test/coverage.c`; "
        "`//libhaikuabi:coverage_test` keeps it equal. The\ntable's own "
        "comment explains results and kinds of arguments.\n\n"
        "FULL: all of what Haiku does; PART: something is missing; STUB: "
        "a fixed answer\nthat callers can live with; NONE: answered with "
        "B_NOT_SUPPORTED and told once a\nteam. What is missing and who makes "
        "the calls stand below the table. A call whose\narguments differ "
        "between releases has a line for each form.\n\n"
        "| Release | Calls | FULL | PART | STUB | NONE |\n"
        "|---|---:|---:|---:|---:|---:|\n");
    for (int release = 0; release < RELEASES; release++)
        print_totals((enum hk_release)release);
    printf("\n| Call | Status | r1beta4 | r1beta5 | r1beta6 | Result | "
           "Arguments |\n|---|---|---:|---:|---:|---|---|\n");
    for (int row = 0; row < HK_ROW_COUNT; row++)
        print_row((enum hk_row)row);
    print_lacks();
    return print_tests() ? 0 : 1;
}
