-- What is asked of JSON endpoints in a way that they do not have is refused with a sentence that says how, and the fields
-- that are wrong. MESSAGES and ENDPOINTS, made of the protos, stand before this. Runs behind the check of the token.

local BODIES = {POST = true, PUT = true, PATCH = true}
local DEEPEST, MOST_VALUES, MOST_FAULTS = 32, 100000, 16

local FIELDS = {} -- of each message, by both of their spellings
for message, fields in pairs(MESSAGES) do
  FIELDS[message] = {}
  for _, field in ipairs(fields) do
    FIELDS[message][field.name], FIELDS[message][field.json] = field, field
  end
end

local function decoded(text)
  text = text:gsub("+", " "):gsub("%%(%x%x)", function(code) return string.char(tonumber(code, 16)) end)
  return text
end

local function printable(name)
  name = name:gsub("[^%w%-_.]", "?"):sub(1, 64)
  return name
end

local function is_utf8(text)
  local at, size = 1, #text
  while at <= size do
    local first, second = text:byte(at, at + 1)
    local more = first < 128 and 0 or first < 194 and -1 or first < 224 and 1 or first < 240 and 2 or first < 245 and 3 or -1
    if more < 0 or at + more > size then return false end
    if (first == 224 and second < 160) or (first == 237 and second > 159) then return false end
    if (first == 240 and second < 144) or (first == 244 and second > 143) then return false end
    for place = at + 1, at + more do
      local byte = text:byte(place)
      if byte < 128 or byte > 191 then return false end
    end
    at = at + more + 1
  end
  return true
end

