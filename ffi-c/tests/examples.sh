# shellcheck shell=bash
# Tests of the examples: as C and C++, no longer than the README says, with each other, with common and with misbehaving
# clients; read by `source`.
source ffi-c/tests/epoll.sh

# LANGUAGE: compiles each file, with warnings as errors.
examples_as() { # COMPILER FLAGS...
    local file
    for file in ffi-c/examples/*.c ffi-c/examples/*/*.c; do
        "$@" -O1 -D_GNU_SOURCE $warnings -Iffi-c/include -c "$file" -o "$work/object" || return 1
    done
}

examples_are_short() {
    wc -l ffi-c/examples/wslay.c ffi-c/examples/nghttp2.c
    [ "$(wc -l <ffi-c/examples/wslay.c)" -le 120 ] && [ "$(wc -l <ffi-c/examples/nghttp2.c)" -le 200 ]
}

# server.c and client.c.

start_server() {
    compile examples server -O1 $sanitizers && compile examples client -O1 $sanitizers &&
        cc -std=c11 -D_GNU_SOURCE $warnings -O1 -Iffi-c/include ffi-c/examples/server.c "$built/libswitchover.a" $system \
            -o "$work/server-plain" || return 1
    "$work/server" 0 >"$work/server.out" 2>"$work/server.err" &
    server=$!
    for _ in $(seq 50); do
        port=$(awk '/^listening on/ {print $3}' "$work/server.out")
        [ -n "$port" ] && return 0
        sleep 0.1
    done
    return 1
}

client_upgrades() {
    local said
    said=$(printf 'hello\nworld\nQUIT\n' | timeout 10 "$work/client" "$port" /foo)
    echo "$said"
    [ "$said" = $'foo/2 answers GET /foo\nHELLO\nWORLD' ]
}

client_is_declined() {
    local said
    said=$(timeout 10 "$work/client" "$port" /foo bar/1 2>"$work/why")
    echo "$said"
    [ "$said" = "hello in HTTP/1.1" ] && grep "answered in HTTP/1.1 instead" "$work/why"
}

curl_plain() {
    local said
    said=$(curl -sS --noproxy '*' --max-time 10 "http://127.0.0.1:$port/a" -d body -H 'Expect: 100-continue' \
        "http://127.0.0.1:$port/b")
    echo "$said"
    [ "$said" = $'hello in HTTP/1.1\nhello in HTTP/1.1' ]
}

curl_upgrades() {
    # curl does not support foo/2 and reads on; its output until then is checked.
    curl -sS -i -N --noproxy '*' --max-time 1 -H 'Connection: Upgrade' -H 'Upgrade: bar, foo/2' \
        "http://127.0.0.1:$port/foo" >"$work/server.curl"
    cat "$work/server.curl"
    grep '^HTTP/1.1 101' "$work/server.curl" && grep '^Upgrade: foo/2' "$work/server.curl" &&
        grep '^foo/2 answers GET /foo' "$work/server.curl"
}

# After all tests the server still runs and no sanitizer has reported anything.
server_is_well() {
    cat "$work/server.err"
    kill -0 "$server" && [ ! -s "$work/server.err" ]
}

server_steps() {
    check "the server starts" start_server
    check "client and server: an upgrade to foo/2" client_upgrades
    check "client and server: a decline" client_is_declined
    if have curl; then
        check "curl and server: HTTP/1.1" curl_plain
        check "curl and server: an upgrade to foo/2" curl_upgrades
    else
        skip "curl and server" "no curl"
    fi
    check "the server is well" server_is_well
    kill "$server"
    if have python3; then
        check "server: slow and silent clients" served "$work/server" 1 rude "server, late"
        check "server: clients that send on" served "$work/server" 30 rude server
        check "server: many clients" served "$work/server-plain" 30 rude "server, many"
    else
        skip "server: slow and silent clients, and many" "no Python"
    fi
}

# poll.c, wslay.c and nghttp2.c.

