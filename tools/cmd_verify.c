/* tools: `qcdc verify`, a receipt checked with nothing but the realm's root
 * key and a policy file, or evidence of two histories with the root key alone.
 * Never asks a node: that is the point. Next: verify_evidence.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/event/receipt.h"
#include "tools/command.h"
#include "tools/verify_evidence.h"

#define RECEIPT_MAX ((size_t)8 * 1024 * 1024)

extern const struct command cmd_check;

/* 64 hex characters, or a file that begins with them. */
static int read_root(const struct cli *cli, struct sign_public *root,
                     struct error *err)
{
    const char *text = cli_option(cli, "root");
    struct error ignored = {0};
    char *file = NULL;
    size_t len = 0;

    if (text == NULL) {
        return error_set(err, ERR_USAGE,
                         "--root: the realm's root key is needed, 64 hex "
                         "characters or a file with them");
    }
    if (hex_decode(span_str(text), root->bytes, sizeof(root->bytes),
                   &ignored) == 0) {
        return 0;
    }
    int rc = file_read(text, 4096, &file, &len, err);

    if (rc == ERR_NOTFOUND) {
        return error_set(err, rc,
                         "--root: \"%.80s\" is neither 64 hex characters nor a "
                         "file that is there",
                         text);
    }
    if (rc == 0) {
        rc = hex_decode(span_make(file, strcspn(file, " \r\n")), root->bytes,
                        sizeof(root->bytes), err);
        rc = rc < 0 ? error_wrap(err, "--root %.80s", text) : 0;
        free(file);
    }
    return rc;
}

/* Two receipts of one place with different leaves, or a file of evidence. */
static int accuse(struct cli *cli, struct span text, struct error *err)
{
    const char *log = cli_option(cli, "log");
    struct sign_public root = {{0}};
    char *second = NULL;
    size_t len = 0;
    int rc = log != NULL ? 0 : read_root(cli, &root, err);

    if (rc == 0 && cli->args_len == 2) {
        rc = file_read(cli->args[1], RECEIPT_MAX, &second, &len, err);
    }
    rc = rc < 0 ? rc
                : verify_evidence(cli, text, span_make(second, len), log, &root,
                                  err);
    free(second);
    return rc < 0 ? error_wrap(err, "%.80s", cli->args[0]) : rc;
}

static int verify(struct cli *cli, struct span text, struct span policy,
                  const struct sign_public *root, struct error *err)
{
    struct receipt_proof *proof = calloc(1, sizeof(*proof));
    struct arena arena = {0};
    char room[4096];
    struct buf lines = buf_over(room, sizeof(room));
    int rc = proof == NULL ? error_set(err, ERR_NOMEM, "no memory")
                           : arena_new(&arena, (size_t)16 * 1024 * 1024, err);

    if (rc == 0) {
        rc = receipt_verify(text, root, policy, &arena, proof, err);
        rc = rc < 0 ? error_wrap(err, "%.80s", cli->args[0]) : 0;
    }
    if (rc == 0) {
        receipt_describe(proof, !cli->english, &lines);
        printf("%.*s", (int)lines.len, (const char *)lines.ptr);
    }
    arena_release(&arena);
    free(proof);
    return rc;
}

static int run(struct cli *cli, struct error *err)
{
    const char *policy_path = cli_option(cli, "policy");
    struct sign_public root;
    char *text = NULL;
    char *policy = NULL;
    size_t len = 0;
    size_t policy_len = 0;

    if (cli->args_len == 0) {
        return cmd_check.run(cli, err); /* the whole store */
    }

    int rc = file_read(cli->args[0], RECEIPT_MAX, &text, &len, err);

    if (rc == 0 &&
        (cli->args_len == 2 || verify_is_evidence(span_make(text, len)))) {
        rc = accuse(cli, span_make(text, len), err);
        free(text);
        return rc;
    }
    if (rc == 0 && policy_path == NULL && cli_option(cli, "root") == NULL) {
        rc = error_set(err, ERR_USAGE,
                       "a receipt is verified with --root KEY, which stands in "
                       "every node's qcdc.conf (root_key), and --policy FILE, "
                       "which `qcdc policy` writes");
    }
    rc = rc < 0 ? rc : read_root(cli, &root, err);
    if (rc == 0 && policy_path == NULL) {
        rc = error_set(err, ERR_USAGE,
                       "--policy: a policy file is needed, as `qcdc policy` "
                       "writes it");
    }
    rc = rc < 0
             ? rc
             : file_read(policy_path, RECEIPT_MAX, &policy, &policy_len, err);
    rc = rc < 0 ? rc
                : verify(cli, span_make(text, len),
                         span_make(policy, policy_len), &root, err);
    free(text);
    free(policy);
    return rc;
}

const struct command cmd_verify = {
    .name = "verify",
    .args = "[FILE [FILE]]",
    .args_max = 2,
    .vi = "kiểm bản xác nhận, hoặc bằng chứng hai lịch sử (hai bản xác nhận "
          "cùng một chỗ); không cần mạng; không có FILE: cả kho",
    .en = "verify a receipt, or evidence of two histories (or two receipts of "
          "one place), offline; without FILE: the whole store",
    .reads = true,
    .options =
        {
            {"root", "KEY", "khóa gốc của hệ: 64 chữ số hex hoặc tệp",
             "the realm's root key: 64 hex characters, or a file"},
            {"log", "VKEY", "bằng chứng: khóa của sổ thay cho khóa gốc",
             "evidence: the log's own key instead of the root key"},
            {"output", "FILE", "hai bản xác nhận: ghi bằng chứng vào tệp mới",
             "two receipts: write the evidence into a new file"},
            {"policy", "FILE", "tệp chính sách, do `qcdc policy` ghi ra",
             "policy file, as `qcdc policy` writes it"},
        },
    .run = run,
};
