/* tools: `qcdc restore FILE`: puts a copy back in the place of the store,
 * the attached files too.
 * Owns the lock while it does so: no node may run here. What comes after is a
 * normal start, in which the node fetches its tail from others. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "node/config.h"
#include "store/restore.h"
#include "tools/command.h"

#define FORCE_WORDS "lose-newer"

/* The node holds the same lock while it runs. */
static int lock_take(const struct config *config, int *fd, struct error *err)
{
    char path[CONFIG_PATH_SIZE];
    int rc = config_path(config, "lock", path, err);

    if (rc < 0) {
        return rc;
    }
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0) {
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    return flock(*fd, LOCK_EX | LOCK_NB) == 0
               ? 0
               : error_set(err, ERR_BUSY,
                           "%s is in use: stop the node, then repeat",
                           config->dir);
}

static int restore_here(const struct cli *cli, const struct config *config,
                        const char *copy, struct error *err)
{
    const char *force = cli_option(cli, "force");
    char path[CONFIG_PATH_SIZE];
    struct store_restored_report report = {0};
    struct store_restore restore = {
        .copy = copy,
        .path = path,
        .dir = config->dir,
        .node = (uint32_t)config->node,
        .force = force != NULL && strcmp(force, FORCE_WORDS) == 0,
    };
    int rc = config_path(config, "store.db", path, err);

    rc = rc < 0 ? rc : store_restore(&restore, &report, err);
    if (rc == ERR_USAGE && report.ahead > 0) {
        return error_set(
            err, ERR_USAGE,
            "%llu events of the store here are not in the copy; if it must "
            "be: --force %s",
            (unsigned long long)report.ahead, FORCE_WORDS);
    }
    if (rc < 0) {
        return rc;
    }
    printf("%s: %llu %s\n", say(cli, "Đã đặt lại kho", "Put back"),
           (unsigned long long)report.events, say(cli, "sự kiện", "events"));
    if (report.files > 0) {
        printf("%llu %s\n", (unsigned long long)report.files,
               say(cli, "tệp đính kèm đủ và đúng mã băm",
                   "attached files are here, as their hashes say"));
    }
    if (report.files_absent > 0) {
        printf("%llu %s\n", (unsigned long long)report.files_absent,
               say(cli,
                   "tệp đính kèm không có ở đây và không có cạnh bản sao: nút "
                   "sẽ xin lại từ cấp khác.",
                   "attached files are neither here nor beside the copy: the "
                   "node asks others for them."));
    }
    if (report.unread) {
        printf("%s\n",
               say(cli,
                   "Kho cũ bị hỏng, có thể còn sự kiện chưa gửi đi: giữ lại, "
                   "đừng xóa trước khi so lại với sổ giấy.",
                   "The old store is damaged and may hold events that never "
                   "left this machine: keep it until the paper has been "
                   "compared."));
    }
    if (report.kept[0] != '\0') {
        printf("%s: %s\n",
               say(cli, "Kho cũ còn ở (xóa khi không cần nữa)",
                   "The old store is kept (remove it when not needed)"),
               report.kept);
    }
    printf("%s\n",
           say(cli,
               "Hãy chạy nút như thường lệ: phần thiếu được lấy lại từ cấp "
               "trên; nội dung được mở khi đã lấy đủ lệnh xóa.",
               "Start the node as always: it fetches what is missing from "
               "above; bodies open when the erasures known there have come."));
    return 0;
}

static int run(struct cli *cli, struct error *err)
{
    struct config *config = calloc(1, sizeof(*config));
    int fd = -1;
    int rc;

    if (config == NULL) {
        return error_set(err, ERR_NOMEM, "no memory");
    }
    rc = config_load(config, cli->dir, err);
    rc = rc < 0 ? rc : lock_take(config, &fd, err);
    rc = rc < 0 ? rc : restore_here(cli, config, cli->args[0], err);
    if (fd >= 0) {
        close(fd);
    }
    free(config);
    return rc;
}

extern const struct command cmd_restore;
const struct command cmd_restore = {
    .name = "restore",
    .args = "FILE",
    .args_min = 1,
    .args_max = 1,
    .vi = "đặt lại kho từ một bản sao; nút phải dừng",
    .en = "put a copy back in the place of the store; the node is stopped",
    .options = {{"force", "WORDS", "dù kho ở đây mới hơn: " FORCE_WORDS,
                 "even if the store here is newer: " FORCE_WORDS}},
    .run = run,
};
