#!/bin/sh
# Starts the proxy with a model that is none, sends it calls, stops it, and scores what it recorded.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
mkdir "$work/state"
export GAUGER_SPOOL="$work/spool" GAUGER_KEY_FILE="$work/state/key"
LITELLM_MASTER_KEY=sk-$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
export LITELLM_MASTER_KEY LITELLM_LOCAL_MODEL_COST_MAP=True
gauger warmup

litellm --config config.yaml --host 127.0.0.1 --port 8018 --telemetry False >"$work/log" 2>&1 &
host=$!
trap 'kill "$host" 2>/dev/null || true' EXIT
python ../send.py http://127.0.0.1:8018
until ls "$GAUGER_SPOOL"/* >/dev/null 2>&1; do sleep 1; done
sleep 3 # LiteLLM tells its callbacks a little later
kill "$host"
wait "$host" 2>/dev/null || true

gauger score "$GAUGER_SPOOL" --state "$work/state" --out "$work/findings"
