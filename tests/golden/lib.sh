# lib.sh - for the cmd files of tests/golden: start what runs in the background and wait until it is ready.
# Nothing sleeps: readiness is read from what the programs print. Everything started is ended with the case.
started=
end_all() {
    for one in $started; do kill "$one" 2>/dev/null; done
    wait
}
trap end_all EXIT

# start_sink NAME [OPTION]... - sets $sink (address) and $sink_pid; what it prints goes to NAME.out
start_sink() {
    name=$1
    shift
    mkfifo "$name.fifo"
    "$corridor" sink --listen 127.0.0.1:0 --seconds 60 "$@" >"$name.fifo" &
    sink_pid=$!
    started="$started $sink_pid"
    exec 8<"$name.fifo"
    read -r word sink <&8
    cat <&8 >"$name.out" &
    sink_reader=$!
    exec 8<&-
}
# end_sink - let it finish (SIGTERM unless it has a limit of its own) and have all its output
end_sink() {
    kill "$sink_pid" 2>/dev/null
    wait "$sink_pid" "$sink_reader"
}
# start_daemon CONF [OPTION]... - sets $feed (address of the last source) and $daemon; the log goes to CONF.log
start_daemon() {
    conf=$1
    shift
    rm -f "$conf.fifo"
    mkfifo "$conf.fifo"
    "$corridor" run -c "$conf" "$@" 2>"$conf.fifo" &
    daemon=$!
    started="$started $daemon"
    exec 9<"$conf.fifo"
    feed=
    while read -r line <&9; do
        echo "$line" >>"$conf.log"
        case $line in
        listening*address=*) feed=${line#*address=} && feed=${feed%% *} ;;
        ready*) break ;;
        esac
    done
    cat <&9 >>"$conf.log" &
    exec 9<&-
}
# end_daemon - SIGTERM; its exit status
end_daemon() {
    kill -TERM "$daemon"
    wait "$daemon"
}
# settled CONF - wait until nothing is queued or under way
settled() {
    tries=0
    until "$corridor" status --json -c "$1" | grep -q '"queued":0,"in_flight":0'; do
        tries=$((tries + 1))
        [ $tries -lt 10000 ] || return 1
    done
}
# database [--hold] FILE SQL... - see database.c
database() {
    "$(dirname "$corridor")/tests/golden/database" "$@"
}
# flip FILE OFFSET: every bit of that byte is another one, whatever it was
flip() {
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    printf "$(printf '\\%03o' $((255 - byte)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
