/* protocol/log: evidence files, the end of an argument about a log.
 *
 * Owns: the text and the three proofs of contradiction. Must never accuse on
 * a proof that merely fails: both sides must be signed and exclude each
 * other. Next: link/, which makes them, and tools/ verify.
 */
#include "protocol/log/evidence.h"

#include "protocol/log/lines.h"
#include "protocol/log/proof.h"

static const char first_line[] = "qcdc/evidence/v1";
static const char *const kind_lines[] = {
    [EVIDENCE_ROOTS] = "kind roots",
    [EVIDENCE_HISTORY] = "kind history",
    [EVIDENCE_LEAVES] = "kind leaves",
};

static int malformed(struct error *err, const char *what)
{
    return error_set(err, ERR_MALFORMED, "evidence %s", what);
}

static bool kind_read(struct span *rest, enum evidence_kind *kind)
{
    struct span line;

    if (!lines_next(rest, &line)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(kind_lines) / sizeof(kind_lines[0]); i++) {
        if (span_equal(line, span_str(kind_lines[i]))) {
            *kind = (enum evidence_kind)i;
            return true;
        }
    }
    return false;
}

/* `word LINES`, then that many lines. */
static bool block_read(struct span *rest, const char *word, struct span *block)
{
    struct span line;
    struct span number;
    uint64_t count = 0;

    return lines_next(rest, &line) && lines_after(line, word, &number) &&
           lines_number(number, &count) && count <= EVIDENCE_TEXT_MAX &&
           lines_take(rest, (size_t)count, block);
}

static bool hash_read(struct span *rest, const char *word, struct hash *hash)
{
    struct span line;
    struct span base64;

    return lines_next(rest, &line) && lines_after(line, word, &base64) &&
           lines_hash(base64, hash);
}

static bool path_read(struct span *rest, struct merkle_path *path)
{
    struct span block;
    struct span line;

    if (!block_read(rest, "path ", &block)) {
        return false;
    }
    path->count = 0;
    while (lines_next(&block, &line)) {
        if (path->count == PROOF_HASHES_MAX ||
            !lines_hash(line, &path->hashes[path->count++])) {
            return false;
        }
    }
    return true;
}

/* The certificates, if the file goes on; false if it goes on otherwise. */
static bool chain_read(struct span *rest, struct evidence *e)
{
    if (rest->len == 0) {
        return true;
    }
    if (!block_read(rest, "chain ", &e->chain)) {
        return false;
    }
    e->chain_len = lines_count(e->chain);
    return e->chain_len > 0;
}

static bool root_follows(struct span rest)
{
    struct span line;
    struct span base64;

    return lines_next(&rest, &line) && lines_after(line, "root ", &base64);
}

int evidence_parse(struct span text, struct evidence *evidence,
                   struct error *err)
{
    struct evidence e = {.kind = EVIDENCE_ROOTS};
    struct span rest = text;
    struct span line;

    if (text.len > EVIDENCE_TEXT_MAX) {
        return error_set(err, ERR_LIMIT, "evidence of %zu bytes, at most %u",
                         text.len, EVIDENCE_TEXT_MAX);
    }
    if (!lines_next(&rest, &line) || !span_equal(line, span_str(first_line))) {
        return malformed(err, "does not begin with qcdc/evidence/v1");
    }
    if (!kind_read(&rest, &e.kind)) {
        return malformed(err, "is of no kind that is known here");
    }
    bool proofs = e.kind == EVIDENCE_LEAVES;

    for (size_t i = 0; i < 2; i++) {
        if ((proofs && !hash_read(&rest, "leaf ", &e.leaves[i])) ||
            !block_read(&rest, proofs ? "proof " : "note ", &e.parts[i])) {
            return malformed(err, i == 0 ? "lacks its first statement"
                                         : "lacks its second statement");
        }
    }
    if (e.kind == EVIDENCE_HISTORY) {
        e.has_old_root = root_follows(rest);
        if ((e.has_old_root && !hash_read(&rest, "root ", &e.old_root)) ||
            !path_read(&rest, &e.path)) {
            return malformed(err, "lacks a path of base64 hashes");
        }
    }
    if (!chain_read(&rest, &e) || rest.len != 0) {
        return malformed(err, "goes on after its end");
    }
    *evidence = e;
    return 0;
}

static void put_hash(struct buf *out, const char *word, const struct hash *hash)
{
    buf_put_str(out, word);
    lines_put_base64(out, SPAN_OF(hash->bytes));
}

