/* script.c -- the first line of a script: which program runs it. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "uvm.h"

/*
 * The words of a `#!` line are those that libroot finds: separated by spaces
 * alone, a word that begins with a quote ends at the next one.
 */
static char *next_word(char **at)
{
    char *word = *at;
    char end = ' ';
    char *stop;

    while (*word == ' ')
        word++;
    if (*word == '"' || *word == '\'')
        end = *word++;
    if (*word == '\0')
        return NULL;
    stop = strchr(word, end);
    *at = stop != NULL ? stop + 1 : word + strlen(word);
    if (stop != NULL)
        *stop = '\0';
    return word;
}

static int split(char *line, struct uvm_script *script)
{
    size_t count = 0;
    char *word;

    /* No more words than every other byte can begin. */
    script->words = calloc(UVM_SCRIPT_LINE / 2 + 2, sizeof(*script->words));
    script->line = strdup(line);
    if (script->words == NULL || script->line == NULL)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    line = script->line;
    while ((word = next_word(&line)) != NULL)
        script->words[count++] = word;
    script->count = count;
    return count > 0;
}

int uvm_read_script(const char *name, const uint8_t *bytes, size_t size,
                    struct uvm_script *script)
{
    /* Haiku has its commands in /bin. */
    static const char usr_bin[] = "/usr/bin/";
    char line[UVM_SCRIPT_LINE + 1];
    char *start = line + 2;
    char *end;

    if (size < 2 || memcmp(bytes, "#!", 2) != 0)
        return 0;
    if (size > UVM_SCRIPT_LINE)
        size = UVM_SCRIPT_LINE;
    memcpy(line, bytes, size);
    line[size] = '\0';
    end = strchr(line, '\n');
    if (end == NULL)
        uvm_fail(UVM_EXIT_NOT_RUNNABLE,
                 "%s: the #! line does not end within %d bytes", name,
                 UVM_SCRIPT_LINE);
    *end = '\0';
    start += strspn(start, " \t");
    if (strncmp(start, usr_bin, sizeof(usr_bin) - 1) == 0)
        start += 4;
    if (!split(start, script))
        uvm_fail(UVM_EXIT_NOT_RUNNABLE, "%s: the #! line names no interpreter",
                 name);
    return 1;
}
