/* node/client: one request, one answer, over the node's UNIX socket.
 * Owns a curl handle. Must never follow redirects or use a proxy, nor leave
 * the socket where there is one. Read next: answer.c. */
#include "node/client/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "protocol/base/hex.h"
#include "protocol/crypto.h"

#define ANSWER_MAX ((size_t)256 * 1024 * 1024)

struct client {
    CURL *curl;
    const char *lang;
    char socket_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

int client_open(const char *socket_path, struct client **out, struct error *err)
{
    struct client *client = calloc(1, sizeof(*client));

    if (client == NULL) {
        return error_set(err, ERR_NOMEM, "no memory");
    }
    if (strlen(socket_path) >= sizeof(client->socket_path)) {
        free(client);
        return error_set(err, ERR_USAGE,
                         "%s: the path is too long for a "
                         "socket",
                         socket_path);
    }
    memcpy(client->socket_path, socket_path, strlen(socket_path) + 1);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        (client->curl = curl_easy_init()) == NULL) {
        free(client);
        return error_set(err, ERR_NOMEM, "libcurl does not start");
    }
    client->lang = "en";
    *out = client;
    return 0;
}

void client_speak(struct client *client, const char *lang)
{
    client->lang = lang;
}

void client_close(struct client *client)
{
    if (client == NULL) {
        return;
    }
    curl_easy_cleanup(client->curl);
    curl_global_cleanup();
    free(client);
}

static size_t take_bytes(char *data, size_t size, size_t count, void *ctx)
{
    struct client_reply *reply = ctx;
    size_t len = size * count;

    if (len > ANSWER_MAX - reply->len) {
        return 0;
    }
    char *grown = realloc(reply->text, reply->len + len + 1);

    if (grown == NULL) {
        return 0;
    }
    memcpy(grown + reply->len, data, len);
    reply->text = grown;
    reply->len += len;
    reply->text[reply->len] = '\0';
    return len;
}

static bool add_header(struct curl_slist **list, const char *name,
                       const char *value)
{
    char line[256];
    int len = snprintf(line, sizeof(line), "%s: %s", name, value);

    if (len < 0 || (size_t)len >= sizeof(line) ||
        strpbrk(value, "\r\n") != NULL) {
        return false;
    }
    struct curl_slist *grown = curl_slist_append(*list, line);

    if (grown == NULL) {
        return false;
    }
    *list = grown;
    return true;
}

static struct curl_slist *headers_of(const struct client *client,
                                     const struct client_request *request)
{
    struct curl_slist *list = NULL;
    uint8_t random[16];
    char id[33];
    bool ok = add_header(&list, "Accept-Language", client->lang);

    if (ok && request->session != NULL) {
        ok = add_header(&list, "Qcdc-Session", request->session);
    }
    if (request->write) {
        crypto_random(random, sizeof(random));
        hex_encode(SPAN_OF(random), id);
        ok = ok && add_header(&list, "Content-Type", "application/json") &&
             add_header(&list, "Expect", "") &&
             add_header(&list, "Qcdc-Request",
                        request->request_id != NULL ? request->request_id : id);
    }
    if (!ok) {
        curl_slist_free_all(list);
        return NULL;
    }
    return list;
}

static int set_up(struct client *client, const struct client_request *request,
                  const char *url, struct curl_slist *headers,
                  struct client_reply *out)
{
    CURL *curl = client->curl;
    long timeout = request->timeout_s == 0 ? 60 : request->timeout_s;
    bool ok;

    curl_easy_reset(curl);
    ok =
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket_path) ==
            CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, out) == CURLE_OK;
    if (ok && request->write) {
        const char *body =
            request->body.len == 0 ? "" : (const char *)request->body.ptr;

        ok = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                              (curl_off_t)request->body.len) == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body) == CURLE_OK;
    }
    return ok ? 0 : -1;
}

