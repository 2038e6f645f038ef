/* protocol/record: units while the directory is being read.
 * Owns how registration and dated changes add up to versions. */
#include <stdlib.h>

#include "protocol/record/directory_internal.h"

static struct span bytes_of(ProtobufCBinaryData data)
{
    return span_make(data.data, data.len);
}

/* After every change of the same day that was told before. */
static void change_insert(struct unit_draft *unit, struct unit_change *change)
{
    struct unit_change **at = &unit->changes;

    while (*at != NULL && (*at)->from_day <= change->from_day) {
        at = &(*at)->next;
    }
    change->next = *at;
    *at = change;
    unit->changes_len++;
}

enum standing unit_register(struct build *b, uint32_t issuer,
                            const Qcdc__V1__UnitRegistered *said)
{
    if (number_map_find(&b->units, said->number) != NULL) {
        return STANDING_REPEATED;
    }
    if (!node_may_register(b, issuer, said->number)) {
        return STANDING_NO_RIGHT;
    }

    struct unit_draft *unit =
        number_map_add(b, &b->units, said->number, sizeof(*unit));
    struct unit_change *change = build_alloc(b, 1, sizeof(*change));

    if (unit != NULL && change != NULL) {
        unit->registrar_node = issuer;
        change->registered = said;
        change->from_day = said->from_day;
        change_insert(unit, change);
    }
    return STANDING_EFFECTIVE;
}

void unit_change(struct build *b, struct unit_draft *unit,
                 const Qcdc__V1__UnitChanged *said)
{
    struct unit_change *change = build_alloc(b, 1, sizeof(*change));

    if (change != NULL) {
        change->changed = said;
        change->from_day = said->from_day;
        change_insert(unit, change);
    }
}

void unit_close(struct build *b, struct unit_draft *unit, uint32_t from_day)
{
    struct unit_change *change = build_alloc(b, 1, sizeof(*change));

    if (change != NULL) {
        change->from_day = from_day;
        change_insert(unit, change);
    }
}

static void facts_register(struct unit_facts *facts,
                           const Qcdc__V1__UnitRegistered *said)
{
    *facts = (struct unit_facts){
        .number = said->number,
        .kind = (uint32_t)said->kind,
        .level = (uint32_t)said->level,
        .name = bytes_of(said->name),
        .code = bytes_of(said->code),
        .territory = said->territory,
        .host = said->host,
        .reports_to = said->reports_to,
        .from_day = said->from_day,
        .duties_from_day =
            said->duties_from_day != 0 ? said->duties_from_day : said->from_day,
        .open = true,
    };
}

static void number_change(uint32_t *value, uint32_t said)
{
    if (said != 0) {
        *value = said;
    }
}

static void facts_change(struct unit_facts *facts,
                         const Qcdc__V1__UnitChanged *said)
{
    if (said->name.len > 0) {
        facts->name = bytes_of(said->name);
    }
    if (said->code.len > 0) {
        facts->code = bytes_of(said->code);
    }
    number_change(&facts->territory, said->territory);
    number_change(&facts->host, said->host);
    number_change(&facts->reports_to, said->reports_to);
    number_change(&facts->duties_from_day, said->duties_from_day);
    if (said->unhosted) {
        facts->host = 0;
    }
    if (said->closed) {
        facts->open = false;
    }
}

/* A change dated before the registration is one of its first day. */
static const struct unit_change *registration(const struct unit_draft *unit)
{
    const struct unit_change *change = unit->changes;

    while (change->registered == NULL) {
        change = change->next;
    }
    return change;
}

struct unit_facts unit_draft_at(const struct unit_draft *unit, uint32_t day)
{
    const struct unit_change *first = registration(unit);
    struct unit_facts facts;

    facts_register(&facts, first->registered);
    for (const struct unit_change *change = unit->changes; change != NULL;
         change = change->next) {
        if (change->registered != NULL ||
            (change->from_day > day && change->from_day > first->from_day)) {
            continue;
        }
        if (change->changed != NULL) {
            facts_change(&facts, change->changed);
        } else {
            facts.open = false;
        }
    }
    return facts;
}

static void unit_finish(struct build *b, const struct unit_draft *draft,
                        struct dir_unit *unit)
{
    const struct unit_change *first = registration(draft);
    struct dir_version *versions =
        build_alloc(b, draft->changes_len, sizeof(*versions));
    size_t len = 0;

    if (versions == NULL) {
        return;
    }
    for (const struct unit_change *change = draft->changes; change != NULL;
         change = change->next) {
        uint32_t day = change->from_day < first->from_day ? first->from_day
                                                          : change->from_day;

        if (len == 0 || versions[len - 1].from_day != day) {
            versions[len++] = (struct dir_version){
                .from_day = day, .facts = unit_draft_at(draft, day)};
        }
    }
    *unit = (struct dir_unit){.number = draft->number,
                              .registrar_node = draft->registrar_node,
                              .versions = versions,
                              .versions_len = len};
}

static int compare_units(const void *left, const void *right)
{
    const struct dir_unit *a = left;
    const struct dir_unit *b = right;

    return a->number < b->number ? -1 : a->number > b->number;
}

void units_finish(struct build *b)
{
    struct directory *dir = b->out;

    dir->units = build_alloc(b, b->units.len, sizeof(*dir->units));
    for (size_t i = 0; dir->units != NULL && i < b->units.size; i++) {
        if (b->units.slots[i] != NULL) {
            unit_finish(b, b->units.slots[i], &dir->units[dir->units_len++]);
        }
    }
    if (dir->units != NULL && dir->units_len > 0) {
        qsort(dir->units, dir->units_len, sizeof(*dir->units), compare_units);
    }
}
