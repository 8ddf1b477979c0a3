-- The registry of tenants and, per tenant, the row every write locks first.
-- Run as relata_owner, which owns everything in schema relata.

CREATE TABLE relata.tenant (
  id          uuid PRIMARY KEY,
  slug        text COLLATE "C" NOT NULL,
  -- Which partition holds the tenant's rows: 0-63 are shared, larger ones belong to one tenant.
  bucket      integer NOT NULL CHECK (bucket >= 0),
  -- Under which its schema versions are stored.
  schema_name text COLLATE "C" NOT NULL,
  state       text COLLATE "C" NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended')),
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT tenant_slug_key UNIQUE (slug)
);

ALTER TABLE relata.tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE relata.tenant FORCE ROW LEVEL SECURITY;

-- A row of the registry is reached by the tenant itself, by its exact slug, or in a transaction that opened the
-- registry. Only the last may write. A statement that forgot its filter sees what was announced and no more.
-- CASE instead of `=`: the planner expects it to pass half of the rows, not 0.5 %, and walks the slug's index for a page
-- instead of sorting the whole registry.
CREATE POLICY registry_permit ON relata.tenant AS PERMISSIVE FOR ALL
  USING (id = nullif(current_setting('relata.tenant_id', true), '')::uuid
         OR slug = nullif(current_setting('relata.tenant_slug', true), '')
         OR CASE current_setting('relata.registry', true) WHEN 'open' THEN true ELSE false END)
  WITH CHECK (current_setting('relata.registry', true) = 'open');
CREATE POLICY registry_restrict ON relata.tenant AS RESTRICTIVE FOR ALL
  USING (id = nullif(current_setting('relata.tenant_id', true), '')::uuid
         OR slug = nullif(current_setting('relata.tenant_slug', true), '')
         OR CASE current_setting('relata.registry', true) WHEN 'open' THEN true ELSE false END)
  WITH CHECK (current_setting('relata.registry', true) = 'open');

CREATE TABLE relata.tenant_head (
  tenant_id       uuid PRIMARY KEY,
  bucket          integer NOT NULL,
  revision        bigint NOT NULL CHECK (revision >= 0),
  schema_name     text COLLATE "C" NOT NULL,
  -- 0: no schema has been written.
  schema_version  integer NOT NULL CHECK (schema_version >= 0),
  committed_at    timestamptz NOT NULL
) WITH (fillfactor = 50); -- updated by every write; half-empty pages keep those updates HOT

ALTER TABLE relata.tenant_head ENABLE ROW LEVEL SECURITY;
ALTER TABLE relata.tenant_head FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_permit ON relata.tenant_head AS PERMISSIVE FOR ALL
  USING (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid);
CREATE POLICY tenant_restrict ON relata.tenant_head AS RESTRICTIVE FOR ALL
  USING (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid);

GRANT SELECT, INSERT ON relata.tenant TO relata_app;
GRANT SELECT, INSERT, UPDATE (revision, schema_name, schema_version, committed_at) ON relata.tenant_head TO relata_app;
GRANT SELECT ON relata.tenant, relata.tenant_head TO relata_maintenance;