compile_example() { # NAME LIBRARY
    local flags=("-std=c11" -D_GNU_SOURCE $warnings -g -O1 -Iffi-c/include "ffi-c/examples/$1.c" "$built/libswitchover.a")
    cc "${flags[@]}" $2 $system -o "$work/$1" && cc $sanitizers "${flags[@]}" $2 $system -o "$work/$1-sanitized"
}

# served COMMAND SECONDS CLIENT...: runs the client, with the port as its last argument, and returns its status. SIGTERM ends
# the server with an open connection; it and its processes end without output, also of sanitizers and valgrind.
served() {
    local command=$1 seconds=$2 server status port= said
    shift 2
    said=$(mktemp -p "$work")
    $command 0 "$seconds" >"$said" 2>"$said.err" &
    server=$!
    for _ in $(seq 100); do
        port=$(awk '/^listening on/ {print $3}' "$said")
        [ -n "$port" ] && break
        sleep 0.1
    done
    SERVER=$server "$@" "$port"
    status=$?
    exec 7<>"/dev/tcp/127.0.0.1/$port"
    kill -TERM "$server" || status=1
    timeout 20 tail --pid="$server" -f /dev/null || kill -KILL "$server"
    wait "$server"
    # A server without memory to free has no handler: the signal kills it.
    case $? in 0 | 143) ;; *) status=1 ;; esac
    # The open connection ends, by a reset if it had not been accepted yet.
    timeout 20 cat <&7 >/dev/null 2>&1
    [ $? != 124 ] || status=1
    exec 7<&-
    cat "$said.err"
    [ ! -s "$said.err" ] && return $status
}

few_descriptors() { ulimit -n 16 && exec "$@"; }

rude() { timeout 300 python3 -B ffi-c/tests/clients "$@"; } # SERVER PORT

# says EXPECTED ARGUMENTS... PORT: checks curl's output; each URL begins with `:`.
says() {
    local expected=$1 port=${!#} said arguments=()
    shift
    for argument in "${@:1:$#-1}"; do
        case $argument in :*) arguments+=("http://127.0.0.1:$port${argument#:}") ;; *) arguments+=("$argument") ;; esac
    done
    said=$(curl -sS --noproxy '*' --max-time 30 -w '%{http_version} %{num_connects} %{http_code}\n' "${arguments[@]}")
    echo "$said"
    [ "$said" = "$expected" ]
}

poll_curl() { # PORT
    head -c 2000000 /dev/zero >"$work/large"
    says $'at once\n1.1 1 200\nlater, for curl\n1.1 0 200\nnot for mallory\n1.1 0 403' ":/" ":/later?curl" ":/later?mallory" "$1" &&
        says $'5 bytes\n1.1 1 200' -d hello -H 'Expect: 100-continue' ":/count" "$1" &&
        says $'that would be too much\n1.1 1 413' --data-binary "@$work/large" ":/count" "$1" &&
        says $'that is too much\n1.1 1 413' -T "$work/large" -X POST -H 'Transfer-Encoding: chunked' ":/count" "$1"
}

nghttp2_curl() { # PORT
    head -c 200000 /dev/zero >"$work/upload2"
    says $'/a over HTTP/1.1, 0 bytes\n1.1 1 200\n/b over HTTP/1.1, 0 bytes\n1.1 0 200' ":/a" ":/b" "$1" &&
        says $'/a over HTTP/2, 0 bytes\n2 1 200\n/b over HTTP/2, 0 bytes\n2 0 200' --http2 ":/a" ":/b" "$1" &&
        says $'/ over HTTP/2, 5 bytes\n2 1 200' --http2 -d hello -H 'Expect: 100-continue' ":/" "$1" &&
        says $'/ over HTTP/1.1, 200000 bytes\n1.1 1 200' --http2 --data-binary "@$work/upload2" ":/" "$1" &&
        says $'/ over HTTP/2, 200000 bytes\n2 1 200' --http2-prior-knowledge --data-binary "@$work/upload2" ":/" "$1"
}

