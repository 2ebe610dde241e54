// What a refusal says to people. Services say why in English: in Russian, that is the detail of what they mean.

import { Code, ConnectError } from "@connectrpc/connect";
import { texts } from "./language.ts";

type Words = Partial<Record<Code, string>> & { other: string };

const t = texts<Words>({
  ru: {
    [Code.Unavailable]: "Сервис не отвечает",
    [Code.DeadlineExceeded]: "Сервис не успел ответить",
    [Code.ResourceExhausted]: "Слишком много запросов",
    [Code.InvalidArgument]: "Неверное значение",
    [Code.NotFound]: "Не найдено",
    [Code.AlreadyExists]: "Такое уже есть",
    [Code.FailedPrecondition]: "Сейчас это невозможно",
    [Code.PermissionDenied]: "Нет прав на это",
    [Code.Unauthenticated]: "Вход не принят",
    other: "Не получилось",
  },
  en: { other: "" },
});

/** Returns what a refusal says, with `detail` as the service told it. */
export function refusalOf(error: unknown, detail = messageOf(error)): string {
  return [t()[ConnectError.from(error).code] ?? t().other, detail].filter(Boolean).join(": ");
}

/** Returns the words of the service alone, for a sentence that says already what was refused. */
export function messageOf(error: unknown): string {
  return ConnectError.from(error).rawMessage;
}
