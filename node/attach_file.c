/* Room: node. Owns files as officials see them: put here, and opened. A sealed
 * one is opened only with the key in a private body that its reader may open,
 * and clear bytes live in the caller's heap alone. Next: private.c. */
#include "node/peers.h"

#include <stdlib.h>
#include <string.h>

#include "node/clock.h"
#include "node/log.h"
#include "store/attachment.h"
#include "store/query.h"

#define EVENTS_MAX 512u

/* What lies there, named by an event or not: an upload that nobody names stays
 * for a day, and must not fill the disk meanwhile. */
int attach_room(struct engine *engine, uint64_t bytes, struct error *err)
{
    uint64_t most = engine->config->files_mib * 1048576u;

    if (engine->files_bytes + bytes <= most) {
        return 0;
    }
    attach_recount_all(engine); /* somebody may have removed some by hand */
    return error_set(err, ERR_LIMIT,
                     "a file of %llu bytes: at most %u, and %llu MiB of "
                     "files in all (files_mib), %llu are here",
                     (unsigned long long)bytes, ATTACHMENT_MAX,
                     (unsigned long long)engine->config->files_mib,
                     (unsigned long long)(engine->files_bytes / 1048576));
}

static int file_put(struct engine *engine, struct span bytes, struct hash *file,
                    struct error *err)
{
    int rc = store_file_put(engine->config->dir, bytes, file, err);

    attach_recount(engine, file);
    return rc;
}

/* NOLINTNEXTLINE(readability-function-size): plain inputs, one answer */
int engine_file_put(struct engine *engine, const char *session,
                    struct span bytes, bool sealed, struct hash *file,
                    struct body_key *key, struct error *err)
{
    struct nonce nonce;
    struct buf out = {0};
    int rc;

    if (session == NULL || session_find(engine, session, err) == NULL) {
        return error_set(err, ERR_UNTRUSTED,
                         "a file needs an official: run `qcdc login` first");
    }
    if ((rc = disk_refuse(&engine->disk, err)) != 0) {
        return rc;
    }
    if (bytes.len + ATTACHMENT_SEAL_OVERHEAD > ATTACHMENT_MAX) {
        return error_set(err, ERR_LIMIT,
                         "a file of %zu bytes: at most %u can be attached",
                         bytes.len, ATTACHMENT_MAX);
    }
    if ((rc = attach_room(engine, bytes.len + ATTACHMENT_SEAL_OVERHEAD, err)) !=
        0) {
        return rc;
    }
    if (attachment_type_of(bytes) == ATTACHMENT_NONE ||
        attachment_type_of(bytes) == ATTACHMENT_SEALED) {
        return error_set(err, ERR_USAGE,
                         "a file of a type that is not taken: PDF, JPEG, PNG, "
                         "TIFF, office documents and plain text are");
    }
    if (!sealed) {
        return file_put(engine, bytes, file, err);
    }
    out.size = bytes.len + ATTACHMENT_SEAL_OVERHEAD;
    out.ptr = malloc(out.size);
    if (out.ptr == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the file");
    }
    crypto_random(key, sizeof(*key));
    crypto_random(&nonce, sizeof(nonce));
    rc = attachment_seal(bytes, key, &nonce, &out, err);
    rc = rc != 0 ? rc : file_put(engine, buf_span(&out), file, err);
    free(out.ptr);
    return rc;
}

/* ---- opening ---- */

/* The file's key, as a private body of the record has it. */
/* NOLINTNEXTLINE(readability-function-size): plain inputs, one answer */
static int key_find(struct engine *engine, const char *session,
                    const struct hash *file, const struct event_id *subject,
                    struct arena *arena, struct body_key *key,
                    struct error *err)
{
    struct store_event *events =
        arena_array(arena, EVENTS_MAX, sizeof(*events));
    struct event_id name = attachment_key_name(file);
    struct error why = {0};
    size_t len = 0;
    int rc;

