/** The only place that imports Monaco: the parts we use, in chunks of their own, its worker from our own origin. */
import * as monaco from "monaco-editor/editor";
import EditorWorker from "monaco-editor/editor/editor.worker?worker";
import "monaco-editor/features/anchorSelect/register";
import "monaco-editor/features/bracketMatching/register";
import "monaco-editor/features/caretOperations/register";
import "monaco-editor/features/clipboard/register";
import "monaco-editor/features/codeEditor/register";
import "monaco-editor/features/codicon/register";
import "monaco-editor/features/comment/register";
import "monaco-editor/features/contextmenu/register";
import "monaco-editor/features/cursorUndo/register";
import "monaco-editor/features/find/register";
import "monaco-editor/features/folding/register";
import "monaco-editor/features/gotoError/register";
import "monaco-editor/features/gotoLine/register";
import "monaco-editor/features/hover/register";
import "monaco-editor/features/indentation/register";
import "monaco-editor/features/lineSelection/register";
import "monaco-editor/features/linesOperations/register";
import "monaco-editor/features/multicursor/register";
import "monaco-editor/features/quickCommand/register";
import "monaco-editor/features/readOnlyMessage/register";
import "monaco-editor/features/smartSelect/register";
import "monaco-editor/features/toggleTabFocusMode/register";
import "monaco-editor/features/tokenization/register";
import "monaco-editor/features/wordHighlighter/register";
import "monaco-editor/features/wordOperations/register";
import "monaco-editor/languages/definitions/python/register";
import type { Diagnostic } from "../../core/api";

const OWNER = "chakrator";

self.MonacoEnvironment = { getWorker: () => new EditorWorker() };

const COLORS = {
  light: { "editor.background": "#ffffff", "editorGutter.background": "#ffffff" },
  dark: { "editor.background": "#1b1e25", "editorGutter.background": "#1b1e25" },
};
monaco.editor.defineTheme("chakrator-light", { base: "vs", inherit: true, rules: [], colors: COLORS.light });
monaco.editor.defineTheme("chakrator-dark", { base: "vs-dark", inherit: true, rules: [], colors: COLORS.dark });

const dark = matchMedia("(prefers-color-scheme: dark)");
const forced = matchMedia("(forced-colors: active)");
const still = matchMedia("(prefers-reduced-motion: reduce)");

function theme(): string {
  if (forced.matches) return dark.matches ? "hc-black" : "hc-light";
  return dark.matches ? "chakrator-dark" : "chakrator-light";
}

export interface EditorHandle {
  text: () => string;
  /** One undoable change, so that what was there comes back with Ctrl+Z. */
  replace: (text: string) => void;
  mark: (diagnostics: Diagnostic[]) => void;
  reveal: (line: number, column: number) => void;
  nextProblem: () => void;
  focus: () => void;
  readOnly: (value: boolean) => void;
  dispose: () => void;
}

export interface EditorEvents {
  onChange: (text: string) => void;
  onCursor: (line: number, column: number) => void;
  /** Whether Tab leaves the editor (Ctrl+M switches). */
  onTabMode: (leaves: boolean) => void;
}

export function createEditor(element: HTMLElement, text: string, label: string, events: EditorEvents): EditorHandle {
  const model = monaco.editor.createModel(text, "python");
  const editor = monaco.editor.create(element, {
    model,
    theme: theme(),
    ariaLabel: `${label}. Ctrl+M makes Tab leave the editor, F8 goes to the next problem.`,
    autoDetectHighContrast: false,
    automaticLayout: true,
    minimap: { enabled: false },
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"),
    fontSize: 13,
    lineHeight: 20,
    padding: { top: 10, bottom: 10 },
    rulers: [120],
    scrollBeyondLastLine: false,
    renderWhitespace: "selection",
    renderFinalNewline: "on",
    cursorBlinking: still.matches ? "solid" : "blink",
    smoothScrolling: false,
    tabSize: 4,
    insertSpaces: true,
    fixedOverflowWidgets: true,
    wordBasedSuggestions: "off",
    // A finding is text of three tools: hovers show it as text, and links in it stay dead.
    links: false,
  });

  const repaint = () => monaco.editor.setTheme(theme());
  dark.addEventListener("change", repaint);
  forced.addEventListener("change", repaint);
  const tabMode = monaco.editor.EditorOption.tabFocusMode;
  const listeners = [
    model.onDidChangeContent(() => events.onChange(model.getValue())),
    editor.onDidChangeCursorPosition(({ position }) => events.onCursor(position.lineNumber, position.column)),
    editor.onDidChangeConfiguration((change) => {
      if (change.hasChanged(tabMode)) events.onTabMode(editor.getOption(tabMode));
    }),
  ];

  return {
    text: () => model.getValue(),
    replace: (next) => {
      editor.pushUndoStop();
      editor.executeEdits(OWNER, [{ range: model.getFullModelRange(), text: next }]);
      editor.pushUndoStop();
    },
    mark: (diagnostics) => monaco.editor.setModelMarkers(model, OWNER, diagnostics.map(marker)),
    reveal: (line, column) => {
      const position = model.validatePosition({ lineNumber: line, column });
      editor.setPosition(position);
      editor.revealPositionInCenterIfOutsideViewport(position);
      editor.focus();
    },
    nextProblem: () => {
      editor.focus();
      editor.trigger(OWNER, "editor.action.marker.next", null);
    },
    focus: () => editor.focus(),
    readOnly: (value) => editor.updateOptions({ readOnly: value }),
    dispose: () => {
      dark.removeEventListener("change", repaint);
      forced.removeEventListener("change", repaint);
      for (const listener of listeners) listener.dispose();
      editor.dispose();
      model.dispose();
    },
  };
}

function marker(item: Diagnostic): monaco.editor.IMarkerData {
  return {
    severity: item.severity === "error" ? monaco.MarkerSeverity.Error : monaco.MarkerSeverity.Warning,
    message: [item.message, item.hint, item.doc && `See docs/reference/${item.doc}`].filter(Boolean).join("\n"),
    source: item.tool,
    code: item.code,
    startLineNumber: item.start.line,
    startColumn: item.start.column,
    endLineNumber: item.end.line,
    endColumn: item.end.column,
  };
}
