/* The API: JSON over HTTP on the UNIX socket <dir>/api.sock, for the command
 * line, nginx and scripts alike.
 *
 * Runs on the loop thread: the loop polls web_fd and calls web_run when it is
 * readable or web_timeout_ms has passed. A write is answered only after
 * engine_commit has returned 0 (DESIGN section 3, invariant 3). Keeps the
 * engine; never opens the database itself.
 */
#ifndef QCDC_NODE_WEB_WEB_H
#define QCDC_NODE_WEB_WEB_H

#include "protocol/base/error.h"

struct engine;
struct web;

/* Makes the socket (mode 0600), replacing a stale one. ERR_USAGE when the path
 * is too long for a UNIX socket, ERR_IO. */
int web_open(struct engine *engine, const char *socket_path, struct web **out,
             struct error *err) MUST_USE;
/* Removes the socket. Accepts NULL. */
void web_close(struct web *web);

/* For the loop's poll: readable means web_run has something to do. */
int web_fd(const struct web *web);
/* Longest time until the next web_run; -1 = no limit. */
int web_timeout_ms(const struct web *web);
/* Calls that had to wait are tried again in the next web_run. */
void web_again(struct web *web);
void web_run(struct web *web);

#endif
