-- A mistake is corrected by the opposite of the journal that made it, once. Every balance and lot is then as if it had never been; what was used
-- stays used in the eyes of budgets and usage records, because it was. What has been spent or is held meanwhile cannot be taken back.

-- A draw is written before the journal it belongs to, in the same transaction.
do $$
begin
    execute (select format('alter table lot_draws alter constraint %I deferrable initially deferred', conname)
             from pg_constraint where conrelid = 'lot_draws'::regclass and confrelid = 'journals'::regclass);
end $$;

-- Answers whether it was new. Not granted to the services: who may correct the books is decided function by function.
create or replace function ledger_reverse(p_id uuid, p_organization_id uuid, p_journal_id uuid, p_memo text, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_journal journals;
begin
    perform ledger_lock(array[p_organization_id]);

    select * into v_journal from journals where organization_id = p_organization_id and id = p_journal_id;
    if not found or v_journal.reverses_id is not null then
        raise exception 'there is no journal % that could be reversed', p_journal_id using errcode = 'check_violation';
    end if;

    insert into journals (id, organization_id, idempotency_key, kind, effective_at, booked_at, memo, reverses_id)
    values (p_id, p_organization_id, 'reverse:' || p_journal_id, 'reverse', p_now, p_now, p_memo, p_journal_id)
    on conflict (organization_id, idempotency_key) do nothing;
    if not found then
        return false;
    end if;

    insert into entries (journal_id, organization_id, account_id, amount, unit)
    select p_id, organization_id, account_id, -amount, unit from entries where organization_id = p_organization_id and journal_id = p_journal_id;

    -- A lot the journal made carries its id.
    update lots set remaining = remaining - original where id = p_journal_id and organization_id = p_organization_id;
    insert into lot_draws (lot_id, journal_id, organization_id, amount)
    select id, p_id, organization_id, original from lots where id = p_journal_id and organization_id = p_organization_id;

    -- What it took from lots goes back; the run that ends lots ends the expired ones among them again.
    update lots set remaining = lots.remaining + draw.amount, expired_at = null
    from lot_draws draw where draw.organization_id = p_organization_id and draw.journal_id = p_journal_id and lots.id = draw.lot_id;
    insert into lot_draws (lot_id, journal_id, organization_id, amount)
    select lot_id, p_id, organization_id, -amount from lot_draws where organization_id = p_organization_id and journal_id = p_journal_id;

    update balances set posted = balances.posted - moved.amount
    from (select account_id, sum(amount) as amount from entries where organization_id = p_organization_id and journal_id = p_journal_id group by account_id) moved
    where balances.account_id = moved.account_id;
    return true;
end $$;
