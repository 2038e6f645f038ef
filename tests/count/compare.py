#!/usr/bin/env python3
"""Compares count.py's cells with the program's, cell by cell.

compare.py COUNTED FILE...: FILE is what `qcdc status --json --detail --year Y`
printed (one for each year), or JSON lines of the same names. Prints every cell
that differs and ends with 1 if any does. Only units that COUNTED knows are
compared, and only years that a FILE has.
"""
import json
import sys


def lines_of(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    try:
        cells = json.loads(text)["cells"]
    except (ValueError, KeyError):
        cells = [json.loads(line) for line in text.splitlines() if line]
    out = {}
    for cell in cells:
        verdict = cell.get("verdict_number", cell["verdict"])
        out[cell["unit"], cell["duty"], cell["year"], cell["month"]] = (
            verdict, cell["n"], cell["d"])
    return out


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    counted, shown = lines_of(sys.argv[1]), {}
    for path in sys.argv[2:]:
        shown.update(lines_of(path))
    units = {key[0] for key in counted}
    years = {key[2] for key in shown}
    keys = sorted(key for key in set(counted) | set(shown)
                  if key[0] in units and key[2] in years)
    bad = 0
    for key in keys:
        if counted.get(key) != shown.get(key):
            bad += 1
            print("unit %s %s %s-%02d: counted %s, the program says %s" % (
                *key, counted.get(key), shown.get(key)))
    print("%d cells of %d units compared, %d differ" % (
        len(keys), len({key[0] for key in keys}), bad))
    sys.exit(1 if bad or not keys else 0)


main()
