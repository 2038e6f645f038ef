/* node/web: the API's routes.
 * Owns the table of what is asked where, the call around each function, and
 * the answers of recent writes (so that a repeated request does nothing
 * twice). Must never answer a write before engine_commit returned 0. Read
 * next: api.h, then record.c, show.c, status.c. */
#include "node/web/web.h"

#include <stdlib.h>
#include <string.h>

#include "node/log.h"
#include "node/web/api.h"

#define CALL_ARENA ((size_t)64 * 1024 * 1024)
#define CALL_KEPT ((size_t)1024 * 1024) /* of it between calls */
#define REPEATS 64u

enum route_kind {
    ROUTE_GET,
    ROUTE_ASK,   /* POST that changes nothing: its question has a body */
    ROUTE_WRITE, /* POST: request id, commit before the answer */
    ROUTE_LOGIN, /* ROUTE_WRITE whose answer must not be kept */
};

struct route {
    const char *path; /* ending in '/': the rest is the call's argument */
    enum route_kind kind;
    bool raw_body; /* not JSON */
    api_fn run;
};

static const struct route routes[] = {
    {"/v1/node", ROUTE_GET, false, api_node},
    {"/v1/clock", ROUTE_WRITE, false, api_clock_set},
    {"/v1/login", ROUTE_LOGIN, false, api_login},
    {"/v1/logout", ROUTE_LOGIN, false, api_logout},
    {"/v1/officials", ROUTE_GET, false, api_officials},
    {"/v1/officials/add", ROUTE_WRITE, false, api_official_add},
    {"/v1/officials/revoke", ROUTE_WRITE, false, api_official_revoke},
    {"/v1/officials/recovery", ROUTE_WRITE, false, api_recovery_secret},
    {"/v1/invite", ROUTE_WRITE, false, api_invite},
    {"/v1/joins", ROUTE_GET, false, api_joins},
    {"/v1/joins/confirm", ROUTE_WRITE, false, api_join_confirm},
    {"/v1/events", ROUTE_WRITE, true, api_record},
    {"/v1/import", ROUTE_WRITE, true, api_import},
    {"/v1/units", ROUTE_GET, false, api_units},
    {"/v1/records", ROUTE_GET, false, api_records},
    {"/v1/records/", ROUTE_GET, false, api_show},
    {"/v1/search", ROUTE_GET, false, api_search},
    {"/v1/raw/", ROUTE_GET, false, api_raw},
    {"/v1/status", ROUTE_GET, false, api_status},
    {"/v1/status/known", ROUTE_ASK, false, api_status},
    {"/v1/duty", ROUTE_GET, false, api_duty},
    {"/v1/snapshot", ROUTE_GET, false, api_snapshot},
    {"/v1/recompute", ROUTE_ASK, false, api_recompute},
    {"/v1/sync", ROUTE_GET, false, api_sync},
    {"/v1/receipt/", ROUTE_GET, false, api_receipt},
    {"/v1/policy", ROUTE_GET, false, api_policy},
    {"/v1/witness/heads", ROUTE_GET, false, api_witness_heads},
    {"/v1/witness/request", ROUTE_GET, false, api_witness_request},
    {"/v1/witness/cosigned", ROUTE_WRITE, false, api_witness_cosigned},
    {"/v1/check", ROUTE_ASK, false, api_check},
    {"/v1/jobs/", ROUTE_GET, false, api_job},
    {"/v1/rebuild", ROUTE_WRITE, false, api_rebuild},
    {"/v1/tail", ROUTE_WRITE, true, api_tail},
    {"/v1/files", ROUTE_WRITE, true, api_file_put},
    {"/v1/files/", ROUTE_GET, false, api_file_get},
    {"/v1/backup", ROUTE_WRITE, false, api_backup},
    {"/v1/bundle", ROUTE_GET, false, api_bundle},
    {"/v1/bundle/put", ROUTE_ASK, true, api_bundle_put},
    {"/v1/bundle/import", ROUTE_WRITE, false, api_bundle_import},
    {"/v1/bundle/export", ROUTE_WRITE, false, api_bundle_export},
    {"/v1/bundle/get", ROUTE_GET, false, api_bundle_get},
};

/* The answer of a write, for its request id. */
struct repeat {
    char id[REQUEST_ID_MAX + 1];
    int status;
    char *text;
    size_t len;
};

struct web {
    struct http *http;
    struct engine *engine;
    struct arena room;              /* of one call after the other */
    struct repeat repeats[REPEATS]; /* a ring */
    size_t next;
};

