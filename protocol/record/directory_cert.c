/* protocol/record: certificates into nodes, keys and their newest.
 * Owns who may certify whom; never trusts a number that a node gave itself. */
#include <stdlib.h>

#include "protocol/record/directory_internal.h"

static void copy_key(void *out, ProtobufCBinaryData data)
{
    if (data.len == 32) {
        memcpy(out, data.data, 32);
    }
}

static void keys_of(const Qcdc__V1__UnitKeys *said, struct dir_unit_keys *out)
{
    out->unit = said->unit;
    out->has_sealing = said->sealing_key.len == 32;
    out->has_recovery = said->recovery_key.len == 32;
    copy_key(&out->sealing, said->sealing_key);
    copy_key(&out->recovery, said->recovery_key);
    for (size_t i = 0;
         i < said->n_registrar_keys && out->registrars_len < DIR_REGISTRARS_MAX;
         i++) {
        copy_key(&out->registrars[out->registrars_len++],
                 said->registrar_keys[i]);
    }
}

static struct dir_cert cert_of(struct build *b, const struct dir_event *event,
                               const Qcdc__V1__NodeKeys *keys,
                               Qcdc__V1__UnitKeys *const *units, size_t len)
{
    struct dir_cert cert = {.event = event->leaf->id,
                            .issuer = event->issuer,
                            .recorded_ms = event->leaf->header.recorded_ms};

    copy_key(&cert.log_key, keys->log_key);
    copy_key(&cert.dir_log_key, keys->dir_log_key);
    copy_key(&cert.mirror_key, keys->mirror_key);
    copy_key(&cert.curve_key, keys->curve_key);
    copy_key(&cert.actor_key, keys->actor_key);
    copy_key(&cert.admin_key, keys->admin_key);
    cert.has_dir_log = keys->dir_log_key.len == 32;
    cert.units = build_alloc(b, len, sizeof(*cert.units));
    for (size_t i = 0; cert.units != NULL && i < len; i++) {
        keys_of(units[i], &cert.units[cert.units_len++]);
    }
    return cert;
}

static bool stands_before(const struct cert_link *link,
                          const struct dir_event *event)
{
    return link->log_epoch != event->epoch ? link->log_epoch < event->epoch
                                           : link->position < event->position;
}

/* Puts a certificate where its time says; within one issuer the log's order
 * is the order, so its times never run backwards. */
static void cert_insert(struct build *b, struct node_draft *node,
                        const struct dir_event *event,
                        const struct dir_cert *cert)
{
    struct cert_link *link = build_alloc(b, 1, sizeof(*link));
    struct cert_link **at = &node->certs;

    if (link == NULL) {
        return;
    }
    link->cert = *cert;
    link->on_day = event->leaf->header.on_day;
    link->recorded_ms = event->leaf->header.recorded_ms;
    link->log_epoch = event->epoch;
    link->position = event->position;
    for (const struct cert_link *old = node->certs; old != NULL;
         old = old->next) {
        if (old->cert.issuer == cert->issuer && stands_before(old, event) &&
            (old->on_day > link->on_day ||
             (old->on_day == link->on_day &&
              old->recorded_ms > link->recorded_ms))) {
            link->on_day = old->on_day;
            link->recorded_ms = old->recorded_ms;
        }
    }
    while (*at != NULL && ((*at)->on_day < link->on_day ||
                           ((*at)->on_day == link->on_day &&
                            (*at)->recorded_ms <= link->recorded_ms))) {
        at = &(*at)->next;
    }
    link->next = *at;
    *at = link;
    node->certs_len++;
}

static const struct dir_cert *newest(const struct node_draft *node)
{
    const struct cert_link *link = node->certs;

    while (link != NULL && link->next != NULL) {
        link = link->next;
    }
    return link == NULL ? NULL : &link->cert;
}

