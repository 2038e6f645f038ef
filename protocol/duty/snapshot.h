/* A table of cells as bytes, so that two nodes can compare one hash.
 *
 * Row of formats.md section 7, 24 bytes: territory, unit u32, duty id 4
 * bytes, year u16, month u8, verdict u8, n, d u32; big-endian, sorted
 * bytewise; SHA-256 of "qcdc/snapshot/v1\n" || rows. A cell that could not be
 * computed is a row too, with verdict 0.
 */
#ifndef QCDC_PROTOCOL_DUTY_SNAPSHOT_H
#define QCDC_PROTOCOL_DUTY_SNAPSHOT_H

#include "protocol/crypto.h"
#include "protocol/duty/duty.h"

#define SNAPSHOT_ROW_SIZE 24u

void snapshot_row(const struct duty_cell *cell, uint8_t row[SNAPSHOT_ROW_SIZE]);

/* What a row says; the counts beside are zero. */
void snapshot_read(const uint8_t row[SNAPSHOT_ROW_SIZE],
                   struct duty_cell *cell);

/* `rows` holds len * SNAPSHOT_ROW_SIZE bytes; sorted in place. */
void snapshot_sort(uint8_t *rows, size_t len);

/* Over sorted rows. ERR_CONFLICT if two rows name the same cell or they are
 * not sorted. */
int snapshot_hash(const uint8_t *rows, size_t len, struct hash *out,
                  struct error *err) MUST_USE;

/* The rows that differ between two sorted tables: calls `differs` with either
 * side NULL where a cell is absent. A non-zero return stops and is returned. */
typedef int (*snapshot_differs_fn)(void *ctx, const uint8_t *ours,
                                   const uint8_t *theirs);
int snapshot_compare(const uint8_t *ours, size_t ours_len,
                     const uint8_t *theirs, size_t theirs_len,
                     snapshot_differs_fn differs, void *ctx);

#endif
