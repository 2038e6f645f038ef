/* The API's requests and answers, between http.h and the engine.
 *
 * One function a route; each reads its arguments from the call, asks engine or
 * store, and puts what it found into `answer`. Nothing here decides: refusals
 * are the engine's, texts and dates come out as the protocol prints them.
 *
 * Writes are POSTs with a header `Qcdc-Request: ID` (1-64 of [A-Za-z0-9._-]):
 * the same id again gives the first answer. `Qcdc-Session` is what /v1/login
 * gave. Errors are {"error":{"code","text","text_en"}} with the HTTP status of
 * the code; sentences are in the language of Accept-Language: vi, or en when
 * preferred; text_en is the sentence as it is logged.
 */
#ifndef QCDC_NODE_WEB_API_H
#define QCDC_NODE_WEB_API_H

#include <jansson.h>

#include "node/engine.h"
#include "node/web/http.h"
#include "node/words/words.h"
#include "protocol/base/arena.h"
#include "protocol/record/calendar.h"

struct directory;
struct store;

struct api_call {
    struct engine *engine;
    struct store *store;
    const struct http_request *request;
    struct arena arena;     /* of this call */
    const char *rest;       /* of the path, after the route */
    json_t *body;           /* parsed, of a POST of JSON; else NULL */
    const char *session;    /* "" = none given */
    struct span request_id; /* empty on reads */
    uint32_t today;
    enum words_lang lang; /* that the caller reads */
    json_t *answer;       /* an object, to be filled */
    char *text;           /* instead of it: heap, taken */
    size_t text_len;
};

typedef int (*api_fn)(struct api_call *call, struct error *err);

/* By file. */
int api_node(struct api_call *call, struct error *err) MUST_USE;
int api_clock_set(struct api_call *call, struct error *err) MUST_USE;
int api_login(struct api_call *call, struct error *err) MUST_USE;
int api_logout(struct api_call *call, struct error *err) MUST_USE;
int api_officials(struct api_call *call, struct error *err) MUST_USE;
int api_official_add(struct api_call *call, struct error *err) MUST_USE;
int api_official_revoke(struct api_call *call, struct error *err) MUST_USE;
int api_recovery_secret(struct api_call *call, struct error *err) MUST_USE;
int api_invite(struct api_call *call, struct error *err) MUST_USE;
int api_joins(struct api_call *call, struct error *err) MUST_USE;
int api_join_confirm(struct api_call *call, struct error *err) MUST_USE;
int api_record(struct api_call *call, struct error *err) MUST_USE;
int api_import(struct api_call *call, struct error *err) MUST_USE;
int api_records(struct api_call *call, struct error *err) MUST_USE;
int api_search(struct api_call *call, struct error *err) MUST_USE;
int api_show(struct api_call *call, struct error *err) MUST_USE;
int api_raw(struct api_call *call, struct error *err) MUST_USE;
int api_status(struct api_call *call, struct error *err) MUST_USE;
int api_duty(struct api_call *call, struct error *err) MUST_USE;
int api_units(struct api_call *call, struct error *err) MUST_USE;
int api_snapshot(struct api_call *call, struct error *err) MUST_USE;
int api_recompute(struct api_call *call, struct error *err) MUST_USE;
int api_sync(struct api_call *call, struct error *err) MUST_USE;
int api_receipt(struct api_call *call, struct error *err) MUST_USE;
int api_policy(struct api_call *call, struct error *err) MUST_USE;
int api_witness_heads(struct api_call *call, struct error *err) MUST_USE;
int api_witness_request(struct api_call *call, struct error *err) MUST_USE;
int api_witness_cosigned(struct api_call *call, struct error *err) MUST_USE;
int api_check(struct api_call *call, struct error *err) MUST_USE;
int api_job(struct api_call *call, struct error *err) MUST_USE;
int api_bundle(struct api_call *call, struct error *err) MUST_USE;
int api_bundle_put(struct api_call *call, struct error *err) MUST_USE;
int api_bundle_import(struct api_call *call, struct error *err) MUST_USE;
int api_bundle_export(struct api_call *call, struct error *err) MUST_USE;
int api_bundle_get(struct api_call *call, struct error *err) MUST_USE;
int api_rebuild(struct api_call *call, struct error *err) MUST_USE;
int api_tail(struct api_call *call, struct error *err) MUST_USE;
int api_file_put(struct api_call *call, struct error *err) MUST_USE;
int api_file_get(struct api_call *call, struct error *err) MUST_USE;
int api_backup(struct api_call *call, struct error *err) MUST_USE;

