/* protocol/event: rules of the directory types: units, nodes, actors, rules.
 *
 * What is certified here decides who may speak at all; keys are checked to be
 * usable points and each for one purpose. Whether the issuer had the right and
 * the number range is the directory's question (protocol/record).
 */
#include <stdio.h>
#include <string.h>

#include "protocol/event/rules.h"

/* ---- units -----------------------------------------------------------------
 */

RULES_OF(unit_registered)
{
    const Qcdc__V1__UnitRegistered *m =
        (const Qcdc__V1__UnitRegistered *)message;

    (void)header;
    if (rules_need(m->number, "number", err) != 0 ||
        rules_need(m->kind, "kind", err) != 0 ||
        rules_need(m->level, "level", err) != 0 ||
        rules_need_text(m->name, "name", err) != 0 ||
        rules_need(m->from_day, "from_day", err) != 0) {
        return err->code;
    }
    if (m->territory == m->number || m->reports_to == m->number) {
        return rules_refuse(err, "number", "a unit is not above itself");
    }
    return 0;
}

RULES_OF(unit_changed)
{
    const Qcdc__V1__UnitChanged *m = (const Qcdc__V1__UnitChanged *)message;

    (void)header;
    if (rules_need(m->number, "number", err) != 0 ||
        rules_need(m->from_day, "from_day", err) != 0) {
        return err->code;
    }
    if (m->unhosted && m->host != 0) {
        return rules_refuse(err, "host", "a node, or unhosted, not both");
    }
    if (m->territory == m->number || m->reports_to == m->number) {
        return rules_refuse(err, "number", "a unit is not above itself");
    }
    return 0;
}

/* ---- keys
 * -------------------------------------------------------------------- */

static int sign_key(ProtobufCBinaryData key, const char *path,
                    struct error *err)
{
    struct sign_public pub;

    if (key.len != sizeof(pub.bytes)) {
        return rules_refuse(err, path, "must be stated");
    }
    memcpy(pub.bytes, key.data, sizeof(pub.bytes));
    if (!sign_public_valid(&pub)) {
        return rules_refuse(err, path, "is no usable Ed25519 key");
    }
    return 0;
}

static int node_keys(const Qcdc__V1__NodeKeys *keys, bool top,
                     struct error *err)
{
    if (keys == NULL) {
        return rules_refuse(err, "keys", "must be stated");
    }
    if (sign_key(keys->log_key, "keys.log_key", err) != 0 ||
        sign_key(keys->mirror_key, "keys.mirror_key", err) != 0 ||
        sign_key(keys->actor_key, "keys.actor_key", err) != 0 ||
        sign_key(keys->admin_key, "keys.admin_key", err) != 0 ||
        rules_need(keys->curve_key.len, "keys.curve_key", err) != 0) {
        return err->code;
    }
    if ((top || keys->dir_log_key.len > 0) &&
        sign_key(keys->dir_log_key, "keys.dir_log_key", err) != 0) {
        return err->code;
    }

    const ProtobufCBinaryData all[] = {keys->log_key,    keys->dir_log_key,
                                       keys->mirror_key, keys->actor_key,
                                       keys->admin_key,  keys->curve_key};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        for (size_t j = 0; j < i; j++) {
            if (all[i].len > 0 && all[i].len == all[j].len &&
                memcmp(all[i].data, all[j].data, all[i].len) == 0) {
                return rules_refuse(err, "keys", "one key serves two purposes");
            }
        }
    }
    return 0;
}

static int unit_keys(Qcdc__V1__UnitKeys **units, size_t len, struct error *err)
{
    char path[48];

    if (rules_count(len, HOSTED_UNITS_MAX, "units", err) != 0) {
        return err->code;
    }
    for (size_t i = 0; i < len; i++) {
        snprintf(path, sizeof(path), "units[%zu]", i);
        if (rules_need(units[i]->unit, path, err) != 0 ||
            rules_need(units[i]->sealing_key.len, path, err) != 0 ||
            rules_need(units[i]->recovery_key.len, path, err) != 0 ||
            rules_need(units[i]->n_registrar_keys, path, err) != 0 ||
            rules_count(units[i]->n_registrar_keys, REGISTRARS_MAX, path,
                        err) != 0) {
            return err->code;
        }
        for (size_t j = 0; j < i; j++) {
            if (units[j]->unit == units[i]->unit) {
                return rules_refuse(err, path, "the unit stands twice");
            }
        }
        for (size_t k = 0; k < units[i]->n_registrar_keys; k++) {
            snprintf(path, sizeof(path), "units[%zu].registrar_keys", i);
            if (sign_key(units[i]->registrar_keys[k], path, err) != 0) {
                return err->code;
            }
        }
    }
    return 0;
}

