# shellcheck shell=bash
# The reform of 1-7-2025 on a demonstration realm of Kon Tum: its 102 communes
# become 40, the districts end, the province is part of Quảng Ngãi. Sourced by
# deploy/demo and by the test after nodes.sh and office.sh, with
#   nodes      all nodes that run, the province's first
#   districts  those among them that end
#   communes   those that move to the province
#   reform_away  one of the communes, cut off while it happens
#   reform_heard  offices that the province hears from on the eve
# Each step leaves a mark in $NODES_DIR/reform: what is done is not done again.
# Facts: merge-2025.csv, units-51-2025.csv; numbers of new units are 11000,
# 12000, 13000 plus the place of the commune in units-51-2025.csv.

reform_dir=$NODES_DIR/reform
reform_day=2025-07-01
reform_eve=2025-06-30
reform_year=2025

reform_say() { printf '%s\n' "$*"; }
reform_step() { printf '\n== %s\n' "$*"; }

# done_once NAME COMMAND...
reform_once() {
    local name=$1
    shift
    if [ ! -e "$reform_dir/$name.done" ]; then
        "$@" || return 1
        touch "$reform_dir/$name.done"
    fi
}

# ---- the files, made from the facts ----

# reform_files: units.csv, changes.csv, heirs.jsonl, custody.csv, hosts
# ("node, old committee, new committee, is the new one's host").
reform_files() {
    awk -F, -v out="$reform_dir" -v communes="${communes[*]}" \
        -v districts="${districts[*]}" -v day="$reform_day" '
    function small(name) {
        sub(/^Xã/, "xã", name); sub(/^Phường/, "phường", name)
        sub(/^Đặc khu/, "đặc khu", name)
        return name
    }
    function heirs(key, kind, from_base, to,   i, n, list, text) {
        n = split(members[key], list, " ")
        text = ""
        for (i = 1; i <= n; i++)
            text = text sprintf("%s\"heirs[%d].from\":\"%d\",\"heirs[%d].to\":\"%d\"",
                i > 1 ? "," : "", i - 1, from_base + list[i], i - 1, to)
        printf "{\"type\":\"UnitsReorganised\",\"fields\":{\"key\":\"heirs-%s-%s\",\"kind\":\"merge\",\"from_day\":\"%s\",%s,\"decision.kind\":\"decision\",\"decision.number\":\"1677/NQ-UBTVQH15\"}}\n",
            kind, key, day, text > (out "/heirs.jsonl")
    }
    FILENAME ~ /units-62/ {
        if ($2 == "territory" && $3 == "commune") {
            place[$5] = $1 - 1000; old_name[$5] = $4
        }
        if ($2 == "territory" && $3 == "district")
            tier[++tiers] = $1 - 1000
        next
    }
    FILENAME ~ /units-51/ { new_place[$1] = FNR - 2; next }
    $4 == 62 {
        if (!($5 in members)) order[++count] = $5
        members[$5] = members[$5] (members[$5] == "" ? "" : " ") place[$1]
        new_name[$5] = $6; code_of[place[$1]] = $1
    }
    END {
        n = split(communes, list, " ")
        for (i = 1; i <= n; i++) joined[list[i] - 1] = 1
        print "key,number,kind,level,name,code,territory,host,reports_to,from_day" > (out "/units.csv")
        print "key,number,from_day,name,code,territory,reports_to" > (out "/changes.csv")
        print "key,from,to,from_day" > (out "/custody.csv")
        printf "" > (out "/hosts")
        print "tinh,1000," day ",Tỉnh Quảng Ngãi,51,," > (out "/changes.csv")
        print "tinh-ubnd,2000," day ",UBND tỉnh Quảng Ngãi,,," > (out "/changes.csv")
        print "tinh-uy,3000," day ",Tỉnh ủy Quảng Ngãi,,," > (out "/changes.csv")
        for (c = 1; c <= count; c++) {
            code = order[c]; j = new_place[code]; host = ""
            n = split(members[code], list, " ")
            if (n == 1 && code_of[list[1]] == code) { # not rearranged
                i = list[1]
                print "land-" code "," 1000 + i "," day "," new_name[code] ",,1000," > (out "/changes.csv")
                print "pc-" code "," 2000 + i "," day ",,,,2000" > (out "/changes.csv")
                print "party-" code "," 3000 + i "," day ",,,,3000" > (out "/changes.csv")
                if (joined[i]) print i + 1, 2000 + i, 2000 + i, 1 > (out "/hosts")
                continue
            }
            for (k = 1; k <= n; k++)
                if (joined[list[k]] && (host == "" || code_of[list[k]] == code))
                    host = list[k] + 1
            name = new_name[code]
            print "land-" code "," 11000 + j ",territory,commune," name "," code ",1000,,," day > (out "/units.csv")
            print "pc-" code "," 12000 + j ",peoples_committee,commune,UBND " small(name) ",," 11000 + j "," host ",2000," day > (out "/units.csv")
            print "party-" code "," 13000 + j ",party_committee,commune,Đảng ủy " small(name) ",," 11000 + j "," host ",3000," day > (out "/units.csv")
            heirs(code, "land", 1000, 11000 + j)
            heirs(code, "pc", 2000, 12000 + j)
            heirs(code, "party", 3000, 13000 + j)
            for (k = 1; k <= n; k++) {
                i = list[k]
                if (!joined[i]) continue
                print "pc-" i "," 2000 + i "," 12000 + j "," day > (out "/custody.csv")
                print "party-" i "," 3000 + i "," 13000 + j "," day > (out "/custody.csv")
                print i + 1, 2000 + i, 12000 + j, (host == i + 1) > (out "/hosts")
            }
        }
        members["tier"] = ""
        for (t = 1; t <= tiers; t++) members["tier"] = members["tier"] " " tier[t]
        sub(/^ /, "", members["tier"])
        for (b = 1; b <= 3; b++) {
            n = split(members["tier"], list, " "); text = ""
            for (i = 1; i <= n; i++)
                text = text sprintf(",\"heirs[%d].from\":\"%d\",\"heirs[%d].to\":\"%d\"", i - 1, b * 1000 + list[i], i - 1, b * 1000)
            printf "{\"type\":\"UnitsReorganised\",\"fields\":{\"key\":\"heirs-tier-%d\",\"kind\":\"abolish_tier\",\"from_day\":\"%s\"%s,\"decision.kind\":\"decision\",\"decision.number\":\"1677/NQ-UBTVQH15\"}}\n", b, day, text > (out "/heirs.jsonl")
        }
        n = split(districts, list, " ")
        for (i = 1; i <= n; i++) {
            print "tier-pc-" list[i] "," 2000 + list[i] - 1 ",2000," day > (out "/custody.csv")
            print "tier-party-" list[i] "," 3000 + list[i] - 1 ",3000," day > (out "/custody.csv")
        }
    }' "$NODES_DATA/units-62-2019.csv" "$NODES_DATA/units-51-2025.csv" \
        "$NODES_DATA/merge-2025.csv"
}

