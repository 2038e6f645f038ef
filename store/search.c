/* store: search in texts, document numbers and codes; accents do not matter.
 *
 * Everything is folded by protocol/event/text before it is indexed, so that
 * stock SQLite can read the index (libraries.md A8). Private bodies are never
 * indexed. The spool and what is staged are small and are scanned. Read next:
 * body.c.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/event/facts.h"
#include "protocol/event/text.h"
#include "store/query.h"
#include "store/store_parts.h"

enum {
    SEARCH_LOGS,
    SEARCH_CURSOR,
    SEARCH_PUT,
    SEARCH_FORGET,
    SEARCH_AT,
    SEARCH_MATCH,
    SEARCH_SPOOL,
    SEARCH_SUBJECT
};

static const char *const sql[] = {
    [SEARCH_LOGS] =
        "SELECT l.id, c.search, c.events FROM logs l CROSS JOIN cursors "
        "c ON c.log = l.id WHERE l.is_dir = 0 AND l.mirrored = 1 "
        "AND c.search < c.events ORDER BY l.id LIMIT 1",
    [SEARCH_CURSOR] = "UPDATE cursors SET search = ? WHERE log = ?",
    [SEARCH_PUT] = "INSERT INTO search (rowid, text) VALUES (?, ?)",
    [SEARCH_FORGET] = "INSERT INTO search (search, rowid, text) VALUES "
                      "('delete', ?, ?)",
    [SEARCH_AT] = "SELECT l.mirrored = 0 OR ?2 < c.search OR ?2 >= l.size FROM "
                  "logs l CROSS JOIN cursors c ON c.log = l.id WHERE l.id = ?1 "
                  "AND l.is_dir = 0",
    [SEARCH_MATCH] = "SELECT e.subject FROM search s CROSS JOIN events e ON "
                     "e.place = s.rowid WHERE s.search MATCH ? "
                     "ORDER BY s.rowid DESC LIMIT ?",
    [SEARCH_SPOOL] =
        "SELECT e.place, e.subject, e.leaf FROM spool s CROSS JOIN "
        "events e ON e.place = s.number WHERE s.is_dir = 0 UNION ALL "
        "SELECT e.place, e.subject, e.leaf FROM staged s CROSS JOIN events e "
        "ON e.place = (s.log << 40) + (1 << 39) + s.number "
        "ORDER BY 1 DESC",
    [SEARCH_SUBJECT] = "SELECT subject FROM events WHERE event = ? LIMIT 1",
};
const struct query_table search_queries = {sql, sizeof(sql) / sizeof(sql[0])};

#define SEARCH_TEXT_MAX (TEXT_BODY_MAX * 2u + 4096u)
#define SEARCH_WORDS_MAX 16u

/* ---- the folded text of one event ---- */

static void put_folded(struct buf *out, struct span text)
{
    size_t before = out->len;
    struct error ignored;

    if (text_fold(text, out, &ignored) != 0) {
        out->len = before; /* too long: what fitted is found */
        out->overflow = false;
        return;
    }
    buf_put_u8(out, '\n');
}

static int visit_text(void *data, const char *path, struct span value,
                      struct error *err)
{
    (void)path;
    (void)err;
    put_folded(data, value);
    return 0;
}

static int visit_number(void *data, const char *path, struct span value,
                        struct error *err)
{
    size_t len = strlen(path);

    (void)err;
    if (len >= 7 && strcmp(path + len - 7, ".number") == 0) {
        put_folded(data, value);
    }
    return 0;
}

static void put_body(struct buf *out, const struct body *body)
{
    struct error ignored;

    if (body->slot == AUDIENCE_OF_TEXT &&
        facts_visit_as(body_text_shape(), body->bytes, visit_text, out,
                       &ignored) != 0) {
        out->overflow = false; /* not a text of ours: what was read is found */
    }
}

static int visit_body(void *data, const struct body *body)
{
    put_body(data, body);
    return 0;
}

static void put_numbers(struct buf *out, struct span bytes)
{
    const struct event_type *type;
    struct error ignored;
    struct leaf leaf;

    if (leaf_scan(bytes, &leaf, &ignored) == 0 && leaf.understood &&
        (type = event_type_find(leaf.header.type)) != NULL &&
        type->shape != NULL &&
        facts_visit(type, leaf.facts, visit_number, out, &ignored) != 0) {
        out->overflow = false;
    }
}

