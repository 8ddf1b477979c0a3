-- What becomes of a tenant after it was made: suspended and resumed, moved to a partition of its own and back while it is in
-- use, removed. And what it uses.

ALTER TABLE relata.tenant DROP CONSTRAINT tenant_state_check;
ALTER TABLE relata.tenant ADD CONSTRAINT tenant_state_check
  CHECK (state IN ('active', 'suspended', 'offboarding', 'offboarded'));
GRANT UPDATE (state) ON relata.tenant TO relata_app;
GRANT UPDATE (state, bucket) ON relata.tenant TO relata_maintenance;

-- While it is set, every write of the tenant goes to this bucket, too: see tenant_job. The app reads it behind the head's lock.
ALTER TABLE relata.tenant_head ADD COLUMN mirror_bucket integer
  CHECK (mirror_bucket >= 0 AND mirror_bucket <> bucket);
GRANT UPDATE (bucket, mirror_bucket), DELETE ON relata.tenant_head TO relata_maintenance;

-- The mover copies rows and closes copies; who removes a tenant removes what hangs on it.
GRANT INSERT, UPDATE (deleted_rev) ON relata.tuple TO relata_maintenance;
GRANT INSERT ON relata.revision TO relata_maintenance;
GRANT SELECT, DELETE ON relata.schema_version TO relata_maintenance;
GRANT SELECT, UPDATE (version) ON relata.trust_head TO relata_maintenance;
GRANT INSERT ON relata.trust_change TO relata_maintenance;
GRANT SELECT, UPDATE (tenant_ids), DELETE ON relata.workload_binding TO relata_maintenance;

CREATE INDEX api_token_use_tenant ON relata.api_token_use (tenant_id);

-- A move or a removal, as far as it has got: whoever takes it up goes on from here. One a tenant; the last one stays.
CREATE TABLE relata.tenant_job (
  tenant_id         uuid PRIMARY KEY,
  kind              text COLLATE "C" NOT NULL CHECK (kind IN ('move', 'offboard')),
  stage             text COLLATE "C" NOT NULL
    CHECK (stage IN ('prepare', 'copy', 'follow', 'mirror', 'refuse', 'clear', 'forget', 'done')),
  from_bucket       integer NOT NULL,
  -- Of a move, once its partition is there.
  to_bucket         integer,
  is_own            boolean NOT NULL,
  -- The revision that is being copied, and the one up to which the copy has everything.
  base_revision     bigint,
  applied_revision  bigint,
  -- The last key copied, as a JSON array of its columns.
  place             text,
  copied            bigint NOT NULL DEFAULT 0,
  removed           bigint NOT NULL DEFAULT 0,
  actor             text NOT NULL,
  request_id        text NOT NULL,
  credential        text,
  address           text,
  started_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- When a process last took it up, or found another one at it.
  tried_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (to_bucket <> from_bucket)
);
CREATE INDEX tenant_job_unfinished ON relata.tenant_job (tried_at) WHERE stage <> 'done';

-- Calls of a tenant by day and family of methods, added up by all processes.
CREATE TABLE relata.tenant_usage (
  tenant_id     uuid NOT NULL,
  day           date NOT NULL,
  family        text COLLATE "C" NOT NULL,
  calls         bigint NOT NULL CHECK (calls >= 0),
  last_call_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, day, family)
) WITH (fillfactor = 70);
CREATE INDEX tenant_usage_age ON relata.tenant_usage (day);

DO $$
DECLARE
  secured text;
  kind text;
  -- CASE instead of `=`: the planner expects it to pass half of the rows (see 0001).
  reach constant text := $e$tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid
    OR CASE current_setting('relata.registry', true) WHEN 'open' THEN true ELSE false END$e$;
BEGIN
  FOREACH secured IN ARRAY ARRAY['tenant_job', 'tenant_usage'] LOOP
    EXECUTE format('ALTER TABLE relata.%I ENABLE ROW LEVEL SECURITY', secured);
    EXECUTE format('ALTER TABLE relata.%I FORCE ROW LEVEL SECURITY', secured);
    FOREACH kind IN ARRAY ARRAY['permissive', 'restrictive'] LOOP
      EXECUTE format('CREATE POLICY %I ON relata.%I AS %s FOR ALL USING (%s) WITH CHECK (%s)',
        'life_' || kind, secured, kind, reach, $e$current_setting('relata.registry', true) = 'open'$e$);
    END LOOP;
  END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE, DELETE ON relata.tenant_job TO relata_maintenance;
GRANT SELECT, INSERT, UPDATE (calls, last_call_at) ON relata.tenant_usage TO relata_app;
GRANT SELECT, DELETE ON relata.tenant_usage TO relata_maintenance;

