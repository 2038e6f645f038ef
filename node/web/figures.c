/* node/web: one duty with its evidence; figures that can be checked elsewhere.
 * Owns the routes of duty, snapshot and recompute. Arithmetic and verdicts are
 * protocol/duty's; here they are only written down. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/web/cells.h"
#include "protocol/base/hex.h"
#include "protocol/duty/rules.h"
#include "protocol/duty/snapshot.h"
#include "protocol/event/code.h"
#include "protocol/event/types.h"
#include "protocol/record/directory.h"

#define EXPLAIN_MAX ((size_t)256 * 1024)
#define DIFFERS_MAX 200u

/* ---- duty -------------------------------------------------------------- */

/* "2024" or "2024-05". */
struct period {
    uint32_t year;
    uint32_t month; /* 0 = every month and the year */
};

static int read_period(struct api_call *call, struct period *out,
                       struct error *err)
{
    const char *text = api_arg(call, "period");
    size_t len = text == NULL ? 0 : strlen(text);

    *out = (struct period){.year = day_year(call->today)};
    if (text == NULL) {
        return 0;
    }
    bool fine =
        (len == 4 || len == 7) && strspn(text, "0123456789") == 4 &&
        (len == 4 || (text[4] == '-' && strspn(text + 5, "0123456789") == 2));
    if (fine) {
        out->year = (uint32_t)strtoul(text, NULL, 10);
        out->month = len == 7 ? (uint32_t)strtoul(text + 5, NULL, 10) : 0;
        fine = len == 4 || (out->month >= 1 && out->month <= 12);
    }
    return fine ? 0
                : error_set(err, ERR_USAGE,
                            "period: \"%.40s\" is none; write 2024 or 2024-05",
                            text);
}

static bool in_period(const struct period *period, uint32_t year,
                      uint32_t month)
{
    return year == period->year &&
           (period->month == 0 || period->month == month);
}

static void put_evidence(struct api_call *call, json_t *array,
                         const struct event_id *id)
{
    json_t *object = api_add_object(array);
    struct store_event event;
    struct error ignored = {0};
    struct leaf leaf;
    char code[CODE_TEXT_SIZE];
    size_t mark = call->arena.used;

    code_format(id, code);
    api_put_id(object, "id", id);
    api_put_str(object, "code", code);
    if (store_event_find(call->store, id, &call->arena, &event, &ignored) ==
            0 &&
        leaf_parse(event.leaf, &leaf, &ignored) == 0 && leaf.understood) {
        const struct event_type *type = event_type_find(leaf.header.type);

        api_put_str(object, "type", type == NULL ? "?" : type->name);
        api_put_str(object, "title", type == NULL ? "?" : type->title_vi);
        api_put_day(object, "on", leaf.header.on_day);
        api_put_unit(call, object, "unit", leaf.header.unit);
    }
    arena_rewind(&call->arena, mark);
}

static void put_flags(json_t *object, const struct duty_item *item)
{
    api_put_bool(object, "approved", item->approved);
    api_put_bool(object, "extended", item->extended);
    api_put_bool(object, "postponed", item->postponed);
    api_put_bool(object, "owed_by_others", item->owed_by_others);
    api_put_bool(object, "improved", item->improved);
    api_put_bool(object, "noted", item->noted);
    api_put_bool(object, "withdrawn", item->withdrawn);
    api_put_bool(object, "reopened", item->reopened);
}

static void put_item_id(json_t *object, const char *name,
                        const struct event_id *id)
{
    char code[CODE_TEXT_SIZE];

    if (!event_id_is_zero(id)) {
        code_format(id, code);
        api_put_str(object, name, code);
    }
}

static int put_explain(struct api_call *call, json_t *object,
                       const struct duty_input *input,
                       const struct duty_item *item, enum lang lang,
                       struct error *err)
{
    size_t mark = call->arena.used;
    void *room = arena_alloc(&call->arena, EXPLAIN_MAX);

    if (room == NULL) {
        return error_set(err, ERR_LIMIT, "no room for the arithmetic");
    }
    struct buf text = buf_over(room, EXPLAIN_MAX);
    int rc = duty_explain(input, item, lang, &call->arena, &text, err);

