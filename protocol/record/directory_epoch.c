/* protocol/record: where the epochs of logs end, who signs the next one, and
 * whose clock was wrong.
 * Owns the one truth about log keys (directory.h); never asks which copy of a
 * log somebody holds. A log is read after the one that could end it. */
#include <stdlib.h>

#include "protocol/record/directory_internal.h"

static int compare_number(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static struct epoch_draft *draft_find(const struct build *b, uint32_t node,
                                      bool is_dir, uint32_t epoch)
{
    for (struct epoch_draft *at = b->epochs; at != NULL; at = at->next) {
        if (at->epoch.node == node && at->epoch.is_dir == is_dir &&
            at->epoch.epoch == epoch) {
            return at;
        }
    }
    return NULL;
}

/* Found, or new; NULL when memory ran out. */
static struct epoch_draft *draft_get(struct build *b, uint32_t node,
                                     bool is_dir, uint32_t epoch)
{
    struct epoch_draft *draft = draft_find(b, node, is_dir, epoch);

    if (draft == NULL && (draft = build_alloc(b, 1, sizeof(*draft))) != NULL) {
        *draft = (struct epoch_draft){
            .next = b->epochs,
            .epoch = {.node = node, .is_dir = is_dir, .epoch = epoch}};
        b->epochs = draft;
        b->epochs_len++;
    }
    return draft;
}

static enum standing closed(struct build *b, const struct dir_event *event,
                            const Qcdc__V1__EpochClosed *said)
{
    struct epoch_draft *draft = NULL;

    if (!node_may_certify(b, event->issuer, said->node,
                          event->leaf->header.on_day)) {
        return STANDING_NO_RIGHT;
    }
    draft = draft_get(b, said->node, said->dir, said->epoch);
    if (draft == NULL || draft->epoch.closed) {
        return STANDING_REPEATED; /* the first stands */
    }
    draft->epoch.closed = true;
    draft->epoch.size = said->size;
    draft->epoch.reason = (uint32_t)said->reason;
    draft->epoch.closing = event->leaf->id;
    if (said->root_hash.len == sizeof(draft->epoch.root)) {
        memcpy(&draft->epoch.root, said->root_hash.data, said->root_hash.len);
    }
    if (said->evidence_hash.len == sizeof(draft->epoch.evidence)) {
        draft->epoch.has_evidence = true;
        memcpy(draft->epoch.evidence, said->evidence_hash.data,
               said->evidence_hash.len);
    }
    return STANDING_EFFECTIVE;
}

/* Refs the closing of the epoch before. */
static enum standing opened(struct build *b, const struct dir_event *event,
                            const Qcdc__V1__EpochOpened *said)
{
    const struct epoch_draft *before =
        draft_find(b, said->node, said->dir, said->epoch - 1);
    struct event_id ref = header_ref(&event->leaf->header, 0);
    struct epoch_draft *draft = NULL;

    if (!node_may_certify(b, event->issuer, said->node,
                          event->leaf->header.on_day)) {
        return STANDING_NO_RIGHT;
    }
    if (before == NULL || !before->epoch.closed ||
        !event_id_equal(&before->epoch.closing, &ref)) {
        return STANDING_WAITING;
    }
    draft = draft_get(b, said->node, said->dir, said->epoch);
    if (draft == NULL || draft->epoch.has_key) {
        return STANDING_REPEATED;
    }
    draft->epoch.has_key = true;
    memcpy(&draft->epoch.key, said->log_key.data, sizeof(draft->epoch.key));
    return STANDING_EFFECTIVE;
}

static bool end_draft(struct build *b, const struct dir_epoch *end)
{
    struct epoch_draft *draft =
        draft_get(b, end->node, end->is_dir, end->epoch);

    if (draft == NULL || draft->epoch.closed) {
        return false; /* the first stands */
    }
    draft->epoch.closed = true;
    draft->epoch.size = end->size;
    draft->epoch.root = end->root;
    draft->epoch.reason = end->reason;
    draft->epoch.closing = end->closing;
    draft = draft_get(b, end->node, end->is_dir, end->epoch + 1);
    if (draft != NULL) {
        draft->epoch.has_key = true;
        draft->epoch.key = end->key; /* of the next one */
    }
    return draft != NULL;
}

enum standing epochs_succeed(struct build *b, const struct dir_event *event,
                             const Qcdc__V1__TopNodeCertified *said)
{
    struct dir_epoch end = {
        .node = said->node,
        .is_dir = true,
        .epoch = said->epoch - 1,
        .size = said->dir_size,
        .reason = QCDC__V1__EPOCH_REASON__EPOCH_REASON_TOP_REPLACED,
        .closing = event->leaf->id,
    };

    if (said->dir_root_hash.len != sizeof(end.root) ||
        said->log_root_hash.len != sizeof(end.root) ||
        said->keys->dir_log_key.len != sizeof(end.key) ||
        said->keys->log_key.len != sizeof(end.key)) {
        return STANDING_INVALID;
    }
    memcpy(&end.root, said->dir_root_hash.data, sizeof(end.root));
    memcpy(&end.key, said->keys->dir_log_key.data, sizeof(end.key));
    if (!end_draft(b, &end)) {
        return STANDING_REPEATED;
    }
    end.is_dir = false;
    end.size = said->log_size;
    memcpy(&end.root, said->log_root_hash.data, sizeof(end.root));
    memcpy(&end.key, said->keys->log_key.data, sizeof(end.key));
    (void)end_draft(b, &end);
    return STANDING_EFFECTIVE;
}

void epochs_read(struct build *b, size_t from, size_t until)
{
    for (size_t i = from; i < until; i++) {
        struct dir_event *event = &b->events[i];

        if (event->standing != STANDING_EFFECTIVE) {
            continue;
        }
        if (event->leaf->header.type == EVENT_EPOCH_CLOSED) {
            event->standing = closed(
                b, event,
                (const Qcdc__V1__EpochClosed *)(const void *)b->facts[i]);
        } else if (event->leaf->header.type == EVENT_EPOCH_OPENED) {
            event->standing = opened(
                b, event,
                (const Qcdc__V1__EpochOpened *)(const void *)b->facts[i]);
        }
    }
}

bool epoch_ended_before(const struct build *b, const struct dir_event *event)
{
    const struct epoch_draft *draft =
        draft_find(b, event->issuer, true, event->epoch);

    return draft != NULL && draft->epoch.closed &&
           event->position >= draft->epoch.size;
}

void faults_read(struct build *b)
{
    struct directory *dir = b->out;
    size_t len = 0;

    for (size_t i = 0; i < b->len; i++) {
        len += b->events[i].leaf->header.type == EVENT_CLOCK_FAULT ? 1 : 0;
    }
    dir->faults = build_alloc(b, len, sizeof(*dir->faults));
    for (size_t i = 0; dir->faults != NULL && i < b->len; i++) {
        struct dir_event *event = &b->events[i];
        const Qcdc__V1__ClockFault *said = NULL;

        if (event->standing != STANDING_EFFECTIVE ||
            event->leaf->header.type != EVENT_CLOCK_FAULT) {
            continue;
        }
        said = (const Qcdc__V1__ClockFault *)(const void *)b->facts[i];
        if ((said->node == event->issuer && event->issuer != dir->top) ||
            !node_draft_within(b, said->node, event->issuer)) {
            event->standing = STANDING_NO_RIGHT;
            continue;
        }
        dir->faults[dir->faults_len++] =
            (struct dir_fault){said->node, said->from_s, said->until_s};
    }
}

/* The epoch among those told (few) or added for this node just before. */
static struct dir_epoch *epoch_get(struct build *b, size_t told, size_t from,
                                   const struct dir_epoch *wanted)
{
    struct directory *dir = b->out;

    for (size_t i = told > 0 ? 0 : from; i < dir->epochs_len;
         i = i + 1 == told ? from : i + 1) {
        struct dir_epoch *at = &dir->epochs[i];

        if (at->node == wanted->node && at->is_dir == wanted->is_dir &&
            at->epoch == wanted->epoch) {
            return at;
        }
    }
    dir->epochs[dir->epochs_len] = *wanted;
    return &dir->epochs[dir->epochs_len++];
}

/* The oldest certificate that names an epoch gives its key, unless an opening
 * did. Directory logs get a later epoch by an opening alone. */
static void certified(struct build *b, size_t told, size_t from,
                      const struct dir_cert *cert)
{
    struct dir_epoch records = {.node = cert->node, .epoch = cert->epoch};
    struct dir_epoch dir = {.node = cert->node, .is_dir = true, .epoch = 1};
    struct dir_epoch *at = epoch_get(b, told, from, &records);

    if (!at->has_key) {
        at->has_key = true;
        at->key = cert->log_key;
    }
    if (!cert->has_dir_log) {
        return;
    }
    at = epoch_get(b, told, from, &dir);
    if (!at->has_key) {
        at->has_key = true;
        at->key = cert->dir_log_key;
    }
}

static int compare_epochs(const void *left, const void *right)
{
    const struct dir_epoch *a = left;
    const struct dir_epoch *b = right;
    int order = compare_number(a->node, b->node);

    order = order != 0 ? order : compare_number(a->is_dir, b->is_dir);
    return order != 0 ? order : compare_number(a->epoch, b->epoch);
}

void epochs_finish(struct build *b)
{
    struct directory *dir = b->out;
    size_t told = b->epochs_len;
    size_t size = told;

    for (size_t i = 0; i < dir->nodes_len; i++) {
        size += 2 * dir->nodes[i].certs_len;
    }
    dir->epochs = build_alloc(b, size, sizeof(*dir->epochs));
    if (dir->epochs == NULL) {
        return;
    }
    for (const struct epoch_draft *at = b->epochs; at != NULL; at = at->next) {
        dir->epochs[dir->epochs_len++] = at->epoch;
    }
    for (size_t i = 0; i < dir->nodes_len; i++) {
        size_t from = dir->epochs_len;

        for (size_t k = 0; k < dir->nodes[i].certs_len; k++) {
            certified(b, told, from, dir->nodes[i].certs[k]);
        }
    }
    if (dir->epochs_len > 0) {
        qsort(dir->epochs, dir->epochs_len, sizeof(*dir->epochs),
              compare_epochs);
    }
}

/* ---- questions to a directory that was built
 * ------------------------------------------------ */

const struct dir_epoch *directory_epoch(const struct directory *dir,
                                        uint32_t node, bool is_dir,
                                        uint32_t epoch)
{
    struct dir_epoch wanted = {.node = node, .is_dir = is_dir, .epoch = epoch};

    return dir->epochs_len == 0 ? NULL
                                : bsearch(&wanted, dir->epochs, dir->epochs_len,
                                          sizeof(*dir->epochs), compare_epochs);
}

uint32_t directory_epoch_now(const struct directory *dir, uint32_t node,
                             bool is_dir)
{
    struct dir_epoch wanted = {.node = node, .is_dir = is_dir, .epoch = 0};
    size_t low = 0;
    size_t high = dir->epochs_len;
    uint32_t now = 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_epochs(&dir->epochs[middle], &wanted) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < dir->epochs_len && dir->epochs[low].node == node &&
           dir->epochs[low].is_dir == is_dir;
         low++) {
        now = dir->epochs[low].has_key ? dir->epochs[low].epoch : now;
    }
    return now;
}

bool directory_beyond_end(const struct directory *dir, uint32_t node,
                          bool is_dir, uint32_t epoch, uint64_t position)
{
    const struct dir_epoch *found = directory_epoch(dir, node, is_dir, epoch);

    return found != NULL && found->closed && position >= found->size;
}

bool directory_time_is_faulty(const struct directory *dir, uint32_t cosigner,
                              uint64_t time_s)
{
    for (size_t i = 0; i < dir->faults_len; i++) {
        if (dir->faults[i].node == cosigner &&
            time_s >= dir->faults[i].from_s &&
            time_s <= dir->faults[i].until_s) {
            return true;
        }
    }
    return false;
}
