-- Whole batches at once, for organizations where the order of the rows makes no difference: what each row gets is what it would have got alone, in
-- turn, and all of them together move a balance once. Where anything is scarce, expires, is shared between accounts or has a budget that must be
-- asked, nothing is done here, and ledger_hold and ledger_settle go row by row.

-- Holds for the organizations in which every row finds plenty, even after all the others, and one account pays for everything: a lot of the
-- allowance, a promotion, or the purchased wallet. Answers the rows it has done.
create or replace function ledger_hold_plenty(
    p_ids uuid[], p_request_ids uuid[], p_organization_ids uuid[], p_team_ids uuid[], p_user_ids uuid[], p_key_ids uuid[],
    p_plan_tokens bigint[], p_costs bigint[], p_most_tokens bigint[], p_most_costs bigint[],
    p_currencies text[], p_models text[], p_vendors text[], p_created timestamptz[], p_expires timestamptz[], p_times_tokens integer, p_times_money integer)
    returns table (row_number bigint, hold_id uuid, held_tokens bigint, held_nanos bigint, held_until timestamptz)
    language plpgsql security definer set search_path = public, pg_temp
    set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
begin
    return query
    with asked as materialized (
        select rows.*, exists (select from holds where holds.organization_id = rows.organization_id and holds.request_id = rows.request_id offset 0) as is_known
        from unnest(p_ids, p_request_ids, p_organization_ids, p_team_ids, p_user_ids, p_key_ids, p_plan_tokens, p_costs, p_most_tokens, p_most_costs,
                    p_currencies, p_models, p_vendors, p_created, p_expires)
            with ordinality as rows (id, request_id, organization_id, team_id, user_id, key_id, tokens, cost, most_tokens, most_cost,
                                     currency, models, vendors, created_at, expires_at, ordinal)
    ), sums as materialized (
        select asked.organization_id, sum(tokens) as tokens, sum(cost) as cost, min(tokens) as fewest_tokens, max(most_tokens) as most_tokens, max(most_cost) as most_cost,
               min(currency) as currency, min(created_at) as since, max(created_at) as now
        from asked
        where not exists (select from budgets where budgets.organization_id = asked.organization_id and ended_at is null)
        group by asked.organization_id
        having count(distinct request_id) = count(*) and not bool_or(is_known) and min(currency) = max(currency)
    ), plenty as materialized (
        select position.organization_id, source.*
        from ledger_positions((select array_agg(sums.organization_id) from sums), (select array_agg(since) from sums), (select array_agg(now) from sums)) position
        join sums on sums.organization_id = position.organization_id
        cross join lateral (
            select position.allowance_id as account_id, position.allowance_lot as lot_id, sums.tokens as amount, true as in_tokens
            where sums.fewest_tokens > 0 and position.allowance_lot_free >= sums.tokens
              and position.allowance_free - sums.tokens >= p_times_tokens::numeric * sums.most_tokens
            union all
            select position.granted_id, position.granted_lot, sums.cost, false
            where position.overage and position.allowance_free = 0 and position.granted_lot_free >= sums.cost
              and position.granted_free::numeric + position.purchased_free - sums.cost >= p_times_money::numeric * sums.most_cost
            union all
            select position.purchased_id, null, sums.cost, false
            where position.overage and position.allowance_free = 0 and position.granted_free = 0
              and position.purchased_free - sums.cost >= p_times_money::numeric * sums.most_cost) source
        where position.status = 'active' and position.subscribed and position.currency = sums.currency and position.steady
    ), lots_moved as (
        update lots set held = lots.held + plenty.amount from plenty where lots.id = plenty.lot_id
    ), balances_moved as (
        update balances set held = balances.held + plenty.amount from plenty where balances.account_id = plenty.account_id and plenty.amount > 0
    ), done as materialized (
        select asked.*, plenty.lot_id, case when in_tokens then asked.tokens else 0 end as of_tokens, case when not in_tokens then asked.cost else 0 end as of_money
        from asked join plenty on plenty.organization_id = asked.organization_id
    ), kept as (
        insert into holds (id, organization_id, request_id, team_id, user_id, key_id, state, currency, asked_tokens, asked_nanos,
                           plan_tokens, granted_nanos, purchased_nanos, lot_ids, lot_amounts,
                           budget_ids, budget_starts, budget_amounts, models, vendors, created_at, expires_at)
        select done.id, done.organization_id, done.request_id, done.team_id, done.user_id, done.key_id, 'held', done.currency, done.tokens, done.cost,
               done.of_tokens, case when done.lot_id is null then 0 else done.of_money end, case when done.lot_id is null then done.of_money else 0 end,
               case when done.lot_id is null or done.of_tokens + done.of_money = 0 then '{}' else array[done.lot_id] end,
               case when done.lot_id is null or done.of_tokens + done.of_money = 0 then '{}' else array[done.of_tokens + done.of_money] end,
               '{}', '{}', '{}', string_to_array(done.models, ' '), string_to_array(done.vendors, ' '), done.created_at, done.expires_at
        from done
    )
    select done.ordinal, done.id, done.of_tokens, done.of_money, done.expires_at from done;
