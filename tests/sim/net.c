/* tests/sim: the network. Owns lines, connections and what is under way on
 * them; it carries bytes and never looks inside. Packets of one connection
 * arrive in order or not at all; nothing is carried twice (a repetition comes
 * from the nodes, over a new connection). Next: transport.c. */
#include "tests/sim/net.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define REDIAL_LEAST_MS 2000u /* as the socket options of node/transport.c */
#define REDIAL_MOST_MS 20000u
#define SILENT_MS 60000u /* until a heartbeat is missed */

struct net net;

static struct line *line_of(const struct machine *child)
{
    return &net.lines[machine_index(child)];
}

void net_reset(void)
{
    free(net.conns);
    memset(&net, 0, sizeof(net));
    net_calm();
}

void net_calm(void)
{
    for (size_t i = 0; i < MACHINES; i++) {
        net.lines[i] = (struct line){.delay_ms = 5};
    }
}

void net_chaos(struct dice *dice)
{
    static const uint64_t rates[] = {0, 0, 0, 2000, 8000, 64000};

    for (size_t i = 0; i < MACHINES; i++) {
        net.lines[i] = (struct line){
            .delay_ms = dice_from_to(dice, 0, dice_hit(dice, 300) ? 900 : 60),
            .jitter_ms = dice_hit(dice, 300) ? 2000 : 30,
            .rate = rates[dice_below(dice, 6)],
            .break_per_mille = dice_hit(dice, 400) ? dice_below(dice, 60) : 0};
    }
}

/* ---- connections ---- */

struct conn *net_conn(uint64_t number)
{
    return number == 0 || number > net.conns_len ? NULL
                                                 : &net.conns[number - 1];
}

/* One that was planned for. */
static struct conn *conn_at(uint64_t number)
{
    assert(number > 0 && number <= net.conns_len);
    return &net.conns[number - 1];
}

struct conn *net_route(struct machine *parent, const struct route *route)
{
    for (size_t i = net.conns_len; i > 0; i--) {
        struct conn *conn = &net.conns[i - 1];

        if (conn->parent == parent &&
            memcmp(&conn->route, route, sizeof(*route)) == 0) {
            return conn;
        }
    }
    return NULL;
}

static bool is_split(const struct machine *child)
{
    return line_of(child)->split_until_ms > world.now_ms;
}

/* One way, as the line is now. */
static uint64_t travel_ms(const struct machine *child)
{
    const struct line *line = line_of(child);

    return line->delay_ms + dice_from_to(&world.dice, 0, line->jitter_ms);
}

struct conn *net_dial(struct machine *child, struct machine *parent,
                      const struct box_public *key)
{
    struct conn *conn;

    if (net.conns_len == net.conns_room) {
        net.conns_room = net.conns_room * 2 + 64;
        net.conns = realloc(net.conns, net.conns_room * sizeof(*net.conns));
        assert(net.conns != NULL);
    }
    conn = &net.conns[net.conns_len++];
    *conn = (struct conn){.number = net.conns_len,
                          .child = child,
                          .copy = child->copy,
                          .parent = parent,
                          .key = *key,
                          .cut_ms = {NEVER, NEVER},
                          .parent_told_ms = NEVER};
    memcpy(conn->route.bytes + 1, &conn->number, 4);
    world_plan(world.now_ms + 2 * travel_ms(child) + 1, PLAN_OPENED,
               machine_index(child), conn->number, NULL);
    return conn;
}

/* Both ends learn of it later, each at its time. */
static void conn_close(struct conn *conn, uint64_t up_cut_ms,
                       uint64_t down_cut_ms)
{
    bool silent = !world.calm && dice_hit(&world.dice, 300);
    uint64_t told_ms =
        world.now_ms + (silent ? SILENT_MS : dice_from_to(&world.dice, 1, 200));

    if (conn->closed) {
        return;
    }
    conn->closed = true;
    conn->cut_ms[UPWARD] = up_cut_ms;
    conn->cut_ms[DOWNWARD] = down_cut_ms;
    conn->parent_told_ms = told_ms;
    world_plan(told_ms, PLAN_CLOSED, machine_index(conn->child), conn->number,
               NULL);
}

void net_break(struct machine *child)
{
    for (size_t i = 0; i < net.conns_len; i++) {
        struct conn *conn = &net.conns[i];

        if (conn->child == child && !conn->closed) {
            world_trace("break %u-%u", child->node, conn->parent->node);
            conn_close(conn, world.now_ms + dice_from_to(&world.dice, 0, 200),
                       world.now_ms + dice_from_to(&world.dice, 0, 200));
        }
    }
}

