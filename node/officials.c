/* Room: node. Owns the officials of this node: adds, revokes, lists them. It
 * must never let the unit's sealing secret be lost between two of them. Next:
 * official_entry.c (what is kept), sessions.c (who is logged in), record.c. */
#include "node/official_entry.h"

#include <stdio.h>
#include <string.h>

#include "protocol/base/hex.h"
#include "store/book.h"

/* ---- adding ---- */

/* Where the unit's sealing secret comes from: the key file until the first
 * official holds it, afterwards an official who is logged in. */
static int sealing_secret(struct engine *engine,
                          const struct official_request *request,
                          struct box_secret *out, struct error *err)
{
    const struct unit_keys *unit = keys_unit(&engine->keys, request->unit);
    struct session *session;

    if (unit == NULL) {
        return error_set(err, ERR_NOTFOUND,
                         "unit %u is not hosted by this node: add officials "
                         "where its records are kept",
                         request->unit);
    }
    if (unit->has_sealing_secret) {
        *out = unit->sealing_secret;
        return 0;
    }
    if (request->session == NULL) {
        return error_set(err, ERR_UNTRUSTED,
                         "unit %u has officials already: one of them must be "
                         "logged in to hand on the unit's secret",
                         request->unit);
    }
    session = session_find(engine, request->session, err);
    if (session == NULL) {
        return err->code;
    }
    /* The unit that this one continues had the same secret. */
    if (session->unit != request->unit &&
        memcmp(&session->sealing, &unit->sealing, sizeof(unit->sealing)) != 0) {
        return error_set(err, ERR_UNTRUSTED,
                         "%s belongs to unit %u, not to unit %u", session->name,
                         session->unit, request->unit);
    }
    *out = session->sealing_secret;
    return 0;
}

/* ActorCertified or ActorRevoked, signed by the unit's registrar. */
static int registrar_record(struct engine *engine, uint32_t unit_number,
                            const struct record_row *row, struct event_id *id,
                            struct error *err)
{
    const struct unit_keys *unit = keys_unit(&engine->keys, unit_number);
    struct record_draft draft = {.type = event_type_named(row->type)};
    uint8_t space[1024];
    struct buf facts = buf_over(space, sizeof(space));
    int rc = facts_encode(draft.type, row->fields, row->fields_len, NULL,
                          &facts, err);

    if (rc != 0) {
        return rc;
    }
    draft.header.unit = unit_number;
    draft.facts = buf_span(&facts);
    draft.signer = &unit->registrar.pub;
    draft.signer_secret = &unit->registrar.sec;
    return record_append(engine, &draft, &engine->turn, id, err);
}

static int request_check(struct engine *engine,
                         const struct official_request *request,
                         struct error *err)
{
    struct official_entry known;
    struct error ignored = {0};
    size_t password = strlen(request->password);

    if (!official_name_valid(request->name)) {
        return error_set(err, ERR_USAGE,
                         "login name '%.40s': use 1 to %u of a-z 0-9 . _ -",
                         request->name, OFFICIAL_NAME_MAX);
    }
    if (password < PASSWORD_MIN || password > PASSWORD_MAX) {
        return error_set(err, ERR_USAGE,
                         "the password must have %u to %u characters",
                         PASSWORD_MIN, PASSWORD_MAX);
    }
    if (strlen(request->post) > NAME_MAX_BYTES || request->post[0] == '\0') {
        return error_set(err, ERR_USAGE,
                         "the post needs a name, at most %u "
                         "bytes",
                         NAME_MAX_BYTES);
    }
    if (official_entry_get(engine, request->name, &known, &ignored) == 0) {
        return error_set(err, ERR_USAGE,
                         "'%s' exists already: a new person gets a new name",
                         request->name);
    }
    return 0;
}

int engine_official_add(struct engine *engine,
                        const struct official_request *request,
                        struct event_id *certified, struct error *err)
{
    struct official_entry entry = {0};
    struct sign_pair actor;
    struct box_secret sealing;
    char key_hex[65];
    char unit_text[12];
    char rights_text[12];
    struct field_pair fields[] = {{"actor_key", key_hex},
                                  {"unit", unit_text},
                                  {"rights", rights_text},
                                  {"post", request->post}};
    struct record_row row = {
        .type = "ActorCertified", .fields = fields, .fields_len = 4};
    int rc = request_check(engine, request, err);

    if (rc == 0) {
        rc = sealing_secret(engine, request, &sealing, err);
    }
    if (rc != 0) {
        return rc;
    }
    sign_pair_new(&actor);
    entry.unit = request->unit;
    entry.rights = request->rights;
    entry.actor = key_id_of(SPAN_OF(actor.pub));
    memcpy(entry.post, request->post, strlen(request->post) + 1);
    rc = official_entry_wrap(engine, &entry, request->password, &actor.seed,
                             &sealing, err);
    crypto_wipe(&sealing, sizeof(sealing));
    hex_encode(SPAN_OF(actor.pub), key_hex);
    crypto_wipe(&actor, sizeof(actor));
    if (rc != 0) {
        return rc; /* nothing was written yet; ask again after ERR_BUSY */
    }
    snprintf(unit_text, sizeof(unit_text), "%u", request->unit);
    snprintf(rights_text, sizeof(rights_text), "%u", request->rights);
    rc = engine_write(engine, err);
    if (rc == 0) {
        rc = official_entry_put(engine, request->name, &entry, err);
    }
    if (rc == 0) {
        rc = registrar_record(engine, request->unit, &row, certified, err);
    }
    if (rc != 0) {
        engine_undo(engine);
        return rc;
    }
    return sealing_handed_over(engine, request->unit, err);
}

