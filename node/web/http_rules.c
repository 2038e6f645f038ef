/* node/web: what a request must look like before anybody reads it. The limits
 * stand in http.h; decides only, never answers. Read next: http.c. */
#include "node/web/http_rules.h"

#include <microhttpd.h>
#include <string.h>
#include <strings.h>

#include "node/web/http.h"

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
           (c >= 'A' && c <= 'F');
}

bool http_target_is_clean(const char *target)
{
    for (const char *p = target; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;

        if (c < 0x21 || c == 0x7f) {
            return false;
        }
        if (c != '%') {
            continue;
        }
        if (!is_hex(p[1]) || !is_hex(p[2])) {
            return false;
        }
        /* %00-%1F and %7F; a newline in a search text has no use. */
        if (p[1] == '0' || p[1] == '1' ||
            (p[1] == '7' && (p[2] == 'f' || p[2] == 'F'))) {
            return false;
        }
    }
    return true;
}

bool http_name_is_token(const char *name)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";

    if (*name == '\0') {
        return false;
    }
    for (const char *p = name; *p != '\0'; p++) {
        bool alnum = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
                     (*p >= 'A' && *p <= 'Z');

        if (!alnum && strchr(marks, *p) == NULL) {
            return false;
        }
    }
    return true;
}

/* ---- headers --------------------------------------------------------- */

/* Headers that must not come twice: which of two counts would be a guess. */
static const char *const once[] = {
    "Host",   "Content-Length", "Content-Type", "Cookie",
    "Origin", "Qcdc-Request",   "Qcdc-Session",
};
#define ONCE_LEN (sizeof(once) / sizeof(once[0]))

struct header_walk {
    unsigned seen[ONCE_LEN];
    bool transfer_encoding;
    bool odd_name;
};

static enum MHD_Result walk_header(void *cls, enum MHD_ValueKind kind,
                                   const char *name, const char *value)
{
    struct header_walk *walk = cls;

    (void)kind;
    (void)value;
    if (!http_name_is_token(name)) {
        walk->odd_name = true;
    }
    if (strcasecmp(name, "Transfer-Encoding") == 0) {
        walk->transfer_encoding = true;
    }
    for (size_t i = 0; i < ONCE_LEN; i++) {
        if (strcasecmp(name, once[i]) == 0) {
            walk->seen[i]++;
        }
    }
    return MHD_YES;
}

void http_refuse(struct http_refusal *refusal, int status, const char *why)
{
    if (refusal->why == NULL) {
        *refusal = (struct http_refusal){status, why};
    }
}

/* A page of another site must not make a browser write here. */
static bool origin_is_ours(struct MHD_Connection *connection)
{
    const char *origin =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Origin");
    const char *host =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
    const char *site = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                   "Sec-Fetch-Site");

    if (site != NULL && strcmp(site, "same-origin") != 0 &&
        strcmp(site, "none") != 0) {
        return false;
    }
    if (origin == NULL) {
        return true;
    }
    const char *after = strstr(origin, "://");
    return after != NULL && host != NULL && strcmp(after + 3, host) == 0;
}

static int take_length(struct MHD_Connection *connection, size_t *length)
{
    const char *text = MHD_lookup_connection_value(
        connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    size_t value = 0;

    *length = 0;
    if (text == NULL) {
        return 0;
    }
    for (const char *p = text; *p != '\0'; p++) {
        if (*p < '0' || *p > '9') {
            return -1;
        }
        value = value * 10u + (size_t)(*p - '0');
        if (value > HTTP_BODY_MAX) {
            return -2;
        }
    }
    *length = value;
    return *text == '\0' ? -1 : 0;
}

void http_rules_apply(struct MHD_Connection *connection, const char *method,
                      bool target_clean, size_t *length,
                      struct http_refusal *refusal)
{
    struct header_walk walk = {0};

    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, walk_header,
                                    &walk);
    for (size_t i = 0; i < ONCE_LEN; i++) {
        if (walk.seen[i] > 1) {
            http_refuse(refusal, 400, "a header line was sent twice");
        }
    }
    if (!target_clean) {
        http_refuse(refusal, 400, "control bytes in the address");
    }
    if (walk.seen[0] == 0) {
        http_refuse(refusal, 400, "no Host line");
    }
    if (walk.odd_name) {
        http_refuse(refusal, 400, "a header name with odd characters");
    }
    if (walk.transfer_encoding) {
        http_refuse(refusal, 400, "Transfer-Encoding: send a Content-Length");
    }
    if (!origin_is_ours(connection)) {
        http_refuse(refusal, 403, "a request from a page of another site");
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "POST") != 0) {
        http_refuse(refusal, 405, "only GET and POST are spoken here");
    }
    int rc = take_length(connection, length);
    if (rc == -1) {
        http_refuse(refusal, 400, "Content-Length is no number");
    } else if (rc == -2) {
        http_refuse(refusal, 413, "the body is over 32 MiB");
    }
}
