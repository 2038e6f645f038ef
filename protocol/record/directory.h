/* Who is who: units, territories, nodes and their keys, as the directory logs
 * say, each attribute with the days it holds.
 *
 * A pure function of the leaves of the directory logs with their positions:
 * signatures, the chain of certificates from the pinned root key, number
 * ranges and authority are all judged here. What does not count changes
 * nothing and gets its standing written back into the caller's array.
 * Days select by `from_day`; what is certified is the newest there is.
 *
 * Authority, in short:
 *  - TopNodeCertified: the root key; the first names the top node.
 *  - everything else: an administration key certified for the node in whose
 *    directory log it stands, at whatever time (no rollback of old events).
 *  - NodeCertified: by the top node; else by the node that hosts, on the day
 *    of the event, the superior of a unit hosted at that number; where no such
 *    unit is registered, by a node in whose range the number lies. The latest
 *    (`on`, recorded; of one issuer: position) is the newest; its issuer is
 *    the parent.
 *  - UnitRegistered: number in the issuer's range (the top node without one
 *    may register any), first one stands. UnitChanged: by the node that
 *    registered the unit or one above it.
 *  - EpochClosed, EpochOpened: by who may certify that node; the first of an
 *    epoch stands. ClockFault: by a node above the cosigner, or the top node.
 *  - ActorConfirmed, ActorBarred: by a node above the actor's on the day of
 *    the event, or by the top node.
 *  - UnitsReorganised, CustodyTransferred: by the node that registered each
 *    unit named or one above it; a unit is reorganised once, the first stands.
 *  - LogEnded: by a node above the log's on the day of the event; the first.
 *  - RulesPublished: by the top node; greatest version, then first, wins.
 *
 * The newest standby that the top node certified guards the top node's logs;
 * each change of it stands among the top node's certificates, with the keys of
 * the one before. A TopNodeCertified that names an epoch ends both logs of the
 * epoch before and the standby's office: it is at that machine that the realm
 * goes on.
 *
 * The one truth about epochs is `dir_epoch`: the key of a log's epoch is what
 * its EpochOpened says; of one that nobody opened by an event (the first, and
 * every log before there were such events), what the oldest certificate that
 * names that epoch says. A certificate never changes the key of an epoch. An
 * epoch ends where its EpochClosed says: what stands beyond that size in a
 * directory log does not count, whoever holds it.
 */
#ifndef QCDC_PROTOCOL_RECORD_DIRECTORY_H
#define QCDC_PROTOCOL_RECORD_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "protocol/event/leaf.h"
#include "protocol/record/calendar.h"
#include "protocol/record/standing.h"

enum signature_state {
    SIGNATURE_UNKNOWN, /* not looked at yet */
    SIGNATURE_GOOD,    /* good under the key that the header names */
    SIGNATURE_BAD,
};

#define DIR_SPOOLED UINT32_MAX /* as an epoch: recorded, in no log yet */

struct dir_event {
    const struct leaf *leaf; /* keeps (its bytes too) */
    uint32_t issuer;         /* node in whose directory log it stands */
    uint32_t epoch;
    uint64_t position;
    /* In and out: whoever keeps these two across builds saves verifying the
     * signature and checking every key again. Both are facts of the leaf. */
    enum signature_state signature;
    uint32_t reading;       /* 0 = not looked at, else 1 + enum event_reading */
    enum standing standing; /* out */
};

/* A unit on one day. Numbers 0 = none. Spans live as long as the arena. */
struct unit_facts {
    uint32_t number;
    uint32_t kind;  /* UnitKind of event.proto */
    uint32_t level; /* Level */
    struct span name;
    struct span code;
    uint32_t territory; /* of a territory: the one it lies in */
    uint32_t host;      /* node */
    uint32_t reports_to;
    uint32_t from_day;
    uint32_t duties_from_day;
    bool open; /* registered and not closed on that day */
};

