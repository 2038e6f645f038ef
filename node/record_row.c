/* Room: node. Owns how a row of text pairs is read: which paths are the
 * header's, which belong to the bodies, which are facts, and what names an
 * event. It must never write or sign anything. Next: record.c, which does. */
#include "node/record_row.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/record/calendar.h"
#include "store/book.h"
#include "store/query.h"

/* ---- ids ---- */

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

/* ---- the header's fields ---- */

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
    struct row_parts *parts;
};

static int ref_take(void *ctx, const char *part, struct error *err)
{
    struct refs_taking *taking = ctx;
    int rc;

    if (taking->parts->refs_len == REFS_MAX) {
        return error_set(err, ERR_USAGE, "refs: more than %u", REFS_MAX);
    }
    rc = resolve(taking->engine, part,
                 &taking->parts->refs[taking->parts->refs_len], err);
    if (rc != 0) {
        return error_wrap(err, "refs");
    }
    taking->parts->refs_len++;
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
                       struct row_parts *parts, struct header *header,
                       struct error *err)
{
    struct refs_taking taking = {engine, parts};
    char space[REFS_MAX * 40];
    const char *path = pair->path;
    const char *value = pair->value;
    int rc = 0;

    if (strcmp(path, "key") == 0) {
        parts->key = value;
    } else if (strcmp(path, "unit") == 0) {
        rc = number_parse(path, value, &header->unit, err);
        parts->has_unit = true;
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

/* ActorCertified and its like have facts named as fields of the header. They
 * are never recorded with a session, which alone would use those fields: the
 * facts win. */
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

static bool has_fact(const struct row_parts *parts, const char *path)
{
    for (size_t i = 0; i < parts->facts_len; i++) {
        if (strcmp(parts->facts[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

int record_row_parse(struct engine *engine, const struct event_type *type,
                     const struct record_row *row, struct row_parts *parts,
                     struct header *header, struct error *err)
{
    for (size_t i = 0; i < row->fields_len; i++) {
        const struct field_pair *pair = &row->fields[i];
        int rc = 0;

        if (pair->value[0] == '\0') {
            continue;
        }
        if (strncmp(pair->path, "text.", 5) == 0) {
            rc = pair_put(parts->text, &parts->text_len, ROW_TEXT_MAX,
                          pair->path + 5, pair->value, err);
        } else if (strncmp(pair->path, "private.", 8) == 0) {
            rc = pair_put(parts->secret, &parts->secret_len, ROW_SECRET_MAX,
                          pair->path + 8, pair->value, err);
        } else {
            if (!path_is_fact(type, pair->path)) {
                rc = header_take(engine, pair, parts, header, err);
            }
            if (rc == 1 && strcmp(pair->path, "to") == 0 && to_is_fact(type) &&
                !has_fact(parts, "to")) {
                rc = 0;
            }
            if (rc == 0) {
                rc = pair_put(parts->facts, &parts->facts_len, ROW_FACTS_MAX,
                              pair->path, pair->value, err);
            }
        }
        if (rc < 0) {
            return rc;
        }
    }
    header->refs = id_list_of(parts->refs, parts->refs_len);
    return 0;
}

/* ---- into the draft ---- */

int record_row_encode(struct engine *engine, struct record_draft *draft,
                      const struct row_parts *parts, struct arena *arena,
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
    rc = facts_encode(draft->type, parts->facts, parts->facts_len, &resolver,
                      &facts, err);
    if (rc == 0 && parts->text_len > 0) {
        rc = facts_encode_as(body_text_shape(), parts->text, parts->text_len,
                             &resolver, &text, err);
        if (rc != 0) {
            (void)error_wrap(err, "text");
        }
    }
    if (rc == 0 && parts->secret_len > 0) {
        rc = facts_encode_as(body_private_shape(), parts->secret,
                             parts->secret_len, &resolver, &secret, err);
        if (rc != 0) {
            (void)error_wrap(err, "private");
        }
    }
    draft->facts = buf_span(&facts);
    draft->text = buf_span(&text);
    draft->secret = buf_span(&secret);
    return rc;
}
