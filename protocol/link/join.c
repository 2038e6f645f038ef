/* protocol/link: invitations and requests to join, byte for byte.
 *
 * Owns the invitation line, the request's bytes and the proofs that whoever
 * asks holds every key he names (formats.md section 4). Must never accept a
 * request of which one key proves nothing: the parent certifies them all.
 * Next: link_join.c, which carries them. */
#include "protocol/link/join.h"

#include "protocol/event/text.h"
#include "protocol/event/wire.h"
#include "protocol/record/directory.h"
#include "qcdc/v1/link.pb-c.h"

#define MAGIC "qcdc1"
#define INVITATION_BYTES_MAX 1024u

static struct span span_of(ProtobufCBinaryData data)
{
    return span_make(data.data, data.len);
}

static ProtobufCBinaryData data_of(struct span bytes)
{
    union {
        const uint8_t *in;
        uint8_t *out;
    } ptr = {.in = bytes.ptr};

    return (ProtobufCBinaryData){.len = bytes.len, .data = ptr.out};
}

#define DATA_OF(object) data_of(SPAN_OF(object))

/* Who hosts units, and who must not: a certificate without units that is no
 * standby's and no observer's would be a node that owes nothing to anybody. */
static int role_check(uint32_t role, size_t units_len, enum err code,
                      const char *what, struct error *err)
{
    if (role > DIR_ROLE_OBSERVER) {
        return error_set(err, code,
                         "%s is for a role that this program does not "
                         "know: install a newer one",
                         what);
    }
    if ((role == DIR_ROLE_ORDINARY) == (units_len > 0)) {
        return 0;
    }
    return role == DIR_ROLE_ORDINARY
               ? error_set(err, code,
                           "%s names no unit, and only a standby or an "
                           "observer hosts none",
                           what)
               : error_set(err, code,
                           "%s names %zu units, and a standby or an "
                           "observer hosts none",
                           what, units_len);
}

/* ---- the invitation ---- */

static int invitation_check(const struct invitation *in, struct error *err)
{
    if (!realm_is_valid(in->realm)) {
        return error_set(err, ERR_USAGE,
                         "the invitation names no realm of a-z, 0-9 and -");
    }
    if (in->parent == 0 || in->node == 0 || in->parent == in->node) {
        return error_set(err, ERR_USAGE,
                         "the invitation needs two different nodes");
    }
    if (in->endpoint.len == 0 || in->endpoint.len > ENDPOINT_MAX ||
        !text_valid_utf8(in->endpoint)) {
        return error_set(err, ERR_USAGE,
                         "the invitation names no address of the parent");
    }
    for (size_t i = 0; i < in->endpoint.len; i++) {
        if (in->endpoint.ptr[i] <= ' ' || in->endpoint.ptr[i] > '~') {
            return error_set(err, ERR_USAGE,
                             "the parent's address is not printable");
        }
    }
    if (in->units_len > HOSTED_UNITS_MAX) {
        return error_set(err, ERR_USAGE,
                         "the invitation names %zu units, at most %u are "
                         "possible",
                         in->units_len, HOSTED_UNITS_MAX);
    }
    return role_check(in->role, in->units_len, ERR_USAGE, "the invitation",
                      err);
}

int invitation_format(const struct invitation *invitation, struct arena *arena,
                      struct buf *out, struct error *err)
{
    Qcdc__V1__Invitation message = QCDC__V1__INVITATION__INIT;
    uint32_t units[HOSTED_UNITS_MAX];
    struct span bytes = {0};
    char *text = NULL;
    int rc = invitation_check(invitation, err);

    if (rc != 0) {
        return rc;
    }
    memcpy(units, invitation->units, sizeof(units));
    message.realm = data_of(invitation->realm);
    message.root_key = DATA_OF(invitation->root);
    message.parent = invitation->parent;
    message.endpoint = data_of(invitation->endpoint);
    message.parent_curve_key = DATA_OF(invitation->parent_curve);
    message.node = invitation->node;
    message.units = units;
    message.n_units = invitation->units_len;
    message.curve_secret = DATA_OF(invitation->curve);
    message.reason = invitation->reason;
    message.role = invitation->role;
    rc = message_pack(&message.base, arena, &bytes, err);
    if (rc != 0) {
        return rc;
    }
    text = arena_alloc(arena, BASE64_SIZE(bytes.len));
    if (text == NULL) {
        return error_set(err, ERR_NOMEM, "no room for an invitation");
    }
    base64url_encode(bytes, text);
    buf_put_str(out, MAGIC);
    buf_put_str(out, text);
    return out->overflow
               ? error_set(err, ERR_LIMIT, "the invitation does not fit")
               : 0;
}

