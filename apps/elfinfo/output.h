/* output.h -- records and tables, written as text or as JSON. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFINFO_OUTPUT_H
#define ELFINFO_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Everything elfinfo says about a file is a record (an object in JSON) or a
 * table (an array of objects), whose columns are declared once for both. A
 * value is put for each column, in their order.
 */
struct inf_column {
    const char *key;   /* in JSON; NULL ends the list */
    const char *label; /* in text; NULL: only in JSON */
    int width;         /* of a table's column; negative: flush left */
};

struct inf_output;

/* Writes to stdout, text with a terminal's colours if asked. Ends the process
 * when memory runs out. */
struct inf_output *inf_output_new(int is_json, int has_colours);

/* Ends the document. 0, or -1 with errno when something was not written. */
int inf_output_free(struct inf_output *out);

/* is_alone: the only file, whose name text leaves out. */
void inf_begin_file(struct inf_output *out, const char *name, int is_alone);
void inf_end_file(struct inf_output *out);

/* An error of the file, for its "errors" in JSON. */
void inf_add_error(struct inf_output *out, const char *line);

/* title: of the text; NULL: none. */
void inf_begin_record(struct inf_output *out, const char *key,
                      const char *title, const struct inf_column *columns);
void inf_end_record(struct inf_output *out);

/* The title is printed with the first row. Tables of one key follow each
 * other: the second and later ones continue the array. */
void inf_begin_table(struct inf_output *out, const char *key, const char *title,
                     const struct inf_column *columns);
void inf_end_row(struct inf_output *out);
void inf_end_table(struct inf_output *out);

/* Bytes that are no printable UTF-8 are written as "\x1b" in text, and those
 * that are no UTF-8 as U+FFFD in JSON. */
void inf_put_text(struct inf_output *out, const char *text); /* NULL: none */
/* One in text, another in JSON. */
void inf_put_texts(struct inf_output *out, const char *text, const char *json);
void inf_put_none(struct inf_output *out);
void inf_put_decimal(struct inf_output *out, uint64_t number);
void inf_put_signed(struct inf_output *out, int64_t number);
void inf_put_hex(struct inf_output *out, uint64_t number);
void inf_put_bool(struct inf_output *out, int value);

/* A name; the number in hexadecimal, as text, when it has none. */
void inf_put_name(struct inf_output *out, const char *name, uint64_t number);

/* Always the number in JSON, but the name in text where there is one. */
void inf_put_special(struct inf_output *out, const char *name, uint64_t number);

/* Hexadecimal digits, two for each byte. */
void inf_put_bytes(struct inf_output *out, const uint8_t *bytes, size_t size);

/* An array of strings or numbers; text has them separated by separator. */
void inf_begin_list(struct inf_output *out, const char *separator);
void inf_add_item(struct inf_output *out, const char *text);
void inf_add_number(struct inf_output *out, uint64_t number);
void inf_end_list(struct inf_output *out);

/* A line for readers only; JSON leaves it out. */
void inf_note(struct inf_output *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif
#endif
