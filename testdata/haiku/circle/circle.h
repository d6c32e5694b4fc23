/* circle.h -- two libraries that need each other. */
/* SPDX-License-Identifier: MIT */
#ifndef CIRCLE_H
#define CIRCLE_H

/* Each adds its letter and calls the other until the string is long enough. */
void ping(char *text, int length);
void pong(char *text, int length);

/* Set by the constructors. */
extern int ping_ready, pong_ready;

#endif
