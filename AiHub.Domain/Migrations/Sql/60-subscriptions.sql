-- Plans that are paid for. A charge is quoted, paid into the wallet and taken out of it in the transaction that puts it in force; a period begins
-- only within the months that are paid for, so that no grant depends on a run having been there in time.

-- The hub's side of the books, for organizations that are older than these accounts.
insert into accounts (id, organization_id, kind, unit)
select uuid_v7(organization.created_at), organization.id, kind, organization.currency
from organizations organization cross join (values ('subscription_revenue'), ('disputed')) as chart (kind)
where not exists (select from accounts where organization_id = organization.id and accounts.kind = chart.kind);

create or replace function charge_begins() returns trigger language plpgsql as $$
begin
    if new.status <> 'open' or new.applied_at is not null then
        raise exception 'a charge begins open' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create or replace trigger begins_open before insert on subscription_charges for each row execute function charge_begins();

-- What was quoted stays as it was quoted, except that a start begins when it is paid; what has been applied stays applied.
create or replace function charge_keeps() returns trigger language plpgsql as $$
begin
    if (new.id, new.organization_id, new.subscription_id, new.kind, new.plan_id, new.interval, new.currency, new.amount_minor, new.tokens)
       is distinct from (old.id, old.organization_id, old.subscription_id, old.kind, old.plan_id, old.interval, old.currency, old.amount_minor, old.tokens)
       or old.status = 'applied' then
        raise exception 'a charge keeps its terms' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create or replace trigger keeps_terms before update on subscription_charges for each row execute function charge_keeps();

grant select, insert on subscription_charges to hub_app;
grant select on payment_methods, disputes, dunning_cases, billing_mails, auto_top_ups, redemptions to hub_app;

-- Ends a subscription now: the month that runs ends with it, and so do the tokens it granted, except what calls have set aside.
create or replace function subscription_close(p_id uuid, p_now timestamptz) returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    update subscriptions set status = 'ended', ended_at = p_now, version = version + 1 where id = p_id and status = 'active';
    update lots set expires_at = p_now
    from accounts, subscriptions subscription
    where subscription.id = p_id and accounts.organization_id = subscription.organization_id and accounts.kind = 'allowance'
      and lots.account_id = accounts.id and lots.expired_at is null and lots.expires_at > p_now
      and (lots.id in (select id from periods where subscription_id = p_id)
           or exists (select from journals join subscription_charges charge on charge.subscription_id = p_id and journals.idempotency_key = 'upgrade:' || charge.id
                      where journals.organization_id = lots.organization_id and journals.id = lots.id));
    update periods set ends_at = p_now where subscription_id = p_id and starts_at < p_now and ends_at > p_now;
    update subscription_charges set status = 'abandoned' where subscription_id = p_id and status = 'open';
end $$;

-- What computing a charge's dates anew takes. Needs no tenant.
drop function if exists charge_terms(uuid);
create function charge_terms(p_id uuid)
    returns table (organization_id uuid, kind text, "interval" text, time_zone text, at timestamptz, lines text, paid_months integer, paid_through timestamptz)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select charge.organization_id, charge.kind, charge.interval, organization.time_zone, charge.at, charge.lines::text, charge.paid_months, charge.paid_through
    from subscription_charges charge join organizations organization on organization.id = charge.organization_id
    where charge.id = p_id
$$;
grant execute on function charge_terms(uuid) to hub_app;

-- Puts a charge in force if the wallet holds its amount: once, however often it is called. Answers applied, already_applied, unpaid or outdated; money
-- for a charge that is outdated stays in the wallet.
create or replace function charge_apply(
    p_id uuid, p_now timestamptz, p_at timestamptz, p_lines jsonb, p_paid_months integer, p_paid_through timestamptz, p_period_ends timestamptz) returns text
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_charge subscription_charges;
    v_subscription subscriptions;
    v_free bigint;
    v_new uuid;
