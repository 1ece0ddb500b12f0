-- The catalogue belongs to the operators. The services may change it only in a transaction that names one (app.operator_id): a hole anywhere
-- else in them cannot redirect a vendor or reprice a model.

create or replace function operator_at_work() returns boolean language sql stable security definer set search_path = public, pg_temp
as $$
    select exists (select from operators where user_id = nullif(current_setting('app.operator_id', true), '')::uuid)
$$;
grant execute on function operator_at_work() to hub_app;

create or replace function refuse_strangers() returns trigger language plpgsql as $$
begin
    if current_user = 'hub_app' and not operator_at_work() then
        raise exception 'only an operator changes %', tg_table_name using errcode = 'insufficient_privilege';
    end if;
    return null;
end $$;

do $$
declare
    name text;
begin
    foreach name in array array['vendors', 'models', 'upstreams', 'prices', 'price_discounts', 'vendor_keys', 'price_proposals', 'holidays'] loop
        execute format('create or replace trigger operators_only before insert or update or delete on %I for each statement execute function refuse_strangers()', name);
        execute format('create or replace trigger tell_change after insert or update or delete on %I for each row execute function tell_change(%L)',
                       name, case name when 'holidays' then 'calendar' else 'id' end);
    end loop;
end $$;

grant select on operators, vendor_keys, price_proposals, price_discounts, holidays to hub_app;
grant insert, update (name, base_url, dialect, key_variable, enabled, country, retains_prompts, trains_on_prompts, allow_private_network, managed, quirks, source)
    on vendors to hub_app;
grant insert, update (name, kind, aliases, context_length, max_output_tokens, input_modalities, output_modalities, supported_parameters,
    weights_input, weights_cache_read, weights_output, weights_image, weights_second, weights_character, weights_search_unit, auto_rank, enabled, managed, source) on models to hub_app;
grant insert, update (region, base_url, key_pool, priority, weight, enabled, managed) on upstreams to hub_app;
grant insert, update (valid_to) on prices, price_discounts to hub_app;
grant insert, delete, update (pool, name, enabled) on vendor_keys to hub_app;
grant insert, update (status, decided_at, decided_by) on price_proposals to hub_app;
grant insert, delete on holidays to hub_app;

-- The ring that vendor keys are encrypted with: read and added to, never changed.
grant select, insert on protection_keys to hub_app;

-- How endpoints do: gateways add what they saw, workers forget what is old, and anybody may look.
grant select, insert, update, delete on endpoint_spans to hub_app;

create or replace function add_counts(one integer[], other integer[]) returns integer[] language sql immutable parallel safe
as $$
    select array_agg(coalesce(a, 0) + coalesce(b, 0) order by i) from unnest(one, other) with ordinality counts (a, b, i)
$$;
create or replace aggregate sum_counts(integer[]) (sfunc = add_counts, stype = integer[], initcond = '{}', parallel = safe, combinefunc = add_counts);
grant execute on function add_counts(integer[], integer[]), sum_counts(integer[]) to hub_app;
