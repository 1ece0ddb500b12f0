-- The ledger. Everything that moves money or plan tokens is one of these functions; nobody else may write its tables.
--
-- Each begins by locking the organizations it works on, in the order of their ids. That makes everything after it within an
-- organization a sequence, so that plain reads decide, and two batches can wait for but never deadlock each other.
-- Time is always an argument.

create or replace function ledger_lock(p_organization_ids uuid[]) returns void
    language sql security definer set search_path = public, pg_temp
as $$
    select from organizations where id = any (p_organization_ids) order by id for no key update
$$;

create or replace function ledger_account(p_organization_id uuid, p_kind text, p_unit text) returns uuid
    language sql stable security definer set search_path = public, pg_temp
as $$
    select id from accounts where organization_id = p_organization_id and kind = p_kind and unit = p_unit
$$;

-- Checked when the transaction commits, as hub_owner: under the caller's eyes row-level security could hide half a journal,
-- and an empty sum is zero.
create or replace function check_journal() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_journal_id uuid;
    v_entries bigint;
    v_unbalanced boolean;
begin
    if tg_table_name = 'journals' then
        v_journal_id := new.id;
    else
        v_journal_id := new.journal_id;
    end if;

    select sum(entries), bool_or(total <> 0) into v_entries, v_unbalanced
    from (select count(*) as entries, sum(amount) as total from entries
          where organization_id = new.organization_id and journal_id = v_journal_id group by unit) units;

    if coalesce(v_entries, 0) < 2 or v_unbalanced then
        raise exception 'journal % does not balance', v_journal_id using errcode = 'check_violation';
    end if;
    return null;
end $$;

drop trigger if exists balanced on journals;
create constraint trigger balanced after insert on journals deferrable initially deferred for each row execute function check_journal();
drop trigger if exists balanced on entries;
create constraint trigger balanced after insert on entries deferrable initially deferred for each row execute function check_journal();

-- One period, once: late, double or parallel calls find it there and change nothing. Answers whether it was new.
create or replace function grant_period(
    p_id uuid, p_organization_id uuid, p_subscription_id uuid, p_sequence integer, p_starts_at timestamptz, p_ends_at timestamptz, p_now timestamptz)
    returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_tokens bigint;
    v_allowance uuid;
begin
    perform ledger_lock(array[p_organization_id]);

    select plan.monthly_tokens into v_tokens
    from subscriptions subscription join plans plan on plan.id = subscription.plan_id
    where subscription.id = p_subscription_id and subscription.organization_id = p_organization_id and subscription.status = 'active';
    if not found or p_starts_at > p_now then
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
grant execute on function grant_period(uuid, uuid, uuid, integer, timestamptz, timestamptz, timestamptz) to hub_app;
