// How a browser reaches the gateway: gRPC-Web, which streams, with a token or the cookie of a session.

import type { Interceptor, Transport } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";

/**
 * Returns a transport for `createClient` of @connectrpc/connect and the services in gen/.
 *
 * `token` is asked before every call, so that a new one is used once the old has expired; without it the cookie counts,
 * which is for pages of the gateway's own origin.
 */
export function gatewayTransport(baseUrl: string, token?: () => string): Transport {
  const identified: Interceptor = (next) => (request) => {
    if (token) request.header.set("authorization", `Bearer ${token()}`);
    return next(request);
  };
  return createGrpcWebTransport({ baseUrl, interceptors: [identified] });
}
