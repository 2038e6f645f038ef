/* node/web: which cells a question is about.
 * Owns the choice between kept and re-evaluated cells and the order of
 * verdicts. Must never mix cells of two days in one answer. */
#include "node/web/cells.h"

#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/duty/snapshot.h"
#include "protocol/record/directory.h"
#include "store/log.h"

#define CELLS_MAX 200000u
#define CELLS_PER_UNIT_YEAR 40u /* duties by year, and one or two by month */
#define HEADS_MAX 4096u

static const char *const words[DUTY_VERDICTS] = {
    "uncomputed", "met",     "late",           "not_due",       "missing",
    "unknown",    "excused", "none_confirmed", "none_recorded", "not_enrolled",
};

/* The order of "the first that occurs". */
static const uint8_t ranks[DUTY_VERDICTS] = {
    [DUTY_UNCOMPUTED] = 0,
    [DUTY_MISSING] = 1,
    [DUTY_UNKNOWN] = 2,
    [DUTY_LATE] = 3,
    [DUTY_MET] = 4,
    [DUTY_NOT_DUE] = 5,
    [DUTY_EXCUSED] = 6,
    [DUTY_NONE_RECORDED] = 7,
    [DUTY_NONE_CONFIRMED] = 8,
    [DUTY_NOT_ENROLLED] = 9,
};

const char *cells_verdict_word(uint8_t verdict)
{
    return verdict < DUTY_VERDICTS ? words[verdict] : "?";
}

uint8_t cells_worse(uint8_t a, uint8_t b)
{
    if (a >= DUTY_VERDICTS || b >= DUTY_VERDICTS) {
        return a >= DUTY_VERDICTS ? b : a;
    }
    return ranks[a] <= ranks[b] ? a : b;
}

/* ---- when ---------------------------------------------------------------- */

static int read_head(struct api_call *call, const json_t *head,
                     struct store_head_limit *out, struct error *err)
{
    const char *origin = json_string_value(json_object_get(head, "origin"));
    const char *root = json_string_value(json_object_get(head, "root"));
    json_int_t size = json_integer_value(json_object_get(head, "size"));
    json_int_t cosigs = json_integer_value(json_object_get(head, "cosigs"));
    struct store_log log;
    struct hash theirs;
    struct hash ours = {{0}};

    if (origin == NULL || root == NULL || size < 0 || cosigs < 0 ||
        hex_decode(span_str(root), theirs.bytes, sizeof(theirs.bytes), err) <
            0) {
        return error_set(err, ERR_MALFORMED, "snapshot: a head is not whole");
    }
    int rc = store_log_find(call->store, span_str(origin), &log, err);

    if (rc == ERR_NOTFOUND && size == 0) {
        *out = (struct store_head_limit){0}; /* nothing of it was known */
        return 0;
    }
    if (rc == ERR_NOTFOUND || (rc == 0 && log.head.size < (uint64_t)size)) {
        return error_set(err, ERR_NOTFOUND,
                         "snapshot: %.80s: %llu events are held here, %lld are "
                         "needed",
                         origin,
                         rc == 0 ? (unsigned long long)log.head.size : 0ull,
                         (long long)size);
    }
    if (rc == 0 && size > 0) {
        rc = store_log_root_at(call->store, log.id, (uint64_t)size, &ours, err);
    }
    if (rc == 0 && size > 0 && !hash_equal(&ours, &theirs)) {
        rc = error_set(err, ERR_CONFLICT,
                       "snapshot: %.80s has another history there: run "
                       "`qcdc sync` on both nodes",
                       origin);
    }
    *out = (struct store_head_limit){
        .log = log.id, .size = (uint64_t)size, .cosigs = (uint64_t)cosigs};
    return rc;
}

int cells_known_read(struct api_call *call, const json_t *snapshot,
                     struct store_known *out, struct error *err)
{
    const json_t *heads = json_object_get(snapshot, "heads");
    size_t len = json_array_size(heads);

    if (!json_is_array(heads) || len > HEADS_MAX) {
        return error_set(err, ERR_MALFORMED,
                         "snapshot: it names no heads: is it a file of "
                         "`qcdc snapshot`?");
    }
    struct store_head_limit *limits =
        arena_array(&call->arena, len + 1, sizeof(*limits));

    if (limits == NULL) {
        return error_set(err, ERR_LIMIT, "no room for the snapshot");
    }
    for (size_t i = 0; i < len; i++) {
        int rc = read_head(call, json_array_get(heads, i), &limits[i], err);

        if (rc < 0) {
            return rc;
        }
    }
    *out = (struct store_known){
        .heads = limits, .heads_len = len, .limited = true};
    return 0;
}

int cells_when_read(struct api_call *call, struct cells_when *out,
                    struct error *err)
{
    const json_t *known = json_object_get(call->body, "known_at");
    uint32_t day = 0;
    int rc = api_arg_day(call, "as_of", call->today, &day, err);

