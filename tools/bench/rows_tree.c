/* tools/bench: a whole province as processes: one province, 10 districts and
 * 102 communes on this machine, until all are certified, linked and still; then
 * what they cost while nothing happens.
 *
 * All invitations of a parent are written while it is stopped; then every
 * child joins by itself. Only processes started here are ended.
 * Read next: tree.c.
 */
#include "tools/bench/rows.h"

#include <stdlib.h>
#include <time.h>

#include "node/setup.h"
#include "tools/bench/nodes.h"
#include "tools/bench/raw.h"

#define DISTRICTS 10u
#define COMMUNES 102u
#define NODES (1u + DISTRICTS + COMMUNES)
#define PATIENCE_S 300.0
#define WATCH_S 30.0
#define UNITS_SIZE 32768u

/* Places: 0 the province, then the districts, then the communes. */
static size_t parent_of(size_t i)
{
    return i <= DISTRICTS ? 0 : 1 + (i - 1 - DISTRICTS) % DISTRICTS;
}

static const char *level_of(size_t i)
{
    return i == 0 ? "province" : i <= DISTRICTS ? "district" : "commune";
}

/* Node i + 1 is of territory 1000 + i and hosts unit 2000 + i. */
static void units_write(struct buf *out)
{
    buf_put_fmt(out, "number,kind,level,name,code,territory,host,reports_to,"
                     "from,duties_from\n");
    for (size_t i = 0; i < NODES; i++) {
        buf_put_fmt(out, "%zu,territory,%s,Nơi %zu,%zu,", 1000 + i, level_of(i),
                    i, 100 + i);
        if (i > 0) {
            buf_put_fmt(out, "%zu", 1000 + parent_of(i));
        }
        buf_put_fmt(out, ",,,2019-09-20,\n%zu,peoples_committee,%s,UBND %zu,,",
                    2000 + i, level_of(i), i);
        buf_put_fmt(out, "%zu,%zu,", 1000 + i, i + 1);
        if (i > 0) {
            buf_put_fmt(out, "%zu", 2000 + parent_of(i));
        }
        buf_put_fmt(out, ",2019-09-20,2024-01-01\n");
    }
}

static int top_make(struct node *top, const char *dir, const char *rules,
                    struct error *err)
{
    static char units[UNITS_SIZE];
    static struct setup_result result;
    struct buf text = buf_over(units, sizeof(units));
    char root_path[512];
    char units_path[512];
    char listen[64];
    struct init_request request = {.dir = top->dir,
                                   .realm = "bench",
                                   .root_key_path = root_path,
                                   .units_path = units_path,
                                   .rules_path = rules,
                                   .listen = listen,
                                   .node = 1,
                                   .demo = true};
    FILE *file;
    int rc;

    units_write(&text);
    snprintf(root_path, sizeof(root_path), "%s/tree.key", dir);
    snprintf(units_path, sizeof(units_path), "%s/tree.csv", dir);
    snprintf(listen, sizeof(listen), "tcp://127.0.0.1:%u", top->port);
    file = fopen(units_path, "w");
    if (file == NULL || text.overflow ||
        fwrite(units, 1, text.len, file) != text.len || fclose(file) != 0) {
        return error_set(err, ERR_IO, "%s cannot be written", units_path);
    }
    rc = setup_init(&request, &result, err);
    setup_secrets_wipe(&result);
    return rc;
}

/* Children [from, until) are made, started, and join. */
static int level_join(struct node *nodes, size_t from, size_t until,
                      const char *bin, struct error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < from; i++) {
        rc = node_stop(&nodes[i], err);
    }
    for (size_t i = from; rc == 0 && i < until; i++) {
        rc = tree_enrol(&nodes[parent_of(i)], &nodes[i], err);
        rc = rc != 0 ? rc
                     : node_configure(&nodes[i], "disk_reserve_mib", "0", err);
    }
    for (size_t i = 0; rc == 0 && i < until; i++) {
        rc = node_start(&nodes[i], bin, err);
    }
    for (size_t i = from; rc == 0 && i < until; i++) {
        rc = node_await(&nodes[i], "event=open", PATIENCE_S, err);
    }
    return rc;
}

