/* What the fields and words of events and records are called on a screen.
 *
 * The names in files, in the API and on the command line are those of
 * protocol/schema (`due_day`, `not_admitted`); a person reads labels. The test
 * tools_labels asks for one of every field and every word that `record` or
 * `show` can name. All texts are static. */
#ifndef QCDC_TOOLS_LABELS_H
#define QCDC_TOOLS_LABELS_H

#include <stdbool.h>

#include "tools/command.h"

/* The label of a field by the last part of its path: "holder" -> "đang giữ";
 * the name itself in English, or when it is not known. */
const char *label_field(const struct cli *cli, const char *name);

/* The label of a word stated for `field`: ("kind", "petition") ->
 * "đơn của dân"; NULL when there is none (a number, a name, English). */
const char *label_value(const struct cli *cli, const char *field,
                        const char *value);

/* Whether the words of `field` are days (`due_day`). */
bool label_is_day(const char *field);

#endif
