/* protocol/record: questions to a directory that was built.
 * Owns the lookups; whatever was certified was judged in directory_build.c. */
#include "protocol/record/directory.h"

#include <stdlib.h>

#define DEPTH_MAX 16u /* of any tree here; a loop of numbers ends there */

static int compare_unit(const void *key, const void *item)
{
    uint32_t number = *(const uint32_t *)key;
    const struct dir_unit *unit = item;

    return number < unit->number ? -1 : number > unit->number;
}

const struct dir_unit *directory_unit(const struct directory *dir,
                                      uint32_t number)
{
    return dir->units_len == 0 ? NULL
                               : bsearch(&number, dir->units, dir->units_len,
                                         sizeof(*dir->units), compare_unit);
}

static int compare_node(const void *key, const void *item)
{
    uint32_t number = *(const uint32_t *)key;
    const struct dir_node *node = item;

    return number < node->number ? -1 : number > node->number;
}

const struct dir_node *directory_node(const struct directory *dir,
                                      uint32_t number)
{
    return dir->nodes_len == 0 ? NULL
                               : bsearch(&number, dir->nodes, dir->nodes_len,
                                         sizeof(*dir->nodes), compare_node);
}

const struct dir_cert *directory_cert(const struct directory *dir,
                                      uint32_t node)
{
    const struct dir_node *found = directory_node(dir, node);

    return found == NULL ? NULL : found->certs[found->certs_len - 1];
}

const struct dir_cert *directory_cert_of_epoch(const struct directory *dir,
                                               uint32_t node, uint32_t epoch)
{
    const struct dir_node *found = directory_node(dir, node);

    for (size_t i = found == NULL ? 0 : found->certs_len; i-- > 0;) {
        if (found->certs[i]->epoch == epoch) {
            return found->certs[i];
        }
    }
    return NULL;
}

uint32_t directory_standby(const struct directory *dir)
{
    const struct dir_cert *top = directory_cert(dir, dir->top);

    return top == NULL ? 0 : top->guard;
}

uint32_t directory_role(const struct directory *dir, uint32_t node)
{
    const struct dir_cert *cert = directory_cert(dir, node);

    return cert == NULL ? DIR_ROLE_ORDINARY : cert->role;
}

static const struct unit_facts *facts_at(const struct dir_unit *unit,
                                         uint32_t day)
{
    size_t at = unit->versions_len - 1;

    while (at > 0 && unit->versions[at].from_day > day) {
        at--;
    }
    return &unit->versions[at].facts;
}

bool directory_unit_at(const struct directory *dir, uint32_t unit, uint32_t day,
                       struct unit_facts *out)
{
    const struct dir_unit *found = directory_unit(dir, unit);

    *out = (struct unit_facts){0};
    if (found == NULL) {
        return false;
    }
    *out = *facts_at(found, day);
    out->open = out->open && day >= found->versions[0].from_day;
    return true;
}

const struct dir_unit_keys *directory_unit_keys(const struct directory *dir,
                                                uint32_t unit, uint32_t day)
{
    struct unit_facts facts;
    const struct dir_node *node = NULL;

    if (directory_unit_at(dir, unit, day, &facts)) {
        node = directory_node(dir, facts.host);
    }
    for (size_t i = node == NULL ? 0 : node->certs_len; i-- > 0;) {
        for (size_t k = 0; k < node->certs[i]->units_len; k++) {
            if (node->certs[i]->units[k].unit == unit) {
                return &node->certs[i]->units[k];
            }
        }
    }
    return NULL;
}

const struct dir_key *directory_key(const struct directory *dir,
                                    const struct key_id *id)
{
    size_t low = 0;
    size_t high = dir->keys_len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(dir->keys[middle].id.bytes, id->bytes, sizeof(id->bytes)) <
            0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == dir->keys_len ||
        memcmp(dir->keys[low].id.bytes, id->bytes, sizeof(id->bytes)) != 0) {
        return NULL;
    }
    return &dir->keys[low];
}

static bool ever_hosted(const struct directory *dir, uint32_t node,
                        uint32_t unit)
{
    const struct dir_unit *found = directory_unit(dir, unit);

    for (size_t i = 0; found != NULL && i < found->versions_len; i++) {
        if (found->versions[i].facts.host == node) {
            return true;
        }
    }
    return false;
}

