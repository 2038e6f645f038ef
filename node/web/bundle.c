/* node/web: bundles: pieces in, pieces out, how far one is.
 * Owns these routes; a bundle is bytes here and nothing more. Must never
 * answer an export before its commit: the note in it is a promise. Read next:
 * node/bundle.h. */
#include <stdlib.h>
#include <string.h>

#include "node/web/api.h"

#define PIECE_MAX ((size_t)1 << 20)

static const char *state_name(enum bundle_state state)
{
    switch (state) {
    case BUNDLE_NONE:
        return "none";
    case BUNDLE_RUNS:
        return "running";
    case BUNDLE_DONE:
        return "done";
    case BUNDLE_FAILED:
        return "failed";
    }
    return "";
}

static void put_status(const struct api_call *call)
{
    json_t *answer = call->answer;
    struct bundle_status status;
    char name[256];
    uint32_t other;

    engine_bundle_status(call->engine, &status);
    other = status.made ? status.to : status.from;
    api_put_str(answer, "state", state_name(status.state));
    api_put_bool(answer, "made_here", status.made);
    api_put_number(answer, "from", status.from);
    api_put_number(answer, "to", status.to);
    api_put_str(answer, "name",
                other == 0 ? ""
                           : api_node_name(call, other, name, sizeof(name)));
    api_put_time(answer, "made", (int64_t)(status.made_ms / 1000));
    api_put_number(answer, "done", (int64_t)status.done);
    api_put_number(answer, "total", (int64_t)status.total);
    api_put_number(answer, "events", (int64_t)status.events);
    api_put_number(answer, "known", (int64_t)status.known);
    api_put_number(answer, "spooled", (int64_t)status.spooled);
    api_put_number(answer, "staged", (int64_t)status.staged);
    api_put_number(answer, "refused", (int64_t)status.refused);
    api_put_number(answer, "sequenced", (int64_t)status.sequenced);
    api_put_number(answer, "cosignatures", (int64_t)status.cosigs);
    api_put_number(answer, "deliveries", (int64_t)status.deliveries);
    api_put_number(answer, "bodies", (int64_t)status.bodies);
    api_put_number(answer, "files", (int64_t)status.files);
    api_put_number(answer, "file_bytes", (int64_t)status.file_bytes);
    api_put_bool(answer, "cut", status.cut);
    api_put_number(answer, "events_left", (int64_t)status.events_left);
    api_put_number(answer, "deliveries_left", (int64_t)status.deliveries_left);
    api_put_number(answer, "files_left", (int64_t)status.files_left);
    api_put_number(answer, "file_bytes_left", (int64_t)status.file_bytes_left);
    api_put_bool(answer, "token_old", status.token_old);
    api_put_str(answer, "note", status.note);
    api_put_number(answer, "asks_to_join", status.asks_to_join);
    api_put_str(answer, "fingerprint", status.fingerprint);
    api_put_bool(answer, "joined", status.joined);
}

/* GET: the newest one; one that failed is told as its error. */
int api_bundle(struct api_call *call, struct error *err)
{
    struct bundle_status status;

    engine_bundle_status(call->engine, &status);
    put_status(call);
    if (status.state == BUNDLE_FAILED) {
        *err = status.err;
        return err->code;
    }
    return 0;
}

int api_bundle_put(struct api_call *call, struct error *err)
{
    const char *text = NULL;
    int rc = api_arg_text(call, "offset", &text, err);

    if (rc == 0 &&
        (strspn(text, "0123456789") != strlen(text) || strlen(text) > 12)) {
        rc = error_set(err, ERR_USAGE, "offset: \"%.20s\" is no number", text);
    }
    return rc < 0 ? rc
                  : engine_bundle_put(call->engine, strtoull(text, NULL, 10),
                                      call->request->body, err);
}

int api_bundle_import(struct api_call *call, struct error *err)
{
    int rc = engine_bundle_import(call->engine, err);

    if (rc == 0) {
        put_status(call);
    }
    return rc;
}

int api_bundle_export(struct api_call *call, struct error *err)
{
    uint32_t to = 0, max_bytes = 0;
    int rc = api_arg_number(call, "to", UINT32_MAX, 0, &to, err);

    rc = rc < 0 ? rc
                : api_arg_number(call, "max_bytes", UINT32_MAX, 0, &max_bytes,
                                 err);
    rc = rc < 0 ? rc : engine_bundle_export(call->engine, to, max_bytes, err);
    if (rc == 0) {
        api_put_head(call);
        put_status(call);
    }
    return rc;
}

int api_bundle_get(struct api_call *call, struct error *err)
{
    const char *text = NULL;
    struct span piece = {0};
    int rc = api_arg_text(call, "offset", &text, err);

    if (rc == 0 &&
        (strspn(text, "0123456789") != strlen(text) || strlen(text) > 12)) {
        rc = error_set(err, ERR_USAGE, "offset: \"%.20s\" is no number", text);
    }
    rc = rc < 0 ? rc
                : engine_bundle_get(call->engine, strtoull(text, NULL, 10),
                                    PIECE_MAX, &call->arena, &piece, err);
    if (rc < 0) {
        return rc;
    }
    call->text = malloc(piece.len + 1);
    if (call->text == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the answer");
    }
    if (piece.len > 0) {
        memcpy(call->text, piece.ptr, piece.len);
    }
    call->text_len = piece.len;
    return 0;
}
