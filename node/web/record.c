/* node/web: what is recorded: one event, or a file of them.
 * Owns the way from a request to engine_record and engine_import and back to a
 * slip. Must never record part of a file. Read next: rows.h for the shape of
 * rows, node/engine.h for what is checked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/web/api.h"
#include "node/web/rows.h"
#include "protocol/event/types.h"

#define ROW_ERRORS_MAX 100u

static void put_result(const struct api_call *call,
                       const struct record_result *result)
{
    json_t *answer = call->answer;
    const struct event_type *type = event_type_named(result->type);

    api_put_id(answer, "id", &result->id);
    api_put_str(answer, "code", result->code);
    api_put_id(answer, "subject", &result->subject);
    api_put_str(answer, "subject_code", result->subject_code);
    api_put_str(answer, "type", result->type);
    api_put_str(answer, "title", type == NULL ? result->type : type->title_vi);
    api_put_time(answer, "recorded", (int64_t)(result->recorded_ms / 1000));
    api_put_day(answer, "on", result->on_day);
    json_t *unit = api_put_object(answer, "unit");
    api_put_number(unit, "number", result->unit);
    api_put_str(unit, "name", result->unit_name);
    api_put_str(answer, "post", result->post);
    api_put_day(answer, "due", result->due_day);
    if (result->told_by_days != 0) {
        api_put_day(answer, "told_by", result->told_by_day);
        api_put_number(answer, "told_by_days", result->told_by_days);
        api_put_bool(answer, "refusable", result->refusable);
    }
    api_put_number(answer, "standing", result->standing);
    api_put_bool(answer, "repeated", result->repeated);
}

int api_record(struct api_call *call, struct error *err)
{
    struct span body = call->request->body;
    struct record_row row;
    struct record_result result;
    int rc;

    if (body.len == 0) {
        return error_set(err, ERR_USAGE, "body: an event as JSON is expected");
    }
    rc = rows_from_object((const char *)body.ptr, body.len, NULL, &call->arena,
                          &row, err);
    if (rc >= 0) {
        row.request_id = call->request_id;
        rc = engine_record(call->engine, call->session, &row, &call->arena,
                           &result, err);
    }
    if (rc == 0) {
        put_result(call, &result);
    }
    return rc;
}

/* ---- files -----------------------------------------------------------------
 */

struct row_errors {
    json_t *array;
    size_t count;
    enum words_lang lang;
};

static void put_row_error(void *ctx, uint32_t line, const char *path,
                          const char *text)
{
    struct row_errors *errors = ctx;

    errors->count++;
    if (errors->count > ROW_ERRORS_MAX) {
        return;
    }
    json_t *object = api_add_object(errors->array);

    api_put_number(object, "line", line);
    api_put_str(object, "column", path);
    api_put_words(object, "text", text, errors->lang);
}

static int read_rows(struct api_call *call, struct arena *arena,
                     struct row_errors *errors, struct rows *rows,
                     struct error *err)
{
    const char *format = api_arg(call, "format");
    const char *type = api_arg(call, "type");
    struct rows_reader reader = {
        .type = type == NULL || strcmp(type, "any") == 0 ? NULL : type,
        .error = put_row_error,
        .ctx = errors,
    };

    if (reader.type != NULL && event_type_named(reader.type) == NULL) {
        return error_set(err, ERR_USAGE,
                         "type: \"%.60s\" is no type of event; see "
                         "`qcdc record --help`",
                         reader.type);
    }
    if (format != NULL && strcmp(format, "csv") == 0) {
        return rows_from_csv(&reader, call->request->body, arena, rows, err);
    }
    if (format == NULL || strcmp(format, "jsonl") == 0) {
        return rows_from_json(&reader, call->request->body, arena, rows, err);
    }
    return error_set(err, ERR_USAGE,
                     "format: \"%.20s\" is not known; csv or jsonl", format);
}

/* `text` of the answer of a file with wrong rows. */
static int bad_rows(size_t bad, struct error *err)
{
    return error_set(err, ERR_MALFORMED,
                     "%zu wrong rows: nothing was recorded; correct them and "
                     "import the whole file again",
                     bad);
}

static int import_rows(struct api_call *call, const struct rows *rows,
                       struct row_errors *errors, struct error *err)
{
    struct import_request request = {
        .session = call->session,
        .rows = rows->rows,
        .rows_len = rows->len,
        .dry_run = api_arg_flag(call, "dry_run"),
        .request_id = call->request_id,
        .row_error = put_row_error,
        .ctx = errors,
    };
    struct import_result result = {0};
    int rc = engine_import(call->engine, &request, &result, err);

    if (rc == ERR_MALFORMED && errors->count > 0) {
        rc = bad_rows(errors->count, err);
    }
    api_put_number(call->answer, "rows", (int64_t)rows->len);
    api_put_number(call->answer, "recorded",
                   rc < 0 ? 0 : (int64_t)result.recorded);
    api_put_number(call->answer, "skipped",
                   rc < 0 ? 0 : (int64_t)result.skipped);
    api_put_bool(call->answer, "dry_run", request.dry_run);
    api_put_bool(call->answer, "repeated", result.repeated);
    return rc;
}

int api_import(struct api_call *call, struct error *err)
{
    struct row_errors errors = {.array = api_put_array(call->answer, "errors"),
                                .lang = call->lang};
    struct rows rows = {0};
    struct arena arena;
    int rc = arena_new(&arena, rows_arena_size(call->request->body.len), err);

    if (rc < 0) {
        return rc;
    }
    rc = read_rows(call, &arena, &errors, &rows, err);
    if (rc == 0 && rows.generated != NULL) {
        api_put_str(call->answer, "generated", rows.generated);
    }
    if (rc == 0 && errors.count > 0) {
        rc = bad_rows(errors.count, err);
    }
    if (rc == 0) {
        rc = import_rows(call, &rows, &errors, err);
    }
    api_put_number(call->answer, "bad", (int64_t)errors.count);
    arena_release(&arena);
    return rc;
}
