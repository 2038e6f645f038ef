/* Room: node. Owns the path of one event from text pairs to the spool: parse,
 * check, seal, sign, store and integrate in one transaction. It must never
 * sign what would not count, and never answer before the commit. Next:
 * denunciation.c, import.c (many), record_body.c (sealing), sequence.c (into
 * the log). */
#include "node/record_row.h"

#include <string.h>

#include "node/clock.h"
#include "node/successor.h"
#include "node/tree.h"
#include "protocol/event/code.h"
#include "protocol/record/calendar.h"
#include "store/book.h"
#include "store/spool.h"

#define LIST_BYTES ((size_t)2 * BODY_WIRE_MAX)

/* ---- who signs ---- */

static int signer_choose(struct engine *engine, const struct event_type *type,
                         struct session *session, const struct row_parts *parts,
                         struct record_draft *draft, struct error *err)
{
    uint32_t lacking = draft->unit_only ? LACKS_DENUNCIATION : LACKS_ORDINARY;

    switch (type->signer) {
    case EVENT_SIGNER_ADMIN:
        draft->signer = &engine->keys.admin.pub;
        draft->signer_secret = &engine->keys.admin.sec;
        return 0;
    case EVENT_SIGNER_NODE_ACTOR:
        draft->signer = &engine->keys.actor.pub;
        draft->signer_secret = &engine->keys.actor.sec;
        return 0;
    case EVENT_SIGNER_REGISTRAR:
    case EVENT_SIGNER_ROOT:
        return error_set(err, ERR_USAGE,
                         "%s is not recorded by hand: `qcdc user` and `qcdc "
                         "init` make it",
                         type->name);
    case EVENT_SIGNER_ACTOR:
        break;
    }
    if (session == NULL) {
        return error_set(err, ERR_UNTRUSTED,
                         "%s needs an official: run `qcdc login` first",
                         type->name);
    }
    if (parts->has_unit && draft->header.unit != session->unit) {
        return error_set(err, ERR_UNTRUSTED,
                         "%s acts for unit %u, not for unit %u", session->name,
                         session->unit, draft->header.unit);
    }
    draft->header.unit = session->unit;
    if ((event_lacks(type, session->rights) & lacking) != 0) {
        return error_set(err, ERR_UNTRUSTED,
                         draft->unit_only
                             ? "%s has no right to denunciations, needed for "
                               "%s: let an official record it who has"
                             : "%s has no right to record %s: ask who has",
                         session->name, type->name);
    }
    draft->signer = &session->actor.pub;
    draft->signer_secret = &session->actor.sec;
    return 0;
}

/* ---- one event ---- */

static int body_add(struct record_draft *draft, const struct body *body,
                    struct buf *list, struct error *err)
{
    struct body_mark *mark = &draft->header.bodies[draft->header.bodies_len++];

    mark->audience = body->slot;
    mark->commitment = body_commit(body->salt, body->bytes);
    return body_put(body, list, err);
}

static int bodies_make(struct engine *engine, struct record_draft *draft,
                       struct arena *arena, struct buf *list, struct error *err)
{
    struct body body = {0};
    int rc = 0;

    draft->header.bodies_len = 0;
    if (draft->text.len > 0) {
        rc = body_text_check(draft->text, err);
        body.slot = AUDIENCE_OF_TEXT;
        body.bytes = draft->text;
        crypto_random(&body.salt, sizeof(body.salt));
        if (rc == 0) {
            rc = body_add(draft, &body, list, err);
        }
    }
    if (rc == 0 && draft->secret.len > 0) {
        struct wrap *wraps = arena_array(arena, WRAPS_MAX, sizeof(*wraps));
        uint8_t *space = arena_alloc(arena, BODY_BYTES_MAX);
        struct buf committed = buf_over(space, BODY_BYTES_MAX);

        if (wraps == NULL || space == NULL) {
            return error_set(err, ERR_LIMIT, "the event is too large");
        }
        body = (struct body){.slot = draft->unit_only ? AUDIENCE_OF_UNIT
                                                      : AUDIENCE_OF_PRIVATE,
                             .wraps = wraps};
        rc =
            record_seal(engine, draft, &committed, wraps, &body.wraps_len, err);
        body.bytes = buf_span(&committed);
        crypto_random(&body.salt, sizeof(body.salt));
        if (rc == 0) {
            rc = body_add(draft, &body, list, err);
        }
    }
    return rc;
}

