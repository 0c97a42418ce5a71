-- Since version 5: who may use the API, the policies that came by it, and what of the audit log has been told. Times are
-- nanoseconds since 1970.

ALTER TABLE audit ADD COLUMN reason TEXT NOT NULL DEFAULT ''; -- the checksum covers it where there is one

CREATE TABLE token (
    id      TEXT PRIMARY KEY,
    expires INTEGER, -- none: never
    token   TEXT NOT NULL
);
CREATE INDEX token_by_end ON token (expires);

CREATE TABLE person (
    email  TEXT PRIMARY KEY,
    person TEXT NOT NULL
);

CREATE TABLE document (
    name     TEXT PRIMARY KEY,
    version  TEXT NOT NULL,
    document TEXT NOT NULL, -- without its body
    body     BLOB           -- to the byte
);

-- Up to which audit entry messages were made: one row, or none where none ever were.
CREATE TABLE posted (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    posted TEXT NOT NULL
);
