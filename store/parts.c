/* store: what lives in memory as long as the store: made at open, forgotten
 * after a rollback, freed at close. All of it can be read again from the file.
 * Read next: directory.c, integrate.c.
 */
#include "store/store_parts.h"

int parts_new(struct store *store, struct error *err)
{
    int rc;

    store->record_last = -1;
    if ((rc = arena_new(&store->scratch, SCRATCH_ARENA, err)) != 0 ||
        (rc = segment_codec_new(&store->codec, err)) != 0 ||
        (rc = directory_new(store, err)) != 0 ||
        (rc = actor_new(store, err)) != 0 || (rc = work_new(store, err)) != 0) {
        return rc;
    }
    return verify_new(store, err);
}

void parts_free(struct store *store)
{
    asof_free(store);
    heard_forget(store);
    verify_free(store);
    work_free(store);
    subject_bulk_drop(store);
    actor_free(store);
    directory_free(store);
    segment_codec_free(store->codec);
    arena_release(&store->scratch);
}

void parts_forget(struct store *store)
{
    if (store->work == NULL) {
        return; /* still opening */
    }
    arena_reset(&store->scratch); /* whoever failed may not have rewound */
    directory_forget(store);
    actor_forget(store);
    heard_forget(store);
    work_forget(store);
    verify_forget(store);
    asof_forget(store);
    subject_bulk_drop(store);
    store->record_last = -1;
    store->logs_len = 0;
    store->erasures = ERASURES_UNKNOWN;
    store->scrub_is_known = false;
    store->staged = STAGED_UNKNOWN;
}
