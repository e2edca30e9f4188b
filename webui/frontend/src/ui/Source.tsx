/** Code to read, with line numbers one can point at (`#L12`); text only. */
import { useEffect, useRef } from "preact/hooks";

export function Source({ text }: { text: string }) {
  const mark = Number(/^#L(\d+)$/.exec(location.hash)?.[1] ?? 0);
  const marked = useRef<HTMLDivElement>(null);
  useEffect(() => marked.current?.scrollIntoView({ block: "center" }), []);
  return (
    <div class="source numbered">
      {text.split("\n").map((line, i) => {
        const here = i + 1 === mark;
        return (
          <div key={i} class={here ? "row marked" : "row"} id={`L${i + 1}`} ref={here ? marked : null}>
            <span aria-hidden="true">{i + 1}</span>
            <span>{line}</span>
          </div>
        );
      })}
    </div>
  );
}
