/* Room: node. Owns the hashing thread and the one task between it and the
 * loop. While the task is under way it is the thread's; a finished key waits
 * for its asker, and is wiped when he does not come back. Nothing here is
 * logged. Next: official_entry.c, which asks; web/http.c, which lets callers
 * wait. */
#include "node/kdf.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "node/clock.h"

#define ENDPOINT "inproc://kdf"
#define STACK_BYTES ((size_t)256 << 10)
#define POINTER sizeof(void *)
#define UNCLAIMED_MS 2000u /* then its asker is thought to be gone */

enum kdf_state {
    KDF_IDLE,
    KDF_RUNS,
    KDF_READY
};

struct task {
    uint8_t password[KDF_PASSWORD_MAX];
    size_t password_len;
    struct salt salt;
    uint32_t memory_kib;
    uint32_t passes;
    bool fresh;
    uint8_t key[32];
    int rc;
    struct error err;
};

struct kdf {
    pthread_t thread;
    void *ours;
    void *theirs; /* bound here, used by the thread alone */
    bool started;
    bool waits;
    bool freed; /* a key was claimed: who waits may ask */
    enum kdf_state state;
    uint64_t ready_ms; /* steady */
    struct task task;
};

/* A NULL pointer means: end. */
static void *kdf_run(void *argument)
{
    void *socket = argument;
    struct task *task = NULL;

    while (zmq_recv(socket, &task, POINTER, 0) == (int)POINTER &&
           task != NULL) {
        task->rc = password_key(span_make(task->password, task->password_len),
                                &task->salt, task->memory_kib, task->passes,
                                task->key, &task->err);
        if (zmq_send(socket, &task, POINTER, 0) < 0) {
            break;
        }
    }
    zmq_close(socket);
    return NULL;
}

static int thread_start(struct kdf *kdf, void *context)
{
    int linger = 0;
    pthread_attr_t attributes;

    kdf->ours = zmq_socket(context, ZMQ_PAIR);
    kdf->theirs = zmq_socket(context, ZMQ_PAIR);
    if (kdf->ours == NULL || kdf->theirs == NULL ||
        zmq_setsockopt(kdf->ours, ZMQ_LINGER, &linger, sizeof(linger)) != 0 ||
        zmq_setsockopt(kdf->theirs, ZMQ_LINGER, &linger, sizeof(linger)) != 0 ||
        zmq_bind(kdf->theirs, ENDPOINT) != 0 ||
        zmq_connect(kdf->ours, ENDPOINT) != 0 ||
        pthread_attr_init(&attributes) != 0) {
        return -1;
    }
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    kdf->started =
        pthread_create(&kdf->thread, &attributes, kdf_run, kdf->theirs) == 0;
    pthread_attr_destroy(&attributes);
    if (!kdf->started) {
        return -1;
    }
    kdf->theirs = NULL; /* the thread's from here on */
    return 0;
}

int kdf_open(void *context, struct kdf **out, struct error *err)
{
    struct kdf *made = calloc(1, sizeof(*made));

    if (made == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the hashing thread");
    }
    if (thread_start(made, context) != 0) {
        int rc = error_set(err, ERR_IO, "hashing thread: %s",
                           zmq_strerror(zmq_errno()));

        kdf_close(made);
        return rc;
    }
    *out = made;
    return 0;
}

static void task_end(struct kdf *kdf)
{
    crypto_wipe(&kdf->task, sizeof(kdf->task));
    kdf->state = KDF_IDLE;
}

void kdf_close(struct kdf *kdf)
{
    struct task *end = NULL;

    if (kdf == NULL) {
        return;
    }
    if (kdf->started) {
        zmq_send(kdf->ours, &end, POINTER, 0);
        pthread_join(kdf->thread, NULL);
    }
    if (kdf->ours != NULL) {
        zmq_close(kdf->ours);
    }
    if (kdf->theirs != NULL) {
        zmq_close(kdf->theirs);
    }
    task_end(kdf);
    free(kdf);
}

