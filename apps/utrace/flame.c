/* flame.c -- a tree of calls as a page of HTML that needs nothing else. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "profile.h"

/* Frames of less than this part of all instructions are not drawn. */
enum { FINEST = 20000 };

static const char head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<title>utrace profile</title>\n"
    "<style>\n"
    "body { font: 13px sans-serif; margin: 1em }\n"
    "#graph { position: relative; margin-top: 1em }\n"
    "#graph div { position: absolute; height: 17px; overflow: hidden;\n"
    "  white-space: nowrap; cursor: pointer; font: 11px monospace;\n"
    "  line-height: 17px; box-sizing: border-box; padding-left: 2px;\n"
    "  border-right: 1px solid #fff }\n"
    "#graph div.found { background: #c6f !important }\n"
    "#said { min-height: 1.4em; font-family: monospace }\n"
    "</style></head><body>\n"
    "<p id=\"title\"></p>\n"
    "<p><input id=\"search\" placeholder=\"find functions\">\n"
    "<button id=\"reset\">all</button></p>\n"
    "<p id=\"said\"></p><div id=\"graph\"></div>\n"
    "<script type=\"application/json\" id=\"data\">";

/* Frames are arrays: the parent's place, the name's, instructions in all, in
 * the function itself, calls. Parents come before their children. */
static const char tail[] =
    "</script>\n"
    "<script>\n"
    "'use strict';\n"
    "const data = JSON.parse(document.getElementById('data').textContent);\n"
    "const frames = data.frames.map(f => ({parent: f[0], name: "
    "data.names[f[1]],\n"
    "  total: f[2], self: f[3], calls: f[4], children: []}));\n"
    "frames.forEach((f, i) => {\n"
    "  f.depth = i ? frames[f.parent].depth + 1 : 0;\n"
    "  if (i) frames[f.parent].children.push(f);\n"
    "});\n"
    "frames.forEach(f => f.children.sort((a, b) => b.total - a.total));\n"
    "const graph = document.getElementById('graph');\n"
    "const said = document.getElementById('said');\n"
    "const search = document.getElementById('search');\n"
    "const share = n => (100 * n / frames[0].total).toFixed(2) + ' %';\n"
    "function describe(f) {\n"
    "  return f.name + ': ' + f.total + ' instructions, ' + share(f.total) +\n"
    "    '; ' + f.self + ' its own; ' + f.calls + ' calls';\n"
    "}\n"
    "function colour(name) {\n"
    "  let h = 0;\n"
    "  for (const c of name) h = (h * 31 + c.codePointAt(0)) % 997;\n"
    "  return 'hsl(' + (15 + h % 45) + ',85%,' + (62 + h % 13) + '%)';\n"
    "}\n"
    "function draw(root) {\n"
    "  graph.textContent = '';\n"
    "  let deepest = 0;\n"
    "  const above = [];\n"
    "  for (let f = root; f !== frames[0]; f = frames[f.parent])\n"
    "    above.unshift(frames[f.parent]);\n"
    "  const todo = above.map(f => [f, 0, 100]);\n"
    "  todo.push([root, 0, 100]);\n"
    "  while (todo.length) {\n"
    "    const [f, left, width] = todo.pop();\n"
    "    const box = document.createElement('div');\n"
    "    deepest = Math.max(deepest, f.depth);\n"
    "    box.textContent = f.name;\n"
    "    box.title = describe(f);\n"
    "    box.style.left = left + '%';\n"
    "    box.style.width = width + '%';\n"
    "    box.style.top = f.depth * 18 + 'px';\n"
    "    box.style.background = colour(f.name);\n"
    "    box.style.opacity = above.includes(f) ? 0.5 : 1;\n"
    "    if (search.value && f.name.includes(search.value))\n"
    "      box.className = 'found';\n"
    "    box.onclick = () => draw(f);\n"
    "    box.onmouseover = () => { said.textContent = describe(f); };\n"
    "    graph.appendChild(box);\n"
    "    if (above.includes(f)) continue;\n"
    "    let at = left;\n"
    "    for (const child of f.children) {\n"
    "      const part = width * child.total / f.total;\n"
    "      if (part > 0.05) todo.push([child, at, part]);\n"
    "      at += part;\n"
    "    }\n"
    "  }\n"
    "  graph.style.height = (deepest + 1) * 18 + 'px';\n"
    "  graph.dataset.root = frames.indexOf(root);\n"
    "}\n"
    "document.getElementById('title').textContent =\n"
    "  data.trace + ': ' + frames[0].total + ' instructions';\n"
    "document.getElementById('reset').onclick = () => draw(frames[0]);\n"
    "search.oninput = () => draw(frames[graph.dataset.root]);\n"
    "draw(frames[0]);\n"
    "</script></body></html>\n";

/* A string of JSON, which also HTML takes as it is. */
static void put_string(FILE *to, const char *text)
{
    putc('"', to);
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte < ' ' || byte >= 0x7f || byte == '"' || byte == '\\' ||
            byte == '<' || byte == '&')
            fprintf(to, "\\u%04x", byte);
        else
            putc(byte, to);
    }
    putc('"', to);
}

static int is_drawn(const struct utrace_profile *profile, uint32_t index)
{
    return index == 0 ||
           profile->frames[index].total > profile->instructions / FINEST;
}

/* A name for each frame that is drawn: equal ones are said again. */
static void put_names(FILE *to, const struct utrace_profile *profile,
                      struct utrace_symbols *symbols)
{
    char name[256];

    fputs(",\n\"names\":[\"all\"", to);
    for (uint32_t i = 1; i < profile->frame_count; i++) {
        if (!is_drawn(profile, i))
            continue;
        utrace_format_address(symbols, profile->frames[i].function, name,
                              sizeof(name));
        fputs(",\n", to);
        put_string(to, name);
    }
    putc(']', to);
}

/* places: where a frame is among those that are drawn. */
static void put_frames(FILE *to, const struct utrace_profile *profile,
                       uint32_t *places)
{
    uint32_t count = 0;

    fputs(",\n\"frames\":[", to);
    for (uint32_t i = 0; i < profile->frame_count; i++) {
        const struct utrace_frame *frame = &profile->frames[i];

        if (!is_drawn(profile, i))
            continue;
        places[i] = count++;
        fprintf(to,
                "%s[%" PRIu32 ",%" PRIu32 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
                "]",
                i > 0 ? ",\n" : "", places[frame->parent], places[i],
                frame->total, frame->self, frame->calls);
    }
    putc(']', to);
}

int utrace_write_flame(const struct utrace_profile *profile,
                       struct utrace_symbols *symbols, const char *trace,
                       const char *file)
{
    uint32_t *places = calloc(profile->frame_count, sizeof(*places));
    FILE *to = places == NULL ? NULL : fopen(file, "w");
    int failed;

    if (to == NULL) {
        free(places);
        return -1;
    }
    fputs(head, to);
    fputs("{\"trace\":", to);
    put_string(to, trace);
    put_names(to, profile, symbols);
    put_frames(to, profile, places);
    putc('}', to);
    fputs(tail, to);
    free(places);
    failed = ferror(to);
    return fclose(to) != 0 || failed ? -1 : 0;
}
