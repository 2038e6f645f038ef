/* Room: node. Owns what follows an erasure on this machine: a list beside the
 * database, so that an older image put back is erased again before it serves
 * anything, and the making anew of the files while nothing else is to be done.
 * What is erased the store decides (store/erase.h). Next: loop.c. */
#include "node/engine_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/clock.h"
#include "node/lend.h"
#include "node/log.h"
#include "node/peers.h"
#include "protocol/base/hex.h"
#include "store/erase.h"
#include "store/recovery.h"
#include "store/restore.h"

#define RETRY_MS 60000u
#define PAGE 64u
#define LIST_MAX ((size_t)4 << 20)
#define LINE 35u /* 32 hex digits, a blank, the audience, a line feed */

/* ---- the list: one line a body, ids and numbers only ----------------------
 */

static int list_path(struct engine *engine, char path[CONFIG_PATH_SIZE],
                     struct error *err)
{
    return config_path(engine->config, "erased", path, err);
}

static void line_make(const struct store_erasure *erasure, char line[LINE + 1])
{
    char hex[33];

    hex_encode(SPAN_OF(erasure->event), hex);
    snprintf(line, LINE + 1, "%s %u\n", hex, erasure->audience);
}

/* Only ever grows: an older image knows fewer erasures than the list. */
static int list_add(struct engine *engine, FILE *list, const char *known,
                    struct error *err)
{
    struct store_erasure page[PAGE];
    struct store_erasure after = {.audience = 0};
    size_t len = 0;
    int rc;

    do {
        rc = store_erasure_list(engine->store, &after, page, PAGE, &len, err);
        for (size_t i = 0; rc == 0 && i < len; i++) {
            char line[LINE + 1];

            line_make(&page[i], line);
            after = page[i];
            if (page[i].acts && strstr(known, line) == NULL &&
                fputs(line, list) < 0) {
                rc = error_set(err, ERR_LIMIT, "the list of erasures: %s",
                               strerror(errno));
            }
        }
    } while (rc == 0 && len == PAGE);
    if (rc == 0 && (fflush(list) != 0 || fsync(fileno(list)) != 0)) {
        rc = error_set(err, ERR_LIMIT, "the list of erasures: %s",
                       strerror(errno));
    }
    return rc;
}

static int list_save(struct engine *engine, struct error *err)
{
    char path[CONFIG_PATH_SIZE];
    char *known;
    FILE *list;
    size_t len;
    int rc = list_path(engine, path, err);

    if (rc != 0) {
        return rc;
    }
    known = calloc(1, LIST_MAX + 1);
    list = fopen(path, "a+e");
    if (known == NULL || list == NULL) {
        rc = error_set(err, ERR_LIMIT, "%s: %s", path, strerror(errno));
    } else {
        rewind(list);
        len = fread(known, 1, LIST_MAX, list);
        known[len] = '\0';
        rc = list_add(engine, list, known, err);
    }
    if (list != NULL) {
        fclose(list);
    }
    free(known);
    return rc == 0 ? store_sync_dir(path, err) : rc;
}

/* ---- an image put back ----------------------------------------------------
 */

static int line_visit(const char *line, erased_fn visit, void *data,
                      struct error *err)
{
    struct error ignored = {0};
    struct event_id event;

    if (strlen(line) < LINE - 1 ||
        hex_decode(span_make((const uint8_t *)line, 32), &event, sizeof(event),
                   &ignored) != 0) {
        return 0;
    } /* cut off: the records will say it again */
    return visit(data, &event, (uint32_t)(line[33] - '0'), err);
}

static int again(void *data, const struct event_id *event, uint32_t audience,
                 struct error *err)
{
    const struct engine *engine = data;

    return store_erase(engine->store, event, audience, err);
}

int erased_each(struct engine *engine, erased_fn visit, void *data,
                struct error *err)
{
    struct store_erasure page[PAGE];
    struct store_erasure after = {.audience = 0};
    char path[CONFIG_PATH_SIZE];
    char line[LINE + 2];
    size_t len = 0;
    int rc = list_path(engine, path, err);
    FILE *list = rc == 0 ? fopen(path, "re") : NULL;

    while (rc == 0 && list != NULL && fgets(line, sizeof(line), list) != NULL) {
        rc = line_visit(line, visit, data, err);
    }
    if (list != NULL) {
        (void)fclose(list);
    }
    do {
        rc = rc != 0 ? rc
                     : store_erasure_list(engine->store, &after, page, PAGE,
                                          &len, err);
        for (size_t i = 0; rc == 0 && i < len; i++) {
            after = page[i];
            rc = page[i].acts
                     ? visit(data, &page[i].event, page[i].audience, err)
                     : 0;
        }
    } while (rc == 0 && len == PAGE);
    return rc;
}

