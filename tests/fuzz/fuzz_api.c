/* fuzz: any bytes as the question and the body of a request to the API of a
 * real node: one event, a table, a snapshot of elsewhere, a bundle, a witness's
 * answer. Every answer is well-formed, every refusal is a sentence, and the
 * node's own log is never more than what it said yes to.
 *
 * An input is: route, flags (1: an official is logged in), the arguments up to
 * a line's end, the body. Defines http.h itself: there is no socket, the
 * handler is called. What runs long or leaves files is not asked. */
#define _XOPEN_SOURCE 700 /* nftw */
#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/config.h"
#include "node/engine.h"
#include "node/log.h"
#include "node/setup.h"
#include "node/web/http.h"
#include "node/web/web.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define PASSWORD "mot hai ba bon"

static const char *const routes[] = {
    "POST /v1/events",
    "POST /v1/import",
    "POST /v1/recompute",
    "POST /v1/status/known",
    "GET /v1/status",
    "GET /v1/duty",
    "GET /v1/snapshot",
    "GET /v1/records",
    "GET /v1/records/",
    "GET /v1/raw/",
    "GET /v1/search",
    "GET /v1/receipt/",
    "GET /v1/witness/request",
    "POST /v1/witness/cosigned",
    "POST /v1/joins/confirm",
    "POST /v1/officials/revoke",
    "POST /v1/bundle/put",
    "POST /v1/bundle/import",
    "GET /v1/files/",
    "GET /v1/units",
    "POST /v1/officials/recovery",
};
#define ROUTES (sizeof(routes) / sizeof(routes[0]))

static char base[64];
static struct config config;
static struct engine *engine;
static struct web *web;
static char session[SESSION_TEXT_SIZE];
static http_handler_fn handler;
static void *handler_ctx;

/* Of the request under way. */
static char arguments[4096];
static char value[4096];
static char request_id[32];
static bool official;

static void check(bool good)
{
    if (!good) {
        abort();
    }
}

/* ---- http.h without a socket ---- */

int http_open(const char *socket_path, http_handler_fn given, void *ctx,
              struct http **out, struct error *err)
{
    (void)socket_path;
    (void)err;
    handler = given;
    handler_ctx = ctx;
    *out = NULL;
    return 0;
}

void http_close(struct http *http)
{
    (void)http;
}

int http_fd(const struct http *http)
{
    (void)http;
    return -1;
}

int http_timeout_ms(const struct http *http)
{
    (void)http;
    return -1;
}

void http_run(struct http *http)
{
    (void)http;
}

void http_resume(struct http *http)
{
    (void)http;
}

bool http_has_waiting(const struct http *http)
{
    (void)http;
    return false;
}

/* "a=b&c=d", without escapes. */
const char *http_argument(const struct http_request *request, const char *name)
{
    size_t len = strlen(name);
    const char *at = arguments;

    (void)request;
    while (at != NULL) {
        if (strncmp(at, name, len) == 0 && at[len] == '=') {
            size_t size = strcspn(at + len + 1, "&");

            memcpy(value, at + len + 1, size);
            value[size] = '\0';
            return value;
        }
        at = strchr(at, '&');
        at = at == NULL ? NULL : at + 1;
    }
    return NULL;
}

const char *http_header(const struct http_request *request, const char *name)
{
    (void)request;
    return strcmp(name, "Qcdc-Request") == 0               ? request_id
           : strcmp(name, "Qcdc-Session") == 0 && official ? session
                                                           : NULL;
}

/* ---- a node ---- */

static int away(const char *path, const struct stat *about, int kind,
                struct FTW *at)
{
    (void)about;
    (void)kind;
    (void)at;
    return remove(path);
}

static void leave(void)
{
    web_close(web);
    engine_close(engine);
    (void)nftw(base, away, 8, FTW_DEPTH | FTW_PHYS);
}

static void units_write(const char *path)
{
    FILE *out = fopen(path, "we");

    check(out != NULL);
    (void)fputs("number,kind,level,name,code,territory,host,reports_to,from,"
                "duties_from\n"
                "1001,territory,province,Tỉnh,1,,,,2019-09-20,\n"
                "2001,peoples_committee,province,UBND,,1001,1,,2019-09-20,"
                "2024-01-01\n",
                out);
    check(fclose(out) == 0);
}

