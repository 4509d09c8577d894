# legs.sh - what tools/bench does with programs and figures. Sourced; uses its variables: corridor, release, root,
# work, conf, rows, independent; keeps the process ids daemon, sink, idle and the ports port, sink_port.
# With `ca` set, what is asked of the daemon is asked over TLS.

warm=250000 # messages that fill four volumes of 64 MiB: after them the journal runs on recycled ones

# number KEY FILE: the first number under KEY in a line of JSON
number() { sed -n "s/.*\"$1\":\\(-\\{0,1\\}[0-9.]*\\).*/\\1/p" "$2" | head -n 1; }
now_ms() { echo $(($(date +%s%N) / 1000000)); }
say() { echo "bench: $*" >&2; }

# A port that was free a moment ago.
free_port() {
    "$corridor" sink --listen 127.0.0.1:0 >"$work/free" &
    until grep -q '^listening' "$work/free" || ! kill -0 $! 2>/dev/null; do sleep 0.01; done
    kill $! 2>/dev/null
    wait $! 2>/dev/null
    sed -n 's/^listening .*://p' "$work/free"
}

end() { # PID: ask it to stop and wait
    [ -n "$1" ] || return 0
    kill "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}
stop_rude() {
    end "$rude"; rude=
    end "$other"; other=
}
stop_all() {
    stop_rude
    end "$idle"; idle=
    end "$daemon"; daemon=
    end "$sink"; sink=
}
kill_daemon() {
    kill -9 "$daemon"
    wait "$daemon" 2>/dev/null
    daemon=
}

start_sink() { # sets sink_port
    end "$sink"
    sink_port=$(free_port)
    if [ -n "$independent" ]; then
        "$work/mllpbench/mllpbench" sink --port "$sink_port" --json >"$work/sink" 2>&1 &
    else
        "$corridor" sink --listen "127.0.0.1:$sink_port" --json >"$work/sink" &
    fi
    sink=$!
    is_up "$sink" "$sink_port"
}

# is_up PID PORT: it has answered a message
is_up() {
    timeout 20 "$corridor" replay --to "mllp${ca:+s}://127.0.0.1:$2" ${ca:+--ca "$ca"} --generate 1 --reconnect --fresh-ids >/dev/null &&
        kill -0 "$1" 2>/dev/null && return 0
    say "nothing answers on port $2"
    tail -n 5 "$work/log" >&2 2>/dev/null
    return 1
}

start_other() { # ANSWER: a second destination, which may give none; sets other_port
    end "$other"
    "$corridor" sink --reply "$1" >"$work/other" &
    other=$!
    until grep -q '^listening' "$work/other"; do sleep 0.01; done
    other_port=$(sed -n 's/^listening .*://p' "$work/other")
}
read_nothing() { # a client that sends for ever and reads no reply
    "$corridor" replay --generate 2000 --seed 7 --write "$work/rude.hl7" >/dev/null
    awk 'BEGIN { RS = "\r" } /^\n?MSH/ { sub(/^\n/, ""); if (n++) printf "\034\r"; printf "\013" } { sub(/^\n/, ""); if ($0 != "") printf "%s\r", $0 }
        END { printf "\034\r" }' "$work/rude.hl7" >"$work/rude.mllp"
    bash -c "exec 3<>/dev/tcp/127.0.0.1/$port; while :; do cat '$work/rude.mllp' >&3 || exit; done" 2>/dev/null &
    rude=$!
}
is_stuck() { # nothing is settled at the one that hangs, and the rude one is still there
    kill -0 "$rude" 2>/dev/null || { say "the client that reads nothing was let go"; return 1; }
    "$corridor" status -c "$work/corridor.yaml" --json | grep -o '"name":"other"[^}]*"delivered":0' >/dev/null ||
        { say "the destination that hangs has delivered"; return 1; }
}

# make_conf NAME DISK [live|dead [keep]]: a configuration of tests/bench/conf, sets port; a new state unless kept
make_conf() {
    [ "${4:-}" = keep ] || rm -rf "$work/state"
    to=1 # nobody listens there
    [ "${3:-live}" = dead ] || to=${sink_port:-1}
    [ "${4:-}" = keep ] || port=$(free_port)
    sed -e "s|@STATE@|$work/state|; s|@PORT@|$port|; s|@SINK@|$to|; s|@DISK@|$2|; s|@OTHER@|${other_port:-1}|; s|@ROUTES@|$conf/${routes:-routes}.yaml|" \
        "$conf/$1.yaml" >"$work/corridor.yaml"
}

start_again() {
    "$corridor" run -c "$work/corridor.yaml" >"$work/log" 2>&1 &
    daemon=$!
    is_up "$daemon" "$port"
}

start_daemon() { # as make_conf
    end "$daemon"
    make_conf "$@" && start_again
}

# load PORT CONNECTIONS WINDOW SECONDS: as fast as answers come; the result is the line of JSON in $work/leg
load() {
    if [ -n "$independent" ]; then
        "$work/mllpbench/mllpbench" send --port "$1" --connections "$2" --window "$3" --seconds "$4" --seed 1 --count 2000 \
            --unique-control-ids --verify --json >"$work/raw"
        failed=$?
        sed -e 's/"msg_s"/"per_second"/; s/"acked"/"answered"/; s/"p99_us"/"p99"/' "$work/raw" |
            awk '{ match($0, /"sent":[0-9]+/); n = substr($0, RSTART + 7, RLENGTH - 7)
                   match($0, /"avg_bytes":[0-9]+/); b = substr($0, RSTART + 12, RLENGTH - 12)
                   sub(/}$/, ",\"bytes\":" n * (b + 3) "}"); print }' >"$work/leg"
    else
        "$corridor" replay --to "mllp://127.0.0.1:$1" --generate 2000 --seed 1 --fresh-ids --connections "$2" --window "$3" \
            --seconds "$4" --json >"$work/leg"
        failed=$?
    fi
    [ "$failed" -eq 0 ] || say "answers are missing or negative: $(cat "$work/leg")"
    return "$failed"
}

