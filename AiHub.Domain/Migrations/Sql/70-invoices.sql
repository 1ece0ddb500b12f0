-- Invoices: drafts are anybody's in the organization at work; what makes one final, pays it, takes it back or gives part of it back is one of
-- these functions, and books it in the same transaction.

insert into legal_entities (id, currency, name, address, tax_id, email, bank_details, number_prefix, time_zone, tax_name, tax_basis_points, tax_inclusive, payment_days, updated_at)
values ('cn', 'CNY', 'AI Hub', '', '', '', '', 'AIH', 'Asia/Shanghai', '增值税 VAT', 600, true, 15, '2026-01-01'),
       ('intl', 'USD', 'AI Hub', '', '', '', '', 'AIHI', 'UTC', 'Tax', 0, false, 15, '2026-01-01')
on conflict do nothing;

grant select on legal_entities, billing_profiles, invoices, invoice_lines, usage_months, credit_limits, invoice_series, invoice_documents, invoice_mails, credit_notes, credit_note_lines to hub_app;
grant update (name, address, tax_id, email, bank_details, number_prefix, time_zone, tax_name, tax_basis_points, tax_inclusive, payment_days, updated_at) on legal_entities to hub_app;
grant insert, update (name, address, tax_id, email, language, updated_at) on billing_profiles to hub_app;
grant insert on invoices, invoice_lines, usage_months, invoice_documents to hub_app;
create or replace trigger operators_only before insert or update or delete on legal_entities for each statement execute function refuse_strangers();

-- An invoice begins as a draft. Once final only its status and what was paid or credited move, and nothing of its lines.
create or replace function invoice_keeps() returns trigger language plpgsql as $$
declare
    v_moving text[] := array['status', 'paid_minor', 'credited_minor', 'paid_at', 'reason'];
begin
    if tg_op = 'INSERT' then
        if new.status <> 'draft' or new.paid_minor <> 0 or new.credited_minor <> 0 then
            raise exception 'an invoice begins as a draft' using errcode = 'check_violation';
        end if;
        return new;
    end if;
    if tg_op = 'DELETE' then
        raise exception 'an invoice is never deleted' using errcode = 'restrict_violation';
    end if;
    if old.status <> 'draft' and (to_jsonb(old) - v_moving <> to_jsonb(new) - v_moving or new.status = 'draft') then
        raise exception 'invoice % is final', old.number using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create or replace trigger keeps before insert or update or delete on invoices for each row execute function invoice_keeps();

create or replace function invoice_line_keeps() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' or not exists (select from invoices where id = new.invoice_id and status = 'draft') then
        raise exception 'the lines of a final invoice stay as they are' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create or replace trigger keeps before insert or update or delete on invoice_lines for each row execute function invoice_line_keeps();
create or replace trigger append_only before update or delete on credit_notes for each row execute function refuse_change();
create or replace trigger append_only before update or delete on credit_note_lines for each row execute function refuse_change();
create or replace trigger append_only before update or delete on invoice_documents for each row execute function refuse_change();
create or replace trigger never_emptied before truncate on invoices execute function refuse_change();
create or replace trigger never_emptied before truncate on invoice_lines execute function refuse_change();
create or replace trigger never_emptied before truncate on credit_notes execute function refuse_change();

-- The ledger's side, in fen or cents. Accounts come into being with their first entry.
create or replace function ledger_book(
    p_id uuid, p_organization_id uuid, p_key text, p_kind text, p_unit text, p_kinds text[], p_minor bigint[], p_effective_at timestamptz, p_now timestamptz, p_memo text)
    returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    perform ledger_lock(array[p_organization_id]);
    if p_kinds && array['allowance', 'wallet_granted'] then
        raise exception 'lots are not moved so' using errcode = 'check_violation';
    end if;

    insert into accounts (id, organization_id, kind, unit)
    select uuid_v7(p_now), p_organization_id, kind, p_unit from unnest(p_kinds) kind on conflict (organization_id, kind, unit) do nothing;
    insert into journals (id, organization_id, idempotency_key, kind, effective_at, booked_at, memo)
    values (p_id, p_organization_id, p_key, p_kind, p_effective_at, p_now, p_memo);
    insert into entries (journal_id, organization_id, account_id, amount, unit)
    select p_id, p_organization_id, ledger_account(p_organization_id, leg.kind, p_unit), sum(leg.minor) * 10000000, p_unit
    from unnest(p_kinds, p_minor) leg (kind, minor) group by leg.kind having sum(leg.minor) <> 0;
    update balances set posted = balances.posted + moved.amount
    from (select account_id, sum(amount)::bigint as amount from entries where organization_id = p_organization_id and journal_id = p_id group by account_id) moved
    where balances.account_id = moved.account_id;
