/* tests/sim/reform: the orders. Owns the rows that the province records, which
 * are those of deploy/reform.sh; it decides nothing that is not in the facts
 * but the petitions of a divided commune that go by name. Next: judge.c. */
#include "tests/sim/reform/decree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/event/facts.h"

#define DAY "2025-07-01"
#define PAIRS 160u
#define NAMED_MAX 32u

/* One row as it grows. */
struct order {
    struct field_pair pairs[PAIRS];
    char texts[PAIRS][2][160];
    size_t len;
};

static uint64_t events;
/* Of each old commune: the transfer of what is named, and of the rest. */
static struct event_id transfers[OLDS_MAX][2];

uint64_t decree_events(void)
{
    return events;
}

static void put(struct order *order, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void put(struct order *order, const char *path, const char *fmt, ...)
{
    char(*text)[160] = order->texts[order->len];
    va_list args;

    if (order->len == PAIRS) {
        world_fail("an order is longer than expected");
        return;
    }
    (void)snprintf(text[0], sizeof(text[0]), "%s", path);
    va_start(args, fmt);
    (void)vsnprintf(text[1], sizeof(text[1]), fmt, args);
    va_end(args);
    order->pairs[order->len++] = (struct field_pair){text[0], text[1]};
}

/* Recorded in the present turn; the order is empty again. */
static bool give(struct order *order, const char *type, struct event_id *id)
{
    struct machine *top = tree_top();
    struct record_row row = {
        .type = type, .fields = order->pairs, .fields_len = order->len};
    struct record_result result;
    struct error err = {0};

    arena_reset(&world.arena);
    order->len = 0;
    if (world.failed || engine_record(top->engine, NULL, &row, &world.arena,
                                      &result, &err) != 0) {
        world_fail("the province cannot record %s: %s", type, err.text);
        return false;
    }
    events++;
    if (id != NULL) {
        *id = result.id;
    }
    return true;
}

/* ---- units ---- */

static void new_unit(struct order *order, const struct facts *facts, uint32_t k)
{
    const struct new_commune *new = &facts->news[k];

    put(order, "number", "%u", NEW_LAND(k));
    put(order, "kind", "territory");
    put(order, "level", "commune");
    put(order, "name", "%s", new->name);
    put(order, "code", "%s", new->code);
    put(order, "territory", "%u", PROVINCE_LAND);
    put(order, "from_day", DAY);
    (void)give(order, "UnitRegistered", NULL);
    put(order, "number", "%u", NEW_UNIT(k));
    put(order, "kind", "peoples_committee");
    put(order, "level", "commune");
    put(order, "name", "UBND %s", new->name);
    put(order, "territory", "%u", NEW_LAND(k));
    put(order, "host", "%u", COMMUNE_NODE(new->host));
    put(order, "reports_to", "%u", PROVINCE_UNIT);
    put(order, "from_day", DAY);
    (void)give(order, "UnitRegistered", NULL);
}

static void unit_stays(struct order *order, uint32_t i)
{
    put(order, "number", "%u", OLD_LAND(i));
    put(order, "from_day", DAY);
    put(order, "territory", "%u", PROVINCE_LAND);
    (void)give(order, "UnitChanged", NULL);
    put(order, "number", "%u", OLD_UNIT(i));
    put(order, "from_day", DAY);
    put(order, "reports_to", "%u", PROVINCE_UNIT);
    (void)give(order, "UnitChanged", NULL);
}

/* ---- heirs ---- */

static void heir(struct order *order, unsigned *n, uint32_t from, uint32_t to,
                 bool rest)
{
    char path[32];

    (void)snprintf(path, sizeof(path), "heirs[%u].from", *n);
    put(order, path, "%u", from);
    (void)snprintf(path, sizeof(path), "heirs[%u].to", *n);
    put(order, path, "%u", to);
    if (rest) {
        (void)snprintf(path, sizeof(path), "heirs[%u].rest", *n);
        put(order, path, "true");
    }
    (*n)++;
}

static void reorganised(struct order *order, const char *kind)
{
    put(order, "kind", "%s", kind);
    put(order, "from_day", DAY);
    put(order, "decision.kind", "decision");
    put(order, "decision.number", "1677/NQ-UBTVQH15");
    (void)give(order, "UnitsReorganised", NULL);
}

static void heirs_of(struct order *order, const struct facts *facts, uint32_t k,
                     unsigned *n)
{
    const struct new_commune *new = &facts->news[k];

    for (uint32_t j = 0; j < new->from_len; j++) {
        uint32_t i = new->from[j];
        const struct old_commune *old = &facts->olds[i];
        bool rest = old->heirs_len == 2 && old->heirs[1] == k;

        heir(order, n, OLD_UNIT(i), NEW_UNIT(k), rest);
        heir(order, n, OLD_LAND(i), NEW_LAND(k), rest);
    }
}

/* Whoever shares a divided commune with k stands in one order with it. */
static void merge(struct order *order, const struct facts *facts, uint32_t k,
                  bool done[NEWS_MAX])
{
    const struct new_commune *new = &facts->news[k];
    unsigned n = 0;
    bool divided = false;

    done[k] = true;
    heirs_of(order, facts, k, &n);
    for (uint32_t j = 0; j < new->from_len; j++) {
        const struct old_commune *old = &facts->olds[new->from[j]];

        for (uint32_t h = 0; h < old->heirs_len; h++) {
            if (!done[old->heirs[h]]) {
                done[old->heirs[h]] = true;
                divided = true;
                heirs_of(order, facts, old->heirs[h], &n);
            }
        }
    }
    reorganised(order, divided ? "split" : "merge");
}

static void tier_abolish(struct order *order, const struct facts *facts)
{
    unsigned n = 0;

    for (uint32_t d = 0; d < facts->districts_len; d++) {
        heir(order, &n, DISTRICT_UNIT(d), PROVINCE_UNIT, false);
        heir(order, &n, DISTRICT_LAND(d), PROVINCE_LAND, false);
    }
    reorganised(order, "abolish_tier");
    n = 0;
    heir(order, &n, KONTUM_UNIT, PROVINCE_UNIT, false);
    heir(order, &n, KONTUM_LAND, PROVINCE_LAND, false);
    reorganised(order, "merge");
}

/* ---- custody ---- */

static int id_order(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct event_id));
}

