-- Saved payment methods, the wallet that refills itself, disputes and redemption codes.

drop function if exists orders_saving_methods(integer);
create function orders_saving_methods(p_limit integer) returns table (id uuid, organization_id uuid)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select id, organization_id from payment_orders
    where status = 'paid' and saves_method and method_saved_at is null and payment_method_id is null order by paid_at limit p_limit
$$;
grant execute on function orders_saving_methods(integer) to hub_app;

-- Keeps the method an order was paid with, in place of the one before. p_customer null: there is nothing to keep.
create or replace function payment_method_save(
    p_order_id uuid, p_id uuid, p_customer text, p_method text, p_brand text, p_last_four text, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_order payment_orders;
begin
    perform ledger_lock(array(select organization_id from payment_orders where id = p_order_id));
    update payment_orders set method_saved_at = p_now where id = p_order_id and status = 'paid' and saves_method and method_saved_at is null returning * into v_order;
    if not found or p_customer is null then
        return false;
    end if;

    update payment_methods set removed_at = p_now where organization_id = v_order.organization_id and removed_at is null;
    insert into payment_methods (id, organization_id, user_id, channel, customer_reference, method_reference, brand, last_four, created_at)
    values (p_id, v_order.organization_id, v_order.user_id, v_order.channel, p_customer, p_method, p_brand, p_last_four, p_now);
    update auto_top_ups set payment_method_id = p_id where organization_id = v_order.organization_id;
    return true;
end $$;
grant execute on function payment_method_save(uuid, uuid, text, text, text, text, timestamptz) to hub_app;

create or replace function payment_method_remove(p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    update payment_methods set removed_at = p_now where organization_id = current_organization() and removed_at is null;
    if not found then
        return false;
    end if;
    update auto_top_ups set stopped_at = p_now, stop_reason = 'method_removed' where organization_id = current_organization() and stopped_at is null;
    update subscriptions set collection = 'prepaid' where organization_id = current_organization() and status = 'active' and collection = 'automatic';
    return true;
end $$;
grant execute on function payment_method_remove(timestamptz) to hub_app;

-- Sets it, and lets it go on where it had stopped; null ends it.
create or replace function auto_top_up_set(p_method_id uuid, p_below bigint, p_amount bigint, p_cap bigint, p_now timestamptz) returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    if p_method_id is null then
        delete from auto_top_ups where organization_id = current_organization();
        return;
    end if;
    insert into auto_top_ups (organization_id, payment_method_id, below_nanos, amount_minor, monthly_cap_minor, updated_at)
    values (current_organization(), p_method_id, p_below, p_amount, p_cap, p_now)
    on conflict (organization_id) do update
    set payment_method_id = excluded.payment_method_id, below_nanos = excluded.below_nanos, amount_minor = excluded.amount_minor,
        monthly_cap_minor = excluded.monthly_cap_minor, updated_at = excluded.updated_at, stopped_at = null, stop_reason = null;
end $$;
grant execute on function auto_top_up_set(uuid, bigint, bigint, bigint, timestamptz) to hub_app;

-- The wallets that are too low, or the one that is asked about, with what the month has already taken. An order under way counts as if it had arrived.
drop function if exists auto_top_ups_due(timestamptz, integer);
create or replace function auto_top_ups_due(p_now timestamptz, p_limit integer, p_organization_id uuid default null)
    returns table (organization_id uuid, currency text, payment_method_id uuid, user_id uuid, channel text, amount_minor bigint, capped boolean)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select setting.organization_id, organization.currency, method.id, method.user_id, method.channel, setting.amount_minor,
           spent.minor + setting.amount_minor > setting.monthly_cap_minor
    from auto_top_ups setting
    join organizations organization on organization.id = setting.organization_id and organization.status = 'active'
    join payment_methods method on method.id = setting.payment_method_id and method.removed_at is null
    cross join lateral (
        select coalesce(sum(balance.posted - balance.held), 0)::bigint as nanos
        from accounts account join balances balance on balance.account_id = account.id
        where account.organization_id = setting.organization_id and account.kind in ('wallet_granted', 'wallet_purchased')) available
    cross join lateral (
        select coalesce(sum(paid.amount_minor), 0)::bigint as minor from payment_orders paid
        where paid.organization_id = setting.organization_id and paid.purpose = 'auto_top_up' and paid.status in ('created', 'pending', 'paid')
          and paid.created_at >= date_trunc('month', p_now at time zone organization.time_zone) at time zone organization.time_zone) spent
    where setting.stopped_at is null and available.nanos < setting.below_nanos and (p_organization_id is null or setting.organization_id = p_organization_id)
      and not exists (select from payment_orders open where open.organization_id = setting.organization_id and open.purpose = 'auto_top_up' and open.status in ('created', 'pending'))
    order by setting.organization_id limit p_limit
$$;
grant execute on function auto_top_ups_due(timestamptz, integer, uuid) to hub_app;

-- The refills that were refused since the setting was last touched.
create or replace function auto_top_ups_refused() returns setof uuid
    language sql stable security definer set search_path = public, pg_temp
as $$
    select setting.organization_id from auto_top_ups setting
    where setting.stopped_at is null and exists (
        select from payment_orders failed
        where failed.organization_id = setting.organization_id and failed.purpose = 'auto_top_up' and failed.status in ('failed', 'closed') and failed.created_at > setting.updated_at)
$$;
grant execute on function auto_top_ups_refused() to hub_app;

create or replace function auto_top_up_stop(p_organization_id uuid, p_reason text, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    update auto_top_ups set stopped_at = p_now, stop_reason = p_reason where organization_id = p_organization_id and stopped_at is null;
    if not found then
        return false;
    end if;
    perform billing_tell(p_organization_id, 'auto_top_up_stopped', 'auto_top_up:' || extract(epoch from p_now), jsonb_build_object('reason', p_reason), p_now);
    return true;
end $$;
grant execute on function auto_top_up_stop(uuid, text, timestamptz) to hub_app;

-- A bank has taken back what an order paid. As much of it as the wallet has left is set aside until the dispute is decided; what has been spent
-- already is owed.
create or replace function dispute_open(
    p_id uuid, p_channel text, p_channel_trade_no text, p_reference text, p_currency text, p_amount_minor bigint, p_reason text, p_evidence_due_at timestamptz,
    p_now timestamptz) returns text
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_order payment_orders;
    v_take bigint;
begin
    perform ledger_lock(array(select organization_id from payment_orders where channel = p_channel and channel_trade_no = p_channel_trade_no));
    select * into v_order from payment_orders where channel = p_channel and channel_trade_no = p_channel_trade_no and status = 'paid' for update;
    if not found then
        return 'unknown_order';
    end if;
    if v_order.currency is distinct from p_currency or p_amount_minor <= 0 or p_amount_minor > v_order.amount_minor then
        return 'mismatch';
    end if;
    if exists (select from disputes where reference = p_reference) then
        return 'known';
    end if;

    select greatest(0, least(p_amount_minor * 10000000, balance.posted - balance.held)) into v_take from balances balance
    where balance.account_id = ledger_account(v_order.organization_id, 'wallet_purchased', v_order.currency);
    insert into disputes (id, organization_id, order_id, reference, status, amount_minor, taken_nanos, reason, opened_at, evidence_due_at)
    values (p_id, v_order.organization_id, v_order.id, p_reference, 'open', p_amount_minor, v_take, p_reason, p_now, p_evidence_due_at);
    if v_take > 0 then
        perform ledger_post(p_id, v_order.organization_id, 'dispute:' || p_id, 'dispute', 'wallet_purchased', 'disputed', v_order.currency, v_take, p_now, p_now, p_reference);
    end if;
    if v_take < p_amount_minor * 10000000 then
        perform dunning_open(v_order.organization_id, 'dispute', p_id, p_now, p_now);
    end if;
    perform billing_tell(v_order.organization_id, 'dispute_opened', 'dispute:' || p_id,
                         jsonb_build_object('order', v_order.out_trade_no, 'amount', p_amount_minor, 'currency', p_currency), p_now);
    return 'opened';
end $$;
grant execute on function dispute_open(uuid, text, text, text, text, bigint, text, timestamptz, timestamptz) to hub_app;

-- Takes what is still owed of disputes out of what the wallet has by now, the oldest first. What of it is lost already goes straight back.
create or replace function disputes_collect(p_organization_id uuid, p_now timestamptz) returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v record;
    v_take bigint;
begin
    for v in
        select dispute.id, dispute.reference, dispute.status, dispute.taken_nanos, dispute.amount_minor * 10000000 - dispute.taken_nanos as owed, paid.currency
        from disputes dispute join payment_orders paid on paid.id = dispute.order_id
        where dispute.organization_id = p_organization_id and dispute.status <> 'won' and dispute.taken_nanos < dispute.amount_minor * 10000000
        order by dispute.opened_at, dispute.id for update of dispute
    loop
        select greatest(0, least(v.owed, balance.posted - balance.held)) into v_take from balances balance
        where balance.account_id = ledger_account(p_organization_id, 'wallet_purchased', v.currency);
        exit when v_take = 0;
        update disputes set taken_nanos = taken_nanos + v_take where id = v.id;
        -- A key of its own for each time: what had been taken before.
        perform ledger_post(uuid_v7(p_now), p_organization_id, concat_ws(':', 'dispute', v.id, v.taken_nanos), 'dispute', 'wallet_purchased',
                            case v.status when 'lost' then 'payments' else 'disputed' end, v.currency, v_take, p_now, p_now, v.reference);
        if v_take = v.owed then
            perform dunning_close(v.id, p_now);
        end if;
    end loop;
end $$;

create or replace function dispute_close(p_reference text, p_won boolean, p_journal_id uuid, p_now timestamptz) returns text
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_dispute disputes;
    v_order payment_orders;
begin
    perform ledger_lock(array(select organization_id from disputes where reference = p_reference));
    select * into v_dispute from disputes where reference = p_reference for update;
    if not found then
        return 'unknown_dispute';
    end if;
    if v_dispute.status <> 'open' then
        return 'known';
    end if;

    select * into v_order from payment_orders where id = v_dispute.order_id;
    update disputes set status = case when p_won then 'won' else 'lost' end, closed_at = p_now where id = v_dispute.id;
    if v_dispute.taken_nanos > 0 then
        perform ledger_post(p_journal_id, v_dispute.organization_id, 'dispute_closed:' || v_dispute.id, 'dispute_closed', 'disputed',
                            case when p_won then 'wallet_purchased' else 'payments' end, v_order.currency, v_dispute.taken_nanos, p_now, p_now, p_reference);
    end if;
    if p_won then
        perform dunning_close(v_dispute.id, p_now);
    end if;
    perform billing_tell(v_dispute.organization_id, 'dispute_closed', 'dispute_closed:' || v_dispute.id,
                         jsonb_build_object('order', v_order.out_trade_no, 'won', case when p_won then 'true' else 'false' end), p_now);
    return case when p_won then 'won' else 'lost' end;
end $$;
grant execute on function dispute_close(text, boolean, uuid, timestamptz) to hub_app;

-- Codes are an operator's to make. Nobody reads a hash back.
create or replace trigger operators_only before insert or update or delete on code_batches for each statement execute function refuse_strangers();
create or replace trigger operators_only before insert or delete on redemption_codes for each statement execute function refuse_strangers();
grant select, insert, update (revoked_at) on code_batches to hub_app;
grant insert, select (id, batch_id, last_four, redeemed_at) on redemption_codes to hub_app;

create or replace function code_redeem(p_hash bytea, p_id uuid, p_user_id uuid, p_now timestamptz)
    returns table (outcome text, amount_minor bigint, expires_at timestamptz)
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_organization organizations;
    v_code redemption_codes;
    v_batch code_batches;
begin
    amount_minor := 0;
    perform ledger_lock(array[current_organization()]);
    select * into v_organization from organizations where id = current_organization();
    select * into v_code from redemption_codes where hash = p_hash for update;
    select * into v_batch from code_batches where id = v_code.batch_id;
    outcome := case
        when v_code.id is null or v_batch.revoked_at is not null or v_batch.redeem_before <= p_now then 'unknown'
        when v_code.redeemed_at is not null then 'redeemed'
        when v_batch.currency <> v_organization.currency then 'other_currency'
        when (select count(*) from redemptions where organization_id = v_organization.id and batch_id = v_batch.id) >= v_batch.per_organization then 'too_many'
        else 'accepted' end;
    if outcome = 'accepted' then
        amount_minor := v_batch.amount_minor;
        expires_at := p_now + make_interval(days => v_batch.grant_days);
        update redemption_codes set redeemed_at = p_now where id = v_code.id;
        insert into redemptions (id, organization_id, code_id, batch_id, user_id, amount_minor, redeemed_at, expires_at)
        values (p_id, v_organization.id, v_code.id, v_batch.id, p_user_id, v_batch.amount_minor, p_now, code_redeem.expires_at);
        perform ledger_post(p_id, v_organization.id, 'code:' || v_code.id, 'redemption', 'promotion', 'wallet_granted', v_organization.currency,
                            v_batch.amount_minor * 10000000, p_now, p_now, v_batch.name, code_redeem.expires_at);
    end if;
    return next;
end $$;
grant execute on function code_redeem(bytea, uuid, uuid, timestamptz) to hub_app;
