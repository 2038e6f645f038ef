/* tests/sim: the program.
 *
 *   sim --seeds FROM:UNTIL [--jobs N]   runs them; ends with 1 at a violation
 *   sim --seed N [--trace]              one again, as it was
 *   sim --until-stopped [--from N]      runs until a signal; each violation is
 *                                       said and the next seed is tried
 *   sim --named                         the seeds that once failed (run.c)
 *   ... --kinds N                       troubles of chaos.h, not the seed's
 *   sim --reform ...                    another program: reform/main.c
 *
 * The realm is made once; every seed runs in a process forked from it, so
 * that a run that dies is a violation of its seed and nothing else. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/realm.h"
#include "tests/sim/run.h"

#define JOBS_MAX 16u
#define SECONDS_MAX 300u /* of CPU for a seed: it spins, and is ended */

struct job {
    uint64_t seed;
    pid_t pid; /* 0: free */
    int out;   /* what it says at the end */
};

struct totals {
    uint64_t seeds, failed;
    uint64_t turns, frames, recorded, crashes, rollbacks, excused, bare;
    uint64_t losses, rejoined, clones, left, proved, moved;
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static double now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- one seed in a process ---- */

static bool job_start(struct job *job, uint64_t seed,
                      const struct run_options *options)
{
    int ends[2];

    if (pipe(ends) != 0) {
        return false;
    }
    (void)fflush(stdout);
    job->pid = fork();
    if (job->pid < 0) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        job->pid = 0;
        return false;
    }
    if (job->pid == 0) {
        struct run_result result = {0};
        struct rlimit limit = {SECONDS_MAX, SECONDS_MAX};

        (void)close(ends[0]);
        (void)setrlimit(RLIMIT_CPU, &limit);
        run_seed(seed, options, &result);
        (void)!write(ends[1], &result, sizeof(result));
        _exit(result.failed ? 1 : 0);
    }
    (void)close(ends[1]);
    job->seed = seed;
    job->out = ends[0];
    return true;
}

static void job_end(struct job *job, struct totals *totals)
{
    struct run_result result = {0};
    ssize_t len = read(job->out, &result, sizeof(result));
    int status = 0;

    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR) {
    }
    (void)close(job->out);
    job->pid = 0;
    totals->seeds++;
    if (len != (ssize_t)sizeof(result)) {
        result.failed = true;
        (void)snprintf(result.failure, sizeof(result.failure),
                       "the process died (status %d): an assertion, or it did "
                       "not end in %u s",
                       status, SECONDS_MAX);
    }
    totals->turns += result.turns;
    totals->frames += result.frames;
    totals->recorded += result.recorded;
    totals->crashes += result.crashes;
    totals->rollbacks += result.rollbacks;
    totals->excused += result.excused;
    totals->bare += result.bare;
    totals->losses += result.losses;
    totals->rejoined += result.rejoined;
    totals->clones += result.clones;
    totals->left += result.left;
    totals->proved += result.proved;
    totals->moved += result.moved;
    if (result.failed) {
        totals->failed++;
        printf("seed %llu: %s\n  again: sim --seed %llu --kinds %u --trace\n",
               (unsigned long long)job->seed, result.failure,
               (unsigned long long)job->seed, result.kinds);
        (void)fflush(stdout);
    }
}

/* Waits for any of them. */
static void job_any(struct job *jobs, size_t len, struct totals *totals)
{
    siginfo_t info;

    memset(&info, 0, sizeof(info));
    if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) != 0) {
        return;
    }
    for (size_t i = 0; i < len; i++) {
        if (jobs[i].pid == info.si_pid) {
            job_end(&jobs[i], totals);
        }
    }
}

static bool any_busy(const struct job *jobs, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (jobs[i].pid != 0) {
            return true;
        }
    }
    return false;
}

struct options {
    uint64_t from, until;
    size_t jobs;
    bool single, named;
    struct run_options run;
};

static struct totals run_all(const struct options *options)
{
    size_t jobs_len = options->jobs;
    struct job jobs[JOBS_MAX] = {{0}};
    struct totals totals = {0};

    for (uint64_t seed = options->from; seed < options->until && stopped == 0;
         seed++) {
        size_t at = 0;

        while (at < jobs_len && jobs[at].pid != 0) {
            at++;
        }
        if (at == jobs_len) {
            job_any(jobs, jobs_len, &totals);
            seed--;
            continue;
        }
        if (!job_start(&jobs[at], seed, &options->run)) {
            break;
        }
    }
    while (any_busy(jobs, jobs_len)) {
        job_any(jobs, jobs_len, &totals);
    }
    return totals;
}

