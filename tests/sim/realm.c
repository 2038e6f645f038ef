/* tests/sim: the realm. Owns the machines' folders (keys and locks are real
 * files) and the way from an empty disk to a joined node, which is that of
 * `init`, `invite` and `join`. Next: work.c. */
#include "tests/sim/realm.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/log.h"
#include "node/setup.h"
#include "tests/sim/net.h"
#include "tests/sim/promise.h"
#include "tests/sim/work.h"

#define BEGIN_MS 1709514000000u /* 2024-03-04, a Monday, 8 o'clock there */
#define MINUTE_MS UINT64_C(60000)

static const struct {
    uint32_t node, parent;
} tree[MACHINES] = {{1, 0},    {11, 1},   {12, 1},  {111, 11},
                    {112, 11}, {121, 12}, {122, 12}};

static char base[48];

/* ---- folders ---- */

static bool folder_make(void)
{
    const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    (void)snprintf(base, sizeof(base), "%s/qcdc-sim-XXXXXX", memory);
    return mkdtemp(base) != NULL;
}

static const char *const files[] = {"keys/node.keys", "keys/units.keys", "keys",
                                    "qcdc.conf", "lock"};

void realm_folder_empty(const struct machine *machine)
{
    char path[160];

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", machine->dir, files[i]);
        (void)remove(path);
    }
}

