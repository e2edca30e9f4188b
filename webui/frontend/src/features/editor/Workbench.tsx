/** Writing code: the editor, what is wrong with it, and the ways from there to a running revision. */
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { type Diagnostic, type ReconcilerDetail, reconcilerPath, type SaveConflict } from "../../core/api";
import { ActDialog } from "../revisions/ActDialog";
import { ConflictDialog } from "./ConflictDialog";
import { Checker } from "./checker";
import { LeaveDialog, useLeaveGuard } from "./leaving";
import { createEditor, type EditorHandle } from "./monaco";
import { Notices } from "./Notices";
import type { Opening } from "./opening";
import { Problems, StatusBar } from "./Problems";
import { SaveDialog } from "./SaveDialog";
import { Toolbar } from "./Toolbar";
import { useKeeping } from "./useKeeping";
import { useShortcuts } from "./useShortcuts";

interface Props {
  detail: ReconcilerDetail;
  reload: () => void;
  user: string;
  opening: Opening;
}

type Shown = { kind: "save" } | { kind: "conflict"; conflict: SaveConflict } | { kind: "activate"; revision: number };

export function Workbench({ detail, reload, user, opening }: Props) {
  const { namespace, name } = detail;
  const box = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorHandle | null>(null);
  const text = useSignal(opening.text);
  const base = useSignal({ number: opening.base, text: opening.baseText });
  const restored = useSignal(opening.restored);
  const saved = useSignal<{ number: number; created: boolean } | null>(null);
  const message = useSignal("");
  const cursor = useSignal({ line: 1, column: 1 });
  const tabLeaves = useSignal(false);
  const shown = useSignal<Shown | null>(null);
  const dirty = useComputed(() => text.value !== (base.value.text ?? opening.clean));
  const keeping = useKeeping({ user, namespace, name, text, base, dirty });
  const leaving = useLeaveGuard(dirty, keeping.failed);
  const maySave = detail.rights.save;
  const checker = useMemo(
    () => new Checker(reconcilerPath(namespace, name), (found) => editor.current?.mark(found)),
    [namespace, name],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: one editor for the life of this workbench
  useEffect(() => {
    if (!box.current) return;
    const handle = createEditor(box.current, opening.text, `Code of ${name}`, {
      onChange: (next) => {
        text.value = next;
        saved.value = null;
        checker.ask(next);
      },
      onCursor: (line, column) => {
        cursor.value = { line, column };
      },
      onTabMode: (leaves) => {
        tabLeaves.value = leaves;
      },
    });
    editor.current = handle;
    checker.ask(opening.text, 0);
    handle.focus();
    return () => {
      checker.close();
      handle.dispose();
    };
  }, []);
  useEffect(() => editor.current?.readOnly(!maySave), [maySave]);

  const close = () => {
    shown.value = null;
  };
  const openSave = () => {
    if (maySave && shown.value === null) shown.value = { kind: "save" };
  };
  const openActivate = (revision: number) => {
    shown.value = { kind: "activate", revision };
  };
  const goTo = (finding: Diagnostic) => {
    close();
    // After the dialog gave the focus back.
    requestAnimationFrame(() => editor.current?.reveal(finding.start.line, finding.start.column));
  };
  const takeTheirs = (number: number, source: string) => {
    base.value = { number, text: source };
    editor.current?.replace(source);
    restored.value = null;
    close();
  };
  useShortcuts({ save: openSave, keep: keeping.now, nextProblem: () => editor.current?.nextProblem() });

  const dialog = shown.value;
  return (
    <div class="workbench">
      <Toolbar
        detail={detail}
        base={base.value.number}
        dirty={dirty.value}
        onSave={openSave}
        onActivate={openActivate}
        keptAt={keeping.at.value}
      />
      <Notices
        detail={detail}
        base={base.value.number}
        dirty={dirty.value}
        restored={restored.value}
        saved={saved.value}
        unkept={keeping.failed.value}
        from={opening.from}
        onActivate={openActivate}
        onDiscard={() => {
          base.value =
            opening.restored && opening.from === detail.newest
              ? { number: opening.from, text: opening.clean }
              : base.value;
          editor.current?.replace(opening.clean);
          restored.value = null;
          editor.current?.focus();
        }}
        onTake={takeTheirs}
      />
      <div class="editor-frame">
        <div ref={box} class="editor" data-testid="editor" />
        <Problems state={checker.state} onOpen={goTo} />
        <StatusBar state={checker.state} cursor={cursor} tabLeaves={tabLeaves} />
      </div>
      {dialog?.kind === "save" && (
        <SaveDialog
          detail={detail}
          text={text.value}
          base={base.value.number}
          baseText={base.value.text}
          message={message.value}
          onClose={close}
          onFinding={goTo}
          onConflict={(conflict, typed) => {
            message.value = typed;
            shown.value = { kind: "conflict", conflict };
          }}
          onSaved={(revision, created) => {
            base.value = { number: revision.number, text: text.value };
            message.value = "";
            restored.value = null;
            saved.value = { number: revision.number, created };
            close();
            reload();
          }}
        />
      )}
      {dialog?.kind === "conflict" && (
        <ConflictDialog
          conflict={dialog.conflict}
          text={text.value}
          onClose={close}
          onTheirs={() => takeTheirs(dialog.conflict.newest, dialog.conflict.newest_source)}
          onMine={() => {
            base.value = { number: dialog.conflict.newest, text: dialog.conflict.newest_source };
            shown.value = { kind: "save" };
          }}
        />
      )}
      {dialog?.kind === "activate" && (
        <ActDialog
          kind="activate"
          revision={dialog.revision}
          detail={detail}
          onClose={close}
          onDone={() => {
            close();
            saved.value = null;
            reload();
          }}
        />
      )}
      {leaving.asking.value && <LeaveDialog leaving={leaving} />}
    </div>
  );
}
