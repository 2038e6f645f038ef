/* What init and join show once and nobody keeps. */
#ifndef QCDC_TOOLS_SETUP_PRINT_H
#define QCDC_TOOLS_SETUP_PRINT_H

#include "node/setup.h"
#include "tools/command.h"

void setup_print_secrets(const struct cli *cli,
                         const struct setup_result *result);

#endif
