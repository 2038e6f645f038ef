/* qcdc-witness: an outside cosigner, for the Fatherland Front, an inspection,
 * a university. It holds of each log the newest (size, root) that it signed,
 * with the checkpoint that says so, and nothing of any office (tlog.md section
 * 1.8). What it has cosigned nobody can rewrite unnoticed, superiors included.
 *
 *   DIR/key           secret, 0600     DIR/name    "front-quangngai/witness"
 *   DIR/logs.policy   tlog-policy: the logs it knows, as `qcdc policy` prints
 *   DIR/state         one file a log   DIR/evidence     who said two things
 */
#ifndef QCDC_TOOLS_WITNESS_WITNESS_H
#define QCDC_TOOLS_WITNESS_WITNESS_H

#include "protocol/base/arena.h"
#include "protocol/base/error.h"
#include "protocol/log/policy.h"
#include "protocol/log/witness.h"

#define WITNESS_PATH_MAX 512u

/* ---- book.c: what lies on the disk ---- */

/* Everything but the logs' states, which are read at each request. */
struct witness_book {
    char dir[WITNESS_PATH_MAX];
    char name[ORIGIN_MAX + 1];
    struct sign_secret secret;
    struct witness witness; /* borrows name and secret */
    int lock_fd;
};

/* Makes the folder and a new key. ERR_CONFLICT if there is one. */
int book_make(const char *dir, const char *name, struct witness_book *book,
              struct error *err) MUST_USE;
/* Takes the lock: ERR_BUSY while another process has it. */
int book_open(const char *dir, struct witness_book *book,
              struct error *err) MUST_USE;
void book_close(struct witness_book *book);

/* The state of a log and the note it was signed on (in `note`; empty if none).
 * ERR_NOTFOUND for an origin that logs.policy does not name. Lives in the
 * arena. */
struct witness_state {
    struct witness_log log;
    struct span note;
};
int book_read(const struct witness_book *book, struct span origin,
              struct arena *arena, struct witness_state *out,
              struct error *err) MUST_USE;
/* Durable when it returns 0. */
int book_write(const struct witness_book *book, const struct witness_log *log,
               struct span note, struct error *err) MUST_USE;
/* Names the file it wrote in `path`. */
int book_evidence(const struct witness_book *book, struct span text,
                  char path[WITNESS_PATH_MAX], struct error *err) MUST_USE;

/* ---- serve.c ---- */

/* One request: the body of POST /add-checkpoint. Appends the answer's body;
 * returns the HTTP status. err says why if it is not 200. */
unsigned serve_step(struct witness_book *book, struct span body, uint64_t now_s,
                    struct buf *out, struct error *err);
/* Listens on a UNIX socket until SIGTERM; a web server with TLS stands before
 * it. */
int serve_run(struct witness_book *book, const char *socket_path,
              struct error *err) MUST_USE;

/* ---- carry.c ---- */

/* From a node to a witness and back, once, for every log the node holds.
 * `witness_url` is http(s)://... or unix:PATH. Prints one line a log. */
int carry_run(const char *node_dir, const char *witness_url,
              struct error *err) MUST_USE;

#endif
