// The console: where it begins.

import "./style/tokens.css";
import "./style/base.css";
import "./style/shell.css";
import "./style/parts.css";
import "./style/form.css";
import { render } from "preact";
import { followSelection } from "./live/current.ts";
import { followEndings } from "./panel/bell.ts";
import { App } from "./shell/app.tsx";
import { beginSession, resumeSession, takeTokenFromAddress } from "./shell/session.ts";

const token = takeTokenFromAddress();
render(<App />, document.getElementById("console")!);
void (token ? beginSession(token).catch(resumeSession) : resumeSession());
followSelection();
followEndings();
