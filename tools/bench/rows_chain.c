/* tools/bench: backlogs: a commune that comes back with its spool full.
 *
 * The commune runs, offline and idle, before the clock starts; the clock
 * starts when its link is open and is read from the nodes' own stores.
 * Read next: rows_live.c.
 */
#include "tools/bench/rows.h"

#include <time.h>

#include "tools/bench/load.h"
#include "tools/bench/nodes.h"
#include "tools/bench/raw.h"
#include "tools/bench/relay.h"

#define PATIENCE_S 1800.0
#define OPEN_PATIENCE_S 60.0
#define LOOK_MS 4
#define BACKLOG 10000u

static void pause_ms(long ms)
{
    struct timespec wait = {.tv_nsec = ms * 1000000};

    nanosleep(&wait, NULL);
}

/* Size of the commune's log here and integrated here. */
static int held(struct node *node, const struct tree *tree, uint64_t *size,
                uint64_t *integrated, struct error *err)
{
    struct store_log log;
    int rc = node_look(node, tree->commune.number, &log, err);

    *size = log.head.size;
    *integrated = log.integrated;
    return rc;
}

/* Processor time of the three, in seconds. */
struct spent {
    double commune_s;
    double district_s;
    double province_s;
};

struct times {
    double open_s;            /* the commune's link opened */
    double district_s;        /* the district holds all */
    double province_s;        /* the province holds all */
    double told_s;            /* the commune knows that the province does */
    double counted_s;         /* both have verified and counted all */
    struct spent told_cpu;    /* processor time until then */
    struct spent counted_cpu; /* ... and until then */
};

static struct spent cpu_now(const struct tree *tree)
{
    return (struct spent){.commune_s = node_cpu_s(&tree->commune),
                          .district_s = node_cpu_s(&tree->district),
                          .province_s = node_cpu_s(&tree->province)};
}

static struct spent cpu_since(const struct tree *tree,
                              const struct spent *before)
{
    struct spent now = cpu_now(tree);

    now.commune_s -= before->commune_s;
    now.district_s -= before->district_s;
    now.province_s -= before->province_s;
    return now;
}

static int await_all(struct tree *tree, uint64_t goal, struct times *times,
                     struct error *err)
{
    double until_s = bench_now_s() + PATIENCE_S;
    struct spent before = cpu_now(tree);
    uint64_t size = 0;
    uint64_t at_province = 0;
    uint64_t at_district = 0;
    int rc = 0;

    while (rc == 0 && (times->told_s == 0 || times->counted_s == 0)) {
        double now_s = bench_now_s();

        rc = held(&tree->district, tree, &size, &at_district, err);
        if (rc == 0 && times->district_s == 0 && size >= goal) {
            times->district_s = now_s;
        }
        if (rc == 0) {
            rc = held(&tree->province, tree, &size, &at_province, err);
        }
        if (rc == 0 && times->province_s == 0 && size >= goal) {
            times->province_s = now_s;
        }
        if (at_district >= goal && at_province >= goal &&
            times->counted_s == 0) {
            times->counted_s = now_s;
            times->counted_cpu = cpu_since(tree, &before);
        }
        if (rc == 0 && times->told_s == 0) {
            rc = node_told(&tree->commune, tree->commune.number,
                           tree->province.number, &size, err);
            if (size >= goal) {
                times->told_s = now_s;
                times->told_cpu = cpu_since(tree, &before);
            }
        }
        if (rc == 0 && now_s > until_s) {
            rc = error_set(err, ERR_BUSY,
                           "the backlog is not through after %.0f s",
                           PATIENCE_S);
        }
        pause_ms(LOOK_MS);
    }
    return rc;
}

/* The commune is stopped, `count` events come into its spool, it starts and
 * settles offline; then its district comes back, and the clock runs. */
static int backlog_run(struct tree *tree, uint64_t count, struct times *times,
                       struct error *err)
{
    struct store_log log;
    int rc = node_look(&tree->commune, tree->commune.number, &log, err);
    uint64_t goal = log.head.size;
    uint64_t size;

