/* tests/store: two communes of scene.h become one: the tree changes under a
 * petition that is open. What must come of it stands in test_order.c.
 * Next: story.c, a year in which the tree stays as it is. */
#include "tests/store/scene.h"

#include "qcdc/v1/event.pb-c.h"

static struct event_id tell(struct scene *s, uint32_t node, uint32_t type,
                            const ProtobufCMessage *facts)
{
    uint8_t packed[1024];
    size_t size = protobuf_c_message_get_packed_size(facts);

    assert_true(size <= sizeof(packed));
    protobuf_c_message_pack(facts, packed);
    return scene_say_dir(s, node, type, KEY_ADMIN(node),
                         span_make(packed, size));
}

static struct event_id petition(struct scene *s, const char *on)
{
    scene_day(s, on);
    return SAY(s, .node = COMMUNE_B, .type = EVENT_PETITION_RECEIVED, .on = on,
               .text = "Cầu qua suối bị lũ cuốn",
               .facts = {{"channel", "counter"},
                         {"kind", "proposal"},
                         {"field", "land"},
                         {"person_known", "true"},
                         {"people", "1"}});
}

static struct event_id withdraw(struct scene *s, uint32_t node, const char *on,
                                struct event_id subject)
{
    scene_day(s, on);
    return SAY(s, .node = node, .type = EVENT_PETITION_WITHDRAWN, .on = on,
               .subject = subject, .refs = {subject},
               .facts = {{"document.kind", "petition"},
                         {"document.number", "7/ĐR"},
                         {"document.shelf", "HS-7"},
                         {"document.dated_day", on}});
}

/* The units and their lands, by the province, which registered them. */
static void reorganise(struct scene *s)
{
    Qcdc__V1__UnitsReorganised message = QCDC__V1__UNITS_REORGANISED__INIT;
    Qcdc__V1__Heir unit = QCDC__V1__HEIR__INIT, land = QCDC__V1__HEIR__INIT;
    Qcdc__V1__Heir *heirs[] = {&unit, &land};

    unit.from = UBND(COMMUNE_B);
    unit.to = UBND(COMMUNE_A);
    land.from = 222;
    land.to = 221;
    message.kind = QCDC__V1__REORGANISATION__REORGANISATION_MERGE;
    message.from_day = scene_day_of(SCENE_MERGE);
    message.heirs = heirs;
    message.n_heirs = TEST_LEN(heirs);
    (void)tell(s, PROVINCE, EVENT_UNITS_REORGANISED, &message.base);
}

static struct event_id transfer(struct scene *s)
{
    Qcdc__V1__CustodyTransferred message = QCDC__V1__CUSTODY_TRANSFERRED__INIT;

    message.from = UBND(COMMUNE_B);
    message.to = UBND(COMMUNE_A);
    message.from_day = scene_day_of(SCENE_MERGE);
    return tell(s, PROVINCE, EVENT_CUSTODY_TRANSFERRED, &message.base);
}

/* From here on in the node's log: what is sealed of it stays good. */
static void bar(struct scene *s, uint32_t issuer, uint32_t node, uint32_t who,
                Qcdc__V1__BarReason reason, const char *from)
{
    Qcdc__V1__ActorBarred message = QCDC__V1__ACTOR_BARRED__INIT;
    struct sign_public pub = scene_key(who, NULL);
    struct key_id id = key_id_of(SPAN_OF(pub));

    message.actor_id = (ProtobufCBinaryData){sizeof(id.bytes), id.bytes};
    message.unit = UBND(node);
    message.node = node;
    message.reason = reason;
    message.from_day = scene_day_of(from);
    message.epoch = 1;
    message.size = scene_log(s, node, false)->range.size;
    (void)tell(s, issuer, EVENT_ACTOR_BARRED, &message.base);
}

static void end_log(struct scene *s)
{
    Qcdc__V1__LogEnded message = QCDC__V1__LOG_ENDED__INIT;
    struct merkle_head head =
        range_head(&scene_log(s, COMMUNE_B, false)->range);

    message.node = COMMUNE_B;
    message.epoch = 1;
    message.size = head.size;
    message.root_hash =
        (ProtobufCBinaryData){sizeof(head.root), (uint8_t *)&head.root};
    (void)tell(s, DISTRICT, EVENT_LOG_ENDED, &message.base);
}

/* Before the day: one petition settled, one that runs; keys are barred. */
static void before(struct scene *s, struct scene_merge *out)
{
    out->settled = petition(s, "2024-09-03");
    (void)withdraw(s, COMMUNE_B, "2024-09-05", out->settled);
    out->running = petition(s, "2024-09-24");
    scene_flush(s);
    reorganise(s);
    out->transfer = transfer(s);
    bar(s, DISTRICT, COMMUNE_B, KEY_LEADER(COMMUNE_B),
        QCDC__V1__BAR_REASON__BAR_REASON_LEFT, "2024-09-24");
    bar(s, PROVINCE, DISTRICT, KEY_CLERK(DISTRICT),
        QCDC__V1__BAR_REASON__BAR_REASON_COMPROMISED, "2024-09-24");
    scene_flush(s);
    scene_day(s, "2024-09-25");
    out->left =
        SAY(s, .node = COMMUNE_B, .type = EVENT_PERSON_NOTIFIED,
            .on = "2024-09-25", .subject = out->running, .refs = {out->running},
            .signer = KEY_LEADER(COMMUNE_B), .facts = {{"notice", "accepted"}});
    out->stolen = withdraw(s, DISTRICT, "2024-09-26", out->running);
    scene_flush(s);
    end_log(s);
    scene_flush(s);
}

void scene_merge(struct scene *s, struct scene_merge *out)
{
    before(s, out);
    out->late = withdraw(s, COMMUNE_B, "2024-09-30", out->running);
    scene_day(s, "2024-10-02");
    out->taken = SAY(s, .node = COMMUNE_A, .type = EVENT_CUSTODY_TAKEN,
                     .on = "2024-10-02", .subject = out->running,
                     .refs = {out->transfer, out->running});
    scene_day(s, "2024-10-04");
    out->told = SAY(s, .node = COMMUNE_A, .type = EVENT_PERSON_NOTIFIED,
                    .on = "2024-10-04", .subject = out->running,
                    .refs = {out->running}, .facts = {{"notice", "accepted"}});
    scene_flush(s);
    for (size_t i = 0; i < s->logs_len; i++) {
        scene_cosign(s, &s->logs[i], true);
    }
}
