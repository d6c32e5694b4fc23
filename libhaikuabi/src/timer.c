/* timer.c -- timers that send signals. */
/* SPDX-License-Identifier: MIT */
#include "timer.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "bytes.h"
#include "clock.h"
#include "syscalls.h"
#include "thread.h"

/*
 * A timer of Haiku is one of the host that sends the library's own signal
 * with the timer's number. The first three always exist: alarm and setitimer
 * (haiku-abi/structs.md, "clocks and timers").
 */
enum { TIMER_REAL, TIMER_TOTAL, TIMER_USER, FIRST_DEFINED, TIMERS_MAX = 64 };

struct timer {
    atomic_int is_used;
    timer_t host;
    int has_host;
    int32_t clock; /* Haiku's */
    int32_t signal;
    uint32_t value;
    int is_silent;    /* SIGEV_NONE */
    int64_t start;    /* absolute, us of its clock; INT64_MAX: not armed */
    int64_t interval; /* us */
};

struct hk_timers {
    pthread_mutex_t lock; /* guards all but what a signal handler reads */
    struct timer timers[TIMERS_MAX];
};

int hk_timer_signal(void)
{
    return SIGRTMIN + 1;
}

static void define(struct timer *timer, int32_t clock, int32_t signal)
{
    timer->clock = clock;
    timer->signal = signal;
    timer->start = HK_INFINITE_TIMEOUT;
    timer->interval = 0;
    timer->has_host = 0;
    timer->is_silent = 0;
    timer->value = 0;
    atomic_store(&timer->is_used, 1);
}

static void define_first(struct hk_timers *timers)
{
    define(&timers->timers[TIMER_REAL], HK_CLOCK_MONOTONIC, HK_SIGALRM);
    define(&timers->timers[TIMER_TOTAL], HK_CLOCK_PROCESS_CPUTIME_ID,
           HK_SIGPROF);
    define(&timers->timers[TIMER_USER], HK_CLOCK_PROCESS_USER_CPUTIME_ID,
           HK_SIGVTALRM);
}

int hk_timers_new(struct hk_timers **timers)
{
    struct hk_timers *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return HK_ERR_NOMEM;
    pthread_mutex_init(&made->lock, NULL);
    define_first(made);
    *timers = made;
    return 0;
}

static void forget(struct timer *timer)
{
    if (timer->has_host)
        timer_delete(timer->host);
    timer->has_host = 0;
    atomic_store(&timer->is_used, 0);
}

void hk_timers_clear(struct hk_timers *timers)
{
    pthread_mutex_lock(&timers->lock);
    for (int i = 0; i < TIMERS_MAX; i++)
        forget(&timers->timers[i]);
    define_first(timers);
    pthread_mutex_unlock(&timers->lock);
}

/* The host's fork leaves no timer behind either. */
void hk_timers_fork_child(struct hk_timers *timers)
{
    pthread_mutex_init(&timers->lock, NULL);
    for (int i = 0; i < TIMERS_MAX; i++) {
        timers->timers[i].has_host = 0;
        atomic_store(&timers->timers[i].is_used, 0);
    }
    define_first(timers);
}

void hk_timers_free(struct hk_timers *timers)
{
    if (timers == NULL)
        return;
    hk_timers_clear(timers);
    pthread_mutex_destroy(&timers->lock);
    free(timers);
}

struct hk_siginfo hk_timer_expired(struct hk_team *team, const void *siginfo)
{
    const siginfo_t *host = siginfo;
    int number = host->si_value.sival_int;
    struct hk_siginfo info = {.code = HK_SI_TIMER};
    const struct timer *timer;

    if (host->si_code != SI_TIMER || number < 0 || number >= TIMERS_MAX)
        return info;
    timer = &team->timers->timers[number];
    if (!atomic_load(&timer->is_used) || timer->is_silent)
        return info;
    info.signal = timer->signal;
    info.value = timer->value;
    return info;
}

static clockid_t host_clock(int32_t clock)
{
    switch (clock) {
    case HK_CLOCK_REALTIME:
        return CLOCK_REALTIME;
    case HK_CLOCK_MONOTONIC:
        return CLOCK_MONOTONIC;
    case HK_CLOCK_THREAD_CPUTIME_ID:
        return CLOCK_THREAD_CPUTIME_ID;
    default:
        return CLOCK_PROCESS_CPUTIME_ID;
    }
}

