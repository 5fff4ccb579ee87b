create schema auth;

-- Whoever acts in the city. A person's id is also their better-auth user's.
create table auth.principal (
  id text primary key,
  kind text not null check (kind in ('person', 'agent', 'service')),
  name text not null,
  role text not null check (role in ('owner', 'admin', 'resident')),
  locale text check (locale in ('uk', 'en')),
  created_at timestamptz not null,
  disabled_at timestamptz
);
create unique index principal_one_owner on auth.principal (role) where role = 'owner' and kind = 'person';
create index principal_by_kind on auth.principal (kind, id) where disabled_at is null;

-- Names a principal has elsewhere: e-mail, Telegram, Matrix.
create table auth.identity (
  provider text not null,
  external_id text not null,
  principal text not null references auth.principal (id) on delete cascade,
  created_at timestamptz not null,
  primary key (provider, external_id)
);
create index identity_by_principal on auth.identity (principal);

-- better-auth's tables, in its shape, under our column names.
create table auth."user" (
  id text primary key references auth.principal (id) on delete cascade,
  name text not null,
  email text not null unique,
  email_verified boolean not null default false,
  image text,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table auth.account (
  id text primary key,
  account_id text not null,
  provider_id text not null,
  user_id text not null references auth."user" (id) on delete cascade,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  password text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (provider_id, account_id)
);
create index account_by_user on auth.account (user_id);

create table auth.session (
  id text primary key,
  token text not null unique,
  user_id text not null references auth."user" (id) on delete cascade,
  expires_at timestamptz not null,
  ip_address text,
  user_agent text,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index session_by_user on auth.session (user_id);
create index session_by_expiry on auth.session (expires_at);

create table auth.verification (
  id text primary key,
  identifier text not null,
  value text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index verification_by_identifier on auth.verification (identifier);

-- One row: the nonce of the one-time link, and whether it was used.
create table auth.welcome (
  single boolean primary key default true check (single),
  nonce text not null,
  used_at timestamptz
);

create table auth.invitation (
  id text primary key,
  token_hash text not null unique,
  role text not null check (role in ('admin', 'resident')),
  made_by text not null,
  uses integer not null default 0,
  max_uses integer not null check (max_uses > 0),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  check (uses between 0 and max_uses)
);

create table auth.api_key (
  id text primary key,
  principal text not null references auth.principal (id) on delete cascade,
  name text not null,
  start text not null,
  hash text not null unique,
  created_at timestamptz not null,
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz
);
create index api_key_by_principal on auth.api_key (principal, id);

-- Every change of rights, for ever.
create table auth.audit (
  id text primary key,
  at timestamptz not null,
  actor text,
  action text not null,
  subject text not null,
  detail jsonb not null default '{}',
  request_id text
);

create function auth.audit_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'auth.audit is append-only';
end $$;
create trigger audit_is_append_only before update or delete or truncate on auth.audit
  for each statement execute function auth.audit_is_append_only();
