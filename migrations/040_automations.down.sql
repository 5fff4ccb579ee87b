drop table agents.automation_run;
drop table agents.automation;
