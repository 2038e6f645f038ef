/* What happens in the realm of scene.h in a year: see scene_story. */
#include "tests/store/scene.h"

static struct event_id petition(struct scene *s, uint32_t node, const char *on,
                                struct event_id dialogue)
{
    char hex[33] = "";
    bool raised = !event_id_is_zero(&dialogue);

    scene_day(s, on);
    if (raised) {
        hex_encode(SPAN_OF(dialogue), hex);
    }
    return SAY(s, .node = node, .type = EVENT_PETITION_RECEIVED, .on = on,
               .refs = {dialogue}, .text = "Con đường vào thôn bị hỏng nặng",
               .private = "khong doc duoc",
               .facts = {{"channel", raised ? "dialogue" : "counter"},
                         {"kind", "proposal"},
                         {"field", "land"},
                         {"person_known", "true"},
                         {"people", "1"},
                         {"dialogue_id", hex}});
}

static struct event_id act(struct scene *s, uint32_t node, uint32_t type,
                           const char *on, struct event_id subject,
                           const struct field_pair *facts)
{
    struct scene_event event = {.node = node,
                                .type = type,
                                .on = on,
                                .subject = subject,
                                .refs = {subject}};
    size_t i;

    scene_day(s, on);
    for (i = 0; facts[i].path != NULL; i++) {
        event.facts[i] = facts[i];
    }
    return scene_say(s, &event);
}
#define ACT(s, node, type, on, subject, ...)                                   \
    act((s), (node), (type), (on), (subject),                                  \
        (const struct field_pair[]){__VA_ARGS__, {NULL, NULL}})

/* Told in time, answered late, the answer published. */
static void tell_and_answer(struct scene *s)
{
    struct event_id none = {{0}};
    struct event_id p = petition(s, COMMUNE_A, "2024-03-04", none);
    struct event_id answer;

    (void)ACT(s, COMMUNE_A, EVENT_PETITION_CLASSIFIED, "2024-03-05", p,
              {"result", "accepted"}, {"kind", "proposal"}, {"field", "land"},
              {"due_day", "2024-03-20"});
    (void)ACT(s, COMMUNE_A, EVENT_PERSON_NOTIFIED, "2024-03-11", p,
              {"notice", "accepted"});
    answer = ACT(s, COMMUNE_A, EVENT_PETITION_ANSWERED, "2024-03-28", p,
                 {"by", "body"}, {"form", "noted"}, {"publicity", "public"});
    (void)ACT(s, COMMUNE_A, EVENT_PUBLISHED, "2024-03-29", p,
              {"what", "answer"}, {"forms", "1"}, {"from_day", "2024-03-29"},
              {"until_day", "2024-04-28"});
    (void)SAY(s, .node = COMMUNE_A, .type = EVENT_APPROVED, .subject = p,
              .on = "2024-03-29", .refs = {p, answer},
              .signer = KEY_LEADER(COMMUNE_A));
}

/* Referred to the neighbour, accepted there, answered there. */
static void refer(struct scene *s)
{
    struct event_id none = {{0}};
    struct event_id p = petition(s, COMMUNE_A, "2024-04-02", none);
    struct event_id referral;
    char to[16];

    (void)snprintf(to, sizeof(to), "%u", UBND(COMMUNE_B));
    referral = SAY(s, .node = COMMUNE_A, .type = EVENT_PETITION_REFERRED,
                   .on = "2024-04-03", .subject = p, .refs = {p},
                   .to = UBND(COMMUNE_B), .facts = {{"to", to}});
    scene_flush(s);
    scene_day(s, "2024-04-05");
    (void)SAY(s, .node = COMMUNE_B, .type = EVENT_REFERRAL_ACCEPTED,
              .on = "2024-04-05", .subject = p, .refs = {p, referral});
    (void)ACT(s, COMMUNE_B, EVENT_PETITION_ANSWERED, "2024-04-15", p,
              {"by", "body"}, {"form", "noted"}, {"publicity", "personal"},
              {"ground", "1"});
    /* Not a party of it. */
    (void)ACT(s, DISTRICT, EVENT_PETITION_WITHDRAWN, "2024-04-16", p,
              {"document.kind", "petition"}, {"document.number", "12/ĐR"},
              {"document.dated_day", "2024-04-16"});
}

/* A wrong day corrected, a wrong notice voided; both values stay visible. */
static void correct(struct scene *s)
{
    struct event_id none = {{0}};
    struct event_id p = petition(s, COMMUNE_B, "2024-05-06", none);
    struct event_id notice = ACT(s, COMMUNE_B, EVENT_PERSON_NOTIFIED,
                                 "2024-05-29", p, {"notice", "accepted"});
    struct event_id wrong =
        ACT(s, COMMUNE_B, EVENT_PERSON_NOTIFIED, "2024-05-30", p,
            {"notice", "transferred"}, {"to", "1011"});

    (void)SAY(s, .node = COMMUNE_B, .type = EVENT_CORRECTED, .on = "2024-05-30",
              .subject = p, .refs = {notice},
              .facts = {{"field", "0"},
                        {"old_number", "19872"},
                        {"new_number", "19858"},
                        {"reason", "1"}});
    (void)SAY(s, .node = COMMUNE_B, .type = EVENT_VOIDED, .on = "2024-05-31",
              .subject = p, .refs = {wrong}, .facts = {{"reason", "2"}});
}

