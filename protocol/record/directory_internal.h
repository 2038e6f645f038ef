/* What the files that build a directory share; nobody else includes it.
 * directory_build.c runs the stages and judges who may say what,
 * directory_unit.c keeps units while they are still being told,
 * directory_cert.c turns certificates into nodes and keys,
 * directory_epoch.c says where logs end and go on, directory_tree.c reads
 * what changes the tree: reorganisations, custody, ended logs, bars. */
#ifndef QCDC_PROTOCOL_RECORD_DIRECTORY_INTERNAL_H
#define QCDC_PROTOCOL_RECORD_DIRECTORY_INTERNAL_H

#include "protocol/event/types.h"
#include "protocol/record/directory.h"
#include "qcdc/v1/event.pb-c.h"

/* What is told of one epoch, in the order in which logs are read. */
struct epoch_draft {
    struct epoch_draft *next;
    struct dir_epoch epoch;
};

/* One UnitRegistered (said by `registered`), UnitChanged, or, with neither,
 * the end of the unit by a UnitsReorganised. */
struct unit_change {
    struct unit_change *next; /* ascending from_day, then as told */
    const Qcdc__V1__UnitRegistered *registered; /* or */
    const Qcdc__V1__UnitChanged *changed;
    uint32_t from_day;
};

struct unit_draft {
    uint32_t number;
    uint32_t registrar_node;
    struct unit_change *changes; /* the first told is the registration */
    size_t changes_len;
    bool reorganised;
};

struct cert_link {
    struct cert_link *next; /* oldest first */
    struct dir_cert cert;
    uint64_t on_day; /* never before an earlier one of the same issuer */
    uint64_t recorded_ms;
    uint32_t log_epoch; /* where in the issuer's log it stands */
    uint64_t position;
};

struct node_draft {
    uint32_t number;
    struct cert_link *certs;
    size_t certs_len;
    struct node_draft *queued; /* next whose log is to be read */
};

/* Number -> draft, open addressing; drafts stay where they are. */
struct number_map {
    void **slots;
    uint32_t *numbers;
    size_t size; /* power of two, at least twice what can come */
    size_t len;
};

struct build {
    const struct sign_public *root;
    struct dir_event *events; /* by issuer, epoch, position */
    size_t len;
    const Qcdc__V1__UnitChanged **changes_later; /* by event, NULL = none */
    const ProtobufCMessage **facts;              /* by event */
    struct number_map units;
    struct number_map nodes;
    struct epoch_draft *epochs;
    size_t epochs_len;
    struct arena *arena;
    struct directory *out;
    bool no_memory;
};

void *build_alloc(struct build *b, size_t count, size_t size);
void *number_map_find(const struct number_map *map, uint32_t number);
/* A new zeroed draft of `size` bytes whose first member is its number. */
void *number_map_add(struct build *b, struct number_map *map, uint32_t number,
                     size_t size);

/* directory_unit.c */
enum standing unit_register(struct build *b, uint32_t issuer,
                            const Qcdc__V1__UnitRegistered *said);
void unit_change(struct build *b, struct unit_draft *unit,
                 const Qcdc__V1__UnitChanged *said);
void unit_close(struct build *b, struct unit_draft *unit, uint32_t from_day);
struct unit_facts unit_draft_at(const struct unit_draft *unit, uint32_t day);
void units_finish(struct build *b);

/* directory_cert.c */
enum standing cert_add_top(struct build *b, const struct dir_event *event,
                           const Qcdc__V1__TopNodeCertified *said);
/* Sets *fresh to the node's draft when it is the first certificate of it. */
enum standing cert_add(struct build *b, const struct dir_event *event,
                       const Qcdc__V1__NodeCertified *said,
                       struct node_draft **fresh);
bool node_may_register(const struct build *b, uint32_t node, uint32_t number);
/* The administration key of that id ever certified for the node, or NULL. */
const struct sign_public *node_admin_key(const struct build *b, uint32_t node,
                                         const struct key_id *id);
/* `issuer` may certify `node` on that day. */
bool node_may_certify(const struct build *b, uint32_t issuer, uint32_t node,
                      uint32_t day);
bool node_draft_within(const struct build *b, uint32_t node, uint32_t root);
/* By the certificates in force on that day. */
bool node_draft_within_at(const struct build *b, uint32_t node, uint32_t root,
                          uint32_t day);
void nodes_finish(struct build *b);

/* directory_epoch.c */
/* The closings and openings of one log; before what they end is read. */
void epochs_read(struct build *b, size_t from, size_t until);
/* The realm goes on at another machine: ends and openings of the top node. */
enum standing epochs_succeed(struct build *b, const struct dir_event *event,
                             const Qcdc__V1__TopNodeCertified *said);
/* Does the event stand beyond the end of its epoch? */
bool epoch_ended_before(const struct build *b, const struct dir_event *event);
void faults_read(struct build *b);
/* After nodes_finish: what only certificates name is added. */
void epochs_finish(struct build *b);
/* directory_tree.c: after all units and certificates are read. */
void tree_read(struct build *b);
/* After units_finish. */
void tree_finish(struct build *b);

#endif
