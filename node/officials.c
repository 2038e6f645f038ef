/* Room: node. Owns the officials: their wrapped keys in the store, the
 * unlocked ones in memory. A password and an unlocked secret are never stored,
 * logged or kept longer than asked; an unattended node cannot read a private
 * body (DESIGN section 10). Next: record.c. */
#include "node/engine_internal.h"

#include <stdio.h>
#include <string.h>

#include "node/clock.h"
#include "node/kdf.h"
#include "node/log.h"
#include "protocol/base/hex.h"
#include "store/book.h"
#include "store/directory.h"

#define PASSWORD_MIN 8u
#define PASSWORD_MAX 256u
#define KDF_MEMORY_KIB 65536u /* argon2id "interactive" */
#define KDF_PASSES 2u
#define WRONG_FREE 5u /* wrong passwords before a wait */
#define WRONG_WAIT_MS 30000u
#define BOOK_VERSION 1u
#define SECRETS_SIZE 64u /* actor seed || sealing secret */
#define BOOK_SIZE 768u

/* An official as the store keeps him. */
struct book_entry {
    uint32_t unit;
    uint32_t rights;
    bool revoked;
    struct key_id actor;
    char post[NAME_MAX_BYTES + 1];
    uint32_t memory_kib;
    uint32_t passes;
    struct salt salt;
    struct nonce nonce;
    uint8_t wrapped[SECRETS_SIZE + AEAD_OVERHEAD];
};

static void entry_encode(const struct book_entry *entry, struct buf *out)
{
    size_t post = strlen(entry->post);

    buf_put_u8(out, BOOK_VERSION);
    buf_put_u8(out, entry->revoked ? 1 : 0);
    buf_put_u32(out, entry->unit);
    buf_put_u32(out, entry->rights);
    buf_put(out, SPAN_OF(entry->actor));
    buf_put_u32(out, entry->memory_kib);
    buf_put_u32(out, entry->passes);
    buf_put(out, SPAN_OF(entry->salt));
    buf_put(out, SPAN_OF(entry->nonce));
    buf_put(out, span_make(entry->wrapped, sizeof(entry->wrapped)));
    buf_put_u8(out, (uint8_t)post);
    buf_put(out, span_make(entry->post, post));
}

#define ENTRY_FIXED (2u + 8u + 16u + 8u + 16u + 24u + SECRETS_SIZE + 16u + 1u)

static int entry_decode(struct span bytes, struct book_entry *entry,
                        struct error *err)
{
    const uint8_t *at = bytes.ptr;
    size_t post;

    if (bytes.len < ENTRY_FIXED || at[0] != BOOK_VERSION ||
        bytes.len != ENTRY_FIXED + (size_t)at[ENTRY_FIXED - 1]) {
        return error_set(err, ERR_CORRUPT, "an official's entry is damaged");
    }
    memset(entry, 0, sizeof(*entry));
    entry->revoked = at[1] != 0;
    entry->unit = read_u32(at + 2);
    entry->rights = read_u32(at + 6);
    memcpy(&entry->actor, at + 10, 16);
    entry->memory_kib = read_u32(at + 26);
    entry->passes = read_u32(at + 30);
    memcpy(&entry->salt, at + 34, 16);
    memcpy(&entry->nonce, at + 50, 24);
    memcpy(entry->wrapped, at + 74, sizeof(entry->wrapped));
    post = at[ENTRY_FIXED - 1];
    memcpy(entry->post, at + ENTRY_FIXED, post);
    return 0;
}

static int entry_get(struct engine *engine, const char *name,
                     struct book_entry *entry, struct error *err)
{
    struct span value;
    int rc = store_book_get(engine->store, STORE_BOOK_OFFICIAL, span_str(name),
                            &engine->turn, &value, err);

    return rc != 0 ? rc : entry_decode(value, entry, err);
}

static int entry_put(struct engine *engine, const char *name,
                     const struct book_entry *entry, struct error *err)
{
    uint8_t space[BOOK_SIZE];
    struct buf text = buf_over(space, sizeof(space));

    entry_encode(entry, &text);
    if (text.overflow) {
        return error_set(err, ERR_LIMIT, "the post's name is too long");
    }
    return store_book_put(engine->store, STORE_BOOK_OFFICIAL, span_str(name),
                          buf_span(&text), err);
}

