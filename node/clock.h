/* The only reader of time. Wall time carries an offset that a demo realm may
 * set (engine_clock_set refuses elsewhere); steady time never jumps and is
 * for timeouts alone. */
#ifndef QCDC_NODE_CLOCK_H
#define QCDC_NODE_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970-01-01 UTC, offset included. */
uint64_t clock_now_ms(void);

/* Milliseconds of a clock that only goes forward. */
uint64_t clock_steady_ms(void);
/* The same in microseconds, for measuring. */
uint64_t clock_steady_us(void);

/* From now on clock_now_ms shows `now_ms` and goes on from there. */
void clock_set_ms(uint64_t now_ms);

/* Offset to the machine's clock, to be kept over a restart. */
int64_t clock_offset_ms(void);
void clock_offset_set_ms(int64_t offset_ms);

#endif
