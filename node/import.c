/* Room: node. Owns recording many rows as one: all or none, with every bad
 * row named. It never leaves half a file behind; a file given twice records
 * nothing twice. Next: record.c, one row. */
#include "node/engine_internal.h"

#include <string.h>

#include "node/log.h"
#include "protocol/base/buf.h"
#include "store/book.h"

#define ERRORS_SHOWN 100u
#define RESULT_SIZE 24u /* recorded, skipped, bad: u64 each */

static const char *row_key(const struct record_row *row)
{
    for (size_t i = 0; i < row->fields_len; i++) {
        if (strcmp(row->fields[i].path, "key") == 0 &&
            row->fields[i].value[0] != '\0') {
            return row->fields[i].value;
        }
    }
    return NULL;
}

/* The path at the start of "path: what is wrong", for the caller's column. */
static void row_tell(const struct import_request *request, uint32_t line,
                     const struct error *failure)
{
    char path[FACTS_PATH_MAX] = "";
    const char *colon = strchr(failure->text, ':');

    if (colon != NULL && (size_t)(colon - failure->text) < sizeof(path) &&
        memchr(failure->text, ' ', (size_t)(colon - failure->text)) == NULL) {
        memcpy(path, failure->text, (size_t)(colon - failure->text));
    }
    if (request->row_error != NULL) {
        request->row_error(request->ctx, line, path, failure->text);
    }
}

/* Codes that are about the row; all else is about us and ends the import. */
static bool is_row_error(int code)
{
    return code == ERR_USAGE || code == ERR_MALFORMED || code == ERR_LIMIT ||
           code == ERR_NOTFOUND || code == ERR_UNTRUSTED ||
           code == ERR_CONFLICT;
}

static int rows_append(struct engine *engine, struct session *session,
                       const struct import_request *request,
                       struct import_result *result, struct error *err)
{
    for (size_t i = 0; i < request->rows_len; i++) {
        const struct record_row *row = &request->rows[i];
        const char *key = row_key(row);
        size_t mark = engine->turn.used;
        struct record_result made;
        struct event_id known;
        struct error failure = {0};
        int rc;

        if (key != NULL &&
            store_import_find(engine->store, key, &known, &failure) == 0) {
            result->skipped++;
            continue;
        }
        rc = record_row_append(engine, session, row, &engine->turn, &made,
                               &failure);
        arena_rewind(&engine->turn, mark);
        if (rc == 0) {
            result->recorded++;
        } else if (!is_row_error(rc)) {
            *err = failure;
            return rc;
        } else if (result->bad++ < ERRORS_SHOWN) {
            row_tell(request, row->line, &failure);
        }
    }
    return 0;
}

static int result_keep(struct engine *engine, struct span request_id,
                       const struct import_result *result, struct error *err)
{
    uint8_t space[RESULT_SIZE];
    struct buf value = buf_over(space, sizeof(space));

    buf_put_u64(&value, result->recorded);
    buf_put_u64(&value, result->skipped);
    buf_put_u64(&value, result->bad);
    return store_book_put(engine->store, STORE_BOOK_REQUEST, request_id,
                          buf_span(&value), err);
}

static int result_find(struct engine *engine, struct span request_id,
                       struct import_result *out, struct error *err)
{
    struct span value;
    int rc = store_book_get(engine->store, STORE_BOOK_REQUEST, request_id,
                            &engine->turn, &value, err);

    if (rc != 0) {
        return rc;
    }
    if (value.len != RESULT_SIZE) {
        return error_set(err, ERR_USAGE,
                         "this request id was used for a single event");
    }
    *out = (struct import_result){.recorded = read_u64(value.ptr),
                                  .skipped = read_u64(value.ptr + 8),
                                  .bad = read_u64(value.ptr + 16),
                                  .repeated = true};
    return 0;
}

int engine_import(struct engine *engine, const struct import_request *request,
                  struct import_result *out, struct error *err)
{
    struct session *session = NULL;
    struct import_result result = {0};
    int rc;

    if (request->request_id.len > REQUEST_ID_MAX) {
        return error_set(err, ERR_USAGE, "request id over %u bytes",
                         REQUEST_ID_MAX);
    }
    if (request->request_id.len > 0 && !request->dry_run) {
        rc = result_find(engine, request->request_id, out, err);
        if (rc != ERR_NOTFOUND) {
            return rc;
        }
    }
    rc = record_begin(engine, request->session, &session, err);
    if (rc != 0) {
        return rc;
    }
    rc = engine_write(engine, err);
    if (rc == 0) {
        rc = rows_append(engine, session, request, &result, err);
    }
    if (rc == 0 && result.bad > 0) {
        rc = error_set(err, ERR_MALFORMED,
                       "%llu of %zu rows are wrong: nothing was recorded",
                       (unsigned long long)result.bad, request->rows_len);
    }
    if (rc == 0 && !request->dry_run && request->request_id.len > 0) {
        rc = result_keep(engine, request->request_id, &result, err);
    }
    if (rc != 0 || request->dry_run) {
        engine_undo(engine);
    }
    if (rc == 0 || result.bad > 0) {
        *out = result;
    }
    if (rc == 0 && !request->dry_run) {
        log_line(LOG_INFO, "import", "recorded", "events=%llu skipped=%llu",
                 (unsigned long long)result.recorded,
                 (unsigned long long)result.skipped);
    }
    return rc;
}
