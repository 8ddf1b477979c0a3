import type { FollowedTenant } from "./followed-tenant.ts";

/** What the tenants in memory use together, and who leaves when it is too much: the least recently used. */
export class Budget {
  readonly limitBytes: number;
  evictions = 0;
  readonly #displaceIdleMs: number;
  readonly #monotonic: () => number;
  /** What each tenant was last counted with; those without anything are not in. */
  readonly #counted = new Map<FollowedTenant, number>();
  /** What tenants that are being loaded are going to take. */
  readonly #reserved = new Map<FollowedTenant, number>();
  #usedBytes = 0;

  constructor(limitBytes: number, displaceIdleMs: number, monotonic: () => number) {
    this.limitBytes = limitBytes;
    this.#displaceIdleMs = displaceIdleMs;
    this.#monotonic = monotonic;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** To be told whenever a tenant's memory has grown or shrunk: a sum over all would take too long to be asked for often. */
  count(tenant: FollowedTenant): void {
    const bytes = Math.max(tenant.bytes, this.#reserved.get(tenant) ?? 0);
    this.#usedBytes += bytes - (this.#counted.get(tenant) ?? 0);
    if (bytes === 0) this.#counted.delete(tenant);
    else this.#counted.set(tenant, bytes);
  }

  /** What a tenant in use could have: what is free, and what those use that nobody has asked about for a while. */
  roomBytes(): number {
    let room = this.limitBytes - this.#usedBytes;
    const idleSinceMs = this.#monotonic() - this.#displaceIdleMs;
    for (const [tenant, bytes] of this.#counted)
      if (isResident(tenant) && tenant.usedAtMs <= idleSinceMs) room += bytes;
    return room;
  }

  /** Keeps room for a tenant until `release`. @returns false when there is none and nobody can leave for it */
  reserve(bytes: number, tenant: FollowedTenant): boolean {
    if (!this.#makeRoom(bytes)) return false;
    this.#reserved.set(tenant, bytes);
    this.count(tenant);
    return true;
  }

  release(tenant: FollowedTenant): void {
    this.#reserved.delete(tenant);
    this.count(tenant);
  }

  /** What is being loaded may have turned out larger than what was reserved for it. @returns false when that cannot be had */
  fits(): boolean {
    return this.#makeRoom(0);
  }

  /** Has unused tenants leave until `bytes` more fit. @returns false, and nobody has left, when they cannot */
  #makeRoom(bytes: number): boolean {
    if (this.#usedBytes + bytes <= this.limitBytes) return true;
    if (this.roomBytes() < bytes) return false;
    const idleSinceMs = this.#monotonic() - this.#displaceIdleMs;
    while (this.#usedBytes + bytes > this.limitBytes) {
      const leaving = this.#leastUsed(idleSinceMs);
      if (leaving === undefined) return false;
      this.#evict(leaving);
    }
    return true;
  }

  /** Tenants have grown: those used longest ago leave, in use or not. */
  enforce(grown: FollowedTenant): void {
    if (isResident(grown) && grown.bytes > this.limitBytes) this.#evict(grown);
    while (this.#usedBytes > this.limitBytes) {
      const leaving = this.#leastUsed(Number.POSITIVE_INFINITY);
      if (leaving === undefined) return;
      this.#evict(leaving);
    }
  }

  #evict(tenant: FollowedTenant): void {
    this.evictions += 1;
    tenant.evictedAtUse = tenant.lastUse;
    tenant.vacate();
  }

  #leastUsed(idleSinceMs: number): FollowedTenant | undefined {
    let least: FollowedTenant | undefined;
    for (const tenant of this.#counted.keys()) {
      if (!isResident(tenant) || tenant.usedAtMs > idleSinceMs) continue;
      if (least === undefined || tenant.lastUse < least.lastUse) least = tenant;
    }
    return least;
  }
}

function isResident(tenant: FollowedTenant): boolean {
  return tenant.graph !== undefined;
}
