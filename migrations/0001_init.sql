-- The tables of the first day. Times are INTEGER milliseconds UTC (columns
-- *_ms) or, where Gerrit knows no more, seconds (columns *_s). Every row that a
-- step works on carries WORK: state, why, next_ms (due; NULL: waits for an
-- event), tries, and at_ms, when the state was last decided.

-- +goose Up
-- +goose StatementBegin

-- Words that repeat (ci, job, project, branch, pipeline, result), each once.
CREATE TABLE name (
  id   INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  UNIQUE (kind, text)
) STRICT;

-- ident: the username, else "#" and Gerrit's id, else e-mail, else name.
CREATE TABLE account (
  id        INTEGER PRIMARY KEY,
  ident     TEXT NOT NULL UNIQUE,
  gerrit_id INTEGER UNIQUE,
  username  TEXT NOT NULL DEFAULT '',
  email     TEXT NOT NULL DEFAULT '',
  name      TEXT NOT NULL DEFAULT '',
  role      TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX account_email ON account (email) WHERE email <> '';

CREATE TABLE change (
  number           INTEGER PRIMARY KEY,
  project          INTEGER NOT NULL REFERENCES name (id),
  branch           INTEGER NOT NULL REFERENCES name (id),
  change_key       TEXT NOT NULL DEFAULT '',
  owner            INTEGER REFERENCES account (id),
  subject          TEXT NOT NULL DEFAULT '',
  status           TEXT NOT NULL DEFAULT '',
  private          INTEGER NOT NULL DEFAULT 0,
  wip              INTEGER NOT NULL DEFAULT 0,
  hashtags         TEXT NOT NULL DEFAULT '[]', -- JSON array
  url              TEXT NOT NULL DEFAULT '',
  current_ps       INTEGER NOT NULL DEFAULT 0,
  gerrit_updated_s INTEGER,
  reconciled_s     INTEGER
) STRICT;

-- Lines as Gerrit sent them, before anyone understood them.
CREATE TABLE raw (
  id          INTEGER PRIMARY KEY,
  session     TEXT NOT NULL,
  seq         INTEGER NOT NULL,
  source      TEXT NOT NULL,
  received_ms INTEGER NOT NULL,
  body        BLOB,                            -- NULL: aged out
  state       TEXT NOT NULL,                   -- new, done, aside
  why         TEXT NOT NULL DEFAULT '',
  at_ms       INTEGER NOT NULL,
  UNIQUE (session, seq)
) STRICT;
CREATE INDEX raw_new ON raw (id) WHERE state = 'new';
CREATE INDEX raw_aside ON raw (id) WHERE state = 'aside';

-- A comment is an event, not a text. What the stream brings is provisional
-- (gerrit_s and nth NULL) until it is joined with Gerrit's own list; a row that
-- the list showed first has event_s NULL until a stream line claims it.
CREATE TABLE comment (
  id            INTEGER PRIMARY KEY,
  change        INTEGER NOT NULL REFERENCES change (number),
  author        INTEGER NOT NULL REFERENCES account (id),
  event_s       INTEGER,                       -- the stream's second
  gerrit_s      INTEGER,                       -- the list's second
  nth           INTEGER,                       -- 0-based, among equal author and second
  message_id    TEXT,                          -- REST only
  raw           INTEGER REFERENCES raw (id) ON DELETE SET NULL,
  sessions      TEXT NOT NULL DEFAULT '[]',    -- stream sessions that brought it, JSON
  patchset      INTEGER NOT NULL DEFAULT 0,
  tag           TEXT NOT NULL DEFAULT '',
  head          TEXT NOT NULL DEFAULT '',      -- stays when the texts age out
  heard         TEXT,                          -- the stream's text
  listed        TEXT,                          -- the list's text; NULL in a joined row: as heard
  level         TEXT,                          -- the list's patchset-level texts, JSON
  guess         INTEGER NOT NULL DEFAULT 0,    -- 1: meaning rests on a patchset-level text that was joined by order only
  kind          TEXT NOT NULL,
  weight        INTEGER NOT NULL DEFAULT 0,    -- how much the meaning says; the richer text decides
  parser        INTEGER NOT NULL,
  via           TEXT NOT NULL,                 -- who brought it first
  own_ms        INTEGER NOT NULL,
  first_seen_ms INTEGER NOT NULL,
  UNIQUE (change, message_id),
  UNIQUE (change, author, gerrit_s, nth)
) STRICT;
CREATE INDEX comment_heard ON comment (change, author, event_s);
CREATE INDEX comment_raw ON comment (raw) WHERE raw IS NOT NULL;

-- ext: the uuid; else the canonical URL; else c:<comment>.
CREATE TABLE buildset (
  id            INTEGER PRIMARY KEY,
  ci            INTEGER NOT NULL REFERENCES name (id),
  ext           TEXT NOT NULL,
  uuid          TEXT NOT NULL DEFAULT '',
  url           TEXT NOT NULL DEFAULT '',
  pipeline      INTEGER REFERENCES name (id),
  outcome       TEXT NOT NULL DEFAULT '',
  complete      INTEGER NOT NULL,              -- every build and its real result is known
  own_ms        INTEGER NOT NULL,
  first_seen_ms INTEGER NOT NULL,
  state         TEXT NOT NULL,                 -- done, lookup, gave-up
  why           TEXT NOT NULL DEFAULT '',
  next_ms       INTEGER,
  tries         INTEGER NOT NULL DEFAULT 0,
  at_ms         INTEGER NOT NULL,
  UNIQUE (ci, ext)
) STRICT;
CREATE INDEX buildset_lookup ON buildset (next_ms) WHERE state = 'lookup';
CREATE INDEX buildset_left_out ON buildset (own_ms) WHERE complete = 0;

CREATE TABLE report (
  comment  INTEGER PRIMARY KEY REFERENCES comment (id),
  buildset INTEGER NOT NULL REFERENCES buildset (id),
  change   INTEGER NOT NULL REFERENCES change (number),
  patchset INTEGER NOT NULL,
  own_ms   INTEGER NOT NULL,
  state    TEXT NOT NULL,                      -- open, said, silent, refused
  why      TEXT NOT NULL DEFAULT '',
  next_ms  INTEGER,
  tries    INTEGER NOT NULL DEFAULT 0,
  at_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX report_open ON report (next_ms) WHERE state = 'open';
CREATE INDEX report_buildset ON report (buildset);
CREATE INDEX report_change ON report (change);

-- said: the comment's word; result: the real one, NULL while only the CI's API
-- can tell. counted: 1 when rates may count it, as failed or not.
CREATE TABLE build (
  id            INTEGER PRIMARY KEY,
  ci            INTEGER NOT NULL REFERENCES name (id),
  ext           TEXT NOT NULL,
  uuid          TEXT NOT NULL DEFAULT '',
  buildset      INTEGER NOT NULL REFERENCES buildset (id),
  job           INTEGER NOT NULL REFERENCES name (id),
  project       INTEGER NOT NULL REFERENCES name (id),
  branch        INTEGER NOT NULL REFERENCES name (id),
  pipeline      INTEGER REFERENCES name (id),
  said          TEXT NOT NULL DEFAULT '',
  detail        TEXT NOT NULL DEFAULT '',
  result        TEXT,
  voting        INTEGER NOT NULL,
  final         INTEGER NOT NULL DEFAULT 1,
  counted       INTEGER NOT NULL,
  failed        INTEGER NOT NULL DEFAULT 0,
  url           TEXT NOT NULL DEFAULT '',
  log_url       TEXT NOT NULL DEFAULT '',
  duration_ms   INTEGER,
  start_ms      INTEGER,
  end_ms        INTEGER,
  own_ms        INTEGER NOT NULL,
  first_seen_ms INTEGER NOT NULL,
  first_try_ms  INTEGER,
  state         TEXT NOT NULL,                 -- lookup, search, recognized, unrecognized, no-logs, incomplete, unknown, excluded
  why           TEXT NOT NULL DEFAULT '',
  next_ms       INTEGER,
  tries         INTEGER NOT NULL DEFAULT 0,
  at_ms         INTEGER NOT NULL,
  UNIQUE (ci, ext)
) STRICT;
CREATE INDEX build_search ON build (next_ms) WHERE state = 'search';
CREATE INDEX build_unrecognized ON build (own_ms) WHERE state = 'unrecognized';
CREATE INDEX build_buildset ON build (buildset);
CREATE INDEX build_rate ON build (job, own_ms) WHERE counted = 1;
CREATE INDEX build_rate_project ON build (project, pipeline, own_ms) WHERE counted = 1;

CREATE TABLE report_build (
  report INTEGER NOT NULL REFERENCES report (comment),
  build  INTEGER NOT NULL REFERENCES build (id),
  pos    INTEGER NOT NULL,
  PRIMARY KEY (report, pos)
) STRICT, WITHOUT ROWID;
CREATE INDEX report_build_build ON report_build (build);

CREATE TABLE bug (
  id         INTEGER PRIMARY KEY,
  tracker    TEXT NOT NULL,
  ref        TEXT NOT NULL,
  title      TEXT NOT NULL DEFAULT '',
  status     TEXT NOT NULL DEFAULT '',
  private    INTEGER NOT NULL DEFAULT 0,
  dup_of     TEXT NOT NULL DEFAULT '',
  etag       TEXT NOT NULL DEFAULT '',
  fetched_ms INTEGER,
  state      TEXT NOT NULL DEFAULT 'new',      -- of its look-up: new, known, failed
  why        TEXT NOT NULL DEFAULT '',
  next_ms    INTEGER NOT NULL DEFAULT 0,
  tries      INTEGER NOT NULL DEFAULT 0,
  UNIQUE (tracker, ref)
) STRICT;
CREATE INDEX bug_next ON bug (next_ms);

CREATE TABLE fingerprint (
  id       INTEGER PRIMARY KEY,
  name     TEXT NOT NULL,
  sha      BLOB NOT NULL,
  yaml     TEXT NOT NULL,
  title    TEXT NOT NULL DEFAULT '',
  first_ms INTEGER NOT NULL,
  UNIQUE (name, sha)
) STRICT;

CREATE TABLE fingerprint_bug (
  fingerprint INTEGER NOT NULL REFERENCES fingerprint (id),
  bug         INTEGER NOT NULL REFERENCES bug (id),
  pos         INTEGER NOT NULL,
  PRIMARY KEY (fingerprint, bug)
) STRICT, WITHOUT ROWID;
CREATE INDEX fingerprint_bug_bug ON fingerprint_bug (bug);

-- The newest set is the one with the highest load number.
CREATE TABLE fpset (
  id        INTEGER PRIMARY KEY,
  sha       BLOB NOT NULL UNIQUE,
  load      INTEGER NOT NULL UNIQUE,
  loaded_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE fpset_member (
  fpset       INTEGER NOT NULL REFERENCES fpset (id),
  fingerprint INTEGER NOT NULL REFERENCES fingerprint (id),
  PRIMARY KEY (fpset, fingerprint)
) STRICT, WITHOUT ROWID;

CREATE TABLE scan (
  id      INTEGER PRIMARY KEY,
  build   INTEGER NOT NULL REFERENCES build (id),
  fpset   INTEGER NOT NULL REFERENCES fpset (id),
  engine  TEXT NOT NULL,
  purpose TEXT NOT NULL,
  outcome TEXT NOT NULL,
  why     TEXT NOT NULL DEFAULT '',
  at_ms   INTEGER NOT NULL,
  UNIQUE (build, fpset, engine)
) STRICT;

CREATE TABLE hit (
  scan        INTEGER NOT NULL REFERENCES scan (id) ON DELETE CASCADE,
  fingerprint INTEGER NOT NULL REFERENCES fingerprint (id),
  n           INTEGER NOT NULL,
  n_exact     INTEGER NOT NULL,
  cond        TEXT NOT NULL DEFAULT '',        -- what must hold besides ("if"); empty: certain
  file        TEXT NOT NULL DEFAULT '',
  url         TEXT NOT NULL DEFAULT '',
  line        INTEGER,
  off         INTEGER,
  at_ms       INTEGER,
  excerpt     TEXT,                            -- NULL: aged out
  PRIMARY KEY (scan, fingerprint)
) STRICT, WITHOUT ROWID;
CREATE INDEX hit_fingerprint ON hit (fingerprint);

CREATE TABLE recheck (
  comment INTEGER PRIMARY KEY REFERENCES comment (id),
  change  INTEGER NOT NULL REFERENCES change (number),
  own_ms  INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  reason  TEXT NOT NULL DEFAULT '',
  by_bot  INTEGER NOT NULL,
  state   TEXT NOT NULL,                       -- new, done, skipped
  why     TEXT NOT NULL DEFAULT '',
  next_ms INTEGER,
  tries   INTEGER NOT NULL DEFAULT 0,
  at_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX recheck_change ON recheck (change, own_ms);
CREATE INDEX recheck_new ON recheck (comment) WHERE state = 'new';

-- One naming of one bug: two bugs in one comment are decided on apart.
CREATE TABLE recheck_bug (
  id      INTEGER PRIMARY KEY,
  comment INTEGER NOT NULL REFERENCES recheck (comment) ON DELETE CASCADE,
  bug     INTEGER NOT NULL REFERENCES bug (id),
  state   TEXT NOT NULL,                       -- new, done, skipped
  why     TEXT NOT NULL DEFAULT '',
  next_ms INTEGER,
  tries   INTEGER NOT NULL DEFAULT 0,
  at_ms   INTEGER NOT NULL,
  UNIQUE (comment, bug)
) STRICT;
CREATE INDEX recheck_bug_new ON recheck_bug (next_ms) WHERE state = 'new';
CREATE INDEX recheck_bug_bug ON recheck_bug (bug);

CREATE TABLE queue (
  bug      INTEGER PRIMARY KEY REFERENCES bug (id),
  state    TEXT NOT NULL,                      -- open, claimed, invalid, fingerprinted, expired
  holder   TEXT NOT NULL DEFAULT '',
  until_ms INTEGER,
  epoch    INTEGER NOT NULL DEFAULT 1,
  since_ms INTEGER NOT NULL,
  why      TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX queue_state ON queue (state);

-- Who did what by hand; append-only.
CREATE TABLE act (
  id      INTEGER PRIMARY KEY,
  request TEXT UNIQUE,
  at_ms   INTEGER NOT NULL,
  who     TEXT NOT NULL,
  via     TEXT NOT NULL,
  verb    TEXT NOT NULL,
  object  TEXT NOT NULL,
  before  TEXT NOT NULL DEFAULT '',
  after   TEXT NOT NULL DEFAULT '',
  why     TEXT NOT NULL DEFAULT ''
) STRICT;

-- To say a thing twice violates the key.
CREATE TABLE outbox (
  id           INTEGER PRIMARY KEY,
  medium       TEXT NOT NULL,
  target       TEXT NOT NULL,
  cause        TEXT NOT NULL,
  part         INTEGER NOT NULL,
  body         TEXT NOT NULL,
  ref          TEXT NOT NULL DEFAULT '',
  tag          TEXT NOT NULL DEFAULT '',
  notify       TEXT NOT NULL DEFAULT '',
  own_ms       INTEGER NOT NULL,
  not_after_ms INTEGER,
  attempted_ms INTEGER,
  proof        TEXT NOT NULL DEFAULT '',
  state        TEXT NOT NULL,                  -- ready, sending, sent, proven, unconfirmed, refused, expired
  why          TEXT NOT NULL DEFAULT '',
  next_ms      INTEGER,
  tries        INTEGER NOT NULL DEFAULT 0,
  at_ms        INTEGER NOT NULL,
  UNIQUE (medium, target, cause, part)
) STRICT;
CREATE INDEX outbox_ready ON outbox (medium, next_ms) WHERE state = 'ready';
CREATE INDEX outbox_unproven ON outbox (medium, id) WHERE state IN ('sending', 'sent');
CREATE INDEX outbox_cause ON outbox (cause);
CREATE INDEX outbox_ref ON outbox (ref) WHERE ref <> '';
CREATE INDEX outbox_state ON outbox (state);

CREATE TABLE mute (
  channel  TEXT PRIMARY KEY,
  until_ms INTEGER NOT NULL,
  who      TEXT NOT NULL,
  at_ms    INTEGER NOT NULL
) STRICT;

CREATE TABLE cursor (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;

-- Time of which something may have been missed; several of one cause are one.
CREATE TABLE gap (
  id        INTEGER PRIMARY KEY,
  from_ms   INTEGER NOT NULL,
  to_ms     INTEGER NOT NULL,
  cause     TEXT NOT NULL,
  n         INTEGER NOT NULL DEFAULT 1,
  closed_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX gap_open ON gap (cause) WHERE closed_ms IS NULL;

CREATE TABLE dead (
  step  TEXT NOT NULL,
  item  TEXT NOT NULL,
  error TEXT NOT NULL,
  tries INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (step, item)
) STRICT;

-- Which projects run which pipelines, so that a name can be resolved at once.
CREATE TABLE project_pipeline (
  project  INTEGER NOT NULL REFERENCES name (id),
  pipeline INTEGER NOT NULL REFERENCES name (id),
  last_ms  INTEGER NOT NULL,
  PRIMARY KEY (project, pipeline)
) STRICT, WITHOUT ROWID;

CREATE TABLE rate_hour (
  hour       INTEGER NOT NULL,
  job        INTEGER NOT NULL REFERENCES name (id),
  pipeline   INTEGER NOT NULL REFERENCES name (id),
  project    INTEGER NOT NULL REFERENCES name (id),
  branch     INTEGER NOT NULL REFERENCES name (id),
  voting     INTEGER NOT NULL,
  result     INTEGER NOT NULL REFERENCES name (id),
  n          INTEGER NOT NULL,
  recognized INTEGER NOT NULL,
  PRIMARY KEY (job, pipeline, project, branch, voting, hour, result)
) STRICT, WITHOUT ROWID;
-- +goose StatementEnd
