-- What channels' bills say, and how it compares with the books. About all organizations at once, so nobody reads or writes the tables but these
-- functions: those of the worker's run, and those that ask for an operator.
--
-- What a channel kept and paid out is booked of them, by double entry, in the hub's own books with its channels: no organization's, and in the
-- channel's currency, which may be none an organization has accounts in.

create or replace trigger append_only before update or delete on channel_journals for each row execute function refuse_change();
create or replace trigger append_only before update or delete on channel_entries for each row execute function refuse_change();
create or replace trigger never_emptied before truncate on channel_journals execute function refuse_change();
create or replace trigger never_emptied before truncate on channel_entries execute function refuse_change();

create or replace function channel_journals_unbalanced() returns table (journal_id uuid, channel text)
    language sql stable
as $$
    select journal.id, journal.channel
    from channel_journals journal
    left join (
        select units.journal_id, sum(units.entries) as entries, bool_or(units.total <> 0) as unbalanced
        from (select journal_id, count(*) as entries, sum(amount) as total from channel_entries group by journal_id, unit) units group by units.journal_id) sums on sums.journal_id = journal.id
    where coalesce(sums.entries, 0) < 2 or sums.unbalanced
$$;

create or replace function check_channel_journal() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_journal_id uuid := coalesce(to_jsonb(new) ->> 'journal_id', to_jsonb(new) ->> 'id');
begin
    if exists (select from channel_journals_unbalanced() found where found.journal_id = v_journal_id) then
        raise exception 'journal % does not balance', v_journal_id using errcode = 'check_violation';
    end if;
    return null;
end $$;
drop trigger if exists balanced on channel_journals;
create constraint trigger balanced after insert on channel_journals deferrable initially deferred for each row execute function check_channel_journal();
drop trigger if exists balanced on channel_entries;
create constraint trigger balanced after insert on channel_entries deferrable initially deferred for each row execute function check_channel_journal();

-- A row for every day the channel should have a bill of by now: from the day of its first order on, a month back at most.
create or replace function bills_prepare(p_channel text, p_offset interval, p_ready interval, p_now timestamptz) returns void
    language sql security definer set search_path = public, pg_temp
as $$
    insert into channel_bills (id, channel, day, starts_at, ends_at, status, differences, attempts, next_attempt_at)
    select uuid_v7(p_now), p_channel, due.day::date, (due.day - p_offset) at time zone 'UTC', (due.day + interval '1 day' - p_offset) at time zone 'UTC', 'waiting', 0, 0,
           (due.day + interval '1 day' - p_offset + p_ready) at time zone 'UTC'
    from (select min(created_at) as at from payment_orders where channel = p_channel) first_order
    cross join lateral generate_series(
        greatest(date_trunc('day', first_order.at at time zone 'UTC' + p_offset), date_trunc('day', p_now at time zone 'UTC' + p_offset) - interval '31 days'),
        date_trunc('day', p_now at time zone 'UTC' + p_offset) - interval '1 day', interval '1 day') as due (day)
    where first_order.at is not null
    on conflict (channel, day) do nothing
$$;

create or replace function bills_take(p_channels text[], p_now timestamptz, p_until timestamptz, p_limit integer)
    returns table (id uuid, channel text, day date, ends_at timestamptz, attempts integer)
    language sql security definer set search_path = public, pg_temp
as $$
    update channel_bills claimed set next_attempt_at = p_until, attempts = claimed.attempts + 1
    where claimed.id in (
        select due.id from channel_bills due
        where due.next_attempt_at <= p_now and due.channel = any (p_channels)
        order by due.next_attempt_at limit p_limit for update skip locked)
    returning claimed.id, claimed.channel, claimed.day, claimed.ends_at, claimed.attempts
$$;

create or replace function bill_put_off(p_id uuid, p_next timestamptz, p_why text) returns void
    language sql security definer set search_path = public, pg_temp