static const struct route *find_route(const char *path)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
        size_t len = strlen(routes[i].path);
        bool open = routes[i].path[len - 1] == '/';

        if (open ? strncmp(path, routes[i].path, len) == 0 && path[len] != '\0'
                 : strcmp(path, routes[i].path) == 0) {
            return &routes[i];
        }
    }
    return NULL;
}

/* ---- replies ---------------------------------------------------------------
 */

static int status_of(int code)
{
    switch ((enum err)code) {
    case ERR_NOTFOUND:
        return 404;
    case ERR_MALFORMED:
    case ERR_USAGE:
        return 400;
    case ERR_LIMIT:
        return 413;
    case ERR_UNTRUSTED:
        return 403;
    case ERR_CONFLICT:
        return 409;
    case ERR_BUSY:
        return 503;
    case ERR_NOMEM:
    case ERR_IO:
    case ERR_CORRUPT:
        break;
    }
    return 500;
}

static void put_error(json_t *answer, const struct error *err,
                      enum words_lang lang)
{
    json_t *object = api_put_object(answer, "error");

    api_put_str(object, "code", err_name(err->code));
    api_put_words(object, "text", err->text, lang);
    api_put_str(object, "text_en", err->text); /* as it is logged */
}

static void reply_with(struct http_reply *reply, int status, json_t *answer)
{
    reply->status = status;
    reply->type = "application/json";
    reply->text = json_dumps(answer, JSON_COMPACT);
    reply->len = reply->text == NULL ? 0 : strlen(reply->text);
}

static void reply_error(struct http_reply *reply, const struct error *err,
                        enum words_lang lang)
{
    json_t *answer = json_object();

    put_error(answer, err, lang);
    reply_with(reply, status_of(err->code), answer);
    json_decref(answer);
}

static enum words_lang lang_of(const struct http_request *request)
{
    return words_accepted(http_header(request, "Accept-Language"));
}

/* ---- requests repeated
 * -------------------------------------------------------- */

static bool id_is_fine(const char *id)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    size_t len = strlen(id);

    return len >= 1 && len <= REQUEST_ID_MAX && strspn(id, plain) == len;
}

static const struct repeat *find_repeat(const struct web *web, const char *id)
{
    for (size_t i = 0; i < REPEATS; i++) {
        if (web->repeats[i].text != NULL &&
            strcmp(web->repeats[i].id, id) == 0) {
            return &web->repeats[i];
        }
    }
    return NULL;
}

static void keep_repeat(struct web *web, const char *id,
                        const struct http_reply *reply)
{
    struct repeat *slot = &web->repeats[web->next];
    char *copy = reply->text == NULL ? NULL : malloc(reply->len + 1);

    if (copy == NULL) {
        return;
    }
    memcpy(copy, reply->text, reply->len);
    copy[reply->len] = '\0';
    free(slot->text);
    *slot = (struct repeat){
        .status = reply->status, .text = copy, .len = reply->len};
    memcpy(slot->id, id, strlen(id) + 1);
    web->next = (web->next + 1) % REPEATS;
}

static bool answer_repeat(const struct web *web, const char *id,
                          struct http_reply *reply)
{
    const struct repeat *repeat = find_repeat(web, id);

    if (repeat == NULL) {
        return false;
    }
    reply->text = malloc(repeat->len + 1);
    if (reply->text != NULL) {
        memcpy(reply->text, repeat->text, repeat->len + 1);
        reply->len = repeat->len;
        reply->status = repeat->status;
    }
    return true;
}

/* ---- one request
 * ------------------------------------------------------------- */

static int parse_body(struct api_call *call, const struct route *route,
                      struct error *err)
{
    struct span body = call->request->body;
    json_error_t why;

    if (route->kind == ROUTE_GET || route->raw_body || body.len == 0) {
        return 0;
    }
    call->body = json_loadb((const char *)body.ptr, body.len,
                            JSON_REJECT_DUPLICATES, &why);
    if (call->body == NULL) {
        return error_set(err, ERR_MALFORMED,
                         "body: line %d, column %d: no JSON: %s", why.line,
                         why.column, why.text);
    }
    if (!json_is_object(call->body)) {
        return error_set(err, ERR_MALFORMED, "body: an object is expected");
    }
    return 0;
}

static int check_method(const struct http_request *request,
                        const struct route *route, struct error *err)
{
    const char *wanted = route->kind == ROUTE_GET ? "GET" : "POST";

    if (strcmp(request->method, wanted) != 0) {
        return error_set(err, ERR_USAGE, "%s is asked with %s", request->path,
                         wanted);
    }
    return 0;
}

static int run_call(struct web *web, const struct route *route,
                    struct api_call *call, struct error *err)
{
    int rc = parse_body(call, route, err);

    if (rc == 0) {
        rc = route->run(call, err);
    }
    if (rc == 0 && route->kind >= ROUTE_WRITE) {
        rc = engine_commit(web->engine, err);
    }
    return rc;
}

