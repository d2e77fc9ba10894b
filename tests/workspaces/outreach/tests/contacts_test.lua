-- SPDX-License-Identifier: MIT
test("a script that adds an address to its contact sees it at once", function(t)
  t:enrol { sequence = "adds", contact = { id = "ana", name = "Ana", given = "ana@bakes.example" } }
  t:expect_outcome "now ana@bakes.example"
end)

test("an address that is somebody else's is refused, and the script hears it", function(t)
  t:enrol { sequence = "adds", contact = { id = "bea", name = "Bea", given = "bea@bakes.example" } }
  t:enrol { sequence = "adds", contact = { id = "ana", name = "Ana", given = "bea@bakes.example" } }
  t:expect_outcome "refused: email bea@bakes.example is an address of the contact 'bea' already (if they share it, say shared_address=yes)"
end)
