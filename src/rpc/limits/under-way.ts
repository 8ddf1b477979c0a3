import type { Account, TenantAccount } from "./account.ts";

/** Fewer calls under way than this are nobody's overload. */
const FEW_CALLS = 32;

/** Calls that wait for something, by who pays for them. */
export class UnderWay {
  calls = 0;
  #tenants = 0;

  count(work: Promise<void>, principal: Account, tenant: TenantAccount): Promise<void> {
    principal.underWay += 1;
    tenant.underWay += 1;
    this.calls += 1;
    if (tenant.underWay === 1) this.#tenants += 1;
    const over = () => {
      principal.underWay -= 1;
      tenant.underWay -= 1;
      this.calls -= 1;
      if (tenant.underWay === 0) this.#tenants -= 1;
    };
    work.then(over, over);
    return work;
  }

  /** Whether the tenant has more than twice what others have on average, or calls that wait for its own turn. */
  isGreedy(tenant: TenantAccount): boolean {
    if (!tenant.waiting.isEmpty) return true;
    const own = tenant.underWay;
    return own > FEW_CALLS && own > (2 * (this.calls - own)) / Math.max(1, this.#tenants - 1);
  }
}
