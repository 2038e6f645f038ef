/* Room: node. Owns the table of CURVE keys that may connect. It decides on a
 * key alone, never on an address or a claimed name, and admits nobody by
 * default. Filled by peers.c, asked by transport.c. */
#include "node/gate.h"

#include <stdlib.h>
#include <string.h>

int gate_new(struct gate *gate, struct error *err)
{
    gate->len = 0;
    gate->keys = calloc(GATE_KEYS_MAX, sizeof(*gate->keys));
    if (gate->keys == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the gate");
    }
    return 0;
}

void gate_release(struct gate *gate)
{
    free(gate->keys);
    gate->keys = NULL;
    gate->len = 0;
}

void gate_clear(struct gate *gate)
{
    gate->len = 0;
}

/* First place whose key is not less than `key`. */
static size_t gate_place(const struct gate *gate, const struct box_public *key)
{
    size_t low = 0;
    size_t high = gate->len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(&gate->keys[middle].key, key, sizeof(*key)) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int gate_put(struct gate *gate, const struct gate_key *key, struct error *err)
{
    size_t at = gate_place(gate, &key->key);

    if (at < gate->len &&
        memcmp(&gate->keys[at].key, &key->key, sizeof(key->key)) == 0) {
        gate->keys[at] = *key;
        return 0;
    }
    if (gate->len == GATE_KEYS_MAX) {
        return error_set(err, ERR_LIMIT, "more than %u keys at the gate",
                         GATE_KEYS_MAX);
    }
    memmove(&gate->keys[at + 1], &gate->keys[at],
            (gate->len - at) * sizeof(*gate->keys));
    gate->keys[at] = *key;
    gate->len++;
    return 0;
}

const struct gate_key *gate_find(const struct gate *gate,
                                 const struct box_public *key)
{
    size_t at = gate_place(gate, key);

    if (at < gate->len && memcmp(&gate->keys[at].key, key, sizeof(*key)) == 0) {
        return &gate->keys[at];
    }
    return NULL;
}

unsigned gate_status(const struct gate *gate, const struct box_public *key)
{
    const struct gate_key *found = gate_find(gate, key);

    if (found == NULL) {
        return 400;
    }
    switch (found->kind) {
    case GATE_CHILD:
    case GATE_INVITATION:
    case GATE_REPLACED:
        return 200;
    case GATE_WAITING:
        return 300;
    case GATE_REVOKED:
        break;
    }
    return 400;
}
