/**
 * Tarjan's algorithm, with a stack of its own: a chain of 100,000 permissions would overflow the call stack.
 * @returns the component of each node; components are numbered so that edges lead to the same or a smaller number
 */
export function stronglyConnected(successors: readonly (readonly number[])[]): Int32Array {
  const count = successors.length;
  const component = new Int32Array(count).fill(-1);
  const order = new Int32Array(count).fill(-1);
  const lowest = new Int32Array(count);
  const nextEdge = new Int32Array(count);
  const open: number[] = [];
  const path: number[] = [];
  let visited = 0;
  let components = 0;

  function enter(node: number): void {
    order[node] = visited;
    lowest[node] = visited;
    visited++;
    open.push(node);
    path.push(node);
  }

  function leave(node: number): void {
    path.pop();
    const parent = path.at(-1);
    if (parent !== undefined) {
      lowest[parent] = Math.min(lowest[parent] ?? 0, lowest[node] ?? 0);
    }
    if (lowest[node] !== order[node]) {
      return;
    }
    for (let member = open.pop(); member !== undefined; member = open.pop()) {
      component[member] = components;
      if (member === node) {
        break;
      }
    }
    components++;
  }

  for (let root = 0; root < count; root++) {
    if (order[root] !== -1) {
      continue;
    }
    enter(root);
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const edge = nextEdge[node] ?? 0;
      const next = successors[node]?.[edge];
      nextEdge[node] = edge + 1;
      if (next === undefined) {
        leave(node);
      } else if (order[next] === -1) {
        enter(next);
      } else if (component[next] === -1) {
        lowest[node] = Math.min(lowest[node] ?? 0, order[next] ?? 0);
      }
    }
  }
  return component;
}
