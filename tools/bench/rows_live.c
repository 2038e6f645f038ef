/* tools/bench: a commune at work: 200 events a second through its API, and how
 * long until each is durable at the province.
 *
 * An event counts as recorded when the API has answered; the province is read
 * through its store, every half millisecond. Read next: report.c.
 */
#include "tools/bench/rows.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/client/client.h"
#include "tools/bench/load.h"
#include "tools/bench/nodes.h"
#include "tools/bench/raw.h"

#define RATE 200u
#define SECONDS 20u
#define EVENTS (RATE * SECONDS)
#define PATIENCE_S 60.0

struct live {
    struct client *client;
    char session[128];
    double asked_s[EVENTS];
    double recorded_s[EVENTS];
    double durable_s[EVENTS];
    _Atomic unsigned done;
    struct error err;
};

static void sleep_until(double at_s)
{
    double wait_s = at_s - bench_now_s();

    if (wait_s > 0) {
        struct timespec wait = {.tv_sec = (time_t)wait_s};

        wait.tv_nsec = (long)((wait_s - (double)wait.tv_sec) * 1e9);
        nanosleep(&wait, NULL);
    }
}

static int log_in(struct live *live, struct error *err)
{
    static const char body[] =
        "{\"name\":\"" LOAD_LOGIN "\",\"password\":\"" LOAD_PASSWORD "\"}";
    struct client_request request = {
        .path = "/v1/login", .write = true, .body = span_str(body)};
    struct client_reply reply = {0};
    int rc = client_call(live->client, &request, &reply, err);

    if (rc == 0) {
        snprintf(live->session, sizeof(live->session), "%s",
                 answer_text(answer_get(reply.root, "session")));
    }
    client_reply_release(&reply);
    return rc;
}

static int petition_send(struct live *live, unsigned i, struct error *err)
{
    char title[LOAD_TITLE_SIZE];
    char content[LOAD_CONTENT_SIZE];
    char body[2048];
    struct client_request request = {
        .path = "/v1/events", .write = true, .session = live->session};
    struct client_reply reply = {0};
    int rc;

    load_texts(1000000000u + i, title, content);
    snprintf(body, sizeof(body),
             "{\"type\":\"PetitionReceived\",\"fields\":{\"channel\":"
             "\"counter\",\"kind\":\"proposal\",\"field\":\"land\","
             "\"person_known\":\"true\",\"text.title\":\"%s\","
             "\"text.content\":\"%s\"}}",
             title, content);
    request.body = span_str(body);
    live->asked_s[i] = bench_now_s();
    rc = client_call(live->client, &request, &reply, err);
    live->recorded_s[i] = bench_now_s();
    client_reply_release(&reply);
    return rc;
}

static void *office(void *arg)
{
    struct live *live = arg;
    double start_s = bench_now_s() + 0.1;

    for (unsigned i = 0; i < EVENTS; i++) {
        sleep_until(start_s + (double)i / RATE);
        if (petition_send(live, i, &live->err) != 0) {
            return NULL;
        }
        atomic_store(&live->done, i + 1);
    }
    return NULL;
}

/* Watches the province until it holds them all. */
static int watch(struct tree *tree, struct live *live, uint64_t first,
                 struct error *err)
{
    double until_s = bench_now_s() + SECONDS + PATIENCE_S;
    struct timespec half_ms = {.tv_nsec = 500000};
    unsigned seen = 0;
    int rc = 0;

    while (rc == 0 && seen < EVENTS && live->err.code == 0) {
        struct store_log log;
        double now_s;

        rc = node_look(&tree->province, tree->commune.number, &log, err);
        now_s = bench_now_s();
        while (seen < EVENTS && first + seen < log.head.size) {
            live->durable_s[seen++] = now_s;
        }
        if (rc == 0 && now_s > until_s) {
            rc = error_set(err, ERR_BUSY, "%u of %u live events arrived", seen,
                           EVENTS);
        }
        nanosleep(&half_ms, NULL);
    }
    if (rc == 0 && live->err.code != 0) {
        *err = live->err;
        rc = err->code;
    }
    return rc;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void percentiles(const struct rows_options *options, const char *name,
                        const double *from_s, const double *to_s,
                        const double targets[2])
{
    static double delays_ms[EVENTS];
    static const double shares[] = {0.5, 0.99};

    for (unsigned i = 0; i < EVENTS; i++) {
        double ms = 1000 * (to_s[i] - from_s[i]);

        delays_ms[i] = ms > 0 ? ms : 0; /* there before the answer was */
    }
    qsort(delays_ms, sizeof(delays_ms) / sizeof(delays_ms[0]),
          sizeof(delays_ms[0]), by_size);
    for (int i = 0; i < 2; i++) {
        char text[96];

        snprintf(text, sizeof(text), "%s p%.0f", name, 100 * shares[i]);
        report_row(options->report,
                   &(struct row){
                       .name = text,
                       .value = delays_ms[(unsigned)(shares[i] * (EVENTS - 1))],
                       .unit = "ms",
                       .target = targets[i],
                       .less = true,
                       .against = -1});
    }
}

int rows_live(const struct rows_options *options, struct error *err)
{
    static struct live live;
    struct tree *tree = options->tree;
    char path[512];
    struct store_log log;
    pthread_t thread;
    int rc;

    snprintf(path, sizeof(path), "%s/api.sock", tree->commune.dir);
    rc = node_await_idle(&tree->commune, 600, err);
    if (rc == 0) {
        rc = node_look(&tree->province, tree->commune.number, &log, err);
    }
    if (rc == 0) {
        rc = client_open(path, &live.client, err);
    }
    if (rc == 0) {
        rc = log_in(&live, err);
    }
    if (rc == 0 && pthread_create(&thread, NULL, office, &live) != 0) {
        rc = error_set(err, ERR_NOMEM, "no thread for the office");
    }
    if (rc == 0) {
        rc = watch(tree, &live, log.head.size, err);
        pthread_join(thread, NULL);
    }
    if (rc == 0) {
        static const double to_province[2] = {3, 8};
        static const double none[2] = {0, 0};

        percentiles(options, "live, recorded -> province", live.recorded_s,
                    live.durable_s, to_province);
        percentiles(options, "  asked -> recorded (API)", live.asked_s,
                    live.recorded_s, none);
    }
    client_close(live.client);
    return rc;
}
