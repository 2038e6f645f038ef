/* Help for tests of folds: tells events, folds them, shuffles them. */
#include "tests/support/test.h"

#include "tests/protocol/record_world.h"

#include "protocol/event/wire.h"
#include "protocol/record/shape.h"

uint32_t on(const char *date)
{
    struct error err = {0};
    uint32_t day = 0;

    assert_ok(day_parse(span_str(date), &day, &err), err);
    return day;
}

int64_t at_ten(uint32_t day)
{
    return day_end_s(day) + 1 - 14 * 3600;
}

static const struct {
    uint32_t number;
    uint32_t reports_to;
} small[] = {{11, 21}, {12, 21},   {13, 22},  {21, 31}, {22, 31},
             {31, 0},  {111, 221}, {211, 21}, {221, 0}};

static void directory_open(struct world *w)
{
    size_t len = TEST_LEN(small);
    struct dir_unit *units = arena_array(&w->arena, len, sizeof(*units));
    struct dir_version *versions =
        arena_array(&w->arena, len, sizeof(*versions));

    for (size_t i = 0; i < len; i++) {
        versions[i] =
            (struct dir_version){.from_day = 0,
                                 .facts = {.number = small[i].number,
                                           .reports_to = small[i].reports_to,
                                           .open = true}};
        units[i] = (struct dir_unit){.number = small[i].number,
                                     .versions = &versions[i],
                                     .versions_len = 1};
    }
    w->directory = (struct directory){.units = units, .units_len = len};
}

void world_open(struct world *w, enum record_kind kind)
{
    struct error err = {0};

    *w = (struct world){.kind = kind, .asof_day = on("2025-06-30")};
    assert_ok(crypto_start(&err), err);
    assert_ok(arena_new(&w->arena, 4u << 20, &err), err);
    assert_ok(arena_new(&w->turn, 4u << 20, &err), err);
    directory_open(w);
}

void world_close(struct world *w)
{
    arena_release(&w->arena);
    arena_release(&w->turn);
}

static struct header header_of(const struct said *said)
{
    uint32_t day = on(said->on);
    int64_t recorded = said->recorded_s != 0 ? said->recorded_s : at_ten(day);
    struct header header = {
        .type = said->type,
        .version = 1,
        .node = said->node != 0 ? said->node : 1011,
        .unit = said->unit != 0 ? said->unit : 11,
        .recorded_ms = (uint64_t)recorded * 1000,
        .on_day = day,
        .has_subject = !event_id_is_zero(&said->subject),
        .subject = said->subject,
        .historical = said->historical,
    };

    if (said->addressee != 0) {
        header.addressees[header.addressees_len++] = said->addressee;
    }
    if (said->has_text) {
        header.bodies[header.bodies_len++].audience = AUDIENCE_OF_TEXT;
    }
    return header;
}

struct event_id world_tell(struct world *w, const struct said *said)
{
    static const struct sign_seed seed = {{7}};
    struct sign_public pub;
    struct sign_secret sec;
    struct error err = {0};
    struct header header = header_of(said);
    const ProtobufCMessage *facts = said->facts;
    uint8_t packed[32768];
    size_t size = facts == NULL ? 0 : protobuf_c_message_get_packed_size(facts);
    uint8_t *memory = arena_alloc(&w->arena, size + 512);
    struct buf out = buf_over(memory, size + 512);
    struct leaf *leaf = arena_alloc(&w->arena, sizeof(*leaf));
    struct fold_event *event = &w->events[w->len];

    assert_true(size <= sizeof(packed) && w->len < WORLD_EVENTS);
    if (facts != NULL) {
        size = protobuf_c_message_pack(facts, packed);
    }
    sign_keys(&seed, &pub, &sec);
    header.actor = key_id_of(SPAN_OF(pub));
    if (!event_id_is_zero(&said->ref)) {
        header.refs = id_list_of(&said->ref, 1);
    }
    assert_ok(
        leaf_sign(&header, span_make(packed, size), &sec, &out, NULL, &err),
        err);
    assert_ok(leaf_parse(buf_span(&out), leaf, &err), err);
    *event = (struct fold_event){
        .leaf = leaf,
        .epoch = 1,
        .position = said->position != 0 ? said->position : w->len + 1,
        .lower_s = said->lower_s,
        .upper_s = said->upper_s,
        .standing = said->standing,
        .lacks = said->lacks,
    };
    w->len++;
    return leaf->id;
}

