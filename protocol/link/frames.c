/* protocol/link: names of frames, and the request to be heard.
 *
 * Owns what is said about frames beside their bytes. Next:
 * frames_decode.c, frames_encode.c. */
#include "protocol/link/frames.h"

#include "protocol/log/checkpoint.h"

const char *frame_name(enum frame_kind kind)
{
    switch (kind) {
    case FRAME_NONE:
        return "none";
    case FRAME_HELLO:
        return "hello";
    case FRAME_OFFER:
        return "offer";
    case FRAME_WANT:
        return "want";
    case FRAME_BATCH:
        return "batch";
    case FRAME_COSIGNED:
        return "cosigned";
    case FRAME_HELD:
        return "held";
    case FRAME_HEARD_ASK:
        return "heard-ask";
    case FRAME_DELIVERY:
        return "delivery";
    case FRAME_DELIVERY_ACK:
        return "delivery-ack";
    case FRAME_REFUSED:
        return "refused";
    case FRAME_JOIN_REQUEST:
        return "join-request";
    case FRAME_JOIN_ANSWER:
        return "join-answer";
    case FRAME_PING:
        return "ping";
    case FRAME_MEND_ASK:
        return "mend-ask";
    case FRAME_MEND:
        return "mend";
    case FRAME_SPOOLED:
        return "spooled";
    case FRAME_STAGED:
        return "staged";
    case FRAME_ATTACH_ASK:
        return "attach-ask";
    case FRAME_ATTACH_CHUNK:
        return "attach-chunk";
    case FRAME_ATTACH_HAVE:
        return "attach-have";
    case FRAME_SUCCESSOR:
        return "successor";
    case FRAME_BODY_ASK:
        return "body-ask";
    case FRAME_BODY_GIVE:
        return "body-give";
    case FRAME_KINDS:
        break;
    }
    return "unknown";
}

void heard_text(struct span checkpoint_text, uint64_t cosigs, struct buf *out)
{
    buf_put_str(out, "qcdc/heard/v1\n");
    buf_put(out, checkpoint_text);
    buf_put_u64(out, cosigs - 1); /* all ones if none is held */
}

bool heard_verify(struct span checkpoint_text, uint64_t cosigs,
                  const struct signature *sig,
                  const struct sign_public *node_actor)
{
    uint8_t bytes[HEARD_TEXT_MAX];
    struct buf text = buf_over(bytes, sizeof(bytes));

    heard_text(checkpoint_text, cosigs, &text);
    return !text.overflow && sign_verify(node_actor, buf_span(&text), sig);
}

void staged_text(struct span checkpoint_text, struct span ids, struct buf *out)
{
    buf_put_str(out, "qcdc/staged/v1\n");
    buf_put(out, checkpoint_text);
    buf_put(out, ids);
}
