-- Relation tuples and the history of revisions, both partitioned by the tenant's bucket.
-- No default partition: a row for an unknown bucket is an error, and partitions can be detached concurrently.

CREATE TABLE relata.tuple (
  bucket            integer NOT NULL,
  tenant_id         uuid NOT NULL,
  object_type       text COLLATE "C" NOT NULL,
  object_id         text COLLATE "C" NOT NULL,
  relation          text COLLATE "C" NOT NULL,
  subject_type      text COLLATE "C" NOT NULL,
  subject_id        text COLLATE "C" NOT NULL,
  -- Empty when the subject is the object itself.
  subject_relation  text COLLATE "C" NOT NULL,
  -- Both or neither. json, not jsonb: what was written comes back byte for byte.
  caveat            text COLLATE "C",
  caveat_context    json,
  expires_at        timestamptz,
  -- Visible at revision r iff created_rev <= r < deleted_rev; a live row is deleted at the largest bigint.
  created_rev       bigint NOT NULL,
  deleted_rev       bigint NOT NULL DEFAULT 9223372036854775807,
  CHECK (created_rev < deleted_rev),
  CHECK ((caveat IS NULL) = (caveat_context IS NULL)),
  -- Ends in deleted_rev: one live row per key, its history beside it. The longest key the model allows is about
  -- 2,500 bytes, below the 2,704 a btree entry may have.
  PRIMARY KEY (bucket, tenant_id, object_type, object_id, relation, subject_type, subject_id, subject_relation, deleted_rev)
) PARTITION BY LIST (bucket);

-- From the subject's side. With the subject fixed the rest is in key order, so pages need no sort.
CREATE INDEX tuple_subject ON relata.tuple
  (bucket, tenant_id, subject_type, subject_id, object_type, object_id, relation, subject_relation, deleted_rev);

-- Subjects that have a relation: the groups of a group with a million plain members are found without reading those.
CREATE INDEX tuple_userset ON relata.tuple
  (bucket, tenant_id, object_type, object_id, relation, subject_type, subject_id, subject_relation, deleted_rev)
  WHERE subject_relation <> '';

CREATE TABLE relata.revision (
  bucket          integer NOT NULL,
  tenant_id       uuid NOT NULL,
  revision        bigint NOT NULL CHECK (revision >= 0),
  -- The tenant's schema at this revision.
  schema_name     text COLLATE "C" NOT NULL,
  schema_version  integer NOT NULL,
  committed_at    timestamptz NOT NULL,
  actor           text NOT NULL,
  request_id      text NOT NULL,
  metadata        json,
  PRIMARY KEY (bucket, tenant_id, revision)
) PARTITION BY LIST (bucket);

-- The one way to make the partitions of a bucket. Children inherit neither row security nor policies, so each gets
-- its own, and no grant: they are reached through their parents only.
CREATE FUNCTION relata.create_bucket(bucket integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  parent text;
  child text;
BEGIN
  FOREACH parent IN ARRAY ARRAY['tuple', 'revision'] LOOP
    child := format('relata.%I', parent || '_b' || bucket);
    EXECUTE format('CREATE TABLE %s PARTITION OF relata.%I FOR VALUES IN (%s)', child, parent, bucket);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', child);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', child);
    EXECUTE format($policy$
      CREATE POLICY tenant_permit ON %s AS PERMISSIVE FOR ALL
        USING (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid)
        WITH CHECK (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid)$policy$, child);
    EXECUTE format($policy$
      CREATE POLICY tenant_restrict ON %s AS RESTRICTIVE FOR ALL
        USING (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid)
        WITH CHECK (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid)$policy$, child);
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION relata.create_bucket(integer) FROM PUBLIC;

DO $$
DECLARE
  parent text;
BEGIN
  FOREACH parent IN ARRAY ARRAY['tuple', 'revision'] LOOP
    EXECUTE format('ALTER TABLE relata.%I ENABLE ROW LEVEL SECURITY', parent);
    EXECUTE format('ALTER TABLE relata.%I FORCE ROW LEVEL SECURITY', parent);
    EXECUTE format($policy$
      CREATE POLICY tenant_permit ON relata.%I AS PERMISSIVE FOR ALL
        USING (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid)
        WITH CHECK (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid)$policy$, parent);
    EXECUTE format($policy$
      CREATE POLICY tenant_restrict ON relata.%I AS RESTRICTIVE FOR ALL
        USING (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid)
        WITH CHECK (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid)$policy$, parent);
  END LOOP;
  FOR bucket IN 0..63 LOOP
    PERFORM relata.create_bucket(bucket);
  END LOOP;
END $$;

-- The app closes rows and never removes any; removing is garbage collection.
GRANT SELECT, INSERT, UPDATE (deleted_rev) ON relata.tuple TO relata_app;
GRANT SELECT, INSERT ON relata.revision TO relata_app;
GRANT SELECT, DELETE ON relata.tuple, relata.revision TO relata_maintenance;
