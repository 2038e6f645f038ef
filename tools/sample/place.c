/* tools/sample: who there is. Owns the reading of deploy/data's unit files;
 * must never invent a unit. Fields hold no comma and no quote (its README). */
#include "tools/sample/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 12u

static size_t split(char *line, char **fields)
{
    size_t len = 0;

    line[strcspn(line, "\r\n")] = '\0';
    while (len < FIELDS_MAX) {
        fields[len++] = line;
        line = strchr(line, ',');
        if (line == NULL) {
            break;
        }
        *line++ = '\0';
    }
    return len;
}

static uint32_t number_of(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

struct place *place_find(struct places *places, uint32_t node)
{
    for (size_t i = 0; i < places->len; i++) {
        if (places->list[i].node == node) {
            return &places->list[i];
        }
    }
    return NULL;
}

/* number,name,parent,territory */
static int take_node(struct places *places, char **fields, size_t len,
                     struct error *err)
{
    struct place *place = &places->list[places->len];

    if (len < 4 || places->len == PLACES_MAX) {
        return error_set(err, ERR_MALFORMED, "no row of a node: %.40s",
                         fields[0]);
    }
    place->node = number_of(fields[0]);
    place->parent = number_of(fields[2]);
    (void)snprintf(place->name, sizeof(place->name), "%s", fields[1]);
    places->len++;
    return 0;
}

/* number,kind,level,name,code,territory,host,reports_to,from,duties_from */
static int take_unit(struct places *places, char **fields, size_t len,
                     struct error *err)
{
    struct place *place;

    if (len < 10) {
        return error_set(err, ERR_MALFORMED, "no row of a unit: %.40s",
                         fields[0]);
    }
    place = place_find(places, number_of(fields[6]));
    if (place == NULL) {
        return 0; /* a territory, or hosted nowhere */
    }
    if (strcmp(fields[1], "peoples_committee") == 0) {
        place->pc = number_of(fields[0]);
    } else if (strcmp(fields[1], "party_committee") == 0) {
        place->party = number_of(fields[0]);
    }
    return 0;
}

typedef int (*take_fn)(struct places *places, char **fields, size_t len,
                       struct error *err);

static int read_file(const char *data, const char *name, take_fn take,
                     struct places *places, struct error *err)
{
    char path[4096];
    char line[1024];
    char *fields[FIELDS_MAX];
    FILE *file;
    bool head = true;
    int rc = 0;

    (void)snprintf(path, sizeof(path), "%s/%s", data, name);
    file = fopen(path, "r");
    if (file == NULL) {
        return error_set(err, ERR_USAGE,
                         "%s cannot be read: name the folder "
                         "of units and calendar with --data",
                         path);
    }
    while (rc == 0 && fgets(line, sizeof(line), file) != NULL) {
        size_t len = split(line, fields);

        rc = head ? 0 : take(places, fields, len, err);
        head = false;
    }
    fclose(file);
    return rc == 0 ? 0 : error_wrap(err, "%s", path);
}

int places_load(const char *data, struct places *out, struct error *err)
{
    out->len = 0;
    if (read_file(data, "nodes-62-2019.csv", take_node, out, err) != 0 ||
        read_file(data, "units-62-2019.csv", take_unit, out, err) != 0) {
        return err->code;
    }
    for (size_t i = 0; i < out->len; i++) {
        struct place *place = &out->list[i];

        place->above = place_find(out, place->parent);
        if (place->above == NULL) {
            place->level = PLACE_PROVINCE;
        } else {
            place->level =
                place->above->parent == 0 ? PLACE_DISTRICT : PLACE_COMMUNE;
        }
        if (place->pc == 0 || place->party == 0) {
            return error_set(err, ERR_MALFORMED,
                             "node %u: no people's committee or no party "
                             "committee is hosted there",
                             place->node);
        }
    }
    return 0;
}
