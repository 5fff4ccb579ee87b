drop table agents.feedback;
delete from agents.step where kind = 'delegate';
delete from agents.run where parent is not null;
alter table agents.step drop constraint step_kind_check;
alter table agents.step add constraint step_kind_check check (kind in ('parts', 'retrieve', 'memory', 'model', 'tool', 'approval', 'rules'));
drop index agents.run_of_call;
alter table agents.run drop column versions, drop column plan, drop column until, drop column budget, drop column origin, drop column chain, drop column call, drop column parent;
