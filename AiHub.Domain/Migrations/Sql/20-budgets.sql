-- Budgets: what an organization, a team, a user or a key may use in a period, of everything or of one model or vendor.
-- A period has a counter row of its own, opened by the first call in it. Whoever touches a counter holds the organization's ledger lock.

-- The first instant at which the clocks of a zone show a time; when they skip it, the instant they do.
create or replace function local_instant(p_local timestamp, p_zone text) returns timestamptz
    language plpgsql immutable
as $$
declare
    v_instant timestamptz := p_local at time zone p_zone;
    v_back interval;
begin
    -- Clocks put back show a time twice, and PostgreSQL takes the second.
    foreach v_back in array array[interval '2 hours', interval '1 hour', interval '30 minutes'] loop
        if (v_instant - v_back) at time zone p_zone = p_local then
            return v_instant - v_back;
        end if;
    end loop;
    return v_instant;
end $$;

-- The period an instant is in. Every instant is in exactly one.
create or replace function budget_period(
    p_period text, p_alignment text, p_anchor timestamptz, p_zone text, p_now timestamptz, out starts_at timestamptz, out ends_at timestamptz)
    language plpgsql immutable
as $$
declare
    v_step interval := case p_period when 'day' then interval '1 day' when 'week' then interval '7 days' else interval '1 month' end;
    v_local timestamp := p_now at time zone p_zone;
    v_anchor timestamp := p_anchor at time zone p_zone;
    v_count integer := 0;
begin
    if p_period = 'lifetime' then
        starts_at := 'epoch';
        return;
    end if;

    if p_alignment = 'calendar' then
        v_anchor := date_trunc(p_period, v_local);
    elsif p_period = 'month' then
        v_count := (extract(year from v_local) - extract(year from v_anchor)) * 12 + extract(month from v_local) - extract(month from v_anchor);
    else
        v_count := floor(extract(epoch from v_local - v_anchor) / extract(epoch from v_step));
    end if;

    -- Always from the anchor, so that a short month does not shift the ones after it; the guess may be one off.
    while local_instant(v_anchor + v_count * v_step, p_zone) > p_now loop
        v_count := v_count - 1;
    end loop;
    while local_instant(v_anchor + (v_count + 1) * v_step, p_zone) <= p_now loop
        v_count := v_count + 1;
    end loop;
    starts_at := local_instant(v_anchor + v_count * v_step, p_zone);
    ends_at := local_instant(v_anchor + (v_count + 1) * v_step, p_zone);
end $$;

create or replace function budget_limit(p_budget budgets, p_now timestamptz) returns bigint language sql immutable
as $$ select case when p_budget.raised_until > p_now then p_budget.raised_amount else p_budget.amount end $$;

-- The counter of the period an instant is in, opened if it is not there yet.
create or replace function budget_window(p_budget budgets, p_now timestamptz) returns budget_windows
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_window budget_windows;
    v_before timestamptz;
    v_starts_at timestamptz;
    v_ends_at timestamptz;
begin
    select * into v_window from budget_windows
    where budget_id = p_budget.id and starts_at <= p_now and (ends_at is null or ends_at > p_now) order by starts_at desc limit 1;
    if found then
        return v_window;
    end if;

    select period.starts_at, period.ends_at into v_starts_at, v_ends_at
    from organizations organization, budget_period(p_budget.period, p_budget.alignment, p_budget.anchor, organization.time_zone, p_now) period
    where organization.id = p_budget.organization_id;

    -- An organization that has moved to another time zone: no moment is in two periods.
    select max(ends_at) into v_before from budget_windows where budget_id = p_budget.id and ends_at <= p_now;
    insert into budget_windows (budget_id, organization_id, starts_at, ends_at, opening, used, held)
    values (p_budget.id, p_budget.organization_id, greatest(v_starts_at, v_before), v_ends_at, 0, 0, 0)
    returning * into v_window;
    return v_window;
end $$;

-- What the budgets of a call leave to it, asked in the order organization, team, user, key. A call may come to anything from its least to its most;
-- it gets p_scale parts of the way between them, or fewer, or is refused by the first hard budget that does not even leave the least.
create or replace function ledger_ask_budgets(
    p_organization_id uuid, p_team_id uuid, p_user_id uuid, p_key_id uuid, p_models text[], p_vendors text[], p_now timestamptz,
    p_least_tokens bigint, p_least_cost bigint, p_most_tokens bigint, p_most_cost bigint, p_scale bigint,
    out budget_ids uuid[], out starts timestamptz[], out units text[], out any_hard boolean, out parts bigint,
    out refusing uuid, out refusing_limit bigint, out refusing_used bigint, out refusing_held bigint, out refusing_needed bigint, out refusing_resets_at timestamptz)
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_budget budgets;
    v_window budget_windows;
    v_least bigint;
    v_more bigint;
    v_free bigint;
