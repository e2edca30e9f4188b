/**
 * The lines of a tail, drawn by hand: thousands of them come a second at worst, and a tree of components would be
 * built anew for each batch. At most `SHOWN` lines are in the document. While somebody reads (scrolled up, or paused)
 * nothing moves under their eyes: new lines wait aside, bounded too, and what falls off is counted.
 */
import { signal } from "@preact/signals";
import type { LogLine } from "../../core/api";
import { clock } from "../../core/time";

const SHOWN = 2000;
const WAITING = 2000;
/** Pixels from the end that still count as being at the end. */
const NEAR = 32;

export class LogPane {
  /** Lines that wait for the reader. */
  readonly waiting = signal(0);
  /** Lines that were lost: on the way here, or while they waited. */
  readonly lost = signal(0);
  readonly paused = signal(false);
  readonly following = signal(true);
  readonly empty = signal(true);

  #queue: LogLine[] = [];
  readonly #element: HTMLElement;
  readonly #runHref: (id: string) => string;

  constructor(element: HTMLElement, runHref: (id: string) => string) {
    this.#element = element;
    this.#runHref = runHref;
    element.addEventListener("scroll", this.#scrolled, { passive: true });
  }

  close(): void {
    this.#element.removeEventListener("scroll", this.#scrolled);
  }

  add(lines: LogLine[], dropped: number): void {
    if (this.paused.value || !this.following.value) {
      this.#queue.push(...lines);
      const over = this.#queue.length - WAITING;
      if (over > 0) {
        this.#queue.splice(0, over);
        this.lost.value += over;
      }
      this.waiting.value = this.#queue.length;
    } else {
      this.#draw(lines);
    }
    if (dropped > 0) {
      this.lost.value += dropped;
      if (this.following.value && !this.paused.value) this.#gap(dropped);
    }
  }

  pause(): void {
    this.paused.value = true;
  }

  /** Back to the newest line, and on with it. */
  follow(): void {
    this.paused.value = false;
    this.following.value = true;
    this.#draw(this.#queue.splice(0));
    this.waiting.value = 0;
    this.#toEnd();
  }

  clear(): void {
    this.#element.replaceChildren();
    this.#queue = [];
    this.waiting.value = 0;
    this.lost.value = 0;
    this.empty.value = true;
  }

  readonly #scrolled = () => {
    const { scrollHeight, scrollTop, clientHeight } = this.#element;
    const atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    if (!atEnd) this.following.value = false;
    else if (!this.following.value && !this.paused.value) this.follow();
  };

  #toEnd(): void {
    this.#element.scrollTop = this.#element.scrollHeight;
  }

  #draw(lines: LogLine[]): void {
    if (lines.length === 0) return;
    const fresh = document.createDocumentFragment();
    for (const line of lines.slice(-SHOWN)) fresh.append(this.#row(line));
    this.#append(fresh);
    this.empty.value = false;
  }

  #append(fresh: Node): void {
    this.#element.append(fresh);
    let over = this.#element.childElementCount - SHOWN;
    while (over-- > 0) this.#element.firstElementChild?.remove();
    this.#toEnd();
  }

  #gap(count: number): void {
    this.#append(part("div", "log-gap", `${count} ${count === 1 ? "line" : "lines"} dropped`));
  }

  #row(line: LogLine): HTMLElement {
    const row = part("div", `log-line ${line.level}`, "");
    const time = part("time", "log-time", clock(line.ts));
    time.setAttribute("datetime", line.ts);
    const link = part("a", "log-object", line.object);
    link.setAttribute("href", this.#runHref(line.run_id));
    link.title = `Run ${line.run_id}, revision ${line.revision}`;
    const text = part("span", "log-text", line.message);
    const fields = Object.entries(line.fields);
    if (fields.length > 0) {
      text.append(part("span", "log-fields", fields.map(([name, value]) => ` ${name}=${value}`).join("")));
    }
    row.append(time, part("span", "log-level", line.level), link, text);
    return row;
  }
}

/** Always text nodes: what a run logs is never markup. */
function part(tag: string, name: string, text: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}
