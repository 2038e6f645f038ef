/* Room: node. Owns recovery secrets that came back from paper after a disk was
 * lost: each is kept sealed to the unit's present sealing key, so whoever logs
 * in for the unit reads with it what was sealed before, also bodies that are
 * fetched later. A secret in clear is never stored, logged or answered. It may
 * open nothing that the unit's own recovery key was not a reader of. Next:
 * private.c, which asks here; protocol/event/paper.h, the form on paper. */
#include "node/engine_internal.h"

#include <string.h>

#include "node/log.h"
#include "protocol/event/paper.h"
#include "store/book.h"

#define SEALED_SIZE (32u + SEAL_OVERHEAD)

/* Older recovery keys of units that are hosted here, each once. */
struct older {
    struct box_public key;
    uint32_t unit;
};
#define OLDER_MAX 256u

static bool older_has(const struct older *list, size_t len,
                      const struct box_public *key)
{
    for (size_t i = 0; i < len; i++) {
        if (memcmp(&list[i].key, key, sizeof(*key)) == 0) {
            return true;
        }
    }
    return false;
}

struct olders {
    struct older list[OLDER_MAX];
    size_t len;
};

static void older_add(struct engine *engine, struct olders *olders,
                      const struct dir_unit_keys *unit)
{
    const struct unit_keys *now = keys_unit(&engine->keys, unit->unit);

    if (now != NULL && unit->has_recovery && olders->len < OLDER_MAX &&
        memcmp(&now->recovery, &unit->recovery, sizeof(unit->recovery)) != 0 &&
        !older_has(olders->list, olders->len, &unit->recovery)) {
        olders->list[olders->len++] =
            (struct older){unit->recovery, unit->unit};
    }
}

static void olders_fill(struct engine *engine, struct olders *olders)
{
    const struct directory *dir = engine_directory(engine);

    olders->len = 0;
    for (size_t n = 0; n < dir->nodes_len; n++) {
        for (size_t c = 0; c < dir->nodes[n].certs_len; c++) {
            const struct dir_cert *cert = dir->nodes[n].certs[c];

            for (size_t i = 0; i < cert->units_len; i++) {
                older_add(engine, olders, &cert->units[i]);
            }
        }
    }
}

static bool is_given(struct engine *engine, const struct box_public *key)
{
    struct span value;
    struct error ignored = {0};
    size_t mark = engine->turn.used;
    bool given =
        store_book_get(engine->store, STORE_BOOK_RECOVERED, SPAN_OF(*key),
                       &engine->turn, &value, &ignored) == 0;

    arena_rewind(&engine->turn, mark);
    return given;
}

size_t recovered_missing(struct engine *engine)
{
    struct olders olders;
    size_t missing = 0;

    olders_fill(engine, &olders);
    for (size_t i = 0; i < olders.len; i++) {
        missing += !is_given(engine, &olders.list[i].key);
    }
    return missing;
}

/* ---- giving one ---- */

static int present_check(struct engine *engine, const struct box_public *key,
                         struct error *err)
{
    for (size_t i = 0; i < engine->keys.units_len; i++) {
        if (memcmp(&engine->keys.units[i].recovery, key, sizeof(*key)) == 0) {
            return error_set(err, ERR_USAGE,
                             "this is the present recovery secret of unit %u: "
                             "nothing is sealed that its officials cannot "
                             "read; put it back into the safe",
                             engine->keys.units[i].unit);
        }
    }
    return 0;
}

/* The unit whose older key it is, and that the official may read for. */
static int unit_of(struct engine *engine, const struct session *session,
                   const struct box_public *key, uint32_t *unit,
                   struct error *err)
{
    struct olders olders;

