#!/usr/bin/env python3
"""Counts the eight duties of sampled units from the import files alone.

Shares no code with the program: written from the law's words and the readings
in deploy/data/DUTIES.md, to be compared with `qcdc status`. Prints one JSON
line a cell: unit, duty, year, month, verdict, n, d.

A row of step S is taken to have been cosigned by the guard on day S, and the
cosignature its event quotes is that of the node's previous step. The top node
has no guard: its acts rest on its word and nothing contradicts them.
"""
import argparse, collections, csv, datetime, glob, json, os, sys

MET, LATE, NOT_DUE, MISSING, UNKNOWN, CONFIRMED, NOTHING = 1, 2, 3, 4, 5, 7, 8
DAY = datetime.timedelta(days=1)
PAPERS = {"plan": 1, "summons": 2, "programme": 3, "concerns": 5, "previous": 6,
          "conclusion": 7, "minutes": 8}
date, day = datetime.date, datetime.date.fromisoformat

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("sample", help="folder that qcdc-sample wrote")
parser.add_argument("--data", default="deploy/data")
parser.add_argument("--asof", default="2025-01-24", type=day)
parser.add_argument("--heard", type=day, help="day all were last heard from")
parser.add_argument("--wary", action="store_true", help="list the items that "
                    "a guard heard between two steps would contradict")
options = parser.parse_args()
asof, heard = options.asof, options.heard or options.asof + DAY


def read(*path):
    return open(os.path.join(*path), encoding="utf-8", newline="")


rules = json.load(read(options.data, "rules.json"))
nodes = set(json.load(read(options.sample, "manifest.json"))["nodes"])
units = {int(r["number"]): r
         for r in csv.DictReader(read(options.data, "units-62-2019.csv"))
         if r["host"] and int(r["host"]) in nodes}
calendar, rules = rules["calendar"], {r["id"]: r for r in rules["rules"]}
off = {day(d) for d in calendar["off_days"]}
swapped = {day(d) for d in calendar["swapped_days"]}


def works(d):
    if not day(calendar["from_day"]) <= d <= day(calendar["until_day"]):
        sys.exit("%s lies outside the calendar" % d)
    return d in swapped or (d.weekday() < 5 and d not in off)


def roll(d):
    return d if works(d) else roll(d + DAY)


def after(d, count, paused=()):
    """The count-th working day after d that is not paused."""
    while count:
        d += DAY
        count -= works(d) and d not in paused
    return d


# ---- rows, by the record they are about, in the order in which they count ----

records, before = collections.defaultdict(list), {}
for step in sorted(glob.glob(os.path.join(options.sample, "2*-*-*"))):
    typed, seen = day(os.path.basename(step)), set()
    for name in sorted(os.listdir(step), key=lambda n: ("late" in n, n)):
        node = int(name.split(".")[0])
        seen.add(node)
        for line in list(read(step, name))[1:]:  # the first: it is generated
            row = {"facts": {}, **json.loads(line), "node": node, "step": typed}
            about = row.get("subject_key") or {
                "node": node, "key": row.get("subject", row["key"])}
            row["on"] = day(row["on"])
            row["lower"] = before.get(node) if node != min(nodes) else None
            if row["on"] <= min(asof, typed + DAY):
                records[about["node"], about["key"]].append(row)
    before.update((node, typed) for node in seen)


def opened(*types):
    """(id, opening row) of each record, by date."""
    return sorted(((k, rows[0]) for k, rows in records.items()
                   if rows[0]["type"] in types), key=lambda r: r[1]["on"])


def of(id, *types):
    return [r for r in records.get(id, ()) if r["type"] in types]


def first(id, kind, **facts):
    return next((r for r in of(id, kind)
                 if facts.items() <= r["facts"].items()), None)


petitions, reports = opened("PetitionReceived"), opened("ReportSubmitted")
plans, notices = opened("PlanAdopted"), opened("NothingToReport")
for rows in records.values():
    rows.sort(key=lambda r: r["on"])  # stable: then as they were typed


