/* protocol/record: from the leaves of the directory logs to a directory.
 * Owns the order of judging: certificates flow from the root key down, so a
 * node's log is read only after whatever certified it, and reading it yields
 * the nodes to read next. An event that does not count changes nothing.
 * Next: directory_cert.c (who certifies whom), directory_unit.c,
 * directory_tree.c. */
#include <stdlib.h>

#include "protocol/event/wire.h"
#include "protocol/record/directory_internal.h"

void *build_alloc(struct build *b, size_t count, size_t size)
{
    void *memory = arena_array(b->arena, count == 0 ? 1 : count, size);

    if (memory == NULL) {
        b->no_memory = true;
    }
    return memory;
}

static size_t number_slot(const struct number_map *map, uint32_t number)
{
    size_t at = (size_t)(number * 2654435761u) & (map->size - 1);

    while (map->slots[at] != NULL && map->numbers[at] != number) {
        at = (at + 1) & (map->size - 1);
    }
    return at;
}

void *number_map_find(const struct number_map *map, uint32_t number)
{
    return map->slots[number_slot(map, number)];
}

void *number_map_add(struct build *b, struct number_map *map, uint32_t number,
                     size_t size)
{
    size_t at = number_slot(map, number);
    uint32_t *draft = build_alloc(b, 1, size);

    if (draft != NULL) {
        *draft = number; /* the first member of either draft */
        map->slots[at] = draft;
        map->numbers[at] = number;
        map->len++;
    }
    return draft;
}

/* At most one draft an event. */
static void number_map_init(struct build *b, struct number_map *map)
{
    map->size = 16;
    while (map->size < 2 * b->len + 2) {
        map->size *= 2;
    }
    map->slots = build_alloc(b, map->size, sizeof(*map->slots));
    map->numbers = build_alloc(b, map->size, sizeof(*map->numbers));
}

