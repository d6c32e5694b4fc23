/* uvm.h -- the emulator's parts. */
/* SPDX-License-Identifier: MIT */
#ifndef UVM_H
#define UVM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <elfload/elf_link.h>
#include <guestmem/guestmem.h>
#include <haikuabi/haikuabi.h>
#include <haikuabi/root.h>
#include <x86cpu/x86cpu.h>

#include "apps/trace/record.h"

/* Exit statuses of uvm itself, as shells use them. */
enum {
    UVM_EXIT_USAGE = 2,
    UVM_EXIT_FAILURE = 125, /* uvm could not do its part */
    UVM_EXIT_NOT_RUNNABLE = 126,
    UVM_EXIT_NOT_FOUND = 127
};

/* ---- options.c ---- */

struct uvm_options {
    const char *root;         /* host directory, or NULL */
    struct hk_root *layer;    /* the root that it is the layer of, or NULL */
    const char **environment; /* of -E, NULL-terminated */
    enum xcpu_engine engine;
    int engine_given; /* else the interpreter stands in for the translator */
    enum xcpu_model model;
    uint32_t translate_after; /* struct xcpu_config's */
    int strace, quiet, randomize, version, no_network, stats, perf_map, alone;
    uint32_t seed;         /* of random numbers; 0: the host's */
    uint32_t boot_time;    /* in seconds since 1970; 0: the host's */
    struct hk_bind *binds; /* of --bind: real paths of the host */
    size_t bind_count;
    const char *record; /* file for a trace, or NULL */
    enum tr_level level;
    int level_given;
    const char *program;
    const char *const *arguments; /* behind the program, NULL-terminated */
};

/* Parses the command line; ends the process for --help, --version and
 * mistakes. */
void uvm_parse_options(int argc, char **argv, struct uvm_options *options);

/* ---- program.c ---- */

#define UVM_PATH_MAX 4096

/* A directory of the host, and where the guest sees it. */
struct uvm_directory {
    char host[UVM_PATH_MAX], guest[UVM_PATH_MAX];
};

/* What to start: a path of the guest and its arguments. */
struct uvm_program {
    int fd, error; /* the file, open; -1 and why not */
    char guest_path[UVM_PATH_MAX];
    struct uvm_directory directories[2]; /* to be bound: a script's and that of
                                            what is started */
    int directory_count;
    const char **arguments; /* with the program's name */
};

/* Finds the program that the options name, follows its `#!` line, and checks
 * that it can run; ends the process with a message when not. */
void uvm_find_program(const struct uvm_options *options,
                      struct uvm_program *program);

/* Opens a path for reading as the guest would: links lead nowhere outside the
 * root. A descriptor, or -1 and errno. */
int uvm_open_in_root(const struct uvm_options *options, const char *path);

/* A whole file, mapped; bytes is NULL when it is empty. */
struct uvm_file {
    uint8_t *bytes;
    size_t size;
};

/* Maps and closes fd; ends the process with a message when it is no regular
 * file. */
struct uvm_file uvm_map_file(const char *name, int fd);
void uvm_unmap_file(const struct uvm_file *file);

/* ---- view.c ---- */

/* A --bind, of which options->binds has room for one more; ends the process
 * with a message when it is none. */
void uvm_add_bind(struct uvm_options *options, const char *text);

/* Where the guest sees an absolute path of the host without symlinks: 1 when
 * a --bind shows it; 0 for a path below /host, at which it is yet to be
 * bound. */
int uvm_host_to_guest(const struct uvm_options *options, const char *host_path,
                      char guest_path[UVM_PATH_MAX]);

enum { UVM_OFFERS_MAX = 2 };

struct uvm_view {
    char here[UVM_PATH_MAX];              /* uvm's working directory */
    char working_directory[UVM_PATH_MAX]; /* the same for the guest */
    struct hk_bind *binds;
    size_t count;
    struct hk_bind offers[UVM_OFFERS_MAX]; /* where there is nothing else */
    size_t offer_count;
};

/* All that is bound: the working directory, the program's directories, and
 * what the options say. */
void uvm_make_view(const struct uvm_options *options,
                   const struct uvm_program *program, struct uvm_view *view);

/* ---- script.c ---- */

/* What of a script's first line counts, its newline included. */
#define UVM_SCRIPT_LINE 254

struct uvm_script {
    char *line, **words; /* interpreter and its arguments */
    size_t count;
};

/* Reads the `#!` line of a file: 1, or 0 when it has none; ends the process
 * with a message when the line names no interpreter. */
int uvm_read_script(const char *name, const uint8_t *bytes, size_t size,
                    struct uvm_script *script);

/* ---- release.c ---- */

/* The release that a root's libroot.so says; r1beta5 without one. Ends the
 * process with a message when the file is unfit. */
enum hk_release uvm_detect_release(const struct uvm_options *options);

/* The same, or -1 and a line of what is wrong. */
int uvm_read_release(const struct uvm_options *options, char *text,
                     size_t size);

/* ---- emulator.c ---- */

struct uvm {
    const struct uvm_options *options;
    struct gm_space *space;
    struct xcpu_machine *machine;
    struct hk_kernel *kernel;
    enum hk_release release;
    struct tr_recorder *recorder; /* NULL: nothing is recorded */
    struct eld_program *loaded;   /* of the last exec */
    int is_told;                  /* the user, why it could not be loaded */
    int perf_map;                 /* descriptor, with --perf-map */
    mode_t umask;                 /* the user's; the process has 0 */
};

