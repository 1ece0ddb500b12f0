-- Opens an organization with everything it needs to make its first call, except its first period: grant_period posts that.

create or replace function open_organization(
    p_id uuid, p_name text, p_personal boolean, p_currency text, p_time_zone text, p_owner_id uuid,
    p_subscription_id uuid, p_plan_id text, p_now timestamptz) returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    if p_id is distinct from current_organization() then
        raise exception 'an organization is opened from within itself' using errcode = 'insufficient_privilege';
    end if;

    insert into organizations (id, name, personal, currency, time_zone, caches_answers, status, created_at)
    values (p_id, p_name, p_personal, p_currency, p_time_zone, false, 'active', p_now);

    insert into memberships (organization_id, user_id, role, created_at) values (p_id, p_owner_id, 'owner', p_now);

    insert into subscriptions (id, organization_id, plan_id, status, anchor) values (p_subscription_id, p_id, p_plan_id, 'active', p_now);

    insert into accounts (id, organization_id, kind, unit)
    select uuid_v7(p_now), p_id, kind, unit
    from (values ('allowance', 'TOK'), ('tokens_granted', 'TOK'), ('tokens_used', 'TOK'), ('breakage', 'TOK'),
                 ('wallet_granted', p_currency), ('wallet_purchased', p_currency), ('usage_revenue', p_currency), ('write_off', p_currency),
                 ('promotion', p_currency), ('payments', p_currency), ('subscription_revenue', p_currency), ('disputed', p_currency), ('breakage', p_currency)) as chart (kind, unit);

    insert into balances (account_id, organization_id, posted, held, floor)
    select id, organization_id, 0, 0, 0 from accounts
    where organization_id = p_id and kind in ('allowance', 'wallet_granted', 'wallet_purchased');
end $$;
grant execute on function open_organization(uuid, text, boolean, text, text, uuid, uuid, text, timestamptz) to hub_app;