static int index_one(struct store *store, int which, int64_t place,
                     const struct buf *text, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SEARCH, which);

    if (text->len == 0) {
        return 0;
    }
    bind_int(q, 1, place);
    (void)sqlite3_bind_text(q, 2, (const char *)text->ptr, (int)text->len,
                            SQLITE_STATIC);
    return query_run(store, q, err);
}

static int index_place(struct store *store, int which, int64_t place,
                       struct span leaf, struct error *err)
{
    size_t mark = store->scratch.used;
    uint8_t *room = arena_alloc(&store->scratch, SEARCH_TEXT_MAX);
    struct buf text;
    int rc;

    if (room == NULL) {
        return error_set(err, ERR_LIMIT, "a text to index");
    }
    text = buf_over(room, SEARCH_TEXT_MAX);
    put_numbers(&text, leaf);
    rc = body_each(store, place, visit_body, &text, err);
    rc = rc != 0 ? rc : index_one(store, which, place, &text, err);
    arena_rewind(&store->scratch, mark);
    return rc;
}

int search_place(struct store *store, int64_t place, struct span leaf,
                 struct error *err)
{
    return index_place(store, SEARCH_PUT, place, leaf, err);
}

/* The index must be told the very words that it was given (FTS5, contentless).
 */
int search_forget(struct store *store, int64_t place, struct span leaf,
                  bool *indexed, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SEARCH, SEARCH_AT);
    int rc;

    bind_int(q, 1, place_log(place));
    bind_int(q, 2, (int64_t)place_index(place));
    if ((rc = query_row(store, q, err)) < 0) {
        return rc;
    }
    *indexed = rc == 1 && column_int(q, 0) != 0;
    query_end(q);
    return *indexed ? index_place(store, SEARCH_FORGET, place, leaf, err) : 0;
}

/* ---- the index behind its cursor ---- */

static int index_segment(struct store *store, uint32_t log, uint64_t from,
                         uint64_t *until, struct error *err)
{
    uint8_t *room;
    struct segment_view view;
    uint64_t first;
    size_t i, next = 0;
    int rc = segment_leaves(store, log, from, &first, &view, err);
    size_t mark = store->scratch.used;

    room = arena_alloc(&store->scratch, SEARCH_TEXT_MAX);
    if (rc != 0 || room == NULL) {
        return rc != 0 ? rc : error_set(err, ERR_LIMIT, "a text to index");
    }
    for (i = 0; rc == 0 && i < view.count; i++) {
        struct buf text = buf_over(room, SEARCH_TEXT_MAX);

        put_numbers(&text, view.leaves[i]);
        while (next < view.bodies_len && view.bodies[next].index < i) {
            next++;
        }
        for (; next < view.bodies_len && view.bodies[next].index == i; next++) {
            put_body(&text, &view.bodies[next]);
        }
        rc = index_one(store, SEARCH_PUT, place_of(log, first + i), &text, err);
    }
    *until = first + view.count;
    arena_rewind(&store->scratch, mark);
    return rc;
}

int store_index(struct store *store, uint32_t max_events,
                struct store_integrated *done, struct error *err)
{
    struct store_integrated out = {0};

    for (;;) {
        sqlite3_stmt *q = query(store, OWNER_SEARCH, SEARCH_LOGS);
        uint64_t from, until = 0;
        uint32_t log;
        int rc;

        if ((rc = query_row(store, q, err)) < 0) {
            return rc;
        }
        if (rc == 0 || (max_events != 0 && out.events >= max_events)) {
            out.more = rc == 1;
            query_end(q);
            *done = out;
            return 0;
        }
        log = column_u32(q, 0);
        from = (uint64_t)column_int(q, 1);
        query_end(q);
        if ((rc = index_segment(store, log, from, &until, err)) != 0) {
            return rc;
        }
        q = query(store, OWNER_SEARCH, SEARCH_CURSOR);
        bind_int(q, 1, (int64_t)until);
        bind_int(q, 2, log);
        if ((rc = query_run(store, q, err)) != 0) {
            return rc;
        }
        out.events += (uint32_t)(until - from);
    }
}

