/* protocol/log: checkpoints, what a log signs about itself.
 *
 * Owns: the three lines, and that origin and key name agree. Must never
 * accept a checkpoint under a key that its own text chose. Next: proof.c,
 * witness.c.
 */
#include "protocol/log/checkpoint.h"

#include <inttypes.h>

#include "protocol/log/lines.h"

int checkpoint_parse_lines(struct span text, struct checkpoint *checkpoint,
                           struct error *err)
{
    struct checkpoint c = {.head = {.size = 0}};
    struct span rest = text;
    struct span size;
    struct span root;

    if (!lines_text_valid(text) || !lines_next(&rest, &c.origin) ||
        !lines_next(&rest, &size) || !lines_next(&rest, &root)) {
        return error_set(err, ERR_MALFORMED,
                         "checkpoint is not origin, size and root in three "
                         "lines");
    }
    if (c.origin.len == 0 || c.origin.len > ORIGIN_MAX) {
        return error_set(err, ERR_MALFORMED,
                         "origin of a checkpoint has %zu bytes, not 1 to %u",
                         c.origin.len, ORIGIN_MAX);
    }
    if (!lines_number(size, &c.head.size)) {
        return error_set(err, ERR_MALFORMED,
                         "size of a checkpoint is not a decimal number below "
                         "2^63");
    }
    if (!lines_hash(root, &c.head.root)) {
        return error_set(err, ERR_MALFORMED,
                         "root of a checkpoint is not base64 of 32 bytes");
    }
    if (rest.len != 0) {
        return error_set(err, ERR_MALFORMED,
                         "extension lines in a checkpoint are not accepted");
    }
    *checkpoint = c;
    return 0;
}

int checkpoint_check(const struct checkpoint *checkpoint, struct error *err)
{
    struct hash empty = merkle_empty_root();

    if (checkpoint->head.size == 0 &&
        !hash_equal(&checkpoint->head.root, &empty)) {
        return error_set(err, ERR_MALFORMED,
                         "checkpoint of size 0 has not the empty root");
    }
    return 0;
}

int checkpoint_parse(struct span text, struct checkpoint *checkpoint,
                     struct error *err)
{
    struct checkpoint c = {.head = {.size = 0}};
    int rc = checkpoint_parse_lines(text, &c, err);

    if (rc == 0) {
        rc = checkpoint_check(&c, err);
    }
    if (rc == 0) {
        *checkpoint = c;
    }
    return rc;
}

void checkpoint_format(const struct checkpoint *checkpoint, struct buf *out)
{
    buf_put(out, checkpoint->origin);
    buf_put_fmt(out, "\n%" PRIu64 "\n", checkpoint->head.size);
    lines_put_base64(out, SPAN_OF(checkpoint->head.root.bytes));
}

int checkpoint_sign(const struct checkpoint *checkpoint, const struct vkey *log,
                    const struct sign_secret *secret, struct buf *out,
                    struct error *err)
{
    uint8_t room[CHECKPOINT_TEXT_MAX];
    struct buf text = buf_over(room, sizeof(room));
    struct checkpoint again;

    if (!span_equal(checkpoint->origin, log->name)) {
        return error_set(err, ERR_USAGE,
                         "the log's key has another name than its origin");
    }
    checkpoint_format(checkpoint, &text);
    if (text.overflow || checkpoint_parse(buf_span(&text), &again, err) != 0) {
        return error_set(err, ERR_USAGE,
                         "checkpoint of size %" PRIu64 " cannot be signed",
                         checkpoint->head.size);
    }
    return note_sign(buf_span(&text), log, secret, out, err);
}

int checkpoint_of_log(struct span text, const struct vkey *log,
                      struct checkpoint *checkpoint, struct error *err)
{
    struct checkpoint c = {.head = {.size = 0}};
    int rc = checkpoint_parse(text, &c, err);

    if (rc != 0) {
        return rc;
    }
    if (!span_equal(c.origin, log->name)) {
        return error_set(err, ERR_UNTRUSTED,
                         "checkpoint is of another origin than its log's key");
    }
    *checkpoint = c;
    return 0;
}

int checkpoint_open(struct span note, const struct vkey *log,
                    struct checkpoint *checkpoint, struct error *err)
{
    struct note parsed;
    struct note_verified verified[NOTE_LINES_MAX];
    struct checkpoint c;
    size_t count = 0;
    int rc = note_parse(note, &parsed, err);

    if (rc == 0) {
        rc = checkpoint_of_log(parsed.text, log, &c, err);
    }
    if (rc == 0 && log->type != VKEY_ED25519) {
        rc = error_set(err, ERR_UNTRUSTED, "key is not one of a log");
    }
    if (rc == 0) {
        rc = note_verify(&parsed, log, 1, verified, &count, err);
    }
    if (rc == 0) {
        *checkpoint = c;
    }
    return rc;
}

int checkpoint_origin(struct span note, struct span *origin, struct error *err)
{
    struct note parsed;
    struct checkpoint c;
    int rc = note_parse(note, &parsed, err);

    if (rc == 0) {
        rc = checkpoint_parse(parsed.text, &c, err);
    }
    if (rc == 0) {
        *origin = c.origin;
    }
    return rc;
}
