-- The token service: clients of tenants, the keys that sign, and refresh tokens. Ids are random, so an id that is unique
-- across tenants tells nobody of another one's rows.

CREATE TABLE relata.oauth_client (
  client_id   text COLLATE "C" PRIMARY KEY,
  tenant_id   uuid NOT NULL,
  name        text COLLATE "C" NOT NULL,
  -- client_credentials, token exchange and refresh_token, as RFC 7591 names grants.
  grants      text[] NOT NULL,
  scopes      text[] NOT NULL,
  -- JSON list of object limits; `[]` narrows nothing.
  objects     text COLLATE "C" NOT NULL,
  created_at  timestamptz NOT NULL,
  created_by  text COLLATE "C" NOT NULL
);
CREATE INDEX oauth_client_tenant ON relata.oauth_client (tenant_id, client_id);

-- One row while a client has one secret, two while a rotation overlaps.
CREATE TABLE relata.oauth_client_secret (
  -- Public: stands in the secret itself, before its secret part.
  key_id         text COLLATE "C" PRIMARY KEY,
  tenant_id      uuid NOT NULL,
  client_id      text COLLATE "C" NOT NULL,
  -- SHA-256 of the secret part, hex.
  secret_sha256  text COLLATE "C" NOT NULL CHECK (length(secret_sha256) = 64),
  created_at     timestamptz NOT NULL,
  -- NULL: until it is rotated or its client deleted.
  expires_at     timestamptz
);
CREATE INDEX oauth_client_secret_client ON relata.oauth_client_secret (tenant_id, client_id, created_at);

-- A key is its sealed private part: the public part is worked out of what was unsealed, so that whoever can write here and
-- lacks the sealing key cannot add a key that proves anything.
CREATE TABLE relata.signing_key (
  -- RFC 7638 thumbprint of the public key.
  kid           text COLLATE "C" PRIMARY KEY,
  -- base64url: format, nonce, AES-256-GCM of the PKCS #8 private key, tag.
  sealed        text COLLATE "C" NOT NULL,
  -- Which of `tokenKeys` the sealing key was derived from.
  sealed_by     text COLLATE "C" NOT NULL,
  created_at    timestamptz NOT NULL,
  created_by    text COLLATE "C" NOT NULL,
  -- Signs from then on, until the next one does.
  activates_at  timestamptz NOT NULL,
  -- Taken out before its time: nothing it signed is accepted.
  withdrawn_at  timestamptz
);
CREATE INDEX signing_key_age ON relata.signing_key (activates_at, kid);

-- All refresh tokens that came of one exchange, and what each of them is good for.
CREATE TABLE relata.refresh_family (
  family_id          text COLLATE "C" PRIMARY KEY,
  tenant_id          uuid NOT NULL,
  client_id          text COLLATE "C" NOT NULL,
  subject            text COLLATE "C" NOT NULL,
  -- Of the subject token: a revocation that names it ends the family too.
  subject_issuer     text COLLATE "C" NOT NULL,
  subject_token_id   text COLLATE "C",
  subject_issued_at  timestamptz NOT NULL,
  scopes             text[] NOT NULL,
  objects            text COLLATE "C" NOT NULL,
  -- JSON of the claim `act`.
  actor              text COLLATE "C" NOT NULL,
  created_at         timestamptz NOT NULL,
  -- Rotation does not move it.
  expires_at         timestamptz NOT NULL,
  revoked_at         timestamptz
);
CREATE INDEX refresh_family_client ON relata.refresh_family (tenant_id, client_id, family_id);
CREATE INDEX refresh_family_age ON relata.refresh_family (tenant_id, expires_at);

-- Used ones stay as long as their family: a second use must be told from a forgery, or anybody could end any family.
CREATE TABLE relata.refresh_token (
  tenant_id      uuid NOT NULL,
  family_id      text COLLATE "C" NOT NULL,
  secret_sha256  text COLLATE "C" NOT NULL CHECK (length(secret_sha256) = 64),
  issued_at      timestamptz NOT NULL,
  used_at        timestamptz,
  PRIMARY KEY (tenant_id, family_id, secret_sha256)
);

ALTER TABLE relata.oauth_client ENABLE ROW LEVEL SECURITY;
ALTER TABLE relata.oauth_client FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_permit ON relata.oauth_client AS PERMISSIVE FOR ALL
  USING (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid
         OR current_setting('relata.registry', true) = 'trust')
  WITH CHECK (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid);
CREATE POLICY tenant_restrict ON relata.oauth_client AS RESTRICTIVE FOR ALL
  USING (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid
         OR current_setting('relata.registry', true) = 'trust')
  WITH CHECK (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid);

ALTER TABLE relata.oauth_client_secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE relata.oauth_client_secret FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_permit ON relata.oauth_client_secret AS PERMISSIVE FOR ALL
  USING (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid
         OR current_setting('relata.registry', true) = 'trust')
  WITH CHECK (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid);
CREATE POLICY tenant_restrict ON relata.oauth_client_secret AS RESTRICTIVE FOR ALL
  USING (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid
         OR current_setting('relata.registry', true) = 'trust')
  WITH CHECK (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid);

ALTER TABLE relata.signing_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE relata.signing_key FORCE ROW LEVEL SECURITY;
CREATE POLICY trust_permit ON relata.signing_key AS PERMISSIVE FOR ALL
  USING (current_setting('relata.registry', true) IN ('open', 'trust'))
  WITH CHECK (current_setting('relata.registry', true) = 'open');
CREATE POLICY trust_restrict ON relata.signing_key AS RESTRICTIVE FOR ALL
  USING (current_setting('relata.registry', true) IN ('open', 'trust'))
  WITH CHECK (current_setting('relata.registry', true) = 'open');

ALTER TABLE relata.refresh_family ENABLE ROW LEVEL SECURITY;
ALTER TABLE relata.refresh_family FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_permit ON relata.refresh_family AS PERMISSIVE FOR ALL
  USING (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid);
CREATE POLICY tenant_restrict ON relata.refresh_family AS RESTRICTIVE FOR ALL
  USING (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid);

ALTER TABLE relata.refresh_token ENABLE ROW LEVEL SECURITY;
ALTER TABLE relata.refresh_token FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_permit ON relata.refresh_token AS PERMISSIVE FOR ALL
  USING (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid);
CREATE POLICY tenant_restrict ON relata.refresh_token AS RESTRICTIVE FOR ALL
  USING (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('relata.tenant_id', true), '')::uuid);

GRANT SELECT, INSERT, DELETE ON relata.oauth_client TO relata_app;
GRANT SELECT, INSERT, DELETE, UPDATE (expires_at) ON relata.oauth_client_secret TO relata_app;
GRANT SELECT, INSERT, UPDATE (withdrawn_at) ON relata.signing_key TO relata_app;
GRANT SELECT, INSERT, DELETE, UPDATE (revoked_at) ON relata.refresh_family TO relata_app;
GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON relata.refresh_token TO relata_app;
GRANT SELECT, DELETE ON relata.oauth_client, relata.oauth_client_secret, relata.refresh_family, relata.refresh_token
  TO relata_maintenance;
GRANT SELECT ON relata.signing_key TO relata_maintenance;
