/* Rules out of facts: what is understood, what is said about what is not. */
#include "tests/protocol/duty_world.h"

#include "protocol/event/wire.h"

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

static ProtobufCBinaryData text(const char *t)
{
    return (ProtobufCBinaryData){.len = strlen(t),
                                 .data = (uint8_t *)(uintptr_t)t};
}

/* One rule D5 with these parameters, decoded. */
static void decode_one(struct world *w, const char *id, uint32_t kind,
                       const char *param, uint32_t value, uint32_t entry,
                       struct rule_set *out)
{
    Qcdc__V1__UnitKind kinds[] = {2};
    Qcdc__V1__Level levels[] = {3};
    Qcdc__V1__RuleParam params[2] = {QCDC__V1__RULE_PARAM__INIT,
                                     QCDC__V1__RULE_PARAM__INIT};
    Qcdc__V1__RuleParam *list[] = {&params[0], &params[1]};
    Qcdc__V1__Rule rule = QCDC__V1__RULE__INIT;
    Qcdc__V1__Rule *rules[] = {&rule};
    Qcdc__V1__RulesPublished all = QCDC__V1__RULES_PUBLISHED__INIT;
    struct span facts;

    params[0].name = text(param);
    params[0].n_values = 1;
    params[0].values = &value;
    params[1].name = text("entry_days");
    params[1].n_values = 1;
    params[1].values = &entry;
    rule.id = text(id);
    rule.version = 1;
    rule.kind = (Qcdc__V1__RuleKind)kind;
    rule.n_kinds = 1;
    rule.kinds = kinds;
    rule.n_levels = 1;
    rule.levels = levels;
    rule.n_params = 2;
    rule.params = list;
    all.version = 3;
    all.n_rules = 1;
    all.rules = rules;
    assert_ok(message_pack(&all.base, &w->arena, &facts, &w->err), w->err);
    assert_ok(rule_set_decode(facts, &w->arena, out, &w->err), w->err);
}

static void whole_rule_is_understood(void **state)
{
    struct world *w = *state;
    struct rule_set set;

    decode_one(w, "D5", RULE_CONCLUSION, "working_days", 7, 5, &set);
    assert_int_equal(set.version, 3);
    assert_true(set.rules[0].understood);
    assert_ok(rule_set_check(&set, &w->err), w->err);
    assert_int_equal(rule_value(&set.rules[0], "working_days", 0, 0), 7);
    assert_int_equal(rule_value(&set.rules[0], "working_days", 1, 9), 9);
    assert_int_equal(rule_value(&set.rules[0], "other", 0, 9), 9);
    assert_true(rule_binds(&set.rules[0], 2, 3));
    assert_false(rule_binds(&set.rules[0], 3, 3));
    assert_false(rule_binds(&set.rules[0], 2, 1));
    assert_false(rule_binds(&set.rules[0], 99, 3));
}

static void unusable_rules_are_kept_and_named(void **state)
{
    static const struct {
        uint32_t kind;
        const char *param;
        uint32_t value, entry;
        const char *says;
    } cases[] = {
        {RULE_CONCLUSION, "days", 7, 5, "working_days is not stated"},
        {RULE_CONCLUSION, "working_days", 100000, 5, "out of bounds"},
        {RULE_CONCLUSION, "working_days", 7, 400, "entry_days"},
        {RULE_ANNUAL_PLAN, "due", 12, 5, "due has too few values"},
        {RULE_DOSSIER, "days", 30, 5, "required is not stated"},
        {99, "days", 30, 5, "kind 99 is not known"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < TEST_LEN(cases); i++) {
        struct rule_set set;
        struct error err = {0};

        decode_one(w, "D5", cases[i].kind, cases[i].param, cases[i].value,
                   cases[i].entry, &set);
        assert_int_equal(set.len, 1);
        assert_false(set.rules[0].understood);
        assert_err(rule_set_check(&set, &err), ERR_USAGE, err);
        assert_err_says(err, cases[i].says);
    }
}

static void ids_that_no_cell_can_name_are_left_out(void **state)
{
    struct world *w = *state;
    struct rule_set set;

    decode_one(w, "D5 is long", RULE_CONCLUSION, "working_days", 7, 5, &set);
    assert_int_equal(set.len, 0);
    decode_one(w, "", RULE_CONCLUSION, "working_days", 7, 5, &set);
    assert_int_equal(set.len, 0);
}

static void bytes_that_are_no_rules_are_malformed(void **state)
{
    static const uint8_t bad[] = {0x08, 0x80};
    struct world *w = *state;
    struct rule_set set;

    assert_err(
        rule_set_decode(span_make(bad, sizeof(bad)), &w->arena, &set, &w->err),
        ERR_MALFORMED, w->err);
}

/* The greatest version in force on the day wins; days at both ends count. */
static void version_in_force_is_found_by_day(void **state)
{
    struct rule rules[] = {
        {.id = "D5", .version = 3, .from_day = 300, .until_day = UINT32_MAX},
        {.id = "D5", .version = 2, .from_day = 100, .until_day = 199},
        {.id = "D5", .version = 1, .from_day = 0, .until_day = UINT32_MAX},
        {.id = "D6", .version = 1, .from_day = 0, .until_day = 50},
    };
    const struct rule_set set = {1, rules, TEST_LEN(rules)};

    (void)state;
    assert_int_equal(rule_find(&set, "D5\0\0", 99)->version, 1);
    assert_int_equal(rule_find(&set, "D5\0\0", 100)->version, 2);
    assert_int_equal(rule_find(&set, "D5\0\0", 199)->version, 2);
    assert_int_equal(rule_find(&set, "D5\0\0", 200)->version, 1);
    assert_int_equal(rule_find(&set, "D5\0\0", 300)->version, 3);
    assert_null(rule_find(&set, "D6\0\0", 51));
    assert_null(rule_find(&set, "D7\0\0", 10));
}

static void doubled_rule_is_named_before_publishing(void **state)
{
    struct world *w = *state;
    struct rule rules[2] = {w->rules.rules[0], w->rules.rules[0]};
    const struct rule_set set = {1, rules, 2};
    struct error err = {0};

    assert_err(rule_set_check(&set, &err), ERR_USAGE, err);
    assert_err_says(err, "D0 version 1 stands there twice");
}

static void directory_without_rules_gives_an_empty_set(void **state)
{
    struct world *w = *state;
    struct rule_set set = {9, NULL, 9};

    assert_ok(rule_set_of(&w->dir, &w->arena, &set, &w->err), w->err);
    assert_int_equal(set.version, 0);
    assert_int_equal(set.len, 0);
    w->dir.rules = rules_shipped(&w->arena);
    w->dir.rules_version = 1;
    assert_ok(rule_set_of(&w->dir, &w->arena, &set, &w->err), w->err);
    assert_int_equal(set.len, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whole_rule_is_understood),
        TEST(unusable_rules_are_kept_and_named),
        TEST(ids_that_no_cell_can_name_are_left_out),
        TEST(bytes_that_are_no_rules_are_malformed),
        TEST(version_in_force_is_found_by_day),
        TEST(doubled_rule_is_named_before_publishing),
        TEST(directory_without_rules_gives_an_empty_set),
    };

    return TEST_RUN(tests);
}
