/* tools/bench: the tree of the bench: one province, one district, one commune
 * of invented names, certified by the functions behind the commands.
 *
 * The realm is a demo realm because only there an invitation confirms itself.
 * Its clock is never set. Read next: load.c.
 */
#include "tools/bench/nodes.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "node/engine.h"
#include "node/setup.h"
#include "tools/bench/load.h"

#define JOIN_PATIENCE_S 60.0

static const char units[] =
    "number,kind,level,name,code,territory,host,reports_to,from,duties_from\n"
    "1000,territory,province,Tỉnh Thử,62,,,,2019-09-20,\n"
    "1001,territory,district,Huyện Thử,608,1000,,,2019-09-20,\n"
    "1002,territory,commune,Xã Thử,23281,1001,,,2019-09-20,\n"
    "2000,peoples_committee,province,UBND tỉnh Thử,,1000,1,,2019-09-20,"
    "2024-01-01\n"
    "2001,peoples_committee,district,UBND huyện Thử,,1001,2,2000,2019-09-20,"
    "2024-01-01\n"
    "2002,peoples_committee,commune,UBND xã Thử,,1002,3,2001,2019-09-20,"
    "2024-01-01\n";

static int file_put(const char *path, const char *text, struct error *err)
{
    FILE *file = fopen(path, "w");

    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        return error_set(err, ERR_IO, "%s cannot be written", path);
    }
    return 0;
}

int node_name(struct node *node, const char *name, uint32_t number,
              const char *dir, struct error *err)
{
    memset(node, 0, sizeof(*node));
    snprintf(node->name, sizeof(node->name), "%s", name);
    node->number = number;
    if (snprintf(node->dir, sizeof(node->dir), "%s/%s", dir, name) >=
        (int)sizeof(node->dir)) {
        return error_set(err, ERR_USAGE, "folder name too long: %s", dir);
    }
    return 0;
}

static int province_make(struct tree *tree, const char *dir, struct error *err)
{
    static struct setup_result result;
    char root_path[512];
    char units_path[512];
    char listen[64];
    struct init_request request = {.dir = tree->province.dir,
                                   .realm = "bench",
                                   .root_key_path = root_path,
                                   .units_path = units_path,
                                   .rules_path = tree->rules,
                                   .listen = listen,
                                   .node = 1,
                                   .demo = true};
    int rc;

    tree->province.port = port_free();
    snprintf(root_path, sizeof(root_path), "%s/root.key", dir);
    snprintf(units_path, sizeof(units_path), "%s/units.csv", dir);
    snprintf(listen, sizeof(listen), "tcp://127.0.0.1:%u", tree->province.port);
    rc = file_put(units_path, units, err);
    if (rc == 0) {
        rc = setup_init(&request, &result, err);
    }
    setup_secrets_wipe(&result);
    return rc;
}

static int invite(struct node *parent, const struct node *child,
                  struct buf *line, struct error *err)
{
    static struct config config;
    struct engine *engine = NULL;
    struct invite_request request = {.node = child->number,
                                     .has_dir = child->port != 0,
                                     .auto_confirm = true};
    int rc = config_load(&config, parent->dir, err);

    if (rc == 0) {
        rc = engine_open(&config, &engine, err);
    }
    if (rc == 0) {
        rc = engine_invite(engine, &request, line, err);
    }
    if (rc == 0) {
        rc = engine_commit(engine, err);
    }
    engine_close(engine);
    return rc;
}

/* Bench loads are a thousand times a commune's day. */
static int limits_lift(struct node *node, struct error *err)
{
    int rc = node_configure(node, "quota_events", "100000000", err);

    if (rc == 0) {
        rc = node_configure(node, "quota_kib", "1000000000", err);
    }
    return rc != 0 ? rc : node_configure(node, "disk_reserve_mib", "0", err);
}

int tree_enrol(struct node *parent, struct node *child, struct error *err)
{
    static struct setup_result result;
    char space[2048] = "";
    char listen[64] = "";
    struct buf line = buf_over(space, sizeof(space) - 1);
    struct join_request_options request = {.dir = child->dir,
                                           .invitation = space};
    int rc = invite(parent, child, &line, err);

    if (child->port != 0) {
        snprintf(listen, sizeof(listen), "tcp://127.0.0.1:%u", child->port);
        request.listen = listen;
    }
    if (rc == 0) {
        rc = setup_join(&request, &result, err);
    }
    setup_secrets_wipe(&result);
    return rc;
}

/* Both run for as long as it takes to certify the child. */
static int child_join(struct tree *tree, struct node *parent,
                      struct node *child, struct error *err)
{
    int rc = tree_enrol(parent, child, err);

    if (rc == 0) {
        rc = limits_lift(child, err);
    }
    if (rc == 0) {
        rc = node_start(parent, tree->bin, err);
    }
    if (rc == 0) {
        rc = node_start(child, tree->bin, err);
    }
    if (rc == 0) {
        rc = node_await(child, "event=open", JOIN_PATIENCE_S, err);
    }
    if (rc == 0) {
        rc = node_await_idle(child, JOIN_PATIENCE_S, err);
    }
    if (rc == 0) {
        rc = node_stop(child, err);
    }
    return rc != 0 ? rc : node_stop(parent, err);
}

int tree_make(struct tree *tree, const char *dir, struct error *err)
{
    int rc = node_name(&tree->province, "province", 1, dir, err);

    if (rc == 0) {
        rc = node_name(&tree->district, "district", 2, dir, err);
    }
    if (rc == 0) {
        rc = node_name(&tree->commune, "commune", 3, dir, err);
    }
    if (rc == 0) {
        rc = province_make(tree, dir, err);
    }
    if (rc == 0) {
        rc = limits_lift(&tree->province, err);
    }
    if (rc == 0) {
        tree->district.port = port_free();
        rc = child_join(tree, &tree->province, &tree->district, err);
    }
    if (rc == 0) { /* the district's guard: it permits the certificate */
        rc = node_start(&tree->province, tree->bin, err);
    }
    if (rc == 0) {
        rc = child_join(tree, &tree->district, &tree->commune, err);
    }
    if (rc == 0) {
        rc = node_stop(&tree->province, err);
    }
    return rc != 0 ? rc : load_official(&tree->commune, err);
}

void node_close(struct node *node)
{
    store_close(node->store);
    node->store = NULL;
    if (node->log != NULL) {
        fclose(node->log);
        node->log = NULL;
    }
    if (node->pid > 0) {
        kill(node->pid, SIGKILL);
        waitpid(node->pid, NULL, 0);
        node->pid = 0;
    }
}

void tree_close(struct tree *tree)
{
    node_close(&tree->commune);
    node_close(&tree->district);
    node_close(&tree->province);
}