as $$ update channel_bills set next_attempt_at = p_next, last_error = p_why where id = p_id $$;

-- Keeps what the channel wrote in place of what it wrote before, and compares it. The same again changes nothing. Order, refund and dispute are
-- found by what the channel calls them; what is paid there and not here is opened to the run that asks the channel and credits.
create or replace function bill_compare(p_id uuid, p_lines jsonb, p_now timestamptz) returns table (differences integer, fresh integer)
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_bill channel_bills;
    -- Clocks differ: what we booked in a day's last minutes may be on the next day's bill.
    v_slack constant interval := interval '5 minutes';
begin
    select * into strict v_bill from channel_bills where id = p_id for update;

    create temporary table if not exists found_lines (
        reference text primary key, kind text, verdict text, currency text, amount_minor bigint, our_amount_minor bigint, fee_nanos bigint, fee_currency text, occurred_at timestamptz,
        out_trade_no text, channel_trade_no text, out_refund_no text, order_id uuid, refund_id uuid) on commit drop;
    truncate found_lines;

    insert into found_lines
    select line.reference, line.kind,
           case
               when line.kind in ('payout', 'other') then 'none'
               when line.kind = 'funds' then 'amount_differs'
               when line.kind = 'payment' then case
                   -- A second payment of the same order was credited to nobody.
                   when paid.id is null or paid.status <> 'paid' or paid.channel_trade_no <> line.channel_trade_no then 'missing_here'
                   when (paid.amount_minor, paid.currency) is distinct from (line.amount_minor, line.currency) then 'amount_differs'
                   else 'matched' end
               when line.kind = 'refund' then case
                   when refund.id is null or refund.status = 'failed' then 'missing_here'
                   when (-refund.amount_minor, paid.currency) is distinct from (line.amount_minor, line.currency) then 'amount_differs'
                   else 'matched' end
               when line.kind = 'refund_failed' then case when refund.status = 'failed' then 'matched' else 'missing_here' end
               when line.kind = 'dispute' then case
                   when dispute.id is null then 'missing_here'
                   when -dispute.amount_minor <> line.amount_minor then 'amount_differs'
                   else 'matched' end
               else case when dispute.status = 'won' then 'matched' else 'missing_here' end end,
           line.currency, line.amount_minor,
           case line.kind when 'payment' then case when paid.status = 'paid' and paid.channel_trade_no is not distinct from line.channel_trade_no then paid.amount_minor end
                          when 'refund' then case when refund.status <> 'failed' then -refund.amount_minor end
                          when 'refund_failed' then case when refund.status = 'failed' then refund.amount_minor end
                          when 'dispute' then -dispute.amount_minor
                          when 'funds' then line.expected_minor
                          when 'dispute_won' then case when dispute.status = 'won' then dispute.amount_minor end end,
           line.fee_nanos, line.fee_currency, line.occurred_at, line.out_trade_no, line.channel_trade_no, line.out_refund_no, paid.id, refund.id
    from jsonb_to_recordset(p_lines) as line (
        reference text, kind text, currency text, amount_minor bigint, fee_nanos bigint, fee_currency text, occurred_at timestamptz,
        out_trade_no text, channel_trade_no text, out_refund_no text, order_id uuid, expected_minor bigint)
    left join payment_refunds refund on refund.out_refund_no = line.out_refund_no
    left join disputes dispute on line.kind in ('dispute', 'dispute_won') and dispute.reference = line.out_refund_no
    left join lateral (
        select * from payment_orders candidate
        where candidate.channel = v_bill.channel
          and candidate.id in (
              select line.order_id union all select refund.order_id union all select dispute.order_id
              union all select id from payment_orders where out_trade_no = line.out_trade_no
              union all select id from payment_orders where channel = v_bill.channel and channel_trade_no = line.channel_trade_no)
        order by (candidate.channel_trade_no = line.channel_trade_no) desc nulls last limit 1) paid on true;

    -- What the books have of this day and no bill of the channel has.
    insert into found_lines
    select 'order:' || paid.id, 'payment', 'missing_there', paid.currency, null, paid.amount_minor, 0, paid.currency, paid.paid_at, paid.out_trade_no, paid.channel_trade_no, null, paid.id, null
    from payment_orders paid
    where paid.channel = v_bill.channel and paid.status = 'paid' and paid.paid_at >= v_bill.starts_at - v_slack and paid.paid_at < v_bill.ends_at - v_slack
      and not exists (select from found_lines line where line.order_id = paid.id and line.kind = 'payment' and line.verdict <> 'missing_here')
      and not exists (
          select from channel_bill_lines line
          where line.order_id = paid.id and line.kind = 'payment' and line.bill_id <> p_id and line.verdict in ('matched', 'amount_differs'));
    insert into found_lines
    select 'refund:' || refund.id, 'refund', 'missing_there', paid.currency, null, -refund.amount_minor, 0, paid.currency, refund.completed_at, paid.out_trade_no, paid.channel_trade_no,
           refund.out_refund_no, paid.id, refund.id
    from payment_refunds refund join payment_orders paid on paid.id = refund.order_id and paid.channel = v_bill.channel
    where refund.status = 'succeeded' and refund.completed_at >= v_bill.starts_at - v_slack and refund.completed_at < v_bill.ends_at - v_slack
      and not exists (select from found_lines line where line.refund_id = refund.id and line.kind = 'refund')
      and not exists (
          select from channel_bill_lines line
          where line.refund_id = refund.id and line.kind = 'refund' and line.bill_id <> p_id and line.verdict in ('matched', 'amount_differs'));

    select count(*) into fresh from found_lines line
    where line.verdict in ('missing_here', 'missing_there', 'amount_differs')
      and not exists (select from channel_bill_lines kept where kept.bill_id = p_id and kept.reference = line.reference and kept.verdict = line.verdict);

    delete from channel_bill_lines kept where kept.bill_id = p_id and not exists (select from found_lines line where line.reference = kept.reference);
    insert into channel_bill_lines as kept (id, bill_id, reference, kind, verdict, currency, amount_minor, our_amount_minor, fee_nanos, fee_currency, occurred_at,
                                            out_trade_no, channel_trade_no, out_refund_no, order_id, refund_id)
    select uuid_v7(p_now), p_id, line.reference, line.kind, line.verdict, line.currency, line.amount_minor, line.our_amount_minor, line.fee_nanos, line.fee_currency, line.occurred_at,
           line.out_trade_no, line.channel_trade_no, line.out_refund_no, line.order_id, line.refund_id
    from found_lines line order by line.occurred_at, line.reference
    on conflict (bill_id, reference) do update
    set kind = excluded.kind, verdict = excluded.verdict, currency = excluded.currency, amount_minor = excluded.amount_minor, our_amount_minor = excluded.our_amount_minor,
        fee_nanos = excluded.fee_nanos, fee_currency = excluded.fee_currency, occurred_at = excluded.occurred_at, out_trade_no = excluded.out_trade_no,
        channel_trade_no = excluded.channel_trade_no, out_refund_no = excluded.out_refund_no, order_id = excluded.order_id, refund_id = excluded.refund_id,
        -- What was accepted was accepted as it was.
        accepted_reason = case when (kept.verdict, kept.amount_minor, kept.our_amount_minor) is not distinct from (excluded.verdict, excluded.amount_minor, excluded.our_amount_minor) then kept.accepted_reason end,
        accepted_by = case when (kept.verdict, kept.amount_minor, kept.our_amount_minor) is not distinct from (excluded.verdict, excluded.amount_minor, excluded.our_amount_minor) then kept.accepted_by end,
        accepted_at = case when (kept.verdict, kept.amount_minor, kept.our_amount_minor) is not distinct from (excluded.verdict, excluded.amount_minor, excluded.our_amount_minor) then kept.accepted_at end;

    -- Paid there and not here: whoever asks the channel credits it.
    update payment_orders set next_check_at = p_now
    where status <> 'paid' and id in (select line.order_id from found_lines line where line.kind = 'payment' and line.verdict = 'missing_here');
    update payment_refunds set next_check_at = p_now
    where status in ('requested', 'processing') and id in (select line.refund_id from found_lines line where line.kind = 'refund');

    perform bill_book(p_id, p_now);
    differences := bill_conclude(p_id, p_now);
    return next;