int erase_again(struct engine *engine, struct error *err)
{
    char path[CONFIG_PATH_SIZE];
    char line[LINE + 2];
    bool restored = false;
    FILE *list;
    int rc = store_restored(engine->store, &restored, err);

    engine->restored = restored;
    if (rc != 0 || !restored) {
        return rc;
    }
    rc = list_path(engine, path, err);
    list = rc == 0 ? fopen(path, "re") : NULL;
    rc = rc != 0 ? rc : store_begin(engine->store, err);
    while (rc == 0 && list != NULL && fgets(line, sizeof(line), list) != NULL) {
        rc = line_visit(line, again, engine, err);
    }
    if (list != NULL) {
        fclose(list);
    }
    if (rc != 0) {
        if (store_in_transaction(engine->store)) {
            store_rollback(engine->store);
        }
        return rc;
    }
    log_line(LOG_INFO, "erase", "again", "text=\"a backup was put back\"");
    return store_commit(engine->store, err);
}

struct missing {
    struct engine *engine;
    bool any;
};

/* What is missing of a log may hold an erasure. Whoever has it gives it back as
 * soon as he is linked; who did not within a day is not waited for
 * (recover_is_lost). */
static int still_fetching(void *data, const struct store_recovery *recovery)
{
    struct missing *missing = data;
    struct store_log log;
    struct error ignored = {0};

    if (recovery->lent || recovery->done_s != 0 || missing->any) {
        return 0;
    }
    missing->any = store_log_get(missing->engine->store, recovery->log, &log,
                                 &ignored) != 0 ||
                   (log.head.size < recovery->until &&
                    !recover_is_lost(missing->engine, recovery));
    return 0;
}

/* The node moved away since, as the copy shows it: its log comes here no more.
 * What was erased here by its word stands in the list beside the database. */
static bool moved_away(const struct directory *dir, uint32_t self,
                       uint32_t node)
{
    return directory_node_was_within(dir, node, self) &&
           !directory_node_within(dir, node, self);
}

/* Does the peer hold more than is here of any log that comes here, be it ours?
 */
static bool holds_more(struct engine *engine, const struct link *link)
{
    const struct directory *dir = engine_directory(engine);
    struct link_lag lag;

    for (size_t i = 0; link_lag(link, i, &lag); i++) {
        if (lag.there > lag.here &&
            !moved_away(dir, engine_node(engine), lag.origin.node)) {
            return true;
        }
    }
    return false;
}

/* With its guard open and nothing left to fetch, the node knows every erasure
 * that anyone cosigned; without a guard nobody knows of more than it does. */
static bool is_up_to_date(struct engine *engine)
{
    const struct dir_cert *cert =
        directory_cert(engine_directory(engine), engine_node(engine));
    struct link_info info = {0};
    struct error ignored = {0};
    struct missing missing = {.engine = engine};
    struct peer *peer;

    if (engine->integrating ||
        store_recovery_each(engine->store, still_fetching, &missing,
                            &ignored) != 0 ||
        missing.any) {
        return false;
    }
    if (sequence_is_free(engine)) {
        return true;
    }
    peer = cert != NULL ? peer_of_node(engine, cert->guard) : NULL;
    if (peer == NULL || peer->link == NULL) {
        return false;
    }
    link_info(peer->link, &info);
    return info.state == LINK_OPEN && !holds_more(engine, peer->link);
}

int erase_catch_up(struct engine *engine, struct error *err)
{
    int rc;

    if (!engine->restored || !is_up_to_date(engine)) {
        return 0;
    }
    rc = engine_write(engine, err);
    rc = rc != 0 ? rc : store_restored_set(engine->store, false, err);
    engine->restored = rc != 0;
    if (rc == 0) {
        peers_restart(engine); /* deliveries waited for this */
        log_line(LOG_INFO, "erase", "caught_up",
                 "text=\"bodies may be read again\"");
    }
    return rc;
}

int engine_bodies_held_back(struct engine *engine, struct error *err)
{
    return engine->restored
               ? error_set(err, ERR_BUSY,
                           "restored from a copy: bodies open when the "
                           "erasures known above have come")
               : 0;
}

/* ---- the files ------------------------------------------------------------
 */

bool erase_is_due(struct engine *engine)
{
    struct error ignored = {0};
    bool due = false;

    return clock_steady_ms() >= engine->scrub_ms &&
           store_scrub_due(engine->store, &due, &ignored) == 0 && due;
}

void erase_scrub(struct engine *engine)
{
    struct error err = {0};
    uint64_t start_ms = clock_steady_ms();
    bool done = false;
    int rc;

    if (store_in_transaction(engine->store) || engine->verified_len > 0 ||
        !erase_is_due(engine)) {
        return;
    }
    rc = list_save(engine, &err);
    if (rc == 0 && engine->lend != NULL && store_scrub_is_long(engine->store)) {
        rc = lend_begin(engine, LEND_SCRUB, &err);
        if (rc != 0) {
            engine_react(engine, "erase", "scrub", &err);
            engine->scrub_ms = clock_steady_ms() + RETRY_MS;
        }
        return;
    }
    rc = rc != 0 ? rc : store_scrub(engine->store, &done, &err);
    if (rc != 0) {
        engine_react(engine, "erase", "scrub", &err);
    }
    if (!done) {
        engine->scrub_ms = clock_steady_ms() + RETRY_MS;
        return;
    }
    log_line(LOG_INFO, "erase", "scrubbed", "took_ms=%llu",
             (unsigned long long)(clock_steady_ms() - start_ms));
}
