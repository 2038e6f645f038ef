/* tests/sim/reform: the program. The reform of 1-7-2025 applied to a node for
 * every office of the new Quảng Ngãi: one run is one scenario, decided by its
 * seed.
 *
 *   sim --reform [--seed N] [--districts 612,614] [--lines good] [--trace]
 *
 * 12-6: all join, offices record. 30-6: more of it over bad lines, a tenth of
 * the communes are cut off with what they record. 1-7: the province gives its
 * orders while machines die; 2-7: the lines heal, everyone moves by himself,
 * the heirs go on; closed logs end. 20-7: the verdict. Next: tree.c. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "store/query.h"
#include "tests/sim/net.h"
#include "tests/sim/reform/decree.h"
#include "tests/sim/reform/judge.h"
#include "tests/sim/reform/watch.h"

#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
/* 2025-06-12, a Thursday, 8 o'clock there */
#define BEGIN_MS UINT64_C(1749690000000)
#define JUNE_30_MS (BEGIN_MS + 18 * DAY_MS)
#define JULY_1_MS (BEGIN_MS + 19 * DAY_MS)
#define JULY_2_MS (BEGIN_MS + 20 * DAY_MS)
#define JULY_20_MS (BEGIN_MS + 38 * DAY_MS)

static struct facts facts;
static bool lines_stay_good; /* --lines good: cut off, but never slow */

static double cpu_s(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void say(const char *when, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const char *when, const char *fmt, ...)
{
    va_list args;

    if (world.failed) {
        return;
    }
    printf("%-5s [%5.1f s] ", when, cpu_s());
    va_start(args, fmt);
    (void)vprintf(fmt, args);
    va_end(args);
    printf("\n");
    (void)fflush(stdout);
}

/* Lines as bad as the seed says; those who are away are cut off. */
static void lines_bad(void)
{
    world.calm = false;
    if (!lines_stay_good) {
        net_chaos(&world.dice);
    }
    for (uint32_t m = 0; m < tree_machines(); m++) {
        if (office.away[m]) {
            net_split(&world.machines[m], JULY_2_MS);
        }
    }
}

static void lines_good(void)
{
    world.calm = true;
    net_calm();
    for (uint32_t m = 0; m < tree_machines(); m++) {
        struct machine *machine = &world.machines[m];

        disk_cut_after(machine->disk, 0, false, NULL);
        if (!machine_is_on(machine) && !world.failed &&
            machine->start_at_ms <= world.now_ms) {
            machine_start(machine);
        }
    }
}

static void figures_say(const char *when, unsigned day)
{
    struct count june = judge_figures(&facts, day, 6);
    struct count july = judge_figures(&facts, day, 7);

    say(when,
        "P1 as of that day: June %u met, %u late, %u missing; July %u met, %u "
        "missing, %u not due",
        june.met, june.late, june.missing, july.met, july.missing,
        july.not_due);
}

static unsigned count_of(const bool flags[MACHINES])
{
    unsigned sum = 0;

    for (uint32_t m = 0; m < tree_machines(); m++) {
        sum += flags[m];
    }
    return sum;
}

/* What exists on machines that are away alone. */
static unsigned unsent(void)
{
    unsigned sum = 0;

    for (size_t i = 0; i < office.kept_len && !world.failed; i++) {
        struct store_event event;
        struct error ignored = {0};

        arena_reset(&world.arena);
        sum += store_event_find(engine_store(tree_top()->engine),
                                &office.kept[i].id, &world.arena, &event,
                                &ignored) != 0;
    }
    return sum;
}

static void june(void)
{
    office_plan(false, world.now_ms + 30 * MINUTE_MS);
    world_run(world.now_ms + HOUR_MS);
    judge_settle(2, false);
    say("12-6", "%zu events recorded, all at the province", office.kept_len);
}

static void eve(void)
{
    tree_night(JUNE_30_MS);
    lines_bad();
    watch_trouble(tree_machines() / 20 + 1, world.now_ms + HOUR_MS);
    office_plan(true, world.now_ms + HOUR_MS);
    world_run(world.now_ms + 3 * HOUR_MS);
    if (!world.failed && !(office_done(false) && office_done(true))) {
        world_fail("an office could not record all of its day");
    }
    if (!world.failed) {
        judge_eve_keep();
    }
    say("30-6",
        "%zu events recorded, %u of them only at %u nodes that are cut off; "
        "%llu crashes",
        office.kept_len, unsent(), count_of(office.away),
        (unsigned long long)world.crashes);
}

static unsigned moved(void)
{
    unsigned sum = 0;

    for (uint32_t m = 1; m < tree_machines(); m++) {
        sum += machine_is_on(&world.machines[m]) &&
               judge_is_with_top(&world.machines[m]);
    }
    return sum;
}

static void day_of_the_reform(void)
{
    for (uint32_t m = 0; m < tree_machines(); m++) {
        world.machines[m].start_at_ms = office.off[m] ? JULY_2_MS + HOUR_MS : 0;
    }
    tree_night(JULY_1_MS);
    lines_bad();
    watch_trouble(tree_machines() / 20 + 1, world.now_ms + HOUR_MS);
    world_run(world.now_ms + 10 * MINUTE_MS);
    decree_give(&facts);
    say("1-7", "%llu orders of the province",
        (unsigned long long)decree_events());
    world_run(world.now_ms + 2 * HOUR_MS);
    say("1-7",
        "%u districts are off; %u of %u nodes are linked to the province; %u "
        "events are still elsewhere; %llu crashes",
        count_of(office.off), world.failed ? 0 : moved(), tree_machines() - 1,
        unsent(), (unsigned long long)world.crashes);
}

static void healing(void)
{
    tree_night(JULY_2_MS);
    lines_good();
    judge_settle(12, true);
    say("2-7",
        "all %u nodes are linked to the province by themselves, "
        "%u events elsewhere",
        tree_machines() - 1, unsent());
    office_heirs(&facts);
    judge_settle(4, true);
    decree_end(&facts);
    judge_settle(4, true);
    say("2-7", "%zu events in all; the heirs have gone on, closed logs ended",
        office.kept_len);
}

static void verdict(void)
{
    size_t cells;

    tree_night(JULY_20_MS);
    judge_settle(4, true);
    if (world.failed) {
        return;
    }
    judge_held(&facts);
    say("20-7",
        "every event is held and counted at its origin and the province");
    figures_say("30-6", 630);
    figures_say("1-7", 701);
    figures_say("20-7", 720);
    cells = judge_eve_same(&facts);
    say("20-7", "%zu cells of 30-6 are what they were", cells);
    judge_same(&facts);
    say("20-7",
        "records and cells are the same at every holder, check is clean");
}

struct options {
    uint64_t seed;
    const char *only; /* districts; NULL: all */
};

static bool options_read(int argc, char **argv, struct options *out)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--trace") == 0) {
            world.trace = true;
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            out->seed = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--districts") == 0 && i + 1 < argc) {
            out->only = argv[++i];
        } else if (strcmp(argv[i], "--lines") == 0 && i + 1 < argc &&
                   strcmp(argv[i + 1], "good") == 0) {
            lines_stay_good = true;
            i++;
        } else {
            (void)fprintf(stderr, "sim --reform [--seed N] [--districts "
                                  "612,614] [--lines good] [--trace]\n");
            return false;
        }
    }
    return true;
}

