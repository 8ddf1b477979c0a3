/** How many connections there may be, and who has them. */
export interface ConnectionRoom {
  /** False: there is no room for one more from this address. Otherwise `leave` follows when it closes. */
  enter(address: string): boolean;
  leave(address: string): void;
  readonly open: number;
  /** Turned away so far. */
  readonly refused: number;
}

/**
 * One address may have as many connections as are left for all others: alone it gets half, and the more addresses take
 * part in a flood the less each of them gets, while there is always room for somebody new. Needs no second setting, and
 * leaves a load balancer, behind which everybody has one address, half of them.
 */
export function createConnectionRoom(max: number): ConnectionRoom {
  const byAddress = new Map<string, number>();
  let open = 0;
  let refused = 0;
  return {
    enter(address) {
      const own = byAddress.get(address) ?? 0;
      if (open >= max || own >= max - open) {
        refused += 1;
        return false;
      }
      open += 1;
      byAddress.set(address, own + 1);
      return true;
    },
    leave(address) {
      open -= 1;
      const own = (byAddress.get(address) ?? 1) - 1;
      if (own === 0) byAddress.delete(address);
      else byAddress.set(address, own);
    },
    get open() {
      return open;
    },
    get refused() {
      return refused;
    },
  };
}
