/* Room: node. Owns what an outside witness is shown of our logs and what it
 * said of them. The node never calls the witness: qcdc-witness carries, so
 * that nothing here waits for it. Display and evidence only; no figure rests
 * on it. Next: tools/witness/witness.h. */
#include "node/peers.h"

#include <inttypes.h>
#include <string.h>

#include "protocol/log/checkpoint.h"
#include "protocol/log/lines.h"
#include "protocol/log/witness.h"
#include "store/book.h"

#define LOGS_MAX 2048u
#define KEPT_LEN (8u + 8u + sizeof(struct hash) + sizeof(struct cosignature))

/* size || time || root || line: what the book keeps of one log. */
static void kept_read(struct span value, uint64_t *size, uint64_t *time_s)
{
    *size = value.len == KEPT_LEN ? read_u64(value.ptr) : 0;
    *time_s = value.len == KEPT_LEN ? read_u64(value.ptr + 8) : 0;
}

static int kept_find(struct engine *engine, const char *origin, uint64_t *size,
                     uint64_t *time_s, struct error *err)
{
    struct span value = {0};
    size_t mark = engine->turn.used;
    int rc = store_book_get(engine->store, STORE_BOOK_WITNESS, span_str(origin),
                            &engine->turn, &value, err);

    kept_read(value, size, time_s);
    arena_rewind(&engine->turn, mark);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

struct gathering {
    struct engine *engine;
    struct witnessed *list;
    size_t len;
    struct error *err;
};

static int head_gather(void *data, const struct store_log *log)
{
    struct gathering *gathering = data;
    struct witnessed *out = &gathering->list[gathering->len];

    if (gathering->len == LOGS_MAX || log->head.size == 0 || !log->mirrored) {
        return 0;
    }
    memset(out, 0, sizeof(*out));
    memcpy(out->origin, log->origin, strlen(log->origin) + 1);
    out->size = log->head.size;
    gathering->len++;
    return kept_find(gathering->engine, log->origin, &out->witnessed,
                     &out->time_s, gathering->err);
}

int engine_witness_heads(struct engine *engine, struct arena *arena,
                         const struct witnessed **out, size_t *len,
                         struct error *err)
{
    struct gathering gathering = {.engine = engine, .err = err};
    int rc;

    gathering.list = arena_array(arena, LOGS_MAX, sizeof(*gathering.list));
    if (gathering.list == NULL) {
        return error_set(err, ERR_LIMIT, "too little room for the answer");
    }
    rc = store_log_each(engine->store, head_gather, &gathering, err);
    *out = gathering.list;
    *len = gathering.len;
    return rc;
}

int engine_witness_request(struct engine *engine, const char *origin,
                           uint64_t old, struct buf *out, struct error *err)
{
    struct store_log log;
    struct store_source state;
    struct merkle_source source;
    struct merkle_path path = {0};
    uint8_t room[NOTE_MAX];
    struct buf note = buf_over(room, sizeof(room));
    int rc = store_log_find(engine->store, span_str(origin), &log, err);

    if (rc == 0 && old > log.head.size) {
        rc = error_set(err, ERR_USAGE,
                       "%s has %" PRIu64 " events here, not %" PRIu64
                       ": the witness knows more than this node",
                       origin, log.head.size, old);
    }
    if (rc == 0) {
        rc =
            store_log_note_at(engine->store, log.id, log.head.size, &note, err);
    }
    if (rc == 0) {
        source = store_log_source(engine->store, log.id, &state);
        rc = merkle_prove_consistency(&source, old, log.head.size, &path, err);
    }
    if (rc != 0) {
        return rc;
    }
    buf_put_fmt(out, "old %" PRIu64 "\n", old);
    for (size_t i = 0; i < path.count; i++) {
        lines_put_base64(out, SPAN_OF(path.hashes[i]));
    }
    buf_put_fmt(out, "\n");
    buf_put(out, buf_span(&note));
    return 0;
}

/* The line on the checkpoint of (origin, size, root), as a note to verify. */
static int line_verify(struct engine *engine, const struct origin *origin,
                       const struct merkle_head *head, struct span line,
                       struct cosignature *out, struct error *err)
{
    uint8_t room[NOTE_MAX];
    struct buf text = buf_over(room, sizeof(room));
    struct note_verified verified[NOTE_LINES_MAX];
    struct vkey key;
    struct note note;
    size_t len = 0;
    int rc = vkey_parse(span_str(engine->config->witness), &key, err);

    if (rc != 0) {
        return error_set(err, ERR_USAGE,
                         "qcdc.conf: witness: no key of a witness stands "
                         "there; qcdc-witness init prints it");
    }
    checkpoint_text(engine, origin, head, &text);
    buf_put_fmt(&text, "\n");
    buf_put(&text, line);
    rc = note_parse(buf_span(&text), &note, err);
    if (rc == 0) {
        rc = note_verify(&note, &key, 1, verified, &len, err);
    }
    if (rc == 0 &&
        note.lines[verified[0].line].signature_len != NOTE_SIGNATURE_MAX) {
        rc = error_set(err, ERR_UNTRUSTED, "not the line of a witness");
    }
    if (rc == 0) {
        struct buf bytes = buf_over(out->bytes, sizeof(out->bytes));

        buf_put_u32(&bytes, key.id);
        buf_put(&bytes, span_make(note.lines[verified[0].line].signature,
                                  NOTE_SIGNATURE_MAX));
    }
    return rc;
}

static int kept_put(struct engine *engine, const char *origin,
                    const struct merkle_head *head,
                    const struct cosignature *line, struct error *err)
{
    uint8_t room[KEPT_LEN];
    struct buf value = buf_over(room, sizeof(room));
    uint64_t size = 0;
    uint64_t time_s = 0;
    int rc = kept_find(engine, origin, &size, &time_s, err);

    if (rc != 0 || head->size < size ||
        (head->size == size && cosignature_time(line) <= time_s)) {
        return rc; /* a newer one is here */
    }
    buf_put_u64(&value, head->size);
    buf_put_u64(&value, cosignature_time(line));
    buf_put(&value, SPAN_OF(head->root));
    buf_put(&value, SPAN_OF(*line));
    rc = engine_write(engine, err);
    return rc != 0 ? rc
                   : store_book_put(engine->store, STORE_BOOK_WITNESS,
                                    span_str(origin), buf_span(&value), err);
}

int engine_witnessed(struct engine *engine, const char *origin, uint64_t size,
                     const char *line, struct error *err)
{
    struct merkle_head head = {.size = size};
    struct cosignature made;
    struct store_log log;
    struct origin of;
    int rc = store_log_find(engine->store, span_str(origin), &log, err);

    if (rc == 0) {
        of = log_origin(&log);
        rc = store_log_root_at(engine->store, log.id, size, &head.root, err);
    }
    if (rc == 0) {
        rc = line_verify(engine, &of, &head, span_str(line), &made, err);
    }
    return rc != 0 ? rc : kept_put(engine, origin, &head, &made, err);
}
