// What a test in a browser calls: each function says what came of one way to use the client.

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import { CoordinatorService } from "../gen/potok/coordinator/v1/coordinator_service_pb.ts";
import { DateRangeService } from "../gen/potok/coordinator/v1/date_range_service_pb.ts";
import { gatewayTransport } from "../src/transport.ts";

type Refusal = { code: string; message: string; reasons: string[] };

function refusalOf(error: unknown): Refusal {
  const refusal = ConnectError.from(error);
  const details = refusal.findDetails(ErrorInfoSchema);
  return {
    code: Code[refusal.code],
    message: refusal.rawMessage,
    reasons: details.map((detail) => detail.reason),
  };
}

function coordinator(baseUrl: string, token: string) {
  return createClient(CoordinatorService, gatewayTransport(baseUrl, token ? () => token : undefined));
}

const page = {
  async run(baseUrl: string, token: string, runId: string): Promise<string | Refusal> {
    try {
      const answer = await coordinator(baseUrl, token).getRun({ runId });
      return answer.run?.status?.runId ?? "";
    } catch (error) {
      return refusalOf(error);
    }
  },

  async start(baseUrl: string, token: string, clientId: string): Promise<string | Refusal> {
    const client = createClient(DateRangeService, gatewayTransport(baseUrl, () => token));
    try {
      return (await client.transcribeCalls({ clientId })).runId;
    } catch (error) {
      return refusalOf(error);
    }
  },

  /** Reports the token of each frame as it comes; aborts after `most` of them. */
  async watch(baseUrl: string, token: string, most: number): Promise<Refusal | "ended"> {
    const abort = new AbortController();
    let frames = 0;
    try {
      const options = { signal: abort.signal };
      for await (const frame of coordinator(baseUrl, token).watchStatus({}, options)) {
        await window.frame(frame.resumeToken);
        if (++frames === most) abort.abort();
      }
      return "ended";
    } catch (error) {
      return refusalOf(error);
    }
  },
};

declare global {
  interface Window {
    page: typeof page;
    frame(token: string): Promise<void>;
  }
}
window.page = page;
