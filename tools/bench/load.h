/* The events of the bench: petitions of one office, each with a text body and
 * signed by one official, recorded while the node is stopped.
 */
#ifndef QCDC_TOOLS_BENCH_LOAD_H
#define QCDC_TOOLS_BENCH_LOAD_H

#include <stdint.h>

#include "protocol/base/error.h"

struct node;

#define LOAD_LOGIN "clerk"
#define LOAD_PASSWORD "mot hai ba bon"
#define LOAD_TITLE_SIZE 256u
#define LOAD_CONTENT_SIZE 1024u

/* Adds the official to a stopped commune. */
int load_official(struct node *node, struct error *err) MUST_USE;
/* Records `count` petitions into the spool of a stopped node. */
int load_petitions(struct node *node, uint64_t count,
                   struct error *err) MUST_USE;
/* The two texts of petition number `i`, about 250 bytes together. */
void load_texts(uint64_t i, char title[LOAD_TITLE_SIZE],
                char content[LOAD_CONTENT_SIZE]);

#endif
