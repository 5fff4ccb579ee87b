-- A few colours to paint before a picture is there (blurha.sh); the resumable upload a file came by, so that one upload is one file.
ALTER TABLE city.file ADD COLUMN blurhash text;
ALTER TABLE city.file ADD COLUMN upload text UNIQUE;

-- The shape of a recording, once somebody asked for it.
CREATE TABLE city.waveform (
  sha256 text PRIMARY KEY,
  bars jsonb NOT NULL
);
