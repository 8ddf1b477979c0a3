import type { Authenticator, OwnIssuer } from "../auth/authenticate.ts";
import { trustInOwn } from "../auth/own-issuer.ts";
import { createOwnKeys, type OwnKeys } from "../auth/own-keys.ts";
import { createSubjectProver } from "../auth/subject-prover.ts";
import type { TrustFeed } from "../auth/trust-feed.ts";
import type { Config } from "../config.ts";
import type { Logger } from "../log.ts";
import type { RefusalLog } from "../model/audit.ts";
import type { ServingStore } from "../model/serving-store.ts";
import type { TokenServiceSettings } from "../model/token-service.ts";
import { createCallerRate } from "../rpc/limits/caller-rate.ts";
import { createOAuthEndpoints, type OAuthEndpoints, type TryGuard } from "../rpc/oauth/endpoints.ts";
import type { BatchCheck } from "../service/batch-check.ts";
import { CLIENTS_SHARE, requireRevocationRoom } from "../service/revocation-room.ts";
import { createSealer } from "../service/seal.ts";
import { type ClientVerbs, createClientVerbs } from "../service/token-service/client-verbs.ts";
import { ensureSigningKey } from "../service/token-service/signing-keys.ts";
import { createTokenService } from "../service/token-service/token-service.ts";

export interface TokenServiceParts {
  readonly store: ServingStore;
  readonly trust: TrustFeed;
  readonly now: () => number;
  readonly log: Logger;
}

/** The keys of the token service, and its tokens as the authenticator knows them: before there is an authenticator. */
export interface OwnIdentity {
  readonly settings: TokenServiceSettings;
  readonly keys: OwnKeys;
  readonly issuer: OwnIssuer;
}

/** What the token service takes over of what was opened before it. */
export interface OwnParts {
  readonly own: OwnIdentity;
  readonly authenticator: Authenticator;
  readonly trust: TrustFeed;
  readonly guard: TryGuard;
  readonly refusals: RefusalLog;
}

export interface OpenTokenService {
  readonly endpoints: OAuthEndpoints;
  readonly clients: ClientVerbs;
  close(): void;
}

/** Undefined where none is configured. Makes the first signing key. */
export async function openOwnIdentity(config: Config, parts: TokenServiceParts): Promise<OwnIdentity | undefined> {
  const { tokenService: settings, tokenKeys: secrets } = config;
  if (settings === undefined) return undefined;
  const { store, now, log } = parts;
  const keys = createOwnKeys({ read: () => store.tokenService.signingKeys(), secrets, now, log });
  await ensureSigningKey({ store: store.tokenService, keys, secrets, now, settings });
  return { settings, keys, issuer: { trust: trustInOwn(settings), load: keys.load } };
}

export function openTokenService(
  config: Config,
  parts: OwnParts & TokenServiceParts & { readonly batchCheck: BatchCheck; readonly monotonic: () => number },
): OpenTokenService {
  const { own, store, trust, guard, refusals, now, log, authenticator, batchCheck, monotonic } = parts;
  const { settings, keys } = own;
  const { tokenKeys: secrets, maxTokenBytes, defaultDeadlineMs: deadlineMs, apiTokenEnv: env } = config;
  const subjects = createSubjectProver(settings.exchange?.issuers ?? [], { now, log, trust, maxTokenBytes });
  void subjects.warm();
  const leave = trust.onChange("signing_key", () => {
    authenticator.ownKeysChanged();
    keys.changed();
  });
  const shared = { settings, store: store.tokenService, keys, secrets, env };
  const service = createTokenService({
    ...shared,
    tenants: store.tenants,
    heads: store.revisions,
    batchCheck,
    subjects,
    authenticator,
    trust,
    requireRevocationRoom: () => requireRevocationRoom({ ...config, trust }, CLIENTS_SHARE),
    refusals,
    admitCaller: createCallerRate(config, monotonic),
    deadlineMs,
    now,
    log,
  });
  return {
    endpoints: createOAuthEndpoints({ settings, service, log, now, deadlineMs, guard }),
    clients: createClientVerbs({ ...shared, sealer: createSealer(secrets) }),
    close: () => {
      leave();
      subjects.close();
    },
  };
}
