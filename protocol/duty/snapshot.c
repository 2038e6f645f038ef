/* protocol/duty: rows of a snapshot and their hash. Owns the 24-byte row of
 * formats.md section 7, which is frozen; golden bytes hold it. Must never
 * skip a cell. */
#include "protocol/duty/snapshot.h"

#include <stdlib.h>

#define KEY_SIZE 15u /* territory, unit, duty, year, month: names a cell */

void snapshot_row(const struct duty_cell *cell, uint8_t row[SNAPSHOT_ROW_SIZE])
{
    struct buf b = buf_over(row, SNAPSHOT_ROW_SIZE);

    buf_put_u32(&b, cell->territory);
    buf_put_u32(&b, cell->unit);
    buf_put(&b, span_make(cell->duty, sizeof(cell->duty)));
    buf_put_u16(&b, cell->year);
    buf_put_u8(&b, cell->month);
    buf_put_u8(&b, cell->verdict);
    buf_put_u32(&b, cell->n);
    buf_put_u32(&b, cell->d);
}

void snapshot_read(const uint8_t row[SNAPSHOT_ROW_SIZE], struct duty_cell *cell)
{
    memset(cell, 0, sizeof(*cell));
    cell->territory = read_u32(row);
    cell->unit = read_u32(row + 4);
    memcpy(cell->duty, row + 8, sizeof(cell->duty));
    cell->year = read_u16(row + 12);
    cell->month = row[14];
    cell->verdict = row[15];
    cell->n = read_u32(row + 16);
    cell->d = read_u32(row + 20);
}

static int row_order(const void *a, const void *b)
{
    return memcmp(a, b, SNAPSHOT_ROW_SIZE);
}

void snapshot_sort(uint8_t *rows, size_t len)
{
    if (len > 1) {
        qsort(rows, len, SNAPSHOT_ROW_SIZE, row_order);
    }
}

int snapshot_hash(const uint8_t *rows, size_t len, struct hash *out,
                  struct error *err)
{
    struct hasher h;

    for (size_t i = 1; i < len; i++) {
        const uint8_t *row = rows + i * SNAPSHOT_ROW_SIZE;

        if (memcmp(row - SNAPSHOT_ROW_SIZE, row, KEY_SIZE) >= 0) {
            return error_set(err, ERR_CONFLICT,
                             "snapshot: row %zu is out of order or names a "
                             "cell again",
                             i);
        }
    }
    hasher_init(&h);
    hasher_add(&h, span_str("qcdc/snapshot/v1\n"));
    hasher_add(&h, span_make(rows, len * SNAPSHOT_ROW_SIZE));
    *out = hasher_end(&h);
    return 0;
}

int snapshot_compare(const uint8_t *ours, size_t ours_len,
                     const uint8_t *theirs, size_t theirs_len,
                     snapshot_differs_fn differs, void *ctx)
{
    size_t i = 0;
    size_t j = 0;
    int rc = 0;

    while (rc == 0 && (i < ours_len || j < theirs_len)) {
        const uint8_t *a = ours + i * SNAPSHOT_ROW_SIZE;
        const uint8_t *b = theirs + j * SNAPSHOT_ROW_SIZE;
        int order = i >= ours_len     ? 1
                    : j >= theirs_len ? -1
                                      : memcmp(a, b, KEY_SIZE);

        if (order < 0) {
            rc = differs(ctx, a, NULL);
        } else if (order > 0) {
            rc = differs(ctx, NULL, b);
        } else if (memcmp(a, b, SNAPSHOT_ROW_SIZE) != 0) {
            rc = differs(ctx, a, b);
        }
        i += order <= 0;
        j += order >= 0;
    }
    return rc;
}
