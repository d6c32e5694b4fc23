/* output.c -- records and tables, written as text or as JSON. */
/* SPDX-License-Identifier: MIT */
#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elfinfo.h"
#include "output.h"
#include "utf8.h"

enum { KEY_MAX = 64, LIST_MAX = 1 << 20 };

/* A string that grows. */
struct text {
    char *bytes;
    size_t size, room;
};

struct inf_output {
    int is_json, has_colours, file_count;

    /* The file. */
    cJSON *errors;
    char table_key[KEY_MAX]; /* of the array that is open, or "" */
    int row_count;           /* in that array */

    /* The record or table. */
    const char *key, *title;
    const struct inf_column *columns, *column; /* the next value's */
    int is_table, table_rows, label_width;
    cJSON *row; /* JSON: the record or row; one at a time in memory */

    /* The list. */
    cJSON *items;
    const char *separator;
    struct text list;
};

static void *check(void *memory)
{
    if (memory == NULL)
        inf_fail("out of memory");
    return memory;
}

/* ---- text ---- */

static void append(struct text *text, const char *bytes, size_t size)
{
    if (size + 1 > text->room - text->size) {
        text->room = (text->room + size + 1) * 2;
        text->bytes = check(realloc(text->bytes, text->room));
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
}

/* Appends what a terminal or a JSON reader can bear of a string. */
static void append_clean(struct text *clean, const char *text, int is_json)
{
    const uint8_t *p = (const uint8_t *)text;

    while (*p != '\0') {
        size_t size = inf_utf8_size(p);
        char escape[8];

        if (size > 0 && (is_json || inf_utf8_is_printable(p))) {
            append(clean, (const char *)p, size);
            p += size;
        } else if (is_json) {
            append(clean, "\xef\xbf\xbd", 3);
            p++;
        } else {
            snprintf(escape, sizeof(escape), "\\x%02x", *p);
            append(clean, escape, 4);
            p++;
        }
    }
}

static char *clean(const char *text, int is_json)
{
    struct text result = {NULL, 0, 0};

    append(&result, "", 0);
    append_clean(&result, text, is_json);
    return result.bytes;
}

/* ---- colours ---- */

/* Of ECMA-48's select graphic rendition. */
#define TITLE   "1"
#define HEADING "4"
#define LABEL   "36"
#define END     "0"

static void colour(const struct inf_output *out, const char *code)
{
    if (out->has_colours)
        printf("\x1b[%sm", code);
}

static void print_title(const struct inf_output *out, const char *title)
{
    char *ready = clean(title, 0);

    colour(out, TITLE);
    printf("%s:", ready);
    colour(out, END);
    putchar('\n');
    free(ready);
}

/* ---- one value ---- */

/* 1 for the last column that text has: nothing is to be aligned behind it. */
static int is_last(const struct inf_column *column)
{
    while ((++column)->key != NULL) {
        if (column->label != NULL)
            return 0;
    }
    return 1;
}

/* Prints a value under its label, or in its column of a table. */
static void print_value(struct inf_output *out, const char *text)
{
    const struct inf_column *column = out->column;
    int width = column->width;

    if (column->label == NULL)
        return;
    if (!out->is_table) {
        if (text == NULL)
            return;
        printf("  ");
        colour(out, LABEL);
        printf("%s:", column->label);
        colour(out, END);
        printf("%*s %s\n", out->label_width - (int)strlen(column->label), "",
               text);
        return;
    }
    if (text == NULL)
        text = "-";
    else if (text[0] == '\0' && is_last(column))
        return;
    printf(out->column == out->columns ? "  " : " ");
    if (is_last(column) && width <= 0)
        printf("%s", text);
    else
        printf("%*s", width, text);
}

static void print_heading(const struct inf_output *out)
{
    if (out->title != NULL)
        print_title(out, out->title);
    colour(out, HEADING);
    for (const struct inf_column *c = out->columns; c->key != NULL; c++) {
        if (c->label == NULL)
            continue;
        printf(c == out->columns ? "  " : " ");
        if (is_last(c) && c->width <= 0)
            printf("%s", c->label);
        else
            printf("%*s", c->width, c->label);
    }
    colour(out, END);
    putchar('\n');
}

/* Puts a value that is ready; takes over item, which may be NULL. */
static void put(struct inf_output *out, const char *text, cJSON *item)
{
    if (out->column->key == NULL)
        abort(); /* more values than columns */
    if (out->is_json) {
        if (item != NULL)
            cJSON_AddItemToObjectCS(out->row, out->column->key, item);
    } else {
        if (out->is_table && out->table_rows == 0 &&
            out->column == out->columns)
            print_heading(out);
        print_value(out, text);
    }
    out->column++;
}

static void put_ready_text(struct inf_output *out, const char *text)
{
    put(out, text, out->is_json ? check(cJSON_CreateString(text)) : NULL);
}

/* Numbers of 64 bits would not survive cJSON's own, which are doubles. */
static void put_raw(struct inf_output *out, const char *text, const char *raw)
{
    put(out, text, out->is_json ? check(cJSON_CreateRaw(raw)) : NULL);
}

void inf_put_none(struct inf_output *out)
{
    put(out, NULL, NULL);
}

void inf_put_text(struct inf_output *out, const char *text)
{
    if (text == NULL) {
        inf_put_none(out);
        return;
    }
    char *ready = clean(text, out->is_json);
    put_ready_text(out, ready);
    free(ready);
}

void inf_put_texts(struct inf_output *out, const char *text, const char *json)
{
    inf_put_text(out, out->is_json ? json : text);
}

void inf_put_decimal(struct inf_output *out, uint64_t number)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRIu64, number);
    put_raw(out, text, text);
}

