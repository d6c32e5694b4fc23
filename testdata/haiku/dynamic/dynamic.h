/* dynamic.h -- what the images of the dynamic guest give each other. */
/* SPDX-License-Identifier: MIT */
#ifndef DYNAMIC_H
#define DYNAMIC_H

/* libbase, below libleft and libright */
extern char order[8];
void note(char letter);
extern int base_counter;
extern const char **base_pointer;
extern const char *base_table[2];
int answer(void);     /* version 2: 42 */
int old_answer(void); /* answer as of version 1: 41 */
int weak_number(void);

/* libleft and libright */
int left(void);
int right(void);
int *left_base(void);
int *right_base(void);
int next_left(void);
int next_right(void);

/* nobody's */
extern int missing __attribute__((weak));

#endif
