-- Tells everybody who caches these rows that they changed: '<table>:<id>'.
-- What hangs on an organization rather than on its own id (subscriptions, memberships) names the organization.

create or replace function tell_change() returns trigger language plpgsql as $$
declare
    changed jsonb := to_jsonb(case tg_op when 'DELETE' then old else new end);
begin
    perform pg_notify('hub_changes', tg_table_name || ':' || (changed ->> tg_argv[0]));
    return null;
end $$;

-- last_used_at is left out: it changes all the time and decides nothing.
create or replace trigger tell_change after insert or delete
    or update of name, team_id, hash, previous_expires_at, expires_at, revoked_at, disabled_at, allowed_models, allowed_vendors, allowed_ips, tags, caches_answers, requests_per_minute
    on api_keys for each row execute function tell_change('id');
create or replace trigger tell_change after insert or update or delete on organizations for each row execute function tell_change('id');
create or replace trigger tell_change after insert or update or delete on memberships for each row execute function tell_change('organization_id');
create or replace trigger tell_change after insert or update or delete on subscriptions for each row execute function tell_change('organization_id');
create or replace trigger tell_change after insert or update or delete on plans for each row execute function tell_change('id');
create or replace trigger tell_change after insert or update or delete on vendors for each row execute function tell_change('id');
create or replace trigger tell_change after insert or update or delete on models for each row execute function tell_change('id');
create or replace trigger tell_change after insert or update or delete on upstreams for each row execute function tell_change('id');
create or replace trigger tell_change after insert or update or delete on prices for each row execute function tell_change('id');
