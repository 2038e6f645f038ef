/* protocol/duty: rules out of the facts of RulesPublished. Owns the table of
 * kinds with their parameters and bounds. Must never know a due date that is
 * not in the data. Next: eval.c, which uses them. */
#include "protocol/duty/rules.h"

#include <stdlib.h>

#include "protocol/event/wire.h"
#include "protocol/record/directory.h"
#include "qcdc/v1/event.pb-c.h"

#define DAYS_MAX 3660u /* ten years: no term of law is longer */

/* What a kind needs: at least `least` values, each within [min, max]. Dates
 * are two values, month and day. */
struct param_need {
    const char *name;
    bool date;
    size_t least;
    uint32_t min;
    uint32_t max;
};

struct kind_needs {
    uint32_t kind;
    struct param_need needs[4]; /* besides entry_days, which all need */
};

static const struct kind_needs kinds[] = {
    {RULE_ANNUAL_PLAN, {{"due", true, 2, 0, 0}}},
    {RULE_DIALOGUES_HELD,
     {{"due", true, 2, 0, 0},
      {"count", false, 1, 1, 200},
      {"fixed_for", false, 2, 1, 31}}},
    {RULE_CONCLUSION, {{"working_days", false, 1, 0, DAYS_MAX}}},
    {RULE_DOSSIER,
     {{"days", false, 1, 0, DAYS_MAX},
      {"required", false, 1, 1, 9},
      {"void_at_first", false, 0, 1, 9}}},
    {RULE_PREVIOUS_RESULTS, {{NULL, false, 0, 0, 0}}},
    {RULE_UNDERTAKINGS, {{NULL, false, 0, 0, 0}}},
    {RULE_PERSON_TOLD, {{"working_days", false, 1, 0, DAYS_MAX}}},
    {RULE_PERIODIC_REPORT,
     {{"half_due", true, 2, 0, 0}, {"year_due", true, 2, 0, 0}}},
};

static const struct param_need entry_need = {"entry_days", false, 1, 0, 366};

static bool date_exists(uint32_t month, uint32_t day)
{
    static const uint32_t last[] = {31, 28, 31, 30, 31, 30,
                                    31, 31, 30, 31, 30, 31};

    return month >= 1 && month <= 12 && day >= 1 && day <= last[month - 1];
}

/* 0 or the reason why the rule cannot be used. */
static const char *need_unmet(const struct rule *rule,
                              const struct param_need *need)
{
    const struct rule_param *param = rule_param_find(rule, need->name);

    if (param == NULL) {
        return need->least == 0 ? NULL : "is not stated";
    }
    if (param->values_len < need->least) {
        return "has too few values";
    }
    if (need->date) {
        return date_exists(param->values[0], param->values[1])
                   ? NULL
                   : "is no month and day of every year";
    }
    for (size_t i = 0; i < param->values_len; i++) {
        if (param->values[i] < need->min || param->values[i] > need->max) {
            return "has a value out of bounds";
        }
    }
    return NULL;
}

static const struct kind_needs *kind_find(uint32_t kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].kind == kind) {
            return &kinds[i];
        }
    }
    return NULL;
}

/* Fails naming what is wrong with one rule. */
static int rule_check(const struct rule *rule, struct error *err)
{
    const struct kind_needs *kind = kind_find(rule->kind);
    const char *why = need_unmet(rule, &entry_need);
    const char *name = entry_need.name;
    const size_t most = sizeof(kind->needs) / sizeof(kind->needs[0]);

    if (kind == NULL) {
        return error_set(err, ERR_USAGE,
                         "rule %.4s: kind %u is not known to this version",
                         rule->id, rule->kind);
    }
    for (size_t i = 0; why == NULL && i < most; i++) {
        if (kind->needs[i].name != NULL) {
            name = kind->needs[i].name;
            why = need_unmet(rule, &kind->needs[i]);
        }
    }
    if (why != NULL) {
        return error_set(err, ERR_USAGE, "rule %.4s version %u: %s %s",
                         rule->id, rule->version, name, why);
    }
    if (rule->unit_kinds == 0 || rule->levels == 0 || rule->version == 0) {
        return error_set(err, ERR_USAGE,
                         "rule %.4s: version, kinds and levels must be stated",
                         rule->id);
    }
    return 0;
}

static int rule_order(const void *a, const void *b)
{
    const struct rule *x = a;
    const struct rule *y = b;
    int order = memcmp(x->id, y->id, sizeof(x->id));

    if (order != 0) {
        return order;
    }
    return (x->version < y->version) - (x->version > y->version);
}

static struct span text_of(ProtobufCBinaryData bytes)
{
    return span_make(bytes.data, bytes.len);
}

static uint32_t bits_of(const uint32_t *values, size_t len)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < len; i++) {
        if (values[i] < 32) {
            bits |= UINT32_C(1) << values[i];
        }
    }
    return bits;
}

static int params_read(const Qcdc__V1__Rule *from, struct arena *arena,
                       struct rule *to, struct error *err)
{
    struct rule_param *params =
        arena_array(arena, from->n_params + 1, sizeof(*params));

