/* A JSON answer of the API, for those who do not see the JSON library.
 *
 * A tree of values that lives until answer_free. Getters accept NULL and
 * things of another kind: they give "", 0, false or NULL then, so that a
 * command reads `answer_text(answer_get(row, "name"))` without a ladder.
 */
#ifndef QCDC_NODE_CLIENT_ANSWER_H
#define QCDC_NODE_CLIENT_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/error.h"
#include "protocol/base/span.h"

struct answer; /* any value of the tree */

/* Strict JSON. ERR_MALFORMED. */
int answer_parse(struct span text, struct answer **out,
                 struct error *err) MUST_USE;
/* The root only. Accepts NULL. */
void answer_free(struct answer *answer);

const struct answer *answer_get(const struct answer *object, const char *name);
/* Elements of an array, 0 for anything else. */
size_t answer_len(const struct answer *array);
const struct answer *answer_at(const struct answer *array, size_t i);

const char *answer_text(const struct answer *value);
int64_t answer_number(const struct answer *value);
bool answer_bool(const struct answer *value);
bool answer_is_null(const struct answer *value); /* absent counts as null */

/* The members of an object in their order; the visitor's nonzero return stops
 * and is returned. */
typedef int (*answer_member_fn)(void *ctx, const char *name,
                                const struct answer *value);
int answer_each(const struct answer *object, answer_member_fn visit, void *ctx);

/* As JSON text of one value, indented; heap, the caller frees. NULL when there
 * is no memory. */
char *answer_dump(const struct answer *value);

/* ---- building what is sent ---- */

/* One flat JSON object. Putting never fails: the first failure (no memory, no
 * UTF-8) sticks, and request_end gives NULL. A text that is NULL is left out.
 */
struct request_body;
struct request_body *request_new(void);
void request_put_text(struct request_body *body, const char *name,
                      const char *value);
void request_put_number(struct request_body *body, const char *name,
                        int64_t value);
void request_put_bool(struct request_body *body, const char *name, bool value);
/* A JSON document that is there as text, under a name. ERR_MALFORMED. */
int request_put_json(struct request_body *body, const char *name,
                     struct span json, struct error *err) MUST_USE;
/* {"fields": {path: value, ...}}: one more pair of them. */
void request_put_field(struct request_body *body, const char *path,
                       const char *value);
/* The text (heap, the caller frees), or NULL after a failure; frees the body.
 */
char *request_end(struct request_body *body);

#endif