end $$;

-- What should be booked of each line of a bill, and what is.
create or replace function bill_standing(p_bill uuid default null)
    returns table (bill_id uuid, reference text, account text, unit text, wanted numeric, booked numeric, journals bigint, occurred_at timestamptz)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select part.bill_id, part.reference, part.account, part.unit, sum(part.wanted), sum(part.booked), sum(part.journals)::bigint, max(part.occurred_at)
    from (
        select line.bill_id, line.reference, 'fees' as account, line.fee_currency as unit, line.fee_nanos::numeric as wanted, 0::numeric as booked, 0::bigint as journals, line.occurred_at
        from channel_bill_lines line where line.verdict <> 'missing_there' and line.fee_nanos <> 0 and (p_bill is null or line.bill_id = p_bill)
        union all
        select line.bill_id, line.reference, 'bank', line.currency, -line.amount_minor::numeric * 10000000, 0, 0, line.occurred_at
        from channel_bill_lines line where line.kind = 'payout' and (p_bill is null or line.bill_id = p_bill)
        union all
        select journal.bill_id, journal.reference, entry.account, entry.unit, 0, entry.amount, 1, journal.effective_at
        from channel_journals journal join channel_entries entry on entry.journal_id = journal.id and entry.account <> 'clearing'
        where p_bill is null or journal.bill_id = p_bill) part
    group by part.bill_id, part.reference, part.account, part.unit
