-- What finance sees of all organizations, read from the ledger and from usage records. Only in a transaction that names an operator.

create index if not exists ix_journals_booked_at on journals using brin (booked_at) with (autosummarize = on);
grant select, insert on vendor_terms to hub_app;
create or replace trigger operators_only before insert or update or delete on vendor_terms for each statement execute function refuse_strangers();
create or replace trigger append_only before update or delete on vendor_terms for each row execute function refuse_change();

create or replace function finance_guard() returns void
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    if not operator_at_work() then
        raise exception 'only an operator sees the finances' using errcode = 'insufficient_privilege';
    end if;
end $$;

-- Revenue recognised: what calls and plans earned, less what was given away, could not be collected or is tax. p_by: day, plan or organization.
create or replace function finance_revenue(p_from timestamptz, p_until timestamptz, p_zone text, p_by text)
    returns table (key text, currency text, usage_nanos numeric, subscription_nanos numeric, promotion_nanos numeric, breakage_nanos numeric, write_off_nanos numeric, tax_nanos numeric)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    perform finance_guard();
    return query
        select grouped.key, grouped.currency,
               coalesce(sum(grouped.amount_nanos) filter (where grouped.kind = 'usage_revenue'), 0), coalesce(sum(grouped.amount_nanos) filter (where grouped.kind = 'subscription_revenue'), 0),
               coalesce(sum(grouped.amount_nanos) filter (where grouped.kind = 'promotion'), 0), coalesce(sum(grouped.amount_nanos) filter (where grouped.kind = 'breakage'), 0),
               coalesce(sum(grouped.amount_nanos) filter (where grouped.kind = 'write_off'), 0), coalesce(sum(grouped.amount_nanos) filter (where grouped.kind = 'tax_included'), 0)
        from (
            select case p_by when 'day' then to_char(booked.hour at time zone p_zone, 'YYYY-MM-DD') when 'plan' then booked.plan_id else booked.organization_id::text end as key,
                   booked.kind, booked.currency, booked.amount_nanos
            from (
                -- A span is within one day of the hub.
                select sums.starts_at as hour, sums.organization_id, sums.plan_id, sums.kind, sums.currency, sums.amount_nanos
                from finance_kept(p_from, p_until) span join finance_revenue_sums sums on sums.starts_at = span.starts_at
                union all
                select counted.* from finance_open(p_from, p_until) span cross join lateral finance_revenue_counted(span.starts_at, span.ends_at) counted) booked) grouped
        group by grouped.key, grouped.currency
        order by grouped.key, grouped.currency;
end $$;

-- Which plan each organization was on, and when. A subscription begins where the one before ended; within it, upgrades and renewals change the plan.
create or replace function plan_times() returns table (organization_id uuid, plan_id text, starts_at timestamptz, ends_at timestamptz)
    language sql stable
as $$
    with changes as (
        select charge.organization_id, charge.subscription_id, charge.from_plan_id, charge.plan_id, charge.applied_at
        from subscription_charges charge where charge.status = 'applied' and charge.kind <> 'start'
    ), points as (
        select held.organization_id, coalesce(lag(held.ended_at) over (partition by held.organization_id order by held.ended_at nulls last), '-infinity') as at,
               coalesce((select first.from_plan_id from changes first where first.subscription_id = held.id order by first.applied_at limit 1), held.plan_id) as plan_id
        from subscriptions held
        union all
        select changes.organization_id, changes.applied_at, changes.plan_id from changes
    )
    select points.organization_id, points.plan_id, points.at, lead(points.at, 1, 'infinity') over (partition by points.organization_id order by points.at) from points
$$;

