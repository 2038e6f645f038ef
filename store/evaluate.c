/* store: one unit's duties: collects its records and those tied to them by
 * dialogues, and asks protocol/duty. Also "heard from": the newest repeat that
 * the guard cosigned at the node's signed request.
 *
 * Must never look at a clock. Read next: settle.c.
 */
#include "store/evaluate.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/duty/rules.h"
#include "protocol/link/frames.h"

enum {
    EVALUATE_UNIT,
    EVALUATE_RAISED,
    EVALUATE_ONE,
    EVALUATE_TIED,
    EVALUATE_LONE,
    EVALUATE_LONE_ONE,
    EVALUATE_UNIT_ASOF,
    EVALUATE_RAISED_ASOF,
    EVALUATE_ONE_ASOF,
    EVALUATE_TIED_ASOF,
    EVALUATE_LONE_ASOF,
    EVALUATE_LONE_ONE_ASOF,
    EVALUATE_REPEATS
};

_Static_assert(RECORD_PETITION == 1, "as the statements have it");
#define TIED " AND (r.kind <> 1 OR r.dialogue IS NOT NULL)"
#define LONE " AND r.kind = 1 AND r.dialogue IS NULL"

#define OF_UNIT(records, units, key)                                           \
    "SELECT r.subject, r.kind, r.bytes, r.dialogue FROM " units                \
    " u CROSS JOIN " records " r ON " key " WHERE u.unit = ?"
#define OF_LONE(records, units, key, subject)                                  \
    "SELECT r.bytes FROM " records " r CROSS JOIN " units " u ON " key         \
    " AND u.unit = ?2 WHERE " subject LONE
#define OF_DIALOGUE(records)                                                   \
    "SELECT subject, kind, bytes, dialogue FROM " records " WHERE dialogue = " \
    "?"
#define OF_SUBJECT(records)                                                    \
    "SELECT subject, kind, bytes, dialogue FROM " records " WHERE "

static const char *const sql[] = {
    [EVALUATE_UNIT] = OF_UNIT("records", "record_units", "r.number = u.record"),
    [EVALUATE_RAISED] = OF_DIALOGUE("records"),
    [EVALUATE_ONE] =
        OF_SUBJECT("records") "number = (SELECT record FROM "
                              "events WHERE event = ?1 AND subject = ?1 AND "
                              "record <> 0 LIMIT 1)",
    [EVALUATE_TIED] =
        OF_UNIT("records", "record_units", "r.number = u.record") TIED,
    [EVALUATE_LONE] =
        OF_UNIT("records", "record_units", "r.number = u.record") LONE,
    [EVALUATE_LONE_ONE] =
        OF_LONE("records", "record_units", "u.record = r.number",
                "r.number = (SELECT record FROM events WHERE event = ?1 AND "
                "subject = ?1 AND record <> 0 LIMIT 1)"),
    [EVALUATE_UNIT_ASOF] = OF_UNIT("temp.asof_records", "temp.asof_units",
                                   "r.subject = u.subject"),
    [EVALUATE_RAISED_ASOF] = OF_DIALOGUE("temp.asof_records"),
    [EVALUATE_ONE_ASOF] = OF_SUBJECT("temp.asof_records") "subject = ?",
    [EVALUATE_TIED_ASOF] = OF_UNIT("temp.asof_records", "temp.asof_units",
                                   "r.subject = u.subject") TIED,
    [EVALUATE_LONE_ASOF] = OF_UNIT("temp.asof_records", "temp.asof_units",
                                   "r.subject = u.subject") LONE,
    [EVALUATE_LONE_ONE_ASOF] =
        OF_LONE("temp.asof_records", "temp.asof_units", "u.subject = r.subject",
                "r.subject = ?1"),
    [EVALUATE_REPEATS] =
        "SELECT c.number, c.size, c.root, c.line, c.request, l.id, l.origin "
        "FROM logs l CROSS JOIN cosigs c INDEXED BY cosigs_heard ON "
        "c.log = l.id AND c.request IS NOT "
        "NULL "
        "WHERE l.node = ? AND l.is_dir = 0 ORDER BY l.epoch DESC, c.number "
        "DESC",
};
const struct query_table evaluate_queries = {sql, sizeof(sql) / sizeof(sql[0])};

#define EVALUATE_ARENA_MAX ((size_t)512 << 20)

/* ---- heard ---- */

