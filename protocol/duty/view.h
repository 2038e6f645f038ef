/* Records as duties read them: the fields a verdict needs, out of the bytes
 * the fold packed, without history and parties. Inside protocol/duty only.
 *
 * A hand-written reader because a unit may have thousands of petitions and
 * decoding their histories would cost more than all verdicts; a test compares
 * it with the generated decoder field by field.
 */
#ifndef QCDC_PROTOCOL_DUTY_VIEW_H
#define QCDC_PROTOCOL_DUTY_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/event/leaf.h"
#include "protocol/record/calendar.h"

/* Enum values of event.proto that decide a verdict. */
enum {
    VIEW_PETITION_PROPOSAL = 1,
    VIEW_NOTICE_REFUSED = 3,
    VIEW_NOTICE_NEEDS_TIME = 4,
    VIEW_ANSWER_ON_THE_SPOT = 1,
    VIEW_ANSWER_NOTED = 3,
    VIEW_PUBLICITY_PERSONAL = 2,
    VIEW_OUTCOME_DONE = 1,
    VIEW_OUTCOME_NOT_YET = 2,
    VIEW_OUTCOME_NOT_DONE = 3,
    VIEW_CONCLUSION_ANSWERED = 1,
    VIEW_CONCLUSION_TAKEN = 2,
    VIEW_CONCLUSION_FORWARDED = 3,
    VIEW_DIALOGUE_PERIODIC = 1,
    VIEW_PLAN_DIALOGUE = 1,
    VIEW_PERIOD_HALF = 1,
    VIEW_PERIOD_YEAR = 2,
    VIEW_SECTION_PRESENT = 1,
    VIEW_SECTION_NONE_HELD = 2,
    VIEW_DOSSIER_PLAN = 1,
    VIEW_DOSSIER_PREVIOUS = 6,
    VIEW_DOSSIER_CONCLUSION = 7,
};

/* A dated act; `has` is false for one that has not happened. */
struct act_view {
    bool has;
    bool historical;
    bool approved;
    bool improved;
    uint32_t on_day;
    uint32_t lower_day; /* 0 = nothing bounds it below */
    uint32_t upper_day; /* 0 = no guard cosignature covers it yet */
    struct event_id event;
};

struct extension_view {
    struct act_view act;
    uint32_t due_day;
};

struct referral_view {
    uint32_t to;
    struct act_view accepted;
};

struct outcome_view {
    struct act_view act;
    uint32_t outcome;
};

struct petition_view {
    struct event_id subject;
    uint32_t receiver;
    uint32_t kind;
    bool person_known;
    bool has_dialogue;
    struct event_id dialogue;
    struct act_view received;
    struct act_view notified;
    uint32_t notice;
    struct act_view answered;
    uint32_t answer_form;
    uint32_t publicity;
    struct act_view published;
    struct act_view withdrawn;
    struct extension_view *extensions;
    size_t extensions_len;
    struct day_range *pauses;
    size_t pauses_len;
    struct referral_view *referrals;
    size_t referrals_len;
    struct outcome_view *outcomes;
    size_t outcomes_len;
};

struct schedule_view {
    struct act_view act;
    uint32_t planned_day;
};

struct chair_view {
    uint32_t unit;
    bool head;
};

struct concluded_view {
    struct event_id petition;
    uint32_t conclusion;
    uint32_t body;
    uint32_t due_day;
    bool has_body_name;
    struct act_view act;
};

struct previous_view {
    struct event_id petition;
    uint32_t outcome;
    uint32_t next_day;
    uint32_t reason;
    struct act_view act;
};

struct dossier_view {
    uint32_t kind;
    bool waived;
    struct act_view act;
};

struct dialogue_view {
    struct event_id subject;
    uint32_t unit; /* that keeps it */
    bool voter_contact;
    bool has_plan;
    struct event_id plan;
    uint32_t plan_line;
    struct act_view held;
    struct act_view first_concluded;
    struct act_view first_previous;
    struct schedule_view *schedules;
    size_t schedules_len;
    struct chair_view *chairs;
    size_t chairs_len;
    struct concluded_view *concluded;
    size_t concluded_len;
    struct previous_view *previous;
    size_t previous_len;
    struct dossier_view *dossier;
    size_t dossier_len;
};

struct line_view {
    uint32_t planned_day;
    uint32_t kind;
};

struct plan_view {
    struct event_id subject;
    uint32_t unit;
    uint32_t kind;
    uint32_t year;
    struct act_view adopted;
    struct line_view *lines;
    size_t lines_len;
};

struct report_view {
    struct event_id subject;
    uint32_t unit;
    uint32_t period;
    uint32_t year;
    struct act_view submitted;
    uint32_t section;
};

struct notice_view {
    uint32_t unit;
    char duty[4];
    uint32_t year;
    uint32_t month;
    struct act_view act;
};

/* Lists live in the arena. ERR_CORRUPT for bytes no fold wrote, ERR_LIMIT
 * when the arena is full; `out` is then not to be read. */
int petition_view_read(struct span bytes, const struct event_id *subject,
                       struct arena *arena, struct petition_view *out,
                       struct error *err) MUST_USE;
int dialogue_view_read(struct span bytes, const struct event_id *subject,
                       struct arena *arena, struct dialogue_view *out,
                       struct error *err) MUST_USE;
int plan_view_read(struct span bytes, const struct event_id *subject,
                   struct arena *arena, struct plan_view *out,
                   struct error *err) MUST_USE;
int report_view_read(struct span bytes, const struct event_id *subject,
                     struct report_view *out, struct error *err) MUST_USE;
int notice_view_read(struct span bytes, struct notice_view *out,
                     struct error *err) MUST_USE;

#endif