begin
    budget_ids := '{}'; starts := '{}'; units := '{}'; any_hard := false; parts := p_scale;

    for v_budget in
        select * from budgets
        where organization_id = p_organization_id and subject_id = any (array[p_organization_id, p_team_id, p_user_id, p_key_id]) and ended_at is null
          and (model_id is null or model_id = any (p_models)) and (vendor_id is null or vendor_id = any (p_vendors))
        order by array_position(array['organization', 'team', 'user', 'key'], scope), model_id nulls first, vendor_id nulls first, id
    loop
        v_window := budget_window(v_budget, p_now);
        budget_ids := budget_ids || v_budget.id;
        starts := starts || v_window.starts_at;
        units := units || v_budget.unit;
        continue when not v_budget.hard;

        any_hard := true;
        v_least := case v_budget.unit when 'TOK' then p_least_tokens else p_least_cost end;
        v_more := case v_budget.unit when 'TOK' then p_most_tokens else p_most_cost end - v_least;
        v_free := budget_limit(v_budget, p_now) - v_window.used - v_window.held - v_least;

        -- A budget that is used up lets nothing through, not even what costs nothing by its measure.
        if v_free < 0 or v_free + v_least = 0 then
            refusing := v_budget.id;
            refusing_limit := budget_limit(v_budget, p_now);
            refusing_used := v_window.used;
            refusing_held := v_window.held;
            refusing_needed := greatest(v_least, 1);
            refusing_resets_at := v_window.ends_at;
            return;
        end if;

        if v_free < v_more then
            -- The most parts whose share, rounded down, is not above what is free.
            parts := least(parts, div((v_free::numeric + 1) * p_scale - 1, v_more)::bigint);
        end if;
    end loop;
end $$;

-- Counts an amount as set aside in each budget. The condition repeats what has just been read: should the lock ever fail, no hard budget does.
create or replace function ledger_hold_budgets(
    p_budget_ids uuid[], p_starts timestamptz[], p_units text[], p_tokens bigint, p_nanos bigint, p_now timestamptz, out amounts bigint[])
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_amount bigint;
begin
    amounts := '{}';
    for i in 1 .. cardinality(p_budget_ids) loop
        v_amount := case p_units[i] when 'TOK' then p_tokens else p_nanos end;
        update budget_windows counter set held = counter.held + v_amount
        from budgets budget
        where counter.budget_id = p_budget_ids[i] and counter.starts_at = p_starts[i] and budget.id = counter.budget_id
          and (not budget.hard or counter.used + counter.held + v_amount <= budget_limit(budget, p_now));
        if not found then
            raise exception 'budget % was overtaken', p_budget_ids[i] using errcode = 'serialization_failure';
        end if;
        amounts := amounts || v_amount;
    end loop;
end $$;

-- Gives back what a hold has set aside in its budgets and counts what its call came to. A budget of another model or vendor than the one that
-- answered counts nothing. Answers what was counted in each.
create or replace function ledger_settle_budgets(p_hold holds, p_model_id text, p_vendor_id text, p_tokens bigint, p_nanos bigint) returns bigint[]
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_used bigint[] := '{}';
    v_amount bigint;
    v_budget budgets;
begin
    for i in 1 .. cardinality(p_hold.budget_ids) loop
        select * into v_budget from budgets where id = p_hold.budget_ids[i];
        v_amount := case when (v_budget.model_id is null or v_budget.model_id = p_model_id) and (v_budget.vendor_id is null or v_budget.vendor_id = p_vendor_id)
                         then case v_budget.unit when 'TOK' then p_tokens else p_nanos end else 0 end;
        update budget_windows
        set used = used + v_amount, held = held - case p_hold.state when 'held' then p_hold.budget_amounts[i] else 0 end
        where budget_id = v_budget.id and starts_at = p_hold.budget_starts[i];
        v_used := v_used || v_amount;
    end loop;
    return v_used;
end $$;

-- What a refusal says about the budget: whose it is and who set it.
create or replace function describe_budget(p_id uuid) returns jsonb
    language sql stable security definer set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'id', budget.id, 'scope', budget.scope, 'unit', budget.unit, 'period', budget.period, 'model_id', budget.model_id, 'vendor_id', budget.vendor_id,
        'subject', case budget.scope
            when 'organization' then (select name from organizations where id = budget.subject_id)
            when 'team' then (select name from teams where id = budget.subject_id)
            when 'user' then (select display_name from users where id = budget.subject_id)
            else (select name from api_keys where id = budget.subject_id) end,
        'set_by', (select display_name from users where id = budget.created_by))
    from budgets budget where budget.id = p_id
$$;