#define HEARD_CACHE 1024u

struct heard_cache {
    struct {
        uint32_t node;
        int64_t heard_s;
    } rows[HEARD_CACHE];
};

void heard_forget(struct store *store)
{
    free(store->heard);
    store->heard = NULL;
}

/* Did the node's actor key ask for this very repeat? */
static bool asked_for(sqlite3_stmt *q, const struct dir_node *node)
{
    struct checkpoint checkpoint = {.origin = column_span(q, 6)};
    uint8_t text[CHECKPOINT_TEXT_MAX];
    struct buf out = buf_over(text, sizeof(text));
    struct signature request;
    struct error ignored;
    size_t i;

    checkpoint.head.size = (uint64_t)column_int(q, 1);
    if (column_bytes(q, 2, &checkpoint.head.root, sizeof(struct hash),
                     &ignored) != 0 ||
        column_bytes(q, 4, &request, sizeof(request), &ignored) != 0) {
        return false;
    }
    checkpoint_format(&checkpoint, &out);
    for (i = 0; i < node->certs_len; i++) {
        if (heard_verify(buf_span(&out), (uint64_t)column_int(q, 0), &request,
                         &node->certs[i]->actor_key)) {
            return true;
        }
    }
    return false;
}

static bool repeat_known(sqlite3_stmt *q, const struct store_known *known)
{
    size_t i;

    if (known == NULL || !known->limited) {
        return true;
    }
    for (i = 0; i < known->heads_len; i++) {
        if (known->heads[i].log == column_u32(q, 5)) {
            return (uint64_t)column_int(q, 0) < known->heads[i].cosigs;
        }
    }
    return false;
}

static int newest_repeat(struct store *store, const struct directory *dir,
                         const struct dir_node *node,
                         const struct store_known *known, int64_t *heard_s,
                         struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_EVALUATE, EVALUATE_REPEATS);
    int rc;

    *heard_s = 0;
    bind_int(q, 1, node->number);
    while ((rc = query_row(store, q, err)) == 1) {
        struct cosignature line;

        if ((rc = column_bytes(q, 3, &line, sizeof(line), err)) != 0) {
            query_end(q);
            return rc;
        }
        if (repeat_known(q, known) && asked_for(q, node) &&
            !line_is_void(dir, column_span(q, 6), &line)) {
            *heard_s = (int64_t)cosignature_time(&line);
            break;
        }
    }
    query_end(q);
    return rc < 0 ? rc : 0;
}

static int heard_of_node(struct store *store, const struct directory *dir,
                         const struct store_known *known, uint32_t number,
                         int64_t *heard_s, struct error *err)
{
    const struct dir_node *node = directory_node(dir, number);
    const struct dir_cert *cert = directory_cert(dir, number);
    size_t slot = number % HEARD_CACHE;
    int rc;

    *heard_s = 0;
    if (node == NULL || cert == NULL) {
        return 0;
    }
    if (cert->guard == 0) {
        *heard_s = INT64_MAX;
        return 0;
    }
    if (known != NULL) {
        return newest_repeat(store, dir, node, known, heard_s, err);
    }
    if (store->heard == NULL) {
        store->heard = calloc(1, sizeof(*store->heard));
        if (store->heard == NULL) {
            return error_set(err, ERR_NOMEM, "heard from");
        }
    }
    if (store->heard->rows[slot].node != number) {
        rc = newest_repeat(store, dir, node, NULL, heard_s, err);
        if (rc != 0) {
            return rc;
        }
        store->heard->rows[slot].node = number;
        store->heard->rows[slot].heard_s = *heard_s;
    }
    *heard_s = store->heard->rows[slot].heard_s;
    return 0;
}

struct heard_ctx {
    struct store *store;
    const struct directory *directory;
    const struct store_known *known;
    uint32_t asof_day;
};

static int heard(void *data, uint32_t unit, int64_t *heard_s, struct error *err)
{
    struct heard_ctx *ctx = data;
    struct unit_facts facts;

    *heard_s = 0;
    if (!directory_unit_at(ctx->directory, unit, ctx->asof_day, &facts) ||
        facts.host == 0) {
        return 0;
    }
    return heard_of_node(ctx->store, ctx->directory, ctx->known, facts.host,
                         heard_s, err);
}

int store_heard(struct store *store, uint32_t unit, int64_t *heard_s,
                struct error *err)
{
    struct heard_ctx ctx = {.store = store};
    int64_t day;
    int rc = store_directory(store, &ctx.directory, err);

