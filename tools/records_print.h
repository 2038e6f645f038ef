/* Rows of records, for list and search. */
#ifndef QCDC_TOOLS_RECORDS_PRINT_H
#define QCDC_TOOLS_RECORDS_PRINT_H

#include "tools/command.h"

int records_print(const struct cli *cli, const struct answer *records,
                  struct error *err) MUST_USE;
/* "đã trả lời" for "answered", of states and of why an event does not count;
 * the word itself when it is not known. */
const char *state_text(const struct cli *cli, const char *state);

#endif
