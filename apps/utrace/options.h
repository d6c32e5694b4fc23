/* options.h -- the command line of utrace. */
/* SPDX-License-Identifier: MIT */
#ifndef UTRACE_OPTIONS_H
#define UTRACE_OPTIONS_H

#include "utrace.h"

/* Which command, on what; ends the process for --help and mistakes. */
const struct utrace_command *utrace_parse(int argc, char **argv,
                                          struct utrace_options *options);

#endif