# ---- time, and what offices record ----

# heard_on DATE: the province heard that day from so many units.
heard_on() {
    [ "$(node "${nodes[0]}" status --json --units --year "$reform_year" |
        grep -c "\"heard\": *\"$1")" -ge "$((2 * reform_heard))" ]
}

# Whatever the nodes that run have is at the province, and counted there.
all_in() {
    local n
    for n in "${nodes[@]}"; do
        if [ "$n" != "${nodes[0]}" ] && node_running "$n"; then
            node_settled "$n" && node_reached "$n" "${nodes[0]}" || return 1
        fi
    done
}

# petition NODE KEY DATE: handed in that day.
petition() {
    official_login "$1" ubnd
    as_official "$1" ubnd record PetitionReceived key="$2" on="$3" \
        channel=counter kind=proposal field=land person_known=true \
        "text.title=Đường vào thôn hỏng (dữ liệu tạo mẫu)" >/dev/null
}

# told NODE KEY DATE: its person was told that it is accepted.
told() {
    local id
    id=$(reform_id "$1" "$2") || return 1
    as_official "$1" ubnd record PersonNotified subject="$id" refs="$id" \
        on="$3" notice=accepted >/dev/null
}

reform_id() {
    node "$1" show "$2" --json | grep -oE '"id": *"[0-9a-f]{32}"' |
        head -n 1 | grep -oE '[0-9a-f]{32}'
}

