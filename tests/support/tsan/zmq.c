/* tests/support: tells ThreadSanitizer that a zmq message orders two threads.
 * Debian's libzmq is not instrumented, so memory handed over by a message
 * looks like a race. In the tsan build the linker sends every zmq send and
 * receive through here (--wrap): all sends happen before all later receives.
 * That is more order than there is between unrelated sockets; it hides only
 * races between threads that also exchange messages at that very moment.
 * Never linked into another build. */
#include <stddef.h>

#include <zmq.h>

/* The runtime's own interface; gcc 12 ships no header for it. */
void __tsan_acquire(void *address);
void __tsan_release(void *address);

int __real_zmq_send(void *socket, const void *bytes, size_t len, int flags);
int __real_zmq_recv(void *socket, void *bytes, size_t size, int flags);
int __real_zmq_msg_send(zmq_msg_t *msg, void *socket, int flags);
int __real_zmq_msg_recv(zmq_msg_t *msg, void *socket, int flags);
int __wrap_zmq_send(void *socket, const void *bytes, size_t len, int flags);
int __wrap_zmq_recv(void *socket, void *bytes, size_t size, int flags);
int __wrap_zmq_msg_send(zmq_msg_t *msg, void *socket, int flags);
int __wrap_zmq_msg_recv(zmq_msg_t *msg, void *socket, int flags);

static char order;

int __wrap_zmq_send(void *socket, const void *bytes, size_t len, int flags)
{
    __tsan_release(&order);
    return __real_zmq_send(socket, bytes, len, flags);
}

int __wrap_zmq_recv(void *socket, void *bytes, size_t size, int flags)
{
    int len = __real_zmq_recv(socket, bytes, size, flags);
    __tsan_acquire(&order);
    return len;
}

int __wrap_zmq_msg_send(zmq_msg_t *msg, void *socket, int flags)
{
    __tsan_release(&order);
    return __real_zmq_msg_send(msg, socket, flags);
}

int __wrap_zmq_msg_recv(zmq_msg_t *msg, void *socket, int flags)
{
    int len = __real_zmq_msg_recv(msg, socket, flags);
    __tsan_acquire(&order);
    return len;
}