static struct span trim(struct span text)
{
    while (text.len > 0 && text.ptr[0] <= ' ') {
        text = span_make(text.ptr + 1, text.len - 1);
    }
    while (text.len > 0 && text.ptr[text.len - 1] <= ' ') {
        text.len--;
    }
    return text;
}

static int invitation_read(const Qcdc__V1__Invitation *in,
                           struct invitation *out, struct error *err)
{
    if (in->root_key.len != sizeof(out->root) ||
        in->parent_curve_key.len != sizeof(out->parent_curve) ||
        in->curve_secret.len != sizeof(out->curve) ||
        in->n_units > HOSTED_UNITS_MAX) {
        return error_set(err, ERR_USAGE,
                         "the invitation is damaged: copy the whole line");
    }
    out->realm = span_of(in->realm);
    memcpy(&out->root, in->root_key.data, sizeof(out->root));
    out->parent = in->parent;
    out->endpoint = span_of(in->endpoint);
    memcpy(&out->parent_curve, in->parent_curve_key.data,
           sizeof(out->parent_curve));
    out->node = in->node;
    out->units_len = in->n_units;
    for (size_t i = 0; i < in->n_units; i++) {
        out->units[i] = in->units[i];
    }
    memcpy(&out->curve, in->curve_secret.data, sizeof(out->curve));
    out->reason = in->reason;
    out->role = in->role;
    return invitation_check(out, err);
}

int invitation_parse(struct span text, struct arena *arena,
                     struct invitation *out, struct error *err)
{
    struct invitation invitation = {0};
    ProtobufCMessage *message = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct span magic = span_str(MAGIC);
    int rc = 0;

    text = trim(text);
    if (!span_equal(span_slice(text, 0, magic.len), magic) ||
        text.len > INVITATION_TEXT_MAX) {
        return error_set(err, ERR_USAGE,
                         "this is no invitation: it must be one line that "
                         "begins with %s",
                         MAGIC);
    }
    text = span_slice(text, magic.len, text.len - magic.len);
    bytes = arena_alloc(arena, INVITATION_BYTES_MAX);
    if (bytes == NULL) {
        return error_set(err, ERR_NOMEM, "no room for an invitation");
    }
    if (base64url_decode(text, bytes, INVITATION_BYTES_MAX, &len, err) != 0 ||
        message_unpack(&qcdc__v1__invitation__descriptor, span_make(bytes, len),
                       arena, &message, err) != 0) {
        return error_set(err, ERR_USAGE,
                         "the invitation is damaged: copy the whole line");
    }
    rc = invitation_read((const Qcdc__V1__Invitation *)message, &invitation,
                         err);
    if (rc == 0) {
        *out = invitation;
    }
    return rc;
}

void invitation_wipe(struct invitation *invitation)
{
    crypto_wipe(&invitation->curve, sizeof(invitation->curve));
}

/* ---- the request ---- */

static void unit_fill(const struct join_unit_keys *in, Qcdc__V1__UnitKeys *out,
                      ProtobufCBinaryData *registrars)
{
    *out = (Qcdc__V1__UnitKeys)QCDC__V1__UNIT_KEYS__INIT;
    out->unit = in->unit;
    out->sealing_key = DATA_OF(in->sealing);
    out->recovery_key = DATA_OF(in->recovery);
    out->registrar_keys = registrars;
    out->n_registrar_keys = in->registrars_len;
    for (size_t i = 0; i < in->registrars_len; i++) {
        registrars[i] = DATA_OF(in->registrars[i]);
    }
}

static int keys_check(const struct join_keys *keys, struct error *err)
{
    if (!realm_is_valid(keys->realm) || keys->node == 0) {
        return error_set(err, ERR_MALFORMED,
                         "the request names no realm or node");
    }
    if (keys->software.len > FRAME_SOFTWARE_MAX ||
        !text_valid_utf8(keys->software)) {
        return error_set(err, ERR_MALFORMED,
                         "the request's software name is not short text");
    }
    if (keys->units_len > HOSTED_UNITS_MAX) {
        return error_set(err, ERR_LIMIT, "the request is for %zu units",
                         keys->units_len);
    }
    for (size_t i = 0; i < keys->units_len; i++) {
        const struct join_unit_keys *unit = &keys->units[i];

        if (unit->unit == 0 || unit->registrars_len == 0 ||
            unit->registrars_len > REGISTRARS_MAX ||
            (i > 0 && unit->unit <= keys->units[i - 1].unit)) {
            return error_set(err, ERR_MALFORMED,
                             "unit %u of the request is out of order or has "
                             "%zu registrars",
                             unit->unit, unit->registrars_len);
        }
    }
    return 0;
}