static int64_t clock_now(int32_t clock)
{
    struct timespec now;

    if (clock == HK_CLOCK_MONOTONIC)
        return hk_system_time();
    clock_gettime(host_clock(clock), &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct timespec host_time(const struct timer *timer, int64_t us)
{
    struct timespec time = {us / 1000000, us % 1000000 * 1000};

    return timer->clock == HK_CLOCK_MONOTONIC ? hk_host_deadline(us) : time;
}

/* Host timers come into being when they are first set. */
static int32_t make_host_timer(struct timer *timer, int number)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = hk_timer_signal()};

    if (timer->has_host)
        return HK_B_OK;
    event.sigev_value.sival_int = number;
    if (timer_create(host_clock(timer->clock), &event, &timer->host) != 0)
        return HK_B_NO_MEMORY;
    timer->has_host = 1;
    return HK_B_OK;
}

static int32_t arm(struct timer *timer, int number)
{
    struct itimerspec spec = {{0, 0}, {0, 0}};
    int32_t status = make_host_timer(timer, number);

    if (status != HK_B_OK)
        return status;
    if (timer->start != HK_INFINITE_TIMEOUT) {
        spec.it_value = host_time(timer, timer->start < 1 ? 1 : timer->start);
        spec.it_interval.tv_sec = timer->interval / 1000000;
        spec.it_interval.tv_nsec = timer->interval % 1000000 * 1000;
    }
    if (timer_settime(timer->host, TIMER_ABSTIME, &spec, NULL) != 0)
        return HK_B_BAD_VALUE;
    return HK_B_OK;
}

/* user_timer_info: remaining time, interval, overruns. */
enum { TIMER_INFO_SIZE = 20 };

static void put_info(const struct timer *timer, uint8_t info[TIMER_INFO_SIZE])
{
    int64_t now = clock_now(timer->clock);
    int64_t left = timer->start - now;

    if (timer->start == HK_INFINITE_TIMEOUT)
        left = HK_INFINITE_TIMEOUT;
    else if (left <= 0 && timer->interval > 0)
        left = timer->interval - (now - timer->start) % timer->interval;
    else if (left <= 0)
        left = HK_INFINITE_TIMEOUT; /* it has expired */
    hk_put64(info, (uint64_t)left);
    hk_put64(info + 8, (uint64_t)timer->interval);
    hk_put32(info + 16,
             timer->has_host ? (uint32_t)timer_getoverrun(timer->host) : 0);
}

static struct timer *find(struct hk_timers *timers, int32_t id)
{
    if (id < 0 || id >= TIMERS_MAX || !atomic_load(&timers->timers[id].is_used))
        return NULL;
    return &timers->timers[id];
}

static int is_known_clock(const struct hk_thread *self, int32_t clock)
{
    return (clock <= HK_CLOCK_MONOTONIC &&
            clock >= HK_CLOCK_PROCESS_USER_CPUTIME_ID) ||
           clock == self->team->id;
}

/* sigevent: how to notify, signal, value. SIGEV_THREAD comes with a thread
 * of libroot's own. */
static int32_t read_event(struct hk_thread *self, gm_addr event,
                          struct timer *timer)
{
    enum { NOTIFY_NONE = 0, NOTIFY_SIGNAL = 1 };
    uint8_t bytes[20];

