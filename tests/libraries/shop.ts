// shop.ts - a program in TypeScript that `make test` compiles to Lua with TypeScriptToLua: classes, maps, generators, promises,
// errors and closures, as its users write them. typescript_spec.lua packs what comes of it, and calls `report`.

class OutOfStock extends Error {
  name = "OutOfStock";
  constructor(public readonly item: string) {
    super(`no ${item} left`);
  }
}

abstract class Thing {
  constructor(protected readonly label: string) {}
  abstract get price(): number;
  toString(): string {
    return `${this.label} at ${this.price}`;
  }
}

class Book extends Thing {
  get price(): number {
    return this.label.length * 2;
  }
}

class Shelf {
  private readonly stock = new Map<string, number>();

  add(item: string, count = 1): this {
    this.stock.set(item, (this.stock.get(item) ?? 0) + count);
    return this;
  }

  take(item: string): void {
    const left = this.stock.get(item) ?? 0;
    if (left === 0) throw new OutOfStock(item);
    this.stock.set(item, left - 1);
  }

  *counts(): Generator<[string, number]> {
    for (const [item, count] of this.stock) yield [item, count];
  }
}

function attempt(shelf: Shelf, item: string): string {
  try {
    shelf.take(item);
    return "taken";
  } catch (error) {
    if (error instanceof OutOfStock) return `${error}`;
    throw error;
  } finally {
    shelf.add("tries");
  }
}

async function later(values: number[]): Promise<number> {
  let sum = 0;
  for (const value of values) sum += await Promise.resolve(value);
  return sum;
}

export function report(this: void, words: string[]): string[] {
  const shelf = new Shelf().add("pen", 2).add("cup");
  const [first, ...rest] = words;
  const lines = [
    `${new Book("Lua")}`,
    `first ${first}, rest ${rest.map((word) => word.toUpperCase()).join("+")}`,
    [attempt(shelf, "cup"), attempt(shelf, "cup")].join("; "),
    [...shelf.counts()].map(([item, count]) => `${item}=${count}`).join(" "),
    [5, 30, 4].sort((a, b) => a - b).filter((n) => n > 4).reduce((a, b) => a + b, 0).toString(),
    `${"a-b-c".split("-").length} ${"flaron".replace("f", "F")} ${parseInt("2a", 16)} ${[1, [2, [3]]].flat(2).length}`,
    [...new Set([3, 1, 3])].join(","),
  ];
  let settled = "not yet";
  later([1, 2, 3]).then((sum) => (settled = `sum ${sum}`), (reason) => (settled = `failed ${reason}`));
  lines.push(settled);
  const { name, ...others } = { name: "x", a: 1, b: 2 };
  lines.push(`${name} ${Object.keys(others).sort().join("")}`);
  return lines;
}
