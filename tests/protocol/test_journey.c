/* One petition's bytes from the keyboard to the province's page: the text of
 * ARCHITECTURE.md between its two journey marks is made here, and the test
 * fails when the page no longer says what the code does. With
 * QCDC_GOLDEN=print the text is printed instead. */
#include "tests/support/test.h"

#include "protocol/base/hex.h"
#include "protocol/duty/snapshot.h"
#include "protocol/event/code.h"
#include "protocol/event/facts.h"
#include "protocol/event/types.h"
#include "protocol/link/segment.h"
#include "protocol/log/checkpoint.h"
#include "protocol/log/cosignature.h"
#include "protocol/record/fold.h"
#include "tests/protocol/event_help.h"
#include "tests/protocol/golden.h"

#define BEGIN_MARK "<!-- journey: "
#define END_MARK "<!-- end of the journey -->\n"
#define ORIGIN "kontum/58/e1"
#define LOG_KEY 2
#define DISTRICT_KEY 3
#define GUARD_TIME_S 1709258400u /* 2024-03-01 09:00 at UTC+7 */

static char text_memory[16384];
static uint8_t facts_memory[512];
static uint8_t body_memory[1024];
static uint8_t leaf_memory[LEAF_MAX];
static uint8_t arena_memory[4u << 20];

static void put_hex(struct buf *out, struct span bytes)
{
    char hex[3];

    for (size_t i = 0; i < bytes.len; i++) {
        if (i > 0 && i % 48 == 0) {
            buf_put_str(out, "\n");
        }
        hex_encode(span_make(bytes.ptr + i, 1), hex);
        buf_put_str(out, hex);
    }
}

static void put_step(struct buf *out, const char *words, struct span bytes)
{
    buf_put_str(out, words);
    buf_put_str(out, "\n\n```\n");
    put_hex(out, bytes);
    buf_put_str(out, "\n```\n\n");
}

static struct span facts_of_counter(void)
{
    static const struct field_pair pairs[] = {
        {"channel", "counter"},
        {"kind", "proposal"},
        {"field", "land"},
        {"person_known", "true"},
    };
    struct buf out = buf_over(facts_memory, sizeof(facts_memory));
    struct error err = {0};

    assert_ok(facts_encode(event_type_named("PetitionReceived"), pairs,
                           TEST_LEN(pairs), NULL, &out, &err),
              err);
    return buf_span(&out);
}

static struct body text_of_counter(void)
{
    static const struct field_pair pairs[] = {
        {"title", "Đường vào thôn hư hỏng"},
    };
    struct buf out = buf_over(body_memory, sizeof(body_memory));
    struct error err = {0};

    assert_ok(facts_encode_as(body_text_shape(), pairs, TEST_LEN(pairs), NULL,
                              &out, &err),
              err);
    return (struct body){
        .slot = AUDIENCE_OF_TEXT,
        .salt = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
        .bytes = buf_span(&out),
    };
}

static void put_record(struct buf *out, const struct leaf *leaf,
                       struct arena *arena)
{
    struct directory dir = {0};
    struct fold_event event = {
        .leaf = leaf,
        .epoch = 1,
        .upper_s = GUARD_TIME_S,
        .standing = STANDING_EFFECTIVE,
    };
    struct fold_input input = {
        .kind = RECORD_PETITION,
        .events = &event,
        .len = 1,
        .directory = &dir,
        .asof_day = HELP_DAY,
    };
    struct record_out record;
    struct error err = {0};

    assert_ok(record_fold(&input, arena, &record, &err), err);
    put_step(out,
             "**7. The record.** Integration has verified the signature and "
             "the right; the fold of this one event:",
             record.bytes);
}

static void put_cell(struct buf *out)
{
    struct duty_cell cell = {
        .duty = "P1",
        .year = 2024,
        .month = 3,
        .verdict = DUTY_NOT_DUE,
        .territory = 1057,
        .unit = 2057,
    };
    uint8_t row[SNAPSHOT_ROW_SIZE];

    snapshot_row(&cell, row);
    put_step(out,
             "**8. The province's page.** P1 of unit 2057 in March 2024, *not "
             "due*, as a row of the snapshot whose hash two nodes compare:",
             SPAN_OF(row));
}