static void transfer(struct order *order, uint32_t from, uint32_t to,
                     const char *named, struct event_id *id)
{
    put(order, "from", "%u", from);
    put(order, "to", "%u", to);
    put(order, "from_day", DAY);
    if (named[0] != '\0') {
        /* Longer than a text of the order. */
        order->pairs[order->len++] = (struct field_pair){"subject_ids", named};
    }
    (void)give(order, "CustodyTransferred", id);
}

static void transfer_named(struct order *order, const struct facts *facts,
                           uint32_t i)
{
    static char text[NAMED_MAX * 33 + 1];
    struct event_id ids[NAMED_MAX];
    size_t len = 0;

    for (size_t m = 0; m < office.matters_len && len < NAMED_MAX; m++) {
        const struct matter *matter = &office.matters[m];

        if (matter->old == i && matter->by_name &&
            matter->course != COURSE_DIALOGUE) {
            ids[len++] = matter->subject;
        }
    }
    if (len == 0) {
        return;
    }
    qsort(ids, len, sizeof(ids[0]), id_order);
    for (size_t at = 0; at < len; at++) {
        hex_encode(SPAN_OF(ids[at]), text + at * 33);
        text[at * 33 + 32] = at + 1 < len ? ';' : '\0';
    }
    transfer(order, OLD_UNIT(i), NEW_UNIT(facts->olds[i].heirs[0]), text,
             &transfers[i][0]);
}

const struct event_id *decree_transfer(const struct matter *matter)
{
    return &transfers[matter->old][matter->by_name ? 0 : 1];
}

static void custody(struct order *order, const struct facts *facts)
{
    for (uint32_t i = 0; i < facts->olds_len; i++) {
        const struct old_commune *old = &facts->olds[i];

        if (old->stays || i == office.forgotten) {
            continue;
        }
        if (old->heirs_len == 2) {
            transfer_named(order, facts, i);
        }
        transfer(order, OLD_UNIT(i), NEW_UNIT(old->heirs[old->heirs_len - 1]),
                 "", &transfers[i][1]);
    }
    for (uint32_t d = 0; d < facts->districts_len; d++) {
        transfer(order, DISTRICT_UNIT(d), PROVINCE_UNIT, "", NULL);
    }
}

/* ---- all of it ---- */

static void turn_end(void)
{
    if (!world.failed && !machine_leave(tree_top())) {
        world_fail("the province did not commit its orders");
    }
    machine_enter(tree_top());
}

void decree_give(const struct facts *facts)
{
    static struct order order;
    bool done[NEWS_MAX] = {false};

    if (world.failed) {
        return;
    }
    machine_enter(tree_top());
    for (uint32_t k = 0; k < facts->news_len; k++) {
        if (facts->news[k].stays) {
            unit_stays(&order, facts->news[k].host);
        } else {
            new_unit(&order, facts, k);
        }
    }
    turn_end();
    for (uint32_t k = 0; k < facts->news_len; k++) {
        if (!facts->news[k].stays && !done[k]) {
            merge(&order, facts, k, done);
        }
    }
    tier_abolish(&order, facts);
    turn_end();
    custody(&order, facts);
    turn_end();
    for (uint32_t i = 0; i < facts->olds_len; i++) {
        put(&order, "node", "%u", COMMUNE_NODE(i));
        (void)give(&order, "NodeCertified", NULL);
    }
    turn_end();
    world.current = NULL;
}

bool decree_is_closed(const struct facts *facts, uint32_t i)
{
    for (uint32_t k = 0; k < facts->news_len; k++) {
        if (facts->news[k].host == i) {
            return false;
        }
    }
    return true;
}

void decree_end(const struct facts *facts)
{
    static struct order order;

    if (world.failed) {
        return;
    }
    machine_enter(tree_top());
    for (uint32_t i = 0; i < facts->olds_len; i++) {
        if (decree_is_closed(facts, i)) {
            put(&order, "node", "%u", COMMUNE_NODE(i));
            (void)give(&order, "LogEnded", NULL);
        }
    }
    for (uint32_t d = 0; d < facts->districts_len; d++) {
        put(&order, "node", "%u", DISTRICT_NODE(d));
        (void)give(&order, "LogEnded", NULL);
        put(&order, "node", "%u", DISTRICT_NODE(d));
        put(&order, "dir", "true");
        (void)give(&order, "LogEnded", NULL);
    }
    turn_end();
    world.current = NULL;
}
