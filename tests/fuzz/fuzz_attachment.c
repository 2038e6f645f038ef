/* fuzz: any bytes as a file that an event names: its kind is told by content,
 * a seal opens with its own key only; and as a script of pieces that come in
 * any order, size and number: what is held ends with the newest, and gets its
 * name only when it is what the name says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/event/attachment.h"
#include "protocol/limits.h"
#include "store/attachment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char dir[64];

static void check(bool good)
{
    if (!good) {
        abort();
    }
}

static void leave(void)
{
    char command[160];

    (void)snprintf(command, sizeof(command), "rm -rf %s", dir);
    check(system(command) == 0);
}

static void seal(struct span bytes)
{
    static const struct nonce nonce = {{1}};
    static uint8_t sealed[131072 + ATTACHMENT_SEAL_OVERHEAD];
    static uint8_t plain[131072 + ATTACHMENT_SEAL_OVERHEAD];
    struct body_key key = {{7}};
    struct buf out = buf_over(sealed, sizeof(sealed));
    struct error err = {0};
    size_t size = 0;

    /* What comes is no seal of ours, or does not open. */
    check(bytes.len > sizeof(plain) ||
          attachment_open(bytes, &key, plain, &size, &err) != 0);
    if (attachment_seal(bytes, &key, &nonce, &out, &err) != 0) {
        return;
    }
    check(attachment_type_of(buf_span(&out)) == ATTACHMENT_SEALED);
    check(attachment_open(buf_span(&out), &key, plain, &size, &err) == 0);
    check(size == bytes.len && memcmp(plain, bytes.ptr, size) == 0);
    key.bytes[0] ^= 1;
    check(attachment_open(buf_span(&out), &key, plain, &size, &err) ==
          ERR_UNTRUSTED);
}

/* Steps of three bytes: offset in sixteenths, length, what of `whole`. */
static void pieces(struct span script, struct span whole)
{
    struct hash name = hash_of(whole);
    struct error err = {0};
    uint64_t size = 0;
    int rc;

    while (script.len >= 3) {
        uint64_t held = store_file_part(dir, &name);
        uint64_t offset = whole.len * (script.ptr[0] % 17u) / 16u;
        size_t piece = script.ptr[1];

        if (script.ptr[2] % 4 != 0) {
            offset = held; /* mostly as it should be */
        }
        if (offset > whole.len) {
            offset = whole.len;
        }
        if (piece > whole.len - offset) {
            piece = (size_t)(whole.len - offset);
        }
        rc = store_file_append(dir, &name, offset,
                               span_make(whole.ptr + offset, piece), &err);
        check(rc == 0 || err.text[0] != '\0');
        check(store_file_part(dir, &name) == (rc == 0 ? offset + piece : held));
        script = span_make(script.ptr + 3, script.len - 3);
    }
    rc = store_file_finish(dir, &name, &size, &err);
    if (rc == 0) {
        check(size == whole.len);
        check(attachment_type_of(whole) != ATTACHMENT_NONE);
        check(store_file_verify(dir, &name, &err) == 0);
    }
    check(store_file_destroy(dir, &name, &err) == 0);
    check(store_file_size(dir, &name, &size, &err) == ERR_NOTFOUND);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static bool started;
    static unsigned runs;
    struct error err = {0};
    size_t script;

    if (!started) {
        started = true;
        check(crypto_start(&err) == 0);
        strcpy(dir, "/tmp/qcdc-fuzz-XXXXXX");
        check(mkdtemp(dir) != NULL);
        (void)atexit(leave);
    }
    if (len < 1 || len > 65536) {
        return 0;
    }
    (void)attachment_type_of(span_make(data, len));
    seal(span_make(data, len));
    if (runs++ % 16 != 0) {
        return 0; /* the disk is slow */
    }
    script = 1 + (size_t)(data[0] % 48u);
    if (script < len) {
        pieces(span_make(data + 1, script - 1),
               span_make(data + script, len - script));
    }
    return 0;
}
