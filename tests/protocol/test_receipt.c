/* Receipts: a chain of three nodes, verified with the root key alone, and
 * every single byte of it changed. */
#include "tests/support/test.h"

#include "protocol/event/receipt.h"
#include "protocol/event/types.h"
#include "protocol/log/checkpoint.h"
#include "protocol/log/cosignature.h"
#include "protocol/log/note.h"
#include "protocol/log/proof.h"
#include "tests/protocol/event_help.h"
#include "tests/protocol/event_samples.h"
#include "tests/protocol/golden.h"

#define ROOT 1
#define PROVINCE                                                               \
    10 /* keys 10..16: log, dir log, mirror, curve, actor, admin               \
        */
#define DISTRICT 20
#define COMMUNE 30
#define REGISTRAR 40
#define CLERK 41
#define TIME_S 1709251200u /* 2024-03-01 07:00:00 at UTC+7 */

enum {
    LOG = 0,
    DIR_LOG,
    MIRROR,
    CURVE,
    ACTOR,
    ADMIN
};

struct log {
    const char *origin;
    uint8_t key; /* of the log */
    uint8_t bytes[8][1024];
    size_t lens[8];
    size_t len;
};

static struct log top_dir;
static struct log district_dir;
static struct log commune_log;
static uint8_t arena_memory[1 << 20];
static char text_memory[1 << 16];
static char proofs[8][8192];

static void key_hex(uint8_t number, char *hex)
{
    struct help_key key = help_key(number);

    for (size_t i = 0; i < 32; i++) {
        snprintf(hex + 2 * i, 3, "%02x", key.pub.bytes[i]);
    }
}

/* Signs an event into a log. */
static void log_add(struct log *log, const struct header *h, uint8_t signer,
                    const struct field_pair *pairs, size_t len)
{
    uint8_t facts[1024];
    struct buf f = buf_over(facts, sizeof(facts));
    struct buf out = buf_over(log->bytes[log->len], 1024);
    struct help_key key = help_key(signer);
    struct header header = *h;
    struct error err = {0};

    header.actor = key.id;
    assert_ok(
        facts_encode(event_type_find(h->type), pairs, len, NULL, &f, &err),
        err);
    assert_ok(leaf_sign(&header, buf_span(&f), &key.sec, &out, NULL, &err),
              err);
    log->lens[log->len++] = out.len;
}

static struct span log_leaf(const struct log *log, size_t i)
{
    return span_make(log->bytes[i], log->lens[i]);
}

static int subtree(void *data, unsigned level, uint64_t index,
                   struct hash *hash, struct error *err)
{
    const struct log *log = data;

    if (level != 0) {
        return error_set(err, ERR_NOTFOUND, "small logs have no blocks");
    }
    *hash = merkle_leaf(log_leaf(log, (size_t)index));
    return 0;
}

static struct vkey vkey_of(const char *name, uint8_t type, uint8_t number)
{
    struct help_key key = help_key(number);
    struct vkey vkey;
    struct error err = {0};

    assert_ok(vkey_make(span_str(name), type, &key.pub, &vkey, &err), err);
    return vkey;
}

static void cosign(struct buf *note, struct span text, const char *name,
                   uint8_t key)
{
    struct vkey vkey = vkey_of(name, VKEY_COSIGNATURE, key);
    struct help_key k = help_key(key);
    struct cosignature c;
    struct error err = {0};

    assert_ok(cosignature_sign(text, TIME_S, &vkey, &k.sec, &c, &err), err);
    cosignature_put_line(&c, &vkey, note);
}

