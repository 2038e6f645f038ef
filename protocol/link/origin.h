/* Which log: its node, its epoch, and whether it is the directory log.
 *
 * On the wire and in the store a log is these three numbers; in checkpoints
 * it is the text `<realm>/<node>/e<epoch>` or `<realm>/<node>/dir/e<epoch>`
 * (formats.md section 1). One spelling only: no leading zeros, epochs from 1.
 */
#ifndef QCDC_PROTOCOL_LINK_ORIGIN_H
#define QCDC_PROTOCOL_LINK_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"

struct origin {
    uint32_t node;  /* registry number, 1.. */
    uint32_t epoch; /* 1.. */
    bool dir;
};

/* `text` must name a log of `realm`. ERR_MALFORMED. */
int origin_parse(struct span text, struct span realm, struct origin *out,
                 struct error *err) MUST_USE;

/* Appends the text. */
void origin_format(struct span realm, const struct origin *origin,
                   struct buf *out);

/* Appends `<realm>/<node>/mirror`, the name of a node's cosigning key. */
void origin_mirror_name(struct span realm, uint32_t node, struct buf *out);

bool origin_equal(const struct origin *a, const struct origin *b);

/* Directory logs first, then by node, then by epoch. */
int origin_compare(const struct origin *a, const struct origin *b);

/* [a-z0-9-]{1,32} */
bool realm_is_valid(struct span realm);

#endif
