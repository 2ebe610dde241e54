import "./calls.css";
import { segments } from "../shell/router.ts";
import { CallPage } from "./call_page.tsx";

export default function Page() {
  const callId = segments.value[1];
  return callId ? <CallPage key={callId} callId={callId} /> : <h1>…</h1>;
}