static int number_range(uint32_t first, uint32_t last, struct error *err)
{
    if ((first == 0) != (last == 0) || first > last) {
        return rules_refuse(err, "numbers_first",
                            "a range goes from a number to one not smaller");
    }
    return 0;
}

static bool realm_valid(ProtobufCBinaryData realm)
{
    if (realm.len == 0 || realm.len > REALM_MAX) {
        return false;
    }
    for (size_t i = 0; i < realm.len; i++) {
        uint8_t c = realm.data[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') {
            return false;
        }
    }
    return true;
}

/* Where the logs before end is what everybody cuts them at: stated whole. */
static int successor(const Qcdc__V1__TopNodeCertified *m, struct error *err)
{
    if (m->epoch < 2) {
        return m->dir_size == 0 && m->log_size == 0 && m->standby == 0
                   ? 0
                   : rules_refuse(err, "epoch", "an end names the next epoch");
    }
    if (rules_need(m->dir_size, "dir_size", err) != 0 ||
        rules_need(m->dir_root_hash.len, "dir_root_hash", err) != 0 ||
        rules_need(m->log_root_hash.len, "log_root_hash", err) != 0 ||
        rules_need(m->endpoint.len, "endpoint", err) != 0) {
        return err->code;
    }
    return rules_need(m->standby, "standby", err);
}

RULES_OF(top_node_certified)
{
    const Qcdc__V1__TopNodeCertified *m =
        (const Qcdc__V1__TopNodeCertified *)message;

    if (m->node != header->node) {
        return rules_refuse(err, "node", "is the node whose log this opens");
    }
    if (header->unit != 0) {
        return rules_refuse(err, "unit", "the root key speaks for no unit");
    }
    if (!realm_valid(m->realm)) {
        return rules_refuse(err, "realm", "1 to 32 of a-z, 0-9 and the hyphen");
    }
    if (node_keys(m->keys, true, err) != 0 || successor(m, err) != 0 ||
        unit_keys(m->units, m->n_units, err) != 0) {
        return err->code;
    }
    return number_range(m->numbers_first, m->numbers_last, err);
}

/* A machine that mirrors keeps nobody's records: it could not bring them in. */
static int role_rules(const Qcdc__V1__NodeCertified *m, struct error *err)
{
    if (m->role == QCDC__V1__NODE_ROLE__NODE_ROLE_ORDINARY) {
        return 0;
    }
    if (m->n_units > 0 || m->numbers_first != 0 ||
        (m->keys != NULL && m->keys->dir_log_key.len > 0)) {
        return rules_refuse(err, "role",
                            "a standby or observer has no units, no numbers "
                            "and no directory log");
    }
    return m->role == QCDC__V1__NODE_ROLE__NODE_ROLE_STANDBY
               ? rules_need(m->endpoint.len, "endpoint", err)
               : 0;
}

RULES_OF(node_certified)
{
    const Qcdc__V1__NodeCertified *m = (const Qcdc__V1__NodeCertified *)message;

    (void)header;
    if (rules_need(m->node, "node", err) != 0 ||
        rules_need(m->guard, "guard", err) != 0 ||
        rules_need(m->epoch, "epoch", err) != 0) {
        return err->code;
    }
    if (m->guard == m->node) {
        return rules_refuse(err, "guard", "no node is its own guard");
    }
    if ((m->guard_from > 0) != (m->guard_root_hash.len > 0) ||
        (m->dir_guard_from > 0) != (m->dir_guard_root_hash.len > 0)) {
        return rules_refuse(err, "guard_from",
                            "a size and its root are stated together");
    }
    if (node_keys(m->keys, false, err) != 0 || role_rules(m, err) != 0 ||
        unit_keys(m->units, m->n_units, err) != 0) {
        return err->code;
    }
    return number_range(m->numbers_first, m->numbers_last, err);
}

/* ---- actors
 * ------------------------------------------------------------------ */

#define RIGHTS_ALL 15u

RULES_OF(actor_certified)
{
    const Qcdc__V1__ActorCertified *m =
        (const Qcdc__V1__ActorCertified *)message;

    if (sign_key(m->actor_key, "actor_key", err) != 0 ||
        rules_need_text(m->post, "post", err) != 0) {
        return err->code;
    }
    if (m->rights == 0 || m->rights > RIGHTS_ALL) {
        return rules_refuse(err, "rights", "a sum of 1, 2, 4 and 8");
    }
    if (m->unit != header->unit) {
        return rules_refuse(err, "unit", "a registrar certifies for its unit");
    }
    return 0;
}

