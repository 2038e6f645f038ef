/* store: fsck of what is not there: a body listed as absent was erased by an
 * event that is held, else it was lost; what is erased here is gone.
 *
 * Reads only. Read next: erase.c.
 */
#include "store/check_parts.h"

#include "store/attachment.h"
#include "store/directory.h"
#include "store/erase.h"

int check_erased(struct checking *c, const struct event_id *event,
                 uint32_t audience, bool *acts)
{
    struct store_erasure erasure;
    struct error why;
    int rc = store_erasure_find(c->store, event, audience, &erasure, &why);

    *acts = rc == 0 && erasure.acts;
    if (rc == ERR_NOTFOUND) {
        return 0;
    }
    if (rc != 0) {
        *c->err = why;
        return rc;
    }
    c->erased++;
    return 1;
}

static int check_one(struct checking *c, const struct leaf *leaf,
                     uint32_t audience, bool absent)
{
    static const char *const names[] = {"?", "text", "private body",
                                        "private body of the unit"};
    uint64_t erased = c->erased;
    bool acts;
    int rc = check_erased(c, &leaf->id, audience, &acts);

    if (rc < 0 || (absent && rc == 1)) {
        return rc < 0 ? rc : 0;
    }
    c->erased = erased; /* it is here: counted when it is gone */
    if (!absent && !acts) {
        return 0;
    }
    return found(c, absent ? "absent" : "erased",
                 absent ? "the %s of event %02x%02x%02x%02x... is not held and "
                          "no erasure names it: it was lost"
                        : "the %s of event %02x%02x%02x%02x... is erased and "
                          "still here",
                 names[audience <= AUDIENCE_OF_UNIT ? audience : 0],
                 leaf->id.bytes[0], leaf->id.bytes[1], leaf->id.bytes[2],
                 leaf->id.bytes[3]);
}

static int check_list(struct checking *c, const struct segment *parts,
                      const struct segment_view *view)
{
    int rc = 0;

    for (size_t at = 0; rc == 0 && at + 3 <= parts->absent.len; at += 3) {
        const uint8_t *p = parts->absent.ptr + at;
        struct error ignored;
        struct leaf leaf;

        if (read_u16(p) < view->count &&
            leaf_parse(view->leaves[read_u16(p)], &leaf, &ignored) == 0) {
            rc = check_one(c, &leaf, p[2], true);
        }
    }
    return rc;
}

int check_absent(struct checking *c, const struct segment *parts,
                 const struct segment_view *view)
{
    bool any = false;
    int rc = check_list(c, parts, view);

    rc = rc != 0 ? rc : erasures_any(c->store, &any, c->err);
    for (size_t i = 0; rc == 0 && any && i < view->bodies_len; i++) {
        const struct body *body = &view->bodies[i];
        struct error ignored;
        struct leaf leaf;

        if (leaf_parse(view->leaves[body->index], &leaf, &ignored) == 0) {
            rc = check_one(c, &leaf, body->slot, false);
        }
    }
    return rc;
}

int check_erasures(struct checking *c, const struct record_out *record)
{
    size_t i, j;

    for (i = 0; i < record->erasures_len; i++) {
        const struct record_erasure *word = &record->erasures[i];
        struct store_erasure erasure;
        struct error why;
        int rc;

        if (word->audience == 0) {
            continue; /* a file: check_files */
        }
        for (j = 0; j < i &&
                    (record->erasures[j].audience != word->audience ||
                     !event_id_equal(&record->erasures[j].event, &word->event));
             j++) {
        }
        if (j < i) {
            continue; /* another word for the same body */
        }
        c->erasures++;
        rc = store_erasure_find(c->store, &word->event, word->audience,
                                &erasure, &why);
        if (rc != 0 && rc != ERR_NOTFOUND) {
            *c->err = why;
            return rc;
        }
        if ((rc != 0 ||
             erasure.acts != erasure_acts(c->store, record, &word->event,
                                          word->audience, c->dir)) &&
            (rc = found(c, "erasure",
                        "an erasure is noted otherwise than its "
                        "record says")) != 0) {
            return rc;
        }
    }
    return 0;
}

int check_files(struct checking *c, const struct record_out *record)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < record->files_len; i++) {
        const struct record_file *file = &record->files[i];
        struct store_attachment_ref noted, right;
        struct error why;
        size_t j;

        for (j = 0;
             j < i && (!hash_equal(&record->files[j].file, &file->file) ||
                       !event_id_equal(&record->files[j].event, &file->event));
             j++) {
        }
        if (j < i) {
            continue;
        }
        c->files++;
        attachment_ref_judge(c->store, c->dir, record, file, &right);
        rc = store_attachment_ref_find(c->store, &file->event, &file->file,
                                       &noted, &why);
        if (rc != 0 && rc != ERR_NOTFOUND) {
            *c->err = why;
            return rc;
        }
        rc = rc == 0 && noted.erased == right.erased &&
                     noted.sealed == right.sealed && noted.node == right.node
                 ? 0
                 : found(c, "attachment",
                         "an attached file is noted otherwise than its record "
                         "says");
    }
    return rc;
}