end $$;

-- Settles the rows of organizations in which each hold was set aside in one place, which covers what its call came to even if it ran over, whatever
-- the others come to. Answers the rows it has done.
create or replace function ledger_settle_covered(
    p_hold_ids uuid[], p_nows timestamptz[], p_id uuid[], p_occurred_at timestamptz[], p_organization_id uuid[], p_team_id uuid[], p_user_id uuid[],
    p_key_id uuid[], p_model_id text[], p_upstream_id uuid[], p_vendor_id text[], p_surface text[], p_source text[], p_status text[],
    p_error_code text[], p_streamed boolean[], p_finish_reason text[], p_plan_tokens bigint[], p_price_rows text[], p_tags text[],
    p_latency interval[], p_time_to_first_token interval[], p_attempts integer[], p_tried text[], p_currency text[], p_cost_nanos bigint[],
    p_tokens_audio_in bigint[], p_tokens_audio_out bigint[], p_tokens_cache_read bigint[], p_tokens_cache_write1h bigint[],
    p_tokens_cache_write5m bigint[], p_tokens_image_in bigint[], p_tokens_image_out bigint[], p_tokens_input_uncached bigint[],
    p_tokens_output_reasoning bigint[], p_tokens_output_text bigint[], p_units_characters bigint[], p_units_images bigint[],
    p_units_search_units bigint[], p_units_seconds bigint[], p_own_key_id uuid[], p_vendor_cost_nanos bigint[],
    p_fee_basis_points integer[], p_guardrails text[])
    returns table (row_number bigint, charged_tokens bigint, charged_nanos bigint)
    language plpgsql security definer set search_path = public, pg_temp
    set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
