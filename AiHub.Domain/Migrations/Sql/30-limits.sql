-- Rate limits of organizations, teams and members.

grant select, insert, delete, update (requests_per_minute, tokens_per_minute, concurrency) on rate_limits to hub_app;
grant update (tokens_per_minute, concurrency) on api_keys to hub_app;

create or replace trigger tell_change after insert or update or delete on rate_limits for each row execute function tell_change('organization_id');
create or replace trigger tell_limits after update of tokens_per_minute, concurrency on api_keys for each row execute function tell_change('id');

-- Asked together with find_api_key, before an organization is known.
drop function if exists limits_of_key(uuid);
create function limits_of_key(key_id uuid)
    returns table (owner text, subject_id uuid, requests_per_minute integer, tokens_per_minute integer, concurrency integer)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select 'key', key.id, key.requests_per_minute, key.tokens_per_minute, key.concurrency
    from api_keys key where key.id = limits_of_key.key_id
    union all
    select 'plan', key.organization_id, plan.requests_per_minute, plan.tokens_per_minute, plan.concurrency
    from api_keys key
    join subscriptions subscription on subscription.organization_id = key.organization_id and subscription.status = 'active'
    join plans plan on plan.id = subscription.plan_id
    where key.id = limits_of_key.key_id
    union all
    select own.owner, own.subject_id, own.requests_per_minute, own.tokens_per_minute, own.concurrency
    from api_keys key
    join rate_limits own on own.organization_id = key.organization_id
     and (own.owner, own.subject_id) in (('organization', key.organization_id), ('team', key.team_id), ('user', key.user_id))
    where key.id = limits_of_key.key_id
$$;
grant execute on function limits_of_key(uuid) to hub_app;
