-- What is owed, from the day it was due. An organization stands where the worst of its open cases stands.

create or replace function dunning_stand(p_organization_id uuid) returns void
    language sql security definer set search_path = public, pg_temp
as $$
    update organizations organization set standing = worst.standing
    from (select case when bool_or(stage = 'suspended') then 'suspended' when bool_or(stage = 'restricted') then 'restricted' else 'good' end as standing
          from dunning_cases where organization_id = p_organization_id and closed_at is null) worst
    where organization.id = p_organization_id and organization.standing <> worst.standing
$$;

-- Opens a case, once for each thing that is owed. Answers whether it was new.
create or replace function dunning_open(p_organization_id uuid, p_reason text, p_subject_id uuid, p_since timestamptz, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    insert into dunning_cases (id, organization_id, reason, subject_id, since, stage, attempts)
    values (uuid_v7(p_now), p_organization_id, p_reason, p_subject_id, p_since, 'opened', 0)
    on conflict (subject_id) where closed_at is null do nothing;
    return found;
end $$;
grant execute on function dunning_open(uuid, text, uuid, timestamptz, timestamptz) to hub_app;

create or replace function dunning_close(p_subject_id uuid, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_case dunning_cases;
begin
    update dunning_cases set closed_at = p_now where subject_id = p_subject_id and closed_at is null returning * into v_case;
    if not found then
        return false;
    end if;

    perform dunning_stand(v_case.organization_id);
    if v_case.stage <> 'opened' then
        perform billing_tell(v_case.organization_id, 'recovered', 'recovered:' || v_case.id, '{}', p_now);
    end if;
    return true;
end $$;
grant execute on function dunning_close(uuid, timestamptz) to hub_app;

create or replace function dunning_attempted(p_subject_id uuid, p_attempts integer, p_next timestamptz) returns void
    language sql security definer set search_path = public, pg_temp
as $$ update dunning_cases set attempts = p_attempts, next_attempt_at = p_next where subject_id = p_subject_id and closed_at is null $$;
grant execute on function dunning_attempted(uuid, integer, timestamptz) to hub_app;

-- Never back: a case that has reached a stage stays there until it is closed.
create or replace function dunning_move(p_id uuid, p_stage text, p_kind text, p_values jsonb, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    c_order constant text[] := array['opened', 'noticed', 'reminded', 'restricted', 'suspended'];
    v_case dunning_cases;
begin
    update dunning_cases set stage = p_stage
    where id = p_id and closed_at is null and array_position(c_order, stage) < array_position(c_order, p_stage)
    returning * into v_case;
    if not found then
        return false;
    end if;

    perform dunning_stand(v_case.organization_id);
    perform billing_tell(v_case.organization_id, p_kind, p_stage || ':' || p_id, p_values, p_now);
    return true;
end $$;
grant execute on function dunning_move(uuid, text, text, jsonb, timestamptz) to hub_app;

drop function if exists dunning_open_cases(uuid, integer);
create function dunning_open_cases(p_after uuid, p_limit integer)
    returns table (id uuid, organization_id uuid, reason text, subject_id uuid, since timestamptz, stage text)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select id, organization_id, reason, subject_id, since, stage from dunning_cases
    where closed_at is null and stage <> 'suspended' and id > p_after order by id limit p_limit
$$;
grant execute on function dunning_open_cases(uuid, integer) to hub_app;

-- Writes a message to everybody who pays: the owners, and those whose role is billing. The same key again writes nothing.
create or replace function billing_tell(p_organization_id uuid, p_kind text, p_key text, p_values jsonb, p_now timestamptz) returns integer
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_count integer;
begin
    insert into billing_mails (id, organization_id, user_id, kind, key, values, created_at, attempts, next_attempt_at)
    select uuid_v7(p_now), member.organization_id, member.user_id, p_kind, p_key, p_values, p_now, 0, p_now
    from memberships member
    where member.organization_id = p_organization_id and member.role in ('owner', 'billing')
    on conflict (organization_id, key, user_id) do nothing;
    get diagnostics v_count = row_count;
    return v_count;
end $$;
grant execute on function billing_tell(uuid, text, text, jsonb, timestamptz) to hub_app;

drop function if exists billing_mails_take(timestamptz, timestamptz, integer);
create function billing_mails_take(p_now timestamptz, p_until timestamptz, p_limit integer)
    returns table (id uuid, kind text, "values" text, attempts integer, organization_name text, time_zone text, email text, language text)
    language sql security definer set search_path = public, pg_temp
as $$
    with taken as (
        update billing_mails set attempts = attempts + 1, next_attempt_at = p_until
        where id in (select id from billing_mails where next_attempt_at <= p_now order by next_attempt_at limit p_limit for update skip locked)
        returning *)
    select taken.id, taken.kind, taken.values::text, taken.attempts, organization.name, organization.time_zone, person.email, coalesce(person.language, 'zh-CN')
    from taken
    join organizations organization on organization.id = taken.organization_id
    join users person on person.id = taken.user_id
$$;
grant execute on function billing_mails_take(timestamptz, timestamptz, integer) to hub_app;

-- p_next: when to try again; null is for good.
create or replace function billing_mail_close(p_id uuid, p_error text, p_next timestamptz, p_now timestamptz) returns void
    language sql security definer set search_path = public, pg_temp
as $$
    update billing_mails set sent_at = case when p_error is null then p_now end, last_error = p_error, next_attempt_at = p_next where id = p_id and sent_at is null
$$;
grant execute on function billing_mail_close(uuid, text, timestamptz, timestamptz) to hub_app;
