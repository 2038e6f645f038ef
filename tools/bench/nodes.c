/* tools/bench: processes, their logs and what can be seen of their stores.
 *
 * Never writes a store of a node and never signals a process that was not
 * started here. Read next: tree.c, how the three are made.
 */
#include "tools/bench/nodes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/bench/raw.h"

#define STEP_MS 2

static void pause_ms(long ms)
{
    struct timespec wait = {.tv_sec = ms / 1000,
                            .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&wait, NULL);
}

unsigned port_free(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    unsigned port = 0;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
        getsockname(fd, (struct sockaddr *)&at, &len) == 0) {
        port = ntohs(at.sin_port);
    }
    if (fd >= 0) {
        close(fd);
    }
    return port;
}

int bin_folder(char *out, size_t size, struct error *err)
{
    ssize_t len = readlink("/proc/self/exe", out, size - 1);
    char *slash;

    if (len <= 0) {
        return error_set(err, ERR_IO, "where this program is: %s",
                         strerror(errno));
    }
    out[len] = '\0';
    slash = strrchr(out, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    return 0;
}

/* ---- life ---- */

int node_start(struct node *node, const char *bin, struct error *err)
{
    char program[512];
    char path[512];
    int fd;

    snprintf(program, sizeof(program), "%s/qcdc-node", bin);
    snprintf(path, sizeof(path), "%s.log", node->dir);
    if (access(program, X_OK) != 0) {
        return error_set(err, ERR_NOTFOUND,
                         "%s is not there: build it beside qcdc-bench",
                         program);
    }
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (node->log == NULL) {
        node->log = fopen(path, "r");
    }
    fflush(NULL);
    node->pid = fork();
    if (node->pid == 0) {
        dup2(fd, STDERR_FILENO);
        dup2(fd, STDOUT_FILENO);
        execl(program, program, "--dir", node->dir, (char *)NULL);
        _exit(127);
    }
    close(fd);
    if (node->pid < 0 || node->log == NULL) {
        node->pid = node->pid < 0 ? 0 : node->pid;
        return error_set(err, ERR_IO, "%s does not start", node->name);
    }
    return 0;
}

int node_stop(struct node *node, struct error *err)
{
    int status = 0;
    pid_t pid = node->pid;

    store_close(node->store);
    node->store = NULL;
    node->pid = 0;
    if (pid == 0) {
        return 0;
    }
    kill(pid, SIGTERM);
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 0) {
        return error_set(err, ERR_IO, "%s did not end well: see %s.log",
                         node->name, node->dir);
    }
    return 0;
}

/* ---- its log ---- */

bool node_said(struct node *node, const char *text)
{
    char line[1024];

    clearerr(node->log);
    while (fgets(line, sizeof(line), node->log) != NULL) {
        if (strstr(line, text) != NULL) {
            return true;
        }
    }
    return false;
}

int node_await(struct node *node, const char *text, double patience_s,
               struct error *err)
{
    double until_s = bench_now_s() + patience_s;

    while (!node_said(node, text)) {
        if (bench_now_s() > until_s) {
            return error_set(err, ERR_BUSY,
                             "%s did not say '%s' in %.0f s: see %s.log",
                             node->name, text, patience_s, node->dir);
        }
        pause_ms(STEP_MS);
    }
    return 0;
}

/* ---- its process ---- */

static long ticks_used(const struct node *node)
{
    char path[64];
    char text[1024];
    char *after;
    char *end;
    long user;
    long kernel;
    FILE *file;
    size_t len;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)node->pid);
    file = fopen(path, "r");
    if (file == NULL) {
        return -1;
    }
    len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = '\0';
    /* proc(5): the name in brackets is field 2, user and kernel 14, 15. */
    after = strrchr(text, ')');
    for (int field = 2; after != NULL && field < 14; field++) {
        after = strchr(after + 1, ' ');
    }
    if (after == NULL) {
        return -1;
    }
    user = strtol(after, &end, 10);
    kernel = strtol(end, NULL, 10);
    return user + kernel;
}

double node_cpu_s(const struct node *node)
{
    struct timespec used;
    clockid_t clock;

    if (node->pid == 0 || clock_getcpuclockid(node->pid, &clock) != 0 ||
        clock_gettime(clock, &used) != 0) {
        return -1;
    }
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

int node_await_idle(struct node *node, double patience_s, struct error *err)
{
    double until_s = bench_now_s() + patience_s;
    long limit = sysconf(_SC_CLK_TCK) / 50;
    long before = ticks_used(node);

    while (before >= 0 && bench_now_s() < until_s) {
        pause_ms(1000);

        long after = ticks_used(node);

        if (after >= 0 && after - before <= limit) {
            return 0;
        }
        before = after;
    }
    return error_set(err, ERR_BUSY, "%s is not idle after %.0f s: see %s.log",
                     node->name, patience_s, node->dir);
}

int node_memory(const struct node *node, uint64_t *now_kib, uint64_t *most_kib,
                struct error *err)
{
    char path[64];
    char line[256];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)node->pid);
    file = fopen(path, "r");
    if (file == NULL) {
        return error_set(err, ERR_IO, "%s does not run", node->name);
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            *most_kib = strtoul(line + 6, NULL, 10);
        } else if (strncmp(line, "VmRSS:", 6) == 0) {
            *now_kib = strtoul(line + 6, NULL, 10);
        }
    }
    fclose(file);
    return 0;
}

/* ---- its store ---- */

static int reader(struct node *node, struct error *err)
{
    char path[512];
    struct store_options options = {
        .path = path, .read_only = true, .cache_kib = 256, .wait_ms = 5000};

    if (node->store != NULL) {
        return 0;
    }
    snprintf(path, sizeof(path), "%s/store.db", node->dir);
    return store_open(&options, &node->store, err);
}

int node_look(struct node *node, uint32_t of, struct store_log *log,
              struct error *err)
{
    int rc = reader(node, err);

    if (rc == 0) {
        rc = store_log_of(node->store, of, false, log, err);
    }
    if (rc == ERR_NOTFOUND) {
        memset(log, 0, sizeof(*log));
        rc = 0;
    }
    return rc;
}

int node_told(struct node *node, uint32_t of, uint32_t by, uint64_t *size,
              struct error *err)
{
    struct store_held held;
    struct store_log log;
    int rc = node_look(node, of, &log, err);

    *size = 0;
    if (rc == 0 && log.id != 0) {
        rc = store_held_get(node->store, log.id, by, &held, err);
        *size = rc == 0 ? held.head.size : 0;
    }
    return rc == ERR_NOTFOUND ? 0 : rc;
}

int node_spooled(struct node *node, struct store_spool_state *state,
                 struct error *err)
{
    int rc = reader(node, err);

    if (rc == 0) {
        rc = store_spool_state(node->store, false, state, err);
    }
    if (rc == 0 && node->pid == 0) {
        store_close(node->store);
        node->store = NULL;
    }
    return rc;
}

int node_configure(struct node *node, const char *key, const char *value,
                   struct error *err)
{
    static struct config config;
    static char text[16384];
    struct buf out = buf_over(text, sizeof(text));
    char path[512];
    FILE *file;
    int rc = config_load(&config, node->dir, err);

    if (rc == 0) {
        rc = config_set(&config, key, value, "qcdc-bench", err);
    }
    if (rc != 0) {
        return rc;
    }
    config_write(&config, &out);
    snprintf(path, sizeof(path), "%s/qcdc.conf", node->dir);
    file = fopen(path, "w");
    if (file == NULL || fwrite(text, 1, out.len, file) != out.len) {
        rc = error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (file != NULL) {
        fclose(file);
    }
    return rc;
}
