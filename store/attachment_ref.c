/* store: which events name a file, and whether it is erased.
 *
 * Content names a file, so two events may name the same one: it stays as long
 * as one of them lives, and comes back with a new one. Which word acts here is
 * that of bodies (erase.h). Must never open a file: what is to be destroyed is
 * noted in the transaction of the fold, and done after its commit.
 * Read next: attachment_file.c.
 */
#include <string.h>

#include "store/attachment.h"
#include "store/directory.h"
#include "store/store_parts.h"

enum {
    REF_ANY,
    REF_COUNT,
    REF_OF_SUBJECT,
    REF_PUT,
    REF_DROP,
    REF_OF_FILE,
    REF_FIND,
    REF_STATE,
    REF_STATE_SET,
    REF_ERASED,
    REF_SUM
};

static const char *const sql[] = {
    [REF_ANY] = "SELECT EXISTS (SELECT 1 FROM attachments)",
    [REF_COUNT] = "SELECT count(*) FROM attachment_refs WHERE subject = ?",
    [REF_OF_SUBJECT] = "SELECT event, file, node, erased, sealed, by FROM "
                       "attachment_refs WHERE subject = ?",
    [REF_PUT] = "INSERT INTO attachment_refs (event, file, subject, node, "
                "erased, sealed, by) VALUES (?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (event, file) DO UPDATE SET "
                "subject = excluded.subject, node = excluded.node, "
                "erased = excluded.erased, sealed = excluded.sealed, "
                "by = excluded.by",
    [REF_DROP] = "DELETE FROM attachment_refs WHERE event = ? AND file = ?",
    [REF_OF_FILE] = "SELECT node, erased, sealed FROM attachment_refs "
                    "WHERE file = ? ORDER BY event",
    [REF_FIND] = "SELECT event, file, node, erased, sealed, by FROM "
                 "attachment_refs WHERE event = ? AND file = ?",
    [REF_STATE] = "SELECT state, sealed FROM attachments WHERE file = ?",
    [REF_STATE_SET] = "UPDATE attachments SET state = ?2, node = ?3, size = "
                      "CASE WHEN state = ?2 THEN size ELSE 0 END "
                      "WHERE file = ?1",
    [REF_ERASED] = "SELECT file FROM attachments WHERE state >= 3 AND "
                   "state = ? LIMIT ?",
    [REF_SUM] =
        "SELECT (SELECT count(*) FROM attachments WHERE state >= 3), "
        "(SELECT count(DISTINCT r.file) FROM attachment_refs r CROSS JOIN "
        "attachments a ON a.file = r.file WHERE (r.erased = 1 OR "
        "r.sealed = 1) AND a.state = 1 AND (r.erased = 1 OR a.sealed = 1) "
        "AND NOT EXISTS (SELECT 1 FROM attachment_refs l WHERE "
        "l.file = r.file AND max(l.erased, l.sealed * a.sealed) = 0))",
};
const struct query_table attachment_ref_queries = {sql, sizeof(sql) /
                                                            sizeof(sql[0])};

/* Most records name none: asked once. */
static int any_known(struct store *store, struct error *err)
{
    sqlite3_stmt *q;
    int rc;

    if (store->files == FILES_UNKNOWN) {
        q = query(store, OWNER_ATTACHMENT_REF, REF_ANY);
        if ((rc = query_row(store, q, err)) < 0) {
            return rc;
        }
        store->files =
            rc == 1 && column_int(q, 0) != 0 ? FILES_SOME : FILES_NONE;
        query_end(q);
    }
    return 0;
}

/* ---- one file ---- */

struct refs {
    uint32_t node; /* of the first that lives */
    bool lives;
    bool waits;
    bool some;
};

static int refs_of(struct store *store, const struct hash *file, bool sealed,
                   struct refs *refs, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT_REF, REF_OF_FILE);
    int rc;

    *refs = (struct refs){.node = 0};
    bind_span(q, 1, SPAN_OF(*file));
    while ((rc = query_row(store, q, err)) == 1) {
        uint32_t erased = column_u32(q, 1);

        if (sealed && column_u32(q, 2) > erased) {
            erased = column_u32(q, 2);
        }
        refs->node = !refs->lives ? column_u32(q, 0) : refs->node;
        refs->lives |= erased == FILE_LIVES;
        refs->waits |= erased == FILE_WAITS;
        refs->some = true;
    }
    return rc;
}

