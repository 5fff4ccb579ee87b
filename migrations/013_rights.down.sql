drop index auth.audit_by_action;
drop index auth.audit_by_subject;
drop index auth.audit_by_actor;
alter table auth.principal drop column seen_at;
alter table auth.principal drop column disabled_reason;
alter table auth.api_key drop column scopes;
