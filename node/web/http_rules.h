/* The rules of http.h for a request's head, apart from the socket. */
#ifndef QCDC_NODE_WEB_HTTP_RULES_H
#define QCDC_NODE_WEB_HTTP_RULES_H

#include <stdbool.h>
#include <stddef.h>

struct MHD_Connection;

/* The first rule that a request breaks; why == NULL: none. Keeps literals. */
struct http_refusal {
    int status; /* RFC 9110, 4xx */
    const char *why;
};

void http_refuse(struct http_refusal *refusal, int status, const char *why);

/* Looks at the headers of a request; `*length` is the body's, in bytes, up to
 * HTTP_BODY_MAX. `target_clean` as http_target_is_clean said. */
void http_rules_apply(struct MHD_Connection *connection, const char *method,
                      bool target_clean, size_t *length,
                      struct http_refusal *refusal);

#endif