static const struct sign_public *registrar_of(const struct dir_unit_keys *keys,
                                              const struct key_id *id)
{
    for (size_t i = 0; i < keys->registrars_len; i++) {
        struct key_id own = key_id_of(SPAN_OF(keys->registrars[i]));

        if (memcmp(own.bytes, id->bytes, sizeof(own.bytes)) == 0) {
            return &keys->registrars[i];
        }
    }
    return NULL;
}

const struct sign_public *directory_registrar(const struct directory *dir,
                                              uint32_t node, uint32_t unit,
                                              const struct key_id *id)
{
    const struct dir_node *found = directory_node(dir, node);

    if (found == NULL || !ever_hosted(dir, node, unit)) {
        return NULL;
    }
    for (size_t i = found->certs_len; i-- > 0;) {
        const struct dir_cert *cert = found->certs[i];

        for (size_t k = 0; k < cert->units_len; k++) {
            const struct sign_public *key =
                cert->units[k].unit == unit ? registrar_of(&cert->units[k], id)
                                            : NULL;

            if (key != NULL) {
                return key;
            }
        }
    }
    return NULL;
}

bool directory_is_confirmed(const struct directory *dir,
                            const struct key_id *actor, uint32_t unit,
                            uint32_t node)
{
    for (size_t i = 0; i < dir->confirmed_len; i++) {
        const struct dir_confirmed *row = &dir->confirmed[i];

        if (row->unit == unit && row->node == node &&
            memcmp(row->actor.bytes, actor->bytes, sizeof(actor->bytes)) == 0) {
            return true;
        }
    }
    return false;
}

bool directory_is_above(const struct directory *dir, uint32_t above,
                        uint32_t below, uint32_t day)
{
    for (unsigned depth = 0; depth < DEPTH_MAX && below != 0; depth++) {
        const struct dir_unit *unit = directory_unit(dir, below);

        below = unit == NULL ? 0 : facts_at(unit, day)->reports_to;
        if (below == above) {
            return above != 0;
        }
    }
    return false;
}

uint32_t directory_common_superior(const struct directory *dir,
                                   const uint32_t *units, size_t len,
                                   uint32_t day)
{
    uint32_t above = len == 0 ? 0 : units[0];

    for (unsigned depth = 0; depth < DEPTH_MAX && above != 0; depth++) {
        const struct dir_unit *unit = directory_unit(dir, above);
        size_t below = 0;

        above = unit == NULL ? 0 : facts_at(unit, day)->reports_to;
        while (below < len &&
               directory_is_above(dir, above, units[below], day)) {
            below++;
        }
        if (below == len) {
            return above;
        }
    }
    return 0;
}

/* Both ways up: where it lay, and what became of it. */
/* NOLINTNEXTLINE(misc-no-recursion): depth is bounded */
static bool territory_within(const struct directory *dir, uint32_t territory,
                             uint32_t root, uint32_t day, unsigned depth)
{
    for (; depth < DEPTH_MAX && territory != 0; depth++) {
        uint32_t heir = directory_heir(dir, territory, day);
        const struct dir_unit *unit = directory_unit(dir, territory);

        if (territory == root ||
            (heir != 0 && territory_within(dir, heir, root, day, depth + 1))) {
            return true;
        }
        territory = unit == NULL ? 0 : facts_at(unit, day)->territory;
    }
    return false;
}

bool directory_territory_within(const struct directory *dir, uint32_t territory,
                                uint32_t root, uint32_t day)
{
    return territory_within(dir, territory, root, day, 0);
}

/* NOLINTNEXTLINE(misc-no-recursion): depth is bounded */
static bool was_within(const struct directory *dir, uint32_t node,
                       uint32_t root, unsigned depth)
{
    const struct dir_node *found = directory_node(dir, node);

    if (node == root) {
        return true;
    }
    for (size_t i = 0;
         depth < DEPTH_MAX && found != NULL && i < found->certs_len; i++) {
        uint32_t issuer = found->certs[i]->issuer;

        if (issuer != node &&
            (i == 0 || issuer != found->certs[i - 1]->issuer) &&
            was_within(dir, issuer, root, depth + 1)) {
            return true;
        }
    }
    return false;
}

bool directory_node_was_within(const struct directory *dir, uint32_t node,
                               uint32_t root)
{
    return was_within(dir, node, root, 0);
}

bool directory_node_within(const struct directory *dir, uint32_t node,
                           uint32_t root)
{
    for (unsigned depth = 0; depth < DEPTH_MAX && node != 0; depth++) {
        if (node == root) {
            return true;
        }

        const struct dir_node *found = directory_node(dir, node);

        node = found == NULL ? 0 : found->parent;
    }
    return false;
}
