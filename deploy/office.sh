# shellcheck shell=bash
# Officials and clocks of demonstration nodes: what the demo and the tests that
# live through a year share. Source it after nodes.sh; $NODES_DIR/password is
# the password of every invented official, `nodes` the list of all nodes.

# The generated time begins: before anything is cosigned, since a cosigner
# never signs a time before its last one. A link judges clocks when it opens,
# so a node that joined with the real time opens it again.
clock_begin() { # node, time
    node "$1" clock --set "$2" >/dev/null
    if [ "$1" != "${nodes[0]}" ]; then
        node_stop "$1"
        node_start "$1"
        wait_until 60 "node $1 to be linked" node_linked "$1"
    fi
}

clocks_set() {
    local n
    for n in "${nodes[@]}"; do
        if node_running "$n"; then
            node "$n" clock --set "$1" >/dev/null
        fi
    done
}

# One session per official, kept beside his node's folder.
official_login() { # node, official
    QCDC_PASSWORD_FILE=$NODES_DIR/password node "$1" login "$2" >/dev/null
    cp "$NODES_DIR/$1/session" "$NODES_DIR/$1.$2.session"
}

as_official() { # node, official, command...
    local n=$1 who=$2
    shift 2
    QCDC_SESSION=$(cat "$NODES_DIR/$n.$who.session" 2>/dev/null) node "$n" "$@"
}

official_of() { # the official who speaks for a unit
    case $1 in
    2???) echo ubnd ;;
    *) echo danguy ;;
    esac
}