static void finish_call(struct api_call *call, int rc, const struct error *err,
                        struct http_reply *reply)
{
    if (rc < 0) {
        put_error(call->answer, err, call->lang);
        reply_with(reply, status_of(rc), call->answer);
        free(call->text);
    } else if (call->text != NULL) {
        *reply = (struct http_reply){.status = 200,
                                     .type = "text/plain; charset=utf-8",
                                     .text = call->text,
                                     .len = call->text_len};
    } else {
        reply_with(reply, 200, call->answer);
    }
    if (rc == ERR_IO || rc == ERR_CORRUPT || rc == ERR_NOMEM) {
        log_error("web", "request", err);
    }
}

/* The pages that every call touches stay with us: fetching them anew was a
 * tenth of recording one event. What a long list took goes back. */
static int room_take(struct web *web, struct api_call *call, struct error *err)
{
    int rc = web->room.ptr == NULL ? arena_new(&web->room, CALL_ARENA, err) : 0;

    if (rc == 0) {
        call->arena = web->room;
    }
    return rc;
}

static void room_give_back(struct web *web, struct api_call *call)
{
    if (call->arena.used > CALL_KEPT) {
        arena_release(&web->room);
    } else if (call->arena.ptr != NULL) {
        arena_reset(&call->arena);
    }
}

static void run_route(struct web *web, const struct route *route,
                      const struct http_request *request, const char *id,
                      struct http_reply *reply)
{
    const char *session = http_header(request, "Qcdc-Session");
    struct error err = {0};
    struct api_call call = {
        .engine = web->engine,
        .store = engine_store(web->engine),
        .request = request,
        .rest = request->path + strlen(route->path),
        .session = session == NULL ? "" : session,
        .request_id = id == NULL ? (struct span){NULL, 0} : span_str(id),
        .today = day_of_ms(engine_now_ms(web->engine)),
        .lang = lang_of(request),
        .answer = json_object(),
    };
    int rc = room_take(web, &call, &err);

    if (rc == 0) {
        rc = run_call(web, route, &call, &err);
    }
    reply->later = rc == ERR_BUSY && engine_waits(web->engine);
    if (!reply->later) {
        finish_call(&call, rc, &err, reply);
    }
    json_decref(call.answer);
    json_decref(call.body);
    room_give_back(web, &call);
    if (rc == 0 && route->kind == ROUTE_WRITE) {
        keep_repeat(web, id, reply);
    }
}

static void answer(void *ctx, const struct http_request *request,
                   struct http_reply *reply)
{
    struct web *web = ctx;
    const struct route *route = find_route(request->path);
    const char *id = http_header(request, "Qcdc-Request");
    struct error err = {0};

    if (route == NULL) {
        (void)error_set(&err, ERR_NOTFOUND, "%.80s: there is nothing here",
                        request->path);
        reply_error(reply, &err, lang_of(request));
        return;
    }
    if (check_method(request, route, &err) < 0) {
        reply_error(reply, &err, lang_of(request));
        return;
    }
    if (route->kind >= ROUTE_WRITE && (id == NULL || !id_is_fine(id))) {
        (void)error_set(&err, ERR_USAGE,
                        "a write needs a header Qcdc-Request: 1 to %u of "
                        "[A-Za-z0-9._-], chosen by you",
                        REQUEST_ID_MAX);
        reply_error(reply, &err, lang_of(request));
        return;
    }
    if (route->kind < ROUTE_WRITE) {
        id = NULL;
    }
    if (id != NULL && answer_repeat(web, id, reply)) {
        return;
    }
    run_route(web, route, request, id, reply);
}

/* ---- life
 * --------------------------------------------------------------------- */

int web_open(struct engine *engine, const char *socket_path, struct web **out,
             struct error *err)
{
    struct web *web = calloc(1, sizeof(*web));

    if (web == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the API");
    }
    web->engine = engine;
    int rc = http_open(socket_path, answer, web, &web->http, err);

    if (rc < 0) {
        free(web);
        return rc;
    }
    *out = web;
    return 0;
}

void web_close(struct web *web)
{
    if (web == NULL) {
        return;
    }
    http_close(web->http);
    arena_release(&web->room);
    for (size_t i = 0; i < REPEATS; i++) {
        free(web->repeats[i].text);
    }
    free(web);
}

int web_fd(const struct web *web)
{
    return http_fd(web->http);
}

int web_timeout_ms(const struct web *web)
{
    return http_timeout_ms(web->http);
}

void web_again(struct web *web)
{
    http_resume(web->http);
}

void web_run(struct web *web)
{
    http_run(web->http);
}
