/* protocol/link: the machine as others see it: names and figures.
 *
 * Owns nothing; reads a link for `sync`, logs and traces. Next: link.c. */
#include "protocol/link/link_internal.h"

static const char *const states[LINK_STATES] = {
    "closed", "greeting", "open", "barred", "asking", "enrolled",
};

static const char *const happenings[LINK_HAPPENINGS] = {
    "opened",
    "frame",
    "lost",
    "tick",
    "log-grew",
    "spool-grew",
    "batch-stored",
    "batch-refused",
    "cosigned",
    "held-grew",
    "heard-signed",
    "segment-sent",
    "segment-missing",
    "delivery-queued",
    "deliveries-sent",
    "delivery-stored",
    "dir-changed",
    "join-decided",
    "clone-seen",
    "staged",
};

static const char *const doings[LINK_DOINGS] = {
    "send",
    "send-segment",
    "send-cosigs",
    "send-held",
    "send-deliveries",
    "sequence",
    "store-batch",
    "store-cosigs",
    "store-held",
    "store-delivery",
    "delivery-acked",
    "commit-token",
    "issue-token",
    "token-seen",
    "cosign-repeat",
    "freeze",
    "recover",
    "evidence",
    "recovered",
    "note",
    "strike",
    "answer-mend",
    "mend",
    "ask-heard",
    "ready",
    "close",
    "successor",
    "attach",
    "body",
    "join-requested",
    "join-answered",
    "joined",
    "send-staged",
    "take-spooled",
    "take-staged",
};

const char *link_state_name(enum link_state state)
{
    return (unsigned)state < LINK_STATES ? states[state] : "unknown";
}

const char *link_happened_name(enum link_happened kind)
{
    return (unsigned)kind < LINK_HAPPENINGS ? happenings[kind] : "unknown";
}

const char *link_do_name(enum link_do kind)
{
    return (unsigned)kind < LINK_DOINGS ? doings[kind] : "unknown";
}

void link_info(const struct link *link, struct link_info *out)
{
    int64_t skew_ms = link->skew_ms;

    *out = (struct link_info){
        .state = link->state,
        .version = link->version,
        .features = link->features,
        .skew_ms = skew_ms,
        .clock_wrong =
            skew_ms > LINK_SKEW_MAX_MS ||
                    skew_ms<
                        -LINK_SKEW_MAX_MS, .token_wrong = link->token_wrong,
                        .waiting = link->waiting, .opened_ms = link->opened_ms,
                        .heard_ms = link->heard_ms, .window = link->window.size,
                        .rate = link->window.rate,
                        .rtt_ms = link->window.rtt_ms, .sent_bytes = link->sent,
                        .received_bytes = link->window.received,
                        .credit_left = link->credit>
                        link->sent
                ? link->credit - link->sent
                : 0,
        .stale = link->stale,
        .strikes = link->strikes,
    };
    memcpy(out->software, link->software, sizeof(out->software));
}

bool link_lag(const struct link *link, size_t i, struct link_lag *out)
{
    if (i >= link->tracks_len) {
        return false;
    }

    const struct link_track *track = &link->tracks[i];

    *out = (struct link_lag){
        .origin = track->origin,
        .sending = track->way == TRACK_SEND,
        .here = track->here,
        .there = track->there,
        .stopped = track->stopped || track->frozen,
        .turned = track->turned,
        .hold = track->hold,
    };
    return true;
}
