/* ending.c -- ends in the way that its arguments say. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <thread.h>

static int32_t number(const char *text)
{
    int32_t result = 0;
    int minus = *text == '-';

    for (text += minus; *text != '\0'; text++)
        result = result * 10 + (minus ? '0' - *text : *text - '0');
    return result;
}

static int end_thread(void *a, void *b)
{
    (void)a, (void)b;
    return 99;
}

static int sleep_forever(void *a, void *b)
{
    (void)a, (void)b;
    for (;;)
        sys(SYS_snooze_etc, INT64_MAX, 0, ABSOLUTE_TIMEOUT, (void *)0);
}

int main(int argc, char **argv, char **environment)
{
    int32_t value = argc == 3 ? number(argv[2]) : 0;
    const char *how = argc == 3 ? argv[1] : "";
    int32_t status;

    (void)environment;
    if (strcmp(how, "exit") == 0)
        sys(SYS_exit_team, value);
    if (strcmp(how, "signal") == 0)
        sys(SYS_send_signal, sys(SYS_get_current_team), value, (void *)0, 0);
    if (strcmp(how, "thread") == 0) {
        long id = spawn_thread("other", end_thread, 0, 0);

        sys(SYS_resume_thread, id);
        sys(SYS_wait_for_thread, id, &status);
        CHECK_STATUS(status, 99);
        return value;
    }
    /* The team ends with its main thread. */
    if (strcmp(how, "main_thread") == 0) {
        sys(SYS_resume_thread, spawn_thread("other", sleep_forever, 0, 0));
        sys(SYS_exit_thread, value);
    }
    return value;
}
