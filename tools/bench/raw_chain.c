/* tools/bench: the bare chain. Three processes that only hash, store, send.
 *
 * It has no events, no logs and no meaning: a block of bytes goes source ->
 * middle -> end, is hashed piece by piece as leaves are, stored durably and
 * acknowledged. What qcdc does beyond that is what the ratio shows.
 */
#include "tools/bench/raw.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "protocol/crypto.h"

#define OUTSTANDING 32u
#define PATIENCE_MS 60000

struct hop {
    const struct chain_load *load;
    const char *name;
    char server_key[41];
    char secret[41];
    char listen[64]; /* empty: this is the source */
    char next[64];   /* empty: this is the end */
    char next_key[41];
};

static size_t batch_bytes(const struct chain_load *load)
{
    return (size_t)load->batch * load->event_bytes;
}

/* Every event: 64 bytes of signature over the rest. */
static void batch_fill(const struct chain_load *load, uint8_t *batch)
{
    struct sign_seed seed = {{1}};
    struct sign_public pub;
    struct sign_secret sec;

    sign_keys(&seed, &pub, &sec);
    for (unsigned i = 0; i < load->batch; i++) {
        uint8_t *event = batch + (size_t)i * load->event_bytes;

        for (unsigned k = 64; k < load->event_bytes; k++) {
            event[k] = (uint8_t)(i * 31 + k * 7);
        }

        struct signature sig =
            sign_bytes(&sec, span_make(event + 64, load->event_bytes - 64));

        memcpy(event, sig.bytes, sizeof(sig.bytes));
    }
}

/* 0 if every event hashes (and verifies, when asked). */
static int batch_check(const struct chain_load *load, const uint8_t *batch)
{
    struct sign_seed seed = {{1}};
    struct sign_public pub;
    struct sign_secret sec;
    uint8_t mixed = 0;

    sign_keys(&seed, &pub, &sec);
    for (unsigned i = 0; i < load->batch; i++) {
        const uint8_t *event = batch + (size_t)i * load->event_bytes;
        struct hash h = hash_of(span_make(event, load->event_bytes));

        mixed = (uint8_t)(mixed ^ h.bytes[0]);
        if (load->verify) {
            struct signature sig;

            memcpy(sig.bytes, event, sizeof(sig.bytes));
            if (!sign_verify(&pub,
                             span_make(event + 64, load->event_bytes - 64),
                             &sig)) {
                return -1;
            }
        }
    }
    (void)mixed;
    return 0;
}

static sqlite3 *hop_store(const struct hop *hop, sqlite3_stmt **insert)
{
    char path[512];
    sqlite3 *db = NULL;

    snprintf(path, sizeof(path), "%s/chain-%s-%d.db", hop->load->dir, hop->name,
             (int)hop->load->verify);
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                     "CREATE TABLE chain(id INTEGER PRIMARY KEY, body BLOB)"
                     " STRICT",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT INTO chain(body) VALUES (?1)", -1,
                           insert, NULL) != SQLITE_OK) {
        _exit(1);
    }
    return db;
}

static void *curve_socket(void *context, const struct hop *hop, bool server)
{
    void *s = zmq_socket(context, ZMQ_DEALER);
    int one = 1;
    int patience_ms = PATIENCE_MS;
    int linger = 2000;

    zmq_setsockopt(s, ZMQ_RCVTIMEO, &patience_ms, sizeof(patience_ms));
    zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof(linger));
    if (server) {
        zmq_setsockopt(s, ZMQ_CURVE_SERVER, &one, sizeof(one));
        zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, hop->secret, 41);
        if (zmq_bind(s, hop->listen) != 0) {
            _exit(2);
        }
    } else {
        char pub[41];
        char sec[41];

        zmq_curve_keypair(pub, sec);
        zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, hop->next_key, 41);
        zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, pub, 41);
        zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, sec, 41);
        if (zmq_connect(s, hop->next) != 0) {
            _exit(3);
        }
    }
    return s;
}

/* Middle and end: receive, hash, store durably, pass on; the end answers,
 * the middle hands answers back. Runs until its parent ends it or it has
 * answered everything. */
