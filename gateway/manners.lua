-- What is asked of JSON endpoints in a way that they do not have is refused with a sentence that says how. ENDPOINTS, made
-- of the protos, stands before this. Runs behind the check of the token.

local BODIES = {POST = true, PUT = true, PATCH = true}
local DEEPEST = 100

local function decoded(text)
  text = text:gsub("+", " "):gsub("%%(%x%x)", function(code) return string.char(tonumber(code, 16)) end)
  return text
end

-- Refuse a parameter that there is not, or that is there twice where one is meant.
local function query_fault(endpoint, query)
  local seen = {}
  for parameter in query:gmatch("[^&]+") do
    local name = decoded(parameter:match("^[^=]*"))
    local many = endpoint.parameters[name]
    if many == nil then
      local known = #endpoint.names > 0 and "there are: " .. endpoint.names or "there are none"
      return name:gsub("[^%w%-_.]", "?"):sub(1, 64) .. ": there is no such parameter, " .. known
    end
    if seen[name] and not many then return name .. ": is there twice, say it once" end
    seen[name] = true
  end
end

-- Return the name that an object of a body has twice, nil where there is none. What is no JSON is left to its reader.
local function repeated_name(json)
  local outer, names, key_comes, at = {}, nil, false, 1
  while true do
    local from, _, mark = json:find('(["{}%[%],])', at)
    if not from then return nil end
    at = from + 1
    if mark == '"' then
      local stop = at
      while true do
        stop = json:find('["\\]', stop)
        if not stop then return nil end
        if json:byte(stop) == 34 then break end
        stop = stop + 2
      end
      if key_comes then
        local name = json:sub(at, stop - 1)
        if names[name] then return name end
        names[name], key_comes = true, false
      end
      at = stop + 1
    elseif mark == "{" or mark == "[" then
      if #outer >= DEEPEST then return nil end
      outer[#outer + 1] = names or false
      names = mark == "{" and {} or nil
      key_comes = mark == "{"
    elseif mark == "," then
      key_comes = names ~= nil
    else
      if #outer == 0 then return nil end
      names = table.remove(outer) or nil
      key_comes = false
    end
  end
end

local function is_json(kind)
  kind = kind:lower()
  return kind:match("^application/json%s*$") or kind:match("^application/json%s*;")
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local method = headers:get(":method")
  local asked = method == "HEAD" and "GET" or method
  local path, query = headers:get(":path"):match("^([^?]*)%??(.*)$")
  if path:sub(1, 5) ~= "/api/" then return end
  local kind = headers:get("content-type")
  if kind and kind:match("^application/grpc") then
    handle:respond({[":status"] = "404"}, "there is no RPC at this path")
    return
  end
  local endpoint, verbs = nil, {}
  for _, each in ipairs(ENDPOINTS) do
    if path:match(each.path) then
      if each.verb == asked then endpoint = endpoint or each end
      verbs[each.verb] = true
      if each.verb == "GET" and not each.streams then verbs.HEAD = true end
    end
  end
  if not next(verbs) then return end
  local allowed = {"OPTIONS"}
  if asked ~= method and endpoint and endpoint.streams then endpoint = nil end
  for verb in pairs(verbs) do allowed[#allowed + 1] = verb end
  table.sort(allowed)
  allowed = table.concat(allowed, ", ")
  if method == "OPTIONS" then
    if headers:get("access-control-request-method") then
      handle:respond({[":status"] = "403"}, "pages of this origin may not call: name it in POTOK_GATEWAY_ORIGINS")
    else
      handle:respond({[":status"] = "204", allow = allowed}, "")
    end
    return
  end
  if not endpoint then
    handle:respond({[":status"] = "405", allow = allowed}, "this path takes " .. allowed)
    return
  end
  if BODIES[method] and not endpoint.raw then
    local length = headers:get("content-length")
    local empty = (not length and not headers:get("transfer-encoding")) or length == "0"
    if kind and not empty and not is_json(kind) then
      handle:respond({[":status"] = "415"}, "the body must be JSON: send the header content-type: application/json")
      return
    end
  end
  local fault = query_fault(endpoint, query)
  if not fault and BODIES[method] and not endpoint.raw then
    local body = handle:body()
    local name = body and repeated_name(body:getBytes(0, body:length()))
    fault = name and name:gsub("[^%w%-_.]", "?"):sub(1, 64) .. ": is there twice, say it once"
  end
  if fault then
    handle:respond({[":status"] = "400"}, fault)
  elseif method == "HEAD" then
    headers:replace(":method", "GET")
    handle:streamInfo():dynamicMetadata():set("potok", "head", true)
  end
end

-- HEAD is answered as GET is, without the body, which must not be compressed either.
function envoy_on_response(handle)
  local said = handle:streamInfo():dynamicMetadata():get("potok")
  if said and said.head then
    handle:headers():replace("content-encoding", "identity")
    local body = handle:body()
    if body then body:setBytes("") end
  end
end