static double cpu_of_all(const struct node *nodes)
{
    double sum_s = 0;

    for (size_t i = 0; i < NODES; i++) {
        sum_s += node_cpu_s(&nodes[i]);
    }
    return sum_s;
}

static void wait_s(double seconds)
{
    struct timespec wait = {.tv_sec = (time_t)seconds};

    nanosleep(&wait, NULL);
}

/* Until they used less than a tenth of a core for five seconds together. */
static int all_still(const struct node *nodes, struct error *err)
{
    double until_s = bench_now_s() + PATIENCE_S;

    for (;;) {
        double before_s = cpu_of_all(nodes);

        wait_s(5);
        if (cpu_of_all(nodes) - before_s < 0.5) {
            return 0;
        }
        if (bench_now_s() > until_s) {
            return error_set(err, ERR_BUSY,
                             "%u nodes are not still after %.0f s", NODES,
                             PATIENCE_S);
        }
    }
}

static int idle_rows(const struct rows_options *options, struct node *nodes,
                     struct error *err)
{
    double before_s = cpu_of_all(nodes);
    double start_s = bench_now_s();
    uint64_t all_kib = 0;
    int rc = 0;

    wait_s(WATCH_S);
    report_row(options->report,
               &(struct row){.name = "113 idle nodes, of one core in all",
                             .value = 100 * (cpu_of_all(nodes) - before_s) /
                                      (bench_now_s() - start_s),
                             .unit = "%",
                             .target = 5,
                             .less = true,
                             .against = -1});
    for (size_t i = 0; rc == 0 && i < NODES; i++) {
        uint64_t now_kib = 0;
        uint64_t most_kib = 0;

        rc = node_memory(&nodes[i], &now_kib, &most_kib, err);
        all_kib += now_kib;
    }
    report_row(options->report,
               &(struct row){.name = "  memory of one, mean",
                             .value = (double)all_kib / 1024 / NODES,
                             .unit = "MiB",
                             .against = -1});
    return rc;
}

int rows_tree(const struct rows_options *options, const char *dir,
              struct error *err)
{
    struct node *nodes = calloc(NODES, sizeof(*nodes));
    const char *bin = options->tree->bin;
    double start_s = bench_now_s();
    int rc = 0;

    if (nodes == NULL) {
        return error_set(err, ERR_NOMEM, "113 nodes");
    }
    for (size_t i = 0; rc == 0 && i < NODES; i++) {
        char name[NODE_NAME_SIZE];

        snprintf(name, sizeof(name), "tree-%zu", i + 1);
        rc = node_name(&nodes[i], name, (uint32_t)i + 1, dir, err);
        nodes[i].port = i <= DISTRICTS ? port_free() : 0;
    }
    if (rc == 0) {
        rc = top_make(&nodes[0], dir, options->tree->rules, err);
    }
    if (rc == 0) {
        rc = level_join(nodes, 1, 1 + DISTRICTS, bin, err);
    }
    if (rc == 0) {
        rc = level_join(nodes, 1 + DISTRICTS, NODES, bin, err);
    }
    if (rc == 0) {
        report_row(options->report,
                   &(struct row){.name = "113 processes made, joined, linked",
                                 .value = bench_now_s() - start_s,
                                 .unit = "s",
                                 .against = -1});
        rc = all_still(nodes, err);
    }
    if (rc == 0) {
        report_row(options->report,
                   &(struct row){.name = "  ... and converged",
                                 .value = bench_now_s() - start_s,
                                 .unit = "s",
                                 .against = -1});
        rc = idle_rows(options, nodes, err);
    }
    for (size_t i = NODES; i-- > 0;) {
        node_close(&nodes[i]);
    }
    free(nodes);
    return rc;
}