    if (rc == 0) {
        api_put(object, lang == LANG_VI ? "explain_vi" : "explain_en",
                buf_span(&text));
    }
    arena_rewind(&call->arena, mark);
    return rc;
}

static int put_item(struct api_call *call, json_t *object,
                    const struct duty_input *input,
                    const struct duty_item *item, struct error *err)
{
    api_put_number(object, "year", item->year);
    api_put_number(object, "month", item->month);
    api_put_str(object, "verdict", cells_verdict_word(item->verdict));
    api_put_str(object, "verdict_vi",
                duty_verdict_text(item->verdict, LANG_VI));
    api_put_str(object, "grade", duty_grade_text(item->grade, LANG_EN));
    api_put_str(object, "grade_vi", duty_grade_text(item->grade, LANG_VI));
    api_put_unit(call, object, "unit", item->unit);
    put_item_id(object, "subject", &item->subject);
    put_item_id(object, "second", &item->second);
    api_put_day(object, "arises", item->arises_day);
    api_put_day(object, "first_due", item->first_due_day);
    api_put_day(object, "due", item->due_day);
    api_put_day(object, "g", item->g_day);
    api_put_day(object, "met", item->met_day);
    api_put_day(object, "heard", item->heard_day);
    put_flags(object, item);
    json_t *evidence = api_put_array(object, "evidence");
    for (size_t i = 0; i < item->evidence_len && i < DUTY_EVIDENCE_MAX; i++) {
        put_evidence(call, evidence, &item->evidence[i]);
    }
    api_put_number(object, "evidence_count", item->evidence_len);
    int rc = put_explain(call, object, input, item, LANG_VI, err);

    return rc < 0 ? rc : put_explain(call, object, input, item, LANG_EN, err);
}

static void put_cell(json_t *object, const struct duty_cell *cell)
{
    struct measure sum = {0};

    measure_add(&sum, cell);
    api_put_number(object, "year", cell->year);
    api_put_number(object, "month", cell->month);
    api_put_str(object, "verdict", cells_verdict_word(cell->verdict));
    api_put_str(object, "verdict_vi",
                duty_verdict_text(cell->verdict, LANG_VI));
    api_put_number(object, "rule_version", cell->rule_version);
    cells_put_counts(object, &sum);
}

static int put_rule(struct api_call *call, const char *duty, uint32_t day,
                    struct error *err)
{
    struct rule_set rules;
    char id[4] = {0};
    size_t len = strlen(duty);
    int rc =
        rule_set_of(engine_directory(call->engine), &call->arena, &rules, err);

    if (rc < 0) {
        return rc;
    }
    memcpy(id, duty, len > 4 ? 4 : len);
    const struct rule *rule = len > 4 ? NULL : rule_find(&rules, id, day);

    if (rule == NULL) {
        return error_set(err, ERR_NOTFOUND,
                         "duty: \"%.20s\" is no rule in force; `qcdc status` "
                         "lists them",
                         duty);
    }
    json_t *object = api_put_object(call->answer, "rule");

    api_put_str(object, "id", duty);
    api_put_number(object, "version", rule->version);
    api_put(object, "title_vi", rule->title_vi);
    api_put(object, "title_en", rule->title_en);
    api_put(object, "basis", rule->basis);
    api_put_bool(object, "unconfirmed", rule->unconfirmed);
    return 0;
}

static int put_duty(struct api_call *call, const struct duty_input *input,
                    const struct duty_result *result, const char *duty,
                    const struct period *period, struct error *err)
{
    json_t *cells = api_put_array(call->answer, "cells");
    json_t *items = api_put_array(call->answer, "items");
    int rc = 0;

    for (size_t i = 0; i < result->cells_len; i++) {
        const struct duty_cell *cell = &result->cells[i];

        if (strncmp(cell->duty, duty, sizeof(cell->duty)) == 0 &&
            in_period(period, cell->year, cell->month)) {
            put_cell(api_add_object(cells), cell);
        }
    }
    for (size_t i = 0; rc == 0 && i < result->items_len; i++) {
        const struct duty_item *item = &result->items[i];

        if (strncmp(item->duty, duty, sizeof(item->duty)) == 0 &&
            in_period(period, item->year, item->month)) {
            rc = put_item(call, api_add_object(items), input, item, err);
        }
    }
    api_put_words(call->answer, "uncomputed", result->uncomputed.text,
                  call->lang);
    return rc;
}