/* Half of a file that its origin destroyed is nobody's: it goes at once. */
int attachment_settle(struct store *store, const struct hash *file,
                      struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT_REF, REF_STATE);
    enum store_attachment_state state, before;
    struct refs refs;
    bool sealed;
    int rc;

    bind_span(q, 1, SPAN_OF(*file));
    if ((rc = query_row(store, q, err)) != 1) {
        return rc;
    }
    before = state = (enum store_attachment_state)column_int(q, 0);
    sealed = column_int(q, 1) != 0;
    query_end(q);
    if ((rc = refs_of(store, file, sealed, &refs, err)) != 0 || !refs.some) {
        return rc;
    }
    if (refs.lives) {
        state =
            state >= STORE_ATTACHMENT_ERASED ? STORE_ATTACHMENT_MISSING : state;
    } else if (state < STORE_ATTACHMENT_ERASED &&
               (!refs.waits || state != STORE_ATTACHMENT_HELD)) {
        state = STORE_ATTACHMENT_ERASED;
    }
    store->files_erased |= state == STORE_ATTACHMENT_ERASED;
    if (state == STORE_ATTACHMENT_MISSING && before != state) {
        store->attachments_named++;
        store->attachments_back++;
    }
    q = query(store, OWNER_ATTACHMENT_REF, REF_STATE_SET);
    bind_span(q, 1, SPAN_OF(*file));
    bind_int(q, 2, state);
    bind_int(q, 3, refs.node);
    return query_run(store, q, err);
}

/* ---- what a record's events say ---- */

void attachment_ref_judge(struct store *store, const struct directory *dir,
                          const struct record_out *record,
                          const struct record_file *file,
                          struct store_attachment_ref *out)
{
    *out = (struct store_attachment_ref){
        .file = file->file, .event = file->event, .node = file->node};
    for (size_t i = 0; i < record->erasures_len; i++) {
        const struct record_erasure *word = &record->erasures[i];
        bool of_file =
            word->audience == 0 && hash_equal(&word->file, &file->file);
        bool of_private = word->audience == AUDIENCE_OF_PRIVATE ||
                          word->audience == AUDIENCE_OF_UNIT;
        enum store_file_erased level;

        if (!event_id_equal(&word->event, &file->event) ||
            (!of_file && !of_private)) {
            continue;
        }
        level = erasure_word_acts(store, dir, word) ? FILE_GOES : FILE_WAITS;
        if (of_file && level > out->erased) {
            out->erased = level;
        }
        if (level > out->sealed) {
            out->sealed = level;
        }
        if (event_id_is_zero(&out->by) || of_file) {
            out->by = word->by;
        }
    }
}

static bool ref_same(const struct store_attachment_ref *a,
                     const struct store_attachment_ref *b)
{
    return hash_equal(&a->file, &b->file) &&
           event_id_equal(&a->event, &b->event);
}

static int ref_read(sqlite3_stmt *q, struct store_attachment_ref *out,
                    struct error *err)
{
    struct span by = column_span(q, 5);
    int rc = column_bytes(q, 0, &out->event, sizeof(out->event), err);

    rc = rc != 0 ? rc : column_bytes(q, 1, &out->file, sizeof(out->file), err);
    out->node = column_u32(q, 2);
    out->erased = (enum store_file_erased)column_int(q, 3);
    out->sealed = (enum store_file_erased)column_int(q, 4);
    memset(&out->by, 0, sizeof(out->by));
    if (by.len == sizeof(out->by)) {
        memcpy(&out->by, by.ptr, by.len);
    }
    return rc;
}

static int refs_load(struct store *store, const struct event_id *subject,
                     struct store_attachment_ref **refs, size_t *len,
                     struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT_REF, REF_COUNT);
    size_t count = 0;
    int rc;

    *len = 0;
    bind_span(q, 1, SPAN_OF(*subject));
    if ((rc = query_row(store, q, err)) < 0) {
        return rc;
    }
    count = rc == 1 ? (size_t)column_int(q, 0) : 0;
    query_end(q);
    *refs = arena_array(&store->scratch, count + 1, sizeof(**refs));
    if (*refs == NULL) {
        return error_set(err, ERR_LIMIT, "a record with %zu files", count);
    }
    q = query(store, OWNER_ATTACHMENT_REF, REF_OF_SUBJECT);
    bind_span(q, 1, SPAN_OF(*subject));
    while ((rc = query_row(store, q, err)) == 1) {
        if (*len == count || (rc = ref_read(q, &(*refs)[(*len)++], err)) != 0) {
            query_end(q);
            break;
        }
    }
    return rc < 0 ? rc : 0;
}

