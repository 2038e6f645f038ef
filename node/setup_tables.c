/* Room: node. Owns what `init` reads and records first: the top node's own
 * certificate, the units, the rules with the calendar. Every mistake names
 * file and line, before anything is made where that is possible.
 * Next: record.c, which the rows go through like any other. */
#include "node/setup_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/web/rows.h"
#include "protocol/base/hex.h"

#define TABLE_MAX ((size_t)8 << 20)
#define ARENA_BYTES ((size_t)64 << 20)
#define ROWS_MAX 20000u

static int file_read(const char *path, struct arena *arena, struct span *out,
                     struct error *err)
{
    FILE *file = fopen(path, "re");
    uint8_t *text;
    size_t len;
    int rc = 0;

    if (file == NULL) {
        return error_set(err, ERR_USAGE, "%s: %s", path, strerror(errno));
    }
    text = arena_alloc(arena, TABLE_MAX);
    len = text == NULL ? 0 : fread(text, 1, TABLE_MAX, file);
    if (text == NULL || len == TABLE_MAX || ferror(file)) {
        rc =
            error_set(err, ERR_USAGE, "%s: cannot be read, or too large", path);
    }
    fclose(file);
    *out = span_make(text, len);
    return rc;
}

/* Column names as people call them, and the facts they are. */
static const char *path_of(const char *column)
{
    if (strcmp(column, "from") == 0) {
        return "from_day";
    }
    if (strcmp(column, "duties_from") == 0) {
        return "duties_from_day";
    }
    return column;
}

static const char *cell(const struct setup_tables *tables,
                        const struct csv_row *row, const char *path)
{
    for (size_t i = 0; i < tables->columns_len && i < row->len; i++) {
        if (strcmp(tables->columns[i], path) == 0) {
            return row->cells[i];
        }
    }
    return "";
}

static int hosted_note(struct setup_tables *tables, const struct csv_row *row,
                       const struct init_request *request, struct error *err)
{
    struct setup_unit *unit;

    if (strtoul(cell(tables, row, "host"), NULL, 10) != request->node) {
        return 0;
    }
    if (tables->hosted_len == SETUP_SECRETS_MAX) {
        return error_set(
            err, ERR_USAGE, "%s:%u: more than %u units hosted by node %u",
            request->units_path, row->line, SETUP_SECRETS_MAX, request->node);
    }
    unit = &tables->hosted[tables->hosted_len++];
    unit->number = (uint32_t)strtoul(cell(tables, row, "number"), NULL, 10);
    snprintf(unit->name, sizeof(unit->name), "%s", cell(tables, row, "name"));
    return 0;
}

static int units_read(struct setup_tables *tables, struct span text,
                      const struct init_request *request, struct error *err)
{
    struct csv csv;
    struct csv_row row = {0};
    bool more = true;
    int rc;

    csv_init(&csv, text);
    tables->units = arena_array(&tables->arena, ROWS_MAX, sizeof(row));
    rc = csv_next(&csv, &tables->arena, &row, &more, err);
    if (rc != 0 || !more || tables->units == NULL) {
        return error_set(err, ERR_USAGE, "%s: no header row",
                         request->units_path);
    }
    tables->columns = row.cells;
    tables->columns_len = row.len;
    for (size_t i = 0; i < row.len; i++) {
        tables->columns[i] = path_of(row.cells[i]);
    }
    while (rc == 0) {
        rc = csv_next(&csv, &tables->arena, &row, &more, err);
        if (rc != 0) {
            return error_wrap(err, "%s", request->units_path);
        }
        if (!more) {
            break;
        }
        if (row.len != tables->columns_len || tables->units_len == ROWS_MAX) {
            return error_set(err, ERR_USAGE, "%s:%u: %zu cells, expected %zu",
                             request->units_path, row.line, row.len,
                             tables->columns_len);
        }
        tables->units[tables->units_len++] = row;
        rc = hosted_note(tables, &row, request, err);
    }
    if (rc == 0 && tables->units_len == 0) {
        rc = error_set(err, ERR_USAGE,
                       "%s: no unit in it, only a header row; give each "
                       "territory and unit a row",
                       request->units_path);
    }
    return rc;
}

int setup_tables_read(struct setup_tables *tables,
                      const struct init_request *request, struct error *err)
{
    struct span text = {0};
    int rc = arena_new(&tables->arena, ARENA_BYTES, err);

    tables->units_path = request->units_path;
    if (rc == 0) {
        rc = file_read(request->units_path, &tables->arena, &text, err);
    }
    if (rc == 0) {
        rc = units_read(tables, text, request, err);
    }
    if (rc == 0 && request->rules_path != NULL) {
        rc =
            file_read(request->rules_path, &tables->arena, &tables->rules, err);
    }
    return rc;
}

void setup_tables_free(struct setup_tables *tables)
{
    arena_release(&tables->arena);
}

/* ---- the first events
 * --------------------------------------------------------------- */

#define PAIRS_MAX (24u + 4u * HOSTED_UNITS_MAX)

struct pairs {
    struct field_pair pairs[PAIRS_MAX];
    char text[PAIRS_MAX][2][68];
    size_t len;
};

static void put(struct pairs *pairs, const char *path, const char *value)
{
    char *path_copy = pairs->text[pairs->len][0];
    char *value_copy = pairs->text[pairs->len][1];

    snprintf(path_copy, 68, "%s", path);
    snprintf(value_copy, 68, "%s", value);
    pairs->pairs[pairs->len++] = (struct field_pair){path_copy, value_copy};
}

