/* A hand for the system tests: what looks at a node and changes nothing. Opens
 * the engine of a node that is stopped, or reads beside one that runs.
 * Next: drive.h. */
#include "tests/system/drive/drive.h"

#include "node/config.h"
#include "node/engine.h"
#include "protocol/base/hex.h"
#include "protocol/event/body.h"
#include "protocol/event/facts.h"
#include "protocol/event/receipt.h"
#include "store/book.h"
#include "store/check.h"
#include "store/log.h"
#include "store/query.h"
#include "store/spool.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int look_state(char **argv, struct error *err)
{
    struct sync_status status;
    int rc = drive_open(argv[0], err);

    if (rc == 0) {
        rc = engine_sync_status(drive.engine, &drive.arena, &status, err);
    }
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < status.logs_len; i++) {
        const struct sync_log *log = &status.logs[i];

        printf("log=%s size=%" PRIu64 " integrated=%" PRIu64 " guarded=%" PRIu64
               " frozen=%d\n",
               log->origin, log->size, log->integrated, log->guarded,
               log->frozen[0] != '\0');
    }
    for (size_t i = 0; i < status.peers_len; i++) {
        printf("peer=%u side=%s deliveries=%" PRIu64 " trouble=\"%s\"\n",
               status.peers[i].node, status.peers[i].side,
               status.peers[i].deliveries, status.peers[i].trouble);
    }
    printf("only_here=%" PRIu64 " spooled=%" PRIu64 "\n", status.only_here,
           status.spooled);
    return 0;
}

static int content_print(void *ctx, const char *path, struct span value,
                         struct error *err)
{
    (void)ctx;
    (void)err;
    printf("%s=%.*s\n", path, (int)value.len, (const char *)value.ptr);
    return 0;
}

int look_private(char **argv, struct error *err)
{
    char session[SESSION_TEXT_SIZE];
    struct event_id id;
    struct span plain;
    int rc = drive_open(argv[0], err);

    if (rc == 0) {
        rc = hex_decode(span_str(argv[2]), &id, sizeof(id), err);
    }
    if (rc == 0) {
        rc = engine_login(drive.engine, argv[1], PASSWORD, session, err);
    }
    if (rc == 0) {
        rc = engine_private_read(drive.engine, session, &id, &drive.arena,
                                 &plain, err);
    }
    if (rc == 0) {
        rc = engine_commit(drive.engine, err);
    }
    return rc != 0 ? rc
                   : facts_visit_as(body_private_shape(), plain, content_print,
                                    NULL, err);
}

int look_receipt(char **argv, struct error *err)
{
    static char space[262144];
    struct buf text = buf_over(space, sizeof(space));
    struct event_id id;
    int rc = drive_open(argv[0], err);

    if (rc == 0) {
        rc = hex_decode(span_str(argv[1]), &id, sizeof(id), err);
    }
    if (rc == 0) {
        rc = engine_receipt(drive.engine, &id, &text, err);
    }
    if (rc == 0) {
        fwrite(text.ptr, 1, text.len, stdout);
    }
    return rc;
}

int look_verify(char **argv, struct error *err)
{
    static char policy_space[1 << 20];
    static char text[262144];
    struct buf policy = buf_over(policy_space, sizeof(policy_space));
    struct receipt_proof proof;
    struct sign_public root;
    FILE *file = fopen(argv[1], "r");
    size_t len = file == NULL ? 0 : fread(text, 1, sizeof(text), file);
    int rc = drive_open(argv[0], err);

    if (file != NULL) {
        fclose(file);
    }
    if (rc == 0) {
        rc = engine_policy(drive.engine, &policy, err);
    }
    if (rc == 0) {
        char said[2048];
        struct buf lines = buf_over(said, sizeof(said));

        root = engine_root_key(drive.engine);
        rc = receipt_verify(span_make(text, len), &root, buf_span(&policy),
                            &drive.arena, &proof, err);
        if (rc == 0) {
            receipt_describe(&proof, false, &lines);
            fwrite(said, 1, lines.len, stdout);
        }
    }
    return rc;
}

static int finding_print(void *data, const struct store_finding *finding)
{
    (void)data;
    printf("finding=%s text=\"%s\"\n", finding->what, finding->text);
    return 0;
}

