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

-- Where an hour or a day of a zone begins. By the distance to it and not by its name: an hour that the clock repeats is two. Where the clock is put
-- forward or back by half an hour, half an hour is an hour of its own.
create or replace function usage_start(p_grain text, p_at timestamptz, p_zone text) returns timestamptz
    language sql stable parallel safe
as $$
    select case p_grain
        when 'day' then date_trunc('day', p_at at time zone p_zone) at time zone p_zone
        else case (p_at - ((p_at at time zone p_zone) - date_trunc('hour', p_at at time zone p_zone))) at time zone p_zone
            when date_trunc('hour', p_at at time zone p_zone) then p_at - ((p_at at time zone p_zone) - date_trunc('hour', p_at at time zone p_zone))
            else date_bin('30 minutes', p_at, 'epoch') end end
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
                                  else usage_start('hour', usage_start('hour', p_from, p_zone) + interval '1 hour', p_zone) end) as first) span
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

-- Whether a call, or a sum of calls, fits what is asked for (null: any).
create or replace function usage_fits(
    model_id text, vendor_id text, key_id uuid, user_id uuid, team_id uuid, tags text[], p_model text, p_vendor text, p_key uuid, p_user uuid, p_team uuid, p_tag text) returns boolean
    language sql immutable parallel safe
as $$
    select (p_model is null or model_id = p_model) and (p_vendor is null or vendor_id = p_vendor) and (p_key is null or key_id = p_key)
       and (p_user is null or user_id = p_user) and (p_team is null or team_id = p_team) and (p_tag is null or p_tag = any (tags))
$$;

-- Which calls of the organization at work fit the filter (null: any), newest first: those between p_from and the call p_before_id at p_before, at most p_limit.
-- The sums say in which hours such a call can be, so a rare one is found without reading all others; calls that no sum counts yet have their hours as well.
create or replace function usage_calls(
    p_model text, p_vendor text, p_key uuid, p_user uuid, p_team uuid, p_tag text, p_status text,
    p_zone text, p_from timestamptz, p_before timestamptz, p_before_id uuid, p_limit integer)
    returns table (id uuid, occurred_at timestamptz)
    language plpgsql stable
    -- One plan for all spans.
    set plan_cache_mode = force_generic_plan
as $$
declare
    v_organization uuid := current_organization();
    v_asked text[];
    v_values text[];
    v_waiting timestamptz[];
    v_from timestamptz;
    v_to timestamptz;
    v_span interval := interval '1 day';
    v_hours record;
    v_left integer := p_limit;
    v_count integer;
begin
    select array_agg(asked.dimension), array_agg(asked.value) into v_asked, v_values
    from (values ('model', p_model), ('vendor', p_vendor), ('key', p_key::text), ('user', p_user::text), ('team', p_team::text), ('tag', p_tag)) asked (dimension, value)
    where asked.value is not null;
    if v_asked is null then
        v_asked := array['all'];
        v_values := array[''];
    end if;

    select array_agg(distinct usage_start('hour', pending.occurred_at, p_zone)) into v_waiting from usage_pending pending where pending.organization_id = v_organization;

    select least(min(starts_at), (select min(waiting) from unnest(v_waiting) waiting)), greatest(max(starts_at), (select max(waiting) from unnest(v_waiting) waiting)) + interval '1 hour'
    into v_from, v_to
    from usage_sums where organization_id = v_organization and grain = 'hour' and dimension = 'all' and value = '';

    if v_from is null then
        -- Without a call there is nothing to go back through, and the limits below would be the caller's alone, who may ask from the beginning of time.
        return;
    end if;

    v_from := greatest(v_from, p_from);
    v_to := least(v_to, p_before + interval '1 microsecond');

    -- Each time further back: what is frequent is found at once.
    while v_to > v_from loop
        for v_hours in
            with hours as materialized (
                select sums.starts_at
                from unnest(v_asked, v_values) asked (dimension, value)
                join usage_sums sums on sums.organization_id = v_organization and sums.grain = 'hour' and sums.dimension = asked.dimension and sums.value = asked.value
                    and sums.starts_at > v_to - v_span - interval '1 hour' and sums.starts_at < v_to
                    and case p_status when 'failed' then sums.failed > 0 when 'cancelled' then sums.cancelled > 0 when 'succeeded' then sums.requests > sums.failed + sums.cancelled else true end
                group by sums.starts_at
                having count(*) = cardinality(v_asked)
            ), many as (
                select count(*) > 48 as hours from hours
            ), days as materialized (
                select distinct sums.starts_at
                from usage_rollups sums
                where cardinality(v_asked) > 1 and (select many.hours from many) and sums.organization_id = v_organization and sums.grain = 'day'
                  and sums.starts_at > v_to - v_span - interval '26 hours' and sums.starts_at < v_to + interval '1 hour'
                  and usage_fits(sums.model_id, sums.vendor_id, sums.key_id, sums.user_id, sums.team_id, sums.tags, p_model, p_vendor, p_key, p_user, p_team, p_tag)
            ), together as (
                -- What is asked for may occur in the same hour and never in the same call. Where that is many hours, their days are asked first.
                select hours.starts_at
                from hours
                where cardinality(v_asked) = 1
                   or (not (select many.hours from many) or exists (
                        select from days where hours.starts_at > days.starts_at - interval '1 hour' and hours.starts_at < days.starts_at + interval '26 hours'))
                  and exists (
                        select from usage_rollups sums where sums.organization_id = v_organization and sums.grain = 'hour' and sums.starts_at = hours.starts_at
                           and usage_fits(sums.model_id, sums.vendor_id, sums.key_id, sums.user_id, sums.team_id, sums.tags, p_model, p_vendor, p_key, p_user, p_team, p_tag))
                union
                select waiting from unnest(v_waiting) waiting where waiting > v_to - v_span - interval '1 hour' and waiting < v_to
            ), stretches as (
                select starts_at, count(*) filter (where apart) over (order by starts_at desc) as stretch
                from (select starts_at, lag(starts_at) over (order by starts_at desc) > starts_at + interval '1 hour' as apart from together) hour
            )
            select greatest(min(starts_at), v_from, v_to - v_span) as first, least(max(starts_at) + interval '1 hour', v_to) as last from stretches group by stretch order by 1 desc
        loop
            return query
                select record.id, record.occurred_at
                from usage_records record
                where record.organization_id = v_organization and record.occurred_at >= v_hours.first and record.occurred_at < v_hours.last
                  and (record.occurred_at < p_before or record.id < p_before_id)
                  and usage_fits(record.model_id, record.vendor_id, record.key_id, record.user_id, record.team_id, record.tags, p_model, p_vendor, p_key, p_user, p_team, p_tag)
                  and (p_status is null or record.status = p_status)
                order by record.occurred_at desc, record.id desc
                limit v_left;
            get diagnostics v_count = row_count;
            v_left := v_left - v_count;
            if v_left = 0 then
                return;
            end if;
        end loop;
        v_to := v_to - v_span;
        v_span := v_span * 2;
    end loop;
end $$;
grant execute on function usage_fits(text, text, uuid, uuid, uuid, text[], text, text, uuid, uuid, uuid, text),
    usage_calls(text, text, uuid, uuid, uuid, text, text, text, timestamptz, timestamptz, uuid, integer) to hub_app;

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