    if (events == NULL) {
        return error_set(err, ERR_LIMIT, "too little room for the record");
    }
    rc = store_event_list(engine->store, subject, arena, events, EVENTS_MAX,
                          &len, err);
    for (size_t i = 0; rc == 0 && i < len; i++) {
        size_t mark = arena->used;
        struct span plain = {NULL, 0};

        if (engine_private_read(engine, session, &events[i].id, arena, &plain,
                                &why) == 0 &&
            body_handed_key(plain, &name, arena, key, &why) == 0) {
            return 0;
        }
        arena_rewind(arena, mark);
    }
    return rc != 0 ? rc
                   : error_set(err, ERR_UNTRUSTED,
                               "no private body of that record that you can "
                               "open has the key of this file");
}

static int unseal(const struct body_key *key, uint8_t **bytes, size_t *len,
                  struct error *err)
{
    uint8_t *plain = malloc(*len);
    size_t plain_len = 0;
    int rc;

    if (plain == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the file");
    }
    rc = attachment_open(span_make(*bytes, *len), key, plain, &plain_len, err);
    if (rc == 0) {
        enum attachment_type type =
            attachment_type_of(span_make(plain, plain_len));

        if (type == ATTACHMENT_NONE || type == ATTACHMENT_SEALED) {
            rc = error_set(err, ERR_MALFORMED,
                           "what is sealed in there is of a type that is not "
                           "opened");
        }
    }
    if (rc != 0) {
        free(plain);
        return rc;
    }
    free(*bytes);
    *bytes = plain;
    *len = plain_len;
    return 0;
}

static int ask_for(struct engine *engine, const struct hash *file,
                   struct error *err)
{
    size_t slots = sizeof(engine->attach_asked) / sizeof(struct hash);
    struct store_attachment known;
    int rc = store_attachment_find(engine->store, file, &known, err);

    if (rc != 0) {
        return rc;
    }
    if (known.state == STORE_ATTACHMENT_REFUSED) {
        return error_set(err, ERR_MALFORMED,
                         "that file came and was of a type that is not taken");
    }
    if (known.state >= STORE_ATTACHMENT_ERASED) {
        return error_set(err, ERR_NOTFOUND,
                         "that file was erased: its record says by whom and "
                         "why");
    }
    if (known.state == STORE_ATTACHMENT_HELD) { /* it was, and is gone */
        rc = engine_write(engine, err);
        rc = rc != 0 ? rc
                     : store_attachment_set(engine->store, file,
                                            STORE_ATTACHMENT_MISSING, err);
        rc = rc != 0 ? rc : engine_commit(engine, err);
    }
    if (rc != 0) {
        return rc;
    }
    memmove(&engine->attach_asked[1], &engine->attach_asked[0],
            (slots - 1) * sizeof(struct hash));
    engine->attach_asked[0] = *file;
    if (engine->attach_asked_len < slots) {
        engine->attach_asked_len++;
    }
    engine->attach_named = UINT64_MAX; /* look for it now */
    return error_set(
        err, ERR_BUSY,
        "the file is not here yet: it is being fetched, repeat in a few "
        "minutes");
}

/* NOLINTNEXTLINE(readability-function-size): plain inputs, one answer */
int engine_file_get(struct engine *engine, const char *session,
                    const struct hash *file, const struct event_id *subject,
                    struct arena *arena, uint8_t **bytes, size_t *len,
                    struct error *err)
{
    struct body_key key;
    int rc = engine_bodies_held_back(engine, err);

    if (rc != 0) {
        return rc;
    }
    if (attach_is_erased(engine, file)) {
        return ask_for(engine, file, err);
    }
    rc = store_file_read(engine->config->dir, file, bytes, len, err);
    if (rc == ERR_NOTFOUND || rc == ERR_CORRUPT) {
        return ask_for(engine, file, err);
    }
    if (rc != 0 ||
        attachment_type_of(span_make(*bytes, *len)) != ATTACHMENT_SEALED) {
        return rc;
    }
    rc = key_find(engine, session, file, subject, arena, &key, err);
    rc = rc != 0 ? rc : unseal(&key, bytes, len, err);
    crypto_wipe(&key, sizeof(key));
    if (rc != 0) {
        free(*bytes);
        *bytes = NULL;
    }
    return rc;
}
