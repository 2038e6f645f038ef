/* tools/witness: what the witness keeps on disk. Owns the folder. Must never
 * answer for a state that a power cut could take back: every write is a new
 * file, synced, renamed, its folder synced. Next: serve.c. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/keys.h"
#include "protocol/base/hex.h"
#include "protocol/log/lines.h"
#include "tools/witness/witness.h"

#define KEY_TEXT 64u
#define STATE_TEXT_MAX (NOTE_MAX + 128u)

static int path_of(const struct witness_book *book, const char *folder,
                   const char *name, char path[WITNESS_PATH_MAX],
                   struct error *err)
{
    int len = snprintf(path, WITNESS_PATH_MAX, "%s/%s%s%s", book->dir, folder,
                       folder[0] == '\0' ? "" : "/", name);

    return len < (int)WITNESS_PATH_MAX
               ? 0
               : error_set(err, ERR_LIMIT, "path too long: %.100s", book->dir);
}

/* ERR_NOTFOUND if there is none. NUL-terminated, in the arena. */
static int text_read(const char *path, size_t max, struct arena *arena,
                     struct span *out, struct error *err)
{
    FILE *file = fopen(path, "re");
    uint8_t *room;
    size_t len;

    if (file == NULL) {
        return error_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, "%s: %s",
                         path, strerror(errno));
    }
    room = arena_alloc(arena, max + 2);
    len = room == NULL ? 0 : fread(room, 1, max + 1, file);
    bool bad = room == NULL || ferror(file) != 0 || len > max;

    fclose(file);
    if (bad) {
        return error_set(err, ERR_IO, "%s: cannot be read whole", path);
    }
    room[len] = '\0';
    *out = span_make(room, len);
    return 0;
}

static int folder_make(const char *path, struct error *err)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    return 0;
}

static int key_set(struct witness_book *book, const struct sign_seed *seed,
                   struct error *err)
{
    struct sign_public pub;

    sign_keys(seed, &pub, &book->secret);
    book->witness.secret = &book->secret;
    return vkey_make(span_str(book->name), VKEY_COSIGNATURE, &pub,
                     &book->witness.key, err);
}

static int folders_make(struct witness_book *book, struct error *err)
{
    char path[WITNESS_PATH_MAX];
    int rc = folder_make(book->dir, err);

    if (rc == 0 && (rc = path_of(book, "", "state", path, err)) == 0) {
        rc = folder_make(path, err);
    }
    if (rc == 0 && (rc = path_of(book, "", "evidence", path, err)) == 0) {
        rc = folder_make(path, err);
    }
    return rc;
}

int book_make(const char *dir, const char *name, struct witness_book *book,
              struct error *err)
{
    struct sign_seed seed;
    char path[WITNESS_PATH_MAX];
    char hex[KEY_TEXT + 2];
    int rc;

    memset(book, 0, sizeof(*book));
    book->lock_fd = -1;
    if (strlen(dir) >= sizeof(book->dir) || strlen(name) > ORIGIN_MAX) {
        return error_set(err, ERR_USAGE, "folder or name too long");
    }
    memcpy(book->dir, dir, strlen(dir) + 1);
    memcpy(book->name, name, strlen(name) + 1);
    crypto_random(&seed, sizeof(seed));
    rc = key_set(book, &seed, err); /* refuses a name that cannot be */
    if (rc == 0) {
        rc = folders_make(book, err);
    }
    if (rc == 0) {
        rc = path_of(book, "", "key", path, err);
    }
    if (rc == 0 && access(path, F_OK) == 0) {
        rc = error_set(err, ERR_CONFLICT,
                       "%s: there is a key; a new one would be another "
                       "witness: use another folder",
                       path);
    }
    hex_encode(SPAN_OF(seed), hex);
    hex[KEY_TEXT] = '\n';
    if (rc == 0) {
        rc = file_write_secret(path, hex, KEY_TEXT + 1, err);
    }
    crypto_wipe(hex, sizeof(hex));
    crypto_wipe(&seed, sizeof(seed));
    if (rc == 0 && (rc = path_of(book, "", "name", path, err)) == 0) {
        rc = file_write_secret(path, name, strlen(name), err);
    }
    return rc;
}

