/* The other end of the API, for tools: requests to a node over its UNIX
 * socket. The only user of libcurl. Never retries a write under another
 * request id: the same id again gives the first result.
 */
#ifndef QCDC_NODE_CLIENT_CLIENT_H
#define QCDC_NODE_CLIENT_CLIENT_H

#include <stdbool.h>

#include "node/client/answer.h"
#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"

struct client;

/* Does not connect yet. ERR_NOMEM, ERR_USAGE for a path too long. */
int client_open(const char *socket_path, struct client **out,
                struct error *err) MUST_USE;
void client_close(struct client *client); /* accepts NULL */

/* Which language the node answers in: "vi" or "en" (the default); borrowed. */
void client_speak(struct client *client, const char *lang);

/* True if something answers at the socket. */
bool client_is_there(struct client *client);

struct client_request {
    const char *path;       /* "/v1/status?year=2024" */
    bool write;             /* POST with `body`, else GET */
    struct span body;       /* borrows */
    const char *session;    /* of client_call's /v1/login, or NULL */
    const char *request_id; /* of a write; NULL = a fresh random one */
    long timeout_s;         /* 0 = 60 */
};

struct client_reply {
    char *text; /* heap; the body as it came, NUL-terminated */
    size_t len;
    struct answer *root; /* parsed, or NULL when it is no JSON */
};

/* 0 when the node did it. Otherwise the node's own code and English sentence
 * (*out then holds what else it says, such as wrong rows), or ERR_BUSY when no
 * node runs there, ERR_IO when the answer did not come whole. Release *out with
 * client_reply_release in every case. */
int client_call(struct client *client, const struct client_request *request,
                struct client_reply *out, struct error *err) MUST_USE;
void client_reply_release(struct client_reply *reply);

/* A POST of plain bytes, outside the API: *status is the HTTP status, whatever
 * it is; an empty socket_path of client_open means the network. ERR_IO when no
 * answer came whole. */
int client_post(struct client *client, const char *url, struct span body,
                long *status, struct client_reply *out,
                struct error *err) MUST_USE;

/* Appends ?name=value or &name=value, escaped; nothing when value is NULL. */
void client_query_put(struct buf *path, const char *name, const char *value);

#endif
