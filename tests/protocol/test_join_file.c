/* The request to join in a file: opens for the parent whose key it is sealed
 * to, and for nobody else; not one bit of it may change. */
#include "tests/support/test.h"

#include "protocol/link/join.h"

static uint8_t memory[1 << 18];
static uint8_t file_bytes[JOIN_FILE_MAX];

struct scene {
    struct arena arena;
    struct invitation invitation;
    struct join_file_keys parent;
    struct frame_join_request request;
    struct span file;
};

static void scene_make(struct scene *s)
{
    static const char request[] = "the signed bytes of a request";
    static const char signatures[] = "its signatures";
    struct buf out = buf_over(file_bytes, sizeof(file_bytes));
    struct error err = {0};
    uint8_t seed[32] = {7};

    memset(s, 0, sizeof(*s));
    arena_init(&s->arena, memory, sizeof(memory));
    s->parent.node = 11;
    box_keys(seed, &s->parent.pub, &s->parent.sec);
    s->invitation.parent = 11;
    s->invitation.parent_curve = s->parent.pub;
    memset(&s->invitation.curve, 0x5a, sizeof(s->invitation.curve));
    s->request.request = span_str(request);
    s->request.signatures = span_str(signatures);
    assert_ok(join_file_put(&s->invitation, &s->request, &s->arena, &out, &err),
              err);
    s->file = buf_span(&out);
}

static void it_opens_for_the_parent_that_invited(void **state)
{
    struct frame_join_request came;
    struct box_secret one_time;
    struct error err = {0};
    struct scene s;

    (void)state;
    scene_make(&s);
    assert_true(join_file_is(s.file));
    assert_ok(
        join_file_take(s.file, &s.parent, &s.arena, &one_time, &came, &err),
        err);
    assert_memory_equal(&one_time, &s.invitation.curve, sizeof(one_time));
    assert_true(span_equal(came.request, s.request.request));
    assert_true(span_equal(came.signatures, s.request.signatures));
    arena_release(&s.arena);
}

static void it_opens_for_no_other_node_and_no_other_key(void **state)
{
    struct frame_join_request came;
    struct box_secret one_time;
    struct error err = {0};
    struct join_file_keys other;
    uint8_t seed[32] = {8};
    struct scene s;

    (void)state;
    scene_make(&s);
    other = s.parent;
    other.node = 12;
    assert_err(join_file_take(s.file, &other, &s.arena, &one_time, &came, &err),
               ERR_USAGE, err);
    assert_string_equal(err.text, "the request is for node 11, this is node "
                                  "12");
    other = s.parent;
    box_keys(seed, &other.pub, &other.sec);
    assert_err(join_file_take(s.file, &other, &s.arena, &one_time, &came, &err),
               ERR_USAGE, err);
    arena_release(&s.arena);
}

static void every_cut_and_every_flipped_bit_is_refused(void **state)
{
    static uint8_t changed[JOIN_FILE_MAX];
    struct frame_join_request came;
    struct box_secret one_time;
    struct error err = {0};
    struct scene s;

    (void)state;
    scene_make(&s);
    for (size_t len = 0; len < s.file.len; len++) {
        assert_err(join_file_take(span_slice(s.file, 0, len), &s.parent,
                                  &s.arena, &one_time, &came, &err),
                   ERR_MALFORMED, err);
        arena_reset(&s.arena);
    }
    for (size_t i = 0; i < s.file.len; i++) {
        int rc;

        memcpy(changed, s.file.ptr, s.file.len);
        changed[i] ^= 4;
        rc = join_file_take(span_make(changed, s.file.len), &s.parent, &s.arena,
                            &one_time, &came, &err);
        assert_true(rc == ERR_MALFORMED || rc == ERR_USAGE);
        arena_reset(&s.arena);
    }
    arena_release(&s.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_opens_for_the_parent_that_invited),
        cmocka_unit_test(it_opens_for_no_other_node_and_no_other_key),
        cmocka_unit_test(every_cut_and_every_flipped_bit_is_refused),
    };

    return TEST_RUN(tests);
}
