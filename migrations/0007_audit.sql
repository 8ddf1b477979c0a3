-- The record: per tenant a chain of events, each sealed to the one before it, and one for the platform (all zeros). Beside
-- it the log of decisions, which is no chain. Both by month: what has been kept long enough goes with its partition.

CREATE TABLE relata.audit_chain (
  chain        uuid PRIMARY KEY,
  -- Of the newest event; 0 and the chain's first hash before there is one.
  seq          bigint NOT NULL CHECK (seq >= 0),
  hash         bytea NOT NULL CHECK (octet_length(hash) = 32),
  recorded_at  timestamptz NOT NULL
) WITH (fillfactor = 50); -- updated by every event; half-empty pages keep those updates HOT

CREATE TABLE relata.audit_event (
  chain          uuid NOT NULL,
  seq            bigint NOT NULL CHECK (seq > 0),
  recorded_at    timestamptz NOT NULL,
  event          text COLLATE "C" NOT NULL,
  request_id     text COLLATE "C" NOT NULL,
  -- The exact bytes the hash is over. Never parsed by the database.
  body           bytea NOT NULL,
  hash           bytea NOT NULL CHECK (octet_length(hash) = 32),
  -- What may name a person; the body holds a salted digest of it. All three are NULL once erased.
  actor          text COLLATE "C",
  personal       bytea,
  personal_salt  bytea,
  CHECK ((personal IS NULL) = (personal_salt IS NULL)),
  CHECK (personal IS NOT NULL OR actor IS NULL),
  -- Within a chain time never runs backwards, so this is the order of seq as well.
  PRIMARY KEY (chain, recorded_at, seq)
) PARTITION BY RANGE (recorded_at);

-- Told of by few events, and wanted by every proof of a part: costs the others nothing.
CREATE INDEX audit_event_erased ON relata.audit_event (chain, recorded_at, seq) WHERE event = 'personal.erased';

-- Where a chain begins once its oldest events have been dropped: the newest event that is gone.
CREATE TABLE relata.audit_checkpoint (
  chain        uuid NOT NULL,
  seq          bigint NOT NULL CHECK (seq > 0),
  hash         bytea NOT NULL CHECK (octet_length(hash) = 32),
  recorded_at  timestamptz NOT NULL,
  pruned_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Whether the chain itself says so yet (event audit.pruned).
  noted        boolean NOT NULL DEFAULT false,
  PRIMARY KEY (chain, seq)
);

CREATE TABLE relata.decision (
  tenant_id    uuid NOT NULL,
  decided_at   timestamptz NOT NULL,
  -- Tells decisions of one millisecond apart; unique per process and, by its beginning at random, among them.
  number       bigint NOT NULL,
  method       text COLLATE "C" NOT NULL,
  actor        text COLLATE "C" NOT NULL,
  request_id   text COLLATE "C" NOT NULL,
  object       text COLLATE "C" NOT NULL,
  permission   text COLLATE "C" NOT NULL,
  subject      text COLLATE "C" NOT NULL,
  outcome      text COLLATE "C" NOT NULL,
  revision     bigint NOT NULL,
  PRIMARY KEY (tenant_id, decided_at, number)
) PARTITION BY RANGE (decided_at);

