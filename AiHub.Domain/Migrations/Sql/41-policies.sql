-- What organizations decide about their calls beyond who may answer them: their own keys at vendors, guardrails, kept contents.

grant select, delete on own_vendor_keys, guardrails to hub_app;
grant insert, update (name, protected, last_four, use, enabled, rotated_at, tested_at, test_error) on own_vendor_keys to hub_app;
grant insert, update (name, action, on_input, on_output, terms, model, url, secret, timeout_ms, fails_open, covers_unreadable, enabled, updated_at) on guardrails to hub_app;
grant select, insert on captured_contents to hub_app;
grant update (captures_content, retention_days, default_parameters) on policies to hub_app;

create or replace trigger tell_change after insert or update or delete on own_vendor_keys for each row execute function tell_change('organization_id');
create or replace trigger tell_change after insert or update or delete on guardrails for each row execute function tell_change('organization_id');

-- Contents whose time is over, of all organizations. Answers how many.
create or replace function content_expire(p_now timestamptz, p_limit integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_count integer;
begin
    delete from captured_contents where id in (
        select id from captured_contents where expires_at <= p_now order by expires_at limit p_limit for update skip locked);
    get diagnostics v_count = row_count;
    return v_count;
end $$;
grant execute on function content_expire(timestamptz, integer) to hub_app;