# A cosigner out of work for 30 days waits for a person's word: so the months
# pass in steps, with a petition told about at each office.
reform_walk() { # date...
    local day n
    for day in "$@"; do
        clocks_set "${day}T08:00"
        for n in "${communes[@]}"; do
            petition "$n" "reform-$day" "$day" || return 1
            told "$n" "reform-$day" "$day" || return 1
        done
        wait_until 120 "the petitions of $day to reach the province" all_in ||
            return 1
        reform_say "  $day: one petition at each of ${#communes[@]} offices, its person told"
    done
}

# One more each, whose clock runs across the day.
eve_petitions() {
    local n
    clocks_set "${reform_eve}T08:00"
    for n in "${communes[@]}"; do
        petition "$n" running "$reform_eve" || return 1
    done
    wait_until 120 "the petitions to reach the province" all_in || return 1
    clocks_set "${reform_eve}T17:00"
    wait_until 120 "the province to hear from every office" heard_on \
        "$reform_eve" || return 1
    reform_say "  $reform_eve: one petition each whose person is not told yet"
}

# ---- the day itself ----

parent_now() { # node: whom it is linked to
    awk -F, -v n="$1" '$1 == n {print $3}' "$NODES_DATA/nodes-62-2019.csv"
}

# Its district's machine is off, the office goes on; then it is off as well.
reform_cut() {
    local district
    district=$(parent_now "$reform_away")
    node_stop "$district"
    petition "$reform_away" unsent "$reform_eve" || return 1
    petition "$reform_away" unsent-2 "$reform_eve" || return 1
    node_stop "$reform_away"
    node_start "$district"
    wait_until 60 "district $district to be linked" node_linked "$district"
    reform_say "  node $reform_away: 2 petitions that exist on its machine only"
}

reform_figures() { # as-of
    node "${nodes[0]}" status --as-of "$1" --year "$reform_year" --duty P1 |
        sed '/^✓/,$d'
}

# counts DATE: of the whole page, "verdict=number" a line, to compare.
reform_counts() {
    node "${nodes[0]}" status --as-of "$1" --year "$reform_year" --duty P1 \
        --units --json | tr -d ' \n' | grep -oE '"(n|d)":[0-9]+' |
        awk -F: '{s[$1] += $2} END {for (k in s) print k "=" s[k]}' | sort
}

reform_eve_figures() {
    reform_figures "$reform_eve" >"$reform_dir/eve.txt" &&
        reform_counts "$reform_eve" >"$reform_dir/eve.counts"
}

reform_import() {
    local top=${nodes[0]} n
    reform_files || return 1
    node "$top" import UnitRegistered "$reform_dir/units.csv" || return 1
    node "$top" import UnitChanged "$reform_dir/changes.csv" || return 1
    node "$top" import any "$reform_dir/heirs.jsonl" || return 1
    node "$top" import CustodyTransferred "$reform_dir/custody.csv" || return 1
    for n in "${communes[@]}"; do
        node "$top" record NodeCertified node="$n" >/dev/null || return 1
    done
}

moved() { grep -q 'room=tree event=moved' "$NODES_DIR/$1/node.log"; }

