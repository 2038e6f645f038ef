/* tools/bench: records petitions through the engine's own door, thousands a
 * transaction, in a node that does not run. Nothing is forged: what the nodes
 * receive is what offices would have written. Read next: rows.h.
 */
#include "tools/bench/load.h"

#include <stdio.h>
#include <string.h>

#include "node/engine.h"
#include "node/log.h"
#include "protocol/event/facts.h"
#include "tools/bench/nodes.h"

#define ROWS_A_TIME 2000u
#define FIELDS 7u

static struct config config;

struct petition {
    char title[LOAD_TITLE_SIZE];
    char content[LOAD_CONTENT_SIZE];
    char people[16];
    struct field_pair fields[FIELDS];
};

static int engine_of(struct node *node, struct engine **engine,
                     struct error *err)
{
    int rc = config_load(&config, node->dir, err);

    log_level_set(LOG_WARN);
    return rc != 0 ? rc : engine_open(&config, engine, err);
}

int load_official(struct node *node, struct error *err)
{
    struct official_request request = {.name = LOAD_LOGIN,
                                       .post = "Cán bộ tiếp dân",
                                       .password = LOAD_PASSWORD,
                                       .unit = 2002,
                                       .rights = 15};
    struct engine *engine = NULL;
    struct event_id id;
    int rc = engine_of(node, &engine, err);

    if (rc == 0) {
        rc = engine_official_add(engine, &request, &id, err);
    }
    if (rc == 0) {
        rc = engine_commit(engine, err);
    }
    engine_close(engine);
    return rc;
}

void load_texts(uint64_t i, char title[LOAD_TITLE_SIZE],
                char content[LOAD_CONTENT_SIZE])
{
    static const char *const matters[] = {
        "sửa đoạn đường liên thôn hư hỏng sau mưa lũ",
        "làm rõ diện tích đất ghi trong giấy chứng nhận",
        "hỗ trợ giống cây trồng cho hộ khó khăn",
        "xem lại mức thu quỹ của trường tiểu học",
        "khơi thông mương nước phía sau nhà văn hóa"};
    static const char *const reasons[] = {
        "việc này đã nêu ở buổi tiếp dân tháng trước",
        "nhiều hộ trong thôn cùng bị ảnh hưởng",
        "gia đình đã gửi đơn nhưng chưa có văn bản trả lời",
        "đề nghị địa phương kiểm tra thực tế"};
    unsigned long long n = i;

    snprintf(title, LOAD_TITLE_SIZE, "Đề nghị %s", matters[n % 5]);
    snprintf(content, LOAD_CONTENT_SIZE,
             "Thôn %llu, số %llu: %s; %s. Hồ sơ %llu.", n % 9 + 1,
             n * 7919 % 1000, matters[n % 5], reasons[n / 5 % 4],
             n * 2654435761u % 100000000);
}

static void petition_fill(struct petition *petition, uint64_t i)
{
    static const char *const channels[] = {"counter", "post"};

    load_texts(i, petition->title, petition->content);
    snprintf(petition->people, sizeof(petition->people), "%u",
             (unsigned)(i % 7 + 1));
    petition->fields[0] = (struct field_pair){"channel", channels[i % 2]};
    petition->fields[1] = (struct field_pair){"kind", "proposal"};
    petition->fields[2] = (struct field_pair){"field", "land"};
    petition->fields[3] = (struct field_pair){"person_known", "true"};
    petition->fields[4] = (struct field_pair){"people", petition->people};
    petition->fields[5] = (struct field_pair){"text.title", petition->title};
    petition->fields[6] =
        (struct field_pair){"text.content", petition->content};
}

static void row_bad(void *ctx, uint32_t line, const char *path,
                    const char *text)
{
    (void)path;
    if (line == 1) {
        error_set(ctx, ERR_MALFORMED, "%s", text);
    }
}

static int part_record(struct engine *engine, const char *session,
                       uint64_t first, size_t count, struct error *err)
{
    static struct petition petitions[ROWS_A_TIME];
    static struct record_row rows[ROWS_A_TIME];
    struct error why = {0};
    struct import_request request = {.session = session,
                                     .rows = rows,
                                     .rows_len = count,
                                     .row_error = row_bad,
                                     .ctx = &why};
    struct import_result result = {0};
    int rc;

    for (size_t i = 0; i < count; i++) {
        petition_fill(&petitions[i], first + i);
        rows[i] = (struct record_row){.type = "PetitionReceived",
                                      .fields = petitions[i].fields,
                                      .fields_len = FIELDS,
                                      .line = (uint32_t)i + 1};
    }
    rc = engine_import(engine, &request, &result, err);
    if (rc != 0 && why.code != 0) {
        *err = why;
    }
    return rc != 0 ? rc : engine_commit(engine, err);
}

int load_petitions(struct node *node, uint64_t count, struct error *err)
{
    static uint64_t made; /* no two petitions of a run are alike */
    char session[SESSION_TEXT_SIZE];
    struct engine *engine = NULL;
    int rc = engine_of(node, &engine, err);

    while (rc == 0 && count > 0) {
        /* Logins end after minutes; a large load takes longer. */
        rc = engine_login(engine, LOAD_LOGIN, LOAD_PASSWORD, session, err);
        for (int i = 0; rc == 0 && i < 25 && count > 0; i++) {
            size_t part = count < ROWS_A_TIME ? (size_t)count : ROWS_A_TIME;

            rc = part_record(engine, session, made, part, err);
            made += part;
            count -= part;
        }
        engine_logout(engine, session);
    }
    engine_close(engine);
    return rc;
}
