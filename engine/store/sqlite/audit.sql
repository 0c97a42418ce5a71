-- Since version 4: who changed what, the policies that decisions were made with, and what is still to be told. Times are
-- nanoseconds since 1970.

-- The audit log. A write that fails takes no number, so that there is no gap.
CREATE TABLE audit (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    kind     TEXT NOT NULL,
    policy   TEXT NOT NULL,
    service  TEXT NOT NULL,
    event    TEXT NOT NULL,
    revision TEXT NOT NULL,
    message  TEXT NOT NULL,
    sum      INTEGER NOT NULL -- a checksum of all but the number
);
CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TABLE revision (
    id       TEXT PRIMARY KEY,
    at       INTEGER NOT NULL,
    revision TEXT NOT NULL
);
CREATE INDEX decision_of_revision ON decision (revision);

-- Notifications that are not delivered yet, in the order in which they were posted.
CREATE TABLE outbox (
    seq     INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    due     INTEGER NOT NULL,
    dead    INTEGER NOT NULL,
    message TEXT NOT NULL, -- without its body
    body    BLOB           -- to the byte: it may be signed
);
CREATE INDEX outbox_by_due ON outbox (dead, due, seq);

-- Whose state was not written since the store was begun anew: a full cooldown is due from then on.
CREATE TABLE lost (
    subject TEXT PRIMARY KEY
);