/* ---- for the functions above (args.c) ---------------------------------- */

/* ?name= or a member of the body; NULL when absent or "". */
const char *api_arg(const struct api_call *call, const char *name);
/* The same, required: ERR_USAGE naming it. */
int api_arg_text(const struct api_call *call, const char *name,
                 const char **out, struct error *err) MUST_USE;
/* Absent: `otherwise`. ERR_USAGE when it is no number up to `max`. */
int api_arg_number(const struct api_call *call, const char *name, uint32_t max,
                   uint32_t otherwise, uint32_t *out,
                   struct error *err) MUST_USE;
bool api_arg_flag(const struct api_call *call, const char *name);
/* "2024-03-01"; absent: `otherwise`. ERR_USAGE. */
int api_arg_day(const struct api_call *call, const char *name,
                uint32_t otherwise, uint32_t *out, struct error *err) MUST_USE;
/* A unit's number, or its name or a part of it that no other has (accents do
 * not matter); absent: 0. ERR_USAGE, ERR_NOTFOUND. */
int api_arg_unit(const struct api_call *call, const char *name, uint32_t *out,
                 struct error *err) MUST_USE;
/* An id in hex, a citizen's code, or an import key. ERR_NOTFOUND naming it. */
int api_event_named(const struct api_call *call, const char *text,
                    struct event_id *out, struct error *err) MUST_USE;

/* ---- writing answers (write.c); on no memory the member is left out --------
 */

/* Text; bytes that are no UTF-8 become 0x and hex. */
void api_put(json_t *object, const char *name, struct span text);
void api_put_str(json_t *object, const char *name, const char *text);
/* A sentence of ours (an error's text), in the language asked for. */
void api_put_words(json_t *object, const char *name, const char *text,
                   enum words_lang lang);
void api_put_number(json_t *object, const char *name, int64_t value);
void api_put_bool(json_t *object, const char *name, bool value);
void api_put_id(json_t *object, const char *name, const struct event_id *id);
void api_put_hex(json_t *object, const char *name, struct span bytes);
void api_put_day(json_t *object, const char *name, uint32_t day);
/* As "2024-03-01T08:00:00+07:00"; null for 0. */
void api_put_time(json_t *object, const char *name, int64_t time_s);
/* A new member object or array, owned by `object`. */
json_t *api_put_object(json_t *object, const char *name);
json_t *api_put_array(json_t *object, const char *name);
json_t *api_add_object(json_t *array);
/* `document.number`, `items[2].petition_id`: made as it is needed. */
void api_put_path(json_t *object, const char *path, struct span value);

/* The same as a visitor of facts; ctx: the object. */
int api_put_value(void *ctx, const char *path, struct span value,
                  struct error *err);
/* As api_put_value into `object`, and who the numbers of units and nodes are:
 * members `unit_names` and `node_names` of the whole answer, by number. ctx is
 * a struct api_named that lives for the visit. */
struct api_named {
    const struct api_call *call;
    json_t *object;
};
int api_put_named(void *ctx, const char *path, struct span value,
                  struct error *err);
/* The citizen's code of an id. */
void api_put_code(json_t *object, const char *name, const struct event_id *id);

/* number and name of a unit or node: {"number": 12, "name": "..."} */
void api_put_unit(const struct api_call *call, json_t *object, const char *name,
                  uint32_t unit);
/* Name of a unit today; "" when unknown. */
struct span api_unit_name(const struct api_call *call, uint32_t unit);
/* Of a node: the territory or unit it is for, else its number. */
const char *api_node_name(const struct api_call *call, uint32_t node,
                          char *room, size_t size);
/* Which node answers, its clock, and the mark of a clock that was set. */
void api_put_head(const struct api_call *call);

/* ---- show_event.c ---- */

struct store_event;
/* In which log it stands, and who holds it there. */
int api_put_place(struct api_call *call, json_t *object,
                  const struct store_event *event, struct error *err) MUST_USE;
/* All of it that this caller may read. */
int api_put_event(struct api_call *call, json_t *object,
                  const struct store_event *event, struct error *err) MUST_USE;

#endif