    fprintf(stderr, "qcdc-bench: preparing %llu events\n",
            (unsigned long long)count);
    if (rc == 0) {
        rc = node_stop(&tree->commune, err);
    }
    if (rc == 0) {
        rc = load_petitions(&tree->commune, count, err);
    }
    if (rc == 0) {
        struct store_spool_state spool;

        rc = node_spooled(&tree->commune, &spool, err);
        goal += spool.count;
    }
    if (rc == 0) {
        rc = node_stop(&tree->district, err);
    }
    if (rc == 0) {
        rc = node_start(&tree->commune, tree->bin, err);
    }
    if (rc == 0) {
        rc = node_await_idle(&tree->commune, PATIENCE_S, err);
    }
    (void)node_said(&tree->commune, "nothing says this");
    if (rc == 0) {
        rc = node_start(&tree->district, tree->bin, err);
    }
    if (rc == 0) {
        rc = held(&tree->district, tree, &size, &size, err);
    }
    if (rc == 0) {
        rc = node_await(&tree->commune, "event=open", OPEN_PATIENCE_S, err);
    }
    *times = (struct times){.open_s = bench_now_s()};
    return rc != 0 ? rc : await_all(tree, goal, times, err);
}

static int memory_rows(const struct rows_options *options, struct error *err)
{
    struct tree *tree = options->tree;
    struct node *nodes[] = {&tree->commune, &tree->district, &tree->province};
    bool million = options->events >= 1000000;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < 3; i++) {
        uint64_t now_kib = 0;
        uint64_t most_kib = 0;
        char name[96];
        struct row row = {.name = name,
                          .unit = "MiB",
                          .target = !million ? 0
                                    : i == 0 ? 24
                                             : 96,
                          .less = true,
                          .against = -1};

        rc = node_memory(nodes[i], &now_kib, &most_kib, err);
        snprintf(name, sizeof(name), "memory, catch-up, %s, %llu events",
                 nodes[i]->name, (unsigned long long)options->events);
        row.value = (double)most_kib / 1024;
        report_row(options->report, &row);
        if (rc == 0) {
            rc = node_stop(nodes[i], err);
        }
        if (rc == 0) {
            rc = node_start(nodes[i], tree->bin, err);
        }
        if (rc == 0) {
            rc = node_await_idle(nodes[i], PATIENCE_S, err);
        }
        if (rc == 0) {
            rc = node_memory(nodes[i], &now_kib, &most_kib, err);
        }
        snprintf(name, sizeof(name), "memory, at rest, %s, %llu events",
                 nodes[i]->name, (unsigned long long)options->events);
        row.value = (double)now_kib / 1024;
        report_row(options->report, &row);
    }
    return rc;
}

/* Microseconds of processor time an event, of each of the three: what a busy
 * machine does not distort. `bare_us` of the bare chain, 0 = not measured. */
static void cpu_row(struct report *report, const char *name,
                    const struct spent *spent, double events, double bare_us)
{
    const double us[3] = {spent->commune_s * 1e6 / events,
                          spent->district_s * 1e6 / events,
                          spent->province_s * 1e6 / events};
    char text[96];

    snprintf(text, sizeof(text), "  CPU, %s (%.1f + %.1f + %.1f)", name, us[0],
             us[1], us[2]);
    report_row(report, &(struct row){.name = text,
                                     .value = us[0] + us[1] + us[2],
                                     .unit = "us/event",
                                     .against = -1});
    if (bare_us > 0) {
        snprintf(text, sizeof(text), "  CPU of the bare chain to it, %s", name);
        report_row(report, &(struct row){.name = text,
                                         .value = 100 * bare_us /
                                                  (us[0] + us[1] + us[2]),
                                         .unit = "%",
                                         .against = -1});
    }
}

int rows_chain(const struct rows_options *options, struct error *err)
{
    struct tree *tree = options->tree;
    struct report *report = options->report;
    double n = (double)options->events;
    double verified = report->limits[LIMIT_CHAIN_VERIFIED];
    struct times times;
    int rc = backlog_run(tree, options->events, &times, err);

    if (rc != 0) {
        return rc;
    }
    report_row(report, &(struct row){.name = "chain intake, acknowledged",
                                     .value = n / (times.told_s - times.open_s),
                                     .unit = "events/s",
                                     .target = 89000,
                                     .against = LIMIT_CHAIN});
    report_row(report,
               &(struct row){.name = "  of it: durable at the district",
                             .value = n / (times.district_s - times.open_s),
                             .unit = "events/s",
                             .against = LIMIT_CHAIN});
    report_row(report,
               &(struct row){.name = "  of it: durable at the province",
                             .value = n / (times.province_s - times.open_s),
                             .unit = "events/s",
                             .against = LIMIT_CHAIN});
    cpu_row(report, "intake", &times.told_cpu, n, report->cpu_us[LIMIT_CHAIN]);
    report_row(report,
               &(struct row){.name = "verified and counted at both",
                             .value = n / (times.counted_s - times.open_s),
                             .unit = "events/s",
                             .target = 0.75 * verified,
                             .against = LIMIT_CHAIN_VERIFIED});
    cpu_row(report, "counted", &times.counted_cpu, n,
            report->cpu_us[LIMIT_CHAIN_VERIFIED]);
    return memory_rows(options, err);
}

