/* node/web: the socket and the subset of HTTP that the API speaks.
 * Owns the listening socket and libmicrohttpd's daemon. Must never use the
 * library's threads, digest or basic authentication, form parsing, suspended
 * connections or upgrades: Debian's version has unfixed holes there
 * (libraries.md A1). Must never call the handler for a request that breaks a
 * rule of http.h. Read next: api.c, which answers the requests. */
#include "node/web/http.h"
#include "node/web/http_rules.h"
#include "node/words/words.h"

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_MAX 200u
#define TIMEOUT_S 15u
#define WAITING_MS 500 /* look again at least, while a caller waits */
#define CONNECTION_MEMORY ((size_t)32 * 1024)

struct http {
    struct MHD_Daemon *daemon;
    http_handler_fn handler;
    void *ctx;
    int epoll_fd;
    struct http_exchange *waiting; /* suspended */
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* From the first byte of a request to its reply. */
struct http_exchange {
    struct MHD_Connection *connection;
    bool target_clean;
    bool started;                /* headers looked at */
    struct http_refusal refusal; /* the first rule broken; why NULL: none */
    uint8_t *body;
    size_t body_size;
    size_t body_len;
    struct http_exchange *next; /* of those waiting */
};

static const char *header_value(const struct http_exchange *exchange,
                                const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND,
                                       name);
}

static void look_at_headers(struct http_exchange *exchange, const char *method)
{
    size_t length = 0;

    http_rules_apply(exchange->connection, method, exchange->target_clean,
                     &length, &exchange->refusal);
    if (exchange->refusal.why == NULL && length > 0) {
        exchange->body = malloc(length);
        exchange->body_size = exchange->body == NULL ? 0 : length;
        if (exchange->body == NULL) {
            http_refuse(&exchange->refusal, 500, "no memory for the body");
        }
    }
}

/* ---- replies ----------------------------------------------------------- */

static enum MHD_Result send_reply(struct http_exchange *exchange,
                                  struct http_reply *reply, bool closing)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        reply->len, reply->text, MHD_RESPMEM_MUST_FREE);
    enum MHD_Result rc = MHD_NO;

    if (response == NULL) {
        free(reply->text);
        return MHD_NO;
    }
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                reply->type) == MHD_YES &&
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
                                "no-store") == MHD_YES &&
        (!closing ||
         MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION,
                                 "close") == MHD_YES)) {
        rc = MHD_queue_response(exchange->connection,
                                (unsigned int)reply->status, response);
    }
    MHD_destroy_response(response);
    return rc;
}

static enum MHD_Result send_refusal(struct http_exchange *exchange)
{
    static const char form[] =
        "{\"error\":{\"code\":\"MALFORMED\",\"text\":\"%s\"}}\n";
    struct http_reply reply = {.status = exchange->refusal.status,
                               .type = "application/json"};
    char text[256];
    char said[WORDS_SIZE];

    (void)snprintf(text, sizeof(text), "request refused: %s",
                   exchange->refusal.why);
    (void)words_say(
        words_accepted(header_value(exchange, MHD_HTTP_HEADER_ACCEPT_LANGUAGE)),
        text, said, sizeof(said));
    reply.text = malloc(sizeof(form) + sizeof(said));
    if (reply.text == NULL) {
        return MHD_NO;
    }
    reply.len =
        (size_t)snprintf(reply.text, sizeof(form) + sizeof(said), form, said);
    return send_reply(exchange, &reply, true);
}

/* ---- libmicrohttpd's callbacks --------------------------------------------
 */

/* Before anything is decoded: the only place that sees the raw target. */
static void *on_target(void *cls, const char *uri,
                       struct MHD_Connection *connection)
{
    struct http_exchange *exchange = calloc(1, sizeof(*exchange));

    (void)cls;
    if (exchange != NULL) {
        exchange->connection = connection;
        exchange->target_clean = http_target_is_clean(uri);
    }
    return exchange;
}

static void on_completed(void *cls, struct MHD_Connection *connection,
                         void **con_cls, enum MHD_RequestTerminationCode code)
{
    struct http_exchange *exchange = *con_cls;

    (void)cls;
    (void)connection;
    (void)code;
    if (exchange != NULL) {
        free(exchange->body);
        free(exchange);
        *con_cls = NULL;
    }
}

static void take_body(struct http_exchange *exchange, const char *data,
                      size_t len)
{
    if (exchange->refusal.why != NULL) {
        return;
    }
    if (len > exchange->body_size - exchange->body_len) {
        http_refuse(&exchange->refusal, 400,
                    "more body than Content-Length said");
        return;
    }
    memcpy(exchange->body + exchange->body_len, data, len);
    exchange->body_len += len;
}