static bool name_valid(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= OFFICIAL_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

/* ---- adding ---------------------------------------------------------------
 */

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

static int secrets_wrap(struct engine *engine, struct book_entry *entry,
                        const char *password, const struct sign_seed *seed,
                        const struct box_secret *sealing, struct error *err)
{
    struct kdf_ask ask = {.password = span_str(password),
                          .memory_kib = KDF_MEMORY_KIB,
                          .passes = KDF_PASSES,
                          .fresh = true};
    uint8_t secrets[SECRETS_SIZE];
    struct body_key key;
    int rc;

    entry->memory_kib = ask.memory_kib;
    entry->passes = ask.passes;
    crypto_random(&entry->nonce, sizeof(entry->nonce));
    rc = kdf_key(engine->kdf, &ask, &entry->salt, key.bytes, err);
    if (rc == 0) {
        memcpy(secrets, seed, 32);
        memcpy(secrets + 32, sealing, 32);
        aead_encrypt(&key, &entry->nonce, span_make(secrets, sizeof(secrets)),
                     entry->wrapped);
    }
    crypto_wipe(secrets, sizeof(secrets));
    crypto_wipe(&key, sizeof(key));
    return rc;
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
    struct book_entry known;
    struct error ignored = {0};
    size_t password = strlen(request->password);

    if (!name_valid(request->name)) {
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
    if (entry_get(engine, request->name, &known, &ignored) == 0) {
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
    struct book_entry entry = {0};
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
    rc = secrets_wrap(engine, &entry, request->password, &actor.seed, &sealing,
                      err);
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
        rc = entry_put(engine, request->name, &entry, err);
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
    struct book_entry entry = {0};
    struct event_id id;
    char actor_hex[33];
    char unit_text[12];
    struct field_pair fields[] = {{"actor_id", actor_hex}, {"unit", unit_text}};
    struct record_row row = {
        .type = "ActorRevoked", .fields = fields, .fields_len = 2};
    int rc = entry_get(engine, name, &entry, err);

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
    rc = entry_put(engine, name, &entry, err);
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

/* ---- listing ----------------------------------------------------------------
 */

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
    struct book_entry entry = {0};
    struct error ignored = {0};

    if (listing->len == listing->max ||
        entry_decode(value, &entry, &ignored) != 0) {
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

/* ---- sessions
 * ------------------------------------------------------------------ */

static struct attempt *attempt_of(struct engine *engine, const char *name)
{
    struct attempt *oldest = &engine->attempts[0];

    for (size_t i = 0; i < ATTEMPTS_MAX; i++) {
        struct attempt *attempt = &engine->attempts[i];

        if (strcmp(attempt->name, name) == 0) {
            return attempt;
        }
        if (attempt->until_ms < oldest->until_ms) {
            oldest = attempt;
        }
    }
    memset(oldest, 0, sizeof(*oldest));
    memcpy(oldest->name, name, strlen(name) + 1);
    return oldest;
}

static int secrets_unwrap(struct engine *engine, struct book_entry *entry,
                          const char *password, uint8_t secrets[SECRETS_SIZE],
                          struct error *err)
{
    struct kdf_ask ask = {.password = span_str(password),
                          .memory_kib = entry->memory_kib,
                          .passes = entry->passes};
    struct body_key key;
    int rc;

    if (strlen(password) > PASSWORD_MAX) {
        return error_set(err, ERR_UNTRUSTED, "password too long");
    }
    rc = kdf_key(engine->kdf, &ask, &entry->salt, key.bytes, err);
    if (rc == 0) {
        rc = aead_decrypt(&key, &entry->nonce,
                          span_make(entry->wrapped, sizeof(entry->wrapped)),
                          secrets, err);
    }
    crypto_wipe(&key, sizeof(key));
    return rc;
}

static struct session *session_room(struct engine *engine)
{
    struct session *oldest = &engine->sessions[0];

    sessions_expire(engine);
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct session *session = &engine->sessions[i];

        if (!session->used) {
            return session;
        }
        if (session->last_ms < oldest->last_ms) {
            oldest = session;
        }
    }
    crypto_wipe(oldest, sizeof(*oldest));
    return oldest;
}

static void session_fill(struct engine *engine, struct session *session,
                         const char *name, const struct book_entry *entry,
                         const uint8_t secrets[SECRETS_SIZE])
{
    const struct unit_keys *unit = keys_unit(&engine->keys, entry->unit);
    struct sign_seed seed;

    memset(session, 0, sizeof(*session));
    session->used = true;
    memcpy(session->name, name, strlen(name) + 1);
    memcpy(session->post, entry->post, sizeof(session->post));
    session->unit = entry->unit;
    session->rights = entry->rights;
    memcpy(&seed, secrets, sizeof(seed));
    sign_pair_from(&session->actor, &seed);
    crypto_wipe(&seed, sizeof(seed));
    memcpy(&session->sealing_secret, secrets + 32, 32);
    if (unit != NULL) {
        session->sealing = unit->sealing;
    }
    session->last_ms = clock_steady_ms();
}

int engine_login(struct engine *engine, const char *name, const char *password,
                 char session[SESSION_TEXT_SIZE], struct error *err)
{
    struct book_entry entry = {0};
    struct attempt *attempt;
    struct session *opened;
    uint8_t secrets[SECRETS_SIZE];
    uint8_t token[32];
    uint64_t now_ms = clock_steady_ms();
    int rc;

    if (!name_valid(name)) {
        return error_set(err, ERR_UNTRUSTED, "name or password is wrong");
    }
    attempt = attempt_of(engine, name);
    if (attempt->until_ms > now_ms) {
        return error_set(
            err, ERR_BUSY, "too many wrong passwords: wait %llu seconds",
            (unsigned long long)(attempt->until_ms - now_ms) / 1000 + 1);
    }
    rc = entry_get(engine, name, &entry, err);
    if (rc == 0 && !entry.revoked) {
        rc = secrets_unwrap(engine, &entry, password, secrets, err);
    }
    if (rc == ERR_NOMEM || rc == ERR_IO || rc == ERR_CORRUPT ||
        rc == ERR_BUSY) {
        return rc;
    }
    if (rc != 0 || entry.revoked) {
        attempt->wrong++;
        if (attempt->wrong >= WRONG_FREE) {
            attempt->until_ms = now_ms + WRONG_WAIT_MS;
        }
        log_line(LOG_WARN, "officials", "login_refused", "name=%s wrong=%u",
                 name, attempt->wrong);
        return error_set(err, ERR_UNTRUSTED, "name or password is wrong");
    }
    attempt->wrong = 0;
    opened = session_room(engine);
    session_fill(engine, opened, name, &entry, secrets);
    crypto_wipe(secrets, sizeof(secrets));
    crypto_random(token, sizeof(token));
    hex_encode(SPAN_OF(token), session);
    opened->token = hash_of(span_str(session));
    crypto_wipe(token, sizeof(token));
    log_line(LOG_INFO, "officials", "login", "name=%s unit=%u", name,
             entry.unit);
    return 0;
}

void sessions_expire(struct engine *engine)
{
    uint64_t now_ms = clock_steady_ms();
    uint64_t idle_ms = engine->config->login_minutes * 60000;

    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct session *session = &engine->sessions[i];

        if (session->used && now_ms - session->last_ms > idle_ms) {
            crypto_wipe(session, sizeof(*session));
        }
    }
}

struct session *session_find(struct engine *engine, const char *text,
                             struct error *err)
{
    struct hash token;

    sessions_expire(engine);
    if (text != NULL && text[0] != '\0') {
        token = hash_of(span_str(text));
        for (size_t i = 0; i < SESSIONS_MAX; i++) {
            struct session *session = &engine->sessions[i];

            if (session->used && hash_equal(&session->token, &token)) {
                session->last_ms = clock_steady_ms();
                return session;
            }
        }
    }
    error_set(err, ERR_UNTRUSTED,
              "nobody is logged in with this session: run `qcdc login`");
    return NULL;
}

void engine_logout(struct engine *engine, const char *session)
{
    struct error ignored = {0};
    struct session *found = session_find(engine, session, &ignored);

    if (found != NULL) {
        crypto_wipe(found, sizeof(*found));
    }
}

int engine_session(struct engine *engine, const char *session,
                   struct official *out, struct error *err)
{
    struct session *found = session_find(engine, session, err);

    if (found == NULL) {
        return err->code;
    }
    *out = (struct official){.name = found->name,
                             .post = found->post,
                             .unit = found->unit,
                             .rights = found->rights,
                             .actor = key_id_of(SPAN_OF(found->actor.pub)),
                             .logged_in = true};
    return 0;
}
