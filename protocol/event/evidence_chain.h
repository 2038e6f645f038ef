/* Whose log it is that an evidence file accuses: from the realm's root key to
 * the log's key, by the certificates in the file and nothing else.
 */
#ifndef QCDC_PROTOCOL_EVENT_EVIDENCE_CHAIN_H
#define QCDC_PROTOCOL_EVENT_EVIDENCE_CHAIN_H

#include "protocol/base/arena.h"
#include "protocol/event/leaf.h"
#include "protocol/log/evidence.h"
#include "protocol/log/note.h"

#define EVIDENCE_CHAIN_MAX 16u

/* Appends one leaf as a line of a chain. */
void evidence_chain_put(struct span leaf, struct buf *out);

/* The key of the log that the first statement of the evidence names: the
 * certificates are signed from `root` down, each by the administration key
 * that the one before names, and the last names that log's key. key->name
 * borrows from the evidence. ERR_MALFORMED, ERR_LIMIT; ERR_UNTRUSTED with the
 * certificate (from 1) that does not hold. */
int evidence_chain_verify(const struct evidence *evidence,
                          const struct sign_public *root, struct arena *arena,
                          struct vkey *key, struct error *err) MUST_USE;

#endif
