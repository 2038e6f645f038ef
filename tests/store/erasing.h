/* What tests of erasure share: a commune records a petition with a text and a
 * private body beside another one, later somebody erases, somebody above
 * approves, and stores hear of it in whatever order. */
#ifndef QCDC_TESTS_STORE_ERASING_H
#define QCDC_TESTS_STORE_ERASING_H

#include "tests/store/scene.h"

#define ASOF "2024-11-30"
#define PLANTED "Nhà bà Nguyễn Thị Kín ở thôn Đăk Tuyệt Mật bị ngập"
#define FOLDED "uyet" /* words of the index share beginnings */
#define KEPT "Xin sửa cây cầu treo thôn Hai"
#define SECRET "ciphertext-of-a-private-body-0123456789"

struct erasing {
    struct scene *s;
    struct event_id planted; /* the petition with text and private body */
    struct event_id kept;    /* its neighbour in the same batch */
    struct event_id erased;
    struct salt salt; /* of the planted text */
};

/* The petitions of commune A; either body may be NULL. */
struct event_id erasing_petition(struct scene *s, const char *text,
                                 const char *private);
/* Erased, said by commune A and signed by `signer`, of one body of an event. */
struct event_id erasing_say(struct scene *s, uint32_t signer,
                            const struct event_id *event, const char *audience);
/* The leader of another node approves what was erased, and it is sealed. */
void erasing_approve(struct erasing *st, uint32_t node);
/* The realm, and both petitions in one batch. Close with erasing_close. */
void erasing_open(struct erasing *st);
void erasing_close(struct erasing *st);
/* The commune's leader erases the planted text. */
void erasing_text(struct erasing *st);
/* What the store does not have yet. */
void erasing_give(struct erasing *st, struct store *store);
/* ... and it integrates that. */
void erasing_hear(struct erasing *st, struct store *store);
/* A store that was closed. */
struct store *erasing_reopen(const char *path);
/* It finds nothing wrong; returns how many bodies it knows to be erased. */
uint64_t erasing_check(struct store *store);
/* Is that body of the event there? */
bool erasing_holds(struct store *store, const struct event_id *id,
                   uint32_t audience);
/* How many subjects the search finds. */
size_t erasing_found(struct store *store, const char *words);
/* Makes index and file anew; nothing is left to do. */
void erasing_scrub(struct store *store);
/* Are the bytes in the database's raw files (itself, -wal, -shm)? */
bool erasing_trace(const char *path, struct span bytes);

#endif