/* The first official holds the sealing secret: once that is durable, the key
 * file forgets it. */
int sealing_handed_over(struct engine *engine, uint32_t unit, struct error *err)
{
    const struct unit_keys *own = keys_unit(&engine->keys, unit);
    struct box_public sealing;
    bool any = false;
    int rc = 0;

    if (own == NULL || !own->has_sealing_secret) {
        return 0;
    }
    sealing = own->sealing;
    rc = engine_commit(engine, err);
    for (size_t i = 0; rc == 0 && i < engine->keys.units_len; i++) {
        struct unit_keys *keys = &engine->keys.units[i];

        /* Also of a unit that continues this one. */
        if (memcmp(&keys->sealing, &sealing, sizeof(sealing)) == 0) {
            any = true;
            keys->has_sealing_secret = false;
            crypto_wipe(&keys->sealing_secret, sizeof(keys->sealing_secret));
        }
    }
    return rc == 0 && any ? keys_save(&engine->keys, engine->config->dir, err)
                          : rc;
}

int engine_official_revoke(struct engine *engine, const char *name,
                           struct error *err)
{
    struct official_entry entry = {0};
    struct event_id id;
    char actor_hex[33];
    char unit_text[12];
    struct field_pair fields[] = {{"actor_id", actor_hex}, {"unit", unit_text}};
    struct record_row row = {
        .type = "ActorRevoked", .fields = fields, .fields_len = 2};
    int rc = official_entry_get(engine, name, &entry, err);

    if (rc == ERR_NOTFOUND) {
        return error_set(err, ERR_NOTFOUND, "no official '%.40s' here", name);
    }
    if (rc == 0 && entry.revoked) {
        return error_set(err, ERR_USAGE, "'%s' is revoked already", name);
    }
    if (rc == 0) {
        rc = engine_write(engine, err);
    }
    if (rc != 0) {
        return rc;
    }
    hex_encode(SPAN_OF(entry.actor), actor_hex);
    snprintf(unit_text, sizeof(unit_text), "%u", entry.unit);
    entry.revoked = true;
    crypto_wipe(entry.wrapped, sizeof(entry.wrapped));
    rc = official_entry_put(engine, name, &entry, err);
    if (rc == 0) {
        rc = registrar_record(engine, entry.unit, &row, &id, err);
    }
    if (rc != 0) {
        engine_undo(engine);
        return rc;
    }
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        if (engine->sessions[i].used &&
            strcmp(engine->sessions[i].name, name) == 0) {
            crypto_wipe(&engine->sessions[i], sizeof(engine->sessions[i]));
        }
    }
    return 0;
}

/* ---- listing ---- */

struct listing {
    struct engine *engine;
    struct arena *arena;
    struct official *officials;
    size_t len;
    size_t max;
    bool full;
};

static const char *arena_text(struct arena *arena, struct span text)
{
    char *copy = arena_alloc(arena, text.len + 1);

    if (copy != NULL && text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    return copy;
}

static int list_one(void *data, struct span key, struct span value)
{
    struct listing *listing = data;
    struct official *out = &listing->officials[listing->len];
    struct official_entry entry = {0};
    struct error ignored = {0};

    if (listing->len == listing->max ||
        official_entry_decode(value, &entry, &ignored) != 0) {
        listing->full = listing->len == listing->max;
        return 0;
    }
    out->name = arena_text(listing->arena, key);
    out->post = arena_text(listing->arena, span_str(entry.post));
    if (out->name == NULL || out->post == NULL) {
        listing->full = true;
        return 0;
    }
    out->unit = entry.unit;
    out->rights = entry.rights;
    out->actor = entry.actor;
    out->revoked = entry.revoked;
    out->logged_in = false;
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        const struct session *session = &listing->engine->sessions[i];

        out->logged_in =
            out->logged_in ||
            (session->used && strcmp(session->name, out->name) == 0);
    }
    listing->len++;
    return 0;
}

int engine_officials(struct engine *engine, struct arena *arena,
                     const struct official **out, size_t *len,
                     struct error *err)
{
    struct listing listing = {.engine = engine, .arena = arena, .max = 1024};
    int rc;

    listing.officials =
        arena_array(arena, listing.max, sizeof(*listing.officials));
    if (listing.officials == NULL) {
        return error_set(err, ERR_LIMIT, "too little room for the list");
    }
    rc = store_book_each(engine->store, STORE_BOOK_OFFICIAL, list_one, &listing,
                         err);
    if (rc == 0 && listing.full) {
        rc = error_set(err, ERR_LIMIT, "more officials than fit the answer");
    }
    if (rc == 0) {
        *out = listing.officials;
        *len = listing.len;
    }
    return rc;
}
