-- SPDX-License-Identifier: MIT
-- The shop: orders without a price. Made like Shopify's: a draft order with a discount of 100 %, which is then completed.
local perigee = require "perigee"

local M = { host = "shop.bellerive.example" }

local API = "https://" .. M.host .. "/admin/api/2026-10/draft_orders"

local function ask(request)
  request.headers = { ["X-Shopify-Access-Token"] = perigee.secret "shop" }
  local answer, text, code = perigee.http(request)
  if not answer then return nil, text, code end
  if answer.status >= 300 then return nil, "it answered " .. answer.status, "refused" end
  return answer
end

-- Orders contact.fields.gift_sku as a present: the order's name, or nil, why and a code ("unknown": it may have been ordered).
function M.gift(contact)
  local f = contact.fields
  if not f.address or not f.gift_sku then return nil, "the address or the article is missing", "invalid" end
  local first, last = (contact.name or contact.id):match "^(%S+)%s*(.*)$"
  local draft, text, code = ask {
    method = "POST", url = API .. ".json", pick = "draft_order.id",
    json = { draft_order = {
      line_items = { { variant_id = f.gift_sku, quantity = 1 } },
      applied_discount = { title = "A present", value_type = "percentage", value = "100.0" },
      shipping_address = { first_name = first, last_name = last, address1 = f.address, zip = f.zip, city = f.city, country_code = contact.country },
      email = contact.email, tags = "gift",
    } },
  }
  local id = draft and draft.json["draft_order.id"]
  if not id then return nil, text or "it gave no number", code or "refused" end
  local order
  order, text, code = ask { method = "PUT", url = ("%s/%s/complete.json"):format(API, id), pick = "draft_order.order_id" }
  if not order then return nil, ("draft %s: %s"):format(id, text), code end
  return tostring(order.json["draft_order.order_id"] or id)
end

return M
