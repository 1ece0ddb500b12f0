-- Orders, refunds and what channels tell us. Whatever changes a status or moves money is one of these functions.

-- An order begins unpaid, whoever inserts it.
create or replace function payment_begins() returns trigger language plpgsql as $$
begin
    if new.status <> 'created' or new.paid_at is not null or new.amount_minor <= 0 then
        raise exception 'an order begins unpaid' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create or replace trigger begins_unpaid before insert on payment_orders for each row execute function payment_begins();

-- What was ordered stays as it was ordered, and what is paid stays paid.
create or replace function payment_keeps() returns trigger language plpgsql as $$
begin
    if (new.id, new.organization_id, new.channel, new.currency, new.amount_minor, new.out_trade_no, new.purpose)
       is distinct from (old.id, old.organization_id, old.channel, old.currency, old.amount_minor, old.out_trade_no, old.purpose)
       or (old.status = 'paid' and new.status <> 'paid') then
        raise exception 'an order keeps its terms, and what is paid stays paid' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create or replace trigger keeps_terms before update on payment_orders for each row execute function payment_keeps();

grant select, insert on payment_orders to hub_app;
grant update (next_check_at) on payment_orders to hub_app;
grant select on payment_refunds to hub_app;
grant select, insert on inbound_notices to hub_app;
grant update (handled_at, outcome, attempts, next_attempt_at, last_error, parked_at) on inbound_notices to hub_app;
grant select, insert, update on payment_channels to hub_app;

-- Up to p_limit orders whose time has come. Claiming puts off the next look, so two workers never attend to one order at once.
create or replace function payment_claim(p_now timestamptz, p_until timestamptz, p_limit integer) returns table (id uuid, organization_id uuid)
    language sql security definer set search_path = public, pg_temp
as $$
    update payment_orders claimed set next_check_at = p_until, checks = claimed.checks + 1
    where claimed.id in (
        select due.id from payment_orders due
        where due.next_check_at <= p_now and due.status <> 'paid'
        order by due.next_check_at limit p_limit for update skip locked)
    returning claimed.id, claimed.organization_id
$$;
grant execute on function payment_claim(timestamptz, timestamptz, integer) to hub_app;

create or replace function payment_find(p_out_trade_no text) returns table (id uuid, organization_id uuid, channel text)
    language sql stable security definer set search_path = public, pg_temp
as $$ select id, organization_id, channel from payment_orders where out_trade_no = p_out_trade_no $$;
grant execute on function payment_find(text) to hub_app;

-- What an order pays for, beside the wallet.
create or replace function payment_charge(p_id uuid) returns uuid
    language sql stable security definer set search_path = public, pg_temp
as $$ select charge_id from payment_orders where id = p_id $$;
grant execute on function payment_charge(uuid) to hub_app;

create or replace function payment_payer(p_id uuid, p_payer_id text) returns void
    language sql security definer set search_path = public, pg_temp
as $$ update payment_orders set payer_id = p_payer_id, payer_code = null where id = p_id and payer_id is null $$;
grant execute on function payment_payer(uuid, text) to hub_app;

drop function if exists payment_opened(uuid, text, text, text, jsonb, timestamptz);
create or replace function payment_opened(
    p_id uuid, p_redirect_url text, p_frame_url text, p_qr_code text, p_reference text, p_app_parameters jsonb, p_next timestamptz) returns void
    language sql security definer set search_path = public, pg_temp
as $$
    update payment_orders
    set status = 'pending', redirect_url = p_redirect_url, frame_url = p_frame_url, qr_code = p_qr_code, channel_reference = p_reference, app_parameters = p_app_parameters, next_check_at = p_next, failure = null
    where id = p_id and status in ('created', 'pending')
$$;
grant execute on function payment_opened(uuid, text, text, text, text, jsonb, timestamptz) to hub_app;

create or replace function payment_check_again(p_id uuid, p_at timestamptz, p_why text) returns void
    language sql security definer set search_path = public, pg_temp
