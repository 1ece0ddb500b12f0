#!/usr/bin/env bash
# Backs up the hub's database. The connection is libpq's: PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE.
#
#   backup.sh dump DIRECTORY    one file (pg_dump), for moving and for keeping: restored into any server of the same or a later version
#   backup.sh base DIRECTORY    the whole server (pg_basebackup), the beginning of point-in-time recovery together with the archived WAL
#
# What is not in there: certificates (KeyRing:Certificate), .env and the other env files. Keep them too, elsewhere.
set -euo pipefail
umask 077

kind=${1:-}; directory=${2:-}
[ -n "$directory" ] || { sed -n '2,9p' "$0"; exit 2; }
mkdir -p "$directory"
stamp=$(date -u +%Y%m%dT%H%M%SZ)

case $kind in
    dump)
        file=$directory/hub-$stamp.dump
        # A login that row-level security binds (managed servers give no other) reads as the owner of the tables, whom their policies let through.
        as_owner=()
        [ "$(psql --no-psqlrc --tuples-only --no-align --command='select rolsuper or rolbypassrls from pg_roles where rolname = current_user')" = t ] \
            || as_owner=(--role=hub_owner --enable-row-security)
        # One snapshot of the whole database: usage records and ledger are of the same moment.
        pg_dump --format=custom --compress=1 --schema=public --file="$file.part" "${as_owner[@]}"
        mv "$file.part" "$file"
        (cd "$directory" && sha256sum "$(basename "$file")" > "$(basename "$file").sha256")
        echo "$file"
        ;;
    base)
        target=$directory/base-$stamp
        pg_basebackup --pgdata="$target.part" --checkpoint=fast --wal-method=stream --no-password
        pg_verifybackup --quiet "$target.part" 2>/dev/null || [ ! -x "$(command -v pg_verifybackup)" ]
        mv "$target.part" "$target"
        echo "$target"
        ;;
    *)
        sed -n '2,9p' "$0"; exit 2
        ;;
esac