    if (params == NULL) {
        return error_set(err, ERR_LIMIT, "no room for the rules");
    }
    for (size_t i = 0; i < from->n_params; i++) {
        const Qcdc__V1__RuleParam *param = from->params[i];

        params[i].name = text_of(param->name);
        params[i].values = param->values;
        params[i].values_len = param->n_values;
    }
    to->params = params;
    to->params_len = from->n_params;
    return 0;
}

static int rule_read(const Qcdc__V1__Rule *from, struct arena *arena,
                     struct rule *to, struct error *err)
{
    struct error why = {0};

    memset(to, 0, sizeof(*to));
    memcpy(to->id, from->id.data, from->id.len);
    to->version = from->version;
    to->kind = (uint32_t)from->kind;
    to->from_day = from->from_day;
    to->until_day = from->until_day == 0 ? UINT32_MAX : from->until_day;
    to->basis = text_of(from->basis);
    to->title_vi = text_of(from->title_vi);
    to->title_en = text_of(from->title_en);
    to->unconfirmed = from->unconfirmed;
    for (size_t i = 0; i < from->n_kinds; i++) {
        uint32_t kind = (uint32_t)from->kinds[i];

        to->unit_kinds |= bits_of(&kind, 1);
    }
    for (size_t i = 0; i < from->n_levels; i++) {
        uint32_t level = (uint32_t)from->levels[i];

        to->levels |= bits_of(&level, 1);
    }
    if (params_read(from, arena, to, err) != 0) {
        return err->code;
    }
    to->understood = rule_check(to, &why) == 0;
    return 0;
}

static bool id_fits(ProtobufCBinaryData id)
{
    if (id.len == 0 || id.len > 4) {
        return false;
    }
    for (size_t i = 0; i < id.len; i++) {
        if (id.data[i] <= 0x20 || id.data[i] >= 0x7f) {
            return false;
        }
    }
    return true;
}

int rule_set_decode(struct span facts, struct arena *arena,
                    struct rule_set *out, struct error *err)
{
    struct ProtobufCMessage *message = NULL;
    const Qcdc__V1__RulesPublished *published;
    struct rule *rules;
    size_t len = 0;
    int rc = message_decode(&qcdc__v1__rules_published__descriptor, facts,
                            arena, &message, err);

    if (rc != 0) {
        return error_wrap(err, "rules");
    }
    published = (const Qcdc__V1__RulesPublished *)message;
    rules = arena_array(arena, published->n_rules + 1, sizeof(*rules));
    if (rules == NULL) {
        return error_set(err, ERR_LIMIT, "no room for the rules");
    }
    for (size_t i = 0; i < published->n_rules; i++) {
        if (!id_fits(published->rules[i]->id)) {
            continue; /* a cell could not even name it */
        }
        rc = rule_read(published->rules[i], arena, &rules[len], err);
        if (rc != 0) {
            return rc;
        }
        len++;
    }
    qsort(rules, len, sizeof(*rules), rule_order);
    out->version = published->version;
    out->rules = rules;
    out->len = len;
    return 0;
}

int rule_set_check(const struct rule_set *set, struct error *err)
{
    for (size_t i = 0; i < set->len; i++) {
        int rc = rule_check(&set->rules[i], err);

        if (rc != 0) {
            return rc;
        }
        if (i > 0 && rule_order(&set->rules[i - 1], &set->rules[i]) == 0) {
            return error_set(err, ERR_USAGE,
                             "rule %.4s version %u stands there twice",
                             set->rules[i].id, set->rules[i].version);
        }
    }
    return 0;
}

int rule_set_of(const struct directory *directory, struct arena *arena,
                struct rule_set *out, struct error *err)
{
    if (directory->rules_version == 0) {
        memset(out, 0, sizeof(*out));
        return 0;
    }
    return rule_set_decode(directory->rules, arena, out, err);
}

const struct rule *rule_find(const struct rule_set *set, const char id[4],
                             uint32_t day)
{
    for (size_t i = 0; i < set->len; i++) {
        const struct rule *rule = &set->rules[i];

        if (memcmp(rule->id, id, sizeof(rule->id)) == 0 &&
            rule->from_day <= day && day <= rule->until_day) {
            return rule; /* versions stand greatest first */
        }
    }
    return NULL;
}

bool rule_binds(const struct rule *rule, uint32_t unit_kind, uint32_t level)
{
    return (rule->unit_kinds & bits_of(&unit_kind, 1)) != 0 &&
           (rule->levels & bits_of(&level, 1)) != 0;
}

const struct rule_param *rule_param_find(const struct rule *rule,
                                         const char *name)
{
    for (size_t i = 0; i < rule->params_len; i++) {
        if (span_equal(rule->params[i].name, span_str(name))) {
            return &rule->params[i];
        }
    }
    return NULL;
}

uint32_t rule_value(const struct rule *rule, const char *name, size_t i,
                    uint32_t otherwise)
{
    const struct rule_param *param = rule_param_find(rule, name);

    if (param == NULL || i >= param->values_len) {
        return otherwise;
    }
    return param->values[i];
}