/* Is the task in hand the answer to this? Loop's task only. */
static bool answers(const struct task *task, const struct kdf_ask *ask,
                    const struct salt *salt)
{
    return task->fresh == ask->fresh && task->memory_kib == ask->memory_kib &&
           task->passes == ask->passes &&
           span_equal(span_make(task->password, task->password_len),
                      ask->password) &&
           (ask->fresh || memcmp(&task->salt, salt, sizeof(*salt)) == 0);
}

static int task_begin(struct kdf *kdf, const struct kdf_ask *ask,
                      const struct salt *salt, struct error *err)
{
    struct task *task = &kdf->task;

    task_end(kdf);
    memcpy(task->password, ask->password.ptr, ask->password.len);
    task->password_len = ask->password.len;
    task->memory_kib = ask->memory_kib;
    task->passes = ask->passes;
    task->fresh = ask->fresh;
    if (ask->fresh) {
        crypto_random(&task->salt, sizeof(task->salt));
    } else {
        task->salt = *salt;
    }
    if (zmq_send(kdf->ours, &task, POINTER, ZMQ_DONTWAIT) < 0) {
        task_end(kdf);
        return error_set(err, ERR_IO, "hashing thread: %s",
                         zmq_strerror(zmq_errno()));
    }
    kdf->state = KDF_RUNS;
    return 0;
}

static int key_now(const struct kdf_ask *ask, struct salt *salt,
                   uint8_t key[32], struct error *err)
{
    if (ask->fresh) {
        crypto_random(salt, sizeof(*salt));
    }
    return password_key(ask->password, salt, ask->memory_kib, ask->passes, key,
                        err);
}

static int key_claim(struct kdf *kdf, struct salt *salt, uint8_t key[32],
                     struct error *err)
{
    int rc = kdf->task.rc;

    *salt = kdf->task.salt;
    memcpy(key, kdf->task.key, 32);
    if (rc != 0) {
        *err = kdf->task.err;
    }
    task_end(kdf);
    kdf->freed = true;
    return rc;
}

int kdf_key(struct kdf *kdf, const struct kdf_ask *ask, struct salt *salt,
            uint8_t key[32], struct error *err)
{
    int rc = 0;

    (void)kdf_waits(kdf);
    if (ask->password.len > KDF_PASSWORD_MAX) {
        return error_set(err, ERR_LIMIT, "the password is over %u bytes",
                         KDF_PASSWORD_MAX);
    }
    if (kdf == NULL) {
        return key_now(ask, salt, key, err);
    }
    if (kdf->state == KDF_READY && answers(&kdf->task, ask, salt)) {
        return key_claim(kdf, salt, key, err);
    }
    if (kdf->state == KDF_IDLE) {
        rc = task_begin(kdf, ask, salt, err);
    }
    if (rc != 0) {
        return rc;
    }
    kdf->waits = true;
    return error_set(err, ERR_BUSY, "a password is being checked; try again");
}

bool kdf_waits(struct kdf *kdf)
{
    bool waits = kdf != NULL && kdf->waits;

    if (kdf != NULL) {
        kdf->waits = false;
    }
    return waits;
}

bool kdf_take(struct kdf *kdf)
{
    struct task *task = NULL;
    bool again = kdf->freed;

    kdf->freed = false;
    if (kdf->state == KDF_RUNS &&
        zmq_recv(kdf->ours, &task, POINTER, ZMQ_DONTWAIT) == (int)POINTER) {
        kdf->state = KDF_READY;
        kdf->ready_ms = clock_steady_ms();
        return true;
    }
    if (kdf->state == KDF_READY &&
        clock_steady_ms() - kdf->ready_ms > UNCLAIMED_MS) {
        task_end(kdf);
        again = true;
    }
    return again;
}

void *kdf_socket(struct kdf *kdf)
{
    return kdf->ours;
}
