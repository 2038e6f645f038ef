/* vectors: own/ kinds vkey, checkpoint, note, and the list of all kinds. */
#include "tests/vectors/own.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "protocol/log/checkpoint.h"
#include "protocol/log/note.h"

test_fn own_kind(const char *kind)
{
    static const struct {
        const char *kind;
        test_fn test;
    } kinds[] = {
        {"vkey", own_vkey},           {"checkpoint", own_checkpoint},
        {"note", own_note},           {"tree", own_tree},
        {"inclusion", own_inclusion}, {"consistency", own_consistency},
        {"tlog-proof", own_proof},    {"witness", own_witness},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].kind, kind) == 0) {
            return kinds[i].test;
        }
    }
    return NULL;
}

bool names_extension(const json_t *test)
{
    const char *comment = json_string_value(json_object_get(test, "comment"));

    return comment != NULL && strstr(comment, "xtension line") != NULL;
}

const char *own_vkey(struct run *run, const json_t *test)
{
    struct span text;
    struct span name;
    struct span id;
    struct span key;
    struct vkey vkey;
    struct error err = {0};
    uint64_t type = 0;
    bool valid = false;

    if (!read_valid(test, &valid) || !read_text(test, "vkey", &text)) {
        return "fields missing";
    }
    bool loaded = vkey_parse(text, &vkey, &err) == 0;

    if (loaded != valid) {
        return loaded ? "loaded" : say(run, "refused: %s", err.text);
    }
    if (!valid) {
        return NULL;
    }
    if (!read_text(test, "name", &name) || !read_text(test, "key_id", &id) ||
        !read_number(test, "type", &type) ||
        !read_hex(run, json_object_get(test, "public_hex"), &key)) {
        return "a valid key needs name, key_id, type, public_hex";
    }
    if (!span_equal(vkey.name, name) || vkey.type != type ||
        !span_equal(SPAN_OF(vkey.key.bytes), key) ||
        !span_equal(span_str(say(run, "%08x", (unsigned)vkey.id)), id)) {
        return "loaded with other parts";
    }
    struct buf b = buf_over(arena_alloc(&run->arena, 512), 512);

    vkey_format(&vkey, &b);
    return span_equal(buf_span(&b), text) ? NULL : "written otherwise";
}

const char *own_checkpoint(struct run *run, const json_t *test)
{
    struct span text;
    struct span origin;
    struct hash root;
    struct checkpoint c;
    struct error err = {0};
    uint64_t size = 0;
    bool valid = false;

    if (!read_valid(test, &valid) || !read_text(test, "text", &text)) {
        return "fields missing";
    }
    bool parsed = checkpoint_parse(text, &c, &err) == 0;

    if (valid && json_array_size(json_object_get(test, "ext")) > 0) {
        return parsed ? "accepted an extension line" : TEST_SKIP;
    }
    if (parsed != valid) {
        return parsed ? "accepted" : say(run, "refused: %s", err.text);
    }
    if (!valid) {
        return NULL;
    }
    if (!read_text(test, "origin", &origin) ||
        !read_number(test, "size", &size) ||
        !read_hash(test, "root_hex", &root)) {
        return "a valid checkpoint needs origin, size, root_hex";
    }
    if (!span_equal(c.origin, origin) || c.head.size != size ||
        !hash_equal(&c.head.root, &root)) {
        return "read otherwise";
    }
    struct buf b = buf_over(arena_alloc(&run->arena, 512), 512);

    checkpoint_format(&c, &b);
    return span_equal(buf_span(&b), text) ? NULL : "written otherwise";
}

/* Compares what was verified with the test's list. */
static const char *verified_check(struct run *run, const json_t *list,
                                  const struct vkey *keys,
                                  const struct note_verified *verified,
                                  size_t count)
{
    if (!json_is_array(list) || json_array_size(list) != count) {
        return say(run, "%zu keys verified", count);
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        const struct vkey *key = &keys[verified[i].key];
        uint64_t time = 0;
        struct span name;
        struct span id;

        (void)read_number(item, "time", &time);
        if (!read_text(item, "name", &name) ||
            !read_text(item, "key_id", &id) || !span_equal(name, key->name) ||
            !span_equal(id, span_str(say(run, "%08x", (unsigned)key->id))) ||
            time != verified[i].time) {
            return say(run, "verified key %zu is another", i + 1);
        }
    }
    return NULL;
}

const char *own_note(struct run *run, const json_t *test)
{
    const json_t *list = json_object_get(test, "vkeys");
    size_t count = json_array_size(list);
    struct vkey *keys = arena_array(&run->arena, count + 1, sizeof(*keys));
    struct note *note = arena_alloc(&run->arena, sizeof(*note));
    struct note_verified verified[NOTE_LINES_MAX];
    struct error err = {0};
    struct span bytes;
    struct span text;
    size_t verified_count = 0;
    bool valid = false;

    if (!read_valid(test, &valid) || keys == NULL || note == NULL ||
        (!read_text(test, "note", &bytes) &&
         !read_hex(run, json_object_get(test, "note_hex"), &bytes))) {
        return "fields missing";
    }
    for (size_t i = 0; i < count; i++) {
        const char *vkey = json_string_value(json_array_get(list, i));

        if (vkey == NULL || vkey_parse(span_str(vkey), &keys[i], &err) != 0) {
            return say(run, "trusted key %zu: %s", i + 1, err.text);
        }
    }
    bool accepted =
        note_parse(bytes, note, &err) == 0 &&
        note_verify(note, keys, count, verified, &verified_count, &err) == 0;

    if (accepted != valid) {
        return accepted ? "accepted" : say(run, "refused: %s", err.text);
    }
    if (!valid) {
        return NULL;
    }
    if (!read_text(test, "text", &text) || !span_equal(note->text, text)) {
        return "another text";
    }
    return verified_check(run, json_object_get(test, "verified"), keys,
                          verified, verified_count);
}
