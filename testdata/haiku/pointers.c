/* pointers.c -- bad addresses for each argument of each call that is one. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <calls.h>
#include <file.h>
#include <team.h>
#include <thread.h>

enum { PAGE = 4096, WORDS = 12 };
enum { AF_INET = 1, AF_UNIX = 9, SOCK_STREAM = 1, SOCK_DGRAM = 2 };
enum { SOL_SOCKET = -1, SO_TYPE = 0x40000008, MSG_DONTWAIT = 0x80 };
enum { IPC_CREAT = 01000, IPC_NOWAIT = 04000, IPC_RMID = 0, IPC_STAT = 2 };
enum { SIGUSR1 = 18 };
enum { MONOTONIC = 0, REAL_TIME = -1 };

/* ---- good arguments ---- */

/* Words that stand for something else: memory of the argument's own, zeros or
 * the name of a file, or with what the name says; and a child that has ended.
 */
enum {
    P = 0x7e570000,
    INT,
    LENGTH,
    LINK,
    LOCAL,
    INTERNET,
    SIGNALS,
    OBJECT,
    INDEX,
    FORMULA,
    EVENT,
    CHILD,
    LIVING_CHILD
};

/* What calls are given: ids and descriptors. */
static long self, team, area, sem, posix_sem, port, xsi_sem, xsi_queue;
static long volume, file, directory, listing, listening, unbound, pair, queue;
static long datagrams; /* a socket connected to itself */
static long sender;    /* one that is not connected */
static const long cwd = AT_FDCWD;
static int has_attributes;
static char *memory; /* a page for each argument */

/* haiku-abi/structs.md, "sockaddr", this host's. */
static const char local_address[32] = {32, AF_UNIX, 's', 'o', 'c', 'k'};
static uint8_t internet_address[32] = {32, AF_INET, 0, 0, 127, 0, 0, 1};

static char *slot(int argument)
{
    return memory + argument * PAGE;
}

static long ended_child(void)
{
    long id = fork_team();

    if (id == 0)
        sys(SYS_exit_team, 0);
    return id;
}

/* One that ends when its parent waits, or is no more. */
static long living_child(void)
{
    enum { WAITING = 6 };
    long parent = this_thread(), id = fork_team();
    struct thread_info info;
    int times = 0;

    while (id == 0 && times < 3) {
        sys(SYS_snooze_etc, 1000LL, 0, RELATIVE_TIMEOUT, (void *)0);
        if (sys(SYS_get_thread_info, parent, &info) != HK_B_OK)
            break;
        times = info.state == WAITING ? times + 1 : 0;
    }
    if (id == 0)
        sys(SYS_exit_team, 0);
    return id;
}

/* A good argument: a word that stands for something is replaced. */
static long fill(int argument, enum kind kind, long word)
{
    uint32_t *at = (uint32_t *)slot(argument);

    if (word == CHILD)
        return ended_child();
    if (word == LIVING_CHILD)
        return living_child();
    if (word < P || word >= CHILD)
        return word;
    memset(at, 0, PAGE);
    if (word == INT)
        at[0] = 4;
    else if (word == LENGTH)
        at[0] = 1024;
    else if (word == LINK)
        memcpy(at, "link", 5);
    else if (word == LOCAL)
        memcpy(at, local_address, sizeof(local_address));
    else if (word == INDEX)
        memcpy(at, "name", 5);
    else if (word == FORMULA)
        memcpy(at, "name==x", 8);
    else if (word == INTERNET)
        memcpy(at, internet_address, sizeof(internet_address));
    else if (word == SIGNALS)
        at[0] = 1 << (SIGUSR1 - 1);
    else if (word == OBJECT)
        at[0] = (uint32_t)file, at[1] = 1 << 16; /* can be read */
    else if (word == EVENT)
        at[0] = (uint32_t)file, at[2] = 0x4000001; /* the same, always */
    else if (kind == STRING)
        memcpy(at, "file", 5);
    return (long)at;
}

/* ---- bad ones ---- */

enum badness { UNMAPPED, KERNEL, KERNEL_FIRST, READ_ONLY, CROSSING, BADNESSES };

static const char *const badness_names[] = {
    "unmapped", "kernel's", "kernel's first", "read-only", "crossing"};