static int code_named(const char *name)
{
#define CODE_ROW(code, value, status, reaction)                                \
    if (strcmp(name, #code) == 0) {                                            \
        return value;                                                          \
    }
    ERR_TABLE(CODE_ROW)
#undef CODE_ROW
    return 0;
}

/* What the node answered, as our own error. */
static int reply_error(const struct client_reply *reply, long status,
                       struct error *err)
{
    const struct answer *error = answer_get(reply->root, "error");
    int code = code_named(answer_text(answer_get(error, "code")));

    if (status >= 200 && status < 300) {
        return 0;
    }
    if (code == 0) {
        return error_set(err, ERR_IO, "the node answered %ld", status);
    }
    return error_set(err, (enum err)code, "%s",
                     answer_text(answer_get(error, "text_en")));
}

int client_call(struct client *client, const struct client_request *request,
                struct client_reply *out, struct error *err)
{
    char url[4096];
    struct error ignored = {0};
    long status = 0;
    int len = snprintf(url, sizeof(url), "http://localhost%s", request->path);

    *out = (struct client_reply){0};
    if (len < 0 || (size_t)len >= sizeof(url)) {
        return error_set(err, ERR_USAGE, "the arguments are too long");
    }
    struct curl_slist *headers = headers_of(client, request);
    int rc = set_up(client, request, url, headers, out);
    CURLcode code =
        rc < 0 ? CURLE_OUT_OF_MEMORY : curl_easy_perform(client->curl);

    curl_slist_free_all(headers);
    if (code == CURLE_COULDNT_CONNECT) {
        return error_set(err, ERR_BUSY, "no node is running at %s",
                         client->socket_path);
    }
    if (code != CURLE_OK) {
        return error_set(err, ERR_IO, "the node at %s did not answer: %s",
                         client->socket_path, curl_easy_strerror(code));
    }
    (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (out->len > 0 && out->text[0] == '{' &&
        answer_parse(span_make(out->text, out->len), &out->root, &ignored) <
            0) {
        return error_set(err, ERR_IO, "the node's answer is no JSON: %s",
                         ignored.text);
    }
    return reply_error(out, status, err);
}

static CURLcode post_perform(struct client *client, const char *url,
                             struct span body, struct client_reply *out)
{
    struct client_request request = {.write = true, .body = body};
    struct curl_slist *headers =
        curl_slist_append(NULL, "Content-Type: text/plain");
    CURLcode code = CURLE_OUT_OF_MEMORY;

    if (headers != NULL && set_up(client, &request, url, headers, out) == 0) {
        if (client->socket_path[0] == '\0') {
            (void)curl_easy_setopt(client->curl, CURLOPT_UNIX_SOCKET_PATH,
                                   NULL);
        }
        code = curl_easy_perform(client->curl);
    }
    curl_slist_free_all(headers);
    return code;
}

int client_post(struct client *client, const char *url, struct span body,
                long *status, struct client_reply *out, struct error *err)
{
    const char *at = client->socket_path;
    CURLcode code;

    *out = (struct client_reply){0};
    code = post_perform(client, url, body, out);
    if (code != CURLE_OK) {
        return error_set(err, ERR_IO, "%s did not answer: %s",
                         at[0] != '\0' ? at : url, curl_easy_strerror(code));
    }
    (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, status);
    return 0;
}

void client_reply_release(struct client_reply *reply)
{
    answer_free(reply->root);
    free(reply->text);
    *reply = (struct client_reply){0};
}

bool client_is_there(struct client *client)
{
    struct client_request request = {.path = "/v1/node", .timeout_s = 10};
    struct client_reply reply;
    struct error err = {0};
    int rc = client_call(client, &request, &reply, &err);

    client_reply_release(&reply);
    return rc != ERR_BUSY;
}

void client_query_put(struct buf *path, const char *name, const char *value)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

    if (value == NULL) {
        return;
    }
    bool first = path->len == 0 || memchr(path->ptr, '?', path->len) == NULL;

    buf_put_fmt(path, "%c%s=", first ? '?' : '&', name);
    for (const char *p = value; *p != '\0'; p++) {
        if (strchr(plain, *p) != NULL) {
            buf_put_u8(path, (uint8_t)*p);
        } else {
            buf_put_fmt(path, "%%%02X", (unsigned)(unsigned char)*p);
        }
    }
}