as $$ update payment_orders set next_check_at = p_at, failure = p_why where id = p_id and status <> 'paid' $$;
grant execute on function payment_check_again(uuid, timestamptz, text) to hub_app;

create or replace function payment_closed(p_id uuid, p_failed boolean, p_why text, p_last_check timestamptz, p_now timestamptz) returns void
    language sql security definer set search_path = public, pg_temp
as $$
    update payment_orders
    set status = case when p_failed then 'failed' else 'closed' end, closed_at = coalesce(closed_at, p_now), failure = coalesce(p_why, failure),
        next_check_at = p_last_check, qr_code = null, redirect_url = null, frame_url = null, app_parameters = null, payer_code = null
    where id = p_id and status <> 'paid';
    -- Nobody waits for it any more; what is paid all the same stays in the wallet.
    update subscription_charges charge set status = 'abandoned'
    from payment_orders closed where closed.id = p_id and closed.status <> 'paid' and charge.id = closed.charge_id and charge.status = 'open'
$$;
grant execute on function payment_closed(uuid, boolean, text, timestamptz, timestamptz) to hub_app;

-- The one way from a payment to money. Everything the channel said is compared with what was ordered; the journal's key is the order, so
-- that no repetition, order or delay of notices and queries can credit twice.
create or replace function payment_credit(
    p_id uuid, p_channel text, p_merchant text, p_our_merchant text, p_app text, p_our_app text, p_currency text, p_amount_minor bigint,
    p_channel_trade_no text, p_paid_at timestamptz, p_journal_id uuid, p_now timestamptz) returns text
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_order payment_orders;
begin
    -- In the ledger's order: the organization, then the order.
    perform ledger_lock(array(select organization_id from payment_orders where id = p_id));
    select * into v_order from payment_orders where id = p_id for update;
    if not found then
        raise exception 'there is no order %', p_id using errcode = 'no_data_found';
    end if;

    if v_order.channel is distinct from p_channel or p_merchant is distinct from p_our_merchant or p_app is distinct from p_our_app
       or v_order.currency is distinct from p_currency or v_order.amount_minor is distinct from p_amount_minor then
        return 'mismatch';
    end if;

    if v_order.status = 'paid' then
        return 'already_credited';
    end if;

    update payment_orders
    set status = 'paid', paid_at = p_paid_at, channel_trade_no = p_channel_trade_no, next_check_at = null, failure = null, qr_code = null, redirect_url = null, frame_url = null,
        app_parameters = null, payer_code = null
    where id = p_id;
    perform ledger_post(p_journal_id, v_order.organization_id, 'top_up:' || p_id, 'top_up', 'payments', 'wallet_purchased', v_order.currency,
                        v_order.amount_minor * 10000000, p_paid_at, p_now, p_channel || ' ' || v_order.out_trade_no);
    -- What pays for a plan or an invoice is not there for anything else.
    if v_order.purpose in ('top_up', 'auto_top_up') then
        perform disputes_collect(v_order.organization_id, p_now);
    end if;
    return 'credited';
end $$;
grant execute on function payment_credit(uuid, text, text, text, text, text, text, bigint, text, timestamptz, uuid, timestamptz) to hub_app;

-- A refund leaves the wallet at once, so that it cannot be spent while the channel works. Only what is left of purchased money: a credit
-- limit is not money, and what calls have set aside is theirs.
create or replace function payment_refund(
    p_id uuid, p_organization_id uuid, p_order_id uuid, p_user_id uuid, p_amount_minor bigint, p_out_refund_no text, p_key text, p_reason text, p_now timestamptz)
    returns text
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_order payment_orders;
    v_refunded numeric;
    v_free bigint;
