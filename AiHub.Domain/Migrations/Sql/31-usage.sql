-- Usage: the months' tables, and the sums that are kept so that no page has to add up a million records.

grant select on usage_rollups, usage_sums, usage_pending to hub_app;
grant execute on function usage_months_prepare(timestamptz, integer) to hub_app;

do $$
declare
    v_name text;
begin
    for v_name in select inhrelid::regclass::text from pg_inherits where inhparent = 'usage_records'::regclass loop
        perform usage_month_guard(v_name);
    end loop;
end $$;

-- Each record waits here until a roll-up has counted it. Same transaction as the record, so none is forgotten.
create or replace function usage_await() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    insert into usage_pending (organization_id, id, occurred_at) select organization_id, id, occurred_at from fresh;
    return null;
end $$;
create or replace trigger await_rollup after insert on usage_records referencing new table as fresh for each statement execute function usage_await();

-- One call. The limit makes the planner look it up, whatever it thinks how many there are.
create or replace function usage_record_at(id uuid, at timestamptz) returns setof usage_records
    language sql stable
as $$
    select * from usage_records record where record.id = usage_record_at.id and record.occurred_at = usage_record_at.at limit 1
$$;
grant execute on function usage_record_at(uuid, timestamptz) to hub_app;

-- Tiny, and all of it comes and goes: the defaults would wait too long.
alter table usage_pending set (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.1, fillfactor = 50);

-- Where an hour or a day of a zone begins. By the distance to it and not by its name: an hour that the clock repeats is two.
create or replace function usage_start(p_grain text, p_at timestamptz, p_zone text) returns timestamptz
    language sql stable parallel safe
as $$
    select case p_grain
        when 'day' then date_trunc('day', p_at at time zone p_zone) at time zone p_zone
        else p_at - ((p_at at time zone p_zone) - date_trunc('hour', p_at at time zone p_zone)) end
$$;

-- Everything a call is summed up under: itself, and each thing one can ask for.
create or replace function usage_keys(p_team uuid, p_user uuid, p_key uuid, p_model text, p_vendor text, p_tags text[])
    returns table (dimension text, value text)
    language sql immutable parallel safe
as $$
    values ('all', ''), ('team', coalesce(p_team::text, '')), ('user', p_user::text), ('key', p_key::text), ('model', p_model), ('vendor', p_vendor)
    union all
    select 'tag', unnest(case when cardinality(p_tags) = 0 then array[''] else p_tags end)
$$;

