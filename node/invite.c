/* Room: node. Owns invitations given out and the requests that answer them. A
 * request is only believed as far as its signatures prove; nobody is certified
 * without a person's word, but where `--auto` was that word. Next: certify.c,
 * what a confirmed request becomes; joining.c, the other end. */
#include "node/invite.h"

#include "node/clock.h"
#include "node/log.h"
#include "node/peers.h"
#include "node/successor.h"
#include "protocol/link/join.h"
#include "protocol/record/calendar.h"
#include "store/book.h"

/* ---- inviting
 * --------------------------------------------------------------------- */

/* Units that the directory says the node hosts today. */
static int units_of(struct engine *engine, uint32_t node,
                    struct invited *invited, struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    uint32_t day = day_of_ms(clock_now_ms());

    for (size_t i = 0; i < dir->units_len; i++) {
        struct unit_facts facts;

        if (!directory_unit_at(dir, dir->units[i].number, day, &facts) ||
            facts.host != node) {
            continue;
        }
        if (invited->units_len == HOSTED_UNITS_MAX) {
            return error_set(err, ERR_LIMIT, "node %u hosts more than %u units",
                             node, HOSTED_UNITS_MAX);
        }
        invited->units[invited->units_len++] = facts.number;
    }
    return 0;
}

/* Of a node certified already a reason is wanted, and of no other. */
static int reason_check(struct engine *engine,
                        const struct invite_request *request,
                        struct invited *invited, struct error *err)
{
    const struct dir_node *node =
        directory_node(engine_directory(engine), request->node);
    const struct dir_cert *cert =
        directory_cert(engine_directory(engine), request->node);
    bool again = request->reason != NULL && request->reason[0] != '\0';

    if (cert == NULL) {
        return !again ? 0
                      : error_set(err, ERR_USAGE,
                                  "node %u was never certified: invite it "
                                  "without --again",
                                  request->node);
    }
    if (!again) {
        return error_set(err, ERR_USAGE,
                         "node %u is certified already; to let it join again "
                         "with new keys: --again --reason fork, clone, "
                         "key-suspect, disk-lost or rotate",
                         request->node);
    }
    if (node->parent != engine_node(engine)) {
        return error_set(err, ERR_USAGE,
                         "node %u belongs to node %u, which must invite it",
                         request->node, node->parent);
    }
    invited->has_dir = invited->has_dir || cert->has_dir_log;
    if (invited->numbers_first == 0) {
        invited->numbers_first = cert->numbers_first;
        invited->numbers_last = cert->numbers_last;
    }
    return rejoin_parse(request->reason, &invited->reason, err);
}

static int invite_check(struct engine *engine,
                        const struct invite_request *request, struct error *err)
{
    if (engine_directory(engine)->top == 0) {
        return error_set(err, ERR_BUSY,
                         "this node is not certified yet: wait for its own "
                         "superior first");
    }
    if (request->node == 0 || request->node == engine_node(engine)) {
        return error_set(err, ERR_USAGE, "node %u cannot be invited",
                         request->node);
    }
    if (request->auto_confirm && !engine_demo(engine)) {
        return error_set(err, ERR_USAGE,
                         "--auto is for demo realms: confirm the fingerprint");
    }
    if (engine->config->listen[0] == '\0') {
        return error_set(err, ERR_USAGE,
                         "this node does not listen: set `listen` in its "
                         "qcdc.conf");
    }
    return 0;
}