void inf_put_signed(struct inf_output *out, int64_t number)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRId64, number);
    put_raw(out, text, text);
}

void inf_put_hex(struct inf_output *out, uint64_t number)
{
    inf_put_special(out, NULL, number);
}

void inf_put_bool(struct inf_output *out, int value)
{
    put_raw(out, value ? "yes" : "no", value ? "true" : "false");
}

void inf_put_name(struct inf_output *out, const char *name, uint64_t number)
{
    char text[32];

    snprintf(text, sizeof(text), "0x%" PRIx64, number);
    inf_put_text(out, name != NULL ? name : text);
}

void inf_put_special(struct inf_output *out, const char *name, uint64_t number)
{
    char text[32], raw[32];

    snprintf(text, sizeof(text), "0x%" PRIx64, number);
    snprintf(raw, sizeof(raw), "%" PRIu64, number);
    put_raw(out, name != NULL ? name : text, raw);
}

void inf_put_bytes(struct inf_output *out, const uint8_t *bytes, size_t size)
{
    char *text = check(malloc(2 * size + 1));

    text[0] = '\0';
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    put_ready_text(out, text);
    free(text);
}

/* ---- lists ---- */

void inf_begin_list(struct inf_output *out, const char *separator)
{
    out->separator = separator;
    if (out->is_json)
        out->items = check(cJSON_CreateArray());
}

/* Adds what is ready; takes over item, which is NULL in text. */
static void add(struct inf_output *out, const char *text, cJSON *item)
{
    if (item != NULL) {
        cJSON_AddItemToArray(out->items, item);
        return;
    }
    if (out->list.size > 0)
        append(&out->list, out->separator, strlen(out->separator));
    append(&out->list, text, strlen(text));
}

void inf_add_item(struct inf_output *out, const char *text)
{
    char *ready = clean(text, out->is_json);

    add(out, ready, out->is_json ? check(cJSON_CreateString(ready)) : NULL);
    free(ready);
}

void inf_add_number(struct inf_output *out, uint64_t number)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRIu64, number);
    add(out, text, out->is_json ? check(cJSON_CreateRaw(text)) : NULL);
}

void inf_end_list(struct inf_output *out)
{
    cJSON *items = out->items;

    out->items = NULL;
    put(out, out->list.size > 0 ? out->list.bytes : NULL, items);
    out->list.size = 0;
    if (out->list.room > LIST_MAX) {
        free(out->list.bytes);
        out->list = (struct text){NULL, 0, 0};
    }
}

/* ---- records and tables ---- */

static void print_json(cJSON *item)
{
    char *text = check(cJSON_PrintUnformatted(item));

    /* Only strings have a "<", and a page's document may not have its own
     * end in it. */
    for (char *rest = text, *part; (part = strsep(&rest, "<")) != NULL;) {
        fputs(part, stdout);
        if (rest != NULL)
            fputs("\\u003c", stdout);
    }
    cJSON_free(text);
    cJSON_Delete(item);
}

