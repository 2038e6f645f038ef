/* protocol/duty: sums of cells and the one line a board reads. Must never
 * weigh one duty against another, never average averages. */
#include "protocol/duty/measures.h"

void measure_add(struct measure *sum, const struct duty_cell *cell)
{
    sum->cells++;
    if (cell->verdict < DUTY_VERDICTS) {
        sum->cells_of[cell->verdict]++;
    }
    sum->items_of[DUTY_UNCOMPUTED] += cell->counts[DUTY_UNCOMPUTED];
    for (size_t i = 1; i < DUTY_VERDICTS; i++) {
        if (cell->verdict != DUTY_UNCOMPUTED) {
            sum->items_of[i] += cell->counts[i];
        }
    }
    sum->n += cell->n;
    sum->d += cell->d;
    sum->stated += cell->stated;
    sum->contradicted += cell->contradicted;
    sum->extended += cell->extended;
    sum->postponed += cell->postponed;
    sum->owed_by_others += cell->owed_by_others;
    sum->improved += cell->improved;
    sum->noted += cell->noted;
    sum->withdrawn += cell->withdrawn;
    sum->reopened += cell->reopened;
}

/* Newton from above: four decimals of a percent need no library, and every
 * machine with IEEE doubles takes the same steps. */
static double root_of(double x)
{
    double root = x < 1.0 ? 1.0 : x;

    if (x <= 0.0) {
        return 0.0;
    }
    for (int i = 0; i < 200; i++) {
        double next = (root + x / root) / 2.0;

        if (next >= root) {
            break;
        }
        root = next;
    }
    return root;
}

void wilson_bounds(uint64_t n, uint64_t d, uint32_t *low, uint32_t *high)
{
    const double z = 1.959964;
    double p, total, centre, spread, scale;
    double from, until;

    *low = 0;
    *high = 10000;
    if (d == 0) {
        return;
    }
    total = (double)d;
    p = (double)n / total;
    scale = 1.0 + z * z / total;
    centre = (p + z * z / (2.0 * total)) / scale;
    spread = z / scale *
             root_of(p * (1.0 - p) / total + z * z / (4.0 * total * total));
    from = (centre - spread) * 10000.0;
    until = (centre + spread) * 10000.0;
    if (n > 0 && from > 0.0) {
        *low = (uint32_t)from;
    }
    if (n < d && until < 9999.0) {
        *high = (uint32_t)until + 1;
    }
}

void measure_text(const struct measure *sum, enum lang lang, struct buf *out)
{
    const unsigned long long n = sum->n;
    const unsigned long long d = sum->d;
    const unsigned long long late = sum->items_of[DUTY_LATE];
    const unsigned long long missing = sum->items_of[DUTY_MISSING];
    const unsigned long long unknown = sum->items_of[DUTY_UNKNOWN];

    if (d == 0) {
        buf_put_str(out, "—");
    } else if (lang == LANG_VI) {
        buf_put_fmt(out,
                    "%llu/%llu đạt; %llu trễ hạn, %llu quá hạn chưa có hồ sơ, "
                    "%llu chưa có thông tin",
                    n, d, late, missing, unknown);
    } else {
        buf_put_fmt(out,
                    "%llu of %llu met; %llu late, %llu missing, %llu unknown",
                    n, d, late, missing, unknown);
    }
}
