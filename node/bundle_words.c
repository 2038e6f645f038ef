/* Room: node. Owns how a bundle tells who leads the realm: the root key's words
 * go both ways in every one, and prove themselves. The machine that took the
 * top node's number signs with keys that stand in a directory log which cannot
 * be read without its word: so the word is taken first, from whoever brings it,
 * and only then the bundle's own signature is looked at. It must never believe
 * anything else of a bundle whose sender is not known. Next: successor.c,
 * bundle_read.c. */
#include "node/bundle_writing.h"

#include <stdio.h>

#include "node/clock.h"
#include "node/successor.h"
#include "store/book.h"

/* ---- out ---- */

static int word_say(void *data, struct span word, struct error *err)
{
    struct frame frame = {.kind = FRAME_SUCCESSOR};

    frame.successor = word;
    return writing_add(data, &frame, err);
}

int writing_words(struct writing *w, struct error *err)
{
    return successor_each(w->engine, word_say, w, err);
}

bool bundle_receiver_key(struct engine *engine, uint32_t node,
                         struct box_public *out)
{
    const struct dir_cert *cert =
        directory_cert(engine_directory(engine), node);
    const struct successor *word = successor_ahead(engine, node);

    if (word == NULL && cert == NULL) {
        return false;
    }
    *out = word != NULL ? word->curve_key : cert->curve_key;
    return true;
}

bool bundle_is_news_to(const struct writing *w)
{
    return w->engine->successor.epoch != 0 &&
           w->engine->successor.node == w->to && w->known.round != 0 &&
           w->known.round < w->engine->successor.made_ms;
}

/* ---- in ---- */

bool bundle_sender_key(struct engine *engine, uint32_t node,
                       struct sign_public *out)
{
    const struct dir_cert *cert =
        directory_cert(engine_directory(engine), node);
    const struct successor *word = successor_ahead(engine, node);

    if (word == NULL && cert == NULL) {
        return false;
    }
    *out = word != NULL ? word->actor_key : cert->actor_key;
    return true;
}

int bundle_word_take(struct engine *engine, struct bundle_job *job,
                     const struct frame *frame, struct error *err)
{
    struct error why = {0};
    int rc = successor_take(engine, frame->successor, &why);

    if (rc != ERR_UNTRUSTED && rc != ERR_MALFORMED) {
        *err = why;
        return rc;
    }
    /* As on a link: it is not believed and shown, the rest stands. */
    (void)snprintf(job->status.note, sizeof(job->status.note), "%.250s",
                   why.text);
    rc = engine_write(engine, err);
    return rc != 0 ? rc
                   : store_peer_refuse(engine->store, job->head.from, why.text,
                                       (int64_t)(clock_now_ms() / 1000), err);
}
