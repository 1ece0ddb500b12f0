-- 发票. What may be asked for is read from the ledger under the organization's lock, and asked for in the same transaction: a fen is on one at most.

grant select, insert, update (removed_at) on fapiao_titles to hub_app;
grant select on fapiao_requests to hub_app;

-- Paid: what came through channels and banks, less what went back. Consumed: no longer in the wallet, nor set aside for a dispute. Money that was
-- granted was never paid.
create or replace function fapiao_open_of(p_organization_id uuid) returns bigint
    language sql stable security definer set search_path = public, pg_temp
as $$
    select div(
        (select coalesce(-sum(entry.amount), 0) from entries entry join accounts account on account.id = entry.account_id and account.kind = 'payments'
         where entry.organization_id = p_organization_id)
        - greatest(0, (select coalesce(sum(balance.posted), 0) from balances balance join accounts account on account.id = balance.account_id and account.kind = 'wallet_purchased'
                       where balance.organization_id = p_organization_id))
        - (select coalesce(sum(entry.amount), 0) from entries entry join accounts account on account.id = entry.account_id and account.kind = 'disputed'
           where entry.organization_id = p_organization_id), 10000000)::bigint
        - (select coalesce(sum(amount_minor), 0)::bigint from fapiao_requests where organization_id = p_organization_id and status not in ('rejected', 'failed', 'reversed'))
$$;

create or replace function fapiao_open() returns bigint
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    perform ledger_lock(array[current_organization()]);
    return greatest(0, fapiao_open_of(current_organization()));
end $$;

create or replace function fapiao_request(
    p_id uuid, p_title_id uuid, p_user_id uuid, p_kind text, p_amount_minor bigint, p_tax_minor bigint, p_tax_basis_points integer, p_remark text, p_key text, p_now timestamptz)
    returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    if p_amount_minor > fapiao_open() then
        return false;
    end if;
    insert into fapiao_requests (id, organization_id, title_id, user_id, kind, status, amount_minor, tax_minor, tax_basis_points, remark, idempotency_key, created_at)
    values (p_id, current_organization(), p_title_id, p_user_id, p_kind, 'submitted', p_amount_minor, p_tax_minor, p_tax_basis_points, p_remark, p_key, p_now);
    return true;
end $$;

-- Whoever writes the row: what is asked for in all was paid and consumed.
create or replace function fapiao_covered() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    perform ledger_lock(array[new.organization_id]);
    if fapiao_open_of(new.organization_id) < 0 then
        raise exception 'more fapiao than was paid and consumed' using errcode = 'check_violation';
    end if;
    return null;
end $$;
drop trigger if exists covered on fapiao_requests;
create constraint trigger covered after insert on fapiao_requests deferrable initially deferred for each row execute function fapiao_covered();

-- What was asked for stays as it was asked for.
create or replace function fapiao_keeps() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or (new.id, new.organization_id, new.title_id, new.kind, new.amount_minor, new.tax_minor, new.created_at)
       is distinct from (old.id, old.organization_id, old.title_id, old.kind, old.amount_minor, old.tax_minor, old.created_at)
       or (old.number is not null and new.number is distinct from old.number) then
        raise exception 'a fapiao request keeps its terms' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create or replace trigger keeps before update or delete on fapiao_requests for each row execute function fapiao_keeps();

create or replace function fapiao_red(p_id uuid, p_reason text) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    update fapiao_requests set status = 'red_pending', reason = p_reason where id = p_id and organization_id = current_organization() and status = 'issued';
    return found;
end $$;

-- What the tax platform said of a request of the organization at work.
create or replace function fapiao_provided(p_id uuid, p_status text, p_number text, p_reason text, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    update fapiao_requests
    set status = p_status, reason = coalesce(p_reason, reason),
        number = case p_status when 'issued' then p_number else number end, issued_at = case p_status when 'issued' then p_now else issued_at end,
        red_number = case p_status when 'reversed' then p_number else red_number end, reversed_at = case p_status when 'reversed' then p_now else reversed_at end
    where id = p_id and organization_id = current_organization()
      and case p_status when 'issuing' then status = 'submitted'
                        when 'issued' then status in ('submitted', 'issuing') and p_number is not null
                        when 'rejected' then status = 'submitted'
                        when 'failed' then status in ('submitted', 'issuing')
                        when 'reversed' then status = 'red_pending' and p_number is not null
                        else false end;
    return found;
end $$;

create or replace function fapiao_move(p_id uuid, p_status text, p_number text, p_reason text, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    if not operator_at_work() then
        raise exception 'only an operator does this' using errcode = 'insufficient_privilege';
    end if;
    return fapiao_provided(p_id, p_status, p_number, p_reason, p_now);
end $$;

-- What waits for the tax platform, of all organizations.
create or replace function fapiao_due(p_limit integer)
    returns table (
        id uuid, organization_id uuid, kind text, status text, amount_minor bigint, tax_minor bigint, tax_basis_points integer, remark text,
        title_kind text, title_name text, title_tax_id text, title_address text, title_phone text, title_bank text, title_bank_account text, title_email text, number text)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select request.id, request.organization_id, request.kind, request.status, request.amount_minor, request.tax_minor, request.tax_basis_points, request.remark,
           title.kind, title.name, title.tax_id, title.address, title.phone, title.bank, title.bank_account, title.email, request.number
    from fapiao_requests request join fapiao_titles title on title.id = request.title_id
    where request.status in ('submitted', 'issuing', 'red_pending') order by request.created_at, request.id limit p_limit
$$;
grant execute on function fapiao_provided(uuid, text, text, text, timestamptz), fapiao_due(integer) to hub_app;

-- For operators: requests of all organizations, the oldest first, with all that the tax platform asks for.
create or replace function fapiao_of_hub(p_status text, p_limit integer)
    returns table (
        id uuid, organization_id uuid, organization_name text, kind text, status text, amount_minor bigint, tax_minor bigint, tax_basis_points integer, remark text,
        title_kind text, title_name text, title_tax_id text, title_address text, title_phone text, title_bank text, title_bank_account text, title_email text,
        number text, red_number text, reason text, created_at timestamptz, issued_at timestamptz, reversed_at timestamptz)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    if not operator_at_work() then
        raise exception 'only an operator sees all requests' using errcode = 'insufficient_privilege';
    end if;
    return query
        select request.id, request.organization_id, organization.name, request.kind, request.status, request.amount_minor, request.tax_minor, request.tax_basis_points, request.remark,
               title.kind, title.name, title.tax_id, title.address, title.phone, title.bank, title.bank_account, title.email,
               request.number, request.red_number, request.reason, request.created_at, request.issued_at, request.reversed_at
        from fapiao_requests request
        join fapiao_titles title on title.id = request.title_id
        join organizations organization on organization.id = request.organization_id
        where p_status is null or request.status = p_status
        order by request.created_at, request.id limit p_limit;
end $$;
create or replace function fapiao_whose(p_id uuid) returns uuid
    language sql stable security definer set search_path = public, pg_temp
as $$ select organization_id from fapiao_requests where id = p_id and operator_at_work() $$;
grant execute on function fapiao_open(), fapiao_request(uuid, uuid, uuid, text, bigint, bigint, integer, text, text, timestamptz), fapiao_red(uuid, text),
    fapiao_move(uuid, text, text, text, timestamptz), fapiao_of_hub(text, integer), fapiao_whose(uuid) to hub_app;