begin
    perform ledger_lock(array(select organization_id from subscription_charges where id = p_id));
    select * into v_charge from subscription_charges where id = p_id for update;
    if not found then
        raise exception 'there is no charge %', p_id using errcode = 'no_data_found';
    end if;
    if v_charge.status = 'applied' then
        return 'already_applied';
    end if;

    select * into v_subscription from subscriptions where id = v_charge.subscription_id for update;
    if v_charge.status = 'abandoned' or v_subscription.status <> 'active' or v_subscription.version <> v_charge.version
       or (v_charge.kind = 'upgrade' and (p_now >= v_subscription.paid_through or p_now >= v_charge.tokens_expire_at)) then
        update subscription_charges set status = 'abandoned' where id = p_id;
        return 'outdated';
    end if;

    -- A credit limit is for calls; plans are paid with what is there.
    select balance.posted - balance.held into v_free from balances balance
    where balance.account_id = ledger_account(v_charge.organization_id, 'wallet_purchased', v_charge.currency);
    if v_free < v_charge.amount_minor * 10000000 then
        return 'unpaid';
    end if;

    if v_charge.amount_minor > 0 then
        perform ledger_post(p_id, v_charge.organization_id, 'subscription:' || p_id, 'subscription', 'wallet_purchased', 'subscription_revenue', v_charge.currency,
                            v_charge.amount_minor * 10000000, p_at, p_now, v_charge.plan_id || ' ' || v_charge.interval);
    end if;

    update subscription_charges
    set status = 'applied', applied_at = p_now, at = p_at, lines = p_lines, paid_months = p_paid_months, paid_through = p_paid_through
    where id = p_id;

    if v_charge.kind = 'start' then
        perform subscription_close(v_subscription.id, p_now);
        v_new := uuid_v7(p_now);
        insert into subscriptions (id, organization_id, plan_id, status, anchor, interval, collection, paid_months, paid_through, version)
        values (v_new, v_charge.organization_id, v_charge.plan_id, 'active', p_at, v_charge.interval, v_charge.collection, p_paid_months, p_paid_through, 0);
        perform grant_period(uuid_v7(p_now), v_charge.organization_id, v_new, 0, p_at, p_period_ends, p_now);
    elsif v_charge.kind in ('upgrade', 'renewal') then
        update subscriptions
        set plan_id = v_charge.plan_id, interval = v_charge.interval, collection = v_charge.collection, paid_months = p_paid_months, paid_through = p_paid_through,
            next_plan_id = null, next_interval = null, version = version + 1
        where id = v_subscription.id;
        if v_charge.tokens > 0 then
            perform ledger_post(uuid_v7(p_now), v_charge.organization_id, 'upgrade:' || p_id, 'grant', 'tokens_granted', 'allowance', 'TOK',
                                v_charge.tokens, p_at, p_now, null, v_charge.tokens_expire_at);
        end if;
    end if;

    perform dunning_close(v_subscription.id, p_now);
    return 'applied';
end $$;
grant execute on function charge_apply(uuid, timestamptz, timestamptz, jsonb, integer, timestamptz, timestamptz) to hub_app;

create or replace function charge_abandon(p_id uuid) returns void
    language sql security definer set search_path = public, pg_temp
as $$ update subscription_charges set status = 'abandoned' where id = p_id and status = 'open' $$;
grant execute on function charge_abandon(uuid) to hub_app;

-- Notes what follows when the paid time is over; nothing at all when it goes on as it is. Answers whether the subscription was still that version.
create or replace function subscription_schedule(p_id uuid, p_version integer, p_plan_id text, p_interval text) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    update subscriptions set next_plan_id = p_plan_id, next_interval = p_interval, version = version + 1
    where id = p_id and organization_id = current_organization() and status = 'active' and version = p_version and paid_through is not null;
    return found;
end $$;
grant execute on function subscription_schedule(uuid, integer, text, text) to hub_app;

