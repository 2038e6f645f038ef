/* The nodes of the province and their two offices, as deploy/data says. */
#ifndef QCDC_TOOLS_SAMPLE_PLACE_H
#define QCDC_TOOLS_SAMPLE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/error.h"

#define PLACES_MAX 1024u
#define NAME_SIZE 96u

enum place_level {
    PLACE_PROVINCE,
    PLACE_DISTRICT,
    PLACE_COMMUNE,
};

struct place {
    uint32_t node;
    uint32_t parent; /* node, 0 = the top */
    enum place_level level;
    char name[NAME_SIZE];      /* "Xã Kon Đào" */
    uint32_t pc;               /* its people's committee */
    uint32_t party;            /* its party committee */
    const struct place *above; /* NULL at the top */
    bool selected;             /* the sample speaks for it */
};

struct places {
    struct place list[PLACES_MAX];
    size_t len;
};

/* Reads DATA/nodes-62-2019.csv and DATA/units-62-2019.csv. */
int places_load(const char *data, struct places *out,
                struct error *err) MUST_USE;
struct place *place_find(struct places *places, uint32_t node);

#endif
