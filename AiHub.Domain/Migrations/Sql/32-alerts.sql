-- Alerts: what has crossed a threshold is written down once, with one message for each channel; workers take the messages and say what became of them.

grant select, insert, update (name, target, secret, language, removed_at) on alert_channels to hub_app;
grant select, insert, update (name, thresholds, below_nanos, channel_ids, removed_at) on alert_rules to hub_app;
grant select on alert_firings to hub_app;
grant select, update (state, attempts, next_attempt_at) on alert_deliveries to hub_app;

-- What stands where, of everything anybody wants to hear of. The wallet counts the other way: it fires when little is left.
create or replace function alert_figures(p_now timestamptz)
    returns table (organization_id uuid, kind text, source_id uuid, name text, period text, thresholds integer[], used_amount bigint, of_amount bigint,
                   unit text, resets_at timestamptz, channel_ids uuid[])
    language sql stable security definer set search_path = public, pg_temp
as $$
    select rule.organization_id, rule.kind, rule.id, rule.name, period.id::text, rule.thresholds, tokens.original - tokens.remaining, tokens.original,
           'TOK', period.ends_at, rule.channel_ids
    from alert_rules rule
    join subscriptions subscription on subscription.organization_id = rule.organization_id and subscription.status = 'active'
    join periods period on period.subscription_id = subscription.id and period.starts_at <= p_now and period.ends_at > p_now
    join accounts allowance on allowance.organization_id = rule.organization_id and allowance.kind = 'allowance' and allowance.unit = 'TOK'
    cross join lateral (
        select coalesce(sum(original), 0)::bigint as original, coalesce(sum(remaining), 0)::bigint as remaining
        from lots where account_id = allowance.id and expired_at is null and (expires_at is null or expires_at > p_now)) tokens
    where rule.kind = 'quota' and rule.removed_at is null
    union all
    select rule.organization_id, rule.kind, rule.id, rule.name, rule.episode::text, rule.thresholds, wallet.available, rule.below_nanos,
           organization.currency, null, rule.channel_ids
    from alert_rules rule
    join organizations organization on organization.id = rule.organization_id
    cross join lateral (
        select coalesce(sum(balance.posted - balance.held), 0)::bigint as available
        from accounts account join balances balance on balance.account_id = account.id
        where account.organization_id = rule.organization_id and account.kind in ('wallet_granted', 'wallet_purchased') and account.unit = organization.currency) wallet
    where rule.kind = 'wallet' and rule.removed_at is null
    union all
    select budget.organization_id, 'budget', budget.id,
           concat_ws(' · ', describe_budget(budget.id) ->> 'subject', budget.model_id, budget.vendor_id), counter.starts_at::text, budget.alert_at, counter.used,
           budget_limit(budget, p_now), budget.unit, counter.ends_at, '{}'::uuid[]
    from budgets budget
    join budget_windows counter on counter.budget_id = budget.id and counter.starts_at <= p_now and (counter.ends_at is null or counter.ends_at > p_now)
    where budget.ended_at is null
$$;

-- Writes down what has been crossed and not been told yet. Late, twice or many at once: a threshold fires once per period. Of several that are
-- crossed at a time the highest is told. Answers how many messages there are to send.
create or replace function alerts_fire(p_now timestamptz) returns integer
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_messages integer;
begin
    -- A wallet that has been filled again may fire again.
    update alert_rules rule set episode = episode + 1
    from alert_figures(p_now) figure
    where figure.source_id = rule.id and figure.kind = 'wallet' and figure.used_amount >= figure.of_amount
      and exists (select from alert_firings firing where firing.source_id = rule.id and firing.period = rule.episode::text);

    with crossed as (
        select figure.*, threshold
        from alert_figures(p_now) figure
        cross join lateral unnest(figure.thresholds) threshold
        where case figure.kind when 'wallet' then figure.used_amount < figure.of_amount
                   else figure.of_amount > 0 and figure.used_amount::numeric * 100 >= figure.of_amount::numeric * threshold end
    ), fired as (
        insert into alert_firings (id, organization_id, kind, source_id, name, period, threshold, used_amount, of_amount, unit, resets_at, fired_at)
        select uuid_v7(p_now), organization_id, kind, source_id, name, period, threshold, used_amount, of_amount, unit, resets_at, p_now from crossed
        on conflict (source_id, period, threshold) do nothing
        returning *
    ), told as (
        select distinct on (fired.source_id) fired.*, crossed.channel_ids
        from fired join crossed on crossed.source_id = fired.source_id and crossed.threshold = fired.threshold
        order by fired.source_id, fired.threshold desc
    )
    insert into alert_deliveries (id, organization_id, firing_id, channel_id, state, attempts, next_attempt_at, created_at)
    select uuid_v7(p_now), told.organization_id, told.id, channel.id, 'pending', 0, p_now, p_now
    from told
    join alert_channels channel on channel.organization_id = told.organization_id and channel.removed_at is null
     and (told.channel_ids = '{}' or channel.id = any (told.channel_ids))
    on conflict (firing_id, channel_id) do nothing;
    get diagnostics v_messages = row_count;
    return v_messages;