begin
    if p_organization_id is distinct from current_organization() then
        raise exception 'a refund is asked for from within the organization' using errcode = 'insufficient_privilege';
    end if;

    perform ledger_lock(array[p_organization_id]);
    select * into v_order from payment_orders where id = p_order_id and organization_id = p_organization_id for update;
    if not found or v_order.status <> 'paid' then
        return 'order_not_paid';
    end if;

    -- What a plan or an invoice has cost is spent; the rest of the wallet goes back by the orders that brought it.
    if exists (select from subscription_charges where id = v_order.charge_id and status = 'applied') or (v_order.invoice_id is not null and invoice_paid_with(v_order)) then
        return 'spent';
    end if;

    -- What a bank has taken back has gone back, unless it is won.
    select coalesce(sum(returned.amount_minor), 0) into v_refunded
    from (select amount_minor from payment_refunds where order_id = p_order_id and status <> 'failed'
          union all select amount_minor from disputes where order_id = p_order_id and status <> 'won') returned;
    if p_amount_minor <= 0 or v_refunded + p_amount_minor > v_order.amount_minor then
        return 'more_than_paid';
    end if;

    select balance.posted - balance.held into v_free from balances balance
    where balance.account_id = ledger_account(p_organization_id, 'wallet_purchased', v_order.currency);
    if v_free < p_amount_minor * 10000000 then
        return 'spent';
    end if;

    insert into payment_refunds (id, organization_id, order_id, user_id, amount_minor, out_refund_no, idempotency_key, status, reason, created_at, next_check_at, checks)
    values (p_id, p_organization_id, p_order_id, p_user_id, p_amount_minor, p_out_refund_no, p_key, 'requested', p_reason, p_now, p_now, 0);
    perform ledger_post(p_id, p_organization_id, 'refund:' || p_id, 'refund', 'wallet_purchased', 'payments', v_order.currency,
                        p_amount_minor * 10000000, p_now, p_now, v_order.channel || ' ' || p_out_refund_no);
    return 'accepted';
end $$;
grant execute on function payment_refund(uuid, uuid, uuid, uuid, bigint, text, text, text, timestamptz) to hub_app;

create or replace function refund_claim(p_now timestamptz, p_until timestamptz, p_limit integer) returns table (id uuid, organization_id uuid, order_id uuid)
    language sql security definer set search_path = public, pg_temp
as $$
    update payment_refunds claimed set next_check_at = p_until, checks = claimed.checks + 1
    where claimed.id in (
        select due.id from payment_refunds due
        where due.next_check_at <= p_now and due.status in ('requested', 'processing')
        order by due.next_check_at limit p_limit for update skip locked)
    returning claimed.id, claimed.organization_id, claimed.order_id
$$;
grant execute on function refund_claim(timestamptz, timestamptz, integer) to hub_app;

create or replace function refund_find(p_out_refund_no text) returns table (id uuid, organization_id uuid, order_id uuid)
    language sql stable security definer set search_path = public, pg_temp
as $$ select id, organization_id, order_id from payment_refunds where out_refund_no = p_out_refund_no $$;
grant execute on function refund_find(text) to hub_app;

create or replace function refund_processing(p_id uuid, p_next timestamptz) returns void
    language sql security definer set search_path = public, pg_temp
as $$ update payment_refunds set status = 'processing', next_check_at = p_next where id = p_id and status in ('requested', 'processing') $$;
grant execute on function refund_processing(uuid, timestamptz) to hub_app;

create or replace function refund_ended(p_id uuid, p_succeeded boolean, p_failure text, p_journal_id uuid, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_refund payment_refunds;
    v_currency text;
begin
    perform ledger_lock(array(select organization_id from payment_refunds where id = p_id));
    select * into v_refund from payment_refunds where id = p_id for update;
    if not found or v_refund.status in ('succeeded', 'failed') then
        return false;
    end if;

    update payment_refunds
    set status = case when p_succeeded then 'succeeded' else 'failed' end, completed_at = p_now, next_check_at = null, failure = p_failure
    where id = p_id;
    if not p_succeeded then
        select currency into v_currency from payment_orders where id = v_refund.order_id;
        perform ledger_post(p_journal_id, v_refund.organization_id, 'refund_failed:' || p_id, 'refund_failed', 'payments', 'wallet_purchased', v_currency,
                            v_refund.amount_minor * 10000000, p_now, p_now, p_failure);
    end if;
    return true;
end $$;
grant execute on function refund_ended(uuid, boolean, text, uuid, timestamptz) to hub_app;
