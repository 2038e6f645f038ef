/* Help for the tests of duties: see duty_world.h. Directory and records are
 * made by hand, so that a verdict is tested apart from folds. */
#include "tests/protocol/duty_world.h"

#define ARENA_SIZE (8u * 1024u * 1024u)

/* ---- the directory ------------------------------------------------------- */

static void unit_make(struct world *w, size_t i, struct unit_facts facts)
{
    facts.from_day = day("2019-09-20");
    facts.duties_from_day = day("2024-01-01");
    facts.open = true;
    w->versions[i].from_day = facts.from_day;
    w->versions[i].facts = facts;
    w->units[i].number = facts.number;
    w->units[i].registrar_node = 1;
    w->units[i].versions = &w->versions[i];
    w->units[i].versions_len = 1;
}

static void node_make(struct world *w, size_t i, uint32_t number,
                      uint32_t parent)
{
    w->certs[i].node = number;
    w->certs[i].issuer = parent == 0 ? number : parent;
    w->cert_lists[i] = &w->certs[i];
    w->nodes[i].number = number;
    w->nodes[i].parent = parent;
    w->nodes[i].certs = &w->cert_lists[i];
    w->nodes[i].certs_len = 1;
}

#define FACTS(nr, k, l, title, where, node, above)                             \
    ((struct unit_facts){.number = (nr),                                       \
                         .kind = QCDC__V1__UNIT_KIND__UNIT_KIND_##k,           \
                         .level = QCDC__V1__LEVEL__LEVEL_##l,                  \
                         .name = span_str(title),                              \
                         .territory = (where),                                 \
                         .host = (node),                                       \
                         .reports_to = (above)})

static void directory_make(struct world *w)
{
    unit_make(w, 0,
              FACTS(WORLD_PROVINCE, PEOPLES_COMMITTEE, PROVINCE,
                    "UBND tỉnh Kon Tum", 1000, 1, 0));
    unit_make(w, 1,
              FACTS(WORLD_DISTRICT, PEOPLES_COMMITTEE, DISTRICT,
                    "UBND huyện Đắk Tô", 1004, 5, WORLD_PROVINCE));
    unit_make(w, 2,
              FACTS(WORLD_COMMUNE, PEOPLES_COMMITTEE, COMMUNE,
                    "UBND xã Đắk Trăm", 1052, 53, WORLD_DISTRICT));
    unit_make(w, 3,
              FACTS(WORLD_STRANGER, PEOPLES_COMMITTEE, COMMUNE,
                    "UBND xã Văn Lem", 1099, 99, WORLD_DISTRICT));
    unit_make(w, 4,
              FACTS(WORLD_PARTY, PARTY_COMMITTEE, COMMUNE,
                    "Đảng ủy xã Đắk Trăm", 1052, 53, 3004));
    unit_make(w, 5,
              FACTS(WORLD_DEPARTMENT, DEPARTMENT, DISTRICT, "Phòng Tài nguyên",
                    1004, 0, 0));
    w->dir.units = w->units;
    w->dir.units_len = WORLD_UNITS;
    node_make(w, 0, 1, 0);
    node_make(w, 1, 5, 1);
    node_make(w, 2, 53, 5);
    w->dir.nodes = w->nodes;
    w->dir.nodes_len = 3;
    w->dir.top = 1;
}

void world_start(struct world *w)
{
    struct span facts;

    memset(w, 0, sizeof(*w));
    assert_ok(arena_new(&w->arena, ARENA_SIZE, &w->err), w->err);
    w->records = arena_array(&w->arena, WORLD_RECORDS, sizeof(*w->records));
    directory_make(w);
    facts = rules_shipped(&w->arena);
    assert_ok(rule_set_decode(facts, &w->arena, &w->rules, &w->err), w->err);
    assert_ok(rule_set_check(&w->rules, &w->err), w->err);
    assert_ok(calendar_from_facts(facts, &w->arena, &w->calendar, &w->err),
              w->err);
}

void world_stop(struct world *w)
{
    arena_release(&w->arena);
}

int world_setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    world_start(w);
    *state = w;
    return 0;
}

int world_teardown(void **state)
{
    world_stop(*state);
    free(*state);
    return 0;
}

/* ---- evaluation ---------------------------------------------------------- */

static int heard(void *ctx, uint32_t unit, int64_t *heard_s, struct error *err)
{
    struct world *w = ctx;

    (void)err;
    w->heard_of = unit;
    if (w->heard_day == UINT32_MAX) {
        *heard_s = INT64_MAX;
    } else {
        *heard_s = w->heard_day == 0 ? 0 : day_end_s(w->heard_day) - 43200;
    }
    return 0;
}

/* ---- the same with petitions that come by one at a time ---- */