-- Counts up to p_limit waiting records into their hours and days. Taking them off the list and counting them is one transaction, so a record is
-- counted once, however many do this at a time and wherever they stop. Answers how many.
create or replace function usage_roll_up(p_limit integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_count integer;
begin
    -- Against usage_recount, which starts an organization over.
    perform pg_advisory_xact_lock_shared(hashtextextended('usage_roll_up', 0));

    with taken as (
        delete from usage_pending
        where (organization_id, id) in (select organization_id, id from usage_pending order by organization_id, id limit p_limit for update skip locked)
        returning organization_id, id, occurred_at
    ), counted as (
        select record.*, grain.name as grain, usage_start(grain.name, record.occurred_at, organization.time_zone) as starts_at
        from taken
        join usage_records record on record.id = taken.id and record.occurred_at = taken.occurred_at
        join organizations organization on organization.id = record.organization_id
        cross join (values ('hour'), ('day')) grain (name)
    ), fine as materialized (
        select organization_id, grain, starts_at, team_id, user_id, key_id, model_id, vendor_id, tags,
               count(*) as requests, count(*) filter (where status = 'failed') as failed, count(*) filter (where status = 'cancelled') as cancelled,
               sum(tokens_input_uncached + tokens_cache_read + tokens_cache_write5m + tokens_cache_write1h + tokens_audio_in + tokens_image_in) as input,
               sum(tokens_output_text + tokens_output_reasoning + tokens_audio_out + tokens_image_out) as output,
               sum(tokens_cache_read) as cached, sum(tokens_output_reasoning) as reasoning,
               sum(counted.plan_tokens) as plan_tokens, sum(counted.plan_tokens_charged) as plan_tokens_charged,
               sum(counted.cost_nanos) as cost_nanos, sum(counted.charged_nanos) as charged_nanos
        from counted
        group by organization_id, grain, starts_at, team_id, user_id, key_id, model_id, vendor_id, tags
    ), sums as (
        insert into usage_rollups as kept (
            organization_id, grain, starts_at, team_id, user_id, key_id, model_id, vendor_id, tags,
            requests, failed, cancelled, input, output, cached, reasoning, plan_tokens, plan_tokens_charged, cost_nanos, charged_nanos)
        select organization_id, grain, starts_at, team_id, user_id, key_id, model_id, vendor_id, tags,
               requests, failed, cancelled, input, output, cached, reasoning, plan_tokens, plan_tokens_charged, cost_nanos, charged_nanos
        from fine
        -- Always in the same order, so that two at a time wait for but never deadlock each other.
        order by organization_id, grain, starts_at, key_id, model_id, vendor_id, user_id, team_id, tags
        on conflict (organization_id, grain, starts_at, key_id, model_id, vendor_id, user_id, team_id, tags) do update set
            requests = kept.requests + excluded.requests, failed = kept.failed + excluded.failed, cancelled = kept.cancelled + excluded.cancelled,
            input = kept.input + excluded.input, output = kept.output + excluded.output, cached = kept.cached + excluded.cached,
            reasoning = kept.reasoning + excluded.reasoning, plan_tokens = kept.plan_tokens + excluded.plan_tokens,
            plan_tokens_charged = kept.plan_tokens_charged + excluded.plan_tokens_charged,
            cost_nanos = kept.cost_nanos + excluded.cost_nanos, charged_nanos = kept.charged_nanos + excluded.charged_nanos
    ), coarse as (
        insert into usage_sums as kept (
            organization_id, grain, dimension, value, starts_at,
            requests, failed, cancelled, input, output, cached, reasoning, plan_tokens, plan_tokens_charged, cost_nanos, charged_nanos)
        select organization_id, grain, keys.dimension, keys.value, starts_at, sum(requests), sum(failed), sum(cancelled), sum(input), sum(output), sum(cached), sum(reasoning),
               sum(plan_tokens), sum(plan_tokens_charged), sum(cost_nanos), sum(charged_nanos)
        from fine cross join lateral usage_keys(team_id, user_id, key_id, model_id, vendor_id, tags) keys
        group by organization_id, grain, keys.dimension, keys.value, starts_at
        order by organization_id, grain, keys.dimension, keys.value, starts_at
        on conflict (organization_id, grain, dimension, value, starts_at) do update set
            requests = kept.requests + excluded.requests, failed = kept.failed + excluded.failed, cancelled = kept.cancelled + excluded.cancelled,
            input = kept.input + excluded.input, output = kept.output + excluded.output, cached = kept.cached + excluded.cached,
            reasoning = kept.reasoning + excluded.reasoning, plan_tokens = kept.plan_tokens + excluded.plan_tokens,
            plan_tokens_charged = kept.plan_tokens_charged + excluded.plan_tokens_charged,
            cost_nanos = kept.cost_nanos + excluded.cost_nanos, charged_nanos = kept.charged_nanos + excluded.charged_nanos
    )
    select count(*) into v_count from taken;
    return v_count;
end $$;
grant execute on function usage_roll_up(integer) to hub_app;

-- Another zone has other hours and days: the organization's sums start over.
create or replace function usage_recount() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('usage_roll_up', 0));
    delete from usage_rollups where organization_id = new.id;
    delete from usage_sums where organization_id = new.id;
    delete from usage_pending where organization_id = new.id;
    insert into usage_pending (organization_id, id, occurred_at) select organization_id, id, occurred_at from usage_records where organization_id = new.id;
    return null;
end $$;
create or replace trigger recount after update of time_zone on organizations
    for each row when (new.time_zone <> old.time_zone) execute function usage_recount();

-- The whole hours or days of a span. What is before the first and after the last is read from the records themselves, so any span is exact.
create or replace function usage_whole(p_grain text, p_zone text, p_from timestamptz, p_to timestamptz) returns table (first timestamptz, last timestamptz)
    language sql stable parallel safe
as $$
    select span.first, greatest(span.first, p_from, usage_start(p_grain, p_to, p_zone))
    from (select least(p_to, case when usage_start(p_grain, p_from, p_zone) = p_from then p_from
                                  when p_grain = 'day' then usage_start('day', usage_start('day', p_from, p_zone) + interval '30 hours', p_zone)
                                  else usage_start(p_grain, p_from, p_zone) + interval '1 hour' end) as first) span
$$;

-- The calls of a span that no roll-up answers for, one row each: those that still wait, and those of hours or days the span cuts through.
create or replace function usage_alone(p_grain text, p_zone text, p_from timestamptz, p_to timestamptz)
    returns table (
        starts_at timestamptz, team_id uuid, user_id uuid, key_id uuid, model_id text, vendor_id text, tags text[],
        requests bigint, failed bigint, cancelled bigint, input bigint, output bigint, cached bigint, reasoning bigint,
        plan_tokens bigint, plan_tokens_charged bigint, cost_nanos bigint, charged_nanos bigint)
    language sql stable
