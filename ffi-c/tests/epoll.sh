# shellcheck shell=bash
# Tests of the server on epoll with curl, nghttp, our own clients and misbehaving clients; read by `source`.

can_epoll() { has_header wslay/wslay.h && has_header nghttp2/nghttp2.h; }

have_curl_http2() { have curl && curl --version | grep -q HTTP2; }

compile_epoll() { # NAME FLAGS...
    local name=$1
    shift
    cc -std=c11 -D_GNU_SOURCE $warnings "$@" -g -O1 -Iffi-c/include ffi-c/examples/epoll/*.c -o "$work/$name" \
        "$built/libswitchover.a" -lwslay -lnghttp2 $system
}

start_epoll() { # COMMAND...
    head -c 200000 /dev/urandom >"$work/upload"
    : >"$work/epoll.out"
    "$@" >"$work/epoll.out" 2>"$work/epoll.err" &
    epoll=$!
    for _ in $(seq 100); do
        url=$(sed -n '1s/^listening on //p' "$work/epoll.out")
        [ -n "$url" ] && return 0
        sleep 0.1
    done
    return 1
}

start_sanitized_epoll() { compile_epoll epoll-sanitized $sanitizers && start_epoll "$work/epoll-sanitized" 0 3; }

start_epoll_in_valgrind() {
    compile_epoll epoll && start_epoll valgrind -q --leak-check=full --error-exitcode=9 "$work/epoll" 0
}

# The server ends at SIGTERM, has freed everything, and neither a sanitizer nor valgrind has reported anything.
stop_epoll() {
    local status
    kill -TERM "$epoll" || return 1
    timeout 20 tail --pid="$epoll" -f /dev/null || kill -KILL "$epoll"
    wait "$epoll"
    status=$?
    epoll=
    cat "$work/epoll.err"
    [ $status = 0 ] && [ ! -s "$work/epoll.err" ]
}

epoll_curl() { # EXPECTED ARGUMENTS...
    local expected=$1 said
    shift
    said=$(curl -sS --noproxy '*' --max-time 30 -w '%{http_version} %{num_connects} %{http_code}\n' "$@" 2>"$work/curl")
    echo "$said"
    cat "$work/curl"
    [ "$said" = "$expected" ]
}

epoll_curl_http1() {
    epoll_curl $'GET /a over HTTP/1.1\n1.1 1 404\nGET / over HTTP/1.1\n1.1 0 200' "$url/a" "$url/" &&
        epoll_curl 'hello1.1 1 200' -v -d hello -H 'Expect: 100-continue' "$url/echo" &&
        grep '^< HTTP/1.1 100' "$work/curl" &&
        epoll_curl '1.1 1 200' --data-binary "@$work/upload" "$url/echo" -o "$work/echo" &&
        cmp "$work/echo" "$work/upload"
}

epoll_curl_upgrades() {
    epoll_curl $'GET / over HTTP/2\n2 1 200\nGET / over HTTP/2\n2 0 200' --http2 "$url/" "$url/" &&
        epoll_curl 'hello2 1 200' --http2 -d hello "$url/echo" &&
        head -c 60000 "$work/upload" >"$work/part" &&
        epoll_curl '2 1 200' --http2 --data-binary "@$work/part" "$url/echo" -o "$work/echo" &&
        cmp "$work/echo" "$work/part"
}

epoll_curl_upgrades_after_a_100() {
    epoll_curl 'hello2 1 200' -v --http2 -d hello -H 'Expect: 100-continue' "$url/echo" &&
        grep '^< HTTP/1.1 100' "$work/curl" && grep '^< HTTP/1.1 101' "$work/curl"
}

epoll_curl_uploads_after_an_upgrade() {
    epoll_curl $'small2 1 200\n2 0 200' --http2 -d small "$url/echo" --next -sS --noproxy '*' --max-time 30 --http2 \
        -w '%{http_version} %{num_connects} %{http_code}\n' --data-binary "@$work/upload" "$url/echo" -o "$work/echo" &&
        cmp "$work/echo" "$work/upload"
}

epoll_curl_is_declined() {
    epoll_curl '1.1 1 200' -v --http2 --data-binary "@$work/upload" "$url/echo" -o "$work/echo" &&
        grep '^> Upgrade: h2c' "$work/curl" && cmp "$work/echo" "$work/upload"
}

# One request per connection: curl 7.88 cannot reuse such a connection (curl issue 10634). clients/http2.py does.
epoll_curl_prior_knowledge() {
    epoll_curl $'GET / over HTTP/2\n2 1 200' --http2-prior-knowledge "$url/" &&
        epoll_curl '2 1 200' --http2-prior-knowledge --data-binary "@$work/upload" "$url/echo" -o "$work/echo" &&
        cmp "$work/echo" "$work/upload"
}

epoll_nghttp() {
    [ "$(timeout 30 nghttp -u "$url/")" = "GET / over HTTP/2" ] &&
        timeout 30 nghttp -d "$work/upload" "$url/echo" | cmp - "$work/upload"
}

# The client that continues with nghttp2: streams 1 and 3 get responses, and nothing leaks.
epoll_h2c_client() {
    cc -std=c11 -D_GNU_SOURCE $warnings -g -Iffi-c/include ffi-c/examples/h2c_client.c -o "$work/h2c-client" \
        "$built/libswitchover.a" -lnghttp2 $system &&
        valgrind -q --leak-check=full --error-exitcode=9 "$work/h2c-client" "${url##*:}" / >"$work/answers" &&
        [ "$(cat "$work/answers")" = $'GET / over HTTP/2\nGET / over HTTP/2' ]
}

epoll_bytes() { timeout 300 python3 -B ffi-c/tests/clients "epoll${1:-}" "${url##*:}"; }

epoll_clients() { # HOW
    if have_curl_http2; then
        check "epoll: curl, HTTP/1.1$1" epoll_curl_http1
        check "epoll: curl, h2c$1" epoll_curl_upgrades
        check "epoll: curl, h2c after a 100$1" epoll_curl_upgrades_after_a_100
        check "epoll: curl, 200 KB on stream 3$1" epoll_curl_uploads_after_an_upgrade
        check "epoll: curl, h2c declined for its content$1" epoll_curl_is_declined
        check "epoll: curl, prior knowledge$1" epoll_curl_prior_knowledge
    else
        skip "epoll: curl$1" "no curl with HTTP/2"
    fi
    if have nghttp; then
        check "epoll: nghttp$1" epoll_nghttp
    else
        skip "epoll: nghttp$1" "no nghttp, and it cannot be installed"
    fi
    if have valgrind; then
        check "epoll: a client of our own, h2c$1" epoll_h2c_client
    else
        skip "epoll: a client of our own, h2c$1" "no valgrind"
    fi
    if have python3; then
        check "epoll: bytes split, early, malformed, unread$1" epoll_bytes
    else
        skip "epoll: bytes split, early, malformed, unread$1" "no Python"
    fi
}

epoll_steps() {
    if ! can_epoll; then
        skip "epoll" "no libwslay-dev or libnghttp2-dev, and they cannot be installed"
        return
    fi
    check "epoll: starts, with the sanitizers" start_sanitized_epoll
    epoll_clients ""
    have python3 && check "epoll: a slow head is given up" epoll_bytes ", late"
    check "epoll: ends by SIGTERM" stop_epoll
    if have valgrind; then
        check "epoll: starts, valgrind" start_epoll_in_valgrind
        epoll_clients ", valgrind"
        check "epoll: ends by SIGTERM, valgrind" stop_epoll
    else
        skip "epoll, valgrind" "no valgrind, and it cannot be installed"
    fi
}
