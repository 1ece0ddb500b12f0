-- The figures of hours and days that are over, kept so that finance does not count all calls and journals each time it is looked at. What is not
-- kept is counted, so the sums are those of the records and the ledger at every moment.

create index if not exists ix_usage_records_occurred_at on usage_records using brin (occurred_at) with (autosummarize = on);

-- The spans within a longer one whose figures are kept and hold.
create or replace function finance_kept(p_from timestamptz, p_until timestamptz) returns table (starts_at timestamptz, ends_at timestamptz)
    language sql stable
as $$
    select span.starts_at, span.ends_at from finance_spans span
    where span.starts_at >= p_from and span.ends_at <= p_until and not exists (select from finance_marks mark where mark.at >= span.starts_at and mark.at < span.ends_at)
$$;

-- The parts of a span that no kept figures answer for.
create or replace function finance_open(p_from timestamptz, p_until timestamptz) returns table (starts_at timestamptz, ends_at timestamptz)
    language sql stable
as $$
    with kept as (
        select span.starts_at, span.ends_at from finance_kept(p_from, p_until) span
    ), gaps as (
        select lag(kept.ends_at, 1, p_from) over (order by kept.starts_at) as starts_at, kept.starts_at as ends_at from kept
        union all
        select coalesce(max(kept.ends_at), p_from), p_until from kept
    )
    select * from gaps where gaps.starts_at < gaps.ends_at
$$;

-- Takes away what is kept of any part of a span: it is counted again.
create or replace function finance_forget(p_from timestamptz, p_until timestamptz) returns void
    language sql
as $$
    delete from finance_model_sums where starts_at in (select span.starts_at from finance_spans span where span.starts_at < p_until and span.ends_at > p_from);
    delete from finance_revenue_sums where starts_at in (select span.starts_at from finance_spans span where span.starts_at < p_until and span.ends_at > p_from);
    delete from finance_spans where starts_at < p_until and ends_at > p_from
$$;

-- Keeps the figures of up to p_limit days and hours that ended an hour ago and more. Answers how many.
-- What comes late marks its span (finance_late), if it is written half an hour late or more. So a span may close once every transaction is
-- over that may have written into it before that: the horizon says when somebody last looked, and which transactions there could be by then.
create or replace function finance_close(p_zone text, p_limit integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_snapshot pg_snapshot := pg_current_snapshot();
    v_horizon finance_horizon;
    v_until timestamptz;
    v_today timestamptz;
    v record;
    v_count integer := 0;
begin
    perform pg_advisory_xact_lock(hashtextextended('finance_spans', 0));

    -- A mark that is seen is of something that is seen, and counted below. One that is not seen yet stays, and its span is counted again.
    for v in
        with taken as (delete from finance_marks returning at)
        select distinct span.starts_at, span.ends_at from taken join finance_spans span on span.starts_at <= taken.at and span.ends_at > taken.at
    loop
        perform finance_forget(v.starts_at, v.ends_at);
    end loop;

    select * into v_horizon from finance_horizon;
    if v_horizon.transaction > pg_snapshot_xmin(v_snapshot)::text::bigint then
        return 0;
    end if;

    -- Not with every batch of a run: there is always somebody at work.
    if v_horizon.seen_at is null or v_horizon.seen_at < v_now - interval '1 minute' then
        delete from finance_horizon;
        insert into finance_horizon (seen_at, transaction) values (v_now, pg_snapshot_xmax(v_snapshot)::text::bigint);
    end if;
    v_until := date_trunc('hour', v_horizon.seen_at - interval '1 hour');
    v_today := usage_start('day', v_until, p_zone);

    for v in
        select due.starts_at, due.ends_at
        from (
            select usage_start('day', noon, p_zone) as starts_at, usage_start('day', noon + interval '24 hours', p_zone) as ends_at
            from (select usage_start('day', min(created_at), p_zone) + interval '12 hours' as first from organizations) opened
            cross join lateral generate_series(opened.first, v_today - interval '1 hour', '1 day') noon
            union all
            select hour, hour + interval '1 hour' from generate_series(v_today, v_until - interval '1 hour', '1 hour') hour) due
        where due.ends_at <= v_until
          and not exists (select from finance_spans kept where kept.starts_at = due.starts_at and kept.ends_at = due.ends_at)
        order by due.starts_at
        limit p_limit
    loop
        -- A day takes the place of its hours.
        perform finance_forget(v.starts_at, v.ends_at);
        insert into finance_spans (starts_at, ends_at) values (v.starts_at, v.ends_at);
        insert into finance_model_sums (starts_at, model_id, vendor_id, currency, calls, list_nanos, charged_nanos, cost_nanos)
            select v.starts_at, counted.* from finance_models_counted(v.starts_at, v.ends_at) counted;
        insert into finance_revenue_sums (starts_at, organization_id, plan_id, kind, currency, amount_nanos)
            select v.starts_at, organization_id, plan_id, kind, currency, sum(amount_nanos) from finance_revenue_counted(v.starts_at, v.ends_at)
            group by organization_id, plan_id, kind, currency;
        v_count := v_count + 1;
    end loop;
    return v_count;
end $$;
grant execute on function finance_close(text, integer) to hub_app;

-- Marks the moment that something came late into: what is kept of it holds no more, from the same commit on. Only ever inserted, so whoever
-- charges waits for nobody.
create or replace function finance_late() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    insert into finance_marks (at) values ((to_jsonb(new) ->> tg_argv[0])::timestamptz);
    return null;
end $$;
create or replace trigger reopen_finances after insert on usage_records
    for each row when (new.occurred_at < clock_timestamp() - interval '30 minutes') execute function finance_late('occurred_at');
create or replace trigger reopen_finances after insert on journals
    for each row when (new.booked_at < clock_timestamp() - interval '30 minutes') execute function finance_late('booked_at');

-- Other terms are other costs, from their day on.
create or replace function finance_other_terms() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('finance_spans', 0));
    perform finance_forget(new.valid_from, 'infinity');
    return null;
end $$;
create or replace trigger reopen_finances after insert on vendor_terms for each row execute function finance_other_terms();
