/* node/web: the office: clock, officials, logins, joining.
 * Owns the routes of people and keys; every decision is the engine's. Must
 * never put a password or a secret into an answer or a log line. */
#include <stdlib.h>
#include <string.h>

#include "node/clock.h"
#include "node/web/api.h"
#include "protocol/base/hex.h"
#include "store/spool.h"

#define ZONE_S 25200u /* UTC+7 */

int api_node(struct api_call *call, struct error *err)
{
    struct sign_public root = engine_root_key(call->engine);
    struct store_spool_state here;
    int rc = store_only_here(call->store, &here, err);

    if (rc < 0) {
        return rc;
    }
    api_put_head(call);
    api_put_hex(call->answer, "root_key", SPAN_OF(root.bytes));
    api_put_number(call->answer, "only_here", (int64_t)here.count);
    api_put_time(call->answer, "only_here_since",
                 (int64_t)(here.oldest_ms / 1000));
    return 0;
}

/* "2024-03-01T08:00", a time of Viet Nam. */
static int parse_moment(const char *text, uint64_t *ms, struct error *err)
{
    struct error ignored = {0};
    uint32_t day = 0;
    const char *t = text + 10;
    bool fine = strlen(text) == 16 && t[0] == 'T' && t[3] == ':' &&
                strspn(t + 1, "0123456789") == 2 &&
                strspn(t + 4, "0123456789") == 2 &&
                day_parse(span_make(text, 10), &day, &ignored) == 0;
    uint64_t hour = fine ? strtoul(t + 1, NULL, 10) : 99;
    uint64_t minute = fine ? strtoul(t + 4, NULL, 10) : 99;

    if (hour > 23 || minute > 59) {
        return error_set(err, ERR_USAGE,
                         "set: \"%.40s\" is no time; write it as "
                         "2024-03-01T08:00",
                         text);
    }
    *ms = ((uint64_t)day * 86400 + hour * 3600 + minute * 60 - ZONE_S) * 1000;
    return 0;
}

int api_clock_set(struct api_call *call, struct error *err)
{
    const char *text = NULL;
    uint64_t ms = 0;
    int rc = 0;

    if (api_arg_flag(call, "confirm")) {
        rc = engine_clock_confirm(call->engine, err);
    } else {
        rc = api_arg_text(call, "set", &text, err);
        rc = rc < 0 ? rc : parse_moment(text, &ms, err);
        rc = rc < 0 ? rc : engine_clock_set(call->engine, ms, err);
    }
    if (rc == 0) {
        api_put_head(call);
    }
    return rc;
}

/* ---- officials ------------------------------------------------------------
 */

static void put_official(const struct api_call *call, json_t *object,
                         const struct official *official)
{
    api_put_str(object, "name", official->name);
    api_put_str(object, "post", official->post);
    api_put_unit(call, object, "unit", official->unit);
    api_put_number(object, "rights", official->rights);
    api_put_hex(object, "key_id", SPAN_OF(official->actor.bytes));
    api_put_bool(object, "revoked", official->revoked);
    api_put_bool(object, "logged_in", official->logged_in);
}

int api_login(struct api_call *call, struct error *err)
{
    char session[SESSION_TEXT_SIZE];
    struct official official;
    const char *name = NULL;
    const char *password = NULL;
    int rc = api_arg_text(call, "name", &name, err);

    rc = rc < 0 ? rc : api_arg_text(call, "password", &password, err);
    rc = rc < 0 ? rc : engine_login(call->engine, name, password, session, err);
    rc = rc < 0 ? rc : engine_session(call->engine, session, &official, err);
    if (rc == 0) {
        api_put_str(call->answer, "session", session);
        put_official(call, api_put_object(call->answer, "official"), &official);
    }
    return rc;
}

int api_logout(struct api_call *call, struct error *err)
{
    (void)err;
    engine_logout(call->engine, call->session);
    return 0;
}

int api_officials(struct api_call *call, struct error *err)
{
    const struct official *list = NULL;
    size_t len = 0;
    int rc = engine_officials(call->engine, &call->arena, &list, &len, err);
    json_t *array = api_put_array(call->answer, "officials");

    for (size_t i = 0; rc == 0 && i < len; i++) {
        put_official(call, api_add_object(array), &list[i]);
    }
    return rc;
}