-- What the journals of a span booked, counted from the entries, and on which plan.
drop function if exists finance_revenue_counted(timestamptz, timestamptz);
create or replace function finance_revenue_counted(p_from timestamptz, p_until timestamptz)
    returns table (hour timestamptz, organization_id uuid, plan_id text, kind text, currency text, amount_nanos numeric)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select date_trunc('hour', journal.booked_at), journal.organization_id, coalesce(held.plan_id, ''), account.kind, entry.unit, sum(entry.amount)
    from journals journal
    left join plan_times() held on held.organization_id = journal.organization_id and journal.booked_at >= held.starts_at and journal.booked_at < held.ends_at
    join entries entry on entry.organization_id = journal.organization_id and entry.journal_id = journal.id
    join accounts account on account.id = entry.account_id
     and account.kind in ('usage_revenue', 'subscription_revenue', 'promotion', 'breakage', 'write_off', 'tax_included') and account.unit <> 'TOK'
    where journal.booked_at >= p_from and journal.booked_at < p_until
    group by 1, 2, 3, 4, 5
$$;

-- What came in and went back, by channel, as the ledger booked it; bank is what operators saw arrive.
create or replace function finance_payments(p_from timestamptz, p_until timestamptz)
    returns table (channel text, currency text, paid_count bigint, paid_nanos numeric, refunded_count bigint, refunded_nanos numeric)
    language plpgsql stable security definer set search_path = public, pg_temp
    -- From the few accounts of this kind to their entries to their journals, whatever the planner thinks: it takes each account for as busy as
    -- those of calls are. The limit and the offset keep it from joining the other way round.
    set enable_seqscan = off set jit = off
as $$
begin
    perform finance_guard();
    return query
        select coalesce(paid.channel, refunded_order.channel, disputed_order.channel, 'bank'), entry.unit,
               count(*) filter (where entry.amount < 0 and journal.kind <> 'refund_failed'), coalesce(-sum(entry.amount) filter (where entry.amount < 0 and journal.kind <> 'refund_failed'), 0),
               -- What a channel refused to refund came back: it is a refund less.
               count(*) filter (where entry.amount > 0) - count(*) filter (where journal.kind = 'refund_failed'),
               coalesce(sum(entry.amount) filter (where entry.amount > 0 or journal.kind = 'refund_failed'), 0)
        from accounts account
        cross join lateral (select * from entries where account_id = account.id and organization_id = account.organization_id offset 0) entry
        cross join lateral (select * from journals where organization_id = entry.organization_id and id = entry.journal_id limit 1) journal
        left join payment_orders paid on journal.kind = 'top_up' and journal.idempotency_key = 'top_up:' || paid.id
        left join payment_refunds refund on journal.kind in ('refund', 'refund_failed') and journal.idempotency_key in ('refund:' || refund.id, 'refund_failed:' || refund.id)
        left join payment_orders refunded_order on refunded_order.id = refund.order_id
        left join disputes dispute on journal.kind in ('dispute', 'dispute_closed') and split_part(journal.idempotency_key, ':', 2) = dispute.id::text
        left join payment_orders disputed_order on disputed_order.id = dispute.order_id
        where account.kind = 'payments' and journal.booked_at >= p_from and journal.booked_at < p_until
        group by 1, 2 order by 1, 2;
end $$;

create or replace function finance_receivables(p_now timestamptz)
    returns table (organization_id uuid, organization_name text, currency text, open_nanos numeric, overdue_nanos numeric, oldest_due_at timestamptz)
    language plpgsql stable security definer set search_path = public, pg_temp
    set enable_seqscan = off set jit = off
as $$
begin
    perform finance_guard();
    return query
        select organization.id, organization.name, organization.currency, booked.amount, coalesce(late.amount, 0), due.at
        from (select account.organization_id, sum(owed.amount) as amount
              from accounts account
              cross join lateral (select -sum(amount) as amount from entries where account_id = account.id and entries.organization_id = account.organization_id) owed
              where account.kind = 'receivable'
              group by account.organization_id having sum(owed.amount) <> 0) booked
        join organizations organization on organization.id = booked.organization_id
        left join lateral (
            select sum(total_minor - paid_minor - credited_minor) * 10000000 as amount from invoices
            where invoices.organization_id = organization.id and status in ('finalized', 'overdue') and due_at < p_now) late on true
        left join lateral (select min(due_at) as at from invoices where invoices.organization_id = organization.id and status in ('finalized', 'overdue')) due on true
        order by booked.amount desc, organization.id;
end $$;

