// Who is here: the session is a cookie that scripts cannot read, so the gateway is asked whose it is.

import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { computed, signal } from "@preact/signals";
import { type Session, SessionService } from "@potok/web/gen/potok/coordinator/v1/session_service_pb.ts";

export type SessionState = "asking" | "none" | "here" | "expired" | "unreachable";

/** Whether somebody is here; `expired` keeps the page as it is until there is a new session. */
export const sessionState = signal<SessionState>("asking");

/** Whose session it is; that of before while it is expired. */
export const session = signal<Session | undefined>(undefined);

/** True for administrators. */
export const isAdmin = computed(() => session.value?.roles.includes("admin") ?? false);

const expiring: Interceptor = (next) => async (request) => {
  try {
    return await next(request);
  } catch (error) {
    noteRefusal(error);
    throw error;
  }
};

/** The way to every service, by the cookie. */
export const transport = createGrpcWebTransport({ baseUrl: window.location.origin, interceptors: [expiring] });

const sessions = createClient(SessionService, createGrpcWebTransport({ baseUrl: window.location.origin }));

/** Takes note where an error says that the session is over. */
export function noteRefusal(error: unknown): void {
  if (ConnectError.from(error).code === Code.Unauthenticated && sessionState.value === "here") sessionState.value = "expired";
}

/** Asks whose session this is. */
export async function resumeSession(): Promise<void> {
  sessionState.value = "asking";
  try {
    session.value = (await sessions.getSession({})).session;
    sessionState.value = "here";
  } catch (error) {
    sessionState.value = ConnectError.from(error).code === Code.Unauthenticated ? "none" : "unreachable";
  }
}

/** Begins a session with a token; throws the refusal. */
export async function beginSession(token: string): Promise<void> {
  const answer = await sessions.createSession({}, { headers: { authorization: `Bearer ${token.trim()}` } });
  session.value = answer.session;
  sessionState.value = "here";
}

/** Ends the session. */
export async function endSession(): Promise<void> {
  await sessions.deleteSession({});
  session.value = undefined;
  sessionState.value = "none";
}

/** Returns the token that the address brings behind `#token=`, and takes it out of the address and its history. */
export function takeTokenFromAddress(): string | undefined {
  const found = /^#token=([\w.-]+)$/.exec(window.location.hash)?.[1];
  if (found) window.history.replaceState(null, "", window.location.pathname);
  return found;
}
