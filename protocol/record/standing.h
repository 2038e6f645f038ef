/* Why an event does not count, and which act stands how: the numbers of
 * record.proto for rooms that do not see generated types. Protocol/record
 * asserts at compile time that they are equal. */
#ifndef QCDC_PROTOCOL_RECORD_STANDING_H
#define QCDC_PROTOCOL_RECORD_STANDING_H

enum standing {
    STANDING_EFFECTIVE = 0,
    STANDING_WAITING = 1,         /* a ref is not held here */
    STANDING_BAD_SIGNATURE = 2,   /* and no other copy verifies */
    STANDING_NO_RIGHT = 3,        /* key not certified for the unit */
    STANDING_NOT_UNDERSTOOD = 4,  /* newer type, or not minimal */
    STANDING_INVALID = 5,         /* facts break a rule of the type */
    STANDING_WRONG_LOG = 6,       /* not in a log of the node it names */
    STANDING_FUTURE = 7,          /* `on` after the as-of day */
    STANDING_AFTER_BRACKET = 8,   /* `on` later than the day after upper */
    STANDING_CONTRADICTS = 9,     /* the record was in no state for it */
    STANDING_NOT_PARTY = 10,      /* unit neither holder, addressee nor above */
    STANDING_REPEATED = 11,       /* said already; the first stands */
    STANDING_NEEDS_APPROVAL = 12, /* improving correction without an order, or
                                     by a key that is said to be stolen */
    STANDING_VOIDED = 13,
    STANDING_AFTER_END = 14, /* beyond the end of its log */
};

#define STANDING_COUNT 15

/* "needs approval"; "unknown" beyond the table. Never NULL. */
const char *standing_name(enum standing standing);

#endif
