/* store: where the readers of a record are: the hosts of all that its events
 * address, and of its holder.
 *
 * Ciphertext goes the ways to them and no other (DESIGN section 4). Reads
 * only. Read next: delivery.c, wanted.c.
 */
#include <string.h>

#include "store/directory.h"
#include "store/query.h"
#include "store/work.h"

enum {
    PARTY_HOLDER
};

static const char *const sql[] = {
    [PARTY_HOLDER] = "SELECT holder FROM records WHERE number = ?",
};
const struct query_table party_queries = {sql, sizeof(sql) / sizeof(sql[0])};

#define RECORD_EVENTS_MAX 256u

uint32_t party_child_towards(const struct directory *dir, uint32_t self,
                             uint32_t node)
{
    size_t depth;

    for (depth = 0; depth < 64; depth++) {
        const struct dir_node *at = directory_node(dir, node);

        if (at == NULL || at->parent == 0 || node == self) {
            return 0;
        }
        if (at->parent == self) {
            return node;
        }
        node = at->parent;
    }
    return 0;
}

uint32_t party_child_of_unit(const struct directory *dir, uint32_t self,
                             uint32_t unit, uint32_t day)
{
    struct unit_facts facts;

    return directory_unit_at(dir, unit, day, &facts) && facts.host != self
               ? party_child_towards(dir, self, facts.host)
               : 0;
}

void party_hosts_add(const struct directory *dir, uint32_t unit,
                     struct party_hosts *hosts)
{
    struct unit_facts facts;
    size_t i;

    if (unit == 0 || !directory_unit_at(dir, unit, LAST_DAY, &facts)) {
        return;
    }
    for (i = 0; i < hosts->len && hosts->nodes[i] != facts.host; i++) {
    }
    if (i == hosts->len && i < PARTY_HOSTS_MAX) {
        hosts->nodes[hosts->len++] = facts.host;
    }
}

void party_hosts_of(const struct directory *dir, const struct header *header,
                    struct party_hosts *hosts)
{
    size_t i;

    for (i = 0; i < header->addressees_len; i++) {
        party_hosts_add(dir, header->addressees[i], hosts);
    }
}

/* Whoever has custody is a reader: the old unit's recovery secret comes to him
 * with its papers. */
static int holder_add(struct store *store, const struct directory *dir,
                      const struct event_id *subject, struct party_hosts *hosts,
                      struct error *err)
{
    sqlite3_stmt *q;
    int64_t number = 0;
    int rc = subject_find(store, subject, &number, err);

    if (rc != 0) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    q = query(store, OWNER_PARTY, PARTY_HOLDER);
    bind_int(q, 1, number);
    if ((rc = query_row(store, q, err)) == 1) {
        party_hosts_add(dir, column_u32(q, 0), hosts);
        query_end(q);
    }
    return rc < 0 ? rc : 0;
}

int party_hosts_find(struct store *store, const struct leaf *leaf,
                     struct party_hosts *hosts, struct error *err)
{
    struct event_id subject = leaf_subject(leaf);
    size_t mark = store->scratch.used;
    struct store_event *events =
        arena_array(&store->scratch, RECORD_EVENTS_MAX, sizeof(*events));
    const struct directory *dir;
    size_t i, len = 0;
    int rc = store_directory(store, &dir, err);

    if (rc != 0 || events == NULL) {
        return rc != 0 ? rc : error_set(err, ERR_LIMIT, "a long record");
    }
    hosts->len = 0;
    party_hosts_of(dir, &leaf->header, hosts);
    rc = holder_add(store, dir, &subject, hosts, err);
    /* A later addressee is handed the keys of what came before (DESIGN section
     * 4): he is owed the ciphertext of the whole record. */
    rc = rc != 0 ? rc
                 : store_event_list(store, &subject, &store->scratch, events,
                                    RECORD_EVENTS_MAX, &len, err);
    for (i = 0; rc == 0 && i < len; i++) {
        struct error ignored;
        struct leaf other;

        if (leaf_scan(events[i].leaf, &other, &ignored) == 0 &&
            other.understood) {
            party_hosts_of(dir, &other.header, hosts);
        }
    }
    arena_rewind(&store->scratch, mark);
    return rc;
}
