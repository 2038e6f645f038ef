/* tests/sim/reform: the facts. Owns the reading of merge-2025.csv; decides
 * nothing but which node a new commune keeps: that of the old one whose code
 * it has, else of the first that went into it, as deploy/reform.sh does.
 * Next: tree.c. */
#include "tests/sim/reform/facts.h"

#include <stdio.h>
#include <string.h>

#define LINE 512
#define COLUMNS 7

struct row {
    char
        *column[COLUMNS]; /* old, name, district, province, new, name, extent */
};

static bool row_split(char *line, struct row *out)
{
    line[strcspn(line, "\r\n")] = '\0';
    for (size_t i = 0; i < COLUMNS; i++) {
        char *comma = strchr(line, ',');

        out->column[i] = line;
        if (comma == NULL) {
            return i == COLUMNS - 1;
        }
        *comma = '\0';
        line = comma + 1;
    }
    return false;
}

static void text_copy(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from);
}

/* Is it one of "608,610"? */
static bool is_listed(const char *only, const char *code)
{
    size_t len = strlen(code);

    for (const char *at = only; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, code, len) == 0 &&
            (at[len] == ',' || at[len] == '\0')) {
            return true;
        }
    }
    return only == NULL;
}

static uint32_t district_get(struct facts *facts, const char *code, bool kontum)
{
    uint32_t d = 0;

    if (code[0] == '\0') {
        return NO_DISTRICT;
    }
    while (d < facts->districts_len &&
           strcmp(facts->districts[d].code, code) != 0) {
        d++;
    }
    if (d == facts->districts_len && d < DISTRICTS_MAX) {
        text_copy(facts->districts[d].code, 8, code);
        facts->districts[d].kontum = kontum;
        facts->districts_len++;
    }
    return d;
}

static uint32_t old_get(struct facts *facts, const struct row *row)
{
    uint32_t i = 0;

    while (i < facts->olds_len &&
           strcmp(facts->olds[i].code, row->column[0]) != 0) {
        i++;
    }
    if (i == facts->olds_len && i < OLDS_MAX) {
        struct old_commune *old = &facts->olds[i];

        text_copy(old->code, sizeof(old->code), row->column[0]);
        text_copy(old->name, sizeof(old->name), row->column[1]);
        old->kontum = strcmp(row->column[3], "62") == 0;
        old->district = district_get(facts, row->column[2], old->kontum);
        facts->olds_len++;
    }
    return i;
}

static uint32_t new_get(struct facts *facts, const struct row *row)
{
    uint32_t k = 0;

    while (k < facts->news_len &&
           strcmp(facts->news[k].code, row->column[4]) != 0) {
        k++;
    }
    if (k == facts->news_len && k < NEWS_MAX) {
        text_copy(facts->news[k].code, 8, row->column[4]);
        text_copy(facts->news[k].name, sizeof(facts->news[k].name),
                  row->column[5]);
        facts->news_len++;
    }
    return k;
}

static bool row_add(struct facts *facts, const struct row *row)
{
    uint32_t i = old_get(facts, row);
    uint32_t k = new_get(facts, row);
    struct old_commune *old = &facts->olds[i];
    struct new_commune *new = &facts->news[k];

    if (i == OLDS_MAX || k == NEWS_MAX || old->heirs_len == 2 ||
        new->from_len == SOURCES_MAX || old->district == DISTRICTS_MAX) {
        return false;
    }
    old->heirs[old->heirs_len++] = k;
    new->from[new->from_len++] = i;
    return true;
}

static void hosts_choose(struct facts *facts)
{
    for (uint32_t k = 0; k < facts->news_len; k++) {
        struct new_commune *new = &facts->news[k];

        new->host = new->from[0];
        for (uint32_t j = 0; j < new->from_len; j++) {
            if (strcmp(facts->olds[new->from[j]].code, new->code) == 0) {
                new->host = new->from[j];
            }
        }
        new->stays = new->from_len == 1 &&
                     strcmp(facts->olds[new->host].code, new->code) == 0;
        facts->olds[new->host].stays |= new->stays;
    }
}

bool facts_read(const char *path, const char *only, struct facts *out)
{
    FILE *in = fopen(path, "re");
    char line[LINE];
    bool good = in != NULL && fgets(line, sizeof(line), in) != NULL;

    memset(out, 0, sizeof(*out));
    while (good && fgets(line, sizeof(line), in) != NULL) {
        struct row row;

        /* A new commune may draw from several districts: all or none. */
        good = row_split(line, &row) &&
               (!is_listed(only, row.column[2]) || row_add(out, &row));
    }
    if (in != NULL) {
        (void)fclose(in);
    }
    hosts_choose(out);
    if (!good || out->olds_len == 0) {
        (void)fprintf(stderr, "sim_reform: %s: not the facts of the reform\n",
                      path);
        return false;
    }
    return true;
}