static void prepare(void)
{
    static struct setup_result result;
    char root[128], units[128], dir[128], rules[512];
    const char *source = getenv("QCDC_SOURCE");
    struct init_request init = {.dir = dir,
                                .realm = "thu",
                                .root_key_path = root,
                                .units_path = units,
                                .listen = "tcp://127.0.0.1:10001",
                                .node = 1,
                                .demo = true};
    struct official_request head = {.name = "head",
                                    .unit = 2001,
                                    .post = "Cán bộ",
                                    .password = PASSWORD,
                                    .rights = 15};
    struct event_id id;
    struct error err = {0};

    log_level_set(LOG_ERROR);
    strcpy(base, "/tmp/qcdc-fuzz-XXXXXX");
    check(mkdtemp(base) != NULL);
    (void)snprintf(root, sizeof(root), "%s/root.key", base);
    (void)snprintf(units, sizeof(units), "%s/units.csv", base);
    (void)snprintf(dir, sizeof(dir), "%s/n1", base);
    units_write(units);
    if (source != NULL) {
        (void)snprintf(rules, sizeof(rules), "%s/deploy/data/rules.json",
                       source);
        init.rules_path = rules;
    }
    if (setup_init(&init, &result, &err) != 0 ||
        config_load(&config, dir, &err) != 0 ||
        engine_open(&config, &engine, &err) != 0 ||
        engine_official_add(engine, &head, &id, &err) != 0 ||
        engine_commit(engine, &err) != 0 ||
        engine_login(engine, "head", PASSWORD, session, &err) != 0 ||
        web_open(engine, "none", &web, &err) != 0) {
        (void)fprintf(stderr, "fuzz_api: %s\n", err.text);
        abort();
    }
    (void)atexit(leave);
}

/* ---- one request ---- */

static void answer_judge(const struct http_reply *reply)
{
    json_t *answer;
    const char *text = NULL;

    check(reply->status >= 200 && reply->status < 600);
    check(reply->text != NULL && strlen(reply->text) == reply->len);
    if (reply->status == 200) {
        return;
    }
    answer = json_loadb(reply->text, reply->len, 0, NULL);
    check(answer != NULL);
    text = json_string_value(
        json_object_get(json_object_get(answer, "error"), "text"));
    check(text != NULL && text[0] != '\0');
    check(reply->status != 500); /* nobody's request is our own fault */
    json_decref(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static unsigned number;
    struct http_request request = {.method = "GET"};
    struct http_reply reply = {.status = 0};
    struct error err = {0};
    char path[256];
    const char *route;
    const uint8_t *end;
    size_t size;

    if (len < 2 || len > 65536) {
        return 0;
    }
    if (engine == NULL) {
        prepare();
    }
    route = routes[data[0] % ROUTES];
    official = (data[1] & 1) != 0;
    end = memchr(data + 2, '\n', len - 2);
    size = end == NULL ? len - 2 : (size_t)(end - data - 2);
    size = size < sizeof(arguments) ? size : sizeof(arguments) - 1;
    memcpy(arguments, data + 2, size);
    arguments[size] = '\0';
    request.method = route[0] == 'G' ? "GET" : "POST";
    route = strchr(route, ' ') + 1;
    /* What follows a route that has an argument: the first of them. */
    (void)snprintf(
        path, sizeof(path), "%s%.*s", route,
        route[strlen(route) - 1] == '/' ? (int)strcspn(arguments, "&") : 0,
        arguments);
    request.path = path;
    request.body = end == NULL
                       ? (struct span){NULL, 0}
                       : span_make(end + 1, len - (size_t)(end + 1 - data));
    (void)snprintf(request_id, sizeof(request_id), "r%u", number++);
    handler(handler_ctx, &request, &reply);
    check(!reply.later);
    answer_judge(&reply);
    free(reply.text);
    check(engine_commit(engine, &err) == 0);
    return 0;
}

/* Decided by the library that is not here. */
bool http_target_is_clean(const char *target)
{
    return target[0] == '/';
}

bool http_name_is_token(const char *name)
{
    return name[0] != '\0';
}
