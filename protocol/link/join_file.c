/* protocol/link: the request to join, in a file, for where no network is.
 * Owns its bytes. The one-time secret travels in it, sealed to the parent: who
 * has it has the invitation, as on a connection. Next: join.c. */
#include "protocol/link/join.h"

#include <string.h>

#define MAGIC "qcdc join 1\n"
#define MAGIC_LEN (sizeof(MAGIC) - 1)
#define HEAD_LEN (MAGIC_LEN + 4u + 32u)

bool join_file_is(struct span bytes)
{
    return bytes.len >= MAGIC_LEN && memcmp(bytes.ptr, MAGIC, MAGIC_LEN) == 0;
}

int join_file_put(const struct invitation *invitation,
                  const struct frame_join_request *request, struct arena *arena,
                  struct buf *out, struct error *err)
{
    size_t size =
        32u + 2u + request->request.len + 4u + request->signatures.len;
    uint8_t *space = arena_alloc(arena, size);
    struct buf plain = buf_over(space, size);
    size_t sealed = size + SEAL_OVERHEAD;
    int rc;

    if (space == NULL || out->size - out->len < HEAD_LEN + sealed) {
        return error_set(err, ERR_LIMIT, "too little room for the request");
    }
    buf_put(&plain, SPAN_OF(invitation->curve));
    buf_put_u16(&plain, (uint16_t)request->request.len);
    buf_put(&plain, request->request);
    buf_put_u32(&plain, (uint32_t)request->signatures.len);
    buf_put(&plain, request->signatures);
    buf_put_str(out, MAGIC);
    buf_put_u32(out, invitation->parent);
    buf_put(out, SPAN_OF(invitation->parent_curve));
    rc = seal_to(&invitation->parent_curve, buf_span(&plain),
                 out->ptr + out->len, err);
    out->len += rc == 0 ? sealed : 0;
    crypto_wipe(space, size);
    return rc;
}

static int damaged(struct error *err)
{
    return error_set(err, ERR_MALFORMED,
                     "the request to join is damaged: have the file made "
                     "again");
}

static int plain_take(struct span plain, struct box_secret *one_time,
                      struct frame_join_request *out, struct error *err)
{
    size_t request;
    size_t signatures;

    if (plain.len < 32u + 2u + 4u) {
        return damaged(err);
    }
    request = read_u16(plain.ptr + 32);
    if (request > JOIN_REQUEST_MAX || plain.len < 32u + 2u + request + 4u) {
        return damaged(err);
    }
    signatures = read_u32(plain.ptr + 34 + request);
    if (plain.len != 32u + 2u + request + 4u + signatures) {
        return damaged(err);
    }
    memcpy(one_time, plain.ptr, 32);
    out->request = span_slice(plain, 34, request);
    out->signatures = span_slice(plain, 38 + request, signatures);
    return 0;
}

int join_file_take(struct span bytes, const struct join_file_keys *own,
                   struct arena *arena, struct box_secret *one_time,
                   struct frame_join_request *out, struct error *err)
{
    struct span sealed;
    uint8_t *space;
    size_t len;
    int rc;

    if (!join_file_is(bytes) || bytes.len < HEAD_LEN + SEAL_OVERHEAD) {
        return damaged(err);
    }
    if (read_u32(bytes.ptr + MAGIC_LEN) != own->node) {
        return error_set(err, ERR_USAGE,
                         "the request is for node %u, this is node %u",
                         read_u32(bytes.ptr + MAGIC_LEN), own->node);
    }
    if (memcmp(bytes.ptr + MAGIC_LEN + 4, &own->pub, 32) != 0) {
        return error_set(err, ERR_USAGE,
                         "the request is sealed to another key of this node: "
                         "the invitation is an old one, give a new one");
    }
    sealed = span_slice(bytes, HEAD_LEN, bytes.len - HEAD_LEN);
    len = sealed.len - SEAL_OVERHEAD;
    space = arena_alloc(arena, len + 1);
    if (space == NULL) {
        return error_set(err, ERR_LIMIT, "too little room for the request");
    }
    if (seal_open(&own->pub, &own->sec, sealed, space, err) != 0) {
        return damaged(err);
    }
    rc = plain_take(span_make(space, len), one_time, out, err);
    crypto_wipe(space, 32);
    return rc;
}
