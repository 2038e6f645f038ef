/* A small realm for the tests of store: a province (node 1), a district (11)
 * and two communes (111, 112) with real keys, logs, segments, checkpoints and
 * guard cosignatures, made from fixed seeds.
 *
 *   units      1001 UBND province   1011 UBND district   1111, 1112 UBND
 * commune territory  201 > 211 > 221, 222
 *
 * Events are said, sealed into segments, cosigned, and then given to stores in
 * whatever order a test likes.
 */
#ifndef QCDC_TESTS_STORE_SCENE_H
#define QCDC_TESTS_STORE_SCENE_H

#include "tests/support/test.h"

#include "protocol/base/hex.h"
#include "protocol/event/body.h"
#include "protocol/event/facts.h"
#include "protocol/event/types.h"
#include "protocol/link/segment.h"
#include "protocol/record/calendar.h"
#include "store/check.h"
#include "store/log.h"
#include "store/spool.h"
#include "store/store.h"

#define PROVINCE 1u
#define DISTRICT 11u
#define COMMUNE_A 111u
#define COMMUNE_B 112u

#define UBND(node) (1000u + (node)) /* the people's committee it hosts */

#define SCENE_REALM "thu-nghiem"
#define SCENE_LOGS 8
#define SCENE_PARTS 4096

/* One thing to hand to a store. */
struct scene_part {
    struct store_segment segment; /* parts.count 0: none */
    struct range after;
    struct store_cosig cosig;
    bool is_cosig;
};

struct scene_log {
    struct store_log log;
    struct sign_secret secret;
    uint32_t guard; /* node, 0 = none */
    struct range range;
    struct segment_item items[BATCH_EVENTS_MAX]; /* said, not sealed */
    size_t items_len;
    struct scene_part *parts;
    size_t parts_len;
    uint64_t cosigs;
    struct store_cosig newest; /* what headers quote; cosigs > 0 */
};

struct scene {
    struct arena arena;
    struct segment_codec *codec;
    struct scene_log logs[SCENE_LOGS];
    size_t logs_len;
    uint64_t now_ms; /* goes on by a second with every event */
    uint64_t seed;   /* of salts */
    bool small;      /* seal after every few events */
};

/* What one event says; facts as pairs of path and value. */
struct scene_event {
    uint32_t node;
    uint32_t type;    /* one that is not known here has no facts */
    uint32_t version; /* of the type; 0 = 1 */
    uint32_t unit;    /* 0 = UBND(node) */
    const char *on;
    struct event_id subject; /* zero: opens one */
    struct event_id refs[4];
    uint32_t to;         /* addressee, 0 = none */
    const char *text;    /* a text body with this content, or NULL */
    const char *private; /* a private body (bytes as they are), or NULL */
    uint32_t signer;     /* key number; 0 = the node's clerk */
    bool forged;         /* its signature is spoiled */
    struct field_pair facts[24];
};

void scene_open(struct scene *s);
void scene_close(struct scene *s);

/* Directory events of the realm: nodes, units, rules, calendar; clerks. */
void scene_found(struct scene *s);

/* The issuer declares the cosigner's clock wrong from then to then. */
void scene_fault(struct scene *s, uint32_t issuer, uint32_t node,
                 uint64_t from_s, uint64_t until_s);

/* Signs the event into the arena; *bodies = its encoded list. */
struct span scene_sign(struct scene *s, const struct scene_event *event,
                       struct event_id *id, struct span *bodies);
/* Says it in the node's record log, to be sealed. */
struct event_id scene_say(struct scene *s, const struct scene_event *event);
#define SAY(s, ...) scene_say((s), &(struct scene_event){__VA_ARGS__})

struct scene_log *scene_log(struct scene *s, uint32_t node, bool is_dir);
/* A segment of what was said in that log; nothing if nothing was. */
void scene_seal(struct scene *s, struct scene_log *log);
/* The guard cosigns the log as sealed; `repeat`: at the node's request. */
void scene_cosign(struct scene *s, struct scene_log *log, bool repeat);
/* Seals and cosigns every log. */
void scene_flush(struct scene *s);
void scene_day(struct scene *s, const char *on);

struct sign_public scene_key(uint32_t number, struct sign_secret *secret);
#define KEY_ROOT 1u
#define KEY_LOG(node) ((node)*10u + 2u)
#define KEY_DIR(node) ((node)*10u + 3u)
#define KEY_MIRROR(node) ((node)*10u + 4u)
#define KEY_ACTOR(node) ((node)*10u + 5u)
#define KEY_ADMIN(node) ((node)*10u + 6u)
#define KEY_REGISTRAR(node) ((node)*10u + 7u)
#define KEY_CLERK(node) ((node)*10u + 8u)
#define KEY_LEADER(node) ((node)*10u + 9u)

/* A year of four offices: petitions told, referred, answered, corrected,
 * voided; dialogues with conclusions; plans, reports; forged events, keys
 * without right, acts dated ahead, a revoked clerk. About 20 events a round. */
void scene_story(struct scene *s, int rounds);

/* What tells of the merge in scene_merge, for a test to look at. */
struct scene_merge {
    struct event_id running;  /* petition of commune B when it ended */
    struct event_id told;     /* by the heir: its PersonNotified */
    struct event_id transfer; /* CustodyTransferred */
    struct event_id taken;    /* CustodyTaken */
    struct event_id settled;  /* petition of commune B, withdrawn before */
    struct event_id late;     /* of `running`, beyond the end of B's log */
    struct event_id left;     /* of `running`, by a key that had left */
    struct event_id stolen;   /* of `running`, by a stolen key */
};

/* Commune B (1112, 222) merges into A (1111, 221) on SCENE_MERGE: its petition
 * passes on, is taken and told of by the heir; a leader of B left before, the
 * district's clerk was robbed of his key, B's log has ended. */
#define SCENE_MERGE "2024-10-01"
void scene_merge(struct scene *s, struct scene_merge *out);

/* ---- scene.c and scene_realm.c, for the stories ---- */

/* Says it in the node's directory log; `facts` packed. */
struct event_id scene_say_dir(struct scene *s, uint32_t node, uint32_t type,
                              uint32_t signer, struct span facts);

uint32_t scene_day_of(const char *text); /* an ISO date */
/* A copy that lives as long as the scene. */
struct span scene_keep(struct scene *s, struct span bytes);
/* Puts what is signed into the log, to be sealed. */
void scene_log_put(struct scene *s, struct scene_log *log, struct span leaf,
                   struct span bodies);

/* ---- stores ---- */

struct store *scene_store(const char *path, uint32_t self);
/* As scene_store leaves a new one, but for the index of texts, which must not
 * have been used: what a new store costs is its statements. */
void scene_store_empty(struct store *store, uint32_t self);
/* Hands part `i` of a log to the store (transaction included). */
void scene_give(struct scene *s, struct store *store, size_t log, size_t i);
void scene_give_all(struct scene *s, struct store *store);
/* Integrates and settles all as of that day. */
void scene_settle(struct store *store, const char *asof);
struct store_now now_of(const char *day);
/* Lines of store_dump, in heap memory. */
char *scene_dump(struct store *store);
/* A path in the build's temporary directory, removed with its WAL first. */
const char *scene_path(const char *name);

#endif