class Dialogue:
    def __init__(self, id):
        self.id, held = id, first(id, "DialogueHeld")
        self.held, self.on = held, held["on"]
        self.schedules = of(id, "DialogueScheduled")
        self.chairs = {c["unit"] for c in held["facts"]["chairs"]}
        self.heads = {c["unit"] for c in held["facts"]["chairs"]
                      if c.get("head")}
        self.plan, self.line = next((
            ((r["node"], r["facts"]["plan_id"]), r["facts"]["plan_line"])
            for r in self.schedules if "plan_id" in r["facts"]), (None, 0))
        self.concluded = self.items("DialogueConcluded")
        self.previous = self.items("PreviousResultsReported")
        self.raised = [k for k, p in petitions if p["on"] == self.on and id ==
                       (k[0], p["facts"].get("dialogue_id"))]

    def items(self, kind):
        """{petition: (line, row)}; the first mention stands."""
        out = {}
        for row in of(self.id, kind):
            for line in row["facts"].get("items", ()):
                out.setdefault((row["node"], line["petition_id"]), (line, row))
        return out


dialogues = sorted(
    (Dialogue(k) for k in records if first(k, "DialogueHeld")
     and not first(k, "DialogueHeld")["facts"].get("voter_contact")),
    key=lambda d: d.on)


# ---- verdicts -----------------------------------------------------------------

cells, wary = collections.defaultdict(list), []


def owes(duty, unit, on):
    rule, row = rules[duty], units.get(unit)
    return bool(row and row["kind"] in rule["kinds"]
                and row["level"] in rule["levels"]
                and on >= max(day(rule["from_day"]), day(row["duties_from"]))
                and (duty != "Y1" or row["reports_to"]))


def refuted(row, due):
    """Said to be by the due date, but not known to anyone until after g."""
    return bool(row["lower"] and row["on"] <= due < after(due, 5) < row["lower"]
                and not row.get("historical"))


def put(duty, unit, due, acts, done, year=None, month=0):
    """One item; `due` is rolled already."""
    g = after(due, 5)
    verdict = NOT_DUE if asof <= g else MISSING if heard > g else UNKNOWN
    if done:
        late = max(a["on"] for a in acts) > due
        late = late or any(refuted(a, due) for a in acts)
        verdict = LATE if late else MET
        if not late and any(refuted({**a, "lower": a["lower"] and a["step"]},
                                    due) for a in acts):
            wary.append((unit, duty, str(due)))
    cells[unit, duty, year or due.year, month].append(verdict)


def plan_of(unit, year):
    return next((p for p in plans if p[1]["unit"] == unit
                 and p[1]["facts"]["year"] == year and p[1]["facts"]["lines"]
                 and p[1]["facts"]["kind"] == "dialogue"), None)


def by_plan(unit, year, plan):
    """D1 by plan: lines that are named first, then by date the earliest open
    ones. A joint dialogue may name the other's plan and counts for both."""
    lines = {i: day(line["planned_day"]) for i, line in enumerate(
        plan[1]["facts"]["lines"], 1) if line["kind"] == "periodic"}
    due, met = {i: roll(d) for i, d in lines.items()}, {}
    for d in dialogues:
        if d.plan == plan[0] and d.line in lines:
            for again in d.schedules[1:] if unit in d.chairs else ():
                to = day(again["facts"]["planned_day"])
                if (again["on"] <= due[d.line] < to and to.year == year
                        and not refuted(again, due[d.line])):
                    due[d.line] = roll(to)
            if unit in d.heads:
                met.setdefault(d.line, d)
    for d in dialogues:
        free = sorted((on, i) for i, on in lines.items() if i not in met)
        own = any(p[0] == d.plan and p[1]["unit"] == unit for p in plans)
        if (unit in d.heads and d not in met.values() and free
                and d.on.year == year and (d.plan == plan[0] or not own)):
            met[free[0][1]] = d
    for i in lines:
        put("D1", unit, due[i], [met[i].held] if i in met else [], i in met,
            year)