static void hop_run(const struct hop *hop)
{
    void *context = zmq_ctx_new();
    void *below = curve_socket(context, hop, true);
    void *above = hop->next[0] ? curve_socket(context, hop, false) : NULL;
    sqlite3_stmt *insert = NULL;
    sqlite3 *db = hop_store(hop, &insert);
    unsigned batches = hop->load->events / hop->load->batch;
    unsigned answered = 0;
    zmq_msg_t msg;

    zmq_msg_init(&msg);
    while (answered < batches) {
        zmq_pollitem_t items[2] = {{.socket = below, .events = ZMQ_POLLIN},
                                   {.socket = above, .events = ZMQ_POLLIN}};

        if (zmq_poll(items, above != NULL ? 2 : 1, PATIENCE_MS) <= 0) {
            _exit(4);
        }

        unsigned taken = 0;
        zmq_msg_t held[8];

        sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        while (taken < 8 && zmq_msg_recv(&msg, below, ZMQ_DONTWAIT) >= 0) {
            if (zmq_msg_size(&msg) != batch_bytes(hop->load) ||
                batch_check(hop->load, zmq_msg_data(&msg)) != 0) {
                _exit(5);
            }
            sqlite3_bind_blob(insert, 1, zmq_msg_data(&msg),
                              (int)zmq_msg_size(&msg), SQLITE_TRANSIENT);
            if (sqlite3_step(insert) != SQLITE_DONE) {
                _exit(6);
            }
            sqlite3_reset(insert);
            zmq_msg_init(&held[taken]);
            zmq_msg_move(&held[taken], &msg);
            taken++;
        }
        if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
            _exit(7);
        }
        for (unsigned i = 0; i < taken; i++) {
            if (above != NULL) {
                zmq_msg_send(&held[i], above, 0);
            } else {
                zmq_send(below, "ok", 2, 0);
                answered++;
            }
            zmq_msg_close(&held[i]);
        }
        while (above != NULL && zmq_msg_recv(&msg, above, ZMQ_DONTWAIT) >= 0) {
            zmq_send(below, "ok", 2, 0);
            answered++;
        }
    }
    zmq_msg_close(&msg);
    sqlite3_finalize(insert);
    sqlite3_close(db);
    zmq_close(below);
    if (above != NULL) {
        zmq_close(above);
    }
    zmq_ctx_term(context);
    _exit(0);
}

static int source_run(const struct hop *source, double *per_s,
                      struct error *err)
{
    const struct chain_load *load = source->load;
    void *context = zmq_ctx_new();
    void *above = curve_socket(context, source, false);
    uint8_t *batch = malloc(batch_bytes(load));
    unsigned batches = load->events / load->batch;
    unsigned sent = 0;
    unsigned done = 0;
    char answer[8];
    int rc = 0;

    if (batch == NULL) {
        rc = error_set(err, ERR_NOMEM, "no memory for a batch");
        goto out;
    }
    batch_fill(load, batch);

    double start_s = bench_now_s();

    while (done < batches) {
        while (sent < batches && sent - done < OUTSTANDING) {
            zmq_send(above, batch, batch_bytes(load), 0);
            sent++;
        }
        if (zmq_recv(above, answer, sizeof(answer), 0) < 0) {
            rc = error_set(err, ERR_IO, "bare chain: %u of %u acknowledged",
                           done, batches);
            goto out;
        }
        done++;
    }
    *per_s = (double)batches * load->batch / (bench_now_s() - start_s);
out:
    free(batch);
    zmq_close(above);
    zmq_ctx_term(context);
    return rc;
}

/* Of this process, and of children that were waited for. */
static double cpu_used_s(int who)
{
    struct rusage used;

    if (getrusage(who, &used) != 0) {
        return 0;
    }
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

int raw_chain(const struct chain_load *load, double *per_s, double *cpu_us,
              struct error *err)
{
    double cpu_s = -cpu_used_s(RUSAGE_SELF) - cpu_used_s(RUSAGE_CHILDREN);
    struct hop end = {.load = load, .name = "end"};
    struct hop middle = {.load = load, .name = "middle"};
    struct hop source = {.load = load, .name = "source"};
    int base = 20000 + (int)(getpid() % 10000) * 2;

    if (load->batch == 0 || load->event_bytes <= 64) {
        return error_set(err, ERR_USAGE, "a batch and events over 64 bytes");
    }
    snprintf(end.listen, sizeof(end.listen), "tcp://127.0.0.1:%d", base);
    snprintf(middle.listen, sizeof(middle.listen), "tcp://127.0.0.1:%d",
             base + 1);
    zmq_curve_keypair(end.server_key, end.secret);
    zmq_curve_keypair(middle.server_key, middle.secret);
    memcpy(middle.next, end.listen, sizeof(end.listen));
    memcpy(middle.next_key, end.server_key, sizeof(end.server_key));
    memcpy(source.next, middle.listen, sizeof(middle.listen));
    memcpy(source.next_key, middle.server_key, sizeof(middle.server_key));

    pid_t pids[2];
    const struct hop *hops[2] = {&end, &middle};

    fflush(NULL);
    for (int i = 0; i < 2; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            hop_run(hops[i]);
        }
        if (pids[i] < 0) {
            return error_set(err, ERR_NOMEM, "no process for the bare chain");
        }
    }

    int rc = source_run(&source, per_s, err);

    for (int i = 0; i < 2; i++) {
        int status = 0;

        if (waitpid(pids[i], &status, 0) == pids[i] && status != 0 && rc == 0) {
            rc = error_set(err, ERR_IO, "bare chain: a hop ended with %d",
                           WEXITSTATUS(status));
        }
    }
    cpu_s += cpu_used_s(RUSAGE_SELF) + cpu_used_s(RUSAGE_CHILDREN);
    *cpu_us = cpu_s * 1e6 / load->events;
    return rc;
}
