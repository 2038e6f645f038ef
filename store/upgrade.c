/* store: a newer program: what it understands, folds or evaluates otherwise
 * than the one that derived the rows is noted as work, once, at open.
 *
 * Events of a newer type are kept untouched until a program that understands
 * them comes (DESIGN invariant 8). Must never touch what was received.
 * Read next: rejudge.c.
 */
#include "store/evaluate.h"
#include "store/work.h"

#define META_PROGRAM "program"

/* Raised when a fold gives other bytes for the same events. */
#define FOLD_VERSION 5

/* Differs when a type, its version, a fold or an evaluation differs. */
static int64_t program_mark(void)
{
    const struct event_type *type;
    uint64_t mark = (uint64_t)EVALUATION_VERSION * 1000 + FOLD_VERSION;
    size_t i;

    for (i = 0; (type = event_type_at(i)) != NULL; i++) {
        if (type->shape != NULL) {
            mark = mark * 31u + (uint64_t)type->number * 7 + type->version;
        }
    }
    return (int64_t)(mark & INT64_MAX);
}

struct recheck {
    struct store *store;
    struct error *err;
};

static int judge_log(void *data, const struct store_log *log)
{
    struct recheck *recheck = data;

    return log->is_dir || log->integrated == 0
               ? 0
               : work_rejudge(recheck->store, log->id, recheck->err);
}

static int note_work(struct store *store, struct error *err)
{
    struct recheck recheck = {store, err};
    int rc;

    if ((rc = directory_settle(store, err)) != 0 ||
        (rc = store_log_each(store, judge_log, &recheck, err)) != 0 ||
        (rc = work_every_record(store, err)) != 0 ||
        (rc = work_every_unit(store, err)) != 0) {
        return rc;
    }
    return meta_int_put(store, META_PROGRAM, program_mark(), err);
}

int upgrade_note(struct store *store, struct error *err)
{
    int64_t held;
    int rc = meta_int(store, META_PROGRAM, &held, err);

    if (rc != 0 || held == program_mark() || store->read_only) {
        return rc;
    }
    if ((rc = store_begin(store, err)) != 0) {
        return rc;
    }
    if ((rc = note_work(store, err)) != 0) {
        store_rollback(store);
        return rc;
    }
    return store_commit(store, err);
}
