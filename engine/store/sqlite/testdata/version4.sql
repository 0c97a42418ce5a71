-- The global switch: one row, or none where nobody has ever set it.
CREATE TABLE switch (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    enabled INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    at      INTEGER NOT NULL
);

-- When this file replaced a damaged one: one row, or none.
CREATE TABLE rebuilt (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    at  INTEGER NOT NULL
);

-- What the guard remembers of each service, and of each policy in shadow mode, with the newest record. Times are nanoseconds since 1970.
CREATE TABLE state (
    subject TEXT PRIMARY KEY,
    state   TEXT NOT NULL,
    record  TEXT -- none where an event was closed before anything was decided
);

-- Decisions in order. Holds in a row that are alike are one row, whose record is the first of them.
CREATE TABLE decision (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    policy   TEXT NOT NULL,
    mode     TEXT NOT NULL,
    action   TEXT NOT NULL,
    reason   TEXT NOT NULL,
    revision TEXT NOT NULL,
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    count    INTEGER NOT NULL,
    record   TEXT NOT NULL
);
CREATE INDEX decision_of_policy ON decision (policy, mode, id);

-- Intents, and how they ended.
CREATE TABLE event (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    id      TEXT NOT NULL UNIQUE,
    service TEXT NOT NULL,
    mode    TEXT NOT NULL,
    started INTEGER NOT NULL,
    ended   INTEGER, -- none: open
    event   TEXT NOT NULL
);
CREATE INDEX event_of_service ON event (service, started, seq);
CREATE INDEX event_by_start ON event (started, seq);
CREATE INDEX event_open ON event (seq) WHERE ended IS NULL;
-- Since version 2: what was sampled, in chunks (package chunk). Times here are milliseconds since 1970.

-- Who said what of a metric. A series is there as long as something of it is.
CREATE TABLE series (
    id      INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    metric  TEXT NOT NULL,
    signal  TEXT NOT NULL,
    replica TEXT NOT NULL, -- empty: the service as a whole
    UNIQUE (subject, metric, signal, replica)
);

-- Full chunks, and what was left of series that ended, in the order in which they were written: new ones fill pages up.
-- A time stands in one chunk of a series only, but chunks overlap where samples came late.
CREATE TABLE chunk (
    id     INTEGER PRIMARY KEY,
    series INTEGER NOT NULL,
    first  INTEGER NOT NULL,
    last   INTEGER NOT NULL,
    points BLOB NOT NULL
);
CREATE INDEX chunk_of_series ON chunk (series, last, first);
CREATE INDEX chunk_by_age ON chunk (last);

-- The chunk that a series fills, written anew by each flush. They stand side by side, so that a flush writes few pages.
CREATE TABLE open_chunk (
    series INTEGER PRIMARY KEY,
    first  INTEGER NOT NULL,
    last   INTEGER NOT NULL,
    points BLOB NOT NULL
);
CREATE INDEX open_chunk_by_age ON open_chunk (last);

-- The rollups of what is in table chunk, or was: a row is a day of a series, in UTC. Those of the open chunk are made of
-- its points when somebody asks.
CREATE TABLE rollup (
    id      INTEGER PRIMARY KEY,
    series  INTEGER NOT NULL,
    day     INTEGER NOT NULL, -- when it begins
    rollups BLOB NOT NULL,
    UNIQUE (series, day)
);
CREATE INDEX rollup_by_age ON rollup (day);
-- Since version 3: what somebody paused, and has not resumed; also where its end has passed.
CREATE TABLE pause (
    place TEXT PRIMARY KEY, -- of the service, in whichever mode its policies run; empty: all services
    pause TEXT NOT NULL
);
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