    olders_fill(engine, &olders);
    for (size_t i = 0; i < olders.len; i++) {
        uint32_t owner = olders.list[i].unit;
        const struct unit_keys *now = keys_unit(&engine->keys, owner);

        if (memcmp(&olders.list[i].key, key, sizeof(*key)) != 0) {
            continue;
        }
        if (now == NULL || memcmp(&now->sealing, &session->sealing,
                                  sizeof(now->sealing)) != 0) {
            return error_set(err, ERR_UNTRUSTED,
                             "this is the recovery secret of unit %u, and %s "
                             "belongs to unit %u: an official of that unit "
                             "must log in",
                             owner, session->name, session->unit);
        }
        *unit = owner;
        return 0;
    }
    return error_set(err, ERR_NOTFOUND,
                     "this is no earlier recovery secret of a unit of this "
                     "node: look at the name on the paper, and whether this "
                     "node has caught up (qcdc sync)");
}

static int secret_keep(struct engine *engine, const struct session *session,
                       const struct box_public *key,
                       const struct box_secret *secret, struct error *err)
{
    uint8_t sealed[SEALED_SIZE];
    int rc = seal_to(&session->sealing, SPAN_OF(*secret), sealed, err);

    rc = rc != 0 ? rc : engine_write(engine, err);
    return rc != 0 ? rc
                   : store_book_put(engine->store, STORE_BOOK_RECOVERED,
                                    SPAN_OF(*key),
                                    span_make(sealed, sizeof(sealed)), err);
}

int engine_recovery_secret(struct engine *engine, const char *session,
                           const char *text, uint32_t *unit, struct error *err)
{
    struct session *official = session_find(engine, session, err);
    struct box_secret secret = {{0}};
    struct box_public key;
    uint32_t found = 0;
    int rc;

    if (official == NULL) {
        return err->code;
    }
    rc = paper_parse(span_str(text), &secret, err);
    if (rc == ERR_MALFORMED) {
        err->code = rc = ERR_USAGE; /* a person typed it */
    }
    rc = rc != 0 ? rc : box_public_of(&secret, &key, err);
    rc = rc != 0 ? rc : present_check(engine, &key, err);
    rc = rc != 0 ? rc : unit_of(engine, official, &key, &found, err);
    rc = rc != 0 ? rc : secret_keep(engine, official, &key, &secret, err);
    crypto_wipe(&secret, sizeof(secret));
    if (rc == 0) {
        *unit = found;
        log_line(LOG_WARN, "private", "recovered", "unit=%u name=%s", found,
                 official->name);
    }
    return rc;
}

/* ---- reading with them ---- */

struct unwrapping {
    const struct session *session;
    const struct body *body;
    struct body_key key;
};

static int unwrap_visit(void *data, struct span key, struct span value)
{
    struct unwrapping *unwrapping = data;
    struct box_public older;
    struct box_secret secret;
    struct error ignored = {0};
    bool opened;

    if (key.len != sizeof(older) || value.len != SEALED_SIZE) {
        return 0;
    }
    memcpy(&older, key.ptr, sizeof(older));
    opened = seal_open(&unwrapping->session->sealing,
                       &unwrapping->session->sealing_secret, value,
                       secret.bytes, &ignored) == 0 &&
             body_unwrap(unwrapping->body, &older, &secret, &unwrapping->key,
                         &ignored) == 0;
    crypto_wipe(&secret, sizeof(secret));
    return opened ? 1 : 0;
}

int recovered_unwrap(struct engine *engine, const struct session *session,
                     const struct body *body, struct body_key *key,
                     struct error *err)
{
    struct unwrapping unwrapping = {session, body, {{0}}};
    int rc = body_unwrap(body, &session->sealing, &session->sealing_secret, key,
                         err);

    if (rc != ERR_NOTFOUND) {
        return rc;
    }
    rc = store_book_each(engine->store, STORE_BOOK_RECOVERED, unwrap_visit,
                         &unwrapping, err);
    if (rc == 1) {
        *key = unwrapping.key;
        crypto_wipe(&unwrapping.key, sizeof(unwrapping.key));
        return 0;
    }
    return rc != 0 ? rc
                   : error_set(err, ERR_NOTFOUND,
                               "unit %u is no reader of this private content",
                               session->unit);
}