static void hold_dialogue(struct scene *s, uint32_t node, const char *held)
{
    struct event_id none = {{0}};
    struct event_id d, p, q;
    char chairs[32], items[128], hex[2][33], year[8] = "2024";

    (void)year;
    (void)snprintf(chairs, sizeof(chairs), "%u:true", UBND(node));
    d = ACT(s, node, EVENT_DIALOGUE_SCHEDULED, held, none, {"kind", "periodic"},
            {"planned_day", held}, {"form", "in_person"}, {"scale", "100"});
    (void)ACT(s, node, EVENT_DIALOGUE_HELD, held, d, {"chairs", chairs},
              {"steps", "63"}, {"attended", "80"}, {"opinions", "2"});
    p = petition(s, node, held, d);
    q = petition(s, node, held, d);
    hex_encode(SPAN_OF(p), hex[0]);
    hex_encode(SPAN_OF(q), hex[1]);
    (void)snprintf(items, sizeof(items), "%s:answered;%s:taken:%u:2024-07-31",
                   hex[0], hex[1], UBND(node));
    (void)ACT(s, node, EVENT_DIALOGUE_CONCLUDED, held, d, {"items", items},
              {"document.kind", "conclusion"},
              {"document.number", "05/TB-UBND"}, {"document.dated_day", held});
    (void)ACT(s, node, EVENT_PETITION_ANSWERED, "2024-07-15", q,
              {"by", "chair"}, {"form", "noted"}, {"publicity", "public"});
}

/* What is kept and never counts. */
static void spoil(struct scene *s)
{
    struct event_id none = {{0}};
    struct event_id p = petition(s, COMMUNE_A, "2024-08-01", none);

    (void)SAY(s, .node = COMMUNE_A, .type = EVENT_PERSON_NOTIFIED,
              .on = "2024-08-02", .subject = p, .refs = {p}, .forged = true,
              .facts = {{"notice", "accepted"}});
    (void)SAY(s, .node = COMMUNE_A, .type = EVENT_PERSON_NOTIFIED,
              .on = "2024-08-02", .subject = p, .refs = {p}, .signer = 4242,
              .facts = {{"notice", "accepted"}});
    (void)SAY(s, .node = COMMUNE_A, .type = EVENT_PERSON_NOTIFIED,
              .on = "2024-12-24", .subject = p, .refs = {p},
              .facts = {{"notice", "accepted"}});
    (void)SAY(s, .node = COMMUNE_B, .type = EVENT_PETITION_RECEIVED,
              .on = "2024-08-02", .unit = UBND(COMMUNE_A),
              .facts = {{"channel", "counter"},
                        {"kind", "proposal"},
                        {"field", "land"}});
}

static void papers(struct scene *s, uint32_t node)
{
    struct event_id none = {{0}};

    (void)ACT(s, node, EVENT_PLAN_ADOPTED, "2024-01-20", none,
              {"kind", "dialogue"}, {"year", "2024"},
              {"lines", "2024-06-30:true:periodic"});
}

static void report(struct scene *s, uint32_t node)
{
    struct event_id none = {{0}};

    (void)ACT(s, node, EVENT_REPORT_SUBMITTED, "2024-06-10", none,
              {"period", "half"}, {"year", "2024"}, {"section", "present"});
    (void)ACT(s, node, EVENT_NOTHING_TO_REPORT, "2024-10-10", none,
              {"duty", "P1"}, {"year", "2024"}, {"month", "12"});
}

static void revoke(struct scene *s, uint32_t node)
{
    struct sign_public pub = scene_key(KEY_CLERK(node), NULL);
    struct key_id id = key_id_of(SPAN_OF(pub));
    struct event_id none = {{0}};
    char hex[33], unit[16];

    hex_encode(SPAN_OF(id), hex);
    (void)snprintf(unit, sizeof(unit), "%u", UBND(node));
    (void)SAY(s, .node = node, .type = EVENT_ACTOR_REVOKED,
              .signer = KEY_REGISTRAR(node),
              .facts = {{"actor_id", hex}, {"unit", unit}});
    (void)petition(s, node, "2024-09-02", none); /* has no right any more */
}

void scene_story(struct scene *s, int rounds)
{
    int i;

    papers(s, COMMUNE_A);
    papers(s, DISTRICT);
    papers(s, PROVINCE);
    for (i = 0; i < rounds; i++) {
        tell_and_answer(s);
        refer(s);
        correct(s);
        hold_dialogue(s, i % 2 == 0 ? COMMUNE_A : COMMUNE_B, "2024-06-20");
        spoil(s);
    }
    report(s, COMMUNE_A);
    report(s, DISTRICT);
    revoke(s, COMMUNE_B);
    scene_flush(s);
    for (i = 0; i < (int)s->logs_len; i++) {
        scene_cosign(s, &s->logs[i], true);
    }
}
