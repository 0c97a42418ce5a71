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
