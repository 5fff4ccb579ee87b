alter table auth.session add column last_seen_at timestamptz;
alter table auth.invitation add column room text;
alter table auth.identity add column label text;
-- An account has one name at a provider.
create unique index identity_one_per_provider on auth.identity (principal, provider);

-- What may be used once and for a while: links to a new password, second steps of a sign-in, challenges of passkeys, codes
-- that link an identity. `principal` is null where nobody was found, so that asking for nobody costs the same.
create table auth.one_time (
  id text primary key,
  kind text not null,
  principal text references auth.principal (id) on delete cascade,
  value text,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index one_time_by_principal on auth.one_time (principal, kind);
create index one_time_by_value on auth.one_time (value) where value is not null;
create index one_time_by_expiry on auth.one_time (expires_at);

-- People who asked to come in: `approval` waits for an admin, `address` for the link that was mailed to it.
create table auth.sign_up (
  id text primary key,
  email text not null unique,
  name text not null,
  password text not null,
  locale text check (locale in ('uk', 'en')),
  waits_for text not null check (waits_for in ('approval', 'address')),
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index sign_up_by_expiry on auth.sign_up (expires_at);

create table auth.totp (
  principal text primary key references auth.principal (id) on delete cascade,
  -- AES-256-GCM by a key derived from the city's secret.
  secret text not null,
  -- Null until the first right code.
  confirmed_at timestamptz,
  -- The step of the last code that was taken: none is taken twice.
  last_step bigint not null default 0,
  created_at timestamptz not null
);

create table auth.recovery_code (
  hash text primary key,
  principal text not null references auth.principal (id) on delete cascade,
  used_at timestamptz
);
create index recovery_code_by_principal on auth.recovery_code (principal);

create table auth.passkey (
  id text primary key,
  principal text not null references auth.principal (id) on delete cascade,
  name text not null,
  credential text not null unique,
  public_key text not null,
  counter bigint not null,
  transports text not null,
  synced boolean not null,
  -- The domain it was made for.
  domain text not null,
  created_at timestamptz not null,
  last_used_at timestamptz
);
create index passkey_by_principal on auth.passkey (principal);

-- Attempts by address and by account, for all processes of the city at once.
create table auth.attempt (
  key text primary key,
  count integer not null,
  reset_at timestamptz not null
);
create index attempt_by_reset on auth.attempt (reset_at);
