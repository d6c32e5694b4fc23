/* elfinfo.h -- what the parts of elfinfo share. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFINFO_ELFINFO_H
#define ELFINFO_ELFINFO_H

#include <elfload/elf_dynamic.h>

#include "attributes.h"
#include "output.h"

#ifdef __cplusplus
extern "C" {
#endif

#define INF_VERSION "0.1.0"

enum { INF_OK = 0, INF_BAD_FILE = 1, INF_USAGE = 2 }; /* exit status */

/* ---- options.c ---- */

enum inf_view {
#define VIEW(name, function, letter, option, in_all, in_headers, help)         \
    INF_VIEW_##name,
#define ALIAS(name, option)
#include "views.def"
#undef VIEW
#undef ALIAS
    INF_VIEW_COUNT
};

/* A section to dump, as -x or -p names it. */
struct inf_dump {
    const char *section; /* name or number */
    int is_text;         /* its strings instead of its bytes */
};

enum inf_demangling {
    INF_DEMANGLE_NONE,
    INF_DEMANGLE_AUTO, /* by the file's compiler */
    INF_DEMANGLE_GCC2, /* names of gcc 2 and Itanium ones */
    INF_DEMANGLE_ITANIUM
};

struct inf_options {
    uint8_t views[INF_VIEW_COUNT];
    struct inf_dump *dumps;
    int dump_count;
    int is_decompressing; /* sections, before they are dumped */
    uint64_t *addresses;  /* to find in the source */
    int address_count;
    const char *debug_directory; /* of separate debugging information */
    int is_comparison;           /* of two files */
    const char **against;        /* what releases asks */
    int against_count;
    const char **codes; /* what to disassemble */
    int code_count;
    int is_json;
    int is_rdef;         /* resources for the compiler, and nothing else */
    const char *extract; /* directory for resources, or NULL */
    int has_colours;     /* of text */
    const char *html;    /* file to write a page to, or NULL */
    enum inf_demangling demangling;
    const char *root;         /* host directory that holds a Haiku */
    const char *library_path; /* LIBRARY_PATH there; NULL: the default */
    const char *member; /* only this file of archives and packages; NULL: all */
    char **files;
    int file_count;
};

/* Ends the process for --help, --version and wrong usage. */
void inf_parse_options(struct inf_options *options, int argc, char **argv);
void inf_free_options(struct inf_options *options);

/* ---- message.c ---- */

