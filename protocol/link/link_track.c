/* protocol/link: which logs two nodes talk about, and which way each goes.
 *
 * Record logs go up only, directory logs up and down: own and descendants'
 * logs to the parent, own and ancestors' directory logs to the child. Owns
 * that rule; the tree itself is the directory's. Must never let a log pass
 * because a peer said so. Next: link_hello.c. */
#include "protocol/link/link_internal.h"

#include <assert.h>

#define TREE_DEPTH_MAX 16u /* of certificates; a longer chain is a cycle */

enum below {
    BELOW_NO,
    BELOW_YES,
    BELOW_UNKNOWN,
};

/* Is `node` strictly below `above`? */
static int node_below(struct step *s, uint32_t node, uint32_t above,
                      enum below *out)
{
    for (unsigned depth = 0; depth < TREE_DEPTH_MAX; depth++) {
        uint32_t parent = 0;
        struct error why = {0};
        int rc = s->view->parent_of(s->view->data, node, &parent, &why);

        if (rc == ERR_NOTFOUND) {
            *out = BELOW_UNKNOWN;
            return 0;
        }
        if (rc != 0) {
            *s->err = why;
            return rc;
        }
        if (parent == 0 || parent == above) {
            *out = parent == 0 ? BELOW_NO : BELOW_YES;
            return 0;
        }
        node = parent;
    }
    *out = BELOW_NO;
    return 0;
}

static int was_below(struct step *s, uint32_t node, uint32_t above, bool *out)
{
    *out = false;
    return s->view->was_below == NULL
               ? 0
               : s->view->was_below(s->view->data, node, above, out, s->err);
}

int track_is_former(struct step *s, const struct origin *origin, bool *out)
{
    enum below below = BELOW_NO;
    uint32_t self = s->link->options.self;
    int rc = node_below(s, origin->node, self, &below);

    *out = false;
    return rc != 0 || below != BELOW_NO ? rc
                                        : was_below(s, origin->node, self, out);
}

int track_is_news(struct step *s, const struct origin *origin, bool *out)
{
    enum below below = BELOW_NO;
    int rc = 0;

    *out = false;
    if (s->link->options.side == LINK_UP && origin->dir &&
        origin->node != s->link->options.self && !s->link->options.observer) {
        rc = node_below(s, origin->node, s->link->options.peer, &below);
        *out = below != BELOW_UNKNOWN;
    }
    return rc;
}

/* An observer (UP: we, DOWN: the peer) gets what the node above holds of its
 * branch, and the directory logs above; it has nothing to give. */
static int way_observed(struct step *s, const struct origin *origin,
                        enum track_way *out)
{
    const struct link_options *options = &s->link->options;
    bool up = options->side == LINK_UP;
    uint32_t observer = up ? options->self : options->peer;
    uint32_t source = up ? options->peer : options->self;
    enum track_way way = up ? TRACK_RECEIVE : TRACK_SEND;
    enum below below = BELOW_NO;
    bool former = false;
    int rc = 0;

    *out = TRACK_NONE;
    if (origin->node == observer || origin->node == source) {
        *out = origin->node == source ? way : TRACK_NONE;
        return 0;
    }
    rc = node_below(s, origin->node, source, &below);
    if (rc == 0 && below != BELOW_NO) {
        *out = below == BELOW_YES ? way : TRACK_UNKNOWN;
        return 0;
    }
    rc = rc != 0 ? rc : was_below(s, origin->node, source, &former);
    if (rc == 0 && !former && origin->dir) {
        rc = node_below(s, source, origin->node, &below);
        former = below != BELOW_NO;
    }
    *out = rc == 0 && former ? way : TRACK_NONE;
    return rc;
}

/* Of the parent's link: what is ours and our descendants' goes up; what is
 * above us comes down. */
static int way_up(struct step *s, const struct origin *origin,
                  enum track_way *out)
{
    uint32_t self = s->link->options.self;
    enum below below = BELOW_NO;
    int rc = 0;

    if (origin->node == self) {
        *out = TRACK_SEND;
        return 0;
    }
    if (origin->node == s->link->options.peer && !origin->dir) {
        *out = TRACK_NONE; /* record logs do not travel down */
        return 0;
    }
    rc = node_below(s, origin->node, self, &below);
    if (rc != 0) {
        return rc;
    }
    if (below == BELOW_YES) {
        *out = TRACK_SEND;
        return 0;
    }
    if (!origin->dir) {
        bool former = false;

        rc = below == BELOW_NO ? was_below(s, origin->node, self, &former) : 0;
        *out = former                   ? TRACK_SEND
               : below == BELOW_UNKNOWN ? TRACK_UNKNOWN
                                        : TRACK_NONE;
        return rc;
    }
    /* Before it has a directory a node takes any: the view knows which keys
     * it may believe. */
    rc = node_below(s, self, origin->node, &below);
    *out = below == BELOW_NO ? TRACK_NONE : TRACK_RECEIVE;
    return rc;
}

static int way_down(struct step *s, const struct origin *origin,
                    enum track_way *out)
{
    const struct link_options *options = &s->link->options;
    enum below below = BELOW_NO;
    int rc = 0;

