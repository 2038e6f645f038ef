/* A body that is erased: gone from every table, from the search and from the
 * raw files, while leaves, roots, records and figures stay; who must have given
 * his word, and what may come in whatever order. */
#include "tests/store/scene.h"

#include "protocol/event/text.h"
#include "store/attachment.h"
#include "store/erase.h"
#include "store/integrate.h"
#include "store/query.h"

#define ASOF "2024-11-30"
#define PLANTED "Nhà bà Nguyễn Thị Kín ở thôn Đăk Tuyệt Mật bị ngập"
#define FOLDED "uyet" /* words of the index share beginnings */
#define KEPT "Xin sửa cây cầu treo thôn Hai"
#define SECRET "ciphertext-of-a-private-body-0123456789"

struct story {
    struct scene *s;
    struct event_id planted; /* the petition with text and private body */
    struct event_id kept;    /* its neighbour in the same batch */
    struct event_id erased;
    struct salt salt; /* of the planted text */
};

static struct event_id say_petition(struct scene *s, const char *text,
                                    const char *private)
{
    return SAY(s, .node = COMMUNE_A, .type = EVENT_PETITION_RECEIVED,
               .on = "2024-05-06", .text = text, .private = private,
               .facts = {{"channel", "counter"},
                         {"kind", "proposal"},
                         {"field", "land"},
                         {"person_known", "true"}});
}

static struct event_id say_erased(struct scene *s, uint32_t signer,
                                  const struct event_id *event,
                                  const char *audience)
{
    return SAY(s, .node = COMMUNE_A, .type = EVENT_ERASED, .on = "2024-06-03",
               .subject = *event, .refs = {*event}, .signer = signer,
               .facts = {{"audience", audience}, {"ground", "request"}});
}

static void say_approved(struct story *st, uint32_t node)
{
    (void)SAY(st->s, .node = node, .type = EVENT_APPROVED, .on = "2024-06-04",
              .subject = st->planted, .refs = {st->erased},
              .signer = KEY_LEADER(node));
    scene_flush(st->s);
}

static void story_open(struct story *st)
{
    memset(st, 0, sizeof(*st));
    st->s = calloc(1, sizeof(*st->s));
    assert_non_null(st->s);
    scene_open(st->s);
    scene_found(st->s);
    scene_day(st->s, "2024-05-06");
    st->s->seed = 0x9e3779b97f4a7c15u;
    memcpy(st->salt.bytes, &(uint64_t){st->s->seed + 1}, sizeof(uint64_t));
    st->planted = say_petition(st->s, PLANTED, SECRET);
    st->kept = say_petition(st->s, KEPT, NULL);
    scene_flush(st->s);
}

static void story_close(struct story *st)
{
    scene_close(st->s);
    free(st->s);
}

static void erase_text(struct story *st)
{
    scene_day(st->s, "2024-06-03");
    st->erased = say_erased(st->s, KEY_LEADER(COMMUNE_A), &st->planted, "text");
    scene_flush(st->s);
}

/* What the store does not have yet. */
static void give(struct story *st, struct store *store)
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

static struct store *again(const char *path)
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

static uint64_t check(struct store *store)
{
    uint64_t findings = 0, erased = 0;
    struct store_check_options options = {
        .now = now_of(ASOF), .visit = note, .erased = &erased};
    struct error err = {0};

    assert_ok(store_check(store, &options, &findings, &err), err);
    assert_int_equal(findings, 0);
    return erased;
}