-- Back to the free plan, which begins where the paid time ended. Whatever was owed for time that never began is owed no more.
create or replace function subscription_fall(p_id uuid, p_version integer, p_plan_id text, p_anchor timestamptz, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_subscription subscriptions;
begin
    perform ledger_lock(array(select organization_id from subscriptions where id = p_id));
    select * into v_subscription from subscriptions where id = p_id and organization_id = current_organization() for update;
    if not found or v_subscription.status <> 'active' or v_subscription.version <> p_version or v_subscription.paid_through > p_now then
        return false;
    end if;

    perform subscription_close(p_id, p_now);
    insert into subscriptions (id, organization_id, plan_id, status, anchor, interval, collection, version)
    values (uuid_v7(p_now), v_subscription.organization_id, p_plan_id, 'active', p_anchor, 'month', 'none', 0);
    perform dunning_close(p_id, p_now);
    return true;
end $$;
grant execute on function subscription_fall(uuid, integer, text, timestamptz, timestamptz) to hub_app;

-- The subscriptions whose paid time is over, or is about to be, with what deciding about them takes. Needs no tenant.
drop function if exists subscriptions_renewing(timestamptz, timestamptz, uuid, integer);
create function subscriptions_renewing(p_now timestamptz, p_until timestamptz, p_after uuid, p_limit integer)
    returns table (
        id uuid, organization_id uuid, currency text, time_zone text, plan_id text, "interval" text, collection text, anchor timestamptz, paid_months integer,
        paid_through timestamptz, next_plan_id text, next_interval text, version integer, waiting boolean,
        payment_method_id uuid, method_user_id uuid, attempts integer, next_attempt_at timestamptz, in_dunning boolean)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select subscription.id, subscription.organization_id, organization.currency, organization.time_zone, subscription.plan_id, subscription.interval,
           subscription.collection, subscription.anchor, subscription.paid_months, subscription.paid_through, subscription.next_plan_id, subscription.next_interval,
           subscription.version,
           exists (select from subscription_charges charge join payment_orders pending on pending.charge_id = charge.id and pending.status in ('created', 'pending')
                   where charge.subscription_id = subscription.id and charge.status = 'open'),
           method.id, method.user_id, coalesce(dunning.attempts, 0), dunning.next_attempt_at, dunning.id is not null
    from subscriptions subscription
    join organizations organization on organization.id = subscription.organization_id
    left join payment_methods method on method.organization_id = subscription.organization_id and method.removed_at is null
    left join dunning_cases dunning on dunning.subject_id = subscription.id and dunning.closed_at is null
    where subscription.status = 'active' and subscription.paid_through <= p_until and subscription.id > p_after and organization.status <> 'closed'
    order by subscription.id limit p_limit
$$;
grant execute on function subscriptions_renewing(timestamptz, timestamptz, uuid, integer) to hub_app;

-- What an operator agreed with a customer: the plan, how far below zero the wallet may go, and what differs from the plan.
create or replace function contract_set(
    p_organization_id uuid, p_plan_id text, p_credit_limit bigint, p_tokens bigint, p_now timestamptz) returns uuid
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_subscription subscriptions;
    v_id uuid;
begin
    if not operator_at_work() then
        raise exception 'only an operator makes contracts' using errcode = 'insufficient_privilege';
    end if;

    perform ledger_lock(array[p_organization_id]);
    select * into v_subscription from subscriptions where organization_id = p_organization_id and status = 'active' for update;
    if v_subscription.collection = 'contract' and v_subscription.plan_id = p_plan_id then
        -- The month that runs keeps what it was granted.
        v_id := v_subscription.id;
        update subscriptions set contract_tokens = p_tokens, version = version + 1 where id = v_id;
    else
        perform subscription_close(v_subscription.id, p_now);
        perform dunning_close(v_subscription.id, p_now);
        v_id := uuid_v7(p_now);
        insert into subscriptions (id, organization_id, plan_id, status, anchor, interval, collection, contract_tokens, version)
        values (v_id, p_organization_id, p_plan_id, 'active', p_now, 'month', 'contract', p_tokens, 0);
    end if;
    perform set_credit_limit(p_organization_id, p_credit_limit);
    return v_id;
end $$;
grant execute on function contract_set(uuid, text, bigint, bigint, timestamptz) to hub_app;

-- An operator ends a contract: the free plan follows. The fee and the credit limit end with it, the limit as far as it is not used; what is owed stays owed.
create or replace function contract_end(p_organization_id uuid, p_plan_id text, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_subscription subscriptions;
    v_limit bigint;
begin
    if not operator_at_work() then
        raise exception 'only an operator ends contracts' using errcode = 'insufficient_privilege';
    end if;

    perform ledger_lock(array[p_organization_id]);
    select * into v_subscription from subscriptions where organization_id = p_organization_id and status = 'active' and collection = 'contract' for update;
    if not found then
        return false;
    end if;

    perform subscription_close(v_subscription.id, p_now);
    insert into subscriptions (id, organization_id, plan_id, status, anchor, interval, collection, version)
    values (uuid_v7(p_now), p_organization_id, p_plan_id, 'active', p_now, 'month', 'none', 0);
    select greatest(0, limits.nanos - (balance.posted - balance.held - balance.floor)) into v_limit
    from balances balance join accounts account on account.id = balance.account_id and account.kind = 'wallet_purchased'
    join credit_limits limits on limits.organization_id = balance.organization_id
    where balance.organization_id = p_organization_id;
    perform set_credit_limit(p_organization_id, coalesce(v_limit, 0));
    perform contract_fee_end(p_organization_id, p_now);
    return true;
end $$;
grant execute on function contract_end(uuid, text, timestamptz) to hub_app;
