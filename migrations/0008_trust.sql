-- Who may call and who may no longer: bindings of workloads, revoked JWTs, API tokens; and the log by which every process
-- learns that something it remembers of them, or of a tenant, has changed.
--
-- Scopes: `open` (the registry) is platform work, `trust` reads all of this and nothing of any tenant's tuples, and a
-- transaction of a tenant reaches that tenant's rows.

-- One row. Locked last in every transaction that changes what processes remember, so the log has a total order without gaps.
CREATE TABLE relata.trust_head (
  one      boolean PRIMARY KEY DEFAULT true CHECK (one),
  version  bigint NOT NULL CHECK (version >= 0)
) WITH (fillfactor = 10); -- one row, updated again and again: room to keep those updates HOT

CREATE TABLE relata.trust_change (
  version    bigint PRIMARY KEY,
  -- Unlike a version never given twice, so that a reader notices a database that was restored and has gone on since.
  mark       uuid NOT NULL DEFAULT gen_random_uuid(),
  -- What has changed: binding, revocation, api_token, client, signing_key, tenant. Readers pass over kinds they do not know.
  kind       text COLLATE "C" NOT NULL,
  key        text COLLATE "C" NOT NULL,
  -- In whose transaction; null where it was nobody's.
  tenant_id  uuid,
  at         timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The platform's, for issuers that serve many tenants.
CREATE TABLE relata.workload_binding (
  issuer      text COLLATE "C" NOT NULL CHECK (octet_length(issuer) BETWEEN 1 AND 1024),
  -- Exact, or a prefix ending in `*`. The key of all three stays below the 2,704 bytes that a btree entry may have.
  subject     text COLLATE "C" NOT NULL CHECK (octet_length(subject) BETWEEN 1 AND 1024),
  name        text COLLATE "C" NOT NULL CHECK (octet_length(name) <= 100),
  -- Ids, not slugs: a slug may come to belong to another tenant.
  tenant_ids  uuid[] NOT NULL,
  platform    boolean NOT NULL,
  scopes      text[] COLLATE "C" NOT NULL,
  -- [{"type": …, "relations": […]}]; empty for everything.
  objects     json NOT NULL,
  updated_at  timestamptz NOT NULL,
  updated_by  text NOT NULL,
  PRIMARY KEY (issuer, subject, name),
  CHECK (platform = (cardinality(tenant_ids) = 0))
);

CREATE TABLE relata.jwt_revocation (
  id             uuid PRIMARY KEY,
  issuer         text COLLATE "C" NOT NULL,
  -- One token, by its `jti`; or all of a subject that were issued before an instant.
  token_id       text COLLATE "C",
  subject        text COLLATE "C",
  issued_before  timestamptz,
  created_at     timestamptz NOT NULL,
  created_by     text NOT NULL,
  reason         text NOT NULL,
  -- From then on no token it names can be unexpired.
  obsolete_at    timestamptz NOT NULL,
  CHECK ((token_id IS NULL) <> (subject IS NULL)),
  CHECK ((subject IS NULL) = (issued_before IS NULL))
);
-- Those that still matter.
CREATE INDEX jwt_revocation_obsolete ON relata.jwt_revocation (obsolete_at, id);

CREATE TABLE relata.api_token (
  -- Public: twelve characters of the token itself.
  key_id         text COLLATE "C" PRIMARY KEY CHECK (octet_length(key_id) = 12),
  tenant_id      uuid NOT NULL,
  name           text NOT NULL,
  scopes         text[] COLLATE "C" NOT NULL,
  objects        json NOT NULL,
  allowed_cidrs  text[] COLLATE "C" NOT NULL,
  -- SHA-256 of the token, which has 32 random bytes: there is nothing to guess, so nothing slow is needed.
  digest         bytea NOT NULL CHECK (octet_length(digest) = 32),
  created_at     timestamptz NOT NULL,
  created_by     text NOT NULL,
  expires_at     timestamptz NOT NULL,
  revoked_at     timestamptz,
  revoked_by     text,
  rotated_from   text COLLATE "C",
  CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE INDEX api_token_newest ON relata.api_token (tenant_id, created_at, key_id);
-- How many are active is asked with each that is made.
CREATE INDEX api_token_active ON relata.api_token (tenant_id, expires_at) WHERE revoked_at IS NULL;

-- Beside the tokens, so that a frequent update rewrites a small row, and who may note a use may change nothing else.
CREATE TABLE relata.api_token_use (
  key_id          text COLLATE "C" PRIMARY KEY,
  tenant_id       uuid NOT NULL,
  last_used_at    timestamptz NOT NULL,
  last_used_from  text NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE relata.api_token_policy (
  tenant_id            uuid PRIMARY KEY,
  default_lifetime_ms  bigint NOT NULL CHECK (default_lifetime_ms > 0),
  max_lifetime_ms      bigint NOT NULL CHECK (max_lifetime_ms >= default_lifetime_ms),
  max_active           integer NOT NULL CHECK (max_active >= 0),
  updated_at           timestamptz NOT NULL,
  updated_by           text NOT NULL
);

-- Each table's two policies, permissive and restrictive, say the same. CASE instead of `=` or IN: the planner expects it to
-- pass half of the rows (see 0001).
DO $$
DECLARE
  own constant text := $e$tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid$e$;
  open constant text := $e$CASE current_setting('relata.registry', true) WHEN 'open' THEN true ELSE false END$e$;
  trust constant text := $e$CASE current_setting('relata.registry', true) WHEN 'trust' THEN true ELSE false END$e$;
  either constant text := $e$CASE current_setting('relata.registry', true) WHEN 'open' THEN true WHEN 'trust' THEN true ELSE false END$e$;
  of_some_tenant constant text := $e$current_setting('relata.tenant_id', true) <> ''$e$;
  secured record;
  kind text;
BEGIN
  FOR secured IN
    SELECT * FROM (VALUES
      -- Its one number says nothing of anybody; whoever changes something moves it on.
      ('trust_head', of_some_tenant || ' OR ' || either, of_some_tenant || ' OR ' || open),
      ('trust_change', trust, own || ' OR ' || open),
      ('workload_binding', either, open),
      ('jwt_revocation', either, open),
      ('api_token', own || ' OR ' || trust, own),
      ('api_token_use', own || ' OR ' || trust, own || ' OR ' || trust),
      ('api_token_policy', own, own)) AS tables (name, reads, writes)
  LOOP
    EXECUTE format('ALTER TABLE relata.%I ENABLE ROW LEVEL SECURITY', secured.name);
    EXECUTE format('ALTER TABLE relata.%I FORCE ROW LEVEL SECURITY', secured.name);
    FOREACH kind IN ARRAY ARRAY['permissive', 'restrictive'] LOOP
      EXECUTE format('CREATE POLICY %I ON relata.%I AS %s FOR ALL USING (%s) WITH CHECK (%s)',
        'trust_' || kind, secured.name, kind, secured.reads, secured.writes);
    END LOOP;
  END LOOP;
END $$;

-- A binding and an API token hold in a tenant, of which slug and state are asked for with them.
DO $$
DECLARE
  policy text;
BEGIN
  FOREACH policy IN ARRAY ARRAY['registry_permit', 'registry_restrict'] LOOP
    EXECUTE format($alter$
      ALTER POLICY %I ON relata.tenant
        USING (id = nullif(current_setting('relata.tenant_id', true), '')::uuid
               OR slug = nullif(current_setting('relata.tenant_slug', true), '')
               OR CASE current_setting('relata.registry', true) WHEN 'open' THEN true WHEN 'trust' THEN true ELSE false END)$alter$, policy);
  END LOOP;
END $$;

-- The first change, which readers build on.
SELECT set_config('relata.registry', 'open', true);
INSERT INTO relata.trust_head (version) VALUES (0);
INSERT INTO relata.trust_change (version, kind, key) VALUES (0, 'begin', '');

-- API tokens are never deleted but revoked, revocations never taken back. What is of no use any more is for maintenance.
GRANT SELECT, UPDATE (version) ON relata.trust_head TO relata_app;
GRANT SELECT, INSERT ON relata.trust_change, relata.jwt_revocation TO relata_app;
GRANT SELECT, INSERT, UPDATE (tenant_ids, platform, scopes, objects, updated_at, updated_by), DELETE
  ON relata.workload_binding TO relata_app;
GRANT SELECT, INSERT, UPDATE (expires_at, revoked_at, revoked_by) ON relata.api_token TO relata_app;
GRANT SELECT, INSERT, UPDATE (last_used_at, last_used_from) ON relata.api_token_use TO relata_app;
GRANT SELECT, INSERT, UPDATE (default_lifetime_ms, max_lifetime_ms, max_active, updated_at, updated_by)
  ON relata.api_token_policy TO relata_app;
GRANT SELECT, DELETE ON relata.trust_change, relata.jwt_revocation, relata.api_token, relata.api_token_use, relata.api_token_policy
  TO relata_maintenance;
