/* A small realm for tests of the directory: a province, two districts, two
 * communes, told event by event, with real keys. */
#ifndef QCDC_TESTS_PROTOCOL_REALM_H
#define QCDC_TESTS_PROTOCOL_REALM_H

#include "tests/support/test.h"

#include "protocol/event/types.h"
#include "protocol/record/directory.h"
#include "qcdc/v1/event.pb-c.h"
#include "tests/protocol/record_world.h"

#define PROVINCE 1000u /* nodes */
#define DISTRICT_A 1010u
#define DISTRICT_B 1020u
#define COMMUNE 1011u
#define OTHER 1021u

#define LAND_PROVINCE 62u /* territories */
#define LAND_DISTRICT 610u
#define LAND_COMMUNE 23300u

#define REALM_EVENTS 2048

struct realm {
    struct arena arena;
    struct arena turn;
    struct dir_event events[REALM_EVENTS];
    struct event_id ids[REALM_EVENTS]; /* as told */
    size_t len;
    uint64_t positions;
    struct directory dir;
};

/* Keys by number: 1 is the root's. */
struct sign_public realm_key(uint32_t number, struct sign_secret *secret);

#define ROOT 1u
#define ADMIN(node) ((node)*100u)

void realm_open(struct realm *r);
void realm_close(struct realm *r);

struct dir_said {
    uint32_t type;
    uint32_t issuer;
    uint32_t node; /* in the header; 0 = issuer */
    uint32_t signer;
    const char *on;
    const void *facts;
    struct event_id ref; /* zero = none */
    uint32_t epoch;      /* of the log it stands in; 0 = 1 */
    uint64_t position;   /* epoch 2 and later: in it */
};
/* Its number among the events told. */
size_t realm_say(struct realm *r, const struct dir_said *said);
#define SAY(r, ...) realm_say((r), &(struct dir_said){__VA_ARGS__})

struct sign_public realm_root(void);
void realm_build(struct realm *r);
enum standing realm_standing(const struct realm *r, size_t told);

#define assert_said(r, told, expected)                                         \
    assert_string_equal(standing_name(realm_standing((r), (told))),            \
                        standing_name(expected))

struct keys {
    struct sign_public pub[12];
    Qcdc__V1__NodeKeys node;
    Qcdc__V1__UnitKeys unit;
    Qcdc__V1__UnitKeys *units[1];
    ProtobufCBinaryData registrar[1];
};
ProtobufCBinaryData realm_bytes(struct sign_public *pub);
void keys_fill(struct keys *k, uint32_t node, uint32_t unit);

size_t realm_top(struct realm *r, uint32_t node, uint32_t signer);
size_t realm_certify(struct realm *r, uint32_t issuer, uint32_t node,
                     uint32_t unit, const char *day);

struct unit_row {
    uint32_t number, host, reports_to, territory;
};
/* Registered by the issuer, a territory where it has no host. */
size_t realm_unit(struct realm *r, uint32_t issuer, struct unit_row u);

/* 31 province > 21, 22 districts > 11, 13 communes, and their land. */
void realm_kontum(struct realm *r);

#endif
