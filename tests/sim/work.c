/* tests/sim: the offices. Owns the list of cases that they believe in; asks
 * only what a clerk asks the engine. What the engine refuses is refused: it
 * is no matter of this file. Next: promise.c. */
#include "tests/sim/work.h"

#include <stdio.h>
#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/event/facts.h"
#include "store/integrate.h"
#include "store/log.h"
#include "store/query.h"
#include "store/spool.h"
#include "tests/sim/promise.h"
#include "tests/sim/realm.h"

#define CASES 256
#define FORGERIES 16

static struct work_case cases[CASES];
static size_t cases_len;
static struct event_id forgeries[FORGERIES];
static size_t forgeries_len;

const struct event_id *work_forgeries(size_t *len)
{
    *len = forgeries_len;
    return forgeries;
}

const struct work_case *work_cases(size_t *len)
{
    *len = cases_len;
    return cases;
}

void work_plan(uint32_t events, uint64_t until_ms)
{
    for (uint32_t i = 0; i < events; i++) {
        uint32_t who = dice_below(&world.dice, MACHINES);

        if (world.machines[who].enrolled) {
            world_plan(dice_from_to(&world.dice, world.now_ms, until_ms),
                       PLAN_WORK, who, 0, NULL);
        }
    }
}

/* ---- recording ---- */

/* Officials go with a lost disk; the registrar key came with the new ones. */
static bool clerk_anew(struct machine *machine)
{
    struct official_request request = {.name = CLERK,
                                       .post = "Cán bộ tiếp dân",
                                       .password = PASSWORD,
                                       .unit = UNIT_OF(machine->node),
                                       .rights = 15};
    struct event_id id;
    struct error err = {0};
    int rc = engine_official_add(machine->engine, &request, &id, &err);

    if (rc != 0) {
        world_trace("%u has no clerk: %s", machine->node, err.text);
    }
    machine->clerkless = rc != 0;
    return rc == 0;
}

static bool logged_in(struct machine *machine)
{
    struct official who;
    struct error err = {0};

    if (machine->session[0] != '\0' &&
        engine_session(machine->engine, machine->session, &who, &err) == 0) {
        return true;
    }
    if (machine->clerkless && !clerk_anew(machine)) {
        return false;
    }
    if (engine_login(machine->engine, CLERK, PASSWORD, machine->session,
                     &err) != 0) {
        world_trace("%u no login: %s", machine->node, err.text);
        machine->session[0] = '\0';
        return false;
    }
    return true;
}

/* true, and *id, when the person was told that it is recorded. */
static bool record(struct machine *machine, const char *type,
                   const struct field_pair *fields, struct event_id *id)
{
    struct record_row row = {.type = type, .fields = fields};
    struct record_result result;
    struct store_event event;
    struct hash leaf;
    struct error err = {0};

    while (fields[row.fields_len].path != NULL) {
        row.fields_len++;
    }
    machine_enter(machine);
    if (!logged_in(machine) ||
        engine_record(machine->engine, machine->session, &row, &world.arena,
                      &result, &err) != 0 ||
        store_event_find(engine_store(machine->engine), &result.id,
                         &world.arena, &event, &err) != 0) {
        world_trace("%u may not record %s: %s", machine->node, type, err.text);
        engine_undo(machine->engine);
        (void)machine_leave(machine);
        return false;
    }
    leaf = merkle_leaf(event.leaf);
    if (!machine_leave(machine)) {
        return false;
    }
    world.recorded++;
    world_trace("%u records %s %s", machine->node, type, result.code);
    promise_event(machine, &result.id, &result.subject, &leaf);
    *id = result.id;
    return true;
}
#define RECORD(machine, type, id, ...)                                         \
    record((machine), (type),                                                  \
           (const struct field_pair[]){__VA_ARGS__, {NULL, NULL}}, (id))

static void petition(struct machine *machine)
{
    struct work_case *made = &cases[cases_len];
    char title[64];

    if (cases_len == CASES) {
        return;
    }
    memset(made, 0, sizeof(*made));
    (void)snprintf(title, sizeof(title), "Kiến nghị số %zu", cases_len);
    if (RECORD(machine, "PetitionReceived", &made->subject,
               {"channel", "counter"}, {"kind", "proposal"}, {"field", "land"},
               {"person_known", "true"}, {"text.title", title},
               {"private.persons[0].name", "Y Thử"},
               {"private.content", title})) {
        made->opened_at = machine->node;
        made->holder = machine->node;
        cases_len++;
    }
}

