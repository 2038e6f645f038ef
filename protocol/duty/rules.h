/* Duty rules as data: who owes what, from when, with which numbers.
 *
 * Decoded from the facts of RulesPublished; kinds are code, everything else
 * is data (DESIGN section 7, duties.md). A rule of a kind this version does
 * not know is kept and evaluated as nothing: it shows as "not understood".
 */
#ifndef QCDC_PROTOCOL_DUTY_RULES_H
#define QCDC_PROTOCOL_DUTY_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"

struct directory;

enum rule_kind {
    RULE_ANNUAL_PLAN = 1,      /* D0 */
    RULE_DIALOGUES_HELD = 2,   /* D1 */
    RULE_CONCLUSION = 3,       /* D5 */
    RULE_DOSSIER = 4,          /* D6 */
    RULE_PREVIOUS_RESULTS = 5, /* D7 */
    RULE_UNDERTAKINGS = 6,     /* D8 */
    RULE_PERSON_TOLD = 7,      /* P1 */
    RULE_PERIODIC_REPORT = 8,  /* Y1 */
};

/* Parameters, each with its rules of use in deploy/data/DUTIES.md. */
struct rule_param {
    struct span name;
    const uint32_t *values;
    size_t values_len;
};

struct rule {
    char id[4];          /* ASCII, zero-padded: "D0" */
    uint32_t version;    /* of the rule */
    uint32_t kind;       /* enum rule_kind, or one not known here */
    uint32_t from_day;   /* in force from */
    uint32_t until_day;  /* to and including; UINT32_MAX = open */
    uint32_t unit_kinds; /* bits 1 << UnitKind that owe it */
    uint32_t levels;     /* bits 1 << Level */
    struct span basis;   /* law, article */
    struct span title_vi;
    struct span title_en;
    bool unconfirmed; /* has a number that no text confirmed */
    bool understood;  /* kind known here, its parameters there and sane */
    const struct rule_param *params;
    size_t params_len;
};

/* Sorted by id, then version descending. */
struct rule_set {
    uint32_t version; /* of the set; 0 = no rules published */
    const struct rule *rules;
    size_t len;
};

/* Decodes facts of RulesPublished into the arena. A rule that cannot be used
 * is kept, marked not understood: its cells say so. ERR_MALFORMED if the
 * bytes are no such facts, ERR_LIMIT when the arena is full. */
int rule_set_decode(struct span facts, struct arena *arena,
                    struct rule_set *out, struct error *err) MUST_USE;

/* Before publishing: ERR_USAGE naming the first rule and parameter that would
 * not be understood, or two rules of one id and version. */
int rule_set_check(const struct rule_set *set, struct error *err) MUST_USE;

/* The rules in force by the directory: its effective RulesPublished with
 * rules, of the greatest version. An empty set when there is none. */
int rule_set_of(const struct directory *directory, struct arena *arena,
                struct rule_set *out, struct error *err) MUST_USE;

/* The version of rule `id` in force on that day (greatest wins), or NULL. */
const struct rule *rule_find(const struct rule_set *set, const char id[4],
                             uint32_t day);

/* Does a unit of this kind and level owe it? */
bool rule_binds(const struct rule *rule, uint32_t unit_kind, uint32_t level);

/* Value `i` of a parameter, or `otherwise` when it is not stated. */
uint32_t rule_value(const struct rule *rule, const char *name, size_t i,
                    uint32_t otherwise);
/* The parameter itself, or NULL. */
const struct rule_param *rule_param_find(const struct rule *rule,
                                         const char *name);

#endif
