/* HTTP/1.1 as narrow as we need it: the only user of libmicrohttpd.
 *
 * One UNIX socket, no threads, an epoll descriptor for the caller's loop. The
 * library's known holes are closed before a handler sees anything
 * (libraries.md A1): a request with two Host, Content-Length, Content-Type,
 * Cookie or Origin lines, any Transfer-Encoding, odd header names, control
 * bytes in the address, a foreign origin or a body over the limit is refused
 * and the connection closed. Knows nothing of JSON, engine or store.
 */
#ifndef QCDC_NODE_WEB_HTTP_H
#define QCDC_NODE_WEB_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/base/error.h"
#include "protocol/base/span.h"

/* Bytes of a body: a commune's whole import file. */
#define HTTP_BODY_MAX ((size_t)32 * 1024 * 1024)

struct http;
struct http_exchange; /* one request under way */

/* Borrowed by the handler for the call. */
struct http_request {
    const char *method;
    const char *path; /* decoded */
    struct span body;
    const struct http_exchange *exchange; /* for arguments and headers */
};

/* The handler fills it; `text` is heap memory, taken. */
struct http_reply {
    int status;
    const char *type; /* keeps: a literal */
    char *text;
    size_t len;
    bool later; /* no answer yet: asked again, unchanged, on http_resume */
};

typedef void (*http_handler_fn)(void *ctx, const struct http_request *request,
                                struct http_reply *reply);

/* Keeps ctx. ERR_USAGE for a path too long, ERR_IO. */
int http_open(const char *socket_path, http_handler_fn handler, void *ctx,
              struct http **out, struct error *err) MUST_USE;
void http_close(struct http *http);

int http_fd(const struct http *http);
int http_timeout_ms(const struct http *http);
void http_run(struct http *http);
/* Requests answered `later` come to the handler again, in http_run. */
void http_resume(struct http *http);
/* True while some wait for it. */
bool http_has_waiting(const struct http *http);

/* Decoded value of ?name=value, or NULL. */
const char *http_argument(const struct http_request *request, const char *name);
/* A header's value, or NULL. */
const char *http_header(const struct http_request *request, const char *name);

/* ---- decisions, apart so that tests can ask them ---- */

/* A raw request target without control bytes, plain or as %XX, and with whole
 * escapes only. */
bool http_target_is_clean(const char *target);
/* RFC 9110 token characters only. */
bool http_name_is_token(const char *name);

#endif
