-- What cannot be: each row is a broken promise of the ledger. One statement, so that all of it is seen at one moment.
drop function if exists ledger_audit();
create or replace function ledger_audit(p_now timestamptz) returns table (organization_id uuid, violation text)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select journal.organization_id, format('journal %s does not balance', journal.id)
    from journals journal
    left join (
        select units.organization_id, units.journal_id, sum(units.entries) as entries, bool_or(units.total <> 0) as unbalanced
        from (select entries.organization_id, journal_id, count(*) as entries, sum(amount) as total from entries group by entries.organization_id, journal_id, unit) units
        group by units.organization_id, units.journal_id) sums on sums.organization_id = journal.organization_id and sums.journal_id = journal.id
    where coalesce(sums.entries, 0) < 2 or sums.unbalanced

    union all
    select balance.organization_id, format('balance of account %s is %s, its entries sum to %s', balance.account_id, balance.posted, coalesce(sums.total, 0))
    from balances balance
    left join (select account_id, sum(amount) as total from entries group by account_id) sums on sums.account_id = balance.account_id
    where balance.posted <> coalesce(sums.total, 0)

    union all
    select balance.organization_id, format('account %s has %s of its %s held, below its floor of %s', balance.account_id, balance.held, balance.posted, balance.floor)
    from balances balance
    where balance.held < 0 or balance.posted - balance.held < balance.floor

    union all
    select balance.organization_id, format('account %s holds %s, its open holds sum to %s', balance.account_id, balance.held, coalesce(open.total, 0))
    from balances balance
    join accounts account on account.id = balance.account_id
    left join (
        select holds.organization_id, sum(plan_tokens) as allowance, sum(granted_nanos) as granted, sum(purchased_nanos) as purchased
        from holds where state = 'held' group by holds.organization_id) sums on sums.organization_id = balance.organization_id
    cross join lateral (select case account.kind when 'allowance' then sums.allowance when 'wallet_granted' then sums.granted else sums.purchased end as total) open
    where balance.held <> coalesce(open.total, 0)

    union all
    select balance.organization_id, format('account %s has %s posted and %s held, its lots %s and %s', balance.account_id, balance.posted, balance.held,
                                           coalesce(sums.remaining, 0), coalesce(sums.held, 0))
    from balances balance
    join accounts account on account.id = balance.account_id and account.kind in ('allowance', 'wallet_granted')
    left join (select account_id, sum(remaining) as remaining, sum(held) as held from lots group by account_id) sums on sums.account_id = balance.account_id
    where balance.posted <> coalesce(sums.remaining, 0) or balance.held <> coalesce(sums.held, 0)

    union all
    select lot.organization_id, format('lot %s has %s left of %s, journals took %s', lot.id, lot.remaining, lot.original, coalesce(sums.taken, 0))
    from lots lot
    left join (select lot_id, sum(amount) as taken from lot_draws group by lot_id) sums on sums.lot_id = lot.id
    where lot.remaining <> lot.original - coalesce(sums.taken, 0)

    union all
    select hold.organization_id, format('hold %s is still held, %s after its lease ended', hold.id, p_now - hold.expires_at)
    from holds hold
    where hold.state = 'held' and hold.expires_at < p_now - interval '5 minutes'

    union all
    select hold.organization_id, format('settled hold %s charged %s tokens and %s, its usage record says %s and %s, its journal %s', hold.id,
                                        hold.settled_tokens, hold.settled_nanos, record.plan_tokens_charged, record.charged_nanos, record.journal_id)
    from holds hold
    left join usage_records record on record.organization_id = hold.organization_id and record.id = hold.request_id
    left join journals journal on journal.organization_id = hold.organization_id and journal.id = hold.id
    where hold.state = 'settled'
      and (record.id is null or (hold.settled_tokens, hold.settled_nanos) is distinct from (record.plan_tokens_charged, record.charged_nanos)
           or record.journal_id is distinct from journal.id)

    union all
    select record.organization_id, format('usage record %s belongs to no settled hold', record.id)
    from usage_records record
    where not exists (select from holds where holds.organization_id = record.organization_id and holds.request_id = record.id and holds.state = 'settled')

    union all
    select journal.organization_id, format('journal %s booked %s tokens and %s nano-units, its hold %s and %s', journal.id, coalesce(sums.tokens, 0), coalesce(sums.nanos, 0),
                                           hold.settled_tokens, hold.settled_nanos)
    from journals journal
    left join holds hold on hold.id = journal.id and hold.organization_id = journal.organization_id and hold.state = 'settled'
    left join (
        select entry.organization_id, entry.journal_id, -sum(entry.amount) filter (where account.kind = 'allowance') as tokens,
               -sum(entry.amount) filter (where account.kind in ('wallet_granted', 'wallet_purchased')) as nanos
        from entries entry join accounts account on account.id = entry.account_id
        group by entry.organization_id, entry.journal_id) sums on sums.organization_id = journal.organization_id and sums.journal_id = journal.id
    where journal.kind = 'settle' and (coalesce(sums.tokens, 0), coalesce(sums.nanos, 0)) is distinct from (hold.settled_tokens, hold.settled_nanos)

    union all
    select reversal.organization_id, format('journal %s is not the opposite of %s', reversal.id, reversal.reverses_id)
    from journals reversal
    where reversal.reverses_id is not null and exists (
        select from (
            select account_id, unit, sum(amount) as amount from entries
            where entries.organization_id = reversal.organization_id and journal_id in (reversal.id, reversal.reverses_id) group by account_id, unit) both_ways
        where amount <> 0)

    union all
    select period.organization_id, format('period %s has %s tokens, its grant %s', period.id, period.granted_tokens, lot.original)
    from periods period left join lots lot on lot.id = period.id
    where coalesce(period.granted_tokens, 0) <> coalesce(lot.original, 0)

    union all
    select period.organization_id, format('period %s does not begin where the one before it ended', period.id)
    from (select *, lag(ends_at) over chain as ended_at, row_number() over chain - 1 as ordinal from periods window chain as (partition by subscription_id order by sequence)) period
    where period.sequence <> period.ordinal or period.starts_at <> coalesce(period.ended_at, period.starts_at)

    union all
    select period.organization_id, format('period %s is number %s of a subscription that has %s months paid', period.id, period.sequence, subscription.paid_months)
    from periods period join subscriptions subscription on subscription.id = period.subscription_id
    where period.sequence >= subscription.paid_months

    union all
    select charge.organization_id, format('charge %s is of %s, its journal took %s', charge.id, charge.amount_minor, booked.nanos)
    from subscription_charges charge
    cross join lateral (
        select coalesce(sum(entry.amount), 0) as nanos from entries entry join accounts account on account.id = entry.account_id
        where entry.organization_id = charge.organization_id and entry.journal_id = charge.id and account.kind = 'subscription_revenue') booked
    where booked.nanos <> case when charge.status = 'applied' then charge.amount_minor::numeric * 10000000 else 0 end

    union all
    select charge.organization_id, format('charge %s is of %s, its lines sum to %s', charge.id, charge.amount_minor, lines.total)
    from subscription_charges charge
    cross join lateral (select coalesce(sum((line ->> 'amount_minor')::bigint), 0) as total from jsonb_array_elements(charge.lines) line) lines
    where jsonb_typeof(charge.lines) = 'array' and lines.total <> charge.amount_minor

    union all
    select charge.organization_id, format('charge %s grants %s tokens, its lot had %s', charge.id, charge.tokens, coalesce(lot.original, 0))
    from subscription_charges charge
    left join journals journal on journal.organization_id = charge.organization_id and journal.idempotency_key = 'upgrade:' || charge.id
    left join lots lot on lot.id = journal.id
    where coalesce(lot.original, 0) <> case when charge.status = 'applied' then charge.tokens else 0 end

    union all
    select counter.organization_id, format('budget %s counts %s used and %s held since %s, its calls sum to %s and %s', counter.budget_id, counter.used, counter.held,
                                           counter.starts_at, counter.opening + coalesce(sums.used, 0), coalesce(sums.held, 0))
    from budget_windows counter
    left join (
        select part.budget_id, part.starts_at, sum(part.used) filter (where hold.state = 'settled') as used, sum(part.held) filter (where hold.state = 'held') as held
        from holds hold cross join lateral unnest(hold.budget_ids, hold.budget_starts, hold.budget_amounts, hold.budget_used) as part (budget_id, starts_at, held, used)
        where cardinality(hold.budget_ids) > 0
        group by part.budget_id, part.starts_at) sums on sums.budget_id = counter.budget_id and sums.starts_at = counter.starts_at
    where counter.used <> counter.opening + coalesce(sums.used, 0) or counter.held <> coalesce(sums.held, 0)

    union all
    select organization.id, format('the audit log is broken at entry %s', broken.at)
    from organizations organization cross join lateral (select audit_broken_at(organization.id) as at) broken
    where broken.at is not null
$$;

-- How much there was to look at.
create or replace function ledger_size() returns jsonb
    language sql stable security definer set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'organizations', (select count(*) from organizations), 'journals', (select count(*) from journals), 'entries', (select count(*) from entries),
        'balances', (select count(*) from balances), 'lots', (select count(*) from lots), 'holds', (select count(*) from holds),
        'open_holds', (select count(*) from holds where state = 'held'), 'usage_records', (select count(*) from usage_records),
        'budget_windows', (select count(*) from budget_windows))
$$;

create or replace function keep_audit(
    p_id uuid, p_started_at timestamptz, p_finished_at timestamptz, p_requested_by uuid, p_looked jsonb, p_violations bigint, p_findings text[]) returns void
    language sql security definer set search_path = public, pg_temp
as $$
    insert into audit_runs (id, started_at, finished_at, requested_by, looked, violations, findings)
    values (p_id, p_started_at, p_finished_at, p_requested_by, p_looked, p_violations, p_findings)
$$;

grant select on audit_runs to hub_app;
grant execute on function ledger_audit(timestamptz), ledger_size(), keep_audit(uuid, timestamptz, timestamptz, uuid, jsonb, bigint, text[]) to hub_app;