def yearly(unit, year):
    start, plan = date(year, 1, 1), plan_of(unit, year)
    if owes("D0", unit, start):
        put("D0", unit, roll(date(year, 1, 31)), plan and [plan[1]],
            bool(plan), year)
    for period, month in (("half", 6), ("year", 12)):
        if owes("Y1", unit, start):
            report = next((r for _, r in reports if r["unit"] == unit
                           and r["facts"]["period"] == period
                           and r["facts"]["year"] == year), None)
            put("Y1", unit, roll(date(year, month, 15)), [report],
                bool(report and report["facts"].get("section")), year)
    kind = units[unit]["kind"], units[unit]["level"]
    if owes("D1", unit, start) and kind == ("peoples_committee", "commune"):
        held = [d.held for d in dialogues
                if unit in d.heads and d.on.year == year]
        put("D1", unit, roll(date(year, 12, 31)), held[:1], bool(held), year)
    elif owes("D1", unit, start) and plan:
        by_plan(unit, year, plan)


def final_day(petition):
    days = [r["on"] for r in of(petition, "PetitionWithdrawn")]
    days += [r["on"] for r in of(petition, "OutcomeReported")
             if r["facts"]["outcome"] != "not_yet"]
    days += [r["on"] for r in of(petition, "PetitionAnswered")[:1]
             if r["facts"]["form"] == "on_the_spot"]
    for d in dialogues:
        days += [row["on"] for line, row in (d.concluded.get(petition, ({}, 0)),
                                             d.previous.get(petition, ({}, 0)))
                 if line.get("conclusion") == "answered"
                 or line.get("outcome") in ("done", "not_done")]
    return min(days, default=date.max)


def dossier(unit, d):
    """{item: row}: the first that brought the paper, or its waiver."""
    have = {}
    for row in records[d.id]:
        facts = row["facts"]
        papers = facts.get("documents", []) + [facts.get("document", {})]
        kinds = {PAPERS.get(p.get("kind")) for p in papers} - {6, 7}
        kinds |= {"PreviousResultsReported": {6}, "DialogueConcluded": {7},
                  "DocumentWaived": {PAPERS.get(facts.get("kind"))}}.get(
                      row["type"], set())
        for kind in kinds:
            have.setdefault(kind, row)
    named = [p for p in plans if p[0] == d.plan] + [plan_of(unit, d.on.year)]
    have.update({1: min((p[1] for p in named if p), key=lambda r: r["on"])}
                if any(named) else {})
    return have


def at_dialogue(unit, d):
    earlier = [e for e in dialogues if unit in e.chairs and e.on < d.on]
    if owes("D5", unit, d.on):
        lines = [d.concluded.get(p) for p in d.raised]
        whole = all(line and (line[0]["conclusion"] == "answered" or (
            line[0].get("due_day") and (line[0].get("body")
                                        or line[0].get("body_name"))))
                    for line in lines)
        acts = ([line[1] for line in lines] if whole and lines
                else of(d.id, "DialogueConcluded")[:1])
        put("D5", unit, after(d.on, 5), acts, whole and bool(acts))
    if owes("D6", unit, d.on):
        have, need = dossier(unit, d), {1, 2, 3, 5, 7, 8}
        need |= {6} if earlier else set()
        put("D6", unit, roll(d.on + 30 * DAY), [have.get(k) for k in need],
            need <= set(have))
    for p in [p for e in earlier for p in e.raised]:
        if owes("D7", unit, d.on) and final_day(p) >= d.on:
            line, row = d.previous.get(p, ({}, None))
            put("D7", unit, roll(d.on), [row], bool(
                line and (line["outcome"] == "done" or line.get(
                    "next_day" if line["outcome"] == "not_yet" else "reason"))))


