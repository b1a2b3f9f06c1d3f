-- Supabase for Reelkit: a bucket, who may write to it, a table with a row for each published reel, and the ledger of a team.
-- Run it in the project's SQL editor; running it again changes nothing.
--
-- In the brand file:      publishing: {store: supabase, bucket: reels, table: reels}
-- In the environment:     SUPABASE_URL, SUPABASE_KEY
--
-- The project's secret (service_role) key needs none of the policies below: it is for machines that you trust. The policies are for
-- everybody else who holds a key of the role "authenticated". Nobody else may write; a public bucket can be read by anybody.

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values (
  'reels', 'reels', true, 209715200,
  array['video/mp4', 'image/jpeg', 'text/vtt', 'application/x-subrip', 'text/plain', 'text/html', 'application/json']
)
on conflict (id) do nothing;

drop policy if exists "reelkit sees its bucket" on storage.buckets;
create policy "reelkit sees its bucket" on storage.buckets
  for select to authenticated using (id = 'reels');

drop policy if exists "reelkit reads its objects" on storage.objects;
create policy "reelkit reads its objects" on storage.objects
  for select to authenticated using (bucket_id = 'reels');

drop policy if exists "reelkit adds objects" on storage.objects;
create policy "reelkit adds objects" on storage.objects
  for insert to authenticated with check (bucket_id = 'reels');

-- A repeated upload replaces an object whose content is another, so it updates.
drop policy if exists "reelkit replaces objects" on storage.objects;
create policy "reelkit replaces objects" on storage.objects
  for update to authenticated using (bucket_id = 'reels') with check (bucket_id = 'reels');

create table if not exists public.reels (
  bucket       text        not null,
  object       text        not null,
  brand        text        not null,
  title        text        not null default '',
  bytes        bigint      not null check (bytes > 0),
  sha256       text        not null check (sha256 ~ '^[0-9a-f]{64}$'),
  content_type text        not null,
  published_at timestamptz not null default now(),
  primary key (bucket, object)
);

comment on table public.reels is 'One row for each reel that Reelkit published; the same reel published again is the same row.';

create index if not exists reels_by_brand on public.reels (brand, published_at desc);

alter table public.reels enable row level security;

grant select, insert, update on public.reels to authenticated, service_role;

drop policy if exists "the team reads reels" on public.reels;
create policy "the team reads reels" on public.reels
  for select to authenticated using (true);

drop policy if exists "reelkit adds reels" on public.reels;
create policy "reelkit adds reels" on public.reels
  for insert to authenticated with check (bucket = 'reels');

drop policy if exists "reelkit replaces reels" on public.reels;
create policy "reelkit replaces reels" on public.reels
  for update to authenticated using (bucket = 'reels') with check (bucket = 'reels');

-- The team's ledger: what each brand has told and shown, so that no two machines of a team take the same topic or clip.
--
-- In the brand file:      ledger: supabase
--
-- A reel is claimed before it is made and finished after; what nobody finished within 20 hours is free again.

create table if not exists public.reelkit_reels (
  number      bigint      generated always as identity primary key,
  brand       text        not null,
  reel        text        not null,
  maker       text        not null,
  run         text        not null default '',
  topic       text        not null default '',
  clips       text[]      not null default '{}',
  credits     jsonb       not null default '{}',
  used        text[]      not null default '{}',
  sha256      text        not null default '',
  url         text        not null default '',
  claimed_at  timestamptz not null default now(),
  finished_at timestamptz,
  unique (brand, reel)
);

comment on table public.reelkit_reels is 'The team''s ledger: a row for each reel of a brand that is being made or was made, on whichever machine.';

create index if not exists reelkit_reels_by_brand on public.reelkit_reels (brand, number desc);

create or replace view public.reelkit_ledger with (security_invoker = on) as
  select number, brand, reel, maker, run, topic, clips, credits, used, sha256, url, claimed_at, finished_at
  from public.reelkit_reels
  where finished_at is not null or claimed_at > now() - interval '20 hours';

-- One claim of a brand at a time, so that what a claim looks at is still so when it is written.
create or replace function public.reelkit_begin_claim(for_brand text) returns void language plpgsql set search_path = '' as $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('reelkit ' || for_brand, 0));
  delete from public.reelkit_reels
    where brand = for_brand and finished_at is null and claimed_at <= now() - interval '20 hours';
