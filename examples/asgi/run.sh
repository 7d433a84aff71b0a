#!/bin/sh
# Starts the host, sends it calls, stops it, and scores what it recorded.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
mkdir "$work/state"
export GAUGER_SPOOL="$work/spool" GAUGER_KEY_FILE="$work/state/key"
gauger warmup

python -m uvicorn app:app --port 8017 --log-level warning &
host=$!
trap 'kill "$host" 2>/dev/null || true' EXIT
python ../send.py http://127.0.0.1:8017
until ls "$GAUGER_SPOOL"/* >/dev/null 2>&1; do sleep 1; done
kill "$host"
wait "$host" 2>/dev/null || true

gauger score "$GAUGER_SPOOL" --state "$work/state" --out "$work/findings"