$$;

-- Books what is not booked yet: all of a new line, the difference of one that the channel has written otherwise, the opposite of one that is gone.
-- Under the lock of the bill, and by a key of its own for each time, so that a line is booked once however often and by however many it is compared.
create or replace function bill_book(p_id uuid, p_now timestamptz) returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_bill channel_bills;
begin
    select * into strict v_bill from channel_bills where id = p_id for update;

    with due as materialized (
        select uuid_v7(p_now) as id, standing.*, (standing.wanted - standing.booked)::bigint as amount from bill_standing(p_id) standing where standing.wanted <> standing.booked),
    written as (
        insert into channel_journals (id, idempotency_key, bill_id, reference, channel, kind, effective_at, booked_at)
        select due.id, concat_ws(':', due.account, due.unit, p_id, due.reference, due.journals), p_id, due.reference, v_bill.channel,
               case when due.journals > 0 then 'correction' when due.account = 'bank' then 'payout' when due.amount < 0 then 'fee_returned' else 'fee' end,
               due.occurred_at, p_now
        from due)
    insert into channel_entries (journal_id, account, unit, amount)
    select due.id, 'clearing', due.unit, -due.amount from due
    union all
    select due.id, due.account, due.unit, due.amount from due;
end $$;

-- What cannot be, in the books with channels. They are the hub's own: the organization is nobody.
create or replace function bill_audit() returns table (organization_id uuid, violation text)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select '00000000-0000-0000-0000-000000000000'::uuid, format('journal %s of %s does not balance', found.journal_id, found.channel) from channel_journals_unbalanced() found
    union all
    select '00000000-0000-0000-0000-000000000000'::uuid,
           format('line %s of bill %s moves %s %s to %s, its journals %s', standing.reference, standing.bill_id, standing.wanted, standing.unit, standing.account, standing.booked)
    from bill_standing() standing where standing.wanted <> standing.booked
$$;

