-- Who may see and do what. hub_owner owns every table and function and cannot log in; hub_app is what the services log in as.
-- All of this may run again at any time; it replaces itself.

create or replace function current_organization() returns uuid language sql stable parallel safe
as $$ select nullif(current_setting('app.organization_id', true), '')::uuid $$;

-- Every table that carries an organization's id is closed to all other organizations, also to its owner unless the policy says so:
-- hub_owner is let through because the functions it owns do the narrow work that crosses organizations.
do $$
declare
    tenant record;
begin
    for tenant in
        select class.relname as table_name, case class.relname when 'organizations' then 'id' else 'organization_id' end as column_name
        from pg_class class
        where class.relnamespace = 'public'::regnamespace and class.relkind in ('r', 'p')
          and (class.relname = 'organizations'
               or exists (select from pg_attribute where attrelid = class.oid and attname = 'organization_id' and not attisdropped))
    loop
        execute format('alter table %I enable row level security', tenant.table_name);
        execute format('alter table %I force row level security', tenant.table_name);
        execute format('drop policy if exists tenant on %I', tenant.table_name);
        execute format('create policy tenant on %I to hub_app using (%I = (select current_organization())) with check (%2$I = (select current_organization()))',
                       tenant.table_name, tenant.column_name);
        execute format('drop policy if exists owner on %I', tenant.table_name);
        execute format('create policy owner on %I to hub_owner using (true) with check (true)', tenant.table_name);
    end loop;
end $$;

-- Functions are nobody's until granted.
alter default privileges for role hub_owner revoke execute on functions from public;
revoke execute on all functions in schema public from public, hub_app;
revoke all on all tables in schema public from public, hub_app;

grant usage on schema public to hub_app;
grant execute on function current_organization() to hub_app;

grant select on organizations, teams, memberships, users, sessions, api_keys, audit_entries,
    vendors, models, upstreams, prices, plans, subscriptions, periods,
    usage_records, accounts, balances, lots, holds, journals, entries to hub_app;

grant update (name, time_zone) on organizations to hub_app;
grant insert, delete, update (name) on teams to hub_app;
grant insert, delete, update (role) on memberships to hub_app;
grant insert, update (email, normalized_email, email_confirmed, password_hash, security_stamp, concurrency_stamp, lockout_end, lockout_enabled,
    access_failed_count, two_factor_enabled, display_name, language) on users to hub_app;
grant insert, update (access_hash, access_expires_at, refresh_hash, previous_refresh_hash, refresh_expires_at, revoked_at) on sessions to hub_app;
grant insert, update (name, team_id, expires_at, revoked_at, allowed_models, requests_per_minute) on api_keys to hub_app;
