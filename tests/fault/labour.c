/* tests/fault: the deeds of labour.h. Must never depend on time or chance.
 * Read next: test_power_cut.c.
 */
#include "tests/fault/labour.h"

#include "store/book.h"
#include "store/directory.h"
#include "store/store_internal.h"
#include "tests/fault/disk.h"

static struct deed *add(struct labour *l, enum deed_kind kind)
{
    struct deed *deed;

    if (l->len == l->size) {
        l->size = l->size == 0 ? 256 : l->size * 2;
        l->deeds = realloc(l->deeds, l->size * sizeof(*l->deeds));
        assert_non_null(l->deeds);
    }
    deed = &l->deeds[l->len++];
    memset(deed, 0, sizeof(*deed));
    deed->kind = kind;
    return deed;
}

static struct span keep(struct labour *l, struct span bytes)
{
    struct span copy = arena_copy(&l->scene.arena, bytes);

    assert_int_equal(copy.len, bytes.len);
    return copy;
}

/* What the district itself said: recorded one by one, then sequenced. */
static void add_own(struct labour *l, size_t log, size_t part)
{
    struct scene *s = &l->scene;
    struct segment_view *view = calloc(1, sizeof(*view));
    struct error err = {0};
    struct deed *deed;
    uint32_t i;
    size_t b;

    assert_non_null(view);
    assert_ok(segment_open(s->codec, &s->logs[log].parts[part].segment.parts,
                           &s->arena, view, &err),
              err);
    for (i = 0; i < view->count; i++) {
        uint8_t bytes[8192];
        struct buf list = buf_over(bytes, sizeof(bytes));

        for (b = 0; b < view->bodies_len; b++) {
            struct body body = view->bodies[b];

            if (body.index == i) {
                body.index = 0;
                assert_ok(body_put(&body, &list, &err), err);
            }
        }
        deed = add(l, DEED_RECORD);
        deed->log = log;
        deed->leaf = keep(l, view->leaves[i]);
        deed->bodies = keep(l, buf_span(&list));
    }
    deed = add(l, DEED_SEQUENCE);
    deed->log = log;
    deed->part = part;
    free(view);
}

static void add_part(struct labour *l, size_t log, size_t part)
{
    struct scene_log *from = &l->scene.logs[log];
    struct deed *deed;

    if (!from->parts[part].is_cosig && from->log.node == DISTRICT) {
        add_own(l, log, part);
        return;
    }
    deed = add(l, from->parts[part].is_cosig ? DEED_COSIGN : DEED_TAKE);
    deed->log = log;
    deed->part = part;
}

/* What comes between: never twice the same neighbours. */
static void add_between(struct labour *l, size_t n)
{
    static const struct {
        size_t every;
        enum deed_kind kind;
    } between[] = {{3, DEED_INTEGRATE}, {7, DEED_BOOK},      {8, DEED_SETTLE},
                   {9, DEED_TIDY},      {19, DEED_TIDY_ALL}, {23, DEED_READ},
                   {29, DEED_REOPEN},   {47, DEED_REBUILD}};
    size_t i;

    for (i = 0; i < TEST_LEN(between); i++) {
        if (n % between[i].every == between[i].every - 1) {
            (void)add(l, between[i].kind);
        }
    }
}

static void small_story(struct scene *s)
{
    static const uint32_t nodes[] = {DISTRICT, COMMUNE_A};
    size_t i;

    scene_day(s, "2024-03-04");
    for (i = 0; i < TEST_LEN(nodes); i++) {
        (void)SAY(s, .node = nodes[i], .type = EVENT_PETITION_RECEIVED,
                  .on = "2024-03-04", .text = "Cống thoát nước bị tắc",
                  .private = "khong doc duoc",
                  .facts = {{"channel", "counter"},
                            {"kind", "proposal"},
                            {"field", "land"},
                            {"person_known", "true"},
                            {"people", "1"}});
    }
    scene_flush(s);
}