/* A unit's attributes from a day until the next one's. */
struct dir_version {
    uint32_t from_day;
    struct unit_facts facts;
};

struct dir_unit {
    uint32_t number;
    uint32_t registrar_node;      /* whose log registered it */
    struct dir_version *versions; /* ascending from_day */
    size_t versions_len;
};

#define DIR_REGISTRARS_MAX 3

struct dir_unit_keys {
    uint32_t unit;
    bool has_sealing, has_recovery;
    struct box_public sealing;
    struct box_public recovery;
    struct sign_public registrars[DIR_REGISTRARS_MAX];
    size_t registrars_len;
};

/* One certificate of a node. */
struct dir_cert {
    struct event_id event;
    uint32_t node;
    uint32_t issuer; /* the parent; the node itself for the top node */
    uint32_t guard;  /* node, 0 = none; of the top node: its standby */
    uint32_t epoch;  /* of the record log */
    uint32_t role;   /* NodeRole of event.proto */
    struct sign_public log_key, dir_log_key, mirror_key, actor_key, admin_key;
    struct box_public curve_key;
    bool has_dir_log;
    uint32_t numbers_first, numbers_last; /* 0 = none */
    uint32_t quota_events, quota_kib;     /* 0 = the default */
    uint32_t on_day;             /* from when it is in force, among others */
    uint64_t recorded_ms;        /* when its issuer signed it, as it says */
    struct span endpoint;        /* where its children reach the node */
    struct span parent_endpoint; /* where it reaches the issuer */
    uint64_t guard_from;         /* size of its record log; 0 = not stated */
    struct hash guard_root;      /* ... and the root there */
    uint64_t dir_guard_from;     /* of its directory log */
    struct hash dir_guard_root;
    struct dir_unit_keys *units;
    size_t units_len;
    uint64_t rank; /* order among all certificates, ascending */
};

struct dir_node {
    uint32_t number;
    uint32_t parent;         /* 0 for the top node */
    struct dir_cert **certs; /* all effective ones, oldest first */
    size_t certs_len;        /* at least 1 */
};

/* One epoch of a node's record or directory log. */
struct dir_epoch {
    uint32_t node;
    bool is_dir;
    uint32_t epoch;
    bool has_key; /* false: only its end is told */
    struct sign_public key;
    bool closed;
    uint64_t size; /* of a closed one: nothing stands beyond */
    struct hash root;
    uint32_t reason; /* EpochReason of event.proto */
    bool has_evidence;
    uint8_t evidence[32]; /* SHA-256 of the evidence file */
    struct event_id closing;
};

/* Cosignatures of `node` with times from..until (inclusive) bound nothing. */
struct dir_fault {
    uint32_t node;
    uint64_t from_s, until_s;
};

enum key_purpose {
    KEY_LOG,
    KEY_DIR_LOG,
    KEY_MIRROR,
    KEY_CURVE,
    KEY_NODE_ACTOR,
    KEY_ADMIN,
    KEY_SEALING,
    KEY_RECOVERY,
    KEY_REGISTRAR,
};

struct dir_key {
    struct key_id id;
    uint8_t bytes[32]; /* the public key */
    enum key_purpose purpose;
    uint32_t node;
    uint32_t unit; /* sealing, recovery, registrar; else 0 */
    bool newest;   /* in the newest certificate of that node */
};

struct dir_confirmed {
    struct key_id actor;
    uint32_t unit;
    uint32_t node;
};

/* Who continues a unit that ended. */
struct dir_heir {
    uint32_t from, to;
    bool rest; /* continues its figures: the only one, or the one named */
    uint32_t from_day;
    struct event_id event;
};

/* Open petitions of `from` are `to`'s from that day on. */
struct dir_custody {
    struct event_id event;
    uint32_t from, to;
    uint32_t from_day;
    const struct event_id *subjects; /* ascending */
    size_t subjects_len;             /* 0 = every open one */
};