struct event_id tell_plain(struct world *w, uint32_t type, uint32_t unit,
                           struct event_id subject, struct event_id ref,
                           const char *day)
{
    const struct event_type *row = event_type_find(type);
    ProtobufCMessage *facts = arena_alloc(&w->arena, 512);

    assert_non_null(facts);
    protobuf_c_message_init(row->shape, facts);
    return TELL(w, .type = type, .unit = unit, .on = day, .subject = subject,
                .ref = ref, .facts = facts);
}

struct event_id tell_received(struct world *w, const char *day,
                              Qcdc__V1__PetitionKind kind, uint32_t people)
{
    return TELL(w, .type = EVENT_PETITION_RECEIVED, .on = day,
                .facts =
                    SAYS(PetitionReceived, petition_received,
                         .channel = QCDC__V1__CHANNEL__CHANNEL_COUNTER,
                         .kind = kind, .person_known = 1, .people = people));
}

ProtobufCBinaryData text_of(const char *text)
{
    union {
        const char *in;
        uint8_t *out;
    } cast = {.in = text};

    return (ProtobufCBinaryData){strlen(text), cast.out};
}

ProtobufCBinaryData id_of(const struct event_id *id)
{
    union {
        const uint8_t *in;
        uint8_t *out;
    } cast = {.in = id->bytes};

    return (ProtobufCBinaryData){sizeof(id->bytes), cast.out};
}

static void fold(struct world *w, struct record_out *out)
{
    struct error err = {0};
    struct fold_input input = {.kind = w->kind,
                               .events = w->events,
                               .len = w->len,
                               .directory = &w->directory,
                               .asof_day = w->asof_day};

    assert_ok(record_fold(&input, &w->turn, out, &err), err);
}

const void *world_fold(struct world *w)
{
    struct error err = {0};
    ProtobufCMessage *message = NULL;

    arena_reset(&w->turn);
    fold(w, &w->out);
    assert_ok(message_decode(record_shape(w->kind), w->out.bytes, &w->turn,
                             &message, &err),
              err);
    return message;
}

/* The history is a repeated field of every record kind. */
static Qcdc__V1__Placed *const *history(struct world *w, size_t *len)
{
    struct error err = {0};
    ProtobufCMessage *message = NULL;

    assert_ok(message_unpack(record_shape(w->kind), w->out.bytes, &w->turn,
                             &message, &err),
              err);

    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor,
                                                        "history");
    const uint8_t *base = (const uint8_t *)message;

    *len = *(const size_t *)(const void *)(base + field->quantifier_offset);
    return *(Qcdc__V1__Placed *const *const *)(const void *)(base +
                                                             field->offset);
}

const Qcdc__V1__Placed *world_placed(struct world *w, struct event_id id)
{
    size_t len = 0;
    Qcdc__V1__Placed *const *lines = history(w, &len);

    for (size_t i = 0; i < len; i++) {
        if (memcmp(lines[i]->event_id.data, id.bytes, sizeof(id.bytes)) == 0) {
            return lines[i];
        }
    }
    fail_msg("an event is missing in the history");
    return NULL;
}

enum standing world_standing(struct world *w, struct event_id id)
{
    return (enum standing)world_placed(w, id)->standing;
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

void world_shuffle(struct world *w, unsigned times, uint64_t seed)
{
    struct record_out first;
    size_t mark = 0;

    arena_reset(&w->turn);
    fold(w, &first);
    mark = w->turn.used;
    for (unsigned t = 0; t < times; t++) {
        struct record_out out;

        for (size_t i = w->len; i > 1; i--) {
            size_t k = next_random(&seed) % i;
            struct fold_event swap = w->events[i - 1];

            w->events[i - 1] = w->events[k];
            w->events[k] = swap;
        }
        fold(w, &out);
        if (!span_equal(out.bytes, first.bytes) ||
            out.units_len != first.units_len ||
            memcmp(out.units, first.units,
                   out.units_len * sizeof(*out.units)) != 0 ||
            out.state != first.state || out.year != first.year ||
            out.holder != first.holder || out.opened_day != first.opened_day ||
            out.not_effective != first.not_effective) {
            fail_msg("shuffle %u gives another record", t);
        }
        arena_rewind(&w->turn, mark);
    }
}
