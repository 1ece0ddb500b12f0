-- Signing in: tickets, second factors, passkeys, single sign-on, provisioning, and the mails that go with them.

grant select, insert, delete, update (used_at, attempts) on tickets to hub_app;
grant select, insert, delete, update (protected, created_at, confirmed_at, last_step) on authenticators to hub_app;
grant select, insert, delete, update (used_at) on recovery_codes to hub_app;
grant select, insert, delete, update (name, sign_count, user_verified, backed_up, last_used_at) on passkeys to hub_app;
grant select, insert, delete, update (issuer, client_id, protected_secret, domain, domain_proof, domain_verified_at, default_role, enabled, required, updated_at) on sign_ons to hub_app;
grant select, insert, delete on sign_on_identities to hub_app;
grant select, insert, update (last_used_at, revoked_at) on scim_tokens to hub_app;
grant select, insert, delete, update (user_name, external_id, given_name, family_name, display_name, active, updated_at) on scim_users to hub_app;
grant select, insert, delete, update (external_id, updated_at) on scim_groups to hub_app;

-- Written by whoever has something to say; read by taking alone, because a mail may hold a link that opens an account.
grant insert on outgoing_mails to hub_app;

drop function if exists mails_take(timestamptz, timestamptz, integer);
create function mails_take(p_now timestamptz, p_until timestamptz, p_limit integer)
    returns table (id uuid, attempts integer, address text, subject text, body text)
    language sql security definer set search_path = public, pg_temp
as $$
    update outgoing_mails mail set attempts = mail.attempts + 1, next_attempt_at = p_until
    where mail.id in (select due.id from outgoing_mails due where due.state = 'pending' and due.next_attempt_at <= p_now
                      order by due.next_attempt_at limit p_limit for update skip locked)
    returning mail.id, mail.attempts, mail.address, mail.subject, mail.body
$$;

-- p_next: when to try again; null parks it.
create or replace function mail_close(p_id uuid, p_sent boolean, p_error text, p_next timestamptz, p_now timestamptz) returns void
    language sql security definer set search_path = public, pg_temp
as $$
    update outgoing_mails
    set state = case when p_sent then 'sent' when p_next is null then 'parked' else 'pending' end,
        sent_at = case when p_sent then p_now end,
        body = case when p_sent or p_next is null then null else body end,
        last_error = p_error,
        next_attempt_at = coalesce(p_next, next_attempt_at)
    where id = p_id and state = 'pending'
$$;

-- Where people of an e-mail domain sign in. The organization is not known before the domain is.
drop function if exists find_sign_on(text);
create function find_sign_on(domain text)
    returns table (organization_id uuid, organization_name text, issuer text, client_id text)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select sign_on.organization_id, organization.name, sign_on.issuer, sign_on.client_id
    from sign_ons sign_on
    join organizations organization on organization.id = sign_on.organization_id and organization.status <> 'closed'
    where sign_on.domain = find_sign_on.domain and sign_on.domain_verified_at is not null and sign_on.enabled
$$;

drop function if exists find_scim_token(bytea);
create function find_scim_token(hash bytea)
    returns table (id uuid, organization_id uuid, created_by uuid, last_used_at timestamptz)
    language sql stable security definer set search_path = public, pg_temp
as $$
    select token.id, token.organization_id, token.created_by, token.last_used_at
    from scim_tokens token
    join organizations organization on organization.id = token.organization_id and organization.status <> 'closed'
    where token.hash = find_scim_token.hash and token.revoked_at is null
$$;

grant execute on function mails_take(timestamptz, timestamptz, integer), mail_close(uuid, boolean, text, timestamptz, timestamptz),
    find_sign_on(text), find_scim_token(bytea) to hub_app;
