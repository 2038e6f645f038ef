/* tests/store: a store in a pause: what it keeps in memory, and what it gives
 * back. Read next: store/db.c. */
#include "store/book.h"
#include "store/store_internal.h"
#include "tests/store/scene.h"

static struct store *open_new(const char *path)
{
    const struct store_options options = {.path = path, .create = true};
    struct store *store = NULL;
    struct error err = {0};

    assert_ok(crypto_start(&err), err);
    assert_ok(store_open(&options, &store, &err), err);
    return store;
}

static int pages_kept(struct store *store)
{
    int now = 0, most = 0;

    assert_int_equal(sqlite3_db_status(store->db, SQLITE_DBSTATUS_CACHE_USED,
                                       &now, &most, 0),
                     SQLITE_OK);
    return now;
}

static void memory_is_given_back_once_nothing_is_asked(void **state)
{
    static uint8_t value[65536];
    struct store *store = open_new(scene_path("rest"));
    struct error err = {0};
    bool gave = true;
    uint8_t key;

    (void)state;
    assert_ok(store_begin(store, &err), err);
    for (key = 0; key < 64; key++) {
        assert_ok(store_book_put(store, STORE_BOOK_READ, span_make(&key, 1),
                                 SPAN_OF(value), &err),
                  err);
    }
    assert_false(store_rest(store, &gave)); /* in the middle of work */
    assert_false(gave);
    assert_ok(store_commit(store, &err), err);
    assert_true(pages_kept(store) > 3 << 20);
    assert_true(store_rest(store, &gave));
    assert_true(gave);
    assert_true(pages_kept(store) < 1 << 20);
    assert_true(store_rest(store, &gave));
    assert_false(gave);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_given_back_once_nothing_is_asked),
    };
    return TEST_RUN(tests);
}
