/* asked.c -- what this team does because another one asks for it. */
/* SPDX-License-Identifier: MIT */
#include "area.h"
#include "bytes.h"
#include "debug.h"
#include "fd.h"
#include "request.h"
#include "signals.h"
#include "team.h"
#include "thread.h"

/* The thread's exit status, once it has ended: others may still ask. */
static int32_t tell_end(struct hk_team *team, int32_t id, uint32_t *answer)
{
    int32_t status = HK_B_BAD_THREAD_ID, exit = 0;
    struct hk_thread *thread;

    pthread_mutex_lock(&team->lock);
    thread = hk_thread_of(team, id);
    if (thread != NULL) {
        hk_thread_resume(thread); /* its end would never come */
        status = HK_ANSWER_LATER;
    } else if (hk_thread_peek_dead(team, id, &exit)) {
        *answer = (uint32_t)exit;
        status = HK_B_OK;
    }
    pthread_mutex_unlock(&team->lock);
    return status;
}

static int32_t take_data(struct hk_team *team, const struct hk_asked *asked,
                         uint8_t **data)
{
    const struct hk_message_data message = {.sender = asked->sender,
                                            .code = (int32_t)asked->words[0],
                                            .bytes = *data,
                                            .size = asked->size};
    int32_t status = hk_thread_put_data(team, asked->thread, &message);

    if (status == HK_B_OK)
        *data = NULL;
    return status == HK_B_WOULD_BLOCK ? HK_ANSWER_LATER : status;
}

static int32_t take_signal(struct hk_team *team, const struct hk_asked *asked)
{
    const struct hk_siginfo info = {.signal = (int32_t)asked->words[0],
                                    .code = (int32_t)asked->words[1],
                                    .value = asked->words[2],
                                    .pid = (int32_t)asked->words[3],
                                    .uid = asked->words[4]};
    struct hk_thread *thread;
    int32_t status = HK_B_BAD_THREAD_ID;

    hk_shared_note_signal(team->shared, 0, info.signal);
    pthread_mutex_lock(&team->lock);
    thread = hk_thread_of(team, asked->thread);
    if (thread != NULL)
        status = info.signal == 0 ? HK_B_OK : hk_signal_thread(thread, &info);
    pthread_mutex_unlock(&team->lock);
    return status;
}

static int32_t tell_fd(struct hk_team *team, uint32_t number,
                       uint32_t answer[HK_ANSWER_WORDS])
{
    uint8_t info[HK_FD_INFO_SIZE];
    int32_t status;

    if (team->main_thread == NULL)
        return HK_B_BAD_TEAM_ID;
    status = hk_fd_info_from(team->main_thread, number, info);
    for (size_t i = 0; status == HK_B_OK && i < HK_ANSWER_WORDS; i++)
        answer[i] = hk_get32(info + 4 * i);
    return status;
}

int32_t hk_do_asked(struct hk_team *team, const struct hk_asked *asked,
                    uint8_t **data, uint32_t answer[HK_ANSWER_WORDS])
{
    switch ((enum hk_asked_kind)asked->kind) {
    case HK_ASKED_SUSPEND:
    case HK_ASKED_RESUME:
    case HK_ASKED_KILL:
    case HK_ASKED_SET_PRIORITY:
    case HK_ASKED_UNBLOCK:
        return hk_thread_do(team, asked->thread,
                            (enum hk_asked_kind)asked->kind,
                            (int32_t)asked->words[0]);
    case HK_ASKED_SEND_DATA:
        return take_data(team, asked, data);
    case HK_ASKED_WAIT:
        return tell_end(team, asked->thread, answer);
    case HK_ASKED_SIGNAL:
        return take_signal(team, asked);
    case HK_ASKED_TAKE_AREA:
        return hk_area_take(team, asked, (const char *)*data, answer);
    case HK_ASKED_RESIZE_AREA:
        return hk_area_resize(team, (int32_t)asked->words[0], asked->words[1]);
    case HK_ASKED_NEXT_FD:
        return tell_fd(team, asked->words[0], answer);
    case HK_ASKED_DEBUG_THREAD:
        return hk_debug_thread(team, asked->thread);
    case HK_ASKED_INSTALL_DEBUGGER:
        return hk_debug_install(team, (int32_t)asked->words[0], 0);
    case HK_ASKED_REMOVE_DEBUGGER:
        return hk_debug_remove(team);
    case HK_ASKED_SET_GROUP:
        return hk_team_set_group((int32_t)asked->words[0]);
    }
    return HK_B_BAD_VALUE;
}
