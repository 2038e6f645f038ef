/* The days of the sample: 2024 by the published calendar, and the weekly
 * steps (Fridays 17:00) in which the demo imports it. */
#ifndef QCDC_TOOLS_SAMPLE_DAYS_H
#define QCDC_TOOLS_SAMPLE_DAYS_H

#include "protocol/record/calendar.h"

#define STEPS 56u /* 2024-01-05 .. 2025-01-24 */

/* Reads DATA/calendar-2024.csv. Once, before anything below. */
int days_load(const char *data, struct error *err) MUST_USE;

uint32_t date(uint32_t year, uint32_t month, uint32_t day);
uint32_t month_last(uint32_t year, uint32_t month);
/* `day`, or the next working day. Outside the calendar: Monday to Friday. */
uint32_t work_on(uint32_t day);
/* The count-th working day after `day`. */
uint32_t work_after(uint32_t day, uint32_t count);

/* The Friday of a step. */
uint32_t step_day(uint32_t step);
/* First step on or after the day; STEPS when there is none. */
uint32_t step_of(uint32_t day);

#endif