as $$
    with whole as materialized (
        select first, last from usage_whole(p_grain, p_zone, p_from, p_to)
    ), alone as (
        select record.*
        from usage_pending pending
        cross join lateral usage_record_at(pending.id, pending.occurred_at) record
        where pending.organization_id = current_organization()
          and pending.occurred_at >= (select first from whole) and pending.occurred_at < (select last from whole)
        union all
        select * from usage_records
        where organization_id = current_organization() and occurred_at >= p_from and occurred_at < (select first from whole)
        union all
        select * from usage_records
        where organization_id = current_organization() and occurred_at >= (select last from whole) and occurred_at < p_to
    )
    select usage_start(p_grain, occurred_at, p_zone), team_id, user_id, key_id, model_id, vendor_id, tags,
           1, (status = 'failed')::int, (status = 'cancelled')::int,
           tokens_input_uncached + tokens_cache_read + tokens_cache_write5m + tokens_cache_write1h + tokens_audio_in + tokens_image_in,
           tokens_output_text + tokens_output_reasoning + tokens_audio_out + tokens_image_out,
           tokens_cache_read, tokens_output_reasoning, plan_tokens, plan_tokens_charged, cost_nanos, charged_nanos
    from alone
$$;

-- The figures of the organization at work between two instants, in hours or days: what has been rolled up, and what still waits, seen at one moment.
create or replace function usage_figures(p_grain text, p_zone text, p_from timestamptz, p_to timestamptz)
    returns table (
        starts_at timestamptz, team_id uuid, user_id uuid, key_id uuid, model_id text, vendor_id text, tags text[],
        requests bigint, failed bigint, cancelled bigint, input bigint, output bigint, cached bigint, reasoning bigint,
        plan_tokens bigint, plan_tokens_charged bigint, cost_nanos bigint, charged_nanos bigint)
    language sql stable
as $$
    with whole as materialized (
        select first, last from usage_whole(p_grain, p_zone, p_from, p_to)
    )
    select starts_at, team_id, user_id, key_id, model_id, vendor_id, tags, requests, failed, cancelled, input, output, cached, reasoning,
           plan_tokens, plan_tokens_charged, cost_nanos, charged_nanos
    from usage_rollups
    where organization_id = current_organization() and grain = p_grain
      and starts_at >= (select first from whole) and starts_at < (select last from whole)
    union all
    select * from usage_alone(p_grain, p_zone, p_from, p_to)
$$;

-- The same, summed up under one dimension only, which are as many rows as there are days and values of it: all (one value), team, user, key,
-- model, vendor or tag. A call with several tags is under each of them. p_value: only this one; null for all.
create or replace function usage_figures_by(p_dimension text, p_value text, p_grain text, p_zone text, p_from timestamptz, p_to timestamptz)
    returns table (
        starts_at timestamptz, value text,
        requests bigint, failed bigint, cancelled bigint, input bigint, output bigint, cached bigint, reasoning bigint,
        plan_tokens bigint, plan_tokens_charged bigint, cost_nanos bigint, charged_nanos bigint)
    language sql stable
as $$
    with whole as materialized (
        select first, last from usage_whole(p_grain, p_zone, p_from, p_to)
    )
    select starts_at, value, requests, failed, cancelled, input, output, cached, reasoning, plan_tokens, plan_tokens_charged, cost_nanos, charged_nanos
    from usage_sums
    where organization_id = current_organization() and grain = p_grain and dimension = p_dimension and (p_value is null or value = p_value)
      and starts_at >= (select first from whole) and starts_at < (select last from whole)
    union all
    select alone.starts_at, keys.value, requests, failed, cancelled, input, output, cached, reasoning, plan_tokens, plan_tokens_charged, cost_nanos, charged_nanos
    from usage_alone(p_grain, p_zone, p_from, p_to) alone
    cross join lateral usage_keys(team_id, user_id, key_id, model_id, vendor_id, tags) keys
    where keys.dimension = p_dimension and (p_value is null or keys.value = p_value)
$$;
grant execute on function usage_figures(text, text, timestamptz, timestamptz), usage_figures_by(text, text, text, text, timestamptz, timestamptz),
    usage_alone(text, text, timestamptz, timestamptz), usage_whole(text, text, timestamptz, timestamptz), usage_keys(uuid, uuid, uuid, text, text, text[]),
    usage_start(text, timestamptz, text) to hub_app;
