/* Room: node. Owns the answers to libzmq's handshake questions (ZAP, 27/ZAP of
 * rfc.zeromq.org): a key that the gate does not know gets no connection. It
 * must never admit anybody itself. Next: gate.c, which decides. */
#include "node/transport_internal.h"

#include <stdio.h>
#include <string.h>

#include "node/log.h"
#include "protocol/base/hex.h"

#define ZAP_PARTS 7u

/* Reads one request into `parts`; false if it is none. */
static bool zap_receive(void *zap, zmq_msg_t parts[ZAP_PARTS], size_t *len)
{
    bool more = true;

    *len = 0;
    while (more && *len < ZAP_PARTS) {
        zmq_msg_init(&parts[*len]);
        if (zmq_msg_recv(&parts[*len], zap, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&parts[*len]);
            return false;
        }
        more = zmq_msg_more(&parts[*len]) != 0;
        (*len)++;
    }
    while (more) { /* longer than any request: drain */
        zmq_msg_t rest;

        zmq_msg_init(&rest);
        more = zmq_msg_recv(&rest, zap, 0) >= 0 && zmq_msg_more(&rest) != 0;
        zmq_msg_close(&rest);
    }
    return true;
}

static bool part_is(zmq_msg_t *part, const char *text)
{
    return span_equal(span_make(zmq_msg_data(part), zmq_msg_size(part)),
                      span_str(text));
}

/* Answers one handshake question, if there is one. */
bool zap_answer(void *zap, const struct gate *gate)
{
    zmq_msg_t parts[ZAP_PARTS];
    size_t len = 0;
    unsigned status = 400;
    char user[65] = "";
    char code[4];

    if (!zap_receive(zap, parts, &len)) {
        return false;
    }
    if (len == ZAP_PARTS && part_is(&parts[0], "1.0") &&
        part_is(&parts[2], ZAP_DOMAIN) && part_is(&parts[5], "CURVE") &&
        zmq_msg_size(&parts[6]) == 32) {
        struct box_public key;

        memcpy(&key, zmq_msg_data(&parts[6]), sizeof(key));
        status = gate_status(gate, &key);
        hex_encode(SPAN_OF(key), user);
    }
    snprintf(code, sizeof(code), "%u", status);
    zmq_send(zap, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(zap, len > 1 ? zmq_msg_data(&parts[1]) : "",
             len > 1 ? zmq_msg_size(&parts[1]) : 0, ZMQ_SNDMORE);
    zmq_send(zap, code, 3, ZMQ_SNDMORE);
    zmq_send(zap, "", 0, ZMQ_SNDMORE);
    zmq_send(zap, user, status == 200 ? 64 : 0, ZMQ_SNDMORE);
    zmq_send(zap, "", 0, 0);
    for (size_t i = 0; i < len; i++) {
        zmq_msg_close(&parts[i]);
    }
    if (status != 200) {
        log_line(LOG_INFO, "gate", "refused", "status=%u key=%.16s", status,
                 user);
    }
    return true;
}
