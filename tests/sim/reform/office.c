/* tests/sim/reform: the offices. Owns what was recorded, by whom, and the count
 * of it by hand; it asks the engine only what a clerk asks. A recording whose
 * machine died is repeated under its request id. Next: decree.c. */
#include "tests/sim/reform/office.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/event/facts.h"
#include "protocol/log/merkle.h"
#include "store/query.h"
#include "tests/sim/reform/decree.h"
#include "tests/sim/work.h"

#define AGAIN_MS 60000u
#define PER_OFFICE 16u

struct office office;

/* ---- what they will do ---- */

static void matter_add(enum course course, uint32_t machine, uint32_t old,
                       bool eve)
{
    office.matters[office.matters_len++] = (struct matter){
        .course = course,
        .machine = machine,
        .unit = tree_unit(&world.machines[machine]),
        .old = old,
        .eve = eve,
        .steps_all = course == COURSE_UNTOLD || course == COURSE_RUNNING ||
                             course == COURSE_DIALOGUE
                         ? 1
                         : 2};
}

static void commune_draw(uint32_t machine, uint32_t i)
{
    for (uint32_t n = 1 + dice_below(&world.dice, 3); n > 0; n--) {
        matter_add(COURSE_TOLD, machine, i, false);
    }
    if (dice_hit(&world.dice, 150)) {
        matter_add(COURSE_UNTOLD, machine, i, false);
    }
    for (uint32_t n = 1 + dice_below(&world.dice, 2); n > 0; n--) {
        matter_add(COURSE_RUNNING, machine, i, true);
    }
    if (dice_hit(&world.dice, 300)) {
        matter_add(COURSE_LATE, machine, i, true);
    }
    if (dice_hit(&world.dice, 300)) {
        matter_add(COURSE_ENTERED, machine, i, true);
    }
    if (dice_hit(&world.dice, 300)) {
        matter_add(COURSE_DIALOGUE, machine, i, true);
    }
}

static void heir_set(const struct facts *facts, struct matter *matter)
{
    const struct old_commune *old;

    if (matter->old == UINT32_MAX) {
        matter->heir = PROVINCE_UNIT;
        return;
    }
    old = &facts->olds[matter->old];
    matter->by_name = old->heirs_len == 2 && dice_hit(&world.dice, 500);
    if (old->stays) {
        matter->heir = matter->unit;
    } else if (matter->old == office.forgotten) {
        /* The nearest unit above that lives; above those of Kon Tum none does,
         * so the heir of its figures has it (directory_custody.c). */
        matter->heir = old->kontum ? NEW_UNIT(old->heirs[0]) : PROVINCE_UNIT;
    } else if (old->heirs_len == 2 && !matter->by_name) {
        matter->heir = NEW_UNIT(old->heirs[1]); /* has the rest */
    } else {
        matter->heir = NEW_UNIT(old->heirs[0]);
    }
}

void office_draw(const struct facts *facts)
{
    memset(&office, 0, sizeof(office));
    office.matters =
        calloc((size_t)facts->olds_len * PER_OFFICE, sizeof(*office.matters));
    assert(office.matters != NULL);
    do {
        office.forgotten = dice_below(&world.dice, facts->olds_len);
    } while (facts->olds[office.forgotten].stays ||
             facts->olds[office.forgotten].heirs_len == 2);
    for (uint32_t d = 0; d < facts->districts_len; d++) {
        uint32_t machine = machine_index(tree_district(d));

        matter_add(COURSE_RUNNING, machine, UINT32_MAX, true);
        office.off[machine] = dice_hit(&world.dice, 150);
    }
    office.off[machine_index(
        tree_district(dice_below(&world.dice, facts->districts_len)))] = true;
    for (uint32_t i = 0; i < facts->olds_len; i++) {
        uint32_t machine = machine_index(tree_commune(i));

        commune_draw(machine, i);
        office.away[machine] = dice_hit(&world.dice, 100);
    }
    /* In the smallest slice too somebody is. */
    office.away[machine_index(
        tree_commune(dice_below(&world.dice, facts->olds_len)))] = true;
    for (size_t m = 0; m < office.matters_len; m++) {
        heir_set(facts, &office.matters[m]);
    }
}

void office_release(void)
{
    free(office.matters);
    free(office.kept);
}

/* ---- recording ---- */

static bool logged_in(struct machine *machine, const char *official,
                      char session[SESSION_TEXT_SIZE])
{
    struct official who;
    struct error err = {0};

    if (session[0] != '\0' &&
        engine_session(machine->engine, session, &who, &err) == 0) {
        return true;
    }
    if (engine_login(machine->engine, official, PASSWORD, session, &err) != 0) {
        world_trace("%u no login: %s", machine->node, err.text);
        session[0] = '\0';
        return false;
    }
    return true;
}

