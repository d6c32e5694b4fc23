/* timer.c -- timers that send signals. */
/* SPDX-License-Identifier: MIT */
#include "timer.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "bytes.h"
#include "clock.h"
#include "shared.h"
#include "syscalls.h"
#include "thread.h"
#include "wrap.h"

/*
 * A timer of Haiku is one of the host that sends the library's own signal
 * with the timer's place. The first three always exist: alarm and setitimer
 * (haiku-abi/structs.md, "clocks and timers"). Each thread has a timer of real
 * time, too, that of set_alarm: it takes a place behind the defined ones when
 * it is first asked for, as long as there is one.
 */
enum { TIMER_REAL, TIMER_TOTAL, TIMER_USER, FIRST_DEFINED };
enum { DEFINED_MAX = 32, FIRST_OF_THREADS = FIRST_DEFINED + DEFINED_MAX };
enum { THREADS_MAX = 256, TIMERS_MAX = FIRST_OF_THREADS + THREADS_MAX };

/* us: a timer with shorter intervals expires once for several of them. */
enum { INTERVAL_MIN = 100 };

struct timer {
    atomic_int is_used;
    timer_t host;
    int has_host;
    int32_t clock; /* Haiku's */
    int32_t signal;
    uint32_t value;
    int is_silent;    /* SIGEV_NONE */
    int32_t owner;    /* a thread whose it is, or -1: the team's */
    int32_t measured; /* the thread whose CPU time the clock tells */
    int is_later;     /* what is told needs no signal handler, but a thread: */
    struct hk_thread_plan *plan; /* one made each time, or NULL: the owner */
    atomic_uint expired;         /* how often that is due */
    atomic_int is_waiting;       /* its signal is pending: no second one is */
    atomic_uint skipped;    /* intervals behind an expiration without a next */
    atomic_ullong overruns; /* expirations without a signal, since it is set */
    int64_t start;    /* absolute, us of its clock; INT64_MAX: not armed */
    int64_t offset;   /* us that its clock is ahead of the host's */
    int is_booted;    /* that is system_time, for real time (clock.h) */
    int is_relative;  /* the clock does not move its start when it is set */
    int64_t interval; /* us */
};

struct hk_timers {
    pthread_mutex_t lock; /* guards all but what a signal handler reads */
    atomic_int are_due;   /* some timer has expired and is told later */
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
    timer->offset = 0;
    timer->is_booted = 0;
    timer->is_relative = 0;
    timer->has_host = 0;
    timer->is_silent = 0;
    timer->value = 0;
    timer->owner = -1;
    timer->measured = 0;
    timer->is_later = 0;
    timer->plan = NULL;
    atomic_store(&timer->expired, 0);
    atomic_store(&timer->is_waiting, 0);
    atomic_store(&timer->skipped, 0);
    atomic_store(&timer->overruns, 0);
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
    free(timer->plan);
    timer->plan = NULL;
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

/* Of one expiration, which is one itself when its signal is pending, and of
 * those that the host did not tell. */
static void count_overruns(struct timer *timer, unsigned untold, int is_pending)
{
    unsigned skipped = atomic_load(&timer->skipped);

    atomic_fetch_add(&timer->overruns, untold * (skipped + UINT64_C(1)) +
                                           skipped + (is_pending ? 1 : 0));
}

struct hk_siginfo hk_timer_expired(struct hk_team *team, const void *siginfo)
{
    const siginfo_t *host = siginfo;
    int number = host->si_value.sival_int;
    struct hk_siginfo info = {.code = HK_SI_TIMER};
    struct timer *timer;
    int is_pending;