/* A machine that mirrors: whose, and what it must not be. */
static int role_check(struct engine *engine,
                      const struct invite_request *request,
                      struct invited *invited, struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    const struct dir_cert *cert = directory_cert(dir, request->node);
    const char *reached = request->reached == NULL ? "" : request->reached;
    int rc = invited_role(request->role, &invited->role, err);

    if (rc == 0 && invited->role == DIR_ROLE_ORDINARY && cert != NULL) {
        invited->role = cert->role; /* it joins again as what it was */
        if (cert->endpoint.len > 0 &&
            cert->endpoint.len < sizeof(invited->reached)) {
            memcpy(invited->reached, cert->endpoint.ptr, cert->endpoint.len);
        }
    }
    if (rc == 0 && invited->role == DIR_ROLE_ORDINARY &&
        invited->units_len == 0) {
        return error_set(err, ERR_USAGE,
                         "no unit is hosted at node %u: change a unit's host "
                         "first, or invite it as --role standby or observer",
                         request->node);
    }
    if (rc != 0 || invited->role == DIR_ROLE_ORDINARY) {
        return rc;
    }
    if (request->has_dir || request->numbers_first != 0 ||
        invited->units_len > 0) {
        return error_set(err, ERR_USAGE,
                         "node %u would have children, numbers or units: a "
                         "%s has none",
                         request->node,
                         invited->role == DIR_ROLE_STANDBY ? "standby"
                                                           : "observer");
    }
    if (strlen(reached) >= sizeof(invited->reached)) {
        return error_set(err, ERR_USAGE, "--at: the address is too long");
    }
    if (reached[0] != '\0') {
        memcpy(invited->reached, reached, strlen(reached) + 1);
    }
    if (invited->role == DIR_ROLE_OBSERVER) {
        const struct dir_cert *own = directory_cert(dir, engine_node(engine));

        return dir->top == engine_node(engine) ||
                       (own != NULL && request->node >= own->numbers_first &&
                        request->node <= own->numbers_last)
                   ? 0
                   : error_set(err, ERR_USAGE,
                               "node %u: an observer's number is one of this "
                               "node's own range: its superior gives it one "
                               "(--numbers)",
                               request->node);
    }
    if (dir->top != engine_node(engine)) {
        return error_set(err, ERR_USAGE,
                         "only the top node has a standby: this one's superior "
                         "holds what it would mirror");
    }
    if (invited->reached[0] == '\0') {
        return error_set(err, ERR_USAGE,
                         "a standby is what the realm falls back on: say where "
                         "it will listen, --at tcp://ADDRESS:PORT");
    }
    return 0;
}

int engine_invite(struct engine *engine, const struct invite_request *request,
                  struct buf *line, struct error *err)
{
    struct box_pair one_time;
    struct invitation invitation = {.realm = span_str(engine->config->realm),
                                    .root = engine->root,
                                    .parent = engine_node(engine),
                                    .parent_curve = engine->keys.curve.pub,
                                    .node = request->node};
    struct invited invited = {.state = INVITED_OPEN,
                              .node = request->node,
                              .numbers_first = request->numbers_first,
                              .numbers_last = request->numbers_last,
                              .has_dir = request->has_dir,
                              .auto_confirm = request->auto_confirm,
                              .created_ms = clock_now_ms()};
    const char *endpoint = request->endpoint;
    uint8_t seed[32];
    int rc = invite_check(engine, request, err);

    if (rc == 0) {
        rc = reason_check(engine, request, &invited, err);
    }
    if (rc == 0) {
        rc = units_of(engine, request->node, &invited, err);
    }
    if (rc == 0) {
        rc = role_check(engine, request, &invited, err);
    }
    if (rc != 0) {
        return rc;
    }
    if (endpoint == NULL || endpoint[0] == '\0') {
        endpoint = engine->config->endpoint[0] != '\0'
                       ? engine->config->endpoint
                       : engine->config->listen;
    }
    invitation.endpoint = span_str(endpoint);
    memcpy(invitation.units, invited.units, sizeof(invited.units));
    invitation.units_len = invited.units_len;
    invitation.reason = (uint32_t)invited.reason;
    invitation.role = invited.role;
    crypto_random(seed, sizeof(seed));
    box_pair_from(&one_time, seed);
    crypto_wipe(seed, sizeof(seed));
    invitation.curve = one_time.sec;
    rc = invitation_format(&invitation, &engine->turn, line, err);
    if (rc == 0) {
        rc = invited_put(engine, &one_time.pub, &invited, err);
    }
    invitation_wipe(&invitation);
    crypto_wipe(&one_time.sec, sizeof(one_time.sec));
    crypto_wipe(one_time.seed, sizeof(one_time.seed));
    if (rc == 0) {
        log_line(LOG_INFO, "join", "invited", "node=%u units=%zu",
                 request->node, invited.units_len);
    }
    return rc;
}

/* ---- a request comes in
 * ------------------------------------------------------------------ */