void labour_open(struct labour *l, int rounds)
{
    size_t log, part, n = 0;
    bool more = true;

    memset(l, 0, sizeof(*l));
    scene_open(&l->scene);
    scene_found(&l->scene);
    l->scene.small = true;
    if (rounds > 0) {
        scene_story(&l->scene, rounds);
    } else {
        small_story(&l->scene);
    }
    (void)add(l, DEED_OPEN);
    (void)add(l, DEED_SELF);
    for (part = 0; more; part++) {
        more = false;
        for (log = 0; log < l->scene.logs_len; log++) {
            if (part < l->scene.logs[log].parts_len) {
                add_part(l, log, part);
                add_between(l, n++);
                more = true;
            }
        }
    }
    (void)add(l, DEED_REBUILD);
    (void)add(l, DEED_TIDY_ALL);
    l->digests = calloc(l->len, sizeof(*l->digests));
    assert_non_null(l->digests);
}

void labour_close(struct labour *l)
{
    scene_close(&l->scene);
    free(l->deeds);
    free(l->digests);
}

/* ---- deeds ---- */

static int reopen(struct store **store, struct error *err)
{
    struct store_options options = {.path = LABOUR_PATH, .create = true};

    store_close(*store);
    *store = NULL;
    return store_open(&options, store, err);
}

static int read_beside(struct error *err)
{
    struct store_options options = {.path = LABOUR_PATH, .read_only = true};
    struct store *reader = NULL;
    int rc = store_open(&options, &reader, err);

    rc = rc != 0 ? rc : store_look(reader, err);
    store_close(reader);
    return rc;
}

static int integrate(struct store *store, uint32_t max, struct error *err)
{
    struct store_integrate_options options = {
        .now = now_of(LABOUR_ASOF), .max_events = max, .verify_here = true};
    struct store_integrated done;

    return store_integrate(store, &options, &done, err);
}

static int deliver(struct labour *l, const struct deed *deed,
                   struct store *store, struct error *err)
{
    struct scene_log *from = &l->scene.logs[deed->log];
    struct scene_part *part = &from->parts[deed->part];
    struct store_log log;
    int rc = store_log_ensure(store, &from->log, &log, err);

    if (rc != 0) {
        return rc;
    }
    part->segment.log = part->cosig.log = log.id;
    if (deed->kind == DEED_COSIGN) {
        return store_cosig_append(store, &part->cosig, err);
    }
    return deed->kind == DEED_TAKE
               ? store_segment_append(store, &part->segment, &part->after, err)
               : store_sequence(store, from->log.is_dir, &part->segment,
                                &part->after, err);
}

static int book(size_t i, struct store *store, struct error *err)
{
    struct store_token token = {.seen = true};
    struct event_id id = {{0}};
    char name[32];
    int rc;

    memcpy(token.current, &i, sizeof(i));
    memcpy(id.bytes, &i, sizeof(i));
    (void)snprintf(name, sizeof(name), "HS-%zu", i);
    if ((rc = store_token_put(store, COMMUNE_A, &token, err)) != 0 ||
        (rc = store_import_put(store, name, &id, err)) != 0) {
        return rc;
    }
    return store_peer_refuse(store, COMMUNE_B, "said nothing", 100, err);
}

static int inside(struct labour *l, size_t i, struct store *store,
                  struct error *err)
{
    struct sign_public root = scene_key(KEY_ROOT, NULL);
    const struct deed *deed = &l->deeds[i];
    struct store_integrated done;
    uint64_t number;
    int rc;

    switch (deed->kind) {
    case DEED_SELF:
        rc = store_self_set(store, DISTRICT, err);
        return rc != 0
                   ? rc
                   : store_meta_put(store, STORE_META_ROOT, SPAN_OF(root), err);
    case DEED_TAKE:
    case DEED_COSIGN:
    case DEED_SEQUENCE:
        return deliver(l, deed, store, err);
    case DEED_RECORD:
        rc = store_spool_append(store, l->scene.logs[deed->log].log.is_dir,
                                deed->leaf, deed->bodies, &number, err);
        return rc != 0 ? rc : integrate(store, 8, err);
    case DEED_INTEGRATE:
        return integrate(store, 6, err);
    case DEED_SETTLE:
        return store_settle(store, now_of(LABOUR_ASOF), 2, &done, err);
    case DEED_BOOK:
        return book(i, store, err);
    case DEED_OPEN:
    case DEED_READ:
    case DEED_TIDY:
    case DEED_TIDY_ALL:
    case DEED_REOPEN:
    case DEED_REBUILD:
        break;
    }
    return error_set(err, ERR_USAGE, "no such deed");
}

