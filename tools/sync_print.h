/* Paragraphs of `qcdc sync` about contents rather than neighbours. */
#ifndef QCDC_TOOLS_SYNC_PRINT_H
#define QCDC_TOOLS_SYNC_PRINT_H

#include "tools/command.h"

/* Erased here, or waiting for a leader's word. Prints nothing if nothing is. */
void sync_print_erasures(const struct cli *cli, const struct answer *root);
/* Private contents that only the older recovery secret opens. */
void sync_print_sealed(const struct cli *cli, const struct answer *root);
/* What bit rot did, and what became of it. */
void sync_print_damage(const struct cli *cli, const struct answer *one);

#endif
