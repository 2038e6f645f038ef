/* node/web: long work as jobs, asked for here and done elsewhere.
 * Owns the telling of how far a job is. Must never wait for one: the caller
 * asks again. Read next: node/reader.h. */
#include <stdlib.h>
#include <string.h>

#include "node/reader.h"
#include "node/web/api.h"
#include "protocol/limits.h"

static const char *state_name(enum reader_state state)
{
    switch (state) {
    case READER_RUNS:
        return "running";
    case READER_DONE:
        return "done";
    case READER_FAILED:
        return "failed";
    }
    return "";
}

static void put_job(const struct api_call *call, const struct reader_job *job)
{
    json_t *answer = call->answer;

    api_put_number(answer, "job", (int64_t)job->number);
    api_put_str(answer, "state", state_name(job->state));
    if (job->state == READER_RUNS) {
        api_put_number(answer, "done", (int64_t)job->done);
        api_put_number(answer, "total", (int64_t)job->total);
    }
    if (job->state == READER_DONE && job->task == READER_BACKUP) {
        api_put_number(answer, "copied", (int64_t)job->copied.copied);
        api_put_number(answer, "kept", (int64_t)job->copied.kept);
        api_put_number(answer, "missing", (int64_t)job->copied.missing);
    }
    if (job->state != READER_DONE || job->task != READER_CHECK) {
        return;
    }
    json_t *list = api_put_array(answer, "findings");

    api_put_number(answer, "count", (int64_t)job->found);
    api_put_number(answer, "erased", (int64_t)job->erased);
    api_put_number(answer, "files", (int64_t)job->files);
    api_put_number(answer, "orphans", (int64_t)job->orphans);
    for (size_t i = 0; i < job->findings_len; i++) {
        json_t *object = api_add_object(list);

        api_put_str(object, "what", job->findings[i].what);
        api_put_words(object, "text", job->findings[i].text, call->lang);
    }
}

/* POST: begins a check, or names the one under way. */
int api_check(struct api_call *call, struct error *err)
{
    struct store_now now = {.day = call->today,
                            .time_s =
                                (int64_t)(engine_now_ms(call->engine) / 1000)};
    struct reader *reader = engine_reader(call->engine);
    uint64_t number = 0;
    int rc = reader_check(reader, now, &number, err);

    if (rc == 0) {
        put_job(call, reader_find(reader, number));
    }
    return rc;
}

/* POST: begins a copy of what is durable now. `path`: absolute, on the node's
 * machine, a file that is not there yet. The attached files go beside it. */
int api_backup(struct api_call *call, struct error *err)
{
    struct reader *reader = engine_reader(call->engine);
    const char *path = NULL;
    uint64_t number = 0;
    int rc = api_arg_text(call, "path", &path, err);

    if (rc == 0 && path[0] != '/') {
        rc = error_set(err, ERR_USAGE, "path: name a file from / on");
    }
    rc = rc != 0 ? rc : engine_backup_allowed(call->engine, path, err);
    rc = rc != 0 ? rc : engine_commit(call->engine, err);
    rc = rc != 0 ? rc : reader_backup(reader, path, &number, err);
    if (rc == 0) {
        put_job(call, reader_find(reader, number));
    }
    return rc;
}

/* GET /v1/jobs/N; a job that failed is told as its error. */
int api_job(struct api_call *call, struct error *err)
{
    size_t digits = strspn(call->rest, "0123456789");
    const struct reader_job *job = NULL;

    if (digits > 0 && digits < 19 && call->rest[digits] == '\0') {
        job = reader_find(engine_reader(call->engine),
                          strtoull(call->rest, NULL, 10));
    }
    if (job == NULL) {
        return error_set(err, ERR_NOTFOUND,
                         "job %.20s: not known; the newest %u are kept until "
                         "the node restarts",
                         call->rest, READER_KEPT);
    }
    put_job(call, job);
    if (job->state == READER_FAILED) {
        *err = job->err;
        return err->code;
    }
    return 0;
}