/* The tlog-proof of leaf i, cosigned by the mirrors named. */
static struct span proof_of(struct log *log, size_t i, bool province,
                            bool district, char *memory, size_t size)
{
    static char note_memory[4096];
    struct buf note = buf_over(note_memory, sizeof(note_memory));
    struct buf out = buf_over(memory, size);
    struct vkey vkey = vkey_of(log->origin, VKEY_ED25519, log->key);
    struct help_key key = help_key(log->key);
    struct merkle_source source = {subtree, log};
    struct proof proof = {.index = i};
    struct checkpoint c = {.origin = span_str(log->origin)};
    char text_bytes[512];
    struct buf text = buf_over(text_bytes, sizeof(text_bytes));
    struct error err = {0};

    c.head.size = log->len;
    assert_ok(merkle_root(&source, log->len, &c.head.root, &err), err);
    assert_ok(merkle_prove_inclusion(&source, i, log->len, &proof.path, &err),
              err);
    assert_ok(checkpoint_sign(&c, &vkey, &key.sec, &note, &err), err);
    checkpoint_format(&c, &text);
    if (district) {
        cosign(&note, buf_span(&text), "kon-tum/8/mirror", DISTRICT + MIRROR);
    }
    if (province) {
        cosign(&note, buf_span(&text), "kon-tum/7/mirror", PROVINCE + MIRROR);
    }
    proof.note = buf_span(&note);
    proof_format(&proof, &out);
    assert_false(out.overflow);
    return buf_span(&out);
}

/* The first six pairs: a node's keys. */
static void keys_put(struct field_pair *pairs, char hex[6][65], uint8_t base)
{
    static const char *const paths[] = {"keys.log_key",    "keys.dir_log_key",
                                        "keys.mirror_key", "keys.curve_key",
                                        "keys.actor_key",  "keys.admin_key"};

    for (uint8_t i = 0; i < 6; i++) {
        key_hex((uint8_t)(base + i), hex[i]);
        pairs[i] = (struct field_pair){paths[i], hex[i]};
    }
}

static void node_certify(struct log *log, uint32_t issuer, uint32_t node,
                         uint8_t signer, uint8_t base)
{
    struct field_pair pairs[16];
    char hex[6][65];
    char registrar[65];
    char number[16];
    struct header h = help_header(EVENT_NODE_CERTIFIED);

    snprintf(number, sizeof(number), "%u", node);
    key_hex(REGISTRAR, registrar);
    keys_put(pairs, hex, base);
    pairs[6] = (struct field_pair){"node", number};
    pairs[7] = (struct field_pair){"guard", "7"};
    pairs[8] = (struct field_pair){"epoch", "1"};
    pairs[9] = (struct field_pair){"units[0].unit", "12"};
    pairs[10] = (struct field_pair){"units[0].sealing_key", hex[CURVE]};
    pairs[11] = (struct field_pair){"units[0].recovery_key", hex[CURVE]};
    pairs[12] = (struct field_pair){"units[0].registrar_keys", registrar};
    h.node = issuer;
    h.unit = 0;
    log_add(log, &h, signer, pairs, 13);
}

static void actor_certify(const char *rights, const char *unit)
{
    char clerk[65];
    struct field_pair pairs[] = {{"actor_key", clerk},
                                 {"unit", unit},
                                 {"rights", rights},
                                 {"post", "Văn phòng – thống kê"}};
    struct header h = help_header(EVENT_ACTOR_CERTIFIED);

    key_hex(CLERK, clerk);
    h.node = 9;
    h.unit = (uint32_t)strtoul(unit, NULL, 10);
    log_add(&commune_log, &h, REGISTRAR, pairs, 4);
}

static void petition_add(uint8_t signer, const char *kind)
{
    struct field_pair pairs[] = {{"channel", "counter"}, {"kind", kind}};
    struct header h = help_header(EVENT_PETITION_RECEIVED);

    h.node = 9;
    log_add(&commune_log, &h, signer, pairs, 2);
}