static char *readable;    /* a page that cannot be written */
static char *end_of_page; /* behind it is nothing */

/* 0: it would not be bad for an argument of that kind. */
static long bad_address(enum badness badness, enum kind kind, const char *good)
{
    switch (badness) {
    case UNMAPPED:
        return (long)BAD_POINTER;
    case KERNEL:
    case KERNEL_FIRST:
        return (long)KERNEL_POINTER;
    case READ_ONLY:
        if (kind == STRING || kind == READ)
            return 0;
        sys(SYS_set_memory_protection, readable, PAGE, READ_AREA | WRITE_AREA);
        memcpy(readable, good, PAGE);
        sys(SYS_set_memory_protection, readable, PAGE, READ_AREA);
        return (long)readable;
    case CROSSING:
        memcpy(end_of_page - 2, good, 2);
        return (long)(end_of_page - 2);
    case BADNESSES:
        break;
    }
    return 0;
}

/* ---- what is not B_BAD_ADDRESS ---- */

/* Haiku finds something else before it looks at the address, or does not look
 * at all; or a part of the memory will do. GOOD: any result but an error. */
enum { GOOD = 1 };
enum {
    U = 1 << UNMAPPED,
    K = 1 << KERNEL,
    F = 1 << KERNEL_FIRST,
    R = 1 << READ_ONLY,
    C = 1 << CROSSING,
    ANY = U | K | F | R | C
};

