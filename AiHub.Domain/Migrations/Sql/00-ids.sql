-- Ids sort by the time they were made: 48 bits of milliseconds, then what gen_random_uuid has, with version 7 instead of 4.

create or replace function uuid_v7(p_at timestamptz) returns uuid
    language sql volatile set search_path = public, pg_temp
as $$
    select encode(set_bit(set_bit(
        overlay(uuid_send(gen_random_uuid()) placing substring(int8send((extract(epoch from p_at) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid
$$;
