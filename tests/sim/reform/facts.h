/* The reform of 1-7-2025 as published: which old commune of Kon Tum and Quảng
 * Ngãi went into which new one (deploy/data/merge-2025.csv), whole or the part
 * that lies in some districts. */
#ifndef QCDC_TESTS_SIM_REFORM_FACTS_H
#define QCDC_TESTS_SIM_REFORM_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OLDS_MAX 280u
#define NEWS_MAX 100u
#define DISTRICTS_MAX 24u
#define SOURCES_MAX 16u /* old communes of one new one */
#define NO_DISTRICT UINT32_MAX

struct old_commune {
    char code[8], name[96];
    uint32_t district; /* index, or NO_DISTRICT: Lý Sơn is one itself */
    bool kontum;       /* else Quảng Ngãi */
    bool stays;        /* not rearranged: the unit goes on */
    uint32_t heirs[2]; /* indices of new communes */
    uint32_t heirs_len;
};
struct new_commune {
    char code[8], name[96];
    bool stays;
    uint32_t host; /* index of the old commune whose node it keeps */
    uint32_t from[SOURCES_MAX];
    uint32_t from_len;
};
struct district {
    char code[8];
    bool kontum;
};

struct facts {
    struct old_commune olds[OLDS_MAX];
    struct new_commune news[NEWS_MAX];
    struct district districts[DISTRICTS_MAX];
    uint32_t olds_len, news_len, districts_len;
};

/* `only`: codes of districts, separated by commas; NULL = all. false: said on
 * stderr. */
bool facts_read(const char *path, const char *only, struct facts *out);

/* Numbers of the realm, for life. */
#define DISTRICT_NODE(d) (100u + (d))
#define COMMUNE_NODE(i) (1000u + (i))
#define OLD_LAND(i) (20000u + (i))
#define OLD_UNIT(i) (30000u + (i))
#define NEW_UNIT(k) (40000u + (k))
#define NEW_LAND(k) (50000u + (k))
#define DISTRICT_LAND(d) (60000u + (d))
#define DISTRICT_UNIT(d) (61000u + (d))
#define PROVINCE_UNIT 70000u
#define KONTUM_UNIT 70001u
#define PROVINCE_LAND 71000u
#define KONTUM_LAND 71001u

#endif