static const struct exception {
    int number, argument;
    unsigned badnesses;
    long status;
} exceptions[] = {
    {SYS_get_safemode_option, 1, U | R | C, HK_B_ENTRY_NOT_FOUND},
    {SYS_get_safemode_option, 2, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_event_queue_select, 1, R, HK_B_OK}, /* it is only read */
    /* The name is nobody's business any more; a word of one team that cannot
     * be reached has no bit set. */
    {SYS_mutex_lock, 0, U | R, HK_B_OK},
    {SYS_mutex_lock, 1, ANY, HK_B_OK},
    {SYS_mutex_unblock, 0, U | R, HK_B_OK},
    {SYS_mutex_switch_lock, 0, U | R, HK_B_OK},
    {SYS_mutex_switch_lock, 2, U | R, HK_B_OK},
    {SYS_mutex_switch_lock, 3, ANY, HK_B_OK},
    {SYS_mutex_sem_acquire, 0, U | R, HK_B_WOULD_BLOCK},
    {SYS_mutex_sem_acquire, 1, ANY, HK_B_WOULD_BLOCK},
    {SYS_mutex_sem_release, 0, U | R, HK_B_OK},
    /* The message is lost. */
    {SYS_write_port_etc, 2, U | C, HK_B_OK},
    {SYS_xsi_msgctl, 2, F, HK_B_BAD_VALUE},
    {SYS_xsi_msgrcv, 1, F, HK_B_BAD_VALUE},
    {SYS_xsi_msgsnd, 1, F, HK_B_BAD_VALUE},
    {SYS_xsi_msgsnd, 1, U | C, HK_B_NO_MEMORY},
    {SYS_send_data, 2, U | C, HK_B_BAD_DATA},
    {SYS_get_thread_affinity, 1, F, HK_B_BAD_VALUE},
    {SYS_set_thread_affinity, 1, F, HK_B_BAD_VALUE},
    {SYS_getgroups, 1, F, HK_B_BAD_VALUE},
    {SYS_setgroups, 1, F, HK_B_BAD_VALUE},
    {SYS_open_entry_ref, 2, F, HK_B_BAD_VALUE},
    {SYS_open_query, 1, F, HK_B_BAD_VALUE},
    {SYS_select, 1, F, HK_B_BAD_VALUE},
    {SYS_select, 2, F, HK_B_BAD_VALUE},
    {SYS_select, 3, F, HK_B_BAD_VALUE},
    {SYS_select, 5, F, HK_B_BAD_VALUE},
    {SYS_set_signal_stack, 1, R, HK_B_NO_MEMORY},
    {SYS_get_port_message_info_etc, 1, F, HK_B_BAD_PORT_ID},
    {SYS_read_attr, 3, F, HK_B_BAD_VALUE},
    {SYS_write_attr, 4, F, HK_B_BAD_VALUE},
    {SYS_read, 2, F, HK_B_FILE_ERROR},
    {SYS_write, 2, F, HK_B_FILE_ERROR},
    {SYS_read, 2, C, 2},
    {SYS_write, 2, C, 2},
    /* A boolean fits. */
    {SYS_get_real_time_clock_is_gmt, 0, C, HK_B_OK},
    {SYS_get_clock, 1, F, HK_B_BAD_VALUE},
    /* Written when a signal comes. */
    {SYS_snooze_etc, 3, ANY, HK_B_OK},
    /* For events that start threads. */
    {SYS_create_timer, 4, U | K | C, GOOD},
    {SYS_create_timer, 4, F, HK_B_BAD_VALUE},
    {SYS_get_timer, 2, F, HK_B_BAD_VALUE},
    {SYS_set_timer, 5, F, HK_B_BAD_VALUE},
    /* What would be written is not there. */
    {SYS_read_kernel_image_symbols, 1, U | R | C, HK_B_ENTRY_NOT_FOUND},
    {SYS_read_kernel_image_symbols, 2, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_read_kernel_image_symbols, 3, U | R | C, HK_B_ENTRY_NOT_FOUND},
    {SYS_read_kernel_image_symbols, 4, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_read_kernel_image_symbols, 5, U | R | C, HK_B_ENTRY_NOT_FOUND},
    {SYS_system_profiler_recorded, 0, U | R | C, HK_B_ERROR},
    /* These have no result. */
    {SYS_debug_output, 0, ANY, GOOD},
    {SYS_ktrace_output, 0, ANY, GOOD},
    /* There is nothing to analyze, and there are no disks. */
    {SYS_analyze_scheduling, 2, ANY, HK_B_BAD_VALUE},
    {SYS_analyze_scheduling, 4, ANY, HK_B_BAD_VALUE},
    {SYS_get_next_disk_device_id, 1, ANY, HK_B_ENTRY_NOT_FOUND},
    {SYS_find_disk_device, 1, ANY, HK_B_ENTRY_NOT_FOUND},
    {SYS_find_partition, 1, ANY, HK_B_ENTRY_NOT_FOUND},
    {SYS_find_file_disk_device, 1, ANY, HK_B_ENTRY_NOT_FOUND},
    {SYS_get_disk_device_data, 2, ANY, HK_B_ENTRY_NOT_FOUND},
    {SYS_get_disk_device_data, 4, ANY, HK_B_ENTRY_NOT_FOUND},
    {SYS_get_file_disk_device_path, 1, U | R | C, HK_B_ERROR},
    {SYS_get_file_disk_device_path, 1, F, HK_B_BAD_VALUE},
    {SYS_get_disk_system_info, 1, ANY, HK_B_ENTRY_NOT_FOUND},
    {SYS_get_next_disk_system_info, 1, U | R | C, HK_B_ENTRY_NOT_FOUND},
    {SYS_find_disk_system, 1, U | R | C, HK_B_ENTRY_NOT_FOUND},
    {SYS_defragment_partition, 1, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_repair_partition, 1, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_resize_partition, 1, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_resize_partition, 3, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_move_partition, 1, ANY, HK_B_BAD_VALUE},
    {SYS_move_partition, 3, ANY, HK_B_BAD_VALUE},
    {SYS_move_partition, 5, ANY, HK_B_BAD_VALUE},
    {SYS_move_partition, 6, ANY, HK_B_BAD_VALUE},
    {SYS_set_partition_name, 1, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_set_partition_name, 3, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_set_partition_content_name, 1, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_set_partition_type, 1, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_set_partition_type, 3, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_set_partition_parameters, 1, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_set_partition_parameters, 3, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_set_partition_content_parameters, 1, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_initialize_partition, 1, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_uninitialize_partition, 1, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_uninitialize_partition, 3, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_create_child_partition, 1, R, HK_B_ENTRY_NOT_FOUND},
    {SYS_create_child_partition, 7, ANY, HK_B_ENTRY_NOT_FOUND},
    {SYS_create_child_partition, 8, ANY, HK_B_ENTRY_NOT_FOUND},
    {SYS_delete_child_partition, 1, R, HK_B_ENTRY_NOT_FOUND},
};