/* Its files; a folder in it stays. */
static void folder_clear(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    char name[320];

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (snprintf(name, sizeof(name), "%s/%s", path, entry->d_name) <
            (int)sizeof(name)) {
            (void)remove(name);
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    (void)remove(path);
}

void realm_leave(void)
{
    static const char *const folders[] = {"/keys", "/evidence", ""};
    char path[160];

    for (size_t i = 0; i < COMPUTERS; i++) {
        uint32_t disk = world.machines[i].disk;

        for (size_t j = 0; j < sizeof(folders) / sizeof(folders[0]); j++) {
            (void)snprintf(path, sizeof(path), "%s/n%u%s", base, disk,
                           folders[j]);
            folder_clear(path);
        }
    }
    folder_clear(base);
}

static bool file_move(const char *from, const char *to)
{
    static char bytes[65536];
    FILE *in = fopen(from, "re");
    FILE *out = in == NULL ? NULL : fopen(to, "we");
    size_t len = in == NULL ? 0 : fread(bytes, 1, sizeof(bytes), in);
    bool moved = out != NULL && chmod(to, 0600) == 0 &&
                 fwrite(bytes, 1, len, out) == len;

    if (in != NULL) {
        (void)fclose(in);
    }
    return out != NULL && fclose(out) == 0 && moved;
}

/* The keys of a machine in a folder of this process. */
static bool machine_move(struct machine *machine)
{
    static const char *const keys[] = {"node.keys", "units.keys"};
    char from[160];
    char to[160];
    char before[64];

    (void)snprintf(before, sizeof(before), "%s", machine->dir);
    (void)snprintf(machine->dir, sizeof(machine->dir), "%s/n%u", base,
                   machine->disk);
    (void)snprintf(to, sizeof(to), "%s/keys", machine->dir);
    if ((mkdir(machine->dir, 0700) != 0 || mkdir(to, 0700) != 0) &&
        errno != EEXIST) {
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(from, sizeof(from), "%s/keys/%s", before, keys[i]);
        (void)snprintf(to, sizeof(to), "%s/keys/%s", machine->dir, keys[i]);
        if (!file_move(from, to)) {
            return false;
        }
    }
    (void)snprintf(machine->config.dir, sizeof(machine->config.dir), "%s",
                   machine->dir);
    return true;
}

bool realm_twin(struct machine *twin, const struct machine *of)
{
    *twin = (struct machine){.node = of->node,
                             .parent = of->parent,
                             .disk = twin->disk,
                             .enrolled = true,
                             .clerkless = of->clerkless,
                             .wake_ms = NEVER,
                             .config = of->config};
    memcpy(twin->dir, of->dir, sizeof(twin->dir));
    return machine_move(twin);
}

/* ---- the first realm ---- */

static bool units_write(const char *path)
{
    FILE *out = fopen(path, "we");

    if (out == NULL) {
        return false;
    }
    (void)fprintf(out, "number,kind,level,name,code,territory,host,reports_to,"
                       "from,duties_from\n");
    for (size_t i = 0; i < MACHINES; i++) {
        const char *level = tree[i].node == TOP     ? "province"
                            : tree[i].parent == TOP ? "district"
                                                    : "commune";
        char above[16] = "";

        if (tree[i].parent != 0) {
            (void)snprintf(above, sizeof(above), "%u", 1000 + tree[i].parent);
        }
        (void)fprintf(out, "%u,territory,%s,Địa bàn %u,%u,%s,,,2019-09-20,\n",
                      1000 + tree[i].node, level, tree[i].node, tree[i].node,
                      above);
        if (tree[i].parent != 0) {
            (void)snprintf(above, sizeof(above), "%u", UNIT_OF(tree[i].parent));
        }
        (void)fprintf(out,
                      "%u,peoples_committee,%s,UBND %u,,%u,%u,%s,2019-09-20,"
                      "2024-01-01\n",
                      UNIT_OF(tree[i].node), level, tree[i].node,
                      1000 + tree[i].node, tree[i].node, above);
    }
    return fclose(out) == 0;
}

static bool failed(const struct machine *machine, const char *what,
                   const struct error *err)
{
    (void)fprintf(stderr, "sim: node %u: %s: %s\n", machine->node, what,
                  err->text);
    return false;
}

bool realm_config(struct machine *machine)
{
    struct error err = {0};

    if (config_load(&machine->config, machine->dir, &err) != 0) {
        return failed(machine, "configuration", &err);
    }
    /* The folder's file system is that of the host, not the simulated one. */
    machine->config.disk_reserve_mib = 0;
    return true;
}

static bool top_make(struct machine *machine, const char *rules_path)
{
    static struct setup_result result;
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
    return realm_config(machine);
}

static bool clerk_make(struct machine *machine)
{
    struct official_request request = {.name = CLERK,
                                       .post = "Cán bộ tiếp dân",
                                       .password = PASSWORD,
                                       .unit = UNIT_OF(machine->node),
                                       .rights = 15};
    struct event_id id;
    struct error err = {0};

    machine_enter(machine);
    if (engine_official_add(machine->engine, &request, &id, &err) != 0) {
        return failed(machine, "official", &err);
    }
    return machine_leave(machine);
}

void realm_endpoint(const struct machine *machine, char listen[64])
{
    (void)snprintf(listen, 64, "tcp://127.0.0.1:%u", 10000 + machine->node);
}

static bool child_make(struct machine *machine)
{
    static struct setup_result result;
    static char line[4096];
    char listen[64];
    struct machine *parent = machine_of(machine->parent);
    struct invite_request invite = {.node = machine->node,
                                    .has_dir = machine->parent == TOP,
                                    .auto_confirm = true};
    struct join_request_options join = {
        .dir = machine->dir, .invitation = line, .listen = listen};
    struct buf text = buf_over(line, sizeof(line) - 1);
    struct error err = {0};

    realm_endpoint(machine, listen);
    machine_enter(parent);
    if (engine_invite(parent->engine, &invite, &text, &err) != 0) {
        return failed(parent, "invite", &err);
    }
    line[text.len] = '\0';
    if (!machine_leave(parent)) {
        return false;
    }
    world.current = machine;
    if (setup_join(&join, &result, &err) != 0) {
        return failed(machine, "join", &err);
    }
    if (!realm_config(machine)) {
        return false;
    }
    machine_start(machine);
    world_run(world.now_ms + 5u * MINUTE_MS);
    return !world.failed && clerk_make(machine);
}

bool realm_make(const char *rules_path)
{
    struct error err = {0};
    bool made = folder_make() && arena_new(&world.arena, 4u << 20, &err) == 0;

    log_level_set(LOG_ERROR);
    disk_install();
    dice_seed(&world.dice, 1);
    dice_for_nodes(1);
    net_reset();
    world.now_ms = BEGIN_MS;
    world.calm = true;
    for (size_t i = 0; i < MACHINES; i++) {
        world.machines[i] = (struct machine){.node = tree[i].node,
                                             .parent = tree[i].parent,
                                             .disk = tree[i].node,
                                             .enrolled = true,
                                             .wake_ms = NEVER};
        (void)snprintf(world.machines[i].dir, sizeof(world.machines[i].dir),
                       "%s/n%u", base, tree[i].node);
    }
    made = made && top_make(&world.machines[0], rules_path);
    if (made) {
        machine_start(&world.machines[0]);
        made = !world.failed && clerk_make(&world.machines[0]);
    }
    for (size_t i = 1; made && i < MACHINES; i++) {
        made = child_make(&world.machines[i]);
    }
    if (made) {
        world_run(world.now_ms + 180u * MINUTE_MS);
    }
    for (size_t i = 0; i < MACHINES; i++) {
        machine_stop(&world.machines[i]);
    }
    if (world.failed) {
        (void)fprintf(stderr, "sim: the realm: %s\n", world.failure);
    }
    return made && !world.failed;
}

/* ---- copies ---- */

bool realm_enter(uint64_t seed)
{
    world.seed = seed;
    world.turns = 0;
    world.frames = 0;
    world.recorded = 0;
    dice_seed(&world.dice, seed);
    dice_for_nodes(seed ^ 0x5eed);
    if (!folder_make()) {
        return false;
    }
    /* The second district, and its communes, in half of the runs. */
    for (size_t i = 0; i < MACHINES; i++) {
        struct machine *machine = &world.machines[i];

        machine->restarts = 0;
        if (!machine_move(machine)) {
            return false;
        }
    }
    if (dice_hit(&world.dice, 600)) {
        world.machines[2].enrolled = false;
        world.machines[5].enrolled = false;
        world.machines[6].enrolled = false;
    } else if (dice_hit(&world.dice, 500)) {
        world.machines[6].enrolled = false;
    }
    if (dice_hit(&world.dice, 250)) {
        world.machines[4].enrolled = false;
    }
    for (size_t i = 0; i < MACHINES; i++) {
        if (world.machines[i].enrolled) {
            machine_start(&world.machines[i]);
        }
    }
    return true;
}
