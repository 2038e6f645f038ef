/* One node's office through the year: how diligent it is, what it has open.
 * plan.c, petition.c and dialogue.c make its rows. */
#ifndef QCDC_TOOLS_SAMPLE_OFFICE_H
#define QCDC_TOOLS_SAMPLE_OFFICE_H

#include "tools/sample/book.h"
#include "tools/sample/dice.h"
#include "tools/sample/place.h"

enum manner {
    MANNER_GOOD,
    MANNER_FAIR,
    MANNER_POOR,
};

#define OPEN_MAX 256u
#define HELD_MAX 16u
#define CHAIRS 2u

/* A petition raised at a dialogue, as a later dialogue must report on it. */
struct raised {
    char key[KEY_SIZE];
    uint32_t chairs[CHAIRS]; /* 0 = no second one */
    uint32_t day;
    uint32_t final_day; /* UINT32_MAX = no final outcome planned */
};

struct office {
    struct book *book;
    const struct places *all;
    const struct place *place;
    struct dice dice;
    enum manner manner;
    unsigned serial; /* of petitions and dialogues, in keys */
    unsigned papers; /* running number of papers */
    struct raised raised[OPEN_MAX];
    size_t raised_len;
    char plan[2][KEY_SIZE]; /* of 2024: people's committee, party; "" none */
};

struct office office_of(struct book *book, const struct places *all,
                        const struct place *place, uint64_t seed);

/* Percent by diligence. */
bool office_slips(struct office *office, uint32_t good, uint32_t fair,
                  uint32_t poor);

/* A row of this office; when it was typed follows from its diligence. */
struct row *office_row(struct office *office, const char *type, uint32_t unit,
                       uint32_t on_day);
/* The same at another office, typed as diligently as here. */
struct row *office_row_at(struct office *office, const struct place *place,
                          const char *type, uint32_t unit, uint32_t on_day);
bool office_put(struct office *office, struct row *row);

/* The paper at `path` ("document", "documents[0]"): number and date. */
void office_paper(struct office *office, struct row *row, const char *path,
                  const char *kind, const char *symbol);
/* The same, signed: `on` is the paper's date. */
void office_signed(struct office *office, struct row *row, const char *path,
                   const char *kind, const char *symbol);
/* The paper lies on a shelf. */
void office_shelved(struct office *office, struct row *row, const char *kind,
                    const char *symbol);
/* "Dữ liệu mẫu" and so on. */
void office_text(struct row *row, const char *title, const char *content);

/* ---- plan.c ---- */

struct planned {
    uint32_t day;
    bool month_only;
};
void plan_adopt(struct office *office, uint32_t unit, uint32_t year,
                const struct planned *lines, size_t len);
void plan_reports(struct office *office);
void plan_nothing(struct office *office);

/* ---- petition.c ---- */

enum paper_kind {
    PAPER_PROPOSAL,
    PAPER_COMPLAINT,
    PAPER_DENUNCIATION,
};
void petition_written(struct office *office, enum paper_kind kind,
                      uint32_t day);

/* What a dialogue's conclusion promised; returns the day of a final outcome,
 * UINT32_MAX when none comes. `body` 0 = somebody without a number. */
struct promise {
    const char *key; /* of the petition */
    uint32_t keeper; /* unit that keeps the dialogue */
    uint32_t body;
    uint32_t concluded_day;
    uint32_t due_day; /* 0 = none stated */
    const char *answer;
};
uint32_t petition_promised(struct office *office, const struct promise *p);

/* ---- dialogue.c ---- */

struct meeting {
    uint32_t keeper;
    uint32_t chairs[CHAIRS];
    bool heads[CHAIRS];
    uint32_t day;
    uint32_t opinions;
    bool periodic;
    unsigned plan; /* 0 none, else 1 + index into office->plan */
    uint32_t line; /* of that plan */
    bool historical;
    const char *where;
};
void dialogue_hold(struct office *office, const struct meeting *meeting);

/* ---- year.c ---- */

/* Plans and dialogues of a commune, a district, the province, by date; one of
 * 2023 from old files where the office kept them. */
void year_of_dialogues(struct office *office);
/* The province's written petitions of both halves of the year (domain of the
 * province: 527 a half, 25 complaints, 19 denunciations, 483 proposals) that
 * fall to this office. */
void year_of_petitions(struct office *office, uint64_t seed);

#endif
