/* Room: node. Owns the path of one event from text pairs to the spool: parse,
 * check, seal, sign, store and integrate in one transaction. It must never
 * sign what would not count, and never answer before the commit. Next:
 * denunciation.c, import.c (many), record_body.c (sealing), sequence.c (into
 * the log). */
#include "node/engine_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/clock.h"
#include "node/tree.h"
#include "protocol/base/hex.h"
#include "protocol/duty/rules.h"
#include "protocol/event/code.h"
#include "protocol/record/calendar.h"
#include "store/book.h"
#include "store/query.h"
#include "store/spool.h"

#define PAIRS_MAX 512u
#define LIST_BYTES ((size_t)2 * BODY_WIRE_MAX)
#define TOLD_WITHIN_DAYS 10u /* working days; Law 42/2013 Article 28 */

/* ---- ids -------------------------------------------------------------------
 */

/* Hex, an import key or a citizen's code. */
static int resolve(void *ctx, const char *text, struct event_id *out,
                   struct error *err)
{
    struct engine *engine = ctx;
    struct error ignored = {0};
    int rc;

    if (strlen(text) == 32 &&
        hex_decode(span_str(text), out, sizeof(*out), &ignored) == 0) {
        return 0;
    }
    rc = store_import_find(engine->store, text, out, err);
    if (rc == ERR_NOTFOUND) {
        rc = store_event_by_code(engine->store, text, out, err);
    }
    if (rc == ERR_NOTFOUND || rc == ERR_MALFORMED) {
        return error_set(err, ERR_NOTFOUND,
                         "'%.60s' is no event id, no code and no key known "
                         "here",
                         text);
    }
    return rc;
}

/* ---- the header's fields
 * ------------------------------------------------------ */

/* A row taken apart. */
struct parsed {
    struct field_pair facts[PAIRS_MAX];
    struct field_pair text[16];
    struct field_pair secret[128];
    size_t facts_len, text_len, secret_len;
    const char *key;
    struct event_id refs[REFS_MAX];
    size_t refs_len;
    bool has_unit;
};

static int bad(struct error *err, const char *path, const char *value,
               const char *expected)
{
    return error_set(err, ERR_USAGE, "%s: '%.60s' is not %s", path, value,
                     expected);
}

static int number_parse(const char *path, const char *value, uint32_t *out,
                        struct error *err)
{
    char *end = NULL;
    unsigned long number;

    if (value[0] < '0' || value[0] > '9') {
        return bad(err, path, value, "a unit's number");
    }
    number = strtoul(value, &end, 10);
    if (*end != '\0' || number > UINT32_MAX) {
        return bad(err, path, value, "a unit's number");
    }
    *out = (uint32_t)number;
    return 0;
}

/* Calls `take` for each part of "a;b;c"; empty parts are skipped. */
static int parts_each(const char *value, char *space, size_t size,
                      int (*take)(void *ctx, const char *part,
                                  struct error *err),
                      void *ctx, struct error *err)
{
    char *rest = NULL;
    int rc = 0;

    if (strlen(value) >= size) {
        return error_set(err, ERR_USAGE, "a list of ids is too long");
    }
    memcpy(space, value, strlen(value) + 1);
    for (char *part = strtok_r(space, "; ", &rest); rc == 0 && part != NULL;
         part = strtok_r(NULL, "; ", &rest)) {
        rc = take(ctx, part, err);
    }
    return rc;
}

struct refs_taking {
    struct engine *engine;
    struct parsed *parsed;
};

static int ref_take(void *ctx, const char *part, struct error *err)
{
    struct refs_taking *taking = ctx;
    int rc;

    if (taking->parsed->refs_len == REFS_MAX) {
        return error_set(err, ERR_USAGE, "refs: more than %u", REFS_MAX);
    }
    rc = resolve(taking->engine, part,
                 &taking->parsed->refs[taking->parsed->refs_len], err);
    if (rc != 0) {
        return error_wrap(err, "refs");
    }
    taking->parsed->refs_len++;
    return 0;
}

static int addressee_take(void *ctx, const char *part, struct error *err)
{
    struct header *header = ctx;
    int rc;

    if (header->addressees_len == ADDRESSEES_MAX) {
        return error_set(err, ERR_USAGE, "to: more than %u units",
                         ADDRESSEES_MAX);
    }
    rc = number_parse("to", part, &header->addressees[header->addressees_len],
                      err);
    for (size_t i = 0; rc == 0 && i < header->addressees_len; i++) {
        if (header->addressees[i] ==
            header->addressees[header->addressees_len]) {
            return 0; /* named twice */
        }
    }
    if (rc == 0) {
        header->addressees_len++;
    }
    return rc;
}