static void kept_add(const struct machine *machine, const struct event_id *id,
                     const struct hash *leaf)
{
    if (office.kept_len == office.kept_room) {
        office.kept_room = office.kept_room * 2 + 1024;
        office.kept =
            realloc(office.kept, office.kept_room * sizeof(*office.kept));
        assert(office.kept != NULL);
    }
    office.kept[office.kept_len++] = (struct kept){
        .id = *id, .leaf = *leaf, .machine = machine_index(machine)};
}

/* NOLINTNEXTLINE(readability-function-size): who, what, answer */
bool office_record(struct machine *machine, const char *official,
                   char session[SESSION_TEXT_SIZE], const char *request,
                   const char *type, const struct field_pair *fields,
                   struct event_id *subject)
{
    struct record_row row = {
        .type = type, .fields = fields, .request_id = span_str(request)};
    struct record_result result;
    struct store_event event;
    struct hash leaf;
    struct error err = {0};

    while (fields[row.fields_len].path != NULL) {
        row.fields_len++;
    }
    machine_enter(machine);
    if (!logged_in(machine, official, session) ||
        engine_record(machine->engine, session, &row, &world.arena, &result,
                      &err) != 0 ||
        store_event_find(engine_store(machine->engine), &result.id,
                         &world.arena, &event, &err) != 0) {
        world_trace("%u may not record %s: %s", machine->node, type, err.text);
        engine_undo(machine->engine);
        (void)machine_leave(machine);
        return false;
    }
    leaf = merkle_leaf(event.leaf);
    *subject = result.subject;
    if (!machine_leave(machine)) {
        return false;
    }
    world.recorded++;
    kept_add(machine, &result.id, &leaf);
    return true;
}

/* ---- before the reform ---- */

static const char *received_on(enum course course)
{
    return course == COURSE_RUNNING   ? "2025-06-24"
           : course == COURSE_ENTERED ? "2025-06-16"
                                      : "2025-06-02";
}

static const char *told_on(enum course course)
{
    return course == COURSE_LATE      ? "2025-06-18"
           : course == COURSE_ENTERED ? "2025-06-27"
                                      : "2025-06-12";
}

static bool matter_open(struct machine *machine, struct matter *matter,
                        const char *request)
{
    char title[64];

    (void)snprintf(title, sizeof(title), "Kiến nghị %s", request);
    if (matter->course == COURSE_DIALOGUE) {
        const struct field_pair fields[] = {{"kind", "extraordinary"},
                                            {"planned_day", "2025-07-15"},
                                            {"form", "in_person"},
                                            {NULL, NULL}};

        return office_record(machine, CLERK, machine->session, request,
                             "DialogueScheduled", fields, &matter->subject);
    }
    const struct field_pair fields[] = {{"on", received_on(matter->course)},
                                        {"channel", "counter"},
                                        {"kind", "proposal"},
                                        {"field", "land"},
                                        {"person_known", "true"},
                                        {"text.title", title},
                                        {"private.persons[0].name", "Y Thử"},
                                        {"private.content", title},
                                        {NULL, NULL}};

    return office_record(machine, CLERK, machine->session, request,
                         "PetitionReceived", fields, &matter->subject);
}

static bool tell(struct machine *machine, const char *official, char *session,
                 struct matter *matter, const char *request, const char *on)
{
    char subject[33];
    const struct field_pair fields[] = {{"on", on},
                                        {"subject", subject},
                                        {"refs", subject},
                                        {"notice", "accepted"},
                                        {NULL, NULL}};

    hex_encode(SPAN_OF(matter->subject), subject);
    return office_record(machine, official, session, request, "PersonNotified",
                         fields, &matter->subject);
}

static bool matter_do(struct matter *matter)
{
    struct machine *machine = &world.machines[matter->machine];
    char request[32];
    bool done = true;

    while (done && matter->steps < matter->steps_all && !world.failed) {
        (void)snprintf(request, sizeof(request), "m%zu-%u",
                       (size_t)(matter - office.matters), matter->steps);
        done =
            machine_is_on(machine) &&
            (matter->steps == 0 ? matter_open(machine, matter, request)
                                : tell(machine, CLERK, machine->session, matter,
                                       request, told_on(matter->course)));
        matter->steps += done;
    }
    return done;
}

void work_do(struct machine *machine)
{
    for (size_t m = 0; m < office.matters_len && !world.failed; m++) {
        struct matter *matter = &office.matters[m];

        if (matter->machine == machine_index(machine) &&
            matter->eve == office.eve && !matter_do(matter)) {
            world_plan(world.now_ms + AGAIN_MS, PLAN_WORK, matter->machine, 0,
                       NULL);
            return;
        }
    }
}

void office_plan(bool eve, uint64_t until_ms)
{
    office.eve = eve;
    for (uint32_t m = 1; m < tree_machines(); m++) {
        world_plan(dice_from_to(&world.dice, world.now_ms, until_ms), PLAN_WORK,
                   m, 0, NULL);
    }
}

bool office_done(bool eve)
{
    for (size_t m = 0; m < office.matters_len; m++) {
        if (office.matters[m].eve == eve &&
            office.matters[m].steps != office.matters[m].steps_all) {
            return false;
        }
    }
    return true;
}