int api_official_add(struct api_call *call, struct error *err)
{
    struct official_request request = {.session = call->session};
    struct event_id id;
    int rc = api_arg_text(call, "name", &request.name, err);

    rc = rc < 0 ? rc : api_arg_text(call, "post", &request.post, err);
    rc = rc < 0 ? rc : api_arg_text(call, "password", &request.password, err);
    rc = rc < 0
             ? rc
             : api_arg_number(call, "unit", UINT32_MAX, 0, &request.unit, err);
    rc = rc < 0 ? rc
                : api_arg_number(call, "rights", 15, 1, &request.rights, err);
    if (rc == 0 && request.unit == 0) {
        rc = error_set(err, ERR_USAGE, "unit: is missing: its number");
    }
    if (call->session[0] == '\0') {
        request.session = NULL;
    }
    rc = rc < 0 ? rc : engine_official_add(call->engine, &request, &id, err);
    if (rc == 0) {
        api_put_str(call->answer, "name", request.name);
        api_put_id(call->answer, "certified", &id);
    }
    return rc;
}

int api_official_revoke(struct api_call *call, struct error *err)
{
    const char *name = NULL;
    int rc = api_arg_text(call, "name", &name, err);

    rc = rc < 0 ? rc : engine_official_revoke(call->engine, name, err);
    if (rc == 0) {
        api_put_str(call->answer, "name", name);
    }
    return rc;
}

int api_recovery_secret(struct api_call *call, struct error *err)
{
    const char *text = NULL;
    uint32_t unit = 0;
    int rc = api_arg_text(call, "secret", &text, err);

    rc = rc < 0 ? rc
                : engine_recovery_secret(call->engine, call->session, text,
                                         &unit, err);
    if (rc == 0) {
        api_put_unit(call, call->answer, "unit", unit);
    }
    return rc;
}

/* ---- joining ----------------------------------------------------------------
 */

int api_invite(struct api_call *call, struct error *err)
{
    struct invite_request request = {
        .endpoint = api_arg(call, "endpoint"),
        .has_dir = api_arg_flag(call, "has_dir"),
        .role = api_arg(call, "role"),
        .reached = api_arg(call, "at"),
        .auto_confirm = api_arg_flag(call, "auto"),
        .reason = api_arg(call, "reason"),
    };
    char room[4096];
    struct buf line = buf_over(room, sizeof(room));
    int rc = api_arg_number(call, "node", UINT32_MAX, 0, &request.node, err);

    rc = rc < 0 ? rc
                : api_arg_number(call, "numbers_first", UINT32_MAX, 0,
                                 &request.numbers_first, err);
    rc = rc < 0 ? rc
                : api_arg_number(call, "numbers_last", UINT32_MAX, 0,
                                 &request.numbers_last, err);
    if (rc == 0 && request.node == 0) {
        rc = error_set(err, ERR_USAGE, "node: is missing: its number");
    }
    rc = rc < 0 ? rc : engine_invite(call->engine, &request, &line, err);
    if (rc == 0 && line.overflow) {
        rc = error_set(err, ERR_LIMIT, "the invitation is too long");
    }
    if (rc == 0) {
        api_put(call->answer, "invitation", buf_span(&line));
    }
    return rc;
}

int api_joins(struct api_call *call, struct error *err)
{
    const struct join_pending *list = NULL;
    size_t len = 0;
    int rc = engine_join_pending(call->engine, &call->arena, &list, &len, err);
    json_t *array = api_put_array(call->answer, "joins");

    for (size_t i = 0; rc == 0 && i < len; i++) {
        json_t *object = api_add_object(array);

        api_put_number(object, "node", list[i].node);
        api_put_str(object, "fingerprint", list[i].fingerprint);
        api_put_time(object, "received", (int64_t)(list[i].received_ms / 1000));
    }
    return rc;
}

int api_join_confirm(struct api_call *call, struct error *err)
{
    const char *fingerprint = NULL;
    uint32_t node = 0;
    int rc = api_arg_text(call, "fingerprint", &fingerprint, err);

    rc = rc < 0 ? rc
                : engine_join_confirm(call->engine, fingerprint, &node, err);
    if (rc == 0) {
        api_put_number(call->answer, "node", node);
    }
    return rc;
}
