/* node/web: the outside witness's three questions.
 * Owns these routes; what is shown and believed is node/witness.c's. */
#include <stdlib.h>
#include <string.h>

#include "node/web/api.h"
#include "protocol/log/witness.h"

int api_witness_heads(struct api_call *call, struct error *err)
{
    const struct witnessed *logs = NULL;
    size_t len = 0;
    int rc = engine_witness_heads(call->engine, &call->arena, &logs, &len, err);
    json_t *array = api_put_array(call->answer, "logs");

    for (size_t i = 0; rc == 0 && i < len; i++) {
        json_t *row = api_add_object(array);

        api_put_str(row, "origin", logs[i].origin);
        api_put_number(row, "size", (int64_t)logs[i].size);
        api_put_number(row, "witnessed", (int64_t)logs[i].witnessed);
        api_put_time(row, "time", (int64_t)logs[i].time_s);
    }
    return rc;
}

int api_witness_request(struct api_call *call, struct error *err)
{
    const char *origin = NULL;
    char *room = NULL;
    uint32_t old = 0;
    int rc = api_arg_text(call, "origin", &origin, err);

    rc = rc < 0 ? rc : api_arg_number(call, "old", UINT32_MAX, 0, &old, err);
    if (rc < 0) {
        return rc;
    }
    room = malloc(WITNESS_REQUEST_MAX + 1);
    if (room == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the answer");
    }

    struct buf out = buf_over(room, WITNESS_REQUEST_MAX);

    rc = engine_witness_request(call->engine, origin, old, &out, err);
    room[out.len] = '\0';
    call->text = room;
    call->text_len = out.len;
    return rc;
}

int api_witness_cosigned(struct api_call *call, struct error *err)
{
    const char *origin = NULL;
    const char *line = NULL;
    uint32_t size = 0;
    int rc = api_arg_text(call, "origin", &origin, err);

    rc = rc < 0 ? rc : api_arg_text(call, "line", &line, err);
    rc = rc < 0 ? rc : api_arg_number(call, "size", UINT32_MAX, 0, &size, err);
    return rc < 0 ? rc
                  : engine_witnessed(call->engine, origin, size, line, err);
}
