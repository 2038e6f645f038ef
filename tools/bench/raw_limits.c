/* tools/bench: signatures, durable inserts and messages, each alone.
 *
 * This file and raw_chain.c are the only tools that include sqlite3.h and
 * zmq.h: they measure what those libraries can do without us. Nothing else
 * may be built on them.
 */
#include "tools/bench/raw.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#include "protocol/crypto.h"

#define VERIFY_THREADS_MAX 64u
#define SIGNED_BYTES 256u

double bench_now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct verify_work {
    double until_s;
    uint64_t done;
    bool failed;
};

static void *verify_thread(void *arg)
{
    struct verify_work *work = arg;
    struct sign_seed seed = {{1}};
    struct sign_public pub;
    struct sign_secret sec;
    uint8_t message[SIGNED_BYTES] = {7};

    sign_keys(&seed, &pub, &sec);

    struct signature sig = sign_bytes(&sec, SPAN_OF(message));

    while (bench_now_s() < work->until_s) {
        for (int i = 0; i < 64; i++) {
            if (!sign_verify(&pub, SPAN_OF(message), &sig)) {
                work->failed = true;
                return NULL;
            }
        }
        work->done += 64;
    }
    return NULL;
}

int raw_verify(unsigned threads, double seconds, double *per_s,
               struct error *err)
{
    pthread_t ids[VERIFY_THREADS_MAX];
    struct verify_work works[VERIFY_THREADS_MAX] = {0};
    unsigned started = 0;
    uint64_t done = 0;

    if (threads == 0 || threads > VERIFY_THREADS_MAX) {
        return error_set(err, ERR_USAGE, "1 to %u threads", VERIFY_THREADS_MAX);
    }

    double start_s = bench_now_s();

    for (; started < threads; started++) {
        works[started].until_s = start_s + seconds;
        if (pthread_create(&ids[started], NULL, verify_thread,
                           &works[started]) != 0) {
            break;
        }
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(ids[i], NULL);
        done += works[i].done;
        if (works[i].failed) {
            return error_set(err, ERR_CORRUPT, "a good signature failed");
        }
    }
    if (started < threads) {
        return error_set(err, ERR_NOMEM, "thread %u does not start", started);
    }
    *per_s = (double)done / (bench_now_s() - start_s);
    return 0;
}

static int sqlite_fail(sqlite3 *db, struct error *err)
{
    return error_set(err, ERR_IO, "raw SQLite: %s", sqlite3_errmsg(db));
}

static int insert_loop(sqlite3 *db, unsigned per_commit, unsigned row_bytes,
                       double seconds, double *rows_per_s, struct error *err)
{
    sqlite3_stmt *insert = NULL;
    uint8_t *row = calloc(1, row_bytes);
    uint64_t rows = 0;
    int rc = 0;

    if (row == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for a row");
    }
    if (sqlite3_prepare_v2(db, "INSERT INTO raw(body) VALUES (?1)", -1, &insert,
                           NULL) != SQLITE_OK) {
        rc = sqlite_fail(db, err);
        goto out;
    }

    double start_s = bench_now_s();

    while (bench_now_s() - start_s < seconds) {
        sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        for (unsigned i = 0; i < per_commit; i++) {
            memcpy(row, &rows,
                   row_bytes < sizeof(rows) ? row_bytes : sizeof(rows));
            sqlite3_bind_blob(insert, 1, row, (int)row_bytes, SQLITE_STATIC);
            if (sqlite3_step(insert) != SQLITE_DONE) {
                rc = sqlite_fail(db, err);
                goto out;
            }
            sqlite3_reset(insert);
            rows++;
        }
        if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
            rc = sqlite_fail(db, err);
            goto out;
        }
    }
    *rows_per_s = (double)rows / (bench_now_s() - start_s);
out:
    sqlite3_finalize(insert);
    free(row);
    return rc;
}

int raw_sqlite(const char *dir, unsigned per_commit, unsigned row_bytes,
               double seconds, double *rows_per_s, struct error *err)
{
    char path[512];
    sqlite3 *db = NULL;
    int rc = 0;

    if (snprintf(path, sizeof(path), "%s/raw-%u.db", dir, per_commit) >=
        (int)sizeof(path)) {
        return error_set(err, ERR_USAGE, "folder name too long: %s", dir);
    }
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                     "CREATE TABLE raw(id INTEGER PRIMARY KEY, body BLOB)"
                     " STRICT",
                     NULL, NULL, NULL) != SQLITE_OK) {
        rc = sqlite_fail(db, err);
    } else {
        rc = insert_loop(db, per_commit, row_bytes, seconds, rows_per_s, err);
    }
    sqlite3_close(db);
    return rc;
}

struct zmq_sender {
    void *context;
    char endpoint[64];
    char server_key[41];
    unsigned bytes;
    unsigned messages;
};

static void *zmq_send_thread(void *arg)
{
    struct zmq_sender *s = arg;
    void *dealer = zmq_socket(s->context, ZMQ_DEALER);
    char pub[41];
    char sec[41];
    int linger = -1;
    uint8_t *message = calloc(1, s->bytes);

    zmq_curve_keypair(pub, sec);
    zmq_setsockopt(dealer, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY, s->server_key, 41);
    zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, pub, 41);
    zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, sec, 41);
    if (message != NULL && zmq_connect(dealer, s->endpoint) == 0) {
        for (unsigned i = 0; i < s->messages; i++) {
            zmq_send(dealer, message, s->bytes, 0);
        }
    }
    free(message);
    zmq_close(dealer);
    return NULL;
}

int raw_zmq(unsigned bytes, unsigned messages, double *per_s, struct error *err)
{
    void *context = zmq_ctx_new();
    void *router = zmq_socket(context, ZMQ_ROUTER);
    struct zmq_sender sender = {
        .context = context, .bytes = bytes, .messages = messages};
    char secret[41];
    int one = 1;
    int patience_ms = 20000;
    size_t len = sizeof(sender.endpoint);
    pthread_t thread;
    int rc = 0;

    zmq_curve_keypair(sender.server_key, secret);
    zmq_setsockopt(router, ZMQ_CURVE_SERVER, &one, sizeof(one));
    zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, secret, sizeof(secret));
    zmq_setsockopt(router, ZMQ_RCVTIMEO, &patience_ms, sizeof(patience_ms));
    if (zmq_bind(router, "tcp://127.0.0.1:*") != 0 ||
        zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, sender.endpoint, &len) != 0 ||
        pthread_create(&thread, NULL, zmq_send_thread, &sender) != 0) {
        rc =
            error_set(err, ERR_IO, "raw ZeroMQ: %s", zmq_strerror(zmq_errno()));
        goto out;
    }

    double start_s = 0;
    zmq_msg_t part;

    zmq_msg_init(&part);
    for (unsigned got = 0; got < messages; got++) {
        int name = zmq_msg_recv(&part, router, 0);
        int body = name < 0 ? -1 : zmq_msg_recv(&part, router, 0);

        if (body < 0) {
            rc = error_set(err, ERR_IO, "raw ZeroMQ: message %u did not come",
                           got);
            break;
        }
        if (got == 0) {
            start_s = bench_now_s();
        }
    }
    zmq_msg_close(&part);
    pthread_join(thread, NULL);
    if (rc == 0) {
        *per_s = (double)(messages - 1) / (bench_now_s() - start_s);
    }
out:
    zmq_close(router);
    zmq_ctx_term(context);
    return rc;
}