int look_check(char **argv, struct error *err)
{
    struct store_check_options options = {.visit = finding_print};
    uint64_t findings = 0;
    int rc = drive_open(argv[0], err);

    if (rc == 0) {
        uint64_t now_ms = engine_now_ms(drive.engine);

        options.now.time_s = (int64_t)(now_ms / 1000);
        options.now.day = (uint32_t)((now_ms / 1000 + 25200) / 86400);
        rc = store_check(engine_store(drive.engine), &options, &findings, err);
    }
    if (rc == 0) {
        printf("findings=%" PRIu64 "\n", findings);
        rc = findings == 0 ? 0 : error_set(err, ERR_CORRUPT, "findings");
    }
    return rc;
}

/* Another process may read while the node runs. */
static int reader_open(const char *dir, struct store **store, struct error *err)
{
    char path[CONFIG_PATH_SIZE];
    struct store_options options = {.path = path, .read_only = true};
    int rc = config_load(&drive.config, dir, err);

    if (rc == 0) {
        rc = config_path(&drive.config, "store.db", path, err);
    }
    return rc != 0 ? rc : store_open(&options, store, err);
}

static int log_print(void *data, const struct store_log *log)
{
    char root[65];

    (void)data;
    hex_encode(SPAN_OF(log->head.root.bytes), root);
    printf("log=%s size=%" PRIu64 " integrated=%" PRIu64 " guarded=%" PRIu64
           " cosigs=%" PRIu64 " mirrored=%d frozen=\"%s\" root=%s\n",
           log->origin, log->head.size, log->integrated, log->guarded,
           log->cosigs, log->mirrored, log->frozen, root);
    return 0;
}

int look_peek(char **argv, struct error *err)
{
    struct store *store = NULL;
    struct store_spool_state spool = {0};
    int rc = reader_open(argv[0], &store, err);

    if (rc == 0) {
        rc = store_log_each(store, log_print, NULL, err);
    }
    if (rc == 0) {
        rc = store_spool_state(store, false, &spool, err);
    }
    if (rc == 0) {
        printf("spooled=%" PRIu64 "\n", spool.count);
    }
    store_close(store);
    return rc;
}

int look_has(char **argv, struct error *err)
{
    struct store *store = NULL;
    struct store_event found;
    struct event_id id;
    int rc = reader_open(argv[0], &store, err);

    if (rc == 0) {
        rc = hex_decode(span_str(argv[1]), &id, sizeof(id), err);
    }
    if (rc == 0) {
        rc = store_event_find(store, &id, &drive.arena, &found, err);
    }
    if (rc == 0) {
        printf("standing=%u\n", found.standing);
    }
    store_close(store);
    return rc;
}

/* Each line of standard input is a key of an import. */
int look_arrived(char **argv, struct error *err)
{
    struct store *here = NULL;
    struct store *there = NULL;
    struct store_event found;
    struct event_id id;
    char key[256];
    char hex[33];
    int rc = reader_open(argv[0], &here, err);

    if (rc == 0) {
        rc = reader_open(argv[1], &there, err);
    }
    while (rc == 0 && fgets(key, sizeof(key), stdin) != NULL) {
        key[strcspn(key, "\n")] = '\0';
        arena_reset(&drive.arena);
        rc = store_import_find(here, key, &id, err);
        if (rc == 0) {
            rc = store_event_find(there, &id, &drive.arena, &found, err);
        }
        if (rc != 0) {
            (void)error_wrap(err, "%.80s", key);
        } else {
            hex_encode(SPAN_OF(id), hex);
            puts(hex);
        }
    }
    store_close(here);
    store_close(there);
    return rc;
}

static void line_hash(void *data, const char *text)
{
    hasher_add(data, span_str(text));
    hasher_add(data, span_str("\n"));
}

int look_dump(char **argv, struct error *err)
{
    struct store *store = NULL;
    struct hasher hasher;
    struct hash hash;
    char hex[65];
    int rc = reader_open(argv[0], &store, err);

    hasher_init(&hasher);
    if (rc == 0) {
        rc = store_dump(store, line_hash, &hasher, err);
    }
    if (rc == 0) {
        hash = hasher_end(&hasher);
        hex_encode(SPAN_OF(hash), hex);
        printf("dump=%s\n", hex);
    }
    store_close(store);
    return rc;
}