static void refer(struct machine *machine, struct work_case *one,
                  const char *subject)
{
    struct machine *to = &world.machines[dice_below(&world.dice, MACHINES)];
    char unit[16];

    if (!to->enrolled || to == machine) {
        return;
    }
    (void)snprintf(unit, sizeof(unit), "%u", UNIT_OF(to->node));
    if (RECORD(machine, "PetitionReferred", &one->referral,
               {"subject", subject}, {"refs", subject}, {"to", unit})) {
        one->referred = true;
        one->referred_to = to->node;
        for (size_t i = 0; i < one->hands_len; i++) {
            if (one->hands[i] == to->node) {
                return;
            }
        }
        one->hands[one->hands_len++] = to->node;
    }
}

/* What the holder does next. */
static void advance(struct machine *machine, struct work_case *one)
{
    char subject[33];
    struct event_id id;

    hex_encode(SPAN_OF(one->subject), subject);
    if (one->step == 1 && dice_hit(&world.dice, 400)) {
        refer(machine, one, subject);
        return;
    }
    if ((one->step == 0 &&
         RECORD(machine, "PetitionClassified", &id, {"subject", subject},
                {"refs", subject}, {"result", "accepted"}, {"kind", "proposal"},
                {"field", "land"})) ||
        (one->step == 1 &&
         RECORD(machine, "PersonNotified", &id, {"subject", subject},
                {"refs", subject}, {"notice", "accepted"})) ||
        (one->step == 2 &&
         RECORD(machine, "PetitionAnswered", &id, {"subject", subject},
                {"refs", subject}, {"by", "body"}, {"form", "noted"},
                {"publicity", "public"}))) {
        one->step++;
    }
}

/* Whom it was referred to sees it, and takes it or sends it back. */
static void take_up(struct machine *machine, struct work_case *one)
{
    struct store_event event;
    struct error err = {0};
    struct event_id id;
    char subject[33];
    char referral[33];
    char refs[80];
    bool back = dice_hit(&world.dice, 250);

    machine_enter(machine);
    if (store_event_find(engine_store(machine->engine), &one->referral,
                         &world.arena, &event, &err) != 0) {
        world.current = NULL;
        return; /* not delivered yet */
    }
    hex_encode(SPAN_OF(one->subject), subject);
    hex_encode(SPAN_OF(one->referral), referral);
    /* What it answers comes first. */
    (void)snprintf(refs, sizeof(refs), "%s;%s", referral, subject);
    if (back ? RECORD(machine, "ReferralReturned", &id, {"subject", subject},
                      {"refs", refs}, {"reason", "1"})
             : RECORD(machine, "ReferralAccepted", &id, {"subject", subject},
                      {"refs", refs})) {
        one->holder = back ? one->holder : machine->node;
        one->referred_to = 0;
    }
}

/* What the clerk would sign of such a petition; nothing is recorded. */
static bool draft(struct machine *machine, struct store_event *out)
{
    static const struct field_pair fields[] = {
        {"channel", "counter"}, {"kind", "proposal"}, {"field", "land"}};
    struct record_row row = {
        .type = "PetitionReceived", .fields = fields, .fields_len = 3};
    struct record_result result;
    struct error err = {0};
    bool drafted = logged_in(machine) &&
                   engine_record(machine->engine, machine->session, &row,
                                 &world.arena, &result, &err) == 0 &&
                   store_event_find(engine_store(machine->engine), &result.id,
                                    &world.arena, out, &err) == 0;

    engine_undo(machine->engine);
    return drafted;
}

/* Straight into the spool, as another program than ours would have put it. */
static bool spool(struct machine *machine, struct span leaf)
{
    struct store *store = engine_store(machine->engine);
    struct store_integrate_options options = {
        .now = engine_store_now(machine->engine),
        .max_events = 64,
        .verify_here = true};
    struct store_integrated done;
    struct error err = {0};
    uint64_t number;

    return engine_write(machine->engine, &err) == 0 &&
           store_spool_append(store, false, leaf, (struct span){NULL, 0},
                              &number, &err) == 0 &&
           store_integrate(store, &options, &done, &err) == 0 &&
           machine_leave(machine);
}

/* The machine itself invents a petition in its clerk's name: what he would
 * have signed, with another signature. */
static void forge(struct machine *machine)
{
    struct store_event event;
    uint8_t *leaf;

    machine_enter(machine);
    if (forgeries_len == FORGERIES || !draft(machine, &event)) {
        (void)machine_leave(machine);
        return;
    }
    leaf = arena_alloc(&world.arena, event.leaf.len);
    if (leaf == NULL) {
        return;
    }
    memcpy(leaf, event.leaf.ptr, event.leaf.len);
    leaf[9] ^= 1;
    if (spool(machine, span_make(leaf, event.leaf.len))) {
        world_trace("%u invents an event", machine->node);
        forgeries[forgeries_len++] = event.id;
    }
}