/* Evaluates in an arena of its own (cells.h) and writes the answer. */
static int answer_duty(struct api_call *call, const struct cells_when *when,
                       uint32_t unit, const char *duty,
                       const struct period *period, struct error *err)
{
    struct duty_input input;
    struct duty_result result;
    struct arena room;
    int rc = arena_new(&room, CELLS_ARENA, err);

    if (rc < 0) {
        return rc;
    }
    rc = store_evaluate(call->store, unit, when->now, &when->known, &room,
                        &input, &result, err);
    if (rc == 0) {
        api_put_head(call);
        api_put_day(call->answer, "as_of", when->now.day);
        api_put_unit(call, call->answer, "unit", unit);
        rc = put_duty(call, &input, &result, duty, period, err);
    }
    arena_release(&room);
    return rc;
}

int api_duty(struct api_call *call, struct error *err)
{
    struct cells_when when;
    struct period period;
    const char *duty = NULL;
    uint32_t unit = 0;
    int rc = cells_when_read(call, &when, err);

    rc = rc < 0 ? rc : api_arg_unit(call, "unit", &unit, err);
    rc = rc < 0 ? rc : api_arg_text(call, "duty", &duty, err);
    rc = rc < 0 ? rc : read_period(call, &period, err);
    if (rc == 0 && unit == 0) {
        rc = error_set(err, ERR_USAGE, "unit: is missing: its number or name");
    }
    rc = rc < 0 ? rc : put_rule(call, duty, when.now.day, err);
    return rc < 0 ? rc : answer_duty(call, &when, unit, duty, &period, err);
}

/* ---- snapshots -------------------------------------------------------------
 */

static int put_head(void *data, const struct store_log *log)
{
    json_t *object = api_add_object(data);

    if (log->mirrored) {
        api_put_str(object, "origin", log->origin);
        api_put_number(object, "size", (int64_t)log->head.size);
        api_put_hex(object, "root", SPAN_OF(log->head.root.bytes));
        api_put_number(object, "cosigs", (int64_t)log->cosigs);
    }
    return 0;
}

static void put_versions(struct api_call *call, uint32_t day)
{
    const struct directory *dir = engine_directory(call->engine);
    json_t *answer = call->answer;

    api_put_str(answer, "format", "qcdc/snapshot/v1");
    api_put_str(answer, "realm", engine_realm(call->engine));
    api_put_number(answer, "taken_by", engine_node(call->engine));
    api_put_time(answer, "taken",
                 (int64_t)(engine_now_ms(call->engine) / 1000));
    api_put_day(answer, "as_of", day);
    api_put_number(answer, "rules_version", dir->rules_version);
    api_put_number(answer, "calendar_version", dir->calendar.version);
    api_put_number(answer, "evaluation_version", EVALUATION_VERSION);
}

int api_snapshot(struct api_call *call, struct error *err)
{
    struct cells_when when;
    struct hash hash;
    uint8_t *rows = NULL;
    size_t len = 0;
    int rc = cells_when_read(call, &when, err);

    rc = rc < 0 ? rc
                : store_snapshot(call->store, when.now, &when.known, &rows,
                                 &len, &hash, err);
    if (rc < 0) {
        return rc;
    }
    put_versions(call, when.now.day);
    rc = store_log_each(call->store, put_head,
                        api_put_array(call->answer, "heads"), err);
    api_put_number(call->answer, "rows_len", (int64_t)len);
    api_put_hex(call->answer, "rows", span_make(rows, len * SNAPSHOT_ROW_SIZE));
    api_put_hex(call->answer, "hash", SPAN_OF(hash.bytes));
    free(rows);
    return rc;
}

struct differ_walk {
    struct api_call *call;
    json_t *array;
    size_t count;
};

