-- What operators do with single orders and disputes of any organization. Only in a transaction that names an operator.

create or replace function order_whose(p_id uuid) returns uuid
    language sql stable security definer set search_path = public, pg_temp
as $$ select organization_id from payment_orders where id = p_id and operator_at_work() $$;

create or replace function finance_disputes(p_status text, p_before timestamptz, p_before_id uuid, p_limit integer)
    returns table (
        id uuid, organization_id uuid, organization_name text, order_id uuid, out_trade_no text, reference text, status text, currency text, amount_minor bigint,
        taken_nanos bigint, reason text, opened_at timestamptz, evidence_due_at timestamptz, closed_at timestamptz)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    perform finance_guard();
    return query
        select dispute.id, dispute.organization_id, organization.name, dispute.order_id, paid.out_trade_no, dispute.reference, dispute.status, paid.currency,
               dispute.amount_minor, dispute.taken_nanos, dispute.reason, dispute.opened_at, dispute.evidence_due_at, dispute.closed_at
        from disputes dispute
        join organizations organization on organization.id = dispute.organization_id
        join payment_orders paid on paid.id = dispute.order_id
        where (p_status is null or dispute.status = p_status) and (p_before is null or (dispute.opened_at, dispute.id) < (p_before, p_before_id))
        order by dispute.opened_at desc, dispute.id desc limit p_limit;
end $$;

-- The refunds of an order that are under way are asked about now.
create or replace function refunds_look(p_order_id uuid, p_now timestamptz) returns integer
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_looked integer;
begin
    perform finance_guard();
    update payment_refunds set next_check_at = p_now
    where order_id = p_order_id and organization_id = current_organization() and status in ('requested', 'processing');
    get diagnostics v_looked = row_count;
    return v_looked;
end $$;
grant execute on function order_whose(uuid), finance_disputes(text, timestamptz, uuid, integer), refunds_look(uuid, timestamptz) to hub_app;
