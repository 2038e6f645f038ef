/* tests/sim/reform: the tree. Owns the folders and the way from empty disks to
 * joined nodes, which is that of `init`, `invite` and `join`; all nodes of a
 * level join at the same time. Next: office.c. */
#include "tests/sim/reform/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/log.h"
#include "node/setup.h"
#include "tests/sim/net.h"

static const struct facts *facts;
static uint32_t machines_len;
static char base[48];

uint32_t tree_machines(void)
{
    return machines_len;
}

struct machine *tree_top(void)
{
    return &world.machines[0];
}

struct machine *tree_district(uint32_t d)
{
    return &world.machines[1 + d];
}

struct machine *tree_commune(uint32_t i)
{
    return &world.machines[1 + facts->districts_len + i];
}

uint32_t tree_unit(const struct machine *machine)
{
    uint32_t at = machine_index(machine);

    return at == 0 ? PROVINCE_UNIT
           : at <= facts->districts_len
               ? DISTRICT_UNIT(at - 1)
               : OLD_UNIT(at - 1 - facts->districts_len);
}

/* ---- folders ---- */

static bool folder_make(void)
{
    const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    (void)snprintf(base, sizeof(base), "%s/qcdc-reform-XXXXXX", memory);
    return mkdtemp(base) != NULL;
}

void tree_leave(void)
{
    static const char *const files[] = {
        "keys/node.keys", "keys/units.keys", "keys", "qcdc.conf", "lock", ""};
    char path[160];

    for (uint32_t m = 0; m < machines_len; m++) {
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
            (void)snprintf(path, sizeof(path), "%s/%s", world.machines[m].dir,
                           files[i]);
            (void)remove(path);
        }
    }
    (void)snprintf(path, sizeof(path), "%s/root.key", base);
    (void)remove(path);
    (void)snprintf(path, sizeof(path), "%s/units.csv", base);
    (void)remove(path);
    (void)remove(base);
}

/* ---- units ---- */

static void land_write(FILE *out, uint32_t number, const char *level,
                       const char *name, const char *code, uint32_t within)
{
    char above[16] = "";

    if (within != 0) {
        (void)snprintf(above, sizeof(above), "%u", within);
    }
    (void)fprintf(out, "%u,territory,%s,%s,%s,%s,,,2019-09-20,\n", number,
                  level, name, code, above);
}

/* NOLINTNEXTLINE(readability-function-size): the columns of a row */
static void unit_write(FILE *out, uint32_t number, const char *level,
                       const char *name, uint32_t land, uint32_t host,
                       uint32_t reports_to)
{
    char above[16] = "";

    if (reports_to != 0) {
        (void)snprintf(above, sizeof(above), "%u", reports_to);
    }
    (void)fprintf(out,
                  "%u,peoples_committee,%s,UBND %s,,%u,%u,%s,2019-09-20,"
                  "2025-01-01\n",
                  number, level, name, land, host, above);
}

static bool units_write(const char *path)
{
    FILE *out = fopen(path, "we");

    if (out == NULL) {
        return false;
    }
    (void)fprintf(out, "number,kind,level,name,code,territory,host,reports_to,"
                       "from,duties_from\n");
    land_write(out, PROVINCE_LAND, "province", "Tỉnh Quảng Ngãi", "51", 0);
    land_write(out, KONTUM_LAND, "province", "Tỉnh Kon Tum", "62", 0);
    unit_write(out, PROVINCE_UNIT, "province", "tỉnh Quảng Ngãi", PROVINCE_LAND,
               TOP, 0);
    unit_write(out, KONTUM_UNIT, "province", "tỉnh Kon Tum", KONTUM_LAND, TOP,
               0);
    for (uint32_t d = 0; d < facts->districts_len; d++) {
        const struct district *district = &facts->districts[d];
        char name[32];

        (void)snprintf(name, sizeof(name), "Huyện %s", district->code);
        land_write(out, DISTRICT_LAND(d), "district", name, district->code,
                   district->kontum ? KONTUM_LAND : PROVINCE_LAND);
        unit_write(out, DISTRICT_UNIT(d), "district", name, DISTRICT_LAND(d),
                   DISTRICT_NODE(d),
                   district->kontum ? KONTUM_UNIT : PROVINCE_UNIT);
    }
    for (uint32_t i = 0; i < facts->olds_len; i++) {
        const struct old_commune *old = &facts->olds[i];
        bool island = old->district == NO_DISTRICT;
        const char *level = island ? "district" : "commune";

        land_write(out, OLD_LAND(i), level, old->name, old->code,
                   island ? PROVINCE_LAND : DISTRICT_LAND(old->district));
        unit_write(out, OLD_UNIT(i), level, old->name, OLD_LAND(i),
                   COMMUNE_NODE(i),
                   island ? PROVINCE_UNIT : DISTRICT_UNIT(old->district));
    }
    return fclose(out) == 0;
}

/* ---- joining ---- */

static bool failed(const struct machine *machine, const char *what,
                   const struct error *err)
{
    (void)fprintf(stderr, "sim_reform: node %u: %s: %s\n", machine->node, what,
                  err->text);
    return false;
}