    if (rc != 0 || (rc = meta_int(store, META_DAY, &day, err)) != 0) {
        return rc;
    }
    ctx.asof_day = (uint32_t)day;
    return heard(&ctx, unit, heard_s, err);
}

/* ---- records of a unit ---- */

/* A growing list inside the arena: chunks would be in the way of sorting. */
struct collected {
    struct duty_record *records;
    struct event_id *dialogues; /* of each record; zero = none */
    size_t len;
    size_t size;
};

static int collect_room(struct collected *all, struct arena *arena,
                        struct error *err)
{
    size_t size = all->size == 0 ? 256 : all->size * 2;
    struct duty_record *records;
    struct event_id *dialogues;

    if (all->len < all->size) {
        return 0;
    }
    records = arena_array(arena, size, sizeof(*records));
    dialogues = arena_array(arena, size, sizeof(*dialogues));
    if (records == NULL || dialogues == NULL) {
        return error_set(err, ERR_LIMIT, "records of a unit");
    }
    if (all->len > 0) {
        memcpy(records, all->records, all->len * sizeof(*records));
        memcpy(dialogues, all->dialogues, all->len * sizeof(*dialogues));
    }
    all->records = records;
    all->dialogues = dialogues;
    all->size = size;
    return 0;
}

/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
static int collect(struct store *store, int which, struct span key,
                   uint32_t unit, struct arena *arena, struct collected *all,
                   struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_EVALUATE, which);
    int rc;

    if (key.len > 0) {
        bind_span(q, 1, key);
    } else {
        bind_int(q, 1, unit);
    }
    while ((rc = query_row(store, q, err)) == 1) {
        struct duty_record *record;
        struct span dialogue = column_span(q, 3);

        if ((rc = collect_room(all, arena, err)) != 0 || all->records == NULL) {
            break;
        }
        record = &all->records[all->len];
        record->kind = (enum record_kind)column_int(q, 1);
        memset(&all->dialogues[all->len], 0, sizeof(struct event_id));
        if (dialogue.len == sizeof(struct event_id)) {
            memcpy(&all->dialogues[all->len], dialogue.ptr, dialogue.len);
        }
        if ((rc = column_bytes(q, 0, &record->subject, sizeof(record->subject),
                               err)) != 0 ||
            (rc = arena_keep(arena, column_span(q, 2), &record->bytes, err)) !=
                0) {
            break;
        }
        all->len++;
    }
    query_end(q);
    return rc < 0 ? rc : 0;
}

static int record_order(const void *a, const void *b)
{
    const struct duty_record *x = a, *y = b;

    return event_id_compare(&x->subject, &y->subject);
}

/* From the tables of now, or from those of another day? */
static int table_of(const struct evaluation *e, int which)
{
    return which + (e->from_asof ? EVALUATE_UNIT_ASOF - EVALUATE_UNIT : 0);
}

/* Its records, the petitions raised at those dialogues, the dialogues of those
 * petitions; each once, in order of subject. For cells alone the petitions
 * that name no dialogue are not among them (lone_each). */
static int collect_unit(struct store *store, const struct evaluation *e,
                        struct arena *arena, struct duty_input *input,
                        struct error *err)
{
    struct collected all = {0};
    size_t i, own, len = 0;
    int own_records = e->cells_only ? EVALUATE_TIED : EVALUATE_UNIT;
    int rc = collect(store, table_of(e, own_records), (struct span){0}, e->unit,
                     arena, &all, err);

    own = all.len;
    for (i = 0; rc == 0 && i < own; i++) {
        struct event_id dialogue = all.dialogues[i];
        struct event_id subject = all.records[i].subject;

        if (!event_id_is_zero(&dialogue)) {
            rc = collect(store, table_of(e, EVALUATE_ONE), SPAN_OF(dialogue), 0,
                         arena, &all, err);
        } else if (all.records[i].kind == RECORD_DIALOGUE) {
            rc = collect(store, table_of(e, EVALUATE_RAISED), SPAN_OF(subject),
                         0, arena, &all, err);
        }
    }
    if (rc != 0) {
        return rc;
    }
    if (all.len > 0) {
        qsort(all.records, all.len, sizeof(*all.records), record_order);
    }
    for (i = 0; i < all.len; i++) {
        if (len == 0 || !event_id_equal(&all.records[i].subject,
                                        &all.records[len - 1].subject)) {
            all.records[len++] = all.records[i];
        }
    }
    input->records = all.records;
    input->records_len = len;
    return 0;
}

