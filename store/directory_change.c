/* store: what a change of the directory touches: which records, figures and
 * logs may read differently under the new one and are noted as work.
 *
 * Must never forget one: too much is only slow, too little is wrong figures.
 * Read next: directory.c, work.c.
 */
#include "store/directory.h"

#include "store/store_parts.h"

/* Everything that a change of this unit's place in the hierarchy may touch. */
static int unit_changed(struct store *store, const struct directory *before,
                        const struct directory *after, uint32_t unit,
                        uint32_t day, struct error *err)
{
    size_t i;

    for (i = 0; i < after->units_len; i++) {
        uint32_t other = after->units[i].number;
        int rc;

        if (other == unit || directory_is_above(before, unit, other, day) ||
            directory_is_above(after, unit, other, day) ||
            directory_is_above(after, unit, other, LAST_DAY)) {
            if ((rc = work_records_of(store, other, err)) != 0) {
                return rc;
            }
        }
    }
    return 0;
}

/* Days and places alone: names are read when they are shown. */
static bool same_unit(const struct dir_unit *a, const struct dir_unit *b)
{
    size_t i;

    if (a->versions_len != b->versions_len) {
        return false;
    }
    for (i = 0; i < a->versions_len; i++) {
        const struct unit_facts *x = &a->versions[i].facts;
        const struct unit_facts *y = &b->versions[i].facts;

        if (a->versions[i].from_day != b->versions[i].from_day ||
            x->kind != y->kind || x->level != y->level ||
            x->territory != y->territory || x->host != y->host ||
            x->reports_to != y->reports_to || x->open != y->open) {
            return false;
        }
    }
    return true;
}

static int compare_units(struct store *store, const struct directory *before,
                         const struct directory *after, uint32_t day,
                         struct error *err)
{
    size_t i;

    for (i = 0; i < after->units_len; i++) {
        const struct dir_unit *unit = &after->units[i];
        const struct dir_unit *old = directory_unit(before, unit->number);
        int rc;

        if (old == NULL || !same_unit(old, unit)) {
            rc = unit_changed(store, before, after, unit->number, day, err);
            if (rc != 0) {
                return rc;
            }
        }
    }
    return 0;
}

/* A unit that nobody registers any more (its certificate fell): its cells go
 * with it. */
static int units_vanished(struct store *store, const struct directory *before,
                          const struct directory *after, struct error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < before->units_len; i++) {
        uint32_t unit = before->units[i].number;

        if (directory_unit(after, unit) == NULL) {
            rc = work_records_of(store, unit, err);
            rc = rc != 0 ? rc : work_unit(store, unit, err);
        }
    }
    return rc;
}

/* Transfers that stand in one directory and not in the other. */
static int custody_changed(struct store *store, const struct directory *one,
                           const struct directory *other, struct error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < one->custody_len; i++) {
        const struct dir_custody *row = &one->custody[i];

        if (directory_custody(other, &row->event) == NULL) {
            rc = work_records_of(store, row->from, err);
            rc = rc != 0 ? rc : work_records_of(store, row->to, err);
        }
    }
    return rc;
}

/* Another child is on the way to those nodes now: what their units are party
 * of is owed to it. */
static int nodes_moved(struct store *store, const struct directory *before,
                       const struct directory *after, uint32_t day,
                       struct error *err)
{
    int rc = 0;

    for (size_t i = 0; i < after->nodes_len; i++) {
        const struct dir_node *node = &after->nodes[i];
        const struct dir_node *old = directory_node(before, node->number);

        if (old == NULL || old->parent == node->parent) {
            continue;
        }
        for (size_t k = 0; rc == 0 && k < after->units_len; k++) {
            struct unit_facts facts;

            if (directory_unit_at(after, after->units[k].number, day, &facts) &&
                facts.host != 0 &&
                directory_node_within(after, facts.host, node->number)) {
                rc = work_records_of(store, facts.number, err);
            }
        }
    }
    return rc;
}

struct recertified {
    struct store *store;
    const struct directory *before;
    const struct directory *after;
    struct error *err;
};

static bool same_certificates(const struct dir_node *a,
                              const struct dir_node *b)
{
    size_t i;

    if (a == NULL || b == NULL || a->certs_len != b->certs_len) {
        return a == b;
    }
    for (i = 0; i < a->certs_len; i++) {
        if (!event_id_equal(&a->certs[i]->event, &b->certs[i]->event)) {
            return false;
        }
    }
    return true;
}

static bool same_bar(const struct dir_bar *a, const struct dir_bar *b)
{
    return event_id_equal(&a->event, &b->event);
}

/* Every bar of that node in one directory stands in the other. */
static bool bars_within(const struct directory *one,
                        const struct directory *other, uint32_t node)
{
    for (size_t i = 0; i < one->bars_len; i++) {
        bool found = one->bars[i].node != node;

        for (size_t k = 0; !found && k < other->bars_len; k++) {
            found = same_bar(&one->bars[i], &other->bars[k]);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* Keys barred, or the log's end told or taken back. */
static bool same_limits(const struct directory *a, const struct directory *b,
                        const struct store_log *log)
{
    const struct dir_end *x =
        directory_end(a, log->node, log->is_dir, log->epoch);
    const struct dir_end *y =
        directory_end(b, log->node, log->is_dir, log->epoch);

    if ((x == NULL) != (y == NULL) ||
        (x != NULL && !event_id_equal(&x->event, &y->event))) {
        return false;
    }
    return bars_within(a, b, log->node) && bars_within(b, a, log->node);
}

/* A log whose node has other certificates: judge its events again. */
static int log_recertified(void *data, const struct store_log *log)
{
    struct recertified *r = data;
    const struct dir_node *now = directory_node(r->after, log->node);
    const struct dir_node *old = directory_node(r->before, log->node);

    if (log->is_dir || ((same_certificates(now, old) || log->integrated == 0) &&
                        same_limits(r->before, r->after, log))) {
        return 0;
    }
    return work_rejudge(r->store, log->id, r->err);
}

int directory_changed(struct store *store, const struct directory *before,
                      const struct directory *after, uint32_t day,
                      struct error *err)
{
    struct recertified recertified = {store, before, after, err};
    int rc = compare_units(store, before, after, day, err);

    rc = rc != 0 ? rc : units_vanished(store, before, after, err);
    rc = rc != 0 ? rc : custody_changed(store, before, after, err);
    rc = rc != 0 ? rc : custody_changed(store, after, before, err);
    rc = rc != 0 ? rc : nodes_moved(store, before, after, day, err);
    return rc != 0 ? rc
                   : store_log_each(store, log_recertified, &recertified, err);
}
