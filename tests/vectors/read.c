/* vectors: JSON values into what the protocol room takes. */
#include "tests/vectors/vectors.h"

#include <string.h>

#include "protocol/base/hex.h"

bool read_text(const json_t *object, const char *key, struct span *text)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_string(value)) {
        *text = (struct span){NULL, 0};
        return false;
    }
    *text = span_make(json_string_value(value), json_string_length(value));
    return true;
}

bool read_number(const json_t *object, const char *key, uint64_t *value)
{
    const json_t *number = json_object_get(object, key);

    if (json_is_integer(number) && json_integer_value(number) >= 0) {
        *value = (uint64_t)json_integer_value(number);
        return true;
    }
    if (json_is_real(number) && json_real_value(number) >= 0) {
        double real = json_real_value(number);

        *value = real < 18446744073709551615.0 ? (uint64_t)real : UINT64_MAX;
        return true;
    }
    return false;
}

bool read_hex(struct run *run, const json_t *value, struct span *bytes)
{
    struct error err = {0};
    size_t len = json_string_length(value);
    uint8_t *room = arena_alloc(&run->arena, len / 2 + 1);

    if (!json_is_string(value) || room == NULL || len % 2 != 0 ||
        hex_decode(span_make(json_string_value(value), len), room, len / 2,
                   &err) != 0) {
        return false;
    }
    *bytes = span_make(room, len / 2);
    return true;
}

bool read_base64(struct run *run, const json_t *value, struct span *bytes)
{
    struct error err = {0};
    size_t len = json_string_length(value);
    uint8_t *room = arena_alloc(&run->arena, len + 1);
    size_t got = 0;

    if (!json_is_string(value) || room == NULL ||
        base64_decode(span_make(json_string_value(value), len), room, len, &got,
                      &err) != 0) {
        return false;
    }
    *bytes = span_make(room, got);
    return true;
}

bool read_hash(const json_t *object, const char *key, struct hash *hash)
{
    struct error err = {0};
    struct span text;

    return read_text(object, key, &text) &&
           hex_decode(text, hash->bytes, sizeof(hash->bytes), &err) == 0;
}

bool read_path(struct run *run, const json_t *array,
               bool (*decode)(struct run *, const json_t *, struct span *),
               struct merkle_path *path, bool *usable)
{
    const json_t *item;
    size_t i;

    path->count = 0;
    *usable = json_array_size(array) <= PROOF_HASHES_MAX;
    if (!json_is_array(array) && !json_is_null(array)) {
        return false;
    }
    json_array_foreach(array, i, item)
    {
        struct span bytes;

        if (!decode(run, item, &bytes)) {
            return false;
        }
        if (bytes.len != 32 || !*usable) {
            *usable = false;
            continue;
        }
        memcpy(path->hashes[path->count++].bytes, bytes.ptr, 32);
    }
    return true;
}

bool read_valid(const json_t *test, bool *valid)
{
    struct span result;

    if (!read_text(test, "result", &result)) {
        return false;
    }
    *valid = span_equal(result, span_str("valid"));
    return *valid || span_equal(result, span_str("invalid"));
}