/* Province 7 certifies district 8, that commune 9, its registrar a clerk. */
static int world_make(void **state)
{
    struct field_pair pairs[8];
    char hex[6][65];
    struct header h = help_header(EVENT_TOP_NODE_CERTIFIED);

    (void)state;
    memset(&top_dir, 0, sizeof(top_dir));
    memset(&district_dir, 0, sizeof(district_dir));
    memset(&commune_log, 0, sizeof(commune_log));
    top_dir.origin = "kon-tum/7/dir/e1";
    top_dir.key = PROVINCE + DIR_LOG;
    district_dir.origin = "kon-tum/8/dir/e1";
    district_dir.key = DISTRICT + DIR_LOG;
    commune_log.origin = "kon-tum/9/e1";
    commune_log.key = COMMUNE + LOG;
    keys_put(pairs, hex, PROVINCE);
    pairs[6] = (struct field_pair){"node", "7"};
    pairs[7] = (struct field_pair){"realm", "kon-tum"};
    h.unit = 0;
    log_add(&top_dir, &h, ROOT, pairs, 8);
    node_certify(&top_dir, 7, 8, PROVINCE + ADMIN, DISTRICT);
    node_certify(&district_dir, 8, 9, DISTRICT + ADMIN, COMMUNE);
    actor_certify("1", "12");
    petition_add(CLERK, "proposal");
    petition_add(CLERK, "complaint");
    return 0;
}

/* The receipt of the commune's entry `event`; `actor` is its certificate's
 * place, SIZE_MAX to leave it out. */
static struct span receipt_make(size_t event, size_t actor, bool province,
                                bool district)
{
    struct receipt_item items[5];
    size_t n = 0;
    struct buf out = buf_over(text_memory, sizeof(text_memory));
    struct error err = {0};

    items[n++] = (struct receipt_item){
        log_leaf(&top_dir, 0),
        proof_of(&top_dir, 0, false, true, proofs[0], sizeof(proofs[0]))};
    items[n++] = (struct receipt_item){
        log_leaf(&top_dir, 1),
        proof_of(&top_dir, 1, false, false, proofs[1], sizeof(proofs[1]))};
    items[n++] = (struct receipt_item){
        log_leaf(&district_dir, 0),
        proof_of(&district_dir, 0, true, false, proofs[2], sizeof(proofs[2]))};
    if (actor != SIZE_MAX) {
        items[n++] = (struct receipt_item){
            log_leaf(&commune_log, actor),
            proof_of(&commune_log, actor, province, district, proofs[3],
                     sizeof(proofs[3]))};
    }
    items[n++] =
        (struct receipt_item){log_leaf(&commune_log, event),
                              proof_of(&commune_log, event, province, district,
                                       proofs[4], sizeof(proofs[4]))};
    assert_ok(receipt_build(items, n, &out, &err), err);
    return buf_span(&out);
}

/* Both mirrors must have cosigned. */
static struct span policy_text(void)
{
    static char memory[1024];
    struct buf out = buf_over(memory, sizeof(memory));
    struct vkey province =
        vkey_of("kon-tum/7/mirror", VKEY_COSIGNATURE, PROVINCE + MIRROR);
    struct vkey district =
        vkey_of("kon-tum/8/mirror", VKEY_COSIGNATURE, DISTRICT + MIRROR);

    buf_put_str(&out, "witness province ");
    vkey_format(&province, &out);
    buf_put_str(&out, "\nwitness district ");
    vkey_format(&district, &out);
    buf_put_str(&out, "\ngroup path all province district\nquorum path\n");
    return buf_span(&out);
}

static int verify_by(struct span policy, struct span text, uint8_t root,
                     struct receipt_proof *out, struct error *err)
{
    struct arena arena;
    struct help_key key = help_key(root);

    arena_init(&arena, arena_memory, sizeof(arena_memory));
    return receipt_verify(text, &key.pub, policy, &arena, out, err);
}

static int verify(struct span text, uint8_t root, struct receipt_proof *out,
                  struct error *err)
{
    return verify_by(policy_text(), text, root, out, err);
}