static long expected_status(int number, int argument, enum badness badness)
{
    for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
        if (exceptions[i].number == number &&
            exceptions[i].argument == argument &&
            (exceptions[i].badnesses & (1u << badness)) != 0)
            return exceptions[i].status;
    return HK_B_BAD_ADDRESS;
}

/* ---- the cases ---- */

struct row {
    int number;
    const char *name;
    long words[WORDS];
};

#define CALL_OF(name) SYS_##name, #name

/* ---- what calls need ---- */

static long new_area(const char *name, char **address, uint32_t size)
{
    return sys(SYS_create_area, name, address, ANY_ADDRESS, size, 0,
               READ_AREA | WRITE_AREA);
}

static void make_memory(void)
{
    char *pages = 0, *address = 0;

    new_area("arguments", &memory, ARGUMENTS * PAGE);
    new_area("read-only", &readable, PAGE);
    new_area("bad", &pages, 2 * PAGE);
    end_of_page = pages + PAGE;
    sys(SYS_set_memory_protection, end_of_page, PAGE, 0);
    area = new_area("area", &address, PAGE);
}

static void make_files(void)
{
    struct stat info;

    sys(SYS_create_dir, cwd, "directory", 0700);
    directory = sys(SYS_open_dir, cwd, "directory");
    listing = sys(SYS_open_dir, cwd, ".");
    file = sys(SYS_open, cwd, "file", O_RDWR | O_CREAT, 0600);
    CHECK_STATUS(sys(SYS_write, file, 0LL, memory, 100), 100);
    CHECK_STATUS(stat_of(file, &info), HK_B_OK);
    volume = info.device;
    has_attributes =
        sys(SYS_write_attr, file, "file", 1, 0LL, memory, 100) == 100;
    CHECK_STATUS(sys(SYS_create_symlink, cwd, "link", "a/long/one", 0),
                 HK_B_OK);
}

static void connect_datagrams(void)
{
    uint32_t length = sizeof(internet_address);

    datagrams = sys(SYS_socket, AF_INET, SOCK_DGRAM, 0);
    sender = sys(SYS_socket, AF_INET, SOCK_DGRAM, 0);
    CHECK_STATUS(sys(SYS_bind, datagrams, internet_address, length), HK_B_OK);
    CHECK_STATUS(sys(SYS_getsockname, datagrams, internet_address, &length),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_connect, datagrams, internet_address, length),
                 HK_B_OK);
}

static void make_sockets(void)
{
    int32_t ends[2] = {0};

    CHECK_STATUS(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends), HK_B_OK);
    pair = ends[0];
    listening = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    CHECK_STATUS(sys(SYS_bind, listening, local_address, 32), HK_B_OK);
    CHECK_STATUS(sys(SYS_listen, listening, 20), HK_B_OK);
    unbound = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    connect_datagrams();
}

/* A try may close the semaphore and read a message. */
static void make_objects(void)
{
    const uint64_t blocked = 1 << (SIGUSR1 - 1);
    int32_t opened[4] = {0}, *used = 0;

    self = this_thread();
    team = sys(SYS_get_current_team);
    sys(SYS_set_signal_mask, 1, &blocked, (void *)0);
    sem = sys(SYS_create_sem, 1, "pointers");
    port = sys(SYS_create_port, 200, "pointers");
    xsi_sem = sys(SYS_xsi_semget, 0, 1, IPC_CREAT | 0600);
    xsi_queue = sys(SYS_xsi_msgget, 0, IPC_CREAT | 0600);
    CHECK_STATUS(sys(SYS_xsi_msgsnd, xsi_queue, memory, 64, IPC_NOWAIT),
                 HK_B_OK);
    for (int i = 0; i < 20; i++) {
        sys(SYS_realtime_sem_open, "/sem", O_CREAT, 0600, 0, opened, &used);
        sys(SYS_write_port_etc, port, 1, "message", 8, 0, 0LL);
    }
    posix_sem = opened[1];
    queue = sys(SYS_event_queue_create, 0);
}

