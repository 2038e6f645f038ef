/* tests/protocol: the rules and the calendar that are shipped, read from their
 * JSON as `qcdc init` does. Next: duty_world.c. */
#include "tests/protocol/duty_world.h"

#include <jansson.h>

#include "protocol/event/wire.h"

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
