/* vectors: upstream/ probes of Merkle proofs and Ed25519. */
#include "tests/vectors/vectors.h"

#include <string.h>

/* Hashes that are not of 32 bytes ("don't care") are refused as input. */
static bool hash_of_base64(struct run *run, const json_t *file, const char *key,
                           struct hash *hash, bool *usable)
{
    struct span bytes;

    if (!read_base64(run, json_object_get(file, key), &bytes)) {
        return false;
    }
    if (bytes.len != sizeof(hash->bytes)) {
        *usable = false;
        return true;
    }
    memcpy(hash->bytes, bytes.ptr, sizeof(hash->bytes));
    return true;
}

static const char *inclusion_probe(struct run *run, const json_t *file,
                                   bool *accepted)
{
    struct merkle_head head = {.size = 0};
    struct merkle_path path;
    struct hash leaf;
    struct error err = {0};
    uint64_t index = 0;
    bool usable = true;
    bool path_usable = false;

    if (!read_number(file, "leafIdx", &index) ||
        !read_number(file, "treeSize", &head.size) ||
        !hash_of_base64(run, file, "root", &head.root, &usable) ||
        !hash_of_base64(run, file, "leafHash", &leaf, &usable) ||
        !read_path(run, json_object_get(file, "proof"), read_base64, &path,
                   &path_usable)) {
        return "fields missing";
    }
    *accepted = usable && path_usable &&
                merkle_verify_inclusion(index, &head, &leaf, &path, &err) == 0;
    return NULL;
}

static const char *consistency_probe(struct run *run, const json_t *file,
                                     bool *accepted)
{
    struct merkle_head old_head = {.size = 0};
    struct merkle_head new_head = {.size = 0};
    struct merkle_path path;
    struct error err = {0};
    bool usable = true;
    bool path_usable = false;

    if (!read_number(file, "size1", &old_head.size) ||
        !read_number(file, "size2", &new_head.size) ||
        !hash_of_base64(run, file, "root1", &old_head.root, &usable) ||
        !hash_of_base64(run, file, "root2", &new_head.root, &usable) ||
        !read_path(run, json_object_get(file, "proof"), read_base64, &path,
                   &path_usable)) {
        return "fields missing";
    }
    *accepted =
        usable && path_usable &&
        merkle_verify_consistency(&old_head, &new_head, &path, &err) == 0;
    return NULL;
}

void upstream_merkle(struct run *run, const json_t *file)
{
    const json_t *want = json_object_get(file, "wantErr");
    const char *desc = json_string_value(json_object_get(file, "desc"));
    const char *why = NULL;
    bool accepted = false;

    if (!json_is_boolean(want)) {
        why = "wantErr is not true or false";
    } else if (json_object_get(file, "leafIdx") != NULL) {
        why = inclusion_probe(run, file, &accepted);
    } else if (json_object_get(file, "size1") != NULL) {
        why = consistency_probe(run, file, &accepted);
    } else {
        why = "neither an inclusion nor a consistency probe";
    }
    if (why == NULL && accepted == json_is_true(want)) {
        why = accepted ? "accepted" : "refused";
    }
    if (why == NULL) {
        report_pass(run);
    } else {
        report_fail(run, desc == NULL ? "" : desc, why);
    }
}

static const char *signature_test(struct run *run, const json_t *test,
                                  struct span public_key)
{
    struct sign_public pub;
    struct signature sig;
    struct span message;
    struct span bytes;
    bool valid = false;

    if (!read_valid(test, &valid) ||
        !read_hex(run, json_object_get(test, "msg"), &message) ||
        !read_hex(run, json_object_get(test, "sig"), &bytes)) {
        return "fields missing";
    }
    bool accepted = false;

    if (public_key.len == sizeof(pub.bytes) && bytes.len == sizeof(sig.bytes)) {
        memcpy(pub.bytes, public_key.ptr, sizeof(pub.bytes));
        memcpy(sig.bytes, bytes.ptr, sizeof(sig.bytes));
        accepted = sign_verify(&pub, message, &sig);
    }
    return accepted == valid ? NULL : accepted ? "accepted" : "refused";
}

void upstream_wycheproof(struct run *run, const json_t *file)
{
    const json_t *groups = json_object_get(file, "testGroups");
    const json_t *group;
    size_t g;

    if (json_array_size(groups) == 0) {
        report_fail(run, "", "no test groups");
    }
    json_array_foreach(groups, g, group)
    {
        const json_t *key = json_object_get(group, "publicKey");
        const json_t *tests = json_object_get(group, "tests");
        const char *curve = json_string_value(json_object_get(key, "curve"));
        const json_t *test;
        struct span pk;
        size_t i;

        if (curve == NULL || strcmp(curve, "edwards25519") != 0 ||
            !read_hex(run, json_object_get(key, "pk"), &pk)) {
            report_fail(run, say(run, "group %zu", g), "not Ed25519");
            continue;
        }
        json_array_foreach(tests, i, test)
        {
            const char *why = signature_test(run, test, pk);
            uint64_t id = 0;

            (void)read_number(test, "tcId", &id);
            if (why == NULL) {
                report_pass(run);
            } else {
                report_fail(run, say(run, "tcId %u", (unsigned)id), why);
            }
        }
    }
}
