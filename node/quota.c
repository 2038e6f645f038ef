/* Room: node. Owns how much of a log is taken in a day, and what of it lies
 * here from all days: counted in memory, kept in the store with every batch, so
 * that no restart forgives. Next: share.c, intake.c. */
#include "node/peers.h"

#include <string.h>

#include "node/clock.h"
#include "protocol/record/calendar.h"
#include "store/book.h"
#include "store/log.h"

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

uint64_t quota_bytes(const struct segment *segment)
{
    return segment->leaves_z.len + segment->texts_z.len + segment->privates.len;
}

/* All that lies here of a node's record or directory logs. */
struct lying {
    struct engine *engine;
    const struct origin *origin;
    uint64_t bytes;
};

static int lying_add(void *data, const struct store_log *log)
{
    struct lying *lying = data;
    struct error ignored = {0};
    uint64_t bytes = 0;

    if (log->node == lying->origin->node && log->is_dir == lying->origin->dir &&
        store_log_bytes(lying->engine->store, log->id, &bytes, &ignored) == 0) {
        lying->bytes += bytes;
    }
    return 0;
}

static uint64_t lying_of(struct engine *engine, const struct origin *origin)
{
    struct lying lying = {.engine = engine, .origin = origin};
    struct error ignored = {0};

    return store_log_each(engine->store, lying_add, &lying, &ignored) == 0
               ? lying.bytes
               : 0;
}

/* day u32 || events u64 || bytes u64 || total u64; the last is not in what an
 * earlier program kept. */
#define KEPT_BEFORE 20u
#define KEPT 28u

static bool kept_read(struct engine *engine, const struct origin *origin,
                      struct quota *out)
{
    struct error ignored = {0};
    struct span value;
    uint8_t bytes[KEY_MAX];

    if (store_book_get(engine->store, STORE_BOOK_QUOTA,
                       quota_key(origin, bytes), &engine->turn, &value,
                       &ignored) != 0 ||
        (value.len != KEPT && value.len != KEPT_BEFORE)) {
        return false;
    }
    if (read_u32(value.ptr) == out->day) {
        out->events = read_u64(value.ptr + 4);
        out->bytes = read_u64(value.ptr + 12);
    }
    if (value.len == KEPT) {
        out->total = read_u64(value.ptr + 20);
    }
    return value.len == KEPT;
}

/* What it took today, from the store when memory has another log's. */
static struct quota *quota_of(struct engine *engine,
                              const struct origin *origin)
{
    uint64_t slot = (uint64_t)origin->node * 2 + (origin->dir ? 1 : 0);
    struct quota *quota = &engine->quotas[slot % QUOTAS_MAX];
    uint32_t day = day_of_ms(clock_now_ms());
    uint64_t total = quota->total;
    bool same = quota->node == origin->node && quota->dir == origin->dir;

    if (same && quota->day == day) {
        return quota;
    }
    *quota =
        (struct quota){.node = origin->node, .dir = origin->dir, .day = day};
    if (!kept_read(engine, origin, quota)) {
        quota->total = same ? total : lying_of(engine, origin);
    }
    return quota;
}

uint64_t quota_total(struct engine *engine, const struct origin *origin,
                     bool anew)
{
    uint64_t slot = (uint64_t)origin->node * 2 + (origin->dir ? 1 : 0);
    struct quota *quota = &engine->quotas[slot % QUOTAS_MAX];
    size_t mark = engine->turn.used;
    struct quota kept = {.day = 0};
    bool cached = quota->node == origin->node && quota->dir == origin->dir;

    if (anew) { /* and known from now on: what the store keeps is older */
        kept.total = lying_of(engine, origin);
        quota_of(engine, origin)->total = kept.total;
    } else if (cached) {
        kept.total = quota->total;
    } else if (!kept_read(engine, origin, &kept)) {
        kept.total = lying_of(engine, origin);
    }
    arena_rewind(&engine->turn, mark);
    return kept.total;
}

void quota_open(struct engine *engine, const struct origin *origin)
{
    (void)quota_of(engine, origin);
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
    quota->bytes += quota_bytes(segment);
    return 0;
}

int quota_keep(struct engine *engine, const struct origin *origin,
               const struct segment *segment, uint64_t *bytes,
               struct error *err)
{
    struct quota *quota = quota_of(engine, origin);
    uint8_t key[KEY_MAX], space[KEPT];
    struct buf value = buf_over(space, sizeof(space));

    *bytes = quota_bytes(segment);
    quota->total += *bytes;
    buf_put_u32(&value, quota->day);
    buf_put_u64(&value, quota->events);
    buf_put_u64(&value, quota->bytes);
    buf_put_u64(&value, quota->total);
    return store_book_put(engine->store, STORE_BOOK_QUOTA,
                          quota_key(origin, key), buf_span(&value), err);
}
