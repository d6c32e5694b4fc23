/* utf8.h -- which bytes are characters that can be shown. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFINFO_UTF8_H
#define ELFINFO_UTF8_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of the character that a string begins with; 0 when it is not UTF-8
 * (or the string is empty). */
size_t inf_utf8_size(const uint8_t *text);

/* 1 unless that character is a control character. */
int inf_utf8_is_printable(const uint8_t *text);

#ifdef __cplusplus
}
#endif
#endif
