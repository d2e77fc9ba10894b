-- SPDX-License-Identifier: MIT
local thanks = require "perigee.thanks"

local function person(id)
  return { id = id, name = id:sub(1, 1):upper() .. id:sub(2) .. " Silva", email = id .. "@example.com" }
end

local function templates(t, id, posts)
  t:enrol { sequence = "thanked", contact = person(id) }
  local list = {}
  for i = 1, posts do
    t:event { kind = "signal:post", contact = id, data = { post_title = "post " .. i } }
    list[i] = t:expect_sent { channel = "email" }.template
    t:advance "2 days"
  end
  return list
end

test("nobody is thanked twice with the same words, and then a person writes", function(t)
  local list = templates(t, "ana", 3)
  t:expect(list[1] ~= list[2] and list[2] ~= list[3] and list[1] ~= list[3], true)
  t:event { kind = "signal:post", contact = "ana" }
  t:expect_nothing_sent()
  t:expect_task { kind = "message", note = "Thank Ana Silva in your own words: every wording has been used. About the post." }
end)

test("people are thanked in different orders", function(t)
  local orders = {}
  for _, id in ipairs { "ana", "bea", "cleo", "dan", "eva", "finn" } do
    orders[table.concat(templates(t, id, 3), " ")] = true
  end
  local n = 0
  for _ in pairs(orders) do n = n + 1 end
  t:expect(n > 2, true)
end)

test("a wording that was refused is not used up", function(t)
  t:enrol { sequence = "thanked", contact = person "ana" }
  for _ = 1, 5 do
    t:event { kind = "signal:post", contact = "ana" } -- no title, which one wording needs
    t:advance "2 days"
  end
  t:expect_sent { template = "thanks-warm" }
  t:expect_sent { template = "thanks-short" }
  t:expect_nothing_sent()
  t:event { kind = "signal:post", contact = "ana", data = { post_title = "at last" } }
  t:expect_sent { template = "thanks-needs-field" }
end)

test("two runs that thank one person at once use different words", function(t)
  t:enrol { sequence = "thanked", contact = person "ana", key = "one" }
  t:enrol { sequence = "thanked", contact = "ana", key = "two" }
  t:event { kind = "signal:post", contact = "ana", data = { post_title = "x" } }
  t:advance "1 day"
  t:event { kind = "signal:post", contact = "ana", data = { post_title = "y" } }
  t:advance "1 day"
  local seen = {}
  for _ = 1, 2 do
    local template = t:expect_sent { channel = "email" }.template
    t:expect(seen[template], nil)
    seen[template] = true
  end
end)

test("a wording whose message was withdrawn is free again after 30 days", function(t)
  t:enrol { sequence = "withdrawn", contact = person "ana" }
  t:expect_sent { template = "greeting" }
  t:event { kind = "auto_reply", channel = "email", text = "I am away." } -- so the thanks wait
  t:advance "1 day"
  t:reply { text = "Back already!" }
  t:expect_outcome "replied"
  t:enrol { sequence = "withdrawn", contact = "ana", key = "two" }
  t:advance "20 days"
  t:expect_sent { template = "greeting" }
  t:expect_nothing_sent()
  t:expect_task { kind = "message" }
  t:advance "10 days"
  t:enrol { sequence = "withdrawn", contact = "ana", key = "three" }
  t:advance "1 day"
  t:expect_sent { template = "thanks-warm" }
end)

test("texts can be wordings of one template", function(t)
  t:enrol { sequence = "texts", contact = person "ana" }
  t:advance "1 week"
  local seen = {}
  for _ = 1, 3 do seen[t:expect_sent { template = "thanks-words" }.text:match "^[^\n]+"] = true end
  t:expect(seen, { ["You made our week."] = true, ["What a lovely post!"] = true, ["That was kind of you."] = true })
  t:expect_task { kind = "message" }
  t:expect_outcome "limit"
end)

test("misuse is told at the line that has it", function(t)
  for _, case in ipairs {
    { function() return thanks.next("x", { "thanks" }) end, "a contact is needed, not a text" },
    { function() return thanks.next({ id = "x" }, {}) end, "the list of wordings is empty" },
    { function() return thanks.next({ id = "x" }, "thanks") end, "a list of texts is needed" },
    { function() return thanks.say({ id = "x" }, "email", { "Thank you!" }) end, "is no name of a template" },
    { function() return thanks.say({ id = "x" }, "email", { "thanks" }, { var = {} }) end, "unknown key 'var'; did you mean 'vars'?" },
  } do
    local ok, text = pcall(case[1])
    t:expect(ok, false)
    t:expect(tostring(text):find(case[2], 1, true) ~= nil, true)
    t:expect(tostring(text):find("thanks_test.lua:", 1, true) ~= nil, true)
  end
end)
