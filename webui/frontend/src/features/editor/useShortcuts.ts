/** The page's own keys. Taken before Monaco sees them, so that they work wherever the focus is. */
import { useEffect, useRef } from "preact/hooks";

interface Keys {
  save: () => void;
  keep: () => void;
  nextProblem: () => void;
}

export function useShortcuts(keys: Keys): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (document.querySelector("dialog[open]")) return;
      const command = event.ctrlKey || event.metaKey;
      const inEditor = event.target instanceof Element && event.target.closest(".monaco-editor") !== null;
      let act: (() => void) | undefined;
      if (command && event.shiftKey && event.key === "Enter") act = current.current.save;
      else if (command && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "s")
        act = current.current.keep;
      else if (event.key === "F8" && !event.shiftKey && !inEditor) act = current.current.nextProblem;
      if (!act) return;
      event.preventDefault();
      event.stopPropagation();
      act();
    };
    addEventListener("keydown", press, true);
    return () => removeEventListener("keydown", press, true);
  }, []);
}