fill() { # PORT MESSAGES
    "$corridor" replay --to "mllp://127.0.0.1:$1" --generate 2000 --fresh-ids --connections 64 --window 4 --messages "$2" >/dev/null
}
recycle() { fill "$port" "$warm"; }

# queued: outputs that wait in the running daemon, all destinations
queued() {
    "$corridor" status -c "$work/corridor.yaml" --json | tr ',{}' '\n\n\n' |
        sed -n 's/^"queued":\([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }'
}
wait_drained() {
    while n=$(queued) && [ "$n" -gt 0 ]; do
        kill -0 "$daemon" 2>/dev/null || return 1
        sleep 0.05
    done
}

wait_keys() { # until every sealed volume has its key file
    tries=0
    until [ "$(ls "$work/state/journal" | grep -c '\.keys$')" -ge "$(($(ls "$work/state/journal" | grep -c '\.volume$') - 1))" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 3000 ] || { say "key files are not made"; return 1; }
        sleep 0.05
    done
}

records() { # [N]: what append_ref and first_ack send
    "$corridor" replay --generate "${1:-2000}" --seed 1 --write "$work/records.hl7"
}
first_ack() { # sink|daemon [keep]: into $work/leg
    case "$1" in
    sink) at=$(free_port)
        set -- "$corridor" sink --listen "127.0.0.1:$at" ;;
    *) at=$port
        set -- "$corridor" run -c "$work/corridor.yaml" ;;
    esac
    "$release/tests/bench/bench_first_ack" "$at" "$work/records.hl7" "$@" >"$work/raw" 2>"$work/log" || return
    sed 's/"ms"/"per_second"/' "$work/raw" >"$work/leg"
}

rss_mb() { awk '/^VmRSS/ { printf "%.1f", $2 * 1024 / 1e6 }' "/proc/$daemon/status"; }
hold_idle() { # N: connections that nobody uses
    mkfifo "$work/hold" 2>/dev/null
    "$release/tests/bench/bench_idle_conns" "$port" "$1" ${ca:+"$ca"} <"$work/hold" >"$work/idle" &
    idle=$!
    exec 9>"$work/hold"
    until grep -q '^open' "$work/idle"; do
        kill -0 "$idle" 2>/dev/null || return 1
        sleep 0.05
    done
    # the last connections may still wait to be accepted: an answer says that they no longer do
    timeout 60 "$corridor" replay --to "mllp${ca:+s}://127.0.0.1:$port" ${ca:+--ca "$ca"} --generate 1 --fresh-ids >/dev/null
}
# What the device under $work was given to write, in bytes, by whoever: keep the machine quiet. The number of
# /proc/PID/io counts a large folio whole at each touch and says several times too much; it is only the second choice.
written_bytes() {
    sectors=$(awk '{ print $7 }' "/sys/dev/block/$(stat -c %Hd:%Ld "$work")/stat" 2>/dev/null)
    if [ -n "$sectors" ]; then echo $((sectors * 512)); else sed -n 's/^write_bytes: //p' "/proc/$daemon/io"; fi
}
written_per_byte() { # SECONDS of 64 x 1
    sync -f "$work"
    before=$(written_bytes)
    load "$port" 64 1 "$1" || return
    sync -f "$work"
    echo "$(written_bytes) $before $(number bytes "$work/leg")" | awk '{ printf "%.3f", ($1 - $2) / $3 }'
}