enum standing cert_add_top(struct build *b, const struct dir_event *event,
                           const Qcdc__V1__TopNodeCertified *said)
{
    struct node_draft *node = number_map_find(&b->nodes, said->node);
    const struct dir_cert *before = node == NULL ? NULL : newest(node);
    struct dir_cert cert = {0};

    if (said->node != event->issuer || said->keys == NULL) {
        return STANDING_INVALID;
    }
    if (b->out->top != 0 && b->out->top != said->node) {
        return STANDING_CONTRADICTS; /* the first names the top node */
    }
    if (said->epoch > 1) {
        enum standing standing = epochs_succeed(b, event, said);

        if (standing != STANDING_EFFECTIVE) {
            return standing;
        }
    }
    if (node == NULL) {
        node = number_map_add(b, &b->nodes, said->node, sizeof(*node));
    }
    cert = cert_of(b, event, said->keys, said->units, said->n_units);
    cert.node = said->node;
    cert.epoch = said->epoch > 1  ? said->epoch
                 : before != NULL ? before->epoch
                                  : 1;
    cert.endpoint = span_make(said->endpoint.data, said->endpoint.len);
    cert.numbers_first = said->numbers_first;
    cert.numbers_last = said->numbers_last;
    if (node != NULL) {
        cert_insert(b, node, event, &cert);
    }
    if (b->out->top == 0) {
        b->out->top = said->node;
        b->out->realm = span_make(said->realm.data, said->realm.len);
        b->out->demo = said->demo;
    }
    return STANDING_EFFECTIVE;
}

static bool in_range(const struct build *b, uint32_t node, uint32_t number)
{
    const struct node_draft *draft = number_map_find(&b->nodes, node);

    for (const struct cert_link *link = draft == NULL ? NULL : draft->certs;
         link != NULL; link = link->next) {
        uint32_t first = link->cert.numbers_first;

        if (first == 0 ? node == b->out->top
                       : number >= first && number <= link->cert.numbers_last) {
            return true;
        }
    }
    return false;
}

bool node_may_register(const struct build *b, uint32_t node, uint32_t number)
{
    return number != 0 && in_range(b, node, number);
}

/* Whether any change ever put the unit there: cheap, and mostly no. */
static bool was_ever_at(const struct unit_draft *unit, uint32_t node)
{
    for (const struct unit_change *change = unit->changes; change != NULL;
         change = change->next) {
        if ((change->registered != NULL && node == change->registered->host) ||
            (change->changed != NULL && node == change->changed->host)) {
            return true;
        }
    }
    return false;
}

/* Header: the node of the superior of a unit hosted there, that day; only
 * where no such unit is known does the range decide. */
bool node_may_certify(const struct build *b, uint32_t issuer, uint32_t node,
                      uint32_t day)
{
    bool known = false;

    if (node == 0 || node == issuer || node == b->out->top) {
        return false;
    }
    if (issuer == b->out->top) {
        return true;
    }
    for (size_t i = 0; i < b->units.size; i++) {
        if (b->units.slots[i] == NULL ||
            !was_ever_at(b->units.slots[i], node)) {
            continue;
        }

        struct unit_facts unit = unit_draft_at(b->units.slots[i], day);
        const struct unit_draft *superior =
            unit.host == node && unit.reports_to != 0
                ? number_map_find(&b->units, unit.reports_to)
                : NULL;
        uint32_t host =
            superior == NULL ? 0 : unit_draft_at(superior, day).host;

        if (host != 0 && host != node) {
            known = true;
            if (host == issuer) {
                return true;
            }
        }
    }
    return !known && in_range(b, issuer, node);
}

/* Where it is reached, and from where on its guard is guard. */
static void cert_tree(struct dir_cert *cert,
                      const Qcdc__V1__NodeCertified *said)
{
    cert->endpoint = span_make(said->endpoint.data, said->endpoint.len);
    cert->parent_endpoint =
        span_make(said->parent_endpoint.data, said->parent_endpoint.len);
    cert->guard_from = said->guard_from;
    copy_key(&cert->guard_root, said->guard_root_hash);
    cert->dir_guard_from = said->dir_guard_from;
    copy_key(&cert->dir_guard_root, said->dir_guard_root_hash);
}

/* One that only reads is nobody's guard. */
static bool is_observer(const struct build *b, uint32_t node)
{
    const struct node_draft *draft = number_map_find(&b->nodes, node);
    const struct dir_cert *cert = draft == NULL ? NULL : newest(draft);

    return cert != NULL &&
           cert->role == QCDC__V1__NODE_ROLE__NODE_ROLE_OBSERVER;
}

/* A standby came, or went: the top node's logs have another guard from here
 * on. Said by a certificate of the standby, kept as one of the top node. */
