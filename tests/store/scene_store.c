/* tests/store: stores for the realm of scene.h: opened, given what was sealed
 * in whatever order, settled, and dumped to be compared. Next: scene.c. */
#include "tests/store/scene.h"

#include <unistd.h>

#include "qcdc/v1/event.pb-c.h"
#include "store/directory.h"
#include "store/query.h"
#include "store/store_internal.h"

const char *scene_path(const char *name)
{
    static char path[512];
    static const char *const tails[] = {"", "-wal", "-shm"};
    const char *dir = getenv("QCDC_BUILD_DIR");
    char file[600];
    size_t i;

    (void)snprintf(path, sizeof(path), "%s/store-%s-%ld.db",
                   dir == NULL ? "/tmp" : dir, name, (long)getpid());
    for (i = 0; i < TEST_LEN(tails); i++) {
        (void)snprintf(file, sizeof(file), "%s%s", path, tails[i]);
        (void)unlink(file);
    }
    return path;
}

static void say_whose(struct store *store, uint32_t self)
{
    struct sign_public root = scene_key(KEY_ROOT, NULL);
    struct error err = {0};

    assert_ok(store_self_set(store, self, &err), err);
    assert_ok(store_meta_put(store, STORE_META_ROOT, SPAN_OF(root), &err), err);
}

struct store *scene_store(const char *path, uint32_t self)
{
    struct store_options options = {.path = path, .create = true};
    struct store *store = NULL;
    struct error err = {0};

    assert_ok(store_open(&options, &store, &err), err);
    assert_ok(store_begin(store, &err), err);
    say_whose(store, self);
    assert_ok(store_commit(store, &err), err);
    return store;
}

/* DELETE FROM every table but those of the index of texts, for
 * sqlite3_free. */
static char *deletions(sqlite3 *db)
{
    sqlite3_stmt *q = NULL;
    char *sql = sqlite3_mprintf("");

    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT name FROM sqlite_schema WHERE type = "
                           "'table' AND name NOT LIKE 'search%'",
                           -1, &q, NULL),
        SQLITE_OK);
    while (sqlite3_step(q) == SQLITE_ROW) {
        sql = sqlite3_mprintf("%zDELETE FROM %w;", sql,
                              sqlite3_column_text(q, 0));
        assert_non_null(sql);
    }
    assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
    return sql;
}

void scene_store_empty(struct store *store, uint32_t self)
{
    struct error err = {0};
    char *sql = deletions(store->db);

    assert_ok(store_begin(store, &err), err);
    assert_ok(db_exec(store, sql, &err), err);
    sqlite3_free(sql);
    say_whose(store, self);
    assert_ok(store_commit(store, &err), err);
    assert_ok(store_begin(store, &err), err);
    store_rollback(store); /* forgets what it knew of the rows */
}

void scene_give(struct scene *s, struct store *store, size_t log, size_t i)
{
    struct scene_part *part = &s->logs[log].parts[i];
    struct error err = {0};
    struct store_log held;

    assert_ok(store_begin(store, &err), err);
    assert_ok(store_log_ensure(store, &s->logs[log].log, &held, &err), err);
    if (part->is_cosig) {
        part->cosig.log = held.id;
        assert_ok(store_cosig_append(store, &part->cosig, &err), err);
    } else {
        part->segment.log = held.id;
        assert_ok(
            store_segment_append(store, &part->segment, &part->after, &err),
            err);
    }
    assert_ok(store_commit(store, &err), err);
}

void scene_give_all(struct scene *s, struct store *store)
{
    size_t log, i;

    for (log = 0; log < s->logs_len; log++) {
        for (i = 0; i < s->logs[log].parts_len; i++) {
            scene_give(s, store, log, i);
        }
    }
}

#define CELLS_MAX 4096u

/* The cells of the table, for which petitions are read one by one, are those
 * of an evaluation that holds every record at once. */
static void cells_as_held(struct store *store, struct store_now now)
{
    static struct duty_cell cells[CELLS_MAX];
    const struct directory *dir;
    struct error err = {0};
    struct arena arena;

    assert_ok(arena_new(&arena, 1u << 22, &err), err);
    assert_ok(store_directory(store, &dir, &err), err);
    for (size_t i = 0; i < dir->units_len; i++) {
        const struct store_cell_filter of_unit = {.unit = dir->units[i].number};
        struct duty_input input;
        struct duty_result result;
        size_t len = 0;

        assert_ok(
            store_cell_list(store, &of_unit, cells, CELLS_MAX, &len, &err),
            err);
        assert_ok(store_evaluate(store, of_unit.unit, now, NULL, &arena, &input,
                                 &result, &err),
                  err);
        assert_int_equal(result.cells_len, len);
        for (size_t j = 0; j < len; j++) {
            assert_memory_equal(&result.cells[j], &cells[j], sizeof(cells[j]));
        }
    }
    arena_release(&arena);
}

void scene_settle(struct store *store, const char *asof)
{
    struct store_integrate_options options = {.now = now_of(asof),
                                              .verify_here = true};
    struct store_integrated done;
    struct error err = {0};

    assert_ok(store_begin(store, &err), err);
    do {
        assert_ok(store_integrate(store, &options, &done, &err), err);
    } while (done.more);
    do {
        assert_ok(store_settle(store, options.now, 0, &done, &err), err);
    } while (done.more);
    assert_ok(store_commit(store, &err), err);
    cells_as_held(store, options.now);
}

struct dump {
    char *text;
    size_t len;
    size_t size;
};

static void add_line(void *data, const char *text)
{
    struct dump *dump = data;
    size_t len = strlen(text);

    while (dump->len + len + 2 > dump->size) {
        dump->size = dump->size == 0 ? 65536 : dump->size * 2;
        dump->text = realloc(dump->text, dump->size);
        assert_non_null(dump->text);
    }
    memcpy(dump->text + dump->len, text, len);
    dump->len += len;
    dump->text[dump->len++] = '\n';
    dump->text[dump->len] = '\0';
}

char *scene_dump(struct store *store)
{
    struct dump dump = {0};
    struct error err = {0};

    assert_ok(store_dump(store, add_line, &dump, &err), err);
    assert_non_null(dump.text);
    return dump.text;
}