    if (rc < 0) {
        return rc;
    }
    *out = (struct cells_when){
        .now = {.day = day, .time_s = day_end_s(day)},
        .today = day == call->today && known == NULL,
    };
    return known == NULL ? 0 : cells_known_read(call, known, &out->known, err);
}

/* ---- cells --------------------------------------------------------------- */

static bool cell_wanted(const struct duty_cell *cell,
                        const struct cells_filter *filter)
{
    if (filter->duty != NULL &&
        (strlen(filter->duty) > sizeof(cell->duty) ||
         strncmp(cell->duty, filter->duty, sizeof(cell->duty)) != 0)) {
        return false;
    }
    return filter->year == 0 || cell->year == filter->year;
}

/* Room for every cell there can be, so that no list is cut. */
static size_t cells_bound(const struct api_call *call,
                          const struct cells_filter *filter)
{
    size_t units =
        filter->unit != 0 ? 1 : engine_directory(call->engine)->units_len + 1;
    size_t bound = units * CELLS_PER_UNIT_YEAR * (filter->year == 0 ? 20 : 1);

    return bound < CELLS_MAX ? bound : CELLS_MAX;
}

static int collect_kept(struct api_call *call,
                        const struct cells_filter *filter,
                        struct duty_cell *cells, size_t *len, struct error *err)
{
    struct store_cell_filter kept_filter = {
        .territory = filter->territory,
        .unit = filter->unit,
        .year = (uint16_t)filter->year,
        .duty = filter->duty,
    };
    return store_cell_list(call->store, &kept_filter, cells,
                           cells_bound(call, filter), len, err);
}

struct collecting {
    const struct cells_when *when;
    const struct cells_filter *filter;
    struct duty_cell *cells;
    size_t max;
    size_t *len;
    struct arena *room; /* the store's, reset by each evaluation */
};

static int collect_unit(struct api_call *call, const struct collecting *to,
                        uint32_t unit, struct error *err)
{
    struct duty_input input;
    struct duty_result result;
    int rc = store_evaluate(call->store, unit, to->when->now, &to->when->known,
                            to->room, &input, &result, err);

    for (size_t i = 0; rc == 0 && i < result.cells_len; i++) {
        if (cell_wanted(&result.cells[i], to->filter) && *to->len < to->max) {
            to->cells[(*to->len)++] = result.cells[i];
        }
    }
    return rc;
}

static int collect_again(struct api_call *call, const struct collecting *to,
                         struct error *err)
{
    const struct cells_when *when = to->when;
    const struct cells_filter *filter = to->filter;
    const struct directory *dir = engine_directory(call->engine);
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < dir->units_len; i++) {
        struct unit_facts unit;
        uint32_t number = dir->units[i].number;

        if (!directory_unit_at(dir, number, when->now.day, &unit) ||
            !unit.open || (filter->unit != 0 && filter->unit != number) ||
            (filter->territory != 0 &&
             !directory_territory_within(dir, unit.territory, filter->territory,
                                         when->now.day))) {
            continue;
        }
        rc = collect_unit(call, to, number, err);
    }
    return rc;
}

int cells_collect(struct api_call *call, const struct cells_when *when,
                  const struct cells_filter *filter, struct duty_cell **cells,
                  size_t *len, struct error *err)
{
    size_t max = cells_bound(call, filter);

    *cells = arena_array(&call->arena, max, sizeof(**cells));
    *len = 0;
    if (*cells == NULL) {
        return error_set(err, ERR_LIMIT, "no room for the cells");
    }
    if (when->today) {
        return collect_kept(call, filter, *cells, len, err);
    }
    struct arena room;
    struct collecting to = {.when = when,
                            .filter = filter,
                            .cells = *cells,
                            .max = max,
                            .len = len,
                            .room = &room};
    int rc = arena_new(&room, CELLS_ARENA, err);

    if (rc == 0) {
        rc = collect_again(call, &to, err);
        arena_release(&room);
    }
    return rc;
}

void cells_put_counts(json_t *object, const struct measure *sum)
{
    api_put_number(object, "n", (int64_t)sum->n);
    api_put_number(object, "d", (int64_t)sum->d);
    for (size_t i = DUTY_UNCOMPUTED; i <= DUTY_EXCUSED; i++) {
        api_put_number(object, words[i], (int64_t)sum->items_of[i]);
    }
    api_put_number(object, "stated", (int64_t)sum->stated);
    api_put_number(object, "contradicted", (int64_t)sum->contradicted);
    api_put_number(object, "extended", (int64_t)sum->extended);
    api_put_number(object, "postponed", (int64_t)sum->postponed);
    api_put_number(object, "owed_by_others", (int64_t)sum->owed_by_others);
    api_put_number(object, "improved", (int64_t)sum->improved);
    api_put_number(object, "noted", (int64_t)sum->noted);
    api_put_number(object, "withdrawn", (int64_t)sum->withdrawn);
    api_put_number(object, "reopened", (int64_t)sum->reopened);
}
