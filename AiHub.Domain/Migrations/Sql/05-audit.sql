-- The only way into the audit log: numbers the entry, and seals it with the hash of the one before.

create or replace function audit_append(
    p_organization_id uuid, p_action text, p_subject text, p_details jsonb, p_actor_id uuid, p_address text, p_now timestamptz,
    p_actor_key_id uuid, p_request_id uuid) returns bigint
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_sequence bigint;
    v_previous bytea;
begin
    if p_organization_id is distinct from current_organization() then
        raise exception 'an audit entry goes to the organization at work' using errcode = 'insufficient_privilege';
    end if;

    perform pg_advisory_xact_lock(hashtextextended('audit:' || p_organization_id, 0));
    select sequence, hash into v_sequence, v_previous from audit_entries where organization_id = p_organization_id order by sequence desc limit 1;
    v_sequence := coalesce(v_sequence, 0) + 1;
    v_previous := coalesce(v_previous, ''::bytea);

    insert into audit_entries (organization_id, sequence, occurred_at, actor_id, actor_key_id, action, subject, details, address, request_id, previous_hash, hash)
    values (p_organization_id, v_sequence, p_now, p_actor_id, p_actor_key_id, p_action, p_subject, p_details, p_address, p_request_id, v_previous,
            audit_hash(v_previous, p_organization_id, v_sequence, p_now, p_actor_id, p_action, p_subject, p_details, p_address, p_actor_key_id, p_request_id));
    return v_sequence;
end $$;
grant execute on function audit_append(uuid, text, text, jsonb, uuid, text, timestamptz, uuid, uuid) to hub_app;

create or replace function audit_hash(
    p_previous bytea, p_organization_id uuid, p_sequence bigint, p_occurred_at timestamptz, p_actor_id uuid,
    p_action text, p_subject text, p_details jsonb, p_address text, p_actor_key_id uuid, p_request_id uuid) returns bytea
    language sql immutable
as $$
    -- A JSON array rather than joined text: no two different entries can spell the same.
    select sha256(p_previous || convert_to(jsonb_build_array(
        p_organization_id, p_sequence, extract(epoch from p_occurred_at), p_actor_id, p_action, p_subject, p_details, p_address,
        p_actor_key_id, p_request_id)::text, 'utf8'))
$$;

-- The first entry of the organization at work whose seal is broken; null when the chain is whole.
create or replace function audit_broken_at(p_organization_id uuid) returns bigint
    language sql stable
as $$
    select min(sequence) from (
        select entry.sequence,
               entry.hash is distinct from audit_hash(entry.previous_hash, entry.organization_id, entry.sequence, entry.occurred_at, entry.actor_id,
                                                      entry.action, entry.subject, entry.details, entry.address, entry.actor_key_id, entry.request_id)
               or entry.previous_hash is distinct from coalesce(lag(entry.hash) over chain, ''::bytea)
               or entry.sequence <> row_number() over chain as broken
        from audit_entries entry
        where entry.organization_id = p_organization_id
        window chain as (order by entry.sequence)) checked
    where broken
$$;
grant execute on function audit_broken_at(uuid), audit_hash(bytea, uuid, bigint, timestamptz, uuid, text, text, jsonb, text, uuid, uuid) to hub_app;
