-- Patterns of the rights a key was made with; null for all that its owner may do, but over credentials.
alter table auth.api_key add column scopes jsonb;

alter table auth.principal add column disabled_reason text;
-- To the minute.
alter table auth.principal add column seen_at timestamptz;

create index audit_by_actor on auth.audit (actor, id);
create index audit_by_subject on auth.audit (subject, id);
create index audit_by_action on auth.audit (action, id);
