/* Facts as people write them: pairs of a path and a text, both ways.
 *
 * Used by the API, the CLI, imports and `show`; the same for texts, private
 * bodies and records. Paths: `document.number`, `items[0].petition_id`.
 * A repeated number or key may be given in one value, elements by `;`; a
 * repeated message too: elements by `;`, fields by `:` in field order, empty =
 * not stated. Values by the field's name and type:
 *     *_day, *_days      2024-03-01                *_hash, *_key  64 hex
 *     *_id               32 hex digits, or whatever the resolver knows
 *     enums              lower-case name (counter) bool           true, false
 *     numbers            decimal                   other bytes    text, NFC
 * An empty value is a field not stated. Never allocates.
 */
#ifndef QCDC_PROTOCOL_EVENT_FACTS_H
#define QCDC_PROTOCOL_EVENT_FACTS_H

#include "protocol/event/leaf.h"
#include "protocol/event/types.h"

struct ProtobufCMessageDescriptor;

struct field_pair {
    const char *path;
    const char *value;
};

#define FACTS_PATH_MAX 160u /* bytes of a path with its NUL */
#define FACTS_PAIRS_MAX 4096u

/* Turns a text that is not 32 hex digits (a citizen's code, an import key)
 * into the id meant. Returns 0, or fails with a sentence. */
typedef int (*facts_resolve_fn)(void *ctx, const char *text,
                                struct event_id *out, struct error *err);
struct facts_resolver {
    facts_resolve_fn resolve; /* NULL: hex only */
    void *ctx;
};

/* Appends the minimal encoding. ERR_USAGE naming path, value and what is
 * expected; ERR_LIMIT if out is full. The type's rules are event_validate's.
 * ERR_NOTFOUND if the type has no facts in this version. */
int facts_encode(const struct event_type *type, const struct field_pair *pairs,
                 size_t pairs_len, const struct facts_resolver *resolver,
                 struct buf *out, struct error *err) MUST_USE;

/* One call per value stated, in field order; repeated numbers as one value
 * joined by `;`, repeated messages, ids and keys element by element. `path` and
 * `value` are borrowed for the call. Bytes that are no text come as 0x and hex.
 * A non-zero return stops the visit and is returned. */
typedef int (*facts_visit_fn)(void *ctx, const char *path, struct span value,
                              struct error *err);

/* ERR_MALFORMED if the facts are not minimal for the type (not understood),
 * before any call. ERR_NOTFOUND as above. */
int facts_visit(const struct event_type *type, struct span facts,
                facts_visit_fn visit, void *ctx, struct error *err) MUST_USE;

/* The same for any message: body_text_shape(), record shapes. */
int facts_encode_as(const struct ProtobufCMessageDescriptor *shape,
                    const struct field_pair *pairs, size_t pairs_len,
                    const struct facts_resolver *resolver, struct buf *out,
                    struct error *err) MUST_USE;
int facts_visit_as(const struct ProtobufCMessageDescriptor *shape,
                   struct span bytes, facts_visit_fn visit, void *ctx,
                   struct error *err) MUST_USE;

/* What the numbers of a field name: registry numbers of units or of nodes, told
 * by the field's name alone (the last part of the path). */
enum facts_noun {
    FACTS_NUMBER,
    FACTS_UNITS,
    FACTS_NODES
};
enum facts_noun facts_noun(const char *path);

/* The paths a type knows, for help and unknown columns: `kind`, `document`,
 * `document.number`, `items[]`, `items[].petition_id` with a word on what is
 * expected as value ("date 2024-03-01", "counter|post|..."). */
int facts_describe(const struct event_type *type, facts_visit_fn visit,
                   void *ctx, struct error *err) MUST_USE;
int facts_describe_as(const struct ProtobufCMessageDescriptor *shape,
                      facts_visit_fn visit, void *ctx,
                      struct error *err) MUST_USE;

#endif
