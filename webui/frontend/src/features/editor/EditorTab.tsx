/** The editor's route: finds out what to open, then hands over to the workbench. */
import { query } from "../../core/router";
import { userName } from "../../core/session";
import { Loading, Trouble } from "../../ui/bits";
import type { TabProps } from "../reconcilers/ReconcilerPage";
import { useOpening } from "./opening";
import { Workbench } from "./Workbench";

export function EditorTab({ detail, reload }: TabProps) {
  const user = userName();
  const asked = Number(query.value.get("revision")) || null;
  const opening = useOpening(detail, user, asked);
  if (opening instanceof Error) return <Trouble error={opening} what="this code" />;
  if (!opening) return <Loading what="the code" />;
  return <Workbench key={`${user} ${asked}`} detail={detail} reload={reload} user={user} opening={opening} />;
}
