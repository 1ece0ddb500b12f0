-- Holding, settling, giving back. Each call takes many rows in order; a refusal is an answer, an impossible row is an error that names it.

-- Where organizations stand: their terms and what their three accounts have free at p_now; one row each. Where no lot has an end between p_from
-- and p_now, that is steady: everything in between finds the same lots. The first lot is the one that pays first.
drop function if exists ledger_position(uuid, timestamptz);
create or replace function ledger_positions(p_organization_ids uuid[], p_from timestamptz[], p_now timestamptz[])
    returns table (
        organization_id uuid, status text, currency text, subscribed boolean, unlimited boolean, overage boolean, resets_at timestamptz, steady boolean,
        allowance_id uuid, granted_id uuid, purchased_id uuid,
        allowance_limit bigint, allowance_used bigint, allowance_held bigint, allowance_free bigint,
        granted_free bigint, purchased_free bigint, wallet_posted bigint, wallet_held bigint,
        allowance_lot uuid, allowance_lot_free bigint, granted_lot uuid, granted_lot_free bigint)
    -- Not in SQL: such a function is planned anew at every call. Small tables must not tempt the planner to a plan that large ones suffer from.
    language plpgsql stable security definer set search_path = public, pg_temp
    set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
begin
    return query
    select organization.id, case when organization.status = 'active' and organization.standing <> 'good' then 'overdue' else organization.status end,
           organization.currency, plan.id is not null, plan.id is not null and coalesce(subscription.contract_tokens, plan.monthly_tokens) is null,
           coalesce(plan.allows_overage, false), period.ends_at, tokens.steady and promotions.steady,
           allowance.id, granted.id, purchased.id,
           tokens.original, tokens.original - tokens.remaining, tokens.held, tokens.remaining - tokens.held,
           promotions.free, purchased_balance.posted - purchased_balance.held - purchased_balance.floor,
           purchased_balance.posted - purchased_balance.floor + promotions.remaining, purchased_balance.held + promotions.held,
           first_tokens.id, first_tokens.free, first_promotion.id, first_promotion.free
    from unnest(p_organization_ids, p_from, p_now) as asked (id, since, now)
    join organizations organization on organization.id = asked.id
    join accounts allowance on allowance.organization_id = organization.id and allowance.kind = 'allowance' and allowance.unit = 'TOK'
    join accounts granted on granted.organization_id = organization.id and granted.kind = 'wallet_granted' and granted.unit = organization.currency
    join accounts purchased on purchased.organization_id = organization.id and purchased.kind = 'wallet_purchased' and purchased.unit = organization.currency
    join balances purchased_balance on purchased_balance.account_id = purchased.id
    left join subscriptions subscription on subscription.organization_id = organization.id and subscription.status = 'active'
    left join plans plan on plan.id = subscription.plan_id
    left join lateral (
        select ends_at from periods where subscription_id = subscription.id and starts_at <= asked.now and ends_at > asked.now limit 1) period on true
    cross join lateral (
        select coalesce(sum(original) filter (where lives), 0)::bigint as original, coalesce(sum(remaining) filter (where lives), 0)::bigint as remaining,
               coalesce(sum(lots.held) filter (where lives), 0)::bigint as held, coalesce(bool_and(lives or expires_at <= asked.since), true) as steady
        from lots cross join lateral (select expires_at is null or expires_at > asked.now as lives) lot where account_id = allowance.id) tokens
    cross join lateral (
        select coalesce(sum(remaining) filter (where lives), 0)::bigint as remaining, coalesce(sum(lots.held) filter (where lives), 0)::bigint as held,
               coalesce(sum(remaining - lots.held) filter (where lives), 0)::bigint as free, coalesce(bool_and(lives or expires_at <= asked.since), true) as steady
        from lots cross join lateral (select expires_at is null or expires_at > asked.now as lives) lot where account_id = granted.id and remaining > 0) promotions
    left join lateral (
        select id, remaining - lots.held as free from lots
        where account_id = allowance.id and remaining > lots.held and (expires_at is null or expires_at > asked.now)
        order by priority, expires_at, created_at, id limit 1) first_tokens on true
    left join lateral (
        select id, remaining - lots.held as free from lots
        where account_id = granted.id and remaining > lots.held and (expires_at is null or expires_at > asked.now)
        order by priority, expires_at, created_at, id limit 1) first_promotion on true;
