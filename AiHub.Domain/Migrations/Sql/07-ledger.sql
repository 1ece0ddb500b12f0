-- The ledger. Everything that moves money or plan tokens is one of these functions; nobody else may write its tables.
--
-- Each begins by locking the organizations it works on, in the order of their ids. That makes everything after it within an
-- organization a sequence, so that plain reads decide, and two batches can wait for but never deadlock each other.
-- Time is always an argument.

create or replace function ledger_lock(p_organization_ids uuid[]) returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    perform from organizations where id = any (p_organization_ids) order by id for no key update;
end $$;

create or replace function ledger_account(p_organization_id uuid, p_kind text, p_unit text) returns uuid
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    return (select id from accounts where organization_id = p_organization_id and kind = p_kind and unit = p_unit);
end $$;

-- Checked as hub_owner: under the caller's eyes row-level security could hide half a journal, and an empty sum is zero.
-- Once when the transaction commits, for every new journal; and at once for the journals whose entries a statement adds to, old ones among them,
-- so that there is no moment after the last look.
create or replace function check_journal() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_entries bigint;
    v_unbalanced boolean;
begin
    select sum(entries), bool_or(total <> 0) into v_entries, v_unbalanced
    from (select count(*) as entries, sum(amount) as total from entries
          where organization_id = new.organization_id and journal_id = new.id group by unit) units;

    if coalesce(v_entries, 0) < 2 or v_unbalanced then
        raise exception 'journal % does not balance', new.id using errcode = 'check_violation';
    end if;
    return null;
end $$;

create or replace function check_entries() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
    set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
    v_journal_id uuid;
begin
    select touched.journal_id into v_journal_id
    from (select distinct organization_id, journal_id from fresh) touched
    cross join lateral (
        select count(*) as entries, sum(amount) as total from entries
        where entries.organization_id = touched.organization_id and entries.journal_id = touched.journal_id group by unit offset 0) units
    group by touched.organization_id, touched.journal_id
    having sum(entries) < 2 or bool_or(total <> 0)
    limit 1;
    if found then
        raise exception 'journal % does not balance', v_journal_id using errcode = 'check_violation';
    end if;
    return null;
end $$;

drop trigger if exists balanced on journals;
create constraint trigger balanced after insert on journals deferrable initially deferred for each row execute function check_journal();
drop trigger if exists balanced on entries;
create trigger balanced after insert on entries referencing new table as fresh for each statement execute function check_entries();

-- A part of an amount, rounded once, half to even. The whole of it when there is nothing to divide by.
create or replace function ledger_share(p_amount bigint, p_part bigint, p_whole bigint) returns bigint
    language plpgsql immutable
as $$
declare
    v_exact numeric;
    v_quotient numeric;
    v_twice numeric;
begin
    if p_part >= p_whole then
        return p_amount;
    end if;

    v_exact := p_amount::numeric * p_part;
    v_quotient := div(v_exact, p_whole);
    v_twice := (v_exact - v_quotient * p_whole) * 2;
    if v_twice > p_whole or (v_twice = p_whole and v_quotient % 2 = 1) then
        v_quotient := v_quotient + 1;
    end if;
    return v_quotient;
end $$;
