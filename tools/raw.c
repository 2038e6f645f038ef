/* tools: bytes taken apart.
 * Owns the guess of what some bytes are; every decoder is the protocol's own,
 * so that what is shown is what a node would read. */
#include "tools/raw.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/event/code.h"
#include "protocol/event/facts.h"
#include "protocol/event/leaf.h"
#include "protocol/event/types.h"
#include "protocol/link/bundle.h"
#include "protocol/log/note.h"
#include "protocol/record/calendar.h"

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static int digit_of(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool raw_is_hex(struct span text)
{
    size_t digits = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (digit_of(text.ptr[i]) >= 0) {
            digits++;
        } else if (!is_space(text.ptr[i])) {
            return false;
        }
    }
    return digits > 0 && digits % 2 == 0;
}

/* Heap; the caller frees. The text is hex. */
static uint8_t *bytes_of_hex(struct span text, size_t *len)
{
    uint8_t *bytes = calloc(1, text.len / 2 + 1);
    size_t digits = 0;

    for (size_t i = 0; bytes != NULL && i < text.len; i++) {
        int digit = digit_of(text.ptr[i]);

        if (digit >= 0) {
            bytes[digits / 2] =
                (uint8_t)((unsigned)bytes[digits / 2] << 4 | (unsigned)digit);
            digits++;
        }
    }
    *len = digits / 2;
    return bytes;
}

static void put_hex(const char *name, struct span bytes)
{
    printf("%-14s ", name);
    for (size_t i = 0; i < bytes.len; i++) {
        printf("%02x", bytes.ptr[i]);
    }
    printf("\n");
}

/* ---- leaf -------------------------------------------------------------------
 */

static int put_fact(void *ctx, const char *path, struct span value,
                    struct error *err)
{
    (void)ctx;
    (void)err;
    printf("  %-28s %.*s\n", path, (int)value.len, (const char *)value.ptr);
    return 0;
}

static void put_header(const struct header *header)
{
    const struct event_type *type = event_type_find(header->type);
    char day[DAY_TEXT_SIZE];

    day_format(header->on_day, day);
    printf("%-14s %u %s, version %u\n", "type", header->type,
           type == NULL ? "?" : type->name, header->version);
    printf("%-14s node %u, unit %u\n", "of", header->node, header->unit);
    put_hex("actor", SPAN_OF(header->actor.bytes));
    printf("%-14s %" PRIu64 " ms\n", "recorded", header->recorded_ms);
    printf("%-14s %s\n", "on", day);
    if (header->has_subject) {
        put_hex("subject", SPAN_OF(header->subject.bytes));
    }
    for (size_t i = 0; i < header->refs.len; i++) {
        struct event_id ref = header_ref(header, i);

        put_hex("ref", SPAN_OF(ref.bytes));
    }
    for (size_t i = 0; i < header->addressees_len; i++) {
        printf("%-14s %u\n", "to", header->addressees[i]);
    }
    if (header->has_quoted) {
        printf("%-14s %" PRIu64 " s\n", "quoted", header->quoted_time_s);
        put_hex("quoted hash", SPAN_OF(header->quoted_hash));
    }
    for (size_t i = 0; i < header->bodies_len; i++) {
        printf("%-14s audience %u\n", "body", header->bodies[i].audience);
        put_hex("  commitment", SPAN_OF(header->bodies[i].commitment.bytes));
    }
    printf("%-14s %s\n", "historical", header->historical ? "true" : "false");
}

static void put_leaf(const struct cli *cli, const struct leaf *leaf)
{
    struct event_id id = leaf->id;
    struct error why = {0};
    char code[CODE_TEXT_SIZE];
    char text[WORDS_SIZE];

    code_format(&id, code);
    printf("%-14s %zu bytes\n", "leaf", leaf->bytes.len);
    put_hex("id", SPAN_OF(id.bytes));
    printf("%-14s %s\n", "code", code);
    put_hex("signature", SPAN_OF(leaf->sig.bytes));
    put_hex("header", leaf->header_bytes);
    put_hex("facts", leaf->facts);
    if (!leaf->understood) {
        (void)!header_explain(leaf->header_bytes, &why);
        printf("header not understood: %s\n",
               say_words(cli, why.text, text, sizeof(text)));
        return;
    }
    put_header(&leaf->header);
    const struct event_type *type = event_type_find(leaf->header.type);

    if (type == NULL || type->shape == NULL) {
        printf("facts not understood: type %u\n", leaf->header.type);
    } else if (facts_visit(type, leaf->facts, put_fact, NULL, &why) < 0) {
        printf("facts not understood: %s\n",
               say_words(cli, why.text, text, sizeof(text)));
    }
}