    if (host->si_code != SI_TIMER || number < 0 || number >= TIMERS_MAX)
        return info;
    timer = &team->timers->timers[number];
    if (!atomic_load(&timer->is_used) || timer->is_silent)
        return info;
    is_pending = timer->plan == NULL && atomic_exchange(&timer->is_waiting, 1);
    count_overruns(timer, (unsigned)host->si_overrun, is_pending);
    if (is_pending)
        return info;
    info.is_waiting = &timer->is_waiting;
    if (timer->is_later) {
        atomic_fetch_add(&timer->expired, 1);
        atomic_store(&team->timers->are_due, 1);
        return info;
    }
    info.signal = timer->signal;
    info.value = timer->value;
    return info;
}

int hk_timers_are_due(const struct hk_team *team)
{
    return atomic_load(&team->timers->are_due);
}

static void signal_owner(struct hk_team *team, const struct timer *timer,
                         atomic_int *is_waiting)
{
    const struct hk_siginfo info = {.signal = timer->signal,
                                    .code = HK_SI_TIMER,
                                    .value = timer->value,
                                    .pid = team->id,
                                    .is_waiting = is_waiting};
    struct hk_thread *thread;

    pthread_mutex_lock(&team->lock);
    thread = hk_thread_of(team, timer->owner);
    if (thread != NULL)
        hk_signal_thread(thread, &info);
    pthread_mutex_unlock(&team->lock);
}

static void start_thread(struct hk_thread *self,
                         const struct hk_thread_plan *plan)
{
    int32_t id = hk_thread_spawn(self, plan);

    if (id > 0)
        hk_thread_do(self->team, id, HK_ASKED_RESUME, 0);
}

/* What a timer does, copied: making a thread takes other locks. */
static unsigned take_due(struct hk_timers *timers, int number,
                         struct timer *timer, struct hk_thread_plan *plan)
{
    unsigned count = 0;

    pthread_mutex_lock(&timers->lock);
    if (atomic_load(&timers->timers[number].is_used)) {
        count = atomic_exchange(&timers->timers[number].expired, 0);
        *timer = timers->timers[number];
        if (timer->plan != NULL)
            *plan = *timer->plan;
    }
    pthread_mutex_unlock(&timers->lock);
    return count;
}

void hk_timers_do(struct hk_thread *self)
{
    struct hk_timers *timers = self->team->timers;

    if (!atomic_exchange(&timers->are_due, 0))
        return;
    for (int i = FIRST_DEFINED; i < TIMERS_MAX; i++) {
        struct hk_thread_plan plan;
        struct timer timer;
        unsigned count = take_due(timers, i, &timer, &plan);

        for (; count > 0; count--) {
            if (timer.plan != NULL)
                start_thread(self, &plan);
            else
                signal_owner(self->team, &timer, &timers->timers[i].is_waiting);
        }
    }
}

void hk_timers_forget_thread(struct hk_team *team, int32_t thread)
{
    struct hk_timers *timers = team->timers;

    pthread_mutex_lock(&timers->lock);
    for (int i = FIRST_DEFINED; i < TIMERS_MAX; i++)
        if (atomic_load(&timers->timers[i].is_used) &&
            timers->timers[i].owner == thread)
            forget(&timers->timers[i]);
    pthread_mutex_unlock(&timers->lock);
}

/* The host's clock of a thread's CPU time, for its own process (its system
 * calls' ABI). */
static clockid_t thread_clock(int32_t thread)
{
    enum { PER_THREAD = 4, SCHEDULED = 2 };

    return (clockid_t)(~(unsigned)thread << 3 | PER_THREAD | SCHEDULED);
}

static clockid_t host_clock(const struct timer *timer)
{
    clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;

    switch (timer->clock) {
    case HK_CLOCK_REALTIME:
        return timer->is_booted ? CLOCK_MONOTONIC : CLOCK_REALTIME;
    case HK_CLOCK_MONOTONIC:
        return CLOCK_MONOTONIC;
    case HK_CLOCK_THREAD_CPUTIME_ID:
        return thread_clock(timer->measured);
    default:
        if (timer->clock > 0)
            clock_getcpuclockid(timer->clock, &clock);
        return clock;
    }
}

static int64_t clock_now(const struct timer *timer)
{
    struct timespec now = {0, 0};

    if (host_clock(timer) == CLOCK_MONOTONIC)
        return hk_sum(hk_system_time(), timer->offset);
    clock_gettime(host_clock(timer), &now);
    return hk_sum((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000,
                  timer->offset);
}

/* At once for what is past: 0 would be never. */
static struct timespec host_time(const struct timer *timer, int64_t us)
{
    struct timespec time;

    if (__builtin_sub_overflow(us, timer->offset, &us))
        us = timer->offset < 0 ? INT64_MAX : 0;
    us = us < 1 ? 1 : us;
    if (host_clock(timer) == CLOCK_MONOTONIC)
        return hk_host_deadline(us);
    time.tv_sec = us / 1000000;
    time.tv_nsec = us % 1000000 * 1000;
    return time;
}

/* Host timers come into being when they are first set. */
static int32_t make_host_timer(struct timer *timer, int number)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = hk_timer_signal()};