end $$;

-- What a customer may owe for calls is one limit over both halves of the debt: what is in the wallet below zero, and what has been invoiced and not
-- paid. An invoice moves debt from the first to the second, so the wallet's floor moves with it and the limit stays. A contract's fee is no call's.
create or replace function credit_floor(p_organization_id uuid) returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_wallet uuid;
    v_currency text;
    v_limit bigint;
    v_invoiced bigint;
begin
    select account.id, account.unit into v_wallet, v_currency
    from accounts account join organizations organization on organization.id = account.organization_id and organization.currency = account.unit
    where account.organization_id = p_organization_id and account.kind = 'wallet_purchased';

    insert into credit_limits (organization_id, nanos) select p_organization_id, -floor from balances where account_id = v_wallet on conflict do nothing;
    select nanos into v_limit from credit_limits where organization_id = p_organization_id;

    select coalesce(sum(line.amount_minor - coalesce(given.amount, 0)), 0) * 10000000 into v_invoiced
    from invoices invoice
    join invoice_lines line on line.invoice_id = invoice.id and line.kind <> 'contract_fee'
    left join lateral (
        select sum(part.amount_minor) as amount from credit_note_lines part join credit_notes note on note.id = part.credit_note_id and note.disposition = 'offset'
        where part.invoice_line_id = line.id) given on true
    where invoice.organization_id = p_organization_id and invoice.kind = 'usage' and invoice.status in ('finalized', 'overdue', 'uncollectible');

    update balances set floor = least(0, v_invoiced - v_limit) where account_id = v_wallet and floor <> least(0, v_invoiced - v_limit);
end $$;

create or replace function set_credit_limit(p_organization_id uuid, p_nanos bigint) returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    perform ledger_lock(array[p_organization_id]);
    insert into credit_limits (organization_id, nanos) values (p_organization_id, p_nanos) on conflict (organization_id) do update set nanos = excluded.nanos;
    perform credit_floor(p_organization_id);
end $$;

-- The next number of a series. The row stays locked until the transaction ends: what rolls back gives its number back, and nobody overtakes.
create or replace function invoice_number(p_entity legal_entities, p_series text, p_now timestamptz, out year integer, out sequence integer, out number text)
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    year := extract(year from p_now at time zone p_entity.time_zone);
    insert into invoice_series as series (legal_entity_id, series, year, last) values (p_entity.id, p_series, invoice_number.year, 1)
    on conflict on constraint pk_invoice_series do update set last = series.last + 1
    returning last into sequence;
    number := p_entity.number_prefix || case p_series when 'credit_note' then '-CN-' else '-' end || year || '-' || lpad(sequence::text, greatest(6, length(sequence::text)), '0');
end $$;

-- Makes a draft final: its number, its parties and its journal in one transaction. Again it answers the number it has.
create or replace function invoice_finalize(p_id uuid, p_buyer jsonb, p_language text, p_mail_to text, p_now timestamptz) returns text
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_invoice invoices;
    v_entity legal_entities;
    v_number record;
    v_lines record;
    v_paid_at timestamptz;
    v_net bigint;
