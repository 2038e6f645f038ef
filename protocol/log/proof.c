/* protocol/log: tlog-proofs, the receipts that outlive this program.
 *
 * Owns: the text and the order of the checks. Must never trust the extra
 * line, nor check an inclusion against a root that is not signed. Next:
 * evidence.c, and event/receipt for the chain of certificates.
 */
#include "protocol/log/proof.h"

#include <inttypes.h>

#include "protocol/log/lines.h"

static const char first_line[] = "c2sp.org/tlog-proof@v1";

/* Strict base64 of at least one byte. */
static bool extra_valid(struct span extra)
{
    uint8_t bytes[768];
    struct error ignored = {0};
    size_t len = 768;

    if (extra.len == 0) {
        return false;
    }
    while (extra.len > 0) {
        size_t take = extra.len < 1024 ? extra.len : 1024;

        if (len != 768 || base64_decode(span_make(extra.ptr, take), bytes,
                                        sizeof(bytes), &len, &ignored) != 0) {
            return false;
        }
        extra = span_make(extra.ptr + take, extra.len - take);
    }
    return true;
}

static int malformed(struct error *err, const char *what)
{
    return error_set(err, ERR_MALFORMED, "proof %s", what);
}

int proof_path_parse(struct span *rest, const char *what,
                     struct merkle_path *path, struct error *err)
{
    struct span line;

    path->count = 0;
    while (lines_next(rest, &line)) {
        if (line.len == 0) {
            return 0;
        }
        if (path->count == PROOF_HASHES_MAX) {
            return error_set(err, ERR_LIMIT, "%s of more than %u hashes", what,
                             PROOF_HASHES_MAX);
        }
        if (!lines_hash(line, &path->hashes[path->count++])) {
            return error_set(err, ERR_MALFORMED,
                             "%s: hash %zu is not base64 of 32 bytes", what,
                             path->count);
        }
    }
    return error_set(err, ERR_MALFORMED,
                     "%s has no empty line before its checkpoint", what);
}

int proof_parse(struct span text, struct proof *proof, struct error *err)
{
    struct proof p = {.index = 0};
    struct span rest = text;
    struct span line;
    struct span value;

    if (text.len > PROOF_TEXT_MAX) {
        return error_set(err, ERR_LIMIT, "proof of %zu bytes, at most %u",
                         text.len, PROOF_TEXT_MAX);
    }
    if (!lines_next(&rest, &line) || !span_equal(line, span_str(first_line))) {
        return malformed(err, "does not begin with c2sp.org/tlog-proof@v1");
    }
    if (!lines_next(&rest, &line)) {
        return malformed(err, "ends after its first line");
    }
    if (lines_after(line, "extra ", &p.extra)) {
        if (!extra_valid(p.extra) || !lines_next(&rest, &line)) {
            return malformed(err, "has an extra line that is not base64");
        }
    }
    if (!lines_after(line, "index ", &value) ||
        !lines_number(value, &p.index)) {
        return malformed(err, "has no line of its index");
    }
    int rc = proof_path_parse(&rest, "proof", &p.path, err);

    if (rc == 0) {
        p.note = rest;
        *proof = p;
    }
    return rc;
}

void proof_format(const struct proof *proof, struct buf *out)
{
    buf_put_fmt(out, "%s\n", first_line);
    if (proof->extra.len > 0) {
        buf_put_str(out, "extra ");
        buf_put(out, proof->extra);
        buf_put_u8(out, '\n');
    }
    buf_put_fmt(out, "index %" PRIu64 "\n", proof->index);
    for (size_t i = 0; i < proof->path.count; i++) {
        lines_put_base64(out, SPAN_OF(proof->path.hashes[i].bytes));
    }
    buf_put_u8(out, '\n');
    buf_put(out, proof->note);
}

/* The origin's log keys, then every witness: note_verify's keys. */
static size_t keys_gather(const struct policy *policy, struct span origin,
                          struct vkey *keys)
{
    size_t count = 0;

    for (size_t i = policy_find_log(policy, origin, 0); i < policy->log_count;
         i = policy_find_log(policy, origin, i + 1)) {
        keys[count++] = policy->logs[i];
    }
    for (size_t i = 0; i < policy->witness_count; i++) {
        keys[count + i] = policy->witnesses[i];
    }
    return count;
}

/* Signed by a log of the origin, and cosigned as the quorum says. */
static int signers_check(const struct note *note, const struct policy *policy,
                         struct arena *arena, struct proof_facts *facts,
                         struct error *err)
{
    struct vkey *keys = arena_array(
        arena, policy->log_count + policy->witness_count + 1, sizeof(*keys));
    bool *cosigned =
        arena_array(arena, policy->witness_count + 1, sizeof(*cosigned));
    struct note_verified verified[NOTE_LINES_MAX];
    size_t count = 0;
    bool logged = false;

    if (keys == NULL || cosigned == NULL) {
        return error_set(err, ERR_LIMIT, "no room to check a policy");
    }
    size_t logs = keys_gather(policy, facts->checkpoint.origin, keys);

    if (logs == 0) {
        return error_set(err, ERR_NOTFOUND,
                         "the policy does not know the log of this proof");
    }
    int rc = note_verify(note, keys, logs + policy->witness_count, verified,
                         &count, err);

    if (rc != 0) {
        return rc;
    }
    facts->cosigned_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (verified[i].key < logs) {
            logged = true;
            continue;
        }
        size_t witness = verified[i].key - logs;

        cosigned[witness] = true;
        facts->cosigned[facts->cosigned_count++] = (struct proof_cosigned){
            .witness = witness, .time = verified[i].time};
    }
    if (!logged) {
        return error_set(err, ERR_UNTRUSTED,
                         "the log itself did not sign its checkpoint");
    }
    if (!policy_met(policy, cosigned, arena)) {
        return error_set(err, ERR_UNTRUSTED,
                         "the cosignatures do not meet the policy's quorum");
    }
    return 0;
}

int proof_verify(const struct proof *proof, const struct hash *leaf_hash,
                 const struct policy *policy, struct arena *arena,
                 struct proof_facts *facts, struct error *err)
{
    struct proof_facts found;
    struct note note;
    size_t mark = arena->used;
    int rc = note_parse(proof->note, &note, err);

    if (rc == 0) {
        rc = checkpoint_parse(note.text, &found.checkpoint, err);
    }
    if (rc == 0) {
        rc = signers_check(&note, policy, arena, &found, err);
    }
    arena_rewind(arena, mark);
    if (rc == 0) {
        rc = merkle_verify_inclusion(proof->index, &found.checkpoint.head,
                                     leaf_hash, &proof->path, err);
    }
    if (rc == 0) {
        *facts = found;
    }
    return rc;
}

int proof_verify_log(const struct proof *proof, const struct hash *leaf_hash,
                     const struct vkey *log, struct checkpoint *checkpoint,
                     struct error *err)
{
    struct checkpoint c;
    int rc = checkpoint_open(proof->note, log, &c, err);

    if (rc == 0) {
        rc = merkle_verify_inclusion(proof->index, &c.head, leaf_hash,
                                     &proof->path, err);
    }
    if (rc == 0) {
        *checkpoint = c;
    }
    return rc;
}
