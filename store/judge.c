/* store: does an event count, before any fold: its signature, its type, the
 * log it stands in, the right of its key (formats.md section 3), and whether a
 * superior barred the key or ended the log.
 *
 * A pure function of what is held. Must never look at a body. Directory events
 * are judged by protocol/record/directory. Read next: integrate.c.
 */
#include "store/store_parts.h"

#include "protocol/record/calendar.h"
#include "store/directory.h"

/* Registrar of the unit: holds every right there. */
static bool is_registrar(const struct judge_input *in)
{
    const struct header *header = &in->leaf->header;

    return directory_registrar(in->directory, header->node, header->unit,
                               &header->actor) != NULL;
}

static bool is_node_actor(const struct judge_input *in)
{
    const struct header *header = &in->leaf->header;
    const struct dir_node *node = directory_node(in->directory, header->node);
    size_t i;

    for (i = 0; node != NULL && i < node->certs_len; i++) {
        struct key_id id = key_id_of(SPAN_OF(node->certs[i]->actor_key));

        if (memcmp(&id, &header->actor, sizeof(id)) == 0) {
            return true;
        }
    }
    return false;
}

static int actor_standing(struct store *store, const struct judge_input *in,
                          const struct event_type *type, struct judgement *out,
                          struct error *err)
{
    const struct header *header = &in->leaf->header;
    struct actor_mark mark;
    int rc;

    out->lacks = LACKS_ALL;
    rc = actor_before(store, header->node, &header->actor, header->unit,
                      in->rank, &mark, err);
    if (rc != 0 && rc != ERR_NOTFOUND) {
        return rc;
    }
    if (rc == 0 && !mark.revoked) {
        out->lacks = event_lacks(type, mark.rights);
    }
    /* Asked last: it hashes keys. Few have the right to denunciations. */
    if ((out->lacks & LACKS_ORDINARY) != 0 && is_registrar(in)) {
        out->lacks = 0;
    }
    out->standing =
        out->lacks == LACKS_ALL ? STANDING_NO_RIGHT : STANDING_EFFECTIVE;
    return 0;
}

/* What a superior said of the key: one who left has no right any more, what a
 * stolen one signed waits for an official in good standing. */
static void bar(const struct judge_input *in, const struct event_type *type,
                struct judgement *out)
{
    const struct header *header = &in->leaf->header;
    const struct dir_bar *found;

    if (out->standing != STANDING_EFFECTIVE || in->directory->bars_len == 0) {
        return;
    }
    found = directory_bar(in->directory, header->node, header->unit,
                          &header->actor, (uint32_t)(in->rank >> PLACE_BITS),
                          in->rank & PLACE_INDEX_MAX,
                          day_of_ms(header->recorded_ms));
    if (found == NULL) {
        return;
    }
    out->standing = found->compromised && type->signer == EVENT_SIGNER_ACTOR
                        ? STANDING_NEEDS_APPROVAL
                        : STANDING_NO_RIGHT;
}

/* Its log ended before it (LogEnded): nothing beyond counts. */
static bool is_after_end(const struct judge_input *in)
{
    const struct dir_end *end =
        in->log->id == 0 ? NULL
                         : directory_end(in->directory, in->log->node,
                                         in->log->is_dir, in->log->epoch);

    return end != NULL && (in->rank & PLACE_INDEX_MAX) >= end->size;
}

static int signer_standing(struct store *store, const struct judge_input *in,
                           const struct event_type *type, struct judgement *out,
                           struct error *err)
{
    out->standing = STANDING_NO_RIGHT;
    if (in->signature == SIGNATURE_UNKNOWN) {
        return 0; /* its key is in no certificate that is held */
    }
    switch (type->signer) {
    case EVENT_SIGNER_ACTOR:
        return actor_standing(store, in, type, out, err);
    case EVENT_SIGNER_REGISTRAR:
        out->standing =
            is_registrar(in) ? STANDING_EFFECTIVE : STANDING_NO_RIGHT;
        return 0;
    case EVENT_SIGNER_NODE_ACTOR:
        out->standing =
            is_node_actor(in) ? STANDING_EFFECTIVE : STANDING_NO_RIGHT;
        return 0;
    case EVENT_SIGNER_ADMIN:
    case EVENT_SIGNER_ROOT:
        out->standing = STANDING_WRONG_LOG; /* these live in directory logs */
        return 0;
    }
    return 0;
}

int judge(struct store *store, const struct judge_input *in,
          struct judgement *out, struct error *err)
{
    enum event_reading reading;
    const struct event_type *type;
    const struct ProtobufCMessage *facts;
    struct error why;
    size_t mark = store->scratch.used;
    int rc;

    out->lacks = 0;
    if (in->signature == SIGNATURE_BAD) {
        out->standing = STANDING_BAD_SIGNATURE;
        return 0;
    }
    if (!in->leaf->understood) {
        out->standing = STANDING_NOT_UNDERSTOOD;
        return 0;
    }
    rc = event_read(in->leaf, &store->scratch, &reading, &type, &facts, &why);
    arena_rewind(&store->scratch, mark);
    store->scratch.ran_out = false;
    if (rc != 0 || reading == EVENT_READ_INVALID) {
        out->standing = STANDING_INVALID;
        return 0;
    }
    if (reading == EVENT_READ_NOT_UNDERSTOOD) {
        out->standing = STANDING_NOT_UNDERSTOOD;
        return 0;
    }
    if (in->leaf->header.node != in->log->node || type->log == EVENT_LOG_DIR) {
        out->standing = STANDING_WRONG_LOG;
        return 0;
    }
    if (is_after_end(in)) {
        out->standing = STANDING_AFTER_END;
        return 0;
    }
    rc = signer_standing(store, in, type, out, err);
    bar(in, type, out);
    return rc;
}
