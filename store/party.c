/* store: where the readers of a record are: the hosts of whom the events that
 * count address, and of its holder.
 *
 * Ciphertext goes the ways to them and no other (DESIGN section 4). Reads
 * only. Read next: delivery.c, wanted.c.
 */
#include <string.h>

#include "protocol/base/buf.h"
#include "store/directory.h"
#include "store/query.h"
#include "store/work.h"

enum {
    PARTY_READERS
};

static const char *const sql[] = {
    [PARTY_READERS] = "SELECT holder, readers FROM records WHERE number = ?",
};
const struct query_table party_queries = {sql, sizeof(sql) / sizeof(sql[0])};

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

bool party_hosts_any(const struct party_question *ask, uint32_t unit)
{
    struct unit_facts facts;

    return unit != 0 && directory_unit_at(ask->dir, unit, LAST_DAY, &facts) &&
           ask->match(ask, facts.host);
}

bool party_addressed_any(const struct party_question *ask,
                         const struct header *header)
{
    size_t i;

    for (i = 0; i < header->addressees_len; i++) {
        if (party_hosts_any(ask, header->addressees[i])) {
            return true;
        }
    }
    return false;
}

/* A later addressee is handed the keys of what came before (DESIGN section 4):
 * he is owed the ciphertext of the whole record. Whoever has custody is a
 * reader, too: the old unit's recovery secret comes to him with its papers. */
int party_readers_any(struct store *store, const struct party_question *ask,
                      const struct leaf *leaf, bool *any, struct error *err)
{
    struct event_id subject = leaf_subject(leaf);
    sqlite3_stmt *q;
    struct span readers;
    int64_t number = 0;
    size_t i;
    int rc;

    *any = party_addressed_any(ask, &leaf->header);
    if (*any) {
        return 0;
    }
    if ((rc = subject_find(store, &subject, &number, err)) != 0) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    q = query(store, OWNER_PARTY, PARTY_READERS);
    bind_int(q, 1, number);
    if ((rc = query_row(store, q, err)) != 1) {
        return rc < 0 ? rc : 0;
    }
    *any = party_hosts_any(ask, column_u32(q, 0));
    readers = column_span(q, 1);
    for (i = 0; !*any && i + 4 <= readers.len; i += 4) {
        *any = party_hosts_any(ask, read_u32(readers.ptr + i));
    }
    query_end(q);
    return 0;
}