    if (timer->has_host)
        return HK_B_OK;
    event.sigev_value.sival_int = number;
    if (timer_create(host_clock(timer), &event, &timer->host) != 0)
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
        int64_t interval =
            timer->interval * (atomic_load(&timer->skipped) + INT64_C(1));

        spec.it_value = host_time(timer, timer->start);
        spec.it_interval.tv_sec = interval / 1000000;
        spec.it_interval.tv_nsec = interval % 1000000 * 1000;
    }
    if (timer_settime(timer->host, TIMER_ABSTIME, &spec, NULL) != 0)
        return HK_B_BAD_VALUE;
    return HK_B_OK;
}

/* The start of what comes next; INT64_MAX for nothing. */
static int64_t next_start(const struct timer *timer)
{
    int64_t late = hk_difference(clock_now(timer), timer->start);

    if (timer->start == HK_INFINITE_TIMEOUT || late < 0)
        return timer->start;
    if (timer->interval == 0)
        return HK_INFINITE_TIMEOUT;
    return hk_sum(hk_sum(timer->start, late - late % timer->interval),
                  timer->interval);
}

/* Its clock has been set: the start stays on the clock, or in time. */
static void follow(struct timer *timer, int number, int64_t offset)
{
    int64_t start = next_start(timer),
            moved = hk_difference(offset, timer->offset);

    timer->offset = offset;
    if (start == HK_INFINITE_TIMEOUT || moved == 0)
        return;
    timer->start = timer->is_relative ? hk_sum(start, moved) : start;
    if (!timer->is_relative)
        arm(timer, number);
}

void hk_timers_follow(struct hk_team *team)
{
    struct hk_timers *timers = team->timers;

    pthread_mutex_lock(&timers->lock);
    for (int i = 0; i < TIMERS_MAX; i++) {
        struct timer *timer = &timers->timers[i];

        if (atomic_load(&timer->is_used) && timer->has_host)
            follow(
                timer, i,
                hk_clock_offset(team->shared, timer->clock, timer->measured));
    }
    pthread_mutex_unlock(&timers->lock);
}

/* user_timer_info: remaining time, interval, overruns. */
enum { TIMER_INFO_SIZE = 20 };

static void put_info(const struct timer *timer, uint8_t info[TIMER_INFO_SIZE])
{
    uint64_t overruns = atomic_load(&timer->overruns);
    int64_t now = clock_now(timer);
    int64_t left = hk_difference(timer->start, now);

    if (timer->start == HK_INFINITE_TIMEOUT)
        left = HK_INFINITE_TIMEOUT;
    else if (left <= 0 && timer->interval > 0)
        left = timer->interval + left % timer->interval;
    else if (left <= 0)
        left = HK_INFINITE_TIMEOUT; /* it has expired */
    hk_put64(info, (uint64_t)left);
    hk_put64(info + 8, (uint64_t)timer->interval);
    hk_put32(info + 16,
             (uint32_t)(overruns < INT32_MAX ? overruns : INT32_MAX));
}

/* A thread's timer of real time; NULL when too many have one. */
static struct timer *find_of_thread(struct hk_timers *timers, int32_t thread)
{
    struct timer *unused = NULL;

    for (int i = FIRST_OF_THREADS; i < TIMERS_MAX; i++) {
        struct timer *timer = &timers->timers[i];

        if (!atomic_load(&timer->is_used))
            unused = unused == NULL ? timer : unused;
        else if (timer->owner == thread)
            return timer;
    }
    if (unused == NULL)
        return NULL;
    define(unused, HK_CLOCK_MONOTONIC, HK_SIGALRM);
    unused->owner = thread;
    unused->is_later = 1;
    return unused;
}

/* The timer of an owner, a thread or (below 0) the team; NULL. */
static struct timer *find(struct hk_timers *timers, int32_t id, int32_t owner)
{
    struct timer *timer;

