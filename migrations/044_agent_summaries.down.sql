delete from agents.step where kind = 'summary';
alter table agents.step drop constraint step_kind_check;
alter table agents.step add constraint step_kind_check check (kind in ('parts', 'retrieve', 'memory', 'model', 'tool', 'approval', 'rules', 'delegate'));
drop table agents.summary;
