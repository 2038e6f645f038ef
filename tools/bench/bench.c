/* tools/bench: one run, the machine's limits first, then qcdc beside them.
 *
 * Reads nothing, writes only below its scratch folder, and prints a table (or
 * JSON lines with --json) whose ratios are what DESIGN section 11 asks for.
 * Never a test: machines are shared and noisy. Read raw.h next.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/crypto.h"
#include "tools/bench/nodes.h"
#include "tools/bench/raw.h"
#include "tools/bench/report.h"
#include "tools/bench/rows.h"

static const char usage[] =
    "usage: qcdc-bench [--json] [--dir FOLDER] [--events N] [--rules FILE]\n"
    "                  [--slow] [--million] [--limits-only | --no-limits]\n"
    "                  [--only chain|wire|live|slow|tree]\n"
    "  --dir FOLDER   scratch folder on the disk to measure (default: a new\n"
    "                 one below the current folder); it is left behind\n"
    "  --events N     events of the chain rows (default 100000)\n"
    "  --rules FILE   duty rules to evaluate (default deploy/data/rules.json\n"
    "                 where that is; else none)\n"
    "  --slow         also the row of the slow line: five minutes\n"
    "  --million      a million events, and memory against its targets\n"
    "  --limits-only  the machine alone; --no-limits: qcdc alone\n"
    "  --only GROUP   one group of rows; tree (113 processes) only so\n";

#define RULES_DEFAULT "deploy/data/rules.json"

static int limits_measure(struct report *report, const char *dir,
                          unsigned events, struct error *err)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    double cpu_us = 0;
    double v = 0;
    int rc = raw_verify(cores > 0 ? (unsigned)cores : 1, 2.0, &v, err);

    if (rc == 0) {
        report_limit(report, LIMIT_VERIFY, v);
        rc = raw_sqlite(dir, 1, 300, 2.0, &v, err);
    }
    if (rc == 0) {
        report_limit(report, LIMIT_COMMIT, v);
        rc = raw_sqlite(dir, 100, 300, 2.0, &v, err);
    }
    if (rc == 0) {
        report_limit(report, LIMIT_INSERT, v);
        rc = raw_zmq(256, 300000, &v, err);
    }
    if (rc == 0) {
        report_limit(report, LIMIT_MESSAGE, v);
        rc = raw_zmq(65536, 10000, &v, err);
    }

    struct chain_load load = {.dir = dir,
                              .events = events / 256 * 256,
                              .event_bytes = 520,
                              .batch = 256};

    if (rc == 0) {
        report_limit(report, LIMIT_MESSAGE_64K, v);
        rc = raw_chain(&load, &v, &cpu_us, err);
    }
    if (rc == 0) {
        report_limit(report, LIMIT_CHAIN, v);
        report->cpu_us[LIMIT_CHAIN] = cpu_us;
        load.verify = true;
        rc = raw_chain(&load, &v, &cpu_us, err);
    }
    if (rc == 0) {
        report_limit(report, LIMIT_CHAIN_VERIFIED, v);
        report->cpu_us[LIMIT_CHAIN_VERIFIED] = cpu_us;
    }
    return rc;
}

struct wishes {
    const char *dir;
    const char *rules;
    unsigned long events;
    const char *only; /* one group of rows, NULL = all */
    bool slow;
    bool limits;
    bool nodes;
};

static bool wanted(const struct wishes *wishes, const char *group)
{
    return wishes->only == NULL || strcmp(wishes->only, group) == 0;
}

static int rows_measure(const struct rows_options *options,
                        const struct wishes *wishes, struct error *err)
{
    int rc = 0;

    /* First: later this commune holds more than any in a century. */
    if (wanted(wishes, "live")) {
        rc = rows_live(options, err);
    }
    if (rc == 0 && wanted(wishes, "chain")) {
        rc = rows_chain(options, err);
    }
    if (rc == 0 && wanted(wishes, "wire")) {
        rc = rows_wire(options, err);
    }
    if (rc == 0 && wishes->slow && wanted(wishes, "slow")) {
        rc = rows_slow(options, err);
    }
    if (rc == 0 && !wishes->slow) {
        report_skipped(options->report, "64 kbit/s, 0.6 s, cuts",
                       "give --slow");
    }
    report_skipped(options->report, "113 processes: converge, idle",
                   "give --only tree");
    if (rc == 0 && wishes->events < 1000000) {
        report_skipped(options->report, "memory against its targets",
                       "give --million");
    }
    return rc;
}