/* A log that takes nothing at or beyond `size`. */
struct dir_end {
    struct event_id event;
    uint32_t node;
    bool is_dir;
    uint32_t epoch;
    uint64_t size;
    struct hash root;
};

/* A key without right at or beyond (epoch, size) of the node's record log. */
struct dir_bar {
    struct event_id event;
    uint32_t node;
    uint32_t unit;
    struct key_id actor;
    bool compromised; /* else: left */
    uint32_t from_day;
    uint32_t epoch;
    uint64_t size;
};

struct directory {
    struct sign_public root;
    uint32_t top; /* node, 0 = nothing certified yet */
    struct span realm;
    bool demo;
    struct dir_unit *units; /* ascending number */
    size_t units_len;
    struct dir_node *nodes; /* ascending number */
    size_t nodes_len;
    struct dir_key *keys; /* ascending id, then order of certification */
    size_t keys_len;
    struct dir_confirmed *confirmed; /* ascending actor, unit, node */
    size_t confirmed_len;
    struct dir_epoch *epochs; /* ascending node, records first, epoch */
    size_t epochs_len;
    struct dir_fault *faults; /* as told */
    size_t faults_len;
    struct dir_heir *heirs; /* ascending from, to */
    size_t heirs_len;
    struct dir_custody *custody; /* ascending from, from_day, as told */
    size_t custody_len;
    uint32_t *tree_days; /* ascending, once: units end, custody passes */
    size_t tree_days_len;
    struct dir_end *ends; /* ascending node, is_dir, epoch */
    size_t ends_len;
    struct dir_bar *bars; /* ascending node, unit, actor, epoch, size */
    size_t bars_len;
    uint32_t rules_version; /* 0 = none */
    struct span rules;      /* facts of that RulesPublished */
    struct event_id rules_event;
    struct calendar calendar; /* version 0 = none */
    struct event_id calendar_event;
    size_t not_effective; /* events that do not count */
};

/* Events in any order (reordered in place: by issuer, epoch, position). All
 * results live in `arena` (about 1 KiB an event and 4 KiB a node); leaves are
 * kept. ERR_NOMEM when the arena is full. An event that stands twice counts
 * once, where it stands first. */
int directory_build(const struct sign_public *root, struct dir_event *events,
                    size_t len, struct arena *arena, struct directory *out,
                    struct error *err) MUST_USE;

/* NULL if there is none. */
const struct dir_unit *directory_unit(const struct directory *dir,
                                      uint32_t number);
const struct dir_node *directory_node(const struct directory *dir,
                                      uint32_t number);
/* Newest certificate of a node, or NULL. */
const struct dir_cert *directory_cert(const struct directory *dir,
                                      uint32_t node);
/* Newest certificate of that epoch of a node's record log, or NULL. */
const struct dir_cert *directory_cert_of_epoch(const struct directory *dir,
                                               uint32_t node, uint32_t epoch);

/* NULL: nobody told of it. */
const struct dir_epoch *directory_epoch(const struct directory *dir,
                                        uint32_t node, bool is_dir,
                                        uint32_t epoch);
/* The greatest epoch of that log that has a key; 0 = none. */
uint32_t directory_epoch_now(const struct directory *dir, uint32_t node,
                             bool is_dir);
/* The leaf at `position` of that log stands beyond the end of its epoch. */
bool directory_beyond_end(const struct directory *dir, uint32_t node,
                          bool is_dir, uint32_t epoch, uint64_t position);
/* A superior declared the cosigner's clock wrong at that time. */
bool directory_time_is_faulty(const struct directory *dir, uint32_t cosigner,
                              uint64_t time_s);

/* What held on that day. False (and *out zero) if the unit is unknown; a day
 * before its registration gives its first attributes and open = false. */
bool directory_unit_at(const struct directory *dir, uint32_t unit, uint32_t day,
                       struct unit_facts *out);

