-- A person has budgets too.
alter table gateway.budget drop constraint budget_subject_kind_check;
alter table gateway.budget
  add constraint budget_subject_kind_check check (subject_kind in ('key', 'principal', 'agent', 'community'));
create index usage_principal on gateway.usage (principal, unit, at) where principal is not null;
