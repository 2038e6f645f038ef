/* Events of one subject for tests of folds, and a small directory.
 *
 * Units (people's committees unless said): 31 province above 21, 22 districts
 * above 11, 12 (of 21) and 13 (of 22) communes; 211 a department of 21; 111
 * the party committee of commune 11's place, under 221 of the district. */
#ifndef QCDC_TESTS_PROTOCOL_RECORD_WORLD_H
#define QCDC_TESTS_PROTOCOL_RECORD_WORLD_H

#include "protocol/event/types.h"
#include "protocol/record/fold.h"
#include "qcdc/v1/event.pb-c.h"
#include "qcdc/v1/record.pb-c.h"

#define WORLD_EVENTS 700

/* "2024-03-01" as a day; aborts the test otherwise. */
uint32_t on(const char *date);
/* 10:00 at UTC+7 of a day, in seconds. */
int64_t at_ten(uint32_t day);

struct world {
    struct arena arena; /* leaves and inputs */
    struct arena turn;  /* folds; reset by each */
    struct directory directory;
    enum record_kind kind;
    uint32_t asof_day;
    struct fold_event events[WORLD_EVENTS];
    size_t len;
    struct record_out out; /* of the last fold */
};

/* Everything about an event that is not zero. */
struct said {
    uint32_t type;
    uint32_t unit; /* 0 = 11 */
    const char *on;
    int64_t recorded_s; /* 0 = ten o'clock of `on` */
    struct event_id subject;
    struct event_id ref; /* zero = none */
    uint32_t node;       /* 0 = 1011 */
    uint32_t addressee;
    bool historical;
    const void *facts; /* a generated message */
    int64_t lower_s, upper_s;
    uint64_t position; /* 0 = in order of telling */
    enum standing standing;
    uint32_t lacks; /* LACKS_* */
    bool has_text;  /* a text body stands beside it */
};

void world_open(struct world *w, enum record_kind kind);
void world_close(struct world *w);

/* Adds an event that is rightly signed; its id. */
struct event_id world_tell(struct world *w, const struct said *said);
#define TELL(w, ...) world_tell((w), &(struct said){__VA_ARGS__})

/* Facts in place: SAYS(Published, published, .what = ...). */
#define SAYS(Name, NAME, ...)                                                  \
    (&(Qcdc__V1__##Name){                                                      \
        .base = PROTOBUF_C_MESSAGE_INIT(&qcdc__v1__##NAME##__descriptor),      \
        __VA_ARGS__})

/* An event whose facts say nothing. */
struct event_id tell_plain(struct world *w, uint32_t type, uint32_t unit,
                           struct event_id subject, struct event_id ref,
                           const char *day);

/* A petition of that kind, come at the counter, of `people` known persons. */
struct event_id tell_received(struct world *w, const char *day,
                              Qcdc__V1__PetitionKind kind, uint32_t people);

/* A text as the generated messages hold it (a literal, never written to). */
ProtobufCBinaryData text_of(const char *text);
ProtobufCBinaryData id_of(const struct event_id *id);

/* Folds in the order told; the record, decoded (in w->turn). */
const void *world_fold(struct world *w);
#define PETITION(w) ((const Qcdc__V1__PetitionRecord *)world_fold(w))
#define DIALOGUE(w) ((const Qcdc__V1__DialogueRecord *)world_fold(w))

/* Standing of an event in the record folded last. */
enum standing world_standing(struct world *w, struct event_id id);
const Qcdc__V1__Placed *world_placed(struct world *w, struct event_id id);

#define assert_standing(w, id, expected)                                       \
    assert_string_equal(standing_name(world_standing((w), (id))),              \
                        standing_name(expected))

/* Folds `times` seeded shuffles of the events and fails unless every one
 * gives the same bytes, columns and units as the order told. */
void world_shuffle(struct world *w, unsigned times, uint64_t seed);

#endif