/* Newest sealing, recovery and registrar keys of a unit, as its host's newest
 * certificate on that day's host says; NULL if none. */
const struct dir_unit_keys *directory_unit_keys(const struct directory *dir,
                                                uint32_t unit, uint32_t day);

/* First certified use of a key, or NULL. More uses follow it in dir->keys
 * while the id is the same. */
const struct dir_key *directory_key(const struct directory *dir,
                                    const struct key_id *id);
/* The public key if `id` is a registrar of `unit` in an effective certificate
 * of `node` and that node hosts or hosted the unit; else NULL. */
const struct sign_public *directory_registrar(const struct directory *dir,
                                              uint32_t node, uint32_t unit,
                                              const struct key_id *id);
bool directory_is_confirmed(const struct directory *dir,
                            const struct key_id *actor, uint32_t unit,
                            uint32_t node);

/* `above` is reached from `below` by reports-to on that day (not itself). */
bool directory_is_above(const struct directory *dir, uint32_t above,
                        uint32_t below, uint32_t day);
/* The nearest unit above all of `units` on that day (none of them itself); 0 =
 * there is none. */
uint32_t directory_common_superior(const struct directory *dir,
                                   const uint32_t *units, size_t len,
                                   uint32_t day);
/* `territory` is `root` or lies in it on that day; one that ended lies also in
 * whatever the heir of its figures lies in. */
bool directory_territory_within(const struct directory *dir, uint32_t territory,
                                uint32_t root, uint32_t day);
/* `node` is `root` or was certified below it. */
bool directory_node_within(const struct directory *dir, uint32_t node,
                           uint32_t root);
/* The same by any certificate, also one that is not the newest any more. */
bool directory_node_was_within(const struct directory *dir, uint32_t node,
                               uint32_t root);

/* The machine that stands by for the top node, 0 = none. */
uint32_t directory_standby(const struct directory *dir);
/* The role of a node's newest certificate; ordinary if it has none. */
uint32_t directory_role(const struct directory *dir, uint32_t node);
#define DIR_ROLE_ORDINARY 0u
#define DIR_ROLE_STANDBY 1u
#define DIR_ROLE_OBSERVER 2u

/* ---- directory_tree.c ---- */

/* Rows of one unit that ended; *len = 0 if it did not. */
const struct dir_heir *directory_heirs(const struct directory *dir,
                                       uint32_t unit, size_t *len);
/* Who continues the unit's figures on that day; 0 while it lives. */
uint32_t directory_heir(const struct directory *dir, uint32_t unit,
                        uint32_t day);
/* The first day after `day` on which custody may pass; 0 = none known. */
uint32_t directory_tree_day(const struct directory *dir, uint32_t day);
/* NULL while it takes events. */
const struct dir_end *directory_end(const struct directory *dir, uint32_t node,
                                    bool is_dir, uint32_t epoch);
/* The bar that reaches a leaf of that key at (epoch, position), recorded on
 * `day`: of several the strictest (left before compromised); NULL = none. */
const struct dir_bar *directory_bar(const struct directory *dir, uint32_t node,
                                    uint32_t unit, const struct key_id *actor,
                                    uint32_t epoch, uint64_t position,
                                    uint32_t day);

/* ---- directory_custody.c ---- */

/* That transfer if it is effective, else NULL. */
const struct dir_custody *directory_custody(const struct directory *dir,
                                            const struct event_id *event);
/* One step of custody: whose task a petition is that `unit` has had since a
 * day. By a transfer that names it, else by one of all, else, when the unit
 * has ended, that of the nearest unit above that lives (or of its heir).
 * False if it stays where it is on `day`. */
struct dir_passing {
    uint32_t to;
    uint32_t from_day;
    const struct dir_custody *by; /* NULL: nobody was named */
};
bool directory_passing(const struct directory *dir,
                       const struct event_id *subject, uint32_t unit,
                       uint32_t since_day, uint32_t day,
                       struct dir_passing *out);

#endif
