/* Room: node. Owns who is logged in: unlocked secrets in memory, for as long as
 * they are used. Never stored, logged or kept longer than asked; an unattended
 * node cannot read a private body (DESIGN section 10). Next: officials.c. */
#include "node/official_entry.h"

#include <string.h>

#include "node/clock.h"
#include "node/log.h"
#include "protocol/base/hex.h"

#define WRONG_FREE 5u /* wrong passwords before a wait */
#define WRONG_WAIT_MS 30000u

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
                         const char *name, const struct official_entry *entry,
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
    struct official_entry entry = {0};
    struct attempt *attempt;
    struct session *opened;
    uint8_t secrets[SECRETS_SIZE];
    uint8_t token[32];
    uint64_t now_ms = clock_steady_ms();
    int rc;

    if (!official_name_valid(name)) {
        return error_set(err, ERR_UNTRUSTED, "name or password is wrong");
    }
    attempt = attempt_of(engine, name);
    if (attempt->until_ms > now_ms) {
        return error_set(
            err, ERR_BUSY, "too many wrong passwords: wait %llu seconds",
            (unsigned long long)(attempt->until_ms - now_ms) / 1000 + 1);
    }
    rc = official_entry_get(engine, name, &entry, err);
    if (rc == 0 && !entry.revoked) {
        rc = official_entry_unwrap(engine, &entry, password, secrets, err);
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
