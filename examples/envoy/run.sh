#!/bin/sh
# Starts gauger serve as external authorization, asks it as Envoy does, and waits until the calls are weighed.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
gauger warmup

gauger serve --spool "$work/spool" --state "$work/state" --out "$work/findings" --envoy 127.0.0.1:9400 --every 0.1 &
host=$!
trap 'kill "$host" 2>/dev/null || true' EXIT

ask() { # account, prompt
    curl --silent --fail --output "$work/body" --dump-header "$work/head" \
        --header "x-gauger-account: $1" --header "x-envoy-external-address: 192.0.2.7" \
        --header "content-type: application/json" \
        --data "{\"model\": \"mock\", \"messages\": [{\"role\": \"user\", \"content\": \"$2\"}]}" \
        http://127.0.0.1:9400/ext_authz/v1/chat/completions
}

until ask account-0 "What should I know about the tides of port 0?"; do sleep 0.5; done
number=1
while [ "$number" -lt 60 ]; do
    ask "account-$((number % 6))" "What should I know about the tides of port $number?"
    number=$((number + 1))
done
echo "60 requests let through: $(grep -i x-gauger-action "$work/head")"
python ../told.py "$work/findings" 60
kill "$host"
wait "$host" 2>/dev/null || true
