/* fuzz: any bytes as what enrols a node: an invitation that was pasted, a
 * request with its signatures, the state of an invitation as stored. What
 * parses must give itself back. */
#include <stdlib.h>
#include <string.h>

#include "node/invite.h"
#include "protocol/link/join.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct arena arena;

static void check(bool good)
{
    if (!good) {
        abort();
    }
}

static void invitation(struct span text)
{
    uint8_t space[8192];
    struct buf out = buf_over(space, sizeof(space));
    struct invitation first, second;
    struct error err = {0};

    if (invitation_parse(text, &arena, &first, &err) != 0) {
        check(err.text[0] != '\0');
        return;
    }
    check(invitation_format(&first, &arena, &out, &err) == 0);
    check(invitation_parse(buf_span(&out), &arena, &second, &err) == 0);
    check(first.node == second.node && first.units_len == second.units_len &&
          first.role == second.role &&
          (first.units_len > 0) == (first.role == 0) &&
          span_equal(first.realm, second.realm) &&
          span_equal(first.endpoint, second.endpoint));
}

/* The first byte says how many signatures follow; the rest is the request. */
static void request(struct span bytes)
{
    size_t signatures = bytes.len == 0 ? 0 : (size_t)bytes.ptr[0] * 64;
    struct frame_join_request frame;
    struct join_keys keys;
    struct error err = {0};
    char fingerprint[JOIN_FINGERPRINT_SIZE];

    if (bytes.len < 1 + signatures) {
        return;
    }
    frame.signatures = span_slice(bytes, 1, signatures);
    frame.request =
        span_slice(bytes, 1 + signatures, bytes.len - 1 - signatures);
    join_fingerprint(frame.request, fingerprint);
    for (uint32_t role = 0; role < 4; role++) {
        if (join_request_check(&frame, role, &arena, &keys, &err) == 0) {
            check(keys.node != 0 && (keys.units_len > 0) == (role == 0));
        } else {
            check(err.text[0] != '\0');
        }
    }
}

static void stored(struct span bytes)
{
    static uint8_t space[INVITED_SIZE_MAX];
    struct buf out = buf_over(space, sizeof(space));
    struct invited invited;
    struct error err = {0};

    if (invited_decode(bytes, &invited, &err) == 0) {
        invited_encode(&invited, &out);
        check(!out.overflow);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span bytes = span_make(data, len);
    struct error err = {0};

    if (arena.size == 0) {
        check(crypto_start(&err) == 0);
        check(arena_new(&arena, (size_t)1 << 20, &err) == 0);
    }
    arena_reset(&arena);
    invitation(bytes);
    arena_reset(&arena);
    request(bytes);
    stored(bytes);
    return 0;
}