static bool config_read(struct machine *machine)
{
    struct error err = {0};

    if (config_load(&machine->config, machine->dir, &err) != 0) {
        return failed(machine, "configuration", &err);
    }
    /* The folder's file system is that of the host, not the simulated one. */
    machine->config.disk_reserve_mib = 0;
    return true;
}

static bool top_make(const char *rules_path)
{
    static struct setup_result result;
    struct machine *machine = tree_top();
    char root[80];
    char units[80];
    struct error err = {0};
    struct init_request request = {.dir = machine->dir,
                                   .realm = "sim",
                                   .root_key_path = root,
                                   .units_path = units,
                                   .rules_path = rules_path,
                                   .listen = "tcp://127.0.0.1:10001",
                                   .node = TOP,
                                   .demo = true};

    (void)snprintf(root, sizeof(root), "%s/root.key", base);
    (void)snprintf(units, sizeof(units), "%s/units.csv", base);
    world.current = machine;
    if (!units_write(units) || setup_init(&request, &result, &err) != 0) {
        return failed(machine, "init", &err);
    }
    world.current = NULL;
    if (!config_read(machine)) {
        return false;
    }
    machine_start(machine);
    return !world.failed;
}

static bool join(struct machine *machine)
{
    static struct setup_result result;
    static char line[4096];
    char listen[64];
    struct machine *parent = machine_of(machine->parent);
    struct invite_request invite = {.node = machine->node,
                                    .has_dir = machine->node < COMMUNE_NODE(0),
                                    .auto_confirm = true};
    struct join_request_options options = {
        .dir = machine->dir, .invitation = line, .listen = listen};
    struct buf text = buf_over(line, sizeof(line) - 1);
    struct error err = {0};

    (void)snprintf(listen, sizeof(listen), "tcp://127.0.0.1:%u",
                   10000 + machine->node);
    machine_enter(parent);
    if (engine_invite(parent->engine, &invite, &text, &err) != 0) {
        return failed(parent, "invite", &err);
    }
    line[text.len] = '\0';
    if (!machine_leave(parent)) {
        return false;
    }
    world.current = machine;
    if (setup_join(&options, &result, &err) != 0) {
        return failed(machine, "join", &err);
    }
    if (!config_read(machine)) {
        return false;
    }
    machine_start(machine);
    return !world.failed;
}

static bool clerk_make(struct machine *machine)
{
    struct official_request request = {.name = CLERK,
                                       .post = "Cán bộ tiếp dân",
                                       .password = PASSWORD,
                                       .unit = tree_unit(machine),
                                       .rights = 15};
    struct event_id id;
    struct error err = {0};

    machine_enter(machine);
    if (engine_official_add(machine->engine, &request, &id, &err) != 0) {
        return failed(machine, "official", &err);
    }
    return machine_leave(machine);
}

static bool level_join(uint32_t first, uint32_t last)
{
    bool joined = true;

    for (uint32_t m = first; joined && m < last; m++) {
        joined = join(&world.machines[m]);
    }
    world_run(world.now_ms + 5 * MINUTE_MS);
    for (uint32_t m = first; joined && m < last; m++) {
        joined = clerk_make(&world.machines[m]);
    }
    return joined && !world.failed;
}

static void machine_set(uint32_t index, uint32_t node, uint32_t parent)
{
    struct machine *machine = &world.machines[index];

    *machine = (struct machine){.node = node,
                                .parent = parent,
                                .disk = node,
                                .enrolled = true,
                                .wake_ms = NEVER};
    (void)snprintf(machine->dir, sizeof(machine->dir), "%s/n%u", base, node);
}

bool tree_make(const struct facts *of, const char *rules_path,
               uint64_t begin_ms)
{
    struct error err = {0};
    uint32_t districts = of->districts_len;

    facts = of;
    machines_len = 1 + districts + of->olds_len;
    if (machines_len > MACHINES || !folder_make() ||
        arena_new(&world.arena, 4u << 20, &err) != 0) {
        (void)fprintf(stderr, "sim_reform: no room\n");
        return false;
    }
    log_level_set(world.trace ? LOG_INFO : LOG_ERROR);
    disk_install();
    net_reset();
    world.now_ms = begin_ms;
    world.calm = true;
    machine_set(0, TOP, 0);
    for (uint32_t d = 0; d < districts; d++) {
        machine_set(1 + d, DISTRICT_NODE(d), TOP);
    }
    for (uint32_t i = 0; i < of->olds_len; i++) {
        uint32_t d = of->olds[i].district;

        machine_set(1 + districts + i, COMMUNE_NODE(i),
                    d == NO_DISTRICT ? TOP : DISTRICT_NODE(d));
    }
    return top_make(rules_path) && clerk_make(tree_top()) &&
           level_join(1, 1 + districts) &&
           level_join(1 + districts, machines_len);
}

void tree_night(uint64_t until_ms)
{
    for (uint32_t m = 0; m < machines_len; m++) {
        machine_stop(&world.machines[m]);
    }
    world_run(until_ms); /* what was under way is lost */
    for (uint32_t m = 0; m < machines_len && !world.failed; m++) {
        struct machine *machine = &world.machines[m];

        if (machine->start_at_ms > world.now_ms) {
            world_plan(machine->start_at_ms, PLAN_START, m, 0, NULL);
        } else if (!machine_is_on(machine)) {
            machine_start(machine);
        }
    }
    world.turns = 0; /* of a day */
}