/* ---- petitions that name no dialogue ---- */

struct lone_ctx {
    struct duty_lone lone;
    struct store *store;
    const struct evaluation *evaluation;
};

static int lone_each(void *data, duty_record_fn visit, void *to,
                     struct error *err)
{
    struct lone_ctx *ctx = data;
    sqlite3_stmt *q = query(ctx->store, OWNER_EVALUATE,
                            table_of(ctx->evaluation, EVALUATE_LONE));
    int rc;

    bind_int(q, 1, ctx->evaluation->unit);
    while ((rc = query_row(ctx->store, q, err)) == 1) {
        struct duty_record record = {.kind = RECORD_PETITION,
                                     .bytes = column_span(q, 2)};

        if ((rc = column_bytes(q, 0, &record.subject, sizeof(record.subject),
                               err)) != 0 ||
            (rc = visit(to, &record, err)) != 0) {
            break;
        }
    }
    query_end(q);
    return rc;
}

static int lone_find(void *data, const struct event_id *id, struct arena *arena,
                     struct span *bytes, struct error *err)
{
    struct lone_ctx *ctx = data;
    sqlite3_stmt *q = query(ctx->store, OWNER_EVALUATE,
                            table_of(ctx->evaluation, EVALUATE_LONE_ONE));
    int rc;

    bytes->ptr = NULL;
    bind_span(q, 1, SPAN_OF(*id));
    bind_int(q, 2, ctx->evaluation->unit);
    if ((rc = query_row(ctx->store, q, err)) == 1) {
        rc = arena_keep(arena, column_span(q, 0), bytes, err);
    }
    query_end(q);
    return rc;
}

static int lone_open(struct store *store, const struct evaluation *e,
                     struct arena *arena, struct duty_input *input,
                     struct error *err)
{
    struct lone_ctx *ctx = arena_alloc(arena, sizeof(*ctx));

    if (ctx == NULL) {
        return error_set(err, ERR_LIMIT, "an evaluation");
    }
    *ctx = (struct lone_ctx){{lone_each, lone_find, ctx}, store, e};
    input->lone = &ctx->lone;
    return 0;
}

/* ---- the evaluation ---- */

static int evaluate_once(struct store *store, const struct evaluation *e,
                         struct arena *arena, struct duty_input *input,
                         struct duty_result *result, struct error *err)
{
    const struct directory *dir = e->directory;
    struct rule_set *rules;
    struct heard_ctx *ctx;
    int rc = 0;

    arena_reset(arena);
    rules = arena_alloc(arena, sizeof(*rules));
    ctx = arena_alloc(arena, sizeof(*ctx));
    if (rules == NULL || ctx == NULL) {
        return error_set(err, ERR_LIMIT, "an evaluation");
    }
    if (dir == NULL && (rc = store_directory(store, &dir, err)) != 0) {
        return rc;
    }
    if ((rc = rule_set_of(dir, arena, rules, err)) != 0) {
        return rc;
    }
    *ctx = (struct heard_ctx){store, dir, e->known, e->asof_day};
    *input = (struct duty_input){
        .directory = dir,
        .rules = rules,
        .calendar = dir->calendar.version == 0 ? NULL : &dir->calendar,
        .unit = e->unit,
        .asof_day = e->asof_day,
        .heard = heard,
        .heard_ctx = ctx,
        .cells_only = e->cells_only,
    };
    if ((e->cells_only && (rc = lone_open(store, e, arena, input, err)) != 0) ||
        (rc = collect_unit(store, e, arena, input, err)) != 0) {
        return rc;
    }
    return duty_evaluate(input, arena, result, err);
}

int evaluate_unit(struct store *store, const struct evaluation *evaluation,
                  struct arena *arena, struct duty_input *input,
                  struct duty_result *result, struct error *err)
{
    int rc;

    for (;;) {
        rc = evaluate_once(store, evaluation, arena, input, result, err);
        if ((rc != ERR_LIMIT && rc != ERR_NOMEM) || !arena->ran_out ||
            !arena->owned) {
            return rc;
        }
        if ((rc = arena_grow(arena, EVALUATE_ARENA_MAX, err)) != 0) {
            return rc;
        }
    }
}
