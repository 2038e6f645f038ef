/* The sample on disk: JSON lines by step and node, CSV of one commune. */
#ifndef QCDC_TOOLS_SAMPLE_WRITE_H
#define QCDC_TOOLS_SAMPLE_WRITE_H

#include "protocol/base/error.h"
#include "tools/sample/book.h"
#include "tools/sample/place.h"

struct sample {
    const char *out;
    uint64_t seed;
    const struct places *places;
    const struct book *book; /* sorted */
};

/* OUT/<step>/<node>.<unit>.jsonl: what one unit's official types, in the order
 * of import: files without `late` by number, then <node>.<unit>.late.jsonl,
 * whose rows act on another node's record (`subject_key`). OUT/manifest.json.
 */
int write_steps(const struct sample *sample, struct error *err) MUST_USE;
/* OUT/csv/<Type>.csv of one node, in the form of `qcdc import TYPE`. */
int write_csv(const struct sample *sample, uint32_t node,
              struct error *err) MUST_USE;
int make_folder(const char *path, struct error *err) MUST_USE;

#endif