reform_move() {
    local n
    for n in "${communes[@]}"; do
        if [ "$n" = "$reform_away" ]; then continue; fi
        wait_until 120 "node $n to move to the province" moved "$n" || return 1
        reform_say "  node $n moved by itself"
    done
}

reform_return() {
    node_start "$reform_away" || return 1
    node "$reform_away" clock --set "${reform_day}T08:00" >/dev/null
    node_stop "$reform_away" # a link judges clocks when it opens
    node_start "$reform_away" || return 1
    wait_until 120 "node $reform_away to move to the province" moved \
        "$reform_away" || return 1
    wait_until 120 "all its events to be at the province" all_in || return 1
    reform_say "  node $reform_away learned it from its old parent, and moved"
}

heir_has() { node "$1" show "$2"; }

# The away office's running petition is the heir's: he takes it and tells.
reform_custody() {
    local old new host id
    read -r old new <<<"$(awk -v n="$reform_away" '$1 == n {print $2, $3}' \
        "$reform_dir/hosts")"
    host=$(awk -v u="$new" '$3 == u && $4 == 1 {print $1}' "$reform_dir/hosts")
    id=$(reform_id "$reform_away" running) || return 1
    if [ "$host" != "$reform_away" ]; then
        wait_until 120 "the petition to reach its heir" heir_has "$host" "$id" ||
            return 1
    fi
    node "$host" user add xa --unit "$new" --post "Văn phòng UBND xã mới" \
        --rights record,lead >/dev/null || return 1
    official_login "$host" xa || return 1
    as_official "$host" xa record PersonNotified subject="$id" refs="$id" \
        on="$reform_day" notice=accepted >/dev/null || return 1
    reform_say "  petition of unit $old, opened on $reform_eve: told on $reform_day by unit $new (node $host)"
}

# Nodes without units any more: their tails are in, their logs end.
reform_end() {
    local n said
    wait_until 120 "every tail to be in" all_in || return 1
    for n in $(awk '$4 == 0 {print $1}' "$reform_dir/hosts") "${districts[@]}"; do
        if ! said=$(node "${nodes[0]}" record LogEnded node="$n" 2>&1); then
            case $said in
            *"not held here"*) ;; # an office that never recorded anything
            *)
                nodes_say "$said"
                return 1
                ;;
            esac
        fi
        node_stop "$n"
        reform_say "  the log of node $n has ended; its machine may be switched off"
    done
}

reform_show() {
    printf '\n-- 30-6-2025, as it was printed that evening\n'
    cat "$reform_dir/eve.txt"
    printf '\n-- 30-6-2025, as it is known now\n'
    reform_figures "$reform_eve"
    printf '\n-- 1-7-2025\n'
    reform_figures "$reform_day"
    if [ "$(reform_counts "$reform_eve")" = "$(cat "$reform_dir/eve.counts")" ]; then
        printf '%s\n' "The figures of 30-6-2025 are those of that evening, to the digit."
    else
        nodes_say "reform: the figures of 30-6-2025 are others now than that evening"
        return 1
    fi
}

# reform_run DATE...: the days on which the clocks stand before the eve.
reform_run() {
    mkdir -p "$reform_dir"
    export QCDC_PASSWORD_FILE=$NODES_DIR/password
    reform_step "The months until $reform_eve"
    reform_once walk reform_walk "$@" || return 1
    reform_once eve eve_petitions || return 1
    reform_step "One commune is cut off"
    reform_once cut reform_cut || return 1
    reform_once figures reform_eve_figures || return 1
    reform_step "The province records the reform (Nghị quyết 1677/NQ-UBTVQH15)"
    reform_once import reform_import || return 1
    reform_once move reform_move || return 1
    reform_step "$reform_day: the one that was away comes back"
    clocks_set "${reform_day}T08:00"
    reform_once return reform_return || return 1
    reform_once custody reform_custody || return 1
    reform_step "Nodes that have no unit any more"
    reform_once end reform_end || return 1
    reform_step "The figures, on both days"
    reform_show
}
