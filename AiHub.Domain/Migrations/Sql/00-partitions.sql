-- The table of usage records is one table a month, so that years of them cost the current month nothing and old ones can be moved away whole.
-- EF makes an ordinary table; here it becomes a partitioned one with the same columns, keys, checks and indexes. Comes before the scripts that
-- give tables their policies, triggers and grants.
do $$
begin
    if (select relkind from pg_class where oid = 'usage_records'::regclass) = 'r' then
        alter table usage_records rename to usage_records_plain;
        create table usage_records (like usage_records_plain including defaults including constraints) partition by range (occurred_at);
        -- Takes what no month is ready for, so that a settlement never fails for want of a table.
        create table usage_records_other partition of usage_records default;
        insert into usage_records select * from usage_records_plain;
        drop table usage_records_plain;
        alter table usage_records
            add constraint pk_usage_records primary key (id, occurred_at),
            add constraint fk_usage_records_organizations_organization_id foreign key (organization_id) references organizations (id) on delete restrict;
        create index ix_usage_records_organization_id_occurred_at_id on usage_records (organization_id, occurred_at, id);
        create index ix_usage_records_organization_id_key_id_occurred_at on usage_records (organization_id, key_id, occurred_at);
        create index ix_usage_records_organization_id_model_id_occurred_at_id on usage_records (organization_id, model_id, occurred_at, id);
        create index ix_usage_records_organization_id_status_occurred_at_id on usage_records (organization_id, status, occurred_at, id) where status <> 'succeeded';
        create index ix_usage_records_own_key_id_occurred_at on usage_records (own_key_id, occurred_at) where own_key_id is not null;
    end if;
end $$;

-- Sees to it that the months from the one before p_now to p_ahead months after it have their tables. A month that comes late takes over what the
-- default table has kept for it. Answers how many were new.
create or replace function usage_months_prepare(p_now timestamptz, p_ahead integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    v_month timestamptz;
    v_end timestamptz;
    v_name text;
    v_made integer := 0;
begin
    perform pg_advisory_xact_lock(hashtextextended('usage_months', 0));
    for v_month in
        select generate_series(date_trunc('month', p_now at time zone 'UTC') - interval '1 month',
                               date_trunc('month', p_now at time zone 'UTC') + make_interval(months => least(p_ahead, 24)), interval '1 month') at time zone 'UTC'
    loop
        v_name := 'usage_records_' || to_char(v_month at time zone 'UTC', 'YYYY_MM');
        continue when to_regclass(v_name) is not null;
        v_end := (v_month at time zone 'UTC' + interval '1 month') at time zone 'UTC';

        execute format('create table %I (like usage_records including defaults including constraints)', v_name);
        if exists (select from usage_records_other where occurred_at >= v_month and occurred_at < v_end) then
            lock table usage_records_other in access exclusive mode;
            execute format('insert into %I select * from usage_records_other where occurred_at >= $1 and occurred_at < $2', v_name) using v_month, v_end;
            -- The rows move, they do not go: the trigger that keeps them must look away.
            alter table usage_records_other disable trigger user;
            delete from usage_records_other where occurred_at >= v_month and occurred_at < v_end;
            alter table usage_records_other enable trigger user;
        end if;

        execute format('alter table usage_records attach partition %I for values from (%L) to (%L)', v_name, v_month, v_end);
        perform usage_month_guard(v_name);
        v_made := v_made + 1;
    end loop;
    return v_made;
end $$;

-- What 01-tenancy.sql and 03-guards.sql do for every table, for one that comes between two migrations. Row triggers come with the partition.
create or replace function usage_month_guard(p_name text) returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    execute format('alter table %I enable row level security', p_name);
    execute format('alter table %I force row level security', p_name);
    execute format('drop policy if exists tenant on %I', p_name);
    execute format('create policy tenant on %I to hub_app using (organization_id = (select current_organization())) with check (organization_id = (select current_organization()))', p_name);
    execute format('drop policy if exists owner on %I', p_name);
    execute format('create policy owner on %I to hub_owner using (true) with check (true)', p_name);
    execute format('create or replace trigger never_emptied before truncate on %I execute function refuse_change()', p_name);
end $$;