-- Row security, of a table or of one of its partitions. A tenant's chain is the tenant's; the platform's is seen where the
-- registry is open. `retention` is announced by the functions for it and counts for nobody but the owner, as whom they run,
-- and for him only when the maintenance role has called: what runs as the owner for the app gets nothing by announcing it.
CREATE FUNCTION relata.protect_audit_table(name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own text := CASE WHEN name LIKE 'decision%' THEN
    $own$tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid$own$
  ELSE
    $own$chain = nullif(current_setting('relata.tenant_id', true), '')::uuid
      OR (chain = '00000000-0000-0000-0000-000000000000' AND current_setting('relata.registry', true) = 'open')
      OR (current_setting('relata.registry', true) = 'retention' AND current_user = 'relata_owner'
        AND pg_has_role(session_user, 'relata_maintenance', 'MEMBER'))$own$
  END;
BEGIN
  EXECUTE format('ALTER TABLE relata.%I ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format('ALTER TABLE relata.%I FORCE ROW LEVEL SECURITY', name);
  EXECUTE format('CREATE POLICY audit_permit ON relata.%I AS PERMISSIVE FOR ALL USING (%s) WITH CHECK (%s)', name, own, own);
  EXECUTE format('CREATE POLICY audit_restrict ON relata.%I AS RESTRICTIVE FOR ALL USING (%s) WITH CHECK (%s)', name, own, own);
END $$;
REVOKE ALL ON FUNCTION relata.protect_audit_table(text) FROM PUBLIC;

SELECT relata.protect_audit_table(name)
FROM unnest(ARRAY['audit_chain', 'audit_event', 'audit_checkpoint', 'decision']) name;

-- The one way to a chain's head: locks it, after making it where the chain is new. now_ms is read once the lock is held and
-- never runs backwards within a chain. The app cannot change a head, not even by locking it.
CREATE FUNCTION relata.lock_audit_chain(wanted uuid)
RETURNS TABLE (seq bigint, hash bytea, now_ms bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  head relata.audit_chain;
  first bytea;
BEGIN
  -- Row security below says the same; a lock is not to depend on what is announced beside a tenant.
  IF wanted IS DISTINCT FROM nullif(current_setting('relata.tenant_id', true), '')::uuid
    AND NOT (wanted = '00000000-0000-0000-0000-000000000000' AND coalesce(current_setting('relata.registry', true), '') = 'open')
  THEN
    RAISE EXCEPTION 'the audit chain % is not announced', wanted USING ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT * INTO head FROM relata.audit_chain c WHERE c.chain = wanted FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    first := sha256(int4send(23) || convert_to('relata/audit/genesis/v1', 'UTF8')
      || int4send(36) || convert_to(wanted::text, 'UTF8'));
    INSERT INTO relata.audit_chain VALUES (wanted, 0, first, clock_timestamp()) ON CONFLICT DO NOTHING;
    SELECT * INTO head FROM relata.audit_chain c WHERE c.chain = wanted FOR NO KEY UPDATE;
  END IF;
  seq := head.seq;
  hash := head.hash;
  now_ms := floor(extract(epoch from greatest(clock_timestamp(), head.recorded_at)) * 1000);
  RETURN NEXT;
END $$;

-- The one way a head moves: by an event that continues its chain. So no client of the database, whatever it sends, puts two
-- events in one place, leaves a place out or seals an event to another than the newest.
CREATE FUNCTION relata.continue_audit_chain() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE relata.audit_chain c SET seq = NEW.seq, hash = NEW.hash, recorded_at = NEW.recorded_at
  WHERE c.chain = NEW.chain AND c.seq = NEW.seq - 1 AND date_trunc('milliseconds', c.recorded_at) <= NEW.recorded_at
    AND NEW.hash = sha256(int4send(21) || convert_to('relata/audit/event/v1', 'UTF8')
      || int4send(32) || c.hash || int4send(32) || sha256(NEW.body));
  IF NOT FOUND THEN
    RAISE EXCEPTION 'event % does not continue the audit chain %', NEW.seq, NEW.chain
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;

-- Nobody changes an event, but for erasing what is personal in it, which is the maintenance role's to do.
CREATE FUNCTION relata.refuse_audit_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND pg_has_role(current_user, 'relata_maintenance', 'MEMBER') THEN
    IF NEW.actor IS NULL AND NEW.personal IS NULL AND NEW.personal_salt IS NULL
      AND (NEW.chain, NEW.seq, NEW.recorded_at, NEW.event, NEW.request_id, NEW.body, NEW.hash)
        = (OLD.chain, OLD.seq, OLD.recorded_at, OLD.event, OLD.request_id, OLD.body, OLD.hash)
    THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'the audit record cannot be changed: % of %', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER continue_chain AFTER INSERT ON relata.audit_event
  FOR EACH ROW EXECUTE FUNCTION relata.continue_audit_chain();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON relata.audit_event
  FOR EACH ROW EXECUTE FUNCTION relata.refuse_audit_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON relata.audit_event
  FOR EACH STATEMENT EXECUTE FUNCTION relata.refuse_audit_change();

-- Partitions of the month of `at` and the two after it, where they are missing. A table is made beside its parent and then
-- attached: that waits for no reader and no writer, where PARTITION OF would lock the parent against all.
CREATE FUNCTION relata.make_audit_partitions(at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  parent text;
  child text;
  month timestamp;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('relata.make_audit_partitions', 0));
  FOREACH parent IN ARRAY ARRAY['audit_event', 'decision'] LOOP
    FOR step IN 0..2 LOOP
      month := date_trunc('month', at AT TIME ZONE 'UTC') + make_interval(months => step);
      child := parent || to_char(month, '"_"YYYY"_"MM');
      CONTINUE WHEN to_regclass(format('relata.%I', child)) IS NOT NULL;
      EXECUTE format('CREATE TABLE relata.%I (LIKE relata.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child, parent);
      PERFORM relata.protect_audit_table(child);
      IF parent = 'audit_event' THEN
        EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON relata.%I
          FOR EACH STATEMENT EXECUTE FUNCTION relata.refuse_audit_change()', child);
      END IF;
      EXECUTE format('ALTER TABLE relata.%I ATTACH PARTITION relata.%I FOR VALUES FROM (%L) TO (%L)', parent, child,
        to_char(month, 'YYYY-MM-DD"T00:00:00Z"'), to_char(month + interval '1 month', 'YYYY-MM-DD"T00:00:00Z"'));
    END LOOP;
  END LOOP;
END $$;

-- The same for now, for whoever serves.
CREATE FUNCTION relata.ensure_audit_partitions() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT relata.make_audit_partitions(clock_timestamp());
$$;

SELECT relata.make_audit_partitions(clock_timestamp());

-- Drops the oldest month of events or of decisions that ended by `before`; NULL: there is none, and never the running one.
-- Where a chain began in it, its checkpoint is the last event that goes. A chain of a removed tenant ends once nothing is left of it
-- but what earlier prunings had it say: each would have it say more, and it would never end.
-- Detaching locks the table against everybody, for some milliseconds once it has the lock: it does not wait long for that.
CREATE FUNCTION relata.prune_audit_month(parent text, before timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '50ms' AS $$
DECLARE
  registry constant text := coalesce(current_setting('relata.registry', true), '');
  until constant timestamptz := least(before, date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC');
  child text;
  removed uuid[];
BEGIN
  IF parent IS NULL OR parent NOT IN ('audit_event', 'decision') THEN
    RAISE EXCEPTION '% is not kept by the month', parent USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT c.relname INTO child FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = format('relata.%I', parent)::regclass
    AND (to_date(substring(c.relname FROM '_(\d{4}_\d\d)$'), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= until
  ORDER BY c.relname LIMIT 1;
  IF child IS NULL THEN
    RETURN NULL;
  END IF;
  IF parent = 'audit_event' THEN
    PERFORM set_config('relata.registry', 'retention', true);
    -- Readers may read on; who still writes into that month is waited for. Backwards through the primary key: nothing is sorted.
    EXECUTE format('LOCK TABLE relata.%I IN SHARE ROW EXCLUSIVE MODE', child);
    EXECUTE format('INSERT INTO relata.audit_checkpoint (chain, seq, hash, recorded_at)
      SELECT DISTINCT ON (chain) chain, seq, hash, recorded_at FROM relata.%I ORDER BY chain DESC, recorded_at DESC, seq DESC', child);
    DELETE FROM relata.audit_checkpoint older USING relata.audit_checkpoint newer
    WHERE newer.chain = older.chain AND newer.seq > older.seq;
    PERFORM set_config('relata.registry', 'open', true);
    removed := ARRAY(SELECT t.id FROM relata.tenant t WHERE t.state = 'offboarded');
    PERFORM set_config('relata.registry', 'retention', true);
    DELETE FROM relata.audit_chain head USING relata.audit_checkpoint last
    WHERE head.chain = ANY (removed) AND last.chain = head.chain AND NOT EXISTS (SELECT FROM relata.audit_event e
      WHERE e.chain = last.chain AND e.recorded_at >= last.recorded_at AND e.seq > last.seq AND e.event <> 'audit.pruned');
    DELETE FROM relata.audit_checkpoint last
    WHERE last.chain = ANY (removed) AND NOT EXISTS (SELECT FROM relata.audit_chain head WHERE head.chain = last.chain);
    PERFORM set_config('relata.registry', registry, true);
  END IF;
  EXECUTE format('ALTER TABLE relata.%I DETACH PARTITION relata.%I', parent, child);
  EXECUTE format('DROP TABLE relata.%I', child);
  RETURN child;
END $$;

-- Chains that do not yet say themselves where they begin.
CREATE FUNCTION relata.unnoted_audit_checkpoints(at_most integer) RETURNS TABLE (chain uuid, seq bigint, hash bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  registry constant text := coalesce(current_setting('relata.registry', true), '');
BEGIN
  PERFORM set_config('relata.registry', 'retention', true);
  RETURN QUERY SELECT c.chain, c.seq, c.hash FROM relata.audit_checkpoint c WHERE NOT c.noted ORDER BY c.chain LIMIT at_most;
  PERFORM set_config('relata.registry', registry, true);
END $$;

REVOKE ALL ON FUNCTION relata.lock_audit_chain(uuid), relata.continue_audit_chain(), relata.refuse_audit_change(),
  relata.make_audit_partitions(timestamptz), relata.ensure_audit_partitions(), relata.prune_audit_month(text, timestamptz),
  relata.unnoted_audit_checkpoints(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION relata.lock_audit_chain(uuid), relata.ensure_audit_partitions() TO relata_app, relata_maintenance;
GRANT EXECUTE ON FUNCTION relata.prune_audit_month(text, timestamptz), relata.unnoted_audit_checkpoints(integer)
  TO relata_maintenance;
GRANT SELECT, INSERT ON relata.audit_event, relata.decision TO relata_app;
GRANT SELECT ON relata.audit_chain, relata.audit_checkpoint TO relata_app;
GRANT SELECT ON relata.audit_chain, relata.audit_checkpoint, relata.decision TO relata_maintenance;
GRANT SELECT, INSERT, UPDATE (actor, personal, personal_salt) ON relata.audit_event TO relata_maintenance;
GRANT UPDATE (noted) ON relata.audit_checkpoint TO relata_maintenance;