end $$;

-- Says 'granted', or 'reel' or 'topic': which of them another machine has.
create or replace function public.reelkit_claim_topic(
  for_brand text, for_reel text, by_maker text, on_topic text, within_reels int
) returns text language plpgsql set search_path = '' as $$
declare
  held public.reelkit_reels;
begin
  perform public.reelkit_begin_claim(for_brand);
  select * into held from public.reelkit_reels where brand = for_brand and reel = for_reel;
  if held.maker <> by_maker then
    return 'reel';
  end if;
  if held.finished_at is not null and lower(held.topic) = lower(on_topic) then
    return 'granted';
  end if;
  if on_topic <> '' and exists (
    select from (
      select topic from public.reelkit_reels where brand = for_brand and reel <> for_reel order by number desc limit within_reels
    ) latest where lower(latest.topic) = lower(on_topic)
  ) then
    return 'topic';
  end if;
  insert into public.reelkit_reels as r (brand, reel, maker, topic) values (for_brand, for_reel, by_maker, on_topic)
    on conflict (brand, reel) do update set topic = excluded.topic, claimed_at = now();
  return 'granted';
end $$;

-- Returns those of the wanted clips that the brand's latest other reels have; the others are then this reel's.
create or replace function public.reelkit_claim_clips(
  for_brand text, for_reel text, by_maker text, wanted text[], within_reels int
) returns text[] language plpgsql set search_path = '' as $$
declare
  lost text[];
begin
  if cardinality(wanted) = 0 then
    return '{}';
  end if;
  perform public.reelkit_begin_claim(for_brand);
  lost := array(
    select distinct clip from (
      select clips from public.reelkit_reels where brand = for_brand and reel <> for_reel order by number desc limit within_reels
    ) latest, unnest(latest.clips) as clip where clip = any (wanted) order by clip
  );
  insert into public.reelkit_reels as r (brand, reel, maker, clips)
    values (for_brand, for_reel, by_maker, array(select unnest(wanted) except select unnest(lost)))
    on conflict (brand, reel) do update
      set clips = array(select unnest(r.clips) union select unnest(excluded.clips)), claimed_at = now();
  return lost;
end $$;

create or replace function public.reelkit_record(
  for_brand text, for_reel text, by_maker text, of_run text, on_topic text,
  with_clips text[], with_credits jsonb, with_used text[], with_sha256 text
) returns text language sql set search_path = '' as $$
  insert into public.reelkit_reels (brand, reel, maker, run, topic, clips, credits, used, sha256, finished_at)
    values (for_brand, for_reel, by_maker, of_run, on_topic, with_clips, with_credits, with_used, with_sha256, now())
    on conflict (brand, reel) do update set
      run = excluded.run, topic = excluded.topic, clips = excluded.clips, credits = excluded.credits, used = excluded.used, sha256 = excluded.sha256,
      finished_at = now()
    returning 'recorded';
$$;

alter table public.reelkit_reels enable row level security;

revoke all on public.reelkit_reels, public.reelkit_ledger from anon;
grant select, insert, update, delete on public.reelkit_reels to authenticated, service_role;
grant select on public.reelkit_ledger to authenticated, service_role;
revoke execute on function
  public.reelkit_begin_claim, public.reelkit_claim_topic, public.reelkit_claim_clips, public.reelkit_record from public, anon;
grant execute on function
  public.reelkit_begin_claim, public.reelkit_claim_topic, public.reelkit_claim_clips, public.reelkit_record to authenticated, service_role;

drop policy if exists "the team reads its ledger" on public.reelkit_reels;
create policy "the team reads its ledger" on public.reelkit_reels
  for select to authenticated using (true);

drop policy if exists "the team claims reels" on public.reelkit_reels;
create policy "the team claims reels" on public.reelkit_reels
  for insert to authenticated with check (true);

drop policy if exists "the team finishes reels" on public.reelkit_reels;
create policy "the team finishes reels" on public.reelkit_reels
  for update to authenticated using (true) with check (true);

drop policy if exists "the team frees what nobody finished" on public.reelkit_reels;
create policy "the team frees what nobody finished" on public.reelkit_reels
  for delete to authenticated using (finished_at is null);

-- So that the API sees at once what is new.
notify pgrst, 'reload schema';