void evidence_format(const struct evidence *evidence, struct buf *out)
{
    bool proofs = evidence->kind == EVIDENCE_LEAVES;

    buf_put_fmt(out, "%s\n%s\n", first_line, kind_lines[evidence->kind]);
    for (size_t i = 0; i < 2; i++) {
        if (proofs) {
            put_hash(out, "leaf ", &evidence->leaves[i]);
        }
        buf_put_fmt(out, "%s %zu\n", proofs ? "proof" : "note",
                    lines_count(evidence->parts[i]));
        buf_put(out, evidence->parts[i]);
    }
    if (evidence->kind == EVIDENCE_HISTORY && evidence->has_old_root) {
        put_hash(out, "root ", &evidence->old_root);
    }
    if (evidence->kind == EVIDENCE_HISTORY) {
        buf_put_fmt(out, "path %zu\n", evidence->path.count);
    }
    for (size_t i = 0;
         evidence->kind == EVIDENCE_HISTORY && i < evidence->path.count; i++) {
        lines_put_base64(out, SPAN_OF(evidence->path.hashes[i].bytes));
    }
    if (evidence->chain_len > 0) {
        buf_put_fmt(out, "chain %zu\n", evidence->chain_len);
        buf_put(out, evidence->chain);
    }
}

static int shows_nothing(struct error *err, const char *why)
{
    return error_set(err, ERR_UNTRUSTED, "evidence shows nothing: %s", why);
}

static int notes_open(const struct evidence *evidence, const struct vkey *log,
                      struct evidence_facts *facts, struct error *err)
{
    for (size_t i = 0; i < 2; i++) {
        int rc = checkpoint_open(evidence->parts[i], log,
                                 &facts->checkpoints[i], err);

        if (rc != 0) {
            (void)error_wrap(err, "statement %zu of the evidence", i + 1);
            return rc;
        }
    }
    return 0;
}

static int roots_verify(const struct evidence_facts *facts, struct error *err)
{
    const struct merkle_head *a = &facts->checkpoints[0].head;
    const struct merkle_head *b = &facts->checkpoints[1].head;

    if (a->size != b->size) {
        return shows_nothing(err, "the two sizes differ");
    }
    if (hash_equal(&a->root, &b->root)) {
        return shows_nothing(err, "the two roots are the same");
    }
    return 0;
}

static int history_verify(const struct evidence *evidence,
                          const struct evidence_facts *facts, struct error *err)
{
    const struct merkle_head *a = &facts->checkpoints[0].head;
    const struct merkle_head *b = &facts->checkpoints[1].head;

    if (a->size >= b->size) {
        return shows_nothing(err, "the first size is not the smaller one");
    }
    /* One spelling: the root is stated exactly where the path omits it. */
    if (evidence->has_old_root != ((a->size & (a->size - 1)) == 0)) {
        return shows_nothing(err, "an old root is stated exactly where the "
                                  "first size is a power of two");
    }
    switch (merkle_judge(a, b, &evidence->path,
                         evidence->has_old_root ? &evidence->old_root : NULL)) {
    case MERKLE_FORK:
        return 0;
    case MERKLE_CONSISTENT:
        return shows_nothing(err, "the second tree continues the first");
    case MERKLE_INVALID:
        break;
    }
    return shows_nothing(err, "its path does not lead to the second root");
}

static int leaves_verify(const struct evidence *evidence,
                         const struct vkey *log, struct evidence_facts *facts,
                         struct error *err)
{
    struct proof proof;
    uint64_t positions[2] = {0, 0};

    for (size_t i = 0; i < 2; i++) {
        int rc = proof_parse(evidence->parts[i], &proof, err);

        if (rc == 0) {
            rc = proof_verify_log(&proof, &evidence->leaves[i], log,
                                  &facts->checkpoints[i], err);
        }
        if (rc != 0) {
            (void)error_wrap(err, "statement %zu of the evidence", i + 1);
            return rc;
        }
        positions[i] = proof.index;
    }
    if (positions[0] != positions[1]) {
        return shows_nothing(err, "the two positions differ");
    }
    if (hash_equal(&evidence->leaves[0], &evidence->leaves[1])) {
        return shows_nothing(err, "the two leaves are the same");
    }
    facts->index = positions[0];
    return 0;
}

int evidence_verify(const struct evidence *evidence, const struct vkey *log,
                    struct evidence_facts *facts, struct error *err)
{
    struct evidence_facts found = {.index = 0};
    int rc = 0;

    switch (evidence->kind) {
    case EVIDENCE_ROOTS:
        rc = notes_open(evidence, log, &found, err);
        rc = rc != 0 ? rc : roots_verify(&found, err);
        break;
    case EVIDENCE_HISTORY:
        rc = notes_open(evidence, log, &found, err);
        rc = rc != 0 ? rc : history_verify(evidence, &found, err);
        break;
    case EVIDENCE_LEAVES:
        rc = leaves_verify(evidence, log, &found, err);
        break;
    }
    if (rc == 0) {
        *facts = found;
    }
    return rc;
}
