/* fuzz: any bytes as a checkpoint's text, as a witness's request and as a
 * range. What parses is written back byte for byte: one spelling only. */
#include <stdlib.h>

#include "protocol/log/checkpoint.h"
#include "protocol/log/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool good)
{
    if (!good) {
        abort();
    }
}

static void try_checkpoint(struct span bytes)
{
    uint8_t room[CHECKPOINT_TEXT_MAX];
    struct buf b = buf_over(room, sizeof(room));
    struct error err = {0};
    struct checkpoint c;

    if (checkpoint_parse(bytes, &c, &err) == 0) {
        checkpoint_format(&c, &b);
        check(span_equal(buf_span(&b), bytes));
    } else {
        check(err.text[0] != '\0');
    }
}

static void try_range(struct span bytes)
{
    uint8_t room[RANGE_ENCODED_MAX];
    struct buf b = buf_over(room, sizeof(room));
    struct error err = {0};
    struct range range;

    if (range_decode(bytes, &range, &err) == 0) {
        range_encode(&range, &b);
        check(span_equal(buf_span(&b), bytes));
        (void)range_root(&range);
    }
}

static void try_witness(struct span bytes)
{
    static struct witness_request request;
    static const struct sign_seed seed = {{1}};
    struct witness_answer answer;
    struct witness_log log;
    struct witness witness;
    struct vkey log_key;
    struct sign_public pub;
    struct sign_secret secret;
    struct error err = {0};

    if (witness_parse(bytes, &request, &err) != 0) {
        check(err.text[0] != '\0');
        return;
    }
    sign_keys(&seed, &pub, &secret);
    check(vkey_make(span_str("w"), VKEY_COSIGNATURE, &pub, &witness.key,
                    &err) == 0);
    witness.secret = &secret;
    check(vkey_make(span_str("a/e1"), VKEY_ED25519, &pub, &log_key, &err) == 0);
    witness_log_init(&log, &log_key);
    if (witness_step(&witness, &request, &log, 5, &answer, &err) ==
        WITNESS_OK) {
        check(answer.log.head.size >= log.head.size);
        check(cosignature_verify(&answer.cosignature, &witness.key,
                                 request.note.text, &err) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct error err = {0};

    check(crypto_start(&err) == 0);
    try_checkpoint(span_make(data, len));
    try_range(span_make(data, len));
    try_witness(span_make(data, len));
    return 0;
}