local function is_number(text)
  local whole, rest = text:match("^%-?(%d+)(.*)$")
  if not whole or (#whole > 1 and whole:sub(1, 1) == "0") then return false end
  rest = rest:gsub("^%.%d+", ""):gsub("^[eE][+-]?%d+", "")
  return rest == ""
end

local function is_finite(text)
  return is_number(text) and math.abs(tonumber(text)) < math.huge
end

local SPECIAL = {NaN = true, Infinity = true, ["-Infinity"] = true}

-- Whether a field of a kind takes a value, by the kind of its JSON and how it is written; a parameter is a text.
local TAKES = {
  text = function(_, kind) return kind == "text" end,
  flag = function(_, kind, said) return kind == "flag" or said == "true" or said == "false" end,
  number = function(_, kind, said) return kind ~= "flag" and is_finite(said) or kind == "text" and SPECIAL[said] end,
  whole = function(field, kind, said)
    local digits = kind == "number" and said:match("^(%d+)%.0+$") or kind ~= "flag" and said:match("^0*(%d+)$")
    return digits and (#digits < #field.most or (#digits == #field.most and digits <= field.most))
  end,
  enum = function(field, _, said) return field.values[said:upper():gsub("-", "_")] end,
}

local function wanted(field)
  if field.kind == "whole" then return "must be a whole number from 0 to " .. field.most end
  if field.kind == "enum" then return "must be one of " .. field.words end
  return ({text = "must be a text", flag = "must be true or false", number = "must be a number"})[field.kind] or "must be an object"
end

-- Return what is wrong in a body that is to be a message: fields and sentences.
local function body_faults(json, message, bound)
  local faults, at, values, clean = {}, 1, 0, is_utf8(json)
  local value

  local function fault(field, description)
    local last = faults[#faults] or {}
    if last.field == field and last.description == description then return end -- of a list it is said once
    faults[#faults + 1] = {field = field, description = description}
    if #faults >= MOST_FAULTS then error(faults) end
  end

  local function stop(description)
    faults = {{field = "", description = description}}
    error(faults)
  end

  local function no_json()
    stop("the body is no JSON" .. (at > #json and ": it ends too early" or ", look at byte " .. at))
  end

  local function mark()
    at = json:find("[^ \t\r\n]", at) or #json + 1
    return json:sub(at, at)
  end

  local function take(wanted_mark)
    if mark() ~= wanted_mark then no_json() end
    at = at + 1
  end

  local function text(path)
    local from, whole = at + 1, true
    at = from
    while true do
      at = json:find('["\\%z\1-\31]', at) or #json + 1
      local escape = json:match("^\\(.)", at)
      if json:sub(at, at) == '"' then break end
      if escape == "u" then
        local code = tonumber(json:match("^%x%x%x%x", at + 2) or no_json(), 16)
        local pair = code >= 0xd800 and code < 0xdc00 and json:find("^\\u[dD][c-fC-F]%x%x", at + 6)
        whole = whole and (pair or code < 0xd800 or code > 0xdfff)
        at = at + (pair and 12 or 6)
      elseif escape and ('"\\/bfnrt'):find(escape, 1, true) then
        at = at + 2
      else
        no_json()
      end
    end
    local said = json:sub(from, at - 1)
    at = at + 1
    if not whole or not (clean or is_utf8(said)) then fault(path, "must be UTF-8") end
    said = said:gsub("\\u00(%x%x)", function(code) return string.char(tonumber(code, 16)) end)
    return said
  end

  local function object(path, of, depth)
    local known, seen = FIELDS[of] or {}, {}
    take("{")
    if mark() ~= "}" then
      while true do
        if mark() ~= '"' then no_json() end
        local name = text(path)
        local field = known[name]
        name = field and field.name or name
        local inner = (path == "" and "" or path .. ".") .. printable(name)
        if seen[name] then fault(inner, "is there twice, say it once") end
        if bound[inner] then fault(inner, "is in the path, leave it out of the body") end
        seen[name] = true
        take(":")
        value(inner, field, false, depth)
        if mark() ~= "," then break end
        take(",")
      end
    end
    take("}")
  end

  local function list(path, field, depth)
    take("[")
    if mark() ~= "]" then
      while true do
        value(path, field, true, depth)
        if mark() ~= "," then break end
        take(",")
      end
    end
    take("]")
  end

  local function takes(field, kind, said, within_list)
    if kind == "null" then return not within_list end
    if field.many and not within_list then return kind == "list" end
    if field.kind == "message" then return kind == "object" end
    return said and TAKES[field.kind](field, kind, said)
  end

  value = function(path, field, within_list, depth)
    values = values + 1
    if depth > DEEPEST then stop("the body is nested deeper than " .. DEEPEST) end
    if values > MOST_VALUES then stop("the body has more than " .. MOST_VALUES .. " values") end
    local first = mark()
    local kind, said = ({["{"] = "object", ["["] = "list", ['"'] = "text"})[first], nil
    if kind == "text" then
      said = text(path)
    elseif not kind then
      said = json:match("^[%w+.-]+", at) or no_json()
      kind = ({["true"] = "flag", ["false"] = "flag", null = "null"})[said] or (is_number(said) and "number") or no_json()
      at = at + #said
    end
    if field and not takes(field, kind, said, within_list) then
      fault(path, field.many and not within_list and "must be a list" or wanted(field))
      field = nil
    end
    if kind == "object" then object(path, field and field.message, depth + 1) end
    if kind == "list" then list(path, field, depth + 1) end
  end

  local whole, why = pcall(function()
    if json:find("^\239\187\191") or json:find("^[\254\255]") or json:find("^%z") or json:find("^.%z") then
      stop("the body must be JSON in UTF-8, without a byte order mark")
    end
    if mark() ~= "{" then stop("the body must be an object of JSON, in braces") end
    object("", message, 1)
    if mark() ~= "" then no_json() end
  end)
  if not whole and why ~= faults then error(why) end
  return faults
end

-- Return the name of a parameter as the protos write it, and its field; nothing where there is none.
local function parameter_of(endpoint, said)
  local message, names, field = endpoint.message, {}, nil
  for part in (said .. "."):gmatch("([^.]*)%.") do
    field = message and FIELDS[message][part]
    if not field then return end
    names[#names + 1], message = field.name, field.message
  end
  local name = table.concat(names, ".")
  if endpoint.parameters[name] then return name, field end
end

local function query_faults(endpoint, query)
  local seen, faults = {}, {}
  local function fault(field, description) faults[#faults + 1] = {field = field, description = description} end
  for parameter in query:gmatch("[^&]+") do
    if #faults >= MOST_FAULTS then break end
    local said, value = parameter:match("^([^=]*)=?(.*)$")
    local name, field = parameter_of(endpoint, decoded(said))
    if not name then
      local known = #endpoint.names > 0 and "there are: " .. endpoint.names or "there are none"
      fault(printable(decoded(said)), "there is no such parameter, " .. known)
    elseif seen[name] and not field.many then
      fault(name, "is there twice, say it once")
    elseif not TAKES[field.kind](field, "text", decoded(value)) then
      fault(name, wanted(field))
    end
    seen[name or ""] = true
  end
  return faults
end

-- Refuse as the services do: a sentence for people, and for programs the fields.
local function refuse(handle, faults)
  local sentences = {}
  for _, each in ipairs(faults) do
    sentences[#sentences + 1] = (each.field == "" and "" or each.field .. ": ") .. each.description
  end
  local details = {{["@type"] = "type.googleapis.com/google.rpc.BadRequest", field_violations = faults}}
  handle:streamInfo():dynamicMetadata():set("potok", "details", details)
  handle:respond({[":status"] = "400"}, table.concat(sentences, "; "))
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
  local faults = query_faults(endpoint, query)
  if #faults == 0 and BODIES[method] and not endpoint.raw then
    local body = handle:body()
    if body then faults = body_faults(body:getBytes(0, body:length()), endpoint.message, endpoint.bound) end
  end
  if #faults > 0 then
    refuse(handle, faults)
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
