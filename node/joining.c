/* Room: node. Owns our own joining: the request that proves our keys, the
 * answer, and the change from the one-time key to our own. Certifies nobody.
 * Next: epoch.c, which begins new logs when the certificate says so. */
#include "node/peers.h"

#include "node/log.h"
#include "node/tree.h"
#include "protocol/link/join.h"
#include "store/book.h"

static struct signature join_sign(const struct sign_pair *pair,
                                  struct span text)
{
    return sign_bytes(&pair->sec, text);
}

static void signatures_make(const struct keys *keys, struct span text,
                            struct buf *out)
{
    const struct sign_pair *named[] = {&keys->log,    &keys->dir_log,
                                       &keys->mirror, &keys->actor,
                                       &keys->admin,  &keys->actor};
    struct signature one;

    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        one = join_sign(named[i], text);
        buf_put(out, SPAN_OF(one));
    }
    for (size_t i = 0; i < keys->units_len; i++) {
        one = join_sign(&keys->units[i].registrar, text);
        buf_put(out, SPAN_OF(one));
        one = join_sign(&keys->actor, text);
        buf_put(out, SPAN_OF(one));
        buf_put(out, SPAN_OF(one));
    }
}

int join_request_make(const struct keys *keys, const char *realm, uint32_t node,
                      struct arena *arena, struct frame_join_request *out,
                      struct error *err)
{
    struct join_unit_keys *units =
        arena_array(arena, HOSTED_UNITS_MAX, sizeof(*units));
    uint8_t *request_space = arena_alloc(arena, JOIN_REQUEST_MAX);
    uint8_t *text_space = arena_alloc(arena, (size_t)JOIN_TEXT_MAX);
    size_t signatures_size = 64 * (6 + 3 * (size_t)HOSTED_UNITS_MAX);
    uint8_t *signature_space = arena_alloc(arena, signatures_size);
    struct buf request = buf_over(request_space, JOIN_REQUEST_MAX);
    struct buf text = buf_over(text_space, JOIN_TEXT_MAX);
    struct buf signatures = buf_over(signature_space, signatures_size);
    struct join_keys wanted = {.realm = span_str(realm),
                               .node = node,
                               .units = units,
                               .units_len = keys->units_len,
                               .software = span_str("qcdc")};
    int rc;

    if (units == NULL || request_space == NULL || text_space == NULL ||
        signature_space == NULL) {
        return error_set(err, ERR_LIMIT, "too little room for the request");
    }
    wanted.keys = (struct join_node_keys){.log = keys->log.pub,
                                          .has_dir_log = true,
                                          .dir_log = keys->dir_log.pub,
                                          .mirror = keys->mirror.pub,
                                          .curve = keys->curve.pub,
                                          .actor = keys->actor.pub,
                                          .admin = keys->admin.pub};
    for (size_t i = 0; i < keys->units_len; i++) {
        units[i] = (struct join_unit_keys){
            .unit = keys->units[i].unit,
            .sealing = keys->units[i].sealing,
            .recovery = keys->units[i].recovery,
            .registrars = {keys->units[i].registrar.pub},
            .registrars_len = 1};
    }
    rc = join_keys_encode(&wanted, arena, &request, err);
    if (rc != 0) {
        return rc;
    }
    join_text(buf_span(&request), &text);
    signatures_make(keys, buf_span(&text), &signatures);
    out->request = buf_span(&request);
    out->signatures = buf_span(&signatures);
    return 0;
}

void join_answered(struct engine *engine, struct peer *peer,
                   const struct link_action *action)
{
    char text[LOG_TEXT_SIZE];

    (void)engine;
    log_line(action->status == JOIN_REFUSED ? LOG_ERROR : LOG_INFO, "join",
             "answered", "peer=%u status=%d text=%s", peer->node,
             (int)action->status, log_text(action->text, text));
}

/* The directory is here: from now on with our own key. */
void join_finished(struct engine *engine, struct peer *peer)
{
    const struct store_token none = {.seen = true};
    const struct dir_cert *cert =
        directory_cert(engine_directory(engine), engine_node(engine));
    struct error err = {0};

    if (cert == NULL || memcmp(&cert->curve_key, &engine->keys.curve.pub,
                               sizeof(cert->curve_key)) != 0) {
        return; /* not all of it came: this session's end asks again */
    }
    /* The superior has forgotten the tokens of our earlier life. */
    if (engine_write(engine, &err) != 0 ||
        store_token_put(engine->store, peer->node, &none, &err) != 0) {
        engine_react(engine, "join", "token", &err);
        return;
    }
    log_line(LOG_INFO, "join", "finished", "node=%u parent=%u",
             engine_node(engine), peer->node);
    engine->joined = true; /* keys change once this turn is durable */
}

/* After the commit: the one-time key is forgotten. */
void join_leave(struct engine *engine)
{
    struct peer *up = peer_up(engine);
    struct error err = {0};

    engine->joined = false;
    engine->keys.joining = false;
    crypto_wipe(&engine->keys.one_time, sizeof(engine->keys.one_time));
    if (keys_save(&engine->keys, engine->config->dir, &err) != 0) {
        engine_react(engine, "join", "keys", &err);
    }
    if (up != NULL && tree_parent(engine) == 0) {
        up->joining = false;
        tree_follow(engine); /* a standby: the top node comes to it */
    } else if (up != NULL) {
        up->retry_at_ms = 1; /* reconnect at once, with our own key */
        up->retry_ms = RETRY_LEAST_MS;
    }
}
