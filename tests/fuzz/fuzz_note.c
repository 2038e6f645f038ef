/* fuzz: any bytes as a signed note. What parses must borrow from the input,
 * give itself back when its parts are put together again, and verify only
 * under a key that signed it. */
#include <stdlib.h>

#include "protocol/log/cosignature.h"
#include "protocol/log/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool good)
{
    if (!good) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct sign_seed seed = {{1}};
    struct note note;
    struct note_verified verified[NOTE_LINES_MAX];
    struct error err = {0};
    struct sign_public pub;
    struct sign_secret secret;
    struct vkey keys[2];
    size_t count = 0;

    check(crypto_start(&err) == 0);
    sign_keys(&seed, &pub, &secret);
    check(vkey_make(span_str("a/e1"), VKEY_ED25519, &pub, &keys[0], &err) == 0);
    check(vkey_make(span_str("b/m"), VKEY_COSIGNATURE, &pub, &keys[1], &err) ==
          0);

    struct vkey parsed;

    if (vkey_parse(span_make(data, len), &parsed, &err) == 0) {
        uint8_t room[VKEY_TEXT_MAX];
        struct buf b = buf_over(room, sizeof(room));

        vkey_format(&parsed, &b);
        check(span_equal(buf_span(&b), span_make(data, len)));
    }
    if (note_parse(span_make(data, len), &note, &err) != 0) {
        check(err.text[0] != '\0');
        return 0;
    }
    size_t total = note.text.len + 1;

    check(note.text.ptr == data && note.line_count >= 1);
    for (size_t i = 0; i < note.line_count; i++) {
        struct span name;
        struct cosignature c;

        check(note.lines[i].bytes.ptr == data + total);
        total += note.lines[i].bytes.len;
        check(note.lines[i].name.len > 0 && note.lines[i].signature_len > 0);
        check((cosignature_parse_line(note.lines[i].bytes, &name, &c, &err) ==
               0) == (note.lines[i].signature_len == COSIGNATURE_SIZE - 4));
    }
    check(total == len);
    if (note_verify(&note, keys, 2, verified, &count, &err) == 0) {
        check(count >= 1 && count <= 2);
    }
    return 0;
}
