#!/bin/sh
# Starts gauger serve as a receiver, has a service send it spans, and waits until they are weighed.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
gauger warmup

gauger serve --spool "$work/spool" --state "$work/state" --out "$work/findings" --otlp 127.0.0.1:4319 --every 0.1 &
host=$!
trap 'kill "$host" 2>/dev/null || true' EXIT
python service.py
python ../told.py "$work/findings" 300
kill "$host"
wait "$host" 2>/dev/null || true