def promised(d, petition, line, row):
    owner, offer = line.get("body"), None
    for r in of(petition, "PetitionReferred", "ReferralAccepted"):
        offer = r.get("to", [offer])[0]
        if r["type"] == "ReferralAccepted" and r["on"] >= row["on"]:
            owner = offer
    listed = [u for u in d.chairs | {owner} if owes("D8", u, d.on)]
    if not listed:
        return
    due = roll(day(line["due_day"]))
    for r in of(petition, "PetitionExtended"):
        later = day(r["facts"]["due_day"])
        if r["on"] <= due < later and not refuted(r, due):
            due = roll(later)
    for unit in listed:  # a chair lists what others owe, beside its cell
        cells[unit, "D8", due.year, 0] += []
    answer = first(petition, "PetitionAnswered")
    posted = first(petition, "Published", what="answer")
    personal = answer and answer["facts"]["publicity"] == "personal"
    acts = [answer] if personal else [answer, posted]
    gone, done = first(petition, "PetitionWithdrawn"), all(acts)
    if owner in listed and not (
            gone and gone["on"] <= due and not refuted(gone, due)
            and not (done and max(a["on"] for a in acts) <= gone["on"])):
        put("D8", owner, due, acts, done)


def person_told(id, p):
    facts, unit, paused, kind = p["facts"], p["unit"], set(), p["facts"]["kind"]
    if (any(id in d.raised for d in dialogues) or not facts.get("person_known")
            or not owes("P1", unit, p["on"])):
        return
    for r in of(id, "PetitionClassified"):
        kind = r["facts"]["kind"]
    came = [r["on"] for r in of(id, "SupplementReceived")]
    for r in of(id, "SupplementRequested"):
        until = min((c for c in came if c >= r["on"]), default=asof)
        paused |= {r["on"] + i * DAY
                   for i in range(1, (until - r["on"]).days + 1)}
    due = after(p["on"], 10, paused)
    told = [r for r in of(id, "PersonNotified")[:1] if kind != "proposal" or
            r["facts"]["notice"] not in ("refused", "needs_time")]
    told = sorted(told + of(id, "PetitionAnswered")[:1],
                  key=lambda r: r["on"])[:1]
    gone = first(id, "PetitionWithdrawn")
    cells[unit, "P1", due.year, due.month] += []
    if not (gone and gone["on"] <= due and not refuted(gone, due)
            and not (told and told[0]["on"] <= gone["on"])):
        put("P1", unit, due, told, bool(told), due.year, due.month)


# ---- all ------------------------------------------------------------------------

for unit in units:
    for year in range(day(units[unit]["duties_from"] or "2100-01-01").year,
                      asof.year + 1):
        for duty in rules:
            for month in range(1, 13) if duty == "P1" else [0]:
                start = date(year, month or 1, 1)
                if start <= asof and owes(duty, unit, start):
                    cells[unit, duty, year, month] += []
        yearly(unit, year)
for d in dialogues:
    for unit in d.chairs:
        at_dialogue(unit, d)
    for petition, (line, row) in d.concluded.items():
        if line["conclusion"] != "answered" and line.get("due_day"):
            promised(d, petition, line, row)
for id, p in petitions:
    person_told(id, p)
for item in sorted(wary) if options.wary else ():
    print(*item)
for (unit, duty, year, month), got in sorted(
        cells.items() if not options.wary else ()):
    said = any(n["unit"] == unit and n["facts"]["duty"] == duty
               and n["facts"]["year"] == year
               and n["facts"].get("month", 0) in (0, month) for _, n in notices)
    verdict = next((v for v in (MISSING, UNKNOWN, LATE, MET, NOT_DUE)
                    if v in got), CONFIRMED if said else NOTHING)
    print(json.dumps({"unit": unit, "duty": duty, "year": year, "month": month,
                      "verdict": verdict, "n": got.count(MET),
                      "d": sum(v != NOT_DUE for v in got)}))
