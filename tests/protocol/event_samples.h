/* One full set of facts for every type that is understood: what a person would
 * type. Used for round trips, frozen bytes, validators and receipts. */
#ifndef QCDC_TESTS_PROTOCOL_EVENT_SAMPLES_H
#define QCDC_TESTS_PROTOCOL_EVENT_SAMPLES_H

#include "protocol/event/facts.h"

struct sample {
    uint32_t type;
    const struct field_pair *pairs;
    size_t len;
};

/* NULL past the end. */
const struct sample *sample_at(size_t i);
const struct sample *sample_of(uint32_t type);

/* The header under which the sample is valid: subject, refs, addressees and
 * bodies as its type wants them. refs: room for two ids, kept. */
struct header sample_header(const struct sample *sample, struct event_id *refs);

/* The facts of a sample, in memory of the caller. Fails the test. */
struct span sample_facts(const struct sample *sample, uint8_t *memory,
                         size_t size);

#endif