static bool holds(struct store *store, const struct event_id *id,
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

static size_t found(struct store *store, const char *words)
{
    struct event_id subjects[8];
    struct error err = {0};
    size_t len = 0;

    assert_ok(store_search(store, words, subjects, 8, &len, &err), err);
    return len;
}

static void scrub(struct store *store)
{
    struct error err = {0};
    bool done = false;

    assert_ok(store_scrub(store, &done, &err), err);
    assert_true(done);
    assert_ok(store_scrub_due(store, &done, &err), err);
    assert_false(done);
}

/* ---- raw files ---- */

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

static bool any_has(const char *path, struct span bytes)
{
    char wal[600], shm[600];

    snprintf(wal, sizeof(wal), "%s-wal", path);
    snprintf(shm, sizeof(shm), "%s-shm", path);
    return file_has(path, bytes) || file_has(wal, bytes) ||
           file_has(shm, bytes);
}

/* The compressed texts of the batch that holds the event. */
static struct span batch_texts(struct store *store, const struct event_id *id,
                               struct arena *arena)
{
    struct store_segment segment;
    struct store_event event;
    struct error err = {0};

    assert_ok(store_event_find(store, id, arena, &event, &err), err);
    assert_ok(store_segment_read(store, event.log, event.index, arena, &segment,
                                 &err),
              err);
    assert_true(segment.parts.texts_z.len > 60);
    return segment.parts.texts_z;
}

static void nothing_of_it_stays_in_any_raw_file(void **state)
{
    static uint8_t memory[1 << 20];
    struct arena arena;
    struct span packed;
    struct story st;
    char path[512];
    struct store *store;
    char *before, *after;

    (void)state;
    arena_init(&arena, memory, sizeof(memory));
    story_open(&st);
    snprintf(path, sizeof(path), "%s", scene_path("raw"));
    store = scene_store(path, COMMUNE_A);
    give(&st, store);
    scene_settle(store, ASOF);
    packed = batch_texts(store, &st.planted, &arena);
    before = scene_dump(store);
    assert_true(any_has(path, packed)); /* it can be seen that it goes */
    assert_true(any_has(path, span_make(packed.ptr + packed.len / 2, 24)));
    assert_true(any_has(path, span_str(FOLDED)));
    assert_true(any_has(path, span_str(SECRET)));
    assert_int_equal(found(store, "tuyet mat"), 1);
    store_close(store);

    erase_text(&st);
    (void)say_erased(st.s, KEY_LEADER(COMMUNE_A), &st.planted, "private");
    scene_flush(st.s);
    store = again(path);
    give(&st, store);
    scene_settle(store, ASOF);
    assert_false(holds(store, &st.planted, AUDIENCE_OF_TEXT));
    assert_false(holds(store, &st.planted, AUDIENCE_OF_PRIVATE));
    assert_true(holds(store, &st.kept, AUDIENCE_OF_TEXT));
    assert_int_equal(found(store, "tuyet mat"), 0);
    assert_int_equal(found(store, "cau treo"), 1);
    assert_true(any_has(path, span_str(SECRET))); /* in the WAL, so far */
    scrub(store);
    assert_false(any_has(path, packed));
    for (size_t at = 16; at + 24 < packed.len; at += 24) {
        assert_false(any_has(path, span_make(packed.ptr + at, 24)));
    }
    assert_false(any_has(path, span_str(PLANTED)));
    assert_false(any_has(path, span_str(FOLDED)));
    assert_false(any_has(path, span_str(SECRET)));
    assert_false(any_has(path, span_make(st.salt.bytes, 8)));
    assert_true(any_has(path, span_str("reo"))); /* its neighbour's words */
    assert_int_equal(check(store), 2);
    after = scene_dump(store);
    assert_true(strlen(after) > strlen(before)); /* two more in a history */
    assert_string_equal(strstr(after, "\ncell"), strstr(before, "\ncell"));
    free(before);
    free(after);
    store_close(store);
    story_close(&st);
    arena_release(&arena);
}

/* The batch as another mirror would get it now. */
/* NOLINTNEXTLINE(readability-function-size): one batch after the other */
static void the_batch_without_it_still_passes_intake(void **state)
{
    static uint8_t memory[4 << 20];
    struct arena arena;
    struct story st;
    struct store *store;
    struct store_segment segment;
    struct store_event event;
    struct store_log log;
    struct segment_checked *checked = calloc(1, sizeof(*checked));
    struct range before;
    struct vkey key;
    struct error err = {0};

    (void)state;
    arena_init(&arena, memory, sizeof(memory));
    story_open(&st);
    erase_text(&st);
    store = scene_store(scene_path("intake"), COMMUNE_A);
    give(&st, store);
    scene_settle(store, ASOF);
    assert_ok(store_event_find(store, &st.planted, &arena, &event, &err), err);
    assert_ok(store_log_get(store, event.log, &log, &err), err);
    assert_ok(
        vkey_make(span_str(log.origin), VKEY_ED25519, &log.key, &key, &err),
        err);
    range_init(&before);
    for (uint64_t at = 0; at <= event.index; at = before.size) {
        assert_ok(store_segment_read(store, log.id, at, &arena, &segment, &err),
                  err);
        assert_ok(segment_check(st.s->codec, &segment.parts, &before, &key,
                                SEGMENT_DUE_TEXTS | SEGMENT_DUE_PRIVATES,
                                &arena, checked, &err),
                  err);
        before = checked->range;
    }
    assert_true(segment_is_absent(&segment.parts,
                                  (uint16_t)(event.index - segment.parts.first),
                                  AUDIENCE_OF_TEXT));
    assert_int_equal(segment.parts.absent.len, 3);
    store_close(store);
    story_close(&st);
    free(checked);
    arena_release(&arena);
}

static void a_superior_waits_for_a_word_of_its_own(void **state)
{
    struct store_erasure erasure;
    struct error err = {0};
    struct story st;
    struct store *district, *province, *sibling;
    char district_path[512], province_path[512];

    (void)state;
    story_open(&st);
    erase_text(&st);
    snprintf(district_path, 512, "%s", scene_path("district"));
    snprintf(province_path, 512, "%s", scene_path("province"));
    district = scene_store(district_path, DISTRICT);
    give(&st, district);
    scene_settle(district, ASOF);
    assert_true(holds(district, &st.planted, AUDIENCE_OF_TEXT));
    assert_ok(store_erasure_find(district, &st.planted, AUDIENCE_OF_TEXT,
                                 &erasure, &err),
              err);
    assert_false(erasure.acts);
    assert_memory_equal(&erasure.erased, &st.erased, sizeof(st.erased));
    assert_int_equal(check(district), 0);
    store_close(district);

    say_approved(&st, DISTRICT);
    district = again(district_path);
    province = scene_store(province_path, PROVINCE);
    sibling = scene_store(scene_path("sibling"), COMMUNE_B);
    give(&st, district);
    give(&st, province);
    give(&st, sibling);
    scene_settle(district, ASOF);
    scene_settle(province, ASOF);
    scene_settle(sibling, ASOF);
    assert_false(holds(district, &st.planted, AUDIENCE_OF_TEXT));
    assert_true(holds(province, &st.planted, AUDIENCE_OF_TEXT));
    assert_false(holds(sibling, &st.planted, AUDIENCE_OF_TEXT)); /* below it */
    assert_int_equal(check(district), 1);
    store_close(district);
    store_close(province);
    store_close(sibling);

    say_approved(&st, PROVINCE);
    province = again(province_path);
    give(&st, province);
    scene_settle(province, ASOF);
    assert_false(holds(province, &st.planted, AUDIENCE_OF_TEXT));
    assert_int_equal(check(province), 1);
    store_close(province);
    story_close(&st);
}

static void only_a_leader_erases_and_only_what_there_is(void **state)
{
    struct store_erasure erasure;
    struct error err = {0};
    struct story st;
    struct store *store;

    (void)state;
    story_open(&st);
    scene_day(st.s, "2024-06-03");
    (void)say_erased(st.s, KEY_CLERK(COMMUNE_A), &st.planted, "text");
    (void)say_erased(st.s, KEY_LEADER(COMMUNE_A), &st.planted, "unit");
    /* Of a commune that has nothing to do with it. */
    (void)SAY(st.s, .node = COMMUNE_B, .type = EVENT_ERASED, .on = "2024-06-03",
              .subject = st.planted, .refs = {st.planted},
              .signer = KEY_LEADER(COMMUNE_B),
              .facts = {{"audience", "text"}, {"ground", "mistake"}});
    scene_flush(st.s);
    store = scene_store(scene_path("rights"), COMMUNE_A);
    give(&st, store);
    scene_settle(store, ASOF);
    assert_true(holds(store, &st.planted, AUDIENCE_OF_TEXT));
    assert_true(holds(store, &st.planted, AUDIENCE_OF_PRIVATE));
    assert_err(store_erasure_find(store, &st.planted, AUDIENCE_OF_TEXT,
                                  &erasure, &err),
               ERR_NOTFOUND, err);
    assert_int_equal(check(store), 0);
    store_close(store);
    story_close(&st);
}

/* The order comes before the body: a tail that is fetched back, a mirror that
 * is refilled by one who has not erased. */
static void a_body_that_comes_after_its_erasure_goes_too(void **state)
{
    struct error err = {0};
    struct story st;
    struct store *store;
    size_t commune = 0, log, i;

    (void)state;
    story_open(&st);
    erase_text(&st);
    say_approved(&st, PROVINCE);
    store = scene_store(scene_path("late"), PROVINCE);
    for (log = 0; log < st.s->logs_len; log++) {
        if (&st.s->logs[log] == scene_log(st.s, COMMUNE_A, false)) {
            commune = log;
            continue;
        }
        for (i = 0; i < st.s->logs[log].parts_len; i++) {
            scene_give(st.s, store, log, i);
        }
    }
    scene_settle(store, ASOF);
    for (i = 0; i < st.s->logs[commune].parts_len; i++) {
        scene_give(st.s, store, commune, i);
        scene_settle(store, ASOF);
    }
    assert_false(holds(store, &st.planted, AUDIENCE_OF_TEXT));
    assert_int_equal(found(store, "tuyet mat"), 0);
    assert_int_equal(check(store), 1);

    struct store_rebuild_options options = {.now = now_of(ASOF)};
    struct store_integrated done;
    char *before = scene_dump(store), *after;

    assert_ok(store_rebuild(store, &options, &done, &err), err);
    after = scene_dump(store);
    assert_string_equal(before, after);
    assert_int_equal(check(store), 1);
    free(before);
    free(after);
    store_close(store);
    story_close(&st);
}

static uint64_t spool(struct story *st, struct store *store,
                      const struct scene_event *event, struct event_id *id)
{
    struct error err = {0};
    struct span bodies;
    struct span leaf = scene_sign(st->s, event, id, &bodies);
    uint64_t number;

    assert_ok(store_begin(store, &err), err);
    assert_ok(store_spool_append(store, false, leaf, bodies, &number, &err),
              err);
    assert_ok(store_commit(store, &err), err);
    scene_settle(store, ASOF);
    return number;
}

static void a_spooled_body_goes_before_it_is_ever_sent(void **state)
{
    struct scene_event petition = {.node = COMMUNE_A,
                                   .type = EVENT_PETITION_RECEIVED,
                                   .on = "2024-05-06",
                                   .text = PLANTED,
                                   .facts = {{"channel", "counter"},
                                             {"kind", "proposal"},
                                             {"field", "land"},
                                             {"person_known", "false"}}};
    struct scene_event erased = {
        .node = COMMUNE_A,
        .type = EVENT_ERASED,
        .on = "2024-06-03",
        .signer = KEY_LEADER(COMMUNE_A),
        .facts = {{"audience", "text"}, {"ground", "mistake"}}};
    struct event_id id, other;
    struct story st;
    struct store *store;
    char path[512];

    (void)state;
    story_open(&st);
    snprintf(path, sizeof(path), "%s", scene_path("spooled"));
    store = scene_store(path, COMMUNE_A);
    give(&st, store);
    (void)spool(&st, store, &petition, &id);
    assert_true(holds(store, &id, AUDIENCE_OF_TEXT));
    assert_true(any_has(path, span_str("Tuyệt Mật bị ngập")));
    erased.subject = erased.refs[0] = id;
    (void)spool(&st, store, &erased, &other);
    assert_false(holds(store, &id, AUDIENCE_OF_TEXT));
    assert_int_equal(check(store), 1);
    store_close(store);
    story_close(&st);
}

/* Nobody said that it was erased: a body listed as absent is a loss. */
static void an_absence_without_a_ground_is_told(void **state)
{
    struct error err = {0};
    struct story st;
    struct store *store;
    uint64_t findings = 0;
    struct store_check_options options = {.now = now_of(ASOF)};

    (void)state;
    story_open(&st);
    store = scene_store(scene_path("lost"), COMMUNE_A);
    give(&st, store);
    scene_settle(store, ASOF);
    assert_ok(store_begin(store, &err), err);
    assert_ok(store_erase(store, &st.planted, AUDIENCE_OF_TEXT, &err), err);
    assert_ok(store_commit(store, &err), err);
    assert_false(holds(store, &st.planted, AUDIENCE_OF_TEXT));
    assert_ok(store_check(store, &options, &findings, &err), err);
    assert_int_equal(findings, 1);
    store_close(store);
    story_close(&st);
}

static void a_reader_delays_the_scrub_and_never_hangs_it(void **state)
{
    struct store_options open = {.read_only = true};
    struct store *store, *reader = NULL;
    struct error err = {0};
    struct story st;
    char path[512];
    bool done = true;

    (void)state;
    story_open(&st);
    erase_text(&st);
    snprintf(path, sizeof(path), "%s", scene_path("reader"));
    store = scene_store(path, COMMUNE_A);
    give(&st, store);
    open.path = path;
    assert_ok(store_open(&open, &reader, &err), err);
    assert_ok(store_look(reader, &err), err);
    assert_int_equal(found(reader, "tuyet"), 0); /* it looks from here on */
    scene_settle(store, ASOF);
    assert_ok(store_scrub(store, &done, &err), err);
    assert_false(done);
    store_close(reader);
    scrub(store);
    assert_false(any_has(path, span_str("Tuyệt Mật")));
    assert_int_equal(check(store), 1);
    store_close(store);
    story_close(&st);
}

/* ---- files that events name ---- */

#define FILE_A                                                                 \
    "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define FILE_B                                                                 \
    "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"

static struct hash file_of(const char *hex)
{
    struct hash file;
    struct error err = {0};

    assert_ok(hex_decode(span_str(hex), &file, sizeof(file), &err), err);
    return file;
}

static struct event_id say_paper(struct story *st, const char *file,
                                 const char *private)
{
    struct event_id id =
        SAY(st->s, .node = COMMUNE_A, .type = EVENT_PETITION_RECEIVED,
            .on = "2024-05-06", .private = private,
            .facts = {{"channel", "counter"},
                      {"kind", "proposal"},
                      {"field", "land"},
                      {"person_known", "true"},
                      {"document.kind", "petition"},
                      {"document.file_hash", file}});

    scene_flush(st->s);
    return id;
}

static void say_file_erased(struct story *st, const struct event_id *event,
                            const char *file)
{
    scene_day(st->s, "2024-06-03");
    st->planted = *event;
    st->erased = SAY(st->s, .node = COMMUNE_A, .type = EVENT_ERASED,
                     .on = "2024-06-03", .subject = *event, .refs = {*event},
                     .signer = KEY_LEADER(COMMUNE_A),
                     .facts = {{"file_hash", file}, {"ground", "request"}});
    scene_flush(st->s);
}

static void came(struct store *store, const char *file, bool sealed)
{
    struct hash hash = file_of(file);
    struct error err = {0};

    assert_ok(store_begin(store, &err), err);
    assert_ok(store_attachment_held(store, &hash, 1000, sealed, &err), err);
    assert_ok(store_commit(store, &err), err);
}

static int state_of(struct store *store, const char *file)
{
    struct hash hash = file_of(file);
    struct store_attachment known;
    struct error err = {0};

    assert_ok(store_attachment_find(store, &hash, &known, &err), err);
    return (int)known.state;
}

static void a_file_is_erased_here_by_a_word_of_this_level(void **state)
{
    struct event_id paper, other;
    struct store *commune, *province, *late;
    struct error err = {0};
    uint64_t gone = 0, waiting = 0;
    struct story st;

    (void)state;
    story_open(&st);
    paper = say_paper(&st, FILE_A, NULL);
    commune = scene_store(scene_path("file-commune"), COMMUNE_A);
    province = scene_store(scene_path("file-province"), PROVINCE);
    late = scene_store(scene_path("file-late"), PROVINCE);
    give(&st, commune);
    give(&st, province);
    scene_settle(commune, ASOF);
    scene_settle(province, ASOF);
    assert_int_equal(state_of(commune, FILE_A), STORE_ATTACHMENT_MISSING);
    came(commune, FILE_A, false);
    came(province, FILE_A, false);
    assert_int_equal(state_of(province, FILE_A), STORE_ATTACHMENT_HELD);

    say_file_erased(&st, &paper, FILE_B); /* it names no such file */
    say_file_erased(&st, &paper, FILE_A);
    give(&st, commune);
    give(&st, province);
    give(&st, late);
    scene_settle(commune, ASOF);
    scene_settle(province, ASOF);
    scene_settle(late, ASOF);
    assert_int_equal(state_of(commune, FILE_A), STORE_ATTACHMENT_ERASED);
    assert_int_equal(state_of(province, FILE_A), STORE_ATTACHMENT_HELD);
    /* Not whole here, and its origin destroyed it: not asked for again. */
    assert_int_equal(state_of(late, FILE_A), STORE_ATTACHMENT_ERASED);
    came(late, FILE_A, false);
    assert_int_equal(state_of(late, FILE_A), STORE_ATTACHMENT_ERASED);
    assert_ok(store_attachment_erased_sum(province, &gone, &waiting, &err),
              err);
    assert_int_equal(gone, 0);
    assert_int_equal(waiting, 1);

    say_approved(&st, PROVINCE);
    give(&st, province);
    scene_settle(province, ASOF);
    assert_int_equal(state_of(province, FILE_A), STORE_ATTACHMENT_ERASED);
    assert_ok(store_attachment_erased_sum(province, &gone, &waiting, &err),
              err);
    assert_int_equal(gone, 1);
    assert_int_equal(waiting, 0);
    assert_int_equal(check(province), 0);

    /* Named again by an event that lives, it may come back. */
    other = say_paper(&st, FILE_A, NULL);
    assert_false(event_id_equal(&other, &paper));
    give(&st, province);
    scene_settle(province, ASOF);
    assert_int_equal(state_of(province, FILE_A), STORE_ATTACHMENT_MISSING);
    assert_int_equal(check(commune) + check(province) + check(late), 0);
    store_close(commune);
    store_close(province);
    store_close(late);
    story_close(&st);
}

static void a_shared_file_stays_for_the_event_that_lives(void **state)
{
    struct event_id first, second;
    struct store_rebuild_options options = {.now = now_of(ASOF)};
    struct store_integrated done;
    struct error err = {0};
    struct story st;
    struct store *store;

    (void)state;
    story_open(&st);
    first = say_paper(&st, FILE_A, NULL);
    second = say_paper(&st, FILE_A, NULL);
    store = scene_store(scene_path("shared"), COMMUNE_A);
    give(&st, store);
    scene_settle(store, ASOF);
    came(store, FILE_A, false);
    say_file_erased(&st, &first, FILE_A);
    give(&st, store);
    scene_settle(store, ASOF);
    assert_int_equal(state_of(store, FILE_A), STORE_ATTACHMENT_HELD);
    say_file_erased(&st, &second, FILE_A);
    give(&st, store);
    scene_settle(store, ASOF);
    assert_int_equal(state_of(store, FILE_A), STORE_ATTACHMENT_ERASED);
    assert_ok(store_rebuild(store, &options, &done, &err), err);
    assert_int_equal(state_of(store, FILE_A), STORE_ATTACHMENT_ERASED);
    assert_int_equal(check(store), 0);
    store_close(store);
    story_close(&st);
}

static void a_sealed_file_goes_with_its_private_body(void **state)
{
    struct event_id sealed, clear;
    struct story st;
    struct store *store;

    (void)state;
    story_open(&st);
    sealed = say_paper(&st, FILE_A, SECRET);
    clear = say_paper(&st, FILE_B, SECRET);
    store = scene_store(scene_path("sealed"), COMMUNE_A);
    give(&st, store);
    scene_settle(store, ASOF);
    came(store, FILE_B, false);
    scene_day(st.s, "2024-06-03");
    (void)say_erased(st.s, KEY_LEADER(COMMUNE_A), &sealed, "private");
    (void)say_erased(st.s, KEY_LEADER(COMMUNE_A), &clear, "private");
    scene_flush(st.s);
    give(&st, store);
    scene_settle(store, ASOF);
    assert_int_equal(state_of(store, FILE_B), STORE_ATTACHMENT_HELD);
    /* Whether it is sealed is seen when it comes. */
    assert_int_equal(state_of(store, FILE_A), STORE_ATTACHMENT_MISSING);
    came(store, FILE_A, true);
    assert_int_equal(state_of(store, FILE_A), STORE_ATTACHMENT_ERASED);
    assert_int_equal(check(store), 2);
    store_close(store);
    story_close(&st);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_it_stays_in_any_raw_file),
        cmocka_unit_test(the_batch_without_it_still_passes_intake),
        cmocka_unit_test(a_superior_waits_for_a_word_of_its_own),
        cmocka_unit_test(only_a_leader_erases_and_only_what_there_is),
        cmocka_unit_test(a_body_that_comes_after_its_erasure_goes_too),
        cmocka_unit_test(a_spooled_body_goes_before_it_is_ever_sent),
        cmocka_unit_test(an_absence_without_a_ground_is_told),
        cmocka_unit_test(a_reader_delays_the_scrub_and_never_hangs_it),
        cmocka_unit_test(a_file_is_erased_here_by_a_word_of_this_level),
        cmocka_unit_test(a_shared_file_stays_for_the_event_that_lives),
        cmocka_unit_test(a_sealed_file_goes_with_its_private_body),
    };

    return TEST_RUN(tests);
}
