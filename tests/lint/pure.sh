#!/bin/bash
# protocol/ is pure: no I/O, no clock, no randomness of its own, no process.
# Looks at the code without its comments and strings. One exception, by name:
# crypto.c lends the rooms above sodium's random bytes (crypto_random), which
# protocol/ itself must never call.
#   pure.sh              check this checkout
#   pure.sh --selftest   plant violations in a copy, expect their refusal
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)

calls='fopen|fclose|fread|fwrite|fgets|fputs|fputc|puts|putchar|printf|fprintf'
calls+='|vprintf|vfprintf|dprintf|perror|scanf|fscanf|open|close|read|write'
calls+='|pread|pwrite|socket|send|recv|poll|select|mmap|time|clock|ftime'
calls+='|clock_gettime|gettimeofday|localtime|localtime_r|mktime|nanosleep'
calls+='|sleep|usleep|rand|srand|random|srandom|drand48|getrandom|arc4random'
calls+='|randombytes|randombytes_buf|randombytes_random|randombytes_uniform'
calls+='|getenv|setenv|setlocale|exit|_exit|system|fork|signal|sigaction'
calls+='|crypto_random|pthread_create|syslog|strtok|atexit'
headers='time\.h|sys/.*|unistd\.h|fcntl\.h|signal\.h|poll\.h|pthread\.h'
headers+='|syslog\.h|dirent\.h|locale\.h|netdb\.h|threads\.h|stdatomic\.h'

violations() {
    (
        cd "$1"
        find protocol -name '*.[ch]' | sort | while IFS= read -r file; do
            # -fpreprocessed takes the comments away and expands nothing.
            gcc -fpreprocessed -dD -E -P -x c "$file" 2>/dev/null |
                sed -E 's/"([^"\\]|\\.)*"/""/g' |
                grep -nE "(^|[^A-Za-z0-9_.>])($calls)[ ]*\\(" |
                sed "s|^|$file:|" |
                grep -v '^protocol/crypto\.[ch]:.*\(crypto_random\|randombytes_buf\)(' |
                sed "s|:[0-9]*:|: impure call: |"
            grep -nE "^[ ]*#[ ]*include[ ]*<($headers)>" "$file" |
                sed "s|^|$file:|"
        done
        true
    )
}

# plant LINE WANTED: is LINE in a file of protocol/ refused (1) or not (0)?
plant() {
    local tree said=0
    tree=$(mktemp -d)
    mkdir -p "$tree/protocol/log"
    printf '%s\n' "$1" >"$tree/protocol/log/a.c"
    if [ -n "$(violations "$tree")" ]; then
        said=1
    fi
    rm -rf "$tree"
    if [ "$said" != "$2" ]; then
        echo "selftest: \"$1\": refused $said, expected $2" >&2
        exit 1
    fi
}

if [ "${1:-}" = --selftest ]; then
    plant 'void f(void) { fopen("a", "r"); }' 1
    plant 'long f(void) { return time(0); }' 1
    plant 'int f(void) { return rand(); }' 1
    plant 'void f(void) { printf("x"); }' 1
    plant 'void f(void) { randombytes_buf(0, 0); }' 1
    plant 'void f(void) { crypto_random(0, 0); }' 1
    plant '#include <time.h>' 1
    plant '#include <sys/stat.h>' 1
    plant '/* time( and fopen( in a comment */' 0
    plant 'const char *f(void) { return "open("; }' 0
    plant 'void f(char *p) { snprintf(p, 1, "x"); }' 0
    plant 'int f(struct s *s) { return s->read(s) + order_time(1); }' 0
    echo "pure.sh refuses every planted violation"
    exit 0
fi

found=$(violations "$root")
if [ -n "$found" ]; then
    echo "$found" >&2
    exit 1
fi
