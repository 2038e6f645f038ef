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

#include "tests/system/drive/drive.h"

#include "node/config.h"
#include "node/engine.h"
#include "node/setup.h"
#include "protocol/base/hex.h"
#include "protocol/event/facts.h"

struct drive drive;

static int fail(const struct error *err)
{
    fprintf(stderr, "drive: %s: %s\n", err_name(err->code), err->text);
    return err_exit_status(err->code);
}

int drive_open(const char *dir, struct error *err)
{
    int rc = config_load(&drive.config, dir, err);

    return rc != 0 ? rc : engine_open(&drive.config, &drive.engine, err);
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
    int rc = drive_open(argv[0], err);

    if (rc == 0) {
        rc = engine_invite(drive.engine, &request, &line, err);
    }
    if (rc == 0) {
        rc = engine_commit(drive.engine, err);
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
    int rc = drive_open(argv[0], err);

    if (rc == 0) {
        rc = engine_official_add(drive.engine, &request, &id, err);
    }
    return rc != 0 ? rc : engine_commit(drive.engine, err);
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
    int rc = drive_open(argv[0], err);

    if (rc == 0) {
        rc = engine_login(drive.engine, argv[1], PASSWORD, session, err);
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
        arena_reset(&drive.arena);
        rc = engine_record(drive.engine, session, &row, &drive.arena, &result,
                           err);
        if (rc == 0) {
            rc = engine_commit(drive.engine, err);
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
    int rc = drive_open(argv[0], err);

    for (int i = 3; i < argc && row.fields_len < 64; i++) {
        char *equals = strchr(argv[i], '=');

        if (equals == NULL) {
            return error_set(err, ERR_USAGE, "%s: no =", argv[i]);
        }
        *equals = '\0';
        fields[row.fields_len++] = (struct field_pair){argv[i], equals + 1};
    }
    if (rc == 0 && strcmp(argv[1], "-") != 0) {
        rc = engine_login(drive.engine, argv[1], PASSWORD, session, err);
    }
    if (rc == 0) {
        rc = engine_record(drive.engine,
                           strcmp(argv[1], "-") != 0 ? session : NULL, &row,
                           &drive.arena, &result, err);
    }
    if (rc == 0) {
        rc = engine_commit(drive.engine, err);
    }
    if (rc == 0) {
        result_print(&result);
    }
    return rc;
}

static int confirm(char **argv, struct error *err)
{
    uint32_t node = 0;
    int rc = drive_open(argv[0], err);

    if (rc == 0) {
        rc = engine_join_confirm(drive.engine, argv[1], &node, err);
    }
    if (rc == 0) {
        rc = engine_commit(drive.engine, err);
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
    int rc = arena_new(&drive.arena, 64u << 20, &err);

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
        rc = look_state(argv + 2, &err);
    } else if (strcmp(verb, "private") == 0 && argc == 5) {
        rc = look_private(argv + 2, &err);
    } else if (strcmp(verb, "receipt") == 0 && argc == 4) {
        rc = look_receipt(argv + 2, &err);
    } else if (strcmp(verb, "verify") == 0 && argc == 4) {
        rc = look_verify(argv + 2, &err);
    } else if (strcmp(verb, "check") == 0) {
        rc = look_check(argv + 2, &err);
    } else if (strcmp(verb, "has") == 0 && argc == 4) {
        rc = look_has(argv + 2, &err);
    } else if (strcmp(verb, "arrived") == 0 && argc == 4) {
        rc = look_arrived(argv + 2, &err);
    } else if (strcmp(verb, "peek") == 0) {
        rc = look_peek(argv + 2, &err);
    } else if (strcmp(verb, "dump") == 0) {
        rc = look_dump(argv + 2, &err);
    }
    engine_close(drive.engine);
    arena_release(&drive.arena);
    return rc == 0 ? 0 : fail(&err);
}
