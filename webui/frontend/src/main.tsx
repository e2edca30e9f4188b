import "./ui/styles/tokens.css";
import "./ui/styles/base.css";
import "./ui/styles/layout.css";
import "./ui/styles/parts.css";
import "./ui/styles/editor.css";
import "./ui/styles/logs.css";
import { render } from "preact";
import { App } from "./App";
import { start } from "./core/session";

const page = document.getElementById("page");
if (page) {
  page.replaceChildren();
  render(<App />, page);
  void start();
}
