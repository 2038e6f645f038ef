/* The tree of 1-7-2025 for tests: the old units of Kon Tum and Quang Ngai as
 * deploy/data lists them, and the events that reform them. */
#ifndef QCDC_TESTS_PROTOCOL_REFORM_TREE_H
#define QCDC_TESTS_PROTOCOL_REFORM_TREE_H

#include "tests/protocol/realm.h"

#define TOP 1u
#define OLD(i) (10000u + (uint32_t)(i))   /* committee of old commune i */
#define LAND(i) (20000u + (uint32_t)(i))  /* its territory */
#define NODE(i) (30000u + (uint32_t)(i))  /* its node */
#define NEW(k) (40000u + (uint32_t)(k))   /* committee of new commune k */
#define NLAND(k) (50000u + (uint32_t)(k)) /* its territory */
#define DISTRICT(d) (60000u + (uint32_t)(d))
#define PROVINCE_PC 70000u
#define KONTUM_PC 70001u
#define PROVINCE_LAND 71000u
#define KONTUM_LAND 71001u

#define REFORM "2025-07-01"
#define BEFORE "2025-06-30"

#define OLDS 273
#define NEWS 96
#define UNNAMED "21034" /* its petition was forgotten in the hand-over */
#define SPLIT "21142"   /* Tra Bui: to Ca Dam (named) and Tay Tra Bong */
#define NAMED "21136"

struct row {
    char old[8], district[8], province[8], new[8];
};

struct reform {
    struct row rows[300];
    size_t rows_len;
    char olds[300][8], news[100][8], districts[40][8];
    char old_district[300][8], old_province[300][8];
    size_t olds_len, news_len, districts_len;
    bool stays[300]; /* not rearranged: the unit goes on */
    size_t heirs_of[100];
};

/* The rows of deploy/data, and what follows from them. */
void reform_read(struct reform *f);
/* The directory as it was: two provinces, districts, communes, a node each. */
void reform_old_tree(struct realm *r, const struct reform *f);
/* The reform: new units, heirs of the old ones, custody; `named` is the
 * petition that goes by name. */
void reform_say(struct realm *r, const struct reform *f,
                const struct event_id *named);
/* Where the code stands in the list; added at its end if it does not. */
size_t reform_index(char list[][8], size_t *len, const char *code);

#endif
