// Who is here: the session is a cookie that scripts cannot read, so the gateway is asked whose it is. All tabs have the
// same one, and tell one another what becomes of it.

import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { computed, signal } from "@preact/signals";
import { type Session, SessionService } from "@potok/web/gen/potok/coordinator/v1/session_service_pb.ts";
import { insist } from "./insisting.ts";
import { go } from "./router.ts";
import { noteServerTime } from "./server_time.ts";

export type SessionState = "asking" | "none" | "here" | "expired" | "unreachable";

/** Whether somebody is here; `expired` keeps the page as it is until there is a new session. */
export const sessionState = signal<SessionState>("asking");

/** Whose session it is; that of before while it is expired. */
export const session = signal<Session | undefined>(undefined);

/** True for administrators. */
export const isAdmin = computed(() => session.value?.roles.includes("admin") ?? false);

const clocked: Interceptor = (next) => async (request) => {
  const askedAt = Date.now();
  const answer = await next(request);
  noteServerTime(answer.header.get("date"), askedAt);
  return answer;
};

const expiring: Interceptor = (next) => async (request) => {
  try {
    return await next(request);
  } catch (error) {
    noteRefusal(error);
    throw error;
  }
};

const baseUrl = window.location.origin;

/** The way to every service, by the cookie. */
export const transport = createGrpcWebTransport({ baseUrl, interceptors: [expiring, clocked] });

const sessions = createClient(SessionService, createGrpcWebTransport({ baseUrl, interceptors: [clocked] }));

type Word = "begun" | "ended";
const otherTabs = new BroadcastChannel("potok.session");

otherTabs.addEventListener("message", (event: MessageEvent<Word>) => {
  if (event.data === "ended") leave();
  else void renew();
});

/** Takes note where an error says that the session is over. */
export function noteRefusal(error: unknown): void {
  if (ConnectError.from(error).code === Code.Unauthenticated && sessionState.value === "here") sessionState.value = "expired";
}

/** Asks whose session this is, again and again while nobody answers. */
export async function resumeSession(): Promise<void> {
  sessionState.value = "asking";
  await insist(renew, () => {
    sessionState.value = "unreachable";
  });
}

/** Begins a session with a token; throws the refusal. */
export async function beginSession(token: string): Promise<void> {
  const answer = await sessions.createSession({}, { headers: { authorization: `Bearer ${token.trim()}` } });
  otherTabs.postMessage("begun" satisfies Word);
  enter(answer.session);
}

/** Ends the session, here and in all tabs. */
export async function endSession(): Promise<void> {
  await sessions.deleteSession({});
  otherTabs.postMessage("ended" satisfies Word);
  leave();
}

/** Asks once whose session this is; what is on the page stays until that is known. */
async function renew(): Promise<void> {
  try {
    enter((await sessions.getSession({})).session);
  } catch (error) {
    if (ConnectError.from(error).code !== Code.Unauthenticated) throw error;
    sessionState.value = session.peek() ? "expired" : "none";
  }
}

/** A page of somebody else is drawn from nothing: what they saw, and what they typed, is theirs. */
function enter(found: Session | undefined): void {
  const before = session.peek();
  if (before && before.userId !== found?.userId) {
    window.location.reload();
    return;
  }
  session.value = found;
  sessionState.value = "here";
}

function leave(): void {
  session.value = undefined;
  sessionState.value = "none";
}

/** Returns the token that the address brings behind `#token=`, and takes it out of the address and its history. */
export function takeTokenFromAddress(): string | undefined {
  const found = /^#token=([\w.-]+)$/.exec(window.location.hash)?.[1];
  if (found) go("#/", true);
  return found;
}