static int nodes_measure(struct report *report, const struct wishes *wishes,
                         struct error *err)
{
    static struct tree tree;
    struct node *nodes[] = {&tree.province, &tree.district, &tree.commune};
    char bin[400];
    struct rows_options options = {
        .tree = &tree, .report = report, .events = wishes->events};
    int rc = bin_folder(bin, sizeof(bin), err);

    tree.bin = bin;
    tree.rules = wishes->rules;
    if (rc == 0 && wishes->only != NULL && strcmp(wishes->only, "tree") == 0) {
        return rows_tree(&options, wishes->dir, err);
    }
    if (rc == 0) {
        rc = tree_make(&tree, wishes->dir, err);
    }
    for (size_t i = 0; rc == 0 && i < 3; i++) {
        rc = node_start(nodes[i], bin, err);
    }
    for (size_t i = 0; rc == 0 && i < 3; i++) {
        rc = node_await_idle(nodes[i], 60, err);
    }
    if (rc == 0) {
        rc = rows_measure(&options, wishes, err);
    }
    tree_close(&tree);
    return rc;
}

static int wishes_read(int argc, char **argv, struct wishes *wishes,
                       struct report *report)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"dir", required_argument, NULL, 'd'},
        {"events", required_argument, NULL, 'n'},
        {"rules", required_argument, NULL, 'r'},
        {"slow", no_argument, NULL, 's'},
        {"million", no_argument, NULL, 'm'},
        {"limits-only", no_argument, NULL, 'l'},
        {"no-limits", no_argument, NULL, 'q'},
        {"only", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (c) {
        case 'j':
            report->json = true;
            break;
        case 'd':
            wishes->dir = optarg;
            break;
        case 'n':
            wishes->events = strtoul(optarg, NULL, 10);
            break;
        case 'r':
            wishes->rules = optarg;
            break;
        case 's':
            wishes->slow = true;
            break;
        case 'm':
            wishes->events = 1000000;
            break;
        case 'l':
            wishes->nodes = false;
            break;
        case 'q':
            wishes->limits = false;
            break;
        case 'o':
            wishes->only = optarg;
            wishes->slow = wishes->slow || strcmp(optarg, "slow") == 0;
            break;
        case 'h':
            return 1;
        default:
            return ERR_USAGE;
        }
    }
    if (wishes->events < 1024 || wishes->events > 100000000) {
        fputs("qcdc-bench: --events takes 1024 to 100000000\n", stderr);
        return ERR_USAGE;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct report report = {.out = stdout};
    struct wishes wishes = {.events = 100000, .limits = true, .nodes = true};
    struct error err = {0};
    char scratch[] = "bench-XXXXXX";
    int rc = wishes_read(argc, argv, &wishes, &report);

    if (rc != 0) {
        fputs(usage, rc > 0 ? stdout : stderr);
        return rc > 0 ? 0 : err_exit_status(rc);
    }
    if (wishes.dir == NULL) {
        wishes.dir = mkdtemp(scratch);
    }
    if (wishes.dir == NULL) {
        fputs("qcdc-bench: no scratch folder can be made here; give --dir\n",
              stderr);
        return err_exit_status(ERR_IO);
    }
    if (wishes.rules == NULL && access(RULES_DEFAULT, R_OK) == 0) {
        wishes.rules = RULES_DEFAULT;
    }
    rc = crypto_start(&err);
    if (rc == 0 && wishes.limits) {
        rc = limits_measure(&report, wishes.dir, (unsigned)wishes.events, &err);
    }
    if (rc == 0 && wishes.nodes) {
        rc = nodes_measure(&report, &wishes, &err);
    }
    if (rc != 0) {
        fprintf(stderr, "qcdc-bench: %s\n", err.text);
        return err_exit_status(rc);
    }
    return 0;
}