-- What the calls of each model and vendor were worth at list price, what wallets paid for them, and what the vendor gets for them by the terms
-- that held on the day of the call. What plans cover is worth its list price too.
create or replace function finance_models_counted(p_from timestamptz, p_until timestamptz)
    returns table (model_id text, vendor_id text, currency text, calls bigint, list_nanos numeric, charged_nanos numeric, cost_nanos numeric)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    return query
        with terms as (
            select held.vendor_id, held.basis_points, held.valid_from, lead(held.valid_from, 1, 'infinity') over (partition by held.vendor_id order by held.valid_from) as valid_until
            from vendor_terms held)
        select record.model_id, record.vendor_id, record.currency, count(*), sum(record.cost_nanos), sum(record.charged_nanos),
               sum(case when coalesce(terms.basis_points, 10000) = 10000 then asked.nanos else round(asked.nanos::numeric * terms.basis_points / 10000) end)
        from usage_records record
        -- Whatever the customer pays the vendor asks its own price; a call with a customer's own key costs its owner.
        cross join lateral (select case when record.own_key_id is null then record.vendor_cost_nanos else 0 end as nanos) asked
        left join terms on terms.vendor_id = record.vendor_id and record.occurred_at >= terms.valid_from and record.occurred_at < terms.valid_until
        where record.occurred_at >= p_from and record.occurred_at < p_until
        group by record.model_id, record.vendor_id, record.currency
        order by sum(record.cost_nanos) desc, record.model_id, record.vendor_id;
end $$;

create or replace function finance_models(p_from timestamptz, p_until timestamptz)
    returns table (model_id text, vendor_id text, currency text, calls bigint, list_nanos numeric, charged_nanos numeric, cost_nanos numeric)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    perform finance_guard();
    return query
        select part.model_id, part.vendor_id, part.currency, sum(part.calls)::bigint, sum(part.list_nanos), sum(part.charged_nanos), sum(part.cost_nanos)
        from (
            select sums.model_id, sums.vendor_id, sums.currency, sums.calls, sums.list_nanos, sums.charged_nanos, sums.cost_nanos
            from finance_kept(p_from, p_until) span join finance_model_sums sums on sums.starts_at = span.starts_at
            union all
            select counted.* from finance_open(p_from, p_until) span cross join lateral finance_models_counted(span.starts_at, span.ends_at) counted) part
        group by part.model_id, part.vendor_id, part.currency
        order by sum(part.list_nanos) desc, part.model_id, part.vendor_id;
end $$;

-- p_search: a number of the order at the channel or of the channel, an id, or part of the organization's name.
create or replace function finance_orders(p_status text, p_channel text, p_search text, p_before timestamptz, p_before_id uuid, p_limit integer)
    returns table (
        id uuid, organization_id uuid, organization_name text, purpose text, channel text, status text, currency text, amount_minor bigint, refunded_minor bigint,
        out_trade_no text, channel_trade_no text, created_at timestamptz, paid_at timestamptz)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    perform finance_guard();
    return query
        select paid.id, paid.organization_id, organization.name, paid.purpose, paid.channel, paid.status, paid.currency, paid.amount_minor,
               (select coalesce(sum(refund.amount_minor), 0)::bigint from payment_refunds refund where refund.order_id = paid.id and refund.status <> 'failed'),
               paid.out_trade_no, paid.channel_trade_no, paid.created_at, paid.paid_at
        from payment_orders paid join organizations organization on organization.id = paid.organization_id
        where (p_status is null or paid.status = p_status) and (p_channel is null or paid.channel = p_channel)
          and (p_search is null or p_search in (paid.out_trade_no, paid.channel_trade_no, paid.id::text, paid.organization_id::text)
               or position(lower(p_search) in lower(organization.name)) > 0)
          and (p_before is null or (paid.created_at, paid.id) < (p_before, p_before_id))
        order by paid.created_at desc, paid.id desc limit p_limit;
end $$;
grant execute on function finance_revenue(timestamptz, timestamptz, text, text), finance_payments(timestamptz, timestamptz), finance_receivables(timestamptz),
    finance_models(timestamptz, timestamptz), finance_orders(text, text, text, timestamptz, uuid, integer) to hub_app;