static void totals_print(const struct totals *totals, double seconds)
{
    printf(
        "seeds=%llu violations=%llu seconds=%.1f ms_per_seed=%.1f turns=%llu"
        " frames=%llu recorded=%llu crashes=%llu rollbacks=%llu "
        "excused=%llu bare=%llu "
        "losses=%llu rejoined=%llu clones=%llu left=%llu proved=%llu "
        "moved=%llu\n",
        (unsigned long long)totals->seeds, (unsigned long long)totals->failed,
        seconds,
        totals->seeds == 0 ? 0 : seconds * 1000 / (double)totals->seeds,
        (unsigned long long)totals->turns, (unsigned long long)totals->frames,
        (unsigned long long)totals->recorded,
        (unsigned long long)totals->crashes,
        (unsigned long long)totals->rollbacks,
        (unsigned long long)totals->excused, (unsigned long long)totals->bare,
        (unsigned long long)totals->losses,
        (unsigned long long)totals->rejoined,
        (unsigned long long)totals->clones, (unsigned long long)totals->left,
        (unsigned long long)totals->proved, (unsigned long long)totals->moved);
}

static bool options_read(int argc, char **argv, struct options *out)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";

        if (strcmp(argv[i], "--seed") == 0) {
            out->single = true;
            out->from = strtoull(value, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--seeds") == 0) {
            const char *colon = strchr(value, ':');

            out->from = strtoull(value, NULL, 10);
            out->until = strtoull(colon != NULL ? colon + 1 : "0", NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--from") == 0) {
            out->from = strtoull(value, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--jobs") == 0) {
            out->jobs = strtoul(value, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--kinds") == 0) {
            out->run.kinds = (uint32_t)strtoul(value, NULL, 0);
            i++;
        } else if (strcmp(argv[i], "--trace") == 0) {
            out->run.trace = true;
        } else if (strcmp(argv[i], "--until-stopped") == 0) {
            out->until = UINT64_MAX;
        } else if (strcmp(argv[i], "--named") == 0) {
            out->named = true;
        } else {
            return false;
        }
    }
    return out->jobs >= 1 && out->jobs <= JOBS_MAX &&
           (out->single || out->named || out->until > out->from);
}

static int named(void)
{
    int failed = 0;

    for (size_t i = 0; run_named[i].text != NULL; i++) {
        struct job job = {0};
        struct totals totals = {0};

        struct run_options options = {.kinds = run_named[i].kinds};

        if (!job_start(&job, run_named[i].seed, &options)) {
            return 1;
        }
        job_end(&job, &totals);
        printf("%s %llu %s\n", totals.failed == 0 ? "ok" : "FAILED",
               (unsigned long long)run_named[i].seed, run_named[i].text);
        failed += totals.failed != 0;
    }
    return failed != 0;
}

/* It has room for more machines, and lies beside this one. */
static int reform(char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    char path[512];

    (void)snprintf(path, sizeof(path), "%.*ssim_reform",
                   slash == NULL ? 0 : (int)(slash - argv[0] + 1), argv[0]);
    argv[1] = argv[0];
    (void)execv(path, argv + 1);
    (void)fprintf(stderr, "sim: %s: %s\n", path, strerror(errno));
    return 2;
}

int main(int argc, char **argv)
{
    struct options options = {.from = 1, .jobs = 2};
    const char *source = getenv("QCDC_SOURCE");
    struct sigaction action = {.sa_handler = on_signal};
    char rules[512];
    int status;

    if (argc > 1 && strcmp(argv[1], "--reform") == 0) {
        return reform(argv);
    }
    if (!options_read(argc, argv, &options)) {
        (void)fprintf(stderr, "sim --seeds FROM:UNTIL | --seed N [--trace] | "
                              "--until-stopped | --named  [--jobs N]\n");
        return 2;
    }
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)snprintf(rules, sizeof(rules), "%s/deploy/data/rules.json",
                   source != NULL ? source : SIM_SOURCE);
    if (!realm_make(rules)) {
        realm_leave();
        return 2;
    }
    if (options.named) {
        status = named();
    } else if (options.single) {
        struct job job = {0};
        struct totals totals = {0};

        if (!job_start(&job, options.from, &options.run)) {
            realm_leave();
            return 2;
        }
        job_end(&job, &totals);
        status = totals.failed != 0;
        totals_print(&totals, 0);
    } else {
        double start_s = now_s();
        struct totals totals = run_all(&options);

        totals_print(&totals, now_s() - start_s);
        status = totals.failed != 0;
    }
    realm_leave();
    return status;
}