begin
    select * into v_invoice from invoices where id = p_id and organization_id = current_organization();
    if not found then
        raise exception 'there is no invoice % here', p_id using errcode = 'no_data_found';
    end if;
    perform ledger_lock(array[v_invoice.organization_id]);
    select * into v_invoice from invoices where id = p_id for update;
    if v_invoice.status <> 'draft' then
        return v_invoice.number;
    end if;

    select coalesce(sum(amount_minor), 0) as amount, coalesce(sum(tax_minor), 0) as tax, coalesce(sum(amount_minor) filter (where kind = 'contract_fee'), 0)::bigint as fee, count(*) as lines
    into v_lines from invoice_lines where invoice_id = p_id;
    v_net := case when v_invoice.tax_inclusive then v_invoice.total_minor else v_invoice.subtotal_minor end;
    if v_lines.lines = 0 or v_lines.amount <> v_net or v_lines.tax <> v_invoice.tax_minor then
        raise exception 'invoice % is not the sum of its lines', p_id using errcode = 'check_violation';
    end if;
    if v_invoice.currency <> (select currency from organizations where id = v_invoice.organization_id) then
        raise exception 'an invoice is in the currency of its organization' using errcode = 'check_violation';
    end if;

    select * into strict v_entity from legal_entities where id = v_invoice.legal_entity_id;
    select * into v_number from invoice_number(v_entity, 'invoice', p_now);
    if v_invoice.kind <> 'usage' then
        v_paid_at := coalesce((select paid_at from payment_orders where id = v_invoice.order_id), p_now);
    end if;

    update invoices
    set status = case when v_paid_at is null then 'finalized' else 'paid' end, number = v_number.number, year = v_number.year, sequence = v_number.sequence,
        paid_minor = case when v_paid_at is null then 0 else total_minor end, paid_at = v_paid_at, finalized_at = p_now,
        due_at = case when v_paid_at is null then p_now + make_interval(days => v_entity.payment_days) end,
        buyer = p_buyer, language = p_language,
        seller = jsonb_build_object('name', v_entity.name, 'address', v_entity.address, 'tax_id', v_entity.tax_id, 'email', v_entity.email, 'bank_details', v_entity.bank_details)
    where id = p_id;

    if v_invoice.kind = 'usage' then
        perform ledger_book(
            p_id, v_invoice.organization_id, 'invoice:' || p_id, 'invoice', v_invoice.currency,
            array['receivable', 'wallet_purchased', 'subscription_revenue', 'tax_payable', 'tax_included'],
            array[-v_invoice.total_minor, v_net - v_lines.fee, v_lines.fee, v_invoice.tax_minor, case when v_invoice.tax_inclusive then -v_invoice.tax_minor else 0 end],
            p_now, p_now, v_number.number);
        perform credit_floor(v_invoice.organization_id);
    elsif v_invoice.tax_minor <> 0 then
        perform ledger_book(
            p_id, v_invoice.organization_id, 'invoice:' || p_id, 'invoice', v_invoice.currency,
            array['tax_payable', 'tax_included'], array[v_invoice.tax_minor, -v_invoice.tax_minor], p_now, p_now, v_number.number);
    end if;

    if p_mail_to is not null then
        insert into invoice_mails (id, organization_id, subject_id, target, language, attempts, next_attempt_at, created_at)
        values (uuid_v7(p_now), v_invoice.organization_id, p_id, p_mail_to, p_language, 0, p_now, p_now) on conflict (subject_id) do nothing;
    end if;
    return v_number.number;
end $$;
grant execute on function invoice_finalize(uuid, jsonb, text, text, timestamptz) to hub_app;

-- Pays what is still due, all of it: from outside, or out of the wallet that has just been filled for it.
create or replace function invoice_settle(p_invoice invoices, p_journal_id uuid, p_from text, p_memo text, p_now timestamptz) returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_due bigint := p_invoice.total_minor - p_invoice.paid_minor - p_invoice.credited_minor;
begin
    update invoices set status = 'paid', paid_minor = paid_minor + v_due, paid_at = p_now where id = p_invoice.id;
    perform credit_floor(p_invoice.organization_id);
    perform ledger_book(
        p_journal_id, p_invoice.organization_id, 'invoice_paid:' || p_invoice.id, 'invoice_paid', p_invoice.currency,
        array[p_from, 'receivable'], array[-v_due, v_due], p_now, p_now, p_memo);
end $$;

create or replace function invoice_of_operator(p_id uuid) returns invoices
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_invoice invoices;
begin
    if not operator_at_work() then
        raise exception 'only an operator does this' using errcode = 'insufficient_privilege';
    end if;
    perform ledger_lock(array[current_organization()]);
    select * into v_invoice from invoices where id = p_id and organization_id = current_organization() for update;
    return v_invoice;
end $$;