static bool is_lone(const struct duty_record *record)
{
    Qcdc__V1__PetitionRecord *p;
    bool lone;

    if (record->kind != RECORD_PETITION) {
        return false;
    }
    p = qcdc__v1__petition_record__unpack(NULL, record->bytes.len,
                                          record->bytes.ptr);
    assert_non_null(p);
    lone = p->dialogue_id.len == 0;
    qcdc__v1__petition_record__free_unpacked(p, NULL);
    return lone;
}

static int lone_each(void *ctx, duty_record_fn visit, void *to,
                     struct error *err)
{
    struct world *w = ctx;
    int rc = 0;

    for (size_t i = w->records_len; rc == 0 && i > 0; i--) {
        if (is_lone(&w->records[i - 1])) {
            rc = visit(to, &w->records[i - 1], err);
        }
    }
    return rc;
}

static int lone_find(void *ctx, const struct event_id *id, struct arena *arena,
                     struct span *bytes, struct error *err)
{
    struct world *w = ctx;

    (void)arena;
    (void)err;
    bytes->ptr = NULL;
    for (size_t i = 0; i < w->records_len; i++) {
        if (event_id_equal(&w->records[i].subject, id) &&
            is_lone(&w->records[i])) {
            *bytes = w->records[i].bytes;
        }
    }
    return 0;
}

/* Cells must not depend on whether the petitions were held. */
static void evaluate_passing(struct world *w)
{
    const struct duty_lone lone = {lone_each, lone_find, w};
    struct duty_input input = w->input;
    struct duty_record *records =
        arena_array(&w->arena, WORLD_RECORDS, sizeof(*records));
    struct duty_result result;

    assert_non_null(records);
    input.records = records;
    input.records_len = 0;
    input.cells_only = true;
    input.lone = &lone;
    for (size_t i = 0; i < w->records_len; i++) {
        if (!is_lone(&w->records[i])) {
            records[input.records_len++] = w->records[i];
        }
    }
    assert_ok(duty_evaluate(&input, &w->arena, &result, &w->err), w->err);
    assert_int_equal(result.cells_len, w->result.cells_len);
    for (size_t i = 0; i < result.cells_len; i++) {
        assert_memory_equal(&result.cells[i], &w->result.cells[i],
                            sizeof(struct duty_cell));
    }
    assert_int_equal(result.wake_day, w->result.wake_day);
    assert_string_equal(result.uncomputed.text, w->result.uncomputed.text);
}

void world_evaluate(struct world *w, uint32_t unit, const char *asof,
                    const char *heard_day)
{
    if (heard_day == NULL) {
        w->heard_day = 0;
    } else if (strcmp(heard_day, "guardless") == 0) {
        w->heard_day = UINT32_MAX;
    } else {
        w->heard_day = day(heard_day);
    }
    w->input = (struct duty_input){.directory = &w->dir,
                                   .rules = &w->rules,
                                   .calendar = &w->calendar,
                                   .unit = unit,
                                   .asof_day = day(asof),
                                   .records = w->records,
                                   .records_len = w->records_len,
                                   .heard = heard,
                                   .heard_ctx = w};
    assert_ok(duty_evaluate(&w->input, &w->arena, &w->result, &w->err), w->err);
    evaluate_passing(w);
}

static bool is_duty(const char duty[4], const char *wanted)
{
    return strncmp(duty, wanted, 4) == 0;
}

static const struct duty_cell *cell_find(const struct world *w,
                                         const char *duty, uint32_t year,
                                         uint32_t month)
{
    for (size_t i = 0; i < w->result.cells_len; i++) {
        const struct duty_cell *c = &w->result.cells[i];

        if (is_duty(c->duty, duty) && c->year == year && c->month == month) {
            return c;
        }
    }
    return NULL;
}

bool has_cell(const struct world *w, const char *duty, uint32_t year,
              uint32_t month)
{
    return cell_find(w, duty, year, month) != NULL;
}

const struct duty_cell *cell(const struct world *w, const char *duty,
                             uint32_t year, uint32_t month)
{
    const struct duty_cell *found = cell_find(w, duty, year, month);

    if (found == NULL) {
        fail_msg("no cell %s %u/%u", duty, month, year);
    }
    return found;
}

const struct duty_item *item(const struct world *w, const char *duty, size_t n)
{
    for (size_t i = 0; i < w->result.items_len; i++) {
        if (is_duty(w->result.items[i].duty, duty) && n-- == 0) {
            return &w->result.items[i];
        }
    }
    fail_msg("no such item of %s", duty);
    return NULL;
}

size_t items(const struct world *w, const char *duty)
{
    size_t count = 0;

    for (size_t i = 0; i < w->result.items_len; i++) {
        count += is_duty(w->result.items[i].duty, duty);
    }
    return count;
}
