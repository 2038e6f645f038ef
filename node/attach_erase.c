/* Room: node. Owns what becomes of files that must not stay as they are: the
 * destruction of erased ones, after the commit of what
 * erased them: first the word is durable, then the bytes go. At open those that
 * were destroyed are looked for again, since a folder may have been copied
 * back; the putting away of damaged ones, and of those that no event names.
 * It must never decide what is erased (store/attachment.h). Next:
 * attach.c. */
#include "node/peers.h"

#include <stdlib.h>

#include "node/clock.h"
#include "node/log.h"
#include "protocol/base/hex.h"
#include "store/attachment.h"

#define PAGE 32u
#define RETRY_MS 60000u

bool attach_is_erased(struct engine *engine, const struct hash *file)
{
    struct store_attachment known;
    struct error ignored = {0};

    return store_attachment_find(engine->store, file, &known, &ignored) == 0 &&
           known.state >= STORE_ATTACHMENT_ERASED;
}

static int destroy(struct engine *engine, const struct hash *file,
                   struct error *err)
{
    char hex[65];
    int rc = store_file_destroy(engine->config->dir, file, err);

    rc = rc != 0 ? rc : engine_write(engine, err);
    rc = rc != 0 ? rc : store_attachment_gone(engine->store, file, err);
    if (rc == 0) {
        hex_encode(SPAN_OF(*file), hex);
        log_line(LOG_INFO, "attach", "destroyed", "file=%.16s", hex);
    }
    attach_recount(engine, file);
    share_forget(engine);
    return rc;
}

bool attach_destroy_is_due(const struct engine *engine)
{
    return store_attachment_erasing(engine->store) &&
           clock_steady_ms() >= engine->destroy_ms;
}

void attach_destroy(struct engine *engine)
{
    struct hash files[PAGE];
    struct error err = {0};
    size_t len = 0;
    int rc;

    if (!attach_destroy_is_due(engine) || store_in_transaction(engine->store)) {
        return;
    }
    rc = store_attachment_erased(engine->store, STORE_ATTACHMENT_ERASED, files,
                                 PAGE, &len, &err);
    for (size_t i = 0; i < len; i++) {
        struct error why = {0};
        int done = destroy(engine, &files[i], &why);

        if (rc == 0 && done != 0) {
            rc = done; /* the others go meanwhile */
            err = why;
        }
    }
    if (store_in_transaction(engine->store)) {
        struct error why = {0};
        int done = engine_commit(engine, &why);

        if (rc == 0 && done != 0) {
            rc = done;
            err = why;
        }
    }
    if (rc != 0) {
        engine->destroy_ms = clock_steady_ms() + RETRY_MS;
        engine_react(engine, "attach", "destroy", &err);
    }
}

int attach_destroy_again(struct engine *engine, struct error *err)
{
    size_t max = 0, len = 0;
    struct hash *files;
    uint64_t gone = 0, waiting = 0;
    int rc = store_attachment_erased_sum(engine->store, &gone, &waiting, err);

    if (rc != 0 || gone == 0) {
        return rc;
    }
    max = (size_t)gone;
    files = calloc(max, sizeof(*files));
    if (files == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for %zu names", max);
    }
    rc = store_attachment_erased(engine->store, STORE_ATTACHMENT_GONE, files,
                                 max, &len, err);
    for (size_t i = 0; rc == 0 && i < len; i++) {
        rc = store_file_destroy(engine->config->dir, &files[i], err);
        attach_recount(engine, &files[i]);
        if (rc != 0) {
            error_wrap(err, "an erased file is here again and cannot be "
                            "destroyed: let the node's user write there, or "
                            "remove it, then start again");
        }
    }
    free(files);
    return rc;
}

/* Gone or damaged: missing from now on, so that it is asked for again. */
static int held_suspect(struct engine *engine, const struct hash *file,
                        struct error *err)
{
    struct error why = {0};
    int rc = store_file_verify(engine->config->dir, file, &why);

    if (rc == 0) {
        return 0;
    }
    if (rc == ERR_CORRUPT) {
        rc = store_file_destroy(engine->config->dir, file, err);
    } else if (rc == ERR_NOTFOUND) {
        rc = 0;
    } else {
        *err = why;
    }
    rc = rc != 0 ? rc : engine_write(engine, err);
    rc = rc != 0 ? rc
                 : store_attachment_set(engine->store, file,
                                        STORE_ATTACHMENT_MISSING, err);
    engine->attach_named = UINT64_MAX;
    attach_recount(engine, file);
    share_forget(engine);
    return rc;
}

void engine_file_suspect(struct engine *engine, const struct hash *file)
{
    struct store_attachment known = {.state = STORE_ATTACHMENT_MISSING};
    struct error err = {0};
    char hex[65];
    int rc = store_attachment_find(engine->store, file, &known, &err);
    bool orphan = rc == ERR_NOTFOUND;

    if (orphan) {
        rc = store_file_is_old(engine->config->dir, file,
                               (int64_t)(engine_now_ms(engine) / 1000))
                 ? store_file_destroy(engine->config->dir, file, &err)
                 : 0;
    } else if (rc == 0 && known.state == STORE_ATTACHMENT_GONE) {
        rc = store_file_destroy(engine->config->dir, file, &err);
    } else if (rc == 0 && known.state == STORE_ATTACHMENT_HELD) {
        rc = held_suspect(engine, file, &err);
    }
    attach_recount(engine, file);
    if (rc != 0) {
        engine_react(engine, "attach", "suspect", &err);
        return;
    }
    hex_encode(SPAN_OF(*file), hex);
    log_line(LOG_WARN, "attach", orphan ? "orphan_removed" : "put_away",
             "file=%.16s", hex);
}
