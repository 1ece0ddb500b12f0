-- The two questions that must be asked before an organization is known.

drop function if exists find_api_key(bytea);
create function find_api_key(hash bytea)
    returns table (
        id uuid, name text, user_id uuid, team_id uuid, organization_id uuid,
        scopes text[], allowed_models text[], allowed_vendors text[], allowed_ips text[], tags jsonb, caches_answers boolean, requests_per_minute integer,
        expires_at timestamptz, revoked_at timestamptz, disabled_at timestamptz, last_used_at timestamptz,
        replaced boolean, previous_expires_at timestamptz, role text,
        organization_status text, currency text, time_zone text,
        plan_id text, plan_name text, plan_monthly_tokens bigint, plan_requests_per_minute integer, plan_allows_overage boolean)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select key.id, key.name, key.user_id, key.team_id, key.organization_id,
           key.scopes, key.allowed_models, key.allowed_vendors, key.allowed_ips, key.tags, coalesce(key.caches_answers, organization.caches_answers), key.requests_per_minute,
           key.expires_at, key.revoked_at, key.disabled_at, key.last_used_at,
           key.hash <> find_api_key.hash, key.previous_expires_at, member.role,
           case when organization.standing = 'suspended' then 'suspended' else organization.status end, organization.currency, organization.time_zone,
           plan.id, plan.name, coalesce(subscription.contract_tokens, plan.monthly_tokens), plan.requests_per_minute, plan.allows_overage
    from api_keys key
    join organizations organization on organization.id = key.organization_id
    left join memberships member on member.organization_id = key.organization_id and member.user_id = key.user_id
    left join subscriptions subscription on subscription.organization_id = key.organization_id and subscription.status = 'active'
    left join plans plan on plan.id = subscription.plan_id
    where key.hash = find_api_key.hash or key.previous_hash = find_api_key.hash
$$;
grant execute on function find_api_key(bytea) to hub_app;

drop function if exists organizations_of_user(uuid);
create function organizations_of_user(user_id uuid)
    returns table (
        id uuid, name text, personal boolean, role text, currency text, time_zone text, caches_answers boolean, status text,
        requires_sign_on boolean, plan_id text, plan_name text, created_at timestamptz)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select organization.id, organization.name, organization.personal, member.role, organization.currency, organization.time_zone,
           organization.caches_answers, organization.status,
           exists (select from sign_ons sign_on where sign_on.organization_id = organization.id and sign_on.enabled and sign_on.required and sign_on.domain_verified_at is not null),
           plan.id, plan.name, organization.created_at
    from memberships member
    join organizations organization on organization.id = member.organization_id
    left join subscriptions subscription on subscription.organization_id = organization.id and subscription.status = 'active'
    left join plans plan on plan.id = subscription.plan_id
    where member.user_id = organizations_of_user.user_id and organization.status <> 'closed'
$$;
grant execute on function organizations_of_user(uuid) to hub_app;
