/* Fixed keys, headers and leaves for tests of the event room. */
#ifndef QCDC_TESTS_PROTOCOL_EVENT_HELP_H
#define QCDC_TESTS_PROTOCOL_EVENT_HELP_H

#include "protocol/event/leaf.h"
#include "protocol/event/types.h"

#define HELP_DAY 19783u /* 2024-03-01 */

struct help_key {
    struct sign_public pub;
    struct sign_secret sec;
    struct key_id id;
};

/* The key of seed `number` repeated: the same on every machine. */
struct help_key help_key(uint8_t number);

/* An id of 16 equal bytes. */
struct event_id help_id(uint8_t number);

/* Node 7, unit 12, recorded at a fixed time on HELP_DAY, signed by key 1. */
struct header help_header(uint32_t type);

/* Signs into the caller's memory (LEAF_MAX) with key 1; fails the test. */
struct span help_leaf(const struct header *header, struct span facts,
                      uint8_t *memory);

/* Signed, parsed and read by its type; err says why it is invalid. */
enum event_reading help_read(const struct header *header, struct span facts,
                             struct error *err);

/* Decodes hex into memory that lives until the end of the program. */
struct span help_hex(const char *hex);

#endif
