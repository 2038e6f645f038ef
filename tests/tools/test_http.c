/* The HTTP subset over a real UNIX socket, raw bytes in: what reaches the
 * handler and what is refused before it (libraries.md A1). */
#include "tests/support/test.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "node/client/client.h"
#include "node/web/http.h"
#include "protocol/crypto.h"

struct world {
    struct http *http;
    char dir[64];
    char path[96];
    int calls;
    size_t body_len;
};

static void handle(void *ctx, const struct http_request *request,
                   struct http_reply *reply)
{
    struct world *world = ctx;

    world->calls++;
    world->body_len = request->body.len;
    reply->status = 200;
    reply->text = strdup("{\"ok\":true}");
    reply->len = strlen(reply->text);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct error err = {0};

    snprintf(world->dir, sizeof(world->dir), "/tmp/qcdc-http-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    snprintf(world->path, sizeof(world->path), "%s/api.sock", world->dir);
    assert_ok(http_open(world->path, handle, world, &world->http, &err), err);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    http_close(world->http);
    rmdir(world->dir);
    free(world);
    return 0;
}

/* Sends the bytes, turns the loop until the other side closes or answers. */
static void talk(struct world *world, const char *request, char *answer,
                 size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    size_t len = 0;

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", world->path);
    assert_int_equal(
        connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(write(fd, request, strlen(request)),
                     (ssize_t)strlen(request));
    for (int turn = 0; turn < 200; turn++) {
        struct pollfd fds[2] = {{.fd = http_fd(world->http), .events = POLLIN},
                                {.fd = fd, .events = POLLIN}};
        ssize_t got;

        (void)poll(fds, 2, 50);
        http_run(world->http);
        got = recv(fd, answer + len, size - len - 1, MSG_DONTWAIT);
        if (got == 0) {
            break;
        }
        if (got > 0) {
            len += (size_t)got;
            answer[len] = '\0';
            if (strstr(answer, "}") != NULL) {
                break;
            }
        }
    }
    answer[len] = '\0';
    close(fd);
    for (int turn = 0; turn < 3; turn++) {
        http_run(world->http);
    }
}

static void expect(struct world *world, const char *request, int status,
                   int calls)
{
    char answer[4096];
    char line[32];

    world->calls = 0;
    talk(world, request, answer, sizeof(answer));
    snprintf(line, sizeof(line), "HTTP/1.1 %d", status);
    if (strncmp(answer, line, strlen(line)) != 0) {
        fail_msg("expected %d for:\n%s\ngot:\n%s", status, request, answer);
    }
    assert_int_equal(world->calls, calls);
}

static void a_plain_request_reaches_the_handler(void **state)
{
    struct world *world = *state;

    expect(world, "GET /v1/node HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, 1);
    expect(world,
           "POST /v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n"
           "hello",
           200, 1);
    assert_int_equal(world->body_len, 5);
}

static void doubled_headers_are_refused(void **state)
{
    struct world *world = *state;

    expect(world,
           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
           "Content-Length: 2\r\n\r\nxx",
           400, 0);
    expect(world, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, 0);
    expect(world,
           "GET / HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\n"
           "Origin: http://b\r\n\r\n",
           400, 0);
    expect(world,
           "GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1\r\nCookie: b=1\r\n\r\n",
           400, 0);
}

static void transfer_encoding_is_refused(void **state)
{
    struct world *world = *state;

    expect(world,
           "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
           "0\r\n\r\n",
           400, 0);
}

static void control_bytes_in_the_address_are_refused(void **state)
{
    struct world *world = *state;

    expect(world, "GET /v1/x%00y HTTP/1.1\r\nHost: a\r\n\r\n", 400, 0);
    expect(world, "GET /v1/x%0ay HTTP/1.1\r\nHost: a\r\n\r\n", 400, 0);
    expect(world, "GET /v1/x%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400, 0);
}

static void a_page_of_another_site_is_refused(void **state)
{
    struct world *world = *state;

    expect(world,
           "POST / HTTP/1.1\r\nHost: a\r\nOrigin: http://evil\r\n"
           "Content-Length: 0\r\n\r\n",
           403, 0);
    expect(world,
           "GET / HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: cross-site\r\n\r\n",
           403, 0);
    expect(world, "GET / HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\n\r\n", 200,
           1);
}

static void bodies_over_the_limit_are_refused_unread(void **state)
{
    struct world *world = *state;

    expect(world,
           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 33554433\r\n\r\n",
           413, 0);
}

static void other_methods_are_refused(void **state)
{
    struct world *world = *state;

    expect(world, "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", 405, 0);
}

static void names_and_targets_are_judged(void **state)
{
    (void)state;
    assert_true(http_name_is_token("Content-Length"));
    assert_false(http_name_is_token("Content-Length "));
    assert_false(http_name_is_token("a:b"));
    assert_false(http_name_is_token(""));
    assert_true(http_target_is_clean("/v1/search?q=%c4%91%C6%B0%E1%BB%9Dng"));
    assert_false(http_target_is_clean("/a%7f"));
    assert_false(http_target_is_clean("/a b"));
    assert_false(http_target_is_clean("/a%"));
}

static void a_long_path_and_no_node_are_said_plainly(void **state)
{
    struct world *world = *state;
    struct http *http = NULL;
    struct client *client = NULL;
    struct client_request request = {.path = "/v1/node"};
    struct client_reply reply;
    struct error err = {0};
    char path[256];

    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_err(http_open(path, handle, world, &http, &err), ERR_USAGE, err);
    snprintf(path, sizeof(path), "%s/none.sock", world->dir);
    assert_ok(client_open(path, &client, &err), err);
    assert_err(client_call(client, &request, &reply, &err), ERR_BUSY, err);
    assert_err_says(err, "no node is running");
    client_reply_release(&reply);
    client_close(client);
}

static void query_values_are_escaped(void **state)
{
    char room[128];
    struct buf path = buf_over(room, sizeof(room));

    (void)state;
    buf_put_str(&path, "/v1/search");
    client_query_put(&path, "q", "đường 1&2");
    client_query_put(&path, "none", NULL);
    client_query_put(&path, "max", "5");
    assert_true(
        span_equal(buf_span(&path), span_str("/v1/search?q=%C4%91%C6%B0%E1%BB"
                                             "%9Dng%201%262&max=5")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_plain_request_reaches_the_handler,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(doubled_headers_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(transfer_encoding_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            control_bytes_in_the_address_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_page_of_another_site_is_refused,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            bodies_over_the_limit_are_refused_unread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_methods_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test(names_and_targets_are_judged),
        cmocka_unit_test_setup_teardown(
            a_long_path_and_no_node_are_said_plainly, set_up, tear_down),
        cmocka_unit_test(query_values_are_escaped),
    };

    return TEST_RUN(tests);
}
