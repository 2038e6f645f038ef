# shellcheck shell=bash
# Late rows of qcdc-sample: what a unit does about a record of another node
# (a referral accepted, answered). Their files are <node>.<unit>.late.jsonl and
# name the record as "subject_key":{"node":N,"key":K}, since keys are local to
# a node. Source it after nodes.sh.

# key_id NODE KEY: the id of what was imported there under that key.
key_id() {
    node "$1" show "$2" --json |
        grep -oE '"id": *"[0-9a-f]{32}"' | head -n 1 | grep -oE '[0-9a-f]{32}'
}

# late_rows FILE: the same rows with "subject" as an id, for `qcdc import any`.
late_rows() {
    local line n key id
    while IFS= read -r line; do
        if [[ $line =~ \"subject_key\":\{\"node\":([0-9]+),\"key\":\"([^\"]+)\"\} ]]; then
            n=${BASH_REMATCH[1]} key=${BASH_REMATCH[2]}
            id=$(key_id "$n" "$key") || return 1
            line=${line/"${BASH_REMATCH[0]}"/"\"subject\":\"$id\""}
        fi
        printf '%s\n' "$line"
    done <"$1"
}
