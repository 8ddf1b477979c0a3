import { expect, test } from "vitest";
import { BoundedBook, type Entry } from "../../../src/rpc/limits/bounded-book.ts";

class Account implements Entry {
  owes = false;
  isOwing(): boolean {
    return this.owes;
  }
}

const MAX = 1_000;

test("a flood of keys, each seen once, never takes more room than it may", () => {
  const book = new BoundedBook(MAX, () => new Account());
  for (let i = 0; i < 50_000; i++) {
    book.of(`principal-${i}`, i);
    expect(book.size).toBeLessThanOrEqual(MAX);
  }
});

test("even where every one of them owes", () => {
  const book = new BoundedBook(MAX, () => Object.assign(new Account(), { owes: true }));
  for (let i = 0; i < 50_000; i++) {
    book.of(`principal-${i}`, i);
    expect(book.size).toBeLessThanOrEqual(MAX);
  }
});

test("a flood of others does not make who owes be forgotten, and forgets who owes nothing", () => {
  const book = new BoundedBook(MAX, () => new Account());
  const debtor = book.of("debtor", 0);
  debtor.owes = true;
  const honest = book.of("honest", 0);
  for (let i = 0; i < 10 * MAX; i++) book.of(`flood-${i}`, i);
  expect(book.of("debtor", 1)).toBe(debtor);
  expect(book.of("honest", 1)).not.toBe(honest);
});

test("who is seen again and again stays", () => {
  const book = new BoundedBook(MAX, () => new Account());
  const regular = book.of("regular", 0);
  for (let i = 0; i < 10 * MAX; i++) {
    book.of(`flood-${i}`, i);
    if (i % 100 === 0) expect(book.of("regular", i)).toBe(regular);
  }
});