/* 1 if the path is the header's and was taken, 0 if it is not, or an error. */
static int header_take(struct engine *engine, const struct field_pair *pair,
                       struct parsed *parsed, struct header *header,
                       struct error *err)
{
    struct refs_taking taking = {engine, parsed};
    char space[REFS_MAX * 40];
    const char *path = pair->path;
    const char *value = pair->value;
    int rc = 0;

    if (strcmp(path, "key") == 0) {
        parsed->key = value;
    } else if (strcmp(path, "unit") == 0) {
        rc = number_parse(path, value, &header->unit, err);
        parsed->has_unit = true;
    } else if (strcmp(path, "on") == 0) {
        rc = day_parse(span_str(value), &header->on_day, err);
        if (rc != 0) {
            rc = bad(err, path, value, "a date like 2024-03-01");
        }
    } else if (strcmp(path, "subject") == 0) {
        header->has_subject = true;
        rc = resolve(engine, value, &header->subject, err);
        if (rc != 0) {
            rc = error_wrap(err, "subject");
        }
    } else if (strcmp(path, "refs") == 0) {
        rc = parts_each(value, space, sizeof(space), ref_take, &taking, err);
    } else if (strcmp(path, "to") == 0) {
        rc = parts_each(value, space, sizeof(space), addressee_take, header,
                        err);
    } else if (strcmp(path, "historical") == 0) {
        header->historical = strcmp(value, "true") == 0;
        if (!header->historical && strcmp(value, "false") != 0) {
            rc = bad(err, path, value, "true or false");
        }
    } else {
        return 0;
    }
    return rc != 0 ? rc : 1;
}

static int pair_put(struct field_pair *pairs, size_t *len, size_t max,
                    const char *path, const char *value, struct error *err)
{
    if (*len == max) {
        return error_set(err, ERR_USAGE, "%s: too many fields", path);
    }
    pairs[(*len)++] = (struct field_pair){path, value};
    return 0;
}

/* ActorCertified and its like have facts named `unit`: header fields are only
 * those that the type has no fact of... directory facts never pass here with
 * a session, so the facts win for directory types. */
static bool path_is_fact(const struct event_type *type, const char *path)
{
    return (type->group == EVENT_GROUP_DIRECTORY &&
            strcmp(path, "unit") == 0) ||
           (type->number == EVENT_CUSTODY_TRANSFERRED &&
            strcmp(path, "to") == 0);
}

/* Types whose facts name the unit they go to, which is an addressee as well:
 * said once, under `to`. */
static bool to_is_fact(const struct event_type *type)
{
    return type->number == EVENT_PETITION_REFERRED ||
           type->number == EVENT_PERSON_NOTIFIED;
}

