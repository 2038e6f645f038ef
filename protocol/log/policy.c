/* protocol/log: trust policies, read line by line.
 *
 * Owns: the policy grammar and the quorum. Must never follow a name forward:
 * only what an earlier line defined exists, so no policy has a cycle and none
 * needs recursion. Next: proof.c.
 */
#include "protocol/log/policy.h"

#include "protocol/log/lines.h"

/* Takes the next word off the line: spaces and tabs separate. */
static bool word_next(struct span *line, struct span *word)
{
    size_t from = 0;

    while (from < line->len &&
           (line->ptr[from] == ' ' || line->ptr[from] == '\t')) {
        from++;
    }
    size_t to = from;

    while (to < line->len && line->ptr[to] != ' ' && line->ptr[to] != '\t') {
        to++;
    }
    if (to == from) {
        return false;
    }
    *word = span_make(line->ptr + from, to - from);
    *line = span_make(line->ptr + to, line->len - to);
    return true;
}

static bool word_is(struct span word, const char *text)
{
    return span_equal(word, span_str(text));
}

/* A url may follow and is not looked at; nothing may follow that. */
static bool line_ends(struct span line, bool url)
{
    struct span word;

    return !word_next(&line, &word) || (url && !word_next(&line, &word));
}

static size_t node_find(const struct policy *p, struct span name)
{
    for (size_t i = 0; i < p->node_count; i++) {
        if (span_equal(p->nodes[i].name, name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static bool key_known(const struct vkey *keys, size_t count,
                      const struct vkey *key)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(keys[i].key.bytes, key->key.bytes, sizeof(key->key.bytes)) ==
            0) {
            return true;
        }
    }
    return false;
}

/* Each keyword's line returns 0 or an error without the line's number. */
static int key_read(struct span *line, uint8_t type, const struct vkey *known,
                    size_t known_count, struct vkey *key, struct error *err)
{
    struct span word;

    if (!word_next(line, &word)) {
        return error_set(err, ERR_MALFORMED, "no key given");
    }
    int rc = vkey_parse(word, key, err);

    if (rc != 0) {
        return rc;
    }
    if (key->type != type) {
        return error_set(err, ERR_MALFORMED, "key of type %u, expected %u",
                         key->type, type);
    }
    if (key_known(known, known_count, key)) {
        return error_set(err, ERR_MALFORMED, "this key is listed twice");
    }
    if (!line_ends(*line, true)) {
        return error_set(err, ERR_MALFORMED, "more than a key and a url");
    }
    return 0;
}

static int log_add(struct policy *p, struct span line, struct error *err)
{
    if (p->log_count == POLICY_LOGS_MAX) {
        return error_set(err, ERR_LIMIT, "more than %u logs", POLICY_LOGS_MAX);
    }
    int rc = key_read(&line, VKEY_ED25519, p->logs, p->log_count,
                      &p->logs[p->log_count], err);

    p->log_count += rc == 0;
    return rc;
}

static int name_read(const struct policy *p, struct span *line,
                     struct span *name, struct error *err)
{
    if (!word_next(line, name)) {
        return error_set(err, ERR_MALFORMED, "no name given");
    }
    if (word_is(*name, "none") || node_find(p, *name) != SIZE_MAX) {
        return error_set(err, ERR_MALFORMED, "name is already taken");
    }
    return 0;
}

static int witness_add(struct policy *p, struct span line, struct error *err)
{
    struct span name;

    if (p->witness_count == POLICY_WITNESSES_MAX) {
        return error_set(err, ERR_LIMIT, "more than %u witnesses",
                         POLICY_WITNESSES_MAX);
    }
    int rc = name_read(p, &line, &name, err);

    if (rc == 0) {
        rc = key_read(&line, VKEY_COSIGNATURE, p->witnesses, p->witness_count,
                      &p->witnesses[p->witness_count], err);
    }
    if (rc == 0) {
        p->nodes[p->node_count++] = (struct policy_node){
            .name = name, .witness = p->witness_count++, .parent = SIZE_MAX};
    }
    return rc;
}

static int members_read(struct policy *p, struct span line, uint32_t *count,
                        struct error *err)
{
    struct span word;

    *count = 0;
    while (word_next(&line, &word)) {
        size_t member = node_find(p, word);

        if (member == SIZE_MAX) {
            return error_set(err, ERR_MALFORMED,
                             "member %u is not defined on an earlier line",
                             *count + 1);
        }
        if (p->nodes[member].parent != SIZE_MAX) {
            return error_set(err, ERR_MALFORMED,
                             "member %u is already in a group", *count + 1);
        }
        p->nodes[member].parent = p->node_count;
        (*count)++;
    }
    if (*count == 0) {
        return error_set(err, ERR_MALFORMED, "group has no member");
    }
    return 0;
}

static int group_add(struct policy *p, struct span line, struct error *err)
{
    struct span name;
    struct span needed;
    uint64_t number = 0;
    uint32_t count = 0;

    if (p->node_count - p->witness_count == POLICY_GROUPS_MAX) {
        return error_set(err, ERR_LIMIT, "more than %u groups",
                         POLICY_GROUPS_MAX);
    }
    int rc = name_read(p, &line, &name, err);

    if (rc == 0 && !word_next(&line, &needed)) {
        rc = error_set(err, ERR_MALFORMED, "group says not how many it needs");
    }
    if (rc == 0) {
        rc = members_read(p, line, &count, err);
    }
    if (rc != 0) {
        return rc;
    }
    if (word_is(needed, "any")) {
        number = 1;
    } else if (word_is(needed, "all")) {
        number = count;
    } else if (!lines_number(needed, &number) || number < 1 || number > count) {
        return error_set(err, ERR_MALFORMED,
                         "group needs any, all or 1 to %u of its members",
                         count);
    }
    p->nodes[p->node_count++] =
        (struct policy_node){.name = name,
                             .witness = SIZE_MAX,
                             .parent = SIZE_MAX,
                             .needed = (uint32_t)number};
    return 0;
}

static int quorum_set(struct policy *p, struct span line, bool *seen,
                      struct error *err)
{
    struct span name;

    if (*seen) {
        return error_set(err, ERR_MALFORMED, "second quorum line");
    }
    if (!word_next(&line, &name) || !line_ends(line, false)) {
        return error_set(err, ERR_MALFORMED, "quorum is one name or none");
    }
    p->quorum = node_find(p, name);
    if (p->quorum == SIZE_MAX && !word_is(name, "none")) {
        return error_set(err, ERR_MALFORMED,
                         "quorum is not defined on an earlier line");
    }
    *seen = true;
    return 0;
}

static int line_read(struct policy *p, struct span line, bool *quorum,
                     struct error *err)
{
    struct span rest = line;
    struct span word;

    for (size_t i = 0; i < line.len; i++) {
        uint8_t c = line.ptr[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return error_set(err, ERR_MALFORMED, "control character");
        }
    }
    if (!word_next(&rest, &word) || word.ptr[0] == '#') {
        return 0;
    }
    if (word_is(word, "log")) {
        return log_add(p, rest, err);
    }
    if (word_is(word, "witness")) {
        return witness_add(p, rest, err);
    }
    if (word_is(word, "group")) {
        return group_add(p, rest, err);
    }
    if (word_is(word, "quorum")) {
        return quorum_set(p, rest, quorum, err);
    }
    return error_set(err, ERR_MALFORMED,
                     "line begins with none of log, witness, group, quorum");
}

/* At most one of each a line: room for as many as there are lines. */
static int rooms_make(struct policy *p, size_t lines, struct arena *arena,
                      struct error *err)
{
    size_t most = lines + 1; /* never a request for nothing */

    p->logs = arena_array(arena, most, sizeof(*p->logs));
    p->witnesses = arena_array(arena, most, sizeof(*p->witnesses));
    p->nodes = arena_array(arena, most, sizeof(*p->nodes));
    if (p->logs == NULL || p->witnesses == NULL || p->nodes == NULL) {
        return error_set(err, ERR_LIMIT, "policy of %zu lines is too long",
                         lines);
    }
    return 0;
}

int policy_parse(struct span text, struct arena *arena, struct policy *policy,
                 struct error *err)
{
    struct policy p = {.quorum = SIZE_MAX};
    size_t lines = lines_count(text);
    size_t number = 0;
    bool quorum = false;
    struct span line;

    if (text.len > POLICY_TEXT_MAX) {
        return error_set(err, ERR_LIMIT, "policy of %zu bytes, at most %u",
                         text.len, POLICY_TEXT_MAX);
    }
    if (lines == SIZE_MAX) {
        return error_set(err, ERR_MALFORMED,
                         "policy does not end with a newline");
    }
    int rc = rooms_make(&p, lines, arena, err);

    while (rc == 0 && lines_next(&text, &line)) {
        number++;
        rc = line_read(&p, line, &quorum, err);
        if (rc != 0) {
            rc = error_wrap(err, "policy line %zu", number);
        }
    }
    if (rc == 0 && !quorum) {
        rc = error_set(err, ERR_MALFORMED, "policy has no quorum line");
    }
    if (rc == 0) {
        *policy = p;
    }
    return rc;
}

size_t policy_find_log(const struct policy *policy, struct span origin,
                       size_t from)
{
    while (from < policy->log_count &&
           !span_equal(policy->logs[from].name, origin)) {
        from++;
    }
    return from;
}

bool policy_met(const struct policy *policy, const bool *cosigned,
                struct arena *arena)
{
    size_t mark = arena->used;
    bool met = policy->quorum == SIZE_MAX;

    if (met) {
        return true;
    }
    uint32_t *have = arena_array(arena, policy->node_count, sizeof(*have));

    /* Members stand before their group, so one pass fills every count. */
    for (size_t i = 0; have != NULL && i <= policy->quorum; i++) {
        const struct policy_node *node = &policy->nodes[i];

        met = node->witness != SIZE_MAX ? cosigned[node->witness]
                                        : have[i] >= node->needed;
        if (met && node->parent != SIZE_MAX) {
            have[node->parent]++;
        }
    }
    arena_rewind(arena, mark);
    return met;
}