/* Ends the array that is open, unless key continues it. */
static void close_array(struct inf_output *out, const char *key)
{
    if (out->table_key[0] == '\0' ||
        (key != NULL && strcmp(out->table_key, key) == 0))
        return;
    fputs(out->row_count > 0 ? "\n]" : "]", stdout);
    out->table_key[0] = '\0';
}

static void begin(struct inf_output *out, const char *key, const char *title,
                  const struct inf_column *columns, int is_table)
{
    out->key = key;
    out->title = title;
    out->columns = columns;
    out->column = columns;
    out->is_table = is_table;
    out->table_rows = 0;
    out->label_width = 0;
    for (const struct inf_column *c = columns; c->key != NULL; c++) {
        int width = c->label != NULL ? (int)strlen(c->label) : 0;
        if (width > out->label_width)
            out->label_width = width;
    }
    if (out->is_json)
        close_array(out, is_table ? key : NULL);
}

void inf_begin_record(struct inf_output *out, const char *key,
                      const char *title, const struct inf_column *columns)
{
    begin(out, key, title, columns, 0);
    if (out->is_json)
        out->row = check(cJSON_CreateObject());
    else if (title != NULL)
        print_title(out, title);
}

void inf_end_record(struct inf_output *out)
{
    if (!out->is_json) {
        putchar('\n');
        return;
    }
    printf(",\n\"%s\":", out->key);
    print_json(out->row);
    out->row = NULL;
}

void inf_begin_table(struct inf_output *out, const char *key, const char *title,
                     const struct inf_column *columns)
{
    begin(out, key, title, columns, 1);
    if (!out->is_json)
        return;
    if (out->table_key[0] == '\0') {
        printf(",\n\"%s\":[", key);
        snprintf(out->table_key, sizeof(out->table_key), "%s", key);
        out->row_count = 0;
    }
    out->row = check(cJSON_CreateObject());
}

void inf_end_row(struct inf_output *out)
{
    out->column = out->columns;
    out->table_rows++;
    if (!out->is_json) {
        putchar('\n');
        return;
    }
    fputs(out->row_count++ > 0 ? ",\n" : "\n", stdout);
    print_json(out->row);
    out->row = check(cJSON_CreateObject());
}

void inf_end_table(struct inf_output *out)
{
    if (out->is_json) {
        cJSON_Delete(out->row);
        out->row = NULL;
    } else if (out->table_rows > 0) {
        putchar('\n');
    }
}

void inf_note(struct inf_output *out, const char *format, ...)
{
    char line[4096];
    va_list arguments;

    if (out->is_json)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    /* Only the newlines at the end are ours. */
    size_t size = strlen(line);
    while (size > 0 && line[size - 1] == '\n')
        size--;
    size_t newlines = strlen(line + size);
    line[size] = '\0';
    char *ready = clean(line, 0);
    fputs(ready, stdout);
    while (newlines-- > 0)
        putchar('\n');
    free(ready);
}

/* ---- files ---- */

struct inf_output *inf_output_new(int is_json, int has_colours)
{
    struct inf_output *out = check(calloc(1, sizeof(*out)));

    out->is_json = is_json;
    out->has_colours = has_colours;
    if (is_json)
        printf("{\"elfinfo\":\"%s\",\"files\":[", INF_VERSION);
    return out;
}

void inf_begin_file(struct inf_output *out, const char *name, int is_alone)
{
    char *ready = clean(name, out->is_json);

    if (out->is_json) {
        printf(out->file_count > 0 ? ",\n{\"file\":" : "\n{\"file\":");
        print_json(check(cJSON_CreateString(ready)));
        out->errors = check(cJSON_CreateArray());
    } else if (!is_alone) {
        printf(out->file_count > 0 ? "\nFile: %s\n" : "File: %s\n", ready);
    }
    out->file_count++;
    free(ready);
}

void inf_add_error(struct inf_output *out, const char *line)
{
    char *ready = clean(line, 1);

    if (out->errors != NULL)
        cJSON_AddItemToArray(out->errors, check(cJSON_CreateString(ready)));
    free(ready);
}

void inf_end_file(struct inf_output *out)
{
    if (!out->is_json)
        return;
    close_array(out, NULL);
    fputs(",\n\"errors\":", stdout);
    print_json(out->errors);
    out->errors = NULL;
    putchar('}');
}

int inf_output_free(struct inf_output *out)
{
    if (out->is_json)
        fputs("\n]}\n", stdout);
    free(out->list.bytes);
    free(out);
    if (fflush(stdout) != 0 || ferror(stdout))
        return -1;
    return 0;
}
