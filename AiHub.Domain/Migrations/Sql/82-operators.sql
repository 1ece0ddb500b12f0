-- What operators do for one organization, and where the hub's queues stand. Only in a transaction that names an operator (app.operator_id).

-- Promotional money, once per key: the same again changes nothing and answers false.
create or replace function organization_credit(
    p_id uuid, p_organization_id uuid, p_key text, p_amount bigint, p_memo text, p_expires_at timestamptz, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_currency text;
begin
    if not operator_at_work() or p_organization_id is distinct from current_organization() then
        raise exception 'only an operator gives credit' using errcode = 'insufficient_privilege';
    end if;
    select currency into strict v_currency from organizations where id = p_organization_id;
    return ledger_post(p_id, p_organization_id, 'credit:' || p_key, 'credit', 'promotion', 'wallet_granted', v_currency, p_amount, p_now, p_now, p_memo, p_expires_at);
end $$;
grant execute on function organization_credit(uuid, uuid, text, bigint, text, timestamptz, timestamptz) to hub_app;

-- How many wait and how many nobody tries any more.
create or replace function hub_queues() returns table (name text, waiting bigint, parked bigint, oldest_at timestamptz)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    if not operator_at_work() then
        raise exception 'only an operator sees the queues of the hub' using errcode = 'insufficient_privilege';
    end if;
    return query
        select 'payment_notices', count(*) filter (where handled_at is null and parked_at is null), count(*) filter (where parked_at is not null and handled_at is null),
               min(received_at) filter (where handled_at is null and parked_at is null)
        from inbound_notices
        union all
        select 'alert_messages', count(*) filter (where state = 'pending'), count(*) filter (where state = 'parked'), min(created_at) filter (where state = 'pending')
        from alert_deliveries
        union all
        -- Their text is erased when they are given up, so there is nothing to replay.
        select 'mails', count(*) filter (where state = 'pending'), count(*) filter (where state = 'parked'), min(created_at) filter (where state = 'pending')
        from outgoing_mails;
end $$;
grant execute on function hub_queues() to hub_app;

-- What is parked, newest first.
create or replace function hub_parked(p_limit integer)
    returns table (queue text, id uuid, organization_id uuid, what text, attempts integer, error text, at timestamptz)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    if not operator_at_work() then
        raise exception 'only an operator sees the queues of the hub' using errcode = 'insufficient_privilege';
    end if;
    return query
        (select 'payment_notices', notice.id, null::uuid, notice.channel || ' ' || notice.kind || coalesce(' ' || notice.out_trade_no, ''), notice.attempts, notice.last_error, notice.parked_at
         from inbound_notices notice where notice.parked_at is not null and notice.handled_at is null)
        union all
        (select 'alert_messages', delivery.id, delivery.organization_id, channel.kind || ' ' || channel.name, delivery.attempts, delivery.last_error, delivery.created_at
         from alert_deliveries delivery join alert_channels channel on channel.id = delivery.channel_id
         where delivery.state = 'parked' and channel.removed_at is null)
        order by 7 desc limit p_limit;
end $$;
grant execute on function hub_parked(integer) to hub_app;

-- Tries a parked one again, from the first try on. Answers whether there was one.
create or replace function hub_replay(p_queue text, p_id uuid, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    if not operator_at_work() then
        raise exception 'only an operator replays' using errcode = 'insufficient_privilege';
    end if;
    case p_queue
        when 'payment_notices' then
            update inbound_notices set parked_at = null, attempts = 0, next_attempt_at = p_now where id = p_id and parked_at is not null and handled_at is null;
        when 'alert_messages' then
            update alert_deliveries set state = 'pending', attempts = 0, next_attempt_at = p_now
            where id = p_id and state = 'parked' and exists (select from alert_channels where alert_channels.id = channel_id and removed_at is null);
        else
            return false;
    end case;
    return found;
end $$;
grant execute on function hub_replay(text, uuid, timestamptz) to hub_app;