end $$;
grant execute on function alerts_fire(timestamptz) to hub_app;

-- Takes up to p_limit messages that are due. Whoever takes one has until p_until to say what became of it; then it is due again.
drop function if exists alert_deliveries_take(timestamptz, timestamptz, integer);
create function alert_deliveries_take(p_now timestamptz, p_until timestamptz, p_limit integer)
    returns table (
        id uuid, attempts integer, organization_id uuid, organization_name text, time_zone text,
        channel_kind text, target text, secret text, language text,
        firing_id uuid, kind text, source_id uuid, name text, threshold integer, used_amount bigint, of_amount bigint, unit text, resets_at timestamptz, fired_at timestamptz)
    language sql security definer set search_path = public, pg_temp
as $$
    with taken as (
        update alert_deliveries set attempts = attempts + 1, next_attempt_at = p_until
        where id in (select id from alert_deliveries where state = 'pending' and next_attempt_at <= p_now order by next_attempt_at limit p_limit for update skip locked)
        returning *)
    select taken.id, taken.attempts, taken.organization_id, organization.name, organization.time_zone,
           channel.kind, channel.target, channel.secret, channel.language,
           firing.id, firing.kind, firing.source_id, firing.name, firing.threshold, firing.used_amount, firing.of_amount, firing.unit, firing.resets_at, firing.fired_at
    from taken
    join alert_channels channel on channel.id = taken.channel_id
    join alert_firings firing on firing.id = taken.firing_id
    join organizations organization on organization.id = taken.organization_id
$$;
grant execute on function alert_deliveries_take(timestamptz, timestamptz, integer) to hub_app;

-- p_next: when to try again; null parks it.
create or replace function alert_delivery_close(p_id uuid, p_sent boolean, p_error text, p_next timestamptz, p_now timestamptz) returns void
    language sql security definer set search_path = public, pg_temp
as $$
    update alert_deliveries
    set state = case when p_sent then 'sent' when p_next is null then 'parked' else 'pending' end,
        sent_at = case when p_sent then p_now end,
        last_error = p_error,
        next_attempt_at = coalesce(p_next, next_attempt_at)
    where id = p_id and state = 'pending'
$$;
grant execute on function alert_delivery_close(uuid, boolean, text, timestamptz, timestamptz) to hub_app;

-- A message to one channel that says nothing has happened; it goes the way of all others.
create or replace function alert_test(p_channel_id uuid, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_channel alert_channels;
    v_firing uuid := uuid_v7(p_now);
begin
    select * into v_channel from alert_channels where id = p_channel_id and organization_id = current_organization() and removed_at is null;
    if not found then
        return false;
    end if;

    insert into alert_firings (id, organization_id, kind, source_id, name, period, threshold, used_amount, of_amount, unit, resets_at, fired_at)
    values (v_firing, v_channel.organization_id, 'test', v_channel.id, v_channel.name, v_firing::text, 0, 0, 0, 'TOK', null, p_now);
    insert into alert_deliveries (id, organization_id, firing_id, channel_id, state, attempts, next_attempt_at, created_at)
    values (uuid_v7(p_now), v_channel.organization_id, v_firing, v_channel.id, 'pending', 0, p_now, p_now);
    return true;
end $$;
grant execute on function alert_test(uuid, timestamptz) to hub_app;