    if (id == TIMER_REAL && owner >= 0)
        return find_of_thread(timers, owner);
    if (id < 0 || id >= FIRST_OF_THREADS ||
        !atomic_load(&timers->timers[id].is_used))
        return NULL;
    timer = &timers->timers[id];
    return timer->owner == (owner < 0 ? -1 : owner) ? timer : NULL;
}

static int32_t check_clock(struct hk_thread *self, int32_t clock)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t user = self->team->ids.user.effective, team, owner = 0;

    if (clock <= HK_CLOCK_MONOTONIC &&
        clock >= HK_CLOCK_PROCESS_USER_CPUTIME_ID)
        return HK_B_OK;
    if (clock <= 0)
        return HK_B_BAD_VALUE;
    if (clock == HK_KERNEL_TEAM)
        return HK_B_NOT_ALLOWED;
    hk_shared_lock(shared);
    team = hk_shared_find_team(shared, clock);
    if (team != 0)
        owner = hk_shared_slot(shared, team)->facts.uid;
    hk_shared_unlock(shared);
    if (team == 0)
        return HK_B_BAD_VALUE;
    return user == 0 || user == owner ? HK_B_OK : HK_B_NOT_ALLOWED;
}

enum { NOTIFY_NONE = 0, NOTIFY_SIGNAL = 1, NOTIFY_THREAD = 2 };

/* sigevent: how to notify, signal, value. */
static int32_t read_event(struct hk_thread *self, gm_addr event,
                          gm_addr attributes, struct timer *timer,
                          struct hk_thread_plan *plan, uint32_t *how)
{
    uint8_t bytes[20] = {NOTIFY_SIGNAL, 0, 0, 0, HK_SIGALRM};

