/* What a delivery needs beside its event: for deliver.c. */
#ifndef QCDC_NODE_DELIVER_H
#define QCDC_NODE_DELIVER_H

#include "node/peers.h"
#include "node/tree.h"
#include "protocol/log/proof.h"
#include "store/delivery.h"

struct certificates {
    struct frame_certificate list[FRAME_CERTIFICATES_MAX];
    size_t len;
};

/* The text, in the turn's arena; empty if there is no room. */
struct span delivery_proof_put(struct engine *engine, struct proof *proof);
/* Appends what `child` needs to believe the signer of that delivery. ERR_LIMIT:
 * more than a frame holds. */
int certificates_make(struct engine *engine, uint32_t child,
                      const struct store_delivery *delivery,
                      struct certificates *certs, struct error *err) MUST_USE;

#endif