void office_kept_by(struct machine *machine)
{
    for (size_t i = 0; i < office.kept_len; i++) {
        const struct kept *kept = &office.kept[i];
        struct store_event event;
        struct error err = {0};

        if (kept->machine != machine_index(machine)) {
            continue;
        }
        arena_reset(&world.arena);
        if (store_event_find(engine_store(machine->engine), &kept->id,
                             &world.arena, &event, &err) != 0) {
            world_fail("%u said that an event is recorded, and after a restart "
                       "does not hold it: %s",
                       machine->node, err.text);
        }
    }
}

/* ---- the heirs ---- */

static char heir_sessions[NEWS_MAX][SESSION_TEXT_SIZE];

static void heir_name(uint32_t k, char name[16])
{
    (void)snprintf(name, 16, "heir%u", k);
}

/* The clerk of the unit before hands the sealing secret on. */
static bool heir_make(struct machine *machine, uint32_t k)
{
    char name[16];
    struct official_request request = {.name = name,
                                       .post = "Văn phòng UBND xã mới",
                                       .password = PASSWORD,
                                       .session = machine->session,
                                       .unit = NEW_UNIT(k),
                                       .rights = 15};
    struct event_id id;
    struct error err = {0};

    heir_name(k, name);
    heir_sessions[k][0] = '\0';
    machine_enter(machine);
    if (!logged_in(machine, CLERK, machine->session) ||
        engine_official_add(machine->engine, &request, &id, &err) != 0) {
        world_fail("%u: no official for the new unit %u: %s", machine->node,
                   NEW_UNIT(k), err.text);
        return false;
    }
    return machine_leave(machine);
}

static bool take(struct machine *machine, const char *official, char *session,
                 struct matter *matter, const char *request)
{
    const struct event_id *transfer = decree_transfer(matter);
    char subject[33];
    char ref[33];
    const struct field_pair fields[] = {
        {"subject", subject}, {"refs", ref}, {NULL, NULL}};

    hex_encode(SPAN_OF(matter->subject), subject);
    hex_encode(SPAN_OF(*transfer), ref);
    return office_record(machine, official, session, request, "CustodyTaken",
                         fields, &matter->subject);
}

static void heir_work(const struct facts *facts, struct matter *matter)
{
    const struct old_commune *old = &facts->olds[matter->old];
    struct machine *machine = &world.machines[matter->machine];
    char *session = machine->session;
    char name[16] = CLERK;
    char request[32];
    bool done = true;

    if (!old->stays) {
        uint32_t k = matter->heir - NEW_UNIT(0);

        machine = tree_commune(facts->news[k].host);
        session = heir_sessions[k];
        heir_name(k, name);
        if (matter->old != office.forgotten && dice_hit(&world.dice, 500)) {
            (void)snprintf(request, sizeof(request), "h%zu-taken",
                           (size_t)(matter - office.matters));
            done = take(machine, name, session, matter, request);
        }
    }
    (void)snprintf(request, sizeof(request), "h%zu-told",
                   (size_t)(matter - office.matters));
    if (!done || !tell(machine, name, session, matter, request, "2025-07-02")) {
        world_fail("the heir %u at %u cannot go on with a petition of unit %u",
                   matter->heir, machine->node, matter->unit);
        return;
    }
    matter->told_by_heir = true;
}

void office_heirs(const struct facts *facts)
{
    for (uint32_t k = 0; k < facts->news_len && !world.failed; k++) {
        if (!facts->news[k].stays) {
            (void)heir_make(tree_commune(facts->news[k].host), k);
        }
    }
    for (size_t m = 0; m < office.matters_len && !world.failed; m++) {
        struct matter *matter = &office.matters[m];

        if (matter->course == COURSE_RUNNING && matter->old != UINT32_MAX &&
            matter->heir != PROVINCE_UNIT && dice_hit(&world.dice, 650)) {
            heir_work(facts, matter);
        }
    }
}

/* ---- the count ---- */

struct count office_count(uint32_t unit, unsigned month, unsigned day)
{
    struct count count = {0};

    for (size_t m = 0; m < office.matters_len; m++) {
        const struct matter *matter = &office.matters[m];

        if (matter->course == COURSE_DIALOGUE ||
            (matter->course == COURSE_RUNNING) != (month == 7)) {
            continue;
        }
        if (month == 6) { /* decided before the reform: the old unit's */
            count.met +=
                matter->unit == unit && (matter->course == COURSE_TOLD ||
                                         matter->course == COURSE_ENTERED);
            count.late += matter->unit == unit && matter->course == COURSE_LATE;
            count.missing +=
                matter->unit == unit && matter->course == COURSE_UNTOLD;
        } else if (unit == (day < 701 ? matter->unit : matter->heir)) {
            count.met += day == 720 && matter->told_by_heir;
            count.missing += day == 720 && !matter->told_by_heir;
            count.not_due += day < 720;
        }
    }
    return count;
}
