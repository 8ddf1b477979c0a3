-- What a range of revisions created or ended, for readers that keep a tenant in memory and follow its changes. Both predicates
-- keep these indexes out of every other statement's choice (see 0005): only `created_rev > r` implies the first, only
-- `deleted_rev < 9223372036854775807` the second, and whoever looks for what is visible says neither.
CREATE INDEX tuple_created ON relata.tuple (bucket, tenant_id, created_rev) WHERE created_rev > 0;
CREATE INDEX tuple_deleted ON relata.tuple (bucket, tenant_id, deleted_rev) WHERE deleted_rev < 9223372036854775807;

-- Such readers ask for the newest revisions of many tenants at once. A transaction that announced `heads` sees the heads of
-- all tenants and nothing else of anybody; what it could write is bound to one tenant as before.
DO $$
DECLARE
  policy text;
BEGIN
  FOREACH policy IN ARRAY ARRAY['tenant_permit', 'tenant_restrict'] LOOP
    EXECUTE format($alter$
      ALTER POLICY %I ON relata.tenant_head
        USING (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid
               OR CASE current_setting('relata.registry', true) WHEN 'heads' THEN true ELSE false END)$alter$, policy);
  END LOOP;
END $$;