begin
    return query
    with asked as materialized (
        -- Each "offset 0" keeps what is looked up or read once from being so again wherever it is used.
        select known.*, case when known.source_of = 'allowance' then known.plan_tokens else known.cost_nanos end as want,
               case when known.source_of = 'allowance' then 0 else known.cost_nanos end as money
        from (
            select rows.*, case when (hold).plan_tokens > 0 then 'allowance' when (hold).granted_nanos > 0 then 'wallet_granted' else 'wallet_purchased' end as source_of,
                   (hold).plan_tokens + (hold).granted_nanos + (hold).purchased_nanos as own, (hold).lot_ids[1] as lot_id,
                   coalesce(
                       (hold).state = 'held' and (hold).request_id = rows.id and (hold).currency = rows.currency
                       and ((hold).plan_tokens > 0)::int + ((hold).granted_nanos > 0)::int + ((hold).purchased_nanos > 0)::int <= 1 and cardinality((hold).lot_ids) <= 1
                       -- A call of nothing but money is not the allowance's.
                       and ((hold).plan_tokens = 0 or rows.plan_tokens > 0 or rows.cost_nanos = 0), false) as is_plain
            from (
                select settlement.*, (select holds from holds where holds.id = settlement.hold_id and holds.organization_id = settlement.organization_id limit 1) as hold
                from unnest(
                    p_hold_ids, p_nows, p_id, p_occurred_at, p_organization_id, p_team_id, p_user_id, p_key_id, p_model_id, p_upstream_id, p_vendor_id,
                    p_surface, p_source, p_status, p_error_code, p_streamed, p_finish_reason, p_plan_tokens, p_price_rows, p_tags, p_latency,
                    p_time_to_first_token, p_attempts, p_tried, p_currency, p_cost_nanos, p_tokens_audio_in, p_tokens_audio_out, p_tokens_cache_read,
                    p_tokens_cache_write1h, p_tokens_cache_write5m, p_tokens_image_in, p_tokens_image_out, p_tokens_input_uncached, p_tokens_output_reasoning,
                    p_tokens_output_text, p_units_characters, p_units_images, p_units_search_units, p_units_seconds, p_own_key_id,
            p_vendor_cost_nanos, p_fee_basis_points, p_guardrails)
                    with ordinality as settlement (
                        hold_id, now, id, occurred_at, organization_id, team_id, user_id, key_id, model_id, upstream_id, vendor_id, surface, source,
                        status, error_code, streamed, finish_reason, plan_tokens, price_rows, tags, latency, time_to_first_token, attempts, tried, currency,
                        cost_nanos, tokens_audio_in, tokens_audio_out, tokens_cache_read, tokens_cache_write1h, tokens_cache_write5m, tokens_image_in,
                        tokens_image_out, tokens_input_uncached, tokens_output_reasoning, tokens_output_text, units_characters, units_images,
                        units_search_units, units_seconds, own_key_id, vendor_cost_nanos, fee_basis_points, guardrails, ordinal)
                offset 0) rows
            offset 0) known
    ), sums as materialized (
        select asked.organization_id, min(source_of) as source, min(asked.currency) as currency, min(now) as since, max(now) as now,
               bool_and((hold).purchased_nanos > 0 or cost_nanos = 0) as is_paid_up, sum(greatest(want - own, 0)) as over
        from asked
        group by asked.organization_id
        having bool_and(is_plain) and min(source_of) = max(source_of) and count(distinct asked.hold_id) = count(*)
    ), lots_wanted as materialized (
        select asked.organization_id, lot_id, sum(own) as own, sum(want) as want, sum(greatest(want - own, 0)) as over
        from asked where lot_id is not null group by asked.organization_id, lot_id
    ), covered as materialized (
        select position.*, sums.source,
               case sums.source when 'allowance' then position.allowance_id when 'wallet_granted' then position.granted_id else position.purchased_id end as account_id,
               (select id from accounts where accounts.organization_id = position.organization_id
                  and kind = case when sums.source = 'allowance' then 'tokens_used' else 'usage_revenue' end
                  and unit = case when sums.source = 'allowance' then 'TOK' else sums.currency end limit 1) as other_id,
               case when sums.source = 'allowance' then 'TOK' else sums.currency end as unit
        from ledger_positions((select array_agg(sums.organization_id) from sums), (select array_agg(since) from sums), (select array_agg(now) from sums)) position
        join sums on sums.organization_id = position.organization_id
        where position.currency = sums.currency and position.steady
          and (sums.source = 'allowance' or position.allowance_free = 0)
          and (sums.source <> 'wallet_purchased'
               or (position.granted_free = 0 and (position.overage or sums.is_paid_up) and sums.over <= position.purchased_free))
          and not exists (
              select from lots_wanted cross join lateral (select * from lots where lots.id = lots_wanted.lot_id limit 1) lot
              where lots_wanted.organization_id = position.organization_id
                and (lot.expired_at is not null or lot.expires_at <= sums.now or lots_wanted.over > lot.remaining - lot.held))
    ), done as materialized (
        select asked.*, covered.account_id, covered.other_id, covered.unit from asked join covered on covered.organization_id = asked.organization_id
    ), lots_moved as (
        update lots set held = lots.held - lots_wanted.own, remaining = lots.remaining - lots_wanted.want
        from lots_wanted join covered on covered.organization_id = lots_wanted.organization_id where lots.id = lots_wanted.lot_id
    ), balances_moved as (
        update balances set held = balances.held - moved.own, posted = balances.posted - moved.want
        from (select account_id, sum(own) as own, sum(want) as want from done group by account_id) moved
        where balances.account_id = moved.account_id and (moved.own > 0 or moved.want > 0)
    ), draws as (
        insert into lot_draws (lot_id, journal_id, organization_id, amount)
        select lot_id, done.hold_id, done.organization_id, want from done where want > 0 and lot_id is not null
    ), booked as (
        insert into journals (id, organization_id, idempotency_key, kind, effective_at, booked_at)
        select done.hold_id, done.organization_id, 'settle:' || done.hold_id, 'settle', (hold).created_at, done.now from done where want > 0
    ), legs as (
        insert into entries (journal_id, organization_id, account_id, amount, unit)
        select done.hold_id, done.organization_id, leg.account_id, leg.amount, done.unit
        from done cross join lateral (values (done.account_id, -want), (done.other_id, want)) leg (account_id, amount)
        where want > 0
    ), parts as materialized (
        select done.hold_id as hold_id, part.ordinal, part.budget_id, part.starts_at, part.amount as held,
               case when (budget.model_id is null or budget.model_id = done.model_id) and (budget.vendor_id is null or budget.vendor_id = done.vendor_id)
                    then case budget.unit when 'TOK' then done.plan_tokens else done.cost_nanos end else 0 end as used
        from done
        cross join lateral unnest((hold).budget_ids, (hold).budget_starts, (hold).budget_amounts) with ordinality as part (budget_id, starts_at, amount, ordinal)
        cross join lateral (select * from budgets where budgets.id = part.budget_id limit 1) budget
    ), counted as (
        update budget_windows set used = budget_windows.used + sum.used, held = budget_windows.held - sum.held
        from (select budget_id, starts_at, sum(used) as used, sum(held) as held from parts group by budget_id, starts_at) sum
        where budget_windows.budget_id = sum.budget_id and budget_windows.starts_at = sum.starts_at
    ), closed as (
        update holds
        set state = 'settled', closed_at = done.now, settled_tokens = want - money, settled_nanos = money, written_off_nanos = 0,
            budget_used = case when cardinality((done.hold).budget_ids) = 0 then '{}'
                          else array(select parts.used from parts where parts.hold_id = done.hold_id order by parts.ordinal) end
        from done where holds.id = done.hold_id
    ), recorded as (
        insert into usage_records (
            id, occurred_at, organization_id, team_id, user_id, key_id, model_id, upstream_id, vendor_id, surface, source, status, error_code,
            streamed, finish_reason, plan_tokens, price_rows, tags, latency, time_to_first_token, attempts, tried, plan_tokens_charged, charged_nanos,
            journal_id, currency, cost_nanos, tokens_audio_in, tokens_audio_out, tokens_cache_read, tokens_cache_write1h, tokens_cache_write5m,
            tokens_image_in, tokens_image_out, tokens_input_uncached, tokens_output_reasoning, tokens_output_text, units_characters, units_images,
            units_search_units, units_seconds, own_key_id, vendor_cost_nanos, fee_basis_points, guardrails)
        select
            done.id, done.occurred_at, done.organization_id, done.team_id, done.user_id, done.key_id, done.model_id, done.upstream_id, done.vendor_id,
            done.surface, done.source, done.status, done.error_code, done.streamed, done.finish_reason, done.plan_tokens,
            string_to_array(done.price_rows, E'\x1f')::uuid[], string_to_array(done.tags, E'\x1f'), done.latency, done.time_to_first_token,
            done.attempts, done.tried::jsonb, want - money, money, case when want > 0 then done.hold_id end, done.currency, done.cost_nanos, done.tokens_audio_in,
            done.tokens_audio_out, done.tokens_cache_read, done.tokens_cache_write1h, done.tokens_cache_write5m, done.tokens_image_in,
            done.tokens_image_out, done.tokens_input_uncached, done.tokens_output_reasoning, done.tokens_output_text, done.units_characters,
            done.units_images, done.units_search_units, done.units_seconds, done.own_key_id, done.vendor_cost_nanos, done.fee_basis_points,
            string_to_array(done.guardrails, E'\x1f')
        from done
    ), seen as (
        -- To the minute: a busy key is not worth a write per call.
        update api_keys set last_used_at = used.now
        from (select done.key_id as id, max(done.now) as now from done group by done.key_id) used
        where api_keys.id = used.id and (last_used_at is null or last_used_at < used.now - interval '1 minute')
    )
    select done.ordinal, want - money, money from done;
end $$;
