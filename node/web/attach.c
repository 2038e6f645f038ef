/* node/web: files that events name, putting one, getting one; and tails.
 * Owns these three routes. The bytes are those of the request and the answer;
 * what may be opened by whom the engine decides. Next: node/attach_file.c. */
#include <stdlib.h>
#include <string.h>

#include "node/web/api.h"
#include "protocol/base/hex.h"
#include "protocol/event/attachment.h"
#include "store/query.h"

/* POST /v1/files[?sealed=1], the bytes as the body. */
int api_file_put(struct api_call *call, struct error *err)
{
    bool sealed = api_arg_flag(call, "sealed");
    struct event_id name;
    struct hash file;
    struct body_key key;
    char hex[65];
    int rc = engine_file_put(call->engine,
                             call->session[0] == '\0' ? NULL : call->session,
                             call->request->body, sealed, &file, &key, err);

    if (rc != 0) {
        return rc;
    }
    api_put_hex(call->answer, "file_hash", SPAN_OF(file));
    if (sealed) {
        name = attachment_key_name(&file);
        api_put_hex(call->answer, "key_name", SPAN_OF(name));
        hex_encode(SPAN_OF(key), hex);
        api_put_str(call->answer, "key", hex);
        crypto_wipe(hex, sizeof(hex));
        crypto_wipe(&key, sizeof(key));
    }
    return 0;
}

/* POST /v1/tail?origin=LOG, one segment of a tail file as the body. */
int api_tail(struct api_call *call, struct error *err)
{
    struct tail_taken taken;
    const char *origin = NULL;
    int rc = api_arg_text(call, "origin", &origin, err);

    rc = rc != 0 ? rc
                 : engine_tail_take(call->engine, origin, call->request->body,
                                    &taken, err);
    if (rc == 0) {
        api_put_number(call->answer, "added", (int64_t)taken.added);
        api_put_number(call->answer, "held", (int64_t)taken.held);
        api_put_number(call->answer, "refused", (int64_t)taken.refused);
    }
    return rc;
}

/* GET /v1/files/HASH?of=CODE: the bytes. */
int api_file_get(struct api_call *call, struct error *err)
{
    struct error why = {0};
    struct store_event event;
    struct event_id id;
    struct hash file;
    const char *of = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    int rc = api_arg_text(call, "of", &of, err);

    if (rc == 0 &&
        (strlen(call->rest) != 64 ||
         hex_decode(span_str(call->rest), &file, sizeof(file), &why) != 0)) {
        rc = error_set(err, ERR_USAGE,
                       "%.70s: a file is named by its hash, 64 hex digits",
                       call->rest);
    }
    rc = rc != 0 ? rc : api_event_named(call, of, &id, err);
    rc = rc != 0
             ? rc
             : store_event_find(call->store, &id, &call->arena, &event, err);
    if (rc == 0) {
        id = event_id_is_zero(&event.subject) ? id : event.subject;
        rc = engine_file_get(call->engine,
                             call->session[0] == '\0' ? NULL : call->session,
                             &file, &id, &call->arena, &bytes, &len, err);
    }
    if (rc == 0) {
        call->text = (char *)bytes;
        call->text_len = len;
    }
    return rc;
}
