/* What the offices do, and the scenario's own count of it: the figures that
 * the province must show are counted here, apart from any store. */
#ifndef QCDC_TESTS_SIM_REFORM_OFFICE_H
#define QCDC_TESTS_SIM_REFORM_OFFICE_H

#include "protocol/crypto.h"
#include "tests/sim/reform/tree.h"

/* Petitions by what becomes of the telling of their person (rule P1: ten
 * working days, five more to enter it). */
enum course {
    COURSE_TOLD,    /* in June, in time; known on the same day */
    COURSE_ENTERED, /* likewise, due on 30-6 and typed in on that day */
    COURSE_LATE,    /* in June, too late */
    COURSE_UNTOLD,  /* due in June, and never told */
    COURSE_RUNNING, /* its clock runs across the reform */
    COURSE_DIALOGUE /* none: a dialogue that is called for July */
};
#define COURSES 6u

/* One record, opened by an office before the reform. */
struct matter {
    enum course course;
    uint32_t machine; /* index */
    uint32_t unit;    /* that opened it */
    uint32_t old;     /* commune, or UINT32_MAX: a district */
    bool eve;         /* recorded on 30-6, else on 12-6 */
    bool by_name;     /* a transfer names it */
    unsigned steps;   /* of `steps_all` that are recorded */
    unsigned steps_all;
    struct event_id subject;
    uint32_t heir; /* unit whose task it is from 1-7 on */
    bool told_by_heir;
};

/* What a person was told is recorded: leaf and machine. */
struct kept {
    struct event_id id;
    struct hash leaf;
    uint32_t machine;
};

struct office {
    struct matter *matters; /* heap */
    size_t matters_len;
    struct kept *kept; /* heap */
    size_t kept_len, kept_room;
    bool eve;            /* what is done now */
    uint32_t forgotten;  /* commune that no transfer names */
    bool away[MACHINES]; /* cut off from the eve on */
    bool off[MACHINES];  /* districts that are not switched on that day */
};
extern struct office office;

/* Draws what every office will record, and which are away on the eve. */
void office_draw(const struct facts *facts);
void office_release(void);
/* Between now and then every office does its day's work. */
void office_plan(bool eve, uint64_t until_ms);
/* All of it is recorded (a machine that died tries again). */
bool office_done(bool eve);
/* true when the person was told that it is recorded. `request` repeats. */
bool office_record(struct machine *machine, const char *official,
                   char session[SESSION_TEXT_SIZE], const char *request,
                   const char *type, const struct field_pair *fields,
                   struct event_id *subject);
/* The heirs' day: officials of the new units, custody taken, persons told. */
void office_heirs(const struct facts *facts);
/* Every kept event is found again at that machine: after a restart. */
void office_kept_by(struct machine *machine);

/* Of a unit that the scenario counts, P1 as of a day. */
struct count {
    uint32_t met, late, missing, not_due;
};
/* month 6 or 7; day 630 (30-6), 701 or 720. */
struct count office_count(uint32_t unit, unsigned month, unsigned day);

#endif