static void put_log(struct buf *out, const struct leaf *leaf,
                    const struct body *body, struct arena *arena)
{
    struct error err = {0};
    struct vkey log;
    struct vkey district;
    struct help_key log_key = help_key(LOG_KEY);
    struct help_key district_key = help_key(DISTRICT_KEY);
    struct checkpoint point = {.origin = span_str(ORIGIN)};
    char note_memory[CHECKPOINT_NOTE_MAX + 1];
    char checkpoint_memory[CHECKPOINT_TEXT_MAX + 1];
    struct buf note = buf_over(note_memory, sizeof(note_memory));
    struct buf text = buf_over(checkpoint_memory, sizeof(checkpoint_memory));

    point.head.size = 1;
    point.head.root = merkle_leaf(leaf->bytes);
    put_step(out,
             "**4. The log.** The district is reachable: the spool is "
             "sequenced. The leaf hash, SHA-256(00 || leaf), here also the "
             "root of a log of size 1:",
             SPAN_OF(point.head.root.bytes));
    assert_ok(
        vkey_make(span_str(ORIGIN), VKEY_ED25519, &log_key.pub, &log, &err),
        err);
    assert_ok(checkpoint_sign(&point, &log, &log_key.sec, &note, &err), err);
    buf_put_str(out, "and the commune's signed checkpoint:\n\n```\n");
    buf_put(out, buf_span(&note));
    buf_put_str(out, "```\n\n");

    struct segment_codec *codec = NULL;
    struct segment segment;
    struct segment_item item = {
        .leaf = leaf->bytes, .bodies = body, .bodies_len = 1};

    assert_ok(segment_codec_new(&codec, &err), err);
    assert_ok(segment_build(codec, &item, 1, 0, buf_span(&note), arena,
                            &segment, &err),
              err);
    segment_codec_free(codec);
    put_step(out,
             "**5. The wire.** The batch is what both ends store: zstd of "
             "`u16 length || leaf`,",
             segment.leaves_z);
    put_step(out,
             "and zstd of the list of texts (index, slot, salt, length, "
             "wraps, bytes):",
             segment.texts_z);

    struct cosignature c;

    checkpoint_format(&point, &text);
    assert_ok(vkey_make(span_str("kontum/5/mirror"), VKEY_COSIGNATURE,
                        &district_key.pub, &district, &err),
              err);
    assert_ok(cosignature_sign(buf_span(&text), GUARD_TIME_S, &district,
                               &district_key.sec, &c, &err),
              err);
    put_step(out,
             "**6. The acknowledgement.** The district has extended its own "
             "tree, found the same root, committed, and answers: key id || "
             "time || signature. It goes up and down with the log, and bounds "
             "the event in time:",
             SPAN_OF(c.bytes));
}

static struct span journey_make(void)
{
    struct buf out = buf_over(text_memory, sizeof(text_memory));
    struct arena arena;
    struct error err = {0};
    struct body body = text_of_counter();
    struct header header = help_header(EVENT_PETITION_RECEIVED);
    struct span facts = facts_of_counter();
    struct leaf leaf;
    char code[CODE_TEXT_SIZE];

    arena_init(&arena, arena_memory, sizeof(arena_memory));
    header.node = 58;
    header.unit = 2057;
    header.bodies[0] = (struct body_mark){
        .commitment = body_commit(body.salt, body.bytes),
        .audience = AUDIENCE_OF_TEXT,
    };
    header.bodies_len = 1;
    assert_ok(leaf_parse(help_leaf(&header, facts, leaf_memory), &leaf, &err),
              err);
    put_step(&out,
             "**1. The keyboard.** `qcdc record PetitionReceived "
             "channel=counter kind=proposal field=land person_known=true "
             "text.title=...` becomes the facts:",
             facts);
    put_step(&out,
             "**2. The header.** Who, when, for whom, and the commitment to "
             "the text, which is not in the leaf:",
             leaf.header_bytes);
    put_step(&out,
             "**3. The leaf.** The clerk's signature, H, header, facts; it is "
             "spooled, folded and durable before the slip is printed:",
             leaf.bytes);
    code_format(&leaf.id, code);
    buf_put_fmt(&out, "The slip says `%s`: the first 50 bits of the id\n\n",
                code);
    buf_put_str(&out, "```\n");
    put_hex(&out, SPAN_OF(leaf.id.bytes));
    buf_put_str(&out, "\n```\n\n");
    put_log(&out, &leaf, &body, &arena);
    put_record(&out, &leaf, &arena);
    put_cell(&out);
    arena_release(&arena);
    assert_false(out.overflow);
    return buf_span(&out);
}

static void architecture_tells_the_journey_as_the_code_makes_it(void **state)
{
    struct span made = journey_make();
    size_t len = 0;
    char *page = golden_text("ARCHITECTURE.md", &len);

    (void)state;
    if (getenv("QCDC_GOLDEN") != NULL) {
        printf("%.*s", (int)made.len, (const char *)made.ptr);
    } else {
        char *begin = strstr(page, BEGIN_MARK);
        char *end = strstr(page, END_MARK);

        assert_non_null(begin);
        assert_non_null(end);
        begin = strstr(begin, "-->\n\n");
        assert_non_null(begin);
        begin += 5;
        assert_true(end > begin);
        if (!span_equal(span_make(begin, (size_t)(end - begin)), made)) {
            fail_msg("ARCHITECTURE.md tells another journey: print it with "
                     "QCDC_GOLDEN=print and put it between the marks");
        }
    }
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(architecture_tells_the_journey_as_the_code_makes_it),
    };

    return TEST_RUN(tests);
}
