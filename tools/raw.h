/* Bytes taken apart for people: a leaf, a signed note, a list of leaves. */
#ifndef QCDC_TOOLS_RAW_H
#define QCDC_TOOLS_RAW_H

#include "tools/command.h"

/* Hex digits and white space only, an even number of digits. */
bool raw_is_hex(struct span text);
/* Prints what `text` is: hex or plain bytes of a leaf, the text of a note, a
 * blob of leaves with u16 lengths. ERR_MALFORMED when it is none. */
int raw_print(const struct cli *cli, struct span text,
              struct error *err) MUST_USE;

#endif
