/* protocol/event: recovery secrets as people copy them from paper.
 *
 * Owns the text form and its check. Must never put what was typed, or a part
 * of it, into an error. Read the form in paper.h; whom the secret belongs to
 * is found by its public key (node/recovered.c).
 */
#include "protocol/event/paper.h"

#include <string.h>

#include "protocol/event/code.h"

#define GROUP_BYTES 4u

static uint8_t check_of(size_t group, const uint8_t bytes[GROUP_BYTES])
{
    uint8_t number = (uint8_t)(group + 1);
    struct hasher hasher;
    struct hash hash;

    hasher_init(&hasher);
    hasher_add(&hasher, span_str("qcdc/paper/v1\n"));
    hasher_add(&hasher, span_make(&number, 1));
    hasher_add(&hasher, span_make(bytes, GROUP_BYTES));
    hash = hasher_end(&hasher);
    return hash.bytes[0];
}

void paper_format(const struct box_secret *secret, char text[PAPER_TEXT_SIZE])
{
    for (size_t group = 0; group < PAPER_GROUPS; group++) {
        const uint8_t *bytes = secret->bytes + group * GROUP_BYTES;
        uint64_t bits = 0;

        for (size_t i = 0; i < GROUP_BYTES; i++) {
            bits = bits << 8 | bytes[i];
        }
        bits = bits << 8 | check_of(group, bytes);
        for (size_t i = 0; i < PAPER_GROUP; i++) {
            *text++ = code_alphabet[bits >> (35 - 5 * i) & 31];
        }
    }
    *text = '\0';
}

static bool group_take(uint64_t bits, size_t group, struct box_secret *out)
{
    uint8_t *bytes = out->bytes + group * GROUP_BYTES;

    for (size_t i = 0; i < GROUP_BYTES; i++) {
        bytes[i] = (uint8_t)(bits >> (32 - 8 * i));
    }
    return check_of(group, bytes) == (uint8_t)bits;
}

int paper_parse(struct span text, struct box_secret *out, struct error *err)
{
    struct box_secret secret = {0};
    uint64_t bits = 0;
    size_t len = 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < text.len; i++) {
        uint8_t c = text.ptr[i];
        unsigned value = code_digit(c);
        size_t group = len / PAPER_GROUP;

        if (c == ' ' || c == '-' || c == '\n' || c == '\r' || c == '\t') {
            continue;
        }
        if (group == PAPER_GROUPS) {
            rc = error_set(err, ERR_MALFORMED,
                           "longer than a recovery secret, which has %u groups "
                           "of %u characters",
                           PAPER_GROUPS, PAPER_GROUP);
        } else if (value == 32) {
            rc = error_set(err, ERR_MALFORMED,
                           "group %zu: a character that does not occur in "
                           "recovery secrets",
                           group + 1);
        } else {
            bits = bits << 5 | value;
            len++;
            if (len % PAPER_GROUP == 0 && !group_take(bits, group, &secret)) {
                rc = error_set(err, ERR_MALFORMED,
                               "group %zu is mistyped: its check does not hold",
                               group + 1);
            }
            bits = len % PAPER_GROUP == 0 ? 0 : bits;
        }
    }
    if (rc == 0 && len != (size_t)PAPER_GROUPS * PAPER_GROUP) {
        rc = error_set(err, ERR_MALFORMED,
                       "%zu characters where a recovery secret has %u", len,
                       PAPER_GROUPS * PAPER_GROUP);
    }
    if (rc == 0) {
        *out = secret;
    }
    crypto_wipe(&secret, sizeof(secret));
    crypto_wipe(&bits, sizeof(bits));
    return rc;
}
