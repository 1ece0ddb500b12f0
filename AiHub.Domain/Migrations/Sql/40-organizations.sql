-- Members, teams, invitations, keys and operators: who may write what, and the few questions that cross organizations.

grant select on team_memberships, invitations to hub_app;
grant insert, delete, update (role) on team_memberships to hub_app;
grant select on policies to hub_app;
grant insert, update (allowed_vendors, denied_vendors, allowed_models, denied_models, country, zero_retention, required_tags, updated_at) on policies to hub_app;
grant update (archived_at) on teams to hub_app;
grant insert, update (accepted_at, accepted_by, revoked_at) on invitations to hub_app;
grant update (disabled_at, allowed_vendors, allowed_ips, tags, caches_answers, last_used_at) on api_keys to hub_app;
grant update (caches_answers) on organizations to hub_app;

create or replace trigger tell_change after insert or update or delete on policies for each row execute function tell_change('organization_id');

-- What a token opens while it can be accepted. The organization is not known before the token is.
drop function if exists find_invitation(bytea, timestamptz);
create function find_invitation(hash bytea, now timestamptz)
    returns table (
        id uuid, organization_id uuid, organization_name text, email text, normalized_email text, role text, team_id uuid, team_name text,
        invited_by text, expires_at timestamptz)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select invitation.id, invitation.organization_id, organization.name, invitation.email, invitation.normalized_email, invitation.role,
           team.id, team.name, inviter.display_name, invitation.expires_at
    from invitations invitation
    join organizations organization on organization.id = invitation.organization_id and organization.status <> 'closed'
    join users inviter on inviter.id = invitation.invited_by
    left join teams team on team.id = invitation.team_id and team.archived_at is null
    where invitation.hash = find_invitation.hash and invitation.accepted_at is null and invitation.revoked_at is null
      and invitation.expires_at > find_invitation.now
$$;

-- An organization is suspended and reactivated by operators, and closed by its owner; which of them asks is decided at the door.
create or replace function set_organization_status(p_id uuid, p_status text) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    if p_id is distinct from current_organization() then
        raise exception 'the status of an organization is set from within it' using errcode = 'insufficient_privilege';
    end if;
    if p_status not in ('active', 'suspended', 'closed') then
        raise exception 'there is no status %', p_status using errcode = 'check_violation';
    end if;

    -- Closed is for good.
    update organizations set status = p_status where id = p_id and status <> p_status and status <> 'closed';
    return found;
end $$;

-- The only way a key's secret changes: the one before keeps working until the overlap ends.
create or replace function rotate_api_key(
    p_id uuid, p_hash bytea, p_prefix text, p_last_four text, p_previous_until timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    update api_keys
    set previous_hash = hash, previous_expires_at = p_previous_until, hash = p_hash, prefix = p_prefix, last_four = p_last_four
    where id = p_id and organization_id = current_organization() and revoked_at is null;
    return found;
end $$;

-- All organizations, for operators.
drop function if exists organizations_of_hub(text);
create function organizations_of_hub(text text)
    returns table (
        id uuid, name text, personal boolean, status text, currency text, plan_id text, owner_email text, members bigint, created_at timestamptz)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select organization.id, organization.name, organization.personal, organization.status, organization.currency, subscription.plan_id, owner.email,
           (select count(*) from memberships member where member.organization_id = organization.id), organization.created_at
    from organizations organization
    left join subscriptions subscription on subscription.organization_id = organization.id and subscription.status = 'active'
    left join lateral (
        select person.email from memberships member join users person on person.id = member.user_id
        where member.organization_id = organization.id and member.role = 'owner' order by member.created_at limit 1) owner on true
    -- position, not like: what is searched for may hold a percent sign.
    where organizations_of_hub.text is null
       or position(lower(organizations_of_hub.text) in lower(organization.name)) > 0
       or position(lower(organizations_of_hub.text) in lower(owner.email)) > 0
       or organization.id::text = lower(organizations_of_hub.text)
$$;

-- Makes a person an operator if the token is the one that migrating printed. One statement, so that a token used twice at once is used once.
create or replace function claim_operator(p_hash bytea, p_user_id uuid, p_now timestamptz) returns boolean
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    update setup_tokens set used_at = p_now, used_by = p_user_id where hash = p_hash and used_at is null and expires_at > p_now;
    if not found then
        return false;
    end if;
    insert into operators (user_id, created_at) values (p_user_id, p_now) on conflict do nothing;
    return true;
end $$;

grant execute on function find_invitation(bytea, timestamptz), set_organization_status(uuid, text),
    rotate_api_key(uuid, bytea, text, text, timestamptz), organizations_of_hub(text), claim_operator(bytea, uuid, timestamptz) to hub_app;