/* NOLINTNEXTLINE(readability-function-size): the library's parameters */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_len, void **con_cls)
{
    struct http *http = cls;
    struct http_exchange *exchange = *con_cls;

    (void)version;
    if (exchange == NULL) {
        return MHD_NO;
    }
    if (!exchange->started) {
        exchange->started = true;
        look_at_headers(exchange, method);
        /* Refused before a byte of the body is read; the library closes. */
        return exchange->refusal.why == NULL ? MHD_YES : send_refusal(exchange);
    }
    if (*upload_len > 0) {
        take_body(exchange, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    if (exchange->refusal.why != NULL) {
        return send_refusal(exchange);
    }
    struct http_request request = {
        .method = method,
        .path = url,
        .body = span_make(exchange->body, exchange->body_len),
        .exchange = exchange,
    };
    struct http_reply reply = {.status = 500, .type = "application/json"};

    http->handler(http->ctx, &request, &reply);
    if (reply.later) {
        exchange->next = http->waiting;
        http->waiting = exchange;
        MHD_suspend_connection(connection);
        return MHD_YES;
    }
    return reply.text == NULL ? MHD_NO : send_reply(exchange, &reply, false);
}

/* ---- life ---------------------------------------------------------------- */

/* A listening socket, 0600 from its first moment. */
static int listen_at(const char *path, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        return error_set(err, ERR_IO, "API socket: %s", strerror(errno));
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    (void)unlink(path); /* of a node that was killed; the lock is held */
    mode_t before = umask(0177);
    int rc = bind(fd, (const struct sockaddr *)&address, sizeof(address));
    int why = errno;

    (void)umask(before);
    if (rc == 0) {
        rc = listen(fd, 64);
        why = errno;
    }
    if (rc != 0) {
        close(fd);
        return error_set(err, ERR_IO, "API socket %s: %s", path, strerror(why));
    }
    return fd;
}

static struct MHD_Daemon *start_daemon(struct http *http, int fd)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request,
        http, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
}

int http_open(const char *socket_path, http_handler_fn handler, void *ctx,
              struct http **out, struct error *err)
{
    struct http *http = NULL;
    size_t len = strlen(socket_path);

    if (len >= sizeof(http->path)) {
        return error_set(err, ERR_USAGE,
                         "%s: too long for a socket (%zu bytes at most): use a "
                         "shorter data directory",
                         socket_path, sizeof(http->path) - 1);
    }
    http = calloc(1, sizeof(*http));
    if (http == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the API");
    }
    http->handler = handler;
    http->ctx = ctx;
    int fd = listen_at(socket_path, err);
    if (fd < 0) {
        free(http);
        return fd;
    }
    memcpy(http->path, socket_path, len + 1);
    http->daemon = start_daemon(http, fd);
    if (http->daemon == NULL) {
        close(fd);
        http_close(http);
        return error_set(err, ERR_IO, "the API did not start");
    }
    http->epoll_fd =
        MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    *out = http;
    return 0;
}

void http_close(struct http *http)
{
    if (http == NULL) {
        return;
    }
    if (http->daemon != NULL) {
        http_resume(http); /* the library stops with none suspended only */
        MHD_stop_daemon(http->daemon); /* closes the listening socket */
    }
    (void)unlink(http->path);
    free(http);
}

int http_fd(const struct http *http)
{
    return http->epoll_fd;
}

int http_timeout_ms(const struct http *http)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;

    if (MHD_get_timeout(http->daemon, &ms) != MHD_YES) {
        return http_has_waiting(http) ? WAITING_MS : -1;
    }
    if (http_has_waiting(http) && ms > WAITING_MS) {
        return WAITING_MS;
    }
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

void http_resume(struct http *http)
{
    while (http->waiting != NULL) {
        struct http_exchange *exchange = http->waiting;

        http->waiting = exchange->next;
        exchange->next = NULL;
        MHD_resume_connection(exchange->connection);
    }
}

bool http_has_waiting(const struct http *http)
{
    return http->waiting != NULL;
}

void http_run(struct http *http)
{
    (void)MHD_run(http->daemon);
}

const char *http_argument(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->exchange->connection,
                                       MHD_GET_ARGUMENT_KIND, name);
}

const char *http_header(const struct http_request *request, const char *name)
{
    return header_value(request->exchange, name);
}