static bool same_units(const struct invited *invited,
                       const struct join_keys *keys)
{
    if (invited->units_len != keys->units_len) {
        return false;
    }
    for (size_t i = 0; i < keys->units_len; i++) {
        bool found = false;

        for (size_t j = 0; j < invited->units_len; j++) {
            found = found || invited->units[j] == keys->units[i].unit;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* Joining again: the log's key is the old one exactly where the log goes on;
 * everything else is new (one purpose a key, one life a key). */
int invite_keys_check(struct engine *engine, const struct invited *invited,
                      const struct join_keys *keys, struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    uint32_t now = directory_epoch_now(dir, invited->node, false);
    const struct dir_epoch *epoch =
        directory_epoch(dir, invited->node, false, now);
    bool rotate = invited->reason == REJOIN_ROTATE;
    bool known = false;

    if (invited->reason == REJOIN_NONE && epoch != NULL) {
        return error_set(err, ERR_CONFLICT,
                         "node %u was certified meanwhile, with other keys: to "
                         "let this machine take its place invite it --again",
                         invited->node);
    }
    if (epoch == NULL) {
        return 0;
    }
    if (rotate && memcmp(&epoch->key, &keys->keys.log, 32) != 0) {
        return error_set(err, ERR_UNTRUSTED,
                         "a rotation keeps the log's key, the request has "
                         "another: invite it with --reason key-suspect");
    }
    for (size_t i = 0; i < dir->epochs_len; i++) {
        known = known ||
                memcmp(&dir->epochs[i].key, &keys->keys.log, 32) == 0 ||
                memcmp(&dir->epochs[i].key, &keys->keys.dir_log, 32) == 0;
    }
    if (!rotate && known) {
        return error_set(err, ERR_UNTRUSTED,
                         "a new log needs a key that no log had before");
    }
    return 0;
}

static int request_keep(struct engine *engine, const struct box_public *key,
                        const struct frame_join_request *request,
                        struct invited *invited, struct error *err)
{
    struct join_keys keys;
    int rc = invited_get(engine, key, invited, err);

    if (rc == 0) {
        rc = join_request_check(request, invited->role, &engine->turn, &keys,
                                err);
    }
    if (rc != 0) {
        return rc;
    }
    if (!span_equal(keys.realm, span_str(engine->config->realm)) ||
        keys.node != invited->node || !same_units(invited, &keys) ||
        (invited->has_dir && !keys.keys.has_dir_log)) {
        return error_set(err, ERR_UNTRUSTED,
                         "the request is not for what was invited");
    }
    if (invited->state != INVITED_CERTIFIED &&
        invite_keys_check(engine, invited, &keys, err) != 0) {
        return err->code;
    }
    if (invited->state == INVITED_CERTIFIED) {
        return span_equal(invited->request, request->request)
                   ? 0
                   : error_set(err, ERR_UNTRUSTED,
                               "the invitation was used with other keys");
    }
    if (invited->state == INVITED_ASKED &&
        !span_equal(invited->request, request->request)) {
        return error_set(err, ERR_UNTRUSTED,
                         "the invitation was used with other keys already");
    }
    keys.keys.has_dir_log = keys.keys.has_dir_log && invited->has_dir;
    if (invited->state != INVITED_ASKED) {
        invited->asked_ms = clock_now_ms(); /* it asks again, and again */
    }
    invited->state = INVITED_ASKED;
    invited->curve = keys.keys.curve;
    invited->request = request->request;
    invited->signatures = request->signatures;
    rc = invited_put(engine, key, invited, err);
    if (rc == 0 && invited->auto_confirm && engine_demo(engine)) {
        rc = invite_certify(engine, key, invited, err);
    }
    return rc;
}

int invite_by_file(struct engine *engine, const struct box_public *one_time,
                   const struct frame_join_request *request,
                   struct invited *out, struct error *err)
{
    struct error why = {0};
    int rc = invited_get(engine, one_time, out, &why);

    if (rc == ERR_NOTFOUND ||
        (rc == 0 &&
         (out->state == INVITED_DONE ||
          (out->state != INVITED_CERTIFIED &&
           clock_now_ms() > out->created_ms + INVITATION_LIFE_MS)))) {
        return error_set(err, ERR_UNTRUSTED,
                         "this node gave no such invitation, or it was used or "
                         "is older than 30 days: invite the node again");
    }
    if (rc != 0) {
        *err = why;
        return rc;
    }
    return request_keep(engine, one_time, request, out, err);
}

void invite_requested(struct engine *engine, struct peer *peer,
                      const struct link_action *action)
{
    struct invited invited = {0};
    struct error err = {0};
    char fingerprint[JOIN_FINGERPRINT_SIZE];
    struct link_event event = {.kind = LINK_JOIN_DECIDED,
                               .status = JOIN_REFUSED};
    struct frame_join_request request = {action->bytes, action->signatures};
    int rc = request_keep(engine, &peer->key, &request, &invited, &err);

    if (rc != 0) {
        engine_react(engine, "join", "refused", &err);
        event.text = span_str(err.text);
        peer_step(engine, peer, &event);
        return;
    }
    successor_send(engine, peer); /* to read the newest directory log */
    join_fingerprint(action->bytes, fingerprint);
    log_line(LOG_INFO, "join", "requested", "node=%u fingerprint=%s",
             invited.node, fingerprint);
    event.status =
        invited.state == INVITED_CERTIFIED ? JOIN_CERTIFIED : JOIN_WAITING;
    event.text = span_str(fingerprint);
    peer_step(engine, peer, &event);
}
