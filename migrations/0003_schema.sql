-- Schemas are stored under a name, in versions; a tenant's head points at one. Several tenants may share a name,
-- so the rows belong to the tenants that point there and the policies follow the head.

CREATE TABLE relata.schema (
  name            text COLLATE "C" PRIMARY KEY,
  latest_version  integer NOT NULL CHECK (latest_version > 0)
);

CREATE TABLE relata.schema_version (
  name        text COLLATE "C" NOT NULL REFERENCES relata.schema (name),
  version     integer NOT NULL CHECK (version > 0),
  source      text NOT NULL,
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (name, version)
);

DO $$
DECLARE
  owned text;
  own constant text := $expr$(name = (SELECT head.schema_name FROM relata.tenant_head head
    WHERE head.tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid))$expr$;
BEGIN
  FOREACH owned IN ARRAY ARRAY['schema', 'schema_version'] LOOP
    EXECUTE format('ALTER TABLE relata.%I ENABLE ROW LEVEL SECURITY', owned);
    EXECUTE format('ALTER TABLE relata.%I FORCE ROW LEVEL SECURITY', owned);
    EXECUTE format('CREATE POLICY tenant_permit ON relata.%I AS PERMISSIVE FOR ALL USING %s WITH CHECK %s', owned, own, own);
    EXECUTE format('CREATE POLICY tenant_restrict ON relata.%I AS RESTRICTIVE FOR ALL USING %s WITH CHECK %s', owned, own, own);
  END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE (latest_version) ON relata.schema TO relata_app;
GRANT SELECT, INSERT ON relata.schema_version TO relata_app;