static bool has_fact(const struct parsed *parsed, const char *path)
{
    for (size_t i = 0; i < parsed->facts_len; i++) {
        if (strcmp(parsed->facts[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

static int row_parse(struct engine *engine, const struct event_type *type,
                     const struct record_row *row, struct parsed *parsed,
                     struct header *header, struct error *err)
{
    for (size_t i = 0; i < row->fields_len; i++) {
        const struct field_pair *pair = &row->fields[i];
        int rc = 0;

        if (pair->value[0] == '\0') {
            continue;
        }
        if (strncmp(pair->path, "text.", 5) == 0) {
            rc = pair_put(parsed->text, &parsed->text_len, 16, pair->path + 5,
                          pair->value, err);
        } else if (strncmp(pair->path, "private.", 8) == 0) {
            rc = pair_put(parsed->secret, &parsed->secret_len, 128,
                          pair->path + 8, pair->value, err);
        } else {
            if (!path_is_fact(type, pair->path)) {
                rc = header_take(engine, pair, parsed, header, err);
            }
            if (rc == 1 && strcmp(pair->path, "to") == 0 && to_is_fact(type) &&
                !has_fact(parsed, "to")) {
                rc = 0;
            }
            if (rc == 0) {
                rc = pair_put(parsed->facts, &parsed->facts_len, PAIRS_MAX,
                              pair->path, pair->value, err);
            }
        }
        if (rc < 0) {
            return rc;
        }
    }
    header->refs = id_list_of(parsed->refs, parsed->refs_len);
    return 0;
}

/* ---- who signs
 * ------------------------------------------------------------------ */

static int signer_choose(struct engine *engine, const struct event_type *type,
                         struct session *session, const struct parsed *parsed,
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
    if (parsed->has_unit && draft->header.unit != session->unit) {
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

/* ---- one event
 * --------------------------------------------------------------------- */

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

int record_append(struct engine *engine, struct record_draft *draft,
                  struct arena *arena, struct event_id *id, struct error *err)
{
    struct store_integrate_options options = {
        .now = engine_store_now(engine), .max_events = 1, .verify_here = true};
    struct store_integrated done;
    struct record_made made = {0};
    uint64_t number;
    int rc = record_make(engine, draft, arena, &made, err);

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

/* ---- the answer
 * ------------------------------------------------------------------------ */

static int due_visit(void *ctx, const char *path, struct span value,
                     struct error *err)
{
    struct error ignored = {0};

    (void)err;
    if (strcmp(path, "due_day") == 0) {
        uint32_t day;

        if (day_parse(value, &day, &ignored) == 0) {
            *(uint32_t *)ctx = day;
        }
    }
    return 0;
}

static int refusable_visit(void *ctx, const char *path, struct span value,
                           struct error *err)
{
    (void)err;
    if (strcmp(path, "kind") == 0) {
        *(bool *)ctx = !span_equal(value, span_str("proposal"));
    }
    return 0;
}

/* What the slip promises to who handed a petition in. */
static void promise_fill(struct engine *engine, const struct leaf *leaf,
                         struct arena *arena, struct record_result *out)
{
    const struct directory *dir = engine_directory(engine);
    const struct rule *rule = NULL;
    struct rule_set rules;
    struct error ignored = {0};

    if (facts_visit(event_type_find(leaf->header.type), leaf->facts,
                    refusable_visit, &out->refusable, &ignored) != 0) {
        out->refusable = false;
    }
    out->told_by_days = TOLD_WITHIN_DAYS;
    if (rule_set_of(dir, arena, &rules, &ignored) == 0) {
        rule = rule_find(&rules, "P1\0", leaf->header.on_day);
    }
    if (rule != NULL) {
        out->told_by_days =
            rule_value(rule, "working_days", 0, TOLD_WITHIN_DAYS);
    }
    if (calendar_add_working(&dir->calendar, leaf->header.on_day,
                             out->told_by_days, &out->told_by_day,
                             &ignored) != 0) {
        out->told_by_day = 0;
    }
}

static int result_fill(struct engine *engine, const struct event_id *id,
                       struct arena *arena, struct record_result *out,
                       struct error *err)
{
    struct store_event event;
    struct leaf leaf;
    struct unit_facts unit;
    struct error ignored = {0};
    int rc = store_event_find(engine->store, id, arena, &event, err);

    if (rc == 0) {
        rc = leaf_parse(event.leaf, &leaf, err);
    }
    if (rc != 0) {
        return rc;
    }
    memset(out, 0, sizeof(*out));
    out->id = *id;
    out->subject = leaf_subject(&leaf);
    code_format(&out->id, out->code);
    code_format(&out->subject, out->subject_code);
    out->type = event_type_find(leaf.header.type)->name;
    out->recorded_ms = leaf.header.recorded_ms;
    out->on_day = leaf.header.on_day;
    out->unit = leaf.header.unit;
    out->standing = event.standing;
    out->unit_name = "";
    out->post = "";
    if (directory_unit_at(engine_directory(engine), out->unit, out->on_day,
                          &unit)) {
        char *name = arena_alloc(arena, unit.name.len + 1);

        if (name != NULL && unit.name.len > 0) {
            memcpy(name, unit.name.ptr, unit.name.len);
        }
        out->unit_name = name != NULL ? name : "";
    }
    if (leaf.header.type == EVENT_PETITION_RECEIVED) {
        promise_fill(engine, &leaf, arena, out);
    }
    if (leaf.header.type == EVENT_PETITION_CLASSIFIED ||
        leaf.header.type == EVENT_PETITION_EXTENDED ||
        leaf.header.type == EVENT_PETITION_REFERRED) {
        if (facts_visit(event_type_find(leaf.header.type), leaf.facts,
                        due_visit, &out->due_day, &ignored) != 0) {
            out->due_day = 0;
        }
    }
    return 0;
}

/* ---- rows
 * --------------------------------------------------------------------------------
 */

/* Facts, text and private content of a row into the draft. */
static int contents_encode(struct engine *engine, struct record_draft *draft,
                           struct parsed *parsed, struct arena *arena,
                           struct error *err)
{
    struct facts_resolver resolver = {resolve, engine};
    uint8_t *space = arena_alloc(arena, LEAF_MAX);
    uint8_t *text_space = arena_alloc(arena, TEXT_BODY_MAX);
    uint8_t *secret_space = arena_alloc(arena, PRIVATE_BODY_MAX);
    struct buf facts = buf_over(space, LEAF_MAX);
    struct buf text = buf_over(text_space, TEXT_BODY_MAX);
    struct buf secret = buf_over(secret_space, PRIVATE_BODY_MAX);
    int rc;

    if (space == NULL || text_space == NULL || secret_space == NULL) {
        return error_set(err, ERR_LIMIT, "too many events in one turn");
    }
    rc = facts_encode(draft->type, parsed->facts, parsed->facts_len, &resolver,
                      &facts, err);
    if (rc == 0 && parsed->text_len > 0) {
        rc = facts_encode_as(body_text_shape(), parsed->text, parsed->text_len,
                             &resolver, &text, err);
        if (rc != 0) {
            (void)error_wrap(err, "text");
        }
    }
    if (rc == 0 && parsed->secret_len > 0) {
        rc = facts_encode_as(body_private_shape(), parsed->secret,
                             parsed->secret_len, &resolver, &secret, err);
        if (rc != 0) {
            (void)error_wrap(err, "private");
        }
    }
    draft->facts = buf_span(&facts);
    draft->text = buf_span(&text);
    draft->secret = buf_span(&secret);
    return rc;
}

int record_row_append(struct engine *engine, struct session *session,
                      const struct record_row *row, struct arena *arena,
                      struct record_result *out, struct error *err)
{
    struct record_draft draft = {.type = event_type_named(row->type)};
    struct parsed *parsed = arena_alloc(arena, sizeof(*parsed));
    struct event_id id;
    int rc;

    if (draft.type == NULL || draft.type->shape == NULL) {
        return error_set(err, ERR_USAGE,
                         "'%.60s' is no type of event that "
                         "this version records",
                         row->type);
    }
    if (parsed == NULL) {
        return error_set(err, ERR_LIMIT, "too many events in one turn");
    }
    rc = row_parse(engine, draft.type, row, parsed, &draft.header, err);
    if (rc == 0) {
        rc = tree_complete(engine, draft.type, parsed->facts,
                           &parsed->facts_len, PAIRS_MAX, arena, err);
    }
    if (rc == 0) {
        rc = denunciation_find(engine, parsed->facts, parsed->facts_len, arena,
                               &draft, err);
    }
    if (rc == 0) {
        rc = signer_choose(engine, draft.type, session, parsed, &draft, err);
    }
    if (rc == 0) {
        rc = denunciation_check(&draft, parsed->text_len > 0, err);
    }
    if (rc == 0) {
        rc = contents_encode(engine, &draft, parsed, arena, err);
    }
    if (rc == 0) {
        rc = private_hand_keys(engine, session, &draft, arena, err);
    }
    if (rc == 0) {
        rc = record_append(engine, &draft, arena, &id, err);
    }
    if (rc == 0 && parsed->key != NULL) {
        rc = store_import_put(engine->store, parsed->key, &id, err);
    }
    if (rc == 0) {
        rc = result_fill(engine, &id, arena, out, err);
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

/* ---- the door
 * ------------------------------------------------------------------------------
 */

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
    rc = result_fill(engine, &id, arena, out, err);
    out->repeated = true;
    return rc;
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
    if (session != NULL && session[0] != '\0') {
        official = session_find(engine, session, err);
        if (official == NULL) {
            return err->code;
        }
    }
    /* What is in this turn already must not be undone with a bad row. */
    rc = disk_refuse(&engine->disk, err);
    if (rc != 0) {
        return rc;
    }
    rc = engine_commit(engine, err);
    if (rc == 0) {
        rc = record_row_append(engine, official, row, arena, &made, err);
    }
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
