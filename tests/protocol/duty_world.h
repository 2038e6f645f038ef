/* A small province for the tests of duties: four units, the shipped rules and
 * calendar, records packed as a fold would, and what was heard when.
 *
 *   2000 UBND of the province (node 1)     2004 UBND of a district (node 5)
 *   2052 UBND of a commune (node 53)       3052 its party committee (node 53)
 *   2099 UBND of a commune that never joined     4500 department, no host
 */
#ifndef QCDC_TESTS_PROTOCOL_DUTY_WORLD_H
#define QCDC_TESTS_PROTOCOL_DUTY_WORLD_H

#include "tests/support/test.h"

#include "protocol/duty/duty.h"
#include "qcdc/v1/record.pb-c.h"

#define WORLD_PROVINCE 2000u
#define WORLD_DISTRICT 2004u
#define WORLD_COMMUNE 2052u
#define WORLD_PARTY 3052u
#define WORLD_STRANGER 2099u
#define WORLD_DEPARTMENT 4500u
#define WORLD_UNITS 6
#define WORLD_RECORDS 4096

struct world {
    struct arena arena;
    struct directory dir;
    struct dir_unit units[WORLD_UNITS];
    struct dir_version versions[WORLD_UNITS];
    struct dir_node nodes[3];
    struct dir_cert certs[3];
    struct dir_cert *cert_lists[3];
    struct calendar calendar;
    struct rule_set rules;
    struct duty_record *records;
    size_t records_len;
    uint32_t heard_day; /* of every host; 0 = never */
    uint32_t heard_of;  /* the unit last asked for */
    uint32_t unit;
    uint32_t asof_day;
    uint32_t next_id;
    struct duty_input input;
    struct duty_result result;
    struct error err;
};

/* The text of a file of the checkout; the caller frees it. */
char *source_read(const char *path);
/* Facts of RulesPublished out of the shipped rules.json, in the arena. */
struct span rules_shipped(struct arena *arena);

void world_start(struct world *w);
void world_stop(struct world *w);
/* As cmocka wants them: *state is a struct world. */
int world_setup(void **state);
int world_teardown(void **state);

/* "2024-03-01", which must exist. */
uint32_t day(const char *text);

/* A new id, never zero; the n-th made is bytes of n. */
struct event_id id_new(struct world *w);
struct event_id id_made(uint32_t n);

/* An act typed in on its own day: proved. */
Qcdc__V1__Act *act(struct world *w, const char *on);
/* Between two cosignature days; NULL = none. */
Qcdc__V1__Act *act_between(struct world *w, const char *on, const char *lower,
                           const char *upper);

ProtobufCBinaryData bytes_of(struct world *w, struct event_id id);

struct event_id put_plan(struct world *w, uint32_t unit, uint32_t year,
                         Qcdc__V1__Act *adopted, const char *const *lines,
                         size_t lines_len);
struct event_id put_report(struct world *w, uint32_t unit, uint32_t year,
                           Qcdc__V1__Period period, Qcdc__V1__Act *submitted,
                           Qcdc__V1__DialogueSection section);
void put_nothing(struct world *w, uint32_t unit, const char *duty,
                 uint32_t year, uint32_t month);

/* A dialogue held by `unit`, its head in the chair, to be filled in and put. */
Qcdc__V1__DialogueRecord *dialogue(struct world *w, uint32_t unit,
                                   const char *held);
void chair_add(struct world *w, Qcdc__V1__DialogueRecord *d, uint32_t unit,
               bool head);
Qcdc__V1__Concluded *conclude(struct world *w, Qcdc__V1__DialogueRecord *d,
                              struct event_id petition,
                              Qcdc__V1__Conclusion conclusion, uint32_t body,
                              const char *due, const char *on);
void previous_add(struct world *w, Qcdc__V1__DialogueRecord *d,
                  struct event_id petition, Qcdc__V1__Outcome outcome,
                  const char *next, uint32_t reason, const char *on);
void dossier_add(struct world *w, Qcdc__V1__DialogueRecord *d, uint32_t kind,
                 const char *on, bool waived);
void schedule_add(struct world *w, Qcdc__V1__DialogueRecord *d,
                  const char *planned, const char *on);
void put_dialogue(struct world *w, struct event_id id,
                  const Qcdc__V1__DialogueRecord *d);

/* A proposal of a known person handed in to `unit`, to be filled in and put. */
Qcdc__V1__PetitionRecord *petition(struct world *w, uint32_t unit,
                                   const char *received);
/* The same raised at a dialogue. */
Qcdc__V1__PetitionRecord *raised(struct world *w, uint32_t unit,
                                 struct event_id dialogue_id,
                                 const char *received);
void put_petition(struct world *w, struct event_id id,
                  const Qcdc__V1__PetitionRecord *p);

/* Evaluates `unit` as of that day; everything heard on `heard` (NULL: never,
 * "guardless": INT64_MAX). */
void world_evaluate(struct world *w, uint32_t unit, const char *asof,
                    const char *heard);

/* The cell; fails the test when it is not there. */
const struct duty_cell *cell(const struct world *w, const char *duty,
                             uint32_t year, uint32_t month);
bool has_cell(const struct world *w, const char *duty, uint32_t year,
              uint32_t month);
/* The n-th item of that duty; fails when there is none. */
const struct duty_item *item(const struct world *w, const char *duty, size_t n);
size_t items(const struct world *w, const char *duty);

#define assert_cell(c, wanted_verdict, wanted_n, wanted_d)                     \
    do {                                                                       \
        const struct duty_cell *cell_ = (c);                                   \
        assert_string_equal(duty_verdict_text(cell_->verdict, LANG_EN),        \
                            duty_verdict_text((wanted_verdict), LANG_EN));     \
        assert_int_equal(cell_->n, (wanted_n));                                \
        assert_int_equal(cell_->d, (wanted_d));                                \
    } while (0)

#define assert_day(got, wanted)                                                \
    do {                                                                       \
        char text_[DAY_TEXT_SIZE];                                             \
        day_format((got), text_);                                              \
        assert_string_equal(text_, (wanted));                                  \
    } while (0)

#define assert_item(i, wanted_verdict, wanted_due, wanted_g)                   \
    do {                                                                       \
        const struct duty_item *item_ = (i);                                   \
        assert_string_equal(duty_verdict_text(item_->verdict, LANG_EN),        \
                            duty_verdict_text((wanted_verdict), LANG_EN));     \
        assert_day(item_->due_day, (wanted_due));                              \
        assert_day(item_->g_day, (wanted_g));                                  \
    } while (0)

#endif
