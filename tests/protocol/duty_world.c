/* Help for the tests of duties: see duty_world.h. Directory and records are
 * made by hand, so that a verdict is tested apart from folds. */
#include "tests/protocol/duty_world.h"

#include <jansson.h>

#include "protocol/event/wire.h"

#define ARENA_SIZE (8u * 1024u * 1024u)

char *source_read(const char *path)
{
    const char *root = getenv("QCDC_SOURCE");
    char name[1024];
    long size;
    char *text;
    FILE *file;

    snprintf(name, sizeof(name), "%s/%s", root == NULL ? "." : root, path);
    file = fopen(name, "rb");
    if (file == NULL) {
        fail_msg("cannot open %s", name);
        return NULL;
    }
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    assert_true(size >= 0);
    rewind(file);
    text = calloc(1, (size_t)size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    return text;
}

/* ---- rules.json ---------------------------------------------------------- */

static ProtobufCBinaryData text_in(struct arena *arena, const json_t *value)
{
    struct span copy = arena_copy(arena, span_str(json_string_value(value)));

    return (ProtobufCBinaryData){.len = copy.len,
                                 .data = (uint8_t *)(uintptr_t)copy.ptr};
}

static uint32_t day_in(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return value == NULL ? 0 : day(json_string_value(value));
}

/* The number of an enum value from its lower-case name without prefix. */
static int enum_in(const ProtobufCEnumDescriptor *type, const char *prefix,
                   const json_t *value)
{
    char name[64];
    const ProtobufCEnumValue *found;

    snprintf(name, sizeof(name), "%s_%s", prefix, json_string_value(value));
    for (char *c = name; *c != '\0'; c++) {
        if (*c >= 'a' && *c <= 'z') {
            *c = (char)(*c - 'a' + 'A');
        }
    }
    found = protobuf_c_enum_descriptor_get_value_by_name(type, name);
    if (found == NULL) {
        fail_msg("%s is no value of %s", name, type->name);
        return 0;
    }
    return found->value;
}

static uint32_t *days_in(struct arena *arena, const json_t *list, size_t *len)
{
    uint32_t *days =
        arena_array(arena, json_array_size(list) + 1, sizeof(*days));

    *len = json_array_size(list);
    for (size_t i = 0; i < *len; i++) {
        days[i] = day(json_string_value(json_array_get(list, i)));
    }
    return days;
}

static void params_in(struct arena *arena, const json_t *list,
                      Qcdc__V1__Rule *rule)
{
    size_t len = json_array_size(list);
    Qcdc__V1__RuleParam *params = arena_array(arena, len + 1, sizeof(*params));

    rule->n_params = len;
    rule->params = arena_array(arena, len + 1, sizeof(*rule->params));
    for (size_t i = 0; i < len; i++) {
        const json_t *from = json_array_get(list, i);
        const json_t *values = json_object_get(from, "values");

        qcdc__v1__rule_param__init(&params[i]);
        params[i].name = text_in(arena, json_object_get(from, "name"));
        params[i].n_values = json_array_size(values);
        params[i].values = arena_array(arena, params[i].n_values + 1, 4);
        for (size_t j = 0; j < params[i].n_values; j++) {
            params[i].values[j] =
                (uint32_t)json_integer_value(json_array_get(values, j));
        }
        rule->params[i] = &params[i];
    }
}

static Qcdc__V1__Rule *rule_in(struct arena *arena, const json_t *from)
{
    Qcdc__V1__Rule *rule = arena_alloc(arena, sizeof(*rule));
    const json_t *kinds = json_object_get(from, "kinds");
    const json_t *levels = json_object_get(from, "levels");

    qcdc__v1__rule__init(rule);
    rule->id = text_in(arena, json_object_get(from, "id"));
    rule->version =
        (uint32_t)json_integer_value(json_object_get(from, "version"));
    rule->kind =
        (Qcdc__V1__RuleKind)enum_in(&qcdc__v1__rule_kind__descriptor,
                                    "RULE_KIND", json_object_get(from, "kind"));
    rule->from_day = day_in(from, "from_day");
    rule->until_day = day_in(from, "until_day");
    rule->n_kinds = json_array_size(kinds);
    rule->kinds = arena_array(arena, rule->n_kinds, sizeof(*rule->kinds));
    for (size_t i = 0; i < rule->n_kinds; i++) {
        rule->kinds[i] =
            (Qcdc__V1__UnitKind)enum_in(&qcdc__v1__unit_kind__descriptor,
                                        "UNIT_KIND", json_array_get(kinds, i));
    }
    rule->n_levels = json_array_size(levels);
    rule->levels = arena_array(arena, rule->n_levels, sizeof(*rule->levels));
    for (size_t i = 0; i < rule->n_levels; i++) {
        rule->levels[i] = (Qcdc__V1__Level)enum_in(
            &qcdc__v1__level__descriptor, "LEVEL", json_array_get(levels, i));
    }
    rule->basis = text_in(arena, json_object_get(from, "basis"));
    rule->title_vi = text_in(arena, json_object_get(from, "title_vi"));
    rule->title_en = text_in(arena, json_object_get(from, "title_en"));
    rule->unconfirmed = json_is_true(json_object_get(from, "unconfirmed"));
    params_in(arena, json_object_get(from, "params"), rule);
    return rule;
}

struct span rules_shipped(struct arena *arena)
{
    char *text = source_read("deploy/data/rules.json");
    json_error_t why;
    json_t *root = json_loads(text, 0, &why);
    const json_t *rules = json_object_get(root, "rules");
    const json_t *from = json_object_get(root, "calendar");
    Qcdc__V1__RulesPublished all = QCDC__V1__RULES_PUBLISHED__INIT;
    Qcdc__V1__Calendar calendar = QCDC__V1__CALENDAR__INIT;
    struct span facts = {NULL, 0};
    struct error err = {0};

    if (root == NULL) {
        fail_msg("rules.json line %d: %s", why.line, why.text);
    }
    all.version =
        (uint32_t)json_integer_value(json_object_get(root, "version"));
    all.n_rules = json_array_size(rules);
    all.rules = arena_array(arena, all.n_rules, sizeof(*all.rules));
    for (size_t i = 0; i < all.n_rules; i++) {
        all.rules[i] = rule_in(arena, json_array_get(rules, i));
    }
    calendar.version =
        (uint32_t)json_integer_value(json_object_get(from, "version"));
    calendar.from_day = day_in(from, "from_day");
    calendar.until_day = day_in(from, "until_day");
    calendar.off_days =
        days_in(arena, json_object_get(from, "off_days"), &calendar.n_off_days);
    calendar.swapped_days = days_in(
        arena, json_object_get(from, "swapped_days"), &calendar.n_swapped_days);
    all.calendar = &calendar;
    assert_ok(message_pack(&all.base, arena, &facts, &err), err);
    json_decref(root);
    free(text);
    return facts;
}

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

/* ---- records ------------------------------------------------------------- */

uint32_t day(const char *text)
{
    struct error err = {0};
    uint32_t out = 0;

    assert_ok(day_parse(span_str(text), &out, &err), err);
    return out;
}

struct event_id id_made(uint32_t n)
{
    struct event_id id = {{0}};

    /* First bytes spread, as those of a hash do. */
    n *= 2654435761u;
    memcpy(id.bytes, &n, sizeof(n));
    id.bytes[15] = 1;
    return id;
}

struct event_id id_new(struct world *w)
{
    return id_made(++w->next_id);
}

ProtobufCBinaryData bytes_of(struct world *w, struct event_id id)
{
    struct span copy = arena_copy(&w->arena, SPAN_OF(id.bytes));

    return (ProtobufCBinaryData){.len = copy.len,
                                 .data = (uint8_t *)(uintptr_t)copy.ptr};
}

static uint64_t noon_s(const char *text)
{
    return text == NULL ? 0 : (uint64_t)day_end_s(day(text)) - 43200u;
}

Qcdc__V1__Act *act_between(struct world *w, const char *on, const char *lower,
                           const char *upper)
{
    Qcdc__V1__Act *a = arena_alloc(&w->arena, sizeof(*a));

    qcdc__v1__act__init(a);
    a->event_id = bytes_of(w, id_new(w));
    a->on_day = day(on);
    a->lower_s = noon_s(lower);
    a->upper_s = noon_s(upper);
    return a;
}

Qcdc__V1__Act *act(struct world *w, const char *on)
{
    return act_between(w, on, on, on);
}

static void record_put(struct world *w, struct event_id id,
                       enum record_kind kind, const ProtobufCMessage *message)
{
    struct duty_record *record = &w->records[w->records_len++];

    assert_true(w->records_len <= WORLD_RECORDS);
    record->subject = id;
    record->kind = kind;
    assert_ok(message_pack(message, &w->arena, &record->bytes, &w->err),
              w->err);
}

struct event_id put_plan(struct world *w, uint32_t unit, uint32_t year,
                         Qcdc__V1__Act *adopted, const char *const *lines,
                         size_t lines_len)
{
    Qcdc__V1__PlanRecord plan = QCDC__V1__PLAN_RECORD__INIT;
    Qcdc__V1__PlanLine *line;
    struct event_id id = id_new(w);

    plan.unit = unit;
    plan.kind = QCDC__V1__PLAN_KIND__PLAN_KIND_DIALOGUE;
    plan.year = year;
    plan.adopted = adopted;
    plan.n_lines = lines_len;
    plan.lines = arena_array(&w->arena, lines_len + 1, sizeof(*plan.lines));
    line = arena_array(&w->arena, lines_len + 1, sizeof(*line));
    for (size_t i = 0; i < lines_len; i++) {
        qcdc__v1__plan_line__init(&line[i]);
        line[i].planned_day = day(lines[i]);
        line[i].kind = QCDC__V1__DIALOGUE_KIND__DIALOGUE_KIND_PERIODIC;
        plan.lines[i] = &line[i];
    }
    record_put(w, id, RECORD_PLAN, &plan.base);
    return id;
}

struct event_id put_report(struct world *w, uint32_t unit, uint32_t year,
                           Qcdc__V1__Period period, Qcdc__V1__Act *submitted,
                           Qcdc__V1__DialogueSection section)
{
    Qcdc__V1__ReportRecord report = QCDC__V1__REPORT_RECORD__INIT;
    struct event_id id = id_new(w);

    report.unit = unit;
    report.period = period;
    report.year = year;
    report.submitted = submitted;
    report.section = section;
    record_put(w, id, RECORD_REPORT, &report.base);
    return id;
}

void put_nothing(struct world *w, uint32_t unit, const char *duty,
                 uint32_t year, uint32_t month)
{
    Qcdc__V1__NothingRecord nothing = QCDC__V1__NOTHING_RECORD__INIT;

    nothing.unit = unit;
    nothing.duty.data = (uint8_t *)(uintptr_t)duty;
    nothing.duty.len = strlen(duty);
    nothing.year = year;
    nothing.month = month;
    nothing.act = act(w, "2024-06-28");
    record_put(w, id_new(w), RECORD_NOTICE, &nothing.base);
}

/* One more pointer at the end of a repeated field. */
#define PUSH(w, message, field, value)                                         \
    do {                                                                       \
        size_t len_ = (message)->n_##field;                                    \
        void *list_ =                                                          \
            arena_array(&(w)->arena, len_ + 1, sizeof((message)->field[0]));   \
        if (len_ > 0) {                                                        \
            memcpy(list_, (message)->field,                                    \
                   len_ * sizeof((message)->field[0]));                        \
        }                                                                      \
        (message)->field = list_;                                              \
        (message)->field[len_] = (value);                                      \
        (message)->n_##field = len_ + 1;                                       \
    } while (0)

Qcdc__V1__DialogueRecord *dialogue(struct world *w, uint32_t unit,
                                   const char *held)
{
    Qcdc__V1__DialogueRecord *d = arena_alloc(&w->arena, sizeof(*d));

    qcdc__v1__dialogue_record__init(d);
    d->unit = unit;
    d->state = QCDC__V1__DIALOGUE_STATE__DIALOGUE_STATE_HELD;
    d->held = act(w, held);
    chair_add(w, d, unit, true);
    return d;
}

void chair_add(struct world *w, Qcdc__V1__DialogueRecord *d, uint32_t unit,
               bool head)
{
    Qcdc__V1__Chair *chair = arena_alloc(&w->arena, sizeof(*chair));

    qcdc__v1__chair__init(chair);
    chair->unit = unit;
    chair->head = head;
    PUSH(w, d, chairs, chair);
}

Qcdc__V1__Concluded *conclude(struct world *w, Qcdc__V1__DialogueRecord *d,
                              struct event_id petition_id,
                              Qcdc__V1__Conclusion conclusion, uint32_t body,
                              const char *due, const char *on)
{
    Qcdc__V1__Concluded *line = arena_alloc(&w->arena, sizeof(*line));

    qcdc__v1__concluded__init(line);
    line->petition_id = bytes_of(w, petition_id);
    line->conclusion = conclusion;
    line->body = body;
    line->due_day = due == NULL ? 0 : day(due);
    line->act = act(w, on);
    PUSH(w, d, concluded, line);
    if (d->first_concluded == NULL ||
        line->act->on_day < d->first_concluded->on_day) {
        d->first_concluded = line->act;
    }
    return line;
}

void previous_add(struct world *w, Qcdc__V1__DialogueRecord *d,
                  struct event_id petition_id, Qcdc__V1__Outcome outcome,
                  const char *next, uint32_t reason, const char *on)
{
    Qcdc__V1__PreviousLine *line = arena_alloc(&w->arena, sizeof(*line));

    qcdc__v1__previous_line__init(line);
    line->petition_id = bytes_of(w, petition_id);
    line->outcome = outcome;
    line->next_day = next == NULL ? 0 : day(next);
    line->reason = reason;
    line->act = act(w, on);
    PUSH(w, d, previous, line);
    if (d->first_previous == NULL) {
        d->first_previous = line->act;
    }
}

void dossier_add(struct world *w, Qcdc__V1__DialogueRecord *d, uint32_t kind,
                 const char *on, bool waived)
{
    Qcdc__V1__DossierLine *line = arena_alloc(&w->arena, sizeof(*line));

    qcdc__v1__dossier_line__init(line);
    line->kind = (Qcdc__V1__DocumentKind)kind;
    line->act = act(w, on);
    line->waived = waived;
    PUSH(w, d, dossier, line);
}

void schedule_add(struct world *w, Qcdc__V1__DialogueRecord *d,
                  const char *planned, const char *on)
{
    Qcdc__V1__Schedule *line = arena_alloc(&w->arena, sizeof(*line));

    qcdc__v1__schedule__init(line);
    line->planned_day = day(planned);
    line->act = act(w, on);
    PUSH(w, d, schedules, line);
}

void put_dialogue(struct world *w, struct event_id id,
                  const Qcdc__V1__DialogueRecord *d)
{
    record_put(w, id, RECORD_DIALOGUE, &d->base);
}

Qcdc__V1__PetitionRecord *petition(struct world *w, uint32_t unit,
                                   const char *received)
{
    Qcdc__V1__PetitionRecord *p = arena_alloc(&w->arena, sizeof(*p));

    qcdc__v1__petition_record__init(p);
    p->receiver = unit;
    p->holder = unit;
    p->kind = QCDC__V1__PETITION_KIND__PETITION_KIND_PROPOSAL;
    p->channel = QCDC__V1__CHANNEL__CHANNEL_COUNTER;
    p->person_known = true;
    p->received = act(w, received);
    return p;
}

Qcdc__V1__PetitionRecord *raised(struct world *w, uint32_t unit,
                                 struct event_id dialogue_id,
                                 const char *received)
{
    Qcdc__V1__PetitionRecord *p = petition(w, unit, received);

    p->channel = QCDC__V1__CHANNEL__CHANNEL_DIALOGUE;
    p->dialogue_id = bytes_of(w, dialogue_id);
    return p;
}

void put_petition(struct world *w, struct event_id id,
                  const Qcdc__V1__PetitionRecord *p)
{
    record_put(w, id, RECORD_PETITION, &p->base);
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