    if (event != 0 &&
        hk_read_user(self, bytes, event, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    *how = hk_get32(bytes);
    timer->signal = (int32_t)hk_get32(bytes + 4);
    timer->value = hk_get32(bytes + 8);
    timer->is_silent = *how == NOTIFY_NONE;
    timer->is_later = *how == NOTIFY_THREAD;
    return timer->is_later ? hk_thread_plan_read(self, attributes, plan)
                           : HK_B_OK;
}

static int32_t check_event(uint32_t how, int32_t signal)
{
    if (how > NOTIFY_THREAD ||
        (how == NOTIFY_SIGNAL && (signal < 1 || signal > HK_SIGNAL_MAX)))
        return HK_B_BAD_VALUE;
    return HK_B_OK;
}

/* An owner: the team, below 0, or one of its threads; others than own ones are
 * not allowed. */
static int32_t check_owner(struct hk_thread *self, int32_t id)
{
    struct hk_shared *shared = hk_shared_of(self);
    int is_own, is_shown;

    if (id < 0)
        return HK_B_OK;
    pthread_mutex_lock(&self->team->lock);
    is_own = id > 0 && hk_thread_of(self->team, id) != NULL;
    pthread_mutex_unlock(&self->team->lock);
    if (is_own)
        return HK_B_OK;
    hk_shared_lock(shared);
    is_shown = id > 0 && hk_thread_find_shown(shared, id) != NULL;
    hk_shared_unlock(shared);
    return is_shown ? HK_B_NOT_ALLOWED : HK_B_BAD_THREAD_ID;
}

/* Before r1beta6 a timer may be made for another team's thread, and is out of
 * reach then. */
static int32_t check_new_owner(struct hk_thread *self, int32_t id)
{
    int is_r1beta6 = hk_kernel_of(self)->config.release >= HK_R1BETA6;
    int32_t status = check_owner(self, id);

    if (status != HK_B_NOT_ALLOWED)
        return status;
    return is_r1beta6 ? HK_B_BAD_THREAD_ID : HK_B_OK;
}

/* The first free place; its number, or B_WOULD_BLOCK. The plan is the timer's
 * then. */
static int32_t add_timer(struct hk_timers *timers, const struct timer *wanted,
                         int is_default)
{
    int32_t number = HK_B_WOULD_BLOCK;

    pthread_mutex_lock(&timers->lock);
    for (int32_t i = FIRST_DEFINED; i < FIRST_OF_THREADS && number < 0; i++) {
        struct timer *timer = &timers->timers[i];

        if (atomic_load(&timer->is_used))
            continue;
        define(timer, wanted->clock, wanted->signal);
        timer->value = is_default ? (uint32_t)i : wanted->value;
        timer->is_silent = wanted->is_silent;
        timer->owner = wanted->owner;
        timer->measured = wanted->measured;
        timer->is_later = wanted->is_later;
        timer->plan = wanted->plan;
        number = i;
    }
    pthread_mutex_unlock(&timers->lock);
    return number;
}

int64_t hk_sys_create_timer(struct hk_thread *self, int32_t clock_id,
                            int32_t thread_id, uint32_t flags, gm_addr event,
                            gm_addr thread_attributes)
{
    enum { SIGNAL_THREAD = 1 };
    struct timer wanted = {.clock = clock_id, .measured = self->id};
    struct hk_thread_plan plan;
    uint32_t how;
    int32_t status =
        read_event(self, event, thread_attributes, &wanted, &plan, &how);

    if (status == HK_B_OK)
        status = check_new_owner(self, thread_id);
    if (status == HK_B_OK)
        status = check_clock(self, clock_id);
    if (status == HK_B_OK)
        status = check_event(how, wanted.signal);
    if (status != HK_B_OK)
        return status;
    wanted.owner = thread_id < 0 ? -1 : thread_id;
    if (wanted.is_later) {
        wanted.plan = malloc(sizeof(plan));
        if (wanted.plan == NULL)
            return HK_B_NO_MEMORY;
        *wanted.plan = plan;
    } else if (thread_id >= 0 && (flags & SIGNAL_THREAD) != 0) {
        wanted.is_later = 1;
    }
    status = add_timer(self->team->timers, &wanted, event == 0);
    if (status < 0)
        free(wanted.plan);
    return status;
}

int64_t hk_sys_delete_timer(struct hk_thread *self, int32_t timer_id,
                            int32_t thread_id)
{
    struct hk_timers *timers = self->team->timers;
    struct timer *timer;

    if (timer_id < FIRST_DEFINED)
        return HK_B_BAD_VALUE;
    if (check_owner(self, thread_id) != HK_B_OK)
        return check_owner(self, thread_id);
    pthread_mutex_lock(&timers->lock);
    timer = find(timers, timer_id, thread_id);
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

    if (check_owner(self, thread_id) != HK_B_OK)
        return check_owner(self, thread_id);
    pthread_mutex_lock(&timers->lock);
    timer = find(timers, timer_id, thread_id);
    if (timer != NULL)
        put_info(timer, bytes);
    pthread_mutex_unlock(&timers->lock);
    if (timer == NULL)
        return HK_B_BAD_VALUE;
    if (info == 0)
        return HK_B_OK;
    return hk_write_user(self, info, bytes, sizeof(bytes));
}

/* How many intervals an expiration stands for, beside its own. */
static unsigned skipped_by(int64_t interval)
{
    return interval > 0 && interval < INTERVAL_MIN
               ? (unsigned)((INTERVAL_MIN + interval - 1) / interval - 1)
               : 0;
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
    if (check_owner(self, thread_id) != HK_B_OK)
        return check_owner(self, thread_id);
    pthread_mutex_lock(&timers->lock);
    timer = find(timers, timer_id, thread_id);
    if (timer != NULL) {
        put_info(timer, old);
        atomic_store(&timer->overruns, 0);
        atomic_store(&timer->skipped, skipped_by(interval));
        timer->interval = interval;
        timer->start = start_time;
        timer->offset =
            hk_clock_offset(hk_shared_of(self), timer->clock, timer->measured);
        timer->is_booted = hk_shared_of(self)->boot_time != 0;
        timer->is_relative = (flags & HK_RELATIVE_TIMEOUT) != 0;
        if (timer->is_relative && start_time != HK_INFINITE_TIMEOUT &&
            __builtin_add_overflow(start_time, clock_now(timer), &timer->start))
            timer->start = HK_INFINITE_TIMEOUT;
        status = arm(timer, (int)(timer - timers->timers));
    }
    pthread_mutex_unlock(&timers->lock);
    if (status == HK_B_OK && old_info != 0)
        status = hk_write_user(self, old_info, old, sizeof(old));
    return status;
}
