-- One period, once: late, double or parallel calls find it there and change nothing. Answers whether it was new.
create or replace function grant_period(
    p_id uuid, p_organization_id uuid, p_subscription_id uuid, p_sequence integer, p_starts_at timestamptz, p_ends_at timestamptz, p_now timestamptz)
    returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_tokens bigint;
    v_allowance uuid;
    v_paid_months integer;
begin
    perform ledger_lock(array[p_organization_id]);

    select coalesce(subscription.contract_tokens, plan.monthly_tokens), subscription.paid_months into v_tokens, v_paid_months
    from subscriptions subscription join plans plan on plan.id = subscription.plan_id
    where subscription.id = p_subscription_id and subscription.organization_id = p_organization_id and subscription.status = 'active';
    -- What is not paid for does not begin.
    if not found or p_starts_at > p_now or p_sequence >= v_paid_months then
        return false;
    end if;

    if p_sequence > 0 and not exists (
        select from periods where subscription_id = p_subscription_id and sequence = p_sequence - 1 and ends_at = p_starts_at) then
        raise exception 'period % of subscription % does not follow the one before it', p_sequence, p_subscription_id using errcode = 'check_violation';
    end if;

    insert into periods (id, organization_id, subscription_id, sequence, starts_at, ends_at, granted_tokens)
    values (p_id, p_organization_id, p_subscription_id, p_sequence, p_starts_at, p_ends_at, v_tokens)
    on conflict (subscription_id, sequence) do nothing;
    if not found then
        return false;
    end if;

    if v_tokens > 0 then
        v_allowance := ledger_account(p_organization_id, 'allowance', 'TOK');
        insert into journals (id, organization_id, idempotency_key, kind, effective_at, booked_at)
        values (p_id, p_organization_id, 'grant:' || p_id, 'grant', p_starts_at, p_now);
        insert into entries (journal_id, organization_id, account_id, amount, unit)
        values (p_id, p_organization_id, ledger_account(p_organization_id, 'tokens_granted', 'TOK'), -v_tokens, 'TOK'),
               (p_id, p_organization_id, v_allowance, v_tokens, 'TOK');
        insert into lots (id, organization_id, account_id, priority, created_at, expires_at, original, remaining, held)
        values (p_id, p_organization_id, v_allowance, 0, p_now, p_ends_at, v_tokens, v_tokens, 0);
        update balances set posted = posted + v_tokens where account_id = v_allowance;
    end if;
    return true;
end $$;

-- Many of them, in order. Answers how many were new.
create or replace function grant_periods(
    p_ids uuid[], p_organization_ids uuid[], p_subscription_ids uuid[], p_sequences integer[], p_starts timestamptz[], p_ends timestamptz[], p_now timestamptz)
    returns integer
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v record;
    v_count integer := 0;
begin
    perform ledger_lock(p_organization_ids);
    for v in
        select * from unnest(p_ids, p_organization_ids, p_subscription_ids, p_sequences, p_starts, p_ends)
            with ordinality as due (id, organization_id, subscription_id, sequence, starts_at, ends_at, ordinal)
        order by ordinal
    loop
        if grant_period(v.id, v.organization_id, v.subscription_id, v.sequence, v.starts_at, v.ends_at, p_now) then
            v_count := v_count + 1;
        end if;
    end loop;
    return v_count;
end $$;
grant execute on function grant_periods(uuid[], uuid[], uuid[], integer[], timestamptz[], timestamptz[], timestamptz) to hub_app;

