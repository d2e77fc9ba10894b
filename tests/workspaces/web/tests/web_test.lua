-- SPDX-License-Identifier: MIT
local function enrol(t, sequence, fields)
  local contact = { id = "ann", name = "Ann" }
  for name, value in pairs(fields or {}) do contact[name] = value end
  t:enrol { sequence = sequence, contact = contact }
end

test("a prepared answer is what the script gets, picked as it asked", function(t)
  t:http { url = "https://api.example.com/v1/people/ann", headers = { ["X-Rate"] = "9" }, json = { person = { stage = "talking", tags = { "a", "b" } } } }
  enrol(t, "lookup")
  t:expect_outcome "talking b 9"
end)

test("a status is no failure", function(t)
  t:http { url = "https://api.example.com/v1/people/*", status = 404 }
  t:http { method = "POST", url = "https://api.example.com/v1/people", status = 201, body = "it" }
  enrol(t, "lookup")
  t:expect_outcome "made it"
end)

test("a failure of the world is text and code", function(t)
  t:http { url = "https://api.example.com/*", error = "timeout", text = "no answer in 30 s" }
  enrol(t, "lookup")
  t:expect_outcome "timeout: no answer in 30 s"
end)

test("without a prepared answer nothing can be reached", function(t)
  enrol(t, "lookup")
  t:expect_outcome "unreachable: no answer was prepared for GET https://api.example.com/v1/people/ann (t:http in a test)"
end)

-- What an expectation of what `made` posted says of it.
local asked = {
  ["by nothing"] = {}, ["by its url"] = { url = "https://api.example.com/v1/people" }, ["by how the url begins"] = { url = "https://api.example.com/*" },
  ["by a member of its json"] = { json = { id = "ann" } }, ["by an empty table"] = { json = {} }, ["by what it was answered"] = { status = 201 },
  ["by all"] = { method = "POST", url = "https://*", json = { id = "ann" }, contact = "ann" },
}
local unlike = {
  ["a url that is longer"] = { url = "https://api.example.com/v1/people/x*" }, ["a url without its end"] = { url = "https://api.example.com/v1" },
  ["another member"] = { json = { id = "bob" } }, ["a member it has not"] = { json = { id = "ann", size = 3 } }, ["a list"] = { json = { "ann" } },
  ["a body"] = { body = "it" }, ["a secret that did not go along"] = { secret = "crm" }, ["a failure"] = { code = "timeout" },
}

local function made(t)
  t:http { url = "https://api.example.com/v1/people/*", status = 404 }
  t:http { method = "POST", url = "https://api.example.com/v1/people", status = 201, body = "it" }
  enrol(t, "lookup")
  t:expect_request { method = "GET", secret = "crm" }
end

for what, wanted in pairs(asked) do
  test("a request is expected " .. what .. ", exactly once", function(t)
    made(t)
    local request = t:expect_request(wanted)
    t:expect(request.method .. request.json.id, "POSTann")
    t:expect_no_request()
    t:expect_no_request(wanted)
  end)
end

for what, unwanted in pairs(unlike) do
  test("a request is not met by " .. what, function(t)
    made(t)
    t:expect_no_request(unwanted)
    t:expect_request { method = "POST" }
  end)
end

test("each request is given once, the oldest first", function(t)
  t:http { url = "https://api.example.com/*", error = "timeout" }
  for i = 1, 3 do t:enrol { sequence = "lookup", contact = { id = "p" .. i, name = "P" } } end
  for i = 1, 3 do t:expect(t:expect_request({ code = "timeout" }).contact, "p" .. i) end
  t:expect_no_request()
end)

test("answers serve in their order, the last one again and again", function(t)
  t:http { url = "https://api.example.com/v1/people/*", error = "timeout", text = "1" }
  t:http { url = "https://api.example.com/v1/people/*", error = "timeout", text = "2" }
  for i, wanted in ipairs { "1", "2", "2" } do
    t:enrol { sequence = "lookup", contact = { id = "p" .. i, name = "P" } }
    t:expect_outcome("timeout: " .. wanted)
  end
end)

local misuse = {
  ["another host"] = "\"evil.example\" is not in needs.net of misuse: add it there",
  ["another port"] = "\"api.example.com:8443\" is not in needs.net of misuse: add it there",
  ["a user"] = "the URL has a user",
  ["http"] = "only https; http:// is for an address that perigee.lua allows: allow_addresses = { \"api.example.com:80\" }",
  ["no url"] = "'url' is missing",
  ["a slip"] = "unknown key 'mehtod'; did you mean 'method'?",
  ["method"] = "'CONNECT' is not known; known: GET, HEAD, POST, PUT, PATCH, DELETE",
  ["small method"] = "did you mean 'POST'?",
  ["framing"] = "headers[\"Transfer-Encoding\"]: perigee writes this header itself",
  ["proxy"] = "perigee writes this header itself",
  ["no token"] = "this is no name of a header",
  ["line end"] = "the value holds a line end or control character",
  ["twice"] = "this header stands there twice",
  ["own key"] = "write idempotency_key = \"...\" instead",
  ["two bodies"] = "body and form are both given; a request has one body",
  ["body of a GET"] = "a GET has no body; take json away, or say method = \"POST\"",
  ["secret in json"] = "json.deep[1]: a secret stands only in auth or headers of perigee.http",
  ["secret as body"] = "a text is needed, not a secret",
  ["secret in the url"] = "a text is needed, not a secret",
  ["text as auth"] = "perigee.secret \"NAME\" is needed, not a text",
  ["no secret for the path"] = "say which with auth = perigee.secret \"NAME\"",
  ["two in the path"] = "{secret} stands in it more than once",
  ["look-alike"] = "perigee.secret \"NAME\" is needed, not a table",
  ["long wait"] = "timeout: from 1 to 120 seconds",
  ["no wait"] = "timeout: from 1 to 120 seconds",
  ["path"] = "\"b[x]\" is no path to pick; write it like data.items[0].id",
  ["key"] = "only letters, digits and signs of ASCII, no spaces",
  concat = "attempt to concatenate", length = "attempt to get length", order = "attempt to compare two secret values", index = "attempt to index",
  call = "attempt to call", pairs = "table expected, got secret", rawget = "table expected, got secret", metatable = "table expected, got secret",
  store = "a secret stands only in auth or headers of perigee.http",
  ["deep in the store"] = "a secret stands only in auth or headers of perigee.http",
  ["as a key"] = "a secret stands only in auth or headers of perigee.http",
  log = "a text is needed, not a secret", fields = "key: a secret stands only in auth or headers of perigee.http",
  undeclared = "\"another\" is not in needs.secret of misuse: add it there",
  name = "the name of a secret has letters, digits",
}

test("misuse raises, and says what to do", function(t)
  for what, words in pairs(misuse) do
    t:enrol { sequence = "misuse", contact = { id = what:gsub(" ", "-"), name = "C", what = what, words = words } }
    t:expect_outcome "said"
  end
end)

test("a handle shows its name, is equal to itself alone, and hides its metatable", function(t)
  enrol(t, "misuse", { what = "show" })
  t:expect_outcome "secret \"key\" userdata true false false"
end)