/* (u16 length || leaf)*, to the last byte. */
static bool is_leaf_list(struct span bytes)
{
    struct error ignored = {0};
    size_t leaves = 0;

    while (bytes.len >= 2) {
        size_t len = (size_t)bytes.ptr[0] << 8 | bytes.ptr[1];
        struct leaf leaf;

        if (len > bytes.len - 2 ||
            leaf_parse(span_slice(bytes, 2, len), &leaf, &ignored) < 0) {
            return false;
        }
        bytes = span_slice(bytes, 2 + len, bytes.len - 2 - len);
        leaves++;
    }
    return bytes.len == 0 && leaves > 0;
}

static void put_leaf_list(const struct cli *cli, struct span bytes)
{
    struct error ignored = {0};

    for (size_t i = 0; bytes.len >= 2; i++) {
        size_t len = (size_t)bytes.ptr[0] << 8 | bytes.ptr[1];
        struct leaf leaf;

        printf("%s[%zu]\n", i == 0 ? "" : "\n", i);
        if (leaf_parse(span_slice(bytes, 2, len), &leaf, &ignored) == 0) {
            put_leaf(cli, &leaf);
        }
        bytes = span_slice(bytes, 2 + len, bytes.len - 2 - len);
    }
}

/* ---- notes
 * ------------------------------------------------------------------- */

static void put_note(const struct note *note)
{
    printf("%.*s", (int)note->text.len, (const char *)note->text.ptr);
    for (size_t i = 0; i < note->line_count; i++) {
        const struct note_line *line = &note->lines[i];

        printf("\n%.*s  key %08x, %zu bytes", (int)line->name.len,
               (const char *)line->name.ptr, line->id, line->signature_len);
        if (line->signature_len == NOTE_SIGNATURE_MAX) {
            printf(", cosigned at %" PRIu64, read_u64(line->signature));
        }
    }
    printf("\n");
}

/* ---- bundles
 * ------------------------------------------------------------------- */

/* Its head, and how many chunks of which size; what is in them is sealed. */
static void put_bundle(const struct bundle_head *head, struct span chunks)
{
    size_t count = 0;
    bool ended = false;

    printf("%-14s version %u, realm %s\n", "bundle", head->version,
           head->realm);
    printf("%-14s node %u to node %u\n", "from", head->from, head->to);
    printf("%-14s %" PRIu64 " ms by %s\n", "made", head->made_ms,
           head->software);
    put_hex("sealed to", SPAN_OF(head->key.bytes));
    put_hex("signature", SPAN_OF(head->signature.bytes));
    while (chunks.len >= 4) {
        uint32_t said = read_u32(chunks.ptr);
        size_t len = said & 0x7fffffffu;

        if (ended || len > chunks.len - 4) {
            break;
        }
        ended = said != len;
        count++;
        chunks = span_slice(chunks, 4 + len, chunks.len - 4 - len);
    }
    printf("%-14s %zu, %s\n", "chunks", count,
           ended && chunks.len == 0 ? "whole" : "cut short or damaged");
}

int raw_print(const struct cli *cli, struct span text, struct error *err)
{
    struct span bytes = text;
    uint8_t *decoded = NULL;
    struct error ignored = {0};
    struct bundle_head bundle;
    struct note note;
    struct leaf leaf;
    size_t used = 0;
    int rc = 0;

    if (raw_is_hex(text)) {
        size_t len = 0;

        decoded = bytes_of_hex(text, &len);
        if (decoded == NULL) {
            return error_set(err, ERR_NOMEM, "no memory");
        }
        bytes = span_make(decoded, len);
    }
    if (bundle_head_take(bytes, &bundle, &used, &ignored) == 0) {
        put_bundle(&bundle, span_slice(bytes, used, bytes.len - used));
    } else if (note_parse(bytes, &note, &ignored) == 0) {
        put_note(&note);
    } else if (is_leaf_list(bytes)) {
        put_leaf_list(cli, bytes);
    } else if (leaf_parse(bytes, &leaf, &ignored) == 0) {
        put_leaf(cli, &leaf);
    } else {
        rc = error_set(
            err, ERR_MALFORMED,
            "neither a leaf, nor a note, nor a list of leaves, nor a bundle");
    }
    free(decoded);
    return rc;
}