/* Runs the program to its end; does not return. */
_Noreturn void uvm_run(const struct uvm_options *options,
                       const struct uvm_program *program);

/* Ends the process by a host signal, without a core file. */
void uvm_die_of(int signo);

/* ---- alone.c ---- */

/* Goes on as the second process of a new namespace, whose ids count from 1;
 * the one that called waits outside, and ends as that does. Ends the process
 * with a message when the host refuses. */
void uvm_be_alone(void);

/* ---- identify.c ---- */

/* hk_cpu_ops.identify */
void uvm_identify(void *host, uint32_t leaf, uint32_t registers[4]);

/* ---- cpu.c ---- */

extern const struct hk_cpu_ops uvm_cpu_ops; /* host: struct uvm */

/* Creates the machine over the space. 0 or XCPU_ERR_*. */
int uvm_machine_new(struct uvm *uvm);

/* ---- mismatch.c ---- */

/* Tells where a cpu's engines differ and ends the process. */
_Noreturn void uvm_report_mismatch(struct uvm *uvm, const struct xcpu *cpu);

/* ---- stats.c ---- */

/* What the translator has done, for --stats, on stderr. */
void uvm_print_stats(const struct uvm *uvm);

/* Makes this process's file of names for --perf-map; ends it with a message
 * when it cannot. */
void uvm_open_perf_map(struct uvm *uvm);

/* A line of that file: host code of the guest's at eip, size bytes, by the name
 * of hk_name_code. */
void uvm_name_translation(struct uvm *uvm, const void *host, uint32_t size,
                          uint32_t eip);

/* ---- record.c: nothing happens in any of them without --record ---- */

/* Begins a trace over the space, before anything is in it; ends the process
 * with a message when it cannot. */
void uvm_record_begin(struct uvm *uvm, const struct uvm_program *program);

/* xcpu_run, recorded. */
void uvm_run_blocks(struct xcpu *cpu, uint64_t budget, struct xcpu_exit *exit);

/* The same; a budget of one instruction is one iteration of a repeated one. */
void uvm_run_cpu(const struct uvm *uvm, struct xcpu *cpu, uint64_t budget,
                 struct xcpu_exit *exit);

/* One instruction, of a repeated one one iteration. */
void uvm_step_cpu(const struct uvm *uvm, struct xcpu *cpu,
                  struct xcpu_exit *exit);

/* hk_syscall. */
enum hk_action uvm_call(struct hk_thread *thread, struct xcpu *cpu);

/* Answers INT n of the calling thread's cpu. */
enum hk_action uvm_answer_int(struct xcpu *cpu, uint32_t vector);

/* The guest's thread that the calling host thread is, or NULL. */
struct hk_thread *uvm_current_thread(void);

/* The state of a cpu has been changed, or is about to be freed. */
void uvm_record_change(struct xcpu *cpu, enum tr_change change);
void uvm_record_free_cpu(struct xcpu *cpu);

/* In the child of a fork: its own trace begins. */
void uvm_record_child(void);

/* A host fault: 1 when the access may be repeated. */
int uvm_record_on_fault(const void *address);

/* The team ends. */
void uvm_record_finish(int status, int signo);

/* ---- loader.c ---- */

/* hk_host.load_program */
int uvm_load_program(void *host, struct hk_team *team, const char *path,
                     uint32_t *entry);

/* ---- start.c ---- */

/*
 * Writes the code that starts a program without Haiku's loader: constructors,
 * the program's entry(argc, argv, environ), destructors, exit. Returns 0 and
 * its guest address, or a negative errno value.
 */
int uvm_make_start(struct hk_team *team, struct gm_space *space,
                   const struct eld_program *program, const int32_t *image_ids,
                   uint32_t *entry);

/* ---- package.c ---- */

/* `uvm package ...`; does not return. */
_Noreturn void uvm_package(int argc, char **argv);

/* ---- root.c ---- */

/* `uvm root ...`; does not return. */
_Noreturn void uvm_root(int argc, char **argv);

/* Where the user's data of that name is, for free; NULL when nobody says where
 * the user's data are. */
char *uvm_data_path(const char *name);

/* The root in whose layer a host directory is, opened, or NULL; and where
 * attributes of its files are that the host cannot keep: for free. */
struct hk_root *uvm_root_around(const char *path, char **attributes);

/* Takes the default root when the options have none, and opens it when it is
 * one of packages. */
void uvm_choose_root(struct uvm_options *options);

/* ---- root_check.c ---- */

/* Tells what keeps programs (NULL-terminated; none: a shell) of a root from
 * running, a line each. */
void uvm_check_programs(const struct uvm_options *options, char **programs,
                        void (*tell)(void *context, const char *line),
                        void *context);

/* Prints names of others' making: what would steer a terminal as `?`
 * (package.c). */
void uvm_print_text(const char *text);

/* Prints it and frees it (package.c). */
struct cJSON;
void uvm_print_json(struct cJSON *json);

/* ---- message.c ---- */

/* "uvm: ..." on stderr, one write. */
void uvm_message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Messages go where stderr leads now, whatever the program does to its own. */
void uvm_keep_stderr(void);

/* The same, then exits. */
_Noreturn void uvm_fail(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