static void header_finish(struct engine *engine, struct record_draft *draft)
{
    struct header *header = &draft->header;
    struct error ignored = {0};

    header->type = draft->type->number;
    header->version = draft->type->version;
    header->node = engine_node(engine);
    header->actor = key_id_of(SPAN_OF(*draft->signer));
    header->recorded_ms = clock_now_ms();
    if (header->on_day == 0) {
        header->on_day = day_of_ms(header->recorded_ms);
    }
    header->has_quoted = store_quote(engine->store, &header->quoted_time_s,
                                     header->quoted_hash, &ignored) == 0;
}

int record_make(struct engine *engine, struct record_draft *draft,
                struct arena *arena, struct record_made *out, struct error *err)
{
    uint8_t *leaf_space = arena_alloc(arena, LEAF_MAX);
    uint8_t *list_space = arena_alloc(arena, LIST_BYTES);
    struct buf leaf = buf_over(leaf_space, LEAF_MAX);
    struct buf list = buf_over(list_space, LIST_BYTES);
    int rc;

    if (leaf_space == NULL || list_space == NULL) {
        return error_set(err, ERR_LIMIT, "too many events in one turn");
    }
    header_finish(engine, draft);
    rc = bodies_make(engine, draft, arena, &list, err);
    if (rc == 0) {
        rc = event_check(&draft->header, draft->facts, arena, err);
    }
    if (rc == 0) {
        rc = leaf_sign(&draft->header, draft->facts, draft->signer_secret,
                       &leaf, &out->id, err);
    }
    out->leaf = buf_span(&leaf);
    out->bodies = buf_span(&list);
    return rc;
}

/* A machine that mirrors has no log of its own. */
static int role_refuse(struct engine *engine, const struct record_draft *draft,
                       struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    uint32_t role = directory_role(dir, engine_node(engine));

    /* The word that this one leads now is the root key's, not the machine's. */
    if (successor_replaces_us(engine) &&
        (draft->signer_secret == NULL ||
         draft->type->number != EVENT_TOP_NODE_CERTIFIED)) {
        return error_set(err, ERR_USAGE,
                         "another machine leads the realm in this one's place "
                         "(%s): nothing is recorded here any more",
                         engine->successor.endpoint);
    }
    return role == DIR_ROLE_ORDINARY
               ? 0
               : error_set(err, ERR_USAGE,
                           "node %u is %s: it holds what others record, and "
                           "records nothing itself",
                           engine_node(engine),
                           role == DIR_ROLE_STANDBY ? "a standby"
                                                    : "an observer");
}

int record_append(struct engine *engine, struct record_draft *draft,
                  struct arena *arena, struct event_id *id, struct error *err)
{
    struct store_integrate_options options = {
        .now = engine_store_now(engine), .max_events = 1, .verify_here = true};
    struct store_integrated done;
    struct record_made made = {0};
    uint64_t number;
    int rc = role_refuse(engine, draft, err);

    if (rc == 0) {
        rc = record_make(engine, draft, arena, &made, err);
    }
    if (rc == 0) {
        *id = made.id;
        rc = engine_write(engine, err);
    }
    if (rc == 0) {
        rc =
            store_spool_append(engine->store, draft->type->log == EVENT_LOG_DIR,
                               made.leaf, made.bodies, &number, err);
    }
    if (rc == 0) {
        rc = store_integrate(engine->store, &options, &done, err);
    }
    if (rc == 0) {
        engine->grew = true;
        engine->unsettled = true;
    }
    return rc;
}

/* ---- the answer ---- */

/* ---- rows ---- */

int record_row_append(struct engine *engine, struct session *session,
                      const struct record_row *row, struct arena *arena,
                      struct record_result *out, struct error *err)
{
    struct record_draft draft = {.type = event_type_named(row->type)};
    struct row_parts *parts = arena_alloc(arena, sizeof(*parts));
    struct event_id id;
    int rc;