static void put_side(json_t *object, const char *name, const uint8_t *row)
{
    struct duty_cell cell;

    if (row == NULL) {
        (void)json_object_set_new(object, name, json_null());
        return;
    }
    json_t *side = api_put_object(object, name);

    snapshot_read(row, &cell);
    api_put_str(side, "verdict", cells_verdict_word(cell.verdict));
    api_put_number(side, "n", cell.n);
    api_put_number(side, "d", cell.d);
}

static int put_differs(void *ctx, const uint8_t *ours, const uint8_t *theirs)
{
    struct differ_walk *walk = ctx;
    struct duty_cell cell;
    char duty[5] = "";

    if (walk->count++ >= DIFFERS_MAX) {
        return 0;
    }
    json_t *object = api_add_object(walk->array);

    snapshot_read(ours != NULL ? ours : theirs, &cell);
    memcpy(duty, cell.duty, sizeof(cell.duty));
    api_put_unit(walk->call, object, "unit", cell.unit);
    api_put_str(object, "duty", duty);
    api_put_number(object, "year", cell.year);
    api_put_number(object, "month", cell.month);
    put_side(object, "here", ours);
    put_side(object, "there", theirs);
    return 0;
}

/* Rows of the file, if it has them, against ours. */
static int compare_rows(struct api_call *call, const char *hex,
                        const uint8_t *rows, size_t len, struct error *err)
{
    size_t their_len = strlen(hex) / 2;
    uint8_t *theirs = arena_alloc(&call->arena, their_len + 1);
    struct differ_walk walk = {.call = call,
                               .array = api_put_array(call->answer, "differs")};

    if (theirs == NULL || their_len % SNAPSHOT_ROW_SIZE != 0) {
        return error_set(err, ERR_MALFORMED,
                         "snapshot: its rows are not whole");
    }
    int rc = hex_decode(span_str(hex), theirs, their_len, err);

    if (rc == 0) {
        rc = snapshot_compare(rows, len, theirs, their_len / SNAPSHOT_ROW_SIZE,
                              put_differs, &walk);
        api_put_number(call->answer, "differs_count", (int64_t)walk.count);
    }
    return rc;
}

static void put_version(struct api_call *call, json_t *array, const char *name,
                        int64_t ours)
{
    json_int_t theirs = json_integer_value(json_object_get(call->body, name));

    if (theirs != ours) {
        json_t *object = api_add_object(array);

        api_put_str(object, "what", name);
        api_put_number(object, "here", ours);
        api_put_number(object, "there", theirs);
    }
}

int api_recompute(struct api_call *call, struct error *err)
{
    const struct directory *dir = engine_directory(call->engine);
    const char *wanted = api_arg(call, "hash");
    const char *rows_hex = api_arg(call, "rows");
    struct cells_when when;
    struct hash hash;
    char text[65];
    uint8_t *rows = NULL;
    size_t len = 0;
    int rc = cells_when_read(call, &when, err);

    if (wanted == NULL) {
        return error_set(err, ERR_MALFORMED,
                         "snapshot: it has no hash: is it a file of "
                         "`qcdc snapshot`?");
    }
    rc = rc < 0 ? rc : cells_known_read(call, call->body, &when.known, err);
    rc = rc < 0 ? rc
                : store_snapshot(call->store, when.now, &when.known, &rows,
                                 &len, &hash, err);
    if (rc < 0) {
        return rc;
    }
    hex_encode(SPAN_OF(hash.bytes), text);
    api_put_head(call);
    api_put_str(call->answer, "hash", text);
    api_put_str(call->answer, "wanted", wanted);
    api_put_bool(call->answer, "same", strcmp(text, wanted) == 0);
    json_t *versions = api_put_array(call->answer, "versions");
    put_version(call, versions, "rules_version", dir->rules_version);
    put_version(call, versions, "calendar_version", dir->calendar.version);
    put_version(call, versions, "evaluation_version", EVALUATION_VERSION);
    if (strcmp(text, wanted) != 0 && rows_hex != NULL) {
        rc = compare_rows(call, rows_hex, rows, len, err);
    }
    free(rows);
    return rc;
}