int join_keys_encode(const struct join_keys *keys, struct arena *arena,
                     struct buf *out, struct error *err)
{
    Qcdc__V1__JoinKeys message = QCDC__V1__JOIN_KEYS__INIT;
    Qcdc__V1__NodeKeys node = QCDC__V1__NODE_KEYS__INIT;
    Qcdc__V1__UnitKeys *units = NULL;
    Qcdc__V1__UnitKeys **list = NULL;
    ProtobufCBinaryData *registrars = NULL;
    int rc = keys_check(keys, err);

    if (rc != 0) {
        return rc;
    }
    units = arena_array(arena, keys->units_len, sizeof(*units));
    list = arena_array(arena, keys->units_len, sizeof(void *));
    registrars = arena_array(arena, keys->units_len * REGISTRARS_MAX,
                             sizeof(*registrars));
    if (units == NULL || list == NULL || registrars == NULL) {
        return error_set(err, ERR_NOMEM, "no room for a request");
    }
    node.log_key = DATA_OF(keys->keys.log);
    if (keys->keys.has_dir_log) {
        node.dir_log_key = DATA_OF(keys->keys.dir_log);
    }
    node.mirror_key = DATA_OF(keys->keys.mirror);
    node.curve_key = DATA_OF(keys->keys.curve);
    node.actor_key = DATA_OF(keys->keys.actor);
    node.admin_key = DATA_OF(keys->keys.admin);
    for (size_t i = 0; i < keys->units_len; i++) {
        unit_fill(&keys->units[i], &units[i], &registrars[i * REGISTRARS_MAX]);
        list[i] = &units[i];
    }
    message.realm = data_of(keys->realm);
    message.node = keys->node;
    message.keys = &node;
    message.units = list;
    message.n_units = keys->units_len;
    message.software = data_of(keys->software);
    return message_put(&message.base, out, err);
}

size_t join_signatures_count(const struct join_keys *keys)
{
    size_t count = 5u + keys->keys.has_dir_log;

    for (size_t i = 0; i < keys->units_len; i++) {
        count += keys->units[i].registrars_len + 2;
    }
    return count;
}

void join_text(struct span request, struct buf *out)
{
    buf_put_str(out, "qcdc/join/v1\n");
    buf_put(out, request);
}

/* ---- judging a request ---- */

static int key_read(ProtobufCBinaryData data, const char *what, void *out,
                    struct error *err)
{
    if (data.len != 32) {
        return error_set(err, ERR_MALFORMED, "the %s key has %zu bytes", what,
                         data.len);
    }
    memcpy(out, data.data, 32);
    return 0;
}

static int node_keys_read(const Qcdc__V1__NodeKeys *in,
                          struct join_node_keys *out, struct error *err)
{
    int rc = 0;

    if (in == NULL) {
        return error_set(err, ERR_MALFORMED, "the request holds no keys");
    }
    if ((rc = key_read(in->log_key, "log", &out->log, err)) != 0 ||
        (rc = key_read(in->mirror_key, "mirror", &out->mirror, err)) != 0 ||
        (rc = key_read(in->curve_key, "connection", &out->curve, err)) != 0 ||
        (rc = key_read(in->actor_key, "node", &out->actor, err)) != 0 ||
        (rc = key_read(in->admin_key, "administration", &out->admin, err)) !=
            0) {
        return rc;
    }
    out->has_dir_log = in->dir_log_key.len != 0;
    return out->has_dir_log
               ? key_read(in->dir_log_key, "directory log", &out->dir_log, err)
               : 0;
}

static int unit_keys_read(const Qcdc__V1__UnitKeys *in,
                          struct join_unit_keys *out, struct error *err)
{
    int rc = 0;