/* ---- questions ---- */

struct words {
    char folded[1024];
    char *words[SEARCH_WORDS_MAX];
    size_t len;
};

/* Folded and split at blanks; quotes would end a phrase, so they are blanks. */
static int split(const char *text, struct words *words, struct error *err)
{
    struct buf out = buf_over(words->folded, sizeof(words->folded) - 1);
    char *save = NULL, *word;
    size_t i;

    words->len = 0;
    if (text_fold(span_str(text), &out, err) != 0) {
        return error_set(err, ERR_USAGE, "the search text is too long");
    }
    words->folded[out.len] = '\0';
    for (i = 0; i < out.len; i++) {
        if (words->folded[i] == '"') {
            words->folded[i] = ' ';
        }
    }
    for (word = strtok_r(words->folded, " \t\n", &save);
         word != NULL && words->len < SEARCH_WORDS_MAX;
         word = strtok_r(NULL, " \t\n", &save)) {
        words->words[words->len++] = word;
    }
    return words->len > 0 ? 0
                          : error_set(err, ERR_USAGE, "nothing to search for");
}

static void add_subject(struct span subject, struct event_id *subjects,
                        size_t max, size_t *len)
{
    size_t i;

    if (subject.len != sizeof(*subjects) || *len == max) {
        return;
    }
    for (i = 0; i < *len; i++) {
        if (memcmp(&subjects[i], subject.ptr, subject.len) == 0) {
            return;
        }
    }
    memcpy(&subjects[(*len)++], subject.ptr, subject.len);
}

static bool has_all(const struct words *words, char *text)
{
    size_t i;

    for (i = 0; i < words->len; i++) {
        if (strstr(text, words->words[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static int search_spool(struct store *store, const struct words *words,
                        struct event_id *subjects, size_t max, size_t *len,
                        struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SEARCH, SEARCH_SPOOL);
    size_t mark = store->scratch.used;
    char *room = arena_alloc(&store->scratch, SEARCH_TEXT_MAX + 1);
    int rc = 0;

    while (room != NULL && (rc = query_row(store, q, err)) == 1) {
        struct buf text = buf_over(room, SEARCH_TEXT_MAX);

        put_numbers(&text, column_span(q, 2));
        rc = body_each(store, column_int(q, 0), visit_body, &text, err);
        if (rc != 0) {
            break;
        }
        room[text.len] = '\0';
        if (has_all(words, room)) {
            add_subject(column_span(q, 1), subjects, max, len);
        }
    }
    query_end(q);
    arena_rewind(&store->scratch, mark);
    return rc < 0 ? rc : 0;
}

static int search_index(struct store *store, const struct words *words,
                        struct event_id *subjects, size_t max, size_t *len,
                        struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SEARCH, SEARCH_MATCH);
    char match[2048];
    struct buf out = buf_over(match, sizeof(match) - 1);
    size_t i;
    int rc;

    for (i = 0; i < words->len; i++) {
        buf_put_fmt(&out, "\"%s\"* ", words->words[i]);
    }
    match[out.len] = '\0';
    bind_text(q, 1, match);
    bind_int(q, 2, (int64_t)max * 4);
    while ((rc = query_row(store, q, err)) == 1) {
        add_subject(column_span(q, 0), subjects, max, len);
    }
    return rc;
}

int store_search(struct store *store, const char *text,
                 struct event_id *subjects, size_t max, size_t *len,
                 struct error *err)
{
    struct event_id id;
    struct words words;
    size_t found = 0;
    int rc = split(text, &words, err);

    if (rc != 0) {
        return rc;
    }
    if (store_event_by_code(store, text, &id, err) == 0) {
        sqlite3_stmt *q = query(store, OWNER_SEARCH, SEARCH_SUBJECT);

        bind_span(q, 1, SPAN_OF(id));
        if ((rc = query_row(store, q, err)) == 1) {
            add_subject(column_span(q, 0), subjects, max, &found);
            query_end(q);
        }
    }
    if (rc < 0 ||
        (rc = search_spool(store, &words, subjects, max, &found, err)) != 0 ||
        (rc = search_index(store, &words, subjects, max, &found, err)) != 0) {
        return rc;
    }
    *len = found;
    return 0;
}