static void standby_change(struct build *b, const struct dir_event *event,
                           const Qcdc__V1__NodeCertified *said)
{
    struct node_draft *top = number_map_find(&b->nodes, b->out->top);
    const struct cert_link *before = NULL;
    bool stands = said->role == QCDC__V1__NODE_ROLE__NODE_ROLE_STANDBY;
    struct dir_cert cert;

    if (event->issuer != b->out->top || top == NULL) {
        return;
    }
    for (const struct cert_link *link = top->certs; link != NULL;
         link = link->next) {
        if (stands_before(link, event)) {
            before = link;
        }
    }
    /* It takes office with its place in the log, which it must have first;
     * it leaves at once, or a dead one could never be let go. */
    if (before == NULL || (before->cert.guard == said->node) == stands ||
        (stands && event->epoch == DIR_SPOOLED)) {
        return;
    }
    cert = before->cert;
    cert.guard = stands ? said->node : 0;
    cert_insert(b, top, event, &cert);
}

enum standing cert_add(struct build *b, const struct dir_event *event,
                       const Qcdc__V1__NodeCertified *said,
                       struct node_draft **fresh)
{
    struct node_draft *node = number_map_find(&b->nodes, said->node);
    struct dir_cert cert = {0};

    if (said->keys == NULL) {
        return STANDING_INVALID;
    }
    if (!node_may_certify(b, event->issuer, said->node,
                          event->leaf->header.on_day) ||
        is_observer(b, said->guard)) {
        return STANDING_NO_RIGHT;
    }
    cert = cert_of(b, event, said->keys, said->units, said->n_units);
    cert.node = said->node;
    cert.guard = said->guard;
    cert.role = (uint32_t)said->role;
    cert.epoch = said->epoch == 0 ? 1 : said->epoch;
    cert.numbers_first = said->numbers_first;
    cert.numbers_last = said->numbers_last;
    cert.quota_events = said->quota_events;
    cert.quota_kib = said->quota_kib;
    cert_tree(&cert, said);
    if (node == NULL) {
        node = number_map_add(b, &b->nodes, said->node, sizeof(*node));
        *fresh = node;
    }
    if (node != NULL) {
        cert_insert(b, node, event, &cert);
        standby_change(b, event, said);
    }
    return STANDING_EFFECTIVE;
}

const struct sign_public *node_admin_key(const struct build *b, uint32_t node,
                                         const struct key_id *id)
{
    const struct node_draft *draft = number_map_find(&b->nodes, node);

    for (const struct cert_link *link = draft == NULL ? NULL : draft->certs;
         link != NULL; link = link->next) {
        struct key_id own = key_id_of(SPAN_OF(link->cert.admin_key));

        if (memcmp(own.bytes, id->bytes, sizeof(own.bytes)) == 0) {
            return &link->cert.admin_key;
        }
    }
    return NULL;
}

bool node_draft_within(const struct build *b, uint32_t node, uint32_t root)
{
    for (unsigned depth = 0; depth < 16 && node != 0; depth++) {
        const struct node_draft *draft = number_map_find(&b->nodes, node);
        const struct dir_cert *cert = draft == NULL ? NULL : newest(draft);

        if (node == root) {
            return true;
        }
        node = cert == NULL || cert->issuer == node ? 0 : cert->issuer;
    }
    return false;
}

bool node_draft_within_at(const struct build *b, uint32_t node, uint32_t root,
                          uint32_t day)
{
    for (unsigned depth = 0; depth < 16 && node != 0; depth++) {
        const struct node_draft *draft = number_map_find(&b->nodes, node);
        const struct cert_link *link = draft == NULL ? NULL : draft->certs;

        if (node == root) {
            return true;
        }
        while (link != NULL && link->next != NULL &&
               link->next->on_day <= day) {
            link = link->next;
        }
        node =
            link == NULL || link->cert.issuer == node ? 0 : link->cert.issuer;
    }
    return false;
}

static void key_put(struct directory *dir, const void *bytes,
                    enum key_purpose purpose, const struct dir_cert *cert,
                    uint32_t unit)
{
    static const uint8_t none[32];
    struct dir_key *key = &dir->keys[dir->keys_len];

    if (memcmp(bytes, none, sizeof(none)) == 0) {
        return; /* not stated */
    }
    *key = (struct dir_key){.purpose = purpose,
                            .node = cert->node,
                            .unit = unit,
                            .id = key_id_of(span_make(bytes, 32))};
    memcpy(key->bytes, bytes, sizeof(key->bytes));
    dir->keys_len++;
}