/* "elfinfo: FILE: ..." on stderr; file NULL: without one. */
void inf_message(const char *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same without a file, and the process ends with INF_BAD_FILE. */
void inf_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* ---- input.c ---- */

struct inf_input {
    uint8_t *bytes; /* on the heap, or mapped: not to be written to */
    size_t size;
    int fd; /* of the file that is mapped, else -1 */
};

/* Maps a file, or reads what is none, and stdin for "-". 0 or a negative errno
 * value. A file that is cut off while it is mapped ends the process. */
int inf_read_input(const char *path, struct inf_input *input);
void inf_free_input(struct inf_input *input);

/* ---- file.c ---- */

/* A version of symbols; file: it is needed from there, NULL: defined here. */
struct inf_version {
    const char *name, *file;
};

/* Bytes to be shown, and what is known of their file beside them. */
struct inf_source {
    const char *name;
    const uint8_t *bytes;
    size_t size;
    const struct inf_attributes *attributes; /* NULL: none are kept */
};

/* A file that is being shown. */
struct inf_file {
    const char *name;
    const struct inf_source *source;
    const struct inf_options *options;
    struct inf_output *out;
    struct eld_elf elf;
    enum inf_demangling demangling; /* never AUTO */
    int is_dynamic;                 /* dynamic is valid */
    struct eld_dynamic dynamic;
    struct eld_symbols **symbols; /* by section; NULL: not asked for so far */
    uint32_t symbols_count;
    struct inf_version *versions; /* by number; name NULL: none */
    uint32_t version_count;
    int is_incomplete; /* it lacks something, or Haiku would refuse it */
    int finding_count;
    char **errors; /* lines reported */
    int error_count;
};

/* Shows one ELF file as the options say. INF_OK or INF_BAD_FILE. */
int inf_show_elf(const struct inf_source *source,
                 const struct inf_options *options, struct inf_output *out);

/* Opens a file without showing anything: INF_OK, or INF_BAD_FILE when it has
 * no header. To be closed either way. */
int inf_open_file(struct inf_file *file, const struct inf_source *source,
                  const struct inf_options *options, struct inf_output *out);
void inf_close_file(struct inf_file *file);

/* Reports an error of the file, once. */
void inf_report(struct inf_file *file, const struct eld_fault *fault);

/* The same with a text of one's own. */
void inf_report_text(struct inf_file *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Faults of many records of a kind: the first, and how many more. */
struct inf_faults {
    struct eld_fault first;
    uint64_t count;
};
void inf_count_fault(struct inf_faults *faults, const struct eld_fault *fault);
void inf_report_all(struct inf_file *file, const struct inf_faults *faults);

/* Name of a section, "" when it has none that can be read. */
const char *inf_section_name(const struct inf_file *file,
                             const struct eld_section *section);

/* Puts the names of flags as a list, and what is left as a number. */
void inf_put_flags(struct inf_output *out, uint32_t set, uint64_t flags,
                   const char *separator);

/* The same as text: in room, which is returned; as inf_put_text does. */
const char *inf_flags_text(uint32_t set, uint64_t flags, char *room,
                           size_t size);
void inf_put_flags_text(struct inf_output *out, uint32_t set, uint64_t flags);

/* The symbols in a section, or NULL and the fault. They are kept for later
 * calls: to find what goes with a table takes a look at every section. */
const struct eld_symbols *inf_section_symbols(struct inf_file *file,
                                              uint32_t index,
                                              struct eld_fault *fault);

/* The version of a symbol, or NULL. */
const struct inf_version *inf_symbol_version(const struct inf_file *file,
                                             const struct eld_symbol *symbol);

/* 1 when those get this symbol who ask for no version. */
int inf_is_default_version(const struct eld_symbol *symbol,
                           const struct inf_version *version);

/* "name@VERSION", or "name@@VERSION" for a default one; free it. The name is
 * demangled if that is asked for and is_demangled. */
char *inf_symbol_text(const struct inf_file *file,
                      const struct eld_symbol *symbol, int is_demangled);

/* Where a symbol is defined: "UND", "ABS", "COM", or NULL for a section. */
const char *inf_special_section(const struct eld_symbol *symbol);

/* ---- archive.c ---- */

/* The same for any file: each member of an archive or a package is a file of
 * its own. */
int inf_show_file(const char *name, const struct inf_input *input,
                  const struct inf_attributes *attributes,
                  const struct inf_options *options, struct inf_output *out);

/* 1 when the options ask for that member, or for all. */
int inf_is_member_wanted(const struct inf_options *options, const char *name);

/* ---- package.c ---- */

int inf_is_package(const struct inf_input *input);
int inf_show_package(const char *name, const struct inf_input *input,
                     const struct inf_options *options, struct inf_output *out);

/* ---- path.c ---- */

/* Reads a file and shows it under another name: an archive if title is NULL,
 * else an ELF file of that title. */
int inf_show_path(const char *path, const char *title,
                  const struct inf_options *options, struct inf_output *out);

/* ---- disassembly.c ---- */

/* what: a symbol, or a range of addresses, A-B or A+SIZE. */
void inf_show_disassembly(struct inf_file *file, const char *what);

/* ---- view_lines.c ---- */

/* Where in the source the addresses of the options are. */
void inf_show_lines(struct inf_file *file);

/* ---- rdef.c, extract.c ---- */

/* Prints the resources in the language of Haiku's resource compiler. */
void inf_print_rdef(struct inf_file *file);

/* Writes each into a file of the options' directory, pictures of icons too. */
void inf_extract_resources(struct inf_file *file);

/* ---- html.c ---- */

/* Turns the standard output into a page of the options' name: what follows is
 * its JSON document. 0 or a negative errno value. */
int inf_begin_page(struct inf_options *options);
void inf_end_page(void);

/* ---- compare.c ---- */

/* What differs between the two files: INF_OK when nothing does. */
int inf_compare(const struct inf_options *options, struct inf_output *out);

/* ---- demangle.c ---- */

/* How names of the file are demangled, by what the options ask for. */
enum inf_demangling inf_demangling_of(const struct inf_file *file);

/* What a name stands for, or NULL; free it. */
char *inf_demangle(const struct inf_file *file, const char *name);

/* ---- dump.c ---- */

void inf_show_dump(struct inf_file *file, const struct inf_dump *dump);

/* ---- views, each in a file of its own ---- */

#define VIEW(name, function, letter, option, in_all, in_headers, help)         \
    void function(struct inf_file *file);
#define ALIAS(name, option)
#include "views.def"
#undef VIEW
#undef ALIAS

#ifdef __cplusplus
}
#endif
#endif
