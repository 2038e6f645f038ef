/* Parts of drive.c, which names what each verb prints. */
#ifndef QCDC_TESTS_SYSTEM_DRIVE_H
#define QCDC_TESTS_SYSTEM_DRIVE_H

#include "node/config.h"
#include "node/engine.h"
#include "protocol/base/arena.h"
#include "protocol/base/error.h"

#define PASSWORD "mot hai ba bon" /* of every official */

/* One process, one verb: what it has open. */
struct drive {
    struct arena arena;
    struct config config;
    struct engine *engine;
};
extern struct drive drive;

/* Opens the stopped node in `dir`; main closes it. */
int drive_open(const char *dir, struct error *err);

/* argv begins behind the verb. */
int look_state(char **argv, struct error *err);
int look_private(char **argv, struct error *err);
int look_receipt(char **argv, struct error *err);
int look_verify(char **argv, struct error *err);
int look_check(char **argv, struct error *err);
int look_peek(char **argv, struct error *err);
int look_has(char **argv, struct error *err);
int look_arrived(char **argv, struct error *err);
int look_dump(char **argv, struct error *err);

#endif