own_bench() { # NAME: one of tests/bench/*_bench.c
    [ -x "$release/tests/bench/bench_$1" ] || { say "there is no bench_$1"; return 1; }
    "$release/tests/bench/bench_$1" >"$work/raw"
}

# ---- figures ----

sample() { # a (reference) or b (measured): the rate and the 99th percentile of $work/leg
    echo "$(number per_second "$work/leg") $(number p99 "$work/leg")" >>"$work/$1"
    say "$1 $(tail -n 1 "$work/$1")"
}
median() { # FILE COLUMN; nothing when there is no such figure
    [ -f "$1" ] || return 0
    awk -v c="$2" '$c != "" { print $c }' "$1" | sort -n | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'
}

# emit NAME UNIT TARGET P99-TIMES NOTE HOW: HOW is ratio (at least), most or least (of the value itself)
emit() {
    awk -v name="$1" -v unit="$2" -v target="$3" -v times="$4" -v note="$5" -v how="$6" -v value="$(median "$work/b" 1)" \
        -v ref="$(median "$work/a" 1)" -v p99="$(median "$work/b" 2)" -v ref99="$(median "$work/a" 2)" 'BEGIN {
        if (value == "" || (how == "ratio" && ref + 0 == 0)) exit 1
        ratio = ref + 0 ? value / ref : ""
        slow = p99 != "" && ref99 + 0 ? p99 / ref99 : ""
        reached = how == "ratio" ? ratio >= target : how == "most" ? value <= target : value >= target
        if (times > 0 && slow > times) reached = 0
        printf "{\"row\":\"%s\",\"value\":%s,\"unit\":\"%s\"", name, value, unit
        if (ref != "") printf ",\"reference\":%s,\"ratio\":%.3f", ref, ratio
        printf ",\"target\":\"%s %s\"", how == "most" ? "<=" : ">=", target
        if (slow != "") printf ",\"p99_us\":%s,\"reference_p99_us\":%s,\"p99_times\":%.1f", p99, ref99, slow
        if (times > 0) printf ",\"p99_target\":%s", times
        printf ",\"reached\":%s,\"note\":\"%s\"}\n", reached ? "true" : "false", note
        if (how == "ratio" && ratio < target / 10) exit 1
    }' >"$work/line"
    failed=$?
    cat "$work/line" | tee -a "$rows"
    rm -f "$work"/a "$work"/b
    return "$failed"
}
row() { emit "$1" "$2" "$3" "$4" "$5" ratio; }
row_at_most() { emit "$1" "$2" "$3" 0 "$4" most; }
row_at_least() { # NAME UNIT TARGET KEY: a figure of an own bench
    echo "$(number "$4" "$work/raw")" >"$work/b"
    emit "$1" "$2" "$3" 0 "one core" least
}
bare() { # NAME: the lines of an own bench that has no target of its own
    sed "s/\"row\":/\"what\":/; s/^{/{\"row\":\"$1\",/" "$work/raw" | tee -a "$rows"
}

note_machine() {
    if [ -n "$independent" ]; then
        tools=$root/../shared/tools/mllpbench
        [ -f "$tools/mllpbench.c" ] || { say "$tools is not there"; exit 2; }
        cp -r "$tools" "$work/" && make -s -C "$work/mllpbench" || exit 2
    fi
    case "$(stat -f -c %T "$work")" in
    tmpfs | ramfs) say "$work is on no real file system: figures with fsync mean nothing" ;;
    esac
    say "$(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg), state in $work"
}
table() {
    {
        echo "row	value	reference	ratio	target	p99 x	reached"
        awk '
            function f(key,  s) { if (!match($0, "\"" key "\":(\"[^\"]*\"|[^,}]*)")) return "-"
                s = substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3); gsub(/"/, "", s); return s }
            f("target") != "-" { printf "%s\t%s %s\t%s\t%s\t%s\t%s\t%s\n", f("row"), f("value"), f("unit"), f("reference"), f("ratio"),
                f("target"), f("p99_times") (f("p99_target") == "-" ? "" : " (<= " f("p99_target") ")"), f("reached") == "true" ? "yes" : "NO" }' "$rows"
    } | awk -F '\t' '{ for (i = 1; i <= NF; i++) { c[NR, i] = $i; if (length($i) > w[i]) w[i] = length($i) } n = NF }
        END { for (r = 1; r <= NR; r++) { line = ""; for (i = 1; i <= n; i++) line = line sprintf("%-" w[i] + 2 "s", c[r, i]); print line } }'
}
