#!/bin/sh
# Starts a game with redis-cli alone, waits for the result and prints it: start-and-wait.sh GAME IMAGE
set -eu

game=$1 image=$2
keys="{${RTM_NAMESPACE:-rtm}}"
id="example-$game-$(date +%s)-$$"

redis() { redis-cli -u "${RTM_REDIS_URL:-redis://127.0.0.1:6379}" "$@"; }

redis LPUSH "$keys:queue:default" \
    "{\"v\":1,\"id\":\"$id\",\"kind\":\"start\",\"game_id\":\"$game\",\"image\":\"$image\",\"pull_policy\":\"if_missing\"}" \
    >/dev/null

# The record of the job has the fields of its result as soon as it has ended.
tries=0
until [ -n "$(redis HGET "$keys:job:$id" outcome)" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || { echo "no result of $id within a minute" >&2; exit 1; }
    sleep 0.1
done
redis HGETALL "$keys:job:$id"
[ "$(redis HGET "$keys:job:$id" outcome)" = succeeded ]
