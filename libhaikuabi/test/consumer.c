/* consumer.c -- a program against an installed libhaikuabi. */
/* SPDX-License-Identifier: MIT */

#include <haikuabi/haikuabi.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    if (strcmp(hk_release_name(HK_R1BETA5), "r1beta5") != 0)
        return 1;
    return puts(hk_error_text(HK_ERR_NOEXEC)) < 0;
}