static void cert_keys(struct directory *dir, const struct dir_cert *cert,
                      bool is_newest)
{
    size_t from = dir->keys_len;

    key_put(dir, &cert->log_key, KEY_LOG, cert, 0);
    key_put(dir, &cert->dir_log_key, KEY_DIR_LOG, cert, 0);
    key_put(dir, &cert->mirror_key, KEY_MIRROR, cert, 0);
    key_put(dir, &cert->curve_key, KEY_CURVE, cert, 0);
    key_put(dir, &cert->actor_key, KEY_NODE_ACTOR, cert, 0);
    key_put(dir, &cert->admin_key, KEY_ADMIN, cert, 0);
    for (size_t i = 0; i < cert->units_len; i++) {
        const struct dir_unit_keys *unit = &cert->units[i];

        key_put(dir, &unit->sealing, KEY_SEALING, cert, unit->unit);
        key_put(dir, &unit->recovery, KEY_RECOVERY, cert, unit->unit);
        for (size_t k = 0; k < unit->registrars_len; k++) {
            key_put(dir, &unit->registrars[k], KEY_REGISTRAR, cert, unit->unit);
        }
    }
    for (size_t i = from; i < dir->keys_len; i++) {
        dir->keys[i].newest = is_newest;
    }
}

static int compare_number(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

/* Newest first among uses of one key, then by number: a total order. */
static int compare_keys(const void *left, const void *right)
{
    const struct dir_key *a = left;
    const struct dir_key *b = right;
    int order = memcmp(a->id.bytes, b->id.bytes, sizeof(a->id.bytes));

    order = order != 0 ? order : compare_number(b->newest, a->newest);
    order = order != 0 ? order : compare_number(a->node, b->node);
    order = order != 0 ? order : compare_number(a->unit, b->unit);
    return order != 0 ? order : compare_number(a->purpose, b->purpose);
}

static int compare_nodes(const void *left, const void *right)
{
    const struct dir_node *a = left;
    const struct dir_node *b = right;

    return compare_number(a->number, b->number);
}

static void node_finish(struct build *b, struct node_draft *draft)
{
    struct dir_node *node = &b->out->nodes[b->out->nodes_len];
    struct dir_cert **certs = build_alloc(b, draft->certs_len, sizeof(void *));
    size_t len = 0;

    if (certs == NULL || draft->certs == NULL) {
        return;
    }
    for (struct cert_link *link = draft->certs; link != NULL;
         link = link->next) {
        link->cert.rank = len;
        link->cert.on_day = (uint32_t)link->on_day;
        certs[len++] = &link->cert;
    }

    uint32_t parent = certs[len - 1]->issuer;

    *node = (struct dir_node){.number = draft->number,
                              .parent = parent == draft->number ? 0 : parent,
                              .certs = certs,
                              .certs_len = len};
    b->out->nodes_len++;
}

void nodes_finish(struct build *b)
{
    struct directory *dir = b->out;
    size_t keys = 0;

    dir->nodes = build_alloc(b, b->nodes.len, sizeof(*dir->nodes));
    for (size_t i = 0; dir->nodes != NULL && i < b->nodes.size; i++) {
        if (b->nodes.slots[i] != NULL) {
            node_finish(b, b->nodes.slots[i]);
        }
    }
    for (size_t i = 0; dir->nodes != NULL && i < dir->nodes_len; i++) {
        for (size_t k = 0; k < dir->nodes[i].certs_len; k++) {
            keys += 6 + dir->nodes[i].certs[k]->units_len *
                            (2 + DIR_REGISTRARS_MAX);
        }
    }
    dir->keys = build_alloc(b, keys, sizeof(*dir->keys));
    for (size_t i = 0;
         dir->keys != NULL && dir->nodes != NULL && i < dir->nodes_len; i++) {
        const struct dir_node *node = &dir->nodes[i];

        for (size_t k = 0; k < node->certs_len; k++) {
            cert_keys(dir, node->certs[k], k + 1 == node->certs_len);
        }
    }
    if (dir->nodes != NULL && dir->nodes_len > 0) {
        qsort(dir->nodes, dir->nodes_len, sizeof(*dir->nodes), compare_nodes);
    }
    if (dir->keys != NULL && dir->keys_len > 0) {
        qsort(dir->keys, dir->keys_len, sizeof(*dir->keys), compare_keys);
    }
}