    if (origin->node == options->peer) {
        *out = TRACK_RECEIVE;
        return 0;
    }
    if (origin->node == options->self) {
        *out = origin->dir ? TRACK_SEND : TRACK_NONE;
        return 0;
    }
    rc = node_below(s, origin->node, options->peer, &below);
    if (rc != 0) {
        return rc;
    }
    if (below != BELOW_NO) {
        *out = below == BELOW_YES ? TRACK_RECEIVE : TRACK_UNKNOWN;
        return 0;
    }
    *out = TRACK_NONE;
    if (!origin->dir) {
        bool former = false;

        rc = was_below(s, origin->node, options->peer, &former);
        *out = former ? TRACK_RECEIVE : TRACK_NONE;
        return rc;
    }
    if (origin->dir) {
        rc = node_below(s, options->self, origin->node, &below);
        if (rc == 0 && below != BELOW_YES) {
            /* One of those between us and a peer who came round them. */
            rc = node_below(s, options->peer, origin->node, &below);
        }
        if (rc == 0 && below != BELOW_YES && s->view->was_above != NULL) {
            /* Who certified one of its nodes before: keys and guards of then.
             */
            bool was = false;

            rc = s->view->was_above(s->view->data, origin->node, options->peer,
                                    &was, s->err);
            below = was ? BELOW_YES : below;
        }
        if (below == BELOW_YES) {
            *out = TRACK_SEND;
        }
    }
    return rc;
}

int track_way_of(struct step *s, const struct origin *origin,
                 enum track_way *out)
{
    if (s->link->options.observer) {
        return way_observed(s, origin, out);
    }
    switch (s->link->options.side) {
    case LINK_UP:
    case LINK_JOINER:
        return way_up(s, origin, out);
    case LINK_DOWN:
    case LINK_INVITER:
        return way_down(s, origin, out);
    }
    return 0;
}

/* Where the origin is, or would have to be. */
static size_t track_place(const struct link *link, const struct origin *origin)
{
    size_t low = 0;
    size_t high = link->tracks_len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (origin_compare(&link->tracks[middle].origin, origin) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct link_track *track_find(struct link *link, const struct origin *origin)
{
    size_t place = track_place(link, origin);

    return place < link->tracks_len &&
                   origin_equal(&link->tracks[place].origin, origin)
               ? &link->tracks[place]
               : NULL;
}

int track_get(struct step *s, const struct origin *origin,
              struct link_track **out)
{
    struct link *link = s->link;
    size_t place = track_place(link, origin);
    enum track_way way = TRACK_NONE;
    int rc = 0;

    *out = track_find(link, origin);
    if (*out != NULL) {
        return 0;
    }
    rc = track_way_of(s, origin, &way);
    if (rc != 0) {
        return rc;
    }
    if (link->tracks_len == link->options.tracks_max) {
        step_note(s, origin, LINK_REASON_PAUSED,
                  step_text(s, "more than %zu logs on one link",
                            link->options.tracks_max));
        return 0;
    }
    assert(link->tracks != NULL); /* link_init */
    for (size_t i = link->tracks_len; i > place; i--) {
        link->tracks[i] = link->tracks[i - 1];
    }
    link->tracks_len++;
    link->tracks[place] = (struct link_track){.origin = *origin, .way = way};
    *out = &link->tracks[place];
    return 0;
}

int track_log(struct step *s, struct link_track *track, struct link_log *log,
              bool *known)
{
    struct error why = {0};
    int rc = 0;

    *log = (struct link_log){0};
    rc = s->view->log(s->view->data, s->link->options.peer, &track->origin, log,
                      &why);
    *known = rc == 0;
    if (rc != 0) {
        if (rc != ERR_NOTFOUND) {
            *s->err = why;
            return rc;
        }
        return 0;
    }
    track->here = log->head.size;
    track->frozen = track->frozen || log->frozen;
    if (log->recovering) {
        track->until = log->until;
    }
    /* What was found in this very step, the engine does not know yet. */
    track->recovering = log->recovering || track->until > log->head.size;
    track->below = log->below;
    if (track->turned && track->way == TRACK_RECEIVE) {
        track->sendable = log->head.size;
        track->pending = log->cosigs;
    }
    if (track->way == TRACK_SEND) {
        track->to_guard =
            (s->link->options.guard || s->link->options.side == LINK_INVITER) &&
            log->guard == s->link->options.peer;
        /* What was not cosigned goes to the cosigner only (DESIGN 5). */
        track->sendable = track->to_guard || log->guard == 0
                              ? log->head.size
                              : log->cosigned_size;
        track->pending = log->cosigs;
    }
    track->bodies = track->to_guard || (s->link->options.standby &&
                                        log->guard == s->link->options.self);
    return 0;
}

int tracks_fill(struct step *s)
{
    struct origin at = {0};
    struct origin next = {0};
    const struct origin *after = NULL;

    for (;;) {
        struct error why = {0};
        enum track_way way = TRACK_NONE;
        struct link_track *track = NULL;
        int rc = s->view->next(s->view->data, after, &next, &why);

        if (rc == ERR_NOTFOUND) {
            return 0;
        }
        if (rc != 0) {
            *s->err = why;
            return rc;
        }
        at = next;
        after = &at;
        if ((rc = track_way_of(s, &at, &way)) != 0) {
            return rc;
        }
        if (way == TRACK_NONE || way == TRACK_UNKNOWN) {
            continue;
        }
        if ((rc = track_get(s, &at, &track)) != 0) {
            return rc;
        }
        if (track != NULL) {
            struct link_log log;
            bool known = false;

            rc = track_log(s, track, &log, &known);
            if (rc != 0) {
                return rc;
            }
        }
    }
}

int track_freeze(struct step *s, struct link_track *track,
                 enum link_reason reason, struct span text, bool tell)
{
    struct link_action *action = NULL;

    if (track->frozen) {
        return 0;
    }
    track->frozen = true;
    action = step_do(s, LINK_DO_FREEZE);
    action->origin = track->origin;
    action->has_origin = true;
    action->reason = reason;
    action->text = text;
    return tell ? step_refuse(s, &track->origin, reason, text) : 0;
}
