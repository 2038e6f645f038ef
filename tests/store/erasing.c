/* tests/store: the realm and the hands of tests of erasure. Asserts nothing
 * that a test is about. Next: erasing.h. */
#include "tests/store/erasing.h"

#include "store/erase.h"
#include "store/query.h"

struct event_id erasing_petition(struct scene *s, const char *text,
                                 const char *private)
{
    return SAY(s, .node = COMMUNE_A, .type = EVENT_PETITION_RECEIVED,
               .on = "2024-05-06", .text = text, .private = private,
               .facts = {{"channel", "counter"},
                         {"kind", "proposal"},
                         {"field", "land"},
                         {"person_known", "true"}});
}

struct event_id erasing_say(struct scene *s, uint32_t signer,
                            const struct event_id *event, const char *audience)
{
    return SAY(s, .node = COMMUNE_A, .type = EVENT_ERASED, .on = "2024-06-03",
               .subject = *event, .refs = {*event}, .signer = signer,
               .facts = {{"audience", audience}, {"ground", "request"}});
}

void erasing_approve(struct erasing *st, uint32_t node)
{
    (void)SAY(st->s, .node = node, .type = EVENT_APPROVED, .on = "2024-06-04",
              .subject = st->planted, .refs = {st->erased},
              .signer = KEY_LEADER(node));
    scene_flush(st->s);
}

void erasing_open(struct erasing *st)
{
    memset(st, 0, sizeof(*st));
    st->s = calloc(1, sizeof(*st->s));
    assert_non_null(st->s);
    scene_open(st->s);
    scene_found(st->s);
    scene_day(st->s, "2024-05-06");
    st->s->seed = 0x9e3779b97f4a7c15u;
    memcpy(st->salt.bytes, &(uint64_t){st->s->seed + 1}, sizeof(uint64_t));
    st->planted = erasing_petition(st->s, PLANTED, SECRET);
    st->kept = erasing_petition(st->s, KEPT, NULL);
    scene_flush(st->s);
}

void erasing_close(struct erasing *st)
{
    scene_close(st->s);
    free(st->s);
}

void erasing_text(struct erasing *st)
{
    scene_day(st->s, "2024-06-03");
    st->erased =
        erasing_say(st->s, KEY_LEADER(COMMUNE_A), &st->planted, "text");
    scene_flush(st->s);
}

void erasing_give(struct erasing *st, struct store *store)
{
    for (size_t i = 0; i < st->s->logs_len; i++) {
        struct scene_log *from = &st->s->logs[i];
        struct store_log held = {.id = 0};
        struct error err = {0};

        for (size_t k = 0; k < from->parts_len; k++) {
            const struct scene_part *part = &from->parts[k];

            if (store_log_find(store, span_str(from->log.origin), &held,
                               &err) != 0) {
                held = (struct store_log){.id = 0};
            }
            if (part->is_cosig ? part->cosig.number >= held.cosigs
                               : part->after.size > held.head.size) {
                scene_give(st->s, store, i, k);
            }
        }
    }
}

void erasing_hear(struct erasing *st, struct store *store)
{
    erasing_give(st, store);
    scene_settle(store, ASOF);
}

struct store *erasing_reopen(const char *path)
{
    struct store_options options = {.path = path};
    struct store *store = NULL;
    struct error err = {0};

    assert_ok(store_open(&options, &store, &err), err);
    return store;
}

static int note(void *data, const struct store_finding *finding)
{
    (void)data;
    fail_msg("%s: %s", finding->what, finding->text);
    return 0;
}

uint64_t erasing_check(struct store *store)
{
    uint64_t findings = 0, erased = 0;
    struct store_check_options options = {
        .now = now_of(ASOF), .visit = note, .erased = &erased};
    struct error err = {0};

    assert_ok(store_check(store, &options, &findings, &err), err);
    assert_int_equal(findings, 0);
    return erased;
}

bool erasing_holds(struct store *store, const struct event_id *id,
                   uint32_t audience)
{
    static uint8_t memory[65536];
    struct arena arena;
    struct body body;
    struct error err = {0};
    int rc;

    arena_init(&arena, memory, sizeof(memory));
    rc = store_body_find(store, id, audience, &arena, &body, &err);
    assert_true(rc == 0 || rc == ERR_NOTFOUND);
    arena_release(&arena);
    return rc == 0;
}

size_t erasing_found(struct store *store, const char *words)
{
    struct event_id subjects[8];
    struct error err = {0};
    size_t len = 0;

    assert_ok(store_search(store, words, subjects, 8, &len, &err), err);
    return len;
}

void erasing_scrub(struct store *store)
{
    struct error err = {0};
    bool done = false;

    assert_ok(store_scrub(store, &done, &err), err);
    assert_true(done);
    assert_ok(store_scrub_due(store, &done, &err), err);
    assert_false(done);
}

static bool file_has(const char *path, struct span bytes)
{
    FILE *file = fopen(path, "rb");
    uint8_t *all;
    long size;
    bool has = false;

    if (file == NULL) {
        return false;
    }
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    all = malloc((size_t)size + 1);
    assert_non_null(all);
    assert_int_equal(fread(all, 1, (size_t)size, file), size);
    for (long i = 0; !has && i + (long)bytes.len <= size; i++) {
        has = memcmp(all + i, bytes.ptr, bytes.len) == 0;
    }
    free(all);
    fclose(file);
    return has;
}

bool erasing_trace(const char *path, struct span bytes)
{
    char wal[600], shm[600];

    snprintf(wal, sizeof(wal), "%s-wal", path);
    snprintf(shm, sizeof(shm), "%s-shm", path);
    return file_has(path, bytes) || file_has(wal, bytes) ||
           file_has(shm, bytes);
}