/* What some calls need each time; others would have to wait. */
static void prepare(int number)
{
    if (number == SYS_receive_data && !(sys(SYS_has_data, this_thread()) & 1))
        sys(SYS_send_data, this_thread(), 1, "data", 4);
    if (number == SYS_accept) {
        long fd = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);

        CHECK_STATUS(sys(SYS_connect, fd, local_address, 32), HK_B_OK);
        sys(SYS_close, fd);
    }
    if (number == SYS_sigwait)
        sys(SYS_send_signal, this_thread(), SIGUSR1, (void *)0, 1);
    if (number == SYS_recv || number == SYS_recvfrom || number == SYS_recvmsg)
        CHECK_STATUS(sys(SYS_send, datagrams, memory, 64, 0), 64);
}

static long make_call(int number, const long *w)
{
    return sys(number, w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8],
               w[9], w[10], w[11]);
}

static void check_answer(const struct row *row, int argument,
                         enum badness badness, long status)
{
    long expected = expected_status(row->number, argument, badness);

    if (status == expected || (expected == GOOD && status >= 0))
        return;
    printf("argument %d, %s: ", argument, badness_names[badness]);
    check_status(status, expected, row->name);
}

static void try(const struct row *row, const struct call *call, int bad,
                enum badness badness)
{
    long words[WORDS];
    int at = 0, bad_at = 0;
    long status;

    for (int i = 0; i < ARGUMENTS && at < WORDS; i++) {
        if (i == bad)
            bad_at = at;
        words[at] = fill(i, call->kinds[i], row->words[at]);
        at++;
        if (call->kinds[i] == WIDE && at < WORDS)
            words[at] = row->words[at], at++;
    }
    while (at < WORDS)
        words[at++] = 0;
    if (badness == KERNEL_FIRST) {
        if (call->kinds[0] != VALUE)
            return;
        words[0] = -7;
    }
    words[bad_at] = bad_address(badness, call->kinds[bad], slot(bad));
    if (words[bad_at] == 0)
        return;
    prepare(row->number);
    status = make_call(row->number, words);
    check_answer(row, bad, badness, status);
}

static int needs_attributes(int number)
{
    return number == SYS_read_attr || number == SYS_write_attr ||
           number == SYS_stat_attr || number == SYS_remove_attr ||
           number == SYS_rename_attr || number == SYS_open_attr;
}

static void try_all(const struct row *row)
{
    const struct call *call = find_call(row->name);

    /* Not every file system of a host has them. */
    if (!has_attributes && needs_attributes(row->number))
        return;
    for (int argument = 0; argument < ARGUMENTS; argument++)
        for (int badness = 0; badness < BADNESSES; badness++)
            if (call->kinds[argument] >= STRING)
                try(row, call, argument, (enum badness)badness);
}

static int has_addresses(const struct call *call)
{
    for (int i = 0; i < ARGUMENTS; i++)
        if (call->kinds[i] >= STRING)
            return 1;
    return 0;
}

/* Each call that is FULL or PART has a row, but for those that end the team,
 * and for one whose addresses are a subsystem's (system.c). */
static void check_complete(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct call *call = find_call(names[i]);
        int found = strcmp(names[i], "debugger") == 0 ||
                    strcmp(names[i], "restore_signal_frame") == 0 ||
                    strcmp(names[i], "generic_syscall") == 0;

        for (size_t j = 0; j < count; j++)
            found |= strcmp(rows[j].name, names[i]) == 0;
        if (call->is_built && has_addresses(call))
            check(found, names[i]);
    }
}

