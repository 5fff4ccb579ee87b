drop index gateway.usage_principal;
delete from gateway.budget where subject_kind = 'principal';
alter table gateway.budget drop constraint budget_subject_kind_check;
alter table gateway.budget
  add constraint budget_subject_kind_check check (subject_kind in ('key', 'agent', 'community'));
