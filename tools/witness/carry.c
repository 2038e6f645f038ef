/* tools/witness: carries checkpoints from a node to the witness and the
 * witness's lines back. Owns one round over all logs; a timer repeats it. It
 * needs no trust: the witness checks the logs' signatures and the proof, the
 * node checks the witness's line. Next: node/witness.c. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/client/client.h"
#include "tools/witness/witness.h"

#define PATH_ROOM 1024u
#define TRIES 3u /* the witness may have been asked by another meanwhile */

struct round {
    struct client *node;
    struct client *witness;
    char url[WITNESS_PATH_MAX];
};

static int request_get(struct round *round, const char *origin, uint64_t old,
                       struct client_reply *out, struct error *err)
{
    char room[PATH_ROOM];
    struct buf path = buf_over(room, sizeof(room) - 1);
    char number[24];

    snprintf(number, sizeof(number), "%" PRIu64, old);
    buf_put_fmt(&path, "/v1/witness/request");
    client_query_put(&path, "origin", origin);
    client_query_put(&path, "old", number);
    room[path.len] = '\0';
    return client_call(round->node, &(struct client_request){.path = room}, out,
                       err);
}

static int line_give(struct round *round, const char *origin, int64_t size,
                     const char *line, struct error *err)
{
    struct request_body *body = request_new();
    struct client_reply reply = {0};
    char *text;
    int rc;

    request_put_text(body, "origin", origin);
    request_put_number(body, "size", size);
    request_put_text(body, "line", line);
    text = request_end(body);
    if (text == NULL) {
        return error_set(err, ERR_NOMEM, "no memory");
    }
    rc = client_call(round->node,
                     &(struct client_request){.path = "/v1/witness/cosigned",
                                              .write = true,
                                              .body = span_str(text)},
                     &reply, err);
    free(text);
    client_reply_release(&reply);
    return rc;
}

/* The size that the request in `text` ends with: its checkpoint's second
 * line. */
static int64_t size_of(const char *text)
{
    const char *note = text == NULL ? NULL : strstr(text, "\n\n");
    const char *line = note == NULL ? NULL : strchr(note + 2, '\n');

    return line == NULL ? -1 : strtoll(line + 1, NULL, 10);
}

/* 0 done, ERR_CONFLICT with *old set: ask again from there. */
static int log_offer(struct round *round, const char *origin, uint64_t *old,
                     struct error *err)
{
    struct client_reply request = {0};
    struct client_reply answer = {0};
    long status = 0;
    int64_t size = 0;
    int rc = request_get(round, origin, *old, &request, err);

    if (rc == 0 && (size = size_of(request.text)) < 0) {
        rc = error_set(err, ERR_MALFORMED, "the node's answer is empty");
    }
    if (rc == 0) {
        rc = client_post(round->witness, round->url,
                         span_make((const uint8_t *)request.text, request.len),
                         &status, &answer, err);
    }
    /* Whoever answers there may answer anything, or nothing. */
    if (rc == 0 && answer.text == NULL) {
        rc = error_set(err, ERR_UNTRUSTED,
                       "the witness answered %ld and said nothing", status);
    } else if (rc == 0 && status == (long)WITNESS_STALE) {
        uint64_t held = strtoull(answer.text, NULL, 10);

        rc = error_set(err, ERR_CONFLICT, "the witness is at %" PRIu64, held);
        *old = held;
    } else if (rc == 0 && status != (long)WITNESS_OK) {
        rc = error_set(err, ERR_UNTRUSTED, "the witness answered %ld: %.200s",
                       status, answer.text);
    }
    if (rc == 0) {
        rc = line_give(round, origin, size, answer.text, err);
    }
    if (rc == 0) {
        printf("log=%s size=%" PRId64 " witnessed\n", origin, size);
    }
    client_reply_release(&request);
    client_reply_release(&answer);
    return rc;
}

static int log_carry(struct round *round, const struct answer *log,
                     struct error *err)
{
    const char *origin = answer_text(answer_get(log, "origin"));
    uint64_t old = (uint64_t)answer_number(answer_get(log, "witnessed"));
    int rc = ERR_CONFLICT;

    for (unsigned i = 0; i < TRIES && rc == ERR_CONFLICT; i++) {
        rc = log_offer(round, origin, &old, err);
    }
    return rc;
}

static int all_carry(struct round *round, struct error *err)
{
    struct client_reply heads = {0};
    struct error why = {0};
    int rc = client_call(round->node,
                         &(struct client_request){.path = "/v1/witness/heads"},
                         &heads, err);
    const struct answer *logs = answer_get(heads.root, "logs");

    for (size_t i = 0; rc == 0 && i < answer_len(logs); i++) {
        const struct answer *log = answer_at(logs, i);
        int one = log_carry(round, log, &why);

        if (one != 0) {
            fprintf(stderr, "log=%s not witnessed: %s\n",
                    answer_text(answer_get(log, "origin")), why.text);
            *err = why; /* the others still get their turn */
        }
    }
    client_reply_release(&heads);
    return rc != 0 ? rc : err->code;
}

int carry_run(const char *node_dir, const char *witness_url, struct error *err)
{
    struct round round = {0};
    const char *base = witness_url;
    char path[WITNESS_PATH_MAX];
    const char *unix_path = "";
    int rc = 0;

    if (strncmp(witness_url, "unix:", 5) == 0) {
        unix_path = witness_url + 5;
        base = "http://localhost";
    } else if (strncmp(witness_url, "https://", 8) != 0 &&
               strncmp(witness_url, "http://", 7) != 0) {
        return error_set(err, ERR_USAGE,
                         "%.100s: https://..., http://... or unix:PATH is "
                         "expected",
                         witness_url);
    }
    if (snprintf(path, sizeof(path), "%s/api.sock", node_dir) >=
        (int)sizeof(path)) {
        return error_set(err, ERR_LIMIT, "path too long: %.100s", node_dir);
    }
    if (snprintf(round.url, sizeof(round.url), "%s/add-checkpoint", base) >=
        (int)sizeof(round.url)) {
        return error_set(err, ERR_LIMIT, "address too long: %.100s", base);
    }
    rc = client_open(path, &round.node, err);
    if (rc == 0) {
        rc = client_open(unix_path, &round.witness, err);
    }
    if (rc == 0) {
        rc = all_carry(&round, err);
    }
    client_close(round.witness);
    client_close(round.node);
    return rc;
}
