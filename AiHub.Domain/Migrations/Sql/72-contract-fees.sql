-- What contracts cost beside what is used. Operators agree it; the run of invoices charges each period once.

grant select on contract_fees, contract_fee_charges to hub_app;
grant insert on contract_fee_charges to hub_app;

-- The terms of a fee stay as they were agreed; it gets an end, or goes before anything was charged for it.
create or replace function contract_fee_keeps() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and to_jsonb(old) - 'ends_on' <> to_jsonb(new) - 'ends_on' then
        raise exception 'the terms of a fee stay as they were agreed' using errcode = 'restrict_violation';
    end if;
    return case tg_op when 'DELETE' then old else new end;
end $$;
create or replace trigger keeps before update or delete on contract_fees for each row execute function contract_fee_keeps();

-- What a fee no longer covers from a day on; what has been charged for already stays charged.
create or replace function contract_fee_cut(p_organization_id uuid, p_on date) returns void
    language sql security definer set search_path = public, pg_temp
as $$
    delete from contract_fees fee
    where organization_id = p_organization_id and starts_on >= p_on and not exists (select from contract_fee_charges where fee_id = fee.id);
    update contract_fees set ends_on = greatest(p_on, starts_on + 1)
    where organization_id = p_organization_id and (ends_on is null or ends_on > p_on)
$$;

-- Takes the place of the fee there is. The newest one agreed again in the same words only gets another end.
-- Answers null, or the first day it may begin on: what is on an invoice is not charged in another way.
create or replace function contract_fee_set(
    p_organization_id uuid, p_id uuid, p_amount bigint, p_interval text, p_starts_on date, p_ends_on date, p_now timestamptz) returns date
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_same contract_fees;
    v_free date;
begin
    if not operator_at_work() then
        raise exception 'only an operator makes contracts' using errcode = 'insufficient_privilege';
    end if;

    perform ledger_lock(array[p_organization_id]);
    select max(ends_on) into v_free from contract_fee_charges where organization_id = p_organization_id;
    select * into v_same from contract_fees fee
    where organization_id = p_organization_id and (amount_minor, interval, starts_on) = (p_amount, p_interval, p_starts_on)
      and not exists (select from contract_fees later where later.organization_id = p_organization_id and later.starts_on > fee.starts_on);
    -- Charged until its end it is over, and does not begin again in the middle of a month.
    if v_same.id is not null and (v_same.ends_on is null or v_same.ends_on is not distinct from p_ends_on or v_free is null or v_free < v_same.ends_on) then
        update contract_fees set ends_on = p_ends_on where id = v_same.id and ends_on is distinct from p_ends_on;
        return null;
    end if;
    if p_starts_on < v_free then
        return v_free;
    end if;
    perform contract_fee_cut(p_organization_id, p_starts_on);
    insert into contract_fees (id, organization_id, amount_minor, interval, starts_on, ends_on, created_at)
    values (p_id, p_organization_id, p_amount, p_interval, p_starts_on, p_ends_on, p_now);
    return null;
end $$;

-- The day it is ended on, in the organization's calendar, is not charged for any more.
create or replace function contract_fee_end(p_organization_id uuid, p_now timestamptz) returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    if not operator_at_work() then
        raise exception 'only an operator ends contracts' using errcode = 'insufficient_privilege';
    end if;
    perform ledger_lock(array[p_organization_id]);
    perform contract_fee_cut(p_organization_id, (select (p_now at time zone time_zone)::date from organizations where id = p_organization_id));
end $$;
grant execute on function contract_fee_set(uuid, uuid, bigint, text, date, date, timestamptz), contract_fee_end(uuid, timestamptz) to hub_app;