-- The bill's state by its lines. What differs is looked at again, soon at first, for ten days: what was missing may arrive.
create or replace function bill_conclude(p_id uuid, p_now timestamptz) returns integer
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_differences integer;
begin
    select count(*) into v_differences from channel_bill_lines
    where bill_id = p_id and verdict in ('missing_here', 'missing_there', 'amount_differs') and accepted_at is null;
    update channel_bills
    set status = case when v_differences = 0 then 'matched' else 'differs' end, differences = v_differences, compared_at = p_now, last_error = null,
        next_attempt_at = case when v_differences > 0 and p_now < ends_at + interval '10 days'
                               then p_now + case when attempts <= 3 then interval '10 minutes' when attempts <= 12 then interval '1 hour' else interval '1 day' end end
    where id = p_id;
    return v_differences;
end $$;

create or replace function bills_standing(p_now timestamptz) returns table (differing bigint, late bigint)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select count(*) filter (where status = 'differs'), count(*) filter (where status = 'waiting' and ends_at < p_now - interval '36 hours') from channel_bills
$$;
grant execute on function bills_prepare(text, interval, interval, timestamptz), bills_take(text[], timestamptz, timestamptz, integer), bill_put_off(uuid, timestamptz, text),
    bill_compare(uuid, jsonb, timestamptz), bills_standing(timestamptz), bill_audit() to hub_app;

-- For operators.
create or replace function finance_bills(p_id uuid, p_from date, p_until date, p_channel text, p_status text, p_before date, p_before_id uuid, p_limit integer)
    returns table (id uuid, channel text, day date, status text, lines integer, differences integer, attempts integer, error text, compared_at timestamptz, next_attempt_at timestamptz)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    perform finance_guard();
    return query
        select bill.id, bill.channel, bill.day, bill.status, (select count(*)::integer from channel_bill_lines line where line.bill_id = bill.id and line.verdict <> 'none'),
               bill.differences, bill.attempts, bill.last_error, bill.compared_at, bill.next_attempt_at
        from channel_bills bill
        where (p_id is null or bill.id = p_id) and (p_from is null or bill.day >= p_from) and (p_until is null or bill.day < p_until)
          and (p_channel is null or bill.channel = p_channel) and (p_status is null or bill.status = p_status)
          and (p_before is null or (bill.day, bill.id) < (p_before, p_before_id))
        order by bill.day desc, bill.id desc limit p_limit;
end $$;

-- What of each journal with a channel is its fee, and what it paid out.
create or replace function channel_moves() returns table (bill_id uuid, channel text, effective_at timestamptz, currency text, fee_nanos bigint, paid_out_nanos bigint)
    language sql stable
as $$
    select journal.bill_id, journal.channel, journal.effective_at, entry.unit,
           case entry.account when 'fees' then entry.amount else 0 end, case entry.account when 'bank' then entry.amount else 0 end
    from channel_journals journal join channel_entries entry on entry.journal_id = journal.id and entry.account <> 'clearing'
$$;

-- What the channel says it took and gave back, and what was booked of what it kept and paid out, by currency. Its fee may be in another one than the
-- payment.
drop function if exists finance_bill_sums(uuid[]);
create or replace function finance_bill_sums(p_bills uuid[])
    returns table (bill_id uuid, currency text, paid_count bigint, paid_minor numeric, refunded_count bigint, refunded_minor numeric, fee_nanos numeric, paid_out_nanos numeric)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    perform finance_guard();
    return query
        select part.bill_id, part.currency, sum(part.paid_count)::bigint, sum(part.paid), sum(part.refunded_count)::bigint, sum(part.refunded), sum(part.fee), sum(part.paid_out)
        from (
            select line.bill_id, line.currency, count(*) filter (where line.kind = 'payment') as paid_count, coalesce(sum(line.amount_minor) filter (where line.kind = 'payment'), 0) as paid,
                   count(*) filter (where line.kind in ('refund', 'dispute')) as refunded_count,
                   coalesce(-sum(line.amount_minor) filter (where line.kind in ('refund', 'refund_failed', 'dispute', 'dispute_won')), 0) as refunded, 0::numeric as fee, 0::numeric as paid_out
            from channel_bill_lines line
            where line.bill_id = any (p_bills) and line.kind not in ('payout', 'funds', 'other') and line.verdict <> 'missing_there' group by line.bill_id, line.currency
            union all
            select moved.bill_id, moved.currency, 0, 0, 0, 0, moved.fee_nanos, moved.paid_out_nanos from channel_moves() moved where moved.bill_id = any (p_bills)) part
        group by part.bill_id, part.currency order by part.bill_id, part.currency;