    out->unit = in->unit;
    if (in->n_registrar_keys > REGISTRARS_MAX) {
        return error_set(err, ERR_LIMIT, "unit %u has %zu registrars", in->unit,
                         in->n_registrar_keys);
    }
    if ((rc = key_read(in->sealing_key, "sealing", &out->sealing, err)) != 0 ||
        (rc = key_read(in->recovery_key, "recovery", &out->recovery, err)) !=
            0) {
        return rc;
    }
    out->registrars_len = in->n_registrar_keys;
    for (size_t i = 0; i < in->n_registrar_keys; i++) {
        rc = key_read(in->registrar_keys[i], "registrar", &out->registrars[i],
                      err);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int keys_read(const Qcdc__V1__JoinKeys *in, struct arena *arena,
                     struct join_keys *out, struct error *err)
{
    struct join_unit_keys *units = NULL;
    int rc = 0;

    if (in->n_units > HOSTED_UNITS_MAX) {
        return error_set(err, ERR_LIMIT, "the request is for %zu units",
                         in->n_units);
    }
    units = arena_array(arena, in->n_units, sizeof(*units));
    if (units == NULL) {
        return error_set(err, ERR_LIMIT, "no room for a request");
    }
    if ((rc = node_keys_read(in->keys, &out->keys, err)) != 0) {
        return rc;
    }
    for (size_t i = 0; i < in->n_units; i++) {
        rc = unit_keys_read(in->units[i], &units[i], err);
        if (rc != 0) {
            return rc;
        }
    }
    out->realm = span_of(in->realm);
    out->node = in->node;
    out->software = span_of(in->software);
    out->units = units;
    out->units_len = in->n_units;
    return keys_check(out, err);
}

/* Takes the next signature; it must be `key`'s over the text. */
struct proofs {
    struct span text;
    struct span left;
};

static int proof_take(struct proofs *proofs, const struct sign_public *key,
                      const char *what, struct error *err)
{
    struct signature sig;

    if (proofs->left.len < sizeof(sig)) {
        return error_set(err, ERR_MALFORMED,
                         "the signature of the %s key is missing", what);
    }
    memcpy(&sig, proofs->left.ptr, sizeof(sig));
    proofs->left =
        span_slice(proofs->left, sizeof(sig), proofs->left.len - sizeof(sig));
    if (!sign_public_valid(key) || !sign_verify(key, proofs->text, &sig)) {
        return error_set(err, ERR_UNTRUSTED, "the %s key does not prove itself",
                         what);
    }
    return 0;
}

static int proofs_check(struct proofs *proofs, const struct join_keys *keys,
                        struct error *err)
{
    const struct join_node_keys *node = &keys->keys;
    int rc = 0;

    if ((rc = proof_take(proofs, &node->log, "log", err)) != 0 ||
        (node->has_dir_log && (rc = proof_take(proofs, &node->dir_log,
                                               "directory log", err)) != 0) ||
        (rc = proof_take(proofs, &node->mirror, "mirror", err)) != 0 ||
        (rc = proof_take(proofs, &node->actor, "node", err)) != 0 ||
        (rc = proof_take(proofs, &node->admin, "administration", err)) != 0 ||
        (rc = proof_take(proofs, &node->actor, "connection", err)) != 0) {
        return rc;
    }
    for (size_t i = 0; i < keys->units_len; i++) {
        const struct join_unit_keys *unit = &keys->units[i];

        for (size_t j = 0; j < unit->registrars_len; j++) {
            rc = proof_take(proofs, &unit->registrars[j], "registrar", err);
            if (rc != 0) {
                return rc;
            }
        }
        if ((rc = proof_take(proofs, &node->actor, "sealing", err)) != 0 ||
            (rc = proof_take(proofs, &node->actor, "recovery", err)) != 0) {
            return rc;
        }
    }
    return proofs->left.len == 0
               ? 0
               : error_set(err, ERR_MALFORMED, "more signatures than keys");
}

int join_request_check(const struct frame_join_request *request, uint32_t role,
                       struct arena *arena, struct join_keys *out,
                       struct error *err)
{
    struct join_keys keys = {0};
    struct proofs proofs = {.left = request->signatures};
    ProtobufCMessage *message = NULL;
    uint8_t *bytes = NULL;
    struct buf text;
    int rc = 0;

    if (request->request.len > JOIN_REQUEST_MAX) {
        return error_set(err, ERR_LIMIT, "a request of %zu bytes",
                         request->request.len);
    }
    bytes = arena_alloc(arena, JOIN_TEXT_MAX);
    if (bytes == NULL) {
        return error_set(err, ERR_NOMEM, "no room for a request");
    }
    text = buf_over(bytes, JOIN_TEXT_MAX);
    join_text(request->request, &text);
    proofs.text = buf_span(&text);
    if ((rc = message_unpack(&qcdc__v1__join_keys__descriptor, request->request,
                             arena, &message, err)) != 0 ||
        (rc = keys_read((const Qcdc__V1__JoinKeys *)message, arena, &keys,
                        err)) != 0 ||
        (rc = role_check(role, keys.units_len, ERR_MALFORMED, "the request",
                         err)) != 0 ||
        (rc = proofs_check(&proofs, &keys, err)) != 0) {
        return rc;
    }
    *out = keys;
    return 0;
}

void join_fingerprint(struct span request, char text[JOIN_FINGERPRINT_SIZE])
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    struct hasher hasher;
    struct hash hash;
    size_t at = 0;

    hasher_init(&hasher);
    hasher_add(&hasher, span_str("qcdc/join/v1\n"));
    hasher_add(&hasher, request);
    hash = hasher_end(&hasher);
    for (size_t i = 0; i < 20; i++) {
        size_t bit = 5 * i;
        unsigned two =
            (unsigned)hash.bytes[bit / 8] << 8 | hash.bytes[bit / 8 + 1];

        if (i > 0 && i % 5 == 0) {
            text[at++] = '-';
        }
        text[at++] = alphabet[two >> (11 - bit % 8) & 31];
    }
    text[at] = '\0';
}
