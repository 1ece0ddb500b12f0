-- Where plans and invoices meet: what was paid for plans is invoiced, and what of invoices is overdue is dunned.

-- What an order has paid for a plan and no invoice tells of yet. What a plan took from the balance was invoiced when the balance was paid in.
create or replace function charges_to_invoice(p_limit integer) returns table (organization_id uuid, charge_id uuid)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select charge.organization_id, charge.id
    from subscription_charges charge join payment_orders paid on paid.charge_id = charge.id and paid.status = 'paid'
    where charge.status = 'applied' and charge.amount_minor > 0
      and not exists (select from invoices where invoices.organization_id = charge.organization_id and invoices.source = 'subscription:' || charge.id and invoices.status not in ('draft', 'void'))
    order by charge.applied_at, charge.id limit p_limit
$$;
grant execute on function charges_to_invoice(integer) to hub_app;

-- Opens a case for each overdue invoice and closes those of invoices that are not overdue any more. Answers how many changed.
create or replace function dunning_of_invoices(p_now timestamptz) returns integer
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v record;
    v_count integer := 0;
begin
    for v in
        select invoice.organization_id, invoice.id, invoice.due_at from invoices invoice
        where invoice.status = 'overdue' and not exists (select from dunning_cases where subject_id = invoice.id and closed_at is null)
    loop
        if dunning_open(v.organization_id, 'invoice', v.id, v.due_at, p_now) then
            v_count := v_count + 1;
        end if;
    end loop;

    for v in
        select dunning.subject_id from dunning_cases dunning join invoices invoice on invoice.id = dunning.subject_id
        where dunning.reason = 'invoice' and dunning.closed_at is null and invoice.status <> 'overdue'
    loop
        if dunning_close(v.subject_id, p_now) then
            v_count := v_count + 1;
        end if;
    end loop;
    return v_count;
end $$;
grant execute on function dunning_of_invoices(timestamptz) to hub_app;