-- A bank transfer that an operator has seen. Answers whether it was to be paid.
create or replace function invoice_paid(p_id uuid, p_journal_id uuid, p_memo text, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_invoice invoices := invoice_of_operator(p_id);
begin
    if v_invoice.id is null or v_invoice.status not in ('finalized', 'overdue') then
        return false;
    end if;
    perform invoice_settle(v_invoice, p_journal_id, 'payments', p_memo, p_now);
    return true;
end $$;
grant execute on function invoice_paid(uuid, uuid, text, timestamptz) to hub_app;

-- Whether it was this order, and nothing else, that paid the invoice.
create or replace function invoice_paid_with(p_order payment_orders) returns boolean
    language sql stable security definer set search_path = public, pg_temp
as $$
    select exists (select from journals where organization_id = p_order.organization_id and idempotency_key = 'invoice_paid:' || p_order.invoice_id
                                          and memo = p_order.channel || ' ' || p_order.out_trade_no)
$$;

-- An order that pays an invoice has filled the wallet when its transaction ends; then the invoice takes it. Where the invoice no longer waits
-- for that amount the money stays in the wallet, as if it had been paid in, and whoever pays is told.
create or replace function invoice_paid_by_order() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_invoice invoices;
begin
    perform ledger_lock(array[new.organization_id]);
    select * into v_invoice from invoices where id = new.invoice_id and organization_id = new.organization_id for update;
    if found and v_invoice.status in ('finalized', 'overdue') and v_invoice.total_minor - v_invoice.paid_minor - v_invoice.credited_minor = new.amount_minor then
        perform invoice_settle(v_invoice, uuid_v7(new.paid_at), 'wallet_purchased', new.channel || ' ' || new.out_trade_no, new.paid_at);
    else
        perform billing_tell(
            new.organization_id, 'payment_kept', 'kept:' || new.id,
            jsonb_build_object('order', new.out_trade_no, 'amount', new.amount_minor::text, 'currency', new.currency, 'invoice', coalesce(v_invoice.number, '')), new.paid_at);
    end if;
    return null;
end $$;
drop trigger if exists pays_invoice on payment_orders;
create constraint trigger pays_invoice after update of status on payment_orders deferrable initially deferred
    for each row when (new.invoice_id is not null and new.status = 'paid' and old.status <> 'paid') execute function invoice_paid_by_order();

-- Takes back an invoice of which nothing was paid. Its month may be invoiced anew.
create or replace function invoice_void(p_id uuid, p_reversal_id uuid, p_reason text, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_invoice invoices := invoice_of_operator(p_id);
begin
    if v_invoice.id is null or v_invoice.status not in ('finalized', 'overdue') or v_invoice.paid_minor > 0 or v_invoice.credited_minor > 0 then
        return false;
    end if;
    update invoices set status = 'void', reason = p_reason where id = p_id;
    perform credit_floor(v_invoice.organization_id);
    perform ledger_reverse(p_reversal_id, v_invoice.organization_id, p_id, p_reason, p_now);
    delete from contract_fee_charges where invoice_id = p_id;
    delete from usage_months where invoice_id = p_id;
    return true;
end $$;
grant execute on function invoice_void(uuid, uuid, text, timestamptz) to hub_app;

-- Gives up what is still due.
create or replace function invoice_uncollectible(p_id uuid, p_journal_id uuid, p_reason text, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_invoice invoices := invoice_of_operator(p_id);
    v_due bigint;
begin
    if v_invoice.id is null or v_invoice.status not in ('finalized', 'overdue') then
        return false;
    end if;
    v_due := v_invoice.total_minor - v_invoice.paid_minor - v_invoice.credited_minor;
    update invoices set status = 'uncollectible', reason = p_reason where id = p_id;
    perform ledger_book(
        p_journal_id, v_invoice.organization_id, 'invoice_uncollectible:' || p_id, 'invoice_uncollectible', v_invoice.currency,
        array['write_off', 'receivable'], array[-v_due, v_due], p_now, p_now, p_reason);
    return true;
end $$;
grant execute on function invoice_uncollectible(uuid, uuid, text, timestamptz) to hub_app;

-- Gives back part of a final invoice. p_lines: [{"line", "amount", "tax"}]. An operator decides it, or it documents a refund that has succeeded.
-- Answers its number, or why not: a word in lower case.
create or replace function credit_note_issue(
    p_id uuid, p_invoice_id uuid, p_disposition text, p_refund_id uuid, p_reason text, p_lines jsonb, p_now timestamptz) returns text
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_invoice invoices;
    v_entity legal_entities;
    v_number record;
    v_amount bigint;
    v_tax bigint;
    v_total bigint;
    v_gross bigint;
    v_fee bigint;
begin
    if p_refund_id is null then
        v_invoice := invoice_of_operator(p_invoice_id);
    else
        perform ledger_lock(array[current_organization()]);
        select * into v_invoice from invoices where id = p_invoice_id and organization_id = current_organization() for update;
    end if;
    if v_invoice.id is null or v_invoice.status not in ('finalized', 'overdue', 'paid') then
        return 'not_final';
    end if;
    if (p_disposition = 'refund') <> (p_refund_id is not null) or (v_invoice.kind = 'top_up') <> (p_disposition = 'refund') then
        return 'not_so';
    end if;
    if exists (select from credit_notes where id = p_id or (refund_id = p_refund_id and organization_id = v_invoice.organization_id)) then
        return (select number from credit_notes where id = p_id or refund_id = p_refund_id);
    end if;

    select sum((line ->> 'amount')::bigint), sum((line ->> 'tax')::bigint) into v_amount, v_tax from jsonb_array_elements(p_lines) line;
    v_total := v_amount + case when v_invoice.tax_inclusive then 0 else v_tax end;
    if coalesce(v_total, 0) <= 0 or exists (
        select from jsonb_array_elements(p_lines) part
        left join invoice_lines line on line.id = (part ->> 'line')::uuid and line.invoice_id = p_invoice_id
        left join lateral (select coalesce(sum(amount_minor), 0) as amount, coalesce(sum(tax_minor), 0) as tax from credit_note_lines where invoice_line_id = line.id) given on true
        where line.id is null or (part ->> 'amount')::bigint = 0 or sign((part ->> 'amount')::bigint) <> sign(line.amount_minor)
           or abs(given.amount + (part ->> 'amount')::bigint) > abs(line.amount_minor) or abs(given.tax + (part ->> 'tax')::bigint) > abs(line.tax_minor)) then
        return 'more_than_line';
    end if;
    if p_disposition = 'offset' and v_total > v_invoice.total_minor - v_invoice.paid_minor - v_invoice.credited_minor
       or p_disposition <> 'offset' and v_total > v_invoice.paid_minor - v_invoice.credited_minor then
        return 'more_than_open';
    end if;
    -- What goes back into the wallet is no longer consumed: a fapiao over it is reversed first.
    if p_disposition = 'to_wallet' and fapiao_open_of(v_invoice.organization_id) < v_total
       and exists (select from fapiao_requests where organization_id = v_invoice.organization_id and status not in ('rejected', 'failed', 'reversed')) then
        return 'fapiao_first';
    end if;
    if p_refund_id is not null and not exists (
        select from payment_refunds where id = p_refund_id and order_id = v_invoice.order_id and status = 'succeeded' and amount_minor = v_total) then
        return 'not_so';
    end if;

    select * into strict v_entity from legal_entities where id = v_invoice.legal_entity_id;
    select * into v_number from invoice_number(v_entity, 'credit_note', p_now);
    insert into credit_notes (id, organization_id, invoice_id, legal_entity_id, number, year, sequence, disposition, reason, currency, subtotal_minor, tax_minor, total_minor, refund_id, created_at)
    values (p_id, v_invoice.organization_id, p_invoice_id, v_entity.id, v_number.number, v_number.year, v_number.sequence, p_disposition, p_reason, v_invoice.currency,
            v_total - v_tax, v_tax, v_total, p_refund_id, p_now);
    insert into credit_note_lines (credit_note_id, invoice_line_id, organization_id, amount_minor, tax_minor)
    select p_id, (line ->> 'line')::uuid, v_invoice.organization_id, (line ->> 'amount')::bigint, (line ->> 'tax')::bigint from jsonb_array_elements(p_lines) line;

    update invoices
    set credited_minor = credited_minor + v_total,
        status = case when status <> 'paid' and total_minor = paid_minor + credited_minor + v_total then 'paid' else status end,
        paid_at = case when status <> 'paid' and total_minor = paid_minor + credited_minor + v_total then p_now else paid_at end
    where id = p_invoice_id;
    perform credit_floor(v_invoice.organization_id);

    v_gross := case when v_invoice.tax_inclusive then v_total else v_total - v_tax end;
    -- What is given back of a plan or of a contract's fee was earned as such.
    select coalesce(sum((part ->> 'amount')::bigint), 0) into v_fee
    from jsonb_array_elements(p_lines) part join invoice_lines line on line.id = (part ->> 'line')::uuid
    where v_invoice.kind = 'subscription' or line.kind = 'contract_fee';
    if p_disposition <> 'refund' or v_tax <> 0 then
        perform ledger_book(
            p_id, v_invoice.organization_id, 'credit_note:' || p_id, 'credit_note', v_invoice.currency,
            array['tax_payable', 'tax_included', 'usage_revenue', 'subscription_revenue', case p_disposition when 'offset' then 'receivable' else 'wallet_purchased' end],
            array[-v_tax, case when v_invoice.tax_inclusive then v_tax else 0 end,
                  case p_disposition when 'refund' then 0 else v_fee - v_gross end, case p_disposition when 'refund' then 0 else -v_fee end,
                  case p_disposition when 'refund' then 0 else v_total end],
            p_now, p_now, v_number.number);
    end if;
    return v_number.number;
end $$;
grant execute on function credit_note_issue(uuid, uuid, text, uuid, text, jsonb, timestamptz) to hub_app;

-- For the run that works for all: what should be invoiced by now and is not.
create or replace function invoice_orders_due(p_limit integer) returns table (organization_id uuid, order_id uuid)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select paid.organization_id, paid.id from payment_orders paid
    where paid.status = 'paid'
      -- What was paid for a plan that had changed meanwhile is in the wallet, as if it had been paid in.
      and (paid.purpose in ('top_up', 'auto_top_up')
           or (paid.purpose = 'subscription' and exists (select from subscription_charges charge where charge.id = paid.charge_id and charge.status = 'abandoned'))
           or (paid.purpose = 'invoice' and not invoice_paid_with(paid)))
      and not exists (select from invoices where invoices.order_id = paid.id and invoices.status not in ('draft', 'void'))
    order by paid.paid_at, paid.id limit p_limit
$$;
create or replace function invoice_refunds_due(p_limit integer) returns table (organization_id uuid, refund_id uuid)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select refund.organization_id, refund.id from payment_refunds refund
    where refund.status = 'succeeded'
      and exists (select from invoices where invoices.order_id = refund.order_id and invoices.kind = 'top_up' and invoices.status = 'paid')
      and not exists (select from credit_notes where credit_notes.refund_id = refund.id)
    order by refund.completed_at, refund.id limit p_limit
$$;
create or replace function invoice_months_due(p_now timestamptz, p_after uuid, p_limit integer)
    returns table (organization_id uuid, currency text, time_zone text, since timestamptz, last_ends_at timestamptz)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select organization.id, organization.currency, organization.time_zone, organization.created_at, last.ends_at
    from organizations organization
    join accounts account on account.organization_id = organization.id and account.kind = 'wallet_purchased' and account.unit = organization.currency
    join balances balance on balance.account_id = account.id
    left join credit_limits on credit_limits.organization_id = organization.id
    left join lateral (select max(ends_at) as ends_at from usage_months where usage_months.organization_id = organization.id) last on true
    where organization.id > p_after
      and (balance.floor < 0 or credit_limits.nanos > 0
           -- Of the day of that moment, which zones disagree on, too much is looked at.
           or exists (select from contract_fees fee where fee.organization_id = organization.id and (fee.ends_on is null or last.ends_at is null or fee.ends_on >= last.ends_at::date)))
      -- No month is shorter than 28 days less an hour of clocks put forward.
      and (last.ends_at is null or last.ends_at < p_now - interval '27 days')
    order by organization.id limit p_limit
$$;
create or replace function invoice_documents_due(p_limit integer) returns table (organization_id uuid, subject_id uuid, credit boolean)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select subject.organization_id, subject.id, subject.credit
    from (select invoices.organization_id, id, false as credit, finalized_at as at from invoices where status <> 'draft'
          union all select credit_notes.organization_id, id, true, created_at from credit_notes) subject
    where (select count(*) from invoice_documents where invoice_documents.subject_id = subject.id) < 2
    order by subject.at, subject.id limit p_limit
$$;
create or replace function invoices_overdue(p_now timestamptz) returns integer
    language sql security definer set search_path = public, pg_temp
as $$
    with late as (update invoices set status = 'overdue' where status = 'finalized' and due_at < p_now returning 1) select count(*)::integer from late
$$;
create or replace function invoice_mails_take(p_now timestamptz, p_until timestamptz, p_limit integer)
    returns table (id uuid, organization_id uuid, subject_id uuid, target text, language text, attempts integer, number text, total_minor bigint, currency text, content bytea)
    language sql security definer set search_path = public, pg_temp
as $$
    with taken as (
        update invoice_mails mail set attempts = mail.attempts + 1, next_attempt_at = p_until
        where mail.id in (
            select due.id from invoice_mails due
            where due.sent_at is null and due.parked_at is null and due.next_attempt_at <= p_now
              and exists (select from invoice_documents document where document.subject_id = due.subject_id and document.language = due.language)
            order by due.next_attempt_at limit p_limit for update skip locked)
        returning *)
    select taken.id, taken.organization_id, taken.subject_id, taken.target, taken.language, taken.attempts,
           coalesce(invoice.number, note.number), coalesce(invoice.total_minor, note.total_minor), coalesce(invoice.currency, note.currency), document.content
    from taken
    join invoice_documents document on document.subject_id = taken.subject_id and document.language = taken.language
    left join invoices invoice on invoice.id = taken.subject_id
    left join credit_notes note on note.id = taken.subject_id
$$;
create or replace function invoice_mail_close(p_id uuid, p_error text, p_next timestamptz, p_now timestamptz) returns void
    language sql security definer set search_path = public, pg_temp
as $$
    update invoice_mails
    set sent_at = case when p_error is null then p_now end, last_error = p_error,
        parked_at = case when p_error is not null and p_next is null then p_now end, next_attempt_at = case when p_error is null then null else p_next end
    where id = p_id and sent_at is null and parked_at is null
$$;
grant execute on function invoice_orders_due(integer), invoice_refunds_due(integer), invoice_months_due(timestamptz, uuid, integer), invoice_documents_due(integer),
    invoices_overdue(timestamptz), invoice_mails_take(timestamptz, timestamptz, integer), invoice_mail_close(uuid, text, timestamptz, timestamptz) to hub_app;

-- What the organization at work owes for calls admitted before a moment, and what they charged to purchased money, by model.
-- A call belongs to the month it was booked in.
create or replace function invoice_debt(p_until timestamptz) returns bigint
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_wallet uuid;
    v_posted bigint;
    v_later numeric;
begin
    perform ledger_lock(array[current_organization()]);
    select account.id, balance.posted into v_wallet, v_posted
    from accounts account
    join organizations organization on organization.id = account.organization_id and organization.currency = account.unit
    join balances balance on balance.account_id = account.id
    where account.organization_id = current_organization() and account.kind = 'wallet_purchased';

    select coalesce(sum(-entry.amount), 0) into v_later
    from usage_records record
    join journals journal on journal.organization_id = record.organization_id and journal.id = record.journal_id and journal.booked_at >= p_until
    join entries entry on entry.organization_id = journal.organization_id and entry.journal_id = journal.id and entry.account_id = v_wallet
    where record.organization_id = current_organization() and record.occurred_at >= p_until - interval '2 days';

    return greatest(0, -(v_posted + v_later));
end $$;
create or replace function invoice_usage(p_from timestamptz, p_until timestamptz)
    returns table (model_id text, model_name text, calls bigint, input_tokens bigint, output_tokens bigint, charged_nanos bigint)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select record.model_id, coalesce(max(model.name), record.model_id), count(*)::bigint,
           sum(record.tokens_input_uncached + record.tokens_cache_read + record.tokens_cache_write5m + record.tokens_cache_write1h + record.tokens_audio_in + record.tokens_image_in)::bigint,
           sum(record.tokens_output_text + record.tokens_output_reasoning + record.tokens_audio_out + record.tokens_image_out)::bigint,
           sum(-entry.amount)::bigint
    from usage_records record
    join journals journal on journal.organization_id = record.organization_id and journal.id = record.journal_id
    join accounts account on account.organization_id = record.organization_id and account.kind = 'wallet_purchased'
    join entries entry on entry.organization_id = journal.organization_id and entry.journal_id = journal.id and entry.account_id = account.id
    left join models model on model.id = record.model_id
    where record.organization_id = current_organization()
      and record.occurred_at >= p_from - interval '2 days' and record.occurred_at < p_until and journal.booked_at >= p_from and journal.booked_at < p_until
    group by record.model_id
    order by sum(-entry.amount) desc, record.model_id
$$;
grant execute on function invoice_debt(timestamptz), invoice_usage(timestamptz, timestamptz) to hub_app;

-- Broken promises of invoices: each row is one.
create or replace function invoice_audit() returns table (organization_id uuid, violation text)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select invoice.organization_id, format('invoice %s of %s is not the sum of its lines, %s and %s', invoice.number, invoice.total_minor, sums.amount, sums.tax)
    from invoices invoice
    left join (select invoice_id, sum(amount_minor) as amount, sum(tax_minor) as tax from invoice_lines group by invoice_id) sums on sums.invoice_id = invoice.id
    where invoice.status <> 'draft'
      and (sums.amount is distinct from case when invoice.tax_inclusive then invoice.total_minor else invoice.subtotal_minor end or sums.tax is distinct from invoice.tax_minor)
    union all
    select invoice.organization_id, format('invoice %s asks for %s, its journal for %s', invoice.number, invoice.total_minor, sums.amount)
    from invoices invoice
    left join (
        select entry.journal_id, -sum(entry.amount) as amount from entries entry join accounts account on account.id = entry.account_id and account.kind = 'receivable' group by entry.journal_id) sums
        on sums.journal_id = invoice.id
    where invoice.kind = 'usage' and invoice.status <> 'draft' and sums.amount is distinct from invoice.total_minor * 10000000
    union all
    select invoice.organization_id, format('invoice %s asks for %s of a contract, of which periods %s', invoice.number, lines.amount, charged.amount)
    from invoices invoice
    left join (select invoice_id, sum(amount_minor) as amount from invoice_lines where kind = 'contract_fee' group by invoice_id) lines on lines.invoice_id = invoice.id
    left join (select invoice_id, sum(amount_minor) as amount from contract_fee_charges group by invoice_id) charged on charged.invoice_id = invoice.id
    where invoice.status not in ('draft', 'void') and lines.amount is distinct from charged.amount
    union all
    select organization.id, format('invoices have %s open, the ledger %s', coalesce(open.amount, 0), coalesce(booked.amount, 0))
    from organizations organization
    left join (
        select invoices.organization_id, sum(total_minor - paid_minor - credited_minor) * 10000000 as amount from invoices where status in ('finalized', 'overdue') group by invoices.organization_id) open
        on open.organization_id = organization.id
    left join (
        select entry.organization_id, -sum(entry.amount) as amount from entries entry join accounts account on account.id = entry.account_id and account.kind = 'receivable' group by entry.organization_id) booked
        on booked.organization_id = organization.id
    where coalesce(open.amount, 0) <> coalesce(booked.amount, 0)
    union all
    select organization.id, format('invoices hold %s of tax, the ledger %s', coalesce(taxed.amount, 0), coalesce(booked.amount, 0))
    from organizations organization
    left join (
        select tax.organization_id, sum(amount) * 10000000 as amount
        from (select invoices.organization_id, tax_minor as amount from invoices where status not in ('draft', 'void')
              union all select credit_notes.organization_id, -tax_minor from credit_notes) tax
        group by tax.organization_id) taxed on taxed.organization_id = organization.id
    left join (
        select entry.organization_id, sum(entry.amount) as amount from entries entry join accounts account on account.id = entry.account_id and account.kind = 'tax_payable' group by entry.organization_id) booked
        on booked.organization_id = organization.id
    where coalesce(taxed.amount, 0) <> coalesce(booked.amount, 0)
    union all
    select note.organization_id, format('credit note %s of %s is not the sum of its lines', note.number, note.total_minor)
    from credit_notes note
    join invoices invoice on invoice.id = note.invoice_id
    left join (select credit_note_id, sum(amount_minor) as amount, sum(tax_minor) as tax from credit_note_lines group by credit_note_id) sums on sums.credit_note_id = note.id
    where (sums.amount, sums.tax) is distinct from (case when invoice.tax_inclusive then note.total_minor else note.subtotal_minor end::numeric, note.tax_minor::numeric)
    union all
    select '00000000-0000-0000-0000-000000000000'::uuid, format('series %s %s of %s has %s numbers up to %s', series.series, series.year, series.legal_entity_id, count(numbered.sequence), series.last)
    from invoice_series series
    left join (select legal_entity_id, 'invoice' as series, year, sequence from invoices where number is not null
               union all select legal_entity_id, 'credit_note', year, sequence from credit_notes) numbered
        on numbered.legal_entity_id = series.legal_entity_id and numbered.series = series.series and numbered.year = series.year
    group by series.legal_entity_id, series.series, series.year, series.last
    having count(numbered.sequence) <> series.last or max(numbered.sequence) <> series.last
$$;
grant execute on function invoice_audit() to hub_app;

-- For operators: invoices of all organizations, newest first, and whose one is.
-- p_search: an invoice's number, an id, or part of the organization's name.
create or replace function invoices_of_hub(p_status text, p_search text, p_before timestamptz, p_before_id uuid, p_limit integer)
    returns table (
        id uuid, organization_id uuid, organization_name text, number text, kind text, status text, currency text, subtotal_minor bigint, tax_minor bigint,
        total_minor bigint, paid_minor bigint, credited_minor bigint, finalized_at timestamptz, due_at timestamptz, paid_at timestamptz)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    if not operator_at_work() then
        raise exception 'only an operator sees all invoices' using errcode = 'insufficient_privilege';
    end if;
    return query
        select invoice.id, invoice.organization_id, organization.name, invoice.number, invoice.kind, invoice.status, invoice.currency, invoice.subtotal_minor, invoice.tax_minor,
               invoice.total_minor, invoice.paid_minor, invoice.credited_minor, invoice.finalized_at, invoice.due_at, invoice.paid_at
        from invoices invoice join organizations organization on organization.id = invoice.organization_id
        where invoice.status <> 'draft' and (p_status is null or invoice.status = p_status)
          and (p_search is null or p_search in (invoice.number, invoice.id::text, invoice.organization_id::text) or position(lower(p_search) in lower(organization.name)) > 0)
          and (p_before is null or (invoice.finalized_at, invoice.id) < (p_before, p_before_id))
        order by invoice.finalized_at desc, invoice.id desc limit p_limit;
end $$;
create or replace function invoice_whose(p_id uuid) returns uuid
    language sql stable security definer set search_path = public, pg_temp
as $$ select organization_id from invoices where id = p_id and status <> 'draft' and operator_at_work() $$;
grant execute on function invoices_of_hub(text, text, timestamptz, uuid, integer), invoice_whose(uuid) to hub_app;