RULES_OF(actor_revoked)
{
    const Qcdc__V1__ActorRevoked *m = (const Qcdc__V1__ActorRevoked *)message;

    if (rules_need(m->actor_id.len, "actor_id", err) != 0) {
        return err->code;
    }
    if (m->unit != header->unit) {
        return rules_refuse(err, "unit", "a registrar revokes for its unit");
    }
    return 0;
}

RULES_OF(actor_confirmed)
{
    const Qcdc__V1__ActorConfirmed *m =
        (const Qcdc__V1__ActorConfirmed *)message;

    (void)header;
    if (rules_need(m->actor_id.len, "actor_id", err) != 0 ||
        rules_need(m->unit, "unit", err) != 0) {
        return err->code;
    }
    return rules_need(m->node, "node", err);
}

/* ---- duty rules and calendar
 * --------------------------------------------------- */

#define DUTY_ID_MAX 4u /* 4 bytes in snapshot rows */

static bool duty_id_valid(ProtobufCBinaryData id)
{
    if (id.len == 0 || id.len > DUTY_ID_MAX) {
        return false;
    }
    for (size_t i = 0; i < id.len; i++) {
        if (id.data[i] <= 0x20 || id.data[i] >= 0x7f) {
            return false;
        }
    }
    return true;
}

static int rule_check(const Qcdc__V1__Rule *rule, const char *path,
                      struct error *err)
{
    if (!duty_id_valid(rule->id)) {
        return rules_refuse(err, path, "an id has 1 to 4 ASCII characters");
    }
    if (rule->version == 0 || rule->kind == 0 || rule->from_day == 0 ||
        rule->n_kinds == 0 || rule->n_levels == 0) {
        return rules_refuse(err, path,
                            "version, kind, from_day, kinds and levels must "
                            "be stated");
    }
    if (rule->until_day != 0 && rule->until_day < rule->from_day) {
        return rules_refuse(err, path, "until_day is before from_day");
    }
    if (rule->basis.len == 0 || rule->title_vi.len == 0 ||
        rule->title_en.len == 0) {
        return rules_refuse(err, path, "basis and both titles must be stated");
    }
    if (rules_count(rule->n_params, RULE_PARAMS_MAX, "params", err) != 0) {
        return error_wrap(err, "%s", path);
    }
    for (size_t i = 0; i < rule->n_params; i++) {
        if (rule->params[i]->name.len == 0) {
            return rules_refuse(err, path, "a parameter without a name");
        }
    }
    return 0;
}

/* Strictly ascending days within the calendar's coverage. */
static int days_check(const Qcdc__V1__Calendar *c, const uint32_t *days,
                      size_t len, const char *path, struct error *err)
{
    for (size_t i = 0; i < len; i++) {
        if (days[i] < c->from_day || days[i] > c->until_day ||
            (i > 0 && days[i] <= days[i - 1])) {
            return rules_refuse(err, path,
                                "ascending, each once, from from_day to "
                                "until_day");
        }
    }
    return 0;
}

static int calendar_check(const Qcdc__V1__Calendar *c, struct error *err)
{
    size_t at = 0;

    if (c->version == 0 || c->from_day == 0 || c->until_day < c->from_day) {
        return rules_refuse(err, "calendar",
                            "version, from_day and a later until_day must be "
                            "stated");
    }
    if (rules_count(c->n_off_days + c->n_swapped_days, CALENDAR_DAYS_MAX,
                    "calendar", err) != 0 ||
        days_check(c, c->off_days, c->n_off_days, "calendar.off_days", err) !=
            0 ||
        days_check(c, c->swapped_days, c->n_swapped_days,
                   "calendar.swapped_days", err) != 0) {
        return err->code;
    }
    for (size_t i = 0; i < c->n_off_days; i++) {
        while (at < c->n_swapped_days && c->swapped_days[at] < c->off_days[i]) {
            at++;
        }
        if (at < c->n_swapped_days && c->swapped_days[at] == c->off_days[i]) {
            return rules_refuse(err, "calendar",
                                "a day is off or worked by a swap, not both");
        }
    }
    return 0;
}

RULES_OF(rules_published)
{
    const Qcdc__V1__RulesPublished *m =
        (const Qcdc__V1__RulesPublished *)message;

    (void)header;
    if (rules_need(m->version, "version", err) != 0 ||
        rules_count(m->n_rules, RULES_MAX, "rules", err) != 0) {
        return err->code;
    }
    if (m->n_rules == 0 && m->calendar == NULL) {
        return rules_refuse(err, "rules", "rules or a calendar must be stated");
    }
    for (size_t i = 0; i < m->n_rules; i++) {
        char path[48];

        snprintf(path, sizeof(path), "rules[%zu]", i);
        if (rule_check(m->rules[i], path, err) != 0) {
            return err->code;
        }
    }
    return m->calendar == NULL ? 0 : calendar_check(m->calendar, err);
}
