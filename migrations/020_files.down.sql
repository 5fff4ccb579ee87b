DROP TABLE city.waveform;
ALTER TABLE city.file DROP COLUMN upload;
ALTER TABLE city.file DROP COLUMN blurhash;
