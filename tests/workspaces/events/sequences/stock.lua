-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "stock",
  needs = { store = true },
  run   = function(contact)
    local store = perigee.store
    store.set("shoe:red", { size = 42, sizes = { 1, 2, 3 } })
    store.set("shoe:blue", 1.5)
    store.set("hat", "top")
    store.add("count")
    store.add("count", 2.5)
    store.delete "hat"
    local keys = {}
    for _, entry in ipairs(store.list "shoe:") do keys[#keys + 1] = entry.key end
    return table.concat({ table.concat(keys, ","), store.get("shoe:red").sizes[3], tostring(store.get "hat"), tostring(store.get "count") }, " ")
  end,
}