static void receipt_verifies_with_the_root_key_and_a_policy(void **state)
{
    struct receipt_proof proof;
    char memory[1024];
    struct buf out = buf_over(memory, sizeof(memory) - 1);
    struct error err = {0};

    (void)state;
    assert_ok(verify(receipt_make(1, 0, true, true), ROOT, &proof, &err), err);
    assert_int_equal(proof.index, 1);
    assert_int_equal(proof.size, 3);
    assert_int_equal(proof.cosigners_len, 2);
    assert_int_equal(proof.event.header.type, EVENT_PETITION_RECEIVED);
    receipt_describe(&proof, false, &out);
    memory[out.len] = '\0';
    assert_string_equal(memory,
                        "Stored: log kon-tum/9/e1, entry 2 of 3; cosigned by "
                        "kon-tum/8/mirror 2024-03-01 07:00:00; cosigned by "
                        "kon-tum/7/mirror 2024-03-01 07:00:00\n"
                        "Signed by: Văn phòng – thống kê, unit 12, node 9\n"
                        "Right held: record (for unit 12)\n");
    out.len = 0;
    receipt_describe(&proof, true, &out);
    memory[out.len] = '\0';
    assert_string_equal(memory,
                        "Đã lưu: sổ kon-tum/9/e1, số 2 trong 3; xác nhận: "
                        "kon-tum/8/mirror 2024-03-01 07:00:00; xác nhận: "
                        "kon-tum/7/mirror 2024-03-01 07:00:00\n"
                        "Người ký: Văn phòng – thống kê, đơn vị 12, nút 9\n"
                        "Có quyền: ghi nhận (đơn vị 12)\n");
}

static void golden_receipt_is_frozen(void **state)
{
    (void)state;
    golden_bytes("receipt.txt", "receipt", receipt_make(1, 0, true, true));
}

static void every_changed_byte_is_refused(void **state)
{
    struct span text = receipt_make(1, 0, true, true);
    struct receipt_proof proof;
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < text.len; i++) {
        static const uint8_t flips[] = {0x01, 0x20, 0x80};
        uint8_t flip = flips[i % TEST_LEN(flips)];

        text_memory[i] = (char)(text_memory[i] ^ flip);
        if (verify(text, ROOT, &proof, &err) == 0) {
            fail_msg("byte %zu changed by 0x%02x: accepted", i, flip);
        }
        assert_true(err.code == ERR_MALFORMED || err.code == ERR_UNTRUSTED);
        text_memory[i] = (char)(text_memory[i] ^ flip);
    }
    assert_ok(verify(text, ROOT, &proof, &err), err);
}

static void cut_receipt_never_proves_the_event(void **state)
{
    struct span text = receipt_make(1, 0, true, true);
    struct receipt_proof proof;

    (void)state;
    for (size_t len = 0; len < text.len; len++) {
        struct error err = {0};

        /* Cut right after the official's certificate it is the receipt of
         * that certificate, and says so. */
        if (verify(span_make(text.ptr, len), ROOT, &proof, &err) == 0) {
            assert_int_equal(proof.event.header.type, EVENT_ACTOR_CERTIFIED);
        }
    }
}

static void another_root_key_is_refused(void **state)
{
    struct receipt_proof proof;
    struct error err = {0};

    (void)state;
    assert_err(verify(receipt_make(1, 0, true, true), 2, &proof, &err),
               ERR_UNTRUSTED, err);
    assert_string_equal(err.text, "leaf 1 of the receipt: is not signed by "
                                  "the realm's root key");
}

static void missing_cosignature_does_not_meet_the_quorum(void **state)
{
    struct receipt_proof proof;
    struct error err = {0};

    (void)state;
    assert_err(verify(receipt_make(1, 0, false, true), ROOT, &proof, &err),
               ERR_UNTRUSTED, err);
    assert_err_says(err, "quorum");
}

/* A policy for a whole realm cannot ask for a commune's district. */
static void every_node_above_must_have_cosigned(void **state)
{
    struct span lax = span_str("quorum none\n");
    struct receipt_proof proof;
    struct error err = {0};

    (void)state;
    assert_ok(
        verify_by(lax, receipt_make(1, 0, true, true), ROOT, &proof, &err),
        err);
    assert_err(
        verify_by(lax, receipt_make(1, 0, true, false), ROOT, &proof, &err),
        ERR_UNTRUSTED, err);
    assert_string_equal(err.text, "leaf 4 of the receipt: node 8, which is "
                                  "above, has not cosigned it");
    assert_err(
        verify_by(lax, receipt_make(1, 0, false, true), ROOT, &proof, &err),
        ERR_UNTRUSTED, err);
    assert_string_equal(err.text, "leaf 4 of the receipt: node 7, which is "
                                  "above, has not cosigned it");
}