int labour_do(struct labour *l, size_t i, struct store **store,
              struct error *err)
{
    struct store_rebuild_options again = {.now = now_of(LABOUR_ASOF)};
    enum deed_kind kind = l->deeds[i].kind;
    struct store_integrated done;
    uint32_t left;
    int rc;

    if (kind == DEED_OPEN || kind == DEED_REOPEN) {
        return reopen(store, err);
    }
    if (kind == DEED_READ) {
        return read_beside(err);
    }
    if (kind == DEED_TIDY || kind == DEED_TIDY_ALL) {
        return store_tidy(*store, kind == DEED_TIDY_ALL, &left, err);
    }
    if (kind == DEED_REBUILD) {
        return store_rebuild(*store, &again, &done, err);
    }
    if ((rc = store_begin(*store, err)) != 0) {
        return rc;
    }
    if ((rc = inside(l, i, *store, err)) != 0) {
        store_rollback(*store);
        return rc;
    }
    return store_commit(*store, err);
}

void labour_reference(struct labour *l, struct disk *disk)
{
    struct store *store = NULL;
    struct error err = {0};
    size_t i;

    disk_use(disk);
    for (i = 0; i < l->len; i++) {
        assert_ok(labour_do(l, i, &store, &err), err);
        l->digests[i] = labour_digest(store, true);
        disk_mark(disk, i + 1);
    }
    l->last = labour_digest(store, false);
    assert_int_equal(labour_findings(store), 0);
    store_close(store);
}

/* ---- the oracle ---- */

static void mix(uint64_t *hash, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    size_t i;

    for (i = 0; i < len; i++) {
        *hash = (*hash ^ at[i]) * 0x100000001b3u;
    }
    *hash = (*hash ^ len) * 0x100000001b3u;
}

static void mix_table(struct store *store, const char *name, uint64_t *hash)
{
    char text[4200];
    sqlite3_stmt *q = NULL;
    int rc, i;

    mix(hash, name, strlen(name));
    (void)snprintf(text, sizeof(text), "SELECT * FROM \"%s\"", name);
    assert_int_equal(sqlite3_prepare_v2(store->db, text, -1, &q, NULL),
                     SQLITE_OK);
    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        for (i = 0; i < sqlite3_column_count(q); i++) {
            const void *bytes = sqlite3_column_blob(q, i);
            size_t len = (size_t)sqlite3_column_bytes(q, i);

            mix(hash, len == 0 ? "" : bytes, len);
        }
    }
    sqlite3_finalize(q);
    assert_int_equal(rc, SQLITE_DONE);
}

uint64_t labour_digest(struct store *store, bool queues)
{
    uint64_t hash = 0xcbf29ce484222325u;
    sqlite3_stmt *q = NULL;
    char names[64][64];
    size_t len = 0, i;

    /* The search index is a table of its own make: its rows are in these. */
    assert_int_equal(
        sqlite3_prepare_v2(store->db,
                           "SELECT name FROM sqlite_master WHERE type = "
                           "'table' AND name <> 'search' AND sql IS NOT NULL "
                           "ORDER BY name",
                           -1, &q, NULL),
        SQLITE_OK);
    while (sqlite3_step(q) == SQLITE_ROW) {
        assert_true(len < TEST_LEN(names));
        (void)snprintf(names[len++], sizeof(names[0]), "%s",
                       (const char *)sqlite3_column_text(q, 0));
    }
    sqlite3_finalize(q);
    for (i = 0; i < len; i++) {
        if (queues || strcmp(names[i], "deliveries") != 0) {
            mix_table(store, names[i], &hash);
        }
    }
    return hash;
}

static int tell(void *data, const struct store_finding *finding)
{
    (void)data;
    print_error("check: %s: %s\n", finding->what, finding->text);
    return 0;
}

uint64_t labour_findings(struct store *store)
{
    struct store_check_options options = {.now = now_of(LABOUR_ASOF),
                                          .visit = tell};
    struct error err = {0};
    uint64_t findings = 1;

    /* What waits for the next slices of integration is no finding. */
    scene_settle(store, LABOUR_ASOF);
    assert_ok(store_check(store, &options, &findings, &err), err);
    return findings;
}
