/* tools/witness: the witness at work: POST /add-checkpoint as C2SP
 * tlog-witness has it. Owns the order read - judge - write - answer; one
 * request at a time, so no two can cross. Must never answer 200 before the
 * new state is durable. Next: carry.c, which asks. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/web/http.h"
#include "protocol/log/evidence.h"
#include "tools/witness/witness.h"

#define STEP_ARENA (((size_t)POLICY_TEXT_MAX * 3) + ((size_t)1 << 21))

/* Two heads of one log that cannot both be: keeps the proof of it. */
static void evidence_keep(const struct witness_book *book,
                          const struct witness_request *request,
                          const struct witness_state *state, struct error *err)
{
    static uint8_t room[EVIDENCE_TEXT_MAX];
    struct buf text = buf_over(room, sizeof(room));
    struct evidence evidence = {.kind = EVIDENCE_HISTORY,
                                .parts = {state->note, request->note.text},
                                .path = request->path};
    char path[WITNESS_PATH_MAX];
    struct error why = {0};

    if (request->checkpoint.head.size == state->log.head.size) {
        evidence.kind = EVIDENCE_ROOTS;
        evidence.path.count = 0;
    }
    /* The whole note: text, empty line, signature lines. */
    evidence.parts[1] = span_make(
        request->note.text.ptr,
        (size_t)(request->note.lines[request->note.line_count - 1].bytes.ptr +
                 request->note.lines[request->note.line_count - 1].bytes.len -
                 request->note.text.ptr));
    evidence_format(&evidence, &text);
    if (text.overflow ||
        book_evidence(book, buf_span(&text), path, &why) != 0) {
        fprintf(stderr, "qcdc-witness: evidence could not be kept: %s\n",
                why.text);
        return;
    }
    (void)error_wrap(err, "evidence kept in %s", path);
    fprintf(stderr, "qcdc-witness: FORK of %.*s: evidence in %s\n",
            (int)state->log.key.name.len, (const char *)state->log.key.name.ptr,
            path);
}

unsigned serve_step(struct witness_book *book, struct span body, uint64_t now_s,
                    struct buf *out, struct error *err)
{
    struct witness_request request;
    struct witness_state state = {0};
    struct witness_answer answer;
    struct arena arena = {0};
    const struct witness_log *known = NULL;
    unsigned status;
    int rc = witness_parse(body, &request, err);

    if (rc != 0) {
        return WITNESS_MALFORMED;
    }
    rc = arena_new(&arena, STEP_ARENA, err);
    if (rc == 0) {
        rc = book_read(book, request.checkpoint.origin, &arena, &state, err);
        known = rc == 0 ? &state.log : NULL;
    }
    if (rc != 0 && rc != ERR_NOTFOUND) {
        arena_release(&arena);
        return 500;
    }
    status = witness_step(&book->witness, &request, known, now_s, &answer, err);
    if (status == WITNESS_REFUSED && answer.verdict == MERKLE_FORK) {
        evidence_keep(book, &request, &state, err);
    }
    if (status == WITNESS_OK) {
        struct span note =
            span_make(request.note.text.ptr,
                      (size_t)(body.ptr + body.len - request.note.text.ptr));

        if (book_write(book, &answer.log, note, err) != 0) {
            status = 500;
        }
    }
    answer.status = status;
    witness_answer_put(&book->witness, &answer, known, out);
    arena_release(&arena);
    return status;
}

/* ---- http ---- */

static void reply_text(struct http_reply *reply, unsigned status,
                       const char *text, size_t len)
{
    reply->status = (int)status;
    reply->type = "text/plain; charset=utf-8";
    reply->text = malloc(len + 1);
    if (reply->text != NULL) {
        memcpy(reply->text, text, len);
        reply->text[len] = '\0';
        reply->len = len;
    }
}

static void on_request(void *ctx, const struct http_request *request,
                       struct http_reply *reply)
{
    struct witness_book *book = ctx;
    uint8_t room[WITNESS_ANSWER_MAX + 1];
    struct buf out = buf_over(room, sizeof(room));
    struct error err = {0};
    unsigned status;

    if (strcmp(request->path, "/add-checkpoint") != 0) {
        reply_text(reply, 404, "POST /add-checkpoint\n", 21);
        return;
    }
    if (strcmp(request->method, "POST") != 0) {
        reply_text(reply, 405, "POST /add-checkpoint\n", 21);
        return;
    }
    status = serve_step(book, request->body, (uint64_t)time(NULL), &out, &err);
    if (status == WITNESS_OK || status == WITNESS_STALE) {
        reply_text(reply, status, (const char *)out.ptr, out.len);
    } else {
        reply_text(reply, status, err.text, strlen(err.text));
    }
    printf("status=%u%s%s\n", status,
           err.text[0] == '\0' ? "" : " text=", err.text);
    fflush(stdout);
}

static volatile sig_atomic_t ended;

static void on_end(int number)
{
    (void)number;
    ended = 1;
}

int serve_run(struct witness_book *book, const char *socket_path,
              struct error *err)
{
    struct sigaction action = {.sa_handler = on_end};
    struct http *http = NULL;
    int rc = http_open(socket_path, on_request, book, &http, err);

    if (rc != 0) {
        return rc;
    }
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    printf("witness=%s socket=%s\n", book->name, socket_path);
    fflush(stdout);
    while (ended == 0) {
        struct pollfd fd = {.fd = http_fd(http), .events = POLLIN};

        (void)poll(&fd, 1, http_timeout_ms(http));
        http_run(http);
    }
    http_close(http);
    return 0;
}