/* The path of one of the data files that a realm starts with. */
static const char *data_path(const char *name)
{
    static char path[512];
    const char *source = getenv("QCDC_SOURCE");

    (void)snprintf(path, sizeof(path), "%s/deploy/data/%s",
                   source != NULL ? source : SIM_SOURCE, name);
    return path;
}

static void run(void)
{
    static void (*const days[])(void) = {june, eve, day_of_the_reform, healing,
                                         verdict};

    say("12-6", "%u old communes, %u new ones, %u districts: %u nodes joined",
        facts.olds_len, facts.news_len, facts.districts_len, tree_machines());
    office_draw(&facts);
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]) && !world.failed;
         i++) {
        days[i]();
    }
}

int main(int argc, char **argv)
{
    struct options options = {.seed = 1};
    struct rusage usage;

    if (!options_read(argc, argv, &options) ||
        !facts_read(data_path("merge-2025.csv"), options.only, &facts)) {
        return 2;
    }
    world.seed = options.seed;
    dice_seed(&world.dice, options.seed);
    dice_for_nodes(options.seed ^ 0x5eed);
    if (!tree_make(&facts, data_path("rules.json"), BEGIN_MS)) {
        tree_leave();
        return 2;
    }
    run();
    tree_leave();
    office_release();
    (void)getrusage(RUSAGE_SELF, &usage);
    if (world.failed) {
        printf("seed %llu: %s\n  again: sim --reform --seed %llu%s%s --trace\n",
               (unsigned long long)options.seed, world.failure,
               (unsigned long long)options.seed,
               options.only != NULL ? " --districts " : "",
               options.only != NULL ? options.only : "");
    }
    printf("%.1f s of CPU, %ld MiB\n", cpu_s(), usage.ru_maxrss / 1024);
    return world.failed ? 1 : 0;
}
