-- What has been written stays as it was written, whoever asks.

create or replace function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;

create or replace trigger append_only before update or delete on journals for each row execute function refuse_change();
create or replace trigger append_only before update or delete on entries for each row execute function refuse_change();
create or replace trigger append_only before update or delete on lot_draws for each row execute function refuse_change();
create or replace trigger append_only before update or delete on audit_entries for each row execute function refuse_change();
create or replace trigger append_only before update or delete on usage_records for each row execute function refuse_change();
create or replace trigger never_emptied before truncate on journals execute function refuse_change();
create or replace trigger never_emptied before truncate on entries execute function refuse_change();
create or replace trigger never_emptied before truncate on lot_draws execute function refuse_change();
create or replace trigger never_emptied before truncate on audit_entries execute function refuse_change();
create or replace trigger never_emptied before truncate on usage_records execute function refuse_change();

-- A price may end; it may not become another price.
create or replace function refuse_repricing() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or old.valid_to is not null
       or (new.id, new.upstream_id, new.component, new.currency, new.nanos_per_million, new.min_prompt_tokens, new.service_tier, new.hours, new.customer_id, new.valid_from)
          is distinct from (old.id, old.upstream_id, old.component, old.currency, old.nanos_per_million, old.min_prompt_tokens, old.service_tier, old.hours, old.customer_id, old.valid_from) then
        raise exception 'a price row only ever gets an end' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create or replace trigger only_ends before update or delete on prices for each row execute function refuse_repricing();

create or replace function refuse_rediscounting() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or old.valid_to is not null or to_jsonb(old) - 'valid_to' <> to_jsonb(new) - 'valid_to' then
        raise exception 'a discount only ever gets an end' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create or replace trigger only_ends before update or delete on price_discounts for each row execute function refuse_rediscounting();

-- The billing currency is decided once: the ledger never converts.
create or replace function refuse_recurrency() returns trigger language plpgsql as $$
begin
    raise exception 'the currency of an organization cannot change' using errcode = 'restrict_violation';
end $$;
create or replace trigger one_currency before update of currency on organizations
    for each row when (new.currency <> old.currency) execute function refuse_recurrency();

-- Two overlapping prices for the same thing would make a bill depend on luck.
create or replace function refuse_overlap() returns trigger language plpgsql as $$
begin
    if exists (
        select from prices other
        where other.upstream_id = new.upstream_id and other.component = new.component and other.currency = new.currency
          and other.min_prompt_tokens = new.min_prompt_tokens and other.service_tier = new.service_tier
          and other.hours = new.hours and other.customer_id is not distinct from new.customer_id and other.id <> new.id
          and tstzrange(other.valid_from, other.valid_to) && tstzrange(new.valid_from, new.valid_to)) then
        raise exception 'there is already a price for that time' using errcode = 'exclusion_violation';
    end if;
    return new;
end $$;
create or replace trigger no_overlap before insert or update on prices for each row execute function refuse_overlap();

create or replace function refuse_discounts_overlap() returns trigger language plpgsql as $$
begin
    if exists (
        select from price_discounts other
        where other.customer_id = new.customer_id and other.vendor_id = new.vendor_id and other.model_pattern = new.model_pattern and other.id <> new.id
          and tstzrange(other.valid_from, other.valid_to) && tstzrange(new.valid_from, new.valid_to)) then
        raise exception 'there is already a discount for that time' using errcode = 'exclusion_violation';
    end if;
    return new;
end $$;
create or replace trigger no_overlap before insert or update on price_discounts for each row execute function refuse_discounts_overlap();
