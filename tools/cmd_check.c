/* tools: `qcdc check` and `qcdc rebuild`.
 * Owns the choice of who does it: the node while it runs, else this process,
 * which then opens the directory as the node would (and holds its lock). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/config.h"
#include "node/engine.h"
#include "protocol/record/calendar.h"
#include "store/check.h"
#include "tools/command.h"

#define CHECK_EXIT_FOUND ERR_CORRUPT

/* ---- here, with the node stopped -------------------------------------------
 */

static int open_engine(const struct cli *cli, struct config *config,
                       struct engine **engine, struct error *err)
{
    int rc = config_load(config, cli->dir, err);

    return rc < 0 ? rc : engine_open(config, engine, err);
}

static int print_found(void *data, const struct store_finding *finding)
{
    char text[WORDS_SIZE];

    printf("%s: %s\n", finding->what,
           say_words(data, finding->text, text, sizeof(text)));
    return 0;
}

struct outcome {
    uint64_t findings;
    uint64_t erased;
    uint64_t files;
    uint64_t orphans;
};

static int check_here(struct cli *cli, struct outcome *outcome,
                      struct error *err)
{
    struct config *config = calloc(1, sizeof(*config));
    struct engine *engine = NULL;
    int rc = config == NULL ? error_set(err, ERR_NOMEM, "no memory")
                            : open_engine(cli, config, &engine, err);

    if (rc == 0) {
        struct store_check_options options = {
            .now = {.day = day_of_ms(engine_now_ms(engine)),
                    .time_s = (int64_t)(engine_now_ms(engine) / 1000)},
            .visit = print_found,
            .data = cli,
            .progress = job_progress,
            .erased = &outcome->erased,
            .files_dir = config->dir,
            .files = &outcome->files,
            .orphans = &outcome->orphans,
        };

        rc = store_check(engine_store(engine), &options, &outcome->findings,
                         err);
        job_progress_end();
    }
    engine_close(engine);
    free(config);
    return rc;
}

static int rebuild_here(const struct cli *cli, struct error *err)
{
    struct config *config = calloc(1, sizeof(*config));
    struct engine *engine = NULL;
    int rc = config == NULL ? error_set(err, ERR_NOMEM, "no memory")
                            : open_engine(cli, config, &engine, err);

    rc = rc < 0 ? rc : engine_rebuild(engine, err);
    engine_close(engine);
    free(config);
    return rc;
}

/* ---- in the node
 * -------------------------------------------------------------- */

static int check_there(struct cli *cli, struct outcome *outcome,
                       struct error *err)
{
    struct client_reply reply;
    int rc = cli_post(cli, "/v1/check", request_new(), &reply, err);

    rc = rc < 0 ? rc : job_await(cli, &reply, err);
    const struct answer *list = answer_get(reply.root, "findings");

    if (rc == 0) {
        outcome->findings =
            (uint64_t)answer_number(answer_get(reply.root, "count"));
        outcome->erased =
            (uint64_t)answer_number(answer_get(reply.root, "erased"));
        outcome->files =
            (uint64_t)answer_number(answer_get(reply.root, "files"));
        outcome->orphans =
            (uint64_t)answer_number(answer_get(reply.root, "orphans"));
        for (size_t i = 0; !print_json(cli, &reply) && i < answer_len(list);
             i++) {
            const struct answer *one = answer_at(list, i);

            printf("%s: %s\n", answer_text(answer_get(one, "what")),
                   answer_text(answer_get(one, "text")));
        }
    }
    client_reply_release(&reply);
    return rc;
}

static void print_count(const struct cli *cli, uint64_t count, const char *vi,
                        const char *en)
{
    if (count > 0) {
        printf("%llu %s\n", (unsigned long long)count, say(cli, vi, en));
    }
}

static void print_sound(const struct cli *cli, const struct outcome *outcome)
{
    printf("%s\n", say(cli, "Tốt: mọi chữ ký, mã băm, hồ sơ và ô đều đúng.",
                       "Sound: every signature, hash, record and cell."));
    print_count(cli, outcome->erased, "nội dung đã xóa, đều có lệnh xóa.",
                "bodies erased, each by an event that is held.");
    print_count(cli, outcome->files, "tệp đính kèm đã đọc hết, đúng mã băm.",
                "attached files read whole, as their hashes say.");
    print_count(cli, outcome->orphans,
                "tệp không sự kiện nào nêu; nút đang chạy sẽ bỏ đi.",
                "files that no event names; a node that runs removes them.");
}

static int run_check(struct cli *cli, struct error *err)
{
    struct outcome outcome = {0};
    bool runs = false;
    int rc = cli_node_runs(cli, &runs, err);

    if (rc == 0) {
        rc = runs ? check_there(cli, &outcome, err)
                  : check_here(cli, &outcome, err);
    }
    if (rc < 0) {
        return rc;
    }
    if (outcome.findings > 0) {
        return error_set(err, CHECK_EXIT_FOUND,
                         "%llu findings; copy this directory before doing "
                         "anything else",
                         (unsigned long long)outcome.findings);
    }
    if (!cli->json) {
        print_sound(cli, &outcome);
    }
    return 0;
}

static int run_rebuild(struct cli *cli, struct error *err)
{
    struct client_reply reply = {0};
    bool runs = false;
    int rc = cli_node_runs(cli, &runs, err);

    if (rc == 0 && runs) {
        fprintf(stderr, "%s\n",
                say(cli,
                    "Nút vẫn cho xem như trước; việc ghi mới và các nút khác "
                    "chờ đến khi dựng xong.",
                    "The node shows what it showed; what is recorded, and "
                    "other nodes, wait until it is done."));
        rc = cli_post(cli, "/v1/rebuild", request_new(), &reply, err);
        client_reply_release(&reply);
    } else if (rc == 0) {
        rc = rebuild_here(cli, err);
    }
    if (rc == 0) {
        printf("%s\n", say(cli, "Đã dựng lại mọi hồ sơ và ô từ các sự kiện.",
                           "Derived every record and cell again."));
    }
    return rc;
}

extern const struct command cmd_check;
const struct command cmd_check = {
    .name = "check",
    .args = "",
    .vi = "kiểm cả kho: chữ ký, mã băm, gốc, hồ sơ, ô",
    .en = "verify the whole store: signatures, hashes, records, cells",
    .reads = true,
    .run = run_check,
};

extern const struct command cmd_rebuild;
const struct command cmd_rebuild = {
    .name = "rebuild",
    .args = "",
    .vi = "dựng lại hồ sơ và ô từ các sự kiện đã lưu",
    .en = "derive records and cells from the stored events again",
    .run = run_rebuild,
};