    timer->signal = HK_SIGALRM;
    if (event == 0)
        return HK_B_OK;
    if (hk_read_user(self, bytes, event, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    timer->signal = (int32_t)hk_get32(bytes + 4);
    timer->value = hk_get32(bytes + 8);
    timer->is_silent = hk_get32(bytes) == NOTIFY_NONE;
    if (timer->is_silent)
        return HK_B_OK;
    if (hk_get32(bytes) != NOTIFY_SIGNAL || timer->signal < 1 ||
        timer->signal > HK_SIGNAL_MAX)
        return HK_B_BAD_VALUE;
    return HK_B_OK;
}

/* A timer's owner: the team, below 0, or one of its threads. PART, in all
 * calls: a thread's timers are those of its team. */
static int is_thread(struct hk_thread *self, int32_t id)
{
    int result;

    if (id < 0)
        return 1;
    pthread_mutex_lock(&self->team->lock);
    result = id > 0 && hk_thread_find(self, id) != NULL;
    pthread_mutex_unlock(&self->team->lock);
    return result;
}

/* PART: timers that notify by a thread (SIGEV_THREAD) are refused. */
int64_t hk_sys_create_timer(struct hk_thread *self, int32_t clock_id,
                            int32_t thread_id, uint32_t flags, gm_addr event,
                            gm_addr thread_attributes)
{
    struct hk_timers *timers = self->team->timers;
    struct timer wanted = {.clock = clock_id};
    int32_t status = read_event(self, event, &wanted);

    (void)flags;
    (void)thread_attributes;
    if (status != HK_B_OK)
        return status;
    if (!is_thread(self, thread_id))
        return HK_B_BAD_THREAD_ID;
    if (!is_known_clock(self, clock_id))
        return HK_B_BAD_VALUE;
    pthread_mutex_lock(&timers->lock);
    status = HK_B_WOULD_BLOCK;
    for (int32_t i = FIRST_DEFINED; i < TIMERS_MAX && status < 0; i++) {
        struct timer *timer = &timers->timers[i];

        if (atomic_load(&timer->is_used))
            continue;
        define(timer, clock_id, wanted.signal);
        timer->value = wanted.value;
        timer->is_silent = wanted.is_silent;
        status = i;
    }
    pthread_mutex_unlock(&timers->lock);
    return status;
}

int64_t hk_sys_delete_timer(struct hk_thread *self, int32_t timer_id,
                            int32_t thread_id)
{
    struct hk_timers *timers = self->team->timers;
    struct timer *timer;

    if (timer_id < FIRST_DEFINED)
        return HK_B_BAD_VALUE;
    if (!is_thread(self, thread_id))
        return HK_B_BAD_THREAD_ID;
    pthread_mutex_lock(&timers->lock);
    timer = find(timers, timer_id);
    if (timer != NULL)
        forget(timer);
    pthread_mutex_unlock(&timers->lock);
    return timer != NULL ? HK_B_OK : HK_B_BAD_VALUE;
}

int64_t hk_sys_get_timer(struct hk_thread *self, int32_t timer_id,
                         int32_t thread_id, gm_addr info)
{
    struct hk_timers *timers = self->team->timers;
    uint8_t bytes[TIMER_INFO_SIZE];
    struct timer *timer;

    if (!is_thread(self, thread_id))
        return HK_B_BAD_THREAD_ID;
    pthread_mutex_lock(&timers->lock);
    timer = find(timers, timer_id);
    if (timer != NULL)
        put_info(timer, bytes);
    pthread_mutex_unlock(&timers->lock);
    if (timer == NULL)
        return HK_B_BAD_VALUE;
    if (info == 0)
        return HK_B_OK;
    return hk_write_user(self, info, bytes, sizeof(bytes));
}

/* flags: B_RELATIVE_TIMEOUT or B_ABSOLUTE_TIMEOUT. */
int64_t hk_sys_set_timer(struct hk_thread *self, int32_t timer_id,
                         int32_t thread_id, int64_t start_time,
                         int64_t interval, uint32_t flags, gm_addr old_info)
{
    struct hk_timers *timers = self->team->timers;
    uint8_t old[TIMER_INFO_SIZE];
    int32_t status = HK_B_BAD_VALUE;
    struct timer *timer;

    if (start_time < 0 || interval < 0)
        return HK_B_BAD_VALUE;
    if (!is_thread(self, thread_id))
        return HK_B_BAD_THREAD_ID;
    pthread_mutex_lock(&timers->lock);
    timer = find(timers, timer_id);
    if (timer != NULL) {
        put_info(timer, old);
        timer->interval = interval;
        timer->start = start_time;
        if ((flags & HK_RELATIVE_TIMEOUT) != 0 &&
            start_time < HK_INFINITE_TIMEOUT - clock_now(timer->clock))
            timer->start += clock_now(timer->clock);
        status = arm(timer, timer_id);
    }
    pthread_mutex_unlock(&timers->lock);
    if (status == HK_B_OK && old_info != 0)
        status = hk_write_user(self, old_info, old, sizeof(old));
    return status;
}
