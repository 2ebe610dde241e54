import "./calls.css";
import "./list.css";
import { segments } from "../shell/router.ts";
import { CallPage } from "./call_page.tsx";
import { CallList } from "./list.tsx";

export default function Page() {
  const callId = segments.value[1];
  return callId ? <CallPage key={callId} callId={callId} /> : <CallList />;
}