static void put_key(struct pairs *pairs, const char *path, const void *key)
{
    char hex[65];

    hex_encode(span_make(key, 32), hex);
    put(pairs, path, hex);
}

static void put_unit(struct pairs *pairs, size_t i,
                     const struct unit_keys *unit)
{
    char path[68];
    char number[12];

    snprintf(path, sizeof(path), "units[%zu].unit", i);
    snprintf(number, sizeof(number), "%u", unit->unit);
    put(pairs, path, number);
    snprintf(path, sizeof(path), "units[%zu].sealing_key", i);
    put_key(pairs, path, &unit->sealing);
    snprintf(path, sizeof(path), "units[%zu].recovery_key", i);
    put_key(pairs, path, &unit->recovery);
    snprintf(path, sizeof(path), "units[%zu].registrar_keys", i);
    put_key(pairs, path, &unit->registrar.pub);
}

static void top_pairs(struct engine *engine, bool demo, struct pairs *pairs)
{
    const struct keys *keys = &engine->keys;
    char number[12];

    snprintf(number, sizeof(number), "%u", engine_node(engine));
    put(pairs, "node", number);
    put_key(pairs, "keys.log_key", &keys->log.pub);
    put_key(pairs, "keys.dir_log_key", &keys->dir_log.pub);
    put_key(pairs, "keys.mirror_key", &keys->mirror.pub);
    put_key(pairs, "keys.curve_key", &keys->curve.pub);
    put_key(pairs, "keys.actor_key", &keys->actor.pub);
    put_key(pairs, "keys.admin_key", &keys->admin.pub);
    for (size_t i = 0; i < keys->units_len; i++) {
        put_unit(pairs, i, &keys->units[i]);
    }
    put(pairs, "realm", engine_realm(engine));
    put(pairs, "demo", demo ? "true" : "false");
}

static void put_count(struct pairs *pairs, const char *path, uint64_t value)
{
    char text[24];

    if (value != 0) {
        snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
        put(pairs, path, text);
    }
}

static void succession_pairs(const struct succession *next, struct pairs *pairs)
{
    put_count(pairs, "numbers_first", next->numbers_first);
    put_count(pairs, "numbers_last", next->numbers_last);
    put_count(pairs, "epoch", next->epoch);
    put_count(pairs, "dir_size", next->dir.size);
    put_key(pairs, "dir_root_hash", &next->dir.root);
    put_count(pairs, "log_size", next->log.size);
    put_key(pairs, "log_root_hash", &next->log.root);
    put_count(pairs, "standby", next->standby);
    /* Longer than the room for keys; borrowed until it is encoded. */
    pairs->pairs[pairs->len++] =
        (struct field_pair){"endpoint", next->endpoint};
}

int setup_top_certify(struct engine *engine, const struct sign_pair *root,
                      bool demo, const struct succession *next,
                      struct error *err)
{
    struct record_draft draft = {.type =
                                     event_type_find(EVENT_TOP_NODE_CERTIFIED)};
    struct pairs *pairs = arena_alloc(&engine->turn, sizeof(*pairs));
    uint8_t *space = arena_alloc(&engine->turn, LEAF_MAX);
    struct buf facts = buf_over(space, LEAF_MAX);
    struct event_id id;
    int rc;

    if (pairs == NULL || space == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the certificate");
    }
    top_pairs(engine, demo, pairs);
    if (next != NULL) {
        succession_pairs(next, pairs);
    }
    rc = facts_encode(draft.type, pairs->pairs, pairs->len, NULL, &facts, err);
    draft.facts = buf_span(&facts);
    draft.signer = &root->pub;
    draft.signer_secret = &root->sec;
    return rc != 0 ? rc
                   : record_append(engine, &draft, &engine->turn, &id, err);
}

int setup_units_register(struct engine *engine,
                         const struct setup_tables *tables, struct error *err)
{
    for (size_t i = 0; i < tables->units_len; i++) {
        const struct csv_row *row = &tables->units[i];
        struct field_pair fields[32];
        struct record_row units_row = {.type = "UnitRegistered",
                                       .fields = fields};
        struct event_id id;
        size_t len = 0;
        size_t mark = engine->turn.used;
        int rc;

        for (size_t j = 0; j < row->len && len < 32; j++) {
            fields[len++] =
                (struct field_pair){tables->columns[j], row->cells[j]};
        }
        units_row.fields_len = len;
        rc = record_admin(engine, &units_row, &engine->turn, &id, err);
        if (rc != 0) {
            return error_wrap(err, "%s:%u", tables->units_path, row->line);
        }
        arena_rewind(&engine->turn, mark);
    }
    return 0;
}

int setup_rules_publish(struct engine *engine,
                        const struct setup_tables *tables, const char *path,
                        struct error *err)
{
    struct arena arena = {0};
    struct record_row row = {0};
    struct record_result result;
    size_t size = tables->rules.len + 32;
    char *json = malloc(size);
    int rc = arena_new(&arena, ARENA_BYTES, err);

    if (json == NULL) {
        arena_release(&arena);
        return error_set(err, ERR_NOMEM, "no memory for the rules");
    }
    if (rc == 0) {
        int len =
            snprintf(json, size, "{\"facts\":%.*s}", (int)tables->rules.len,
                     (const char *)tables->rules.ptr);

        rc = rows_from_object(json, (size_t)len, "RulesPublished", &arena, &row,
                              err);
    }
    if (rc == 0) {
        rc = record_row_append(engine, NULL, &row, &engine->turn, &result, err);
    }
    if (rc != 0) {
        rc = error_wrap(err, "%s", path);
    }
    free(json);
    arena_release(&arena);
    return rc;
}
