/* Room: node. Owns the stored form of invitations and of why a node joins
 * again. Decides nothing about them. Next: invite.c. */
#include "node/invite.h"

#include "node/engine_internal.h"
#include "store/book.h"

#define INVITED_VERSION 3u
#define INVITED_FIXED 74u
#define INVITED_FIXED_1 71u /* version 1 had no reason */
#define INVITED_FIXED_2 72u /* version 2 no role, and not where it listens */

void invited_encode(const struct invited *invited, struct buf *out)
{
    buf_put_u8(out, INVITED_VERSION);
    buf_put_u8(out, (uint8_t)invited->state);
    buf_put_u32(out, invited->node);
    buf_put_u32(out, invited->numbers_first);
    buf_put_u32(out, invited->numbers_last);
    buf_put_u8(out, invited->has_dir ? 1 : 0);
    buf_put_u8(out, invited->auto_confirm ? 1 : 0);
    buf_put_u64(out, invited->created_ms);
    buf_put_u64(out, invited->asked_ms);
    buf_put(out, SPAN_OF(invited->curve));
    buf_put_u8(out, (uint8_t)invited->units_len);
    buf_put_u16(out, (uint16_t)invited->request.len);
    buf_put_u32(out, (uint32_t)invited->signatures.len);
    buf_put_u8(out, (uint8_t)invited->reason);
    buf_put_u8(out, (uint8_t)invited->role);
    buf_put_u8(out, (uint8_t)strlen(invited->reached));
    for (size_t i = 0; i < invited->units_len; i++) {
        buf_put_u32(out, invited->units[i]);
    }
    buf_put_str(out, invited->reached);
    buf_put(out, invited->request);
    buf_put(out, invited->signatures);
}

int invited_decode(struct span bytes, struct invited *out, struct error *err)
{
    const uint8_t *at = bytes.ptr;
    static const size_t fixed_of[] = {0, INVITED_FIXED_1, INVITED_FIXED_2,
                                      INVITED_FIXED};
    size_t fixed;
    size_t request;
    size_t signatures;
    size_t reached = 0;

    memset(out, 0, sizeof(*out));
    fixed = bytes.len > 0 && at[0] <= INVITED_VERSION ? fixed_of[at[0]] : 0;
    if (fixed == 0 || bytes.len < fixed || at[64] > HOSTED_UNITS_MAX) {
        return error_set(err, ERR_CORRUPT, "a stored invitation is damaged");
    }
    out->state = (enum invited_state)at[1];
    out->node = read_u32(at + 2);
    out->numbers_first = read_u32(at + 6);
    out->numbers_last = read_u32(at + 10);
    out->has_dir = at[14] != 0;
    out->auto_confirm = at[15] != 0;
    out->created_ms = read_u64(at + 16);
    out->asked_ms = read_u64(at + 24);
    memcpy(&out->curve, at + 32, 32);
    out->units_len = at[64];
    request = read_u16(at + 65);
    signatures = read_u32(at + 67);
    if (fixed > INVITED_FIXED_1) {
        out->reason = (enum rejoin_reason)at[INVITED_FIXED_1];
    }
    if (fixed > INVITED_FIXED_2) {
        out->role = at[INVITED_FIXED_2];
        reached = at[INVITED_FIXED_2 + 1];
    }
    if (bytes.len !=
        fixed + 4 * out->units_len + reached + request + signatures) {
        return error_set(err, ERR_CORRUPT, "a stored invitation is damaged");
    }
    for (size_t i = 0; i < out->units_len; i++) {
        out->units[i] = read_u32(at + fixed + 4 * i);
    }
    at += fixed + 4 * out->units_len;
    memcpy(out->reached, at, reached);
    at += reached;
    out->request = span_make(at, request);
    out->signatures = span_make(at + request, signatures);
    return 0;
}

int invited_put(struct engine *engine, const struct box_public *one_time,
                const struct invited *invited, struct error *err)
{
    uint8_t *space = arena_alloc(&engine->turn, (size_t)INVITED_SIZE_MAX);
    struct buf value = buf_over(space, INVITED_SIZE_MAX);
    int rc = engine_write(engine, err);

    if (rc != 0) {
        return rc;
    }
    if (space == NULL) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    invited_encode(invited, &value);
    if (value.overflow) {
        return error_set(err, ERR_LIMIT, "the request is too large");
    }
    engine->gate_stale = true;
    return store_book_put(engine->store, STORE_BOOK_INVITATION,
                          SPAN_OF(*one_time), buf_span(&value), err);
}

int invited_get(struct engine *engine, const struct box_public *one_time,
                struct invited *out, struct error *err)
{
    struct span value;
    int rc = store_book_get(engine->store, STORE_BOOK_INVITATION,
                            SPAN_OF(*one_time), &engine->turn, &value, err);

    return rc != 0 ? rc : invited_decode(value, out, err);
}

int invited_role(const char *word, uint32_t *out, struct error *err)
{
    *out = DIR_ROLE_ORDINARY;
    if (word == NULL || word[0] == '\0') {
        return 0;
    }
    if (strcmp(word, "standby") == 0) {
        *out = DIR_ROLE_STANDBY;
        return 0;
    }
    if (strcmp(word, "observer") == 0) {
        *out = DIR_ROLE_OBSERVER;
        return 0;
    }
    return error_set(err, ERR_USAGE, "role '%.40s': standby or observer", word);
}

/* ---- why a node joins again
 * ----------------------------------------------------------------- */

static const struct {
    enum rejoin_reason reason;
    const char *word; /* on the command line */
} reasons[] = {
    {REJOIN_FORK, "fork"},
    {REJOIN_CLONE, "clone"},
    {REJOIN_KEY_SUSPECT, "key-suspect"},
    {REJOIN_DISK_LOST, "disk-lost"},
    {REJOIN_MIRRORS_LOST, "mirrors-lost"},
    {REJOIN_ROTATE, "rotate"},
};

const char *rejoin_word(enum rejoin_reason reason)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].reason == reason) {
            return reasons[i].word;
        }
    }
    return "";
}

int rejoin_parse(const char *text, enum rejoin_reason *out, struct error *err)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (strcmp(reasons[i].word, text) == 0) {
            *out = reasons[i].reason;
            return 0;
        }
    }
    return error_set(err, ERR_USAGE,
                     "reason '%.40s': fork, clone, key-suspect, disk-lost, "
                     "mirrors-lost or rotate",
                     text);
}

bool rejoin_opens_epoch(enum rejoin_reason reason)
{
    return reason != REJOIN_NONE && reason != REJOIN_ROTATE;
}
