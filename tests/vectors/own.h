/* The kinds of own/, one function each (vectors.h: test_fn). */
#ifndef QCDC_TESTS_VECTORS_OWN_H
#define QCDC_TESTS_VECTORS_OWN_H

#include "tests/vectors/vectors.h"

const char *own_vkey(struct run *run, const json_t *test);
const char *own_checkpoint(struct run *run, const json_t *test);
const char *own_note(struct run *run, const json_t *test);
const char *own_tree(struct run *run, const json_t *test);
const char *own_inclusion(struct run *run, const json_t *test);
const char *own_consistency(struct run *run, const json_t *test);
const char *own_proof(struct run *run, const json_t *test);
const char *own_witness(struct run *run, const json_t *test);

/* True if the test's comment names extension lines. */
bool names_extension(const json_t *test);

#endif
