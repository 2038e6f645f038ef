/* What the files of link_world.h share: of link_world*.c only; a test uses
 * link_world.h.
 */
#ifndef QCDC_TESTS_PROTOCOL_LINK_WORLD_INTERNAL_H
#define QCDC_TESTS_PROTOCOL_LINK_WORLD_INTERNAL_H

#include "tests/protocol/link_world.h"

#define WORLD_REALM span_str("thu")
#define WORLD_QUEUE_MAX 4096u

/* A happening that waits for its turn. */
struct queued {
    struct world_end *end;
    struct link_event event;
};

/* ---- link_world_store.c ---- */
void world_keys_of(uint32_t node, uint8_t purpose, struct sign_public *pub,
                   struct sign_secret *sec);
uint8_t world_log_purpose(const struct origin *origin);
struct vkey world_mirror_of(uint32_t node, char name[64],
                            struct sign_secret *sec);
void world_segment_keep(struct world_log *log, const struct segment *segment,
                        const struct range *after);
struct range world_range_of(const struct world_log *log);
void world_logs_free(struct world_node *node);

/* ---- link_world_view.c ---- */
struct link_view world_view(struct world_end *end);

/* ---- link_world_keep.c ---- */
void world_log_append(struct world *world, struct world_node *node,
                      struct world_log *log, uint64_t events);
void world_sequence(struct world *world, struct world_node *node,
                    uint64_t max_bytes);
void world_cosign_store(struct world *world, struct world_node *node,
                        struct world_log *log, const struct signature *heard);
void world_recover(struct world *world, struct world_end *end,
                   const struct link_action *action);
void world_store_batch(struct world *world, struct world_end *end,
                       const struct link_action *action);
void world_store_cosigs(struct world *world, struct world_end *end,
                        const struct frame_cosigned *cosigned);
void world_freeze(struct world_end *end, const struct link_action *action);

/* ---- link_world_send.c ---- */
void world_trace(struct world *world, const struct world_end *end, char arrow,
                 const char *what);
void world_packet_send(struct world *world, struct world_end *end,
                       struct span bytes);
void world_queue_add(struct world *world, struct world_end *end,
                     struct link_event event);
void world_tell_all(struct world *world, struct world_node *node,
                    enum link_happened kind, const struct origin *origin);
void world_send_segment(struct world *world, struct world_end *end,
                        const struct link_action *action);
void world_send_cosigs(struct world *world, struct world_end *end,
                       const struct link_action *action);
void world_send_held(struct world *world, struct world_end *end,
                     const struct link_action *action);
void world_send_deliveries(struct world *world, struct world_end *end,
                           const struct link_action *action);
void world_ask_heard(struct world *world, struct world_end *end,
                     const struct link_action *action);
void world_cosign_repeat(struct world *world, struct world_end *end,
                         const struct link_action *action);

#endif
