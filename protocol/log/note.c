/* protocol/log: signed notes, read and verified exactly as C2SP says.
 *
 * Owns: splitting a note, the rules of refusal, the signature line. Must
 * never skip a known key's bad line, nor verify with a key that the note
 * names instead of one that the caller trusts. Next: vkey.c, cosignature.c.
 */
#include "protocol/log/note.h"

#include "protocol/log/cosignature.h"
#include "protocol/log/lines.h"

#define DASH "\xe2\x80\x94 " /* U+2014 and one space */

/* Strict base64 of a line: first 4 bytes are the id. Long signatures of
 * types not known here are checked in pieces and not kept. */
static bool line_decode(struct span base64, struct note_line *line)
{
    uint8_t bytes[768];
    struct error ignored = {0};
    size_t total = 0;

    while (base64.len > 0) {
        size_t take = base64.len < 1024 ? base64.len : 1024;
        size_t len = 0;

        if (base64_decode(span_make(base64.ptr, take), bytes, sizeof(bytes),
                          &len, &ignored) != 0) {
            return false;
        }
        base64 = span_make(base64.ptr + take, base64.len - take);
        if (len != 768 && base64.len > 0) {
            return false; /* padding before the end */
        }
        if (total == 0) {
            if (len < 5) {
                return false;
            }
            line->id = read_u32(bytes);
            memcpy(line->signature, bytes + 4,
                   len - 4 < NOTE_SIGNATURE_MAX ? len - 4 : NOTE_SIGNATURE_MAX);
        }
        total += len;
    }
    line->signature_len = total < 5 ? 0 : total - 4;
    return total >= 5;
}

static bool line_parse(struct span text, struct note_line *line)
{
    struct span rest;

    memset(line, 0, sizeof(*line));
    if (!lines_after(text, DASH, &rest) || rest.len == 0) {
        return false;
    }
    const uint8_t *space = memchr(rest.ptr, ' ', rest.len);

    if (space == NULL) {
        return false;
    }
    line->name = span_make(rest.ptr, (size_t)(space - rest.ptr));
    line->bytes = span_make(text.ptr, text.len + 1);
    if (line->name.len == 0 || !lines_word_valid(line->name) ||
        memchr(line->name.ptr, '+', line->name.len) != NULL) {
        return false;
    }
    return line_decode(span_make(space + 1, rest.len - line->name.len - 1),
                       line);
}

/* Where the LAST empty line stands: the text ends before it. 0 if none. */
static size_t text_length(struct span bytes)
{
    for (size_t i = bytes.len; i >= 2; i--) {
        if (bytes.ptr[i - 1] == '\n' && bytes.ptr[i - 2] == '\n') {
            return i - 1;
        }
    }
    return 0;
}

int note_parse(struct span bytes, struct note *note, struct error *err)
{
    if (bytes.len > NOTE_MAX) {
        return error_set(err, ERR_LIMIT, "note of %zu bytes, at most %u",
                         bytes.len, NOTE_MAX);
    }
    if (!lines_text_valid(bytes)) {
        return error_set(err, ERR_MALFORMED,
                         "note is not UTF-8 text without control characters");
    }
    size_t len = text_length(bytes);

    if (len == 0) {
        return error_set(err, ERR_MALFORMED,
                         "note has no empty line before its signatures");
    }
    struct span rest = span_make(bytes.ptr + len + 1, bytes.len - len - 1);
    struct span line;

    note->text = span_make(bytes.ptr, len);
    note->line_count = 0;
    while (lines_next(&rest, &line)) {
        if (note->line_count == NOTE_LINES_MAX) {
            return error_set(err, ERR_LIMIT,
                             "note of more than %u signature lines",
                             NOTE_LINES_MAX);
        }
        if (!line_parse(line, &note->lines[note->line_count])) {
            return error_set(err, ERR_MALFORMED,
                             "signature line %zu of the note is malformed",
                             note->line_count + 1);
        }
        note->line_count++;
    }
    if (rest.len != 0 || note->line_count == 0) {
        return error_set(err, ERR_MALFORMED,
                         rest.len != 0 ? "note does not end with a newline"
                                       : "note has no signature line");
    }
    return 0;
}

int note_line_parse(struct span bytes, struct note_line *line,
                    struct error *err)
{
    struct span text;