void net_split(struct machine *child, uint64_t until_ms)
{
    line_of(child)->split_until_ms = until_ms;
    net_break(child);
}

void net_gone(struct machine *machine)
{
    for (size_t i = 0; i < net.conns_len; i++) {
        struct conn *conn = &net.conns[i];
        uint64_t later_ms = world.now_ms + 50;

        if (conn->child == machine) {
            conn_close(conn, later_ms, world.now_ms);
            conn->cut_ms[DOWNWARD] = world.now_ms;
        } else if (conn->parent == machine) {
            conn_close(conn, world.now_ms, later_ms);
            conn->cut_ms[UPWARD] = world.now_ms;
        }
    }
}

/* ---- packets ---- */

bool net_send(struct conn *conn, enum direction direction, struct span frame)
{
    const struct line *line = line_of(conn->child);
    uint64_t at_ms = world.now_ms + travel_ms(conn->child);
    struct packet *packet;

    if (conn->under_way[direction] >= NET_FULL) {
        return false;
    }
    if (line->rate > 0) {
        uint64_t from_ms = conn->busy_ms[direction] > world.now_ms
                               ? conn->busy_ms[direction]
                               : world.now_ms;

        conn->busy_ms[direction] = from_ms + frame.len * 1000 / line->rate;
        at_ms += conn->busy_ms[direction] - world.now_ms;
    }
    if (at_ms < conn->last_ms[direction]) {
        at_ms = conn->last_ms[direction]; /* in order */
    }
    conn->last_ms[direction] = at_ms;
    packet = malloc(sizeof(*packet) + frame.len);
    assert(packet != NULL);
    packet->next = NULL;
    packet->conn = conn->number;
    packet->direction = direction;
    packet->len = frame.len;
    memcpy(packet->bytes, frame.ptr, frame.len);
    conn->under_way[direction]++;
    world_plan(at_ms, PLAN_PACKET, machine_index(conn->child), conn->number,
               packet);
    if (dice_hit(&world.dice, line->break_per_mille)) {
        net_break(conn->child);
    }
    return true;
}

void net_packet(struct plan *plan)
{
    struct packet *packet = plan->data;
    struct conn *conn = conn_at(packet->conn);
    struct machine *to =
        packet->direction == UPWARD ? conn->parent : conn->child;

    conn->under_way[packet->direction]--;
    if (world.now_ms >= conn->cut_ms[packet->direction] || !machine_is_on(to)) {
        free(packet);
        return;
    }
    world.frames++;
    transport_arrive(to->transport, packet);
    world_wake(to, world.now_ms + dice_from_to(&world.dice, 0, 3));
}

/* ---- handshakes ---- */

static void redial(struct machine *child, struct conn *conn)
{
    uint64_t wait_ms = (uint64_t)REDIAL_LEAST_MS
                       << (conn->tries < 8 ? conn->tries : 8);

    wait_ms = wait_ms < REDIAL_MOST_MS ? wait_ms : REDIAL_MOST_MS;
    conn->tries++;
    world_plan(world.now_ms + wait_ms, PLAN_OPENED, machine_index(child),
               conn->number, NULL);
}

void net_opened(struct plan *plan)
{
    struct machine *child = &world.machines[plan->machine];
    struct conn *conn = conn_at(plan->number);
    struct box_public server;

    if (!machine_is_on(child) ||
        !transport_dials(child->transport, conn->number, &server) ||
        conn->closed || conn->opened) {
        return;
    }
    if (is_split(child) || !machine_is_on(conn->parent)) {
        redial(child, conn);
        return;
    }
    switch (transport_admits(conn->parent->transport, &server, &conn->key)) {
    case 200:
        conn->opened = true;
        world_trace("open %u-%u", child->node, conn->parent->node);
        transport_tell(child->transport, TRANSPORT_UP_OPENED);
        break;
    case 300:
        redial(child, conn);
        return;
    default:
        conn->closed = true;
        world_trace("refused %u-%u", child->node, conn->parent->node);
        transport_tell(child->transport, TRANSPORT_UP_REFUSED);
        break;
    }
    world_wake(child, world.now_ms + 1);
}

void net_closed(struct plan *plan)
{
    struct machine *child = &world.machines[plan->machine];
    struct conn *conn = conn_at(plan->number);
    struct box_public server;

    if (!machine_is_on(child) ||
        !transport_dials(child->transport, conn->number, &server)) {
        return;
    }
    if (conn->opened) {
        transport_tell(child->transport, TRANSPORT_UP_CLOSED);
        world_wake(child, world.now_ms + 1);
    }
    transport_again(child->transport); /* libzmq dials again by itself */
}