static int lock_take(struct witness_book *book, struct error *err)
{
    char path[WITNESS_PATH_MAX];
    int rc = path_of(book, "", "lock", path, err);

    if (rc != 0) {
        return rc;
    }
    book->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (book->lock_fd < 0) {
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (flock(book->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        return error_set(err, ERR_BUSY,
                         "another qcdc-witness uses %s: two would sign two "
                         "histories",
                         book->dir);
    }
    return 0;
}

static int file_take(struct witness_book *book, const char *name, char *text,
                     size_t max, struct error *err)
{
    char path[WITNESS_PATH_MAX];
    struct arena arena = {0};
    struct span got = {0};
    int rc = arena_new(&arena, 4096, err);

    if (rc == 0 && (rc = path_of(book, "", name, path, err)) == 0) {
        rc = text_read(path, max, &arena, &got, err);
    }
    if (rc == 0 && got.ptr != NULL) {
        memcpy(text, got.ptr, got.len);
        text[got.len] = '\0';
    }
    arena_release(&arena);
    return rc;
}

int book_open(const char *dir, struct witness_book *book, struct error *err)
{
    struct sign_seed seed = {{0}};
    char hex[KEY_TEXT + 2] = "";
    int rc;

    memset(book, 0, sizeof(*book));
    book->lock_fd = -1;
    if (strlen(dir) >= sizeof(book->dir)) {
        return error_set(err, ERR_USAGE, "folder name too long");
    }
    memcpy(book->dir, dir, strlen(dir) + 1);
    rc = file_take(book, "name", book->name, ORIGIN_MAX, err);
    if (rc == ERR_NOTFOUND) {
        return error_set(err, ERR_USAGE,
                         "%s is no folder of a witness: run qcdc-witness init",
                         dir);
    }
    if (rc == 0) {
        rc = file_take(book, "key", hex, KEY_TEXT + 1, err);
    }
    hex[KEY_TEXT] = '\0';
    if (rc == 0) {
        rc = hex_decode(span_str(hex), &seed, sizeof(seed), err);
    }
    if (rc == 0) {
        rc = key_set(book, &seed, err);
    }
    if (rc == 0) {
        rc = lock_take(book, err);
    }
    crypto_wipe(&seed, sizeof(seed));
    crypto_wipe(hex, sizeof(hex));
    return rc;
}

void book_close(struct witness_book *book)
{
    if (book->lock_fd >= 0) {
        close(book->lock_fd);
    }
    crypto_wipe(&book->secret, sizeof(book->secret));
}

/* ---- states ---- */

/* The file's name is a hash: an origin may hold any character. */
static int state_path(const struct witness_book *book, struct span origin,
                      char path[WITNESS_PATH_MAX], struct error *err)
{
    struct hash hash = hash_of(origin);
    char hex[sizeof(hash) * 2 + 1];

    hex_encode(SPAN_OF(hash), hex);
    return path_of(book, "state", hex, path, err);
}

static int key_find(const struct witness_book *book, struct span origin,
                    struct arena *arena, struct vkey *key, struct error *err)
{
    struct policy policy;
    struct span text = {0};
    char path[WITNESS_PATH_MAX];
    size_t found;
    int rc = path_of(book, "", "logs.policy", path, err);

    if (rc == 0) {
        rc = text_read(path, POLICY_TEXT_MAX, arena, &text, err);
    }
    if (rc == 0) {
        rc = policy_parse(text, arena, &policy, err);
    }
    if (rc != 0) {
        return rc;
    }
    found = policy_find_log(&policy, origin, 0);
    if (found == policy.log_count) {
        return error_set(err, ERR_NOTFOUND,
                         "%.*s is no log of this witness: bring a newer "
                         "logs.policy (qcdc policy)",
                         (int)origin.len, (const char *)origin.ptr);
    }
    *key = policy.logs[found];
    return 0;
}

/* "TIME\n" and the checkpoint: its text says size and root. */
static int state_parse(struct span text, const char *path,
                       struct witness_state *out, struct error *err)
{
    struct span rest = text;
    struct span line;
    struct checkpoint checkpoint;

    if (!lines_next(&rest, &line) || !lines_number(line, &out->log.time) ||
        checkpoint_open(rest, &out->log.key, &checkpoint, err) != 0) {
        return error_set(err, ERR_CORRUPT,
                         "%s is damaged: do not delete it, put back a copy; "
                         "without it this witness could contradict itself",
                         path);
    }
    out->log.head = checkpoint.head;
    out->note = rest;
    return 0;
}

int book_read(const struct witness_book *book, struct span origin,
              struct arena *arena, struct witness_state *out, struct error *err)
{
    struct vkey key = {0};
    struct span text = {0};
    char path[WITNESS_PATH_MAX];
    int rc = key_find(book, origin, arena, &key, err);

    if (rc == 0) {
        rc = state_path(book, origin, path, err);
    }
    if (rc != 0) {
        return rc;
    }
    memset(out, 0, sizeof(*out));
    witness_log_init(&out->log, &key);
    rc = text_read(path, STATE_TEXT_MAX, arena, &text, err);
    if (rc == ERR_NOTFOUND) {
        *err = (struct error){0};
        return 0; /* never cosigned */
    }
    return rc != 0 ? rc : state_parse(text, path, out, err);
}

int book_write(const struct witness_book *book, const struct witness_log *log,
               struct span note, struct error *err)
{
    uint8_t room[STATE_TEXT_MAX];
    struct buf text = buf_over(room, sizeof(room));
    char path[WITNESS_PATH_MAX];
    int rc = state_path(book, log->key.name, path, err);

    buf_put_fmt(&text, "%" PRIu64 "\n", log->time);
    buf_put(&text, note);
    if (rc == 0 && text.overflow) {
        rc = error_set(err, ERR_LIMIT, "the checkpoint is too long");
    }
    return rc != 0 ? rc : file_write_secret(path, text.ptr, text.len, err);
}

int book_evidence(const struct witness_book *book, struct span text,
                  char path[WITNESS_PATH_MAX], struct error *err)
{
    struct hash hash = hash_of(text);
    char hex[sizeof(hash) * 2 + 1];
    char name[sizeof(hex) + 16];
    int rc;

    hex_encode(SPAN_OF(hash), hex);
    snprintf(name, sizeof(name), "%s.qcdc-evidence", hex);
    rc = path_of(book, "evidence", name, path, err);
    return rc != 0 ? rc : file_write_secret(path, text.ptr, text.len, err);
}