-- A new budget counts from the beginning of its period: what was used since then, and what calls under way hold at this moment.
create or replace function create_budget(
    p_id uuid, p_organization_id uuid, p_scope text, p_subject_id uuid, p_model_id text, p_vendor_id text, p_unit text, p_amount bigint,
    p_period text, p_alignment text, p_anchor timestamptz, p_hard boolean, p_alert_at integer[], p_created_by uuid, p_now timestamptz) returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_budget budgets;
    v_window budget_windows;
    v_opening bigint;
    v_held bigint;
begin
    if p_organization_id is distinct from current_organization() then
        raise exception 'a budget belongs to the organization at work' using errcode = 'insufficient_privilege';
    end if;

    perform ledger_lock(array[p_organization_id]);
    if p_unit not in ('TOK', (select currency from organizations where id = p_organization_id)) or not (case p_scope
        when 'organization' then p_subject_id = p_organization_id
        when 'team' then exists (select from teams where id = p_subject_id and organization_id = p_organization_id)
        when 'user' then exists (select from memberships where user_id = p_subject_id and organization_id = p_organization_id)
        when 'key' then exists (select from api_keys where id = p_subject_id and organization_id = p_organization_id)
        else false end) then
        raise exception 'there cannot be a budget in % of % %', p_unit, p_scope, p_subject_id using errcode = 'check_violation';
    end if;

    insert into budgets (id, organization_id, scope, subject_id, model_id, vendor_id, unit, amount, period, alignment, anchor, hard, alert_at, created_at, created_by)
    values (p_id, p_organization_id, p_scope, p_subject_id, p_model_id, p_vendor_id, p_unit, p_amount, p_period, p_alignment, p_anchor, p_hard, p_alert_at, p_now, p_created_by)
    returning * into v_budget;
    v_window := budget_window(v_budget, p_now);

    select coalesce(sum(case p_unit when 'TOK' then record.plan_tokens else record.cost_nanos end), 0) into v_opening
    from usage_records record
    where record.organization_id = p_organization_id and record.occurred_at >= v_window.starts_at
      and case p_scope when 'organization' then true when 'team' then record.team_id = p_subject_id when 'user' then record.user_id = p_subject_id else record.key_id = p_subject_id end
      and (p_model_id is null or record.model_id = p_model_id) and (p_vendor_id is null or record.vendor_id = p_vendor_id);

    with joined as (
        update holds
        set budget_ids = budget_ids || p_id, budget_starts = budget_starts || v_window.starts_at,
            budget_amounts = budget_amounts || case p_unit when 'TOK' then coalesce(covers_tokens, asked_tokens) else coalesce(covers_nanos, asked_nanos) end
        where organization_id = p_organization_id and state = 'held' and created_at >= v_window.starts_at
          and case p_scope when 'organization' then true when 'team' then team_id = p_subject_id when 'user' then user_id = p_subject_id else key_id = p_subject_id end
          and (p_model_id is null or p_model_id = any (models)) and (p_vendor_id is null or p_vendor_id = any (vendors))
        returning budget_amounts[cardinality(budget_amounts)] as amount)
    select coalesce(sum(amount), 0) into v_held from joined;

    update budget_windows set opening = v_opening, used = v_opening, held = v_held where budget_id = p_id and starts_at = v_window.starts_at;
end $$;

-- Answers false when there is no such budget.
create or replace function change_budget(
    p_id uuid, p_organization_id uuid, p_amount bigint, p_hard boolean, p_alert_at integer[], p_raised_amount bigint, p_raised_until timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    if p_organization_id is distinct from current_organization() then
        raise exception 'a budget belongs to the organization at work' using errcode = 'insufficient_privilege';
    end if;

    perform ledger_lock(array[p_organization_id]);
    update budgets set amount = p_amount, hard = p_hard, alert_at = p_alert_at, raised_amount = p_raised_amount, raised_until = p_raised_until
    where id = p_id and organization_id = p_organization_id and ended_at is null;
    return found;
end $$;

create or replace function end_budget(p_id uuid, p_organization_id uuid, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    if p_organization_id is distinct from current_organization() then
        raise exception 'a budget belongs to the organization at work' using errcode = 'insufficient_privilege';
    end if;

    perform ledger_lock(array[p_organization_id]);
    update budgets set ended_at = p_now where id = p_id and organization_id = p_organization_id and ended_at is null;
    return found;
end $$;

grant select on budgets, budget_windows, lot_draws to hub_app;
grant execute on function
    create_budget(uuid, uuid, text, uuid, text, text, text, bigint, text, text, timestamptz, boolean, integer[], uuid, timestamptz),
    change_budget(uuid, uuid, bigint, boolean, integer[], bigint, timestamptz),
    end_budget(uuid, uuid, timestamptz) to hub_app;
grant select, insert, update on output_samples to hub_app;