end $$;

create or replace function finance_bill_lines(p_bill uuid, p_line uuid, p_verdict text, p_after timestamptz, p_after_id uuid, p_limit integer)
    returns table (
        id uuid, kind text, verdict text, reference text, currency text, amount_minor bigint, our_amount_minor bigint, fee_nanos bigint, fee_currency text, occurred_at timestamptz,
        out_trade_no text, channel_trade_no text, out_refund_no text, order_id uuid, organization_id uuid, organization_name text, accepted_reason text, accepted_at timestamptz)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    perform finance_guard();
    return query
        select line.id, line.kind, line.verdict, line.reference, line.currency, line.amount_minor, line.our_amount_minor, line.fee_nanos, line.fee_currency, line.occurred_at,
               line.out_trade_no, line.channel_trade_no, line.out_refund_no, line.order_id, paid.organization_id, organization.name, line.accepted_reason, line.accepted_at
        from channel_bill_lines line
        left join payment_orders paid on paid.id = line.order_id
        left join organizations organization on organization.id = paid.organization_id
        where line.bill_id = p_bill and (p_line is null or line.id = p_line)
          and (p_verdict is null or line.verdict = p_verdict or (p_verdict = 'open' and line.verdict in ('missing_here', 'missing_there', 'amount_differs') and line.accepted_at is null))
          and (p_after is null or (line.occurred_at, line.id) > (p_after, p_after_id))
        order by line.occurred_at, line.id limit p_limit;
end $$;

create or replace function finance_bill_again(p_bill uuid, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    perform finance_guard();
    update channel_bills set next_attempt_at = p_now, attempts = 0 where id = p_bill;
    return found;
end $$;

create or replace function finance_bill_accept(p_bill uuid, p_line uuid, p_reason text, p_user uuid, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    perform finance_guard();
    perform from channel_bills where id = p_bill for update;
    update channel_bill_lines set accepted_reason = p_reason, accepted_by = p_user, accepted_at = p_now
    where bill_id = p_bill and id = p_line and verdict in ('missing_here', 'missing_there', 'amount_differs') and accepted_at is null;
    if not found then
        return false;
    end if;
    perform bill_conclude(p_bill, p_now);
    return true;
end $$;

-- What channels kept and paid out, from the books with them.
drop function if exists finance_channel_fees(date, date);
create or replace function finance_channel_fees(p_from timestamptz, p_until timestamptz) returns table (channel text, currency text, fee_nanos numeric, paid_out_nanos numeric)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    perform finance_guard();
    return query
        select moved.channel, moved.currency, sum(moved.fee_nanos), sum(moved.paid_out_nanos)
        from channel_moves() moved
        where moved.effective_at >= p_from and moved.effective_at < p_until
        group by moved.channel, moved.currency order by moved.channel, moved.currency;
end $$;
grant execute on function finance_bills(uuid, date, date, text, text, date, uuid, integer), finance_bill_sums(uuid[]),
    finance_bill_lines(uuid, uuid, text, timestamptz, uuid, integer), finance_bill_again(uuid, timestamptz), finance_bill_accept(uuid, uuid, text, uuid, timestamptz),
    finance_channel_fees(timestamptz, timestamptz) to hub_app;
