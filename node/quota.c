/* Room: node. Owns how much of a log is taken in a day: counted in memory,
 * kept in the store with every batch, so that no restart forgives. Next:
 * intake.c. */
#include "node/peers.h"

#include <string.h>

#include "node/clock.h"
#include "protocol/record/calendar.h"
#include "store/book.h"

#define KEY_MAX 5u

static struct span quota_key(const struct origin *origin,
                             uint8_t bytes[KEY_MAX])
{
    struct buf key = buf_over(bytes, KEY_MAX);

    buf_put_u32(&key, origin->node);
    if (origin->dir) {
        buf_put_u8(&key, 1); /* a flood of records delays no revocation */
    }
    return buf_span(&key);
}

/* What it took today, from the store when memory has another log's. */
static struct quota *quota_of(struct engine *engine,
                              const struct origin *origin)
{
    uint64_t slot = (uint64_t)origin->node * 2 + (origin->dir ? 1 : 0);
    struct quota *quota = &engine->quotas[slot % QUOTAS_MAX];
    uint32_t day = day_of_ms(clock_now_ms());
    struct error ignored = {0};
    struct span value;
    uint8_t bytes[KEY_MAX];

    if (quota->node == origin->node && quota->dir == origin->dir &&
        quota->day == day) {
        return quota;
    }
    *quota =
        (struct quota){.node = origin->node, .dir = origin->dir, .day = day};
    if (store_book_get(engine->store, STORE_BOOK_QUOTA,
                       quota_key(origin, bytes), &engine->turn, &value,
                       &ignored) == 0 &&
        value.len == 20 && read_u32(value.ptr) == day) {
        quota->events = read_u64(value.ptr + 4);
        quota->bytes = read_u64(value.ptr + 12);
    }
    return quota;
}

int quota_take(struct engine *engine, const struct origin *origin,
               const struct segment *segment, struct error *err)
{
    const struct dir_cert *cert =
        directory_cert(engine_directory(engine), origin->node);
    uint64_t events = engine->config->quota_events;
    uint64_t bytes = engine->config->quota_kib * 1024;
    struct quota *quota = quota_of(engine, origin);

    if (cert != NULL && cert->quota_events != 0) {
        events = cert->quota_events;
    }
    if (cert != NULL && cert->quota_kib != 0) {
        bytes = (uint64_t)cert->quota_kib * 1024;
    }
    if (quota->events + segment->count > events ||
        quota->bytes + segment->leaves_z.len > bytes) {
        return error_set(err, ERR_LIMIT,
                         "node %u has used up today's quota (%llu events, "
                         "%llu KiB): raise it in its certificate or look why",
                         origin->node, (unsigned long long)events,
                         (unsigned long long)bytes / 1024);
    }
    quota->events += segment->count;
    quota->bytes +=
        segment->leaves_z.len + segment->texts_z.len + segment->privates.len;
    return 0;
}

int quota_keep(struct engine *engine, const struct origin *origin,
               struct error *err)
{
    const struct quota *quota = quota_of(engine, origin);
    uint8_t key[KEY_MAX], space[20];
    struct buf value = buf_over(space, sizeof(space));

    buf_put_u32(&value, quota->day);
    buf_put_u64(&value, quota->events);
    buf_put_u64(&value, quota->bytes);
    return store_book_put(engine->store, STORE_BOOK_QUOTA,
                          quota_key(origin, key), buf_span(&value), err);
}
