/* `qcdc verify` on evidence (protocol/log/evidence.h). */
#ifndef QCDC_TOOLS_VERIFY_EVIDENCE_H
#define QCDC_TOOLS_VERIFY_EVIDENCE_H

#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "tools/command.h"

bool verify_is_evidence(struct span text);

/* `text` is evidence, or a receipt; then `second` is another one of the same
 * place. `log` is a vkey or NULL: then the certificates inside are checked
 * from `root` down. Says in plain words who signed what twice. ERR_UNTRUSTED
 * if it proves nothing. */
int verify_evidence(struct cli *cli, struct span text, struct span second,
                    const char *log, const struct sign_public *root,
                    struct error *err) MUST_USE;

#endif