-- Numbers of own buckets are never given twice.
CREATE SEQUENCE relata.own_bucket AS integer START 1000 MINVALUE 1000;

/*
 * Partitions come and go by these alone, which run as the owner of the tables for the maintenance role. Each fails
 * rather than wait longer than its lock_timeout: what queues for a lock of a parent keeps all tenants waiting behind it.
 */

-- CREATE TABLE … PARTITION OF locks the parent against everybody; a table that is attached, only against another such change
-- (SHARE UPDATE EXCLUSIVE). It is empty, so its CHECK costs nothing to prove.
CREATE FUNCTION relata.make_own_bucket() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
  bucket constant integer := nextval('relata.own_bucket');
  parent text;
  child text;
  kind text;
  own constant text := $e$tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid$e$;
BEGIN
  FOREACH parent IN ARRAY ARRAY['tuple', 'revision'] LOOP
    child := format('relata.%I', parent || '_b' || bucket);
    EXECUTE format('CREATE TABLE %s (LIKE relata.%I INCLUDING ALL, CONSTRAINT own_bucket CHECK (bucket = %s))', child, parent, bucket);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', child);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', child);
    FOREACH kind IN ARRAY ARRAY['permissive', 'restrictive'] LOOP
      EXECUTE format('CREATE POLICY %I ON %s AS %s FOR ALL USING (%s) WITH CHECK (%s)', 'tenant_' || kind, child, kind, own, own);
    END LOOP;
    EXECUTE format('ALTER TABLE relata.%I ATTACH PARTITION %s FOR VALUES IN (%s)', parent, child, bucket);
  END LOOP;
  RETURN bucket;
END $$;

-- A bucket that no head names any more.
CREATE FUNCTION relata.require_abandoned_bucket(bucket integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  registry constant text := coalesce(current_setting('relata.registry', true), '');
  is_named boolean;
BEGIN
  IF bucket IS NULL OR bucket < 1000 THEN
    RAISE EXCEPTION 'bucket % is not a tenant''s own', bucket USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- Shows the heads of all tenants, for this one look.
  PERFORM set_config('relata.registry', 'heads', true);
  is_named := EXISTS (SELECT FROM relata.tenant_head head WHERE head.bucket = $1 OR head.mirror_bucket = $1);
  PERFORM set_config('relata.registry', registry, true);
  IF is_named THEN
    RAISE EXCEPTION 'bucket % is in use', bucket USING ERRCODE = 'object_in_use';
  END IF;
END $$;

-- Gives the disk back at once, and locks nobody out but who looks into this very bucket.
CREATE FUNCTION relata.empty_own_bucket(bucket integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
  parent text;
BEGIN
  PERFORM relata.require_abandoned_bucket(bucket);
  FOREACH parent IN ARRAY ARRAY['tuple', 'revision'] LOOP
    IF to_regclass(format('relata.%I', parent || '_b' || bucket)) IS NOT NULL THEN
      EXECUTE format('TRUNCATE relata.%I', parent || '_b' || bucket);
    END IF;
  END LOOP;
END $$;

-- Detaching locks the parent against everybody, for some milliseconds once it has the lock: it does not wait long for that.
CREATE FUNCTION relata.drop_own_bucket(bucket integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '50ms' AS $$
DECLARE
  parent text;
BEGIN
  PERFORM relata.require_abandoned_bucket(bucket);
  FOREACH parent IN ARRAY ARRAY['tuple', 'revision'] LOOP
    IF to_regclass(format('relata.%I', parent || '_b' || bucket)) IS NOT NULL THEN
      EXECUTE format('ALTER TABLE relata.%I DETACH PARTITION relata.%I', parent, parent || '_b' || bucket);
      EXECUTE format('DROP TABLE relata.%I', parent || '_b' || bucket);
    END IF;
  END LOOP;
END $$;

-- A partition that was filled just now has no statistics until autovacuum comes by, and the planner takes all that a tenant has
-- there for one row: to catch up, the mover would compare each change with everything.
CREATE FUNCTION relata.analyze_bucket(bucket integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
  parent text;
BEGIN
  FOREACH parent IN ARRAY ARRAY['tuple', 'revision'] LOOP
    EXECUTE format('ANALYZE relata.%I', parent || '_b' || bucket);
  END LOOP;
END $$;

REVOKE ALL ON FUNCTION relata.analyze_bucket(integer), relata.make_own_bucket(), relata.require_abandoned_bucket(integer),
  relata.empty_own_bucket(integer), relata.drop_own_bucket(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION relata.analyze_bucket(integer), relata.make_own_bucket(), relata.empty_own_bucket(integer), relata.drop_own_bucket(integer)
  TO relata_maintenance;
