/* Words of the sample: matters people raise, names of people who do not
 * exist, posts and places. All invented; no real person is meant. */
#ifndef QCDC_TOOLS_SAMPLE_PHRASES_H
#define QCDC_TOOLS_SAMPLE_PHRASES_H

#include <stddef.h>

#include "tools/sample/dice.h"

struct matter {
    const char *field; /* word of enum Field */
    const char *title;
    const char *content;
    const char *answer;
};

const struct matter *matter_any(struct dice *dice);
/* Complaints are about decisions. */
const struct matter *matter_complaint(struct dice *dice);
/* `language` is NULL for Vietnamese. */
void person_any(struct dice *dice, char *name, size_t size,
                const char **language);
const char *village_any(struct dice *dice);
/* Bodies without a registry number. */
const char *outsider_any(struct dice *dice);

#endif