static int compare_number(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_events(const void *left, const void *right)
{
    const struct dir_event *a = left;
    const struct dir_event *b = right;
    int order = compare_number(a->issuer, b->issuer);

    order = order != 0 ? order : compare_number(a->epoch, b->epoch);
    order = order != 0 ? order : compare_number(a->position, b->position);
    return order != 0 ? order : event_id_compare(&a->leaf->id, &b->leaf->id);
}

static int compare_ids(const void *left, const void *right)
{
    const struct dir_event *const *a = left;
    const struct dir_event *const *b = right;
    int order = event_id_compare(&(*a)->leaf->id, &(*b)->leaf->id);

    order =
        order != 0 ? order : span_compare((*a)->leaf->bytes, (*b)->leaf->bytes);
    return order != 0 ? order : compare_number((uintptr_t)*a, (uintptr_t)*b);
}

/* A leaf re-appended in a later epoch says nothing new. (Same id under another
 * signature is judged by itself: a bad copy never hides a good one.) */
static void mark_repeated(struct build *b)
{
    struct dir_event **by_id = build_alloc(b, b->len, sizeof(void *));

    if (by_id == NULL || b->len == 0) {
        return;
    }
    for (size_t i = 0; i < b->len; i++) {
        by_id[i] = &b->events[i];
    }
    qsort(by_id, b->len, sizeof(void *), compare_ids);
    for (size_t i = 1; i < b->len; i++) {
        if (by_id[i]->issuer == by_id[i - 1]->issuer &&
            span_equal(by_id[i]->leaf->bytes, by_id[i - 1]->leaf->bytes)) {
            by_id[i]->standing = STANDING_REPEATED;
        }
    }
}

/* Checking a certificate's keys costs more than all the rest together, so it
 * is done once a leaf if the caller keeps `reading`. */
static int decode(struct build *b, size_t i, struct error *err)
{
    struct dir_event *event = &b->events[i];
    const struct event_type *type = event_type_find(event->leaf->header.type);
    enum event_reading reading = EVENT_READ_NOT_UNDERSTOOD;
    int rc = 0;

    if (event->reading == 0) {
        rc = event_read(event->leaf, b->arena, &reading, &type, &b->facts[i],
                        err);
        event->reading = rc == 0 ? 1 + (uint32_t)reading : 0;
    } else if (event->reading == 1 + (uint32_t)EVENT_READ_FINE) {
        ProtobufCMessage *facts = NULL;

        rc = message_unpack(type->shape, event->leaf->facts, b->arena, &facts,
                            err);
        b->facts[i] = facts;
    }
    if (rc != 0) {
        return rc;
    }
    if (event->reading == 1 + (uint32_t)EVENT_READ_NOT_UNDERSTOOD) {
        event->standing = STANDING_NOT_UNDERSTOOD;
    } else if (event->reading == 1 + (uint32_t)EVENT_READ_INVALID) {
        event->standing = STANDING_INVALID;
    } else if (type->log != EVENT_LOG_DIR ||
               event->leaf->header.node != event->issuer) {
        event->standing = STANDING_WRONG_LOG;
    } else {
        event->standing = STANDING_EFFECTIVE;
    }
    return 0;
}

static bool is_signed_by(struct dir_event *event, const struct sign_public *key)
{
    if (event->signature == SIGNATURE_UNKNOWN) {
        event->signature =
            leaf_verify(event->leaf, key) ? SIGNATURE_GOOD : SIGNATURE_BAD;
    }
    return event->signature == SIGNATURE_GOOD;
}

/* Only the root key makes a top node; its first certificate is the least of
 * (epoch, position, node). */
static void read_top(struct build *b)
{
    struct key_id root = key_id_of(SPAN_OF(*b->root));
    size_t first = SIZE_MAX;

    for (size_t i = 0; i < b->len; i++) {
        struct dir_event *event = &b->events[i];

        if (event->standing != STANDING_EFFECTIVE ||
            event->leaf->header.type != EVENT_TOP_NODE_CERTIFIED) {
            continue;
        }
        if (memcmp(event->leaf->header.actor.bytes, root.bytes,
                   sizeof(root.bytes)) != 0) {
            event->standing = STANDING_NO_RIGHT;
        } else if (!is_signed_by(event, b->root)) {
            event->standing = STANDING_BAD_SIGNATURE;
        } else if (first == SIZE_MAX || event->epoch < b->events[first].epoch ||
                   (event->epoch == b->events[first].epoch &&
                    event->position < b->events[first].position)) {
            first = i;
        }
    }
    if (first == SIZE_MAX) {
        return;
    }
    b->events[first].standing = cert_add_top(
        b, &b->events[first],
        (const Qcdc__V1__TopNodeCertified *)(const void *)b->facts[first]);
    for (size_t i = 0; i < b->len; i++) {
        if (i != first && b->events[i].standing == STANDING_EFFECTIVE &&
            b->events[i].leaf->header.type == EVENT_TOP_NODE_CERTIFIED) {
            b->events[i].standing = cert_add_top(
                b, &b->events[i],
                (const Qcdc__V1__TopNodeCertified *)(const void *)b->facts[i]);
        }
    }
}

static enum standing signed_by_admin(struct build *b, struct dir_event *event)
{
    const struct sign_public *key =
        node_admin_key(b, event->issuer, &event->leaf->header.actor);

    if (key == NULL) {
        return STANDING_NO_RIGHT;
    }
    return is_signed_by(event, key) ? STANDING_EFFECTIVE
                                    : STANDING_BAD_SIGNATURE;
}

static enum standing read_rules(struct build *b, const struct dir_event *event,
                                const Qcdc__V1__RulesPublished *said)
{
    struct directory *dir = b->out;
    struct calendar calendar = {0};
    struct error why = {0};

    if (event->issuer != dir->top) {
        return STANDING_NO_RIGHT;
    }
    if (said->calendar != NULL &&
        calendar_from_facts(event->leaf->facts, b->arena, &calendar, &why) !=
            0) {
        b->no_memory |= b->arena->ran_out;
        return STANDING_INVALID;
    }
    if (said->n_rules > 0 && said->version > dir->rules_version) {
        dir->rules_version = said->version;
        dir->rules = event->leaf->facts;
        dir->rules_event = event->leaf->id;
    }
    if (calendar.version > dir->calendar.version) {
        dir->calendar = calendar;
        dir->calendar_event = event->leaf->id;
    }
    return STANDING_EFFECTIVE;
}

/* What units and nodes there are; certificates come after every unit that the
 * same log tells of, for they go by who hosts whom. */
static void read_units(struct build *b, size_t from, size_t until)
{
    for (size_t i = from; i < until; i++) {
        struct dir_event *event = &b->events[i];
        uint32_t type = event->leaf->header.type;

        if (event->standing != STANDING_EFFECTIVE ||
            type == EVENT_TOP_NODE_CERTIFIED) {
            continue;
        }
        if (epoch_ended_before(b, event)) {
            event->standing = STANDING_WRONG_LOG;
            continue;
        }
        event->standing = signed_by_admin(b, event);
        if (event->standing != STANDING_EFFECTIVE) {
            continue;
        }
        if (type == EVENT_UNIT_REGISTERED) {
            event->standing = unit_register(
                b, event->issuer,
                (const Qcdc__V1__UnitRegistered *)(const void *)b->facts[i]);
        } else if (type == EVENT_UNIT_CHANGED) {
            b->changes_later[i] =
                (const Qcdc__V1__UnitChanged *)(const void *)b->facts[i];
        } else if (type == EVENT_RULES_PUBLISHED) {
            event->standing = read_rules(
                b, event,
                (const Qcdc__V1__RulesPublished *)(const void *)b->facts[i]);
        }
    }
}

/* Changes of units known by now; the rest waits for the end. */
static void read_changes(struct build *b, size_t from, size_t until, bool last)
{
    for (size_t i = from; i < until; i++) {
        const Qcdc__V1__UnitChanged *said = b->changes_later[i];
        struct unit_draft *unit =
            said == NULL ? NULL : number_map_find(&b->units, said->number);

        if (unit != NULL) {
            if (node_draft_within(b, unit->registrar_node,
                                  b->events[i].issuer)) {
                unit_change(b, unit, said);
            } else {
                b->events[i].standing = STANDING_NO_RIGHT;
            }
            b->changes_later[i] = NULL;
        } else if (said != NULL && last) {
            b->events[i].standing = STANDING_WAITING;
        }
    }
}

static struct node_draft *read_certs(struct build *b, size_t from, size_t until)
{
    struct node_draft *queue = NULL;
    struct node_draft **end = &queue;

    for (size_t i = from; i < until; i++) {
        struct dir_event *event = &b->events[i];
        struct node_draft *fresh = NULL;

        if (event->standing != STANDING_EFFECTIVE ||
            event->leaf->header.type != EVENT_NODE_CERTIFIED) {
            continue;
        }
        event->standing = cert_add(
            b, event,
            (const Qcdc__V1__NodeCertified *)(const void *)b->facts[i], &fresh);
        if (fresh != NULL) {
            *end = fresh;
            end = &fresh->queued;
        }
    }
    return queue;
}

static size_t first_of_issuer(const struct build *b, uint32_t issuer)
{
    size_t low = 0;
    size_t high = b->len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (b->events[middle].issuer < issuer) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void read_logs(struct build *b, bool *reached)
{
    struct node_draft *queue = number_map_find(&b->nodes, b->out->top);

    for (struct node_draft *last = queue; queue != NULL && !b->no_memory;
         queue = queue->queued) {
        size_t from = first_of_issuer(b, queue->number);
        size_t until = from;

        while (until < b->len && b->events[until].issuer == queue->number) {
            reached[until++] = true;
        }
        read_units(b, from, until);
        read_changes(b, from, until, false);
        while (last->queued != NULL) {
            last = last->queued;
        }
        last->queued = read_certs(b, from, until);
        epochs_read(b, from, until);
    }
}

static int compare_confirmed(const void *left, const void *right)
{
    const struct dir_confirmed *a = left;
    const struct dir_confirmed *b = right;
    int order = memcmp(a->actor.bytes, b->actor.bytes, sizeof(a->actor.bytes));

    order = order != 0 ? order : compare_number(a->unit, b->unit);
    return order != 0 ? order : compare_number(a->node, b->node);
}

/* By a node above the actor's; the top node confirms its own too. */
static void read_confirmed(struct build *b)
{
    struct directory *dir = b->out;

    dir->confirmed = build_alloc(b, b->len, sizeof(*dir->confirmed));
    for (size_t i = 0; dir->confirmed != NULL && i < b->len; i++) {
        struct dir_event *event = &b->events[i];
        const Qcdc__V1__ActorConfirmed *said = NULL;

        if (event->standing != STANDING_EFFECTIVE ||
            event->leaf->header.type != EVENT_ACTOR_CONFIRMED) {
            continue;
        }
        said = (const Qcdc__V1__ActorConfirmed *)(const void *)b->facts[i];
        if ((said->node == event->issuer && event->issuer != dir->top) ||
            !node_draft_within_at(b, said->node, event->issuer,
                                  event->leaf->header.on_day) ||
            said->actor_id.len != sizeof(struct key_id)) {
            event->standing = STANDING_NO_RIGHT;
            continue;
        }

        struct dir_confirmed *row = &dir->confirmed[dir->confirmed_len++];

        *row = (struct dir_confirmed){.unit = said->unit, .node = said->node};
        memcpy(row->actor.bytes, said->actor_id.data, sizeof(row->actor.bytes));
    }
    if (dir->confirmed_len > 0) {
        qsort(dir->confirmed, dir->confirmed_len, sizeof(*dir->confirmed),
              compare_confirmed);
    }
}

static void judge(struct build *b, bool *reached)
{
    mark_repeated(b);
    read_top(b);
    read_logs(b, reached);
    for (size_t i = 0; i < b->len; i++) {
        if (!reached[i] && b->events[i].standing == STANDING_EFFECTIVE) {
            b->events[i].standing = STANDING_NO_RIGHT; /* nobody certified it */
        }
    }
    read_changes(b, 0, b->len, true);
    read_confirmed(b);
    faults_read(b);
    tree_read(b);
    units_finish(b);
    tree_finish(b);
    nodes_finish(b);
    epochs_finish(b);
    for (size_t i = 0; i < b->len; i++) {
        b->out->not_effective +=
            b->events[i].standing != STANDING_EFFECTIVE ? 1 : 0;
    }
}

int directory_build(const struct sign_public *root, struct dir_event *events,
                    size_t len, struct arena *arena, struct directory *out,
                    struct error *err)
{
    struct directory built = {.root = *root};
    struct build b = {.root = root,
                      .events = events,
                      .len = len,
                      .arena = arena,
                      .out = &built};
    bool *reached = build_alloc(&b, len, sizeof(*reached));

    b.facts = build_alloc(&b, len, sizeof(void *));
    b.changes_later = build_alloc(&b, len, sizeof(void *));
    number_map_init(&b, &b.units);
    number_map_init(&b, &b.nodes);
    if (len > 0) {
        qsort(events, len, sizeof(*events), compare_events);
    }
    for (size_t i = 0; !b.no_memory && i < len; i++) {
        struct error why = {0};

        if (decode(&b, i, &why) != 0) {
            b.no_memory = true;
        }
    }
    if (!b.no_memory) {
        judge(&b, reached);
    }
    if (b.no_memory) {
        return error_set(err, ERR_NOMEM,
                         "no room to read %zu events of the directory", len);
    }
    *out = built;
    return 0;
}
