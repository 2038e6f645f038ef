/* Password hashing beside the loop: one thread, one password at a time, since
 * each takes 64 MiB and a tenth of a second. Whoever asks and is told to wait
 * asks again with the same words when kdf_take said that one has ended.
 */
#ifndef QCDC_NODE_KDF_H
#define QCDC_NODE_KDF_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"

struct kdf;

#define KDF_PASSWORD_MAX 256u

/* Starts the thread. context: keeps (a zmq context). ERR_NOMEM, ERR_IO. */
int kdf_open(void *context, struct kdf **out, struct error *err) MUST_USE;
/* Waits for the password under way, wipes what is kept. Accepts NULL. */
void kdf_close(struct kdf *kdf);

/* What is asked for; `fresh`: the salt is drawn here and given back. */
struct kdf_ask {
    struct span password; /* at most KDF_PASSWORD_MAX bytes */
    uint32_t memory_kib;
    uint32_t passes;
    bool fresh;
};
/* The key, once: 0, and *salt when fresh. ERR_BUSY: it, or another, is under
 * way; kdf_waits is true then. kdf NULL: computed here and now. ERR_LIMIT,
 * ERR_NOMEM. */
int kdf_key(struct kdf *kdf, const struct kdf_ask *ask, struct salt *salt,
            uint8_t key[32], struct error *err) MUST_USE;

/* The last kdf_key said: wait. Cleared by asking. Accepts NULL. */
bool kdf_waits(struct kdf *kdf);
/* True when who waits should ask again. */
bool kdf_take(struct kdf *kdf);
/* For zmq_poll. */
void *kdf_socket(struct kdf *kdf);

#endif
