/* tools: `qcdc backup FILE`: a consistent copy of the node's store while it
 * runs, its attached files beside it. Owns the path, which is made absolute
 * here because the node writes the file. Keys are not in it: they are for the
 * safe. Next: cmd_restore.c. */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/config.h"
#include "node/engine.h"
#include "store/restore.h"
#include "tools/command.h"

/* The node may run in another folder. */
static int absolute(const char *file, char path[PATH_MAX], struct error *err)
{
    char here[PATH_MAX];
    int len;

    if (file[0] == '/') {
        len = snprintf(path, PATH_MAX, "%s", file);
    } else if (getcwd(here, sizeof(here)) != NULL) {
        len = snprintf(path, PATH_MAX, "%s/%s", here, file);
    } else {
        len = -1;
    }
    return len > 0 && len < PATH_MAX
               ? 0
               : error_set(err, ERR_USAGE, "%.60s...: the path is too long",
                           file);
}

static int backup_here(const struct cli *cli, const char *path,
                       struct store_copied_files *files, struct error *err)
{
    struct config *config = calloc(1, sizeof(*config));
    struct engine *engine = NULL;
    int rc = config == NULL ? error_set(err, ERR_NOMEM, "no memory")
                            : config_load(config, cli->dir, err);

    rc = rc < 0 ? rc : engine_open(config, &engine, err);
    rc = rc < 0 ? rc : engine_backup(engine, path, files, err);
    engine_close(engine);
    free(config);
    return rc;
}

static int backup_there(struct cli *cli, const char *path,
                        struct store_copied_files *files, struct error *err)
{
    struct request_body *body = request_new();
    struct client_reply reply;
    int rc;

    request_put_text(body, "path", path);
    rc = cli_post(cli, "/v1/backup", body, &reply, err);
    rc = rc < 0 ? rc : job_await(cli, &reply, err);
    if (rc == 0) {
        files->copied =
            (uint64_t)answer_number(answer_get(reply.root, "copied"));
        files->kept = (uint64_t)answer_number(answer_get(reply.root, "kept"));
        files->missing =
            (uint64_t)answer_number(answer_get(reply.root, "missing"));
    }
    client_reply_release(&reply);
    return rc;
}

static void print_files(const struct cli *cli, const char *path,
                        const struct store_copied_files *files)
{
    uint64_t all = files->copied + files->kept;
    char copy[PATH_MAX];

    (void)snprintf(copy, sizeof(copy), "%s", path);
    if (all > 0) {
        printf("%s %s/files-of-node-*: %llu (%s %llu)\n",
               say(cli, "Tệp đính kèm, đi cùng bản sao, ở",
                   "Attached files, which belong to the copy, in"),
               dirname(copy), (unsigned long long)all,
               say(cli, "mới chép", "copied now"),
               (unsigned long long)files->copied);
    }
    if (files->missing > 0) {
        printf("%llu %s\n", (unsigned long long)files->missing,
               say(cli,
                   "tệp bị hỏng hoặc mất ở nút nên không có trong bản sao: "
                   "nút đang lấy lại, hãy chép lần nữa sau.",
                   "files are damaged or gone at the node and not in the copy: "
                   "the node fetches them again; repeat later."));
    }
}

static int run(struct cli *cli, struct error *err)
{
    struct store_copied_files files = {0};
    char path[PATH_MAX];
    bool runs = false;
    int rc = absolute(cli->args[0], path, err);

    rc = rc < 0 ? rc : cli_node_runs(cli, &runs, err);
    if (rc == 0) {
        rc = runs ? backup_there(cli, path, &files, err)
                  : backup_here(cli, path, &files, err);
    }
    if (rc == 0) {
        printf("%s: %s\n",
               say(cli, "Đã chép, đã kiểm, đã ghi xuống đĩa",
                   "Copied, checked, on disk"),
               path);
        print_files(cli, path, &files);
        printf("%s\n",
               say(cli,
                   "Khóa của nút không nằm trong đó. Bản sao cũ hơn còn giữ "
                   "những gì đã xóa sau ngày chép: bỏ các bản cũ đi.",
                   "The node's keys are not in it. Older copies keep what was "
                   "erased since: do away with them."));
    }
    return rc;
}

extern const struct command cmd_backup;
const struct command cmd_backup = {
    .name = "backup",
    .args = "FILE",
    .args_min = 1,
    .args_max = 1,
    .vi = "chép kho của nút vào một tệp mới, tệp đính kèm để bên cạnh, khi nút "
          "vẫn chạy",
    .en = "copy the node's store into a new file, the attached files beside it",
    .run = run,
};