end $$;

-- Sets aside an amount in the lots of an account that have something free, the soonest to expire first. The caller has checked that there is enough.
create or replace function ledger_hold_lots(
    p_account_id uuid, p_amount bigint, p_now timestamptz, inout lot_ids uuid[], inout lot_amounts bigint[])
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_left bigint := p_amount;
    v_take bigint;
    v_lot record;
begin
    if p_amount = 0 then
        return;
    end if;

    for v_lot in
        select id, remaining - held as free from lots
        where account_id = p_account_id and remaining > held and (expires_at is null or expires_at > p_now)
        order by priority, expires_at, created_at, id
    loop
        v_take := least(v_left, v_lot.free);
        update lots set held = held + v_take where id = v_lot.id;
        lot_ids := lot_ids || v_lot.id;
        lot_amounts := lot_amounts || v_take;
        v_left := v_left - v_take;
        exit when v_left = 0;
    end loop;
    update balances set held = held + p_amount where account_id = p_account_id;
end $$;

-- What an amount of tokens at a price comes to in money when the allowance pays what it can. A call that counts no tokens is money alone.
create or replace function ledger_money(p_tokens bigint, p_cost bigint, p_allowance bigint) returns bigint
    language plpgsql immutable
as $$
begin
    if p_tokens > 0 and p_allowance >= p_tokens then
        return 0;
    end if;
    return ledger_share(p_cost, p_tokens - least(p_tokens, p_allowance), p_tokens);
end $$;

-- Whether allowance and wallet pay for so much together; there is no wallet (null) for those whose plan ends with its allowance.
create or replace function ledger_affords(p_allowance bigint, p_wallet bigint, p_tokens bigint, p_cost bigint) returns boolean
    language plpgsql immutable
as $$
declare
    v_money bigint := ledger_money(p_tokens, p_cost, p_allowance);
begin
    return (v_money = 0 and p_tokens <= p_allowance) or coalesce(v_money <= p_wallet, false);
end $$;

