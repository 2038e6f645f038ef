/* The network of the world. A line runs from every machine to its parent; a
 * connection on it keeps the order of its packets, breaks, and is made anew.
 * What a chaotic line does: delay, stall, break with packets on their way,
 * carry slowly, be split for hours.
 */
#ifndef QCDC_TESTS_SIM_NET_H
#define QCDC_TESTS_SIM_NET_H

#include "node/transport.h"
#include "tests/sim/world.h"

#define NET_FULL 512u /* packets under way: a sender is told so */

/* Of the line between a machine and its parent, by the machine's index. */
struct line {
    uint64_t delay_ms;        /* one way */
    uint64_t jitter_ms;       /* added at most; order is kept */
    uint64_t rate;            /* bytes a second, 0 = no limit */
    uint32_t break_per_mille; /* chance per packet */
    uint64_t split_until_ms;  /* nothing passes before */
};

struct conn {
    uint64_t number; /* from 1 */
    struct machine *child;
    uint32_t copy; /* of the child, that dialled */
    struct machine *parent;
    struct box_public key; /* of the child, proven */
    struct route route;
    bool opened;             /* handshake done */
    bool closed;             /* gone; what is under way may still arrive */
    unsigned tries;          /* handshakes that nobody answered */
    uint64_t parent_told_ms; /* its sends fail from then on */
    uint64_t last_ms[2];     /* arrival of the newest packet, up and down */
    uint64_t busy_ms[2];     /* the line carries until then */
    uint64_t cut_ms[2];      /* packets that would arrive later are lost */
    size_t under_way[2];
};
enum direction {
    UPWARD,
    DOWNWARD
};

struct net {
    struct line lines[COMPUTERS];
    struct conn *conns; /* by number - 1 */
    size_t conns_len, conns_room;
};
extern struct net net;

void net_reset(void);
/* All lines as good as they get. */
void net_calm(void);
void net_chaos(struct dice *dice);
/* Breaks the line's connection, if there is one. */
void net_break(struct machine *child);
void net_split(struct machine *child, uint64_t until_ms);
/* A machine is gone: its connections are. */
void net_gone(struct machine *machine);

/* For transport.c. */
struct conn *net_dial(struct machine *child, struct machine *parent,
                      const struct box_public *key);
bool net_send(struct conn *conn, enum direction direction, struct span frame);
struct conn *net_conn(uint64_t number);
struct conn *net_route(struct machine *parent, const struct route *route);

/* For the world's queue. */
void net_packet(struct plan *plan);
void net_opened(struct plan *plan);
void net_closed(struct plan *plan);

/* ---- the other face: transport.c ---- */
struct packet {
    struct packet *next;
    uint64_t conn;
    enum direction direction;
    size_t len;
    uint8_t bytes[];
};
/* Takes the packet. */
void transport_arrive(struct transport *transport, struct packet *packet);
void transport_tell(struct transport *transport, enum transport_kind kind);
/* As ZAP would answer; 400 also when it is not that server or none. */
unsigned transport_admits(const struct transport *transport,
                          const struct box_public *server,
                          const struct box_public *client);
/* Is that the connection it dials or has, and with which server's key? */
bool transport_dials(const struct transport *transport, uint64_t conn,
                     struct box_public *server);
/* The connection was lost: dials a new one after a while. */
void transport_again(struct transport *transport);

#endif