    if (bytes.len > NOTE_MAX || !lines_next(&bytes, &text) || bytes.len != 0 ||
        !line_parse(text, line)) {
        return error_set(err, ERR_MALFORMED, "not one line of a signature");
    }
    return 0;
}

/* Index of the key of a line; key_count if it is not known. */
static int key_find(const struct note_line *line, const struct vkey *keys,
                    size_t key_count, size_t *found, struct error *err)
{
    *found = key_count;
    for (size_t i = 0; i < key_count; i++) {
        if (keys[i].id != line->id || !span_equal(keys[i].name, line->name)) {
            continue;
        }
        if (*found == key_count) {
            *found = i;
        } else if (!vkey_equal(&keys[*found], &keys[i])) {
            return error_set(err, ERR_UNTRUSTED,
                             "two keys share name and id %08x: remove one",
                             (unsigned)line->id);
        }
    }
    return 0;
}

/* True if the line is a good signature of `key` over the text. */
static bool line_verify(struct span text, const struct note_line *line,
                        const struct vkey *key, uint64_t *time)
{
    *time = 0;
    if (key->type == VKEY_ED25519) {
        struct signature sig;

        if (line->signature_len != sizeof(sig.bytes)) {
            return false;
        }
        memcpy(sig.bytes, line->signature, sizeof(sig.bytes));
        return sign_verify(&key->key, text, &sig);
    }
    struct cosignature c;
    struct error ignored = {0};

    if (key->type != VKEY_COSIGNATURE ||
        cosignature_of_line(line, &c, &ignored) != 0 ||
        cosignature_verify(&c, key, text, &ignored) != 0) {
        return false;
    }
    *time = cosignature_time(&c);
    return true;
}

static bool key_seen(const struct note_verified *verified, size_t count,
                     size_t key)
{
    for (size_t i = 0; i < count; i++) {
        if (verified[i].key == key) {
            return true;
        }
    }
    return false;
}

int note_verify(const struct note *note, const struct vkey *keys,
                size_t key_count, struct note_verified *verified,
                size_t *verified_count, struct error *err)
{
    size_t count = 0;

    for (size_t i = 0; i < note->line_count; i++) {
        const struct note_line *line = &note->lines[i];
        size_t key = 0;
        int rc = key_find(line, keys, key_count, &key, err);

        if (rc != 0) {
            return rc;
        }
        if (key == key_count || key_seen(verified, count, key)) {
            continue;
        }
        if (!line_verify(note->text, line, &keys[key], &verified[count].time)) {
            return error_set(err, ERR_UNTRUSTED,
                             "signature of the known key %08x is wrong",
                             (unsigned)line->id);
        }
        verified[count].key = key;
        verified[count].line = i;
        count++;
    }
    if (count == 0) {
        return error_set(err, ERR_UNTRUSTED,
                         "note is signed by no key that is known here");
    }
    *verified_count = count;
    return 0;
}

void note_put_line(const struct vkey *key, struct span signature,
                   struct buf *out)
{
    uint8_t bytes[4 + NOTE_SIGNATURE_MAX];
    struct buf b = buf_over(bytes, sizeof(bytes));

    buf_put_u32(&b, key->id);
    buf_put(&b, signature);
    if (b.overflow) {
        out->overflow = true;
        return;
    }
    buf_put_str(out, DASH);
    buf_put(out, key->name);
    buf_put_u8(out, ' ');
    lines_put_base64(out, buf_span(&b));
}

int note_sign(struct span text, const struct vkey *key,
              const struct sign_secret *secret, struct buf *out,
              struct error *err)
{
    if (text.len == 0 || text.ptr[text.len - 1] != '\n' ||
        !lines_text_valid(text)) {
        return error_set(err, ERR_MALFORMED,
                         "text of a note must be UTF-8 lines without control "
                         "characters");
    }
    if (key->type != VKEY_ED25519) {
        return error_set(err, ERR_USAGE,
                         "a note is signed with a key of type %u, not %u",
                         VKEY_ED25519, key->type);
    }
    struct signature sig = sign_bytes(secret, text);

    buf_put(out, text);
    buf_put_u8(out, '\n');
    note_put_line(key, SPAN_OF(sig.bytes), out);
    if (out->overflow) {
        return error_set(err, ERR_LIMIT, "no room for a note of %zu bytes",
                         text.len);
    }
    return 0;
}
