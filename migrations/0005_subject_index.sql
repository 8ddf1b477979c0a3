-- Without statistics (right after an import) the planner holds every index that starts with the tenant for equally good, and
-- served scans of an object's subjects from the subject's side: all subjects of the tenant were walked. A predicate that is
-- always true takes tuple_subject out of its choice unless a statement says `subject_id <> ''`, as those of the subject's side do.

ALTER TABLE relata.tuple ADD CONSTRAINT tuple_subject_id_check CHECK (subject_id <> '');
DROP INDEX relata.tuple_subject;
CREATE INDEX tuple_subject ON relata.tuple
  (bucket, tenant_id, subject_type, subject_id, object_type, object_id, relation, subject_relation, deleted_rev)
  WHERE subject_id <> '';
