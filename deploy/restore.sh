#!/usr/bin/env bash
# Restores what backup.sh made.
#
#   restore.sh dump FILE DATABASE                  into a new database of the server that PGHOST, PGPORT, PGUSER, PGPASSWORD name
#   restore.sh base BASE ARCHIVE DATA [MOMENT]     into a new data directory: all archived WAL, or only until MOMENT ('2026-11-28 03:10:00+00')
#
# After "dump" run the hub's `migrate` against the new database: it sets the services' password, and brings the schema to its own version.
# After "base" start PostgreSQL on DATA; it recovers by itself and then takes writes.
set -euo pipefail
umask 077

case ${1:-} in
    dump)
        file=${2:?the dump}; database=${3:?the new database}
        if [ -f "$file.sha256" ]; then (cd "$(dirname "$file")" && sha256sum --check --quiet "$(basename "$file").sha256"); fi
        # Roles belong to the server, not to the database. hub_owner owns every table and function and must go on doing so: what they may is its rights.
        psql --quiet --no-psqlrc --dbname=postgres <<'SQL'
do $$ begin
    if not exists (select from pg_roles where rolname = 'hub_owner') then create role hub_owner nologin; end if;
    if not exists (select from pg_roles where rolname = 'hub_app') then create role hub_app login; end if;
    if not pg_has_role(current_user, 'hub_owner', 'member') then execute format('grant hub_owner to %I', current_user); end if;
end $$;
SQL
        createdb "$database"
        psql --quiet --no-psqlrc --dbname="$database" --command='grant usage, create on schema public to hub_owner'
        # The schema "public" is there already.
        pg_restore --list "$file" | grep -v ' SCHEMA - public \| COMMENT - SCHEMA public ' > "$file.list"
        # Triggers and policies come after the data, so nothing is checked twice and nothing is hidden from the restore.
        pg_restore --exit-on-error --jobs="${JOBS:-2}" --use-list="$file.list" --dbname="$database" "$file"
        rm "$file.list"
        psql --quiet --dbname="$database" --command='analyze'
        ;;
    base)
        base=${2:?the base backup}; archive=${3:?the WAL archive}; data=${4:?the new data directory}; moment=${5:-}
        [ ! -e "$data" ] || { echo "$data exists: restore into a new directory, and keep the old one until you are sure." >&2; exit 1; }
        cp -a "$base" "$data"
        {
            echo "restore_command = 'cp \"$archive/%f\" \"%p\"'"
            if [ -n "$moment" ]; then echo "recovery_target_time = '$moment'"; fi
            echo "recovery_target_action = 'promote'"
            # The restored server must not write into the archive it was made from.
            echo "archive_mode = 'off'"
        } >> "$data/postgresql.auto.conf"
        touch "$data/recovery.signal"
        chmod 700 "$data"
        ;;
    *)
        sed -n '2,9p' "$0"; exit 2
        ;;
esac