    if (draft.type == NULL || draft.type->shape == NULL) {
        return error_set(err, ERR_USAGE,
                         "'%.60s' is no type of event that "
                         "this version records",
                         row->type);
    }
    if (parts == NULL) {
        return error_set(err, ERR_LIMIT, "too many events in one turn");
    }
    rc = record_row_parse(engine, draft.type, row, parts, &draft.header, err);
    if (rc == 0) {
        rc = tree_complete(engine, draft.type, parts->facts, &parts->facts_len,
                           ROW_FACTS_MAX, arena, err);
    }
    if (rc == 0) {
        rc = denunciation_find(engine, parts->facts, parts->facts_len, arena,
                               &draft, err);
    }
    if (rc == 0) {
        rc = signer_choose(engine, draft.type, session, parts, &draft, err);
    }
    if (rc == 0) {
        rc = denunciation_check(&draft, parts->text_len > 0, err);
    }
    if (rc == 0) {
        rc = record_row_encode(engine, &draft, parts, arena, err);
    }
    if (rc == 0) {
        rc = private_hand_keys(engine, session, &draft, arena, err);
    }
    if (rc == 0) {
        rc = record_append(engine, &draft, arena, &id, err);
    }
    if (rc == 0 && parts->key != NULL) {
        rc = store_import_put(engine->store, parts->key, &id, err);
    }
    if (rc == 0) {
        rc = record_result_fill(engine, &id, arena, out, err);
    }
    if (rc == 0 && session != NULL) {
        out->post = session->post;
    }
    return rc;
}

int record_admin(struct engine *engine, const struct record_row *row,
                 struct arena *arena, struct event_id *id, struct error *err)
{
    struct record_result result;
    int rc = record_row_append(engine, NULL, row, arena, &result, err);

    if (rc == 0) {
        *id = result.id;
    }
    return rc;
}

/* ---- the door ---- */

static int repeat_find(struct engine *engine, struct span request_id,
                       struct arena *arena, struct record_result *out,
                       struct error *err)
{
    struct span value;
    struct event_id id;
    int rc = store_book_get(engine->store, STORE_BOOK_REQUEST, request_id,
                            arena, &value, err);

    if (rc != 0) {
        return rc;
    }
    if (value.len != sizeof(id)) {
        return error_set(err, ERR_USAGE,
                         "this request id was used for an import");
    }
    memcpy(&id, value.ptr, sizeof(id));
    rc = record_result_fill(engine, &id, arena, out, err);
    out->repeated = true;
    return rc;
}

int record_begin(struct engine *engine, const char *text,
                 struct session **session, struct error *err)
{
    int rc;

    *session = NULL;
    if (text != NULL && text[0] != '\0') {
        *session = session_find(engine, text, err);
        if (*session == NULL) {
            return err->code;
        }
    }
    /* What is in this turn already must not be undone with a bad row. */
    rc = disk_refuse(&engine->disk, err);
    return rc != 0 ? rc : engine_commit(engine, err);
}

int engine_record(struct engine *engine, const char *session,
                  const struct record_row *row, struct arena *arena,
                  struct record_result *out, struct error *err)
{
    struct span request_id = row->request_id;
    struct session *official = NULL;
    struct record_result made;
    int rc;

    if (request_id.len > REQUEST_ID_MAX) {
        return error_set(err, ERR_USAGE, "request id over %u bytes",
                         REQUEST_ID_MAX);
    }
    if (request_id.len > 0) {
        rc = repeat_find(engine, request_id, arena, out, err);
        if (rc != ERR_NOTFOUND) {
            return rc;
        }
    }
    if (strcmp(row->type, "Restored") == 0) {
        return error_set(err, ERR_USAGE,
                         "Restored is said by the node itself, never by hand");
    }
    rc = record_begin(engine, session, &official, err);
    if (rc != 0) {
        return rc;
    }
    rc = record_row_append(engine, official, row, arena, &made, err);
    if (rc == 0 && request_id.len > 0) {
        rc = store_book_put(engine->store, STORE_BOOK_REQUEST, request_id,
                            SPAN_OF(made.id), err);
    }
    if (rc != 0) {
        engine_undo(engine);
        return rc;
    }
    *out = made;
    return 0;
}