/* ---- bytes ---- */

static int through_relay(struct tree *tree, const struct relay *relay,
                         struct error *err)
{
    char endpoint[64];
    int rc = node_stop(&tree->commune, err);

    snprintf(endpoint, sizeof(endpoint), "tcp://127.0.0.1:%u",
             relay != NULL ? relay_port(relay) : tree->district.port);
    return rc != 0 ? rc
                   : node_configure(&tree->commune, "parent_endpoint", endpoint,
                                    err);
}

int rows_wire(const struct rows_options *options, struct error *err)
{
    struct tree *tree = options->tree;
    struct relay_options line = {.target = tree->district.port};
    struct relay_count count = {0};
    struct relay *relay = NULL;
    struct times times;
    int rc = backlog_run(tree, BACKLOG, &times, err);

    if (rc == 0) {
        report_row(options->report,
                   &(struct row){.name = "HELLO -> 10,000 acknowledged",
                                 .value = times.told_s - times.open_s,
                                 .unit = "s",
                                 .target = 0.5,
                                 .less = true,
                                 .against = -1});
        rc = relay_open(&line, &relay, err);
    }
    if (rc == 0) {
        rc = through_relay(tree, relay, err);
    }
    if (rc == 0) {
        rc = backlog_run(tree, BACKLOG, &times, err);
    }
    if (rc == 0) {
        relay_count(relay, &count);
        report_row(options->report,
                   &(struct row){.name = "wire bytes an event, up, with CURVE",
                                 .value = (double)count.up_bytes / BACKLOG,
                                 .unit = "bytes",
                                 .target = 240,
                                 .less = true,
                                 .against = -1});
        report_row(options->report,
                   &(struct row){.name = "  and back: answers, cosignatures",
                                 .value = (double)count.down_bytes / BACKLOG,
                                 .unit = "bytes",
                                 .against = -1});
        rc = through_relay(tree, NULL, err);
    }
    if (rc == 0) {
        rc = node_start(&tree->commune, tree->bin, err);
    }
    relay_close(relay);
    return rc;
}

int rows_slow(const struct rows_options *options, struct error *err)
{
    struct tree *tree = options->tree;
    struct relay_options line = {.target = tree->district.port,
                                 .bits_per_s = 64000,
                                 .delay_ms = 300,
                                 .cut_every_s = 120};
    struct relay_count count = {0};
    struct relay *relay = NULL;
    struct times times;
    int rc = relay_open(&line, &relay, err);

    if (rc == 0) {
        rc = through_relay(tree, relay, err);
    }
    if (rc == 0) {
        rc = backlog_run(tree, BACKLOG, &times, err);
    }
    if (rc == 0) {
        double took_s = times.told_s - times.open_s;

        relay_count(relay, &count);
        report_row(options->report,
                   &(struct row){.name = "64 kbit/s, 0.6 s, cuts: time",
                                 .value = took_s,
                                 .unit = "s",
                                 .against = -1});
        report_row(options->report,
                   &(struct row){.name = "  share of it the line was busy",
                                 .value = 100 * count.up_busy_s / took_s,
                                 .unit = "%",
                                 .target = 90,
                                 .against = -1});
        report_row(options->report,
                   &(struct row){.name = "  bytes it carried",
                                 .value = (double)count.up_bytes,
                                 .unit = "bytes",
                                 .against = -1});
        report_row(options->report,
                   &(struct row){.name = "  of them in the line at a cut",
                                 .value = (double)count.lost_bytes,
                                 .unit = "bytes",
                                 .against = -1});
        report_row(options->report,
                   &(struct row){.name = "  cuts it went through",
                                 .value = count.cuts,
                                 .unit = "",
                                 .against = -1});
        rc = through_relay(tree, NULL, err);
    }
    if (rc == 0) {
        rc = node_start(&tree->commune, tree->bin, err);
    }
    relay_close(relay);
    return rc;
}