/* The draft with one more field in its header, signed by the clerk. */
static bool newer_leaf(const struct leaf *from, const struct session *session,
                       struct leaf *out)
{
    static const char context[] = "qcdc/event/v1\n";
    static const uint8_t unknown[] = {0x80, 0x7d, 0x01}; /* field 2000 */
    size_t header_len = from->header_bytes.len + sizeof(unknown);
    uint8_t *space = arena_alloc(&world.arena, LEAF_MAX);
    struct buf body = buf_over(space, LEAF_MAX);
    struct error err = {0};
    struct signature sig;

    if (space == NULL) {
        return false;
    }
    buf_put_str(&body, context);
    buf_put_u16(&body, (uint16_t)header_len);
    buf_put(&body, from->header_bytes);
    buf_put(&body, SPAN_OF(unknown));
    buf_put(&body, from->facts);
    sig = sign_bytes(&session->actor.sec, buf_span(&body));
    /* The signature takes the place of the context. */
    memmove(space + sizeof(sig), space + sizeof(context) - 1,
            body.len - (sizeof(context) - 1));
    memcpy(space, &sig, sizeof(sig));
    return leaf_parse(
               span_make(space, body.len - (sizeof(context) - 1) + sizeof(sig)),
               out, &err) == 0;
}

/* A program of next year records what this one does not understand: it is
 * kept and carried as it is (DESIGN section 3, 8). */
static void newer(struct machine *machine)
{
    struct store_event event;
    struct leaf from;
    struct leaf made;
    struct error err = {0};
    const struct session *session;
    struct hash hash;

    machine_enter(machine);
    if (!draft(machine, &event) || leaf_parse(event.leaf, &from, &err) != 0 ||
        (session = session_find(machine->engine, machine->session, &err)) ==
            NULL ||
        !newer_leaf(&from, session, &made)) {
        (void)machine_leave(machine);
        return;
    }
    hash = merkle_leaf(made.bytes);
    if (spool(machine, made.bytes)) {
        world_trace("%u records something newer", machine->node);
        promise_event(machine, &made.id, &made.id, &hash);
    }
}

/* The same segment comes to the store a second time, as from a turn that was
 * forgotten: the size guard alone stands between it and the log. */
static void repeat(struct machine *machine)
{
    struct store *store = engine_store(machine->engine);
    struct origin origin = {.node = machine->node, .epoch = 1};
    char name[ORIGIN_MAX + 1];
    struct buf text = buf_over(name, ORIGIN_MAX);
    struct store_log log;
    struct store_segment segment;
    struct range after;
    struct error err = {0};

    origin_format(span_str("sim"), &origin, &text);
    name[text.len] = '\0';
    machine_enter(machine);
    if (store_log_find(store, span_str(name), &log, &err) == 0 &&
        log.head.size > 0 && log.frozen[0] == '\0' &&
        store_segment_read(store, log.id, 0, &world.arena, &segment, &err) ==
            0) {
        range_init(&after);
        for (size_t i = 0; i < segment.parts.count; i++) {
            struct hash hash;

            memcpy(&hash, segment.hashes.ptr + i * sizeof(hash), sizeof(hash));
            range_append_hash(&after, &hash);
        }
        segment.log = log.id;
        if (engine_write(machine->engine, &err) == 0 &&
            store_segment_append(store, &segment, &after, &err) == 0) {
            world_fail("%u stores the first batch of its log a second time",
                       machine->node);
        }
        engine_undo(machine->engine);
    }
    (void)machine_leave(machine);
}

void work_do(struct machine *machine)
{
    if (!machine_is_on(machine)) {
        return;
    }
    if (dice_hit(&world.dice, 20)) {
        repeat(machine);
        return;
    }
    if (dice_hit(&world.dice, 50)) {
        if (dice_hit(&world.dice, 500)) {
            forge(machine);
        } else {
            newer(machine);
        }
        return;
    }
    for (size_t tries = 0; cases_len > 0 && tries < 6; tries++) {
        struct work_case *one =
            &cases[dice_below(&world.dice, (uint32_t)cases_len)];

        if (one->referred_to == machine->node) {
            take_up(machine, one);
            return;
        }
        if (one->holder == machine->node && one->referred_to == 0 &&
            one->step < 3) {
            advance(machine, one);
            return;
        }
    }
    petition(machine);
}
