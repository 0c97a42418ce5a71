-- Since version 3: what somebody paused, and has not resumed; also where its end has passed.
CREATE TABLE pause (
    place TEXT PRIMARY KEY, -- of the service, in whichever mode its policies run; empty: all services
    pause TEXT NOT NULL
);