nghttp2_nghttp() { # PORT
    local said
    said=$(timeout 30 nghttp -u "http://127.0.0.1:$1/" && timeout 30 nghttp -m 300 "http://127.0.0.1:$1/" | sort | uniq -c)
    echo "$said"
    [ "$said" = $'/ over HTTP/2, 0 bytes\n    300 / over HTTP/2, 0 bytes' ]
}

# pip and npm install into the target folder.
have_websockets() {
    "$target/websockets/bin/python" -c 'import websockets' 2>/dev/null ||
        (python3 -m venv "$target/websockets" && timeout 120 "$target/websockets/bin/pip" install --quiet websockets==17.4) >"$work/pip" 2>&1
}

have_ws() {
    [ -d "$target/ws/node_modules/ws" ] ||
        (have npm && mkdir -p "$target/ws" && timeout 120 npm install --silent --prefix "$target/ws" ws@8.23.0) >"$work/npm" 2>&1
}

example_steps() { # NAME LIBRARY
    if ! check "$1: builds" compile_example "$@"; then return; fi
    if ! have python3; then
        skip "$1: rude clients" "no Python"
        return
    fi
    check "$1: rude clients, with the sanitizers" served "$work/$1-sanitized" 30 rude "$1"
    check "$1: slow and silent clients" served "$work/$1-sanitized" 1 rude "$1, late"
    if have valgrind; then
        check "$1: rude clients, valgrind" served "valgrind -q --leak-check=full --error-exitcode=9 $work/$1" 60 rude "$1, valgrind"
    else
        skip "$1: rude clients, valgrind" "no valgrind, and it cannot be installed"
    fi
}

poll_steps() {
    example_steps poll ""
    have python3 && check "poll: without descriptors" served "few_descriptors $work/poll" 30 rude "poll, crowded"
    if have curl; then check "poll: curl" served "$work/poll-sanitized" 30 poll_curl; else skip "poll: curl" "no curl"; fi
}

nghttp2_steps() {
    if ! has_header nghttp2/nghttp2.h; then
        skip "nghttp2" "no libnghttp2-dev, and it cannot be installed"
        return
    fi
    example_steps nghttp2 -lnghttp2
    if have_curl_http2; then
        check "nghttp2: curl" served "$work/nghttp2-sanitized" 30 nghttp2_curl
    else
        skip "nghttp2: curl" "no curl with HTTP/2"
    fi
    if have nghttp; then
        check "nghttp2: nghttp" served "$work/nghttp2-sanitized" 30 nghttp2_nghttp
    else
        skip "nghttp2: nghttp" "no nghttp, and it cannot be installed"
    fi
}

wslay_steps() {
    if ! has_header wslay/wslay.h; then
        skip "wslay" "no libwslay-dev, and it cannot be installed"
        return
    fi
    example_steps wslay -lwslay
    if have_websockets; then
        check "wslay: websockets of Python" served "$work/wslay-sanitized" 30 \
            "$target/websockets/bin/python" -B ffi-c/tests/clients/with_websockets.py
    else
        skip "wslay: websockets of Python" "it cannot be installed"
    fi
    if have_ws; then
        check "wslay: ws of npm" served "$work/wslay-sanitized" 30 env NODE_PATH="$target/ws/node_modules" \
            node ffi-c/tests/clients/with_ws.cjs
    else
        skip "wslay: ws of npm" "no npm, or it cannot be installed"
    fi
}

examples() {
    if can_epoll; then
        check "examples as C11" examples_as cc -std=c11
        if have c++; then
            check "examples as C++17" examples_as c++ -std=c++17 -x c++
        else
            skip "examples as C++17" "no C++ compiler"
        fi
    else
        skip "examples as C11 and C++17" "no libwslay-dev or libnghttp2-dev, and they cannot be installed"
    fi
    check "examples are as short as they should be" examples_are_short
    side_by_side server_steps epoll_steps poll_steps nghttp2_steps wslay_steps
}
