-- SPDX-License-Identifier: MIT
local affiliate = require "perigee.affiliate"
local codenames = require "perigee.codenames"

test("a code, its owner, sales that count once, and what is due", function(t)
  t:enrol { sequence = "sells", contact = { id = "ana", name = "Ana Silva", email = "ana@example.com" } }
  t:advance "2 days"
  t:expect_outcome("ANA-15 ANA-15 ANA ana already already none already Ana Silva: 2 sales, 59.95 EUR, due 4.00 EUR 0 " ..
    "https://shop.example/x?a=1&code=ANA-15&utm_source=affiliate&utm_medium=referral&utm_campaign=%C3%A9t%C3%A9&utm_content=ANA-15#top")
end)

test("who has the same name gets a number, and keeps it", function(t)
  for i = 1, 3 do t:enrol { sequence = "sells", contact = { id = "a" .. i, name = "Aña Silva", email = ("a%d@example.com"):format(i) } } end
  t:advance "2 days"
  t:expect_outcome("ANA3-15 ANA3-15 ANA3 a3 already already none already Aña Silva: 2 sales, 59.95 EUR, due 4.00 EUR 0 " ..
    "https://shop.example/x?a=1&code=ANA3-15&utm_source=affiliate&utm_medium=referral&utm_campaign=%C3%A9t%C3%A9&utm_content=ANA3-15#top")
end)

test("names in plain capitals", function(t)
  for _, case in ipairs {
    { "Zoé", nil, "ZOE" }, { "Jean-Luc", nil, "JEANLUC" }, { "Jörg", "de-DE", "JOERG" }, { "Jörg", "sv", "JORG" }, { "Weiß", "de", "WEISS" },
    { "Łukasz", nil, "LUKASZ" }, { "Đorđe", nil, "DORDE" }, { "Nguyễn", "vi", "NGUYEN" }, { "Þóra", "is", "TORA" }, { "Ştefan", "ro", "STEFAN" },
    { "José\u{301}", nil, "JOSE" }, { "Maximiliana-Theresia", nil, "MAXIMILIANAT" }, { "李", nil, "" }, { "D'Arcy", nil, "DARCY" }, { "\xFF\xFE", nil, "" },
  } do
    t:expect(codenames.plain(case[1], case[2]), case[3])
  end
end)

test("a code's name is never a reserved or offensive word", function(t)
  for _, case in ipairs {
    { { name = "Ana Silva" }, "ANA" }, { { name = "Ana Silva", first_name = "Anita" }, "ANITA" }, { { name = "Dick Turner" }, "TURNER" },
    { { name = "Promo" }, "PROMOPROMO" }, { { name = "李 小龙", instagram = "@bruce.lee" }, "BRUCELEE" }, { { name = "J Smith" }, "SMITH" },
    { { name = "" }, "FRIEND" }, { {}, "FRIEND" },
  } do
    t:expect(codenames.base(case[1]), case[2])
  end
end)

local function link(url, options)
  options = options or {}
  options.code = options.code or "ANA-15"
  return affiliate.link({ id = "ana" }, url, options)
end

test("links keep what they have", function(t)
  local utm = "utm_source=affiliate&utm_medium=referral&utm_content=ANA-15"
  for _, case in ipairs {
    { "https://shop.example", nil, "https://shop.example?code=ANA-15&" .. utm },
    { "https://shop.example/?", nil, "https://shop.example/?code=ANA-15&" .. utm },
    { "https://shop.example/a%20b?x=%C3%A9&x=2&flag", nil, "https://shop.example/a%20b?x=%C3%A9&x=2&flag&code=ANA-15&" .. utm },
    { "https://shop.example/#a?b", nil, "https://shop.example/?code=ANA-15&" .. utm .. "#a?b" },
    { "https://shop.example/?code=OLD&utm_source=news", nil, "https://shop.example/?utm_source=news&code=ANA-15&utm_medium=referral&utm_content=ANA-15" },
    { "https://shop.example/", { parameter = "ref", campaign = "a&b=c d", source = "insta" },
      "https://shop.example/?ref=ANA-15&utm_source=insta&utm_medium=referral&utm_campaign=a%26b%3Dc%20d&utm_content=ANA-15" },
  } do
    t:expect(link(case[1], case[2]), case[3])
  end
end)

test("what a link says is read back", function(t)
  for _, case in ipairs {
    { " ana-15 ", { code = "ANA-15" } }, { "ANA2", { code = "ANA2" } }, { "15% off!", {} }, { "<script>", {} },
    { "https://shop.example/?utm_campaign=a%26b+c&CODE=x&code=ana-15#code=BEA", { code = "ANA-15", campaign = "a&b c" } },
    { "https://shop.example/#code=BEA", {} }, { "https://shop.example/", {} }, { ("A"):rep(41), {} }, { "", {} }, { "a\nb\0", { code = nil } },
  } do
    t:expect(affiliate.parse(case[1]), case[2])
  end
  t:expect(affiliate.parse(link("https://shop.example/?y=1", { campaign = "été & co", parameter = "ref" }), "ref"),
    { code = "ANA-15", source = "affiliate", medium = "referral", campaign = "été & co", content = "ANA-15" })
end)

test("misuse is told at the line that has it", function(t)
  local ana = { id = "ana" }
  for _, case in ipairs {
    { function() return affiliate.link(ana, "shop.example", { code = "A" }) end, "is no link" },
    { function() return affiliate.link(ana, "https://shop.example/a b", { code = "A" }) end, "is no link" },
    { function() return affiliate.link(ana, "javascript:alert(1)", { code = "A" }) end, "is no link" },
    { function() return affiliate.code(ana, { suffix = "15%" }) end, "at most 12 letters and digits" },
    { function() return affiliate.sale(ana, { order = "1", amount = -1, currency = "EUR" }) end, "a number from 0 is needed" },
    { function() return affiliate.sale(ana, { order = "1", amount = 1, currency = "€" }) end, "three letters" },
    { function() return affiliate.sale(ana, { order = "1", amount = 1, currency = "EUR", rate = 10 }) end, "a part of 1" },
    { function() return affiliate.sale(ana, { amount = 1, currency = "EUR" }) end, "'order' is missing" },
  } do
    local ok, text = pcall(case[1])
    t:expect(ok, false)
    t:expect(tostring(text):find(case[2], 1, true) ~= nil, true)
    t:expect(tostring(text):find("affiliate_test.lua:", 1, true) ~= nil, true)
  end
end)
