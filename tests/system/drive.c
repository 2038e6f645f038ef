/* A hand for the system tests: sets up nodes and records events while the node
 * is stopped, and says how far logs are. Calls the doors that the commands
 * call; prints one line of `key=value` per answer.
 *
 *   drive init DIR ROOTKEY UNITS [RULES] PORT     a demo realm, node 1
 *   drive invite DIR NODE AUTO [ENDPOINT [REASON]]  prints the line
 *   drive join DIR LINE PORT|0                    prints the fingerprint
 *   drive confirm DIR FINGERPRINT
 *   drive official DIR NAME UNIT RIGHTS
 *   drive petitions DIR NAME COUNT PREFIX         keys PREFIX-1 ...
 *   drive event DIR NAME TYPE path=value ...      prints id and code
 *   drive state DIR                               logs, spool, only_here
 *   drive private DIR NAME ID                     prints the content
 *   drive receipt DIR ID
 *   drive verify DIR FILE                         a receipt, by DIR's policy
 *   drive check DIR
 *   drive peek DIR                                while the node runs: its logs
 *   drive dump DIR                                records and cells, hashed
 *   drive has DIR ID                              0 if the event is held
 *   drive arrived DIR SUPERIOR <KEYS              ids of what was imported in
 *                                                 DIR, all held at SUPERIOR
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/config.h"
#include "node/engine.h"
#include "node/setup.h"
#include "protocol/base/hex.h"
#include "protocol/event/body.h"
#include "protocol/event/facts.h"
#include "protocol/event/receipt.h"
#include "store/book.h"
#include "store/check.h"
#include "store/log.h"
#include "store/query.h"
#include "store/spool.h"

#define PASSWORD "mot hai ba bon"

static struct arena arena;
static struct config config;
static struct engine *engine;

static int fail(const struct error *err)
{
    fprintf(stderr, "drive: %s: %s\n", err_name(err->code), err->text);
    return err_exit_status(err->code);
}

static int opened(const char *dir, struct error *err)
{
    int rc = config_load(&config, dir, err);

    return rc != 0 ? rc : engine_open(&config, &engine, err);
}

static int init(int argc, char **argv, struct error *err)
{
    static struct setup_result result;
    char listen[64];
    struct init_request request = {.dir = argv[0],
                                   .realm = "thu",
                                   .root_key_path = argv[1],
                                   .units_path = argv[2],
                                   .rules_path = argc > 4 ? argv[3] : NULL,
                                   .listen = listen,
                                   .node = 1,
                                   .demo = true};
    int rc;

    snprintf(listen, sizeof(listen), "tcp://127.0.0.1:%s", argv[argc - 1]);
    rc = setup_init(&request, &result, err);
    if (rc == 0) {
        printf("root=%s units=%u secrets=%zu\n", result.root_key, result.units,
               result.secrets_len);
    }
    return rc;
}

static int join(char **argv, struct error *err)
{
    static struct setup_result result;
    char listen[64];
    struct join_request_options request = {.dir = argv[0],
                                           .invitation = argv[1]};
    int rc;

    if (strcmp(argv[2], "0") != 0) {
        snprintf(listen, sizeof(listen), "tcp://127.0.0.1:%s", argv[2]);
        request.listen = listen;
    }
    rc = setup_join(&request, &result, err);
    if (rc == 0) {
        printf("node=%u fingerprint=%s\n", result.node, result.fingerprint);
    }
    return rc;
}

static int invite(int argc, char **argv, struct error *err)
{
    struct invite_request request = {
        .node = (uint32_t)atoi(argv[1]),
        .endpoint = argc > 3 && argv[3][0] != '\0' ? argv[3] : NULL,
        .reason = argc > 4 ? argv[4] : NULL,
        .has_dir = atoi(argv[1]) <= 11,
        .auto_confirm = argv[2][0] == '1'};
    char space[2048];
    struct buf line = buf_over(space, sizeof(space) - 1);
    int rc = opened(argv[0], err);

    if (rc == 0) {
        rc = engine_invite(engine, &request, &line, err);
    }
    if (rc == 0) {
        rc = engine_commit(engine, err);
    }
    if (rc == 0) {
        printf("%.*s\n", (int)line.len, space);
    }
    return rc;
}

static int official(char **argv, struct error *err)
{
    struct official_request request = {.name = argv[1],
                                       .post = "Cán bộ tiếp dân",
                                       .password = PASSWORD,
                                       .unit = (uint32_t)atoi(argv[2]),
                                       .rights = (uint32_t)atoi(argv[3])};
    struct event_id id;
    int rc = opened(argv[0], err);

    if (rc == 0) {
        rc = engine_official_add(engine, &request, &id, err);
    }
    return rc != 0 ? rc : engine_commit(engine, err);
}

static void result_print(const struct record_result *result)
{
    char id[33];

    hex_encode(SPAN_OF(result->id), id);
    printf("id=%s code=%s standing=%u unit=%u repeated=%d\n", id, result->code,
           result->standing, result->unit, result->repeated);
}

static int petitions(char **argv, struct error *err)
{
    char session[SESSION_TEXT_SIZE];
    int count = atoi(argv[2]);
    int rc = opened(argv[0], err);

    if (rc == 0) {
        rc = engine_login(engine, argv[1], PASSWORD, session, err);
    }
    for (int i = 1; rc == 0 && i <= count; i++) {
        char key[64];
        char content[80];
        struct field_pair fields[] = {{"channel", "counter"},
                                      {"kind", "proposal"},
                                      {"field", "land"},
                                      {"person_known", "true"},
                                      {"key", key},
                                      {"text.title", content},
                                      {"private.persons[0].name", "Y Thử"},
                                      {"private.content", content}};
        struct record_row row = {
            .type = "PetitionReceived", .fields = fields, .fields_len = 8};
        struct record_result result;

        snprintf(key, sizeof(key), "%s-%d", argv[3], i);
        row.request_id = span_str(key);
        snprintf(content, sizeof(content), "Kiến nghị %s số %d", argv[3], i);
        arena_reset(&arena);
        rc = engine_record(engine, session, &row, &arena, &result, err);
        if (rc == 0) {
            rc = engine_commit(engine, err);
        }
        if (rc == 0 && (i == count || i == 1)) {
            result_print(&result);
        }
    }
    return rc;
}

static int event(int argc, char **argv, struct error *err)
{
    char session[SESSION_TEXT_SIZE];
    struct field_pair fields[64];
    struct record_row row = {.type = argv[2], .fields = fields};
    struct record_result result;
    int rc = opened(argv[0], err);

    for (int i = 3; i < argc && row.fields_len < 64; i++) {
        char *equals = strchr(argv[i], '=');

        if (equals == NULL) {
            return error_set(err, ERR_USAGE, "%s: no =", argv[i]);
        }
        *equals = '\0';
        fields[row.fields_len++] = (struct field_pair){argv[i], equals + 1};
    }
    if (rc == 0 && strcmp(argv[1], "-") != 0) {
        rc = engine_login(engine, argv[1], PASSWORD, session, err);
    }
    if (rc == 0) {
        rc = engine_record(engine, strcmp(argv[1], "-") != 0 ? session : NULL,
                           &row, &arena, &result, err);
    }
    if (rc == 0) {
        rc = engine_commit(engine, err);
    }
    if (rc == 0) {
        result_print(&result);
    }
    return rc;
}

static int state(char **argv, struct error *err)
{
    struct sync_status status;
    int rc = opened(argv[0], err);

    if (rc == 0) {
        rc = engine_sync_status(engine, &arena, &status, err);
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

static int private_show(char **argv, struct error *err)
{
    char session[SESSION_TEXT_SIZE];
    struct event_id id;
    struct span plain;
    int rc = opened(argv[0], err);

    if (rc == 0) {
        rc = hex_decode(span_str(argv[2]), &id, sizeof(id), err);
    }
    if (rc == 0) {
        rc = engine_login(engine, argv[1], PASSWORD, session, err);
    }
    if (rc == 0) {
        rc = engine_private_read(engine, session, &id, &arena, &plain, err);
    }
    if (rc == 0) {
        rc = engine_commit(engine, err);
    }
    return rc != 0 ? rc
                   : facts_visit_as(body_private_shape(), plain, content_print,
                                    NULL, err);
}

static int receipt(char **argv, struct error *err)
{
    static char space[262144];
    struct buf text = buf_over(space, sizeof(space));
    struct event_id id;
    int rc = opened(argv[0], err);

    if (rc == 0) {
        rc = hex_decode(span_str(argv[1]), &id, sizeof(id), err);
    }
    if (rc == 0) {
        rc = engine_receipt(engine, &id, &text, err);
    }
    if (rc == 0) {
        fwrite(text.ptr, 1, text.len, stdout);
    }
    return rc;
}

static int verify(char **argv, struct error *err)
{
    static char policy_space[1 << 20];
    static char text[262144];
    struct buf policy = buf_over(policy_space, sizeof(policy_space));
    struct receipt_proof proof;
    struct sign_public root;
    FILE *file = fopen(argv[1], "r");
    size_t len = file == NULL ? 0 : fread(text, 1, sizeof(text), file);
    int rc = opened(argv[0], err);

    if (file != NULL) {
        fclose(file);
    }
    if (rc == 0) {
        rc = engine_policy(engine, &policy, err);
    }
    if (rc == 0) {
        char said[2048];
        struct buf lines = buf_over(said, sizeof(said));

        root = engine_root_key(engine);
        rc = receipt_verify(span_make(text, len), &root, buf_span(&policy),
                            &arena, &proof, err);
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

static int check(char **argv, struct error *err)
{
    struct store_check_options options = {.visit = finding_print};
    uint64_t findings = 0;
    int rc = opened(argv[0], err);

    if (rc == 0) {
        uint64_t now_ms = engine_now_ms(engine);

        options.now.time_s = (int64_t)(now_ms / 1000);
        options.now.day = (uint32_t)((now_ms / 1000 + 25200) / 86400);
        rc = store_check(engine_store(engine), &options, &findings, err);
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
    int rc = config_load(&config, dir, err);

    if (rc == 0) {
        rc = config_path(&config, "store.db", path, err);
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

static int peek(char **argv, struct error *err)
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

static int has(char **argv, struct error *err)
{
    struct store *store = NULL;
    struct store_event found;
    struct event_id id;
    int rc = reader_open(argv[0], &store, err);

    if (rc == 0) {
        rc = hex_decode(span_str(argv[1]), &id, sizeof(id), err);
    }
    if (rc == 0) {
        rc = store_event_find(store, &id, &arena, &found, err);
    }
    if (rc == 0) {
        printf("standing=%u\n", found.standing);
    }
    store_close(store);
    return rc;
}

/* Each line of standard input is a key of an import. */
static int arrived(char **argv, struct error *err)
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
        arena_reset(&arena);
        rc = store_import_find(here, key, &id, err);
        if (rc == 0) {
            rc = store_event_find(there, &id, &arena, &found, err);
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

static int dump(char **argv, struct error *err)
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

static int confirm(char **argv, struct error *err)
{
    uint32_t node = 0;
    int rc = opened(argv[0], err);

    if (rc == 0) {
        rc = engine_join_confirm(engine, argv[1], &node, err);
    }
    if (rc == 0) {
        rc = engine_commit(engine, err);
    }
    if (rc == 0) {
        printf("node=%u\n", node);
    }
    return rc;
}

int main(int argc, char **argv)
{
    struct error err = {0};
    const char *verb = argc > 2 ? argv[1] : "";
    int rc = arena_new(&arena, 64u << 20, &err);

    if (rc == 0) {
        rc = crypto_start(&err);
    }
    if (rc != 0) {
        return fail(&err);
    }
    rc = error_set(&err, ERR_USAGE, "see the head of drive.c");
    if (strcmp(verb, "init") == 0 && argc >= 6) {
        rc = init(argc - 2, argv + 2, &err);
    } else if (strcmp(verb, "join") == 0 && argc == 5) {
        rc = join(argv + 2, &err);
    } else if (strcmp(verb, "invite") == 0 && argc >= 5) {
        rc = invite(argc - 2, argv + 2, &err);
    } else if (strcmp(verb, "confirm") == 0 && argc == 4) {
        rc = confirm(argv + 2, &err);
    } else if (strcmp(verb, "official") == 0 && argc == 6) {
        rc = official(argv + 2, &err);
    } else if (strcmp(verb, "petitions") == 0 && argc == 6) {
        rc = petitions(argv + 2, &err);
    } else if (strcmp(verb, "event") == 0 && argc >= 5) {
        rc = event(argc - 2, argv + 2, &err);
    } else if (strcmp(verb, "state") == 0) {
        rc = state(argv + 2, &err);
    } else if (strcmp(verb, "private") == 0 && argc == 5) {
        rc = private_show(argv + 2, &err);
    } else if (strcmp(verb, "receipt") == 0 && argc == 4) {
        rc = receipt(argv + 2, &err);
    } else if (strcmp(verb, "verify") == 0 && argc == 4) {
        rc = verify(argv + 2, &err);
    } else if (strcmp(verb, "check") == 0) {
        rc = check(argv + 2, &err);
    } else if (strcmp(verb, "has") == 0 && argc == 4) {
        rc = has(argv + 2, &err);
    } else if (strcmp(verb, "arrived") == 0 && argc == 4) {
        rc = arrived(argv + 2, &err);
    } else if (strcmp(verb, "peek") == 0) {
        rc = peek(argv + 2, &err);
    } else if (strcmp(verb, "dump") == 0) {
        rc = dump(argv + 2, &err);
    }
    engine_close(engine);
    arena_release(&arena);
    return rc == 0 ? 0 : fail(&err);
}