-- Posts what is free in up to p_limit expired lots to breakage. What is held in them stays payable until its hold closes. Answers how many lots.
create or replace function expire_lots(p_now timestamptz, p_limit integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_due uuid[] := array(select id from lots where expired_at is null and expires_at <= p_now order by expires_at limit p_limit);
    v_lot record;
    v_count integer := 0;
begin
    perform ledger_lock(array(select organization_id from lots where id = any (v_due)));

    for v_lot in
        select lot.id, lot.organization_id, lot.account_id, lot.expires_at, lot.remaining - lot.held as free, account.unit,
               -- Something may have been put back into a lot that had ended, by a reversal; it ends again.
               (select count(*) from lot_draws draw join journals journal on journal.organization_id = draw.organization_id and journal.id = draw.journal_id
                where draw.lot_id = lot.id and journal.kind = 'expire') as times
        from lots lot join accounts account on account.id = lot.account_id
        where lot.id = any (v_due) and lot.expired_at is null
        order by lot.id
    loop
        update lots set expired_at = p_now where id = v_lot.id;
        if v_lot.free > 0 then
            perform ledger_expire(v_lot.organization_id, v_lot.id, v_lot.account_id, v_lot.unit, v_lot.free,
                                  'expire:' || v_lot.id || case v_lot.times when 0 then '' else ':' || v_lot.times end, v_lot.expires_at, p_now);
        end if;
        v_count := v_count + 1;
    end loop;
    return v_count;
end $$;
grant execute on function expire_lots(timestamptz, integer) to hub_app;

-- The subscriptions that lack a period they should have by now, and what computing it takes. For the run that grants them, which works for all.
drop function if exists subscriptions_due(timestamptz, uuid, integer);
create function subscriptions_due(now timestamptz, after uuid, count integer)
    returns table (
        subscription_id uuid, organization_id uuid, anchor timestamptz, cycle text, time_zone text, last_sequence integer, last_ends_at timestamptz, paid_months integer)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select subscription.id, subscription.organization_id, subscription.anchor, plan.cycle, organization.time_zone, last.sequence, last.ends_at, subscription.paid_months
    from subscriptions subscription
    join organizations organization on organization.id = subscription.organization_id
    join plans plan on plan.id = subscription.plan_id
    left join lateral (
        select sequence, ends_at from periods where periods.subscription_id = subscription.id order by sequence desc limit 1) last on true
    where subscription.status = 'active' and subscription.anchor <= subscriptions_due.now and subscription.organization_id > subscriptions_due.after
      and (last.ends_at is null or last.ends_at <= subscriptions_due.now)
      and (subscription.paid_months is null or coalesce(last.sequence, -1) + 1 < subscription.paid_months)
    order by subscription.organization_id
    limit subscriptions_due.count
$$;
grant execute on function subscriptions_due(timestamptz, uuid, integer) to hub_app;

-- Moves an amount between two accounts of an organization, once per key: the same again changes nothing and answers false, the same key with
-- anything else is an error. Money or tokens that arrive in a lot-backed account become a lot. Not granted to the services:
-- what creates money is granted function by function to the room that may.
create or replace function ledger_post(
    p_id uuid, p_organization_id uuid, p_key text, p_kind text, p_from text, p_to text, p_unit text, p_amount bigint,
    p_effective_at timestamptz, p_now timestamptz, p_memo text default null, p_lot_expires_at timestamptz default null, p_lot_priority integer default 0)
    returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_from uuid := ledger_account(p_organization_id, p_from, p_unit);
    v_to uuid := ledger_account(p_organization_id, p_to, p_unit);
begin
    perform ledger_lock(array[p_organization_id]);

    if p_amount <= 0 or v_from is null or v_to is null or p_from in ('allowance', 'wallet_granted') then
        raise exception 'cannot post % % from % to %', p_amount, p_unit, p_from, p_to using errcode = 'check_violation';
    end if;

    if exists (select from journals where organization_id = p_organization_id and idempotency_key = p_key) then
        if not exists (
            select from journals journal
            join entries taken on taken.organization_id = journal.organization_id and taken.journal_id = journal.id and taken.account_id = v_from and taken.amount = -p_amount
            join entries given on given.organization_id = journal.organization_id and given.journal_id = journal.id and given.account_id = v_to and given.amount = p_amount
            where journal.organization_id = p_organization_id and journal.idempotency_key = p_key) then
            raise exception 'the key % has been used for something else', p_key using errcode = 'unique_violation';
        end if;
        return false;
    end if;

    insert into journals (id, organization_id, idempotency_key, kind, effective_at, booked_at, memo)
    values (p_id, p_organization_id, p_key, p_kind, p_effective_at, p_now, p_memo);
    insert into entries (journal_id, organization_id, account_id, amount, unit)
    values (p_id, p_organization_id, v_from, -p_amount, p_unit), (p_id, p_organization_id, v_to, p_amount, p_unit);
    -- The system side has no running balance; where there is one, its checks refuse what is not there.
    update balances set posted = posted - p_amount where account_id = v_from;
    update balances set posted = posted + p_amount where account_id = v_to;

    if p_to in ('allowance', 'wallet_granted') then
        insert into lots (id, organization_id, account_id, priority, created_at, expires_at, original, remaining, held)
        values (p_id, p_organization_id, v_to, p_lot_priority, p_now, p_lot_expires_at, p_amount, p_amount, 0);
    end if;
    return true;
end $$;

-- How far below zero the purchased wallet may go, as an operator decides. Answers false, and changes nothing, when more than that is owed already.
create or replace function change_credit_limit(p_organization_id uuid, p_nanos bigint) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    if not operator_at_work() then
        raise exception 'only an operator gives credit' using errcode = 'insufficient_privilege';
    end if;

    perform set_credit_limit(p_organization_id, p_nanos);
    return true;
exception
    when check_violation then
        return false;
end $$;
grant execute on function change_credit_limit(uuid, bigint) to hub_app;

-- How far below zero the purchased wallet may go.
create or replace function set_credit_limit(p_organization_id uuid, p_nanos bigint) returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    perform ledger_lock(array[p_organization_id]);
    update balances set floor = -p_nanos
    from accounts where accounts.id = balances.account_id and accounts.kind = 'wallet_purchased' and accounts.organization_id = p_organization_id;
end $$;
