-- First answers of writes that carried an idempotency key. Written in the write's own transaction, under the
-- tenant's head lock; old ones are removed by garbage collection.

CREATE TABLE relata.idempotency (
  tenant_id     uuid NOT NULL,
  key           text COLLATE "C" NOT NULL,
  method        text COLLATE "C" NOT NULL CHECK (method IN ('write', 'delete')),
  request_hash  text COLLATE "C" NOT NULL,
  answer        json NOT NULL,
  created_at    timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, key)
);
CREATE INDEX idempotency_age ON relata.idempotency (tenant_id, created_at);

ALTER TABLE relata.idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE relata.idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_permit ON relata.idempotency AS PERMISSIVE FOR ALL
  USING (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid);
CREATE POLICY tenant_restrict ON relata.idempotency AS RESTRICTIVE FOR ALL
  USING (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid);

GRANT SELECT, INSERT ON relata.idempotency TO relata_app;
GRANT SELECT, DELETE ON relata.idempotency TO relata_maintenance;