static void right_that_is_not_held_is_refused(void **state)
{
    struct receipt_proof proof;
    struct error err = {0};

    (void)state;
    petition_add(CLERK, "denunciation"); /* the clerk may record only */
    assert_err(verify(receipt_make(3, 0, true, true), ROOT, &proof, &err),
               ERR_UNTRUSTED, err);
    assert_err_says(err, "does not hold the right");
}

static void certificate_after_the_event_is_refused(void **state)
{
    struct receipt_proof proof;
    struct error err = {0};

    (void)state;
    actor_certify("9", "12");
    assert_err(verify(receipt_make(1, 3, true, true), ROOT, &proof, &err),
               ERR_UNTRUSTED, err);
    assert_err_says(err, "certified after the event");
}

static void official_of_another_unit_is_refused(void **state)
{
    struct receipt_proof proof;
    struct error err = {0};

    (void)state;
    actor_certify("1", "13"); /* its registrar is not certified here */
    petition_add(CLERK, "proposal");
    assert_err(verify(receipt_make(4, 3, true, true), ROOT, &proof, &err),
               ERR_UNTRUSTED, err);
    assert_err_says(err, "not signed by a registrar");
}

static void registrar_may_sign_himself(void **state)
{
    struct receipt_proof proof;
    struct error err = {0};

    (void)state;
    petition_add(REGISTRAR, "denunciation");
    assert_ok(verify(receipt_make(3, SIZE_MAX, true, true), ROOT, &proof, &err),
              err);
    assert_true(proof.registrar);
    assert_err(
        verify(receipt_make(1, SIZE_MAX, true, true), ROOT, &proof, &err),
        ERR_UNTRUSTED, err); /* the clerk's, without certificate */
}

static void what_is_no_receipt_is_refused_with_the_reason(void **state)
{
    struct receipt_proof proof;
    struct error err = {0};

    (void)state;
    assert_err(verify(span_str(""), ROOT, &proof, &err), ERR_MALFORMED, err);
    assert_err_says(err, "not a receipt");
    assert_err(verify(span_str("qcdc/receipt/v1\nleaf !\nproof 1\nx\n"), ROOT,
                      &proof, &err),
               ERR_MALFORMED, err);
    assert_err_says(err, "leaf 1 of the receipt");
    assert_err(verify(span_str("qcdc/receipt/v1\nleaf AAAA\nproof 2\nx\n"),
                      ROOT, &proof, &err),
               ERR_MALFORMED, err);
    assert_err_says(err, "fewer than its 2 lines");
    assert_err(verify(span_str("qcdc/receipt/v1\nleaf AAAA\nproof 01\nx\n"),
                      ROOT, &proof, &err),
               ERR_MALFORMED, err);
    assert_err_says(err, "proof LINES");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(receipt_verifies_with_the_root_key_and_a_policy,
                               world_make),
        cmocka_unit_test_setup(golden_receipt_is_frozen, world_make),
        cmocka_unit_test_setup(every_changed_byte_is_refused, world_make),
        cmocka_unit_test_setup(cut_receipt_never_proves_the_event, world_make),
        cmocka_unit_test_setup(another_root_key_is_refused, world_make),
        cmocka_unit_test_setup(missing_cosignature_does_not_meet_the_quorum,
                               world_make),
        cmocka_unit_test_setup(every_node_above_must_have_cosigned, world_make),
        cmocka_unit_test_setup(right_that_is_not_held_is_refused, world_make),
        cmocka_unit_test_setup(certificate_after_the_event_is_refused,
                               world_make),
        cmocka_unit_test_setup(official_of_another_unit_is_refused, world_make),
        cmocka_unit_test_setup(registrar_may_sign_himself, world_make),
        cmocka_unit_test_setup(what_is_no_receipt_is_refused_with_the_reason,
                               world_make),
    };

    return TEST_RUN(tests);
}
