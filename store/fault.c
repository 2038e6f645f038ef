/* store: cosignatures whose time counts for nothing, because a superior has
 * declared the cosigner's clock wrong at that time (ClockFault).
 *
 * They still prove what was held; as bounds of time and as "heard from" they
 * are void, and the next trustworthy one of the same log stands for them: for
 * an upper bound a later one, for a lower bound an earlier one (whoever quotes
 * number n has seen n - 1). Must never touch a cosignature. What was derived
 * before a ClockFault came is derived again whole: they are rare. Read next:
 * bracket.c.
 */
#include "store/directory.h"
#include "store/epoch.h"
#include "store/store_parts.h"

#include <string.h>

#include "protocol/log/note.h"

enum {
    FAULT_COVERING
};

static const char *const sql[] = {
    [FAULT_COVERING] = "SELECT number, size, line FROM cosigs INDEXED BY "
                       "cosigs_by_size WHERE log = ? AND size > ? "
                       "ORDER BY size, number",
};
const struct query_table fault_queries = {sql, sizeof(sql) / sizeof(sql[0])};

/* Is the line by a mirror key that the node was ever certified with? */
static bool line_is_by(const struct dir_node *node, struct span origin,
                       const struct cosignature *line)
{
    uint8_t space[ORIGIN_MAX];
    struct buf name = buf_over(space, sizeof(space));
    const uint8_t *slash = memchr(origin.ptr, '/', origin.len);

    if (slash == NULL) {
        return false;
    }
    buf_put(&name, span_make(origin.ptr, (size_t)(slash - origin.ptr)));
    buf_put_fmt(&name, "/%u/mirror", node->number);
    for (size_t i = 0; i < node->certs_len; i++) {
        struct error ignored = {0};
        struct vkey key;

        if (vkey_make(buf_span(&name), VKEY_COSIGNATURE,
                      &node->certs[i]->mirror_key, &key, &ignored) == 0 &&
            key.id == read_u32(line->bytes)) {
            return true;
        }
    }
    return false;
}

bool line_is_void(const struct directory *dir, struct span origin,
                  const struct cosignature *line)
{
    uint64_t time_s = cosignature_time(line);

    for (size_t i = 0; i < dir->faults_len; i++) {
        const struct dir_fault *fault = &dir->faults[i];
        const struct dir_node *node;

        if (time_s < fault->from_s || time_s > fault->until_s) {
            continue;
        }
        node = directory_node(dir, fault->node);
        if (node != NULL && line_is_by(node, origin, line)) {
            return true;
        }
    }
    return false;
}

int fault_void(struct store *store, const struct store_log *log,
               const struct cosignature *line, bool *is_void, struct error *err)
{
    const struct directory *dir = NULL;
    int rc = log->is_dir ? 0 : store_directory(store, &dir, err);

    *is_void = rc == 0 && dir != NULL &&
               line_is_void(dir, span_str(log->origin), line);
    return rc;
}

/* NOLINTNEXTLINE(readability-function-size): what was found: one answer */
int fault_upper(struct store *store, const struct store_log *log,
                uint64_t index, uint64_t *number, int64_t *upper_s,
                struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_FAULT, FAULT_COVERING);
    int rc = 0;

    *upper_s = 0;
    bind_int(q, 1, log->id);
    bind_int(q, 2, (int64_t)index);
    while (*upper_s == 0 && (rc = query_row(store, q, err)) == 1) {
        struct cosignature line;
        bool is_void = false;

        if ((rc = column_bytes(q, 2, &line, sizeof(line), err)) != 0 ||
            (rc = fault_void(store, log, &line, &is_void, err)) != 0) {
            break;
        }
        if (!is_void) {
            *number = (uint64_t)column_int(q, 0);
            *upper_s = (int64_t)cosignature_time(&line);
        }
    }
    query_end(q);
    return rc < 0 ? rc : 0;
}

int fault_lower(struct store *store, uint32_t log_id, uint64_t number,
                int64_t *lower_s, struct error *err)
{
    struct store_log log;
    int rc = store_log_get(store, log_id, &log, err);

    *lower_s = 0;
    for (uint64_t at = number + 1; rc == 0 && at-- > 0;) {
        struct store_cosig cosig;
        bool is_void = false;

        rc = store_cosig_get(store, log_id, at, &cosig, err);
        if (rc == ERR_NOTFOUND) {
            return 0; /* quoted in a delivery: those before are not here */
        }
        rc = rc != 0 ? rc : fault_void(store, &log, &cosig.line, &is_void, err);
        if (rc == 0 && !is_void) {
            *lower_s = (int64_t)cosignature_time(&cosig.line);
            break;
        }
    }
    return rc;
}

/* ---- when they come ---- */

#define META_FAULTS "clock_faults"

/* Of all that are told: they only ever become more. */
static int64_t faults_sum(const struct directory *dir)
{
    struct hasher hasher;
    struct hash hash;

    if (dir->faults_len == 0) {
        return 0;
    }
    hasher_init(&hasher);
    for (size_t i = 0; i < dir->faults_len; i++) {
        uint8_t space[20];
        struct buf out = buf_over(space, sizeof(space));

        buf_put_u32(&out, dir->faults[i].node);
        buf_put_u64(&out, dir->faults[i].from_s);
        buf_put_u64(&out, dir->faults[i].until_s);
        hasher_add(&hasher, buf_span(&out));
    }
    hash = hasher_end(&hasher);
    return (int64_t)(read_u64(hash.bytes) >> 1) | 1;
}

int store_faults_due(struct store *store, bool *due, struct error *err)
{
    const struct directory *dir = NULL;
    int64_t before = 0;
    int rc = store_directory(store, &dir, err);

    rc = rc != 0 ? rc : meta_int(store, META_FAULTS, &before, err);
    *due = rc == 0 && faults_sum(dir) != before;
    return rc;
}

int store_faults_settle(struct store *store, struct error *err)
{
    const struct directory *dir = NULL;
    int rc = store_directory(store, &dir, err);

    rc = rc != 0 ? rc : meta_int_put(store, META_FAULTS, faults_sum(dir), err);
    return rc != 0 ? rc : meta_int_put(store, META_REBUILD, 1, err);
}
