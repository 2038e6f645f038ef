# shellcheck shell=bash
# Three minutes for a sceptic, in the terminal, on the running demo. Sourced
# by deploy/demo, which has the functions used here.
# shellcheck disable=SC2154  # province, year: deploy/demo's
story_dir=$NODES_DIR/story
mkdir -p "$story_dir"
unit=2068 commune=69 district=6 # Thị trấn Măng Đen in Huyện Kon Plông
today=$(node "$province" clock --json |
    grep -oE '[0-9]{4}-[0-9]{2}-[0-9]{2}T' | head -n 1 | tr -d T)
sql() { sqlite3 "$NODES_DIR/$district/store.db" "$1"; }

pause_for_reader() {
    if [ -t 0 ] && [ -t 1 ]; then
        printf '\n[Enter] '
        read -r _
    fi
}

chapter() {
    pause_for_reader
    printf '\n\n==== %s\n\n' "$*"
}

# The shell way to one member of a JSON answer.
member() { grep -oE "\"$1\": *\"?[^\",}]*" | head -n 1 | sed 's/^[^:]*: *"\{0,1\}//'; }

# Ends even if a step fails: no process stays stopped.
story_end() {
    kill -CONT "$(cat "$NODES_DIR/$district/pid")" 2>/dev/null || true
    node_start "$district" || true
    node_start "$province" || true
}
trap story_end EXIT

at_province() { # event
    node "$commune" show "$1" --json | grep -q '"node": *1\b'
}

chapter "1. The province, and what stands behind one red cell"
node "$province" status --year "$year"
echo
node "$province" duty "$unit" D8 "$year" | head -n 45

chapter "2. The line to $(name_of "$commune") is cut: its district's machine hangs. The office goes on"
kill -STOP "$(cat "$NODES_DIR/$district/pid")"
official_login "$commune" ubnd
as_official "$commune" ubnd record PetitionReceived channel=counter \
    kind=proposal field=construction person_known=true people=1 \
    "text.title=Cầu treo thôn 2 hỏng ván" \
    "private.persons[0].name=Người Thử (dữ liệu tạo mẫu)" |
    tee "$story_dir/slip"
event=$(grep -oE '\b[0-9a-f]{32}\b' "$story_dir/slip" | head -n 1)
echo
node "$commune" sync | head -n 6
echo
echo "Search works too, accents or not:"
node "$commune" search "cau treo"

chapter "3. The line is back. Nobody restarts anything"
kill -CONT "$(cat "$NODES_DIR/$district/pid")"
wait_until 120 "the petition to reach the province" at_province "$event"
node "$commune" show "$event" | tail -n 12
echo
echo "At the province, by itself:"
node "$province" show "$event" | head -n 12

chapter "4. The district changes one byte: the day of an answer, on its way up"
node_stop "$province"
as_official "$commune" ubnd record PetitionAnswered subject="$event" \
    by=body form=written publicity=public document.kind=answer \
    document.number=07/UBND document.dated_day="$today" \
    document.signing=direct >"$story_dir/answer"
answer=$(grep -oE '\b[0-9a-f]{32}\b' "$story_dir/answer" | tail -n 1)
wait_until 60 "the answer to reach the district" node_settled "$commune"
node_stop "$district"
segment=$(sql "SELECT max(s.id) FROM segments s JOIN logs l
    ON s.id >> 40 = l.id WHERE l.origin = 'kontum-demo/$commune/e1'")
honest=$(sql "SELECT hex(leaves_z) FROM segments WHERE id = $segment")
# The document's date inside the leaf: field 3 of the document, a varint of
# days since 1970. Its lowest bit is turned: another day.
days=$(($(date -u -d "$today" +%s) / 86400))
stated=$(printf '18%02X%02X%02X' $((days & 127 | 128)) $((days >> 7 & 127 | 128)) $((days >> 14)))
forged=$(printf '18%02X%02X%02X' $(((days ^ 1) & 127 | 128)) $((days >> 7 & 127 | 128)) $((days >> 14)))
lie=${honest/$stated/$forged}
if [ "$lie" = "$honest" ]; then
    nodes_say "story: the date was not found in the stored batch"
    exit 1
fi
sql "UPDATE segments SET leaves_z = x'$lie' WHERE id = $segment"
echo "in the district's store.db: $stated -> $forged ($today -> one day off)"
node_start "$district"
node_start "$province"
refused() { node "$province" sync --json | grep -q '"trouble": *"bad-batch'; }
wait_until 120 "the province to refuse it" refused
echo
node "$province" sync | sed -n '/nút '"$district"'/,/^$/p' 
echo
echo "The answer's id is $answer. It is not counted; the rest still flows."
echo "The byte is put back, and the same batch passes:"
node_stop "$district"
sql "UPDATE segments SET leaves_z = x'$honest' WHERE id = $segment"
node_start "$district"
at_province_too() { at_province "$answer"; }
wait_until 180 "the answer to reach the province" at_province_too
node "$province" show "$event" | grep -i -A1 "trả lời" | head -n 4

chapter "5. The citizen's receipt, verified with the root key and a policy, no network"
rm -f "$story_dir/receipt" "$story_dir/policy"
node "$commune" receipt "$event" --output "$story_dir/receipt"
node "$commune" policy --output "$story_dir/policy"
sed -n 's/^.*: \([0-9a-f]\{64\}\)$/\1/p' "$NODES_DIR/$province.made" |
    head -n 1 >"$story_dir/root"
node "$commune" verify "$story_dir/receipt" --root "$story_dir/root" \
    --policy "$story_dir/policy"
echo
echo "One byte of it changed:"
sed '0,/^leaf ./s/^leaf ./leaf B/' "$story_dir/receipt" >"$story_dir/changed"
if node "$commune" verify "$story_dir/changed" --root "$story_dir/root" \
    --policy "$story_dir/policy"; then
    nodes_say "story: a changed receipt was accepted"
    exit 1
fi
trap - EXIT
echo
