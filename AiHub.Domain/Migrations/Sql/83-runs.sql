-- How the worker's runs went, by the hour, for a fortnight: an operator sees which one has stopped or fails.
create table if not exists worker_runs (
    name text not null,
    hour timestamptz not null,
    runs bigint not null,
    failures bigint not null,
    longest_ms integer not null,
    last_at timestamptz not null,
    failed_at timestamptz,
    error text,
    primary key (name, hour)
);

create or replace function worker_runs_note(
    p_name text, p_runs bigint, p_failures bigint, p_longest_ms integer, p_failed_at timestamptz, p_error text, p_now timestamptz) returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_hour timestamptz := date_trunc('hour', p_now);
begin
    insert into worker_runs as hour (name, hour, runs, failures, longest_ms, last_at, failed_at, error)
    values (p_name, v_hour, p_runs, p_failures, p_longest_ms, p_now, p_failed_at, left(p_error, 500))
    on conflict (name, hour) do update set
        runs = hour.runs + excluded.runs,
        failures = hour.failures + excluded.failures,
        longest_ms = greatest(hour.longest_ms, excluded.longest_ms),
        last_at = greatest(hour.last_at, excluded.last_at),
        failed_at = coalesce(excluded.failed_at, hour.failed_at),
        error = coalesce(excluded.error, hour.error);
    delete from worker_runs where name = p_name and worker_runs.hour < v_hour - interval '14 days';
end $$;
grant execute on function worker_runs_note(text, bigint, bigint, integer, timestamptz, text, timestamptz) to hub_app;

-- Each run: when it was last done, how it went within a day, and its last failure of the fortnight.
create or replace function hub_runs(p_now timestamptz)
    returns table (name text, last_at timestamptz, runs bigint, failures bigint, longest_ms integer, failed_at timestamptz, error text)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    if not operator_at_work() then
        raise exception 'only an operator sees the runs of the hub' using errcode = 'insufficient_privilege';
    end if;
    return query
        select hour.name, max(hour.last_at),
               coalesce(sum(hour.runs) filter (where hour.hour > p_now - interval '1 day'), 0)::bigint,
               coalesce(sum(hour.failures) filter (where hour.hour > p_now - interval '1 day'), 0)::bigint,
               coalesce(max(hour.longest_ms) filter (where hour.hour > p_now - interval '1 day'), 0),
               max(hour.failed_at),
               (array_agg(hour.error order by hour.failed_at desc) filter (where hour.failed_at is not null))[1]
        from worker_runs hour group by hour.name order by hour.name;
end $$;
grant execute on function hub_runs(timestamptz) to hub_app;