static void try_rows(void)
{
    const struct row rows[] = {
        {CALL_OF(getrlimit), {4, P}},
        {CALL_OF(setrlimit), {4, P}},
        {CALL_OF(get_safemode_option), {P, P, LENGTH}},
        {CALL_OF(wait_for_objects), {OBJECT, 1, RELATIVE_TIMEOUT}},
        {CALL_OF(event_queue_select), {queue, EVENT, 1}},
        {CALL_OF(event_queue_wait), {queue, P, 1, RELATIVE_TIMEOUT}},
        {CALL_OF(mutex_lock), {P, P, RELATIVE_TIMEOUT}},
        {CALL_OF(mutex_unblock), {P}},
        {CALL_OF(mutex_switch_lock), {P, 0, P, P, RELATIVE_TIMEOUT}},
        {CALL_OF(mutex_sem_acquire), {P, P, RELATIVE_TIMEOUT}},
        {CALL_OF(mutex_sem_release), {P}},
        {CALL_OF(create_sem), {0, P}},
        {CALL_OF(get_sem_count), {sem, P}},
        {CALL_OF(get_sem_info), {sem, P, 48}},
        {CALL_OF(get_next_sem_info), {0, P, P, 48}},
        {CALL_OF(realtime_sem_open), {P, O_CREAT, 0600, 1, P, P}},
        {CALL_OF(realtime_sem_close), {posix_sem, P}},
        {CALL_OF(realtime_sem_unlink), {P}},
        {CALL_OF(realtime_sem_get_value), {posix_sem, P}},
        {CALL_OF(xsi_semctl), {xsi_sem, 0, IPC_STAT, P}},
        {CALL_OF(xsi_semop), {xsi_sem, P, 1}},
        {CALL_OF(xsi_msgctl), {xsi_queue, IPC_STAT, P}},
        {CALL_OF(xsi_msgrcv), {xsi_queue, P, 64, 0, IPC_NOWAIT}},
        {CALL_OF(xsi_msgsnd), {xsi_queue, P, 64, IPC_NOWAIT}},
        {CALL_OF(load_image), {P, 64, 1, 1, 10}},
        {CALL_OF(wait_for_team), {LIVING_CHILD, P}},
        {CALL_OF(wait_for_child), {CHILD, EXITED, P, P}},
        {CALL_OF(exec), {P, P, 64, 1, 1, 0}},
        {CALL_OF(spawn_thread), {P}},
        {CALL_OF(find_thread), {P}},
        {CALL_OF(rename_thread), {self, P}},
        {CALL_OF(wait_for_thread), {CHILD, P}},
        {CALL_OF(wait_for_thread_etc), {CHILD, 0, 0, 0, P}},
        {CALL_OF(send_data), {self, 1, P, 64}},
        {CALL_OF(receive_data), {P, P, 64}},
        {CALL_OF(get_thread_info), {self, P}},
        {CALL_OF(get_next_thread_info), {0, P, P}},
        {CALL_OF(get_team_info), {0, P, 100}},
        {CALL_OF(get_next_team_info), {P, P, 100}},
        {CALL_OF(get_team_usage_info), {team, 0, P, 16}},
        {CALL_OF(get_extended_team_info), {team, 1, P, 1024, P}},
        {CALL_OF(get_thread_affinity), {self, P, 8}},
        {CALL_OF(set_thread_affinity), {self, P, 8}},
        {CALL_OF(unblock_threads), {P, 4, 0}},
        {CALL_OF(getgroups), {32, P}},
        {CALL_OF(setgroups), {32, P}},
        {CALL_OF(send_signal), {self, 0, P, 1}},
        {CALL_OF(set_signal_mask), {1, P, P}},
        {CALL_OF(sigaction), {20, P, P}},
        {CALL_OF(sigwait), {SIGNALS, P, RELATIVE_TIMEOUT}},
        {CALL_OF(sigsuspend), {P}},
        {CALL_OF(sigpending), {P}},
        {CALL_OF(set_signal_stack), {P, P}},
        {CALL_OF(register_image), {P, 1100}},
        {CALL_OF(get_image_info), {1, P, 1084}},
        {CALL_OF(get_next_image_info), {0, P, P, 1084}},
        {CALL_OF(read_kernel_image_symbols), {1, P, LENGTH, P, LENGTH, P}},
        {CALL_OF(system_profiler_recorded), {P}},
        {CALL_OF(read_fs_info), {1, P}},
        {CALL_OF(next_device), {P}},
        {CALL_OF(entry_ref_to_path), {1, 1, 0, P, P, 64}},
        {CALL_OF(normalize_path), {P, 1, P}},
        {CALL_OF(open_entry_ref), {1, 1, 0, P}},
        {CALL_OF(open), {cwd, P}},
        {CALL_OF(open_dir_entry_ref), {1, 1, 0, P}},
        {CALL_OF(open_dir), {cwd, P}},
        {CALL_OF(open_parent_dir), {directory, P, 256}},
        {CALL_OF(create_dir_entry_ref), {1, 1, 0, P, 0700}},
        {CALL_OF(create_dir), {cwd, P, 0700}},
        {CALL_OF(remove_dir), {cwd, P}},
        {CALL_OF(read_link), {cwd, LINK, P, LENGTH}},
        {CALL_OF(create_symlink), {cwd, P, P, 0}},
        {CALL_OF(create_link), {cwd, P, cwd, P, 1}},
        {CALL_OF(unlink), {cwd, P}},
        {CALL_OF(rename), {cwd, P, cwd, P}},
        {CALL_OF(create_fifo), {cwd, P, 0600}},
        {CALL_OF(create_pipe), {P}},
        {CALL_OF(access), {cwd, P, 4, 0}},
        {CALL_OF(select), {64, P, P, P, 0, 0, P}},
        {CALL_OF(poll), {P, 1, 0, 0, P}},
        {CALL_OF(open_attr_dir), {cwd, P, 1}},
        {CALL_OF(read_attr), {file, P, 0, 0, P, 64}},
        {CALL_OF(write_attr), {file, P, 1, 0, 0, P, 64}},
        {CALL_OF(stat_attr), {file, P, P}},
        {CALL_OF(open_attr), {cwd, P, P, 1, O_CREAT | O_RDWR}},
        {CALL_OF(remove_attr), {file, P}},
        {CALL_OF(rename_attr), {file, P, file, P}},
        {CALL_OF(create_index), {1, P, 1}},
        {CALL_OF(read_index_stat), {volume, INDEX, P}},
        {CALL_OF(open_query), {volume, FORMULA, 7, 0, -1, 0}},
        {CALL_OF(remove_index), {1, P}},
        {CALL_OF(getcwd), {P, 256}},
        {CALL_OF(setcwd), {cwd, P}},
        {CALL_OF(change_root), {INDEX}}, /* there is no such file */
        {CALL_OF(read), {file, 0, 0, P, 64}},
        {CALL_OF(readv), {file, 0, 0, P, 1}},
        {CALL_OF(write), {file, 0, 0, P, 64}},
        {CALL_OF(writev), {file, 0, 0, P, 1}},
        {CALL_OF(read_dir), {listing, P, 64, 1}},
        {CALL_OF(read_stat), {cwd, P, 1, P, 88}},
        {CALL_OF(write_stat), {cwd, P, 1, P, 88, 1}},
        {CALL_OF(get_next_fd_info), {0, P, P, 20}},
        {CALL_OF(bind), {unbound, LOCAL, 32}},
        {CALL_OF(connect), {unbound, LOCAL, 32}},
        {CALL_OF(accept), {listening, P, LENGTH}},
        {CALL_OF(recv), {datagrams, P, 64, MSG_DONTWAIT}},
        {CALL_OF(recvfrom), {datagrams, P, 64, MSG_DONTWAIT, P, LENGTH}},
        {CALL_OF(recvmsg), {datagrams, P, MSG_DONTWAIT}},
        {CALL_OF(send), {pair, P, 64, 0}},
        {CALL_OF(sendto), {sender, P, 64, MSG_DONTWAIT, INTERNET, 32}},
        {CALL_OF(sendmsg), {pair, P, 0}},
        {CALL_OF(getsockopt), {pair, SOL_SOCKET, SO_TYPE, P, INT}},
        {CALL_OF(setsockopt), {pair, SOL_SOCKET, 0x10, P, 4}},
        {CALL_OF(getpeername), {datagrams, P, LENGTH}},
        {CALL_OF(getsockname), {listening, P, LENGTH}},
        {CALL_OF(socketpair), {AF_UNIX, SOCK_STREAM, 0, P}},
        {CALL_OF(get_next_socket_stat), {-1, P, P}},
        {CALL_OF(set_timezone), {0, P, 64}},
        {CALL_OF(get_timezone), {P, P, 64}},
        {CALL_OF(get_real_time_clock_is_gmt), {P}},
        {CALL_OF(get_clock), {REAL_TIME, P}},
        {CALL_OF(snooze_etc), {1, 0, MONOTONIC, RELATIVE_TIMEOUT, P}},
        {CALL_OF(create_timer), {MONOTONIC, -1, 0, P, P}},
        {CALL_OF(get_timer), {0, -1, P}},
        {CALL_OF(set_timer), {0, -1, -1, 0x7fffffff, 0, 0, 0, P}},
        {CALL_OF(create_area), {P, P, ANY_ADDRESS, PAGE, 0, READ_AREA}},
        {CALL_OF(find_area), {P}},
        {CALL_OF(get_area_info), {area, P}},
        {CALL_OF(get_next_area_info), {0, P, P}},
        {CALL_OF(clone_area), {P, P, ANY_ADDRESS, READ_AREA, area}},
        {CALL_OF(reserve_address_range), {P, ANY_ADDRESS, PAGE}},
        {CALL_OF(map_file), {P, P, ANY_ADDRESS, PAGE, READ_AREA, 0, 0, file}},
        {CALL_OF(get_memory_properties), {team, (long)memory, P, P}},
        {CALL_OF(create_port), {1, P}},
        {CALL_OF(find_port), {P}},
        {CALL_OF(get_port_info), {port, P}},
        {CALL_OF(get_next_port_info), {0, P, P}},
        {CALL_OF(read_port_etc), {port, P, P, 64, RELATIVE_TIMEOUT}},
        {CALL_OF(write_port_etc), {port, 1, P, 64, RELATIVE_TIMEOUT}},
        {CALL_OF(writev_port_etc), {port, 1, P, 1, 0, RELATIVE_TIMEOUT}},
        {CALL_OF(get_port_message_info_etc), {port, P, 16, RELATIVE_TIMEOUT}},
        {CALL_OF(kernel_debugger), {P}},
        {CALL_OF(get_system_info), {P}},
        {CALL_OF(get_cpu_info), {0, 1, P}},
        {CALL_OF(get_cpu_topology_info), {P, LENGTH}},
        {CALL_OF(analyze_scheduling), {0, 0, 0, 0, P, 64, P}},
        {CALL_OF(debug_output), {P}},
        {CALL_OF(ktrace_output), {P}},
        {CALL_OF(get_cpuid), {P, 0, 0}},
        {CALL_OF(get_next_disk_device_id), {P, P}},
        {CALL_OF(find_disk_device), {P, P}},
        {CALL_OF(find_partition), {P, P}},
        {CALL_OF(find_file_disk_device), {P, P}},
        {CALL_OF(get_disk_device_data), {1, 1, P, 64, P}},
        {CALL_OF(unregister_file_device), {-1, P}},
        {CALL_OF(get_file_disk_device_path), {1, P, 64}},
        {CALL_OF(get_disk_system_info), {1, P}},
        {CALL_OF(get_next_disk_system_info), {P, P}},
        {CALL_OF(find_disk_system), {P, P}},
        {CALL_OF(defragment_partition), {1, P}},
        {CALL_OF(repair_partition), {1, P, 1}},
        {CALL_OF(resize_partition), {1, P, 1, P}},
        {CALL_OF(move_partition), {1, P, 1, P, 0, 0, P, P, 1}},
        {CALL_OF(set_partition_name), {1, P, 1, P, P}},
        {CALL_OF(set_partition_content_name), {1, P, P}},
        {CALL_OF(set_partition_type), {1, P, 1, P, P}},
        {CALL_OF(set_partition_parameters), {1, P, 1, P, P}},
        {CALL_OF(set_partition_content_parameters), {1, P, P}},
        {CALL_OF(initialize_partition), {1, P, P, P, P}},
        {CALL_OF(uninitialize_partition), {1, P, 1, P}},
        {CALL_OF(create_child_partition), {1, P, 0, 0, 0, 0, P, P, P, P}},
        {CALL_OF(delete_child_partition), {1, P, 1, 1}},
        {CALL_OF(transfer_area), {area, P, ANY_ADDRESS, team}},
    };

    check_complete(rows, sizeof(rows) / sizeof(rows[0]));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        try_all(&rows[i]);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    make_memory();
    make_files();
    make_sockets();
    make_objects();
    try_rows();
    sys(SYS_xsi_semctl, xsi_sem, 0, IPC_RMID, (void *)0);
    sys(SYS_xsi_msgctl, xsi_queue, IPC_RMID, (void *)0);
    print("pointers checked\n");
    return 0;
}
