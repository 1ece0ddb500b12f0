#!/usr/bin/env bash
# Proves that an older version works on the database of this one: n-1.sh TAG
#
# The older version is built from its own sources and makes a database with a customer and calls; this version's `migrate` goes over it while the
# older gateway answers calls; then a gateway of this version answers beside it, as in a rolling upgrade. No call may fail, and the audit must find
# nothing afterwards. How much the two differ in the database is said: between equal schemas the run shows little.
# The servers are yours: PGHOST, PGPORT, PGUSER, PGPASSWORD (may create roles and databases) and AIHUB_CACHE (host:port,password=…).
set -euo pipefail
tag=${1:?which version: a tag or commit}
: "${PGHOST:?}" "${PGUSER:?}" "${PGPASSWORD:?}" "${AIHUB_CACHE:?}"
cd "$(dirname "$0")/.."

work=$(mktemp -d)
database="hub_n1_$$"
pids=()
finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    git worktree remove --force "$work/old" 2>/dev/null || true
    dropdb --if-exists --force "$database" || true
    rm -rf "$work"
}
trap finish EXIT

git worktree add --detach --quiet "$work/old" "$tag"
for project in AiHub.Gateway AiHub.Worker AiHub.Simulators; do
    dotnet publish "$work/old/$project" --configuration Release --output "$work/published/$project" -p:RunAnalyzers=false --verbosity quiet
done
for project in AiHub.Gateway AiHub.Worker; do
    dotnet publish "$project" --configuration Release --output "$work/new/$project" -p:RunAnalyzers=false --verbosity quiet
done

createdb "$database"
password=$(openssl rand -hex 16)
owner="Host=$PGHOST;Port=${PGPORT:-5432};Username=$PGUSER;Password=$PGPASSWORD;Database=$database"
app="Host=$PGHOST;Port=${PGPORT:-5432};Username=hub_app;Password=$password;Database=$database"
gateway=http://127.0.0.1:18480
newer=http://127.0.0.1:18482
simulators=http://127.0.0.1:18481
# No worker is there to send mails.
export DOTNET_ENVIRONMENT=Production Registration__VerifyFirst=false

migrate() { ConnectionStrings__hub=$owner Database__AppPassword=$password Vendors__sim__BaseUrl=$simulators/vendors/openai/v1 dotnet "$1/AiHub.Worker.dll" migrate; }
ask() { psql --tuples-only --no-align --dbname="$database" --command="$1"; }
shape() { ask 'select count(*) from "__EFMigrationsHistory"'; ask 'select hash from schema_scripts'; }
gateway() {
    ASPNETCORE_URLS=$2 ConnectionStrings__hub=$app ConnectionStrings__cache=$AIHUB_CACHE Vendors__sim__ApiKey=sk-n-minus-one \
        Vendors__sim__BaseUrl=$simulators/vendors/openai/v1 dotnet "$1/AiHub.Gateway.dll" > "$work/gateway.${2##*:}.log" 2>&1 & pids+=($!)
    for _ in $(seq 120); do curl --silent --fail --output /dev/null "$2/openapi/v1.json" && return; sleep 1; done
    echo "The gateway at $2 does not answer:" >&2; tail -n 20 "$work/gateway.${2##*:}.log" >&2; exit 1
}
migrate "$work/published/AiHub.Worker"
before=$(shape)

ASPNETCORE_URLS=$simulators Simulators__ApiKey=sk-n-minus-one dotnet "$work/published/AiHub.Simulators/AiHub.Simulators.dll" > "$work/simulators.log" 2>&1 & pids+=($!)
gateway "$work/published/AiHub.Gateway" "$gateway"

field() { sed -E "s/.*\"$1\": ?\"([^\"]+)\".*/\1/"; }
registered=$(curl --silent --fail-with-body "$gateway/api/v1/auth/register" -H 'Content-Type: application/json' -d '{"email": "n1@example.com", "password": "a sentence only I know", "currency": "USD"}')
token=$(field access_token <<< "$registered")
key=$(curl --silent --fail-with-body "$gateway/api/v1/auth/api-keys" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -d '{"name": "n1"}' | field key)
ask "update plans set requests_per_minute = null, monthly_tokens = 1000000000 where id = 'free'" > /dev/null

# Calls all the time, in turn to every gateway there is, and each of them must be answered.
echo "$gateway" > "$work/gateways"
calls() {
    local failed=0 made=0 at
    while [ ! -e "$work/enough" ]; do
        while read -r at; do
            made=$((made + 1))
            curl --silent --show-error --fail-with-body --output "$work/answer" "$at/v1/chat/completions" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
                -d '{"model": "sim/echo", "max_tokens": 8, "messages": [{"role": "user", "content": "still there?"}]}' 2>> "$work/failures" || { failed=$((failed + 1)); cat "$work/answer" >> "$work/failures"; }
        done < "$work/gateways"
        sleep 0.05
    done
    echo "$made $failed" > "$work/calls"
}
calls & load=$!
sleep 5
migrate "$work/new/AiHub.Worker"
sleep 2
gateway "$work/new/AiHub.Gateway" "$newer"
echo "$newer" >> "$work/gateways"
sleep 5
touch "$work/enough"; wait "$load"

read -r made failed < "$work/calls"
recorded=$(ask 'select count(*) from usage_records')
violations=$(ask 'select count(*) from ledger_audit(now())')
[ "$before" = "$(shape)" ] && changed="the same schema" || changed="a changed schema"
echo "$made calls to $tag and this version over $changed, $failed failed, $recorded recorded; audit: $violations violations"
[ "$failed" -eq 0 ] || cat "$work/failures" >&2
[ "$failed" -eq 0 ] && [ "$violations" -eq 0 ] && [ "$recorded" -eq "$made" ] && [ "$made" -gt 10 ]