static int ref_put(struct store *store, const struct event_id *subject,
                   const struct store_attachment_ref *ref, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT_REF, REF_PUT);
    struct span none = {(const uint8_t *)"", 0};
    int rc;

    bind_span(q, 1, SPAN_OF(ref->event));
    bind_span(q, 2, SPAN_OF(ref->file));
    bind_span(q, 3, SPAN_OF(*subject));
    bind_int(q, 4, ref->node);
    bind_int(q, 5, ref->erased);
    bind_int(q, 6, ref->sealed);
    bind_span(q, 7, event_id_is_zero(&ref->by) ? none : SPAN_OF(ref->by));
    rc = query_run(store, q, err);
    return rc != 0 ? rc : attachment_settle(store, &ref->file, err);
}

static int ref_drop(struct store *store, const struct store_attachment_ref *ref,
                    struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT_REF, REF_DROP);
    int rc;

    bind_span(q, 1, SPAN_OF(ref->event));
    bind_span(q, 2, SPAN_OF(ref->file));
    rc = query_run(store, q, err);
    return rc != 0 ? rc : attachment_settle(store, &ref->file, err);
}

/* Was it noted just like this? Then it is struck from what is to be dropped. */
static bool was_noted(struct store_attachment_ref *old, size_t len,
                      const struct store_attachment_ref *ref)
{
    for (size_t i = 0; i < len; i++) {
        if (ref_same(&old[i], ref)) {
            bool same = old[i].erased == ref->erased &&
                        old[i].sealed == ref->sealed &&
                        old[i].node == ref->node &&
                        event_id_equal(&old[i].by, &ref->by);

            old[i].node = 0; /* seen: no node has this number */
            old[i].erased = ref->erased;
            old[i].sealed = ref->sealed;
            old[i].by = ref->by;
            return same;
        }
    }
    return false;
}

static int files_note(struct store *store, const struct event_id *subject,
                      const struct record_out *record, struct error *err)
{
    struct store_attachment_ref *old = NULL;
    const struct directory *dir;
    size_t len = 0;
    int rc = refs_load(store, subject, &old, &len, err);

    rc = rc != 0 ? rc : store_directory(store, &dir, err);
    for (size_t i = 0; rc == 0 && record != NULL && i < record->files_len;
         i++) {
        struct store_attachment_ref ref;

        attachment_ref_judge(store, dir, record, &record->files[i], &ref);
        if ((rc = attachment_add(store, &ref, err)) == 0 &&
            !was_noted(old, len, &ref)) {
            rc = ref_put(store, subject, &ref, err);
        }
    }
    for (size_t i = 0; rc == 0 && i < len; i++) {
        rc = old[i].node == 0 ? 0 : ref_drop(store, &old[i], err);
    }
    return rc;
}

int attachments_note(struct store *store, const struct event_id *subject,
                     const struct record_out *record, struct error *err)
{
    size_t mark = store->scratch.used;
    int rc = any_known(store, err);

    if (record != NULL && record->files_len > 0) {
        store->files = FILES_SOME;
    }
    if (rc != 0 || store->files == FILES_NONE) {
        return rc;
    }
    rc = files_note(store, subject, record, err);
    arena_rewind(&store->scratch, mark);
    return rc;
}

/* ---- questions ---- */

int store_attachment_ref_find(struct store *store, const struct event_id *event,
                              const struct hash *file,
                              struct store_attachment_ref *out,
                              struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT_REF, REF_FIND);
    int rc;

    bind_span(q, 1, SPAN_OF(*event));
    bind_span(q, 2, SPAN_OF(*file));
    if ((rc = query_row(store, q, err)) != 1) {
        return rc < 0 ? rc
                      : error_set(err, ERR_NOTFOUND,
                                  "that event names no such file");
    }
    rc = ref_read(q, out, err);
    query_end(q);
    return rc;
}

bool store_attachment_erasing(const struct store *store)
{
    return store->files_erased;
}

int store_attachment_erased(struct store *store,
                            enum store_attachment_state state,
                            struct hash *files, size_t max, size_t *len,
                            struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT_REF, REF_ERASED);
    int rc = 0;

    *len = 0;
    bind_int(q, 1, state);
    bind_int(q, 2, (int64_t)max);
    while (*len < max && (rc = query_row(store, q, err)) == 1) {
        if ((rc = column_bytes(q, 0, &files[*len], sizeof(*files), err)) != 0) {
            break;
        }
        (*len)++;
    }
    query_end(q);
    if (rc >= 0 && *len == 0 && state == STORE_ATTACHMENT_ERASED) {
        store->files_erased = false;
    }
    return rc < 0 ? rc : 0;
}

int store_attachment_erased_sum(struct store *store, uint64_t *gone,
                                uint64_t *waiting, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT_REF, REF_SUM);
    int rc = query_row(store, q, err);

    if (rc == 1) {
        *gone = (uint64_t)column_int(q, 0);
        *waiting = (uint64_t)column_int(q, 1);
        query_end(q);
    }
    return rc < 0 ? rc : 0;
}
