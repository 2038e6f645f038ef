/* protocol/link: names of logs, text and numbers.
 *
 * Owns the spelling of origins and mirror names (formats.md section 1).
 * Never accepts a second spelling: an origin is signed in checkpoints.
 * Next: segment.c. */
#include "protocol/link/origin.h"

#include "protocol/limits.h"
#include "protocol/log/lines.h"

bool realm_is_valid(struct span realm)
{
    if (realm.len == 0 || realm.len > REALM_MAX) {
        return false;
    }
    for (size_t i = 0; i < realm.len; i++) {
        uint8_t c = realm.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            return false;
        }
    }
    return true;
}

/* Takes the digits before the next slash, or all that is left. */
static bool number_take(struct span *rest, uint32_t *out)
{
    size_t len = 0;
    uint64_t value = 0;

    while (len < rest->len && rest->ptr[len] != '/') {
        len++;
    }
    if (!lines_number(span_slice(*rest, 0, len), &value) || value == 0 ||
        value > UINT32_MAX) {
        return false;
    }
    *out = (uint32_t)value;
    *rest = span_slice(*rest, len, rest->len - len);
    return true;
}

static bool literal_take(struct span *rest, const char *text)
{
    struct span want = span_str(text);

    if (!span_equal(span_slice(*rest, 0, want.len), want)) {
        return false;
    }
    *rest = span_slice(*rest, want.len, rest->len - want.len);
    return true;
}

int origin_parse(struct span text, struct span realm, struct origin *out,
                 struct error *err)
{
    struct span rest = text;
    struct origin origin = {0};

    if (realm.len == 0 || !span_equal(span_slice(rest, 0, realm.len), realm)) {
        return error_set(err, ERR_MALFORMED,
                         "the origin is not one of realm %.*s", (int)realm.len,
                         (const char *)realm.ptr);
    }
    rest = span_slice(rest, realm.len, rest.len - realm.len);
    if (!literal_take(&rest, "/") || !number_take(&rest, &origin.node)) {
        return error_set(err, ERR_MALFORMED, "the origin names no node");
    }
    origin.dir = literal_take(&rest, "/dir");
    if (!literal_take(&rest, "/e") || !number_take(&rest, &origin.epoch) ||
        rest.len != 0) {
        return error_set(err, ERR_MALFORMED, "the origin names no epoch");
    }
    *out = origin;
    return 0;
}

void origin_format(struct span realm, const struct origin *origin,
                   struct buf *out)
{
    buf_put(out, realm);
    buf_put_fmt(out, "/%lu%s/e%lu", (unsigned long)origin->node,
                origin->dir ? "/dir" : "", (unsigned long)origin->epoch);
}

void origin_mirror_name(struct span realm, uint32_t node, struct buf *out)
{
    buf_put(out, realm);
    buf_put_fmt(out, "/%lu/mirror", (unsigned long)node);
}

bool origin_equal(const struct origin *a, const struct origin *b)
{
    return a->node == b->node && a->epoch == b->epoch && a->dir == b->dir;
}

int origin_compare(const struct origin *a, const struct origin *b)
{
    if (a->dir != b->dir) {
        return a->dir ? -1 : 1;
    }
    if (a->node != b->node) {
        return a->node < b->node ? -1 : 1;
    }
    if (a->epoch != b->epoch) {
        return a->epoch < b->epoch ? -1 : 1;
    }
    return 0;
}
