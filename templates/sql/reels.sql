-- Supabase for Reelkit: a bucket, who may write to it, and a table with a row for each published reel.
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