-- Rows ask for what a call is expected to come to, and say the least that makes sense (its prompt and one token of answer) and the most it can.
-- Where plenty is free and no budget is hard, the expected is held and the answer may run over. Else the hold must cover all the answer can come
-- to: the most, or as much of the way from the least to the most as is free; the caller then keeps the answer within what the hold covers.
-- A hard budget also counts the margin by which the prompt may have been guessed too short.
drop function if exists ledger_hold(
    uuid[], uuid[], uuid[], uuid[], uuid[], uuid[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[],
    text[], text[], text[], timestamptz[], timestamptz[]);
create function ledger_hold(
    p_ids uuid[], p_request_ids uuid[], p_organization_ids uuid[], p_team_ids uuid[], p_user_ids uuid[], p_key_ids uuid[],
    p_plan_tokens bigint[], p_costs bigint[], p_least_tokens bigint[], p_least_costs bigint[], p_most_tokens bigint[], p_most_costs bigint[],
    p_margin_tokens bigint[], p_margin_costs bigint[], p_currencies text[], p_models text[], p_vendors text[], p_created timestamptz[], p_expires timestamptz[])
    returns table (
        row_number bigint, outcome text, hold_id uuid, held_tokens bigint, held_nanos bigint, covers_tokens bigint, covers_nanos bigint, held_until timestamptz,
        limit_ bigint, used bigint, held bigint, needed bigint, resets_at timestamptz, refusing_budget jsonb, is_hard boolean)
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    -- So many times what the call can come to at most must be free for holding only the expected.
    c_plenty_of_tokens constant integer := 4;
    c_plenty_of_money constant integer := 16;
    c_many constant integer := 3;
    v record;
    v_done bigint[] := '{}';
    v_existing holds;
    v_at record;
    v_room record;
    v_scale bigint;
    v_parts bigint;
    v_enough bigint;
    v_tried bigint;
    v_wallet bigint;
    v_asked_tokens bigint;
    v_asked_cost bigint;
    v_tokens bigint;
    v_money bigint;
    v_granted bigint;
    v_lot_ids uuid[];
    v_lot_amounts bigint[];
    v_budget_amounts bigint[];
begin
    perform ledger_lock(p_organization_ids);

    -- For a few, the plan for many costs more than it saves.
    for row_number, hold_id, held_tokens, held_nanos, held_until in
        select * from ledger_hold_plenty(
            p_ids, p_request_ids, p_organization_ids, p_team_ids, p_user_ids, p_key_ids, p_plan_tokens, p_costs, p_most_tokens, p_most_costs,
            p_currencies, p_models, p_vendors, p_created, p_expires, c_plenty_of_tokens, c_plenty_of_money)
        where cardinality(p_ids) >= c_many
    loop
        outcome := 'held'; limit_ := 0; used := 0; held := 0; needed := 0; is_hard := false;
        v_done := v_done || row_number;
        return next;
    end loop;

    for v in
        select * from unnest(p_ids, p_request_ids, p_organization_ids, p_team_ids, p_user_ids, p_key_ids,
                             p_plan_tokens, p_costs, p_least_tokens, p_least_costs, p_most_tokens, p_most_costs,
                             p_margin_tokens, p_margin_costs, p_currencies, p_models, p_vendors, p_created, p_expires)
            with ordinality as asked (id, request_id, organization_id, team_id, user_id, key_id, tokens, cost, least_tokens, least_cost, most_tokens, most_cost,
                                      margin_tokens, margin_cost, currency, models, vendors, created_at, expires_at, ordinal)
        where ordinal <> all (v_done)
        order by ordinal
    loop
        row_number := v.ordinal;
        hold_id := null; held_tokens := null; held_nanos := null; held_until := null; covers_tokens := null; covers_nanos := null;
        limit_ := 0; used := 0; held := 0; needed := 0; resets_at := null; refusing_budget := null; is_hard := false;

        select * into v_existing from holds where organization_id = v.organization_id and request_id = v.request_id;
        if found then
            outcome := case when (v_existing.key_id, v_existing.asked_tokens, v_existing.asked_nanos, v_existing.currency)
                               = (v.key_id, v.tokens, v.cost, v.currency) then 'held' else 'conflict' end;
            hold_id := v_existing.id;
            held_tokens := v_existing.plan_tokens;
            held_nanos := v_existing.granted_nanos + v_existing.purchased_nanos;
            covers_tokens := v_existing.covers_tokens;
            covers_nanos := v_existing.covers_nanos;
            held_until := v_existing.expires_at;
            is_hard := exists (select from budgets where id = any (v_existing.budget_ids) and hard);
            return next;
            continue;
        end if;

        select * into v_at from ledger_positions(array[v.organization_id], array[v.created_at], array[v.created_at]);
        if not found or v_at.status <> 'active' or not v_at.subscribed then
            outcome := case when v_at.status = 'overdue' then 'overdue' else 'suspended' end;
            return next;
            continue;
        end if;
        if v_at.currency <> v.currency then
            outcome := 'wrong_currency';
            return next;
            continue;
        end if;

        v_scale := greatest(v.most_tokens - v.least_tokens, v.most_cost - v.least_cost, 1);
        select * into v_room from ledger_ask_budgets(
            v.organization_id, v.team_id, v.user_id, v.key_id, string_to_array(v.models, ' '), string_to_array(v.vendors, ' '), v.created_at,
            v.least_tokens + v.margin_tokens, v.least_cost + v.margin_cost, v.most_tokens + v.margin_tokens, v.most_cost + v.margin_cost, v_scale);
        if v_room.refusing is not null then
            outcome := 'budget_exhausted';
            limit_ := v_room.refusing_limit;
            used := v_room.refusing_used;
            held := v_room.refusing_held;
            needed := v_room.refusing_needed;
            resets_at := v_room.refusing_resets_at;
            refusing_budget := describe_budget(v_room.refusing);
            return next;
            continue;
        end if;

        if v_room.any_hard then
            v.least_tokens := v.least_tokens + v.margin_tokens;
            v.least_cost := v.least_cost + v.margin_cost;
            v.most_tokens := v.most_tokens + v.margin_tokens;
            v.most_cost := v.most_cost + v.margin_cost;
        end if;

        v_wallet := case when v_at.overage then v_at.granted_free + v_at.purchased_free end;
        if not v_room.any_hard and (v_at.allowance_free >= c_plenty_of_tokens * v.most_tokens and v.most_tokens > 0
                                    or v_wallet >= c_plenty_of_money::numeric * v.most_cost) then
            v_asked_tokens := v.tokens;
            v_asked_cost := v.cost;
        else
            -- The greatest number of parts that everything free together pays, found by halving: what money must add is not a straight line.
            v_parts := v_room.parts;
            if not ledger_affords(v_at.allowance_free, v_wallet, v.least_tokens + div((v.most_tokens - v.least_tokens)::numeric * v_parts, v_scale)::bigint,
                                  v.least_cost + div((v.most_cost - v.least_cost)::numeric * v_parts, v_scale)::bigint) then
                v_enough := -1;
                while v_parts - v_enough > 1 loop
                    v_tried := case v_enough when -1 then 0 else v_enough + (v_parts - v_enough) / 2 end;
                    if ledger_affords(v_at.allowance_free, v_wallet, v.least_tokens + div((v.most_tokens - v.least_tokens)::numeric * v_tried, v_scale)::bigint,
                                      v.least_cost + div((v.most_cost - v.least_cost)::numeric * v_tried, v_scale)::bigint) then
                        v_enough := v_tried;
                    else
                        exit when v_tried = 0;
                        v_parts := v_tried;
                    end if;
                end loop;
                v_parts := v_enough;
            end if;

            if v_parts < 0 then
                outcome := case when v_at.overage and (v_at.unlimited or v_wallet > 0) then 'insufficient_balance' else 'quota_exhausted' end;
                resets_at := v_at.resets_at;
                if outcome = 'insufficient_balance' then
                    limit_ := v_at.wallet_posted;
                    held := v_at.wallet_held;
                    needed := ledger_money(v.least_tokens, v.least_cost, v_at.allowance_free);
                else
                    limit_ := v_at.allowance_limit;
                    used := v_at.allowance_used;
                    held := v_at.allowance_held;
                    needed := v.least_tokens;
                end if;
                return next;
                continue;
            end if;

            v_asked_tokens := v.least_tokens + div((v.most_tokens - v.least_tokens)::numeric * v_parts, v_scale);
            v_asked_cost := v.least_cost + div((v.most_cost - v.least_cost)::numeric * v_parts, v_scale);
            is_hard := v_room.any_hard;
            covers_tokens := v_asked_tokens - case when is_hard then v.margin_tokens else 0 end;
            covers_nanos := v_asked_cost - case when is_hard then v.margin_cost else 0 end;
        end if;

        v_tokens := least(v_asked_tokens, v_at.allowance_free);
        v_money := ledger_money(v_asked_tokens, v_asked_cost, v_at.allowance_free);
        v_granted := least(v_money, v_at.granted_free);
        v_lot_ids := '{}';
        v_lot_amounts := '{}';
        if v_tokens > 0 then
            select * into v_lot_ids, v_lot_amounts from ledger_hold_lots(v_at.allowance_id, v_tokens, v.created_at, v_lot_ids, v_lot_amounts);
        end if;
        if v_granted > 0 then
            select * into v_lot_ids, v_lot_amounts from ledger_hold_lots(v_at.granted_id, v_granted, v.created_at, v_lot_ids, v_lot_amounts);
        end if;
        if v_money > v_granted then
            update balances set held = balances.held + v_money - v_granted where account_id = v_at.purchased_id;
        end if;
        v_budget_amounts := '{}';
        if cardinality(v_room.budget_ids) > 0 then
            v_budget_amounts := ledger_hold_budgets(v_room.budget_ids, v_room.starts, v_room.units, v_asked_tokens, v_asked_cost, v.created_at);
        end if;

        insert into holds (id, organization_id, request_id, team_id, user_id, key_id, state, currency, asked_tokens, asked_nanos,
                           plan_tokens, granted_nanos, purchased_nanos, lot_ids, lot_amounts, covers_tokens, covers_nanos,
                           budget_ids, budget_starts, budget_amounts, models, vendors, created_at, expires_at)
        values (v.id, v.organization_id, v.request_id, v.team_id, v.user_id, v.key_id, 'held', v.currency, v.tokens, v.cost,
                v_tokens, v_granted, v_money - v_granted, v_lot_ids, v_lot_amounts, ledger_hold.covers_tokens, ledger_hold.covers_nanos,
                v_room.budget_ids, v_room.starts, v_budget_amounts, string_to_array(v.models, ' '), string_to_array(v.vendors, ' '), v.created_at, v.expires_at);

        outcome := 'held';
        hold_id := v.id;
        held_tokens := v_tokens;
        held_nanos := v_money;
        held_until := v.expires_at;
        return next;
    end loop;
end $$;
grant execute on function ledger_hold(
    uuid[], uuid[], uuid[], uuid[], uuid[], uuid[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[],
    text[], text[], text[], timestamptz[], timestamptz[]) to hub_app;

-- Closes what a hold has set aside in the lots of one account and takes p_want from them and, if that is not enough, from whatever else is free
-- there. A lot that has expired since pays only what was held in it; what is left of that goes to breakage like the rest of the lot did.
-- Answers what was taken.
create or replace function ledger_take_lots(p_hold holds, p_account_id uuid, p_unit text, p_want bigint, p_now timestamptz) returns bigint
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_lot record;
    v_take bigint;
    v_taken bigint := 0;
begin
    for v_lot in
        select lot.id, lot.expires_at, lot.expired_at, coalesce(own.amount, 0) as own,
               case when lot.expires_at <= p_now then own.amount else lot.remaining - lot.held + coalesce(own.amount, 0) end as free
        from lots lot left join unnest(p_hold.lot_ids, p_hold.lot_amounts) as own (id, amount) on own.id = lot.id
        where lot.account_id = p_account_id
          and (own.id is not null or (lot.remaining > lot.held and (lot.expires_at is null or lot.expires_at > p_now)))
        order by own.id is null, lot.priority, lot.expires_at, lot.created_at, lot.id
    loop
        v_take := least(p_want - v_taken, v_lot.free);
        exit when v_take = 0 and v_lot.own = 0;

        update lots set held = held - v_lot.own, remaining = remaining - v_take where id = v_lot.id;
        update balances set held = held - v_lot.own, posted = posted - v_take where account_id = p_account_id;
        if v_take > 0 then
            insert into lot_draws (lot_id, journal_id, organization_id, amount) values (v_lot.id, p_hold.id, p_hold.organization_id, v_take);
        end if;
        v_taken := v_taken + v_take;

        if v_lot.expired_at is not null and v_lot.own > v_take then
            perform ledger_expire(p_hold.organization_id, v_lot.id, p_account_id, p_unit, v_lot.own - v_take,
                                  'expire:' || v_lot.id || ':' || p_hold.id, v_lot.expires_at, p_now);
        end if;
    end loop;
    return v_taken;
end $$;

-- Posts what is left of a lot to breakage.
create or replace function ledger_expire(
    p_organization_id uuid, p_lot_id uuid, p_account_id uuid, p_unit text, p_amount bigint, p_key text, p_effective_at timestamptz, p_now timestamptz)
    returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_journal_id uuid := uuid_v7(p_now);
begin
    insert into journals (id, organization_id, idempotency_key, kind, effective_at, booked_at)
    values (v_journal_id, p_organization_id, p_key, 'expire', p_effective_at, p_now);
    insert into entries (journal_id, organization_id, account_id, amount, unit)
    values (v_journal_id, p_organization_id, p_account_id, -p_amount, p_unit),
           (v_journal_id, p_organization_id, ledger_account(p_organization_id, 'breakage', p_unit), p_amount, p_unit);
    insert into lot_draws (lot_id, journal_id, organization_id, amount) values (p_lot_id, v_journal_id, p_organization_id, p_amount);
    update lots set remaining = remaining - p_amount where id = p_lot_id;
    update balances set posted = posted - p_amount where account_id = p_account_id;
end $$;

-- Each row a hold, the time, and the columns of its usage record; lists as text, with unit separators between. The journal takes the hold's id.
drop function if exists ledger_settle(jsonb);
create or replace function ledger_settle(
    p_hold_ids uuid[], p_nows timestamptz[], p_id uuid[], p_occurred_at timestamptz[], p_organization_id uuid[], p_team_id uuid[], p_user_id uuid[],
    p_key_id uuid[], p_model_id text[], p_upstream_id uuid[], p_vendor_id text[], p_surface text[], p_source text[], p_status text[],
    p_error_code text[], p_streamed boolean[], p_finish_reason text[], p_plan_tokens bigint[], p_price_rows text[], p_tags text[],
    p_latency interval[], p_time_to_first_token interval[], p_attempts integer[], p_tried text[], p_currency text[], p_cost_nanos bigint[],
    p_tokens_audio_in bigint[], p_tokens_audio_out bigint[], p_tokens_cache_read bigint[], p_tokens_cache_write1h bigint[],
    p_tokens_cache_write5m bigint[], p_tokens_image_in bigint[], p_tokens_image_out bigint[], p_tokens_input_uncached bigint[],
    p_tokens_output_reasoning bigint[], p_tokens_output_text bigint[], p_units_characters bigint[], p_units_images bigint[],
    p_units_search_units bigint[], p_units_seconds bigint[])
    returns table (row_number bigint, outcome text, charged_tokens bigint, charged_nanos bigint, written_off_nanos bigint)
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    c_many constant integer := 3;
    v record;
    v_done bigint[] := '{}';
    v_hold holds;
    v_at record;
    v_overage boolean;
    v_money bigint;
    v_tokens bigint;
    v_granted bigint;
    v_purchased bigint;
    v_written_off bigint;
    v_moved boolean;
begin
    perform ledger_lock(p_organization_id);

    for row_number, charged_tokens, charged_nanos in
        select * from ledger_settle_covered(
            p_hold_ids, p_nows, p_id, p_occurred_at, p_organization_id, p_team_id, p_user_id, p_key_id, p_model_id, p_upstream_id, p_vendor_id,
            p_surface, p_source, p_status, p_error_code, p_streamed, p_finish_reason, p_plan_tokens, p_price_rows, p_tags, p_latency,
            p_time_to_first_token, p_attempts, p_tried, p_currency, p_cost_nanos, p_tokens_audio_in, p_tokens_audio_out, p_tokens_cache_read,
            p_tokens_cache_write1h, p_tokens_cache_write5m, p_tokens_image_in, p_tokens_image_out, p_tokens_input_uncached, p_tokens_output_reasoning,
            p_tokens_output_text, p_units_characters, p_units_images, p_units_search_units, p_units_seconds)
        where cardinality(p_hold_ids) >= c_many
    loop
        outcome := 'settled'; written_off_nanos := 0;
        v_done := v_done || row_number;
        return next;
    end loop;

    for v in
        select * from unnest(
            p_hold_ids, p_nows, p_id, p_occurred_at, p_organization_id, p_team_id, p_user_id, p_key_id, p_model_id, p_upstream_id, p_vendor_id,
            p_surface, p_source, p_status, p_error_code, p_streamed, p_finish_reason, p_plan_tokens, p_price_rows, p_tags, p_latency,
            p_time_to_first_token, p_attempts, p_tried, p_currency, p_cost_nanos, p_tokens_audio_in, p_tokens_audio_out, p_tokens_cache_read,
            p_tokens_cache_write1h, p_tokens_cache_write5m, p_tokens_image_in, p_tokens_image_out, p_tokens_input_uncached, p_tokens_output_reasoning,
            p_tokens_output_text, p_units_characters, p_units_images, p_units_search_units, p_units_seconds)
            with ordinality as settlement (
                hold_id, now, id, occurred_at, organization_id, team_id, user_id, key_id, model_id, upstream_id, vendor_id, surface, source, status,
                error_code, streamed, finish_reason, plan_tokens, price_rows, tags, latency, time_to_first_token, attempts, tried, currency, cost_nanos,
                tokens_audio_in, tokens_audio_out, tokens_cache_read, tokens_cache_write1h, tokens_cache_write5m, tokens_image_in, tokens_image_out,
                tokens_input_uncached, tokens_output_reasoning, tokens_output_text, units_characters, units_images, units_search_units, units_seconds,
                ordinal)
        where ordinal <> all (v_done)
        order by ordinal
    loop
        row_number := v.ordinal;
        charged_tokens := 0; charged_nanos := 0; written_off_nanos := 0;

        select * into v_hold from holds where id = v.hold_id and organization_id = v.organization_id;
        if not found or v_hold.request_id <> v.id or v_hold.currency <> v.currency then
            outcome := 'not_its_hold';
            return next;
            continue;
        end if;

        if v_hold.state in ('settled', 'released') then
            outcome := 'closed';
            charged_tokens := coalesce(v_hold.settled_tokens, 0);
            charged_nanos := coalesce(v_hold.settled_nanos, 0);
            written_off_nanos := coalesce(v_hold.written_off_nanos, 0);
            return next;
            continue;
        end if;

        if v_hold.state = 'lapsed' then
            -- The sweep gave the amounts back; the call is charged from what is free now.
            v_hold.lot_ids := '{}';
            v_hold.lot_amounts := '{}';
            v_hold.purchased_nanos := 0;
        end if;

        select * into strict v_at from ledger_positions(array[v.organization_id], array[v.now], array[v.now]);
        v_overage := v_at.overage or v_hold.granted_nanos + v_hold.purchased_nanos > 0;

        v_tokens := ledger_take_lots(v_hold, v_at.allowance_id, 'TOK', v.plan_tokens, v.now);
        v_money := case when v_tokens < v.plan_tokens or v.plan_tokens = 0
                        then ledger_share(v.cost_nanos, v.plan_tokens - v_tokens, v.plan_tokens) else 0 end;

        v_granted := 0;
        if v_hold.granted_nanos > 0 or (v_overage and v_money > 0 and v_at.granted_free > 0) then
            v_granted := ledger_take_lots(v_hold, v_at.granted_id, v_hold.currency, case when v_overage then v_money else 0 end, v.now);
        end if;
        v_purchased := case when v_overage then least(v_money - v_granted, v_at.purchased_free + v_hold.purchased_nanos) else 0 end;
        if v_purchased > 0 or v_hold.purchased_nanos > 0 then
            update balances set posted = posted - v_purchased, held = held - v_hold.purchased_nanos where account_id = v_at.purchased_id;
        end if;
        v_written_off := v_money - v_granted - v_purchased;

        v_moved := v_tokens > 0 or v_money > 0;
        if v_moved then
            insert into journals (id, organization_id, idempotency_key, kind, effective_at, booked_at)
            values (v_hold.id, v_hold.organization_id, 'settle:' || v_hold.id, 'settle', v_hold.created_at, v.now);
            insert into entries (journal_id, organization_id, account_id, amount, unit)
            select v_hold.id, v_hold.organization_id, account.id, leg.amount, leg.unit
            from (values ('allowance', 'TOK', -v_tokens),
                         ('tokens_used', 'TOK', v_tokens),
                         ('wallet_granted', v_hold.currency, -v_granted),
                         ('wallet_purchased', v_hold.currency, -v_purchased),
                         ('write_off', v_hold.currency, -v_written_off),
                         ('usage_revenue', v_hold.currency, v_money)) as leg (kind, unit, amount)
            join accounts account on account.organization_id = v_hold.organization_id and account.kind = leg.kind and account.unit = leg.unit
            where leg.amount <> 0;
        end if;

        update holds
        set state = 'settled', closed_at = v.now, settled_tokens = v_tokens, settled_nanos = v_granted + v_purchased, written_off_nanos = v_written_off,
            budget_used = case when cardinality(v_hold.budget_ids) > 0
                          then ledger_settle_budgets(v_hold, v.model_id, v.vendor_id, v.plan_tokens, v.cost_nanos) else '{}' end
        where id = v_hold.id;

        insert into usage_records (
            id, occurred_at, organization_id, team_id, user_id, key_id, model_id, upstream_id, vendor_id, surface, source, status, error_code,
            streamed, finish_reason, plan_tokens, price_rows, tags, latency, time_to_first_token, attempts, tried, plan_tokens_charged, charged_nanos,
            journal_id, currency, cost_nanos, tokens_audio_in, tokens_audio_out, tokens_cache_read, tokens_cache_write1h, tokens_cache_write5m,
            tokens_image_in, tokens_image_out, tokens_input_uncached, tokens_output_reasoning, tokens_output_text, units_characters, units_images,
            units_search_units, units_seconds)
        values (
            v.id, v.occurred_at, v.organization_id, v.team_id, v.user_id, v.key_id, v.model_id, v.upstream_id, v.vendor_id, v.surface, v.source,
            v.status, v.error_code, v.streamed, v.finish_reason, v.plan_tokens, string_to_array(v.price_rows, E'\x1f')::uuid[],
            string_to_array(v.tags, E'\x1f'), v.latency, v.time_to_first_token, v.attempts, v.tried::jsonb, v_tokens, v_granted + v_purchased,
            case when v_moved then v_hold.id end, v.currency, v.cost_nanos, v.tokens_audio_in, v.tokens_audio_out, v.tokens_cache_read,
            v.tokens_cache_write1h, v.tokens_cache_write5m, v.tokens_image_in, v.tokens_image_out, v.tokens_input_uncached, v.tokens_output_reasoning,
            v.tokens_output_text, v.units_characters, v.units_images, v.units_search_units, v.units_seconds);

        -- To the minute: a busy key is not worth a write per call.
        update api_keys set last_used_at = v.now
        where id = v_hold.key_id and (last_used_at is null or last_used_at < v.now - interval '1 minute');

        outcome := 'settled';
        charged_tokens := v_tokens;
        charged_nanos := v_granted + v_purchased;
        written_off_nanos := v_written_off;
        return next;
    end loop;
end $$;
grant execute on function ledger_settle(
    uuid[], timestamptz[], uuid[], timestamptz[], uuid[], uuid[], uuid[], uuid[], text[], uuid[], text[], text[], text[], text[], text[], boolean[],
    text[], bigint[], text[], text[], interval[], interval[], integer[], text[], text[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[],
    bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[]) to hub_app;

-- Gives back what a hold has set aside.
create or replace function ledger_give_back(p_hold holds, p_state text, p_now timestamptz) returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_account record;
begin
    for v_account in
        select id, kind, unit from accounts
        where organization_id = p_hold.organization_id and kind in ('allowance', 'wallet_granted') and unit in ('TOK', p_hold.currency)
    loop
        -- Wanting nothing closes the lots that are this hold's and touches no others.
        perform ledger_take_lots(p_hold, v_account.id, v_account.unit, 0, p_now);
    end loop;

    if p_hold.purchased_nanos > 0 then
        update balances set held = held - p_hold.purchased_nanos
        where account_id = ledger_account(p_hold.organization_id, 'wallet_purchased', p_hold.currency);
    end if;

    for i in 1 .. cardinality(p_hold.budget_ids) loop
        update budget_windows set held = held - p_hold.budget_amounts[i]
        where budget_id = p_hold.budget_ids[i] and starts_at = p_hold.budget_starts[i];
    end loop;

    update holds set state = p_state, closed_at = p_now where id = p_hold.id;
end $$;

-- Gives back holds of calls that were never made. Answers the ids that were open.
create or replace function ledger_release(p_ids uuid[], p_now timestamptz) returns setof uuid
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_hold holds;
begin
    perform ledger_lock(array(select organization_id from holds where id = any (p_ids)));
    for v_hold in select * from holds where id = any (p_ids) and state = 'held' order by id loop
        perform ledger_give_back(v_hold, 'released', p_now);
        return next v_hold.id;
    end loop;
end $$;
grant execute on function ledger_release(uuid[], timestamptz) to hub_app;

-- Puts off the end of leases that have not been swept. Answers the ids that are still held.
create or replace function ledger_renew(p_ids uuid[], p_until timestamptz) returns setof uuid
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    perform ledger_lock(array(select organization_id from holds where id = any (p_ids)));
    return query update holds set expires_at = greatest(expires_at, p_until) where id = any (p_ids) and state = 'held' returning id;
end $$;
grant execute on function ledger_renew(uuid[], timestamptz) to hub_app;

-- Gives back up to p_limit holds whose lease ran out. Answers which.
create or replace function ledger_sweep(p_now timestamptz, p_limit integer) returns table (hold_id uuid, organization_id uuid, request_id uuid)
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_due uuid[] := array(select id from holds where state = 'held' and expires_at <= p_now order by expires_at limit p_limit);
    v_hold holds;
begin
    perform ledger_lock(array(select holds.organization_id from holds where id = any (v_due)));

    -- Looked at again under the lock: some may have been settled or renewed meanwhile.
    for v_hold in select * from holds where id = any (v_due) and state = 'held' and expires_at <= p_now order by id loop
        perform ledger_give_back(v_hold, 'lapsed', p_now);
        hold_id := v_hold.id;
        organization_id := v_hold.organization_id;
        request_id := v_hold.request_id;
        return next;
    end loop;
end $$;
grant execute on function ledger_sweep(timestamptz, integer) to hub_app;
