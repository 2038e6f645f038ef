/* store: fsck of what lies in no segment: the spool, events that came as
 * deliveries, events that came in bundles. Their leaves, bodies and proofs are
 * looked at one by one.
 *
 * Reads only. Read next: check_derived.c.
 */
#include "store/check_parts.h"

#include "protocol/event/body.h"
#include "protocol/log/proof.h"

enum {
    LOOSE_SPOOL_AFTER,
    LOOSE_DELIVERED_AFTER,
    LOOSE_STAGED_AFTER
};

static const char *const sql[] = {
    [LOOSE_SPOOL_AFTER] = "SELECT number, leaf, bodies, event FROM spool WHERE "
                          "number > ? ORDER BY number LIMIT 1",
    [LOOSE_DELIVERED_AFTER] = "SELECT place, leaf, bodies, proof FROM "
                              "delivered WHERE place > ? ORDER BY place "
                              "LIMIT 1",
    [LOOSE_STAGED_AFTER] =
        "SELECT (s.log << 40) + (1 << 39) + s.number, s.leaf, s.bodies, "
        "s.event "
        "FROM staged s CROSS JOIN logs l ON l.id = s.log WHERE l.is_dir = 0 "
        "AND (s.log << 40) + (1 << 39) + s.number > ? ORDER BY 1 LIMIT 1",
};
const struct query_table loose_queries = {sql, sizeof(sql) / sizeof(sql[0])};

/* Spans lie in the scratch arena. */
struct loose {
    int64_t place;
    bool delivered; /* with a proof */
    bool spooled;   /* with all its bodies */
    struct span leaf;
    struct span bodies;
    struct span last; /* event id of the spool, proof of a delivery */
};

/* Those that the header names and that are not there were erased. */
static int missing_erased(struct checking *c, const struct leaf *leaf,
                          uint32_t present, bool *good)
{
    int rc = 0;

    for (size_t i = 0; rc >= 0 && i < leaf->header.bodies_len; i++) {
        uint32_t audience = leaf->header.bodies[i].audience;
        bool acts;

        if (audience < 32 && audience != AUDIENCE_OF_UNIT &&
            (present & 1u << audience) == 0) {
            rc = check_erased(c, &leaf->id, audience, &acts);
            *good = *good && rc == 1;
        }
    }
    return rc < 0 ? rc : 0;
}

/* Each body is one that the header commits to; the spool has them all, but
 * for what never leaves the unit: lost when the guard gave an event back. */
static int check_bodies(struct checking *c, const struct loose *loose,
                        const struct leaf *leaf)
{
    struct span list = loose->bodies;
    uint32_t present = 0;
    bool good = true;
    int rc = 0;

    while (good && list.len > 0) {
        const struct body_mark *mark = NULL;
        struct error ignored;
        struct body body;

        good = body_take(&list, &body, &ignored) == 0;
        if (good && leaf->understood) {
            mark = header_body(&leaf->header, (enum audience)body.slot);
            good = mark != NULL && body_matches(&body, mark);
        }
        present |= good && body.slot < 32 ? 1u << body.slot : 0;
    }
    if (good && loose->spooled && leaf->understood &&
        (rc = missing_erased(c, leaf, present, &good)) != 0) {
        return rc;
    }
    return good ? 0
                : found(c, "body",
                        "the bodies at place %lld are not those that the event "
                        "commits to",
                        (long long)loose->place);
}

static int check_proof(struct checking *c, const struct loose *loose)
{
    struct hash hash = merkle_leaf(loose->leaf);
    const struct store_log *log;
    struct checkpoint checkpoint;
    struct proof proof;
    struct error ignored;
    struct vkey vkey;
    int rc = log_info(c->store, place_log(loose->place), &log, c->err);

    if (rc != 0) {
        return rc;
    }
    return vkey_make(span_str(log->origin), VKEY_ED25519, &log->key, &vkey,
                     &ignored) == 0 &&
                   proof_parse(loose->last, &proof, &ignored) == 0 &&
                   proof.index == place_index(loose->place) &&
                   proof_verify_log(&proof, &hash, &vkey, &checkpoint,
                                    &ignored) == 0
               ? 0
               : found(c, "proof",
                       "the proof of the delivered event at place %lld does "
                       "not hold",
                       (long long)loose->place);
}

static int check_one(struct checking *c, const struct loose *loose)
{
    enum signature_state signature;
    struct leaf leaf;
    int rc;

    if (leaf_parse(loose->leaf, &leaf, c->err) != 0) {
        return found(c, "leaf", "place %lld holds no leaf",
                     (long long)loose->place);
    }
    if (!loose->delivered && !span_equal(loose->last, SPAN_OF(leaf.id))) {
        return found(c, "leaf", "spooled event %lld has another id",
                     (long long)loose->place);
    }
    if ((rc = verify_leaf(c->store, &leaf, &signature, c->err)) != 0) {
        return rc;
    }
    if (!loose->delivered && signature == SIGNATURE_BAD) {
        return found(c, "leaf", "the signature at place %lld does not verify",
                     (long long)loose->place);
    }
    if ((rc = check_bodies(c, loose, &leaf)) != 0 ||
        (loose->delivered && (rc = check_proof(c, loose)) != 0)) {
        return rc;
    }
    return check_row(c, loose->place, &leaf, signature);
}

/* Fills from the next row: 1, or 0 if there is none. */
static int next_loose(struct checking *c, int which, struct loose *loose)
{
    sqlite3_stmt *q = query(c->store, OWNER_LOOSE, which);
    struct span *parts[] = {&loose->leaf, &loose->bodies, &loose->last};
    size_t i;
    int rc;

    bind_int(q, 1, loose->place);
    if ((rc = query_row(c->store, q, c->err)) != 1) {
        return rc;
    }
    loose->place = column_int(q, 0);
    loose->delivered = which == LOOSE_DELIVERED_AFTER;
    loose->spooled = which == LOOSE_SPOOL_AFTER;
    for (i = 0, rc = 0; rc == 0 && i < 3; i++) {
        rc = arena_keep(&c->store->scratch, column_span(q, (int)i + 1),
                        parts[i], c->err);
    }
    query_end(q);
    return rc != 0 ? rc : 1;
}

int check_loose(struct checking *c)
{
    static const int tables[] = {LOOSE_SPOOL_AFTER, LOOSE_DELIVERED_AFTER,
                                 LOOSE_STAGED_AFTER};
    size_t i;

    for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct loose loose = {.place = -1};
        size_t mark = c->store->scratch.used;
        int rc;

        while ((rc = next_loose(c, tables[i], &loose)) == 1) {
            rc = check_one(c, &loose);
            arena_rewind(&c->store->scratch, mark);
            if (rc != 0) {
                return rc;
            }
        }
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}
