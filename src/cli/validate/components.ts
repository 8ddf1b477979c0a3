/**
 * The places that can be reached from `roots`, in groups: places that lead to each other are together, and a group comes
 * after all those it leads to. Tarjan's algorithm without recursion, since data is as deep as it likes.
 */
export function inComponents<Place>(
  roots: readonly Place[],
  keyOf: (place: Place) => string,
  below: (place: Place) => readonly Place[],
): readonly (readonly Place[])[] {
  const visits = new Map<string, Visit<Place>>();
  const stack: Visit<Place>[] = [];
  const components: Place[][] = [];
  const enter = (place: Place): Visit<Place> => {
    const order = visits.size;
    const visit = { place, order, low: order, onStack: true, below: below(place), next: 0 };
    visits.set(keyOf(place), visit);
    stack.push(visit);
    return visit;
  };
  for (const root of roots) {
    if (visits.has(keyOf(root))) continue;
    const way = [enter(root)];
    for (let visit = way.at(-1); visit !== undefined; visit = way.at(-1)) {
      const child = visit.below[visit.next++];
      if (child !== undefined) {
        const met = visits.get(keyOf(child));
        if (met === undefined) way.push(enter(child));
        else if (met.onStack) visit.low = Math.min(visit.low, met.order);
        continue;
      }
      way.pop();
      const parent = way.at(-1);
      if (parent !== undefined) parent.low = Math.min(parent.low, visit.low);
      if (visit.low === visit.order) components.push(takeDownTo(stack, visit));
    }
  }
  return components;
}

interface Visit<Place> {
  readonly place: Place;
  readonly order: number;
  low: number;
  onStack: boolean;
  readonly below: readonly Place[];
  next: number;
}

function takeDownTo<Place>(stack: Visit<Place>[], last: Visit<Place>): Place[] {
  const places: Place[] = [];
  for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
    visit.onStack = false;
    places.push(visit.place);
    if (visit === last) break;
  }
  return places;
}
