/* tools: evidence of two histories, proved or rejected. Owns the plain words:
 * who signed what twice. It accuses nobody on a proof that merely fails, and
 * asks no node. Next: protocol/log/evidence.c. */
#include "tools/verify_evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/event/evidence_chain.h"
#include "protocol/event/receipt.h"
#include "protocol/event/types.h"
#include "protocol/log/proof.h"

#define ARENA_SIZE ((size_t)16 * 1024 * 1024)

bool verify_is_evidence(struct span text)
{
    static const char first[] = "qcdc/evidence/v1\n";

    return text.len >= sizeof(first) - 1 &&
           memcmp(text.ptr, first, sizeof(first) - 1) == 0;
}

/* ---- two receipts
 * ----------------------------------------------------------------- */

/* The place that a receipt proves, as one half of evidence. */
/* NOLINTNEXTLINE(readability-function-size): a receipt's parts */
static int receipt_half(struct span text, struct arena *arena,
                        struct receipt_item *items, size_t *len,
                        struct span *proof, struct hash *leaf,
                        struct error *err)
{
    int rc;

    *len = RECEIPT_LEAVES_MAX;
    rc = receipt_parse(text, arena, items, len, err);
    if (rc == 0) {
        *proof = items[*len - 1].proof;
        *leaf = merkle_leaf(items[*len - 1].leaf);
    }
    return rc;
}

/* Certificates of nodes at the head of a receipt. */
static int chain_take(const struct receipt_item *items, size_t len,
                      struct evidence *evidence, struct buf *chain,
                      struct error *err)
{
    for (size_t i = 0; i + 1 < len; i++) {
        struct leaf leaf;
        int rc = leaf_parse(items[i].leaf, &leaf, err);

        if (rc != 0) {
            return rc;
        }
        if (leaf.header.type != EVENT_TOP_NODE_CERTIFIED &&
            leaf.header.type != EVENT_NODE_CERTIFIED) {
            break;
        }
        evidence_chain_put(items[i].leaf, chain);
        evidence->chain_len++;
    }
    evidence->chain = buf_span(chain);
    return chain->overflow ? error_set(err, ERR_LIMIT, "a long receipt") : 0;
}

static int receipts_join(struct span first, struct span second,
                         struct arena *arena, struct evidence *evidence,
                         struct error *err)
{
    struct receipt_item *items =
        arena_array(arena, RECEIPT_LEAVES_MAX, sizeof(*items));
    uint8_t *space = arena_alloc(arena, EVIDENCE_TEXT_MAX);
    struct buf chain = buf_over(space, EVIDENCE_TEXT_MAX);
    size_t len = 0;
    int rc;

    *evidence = (struct evidence){.kind = EVIDENCE_LEAVES};
    if (items == NULL || space == NULL) {
        return error_set(err, ERR_NOMEM, "no memory");
    }
    rc = receipt_half(second, arena, items, &len, &evidence->parts[1],
                      &evidence->leaves[1], err);
    rc = rc != 0 ? rc
                 : receipt_half(first, arena, items, &len, &evidence->parts[0],
                                &evidence->leaves[0], err);
    return rc != 0 ? rc : chain_take(items, len, evidence, &chain, err);
}

/* ---- in plain words
 * --------------------------------------------------------------- */

static void say_head(struct cli *cli, const struct checkpoint *checkpoint)
{
    char root[65];

    hex_encode(SPAN_OF(checkpoint->head.root), root);
    printf("  %llu %s, %s %s\n", (unsigned long long)checkpoint->head.size,
           say(cli, "sự kiện", "events"), say(cli, "gốc", "root"), root);
}

static void say_facts(struct cli *cli, const struct evidence *evidence,
                      const struct evidence_facts *facts, bool chained)
{
    const struct span origin = facts->checkpoints[0].origin;

    printf("%s %.*s\n", say(cli, "ĐÃ CHỨNG MINH: sổ", "PROVED: the log"),
           (int)origin.len, (const char *)origin.ptr);
    switch (evidence->kind) {
    case EVIDENCE_ROOTS:
        printf("%s\n",
               say(cli, "đã ký hai nội dung khác nhau cho cùng số sự kiện:",
                   "signed two different contents of one size:"));
        break;
    case EVIDENCE_HISTORY:
        printf("%s\n", say(cli, "đã ký hai lịch sử không nối tiếp nhau:",
                           "signed two histories of which neither continues "
                           "the other:"));
        break;
    case EVIDENCE_LEAVES:
        printf("%s %llu:\n",
               say(cli, "đã ký hai sự kiện khác nhau ở cùng vị trí",
                   "signed two different events at one position,"),
               (unsigned long long)facts->index);
        break;
    }
    say_head(cli, &facts->checkpoints[0]);
    say_head(cli, &facts->checkpoints[1]);
    printf("%s\n",
           chained ? say(cli, "Khóa của sổ được chứng nhận từ khóa gốc của hệ.",
                         "The log's key is certified from the realm's root "
                         "key down.")
                   : say(cli, "Theo khóa của sổ đã cho.",
                         "By the log's key that was given."));
}

static int write_out(struct cli *cli, const struct evidence *evidence,
                     struct arena *arena, struct error *err)
{
    const char *path = cli_option(cli, "output");
    uint8_t *space = arena_alloc(arena, EVIDENCE_TEXT_MAX);
    struct buf text = buf_over(space, EVIDENCE_TEXT_MAX);
    FILE *file;
    bool bad;

    if (path == NULL) {
        return 0;
    }
    evidence_format(evidence, &text);
    file = text.overflow || space == NULL ? NULL : fopen(path, "wx");
    if (file == NULL) {
        return error_set(err, ERR_IO, "%.200s cannot be made anew", path);
    }
    bad = fwrite(text.ptr, 1, text.len, file) != text.len;
    return fclose(file) != 0 || bad
               ? error_set(err, ERR_IO, "%.200s cannot be written", path)
               : 0;
}

static int check(struct cli *cli, struct evidence *evidence, const char *log,
                 const struct sign_public *root, struct arena *arena,
                 struct error *err)
{
    struct evidence_facts facts;
    struct vkey key;
    int rc = log != NULL
                 ? vkey_parse(span_str(log), &key, err)
                 : evidence_chain_verify(evidence, root, arena, &key, err);

    rc = rc != 0 ? rc : evidence_verify(evidence, &key, &facts, err);
    if (rc == 0) {
        say_facts(cli, evidence, &facts, log == NULL);
    }
    return rc != 0 ? rc : write_out(cli, evidence, arena, err);
}

int verify_evidence(struct cli *cli, struct span text, struct span second,
                    const char *log, const struct sign_public *root,
                    struct error *err)
{
    struct evidence *evidence = calloc(1, sizeof(*evidence));
    struct arena arena = {0};
    int rc;

    if (evidence == NULL) {
        return error_set(err, ERR_NOMEM, "no memory");
    }
    rc = arena_new(&arena, ARENA_SIZE, err);
    if (rc == 0) {
        rc = verify_is_evidence(text)
                 ? evidence_parse(text, evidence, err)
                 : receipts_join(text, second, &arena, evidence, err);
    }
    rc = rc != 0 ? rc : check(cli, evidence, log, root, &arena, err);
    arena_release(&arena);
    free(evidence);
    return rc;
}
