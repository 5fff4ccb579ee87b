drop table gateway.budget;
drop table gateway.usage;
drop table gateway.job;
drop index gateway.artefact_expiry;
delete from gateway.artefact where kind not in ('transcript', 'ocr', 'parse');
alter table gateway.artefact drop column expires_at, drop column size_bytes;
alter table gateway.artefact
  add constraint artefact_kind_check check (kind in ('transcript', 'ocr', 'parse'));
