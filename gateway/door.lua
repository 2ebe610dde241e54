-- What comes in is made what all behind expect: one way to say who calls, no parameter that proxies and polyfills add.
-- Runs before the token is checked.

local OURS = {["same-origin"] = true, ["none"] = true}
local READS = {GET = true, HEAD = true, OPTIONS = true}
local DEFAULT_PORTS = {http = ":80", https = ":443"}

local function host_of(scheme, authority)
  local port = DEFAULT_PORTS[scheme]
  if port and authority:sub(-#port) == port then authority = authority:sub(1, -#port - 1) end
  return authority:lower()
end

-- A browser says who made the page that asks; to plain http it says only its origin.
local function from_our_page(headers)
  local site = headers:get("sec-fetch-site")
  if site then return OURS[site] end
  local origin = headers:get("origin")
  if READS[headers:get(":method")] or not origin then return true end
  local scheme, authority = origin:match("^(%a+)://(.+)$")
  return scheme ~= nil and host_of(scheme, authority) == host_of(scheme, headers:get(":authority") or "")
end

-- Files are for everybody, and who ends a session need not say which.
local function needs_token(headers)
  local path, method = headers:get(":path"):match("^[^?]*"), headers:get(":method")
  if path == "/potok.coordinator.v1.SessionService/DeleteSession" then return false end
  if path == "/api/v1/session" and method == "DELETE" then return false end
  return path:match("^/api/") or path:match("^/potok%.")
end

-- The cookie of a session becomes the token that it holds. It counts for pages of this origin alone: another site's
-- page cannot act for its visitor. Where there is TLS, only the cookie counts that no neighbouring host can set.
local function session(handle, headers)
  local cookies = headers:get("cookie")
  if not cookies then return true end
  local guarded = headers:get("x-forwarded-proto") == "https"
  local tokens, others = {}, {}
  for cookie in cookies:gmatch("[^;%s][^;]*") do
    local name, token = cookie:match("^([^=]*)=([%w%-_.]*)")
    if name == "__Host-potok_session" or (name == "potok_session" and not guarded) then
      tokens[#tokens + 1] = token
    elseif name ~= "potok_session" then
      others[#others + 1] = cookie
    end
  end
  headers:remove("cookie")
  if #others > 0 then headers:add("cookie", table.concat(others, "; ")) end
  if #tokens == 0 or headers:get("authorization") then return true end
  if #tokens > 1 then
    if not needs_token(headers) then return true end
    handle:respond({[":status"] = "400"}, "there are two session cookies: delete them and begin a new session")
    return false
  end
  if tokens[1] ~= "" and from_our_page(headers) then headers:add("authorization", "Bearer " .. tokens[1]) end
  return true
end

-- Caches are kept out by `_`, and polyfills say by a parameter what they saw last.
local function query(headers)
  local path, asked = headers:get(":path"):match("^([^?]*)%?(.*)$")
  if not path or path:sub(1, 5) ~= "/api/" or headers:get(":method") ~= "GET" then return end
  local kept = {}
  for parameter in asked:gmatch("[^&]+") do
    local name, value = parameter:match("^([^=]*)=?(.*)$")
    if name == "lastEventId" and path == "/api/v1/watch" then
      value = value:gsub("%%(%x%x)", function(code) return string.char(tonumber(code, 16)) end)
      if not headers:get("last-event-id") and value:match("^[%w%-_=.+/]+$") then
        headers:add("last-event-id", value)
      end
    elseif name ~= "_" then
      kept[#kept + 1] = parameter
    end
  end
  headers:replace(":path", #kept > 0 and path .. "?" .. table.concat(kept, "&") or path)
end

-- Who types the address of the gateway alone wants the console.
local TO_CONSOLE = {["/"] = true, ["/console"] = true}

function envoy_on_request(handle)
  local headers = handle:headers()
  if TO_CONSOLE[headers:get(":path"):match("^[^?]*")] and READS[headers:get(":method")] then
    handle:respond({[":status"] = "302", ["location"] = "/console/"}, "")
    return
  end
  -- One that nobody can read is none: each RPC has its own behind this door.
  local timeout = headers:get("grpc-timeout")
  if timeout and not (timeout:match("^%d+[HMSmun]$") and #timeout <= 9) then headers:remove("grpc-timeout") end
  if session(handle, headers) then query(headers) end
end

-- Makes a part of a file of an answer that says by its headers which: gRPC has neither a status for it nor a length.
local function part(headers)
  local range = headers:get("content-range")
  if range and headers:get(":status") == "200" then headers:replace(":status", "206") end
  if range and range:match("^bytes %*/") then headers:replace(":status", "416") end
  local length = headers:get("x-potok-length")
  if length then headers:replace("content-length", length) end
end

-- Proxies hand a stream on as it comes. A refusal may be an answer after the next update, at any path.
function envoy_on_response(handle)
  local headers = handle:headers()
  local kind = headers:get("content-type") or ""
  if not kind:match("^application/grpc") then part(headers) end
  headers:remove("x-potok-length")
  if tonumber(headers:get(":status")) >= 400 and (headers:get("cache-control") or ""):match("immutable") then
    headers:replace("cache-control", "no-store")
  end
  if kind:match("^text/event%-stream") or kind:match("^application/grpc%-web") then
    headers:replace("x-accel-buffering", "no")
  end
end
