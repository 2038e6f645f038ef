/* qcdc-sample: an invented year of a province as import files, volumes as in
 * reality. Same seed and nodes, same bytes. The tour: place.h (who), days.h
 * (when), office.h (habits), year.c (how much), dialogue.c and petition.c
 * (what), book.h (order), write.h (files). Must never be mistaken for real
 * data: every file says so. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/sample/days.h"
#include "tools/sample/office.h"
#include "tools/sample/write.h"

#define SEED_DEFAULT                                                           \
    2084u /* no item of it hangs on a minute: count.py --wary */

/* Kon Tum; Đắk Tô with Đắk Tô, Kon Đào, Tân Cảnh, Diên Bình; Kon Plông with
 * Đắk Ring, Măng Buk, Măng Đen, Hiếu. */
static const uint32_t default_nodes[] = {1, 5,  53, 58, 59, 60,
                                         6, 63, 64, 69, 70};

static const char usage[] =
    "qcdc-sample --out DIR [--data DIR] [--seed N] [--all | NODE...]\n"
    "Writes an invented year 2024 as import files, one for each week, node "
    "and\n"
    "unit: DIR/<Friday>/<node>.<unit>.jsonl, and DIR/csv of one commune as\n"
    "tables. NODE is a node's number (deploy/data/nodes-62-2019.csv); "
    "default:\n"
    "the province, the districts 5 and 6, four communes of each. --data: the\n"
    "folder of units and calendar (deploy/data). --seed: default 2084.\n";

struct request {
    const char *out;
    const char *data;
    uint64_t seed;
    bool all;
    uint32_t nodes[PLACES_MAX];
    size_t nodes_len;
};

static int take_number(const char *text, uint64_t *out, struct error *err)
{
    char *end = NULL;
    const unsigned long long value = strtoull(text, &end, 10);

    if (end == text || *end != '\0' || text[0] == '-') {
        return error_set(err, ERR_USAGE, "%s is no number; see --help", text);
    }
    *out = value;
    return 0;
}

static int take_option(struct request *request, const char *name,
                       const char *value, struct error *err)
{
    if (value == NULL) {
        return error_set(err, ERR_USAGE, "%s needs a value; see --help", name);
    }
    if (strcmp(name, "--out") == 0) {
        request->out = value;
        return 0;
    }
    if (strcmp(name, "--data") == 0) {
        request->data = value;
        return 0;
    }
    if (strcmp(name, "--seed") == 0) {
        return take_number(value, &request->seed, err);
    }
    return error_set(err, ERR_USAGE, "%s is no option; see --help", name);
}

static int take_arguments(int argc, char **argv, struct request *request,
                          struct error *err)
{
    int rc = 0;

    for (int i = 1; rc == 0 && i < argc; i++) {
        uint64_t node = 0;

        if (strcmp(argv[i], "--all") == 0) {
            request->all = true;
        } else if (strncmp(argv[i], "--", 2) == 0) {
            rc = take_option(request, argv[i],
                             i + 1 < argc ? argv[i + 1] : NULL, err);
            i++;
        } else {
            rc = take_number(argv[i], &node, err);
            if (rc == 0 &&
                (node > UINT32_MAX || request->nodes_len == PLACES_MAX)) {
                rc = error_set(err, ERR_USAGE, "%s is no node", argv[i]);
            }
            if (rc == 0) {
                request->nodes[request->nodes_len++] = (uint32_t)node;
            }
        }
    }
    return rc;
}

static int select_nodes(const struct request *request, struct places *places,
                        struct error *err)
{
    const bool given = request->nodes_len > 0;
    const uint32_t *nodes = given ? request->nodes : default_nodes;
    const size_t len = given ? request->nodes_len
                             : sizeof(default_nodes) / sizeof(default_nodes[0]);

    for (size_t i = 0; request->all && i < places->len; i++) {
        places->list[i].selected = true;
    }
    for (size_t i = 0; !request->all && i < len; i++) {
        struct place *place = place_find(places, nodes[i]);

        if (place == NULL) {
            return error_set(err, ERR_USAGE,
                             "node %u is not in nodes-62-2019.csv", nodes[i]);
        }
        place->selected = true;
    }
    return 0;
}

/* Files of another seed among ours would be imported with them. */
static int check_out(const char *path, struct error *err)
{
    const struct dirent *entry;
    DIR *folder;
    bool empty = true;

    if (path == NULL) {
        return error_set(err, ERR_USAGE, "say where to write with --out DIR");
    }
    if (make_folder(path, err) != 0) {
        return err->code;
    }
    folder = opendir(path);
    if (folder == NULL) {
        return error_set(err, ERR_USAGE, "%s is no folder", path);
    }
    while ((entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0) {
            empty = false;
        }
    }
    closedir(folder);
    return empty ? 0
                 : error_set(err, ERR_USAGE,
                             "%s is not empty: name a new folder", path);
}

static void make_rows(const struct places *places, uint64_t seed,
                      struct book *book)
{
    /* An office is large; one at a time. */
    static struct office office;

    for (size_t i = 0; i < places->len; i++) {
        if (!places->list[i].selected) {
            continue;
        }
        office = office_of(book, places, &places->list[i], seed);
        year_of_dialogues(&office);
        year_of_petitions(&office, seed);
        plan_reports(&office);
        plan_nothing(&office);
    }
    book_sort(book);
}

static uint32_t csv_node(const struct places *places)
{
    for (size_t i = 0; i < places->len; i++) {
        if (places->list[i].selected &&
            places->list[i].level == PLACE_COMMUNE) {
            return places->list[i].node;
        }
    }
    return 0;
}

static int run(const struct request *request, struct error *err)
{
    static struct places places;
    struct book book = {0};
    struct sample sample = {.out = request->out,
                            .seed = request->seed,
                            .places = &places,
                            .book = &book};
    int rc = places_load(request->data, &places, err);

    rc = rc != 0 ? rc : days_load(request->data, err);
    rc = rc != 0 ? rc : select_nodes(request, &places, err);
    rc = rc != 0 ? rc : check_out(request->out, err);
    if (rc == 0) {
        make_rows(&places, request->seed, &book);
        rc = write_steps(&sample, err);
    }
    if (rc == 0 && csv_node(&places) != 0) {
        rc = write_csv(&sample, csv_node(&places), err);
    }
    if (rc == 0) {
        printf("%zu rows in %s\n", book.len, request->out);
    }
    book_free(&book);
    return rc;
}

int main(int argc, char **argv)
{
    static struct request request = {.data = "deploy/data",
                                     .seed = SEED_DEFAULT};
    struct error err = {0};

    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (take_arguments(argc, argv, &request, &err) != 0 ||
        run(&request, &err) != 0) {
        (void)fprintf(stderr, "qcdc-sample: %s\n", err.text);
        return err_exit_status(err.code);
    }
    return 0;
}
