/* tlog-policy: which logs a verifier knows, and which cosignatures suffice.
 *
 *     log VKEY [url]                 witness NAME VKEY [url]
 *     group NAME k|any|all MEMBER... quorum NAME|none
 *
 * Names must stand on an earlier line and are a member of one group at most,
 * so groups form trees and evaluation is one pass (C2SP tlog-policy).
 */
#ifndef QCDC_PROTOCOL_LOG_POLICY_H
#define QCDC_PROTOCOL_LOG_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/log/note.h"

/* Caps of one policy file; a province with 200 communes needs 25 KB. */
#define POLICY_LOGS_MAX 2048u
#define POLICY_WITNESSES_MAX 1024u
#define POLICY_GROUPS_MAX 256u
#define POLICY_TEXT_MAX (1u << 20)

/* A witness or a group: what quorum and groups speak of. */
struct policy_node {
    struct span name; /* as in the file; opaque bytes */
    size_t witness;   /* index into witnesses, or SIZE_MAX for a group */
    size_t parent;    /* index of the group it is a member of, or SIZE_MAX */
    uint32_t needed;  /* members that a group needs, >= 1 */
};

/* Lives in the arena; spans borrow from the policy text. */
struct policy {
    struct vkey *logs;
    size_t log_count;
    struct vkey *witnesses;
    size_t witness_count;
    struct policy_node *nodes; /* in the order of their lines */
    size_t node_count;
    size_t quorum; /* index into nodes, or SIZE_MAX for none */
};

/* ERR_MALFORMED with the line's number; ERR_LIMIT over a cap, or if the
 * arena (in `arena`, about 300 bytes a line of text) ran out. */
int policy_parse(struct span text, struct arena *arena, struct policy *policy,
                 struct error *err) MUST_USE;

/* The log keys of an origin; there may be several. Starts at `from`; returns
 * log_count if no further one. */
size_t policy_find_log(const struct policy *policy, struct span origin,
                       size_t from);

/* True if the witnesses marked in `cosigned` (witness_count of them) meet the
 * quorum. `arena` is scratch, rewound on return. False also if it is full. */
bool policy_met(const struct policy *policy, const bool *cosigned,
                struct arena *arena);

#endif
